"""Labels of other formats into a workspace."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from truthline.errors import CancelledError
from truthline.interchange.findings import Code, LossKind
from truthline.interchange.importing import ImportPlan, apply_import, plan_import
from truthline.interchange.model import LabelledImage
from truthline.interchange.reading import Reading
from truthline.manifest import edit
from truthline.manifest.annotation import Box, ImageFacts, ImageSize
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken, Progress
from truthline.workspace.workspace import EntryId, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2024, 5, 14, tzinfo=UTC)
SIZE = ImageSize(640, 480)
CAT, DOG = Box("cat", 10, 20, 30, 40), Box("dog", 50.4, 60, 70, 80)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Three entries: without labels, with the class label night, with CAT in a foreign attribute."""
    bare = edit.new_annotation("s3://b/bare.jpg")
    night = edit.add_class_label(edit.new_annotation("s3://b/night.jpg"), "night", NOW)
    boxed = edit.add_box(edit.new_annotation("s3://b/boxed.jpg"), "foreign", CAT, SIZE, NOW)
    with Workspace.create(tmp_path / "leaves.truthline", WorkspaceInfo("leaves")) as created:
        created.append([NewEntry(one.raw) for one in (bare, night, boxed)])
        yield created


def image(
    name: str, *labels: str, boxes: tuple[Box, ...] = (), size: ImageSize | None = SIZE
) -> LabelledImage:
    return LabelledImage(f"s3://b/{name}.jpg", size, labels, boxes)


def plan(workspace: Workspace, *images: LabelledImage) -> ImportPlan:
    return plan_import(Reading(images, unmatched=("gone.jpg",)), workspace)


ALL = (
    image("bare", "night", boxes=(CAT, DOG)),
    image("night", "night"),
    image("boxed", boxes=(CAT, DOG)),
    image("new", "day", boxes=(CAT,)),
)


def test_a_plan_counts_what_is_missing(workspace: Workspace) -> None:
    lines = list(workspace.lines())
    planned = plan(workspace, *ALL)
    assert [one.ref for one in planned.new] == ["s3://b/new.jpg"]
    assert [one.ref for one in planned.merged.values()] == ["s3://b/bare.jpg", "s3://b/boxed.jpg"]
    assert planned.unchanged == 1
    assert (planned.class_labels, planned.boxes) == (2, 4)
    assert planned.new_labels == ("dog", "day")
    assert planned.unmatched == ("gone.jpg",)
    assert list(workspace.lines()) == lines


def test_an_import_adds_and_can_be_undone(workspace: Workspace) -> None:
    lines = [line for line, _ in workspace.lines()]
    done = apply_import(plan(workspace, *ALL), workspace, now=NOW)
    assert done.edited.step is not None
    entry = workspace.entry(EntryId(1)).annotation
    assert [label.name for label in entry.class_labels] == ["night"]
    (attribute,) = entry.box_attributes
    assert attribute.name == "leaves_BB"
    assert [(box.label, box.left, box.width) for box in attribute.boxes] == [("cat", 10, 30), ("dog", 50, 70)]
    boxed = workspace.entry(EntryId(3)).annotation
    assert [(one.name, len(one.boxes)) for one in boxed.box_attributes] == [("foreign", 1), ("leaves_BB", 1)]
    assert workspace.entry(done.added[0]).source_ref == "s3://b/new.jpg"
    assert workspace.entry(EntryId(4)).annotation.labels == {"day", "cat"}

    workspace.undo(done.edited.step)
    assert [line for line, _ in workspace.lines()] == [*lines, b'{"source-ref":"s3://b/new.jpg"}']
    workspace.redo(done.edited.step)
    assert workspace.entry(EntryId(4)).annotation.labels == {"day", "cat"}


def test_the_same_import_again_does_nothing(workspace: Workspace) -> None:
    apply_import(plan(workspace, *ALL), workspace, now=NOW)
    again = plan(workspace, *ALL)
    assert not again
    assert (again.unchanged, again.class_labels, again.boxes, again.new_labels) == (4, 0, 0, ())


