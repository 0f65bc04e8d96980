from __future__ import annotations

import base64
import contextlib
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from truthline.aws import session
from truthline.aws.connection import Connection
from truthline.aws.rekognition import DatasetStats, LabelCount, ProjectDataset, parse_dataset_arn
from truthline.aws.session import Aws, connect
from truthline.errors import (
    BusyError,
    InvalidRequestError,
    NotFromAwsError,
    OfflineError,
    ServiceError,
    ThrottledError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws.conftest import Script

PROJECT = "arn:aws:rekognition:eu-west-1:123456789012:project/pond.v2_a-b/1700000000000"
TRAIN = "arn:aws:rekognition:eu-west-1:123456789012:project/pond.v2_a-b/dataset/train/1700000000001"
TEST = "arn:aws:rekognition:eu-west-1:123456789012:project/pond.v2_a-b/dataset/test/1700000000002"
DESCRIPTION = {
    "Status": "UPDATE_FAILED",
    "StatusMessage": "The manifest file has too many rows.",
    "StatusMessageCode": "CLIENT_ERROR",
    "DatasetStats": {"TotalEntries": 9, "LabeledEntries": 7, "TotalLabels": 3, "ErrorEntries": 1},
    "CreationTimestamp": 1700000000.5,
    "LastUpdatedTimestamp": 1700000100,
}
PORTAL = "<html><body>Welcome to the hotel</body></html>"
CALLS = {
    "DescribeDataset": lambda service: service.describe_dataset(TRAIN),
    "UpdateDatasetEntries": lambda service: service.update_entries(TRAIN, b"{}"),
    "ListDatasetEntries": lambda service: list(service.list_entries(TRAIN)),
    "ListDatasetLabels": lambda service: service.list_labels(TRAIN),
    "DescribeProjects": lambda service: service.describe_projects(),
    "CreateProject": lambda service: service.create_project("pond"),
    "CreateDataset": lambda service: service.create_dataset(PROJECT, "TRAIN"),
    "DeleteDataset": lambda service: service.delete_dataset(TRAIN),
    "DeleteProject": lambda service: service.delete_project(PROJECT),
    "DistributeDatasetEntries": lambda service: service.distribute(TRAIN, TEST),
}
READS = {"DescribeDataset", "ListDatasetEntries", "ListDatasetLabels", "DescribeProjects"}
EMPTY_ANSWERS = {"UpdateDatasetEntries", "DeleteDataset", "DistributeDatasetEntries"}


def sent(script: Script, index: int = -1) -> Any:
    return json.loads(script.requests[index][3])


def test_a_dataset_arn_is_read_and_given_back() -> None:
    arn = parse_dataset_arn(f" {TRAIN}\n")
    assert (arn.partition, arn.region, arn.account) == ("aws", "eu-west-1", "123456789012")
    assert (arn.project, arn.kind, arn.number) == ("pond.v2_a-b", "TRAIN", 1700000000001)
    assert arn.text == TRAIN
    assert parse_dataset_arn(TEST.replace("arn:aws:", "arn:aws-cn:")).kind == "TEST"


@pytest.mark.parametrize(
    "text",
    ["", PROJECT, TRAIN[:-14], TRAIN.replace("train", "TRAIN"), TRAIN + "/x", TRAIN.replace("2:p", ":p")],
)
def test_anything_else_is_no_dataset_arn(text: str) -> None:
    with pytest.raises(UsageError, match="not the ARN of a dataset") as caught:
        parse_dataset_arn(text)
    assert caught.value.place == text


def test_describe_dataset(aws: Aws, script: Script) -> None:
    script.json(json.dumps({"DatasetDescription": DESCRIPTION}))
    description = aws.rekognition.describe_dataset(TRAIN)
    assert (description.status, description.code) == ("UPDATE_FAILED", "CLIENT_ERROR")
    assert description.message == "The manifest file has too many rows."
    assert description.stats == DatasetStats(total=9, labeled=7, labels=3, errors=1)
    assert description.created == datetime.fromtimestamp(1700000000.5, UTC)
    assert description.updated == datetime.fromtimestamp(1700000100, UTC)
    assert sent(script) == {"DatasetArn": TRAIN}


def test_update_entries_sends_the_bytes_as_they_are(aws: Aws, script: Script) -> None:
    script.json("")
    blob = '{"source-ref":"s3://pond/żaba.png"}\n'.encode()
    aws.rekognition.update_entries(TRAIN, blob)
    assert base64.b64decode(sent(script)["Changes"]["GroundTruth"]) == blob


@pytest.mark.parametrize("ending", [{}, {"NextToken": ""}, {"NextToken": None}])
def test_list_entries_follows_the_tokens_to_the_end(aws: Aws, script: Script, ending: Any) -> None:
    script.json(json.dumps({"DatasetEntries": ["{ }", "żaba"], "NextToken": "t1"}))
    script.json(json.dumps({"DatasetEntries": [], "NextToken": "t2"}))
    script.json(json.dumps({"DatasetEntries": ["last"], **ending}))
    assert list(aws.rekognition.list_entries(TRAIN)) == [["{ }", "żaba"], [], ["last"]]
    assert [sent(script, index).get("NextToken") for index in range(3)] == [None, "t1", "t2"]
    assert all(sent(script, index)["MaxResults"] == 100 for index in range(3))


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({}, {}),
        ({"contains": "żaba 1"}, {"SourceRefContains": "żaba 1"}),
        ({"has_errors": True}, {"HasErrors": True}),
        ({"has_errors": False}, {}),
    ],
)
def test_list_entries_filters(aws: Aws, script: Script, filters: Any, told: Any) -> None:
    script.json('{"DatasetEntries": []}')
    assert list(aws.rekognition.list_entries(TRAIN, **filters)) == [[]]
    assert sent(script) == {"DatasetArn": TRAIN, "MaxResults": 100, **told}


