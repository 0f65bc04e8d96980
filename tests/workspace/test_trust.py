"""A file from somebody else is data: what is not ours is refused before anything in it runs."""

from __future__ import annotations

import sqlite3
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import WorkspaceError
from truthline.workspace import trust
from truthline.workspace.workspace import EntryId, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOREIGN = {
    "trigger": "CREATE TRIGGER x AFTER UPDATE ON lines BEGIN DELETE FROM lines; END",
    "view": "CREATE VIEW x AS SELECT * FROM lines",
    "table": "CREATE TABLE x (id INTEGER)",
    "generated column": "CREATE TABLE x (id INTEGER, twice AS (id * 2))",
    "index": "CREATE INDEX x ON lines (length(line))",
    "virtual table": "CREATE VIRTUAL TABLE x USING fts5 (line)",
    "statistics": "ANALYZE",
    "another column": "ALTER TABLE entries ADD COLUMN x INTEGER",
    "a name for ours": "ALTER TABLE entries RENAME COLUMN changed TO x",
}


@pytest.fixture
def made(path: Path, line: Callable[..., Any]) -> Path:
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append([NewEntry(line("s3://b/a.jpg", ["leaf"]))])
    return path


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_not_ours_is_refused_and_the_file_left_alone(made: Path, kind: str) -> None:
    change(made, FOREIGN[kind])
    before = made.read_bytes()
    with pytest.raises(WorkspaceError, match="did not put there") as caught:
        Workspace.open(made)
    assert caught.value.place == str(made)
    assert made.read_bytes() == before


def test_a_view_in_place_of_a_table_is_not_read(made: Path) -> None:
    change(made, "DROP TABLE image_facts", "CREATE VIEW image_facts AS SELECT randomblob(1e9) AS id")
    with pytest.raises(WorkspaceError, match=r"did not put there.*view 'image_facts'"):
        Workspace.open(made)


def test_a_table_that_is_missing_is_damage(made: Path) -> None:
    change(made, "DROP TABLE image_facts")
    with pytest.raises(WorkspaceError, match="damaged"):
        Workspace.open(made)


def test_a_default_that_runs_something_is_refused(made: Path) -> None:
    change(
        made,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'INTEGER NOT NULL DEFAULT 0',"
        " 'INTEGER NOT NULL DEFAULT (random())') WHERE name = 'labels'",
    )
    with pytest.raises(WorkspaceError, match="did not put there"):
        Workspace.open(made)


@pytest.mark.parametrize("version", [0, -3])
def test_a_version_that_never_was_is_refused(made: Path, version: int) -> None:
    change(made, f"PRAGMA user_version = {version}")
    with pytest.raises(WorkspaceError, match="not a Truthline workspace"):
        Workspace.open(made)


def test_spacing_of_the_schema_does_not_matter(made: Path) -> None:
    change(
        made,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, ',', ' ,  ') WHERE name = 'conflicts'",
    )
    Workspace.open(made).close()


def test_connections_trust_nothing(made: Path) -> None:
    with Workspace.open(made) as workspace, workspace._database.reading() as reader:
        for connection in (reader, workspace._database._writer):
            for pragma, expected in (("trusted_schema", 0), ("cell_size_check", 1), ("mmap_size", 0)):
                found = connection.execute(f"PRAGMA {pragma}").fetchone()
                assert found in {(expected,), None}, pragma
            assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == trust.LARGEST_VALUE


def test_the_file_does_not_say_how_much_memory_is_used(made: Path) -> None:
    change(made, "PRAGMA default_cache_size = 2000000000")
    with Workspace.open(made) as workspace, workspace._database.reading() as reader:
        assert reader.execute("PRAGMA cache_size").fetchone()[0] < 0


def test_a_line_larger_than_any_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "LARGEST_VALUE", 1_000_000)
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        with pytest.raises(WorkspaceError, match="larger than"):
            workspace.append([NewEntry(b"x" * 1_000_001)])
        assert workspace.counts().total == 0


def test_a_batch_that_unpacks_to_more_than_anybody_sends_is_refused(
    path: Path, line: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("truthline.workspace.journal._LARGEST_BATCH", 1_000)
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append([NewEntry(b"{}")])
        push = workspace.begin_push("arn", datetime.now(UTC), lines=1)
        batch = workspace.add_batch(push, [(EntryId(1), b"{}")])
        with workspace._database.writing() as connection:
            connection.execute("UPDATE batches SET sent = ?", (zlib.compress(b" " * 1_001),))
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.sent_lines(batch.id)