def test_lines_that_changed_after_the_plan_keep_the_change(workspace: Workspace) -> None:
    planned = plan(workspace, image("bare", "night"))
    line = edit.add_class_label(workspace.entry(EntryId(1)).annotation, "mine", NOW)
    workspace.save(EntryId(1), line.raw)
    apply_import(planned, workspace, now=NOW)
    assert workspace.entry(EntryId(1)).annotation.labels == {"mine", "night"}


def test_sizes_come_from_the_entry_where_the_file_has_none(workspace: Workspace) -> None:
    workspace.store_facts(EntryId(1), ImageFacts(200, 100, "JPEG", 1))
    images = [image(name, boxes=(DOG,), size=None) for name in ("bare", "night", "boxed")]
    planned = plan(workspace, *images)
    assert planned.boxes == 2
    assert [(found.code, found.place) for found in planned.findings] == [
        (Code.IMAGE_SIZE, "s3://b/night.jpg")
    ]
    apply_import(planned, workspace, now=NOW)
    sizes = [workspace.entry(EntryId(number)).annotation.box_attributes[-1].image_size for number in (1, 3)]
    assert sizes == [ImageSize(200, 100), SIZE]


def test_images_without_an_address_are_findings(workspace: Workspace) -> None:
    planned = plan_import(Reading((LabelledImage("a.jpg"),)), workspace)
    assert not planned
    assert [found.code for found in planned.findings] == [Code.NO_IMAGE]


def test_a_line_of_a_manifest_comes_whole(workspace: Workspace) -> None:
    raw = b'{"source-ref":"s3://b/new.jpg","mine":1.50}'
    one = LabelledImage("s3://b/new.jpg", annotation=parse_line(raw))
    done = apply_import(plan(workspace, one), workspace, now=NOW)
    assert workspace.entry(done.added[0]).line == raw


def test_an_attribute_that_may_not_be_called_so(workspace: Workspace) -> None:
    apply_import(plan(workspace, ALL[0]), workspace, now=NOW, attribute="cl-mine")
    (attribute,) = workspace.entry(EntryId(1)).annotation.box_attributes
    assert (attribute.name, len(attribute.boxes)) == ("label-cl-mine", 2)


def test_an_attribute_of_choice(workspace: Workspace) -> None:
    apply_import(plan(workspace, ALL[2]), workspace, now=NOW, attribute="foreign")
    (attribute,) = workspace.entry(EntryId(3)).annotation.box_attributes
    assert [box.label for box in attribute.boxes] == ["cat", "dog"]


def test_a_cancelled_import_writes_nothing(workspace: Workspace) -> None:
    lines = list(workspace.lines())
    cancel = CancelToken()

    def stop(_: Progress) -> None:
        cancel.cancel()

    with pytest.raises(CancelledError):
        apply_import(plan(workspace, *ALL), workspace, now=NOW, report=stop, cancel=cancel)
    assert list(workspace.lines()) == lines


def test_thousands_at_once(workspace: Workspace) -> None:
    images = tuple(image(f"n{number}", "day", boxes=(CAT,)) for number in range(1200))
    told: list[Progress] = []
    done = apply_import(plan(workspace, *images), workspace, now=NOW, report=told.append)
    assert len(done.added) == done.edited.entries == 1200
    assert (told[0].done, told[-1].done, told[-1].total) == (0, 1200, 1200)
    line = json.loads(workspace.entry(done.added[-1]).line)
    assert line["leaves_BB"]["annotations"] == [
        {"left": 10, "top": 20, "width": 30, "height": 40, "class_id": 0}
    ]


def test_boxes_are_clipped_by_the_entrys_size_where_the_file_has_none(workspace: Workspace) -> None:
    workspace.store_facts(EntryId(1), ImageFacts(100, 90, "JPEG", 1))
    boxes = (Box("cat", 80, 10, 40, 50), Box("cat", 200, 10, 40, 50))
    planned = plan(workspace, image("bare", boxes=boxes, size=None))
    assert planned.boxes == 1
    assert [(loss.count, loss.kind, loss.place) for loss in planned.losses] == [
        (1, LossKind.CHANGED, "s3://b/bare.jpg"),
        (1, LossKind.LEFT_OUT, "s3://b/bare.jpg"),
    ]
    apply_import(planned, workspace, now=NOW)
    (box,) = workspace.entry(EntryId(1)).annotation.box_attributes[0].boxes
    assert (box.left, box.top, box.width, box.height) == (80, 10, 20, 50)
