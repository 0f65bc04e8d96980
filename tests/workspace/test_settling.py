"""Remote lines meet the lines of a workspace: settlements, conflicts, and finding the entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import WorkspaceError
from truthline.manifest.annotation import RemoteError
from truthline.workspace.changes import NAMED_AT_MOST, Changes
from truthline.workspace.workspace import EntryId, Filter, Kind, LabelCount, NewEntry, Settlement, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ERRORS = (RemoteError("ERROR_A", "Why.", "/c"), RemoteError("WARNING_B", "Hm."))


@pytest.fixture
def mine(line: Callable[..., Any]) -> Any:
    """The line of the entry."""
    return line("s3://b/a.jpg", ["leaf"])


@pytest.fixture
def theirs(line: Callable[..., Any]) -> Any:
    """What somebody else made of it."""
    return line("s3://b/a.jpg", ["tree"], ["tree", "oak"])


@pytest.fixture
def held(workspace: Workspace, line: Callable[..., Any], mine: bytes) -> int:
    """The id of an entry that was changed since it was read, with remote errors."""
    workspace.append([NewEntry(mine, base=line("s3://b/a.jpg"), remote_errors=ERRORS)])
    return workspace.ids()[0]


def test_a_settlement_changes_line_base_and_counts(
    path: Path, workspace: Workspace, held: int, mine: bytes, theirs: bytes, line: Callable[..., Any]
) -> None:
    merged = line("s3://b/a.jpg", ["leaf", "tree"], ["tree", "oak"])
    assert workspace.settle({EntryId(held): Settlement(mine, merged, theirs)}) == Changes(
        entries=frozenset({EntryId(held)})
    )
    workspace.close()
    with Workspace.open(path) as again:
        entry = again.entry(EntryId(held))
        assert (entry.line, entry.base, entry.theirs, entry.changed) == (merged, theirs, None, True)
        assert entry.remote_errors == ERRORS
        assert again.label_counts() == [
            LabelCount("leaf", 1, 0, 0),
            LabelCount("tree", 1, 1, 1),
            LabelCount("oak", 0, 1, 1),
        ]
        assert (again.counts().changed, again.counts().conflicts) == (1, 0)


def test_a_settlement_on_their_line_leaves_no_change(
    workspace: Workspace, held: int, mine: bytes, theirs: bytes
) -> None:
    workspace.settle({EntryId(held): Settlement(mine, theirs, theirs, remote_errors=())})
    entry = workspace.entry(EntryId(held))
    assert (entry.line, entry.base, entry.changed, entry.remote_errors) == (theirs, theirs, False, ())
    assert workspace.counts().with_remote_errors == 0


def test_findings_follow_the_settled_line(
    workspace: Workspace, held: int, mine: bytes, theirs: bytes
) -> None:
    workspace.settle({EntryId(held): Settlement(mine, b"{}", theirs, remote_errors=ERRORS[:1])})
    entry = workspace.entry(EntryId(held))
    assert entry.findings
    assert entry.remote_errors == ERRORS[:1]
    workspace.settle({EntryId(held): Settlement(b"{}", mine, theirs)})
    assert workspace.entry(EntryId(held)).findings == ()


def test_a_line_that_was_edited_since_is_left_alone(
    workspace: Workspace, held: int, mine: bytes, theirs: bytes, line: Callable[..., Any]
) -> None:
    edited = line("s3://b/a.jpg", ["fir"])
    workspace.append([NewEntry(mine)])
    other = workspace.ids()[1]
    workspace.save(EntryId(held), edited)
    before = workspace.entry(EntryId(held))
    settled = Settlement(mine, theirs, theirs, theirs, ())
    assert workspace.settle({EntryId(held): settled, EntryId(other): settled}).entries == {other}
    assert workspace.entry(EntryId(held)) == before
    assert workspace.entry(EntryId(other)).theirs == theirs
    assert not workspace.settle({EntryId(held): settled})


def test_an_unknown_entry_undoes_all_settlements(
    workspace: Workspace, held: int, mine: bytes, theirs: bytes
) -> None:
    before = workspace.entry(EntryId(held))
    settled = Settlement(mine, theirs, theirs, theirs, ())
    with pytest.raises(KeyError):
        workspace.settle({EntryId(held): settled, EntryId(held + 1): settled})
    with pytest.raises(ValueError, match="line ending"):
        workspace.settle({EntryId(held): replace(settled, line=b"{\n}")})
    assert workspace.entry(EntryId(held)) == before
    assert [label.name for label in workspace.labels()] == ["leaf"]


def test_a_settlement_tells_every_entry(workspace: Workspace, line: Callable[..., Any]) -> None:
    raw = line("s3://b/a.jpg")
    workspace.append([NewEntry(raw)] * (NAMED_AT_MOST + 1))
    ids = workspace.ids()
    changes = workspace.settle({EntryId(one): Settlement(raw, raw, raw) for one in ids})
    assert changes == Changes(entries=frozenset([EntryId(one) for one in ids]))
    assert workspace.counts().changed == 0


def test_what_the_service_was_given_counts_while_the_base_stays(
    workspace: Workspace, line: Callable[..., Any], theirs: bytes
) -> None:
    given = line("s3://b/a.jpg", ["leaf"])
    made = given.replace(b'"confidence": 1', b'"confidence": 1, "more": true')
    workspace.append([NewEntry(given)])
    (held,) = workspace.ids()
    workspace.store_remote([(EntryId(held), made, ())], sent={EntryId(held): given})
    workspace.settle({EntryId(held): Settlement(given, given, made)})
    assert (workspace.entry(EntryId(held)).sent, workspace.entry(EntryId(held)).changed) == (given, False)
    workspace.settle({EntryId(held): Settlement(given, given, theirs)})
    assert (workspace.entry(EntryId(held)).sent, workspace.entry(EntryId(held)).changed) == (None, True)


# Conflicts


@pytest.fixture
def conflict(workspace: Workspace, held: int, mine: bytes, theirs: bytes) -> int:
    """The id of an entry in conflict."""
    workspace.settle({EntryId(held): Settlement(mine, mine, workspace.entry(EntryId(held)).base, theirs)})
    return held


def test_a_conflict_is_kept_and_found(
    path: Path, workspace: Workspace, conflict: int, theirs: bytes, line: Callable[..., Any]
) -> None:
    workspace.append([NewEntry(line("s3://b/b.jpg"))])
    workspace.close()
    with Workspace.open(path) as again:
        assert [entry.theirs for entry in again.entries([EntryId(one) for one in again.ids()])] == [
            theirs,
            None,
        ]
        assert list(again.ids(Filter(kind=Kind.CONFLICTS))) == [conflict]
        assert list(again.ids(Filter(kind=Kind.CONFLICTS, text="b.jpg"))) == []
        assert again.counts().conflicts == 1


def test_a_conflict_outlives_an_edit(
    workspace: Workspace, conflict: int, theirs: bytes, line: Callable[..., Any]
) -> None:
    workspace.save(EntryId(conflict), line("s3://b/a.jpg", ["fir"]))
    assert workspace.entry(EntryId(conflict)).theirs == theirs
    workspace.save(EntryId(conflict), theirs)
    assert workspace.entry(EntryId(conflict)).theirs == theirs


def test_a_conflict_is_settled(workspace: Workspace, conflict: int, mine: bytes, theirs: bytes) -> None:
    workspace.settle({EntryId(conflict): Settlement(mine, mine, theirs)})
    entry = workspace.entry(EntryId(conflict))
    assert (entry.theirs, entry.base, entry.changed) == (None, theirs, True)
    assert workspace.counts().conflicts == 0


def test_a_conflict_takes_a_newer_remote_line(
    workspace: Workspace, conflict: int, mine: bytes, line: Callable[..., Any]
) -> None:
    newer = line("s3://b/a.jpg", ["elm"])
    workspace.settle(
        {EntryId(conflict): Settlement(mine, mine, workspace.entry(EntryId(conflict)).base, newer)}
    )
    assert workspace.entry(EntryId(conflict)).theirs == newer
    assert workspace.counts().conflicts == 1


def test_a_conflict_ends_when_their_line_becomes_the_base(
    workspace: Workspace, conflict: int, mine: bytes, theirs: bytes, line: Callable[..., Any]
) -> None:
    for base in (mine, line("s3://b/a.jpg"), None):
        workspace.store_remote([(EntryId(conflict), base, ())])
        assert workspace.entry(EntryId(conflict)).theirs == theirs
    workspace.append([NewEntry(line("s3://b/b.jpg"))])
    workspace.store_remote([(EntryId(workspace.ids()[1]), theirs, ())])
    assert workspace.entry(EntryId(conflict)).theirs == theirs
    workspace.store_remote([(EntryId(conflict), theirs.replace(b", ", b" ,  "), ())])
    assert workspace.entry(EntryId(conflict)).theirs is None
    assert workspace.counts().conflicts == 0


# Finding


def test_many_are_found_at_once(workspace: Workspace, line: Callable[..., Any]) -> None:
    refs = [f"s3://b/{n}.jpg" for n in range(1_200)]
    workspace.append([*(NewEntry(line(ref)) for ref in refs), NewEntry(line(refs[0])), NewEntry(b"{}")])
    ids = list(workspace.ids())
    found = workspace.find_many([*refs, "s3://b/none.jpg"])
    assert found == {refs[0]: ids[1_200], **dict(zip(refs[1:], ids[1:1_200], strict=True))}
    assert workspace.find_many(set()) == {}
    assert workspace.find_many([""]) == {"": ids[-1]}


def test_half_a_character_is_in_no_source_ref(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append([NewEntry(b'{"source-ref":"s3://b/\\ud800.jpg"}'), NewEntry(line("s3://b/?.jpg"))])
    assert workspace.find("s3://b/\ud800.jpg") is None
    assert workspace.find_many(["s3://b/\ud800.jpg", "s3://b/?.jpg"]) == {"s3://b/?.jpg": workspace.ids()[1]}


def test_some_entry_that_the_service_holds(workspace: Workspace, line: Callable[..., Any]) -> None:
    assert workspace.held_source_ref() == ""
    lines = [line(f"s3://b/{n}.jpg") for n in range(3)]
    workspace.append([*map(NewEntry, lines), NewEntry(b"{}", base=b"{}")])
    assert workspace.held_source_ref() == ""
    ids = workspace.ids()
    workspace.store_remote([(EntryId(ids[1]), lines[1], ())])
    assert workspace.held_source_ref() == "s3://b/1.jpg"
    workspace.store_remote(
        [(EntryId(ids[1]), None, ()), (EntryId(ids[2]), line("s3://b/2.jpg", ["leaf"]), ())]
    )
    assert workspace.held_source_ref() == "s3://b/2.jpg"


# What is known beside the entries


def test_notes_are_kept_until_they_are_removed(path: Path, workspace: Workspace) -> None:
    info = workspace.info
    assert workspace.note("rebuild") == ""
    workspace.set_note("rebuild", "uploaded")
    workspace.set_note("rebuild", '{"step": "deleted ü"}')
    workspace.set_note("pull", "12")
    workspace.close()
    with Workspace.open(path) as again:
        assert again.info == info
        again.set_info(replace(info, seen_updated=datetime(2025, 3, 1, tzinfo=UTC).isoformat()))
        assert (again.note("rebuild"), again.note("pull")) == ('{"step": "deleted ü"}', "12")
        again.set_note("rebuild", "")
        again.set_note("rebuild", "")
        assert (again.note("rebuild"), again.note("pull")) == ("", "12")
        assert again.info.seen_updated == "2025-03-01T00:00:00+00:00"
    with pytest.raises(WorkspaceError, match="closed"):
        again.note("pull")
