"""Many files to S3 at a time, over HTTP against the emulator."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import pytest

from present import present
from truthline.aws import session, transfer
from truthline.aws.connection import Connection
from truthline.aws.session import Aws, connect
from truthline.aws.transfer import Upload
from truthline.emulator import faults
from truthline.errors import (
    CancelledError,
    DeniedError,
    NotFoundError,
    OfflineError,
    ServiceError,
    SignInError,
    UnreadableFileError,
    UsageError,
)
from truthline.progress import CancelToken, Progress, ignore_progress
from truthline.words import progress_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.emulator.faults import Fault
    from truthline.emulator.service import Emulator

# Over plain HTTP the AWS Common Runtime reads a body to sign it. When a transfer is stopped in that very
# moment, it prints the exception of the read and goes on with it.
pytestmark = pytest.mark.qt_no_exception_capture

ODD_KEYS = [
    "a b.png",
    "a+b.png",
    "100%.png",
    "%41.png",
    "a%20b.png",
    "hash#1.png",
    "q?x=1&y.png",
    "żaba/ü😀.png",
    "e\u0301.png",
    'it\'s "quoted" <&>.png',
    "semi;colon,comma=.png",
    "back\\slash.png",
    "trailing dots...",
    "ends with blank ",
    " begins with one",
    "a//b.png",
    "a/../b.png",
    "./x.png",
    "..",
    "new\nline",
    "x" * 1024,
    "ü" * 512,
]


@pytest.fixture
def aws(emulator: Emulator, credentials: None, fast_retries: None, bucket_name: str) -> Iterator[Aws]:
    with connect(Connection(region="us-east-1", endpoint_url=emulator.endpoint_url)) as aws:
        aws.s3.create_bucket(bucket_name)
        yield aws


@pytest.fixture
def bucket_name() -> str:
    return "pond"


@pytest.fixture
def images(tmp_path: Path) -> Callable[..., Any]:
    """Makes so many images, and says where each belongs."""

    def make(count: int, size: int = 100) -> list[Upload]:
        return [image(tmp_path / f"{number:03}.png", size + number) for number in range(count)]

    return make


def image(path: Path, size: int, key: str | None = None, start: bytes = b"\x89PNG\r\n\x1a\n") -> Upload:
    path.write_bytes(start + path.name.encode() + b"x" * (size - len(start) - len(path.name)))
    return Upload(path, "pond", path.name if key is None else key, size)


def send(
    aws: Aws,
    uploads: list[Any] | list[Upload],
    report: Callable[..., Any] = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    aws.s3.upload_all(uploads, report=report, cancel=cancel or CancelToken())


def held(aws: Aws) -> dict[str, bytes]:
    return {facts.key: aws.s3.read("pond", facts.key) for facts in aws.s3.list("pond")}


def as_held(uploads: list[Upload]) -> dict[str, bytes]:
    return {upload.key: upload.path.read_bytes() for upload in uploads}


def puts(emulator: Emulator) -> list[Any] | list[str]:
    """The paths of the PUT requests, after the one that made the bucket; "" where a fault answered."""
    return [each.params.get("path", "") for each in emulator.requests if each.operation == "PUT"][1:]


def test_images_arrive_with_their_content_types_and_checksums(
    aws: Aws, images: Callable[..., Any], tmp_path: Path
) -> None:
    uploads = images(20)
    uploads.append(image(tmp_path / "named.png", 50, start=b"\xff\xd8\xff"))
    uploads.append(image(tmp_path / "text.jpg", 50, start=b"hello"))
    (tmp_path / "empty.png").touch()
    uploads.append(Upload(tmp_path / "empty.png", "pond", "empty.png", 0))
    send(aws, uploads)
    assert held(aws) == as_held(uploads)
    told = {
        key: aws.s3._client.head_object(Bucket="pond", Key=key, ChecksumMode="ENABLED") for key in held(aws)
    }
    assert {told[upload.key]["ContentType"] for upload in uploads[:20]} == {"image/png"}
    assert told["named.png"]["ContentType"] == "image/jpeg"
    assert not told["text.jpg"]["ContentType"].startswith("image/")
    assert all(answer["ChecksumCRC32"] for answer in told.values())


def test_odd_keys_arrive_exactly(aws: Aws, images: Callable[..., Any]) -> None:
    uploads = [
        Upload(upload.path, upload.bucket, key, upload.size)
        for key, upload in zip(ODD_KEYS, images(len(ODD_KEYS)), strict=True)
    ]
    send(aws, uploads)
    assert held(aws) == as_held(uploads)
    assert {key: present(aws.s3.head("pond", key)).size for key in ODD_KEYS} == {
        upload.key: upload.size for upload in uploads
    }


def test_one_file_may_go_to_two_keys(aws: Aws, tmp_path: Path) -> None:
    one = image(tmp_path / "a.png", 100)
    send(aws, [one, Upload(one.path, "pond", "b.png", 100)])
    assert list(held(aws)) == ["a.png", "b.png"]


def test_nothing_to_send(aws: Aws) -> None:
    send(aws, [])


@pytest.mark.parametrize("key", ["x" * 1025, "ü" * 513, "half\ud83d"])
def test_a_key_that_s3_cannot_have_is_told_before_sending_and_the_others_are_sent(
    aws: Aws, images: Callable[..., Any], tmp_path: Path, key: str
) -> None:
    wrong, others = image(tmp_path / "long.png", 100, key), images(3)
    with pytest.raises(UsageError) as caught:
        send(aws, [others[0], wrong, *others[1:]])
    assert caught.value.title == "1 of 4 images could not be uploaded; the others are in the bucket."
    assert f"{wrong.path}: The image's S3 key " in caught.value.detail
    assert held(aws) == as_held(others)
    with pytest.raises(UsageError, match="S3 key"):
        aws.s3.upload(wrong.path, "pond", key, report=ignore_progress, cancel=CancelToken())


def test_files_that_cannot_be_read_do_not_keep_the_others_back(
    aws: Aws, images: Callable[..., Any], emulator: Emulator
) -> None:
    uploads = images(12)
    for upload in uploads[3:8]:
        upload.path.unlink()
    uploads[7].path.mkdir()
    good = uploads[:3] + uploads[8:]
    with pytest.raises(UnreadableFileError) as caught:
        send(aws, uploads)
    assert caught.value.title.startswith("5 of 12 images could not be uploaded")
    *named, rest = caught.value.detail.split("\n")
    assert len(named) == 3
    assert all("The file cannot be read." in line for line in named)
    assert all(any(str(upload.path) in line for upload in uploads[3:8]) for line in named)
    assert rest == "And 2 more."
    assert held(aws) == as_held(good)


def when_sent(aws: Aws, key: str, spoil: Callable[..., Any]) -> None:
    """Do something to a request on its way, after it was signed."""

    def handler(request: pytest.FixtureRequest, **_: Any) -> None:
        if request.url.endswith(key):  # type: ignore[attr-defined]
            spoil(request)

    aws.s3._client.meta.events.register("before-send.s3", handler)


@pytest.mark.parametrize("how", ["rewritten", "grown", "cut", "replaced", "removed"])
def test_a_file_that_changes_while_it_is_sent_is_not_stored(
    aws: Aws, images: Callable[..., Any], tmp_path: Path, how: str
) -> None:
    uploads = images(4, size=300_000)
    path = uploads[1].path
    content = path.read_bytes()

    def change(_: Any) -> None:
        if how == "removed":
            path.unlink()
        elif how == "replaced":
            (tmp_path / "new").write_bytes(content[::-1])
            (tmp_path / "new").replace(path)
        else:
            path.write_bytes({"rewritten": content[::-1], "grown": content * 2, "cut": content[:9]}[how])

    when_sent(aws, path.name, change)
    with pytest.raises(UnreadableFileError, match="1 of 4 images could not be uploaded") as caught:
        send(aws, uploads)
    words = "cannot be read" if how == "removed" else "changed while it was sent"
    assert caught.value.detail.startswith(f"{path}: The file {words}.")
    assert held(aws) == as_held([uploads[0], *uploads[2:]])


@pytest.mark.parametrize("signed", [True, False])
def test_a_body_that_arrives_damaged_is_refused_and_told(
    aws: Aws, images: Callable[..., Any], signed: bool
) -> None:
    uploads = images(3)
    damaged = uploads[1]

    def damage(request: pytest.FixtureRequest) -> None:
        request.body = bytes(reversed(damaged.path.read_bytes()))  # type: ignore[attr-defined]
        if not signed:
            request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"  # type: ignore[attr-defined]

    when_sent(aws, damaged.key, damage)
    with pytest.raises(ServiceError) as caught:
        send(aws, uploads)
    assert f"{damaged.path}: The file was damaged on its way." in caught.value.detail
    assert held(aws) == as_held([uploads[0], uploads[2]])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.access_denied(), DeniedError),
        (faults.expired_token(), SignInError),
        (faults.closed(), OfflineError),
    ],
)
def test_what_would_befall_every_image_stops_all_at_once(
    aws: Aws,
    images: Callable[..., Any],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    kind: type[Any],
) -> None:
    uploads = images(30)
    send(aws, uploads[:5])
    monkeypatch.setattr(transfer, "MAX_AHEAD", 4)
    emulator.faults.add("PUT /pond/*", fault, times=None)
    before = len(puts(emulator))
    with pytest.raises(kind) as caught:
        send(aws, uploads[5:])
    assert re.fullmatch(r"s3://pond/00[5-8].png", caught.value.place)
    tries = 3 if kind is OfflineError else 1
    assert 1 <= len(puts(emulator)) - before <= 4 * tries
    emulator.faults.clear()
    assert held(aws) == as_held(uploads[:5])


def test_no_bucket(aws: Aws, images: Callable[..., Any]) -> None:
    uploads = [Upload(each.path, "desert", each.key, each.size) for each in images(3)]
    with pytest.raises(NotFoundError):
        send(aws, uploads)


def test_a_cancel_is_heeded_while_the_connections_hang_and_what_was_sent_stays(
    emulator: Emulator,
    credentials: None,
    fast_retries: None,
    images: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "READ_SECONDS", 3600)  # longer than this test may last
    uploads, cancel = images(13), CancelToken()

    def report(progress: Progress) -> None:
        # 5 images are stored; the other 8, fewer than are sent at a time, are never answered
        if progress.number == 6:
            cancel.cancel()

    emulator.faults.add("PUT /pond/00[5-9].png", faults.half_open(), times=None)
    emulator.faults.add("PUT /pond/01?.png", faults.half_open(), times=None)
    with connect(Connection(region="us-east-1", endpoint_url=emulator.endpoint_url)) as aws:
        aws.s3.create_bucket("pond")
        with pytest.raises(CancelledError):
            send(aws, uploads, report, cancel)
        assert held(aws) == as_held(uploads[:5])
        emulator.faults.clear()
        send(aws, uploads[5:])
        assert held(aws) == as_held(uploads)


def test_cancelled_before_it_begins(aws: Aws, images: Callable[..., Any], emulator: Emulator) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        send(aws, images(3), cancel=cancel)
    assert puts(emulator) == []


def test_only_so_many_are_handed_over_at_a_time(
    aws: Aws, images: Callable[..., Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "MAX_AHEAD", 3)
    uploads, ahead = images(20), []

    def one_by_one() -> Iterator[Upload]:
        for number, upload in enumerate(uploads, 1):
            ahead.append(number - len(puts(emulator)))
            yield upload

    work = transfer.Transfer(
        aws.s3._client, aws.s3._caller, 20, 1, report=ignore_progress, cancel=CancelToken()
    )
    assert work.run(one_by_one()) == []
    assert 2 <= max(ahead) <= 4
    assert held(aws) == as_held(uploads)


def test_progress_names_the_image_and_counts_all_bytes(
    aws: Aws, images: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(transfer, "monotonic", lambda: float(next(ticks)))
    uploads = [image(tmp_path / "large.png", 20 * 2**20), *images(3)]
    total, seen = sum(upload.size for upload in uploads), []  # type: ignore[var-annotated]
    send(aws, uploads, seen.append)
    assert progress_words(seen[0]) == "Uploading image 1 of 4 · large.png, 0 %"
    assert all(re.match(r"Uploading image [1-4] of 4 · ", progress_words(progress)) for progress in seen)
    assert {progress.total for progress in seen} == {total}
    assert all(0 <= progress.done <= total for progress in seen)
    assert progress_words(seen[-1]).startswith("Uploading image 4 of 4 · ")
    assert seen[-1].done == total


def test_progress_is_told_no_more_often_than_anybody_can_read(
    aws: Aws, images: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "monotonic", lambda: 0.0)  # no time passes
    seen: list[Any] = []
    send(aws, images(30), seen.append)
    assert len(seen) == 2  # the first and the last


def test_an_error_of_the_report_leaves_as_it_is(aws: Aws, images: Callable[..., Any]) -> None:
    def report(_: Progress) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        send(aws, images(3), report)
