"""Lines are checked before they are shown, exported or edited; damage of one leaves the others alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import CancelledError, DamagedEntryError, WorkspaceError
from truthline.manifest.annotation import ImageFacts, RemoteError
from truthline.progress import CancelToken
from truthline.sync.opening.opening import export_manifest
from truthline.workspace.damage import DAMAGED, left_out_words
from truthline.workspace.workspace import (
    EntryId,
    Filter,
    Kind,
    NewEntry,
    Settlement,
    Workspace,
    WorkspaceInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST, SECOND, THIRD = EntryId(1), EntryId(2), EntryId(3)


@pytest.fixture
def lines(line: Callable[..., bytes]) -> list[bytes]:
    return [line(f"s3://b/{name}.jpg", ["leaf"], ["stem"]) for name in "abc"]


@pytest.fixture
def harmed(path: Path, lines: list[bytes]) -> Callable[..., Workspace]:
    """`harmed(SQL)`: a workspace of three entries of which something was changed behind its back."""

    def make(*statements: str) -> Workspace:
        with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
            workspace.append(NewEntry(line, base=line) for line in lines)
            workspace.settle({SECOND: Settlement(lines[1], lines[1], lines[1], theirs=lines[0])})
        execute(path, *statements)
        return Workspace.open(path)

    return make


def execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


HARMS = {
    "a flipped bit in a line": "UPDATE lines SET line = CAST(replace(line, 'leaf', 'lead') AS BLOB)"
    " WHERE id = 2",
    "an ending": "UPDATE lines SET ending = x'0d0a' WHERE id = 2",
    "a base line": "UPDATE lines SET base = x'7b7d', base_is_line = 0 WHERE id = 2",
    "no base line": "UPDATE lines SET base_is_line = 0 WHERE id = 2",
    "a sent line": "UPDATE lines SET sent = x'7b7d' WHERE id = 2",
    "a remote line": "UPDATE conflicts SET theirs = x'7b7d'",
    "no conflict": "DELETE FROM conflicts",
    "a source-ref": "UPDATE entries SET source_ref = 's3://b/c.jpg' WHERE id = 2",
    "changed": "UPDATE entries SET changed = 1 - changed WHERE id = 2",
    "no line": "DELETE FROM lines WHERE id = 2",
    "text for bytes": "UPDATE lines SET line = CAST(line AS TEXT) WHERE id = 2",
    "text for a number": "UPDATE entries SET changed = 'no' WHERE id = 2",
    "no UTF-8": "UPDATE entries SET source_ref = CAST(x'ff' AS TEXT) WHERE id = 2",
    "a checksum": "UPDATE entries SET line_sum = line_sum + 1 WHERE id = 2",
    "another entry's line": "UPDATE lines SET line = (SELECT line FROM lines WHERE id = 3) WHERE id = 2",
}
OF_THE_LINE = {
    "a flipped bit in a line", "an ending", "a source-ref", "no line", "text for bytes", "no UTF-8",
    "a checksum", "another entry's line",
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_entry_is_told_and_the_others_are_as_they_were(
    harmed: Callable[..., Any], lines: list[bytes], harm: str, tmp_path: Path
) -> None:
    with harmed(HARMS[harm]) as workspace:
        first, second, third = workspace.entries([FIRST, SECOND, THIRD])
        assert (first.line, third.line) == (lines[0], lines[2])
        assert first.damaged is third.damaged is None
        assert second.damaged
        assert second.line == b""
        assert [one.code for one in second.findings] == [DAMAGED]
        assert [one.damaged is not None for one in workspace.walk()] == [False, True, False]
        with pytest.raises(DamagedEntryError, match=r"line 2.*damaged.*Pull"):
            workspace.save(SECOND, lines[0])
        assert workspace.save(FIRST, lines[0].replace(b"leaf", b"tree"))
        left_out = export_manifest(workspace, tmp_path / "out.manifest")
        exported = (tmp_path / "out.manifest").read_bytes().splitlines()
        if harm in OF_THE_LINE:
            assert [one.entry_id for one in left_out] == [SECOND]
            assert exported == [lines[0].replace(b"leaf", b"tree"), lines[2]]
            assert "line 2" in left_out_words(left_out)
        else:
            assert left_out == []
            assert exported[1:] == lines[1:]


def test_nothing_that_comes_by_itself_writes_over_a_damaged_entry(
    harmed: Callable[..., Any], lines: list[bytes]
) -> None:
    with harmed(HARMS["a flipped bit in a line"]) as workspace:
        workspace.store_remote([(SECOND, lines[1], ())])
        assert not workspace.settle({SECOND: Settlement(b"", lines[1], lines[1])})
        assert not workspace.store_facts(SECOND, ImageFacts(1, 2, "PNG", 3))
        workspace.store_training({SECOND: [RemoteError("ERROR_X", "No.", "")]})
        assert workspace.entry(SECOND).damaged


def test_a_damaged_entry_is_reloaded_or_removed(harmed: Callable[..., Any], lines: list[bytes]) -> None:
    with harmed(HARMS["a flipped bit in a line"], HARMS["no conflict"]) as workspace:
        error = RemoteError("ERROR_X", "No.", "")
        assert workspace.reload({SECOND: (lines[1], (error,))}).entries == {SECOND}
        entry = workspace.entry(SECOND)
        assert (entry.line, entry.base, entry.changed, entry.theirs) == (lines[1], lines[1], False, None)
        assert entry.remote_errors == (error,)
        assert [one.entries for one in workspace.labels()] == [3, 3]
    with harmed_again(workspace.path, HARMS["a flipped bit in a line"]) as workspace:
        workspace.remove([SECOND])
        assert list(workspace.lines()) == [(lines[0], b"\n"), (lines[2], b"\n")]
        assert [one.entries for one in workspace.labels()] == [2, 2]


def harmed_again(path: Path, statement: str) -> Workspace:
    execute(path, statement)
    return Workspace.open(path)


def test_an_entry_lost_from_its_table_is_named(path: Path, lines: list[bytes]) -> None:
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append(map(NewEntry, lines))
    lose_from_the_table(path, SECOND)
    with Workspace.open(path) as workspace:
        left_out: list[Any] = []
        assert list(workspace.lines(left_out)) == [(lines[0], b"\n"), (lines[2], b"\n")]
        assert [one.name for one in left_out] == ["line 2 (b.jpg)"]
        changed = list(workspace.walk(Filter(kind=Kind.CHANGED)))
        assert [entry.id for entry in changed if entry.damaged] == [SECOND]
        with pytest.raises(WorkspaceError, match="line 2"):
            workspace.entries([SECOND])


def lose_from_the_table(path: Path, entry_id: EntryId) -> None:
    """Take an entry out of its table, and leave it in the indexes."""
    connection = sqlite3.connect(path, isolation_level=None)
    indexes = connection.execute(
        "SELECT * FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries'"
    ).fetchall()
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries'")
    connection.close()
    execute(path, f"DELETE FROM entries WHERE id = {entry_id}")  # noqa: S608
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.executemany("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", indexes)
    connection.close()


def test_what_every_write_stores_fits(
    harmed: Callable[..., Any], lines: list[bytes], line: Callable[..., Any]
) -> None:
    """Each way to write an entry seals it."""
    with harmed() as workspace:
        workspace.save(FIRST, lines[1])
        workspace.store_remote([(FIRST, lines[0], ()), (THIRD, None, ())])
        workspace.store_remote([(THIRD, lines[2] + b" ", ())], sent={THIRD: lines[2]})
        workspace.settle({SECOND: Settlement(lines[1], lines[0], lines[1], theirs=lines[2])})
        workspace.store_facts(FIRST, ImageFacts(1, 2, "PNG", 3))
        workspace.append([NewEntry(line("s3://b/ü.jpg"), b"\r\n"), NewEntry(b'{"source-ref":"\\ud800"}')])
        workspace.save_many({SECOND: lines[2]}, made_from={SECOND: lines[1]})
        workspace.settle({SECOND: Settlement(workspace.entry(SECOND).line, lines[2], lines[2])})
        assert [entry.damaged for entry in workspace.walk()] == [None] * 5
        left_out: list[Any] = []
        assert len(list(workspace.lines(left_out))) == 5
        assert left_out == []


def test_a_file_from_before_checksums_gets_them(path: Path, lines: list[bytes]) -> None:
    as_before(path, lines)
    told: list[Any] = []
    with Workspace.open(path, report=told.append) as workspace:
        assert [entry.line for entry in workspace.walk()] == lines
        assert workspace.entry(SECOND).theirs == lines[0]
    assert told
    assert told[0].total == 3
    execute(path, HARMS["a flipped bit in a line"])
    with Workspace.open(path) as workspace:
        assert workspace.entry(SECOND).damaged


def test_filling_in_checksums_can_be_cancelled(path: Path, lines: list[bytes]) -> None:
    as_before(path, lines)
    before = path.read_bytes()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        Workspace.open(path, cancel=cancel)
    assert path.read_bytes()[100:] == before[100:]  # WAL counts in the header
    with Workspace.open(path) as workspace:
        assert [entry.line for entry in workspace.walk()] == lines


def as_before(path: Path, lines: list[bytes]) -> None:
    """Make the file of an earlier Truthline."""
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append(NewEntry(line, base=line) for line in lines)
        workspace.settle({SECOND: Settlement(lines[1], lines[1], lines[1], theirs=lines[0])})
    execute(
        path,
        "ALTER TABLE entries DROP COLUMN line_sum",
        "ALTER TABLE entries DROP COLUMN base_sum",
        "ALTER TABLE pushes DROP COLUMN broken_off",
        "DROP TABLE undo_blocks",
        "DROP TABLE undo_steps",
        "DELETE FROM info WHERE key = 'note:rules'",
        "PRAGMA user_version = 1",
    )


@pytest.mark.parametrize(
    ("statement", "use"),
    [
        ("UPDATE labels SET position = 'first'", lambda one: one.labels()),
        ("UPDATE labels SET name = x'00' WHERE id = 1", lambda one: one.labels()),
        ("UPDATE labels SET boxes = 'x'", lambda one: one.label_counts()),
        ("UPDATE pushes SET started = 'yesterday'", lambda one: one.pushes()),
        ("UPDATE pushes SET started = '2025-01-01T00:00:00'", lambda one: one.pushes()),
        ("UPDATE pushes SET planned = 'all'", lambda one: one.pushes()),
        ("UPDATE batches SET state = 'lost'", lambda one: one.batches(one.pushes()[0].id)),
        ("UPDATE batches SET size = x'00'", lambda one: one.batches(one.pushes()[0].id)),
        ("UPDATE batches SET sent = x'00'", lambda one: one.sent_lines(1)),
        ("UPDATE batches SET sent = substr(sent, 1, 20)", lambda one: one.sent_lines(1)),
        ("UPDATE entry_labels SET boxes = 'x'", lambda one: one.save(FIRST, b"{}")),
        ("UPDATE sqlite_sequence SET seq = 9223372036854775807", lambda one: one.append([NewEntry(b"{}")])),
        ("UPDATE sqlite_sequence SET seq = 'x'", lambda one: one.append([NewEntry(b"{}")])),
    ],
)  # fmt: skip
def test_values_that_no_sound_file_holds_are_told(
    path: Path, lines: list[bytes], statement: str, use: Callable[..., Any]
) -> None:
    with_a_push(path, lines)
    execute(path, statement)
    with Workspace.open(path) as workspace, pytest.raises(WorkspaceError) as caught:
        use(workspace)
    assert caught.value.place == str(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE problems SET level = 'bad', message = x'00', code = 7",
        "UPDATE problems SET origin = 9",
        "UPDATE image_facts SET width = 'wide'",
        "UPDATE image_facts SET height = -1",
        "UPDATE image_facts SET width = 9223372036854775807, size = x'00'",
        "UPDATE info SET value = x'00' WHERE key = 'profile'",
        "DELETE FROM info WHERE key = 'locked'",
        "INSERT INTO info VALUES ('colour', 'red')",
        "UPDATE info SET value = x'00' WHERE key = 'note:rules'",
    ],
)
def test_values_beside_the_lines_do_no_harm(path: Path, lines: list[bytes], statement: str) -> None:
    with_a_push(path, lines)
    execute(path, statement)
    with Workspace.open(path) as workspace:
        workspace.check_again()
        assert [entry.line for entry in workspace.walk()] == lines
        list(workspace.problems())
        workspace.problem_counts()
        for kind in Kind:
            workspace.ids(Filter(kind=kind))


def with_a_push(path: Path, lines: list[bytes]) -> None:
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append(
            NewEntry(line, base=line, remote_errors=(RemoteError("ERROR_X", "No.", ""),)) for line in lines
        )
        workspace.store_facts(FIRST, ImageFacts(640, 480, "JPEG", 9))
        push = workspace.begin_push("arn", datetime.now(UTC), lines=1)
        workspace.add_batch(push, [(FIRST, lines[0])])
