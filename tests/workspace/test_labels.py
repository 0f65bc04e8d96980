"""The list of labels and the counts of their uses."""

from __future__ import annotations

import pytest

from truthline.errors import UsageError
from truthline.workspace.workspace import Filter, Label, LabelCount, NewEntry, Workspace


def test_labels_keep_the_order_in_which_they_came(workspace, line):
    assert workspace.add_label("oak").info
    assert not workspace.add_label("oak")
    workspace.append(
        [NewEntry(line("s3://b/a.jpg", ["leaf"], ["tree"])), NewEntry(line("s3://b/b.jpg", ["oak"]))]
    )
    assert [label.name for label in workspace.labels()] == ["oak", "leaf", "tree"]
    assert [(label.position, label.colour_index) for label in workspace.labels()] == [(1, 0), (2, 1), (3, 2)]


def test_positions_stay_when_a_label_goes(workspace):
    for name in ("oak", "elm", "ash"):
        workspace.add_label(name)
    assert workspace.remove_label("elm").info
    workspace.add_label("fir")
    assert workspace.labels() == [Label("oak", 1, 0, 0), Label("ash", 3, 2, 0), Label("fir", 4, 3, 0)]


def test_a_label_stays_in_its_place_when_its_last_use_goes(path, workspace, line):
    workspace.append([NewEntry(line("s3://b/a.jpg", ["leaf"])), NewEntry(line("s3://b/b.jpg", ["tree"]))])
    entry_id = workspace.ids()[0]
    workspace.save(entry_id, line("s3://b/a.jpg"))
    workspace.close()
    with Workspace.open(path) as again:
        assert again.labels() == [Label("leaf", 1, 0, 0), Label("tree", 2, 1, 1)]


def test_only_unused_labels_can_be_removed(workspace, line):
    workspace.append([NewEntry(line("s3://b/a.jpg", boxes=["leaf"]))])
    for name in ("leaf", "nobody"):
        with pytest.raises(UsageError):
            workspace.remove_label(name)
    workspace.save(workspace.ids()[0], line("s3://b/a.jpg"))
    workspace.remove_label("leaf")
    assert workspace.labels() == []


def test_a_label_needs_a_name(workspace):
    with pytest.raises(UsageError):
        workspace.add_label("")


def test_uses_are_counted(workspace, line):
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
    workspace.save(third, line("s3://b/c.jpg", boxes=["tree", "leaf"]))
    assert workspace.label_counts() == [LabelCount("leaf", 2, 2, 3), LabelCount("tree", 1, 1, 1)]


@pytest.mark.parametrize("name", [" leaf ", "<b>leaf</b>", "Blätter 葉", "a'b\"c", "x" * 300, "leaf\x00"])
def test_any_character_may_stand_in_a_label(workspace, line, name):
    workspace.append([NewEntry(line("s3://b/a.jpg", [name], [name]))])
    assert [label.name for label in workspace.labels()] == [name]
    assert list(workspace.ids(Filter(label=name))) == list(workspace.ids())
    assert not workspace.add_label(name)
