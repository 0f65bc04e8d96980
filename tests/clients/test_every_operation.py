"""Every operation that the emulator has, asked by each of AWS's own clients.

``pytest -m clients`` runs this; it needs the AWS CLI in version 2 and node with npm.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

import ground_truth_lines as ground_truth
from truthline.emulator import faults
from truthline.emulator.model import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conftest import Client
    from truthline.emulator.service import Emulator

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]


def line(name: str, label: str = "oak", **changes: Any) -> str:
    label_of = ground_truth.class_label(label, label, **changes)
    return ground_truth.dump(ground_truth.line(f"s3://leaves/{name}.jpg", label_of)).decode()


def names(entries: list[str]) -> list[str]:
    found = [json.loads(entry)["source-ref"] for entry in entries]
    return [ref.removeprefix("s3://leaves/").removesuffix(".jpg") for ref in found]


def moment(told: Any) -> datetime:
    """A timestamp: version 1 of the command line gives the wire's number, the others a date."""
    return datetime.fromtimestamp(told, UTC) if isinstance(told, float) else datetime.fromisoformat(told)


@pytest.fixture
def refusal(client: Any) -> Any:
    """Ask for something that must be refused; gives the exception's name."""

    def refusal(operation: str, **params: Any) -> str:
        with pytest.raises(Exception, match="Exception: ") as caught:
            client.call(operation, **params)
        return str(caught.value.code)  # type: ignore[attr-defined]

    return refusal


@pytest.fixture
def manifest(emulator: Any) -> dict[str, Any]:
    """A manifest of ten lines in S3, as CreateDataset names it."""
    s3 = boto3.client("s3", endpoint_url=emulator.endpoint_url)
    s3.create_bucket(Bucket="leaves")
    body = "".join(line(str(n)) + "\n" for n in range(10)).encode()
    s3.put_object(Bucket="leaves", Key="a folder/träin.manifest", Body=body)
    s3.close()
    return {"GroundTruthManifest": {"S3Object": {"Bucket": "leaves", "Name": "a folder/träin.manifest"}}}


@pytest.fixture
def create(client: Any) -> Any:
    def create(project: str, kind: str, **source: Any) -> str:
        answer = client.call("CreateDataset", ProjectArn=project, DatasetType=kind, **source)
        return str(answer["DatasetArn"])

    return create


def test_projects(client: Client, refusal: Any) -> None:
    made = [client.call("CreateProject", ProjectName=f"leaves-{n}")["ProjectArn"] for n in range(5)]  # type: ignore[index]
    assert refusal("CreateProject", ProjectName="leaves-0") == "ResourceInUseException"
    found = client.collect("DescribeProjects", "ProjectDescriptions", 2)  # type: ignore[attr-defined]
    assert [told["ProjectArn"] for told in found] == made
    assert {told["Status"] for told in found} == {"CREATED"}
    named = client.call("DescribeProjects", ProjectNames=["leaves-1", "leaves-3"])["ProjectDescriptions"]  # type: ignore[index]
    assert [told["ProjectArn"] for told in named] == [made[1], made[3]]
    page = client.call("DescribeProjects", MaxResults=2)
    assert page.get("NextToken")  # type: ignore[attr-defined]
    assert client.call("DeleteProject", ProjectArn=made[0]) == {"Status": "DELETING"}  # type: ignore[comparison-overlap]
    assert len(client.collect("DescribeProjects", "ProjectDescriptions", 100)) == 4  # type: ignore[attr-defined]
    assert refusal("DeleteProject", ProjectArn=made[0]) == "ResourceNotFoundException"


def test_project_versions(client: Client, emulator: Emulator) -> None:
    project = client.call("CreateProject", ProjectName="leaves")["ProjectArn"]  # type: ignore[index]
    assert client.call("DescribeProjectVersions", ProjectArn=project)["ProjectVersionDescriptions"] == []  # type: ignore[index]
    for number in range(3):
        arn = f"{project.rpartition('/')[0]}/version/v{number}/1620000000000"
        summary = {"S3Object": {"Bucket": "leaves", "Name": f"evaluation/v{number}/manifest_summary.json"}}
        version = {"ProjectVersionArn": arn, "CreationTimestamp": 1620000000.5, "Status": "TRAINING_FAILED"}
        emulator.add_project_version(project, version | {"ManifestSummary": summary})
    found = client.collect("DescribeProjectVersions", "ProjectVersionDescriptions", 2, ProjectArn=project)  # type: ignore[attr-defined]
    assert [told["ProjectVersionArn"].split("/")[3] for told in found] == ["v2", "v1", "v0"]
    assert found[0]["ManifestSummary"]["S3Object"]["Name"] == "evaluation/v2/manifest_summary.json"
    (told,) = client.call("DescribeProjectVersions", ProjectArn=project, VersionNames=["v1"])[  # type: ignore[index]
        "ProjectVersionDescriptions"
    ]
    assert told["Status"] == "TRAINING_FAILED"


