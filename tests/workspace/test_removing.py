"""Entries are taken out for good."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from truthline.manifest.annotation import ImageFacts, RemoteError
from truthline.workspace.changes import Changes
from truthline.workspace.label_uses import find_label
from truthline.workspace.workspace import (
    BatchState,
    Counts,
    EntryId,
    Filter,
    Kind,
    LabelCount,
    NewEntry,
    Settlement,
    Workspace,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARN = "arn:aws:rekognition:us-east-1:111111111111:project/leaves/dataset/train/1690474772815"
STARTED = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)
ERRORS = (RemoteError("ERROR_A", "Why.", "/c"),)


@pytest.fixture
def lines(line: Callable[..., Any]) -> list[bytes]:
    """Three lines."""
    return [line(f"s3://b/{n}.jpg", ["leaf"], ["tree", "leaf"]) for n in range(3)]


@pytest.fixture
def ids(workspace: Workspace, lines: list[bytes]) -> list[int]:
    """Their entries' ids."""
    workspace.append(NewEntry(raw) for raw in lines)
    return list(workspace.ids())


def test_an_entry_goes_with_all_that_belongs_to_it(
    path: Path, workspace: Workspace, ids: list[int], lines: list[bytes]
) -> None:
    gone = ids[1]
    workspace.store_remote([(EntryId(gone), lines[0], ERRORS)])
    workspace.store_training({EntryId(gone): ERRORS})
    workspace.store_facts(EntryId(gone), ImageFacts(10, 10, "PNG", 9))
    workspace.settle({EntryId(gone): Settlement(lines[1], b"{}", lines[0], lines[2])})
    assert workspace.remove([EntryId(gone)]) == Changes(everything=True)
    with pytest.raises(KeyError):
        workspace.entry(EntryId(gone))
    with pytest.raises(KeyError):
        workspace.save(EntryId(gone), lines[1])
    with pytest.raises(KeyError):
        workspace.settle({EntryId(gone): Settlement(b"{}", lines[1], None)})
    assert workspace.find("s3://b/1.jpg") is None
    assert [raw for raw, _ in workspace.lines()] == [lines[0], lines[2]]
    assert workspace.counts() == Counts(2, 0, 2, 0, 0, 0, 0)
    assert list(workspace.problems()) == []
    workspace.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    for table in ("lines", "conflicts", "image_facts", "problems", "entry_labels"):
        column = "id" if table in {"lines", "image_facts"} else "entry_id"
        found = connection.execute(f"SELECT * FROM {table} WHERE {column} = ?", (gone,)).fetchall()  # noqa: S608
        assert found == [], table
    connection.close()


def test_positions_keep_their_numbers(workspace: Workspace, ids: list[int]) -> None:
    workspace.remove([EntryId(one) for one in ids[:1]])
    assert [entry.position for entry in workspace.entries([EntryId(one) for one in ids[1:]])] == [2, 3]
    assert list(workspace.ids()) == ids[1:]


def test_label_counts_stay_true(workspace: Workspace, ids: list[int]) -> None:
    workspace.remove([EntryId(ids[0]), EntryId(ids[2]), EntryId(ids[0])])
    assert workspace.label_counts() == [LabelCount("leaf", 1, 1, 1), LabelCount("tree", 0, 1, 1)]
    assert list(workspace.ids(Filter(label="leaf"))) == [ids[1]]
    workspace.remove([EntryId(one) for one in ids])
    assert workspace.label_counts() == [LabelCount("leaf", 0, 0, 0), LabelCount("tree", 0, 0, 0)]
    assert workspace.remove_label("tree").info


@pytest.mark.parametrize("kept", [0, 2])
def test_an_id_is_never_given_again(
    path: Path, workspace: Workspace, ids: list[int], lines: list[bytes], kept: int
) -> None:
    workspace.remove([EntryId(one) for one in ids[kept:]])
    workspace.close()
    with Workspace.open(path) as again:
        again.append([NewEntry(lines[0])])
        assert list(again.ids()) == [*ids[:kept], ids[-1] + 1]
        again.remove([EntryId(ids[-1] + 1)])
        again.append([NewEntry(lines[0])])
        assert again.ids()[-1] == ids[-1] + 2


def test_removing_again_is_harmless(workspace: Workspace, ids: list[int]) -> None:
    workspace.remove([EntryId(one) for one in ids[:2]])
    workspace.remove([EntryId(one) for one in ids[:2]])
    workspace.remove([])
    assert list(workspace.ids()) == ids[2:]


def test_an_unfinished_push_lives_on_without_its_removed_entry(
    workspace: Workspace, ids: list[int], lines: list[bytes]
) -> None:
    push_id = workspace.begin_push(ARN, STARTED, lines=3)
    both = workspace.add_batch(push_id, list(zip([EntryId(one) for one in ids[:2]], lines[:2], strict=True)))
    alone = workspace.add_batch(push_id, [(EntryId(ids[2]), lines[2])])
    workspace.remove([EntryId(ids[0]), EntryId(ids[2])])
    assert workspace.batch_lines(both.id) == [(ids[1], lines[1])]
    assert workspace.batch_lines(alone.id) == []
    workspace.set_batch(both.id, BatchState.VERIFIED)
    workspace.finish_push(push_id, "Sent.")
    assert workspace.sent_lines(both.id) == lines[:2]
    assert workspace.sent_lines(alone.id) == lines[2:]


def test_conflicts_are_counted_without_removed_entries(
    workspace: Workspace, ids: list[int], lines: list[bytes]
) -> None:
    workspace.settle({EntryId(ids[n]): Settlement(lines[n], lines[n], None, lines[0]) for n in range(2)})
    workspace.remove([EntryId(one) for one in ids[:1]])
    assert workspace.counts().conflicts == 1
    assert list(workspace.ids(Filter(kind=Kind.CONFLICTS))) == ids[1:2]


def test_a_label_is_found_while_entries_are_removed(
    workspace: Workspace, ids: list[int], lines: list[bytes]
) -> None:
    found = find_label(
        workspace,
        "tree",
        report=lambda _: workspace.remove([EntryId(one) for one in ids[:1]]),  # type: ignore[arg-type]
    )
    assert [(entry_id, annotation.raw) for entry_id, annotation in found] == list(
        zip(ids, lines, strict=True)
    )
    assert dict(workspace.lines_by_id()) == dict(zip(ids[1:], lines[1:], strict=True))