def test_a_listing_that_goes_in_a_circle_ends_in_an_error(aws: Aws, script: Script) -> None:
    for token in ("t1", "t2", "t1"):
        script.json(json.dumps({"DatasetEntries": ["{}"], "NextToken": token}))
    with pytest.raises(ServiceError, match="circle"):
        list(aws.rekognition.list_entries(TRAIN))


def test_a_page_is_given_before_the_next_is_asked_for(aws: Aws, script: Script) -> None:
    script.json('{"DatasetEntries": ["{}"], "NextToken": "t1"}')
    pages = aws.rekognition.list_entries(TRAIN)
    assert next(pages) == ["{}"]
    assert len(script.requests) == 1


def test_what_the_listings_reader_raises_is_left_alone(aws: Aws, script: Script) -> None:
    script.json('{"DatasetEntries": ["{}"], "NextToken": "t1"}')
    with pytest.raises(KeyError), contextlib.closing(aws.rekognition.list_entries(TRAIN)) as pages:  # type: ignore[type-var]
        raise KeyError(next(pages))


def test_list_labels(aws: Aws, script: Script) -> None:
    boxed = {"LabelName": "frog", "LabelStats": {"EntryCount": 5, "BoundingBoxCount": 3}}
    script.json(json.dumps({"DatasetLabelDescriptions": [boxed], "NextToken": "t"}))
    plain = {"LabelName": "żaba ", "LabelStats": {"EntryCount": 2}}
    script.json(json.dumps({"DatasetLabelDescriptions": [plain]}))
    assert aws.rekognition.list_labels(TRAIN) == [LabelCount("frog", 5, 3), LabelCount("żaba ", 2, 0)]


def test_describe_projects(aws: Aws, script: Script) -> None:
    dataset = {
        "DatasetArn": TRAIN,
        "DatasetType": "TRAIN",
        "Status": "CREATE_COMPLETE",
        "StatusMessage": "Done.",
    }
    project = {"ProjectArn": PROJECT, "Status": "CREATED", "Datasets": [dataset]}
    script.json(json.dumps({"ProjectDescriptions": [project], "NextToken": "t"}))
    script.json(json.dumps({"ProjectDescriptions": [{"ProjectArn": PROJECT, "Status": "DELETING"}]}))
    first, second = aws.rekognition.describe_projects()
    assert (first.arn, first.name, first.status) == (PROJECT, "pond.v2_a-b", "CREATED")
    assert first.datasets == (ProjectDataset(TRAIN, "TRAIN", "CREATE_COMPLETE", "Done."),)
    assert (second.status, second.datasets) == ("DELETING", ())


