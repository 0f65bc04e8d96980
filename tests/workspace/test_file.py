"""The workspace file: made, opened, refused, closed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import UnreadableFileError, UsageError, WorkspaceError
from truthline.workspace import schema
from truthline.workspace.workspace import EntryId, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INFO = WorkspaceInfo(
    name="leaves",
    dataset_arn="arn:aws:rekognition:us-east-1:111111111111:project/leaves/dataset/train/1690474772815",
    profile="labelling",
    region="us-east-1",
    endpoint_url="http://127.0.0.1:5000",
    target="s3://bucket/prefix",
    images_dir="/photos",
    bom=True,
    seen_updated="2025-03-01T12:30:15.250000+00:00",
)


def test_info_survives_closing(path: Path) -> None:
    Workspace.create(path, INFO).close()
    with Workspace.open(path) as workspace:
        assert workspace.info == INFO
        assert workspace.set_info(WorkspaceInfo("renamed")).info
    with Workspace.open(path) as workspace:
        assert workspace.info == WorkspaceInfo("renamed")


def test_closing_leaves_one_file(path: Path, line: Callable[..., Any]) -> None:
    with Workspace.create(path, INFO) as workspace:
        workspace.append([NewEntry(line("s3://b/a.jpg"))])
        list(workspace.lines())
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_closing_twice_is_harmless(path: Path) -> None:
    workspace = Workspace.create(path, INFO)
    workspace.close()
    workspace.close()


def test_a_closed_workspace_says_so(path: Path) -> None:
    workspace = Workspace.create(path, INFO)
    workspace.close()
    for use in (workspace.counts, workspace.labels, lambda: workspace.add_label("a")):
        with pytest.raises(WorkspaceError, match="closed"):
            use()


def test_an_unfinished_iterator_does_not_keep_a_workspace_open(path: Path, line: Callable[..., Any]) -> None:
    workspace = Workspace.create(path, INFO)
    workspace.append([NewEntry(line("s3://b/a.jpg")), NewEntry(line("s3://b/b.jpg"))])
    lines = workspace.lines()
    next(lines)
    workspace.close()
    lines.close()  # type: ignore[attr-defined]
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with Workspace.open(path) as again:
        assert again.counts().total == 2


def test_making_one_never_overwrites(path: Path) -> None:
    path.write_bytes(b"mine")
    with pytest.raises(WorkspaceError, match="already"):
        Workspace.create(path, INFO)
    assert path.read_bytes() == b"mine"
    assert len(list(path.parent.iterdir())) == 1


def test_opening_again_migrates_nothing(path: Path) -> None:
    Workspace.create(path, INFO).close()
    before = path.read_bytes()
    Workspace.open(path).close()
    assert path.read_bytes() == before


def test_a_newer_format_is_refused_and_left_alone(path: Path) -> None:
    Workspace.create(path, INFO).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9999")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(WorkspaceError, match=r"newer Truthline.*format 9999"):
        Workspace.open(path)
    assert path.read_bytes() == before


def test_an_older_format_is_brought_up_to_date(
    path: Path, line: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace.create(path, INFO) as workspace:
        workspace.append([NewEntry(line("s3://b/a.jpg"))])
    later = (*schema.MIGRATIONS, ("CREATE TABLE extra (id INTEGER)", "INSERT INTO extra VALUES (7)"))
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    with Workspace.open(path) as workspace:
        assert workspace.counts().total == 1
    assert _read(path, "SELECT id FROM extra") == [(7,)]
    assert _read(path, "PRAGMA user_version") == [(len(later),)]


def test_a_migration_that_fails_leaves_the_older_format(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Workspace.create(path, INFO).close()
    released = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", (*released, ("CREATE TABLE extra (id INTEGER)", "NO SQL")))
    with pytest.raises(WorkspaceError):
        Workspace.open(path)
    assert _read(path, "PRAGMA user_version") == [(len(released),)]
    assert _read(path, "SELECT name FROM sqlite_master WHERE name = 'extra'") == []
    monkeypatch.setattr(schema, "MIGRATIONS", released)
    Workspace.open(path).close()


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff\xe0 not a database" * 200, b'{"source-ref":"s3://b/a"}\n']
)
def test_another_kind_of_file_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="not a Truthline workspace") as caught:
        Workspace.open(path)
    assert caught.value.place == str(path)
    assert path.read_bytes() == content
    assert len(list(path.parent.iterdir())) == 1


def test_somebody_elses_database_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE entries (id)")
    connection.close()
    with pytest.raises(WorkspaceError, match="not a Truthline workspace"):
        Workspace.open(path)


@pytest.mark.parametrize("content", [b"SQLite format 3\x00 and no more", b"no database" * 100])
def test_a_file_that_is_refused_is_let_go_of(
    path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(content)
    opened = []
    connect = sqlite3.connect

    def noted(*given: Path, **more: Any) -> Any:
        opened.append(connect(*given, **more))  # type: ignore[call-overload]
        return opened[-1]

    monkeypatch.setattr("truthline.workspace.database.sqlite3.connect", noted)
    with pytest.raises(WorkspaceError):
        Workspace.open(path)
    assert opened
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_file_that_was_cut_off_is_refused(path: Path, line: Callable[..., Any]) -> None:
    with Workspace.create(path, INFO) as workspace:
        workspace.append(NewEntry(line(f"s3://b/{n}.jpg", ["leaf"])) for n in range(500))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WorkspaceError, match="damaged"):
        Workspace.open(path)


def test_damage_inside_is_told_when_it_is_met(path: Path, line: Callable[..., Any]) -> None:
    with Workspace.create(path, INFO) as workspace:
        workspace.append(NewEntry(line(f"s3://b/{n}.jpg", ["leaf"])) for n in range(500))
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 3 // 4096 * 4096
    whole[middle:] = b"\x5a" * (len(whole) - middle)
    path.write_bytes(whole)

    def read_everything() -> None:
        with Workspace.open(path) as workspace:
            list(workspace.lines())
            workspace.entries([EntryId(one) for one in workspace.ids()])
            list(workspace.problems())

    with pytest.raises(WorkspaceError, match="damaged"):
        read_everything()


def test_places_where_there_is_no_workspace(path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such workspace"):
        Workspace.open(path)
    with pytest.raises(UnreadableFileError, match="folder"):
        Workspace.open(path.parent)
    with pytest.raises(UnreadableFileError, match="no such folder"):
        Workspace.create(path.parent / "nowhere" / "a.truthline", INFO)
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_places_that_cannot_be_written(path: Any) -> None:
    Workspace.create(path, INFO).close()
    path.chmod(0o400)
    with pytest.raises(UnreadableFileError, match="cannot be read and written"):
        Workspace.open(path)
    path.chmod(0o600)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(UnreadableFileError, match="folder cannot be written"):
            Workspace.open(path)
        with pytest.raises(UnreadableFileError, match="folder cannot be written"):
            Workspace.create(path.parent / "b.truthline", INFO)
    finally:
        path.parent.chmod(0o700)


def test_a_program_that_locks_the_file_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truthline.workspace.database._BUSY_SECONDS", 0.01)
    with Workspace.create(path, INFO) as workspace:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkspaceError, match="Another program"):
            workspace.add_label("leaf")
        assert workspace.labels() == []
        other.execute("ROLLBACK")
        other.close()
        workspace.add_label("leaf")


def _read(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_the_choice_of_attributes_is_kept(path: Path) -> None:
    with Workspace.create(path, WorkspaceInfo("parts", bom=True, locked=("a", 'b",'))) as workspace:
        assert workspace.info == WorkspaceInfo("parts", bom=True, locked=("a", 'b",'))
        assert workspace.set_attributes("boxes", ["c"], hide_locked=True).info
    with Workspace.open(path) as again:
        expected = WorkspaceInfo("parts", bom=True, box_attribute="boxes", locked=("c",), hide_locked=True)
        assert again.info == expected
        with pytest.raises(UsageError):
            again.set_attributes("boxes", ["boxes"])
        assert again.info == expected
