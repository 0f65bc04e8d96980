"""The connection check: what may be done is tried, what would change something is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.aws.policy import policy
from truthline.emulator import faults
from truthline.errors import (
    CancelledError,
    ClockError,
    DeniedError,
    NotFoundError,
    OfflineError,
    SignInError,
    ThrottledError,
    UsageError,
)
from truthline.progress import CancelToken
from truthline.sync.service.permissions import PermissionState, check_permissions
from truthline.words import progress_words

if TYPE_CHECKING:
    from pathlib import Path

    from truthline.aws.session import Aws
    from truthline.emulator import Emulator
    from truthline.sync.service.permissions import Permission

BUCKET = "leaves"
READS = [
    "rekognition:DescribeDataset",
    "rekognition:ListDatasetEntries",
    "rekognition:ListDatasetLabels",
    "rekognition:DescribeProjects",
    "rekognition:DescribeProjectVersions",
]
TARGETS = {
    **{action: action.partition(":")[2] for action in READS},
    "s3:ListBucket": f"GET /{BUCKET}",
    "s3:GetObject": f"GET /{BUCKET}/images/0001.jpg",
}


@pytest.fixture
def arn(service: Any, labelled: Any, tmp_path: Path) -> str:
    """A dataset of two images, of which the bucket holds the first."""
    made: str = service.make([labelled(1), labelled(2)], tmp_path)
    image = tmp_path / "0001.jpg"
    image.write_bytes(b"\xff\xd8\xff\xe0")
    service.aws.s3.upload(image, BUCKET, "images/0001.jpg", report=lambda _: None, cancel=CancelToken())
    return made


def states(found: list[Permission]) -> dict[str, str]:
    return {each.action: str(each.state) for each in found}


def checked(aws: Aws, arn: str = "", **where: Any) -> list[Permission]:
    return check_permissions(aws, arn=arn, cancel=CancelToken(), **where)


def test_all_that_reads_is_granted_and_the_rest_is_not_checked(service: Any, arn: str) -> None:
    found = checked(service.aws, arn)
    told = states(found)
    assert {action for action, state in told.items() if state == "granted"} == TARGETS.keys()
    assert {action for action, state in told.items() if state == "not checked"} == {
        "s3:GetBucketLocation",
        "s3:PutObject",
        "rekognition:UpdateDatasetEntries",
        "rekognition:DistributeDatasetEntries",
        "rekognition:CreateDataset",
        "rekognition:DeleteDataset",
        "rekognition:CreateProject",
        "rekognition:DeleteProject",
    }
    details = {each.action: each.detail for each in found}
    assert details["rekognition:DescribeDataset"] == "2 images, 2 of them labelled."
    assert "us-east-1" in details["s3:GetBucketLocation"]
    assert "first known when it is used" in details["s3:PutObject"]
    assert {each.resource for each in found if each.action == "s3:ListBucket"} == {f"s3://{BUCKET}/"}


def test_every_permission_that_is_told_of_stands_in_the_policy(service: Any, arn: str) -> None:
    allowed = {action for one in json.loads(policy(arn, BUCKET))["Statement"] for action in one["Action"]}
    # An upload that is cancelled removes its parts, which no check tells of.
    assert set(states(checked(service.aws, arn))) == allowed - {"s3:AbortMultipartUpload"}


def test_nothing_that_could_change_something_is_sent(service: Any, arn: str) -> None:
    sent: list[str] = []
    clients = (service.aws.rekognition._reads, service.aws.rekognition._writes, service.aws.s3._client)
    for client in clients:
        client.meta.events.register("before-call", lambda model, **_: sent.append(model.name))
    checked(service.aws, arn)
    assert {name for name in sent if not name.startswith(("Describe", "List", "Get", "Head"))} == set()
    assert {"DescribeDataset", "ListDatasetEntries", "GetObject", "ListObjectsV2"} <= set(sent)


@pytest.mark.parametrize("action", TARGETS)
def test_a_missing_permission_is_named_and_the_others_are_still_tried(
    service: Any, emulator: Emulator, arn: str, action: str
) -> None:
    emulator.faults.add(TARGETS[action], faults.access_denied(), times=None)
    told = states(checked(service.aws, arn))
    assert told[action] == "missing"
    assert [name for name, state in told.items() if state == "missing"] == [action]
    others = TARGETS.keys() - {action}
    if action == "rekognition:ListDatasetEntries":  # which would name the bucket
        others -= {"s3:ListBucket", "s3:GetObject"}
    if action == "rekognition:DescribeProjects":  # which would name the project
        others -= {"rekognition:DescribeProjectVersions"}
    assert {told[name] for name in others} == {"granted"}
    emulator.faults.clear()


def test_another_permission_that_the_service_names_is_told(
    service: Any, emulator: Emulator, arn: str
) -> None:
    message = "User: x is not authorized to perform: kms:Decrypt on resource: y"
    emulator.faults.add(TARGETS["s3:GetObject"], faults.access_denied(message))
    assert states(checked(service.aws, arn))["kms:Decrypt"] == "missing"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.expired_token(), SignInError),
        (faults.clock_off(), ClockError),
        (faults.closed(), OfflineError),
        (faults.throttled(), ThrottledError),
        (faults.access_denied("User: x is not authorized to perform: sts:AssumeRole on y"), DeniedError),
        (faults.service_error("ResourceNotFoundException", "No."), NotFoundError),
    ],
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_what_is_no_missing_permission_ends_the_check(
    service: Any, emulator: Emulator, arn: str, fault: Any, kind: type[Exception]
) -> None:
    emulator.faults.add("DescribeProjects", fault, times=None)
    with pytest.raises(kind):
        checked(service.aws, arn)
    emulator.faults.clear()


def test_a_running_update_does_not_count_as_missing(service: Any, emulator: Emulator, arn: str) -> None:
    emulator.faults.add("ListDatasetEntries", faults.service_error("ResourceNotReadyException", "Wait."))
    told = {each.action: each for each in checked(service.aws, arn, bucket=BUCKET, prefix="images/")}
    assert told["rekognition:ListDatasetEntries"].state is PermissionState.NOT_CHECKED
    assert "another update" in told["rekognition:ListDatasetEntries"].detail
    assert told["s3:GetObject"].state is PermissionState.GRANTED


def test_a_bucket_elsewhere_names_both_regions(
    service: Any, emulator: Emulator, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.aws.s3, "bucket_region", lambda _: "us-west-2")
    found = {each.action: each for each in checked(service.aws, arn)}["s3:GetBucketLocation"]
    assert found.state is PermissionState.WRONG_REGION
    assert "us-west-2" in found.detail
    assert "us-east-1" in found.detail


def test_an_image_that_is_not_there_says_nothing_of_the_permission(
    service: Any, labelled: Any, tmp_path: Path
) -> None:
    arn = service.make([labelled(7)], tmp_path)
    found = {each.action: each for each in checked(service.aws, arn)}["s3:GetObject"]
    assert found.state is PermissionState.NOT_CHECKED
    assert found.detail == "The image is not there: s3://leaves/images/0007.jpg"


def test_an_empty_dataset_names_no_bucket(service: Any, tmp_path: Path) -> None:
    told = states(checked(service.aws, service.make([], tmp_path)))
    assert told["rekognition:ListDatasetEntries"] == "granted"
    assert {told[f"s3:{name}"] for name in ("ListBucket", "GetObject", "GetBucketLocation")} == {
        "not checked"
    }


def test_a_prefix_alone_asks_nothing_of_rekognition(service: Any, arn: str) -> None:
    found = checked(service.aws, bucket=BUCKET, prefix="images/")
    assert states(found) == {
        "s3:GetBucketLocation": "not checked",
        "s3:ListBucket": "granted",
        "s3:GetObject": "granted",
        "s3:PutObject": "not checked",
    }
    assert found[1].detail == "The bucket can be read, and holds objects with this prefix."
    nothing = {each.action: each for each in checked(service.aws, bucket=BUCKET, prefix="none/")}
    assert nothing["s3:ListBucket"].detail == "The bucket can be read, and holds nothing with this prefix."
    assert nothing["s3:GetObject"].state is PermissionState.NOT_CHECKED


def test_a_bucket_that_does_not_exist_ends_the_check(service: Any) -> None:
    with pytest.raises(NotFoundError):
        checked(service.aws, bucket="no-such-bucket-here")


def test_it_can_be_cancelled_and_says_what_it_tries(service: Any, arn: str) -> None:
    token = CancelToken()
    texts: list[str] = []

    def report(progress: Any) -> None:
        texts.append(progress_words(progress))
        token.cancel()

    with pytest.raises(CancelledError):
        check_permissions(service.aws, arn=arn, cancel=token, report=report)
    assert texts == ["Trying rekognition:DescribeDataset…"]


def test_what_is_no_dataset_is_refused(service: Any) -> None:
    with pytest.raises(UsageError):
        checked(service.aws, "arn:aws:s3:::leaves")