def test_datasets_of_all_three_kinds_of_source(
    client: Client, create: Callable[..., Any], refusal: Any, manifest: Any
) -> None:
    project = client.call("CreateProject", ProjectName="leaves")["ProjectArn"]  # type: ignore[index]
    train = create(project, "TRAIN", DatasetSource=manifest)
    told = client.call("DescribeDataset", DatasetArn=train)["DatasetDescription"]  # type: ignore[index]
    assert (told["Status"], told["StatusMessageCode"]) == ("CREATE_COMPLETE", "SUCCESS")
    assert told["StatusMessage"] == "The dataset was successfully created from the manifest file."
    assert told["DatasetStats"] == {
        "LabeledEntries": 10,
        "TotalEntries": 10,
        "TotalLabels": 1,
        "ErrorEntries": 0,
    }
    assert abs(moment(told["CreationTimestamp"]) - datetime.now(UTC)) < timedelta(hours=1)
    assert (
        refusal("CreateDataset", ProjectArn=project, DatasetType="TRAIN") == "ResourceAlreadyExistsException"
    )

    test = create(project, "TEST")
    assert (
        client.call("DescribeDataset", DatasetArn=test)["DatasetDescription"]["Status"] == "CREATE_COMPLETE"  # type: ignore[index]
    )
    assert client.call("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}]) == {}  # type: ignore[comparison-overlap]
    counts = {}
    for arn in (train, test):
        told = client.call("DescribeDataset", DatasetArn=arn)["DatasetDescription"]  # type: ignore[index]
        counts[arn] = told["Status"], told["DatasetStats"]["TotalEntries"]
    assert counts == {train: ("UPDATE_COMPLETE", 8), test: ("UPDATE_COMPLETE", 2)}

    other = client.call("CreateProject", ProjectName="copy")["ProjectArn"]  # type: ignore[index]
    copy = create(other, "TRAIN", DatasetSource={"DatasetArn": train})
    told = client.call("DescribeDataset", DatasetArn=copy)["DatasetDescription"]  # type: ignore[index]
    assert told["DatasetStats"]["TotalEntries"] == 8
    (found,) = client.call("DescribeProjects", ProjectNames=["leaves"])["ProjectDescriptions"]  # type: ignore[index]
    assert [(one["DatasetType"], one["DatasetArn"]) for one in found["Datasets"]] == [
        ("TRAIN", train),
        ("TEST", test),
    ]

    missing = {"GroundTruthManifest": {"S3Object": {"Bucket": "leaves", "Name": "none.manifest"}}}
    nowhere = {"ProjectArn": other, "DatasetType": "TEST", "DatasetSource": missing}
    assert refusal("CreateDataset", **nowhere) == "InvalidS3ObjectException"

    assert client.call("DeleteDataset", DatasetArn=copy) == {}  # type: ignore[comparison-overlap]
    assert refusal("DescribeDataset", DatasetArn=copy) == "ResourceNotFoundException"
    assert client.call("DeleteProject", ProjectArn=other) == {"Status": "DELETING"}  # type: ignore[comparison-overlap]


@pytest.fixture
def train(client: Any, create: Any) -> str:
    return str(create(client.call("CreateProject", ProjectName="leaves")["ProjectArn"], "TRAIN"))


def test_entries_are_updated_and_listed_with_each_filter_and_over_pages(
    client: Client, train: Any, refusal: Any
) -> None:
    bare = json.dumps({"source-ref": "s3://leaves/bare.jpg"})
    wrong = line("wrong", "elm", type="groundtruth/nonsense")
    lines = [*(line(str(n), f"größe-{n}") for n in range(7)), line("日本 ♥"), bare, wrong]
    changes = {"GroundTruth": "\n".join(lines)}
    assert client.call("UpdateDatasetEntries", DatasetArn=train, Changes=changes) == {}  # type: ignore[comparison-overlap]
    told = client.call("DescribeDataset", DatasetArn=train)["DatasetDescription"]  # type: ignore[index]
    assert (told["Status"], told["DatasetStats"]["TotalEntries"]) == ("UPDATE_COMPLETE", 10)

    def listed(**filters: Any) -> list[str]:
        found = client.call("ListDatasetEntries", DatasetArn=train, **filters)
        assert not found.get("NextToken")  # type: ignore[attr-defined]
        return names(found["DatasetEntries"])  # type: ignore[index]

    everything = [*map(str, range(7)), "日本 ♥", "bare", "wrong"]
    assert listed() == everything
    assert listed(ContainsLabels=["größe-2", "größe-5"]) == ["2", "5"]
    assert "bare" not in listed(Labeled=True)
    assert "bare" in listed(Labeled=False)
    assert listed(SourceRefContains="日本 ♥") == ["日本 ♥"]
    assert listed(HasErrors=True) == ["wrong"]
    assert listed(HasErrors=False) == everything
    pages = client.collect("ListDatasetEntries", "DatasetEntries", 3, DatasetArn=train)  # type: ignore[attr-defined]
    assert names(pages) == everything
    entries = {key: value for key, value in json.loads(pages[7]).items() if not key.startswith("cl-")}
    assert entries == json.loads(line("日本 ♥"))
    assert json.loads(pages[7])["cl-metadata"] == {"is_labeled": True}
    assert "ERROR_UNSUPPORTED_USE_CASE_TYPE" in pages[9]

    first = client.call("ListDatasetEntries", DatasetArn=train, MaxResults=8)
    then = client.call("ListDatasetEntries", DatasetArn=train, MaxResults=8, NextToken=first["NextToken"])  # type: ignore[index]
    assert names(first["DatasetEntries"] + then["DatasetEntries"]) == everything  # type: ignore[index]
    assert refusal("ListDatasetEntries", DatasetArn=train, MaxResults=101) == "ValidationException"
    wrong_token = {"DatasetArn": train, "MaxResults": 8, "NextToken": "x"}
    assert refusal("ListDatasetEntries", **wrong_token) == "InvalidPaginationTokenException"


def test_labels_are_listed_over_pages(client: Client, train: Any) -> None:
    box = {"class_id": 0, "left": 1, "top": 1, "width": 9, "height": 9}
    boxes = {
        "source-ref": "s3://leaves/boxes.jpg",
        "bb": {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": [box, box]},
        "bb-metadata": {
            "objects": [{"confidence": 1}, {"confidence": 1}],
            "class-map": {"0": "acorn"},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2021-07-11T03:33:42.025Z",
        },
    }
    lines = [*(line(str(n), f"kind-{n % 5}") for n in range(10)), json.dumps(boxes)]
    client.call("UpdateDatasetEntries", DatasetArn=train, Changes={"GroundTruth": "\n".join(lines)})
    found = client.collect("ListDatasetLabels", "DatasetLabelDescriptions", 2, DatasetArn=train)  # type: ignore[attr-defined]
    stats = {label["LabelName"]: label["LabelStats"] for label in found}
    kinds = {f"kind-{n}": {"EntryCount": 2} for n in range(5)}
    assert stats == kinds | {"acorn": {"EntryCount": 1, "BoundingBoxCount": 1}}
    page = client.call("ListDatasetLabels", DatasetArn=train, MaxResults=2)
    assert len(page["DatasetLabelDescriptions"]) == 2  # type: ignore[index]


def test_a_second_update_is_refused_by_name(client: Client, train: Any, emulator: Emulator) -> None:
    refused = "ResourceInUseException", "LimitExceededException", "ThrottlingException"
    for code in refused:
        emulator.faults.add("UpdateDatasetEntries", faults.service_error(code, "Slow down."))
        with pytest.raises(Exception, match=code) as caught:
            client.call("UpdateDatasetEntries", DatasetArn=train, Changes={"GroundTruth": line("0")})
        assert caught.value.code == code  # type: ignore[attr-defined]


def test_no_operation_is_left_out() -> None:
    """The tests here ask for every operation there is by its name."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in OPERATIONS if f'"{name}"' not in text] == []
