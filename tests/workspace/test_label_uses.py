"""What an edit of a whole label would touch, and what it leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import CancelledError
from truthline.progress import CancelToken, Doing
from truthline.workspace.label_uses import LabelUses, find_label, label_uses
from truthline.workspace.workspace import NewEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable


def listing(raw: bytes, *names: str) -> bytes:
    """The line with a class-map that lists more labels than its boxes use."""
    line = json.loads(raw)
    class_map = line["boxes_BB-metadata"]["class-map"]
    class_map |= {str(len(class_map) + n): name for n, name in enumerate(names)}
    return json.dumps(line).encode()


def test_uses_are_counted_by_image_and_kind(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(
        [
            NewEntry(line("s3://b/a.jpg", ["leaf"], ["leaf", "leaf", "tree"])),
            NewEntry(line("s3://b/b.jpg", ["leaf"])),
            NewEntry(line("s3://b/c.jpg", boxes=["tree"])),
            NewEntry(b"not json: leaf"),
        ]
    )
    assert label_uses(workspace, "leaf") == LabelUses(images=2, class_labels=2, boxes=2)
    assert label_uses(workspace, "lea") == LabelUses()


def test_labels_that_only_a_class_map_lists_are_found(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(
        [
            NewEntry(listing(line("s3://b/a.jpg", boxes=["tree"]), "leaf")),
            NewEntry(listing(line("s3://b/b.jpg", ["leaf"], ["tree"]), "leaf")),
        ]
    )
    assert label_uses(workspace, "leaf") == LabelUses(images=1, class_labels=1, listed=1)
    assert [entry_id for entry_id, _ in find_label(workspace, "leaf")] == list(workspace.ids())


def test_uses_in_locked_attributes_are_told_apart(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(
        [
            NewEntry(line("s3://b/a.jpg", ["leaf"], ["leaf", "leaf"])),
            NewEntry(listing(line("s3://b/b.jpg", boxes=["tree"]), "leaf")),
        ]
    )
    assert label_uses(workspace, "leaf", ["boxes_BB"]) == LabelUses(
        images=1, class_labels=1, kept_images=1, kept_boxes=2, kept_attributes={"boxes_BB"}
    )
    assert label_uses(workspace, "leaf", ["boxes_BB", "class0"]) == LabelUses(
        kept_images=1, kept_class_labels=1, kept_boxes=2, kept_attributes={"boxes_BB", "class0"}
    )


@pytest.mark.parametrize("name", ["Blätter", 'a"b', "a\\b", "葉", "<b>", "a\tb"])
def test_a_label_is_found_however_the_line_spells_it(
    workspace: Workspace, line: Callable[..., Any], name: str
) -> None:
    spelled = json.dumps(json.loads(line("s3://b/b.jpg", [name])), ensure_ascii=True).encode()
    workspace.append([NewEntry(line("s3://b/a.jpg", [name])), NewEntry(spelled)])
    assert label_uses(workspace, name).images == 2


def test_the_search_reports_and_can_be_cancelled(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(NewEntry(line(f"s3://b/{n}.jpg", ["leaf"])) for n in range(5))
    reports: list[Any] = []
    list(find_label(workspace, "leaf", report=reports.append))
    assert [(one.doing, one.total) for one in reports] == [(Doing.FINDING_LABEL, 5)]
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        label_uses(workspace, "leaf", cancel=token)
