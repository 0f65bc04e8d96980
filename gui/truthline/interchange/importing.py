"""Labels of other formats into a workspace: first a plan that counts, then one save that can be undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from truthline.interchange.clipping import clipped
from truthline.interchange.findings import Code, FileFinding, Loss
from truthline.interchange.lines import add_labels, missing_boxes, missing_labels
from truthline.interchange.tally import Tally
from truthline.manifest.annotation import ImageSize, Level
from truthline.manifest.edit import new_annotation
from truthline.manifest.line import is_s3_uri, parse_line
from truthline.manifest.names import box_attribute_name
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress, in_blocks
from truthline.workspace.entry import NewEntry
from truthline.workspace.steps import NewStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from truthline.interchange.model import LabelledImage
    from truthline.interchange.reading import Reading
    from truthline.workspace.editing import Edited
    from truthline.workspace.entry import Entry
    from truthline.workspace.ids import EntryId
    from truthline.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do; nothing is written yet.

    ``new`` are images that the workspace has no entry for, ``merged`` those whose entry lacks some of the
    labels, ``unchanged`` counts those whose entry has them all. ``unmatched`` names what could not be found.
    ``class_labels`` and ``boxes`` count what is added, ``new_labels`` are the labels that the workspace does
    not have yet. ``findings`` and ``losses`` are the reading's, and those of the plan. ``example`` is the
    first image with boxes, as it was read.
    """

    new: tuple[LabelledImage, ...]
    merged: Mapping[EntryId, LabelledImage]
    unchanged: int
    unmatched: tuple[str, ...]
    class_labels: int
    boxes: int
    new_labels: tuple[str, ...]
    findings: tuple[FileFinding, ...]
    losses: tuple[Loss, ...]
    example: LabelledImage | None = None

    @property
    def forms(self) -> tuple[FileFinding, ...]:
        """What was taken for the form of the files where they do not say it."""
        example = self.example.ref if self.example else ""
        return tuple(one for one in self.findings if one.code is Code.FORM and one.place != example)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.new or self.merged)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: ``edited`` has the step that undoes it; ``added`` are the new entries.

    Undone, new entries lose their labels; they stay, since entries are never removed.
    """

    edited: Edited
    added: tuple[EntryId, ...]


def plan_import(
    reading: Reading,
    workspace: Workspace,
    *,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> ImportPlan:
    """Compare what was read with a workspace.

    Class labels and boxes that an entry has already, in any of its label attributes, are not added again, so
    that the same import a second time does nothing.

    Raises:
        CancelledError: ``cancel`` was called.

    """
    planning = _Planning({label.name for label in workspace.labels()}, reading.losses)
    for image, entry in _with_entries(
        reading.images, workspace, Doing.COMPARING_LABELS, report, cancel or CancelToken()
    ):
        planning.add(image, entry)
    return ImportPlan(
        new=tuple(planning.new),
        merged=planning.merged,
        unchanged=planning.unchanged,
        unmatched=reading.unmatched,
        class_labels=planning.class_labels,
        boxes=planning.boxes,
        new_labels=tuple(planning.new_labels),
        findings=reading.findings + tuple(planning.findings),
        losses=planning.tally.losses,
        example=reading.example,
    )


def apply_import(
    plan: ImportPlan,
    workspace: Workspace,
    *,
    now: datetime,
    attribute: str = "",
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Imported:
    """Carry out a plan, on the lines as they are by now.

    Args:
        plan: what to do.
        workspace: where.
        now: the creation date of new label attributes.
        attribute: the label attribute that boxes go into; by default the workspace's own.
        report: is told how far the work is.
        cancel: stops it; before the last step nothing has been written.

    Raises:
        CancelledError: ``cancel`` was called; nothing was written.
        WorkspaceError: the workspace cannot be written.

    """
    token = cancel or CancelToken()
    name = attribute or box_attribute_name(workspace.info.name)
    images = (*plan.merged.values(), *plan.new)
    before: dict[EntryId, bytes] = {}
    after: dict[EntryId, bytes] = {}
    added: dict[str, bytes] = {}
    for image, entry in _with_entries(images, workspace, Doing.ADDING_LABELS, report, token):
        if entry is None:
            added[image.ref] = _new_line(image, name, now)
            continue
        annotation = entry.annotation
        line = add_labels(annotation, image, name, now, size_for(image, entry)).raw
        if line != entry.line:
            before[entry.id], after[entry.id] = entry.line, line
    token.check()
    edited = workspace.save_step(
        NewStep("Import labels"), after, made_from=before, new=[NewEntry(line) for line in added.values()]
    )
    new_ids = workspace.find_many(added)
    return Imported(edited, tuple(new_ids[ref] for ref in added if ref in new_ids))


def size_for(image: LabelledImage, entry: Entry | None) -> ImageSize | None:
    """Size of an image: what was read, or what the entry is known to have."""
    if image.size is not None or entry is None:
        return image.size
    if entry.facts is not None and entry.facts.width and entry.facts.height:
        return ImageSize(entry.facts.width, entry.facts.height)
    sizes = (attribute.image_size for attribute in entry.annotation.box_attributes)
    return next((size for size in sizes if size is not None), None)


class _Planning:
    def __init__(self, known_labels: set[str], losses: tuple[Loss, ...]) -> None:
        self._known_labels = known_labels
        self.tally = Tally()
        for loss in losses:
            self.tally.add(loss.what, loss.count, kind=loss.kind, place=loss.place)
        self.new: list[LabelledImage] = []
        self.merged: dict[EntryId, LabelledImage] = {}
        self.unchanged = 0
        self.class_labels = 0
        self.boxes = 0
        self.new_labels: dict[str, None] = {}
        self.findings: list[FileFinding] = []

    def add(self, image: LabelledImage, entry: Entry | None) -> None:
        if not is_s3_uri(image.ref):
            message = "It has no address in S3: give the prefix that the images are under. It was left out."
            self.findings.append(FileFinding(Code.NO_IMAGE, Level.WARNING, message, image.ref, left_out=True))
            return
        if entry is not None and entry.damaged:
            message = f"The workspace file is damaged at this image. It was left out. {entry.damaged.advice}"
            self.findings.append(FileFinding(Code.NO_IMAGE, Level.WARNING, message, image.ref, left_out=True))
            return
        if image.size is None:  # else it was done when it was read
            image = replace(image, boxes=clipped(image.boxes, size_for(image, entry), self.tally, image.ref))
        annotation = new_annotation(image.ref) if entry is None else entry.annotation
        labels, boxes = missing_labels(annotation, image), missing_boxes(annotation, image)
        if boxes and size_for(image, entry) is None:
            message = f"The image's size is not known. Its {len(boxes)} boxes were left out."
            self.findings.append(
                FileFinding(Code.IMAGE_SIZE, Level.WARNING, message, image.ref, left_out=True)
            )
            boxes = []
        if entry is None:
            self.new.append(image)
        elif labels or boxes:
            self.merged[entry.id] = image
        else:
            self.unchanged += 1
        self.class_labels += len(labels)
        self.boxes += len(boxes)
        for label in (*labels, *(box.label for box in boxes)):
            if label not in self._known_labels:
                self.new_labels[label] = None


def _new_line(image: LabelledImage, attribute: str, now: datetime) -> bytes:
    if image.annotation is not None:
        return image.annotation.raw
    return add_labels(parse_line(new_annotation(image.ref).raw), image, attribute, now, image.size).raw


def _with_entries(
    images: tuple[LabelledImage, ...], workspace: Workspace, doing: Doing, report: Report, cancel: CancelToken
) -> Iterator[tuple[LabelledImage, Entry | None]]:
    """Each image with its entry, None if the workspace has none."""
    for some in in_blocks(images, step=Progress(doing), report=report, cancel=cancel):
        ids = [workspace.find(image.ref) for image in some]
        found = iter(workspace.entries([entry_id for entry_id in ids if entry_id is not None]))
        for image, entry_id in zip(some, ids, strict=True):
            yield image, None if entry_id is None else next(found)
    report(Progress(doing, len(images), len(images)))