def test_projects_are_made_and_deleted(aws: Aws, script: Script) -> None:
    script.json(json.dumps({"ProjectArn": PROJECT}))
    assert aws.rekognition.create_project("pond") == PROJECT
    assert sent(script) == {"ProjectName": "pond"}
    script.json('{"Status": "DELETING"}')
    aws.rekognition.delete_project(PROJECT)
    assert sent(script) == {"ProjectArn": PROJECT}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({}, None),
        ({"source_arn": TEST}, {"DatasetArn": TEST}),
        (
            {"manifest": "s3://pond/a b/ż.manifest"},
            {"GroundTruthManifest": {"S3Object": {"Bucket": "pond", "Name": "a b/ż.manifest"}}},
        ),
    ],
)
def test_create_dataset(
    aws: Aws,
    script: Script,
    source: dict[str, Any] | dict[str, str],
    told: dict[str, dict[str, dict[str, Any]]] | dict[str, str] | None,
) -> None:
    script.json(json.dumps({"DatasetArn": TRAIN}))
    assert aws.rekognition.create_dataset(PROJECT, "TRAIN", **source) == TRAIN
    assert sent(script).get("DatasetSource") == told
    assert (sent(script)["ProjectArn"], sent(script)["DatasetType"]) == (PROJECT, "TRAIN")


@pytest.mark.parametrize(
    "source",
    [{"manifest": "s3://pond/m", "source_arn": TEST}, {"manifest": "m.jsonl"}, {"manifest": "s3://pond"}],
)
def test_create_dataset_refuses_a_source_that_makes_no_sense(aws: Aws, source: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        aws.rekognition.create_dataset(PROJECT, "TRAIN", **source)


def test_delete_and_distribute(aws: Aws, script: Script) -> None:
    script.json("")
    aws.rekognition.delete_dataset(TRAIN)
    assert sent(script) == {"DatasetArn": TRAIN}
    script.json("{}")
    aws.rekognition.distribute(TRAIN, TEST)
    assert sent(script) == {"Datasets": [{"Arn": TRAIN}, {"Arn": TEST}]}


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("body", [PORTAL, "", "{}", '{"DatasetDescription": {"Sta', "[]", "null", "17"])
def test_a_success_without_a_request_id_is_not_from_aws(
    aws: Aws, script: Script, operation: str, body: str
) -> None:
    script.json(body, request_id=False)
    with pytest.raises(NotFromAwsError) as caught:
        CALLS[operation](aws.rekognition)  # type: ignore[no-untyped-call]
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("operation", sorted(CALLS.keys() - EMPTY_ANSWERS))
@pytest.mark.parametrize("body", [PORTAL, "", "{}", '{"DatasetEntries": ["{', "[]"])
def test_a_success_without_its_members_is_not_from_aws(
    aws: Aws, script: Script, operation: str, body: str
) -> None:
    script.json(body)
    with pytest.raises(NotFromAwsError):
        CALLS[operation](aws.rekognition)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "change",
    [{"Status": None}, {"DatasetStats": None}, {"CreationTimestamp": "soon"}, {"LastUpdatedTimestamp": None}],
)
def test_a_description_without_its_members_is_not_from_aws(
    aws: Aws, script: Script, change: dict[str, None] | dict[str, str]
) -> None:
    script.json(json.dumps({"DatasetDescription": DESCRIPTION | change}))
    with pytest.raises(NotFromAwsError):
        aws.rekognition.describe_dataset(TRAIN)


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("status", [302, 403, 404, 407, 511])
def test_a_refusal_by_somebody_else_is_not_from_aws(
    aws: Aws, script: Script, operation: str, status: int
) -> None:
    script.raw(PORTAL, status=status, Location="http://hotel.invalid/")
    with pytest.raises(NotFromAwsError) as caught:
        CALLS[operation](aws.rekognition)  # type: ignore[no-untyped-call]
    assert "hotel" not in str(caught.value)


