"""Which local images a push needs in the bucket, and sending them, against the emulator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import CancelledError, UnreadableFileError
from truthline.progress import CancelToken, Progress, ignore_progress
from truthline.sync.push import upload
from truthline.sync.push.upload import Upload, compare_images, upload_images
from truthline.workspace.workspace import EntryId, Filter, Kind, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sync.conftest import Service
    from truthline.aws.s3 import S3

BUCKET = "ponds"
KEY = "im g/{:03}.jpg"


@pytest.fixture
def s3(service: Service) -> S3:
    service.aws.s3.create_bucket(BUCKET)
    return service.aws.s3


@pytest.fixture
def workspace(tmp_path: Path, labelled: Callable[..., Any]) -> Iterator[Workspace]:
    """Five changed entries with an image each in the folder, which stands for s3://ponds."""
    folder = tmp_path / "photos"
    (folder / "im g").mkdir(parents=True)
    info = WorkspaceInfo("ponds", images_dir=str(folder), target=f"s3://{BUCKET}")
    with Workspace.create(tmp_path / "a.truthline", info) as workspace:
        fill(workspace, 5)
        yield workspace


def fill(workspace: Workspace, count: int) -> None:
    lines = []
    for number in range(count):
        path_of(workspace, number).write_bytes(content(number))
        lines.append(b'{"source-ref":"s3://%b/%b"}' % (BUCKET.encode(), KEY.format(number).encode()))
    entries = [NewEntry(line) for line in lines]
    workspace.append(entries, report=ignore_progress, cancel=CancelToken())


def path_of(workspace: Workspace, number: int) -> Path:
    return Path(workspace.info.images_dir) / KEY.format(number)


def content(number: int) -> bytes:
    return b"\xff\xd8\xff\xe0" + b"%03d" % number * 10


def put(s3: S3, number: int, body: bytes, key: str | None = None) -> None:
    s3._client.put_object(Bucket=BUCKET, Key=key or KEY.format(number), Body=body)


def compared(workspace: Workspace, s3: S3) -> tuple[Any, ...]:
    """The numbers of the images that are missing, and of those that are different."""
    found = compare_images(workspace, s3, cancel=CancelToken())
    return tuple([int(each.key[-7:-4]) for each in some] for some in (found.missing, found.different))


@pytest.fixture(params=["asked one by one", "listed"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "listed":
        monkeypatch.setattr(upload, "_ASKED_ONE_BY_ONE", 0)


@pytest.mark.usefixtures("way")
def test_images_are_missing_the_same_or_different(workspace: Workspace, s3: S3) -> None:
    put(s3, 1, content(1))
    put(s3, 2, content(1))  # of the same size
    put(s3, 3, content(3) + b"more")
    put(s3, 4, content(4), key="elsewhere/004.jpg")
    assert compared(workspace, s3) == ([0, 4], [2, 3])
    missing = compare_images(workspace, s3, cancel=CancelToken()).missing
    assert missing == [
        Upload(path_of(workspace, number), BUCKET, KEY.format(number), 34) for number in (0, 4)
    ]


@pytest.mark.usefixtures("way")
def test_a_broken_off_upload_goes_on_with_the_rest(workspace: Workspace, s3: S3) -> None:
    path_of(workspace, 3).unlink()
    path_of(workspace, 3).mkdir()
    every = [Upload(path_of(workspace, each), BUCKET, KEY.format(each), 34) for each in range(5)]
    with pytest.raises(UnreadableFileError, match="1 of 5 images"):
        upload_images(every, s3, cancel=CancelToken())
    path_of(workspace, 3).rmdir()
    path_of(workspace, 3).write_bytes(content(3))
    assert compared(workspace, s3) == ([3], [])
    upload_images(compare_images(workspace, s3, cancel=CancelToken()).missing, s3, cancel=CancelToken())
    assert compared(workspace, s3) == ([], [])
    assert [s3.read(BUCKET, KEY.format(number)) for number in range(5)] == [content(n) for n in range(5)]


@pytest.mark.usefixtures("way")
def test_an_image_that_changed_here_after_it_was_sent_is_never_sent_over_the_other(
    workspace: Workspace, s3: S3
) -> None:
    upload_images(compare_images(workspace, s3, cancel=CancelToken()).missing, s3, cancel=CancelToken())
    path_of(workspace, 2).write_bytes(content(9))
    assert compared(workspace, s3) == ([], [2])
    assert compare_images(workspace, s3, cancel=CancelToken()).missing == []
    assert s3.read(BUCKET, KEY.format(2)) == content(2)


def test_only_images_of_changed_entries_that_lie_in_the_folder_are_looked_for(
    workspace: Workspace, s3: S3, labelled: Callable[..., Any]
) -> None:
    unchanged = workspace.ids(Filter(kind=Kind.CHANGED))[0]
    line = workspace.entry(EntryId(unchanged)).line
    workspace.store_remote([(EntryId(unchanged), line, ())])
    path_of(workspace, 1).unlink()
    assert compared(workspace, s3) == ([2, 3, 4], [])
    workspace.set_info(replace(workspace.info, images_dir=""))
    assert compared(workspace, s3) == ([], [])


def test_an_image_that_cannot_be_read_here_is_left_as_the_bucket_has_it(
    workspace: Workspace, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, 0, content(7))

    def vanish(*_: object) -> None:
        raise UnreadableFileError("The file cannot be read.")

    monkeypatch.setattr(type(s3), "has_content", vanish)
    assert compared(workspace, s3) == ([1, 2, 3, 4], [])


def test_many_images_are_compared_in_portions_with_progress(
    workspace: Workspace, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_COMPARED_AT_ONCE", 2)
    for number in range(5):
        put(s3, number, content(number if number % 2 else 9))
    seen: list[Any] = []
    found = compare_images(workspace, s3, cancel=CancelToken(), report=seen.append)
    assert [each.key for each in found.different] == [KEY.format(number) for number in (0, 2, 4)]
    assert [(each.done, each.total) for each in seen] == [(0, 5), (0, 5), (2, 5), (4, 5)]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("at", [1, 2])
def test_comparing_can_be_cancelled(workspace: Workspace, s3: S3, at: int) -> None:
    put(s3, 0, content(0))
    cancel, seen = CancelToken(), []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == at:
            cancel.cancel()

    with pytest.raises(CancelledError):
        compare_images(workspace, s3, cancel=cancel, report=report)
