"""A source comes into its workspace in chunks: wherever that is broken off, it goes on, or begins anew."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from present import present
from truthline.aws.connection import Connection
from truthline.errors import UnreadableFileError, UsageError
from truthline.progress import CancelToken
from truthline.sync.opening import filling as module
from truthline.sync.opening.filling import Filling, begins_anew, is_whole
from truthline.sync.opening.folder import read_left_out
from truthline.sync.opening.opening import (
    create_workspace,
    export_manifest,
    open_or_create,
    open_whole,
)
from truthline.sync.opening.sources import recognise
from truthline.workspace.workspace import EntryId, NewStep, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from sync.conftest import Service
    from truthline.workspace.workspace import WorkspaceInfo

PNG = b"\x89PNG\r\n\x1a\n"
FIRST, CHUNK = 3, 5


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST", FIRST)
    monkeypatch.setattr(module, "_CHUNK", CHUNK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leaves.truthline"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """17 lines, the last one without an ending."""
    made = tmp_path / "leaves.manifest"
    made.write_bytes(b"\n".join(b'{"source-ref":"s3://leaves/%02d.jpg"}' % number for number in range(17)))
    return made


def begun(path: Path, source: Path | str, connection: Connection | None = None) -> Workspace:
    """A workspace that holds the first chunk."""
    return open_or_create(
        path, recognise(str(source)), connection=connection or Connection(), cancel=CancelToken()
    )


def offline(_info: WorkspaceInfo) -> Connection:
    raise AssertionError("no AWS is needed for that")


def refs(workspace: Workspace) -> list[str]:
    return [entry.source_ref.rpartition("/")[2] for entry in workspace.walk()]


def store(workspace: Workspace, chunks: int) -> None:
    with closing(present(Filling.resumed(workspace, offline))) as filling:
        for _ in range(chunks):
            filling.store(filling.read())


def test_the_first_chunk_is_there_and_the_rest_comes(path: Path, manifest: Path, tmp_path: Path) -> None:
    with begun(path, manifest) as workspace:
        assert refs(workspace) == ["00.jpg", "01.jpg", "02.jpg"]
        assert not is_whole(workspace)
        filling = present(Filling.resumed(workspace, offline))
        assert (filling.progress.done, filling.progress.total) == (3, None)
        filling.store(filling.read())
        assert filling.progress.done == 8
        assert 15 <= (filling.progress.total or 0) <= 17
        filling.fill()
        assert is_whole(workspace)
        assert Filling.resumed(workspace, offline) is None
        export_manifest(workspace, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == manifest.read_bytes()


@pytest.mark.parametrize("chunks", range(4))
def test_it_goes_on_where_it_stopped(path: Path, manifest: Path, chunks: int) -> None:
    with begun(path, manifest) as workspace:
        store(workspace, chunks)
    with open_whole(path, offline, cancel=CancelToken()) as workspace:
        assert refs(workspace) == [f"{number:02d}.jpg" for number in range(17)]
        assert is_whole(workspace)


def test_a_small_source_is_whole_at_once(path: Path, tmp_path: Path) -> None:
    (tmp_path / "two.manifest").write_bytes(b'{"source-ref":"s3://a/1.jpg"}\n{}')
    with begun(path, tmp_path / "two.manifest") as workspace:
        assert is_whole(workspace)
        assert len(workspace.ids()) == 2


def test_labels_that_were_given_meanwhile_stay(path: Path, manifest: Path) -> None:
    with begun(path, manifest) as workspace:
        workspace.save(EntryId(2), b'{"source-ref":"s3://leaves/01.jpg","by":"me"}')
        store(workspace, 1)
        workspace.save(EntryId(7), b'{"source-ref":"s3://leaves/06.jpg","by":"me"}')
    with open_whole(path, offline, cancel=CancelToken()) as workspace:
        assert [entry.id for entry in workspace.walk() if b"by" in entry.line] == [2, 7]
        assert len(workspace.ids()) == 17


def test_of_a_manifest_that_was_changed_it_begins_anew_unless_somebody_has_worked(
    path: Path, manifest: Path
) -> None:
    begun(path, manifest).close()
    manifest.write_bytes(b'{"source-ref":"s3://leaves/new.jpg"}\n' * 4)
    with begun(path, manifest) as workspace:
        assert refs(workspace) == ["new.jpg"] * 3
        workspace.edit([EntryId(1)], lambda _entry: b"{}", NewStep("Empty"))
    manifest.write_bytes(b'{"source-ref":"s3://leaves/newer.jpg"}\n' * 9)
    with begun(path, manifest) as workspace:
        assert not begins_anew(workspace)
        assert workspace.entry(EntryId(1)).line == b"{}"
        with pytest.raises(UsageError, match="changed since its first 3 lines were read"):
            Filling.resumed(workspace, offline)


def test_a_manifest_that_is_gone_is_told_and_nothing_is_lost(path: Path, manifest: Path) -> None:
    with begun(path, manifest) as workspace:
        manifest.unlink()
        with pytest.raises(UsageError, match="is gone since its first 3 lines"):
            Filling.resumed(workspace, offline)
        assert len(workspace.ids()) == FIRST


def test_a_folder_with_files_that_are_no_images(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for number in range(12):
        (folder / f"{number:02d}.png").write_bytes(PNG)
    (folder / "more" / "a.png").write_bytes(PNG)
    (folder / "01 fake.png").write_bytes(b"text")
    (folder / "09 fake.png").write_bytes(b"text")
    (folder / "notes.txt").write_bytes(b"text")
    names = [*sorted([f"{number:02d}.png" for number in range(12)]), "a.png"]
    with begun(path, folder) as workspace:
        assert refs(workspace) == names[:FIRST]
        assert present(Filling.resumed(workspace, offline)).progress.doing.name == "FILLING"
        store(workspace, 1)
    with open_whole(path, offline, cancel=CancelToken()) as workspace:
        assert refs(workspace) == names
        assert [one.name for one in read_left_out(workspace).first] == [
            "01 fake.png", "09 fake.png", "notes.txt",
        ]  # fmt: skip


def test_a_folder_without_images_makes_no_workspace(path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").write_text("text")
    with pytest.raises(UsageError, match="no PNG or JPEG image in this folder"):
        begun(path, tmp_path / "empty")
    assert list(tmp_path.glob("*truthline*")) == []


def test_a_folder_that_is_gone_is_told(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.png").write_bytes(PNG)
    with begun(path, folder) as workspace:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        with pytest.raises(UnreadableFileError, match="cannot be read"):
            present(Filling.resumed(workspace, offline)).fill()
        assert len(workspace.ids()) == FIRST


def test_a_prefix(path: Path, service: Service) -> None:
    service.aws.s3.create_bucket("leaves")
    client = service.aws.s3._client
    for number in range(11):
        client.put_object(Bucket="leaves", Key=f"trees/{number:02d}.jpg", Body=b"x")
    client.put_object(Bucket="leaves", Key="trees/readme.txt", Body=b"x")
    connection = service.aws.connection
    with begun(path, "s3://leaves/trees", connection) as workspace:
        assert len(workspace.ids()) == FIRST
        assert workspace.info.target == "s3://leaves/trees"
    with open_whole(path, lambda _info: connection, cancel=CancelToken()) as workspace:
        assert refs(workspace) == [f"{number:02d}.jpg" for number in range(11)]


FILLING = """
import sys
from pathlib import Path
from truthline.aws.connection import Connection
from truthline.progress import CancelToken
from truthline.sync.opening import filling
filling._FIRST, filling._CHUNK = 3, 5
workspace = __import__("truthline.workspace.workspace", fromlist=["x"]).Workspace.open(Path(sys.argv[1]))
work = filling.Filling.resumed(workspace, lambda info: Connection())
while work is not None:
    chunk = work.read()
    work.store(chunk)
    print(work.done, flush=True)
    if chunk.is_end:
        break
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.long)])
def test_killed_at_any_moment_it_goes_on(path: Path, tmp_path: Path, rounds: int) -> None:
    moments = random.Random(rounds)  # noqa: S311
    lines = [b'{"source-ref":"s3://leaves/%d.jpg"}' % number for number in range(4_000)]
    manifest = tmp_path / "many.manifest"
    manifest.write_bytes(b"\n".join(lines))
    begun(path, manifest).close()
    for _ in range(rounds):
        with subprocess.Popen(
            [sys.executable, "-c", FILLING, str(path)], stdout=subprocess.PIPE, text=True
        ) as child:
            for _ in range(moments.randint(1, 30)):
                present(child.stdout).readline()
            threading.Event().wait(moments.random() / 100)
            os.kill(child.pid, signal.SIGKILL)
        with Workspace.open(path) as workspace:
            there = [line for line, _ in workspace.lines()]
            assert there == lines[: len(there)]
            assert is_whole(workspace) == (len(there) == len(lines))
    with open_whole(path, offline, cancel=CancelToken()) as workspace:
        assert [line for line, _ in workspace.lines()] == lines


def test_the_command_makes_a_whole_one(path: Path, manifest: Path) -> None:
    with create_workspace(
        path, recognise(str(manifest)), connection=Connection(), cancel=CancelToken()
    ) as workspace:
        assert is_whole(workspace)
        assert len(workspace.ids()) == 17