def lose_answer(script: Script) -> None:
    script.close_connection()


def answer_500(script: Script) -> None:
    script.error("InternalServerError", status=500)


def throttle(script: Script) -> None:
    script.error("ThrottlingException", "Slow down; sudden increase in rate of requests.")


@pytest.mark.parametrize("operation", sorted(CALLS.keys() - READS))
@pytest.mark.parametrize(
    ("fault", "kind"), [(lose_answer, OfflineError), (answer_500, ServiceError), (throttle, ThrottledError)]
)
def test_a_change_is_sent_once(
    aws: Aws, script: Script, operation: str, fault: Callable[..., Any], kind: type[Any]
) -> None:
    fault(script)
    with pytest.raises(kind):
        CALLS[operation](aws.rekognition)  # type: ignore[no-untyped-call]
    assert script.operations == [operation]


@pytest.mark.parametrize("operation", sorted(READS))
@pytest.mark.parametrize(
    ("fault", "kind"), [(lose_answer, OfflineError), (answer_500, ServiceError), (throttle, ThrottledError)]
)
def test_a_read_is_tried_three_times(
    aws: Aws, script: Script, operation: str, fault: Callable[..., Any], kind: type[Any]
) -> None:
    for _ in range(3):
        fault(script)
    with pytest.raises(kind):
        CALLS[operation](aws.rekognition)  # type: ignore[no-untyped-call]
    assert script.operations == [operation] * 3


def test_the_users_own_retry_setting_does_not_send_a_change_twice(
    script: Script, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    script.close_connection()
    with connect(Connection(region="eu-west-1", endpoint_url=script.url)) as aws, pytest.raises(OfflineError):
        aws.rekognition.update_entries(TRAIN, b"{}")
    assert script.operations == ["UpdateDatasetEntries"]


@pytest.mark.parametrize("operation", sorted(READS))
def test_a_read_that_succeeds_at_last_is_a_success(aws: Aws, script: Script, operation: str) -> None:
    answer_500(script)
    script.json(
        json.dumps(
            {
                "DatasetDescription": DESCRIPTION,
                "DatasetEntries": [],
                "DatasetLabelDescriptions": [],
                "ProjectDescriptions": [],
            }
        )
    )
    CALLS[operation](aws.rekognition)  # type: ignore[no-untyped-call]
    assert script.operations == [operation] * 2


def test_a_second_update_is_busy_and_names_the_dataset(aws: Aws, script: Script) -> None:
    script.error("ResourceInUseException", "Specified resource is in use.")
    with pytest.raises(BusyError) as caught:
        aws.rekognition.update_entries(TRAIN, b"{}")
    assert caught.value.place == TRAIN
    assert caught.value.code == "ResourceInUseException"


def test_an_empty_blob_is_an_invalid_request(aws: Aws) -> None:
    with pytest.raises(InvalidRequestError):
        aws.rekognition.update_entries("", b"")


def test_a_large_body_may_take_longer_than_connecting_may(
    script: Script, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "CONNECT_SECONDS", 1)
    blob = b"x" * 5_000_000
    script.slow_line = True
    script.json("")
    with connect(Connection(region="eu-west-1", endpoint_url=script.url)) as aws:
        aws.rekognition.update_entries(TRAIN, blob)
    assert base64.b64decode(sent(script)["Changes"]["GroundTruth"]) == blob


def test_clients_are_shared_between_threads(aws: Aws, script: Script) -> None:
    for _ in range(8):
        script.json(json.dumps({"DatasetDescription": DESCRIPTION}))
    seen = []
    threads = [
        threading.Thread(
            target=lambda: seen.append((aws.rekognition, aws.rekognition.describe_dataset(TRAIN)))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len({id(service) for service, _ in seen}) == 1
