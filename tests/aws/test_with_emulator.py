"""Every operation over HTTP against the emulator, which shares no code with what is tested here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import ground_truth_lines as ground_truth
from present import present
from truthline.aws import session
from truthline.aws.connection import Connection
from truthline.aws.rekognition import LabelCount, parse_dataset_arn
from truthline.aws.session import Aws, connect
from truthline.emulator import Emulator, ManualClock, Switches, faults
from truthline.errors import (
    BusyError,
    ClockError,
    DeniedError,
    FaultError,
    InvalidRequestError,
    NotFoundError,
    NotFromAwsError,
    OfflineError,
    ServiceError,
    SignInError,
    ThrottledError,
)
from truthline.progress import CancelToken, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.emulator.faults import Fault

ODD_KEYS = [
    "a b.png",
    "a+b.png",
    "a%20b.png",
    "%2B",
    "żaba/ü😀.png",
    "a&b<c>'\".png",
    "zero\u200bwidth.png",
    "ends with blank ",
    "q?x=1#f.png",
    "new\nline",
    "\x01control",
    "a//b",
    "a/../b",
    "./x",
    "..",
]


def line(name: str, label: str = "frog") -> str:
    return ground_truth.dump(
        ground_truth.line(f"s3://pond/{name}", ground_truth.class_label(label, label))
    ).decode()


def blob(*lines: str) -> bytes:
    return "".join(f"{each}\n" for each in lines).encode()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def emulator(clock: ManualClock) -> Iterator[Emulator]:
    with Emulator(Switches(), clock=clock) as emulator:
        yield emulator
        assert emulator.unplanned_errors == []


@pytest.fixture
def aws(emulator: Emulator, credentials: None, fast_retries: None) -> Iterator[Aws]:
    with connect(Connection(region="eu-west-1", endpoint_url=emulator.endpoint_url)) as aws:
        yield aws


@pytest.fixture
def train(aws: Aws, clock: ManualClock) -> str:
    """An empty train dataset."""
    project = aws.rekognition.create_project("pond")
    arn = aws.rekognition.create_dataset(project, "TRAIN")
    clock.advance(10)
    return arn


@pytest.fixture
def bucket(aws: Aws) -> str:
    where = {"LocationConstraint": "eu-west-1"}
    aws.s3._client.create_bucket(Bucket="pond", CreateBucketConfiguration=where)  # type: ignore[arg-type]
    return "pond"


def count(emulator: Emulator, operation: str) -> int:
    return sum(record.operation == operation for record in emulator.requests)


def test_a_dataset_from_its_making_to_its_end(aws: Aws, clock: ManualClock, train: str) -> None:
    service = aws.rekognition
    assert parse_dataset_arn(train).kind == "TRAIN"
    assert service.describe_dataset(train).status == "CREATE_COMPLETE"
    service.update_entries(train, blob(line("1.png"), line("2.png", "newt")))
    assert service.describe_dataset(train).status == "UPDATE_IN_PROGRESS"
    with pytest.raises(BusyError):
        service.update_entries(train, blob(line("3.png")))
    clock.advance(10)
    description = service.describe_dataset(train)
    assert (description.status, description.code) == ("UPDATE_COMPLETE", "SUCCESS")
    assert (description.stats.total, description.stats.labels) == (2, 2)
    assert description.updated > description.created
    assert service.list_labels(train) == [LabelCount("frog", 1, 0), LabelCount("newt", 1, 0)]
    service.delete_dataset(train)
    clock.advance(10)
    with pytest.raises(NotFoundError):
        service.describe_dataset(train)


def test_entries_are_listed_page_by_page(
    aws: Aws, clock: ManualClock, train: str, emulator: Emulator
) -> None:
    aws.rekognition.update_entries(train, blob(*(line(f"{number:03}.png") for number in range(250))))
    clock.advance(10)
    pages = list(aws.rekognition.list_entries(train))
    assert [len(page) for page in pages] == [100, 100, 50]
    refs = [json.loads(text)["source-ref"] for page in pages for text in page]
    assert sorted(refs) == [f"s3://pond/{number:03}.png" for number in range(250)]


@pytest.mark.parametrize("ending", ["absent", "empty"])
def test_both_ways_to_end_a_listing(credentials: None, ending: str) -> None:
    clock = ManualClock()
    with (
        Emulator(Switches(last_page_token=ending), clock=clock) as emulator,  # type: ignore[arg-type]
        connect(Connection(region="eu-west-1", endpoint_url=emulator.endpoint_url)) as aws,
    ):
        train = aws.rekognition.create_dataset(aws.rekognition.create_project("pond"), "TRAIN")
        clock.advance(10)
        aws.rekognition.update_entries(train, blob(line("1.png")))
        clock.advance(10)
        assert len(list(aws.rekognition.list_entries(train))) == 1
        assert len(aws.rekognition.list_labels(train)) == 1
        assert len(aws.rekognition.describe_projects()) == 1


def test_entries_are_filtered(aws: Aws, clock: ManualClock, train: str) -> None:
    wrong = json.dumps({"source-ref": "s3://pond/wrong.png", "x": 1, "x-metadata": {"type": "other"}})
    aws.rekognition.update_entries(train, blob(*(line(f"{number}.png") for number in range(9)), wrong))
    clock.advance(10)
    assert [len(page) for page in aws.rekognition.list_entries(train, contains="/3.p")] == [1]
    (found,) = [text for page in aws.rekognition.list_entries(train, has_errors=True) for text in page]
    assert "cl-errors" in json.loads(found)


def test_projects_with_their_datasets(aws: Aws, clock: ManualClock, train: str) -> None:
    (project,) = aws.rekognition.describe_projects()
    assert project.name == "pond"
    assert [(each.arn, each.kind, each.status) for each in project.datasets] == [
        (train, "TRAIN", "CREATE_COMPLETE")
    ]
    with pytest.raises(InvalidRequestError, match="there is one already"):
        aws.rekognition.create_dataset(project.arn, "TRAIN")


def test_a_project_is_deleted(aws: Aws, clock: ManualClock) -> None:
    project = aws.rekognition.create_project("pond")
    clock.advance(10)
    aws.rekognition.delete_project(project)
    clock.advance(10)
    assert aws.rekognition.describe_projects() == []


def test_a_dataset_from_a_manifest_and_one_from_a_dataset(
    aws: Aws, clock: ManualClock, bucket: str, tmp_path: Path
) -> None:
    path = tmp_path / "train.manifest"
    path.write_bytes(blob(*(line(f"{number}.png") for number in range(10))))
    aws.s3.upload(path, bucket, "a b/train+1.manifest", report=ignore_progress, cancel=CancelToken())
    project = aws.rekognition.create_project("pond")
    train = aws.rekognition.create_dataset(project, "TRAIN", manifest="s3://pond/a b/train+1.manifest")
    clock.advance(10)
    test = aws.rekognition.create_dataset(project, "TEST", source_arn=train)
    clock.advance(10)
    assert [aws.rekognition.describe_dataset(arn).stats.total for arn in (train, test)] == [10, 10]


def test_a_train_dataset_is_split(aws: Aws, clock: ManualClock, train: str) -> None:
    aws.rekognition.update_entries(train, blob(*(line(f"{number}.png") for number in range(20))))
    clock.advance(10)
    (project,) = aws.rekognition.describe_projects()
    test = aws.rekognition.create_dataset(project.arn, "TEST")
    clock.advance(10)
    aws.rekognition.distribute(train, test)
    clock.advance(10)
    assert [aws.rekognition.describe_dataset(arn).stats.total for arn in (train, test)] == [16, 4]


def test_a_lost_reply_sends_the_update_once(
    aws: Aws, clock: ManualClock, train: str, emulator: Emulator
) -> None:
    emulator.faults.add("UpdateDatasetEntries", faults.reply_lost())
    with pytest.raises(OfflineError):
        aws.rekognition.update_entries(train, blob(line("1.png")))
    assert count(emulator, "UpdateDatasetEntries") == 1
    clock.advance(10)
    assert aws.rekognition.describe_dataset(train).stats.total == 1


def test_a_half_open_connection_ends_in_time(
    emulator: Emulator, credentials: None, train: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "SEND_SECONDS", 0.3)
    emulator.faults.add("UpdateDatasetEntries", faults.half_open())
    with (
        connect(Connection(region="eu-west-1", endpoint_url=emulator.endpoint_url)) as aws,
        pytest.raises(OfflineError),
    ):
        aws.rekognition.update_entries(train, blob(line("1.png")))
    assert count(emulator, "UpdateDatasetEntries") == 1


@pytest.mark.parametrize(("deadline", "tries"), [(60, 3), (0.2, 1)])
def test_a_whole_call_has_a_deadline(
    emulator: Emulator,
    credentials: None,
    train: str,
    monkeypatch: pytest.MonkeyPatch,
    deadline: float,
    tries: int,
) -> None:
    """However many tries are left, none begins after it: silence costs its time with each one."""
    monkeypatch.setattr(session, "READ_SECONDS", 0.3)
    monkeypatch.setattr(session, "DEADLINE_SECONDS", deadline)
    emulator.faults.add("DescribeDataset", faults.half_open(), times=None)
    with (
        connect(Connection(region="eu-west-1", endpoint_url=emulator.endpoint_url)) as aws,
        pytest.raises(OfflineError),
    ):
        aws.rekognition.describe_dataset(train)
    assert count(emulator, "DescribeDataset") == tries


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("fault", [faults.html, faults.empty_body])
def test_a_false_success_is_not_from_aws(
    aws: Aws, train: str, emulator: Emulator, fault: Callable[..., Any], carried_out: bool
) -> None:
    emulator.faults.add("*", fault(carried_out=carried_out), times=3)
    with pytest.raises(NotFromAwsError):
        aws.rekognition.update_entries(train, blob(line("1.png")))
    with pytest.raises(NotFromAwsError):
        next(aws.rekognition.list_entries(train))
    with pytest.raises(NotFromAwsError):
        aws.rekognition.describe_dataset(train)


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_cut_listing_gives_no_part_of_itself(
    aws: Aws, clock: ManualClock, train: str, emulator: Emulator, tells_length: bool
) -> None:
    aws.rekognition.update_entries(train, blob(*(line(f"{number}.png") for number in range(9))))
    clock.advance(10)
    emulator.faults.add("ListDatasetEntries", faults.truncated_body(tells_length=tells_length), times=3)
    with pytest.raises(ServiceError):
        next(aws.rekognition.list_entries(train))


FAULTS = [
    (faults.closed(), OfflineError),
    (faults.internal_error(), FaultError),
    (faults.bad_gateway(), FaultError),
    (faults.throttled(), ThrottledError),
    (faults.throttled(status=500), ThrottledError),
    (faults.throughput_exceeded(), ThrottledError),
    (faults.expired_token(), SignInError),
    (faults.access_denied(), DeniedError),
    (faults.service_error("ValidationException", "No."), InvalidRequestError),
]


@pytest.mark.parametrize(("fault", "kind"), FAULTS)
def test_each_fault_of_rekognition(
    aws: Aws, train: str, emulator: Emulator, fault: Fault, kind: type[Any]
) -> None:
    emulator.faults.add("DescribeDataset", fault, times=None)
    with pytest.raises(ServiceError) as caught:
        aws.rekognition.describe_dataset(train)
    assert type(caught.value) is kind


def test_a_clock_that_is_off(aws: Aws, train: str, emulator: Emulator) -> None:
    emulator.faults.add("DescribeDataset", faults.clock_off(600))
    with pytest.raises(ClockError, match="10 minutes behind"):
        aws.rekognition.describe_dataset(train)


def test_objects_are_stored_read_and_listed_with_odd_keys(aws: Aws, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "frog.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0frog")
    for key in ODD_KEYS:
        aws.s3.upload(path, bucket, key, report=ignore_progress, cancel=CancelToken())
    assert sorted(facts.key for facts in aws.s3.list(bucket)) == sorted(ODD_KEYS)
    for key in ODD_KEYS:
        assert aws.s3.read(bucket, key) == b"\xff\xd8\xff\xe0frog"
        assert present(aws.s3.head(bucket, key)).size == 8
    assert [facts.key for facts in aws.s3.list(bucket, "a+")] == ["a+b.png"]
    assert aws.s3._client.head_object(Bucket=bucket, Key="..")["ContentType"] == "image/jpeg"


def test_parts_of_an_object(aws: Aws, bucket: str) -> None:
    aws.s3._client.put_object(Bucket=bucket, Key="frog", Body=b"0123456789")
    assert aws.s3.read(bucket, "frog", start=3, length=4) == b"3456"
    assert aws.s3.read(bucket, "frog", start=8, length=100) == b"89"
    assert aws.s3.read(bucket, "frog", start=7) == b"789"
    assert aws.s3.read(bucket, "frog", start=10) == b""
    aws.s3._client.put_object(Bucket=bucket, Key="empty", Body=b"")
    assert aws.s3.read(bucket, "empty") == b""
    assert aws.s3.read(bucket, "empty", length=10) == b""


def test_a_file_in_parts_arrives_whole(aws: Aws, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40_000
    path.write_bytes(content)
    seen: list[Any] = []
    aws.s3.upload(path, bucket, "large.png", report=seen.append, cancel=CancelToken())
    assert aws.s3.read(bucket, "large.png") == content
    assert (seen[-1].done, seen[-1].total) == (len(content), len(content))
    assert all(0 <= progress.done <= len(content) for progress in seen)


def test_more_objects_than_fit_on_a_page(aws: Aws, bucket: str) -> None:
    for number in range(12):
        aws.s3._client.put_object(Bucket=bucket, Key=f"img/{number:02}", Body=b"x")
    list_page = aws.s3._client.list_objects_v2
    aws.s3._client.list_objects_v2 = lambda **wanted: list_page(**wanted, MaxKeys=5)  # type: ignore[method-assign]
    assert [facts.key for facts in aws.s3.list(bucket, "img/")] == [
        f"img/{number:02}" for number in range(12)
    ]


def test_what_is_not_there(aws: Aws, bucket: str) -> None:
    assert aws.s3.head(bucket, "gone") is None
    assert aws.s3.head("nowhere-at-all", "gone") is None
    for call in (
        lambda: aws.s3.read(bucket, "gone"),
        lambda: aws.s3.read("nowhere-at-all", "gone"),
        lambda: next(aws.s3.list("nowhere-at-all")),
        lambda: aws.s3.bucket_region("nowhere-at-all"),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_a_buckets_region(aws: Aws, bucket: str) -> None:
    assert aws.s3.bucket_region(bucket) == "eu-west-1"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.html(), NotFromAwsError),
        (faults.empty_body(), NotFromAwsError),
        (faults.truncated_body(), OfflineError),
        (faults.closed(), OfflineError),
        (faults.service_error("AccessDenied", "Access Denied", status=403), DeniedError),
        (faults.service_error("SlowDown", "Please reduce your request rate.", status=503), ThrottledError),
        (faults.service_error("InternalError", "Oops.", status=500), FaultError),
    ],
)
def test_each_fault_of_s3(aws: Aws, bucket: str, emulator: Emulator, fault: Fault, kind: type[Any]) -> None:
    aws.s3._client.put_object(Bucket=bucket, Key="frog", Body=b"0123456789")
    emulator.faults.add("GET /pond/frog", fault, times=None)
    with pytest.raises(ServiceError) as caught:
        aws.s3.read(bucket, "frog")
    assert type(caught.value) is kind
    assert caught.value.place == "s3://pond/frog"
    emulator.faults.clear()
    assert aws.s3.read(bucket, "frog") == b"0123456789"
