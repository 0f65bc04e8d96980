"""Entries in conflict: what conflicts, what becomes of them, and how that is taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import ground_truth_lines as ground_truth
from truthline.manifest.merge.merge import Side
from truthline.progress import CancelToken, Progress
from truthline.sync.pull.conflicts import (
    conflicts_of,
    merging_by_itself,
    resolution,
    resolve,
    settle_again,
)
from truthline.workspace.entry import Entry, Settlement
from truthline.workspace.ids import EntryId
from truthline.workspace.workspace import NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = EntryId(1)
Frame = tuple[int, int, int, int]


def line(*frames: Frame, number: int = 1, label: str = "oak", **more: Any) -> bytes:
    drawn = ground_truth.boxes("parts_BB", [(label, frame) for frame in frames], labels=[label])
    return ground_truth.dump(ground_truth.line(f"s3://leaves/{number}.jpg", drawn, more))


BASE = line((10, 10, 50, 50), (200, 200, 60, 60))
MINE = line((12, 10, 50, 50), (200, 200, 60, 60))
THEIRS = line((10, 30, 50, 50), (210, 200, 60, 60), note="seen")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "leaves.truthline", WorkspaceInfo("leaves")) as made:
        yield made


def in_conflict(workspace: Workspace, count: int = 1) -> list[EntryId]:
    lines = [
        (
            line((10, 10, 50, 50), number=number),
            line((12, 10, 50, 50), number=number),
            line((10, 30, 50, 50), number=number),
        )
        for number in range(1, count + 1)
    ]
    workspace.append(NewEntry(mine, base=base) for base, mine, _ in lines)
    ids = [EntryId(one) for one in workspace.ids()]
    settlements = {
        one: Settlement(mine, mine, base, theirs)
        for one, (base, mine, theirs) in zip(ids, lines, strict=True)
    }
    assert workspace.settle(settlements).entries == set(ids)
    return ids


@pytest.fixture
def entry(workspace: Workspace) -> Entry:
    workspace.append([NewEntry(MINE, base=BASE)])
    workspace.settle({FIRST: Settlement(MINE, MINE, BASE, THEIRS)})
    return workspace.entry(FIRST)


def frames(raw: bytes) -> list[Frame]:
    boxes = json.loads(raw)["parts_BB"]["annotations"]
    return [(box["left"], box["top"], box["width"], box["height"]) for box in boxes]


def state(workspace: Workspace, entry_id: EntryId = FIRST) -> tuple[bytes, bytes | None, bytes | None]:
    entry = workspace.entry(entry_id)
    return entry.line, entry.base, entry.theirs


def test_only_what_both_changed_differently_conflicts(entry: Entry) -> None:
    (conflict,) = conflicts_of(entry)
    assert conflict.pointer == "/parts_BB/annotations/0"
    assert merging_by_itself(entry) == (2, 0)  # their second box and their note


def test_an_entry_without_a_remote_line_is_in_no_conflict(workspace: Workspace) -> None:
    workspace.append([NewEntry(MINE, base=BASE)])
    entry = workspace.entry(FIRST)
    assert conflicts_of(entry) == ()
    assert merging_by_itself(entry) == (0, 0)
    with pytest.raises(ValueError, match="no conflict"):
        resolution(entry, Side.MINE)


def test_mine_that_merge_by_themselves_are_counted_too(workspace: Workspace) -> None:
    mine = line((12, 10, 50, 50), (200, 200, 60, 60), (1, 1, 9, 9), colour="green")
    workspace.append([NewEntry(mine, base=BASE)])
    workspace.settle({FIRST: Settlement(mine, mine, BASE, line((10, 30, 50, 50), (200, 200, 60, 60)))})
    assert merging_by_itself(workspace.entry(FIRST)) == (0, 2)


@pytest.mark.parametrize(("side", "first"), [(Side.MINE, (12, 10, 50, 50)), (Side.THEIRS, (10, 30, 50, 50))])
def test_a_resolution_is_a_change_on_top_of_the_remote_line(
    workspace: Workspace, entry: Entry, side: Side, first: Frame
) -> None:
    resolved = resolve(workspace, [FIRST], side)
    after = workspace.entry(FIRST)
    assert frames(after.line) == [first, (210, 200, 60, 60)]
    assert json.loads(after.line)["note"] == "seen"
    assert (after.base, after.theirs) == (THEIRS, None)
    assert after.changed is (side is Side.MINE)
    assert resolved.changes.entries == {FIRST}
    assert resolved.left == 0


def test_undo_and_redo_bring_back_all_three_lines(workspace: Workspace, entry: Entry) -> None:
    before = state(workspace)
    resolved = resolve(workspace, [FIRST], Side.MINE)
    after = state(workspace)
    assert settle_again(workspace, resolved.before, resolved.after).changes.entries == {FIRST}
    assert state(workspace) == before
    assert settle_again(workspace, resolved.after, resolved.before).changes.entries == {FIRST}
    assert state(workspace) == after


def test_an_entry_that_is_not_as_it_was_seen_is_left_alone(workspace: Workspace, entry: Entry) -> None:
    newer = line((10, 99, 50, 50), (200, 200, 60, 60))
    workspace.settle({FIRST: Settlement(MINE, MINE, BASE, newer)})
    resolved = resolve(workspace, [FIRST], Side.THEIRS, seen=entry)
    assert (resolved.left, resolved.after) == (1, {})
    assert not resolved.changes
    assert state(workspace) == (MINE, BASE, newer)


def test_an_edit_after_a_decision_is_not_undone_with_it(workspace: Workspace, entry: Entry) -> None:
    resolved = resolve(workspace, [FIRST], Side.MINE)
    edited = line((1, 2, 3, 4))
    workspace.save(FIRST, edited)
    assert settle_again(workspace, resolved.before, resolved.after).left == 1
    assert state(workspace) == (edited, THEIRS, None)


def test_a_push_after_a_decision_is_not_undone_with_it(workspace: Workspace, entry: Entry) -> None:
    resolved = resolve(workspace, [FIRST], Side.MINE)
    line_now = workspace.entry(FIRST).line
    workspace.settle({FIRST: Settlement(line_now, line_now, line_now)})  # the dataset holds it
    assert settle_again(workspace, resolved.before, resolved.after).left == 1
    assert state(workspace) == (line_now, line_now, None)


def test_many_are_decided_in_parts_with_progress(workspace: Workspace) -> None:
    ids = in_conflict(workspace, 1_100)
    told: list[Progress] = []
    resolved = resolve(workspace, ids, Side.THEIRS, report=told.append)
    assert workspace.counts().conflicts == 0
    assert len(resolved.after) == len(resolved.changes.entries) == 1_100
    assert [progress.done for progress in told] == [0, 500, 1_000]
    settle_again(workspace, resolved.before, resolved.after)
    assert workspace.counts().conflicts == 1_100


def test_cancel_keeps_what_was_decided_and_it_can_be_undone(workspace: Workspace) -> None:
    ids = in_conflict(workspace, 700)
    token = CancelToken()
    resolved = resolve(workspace, ids, Side.MINE, report=lambda _: token.cancel(), cancel=token)
    assert len(resolved.after) == 500
    assert workspace.counts().conflicts == 200
    settle_again(workspace, resolved.before, resolved.after)
    assert workspace.counts().conflicts == 700


def test_entries_that_were_taken_out_or_decided_elsewhere_are_passed_over(workspace: Workspace) -> None:
    ids = in_conflict(workspace, 3)
    workspace.remove([ids[0]])
    resolve(workspace, [ids[1]], Side.THEIRS)
    resolved = resolve(workspace, ids, Side.MINE)
    assert list(resolved.after) == [ids[2]]
    assert resolved.left == 1
