"""The list of labels and the counts of their uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import CancelledError, UsageError
from truthline.progress import CancelToken
from truthline.workspace.workspace import EntryId, Filter, Label, LabelCount, LabelEdit, NewEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_labels_keep_the_order_in_which_they_came(workspace: Workspace, line: Callable[..., Any]) -> None:
    assert workspace.add_label("oak").info
    assert not workspace.add_label("oak")
    workspace.append(
        [NewEntry(line("s3://b/a.jpg", ["leaf"], ["tree"])), NewEntry(line("s3://b/b.jpg", ["oak"]))]
    )
    assert [label.name for label in workspace.labels()] == ["oak", "leaf", "tree"]
    assert [(label.position, label.colour_index) for label in workspace.labels()] == [(1, 0), (2, 1), (3, 2)]


def test_positions_stay_when_a_label_goes(workspace: Workspace) -> None:
    for name in ("oak", "elm", "ash"):
        workspace.add_label(name)
    assert workspace.remove_label("elm").info
    workspace.add_label("fir")
    assert workspace.labels() == [Label("oak", 1, 0, 0), Label("ash", 3, 2, 0), Label("fir", 4, 3, 0)]


def test_a_label_stays_in_its_place_when_its_last_use_goes(
    path: Path, workspace: Workspace, line: Callable[..., Any]
) -> None:
    workspace.append([NewEntry(line("s3://b/a.jpg", ["leaf"])), NewEntry(line("s3://b/b.jpg", ["tree"]))])
    entry_id = workspace.ids()[0]
    workspace.save(EntryId(entry_id), line("s3://b/a.jpg"))
    workspace.close()
    with Workspace.open(path) as again:
        assert again.labels() == [Label("leaf", 1, 0, 0), Label("tree", 2, 1, 1)]


def test_only_unused_labels_can_be_removed(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append([NewEntry(line("s3://b/a.jpg", boxes=["leaf"]))])
    for name in ("leaf", "nobody"):
        with pytest.raises(UsageError):
            workspace.remove_label(name)
    workspace.save(EntryId(workspace.ids()[0]), line("s3://b/a.jpg"))
    workspace.remove_label("leaf")
    assert workspace.labels() == []


def test_a_label_needs_a_name(workspace: Workspace) -> None:
    with pytest.raises(UsageError):
        workspace.add_label("")


def test_uses_are_counted(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(
        [
            NewEntry(line("s3://b/a.jpg", ["leaf", "tree"], ["leaf", "leaf"])),
            NewEntry(line("s3://b/b.jpg", ["leaf"])),
            NewEntry(line("s3://b/c.jpg", boxes=["tree"] * 3)),
        ]
    )
    assert workspace.label_counts() == [LabelCount("leaf", 2, 1, 2), LabelCount("tree", 1, 1, 3)]
    assert [label.entries for label in workspace.labels()] == [2, 2]
    third = workspace.ids()[2]
    workspace.save(EntryId(third), line("s3://b/c.jpg", boxes=["tree", "leaf"]))
    assert workspace.label_counts() == [LabelCount("leaf", 2, 2, 3), LabelCount("tree", 1, 1, 1)]


@pytest.mark.parametrize("name", [" leaf ", "<b>leaf</b>", "Blätter 葉", "a'b\"c", "x" * 300, "leaf\x00"])
def test_any_character_may_stand_in_a_label(
    workspace: Workspace, line: Callable[..., Any], name: str
) -> None:
    workspace.append([NewEntry(line("s3://b/a.jpg", [name], [name]))])
    assert [label.name for label in workspace.labels()] == [name]
    assert list(workspace.ids(Filter(label=name))) == list(workspace.ids())
    assert not workspace.add_label(name)


# Labels as a whole


@pytest.fixture
def trees(workspace: Workspace, line: Callable[..., Any]) -> Workspace:
    """Three labels, the second one used by two entries."""
    workspace.append(
        [
            NewEntry(line("s3://b/a.jpg", ["oak"], ["elm"])),
            NewEntry(line("s3://b/b.jpg", ["elm"])),
            NewEntry(line("s3://b/c.jpg", ["ash"])),
        ]
    )
    return workspace


RENAMED = LabelEdit(put=(Label("Elm", 2, 1),), drop=("elm",))


def test_a_renamed_label_keeps_its_place_and_colour(
    path: Path, trees: Workspace, line: Callable[..., Any]
) -> None:
    first, second = trees.ids()[:2]
    lines = {first: line("s3://b/a.jpg", ["oak"], ["Elm"]), second: line("s3://b/b.jpg", ["Elm"])}
    changes = trees.save_many(lines, labels=RENAMED)  # type: ignore[arg-type]
    assert changes.entries == {first, second}
    assert changes.info
    expected = [Label("oak", 1, 0, 1), Label("Elm", 2, 1, 2), Label("ash", 3, 2, 1)]
    assert trees.labels() == expected
    assert [count.name for count in trees.label_counts()] == ["oak", "Elm", "ash"]
    trees.close()
    with Workspace.open(path) as again:
        assert again.labels() == expected


def test_undoing_a_rename_puts_the_name_back_in_its_place(trees: Workspace, line: Callable[..., Any]) -> None:
    before, stored = trees.labels(), {i: trees.entry(EntryId(i)).line for i in trees.ids()[:2]}
    first, second = stored
    lines = {first: line("s3://b/a.jpg", ["oak"], ["Elm"]), second: line("s3://b/b.jpg", ["Elm"])}
    trees.save_many(lines, labels=RENAMED)  # type: ignore[arg-type]
    trees.add_label("fir")
    trees.save_many(stored, labels=RENAMED.inverse(before))  # type: ignore[arg-type]
    assert trees.labels() == [*before, Label("fir", 4, 3, 0)]


def test_a_label_that_entries_use_is_not_dropped(trees: Workspace) -> None:
    before = trees.labels()
    assert not trees.save_many({}, labels=LabelEdit(drop=("elm", "nobody")))
    assert trees.labels() == before


def test_labels_can_be_reordered_and_recoloured(trees: Workspace) -> None:
    moved = LabelEdit(put=(Label("ash", 1, 7), Label("oak", 3, 0)))
    assert trees.save_many({}, labels=moved).info
    assert trees.labels() == [Label("ash", 1, 7, 1), Label("elm", 2, 1, 2), Label("oak", 3, 0, 1)]
    assert not trees.save_many({}, labels=moved)


def test_a_cancelled_save_of_many_stores_neither_lines_nor_labels(
    trees: Workspace, line: Callable[..., Any]
) -> None:
    before, counts = trees.labels(), trees.label_counts()
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        trees.save_many(
            {EntryId(trees.ids()[0]): line("s3://b/a.jpg", ["Elm"])}, labels=RENAMED, cancel=token
        )
    assert (trees.labels(), trees.label_counts()) == (before, counts)


def test_a_line_that_cannot_be_stored_leaves_the_labels_too(trees: Workspace) -> None:
    before = trees.labels()
    with pytest.raises(ValueError, match="line ending"):
        trees.save_many({EntryId(trees.ids()[0]): b"{\n}"}, labels=LabelEdit(put=(Label("fir", 9, 9),)))
    assert trees.labels() == before
