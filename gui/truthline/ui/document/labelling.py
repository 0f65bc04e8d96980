"""What a gesture of labelling means: one edit for a label given or taken, a box drawn, moved or deleted."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from truthline.manifest import edit
from truthline.manifest.annotation import Annotation, Box, ImageSize
from truthline.manifest.attributes import box_attribute_for
from truthline.progress import in_blocks
from truthline.ui.document.steps.carrier import AT_ONCE
from truthline.ui.kit.jobs import Lane
from truthline.ui.kit.raw_text import RawText
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from truthline.progress import CancelToken, Report
    from truthline.ui.canvas.geometry import BoxKey, Frame
    from truthline.ui.document.document import Document
    from truthline.workspace.workspace import EntryId


class Labeller(QObject):
    """The gestures of labelling on a document.

    ``next_class`` is the label that the next box gets, "" until one was chosen. What lies in a locked label
    attribute is left as it is.
    """

    next_class_changed = Signal(RawText)
    """The label of the next box."""
    refused = Signal(str)
    """Why a gesture was not carried out, in words."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.next_class = ""

    def choose_class(self, name: str) -> None:
        """Make ``name`` the label of the next box."""
        if name != self.next_class:
            self.next_class = name
            self.next_class_changed.emit(name)

    def toggle_class_label(self, name: str, entry_ids: Sequence[EntryId]) -> None:
        """Give the entries the image-level label, or take it from them if all have it."""
        document = self._document
        if len(entry_ids) <= AT_ONCE:
            annotations = map(document.annotation, entry_ids)
            self._toggle(name, entry_ids, all_have=all(_has_class_label(one, name) for one in annotations))
            return

        def look(token: CancelToken, _report: Report) -> bool:
            return all(
                _has_class_label(entry.annotation, name)
                for block in in_blocks(entry_ids, cancel=token)
                for entry in document.workspace.entries(block)
            )

        # On the lane of the saves, so that it sees what the gestures before it did.
        document.jobs.run(
            Lane.WRITE, look, done=lambda all_have: self._toggle(name, entry_ids, all_have=all_have)
        )

    def _toggle(self, name: str, entry_ids: Sequence[EntryId], *, all_have: bool) -> None:
        if not entry_ids:
            return
        if all_have:
            self.remove_class_label(name, entry_ids)
            return
        now = datetime.now(UTC)
        locked = self._document.locked
        self._document.edit_many(
            f"Label {counted(len(entry_ids), 'image')} {name}",
            entry_ids,
            lambda a: edit.add_class_label(a, name, now, avoid=locked),
        )

    def remove_class_label(self, name: str, entry_ids: Sequence[EntryId]) -> None:
        """Take the image-level label from the entries."""
        locked = self._document.locked
        done = self._document.edit_many(
            f"Remove {name} from {counted(len(entry_ids), 'image')}",
            entry_ids,
            lambda a: _without_class_label(a, name, locked),
        )
        if not done and len(entry_ids) == 1 and locked:
            label = next(
                (one for one in self._document.annotation(entry_ids[0]).class_labels if one.name == name),
                None,
            )
            if label is not None and label.attribute in locked:
                self.refused.emit(read_only(label.attribute))

    def add_box(self, entry_id: EntryId, frame: Frame, image: ImageSize) -> bool:
        """Draw a box of the next class; False if no class was chosen yet."""
        if not self.next_class:
            return False
        label = self.next_class
        box = Box(label, frame.left, frame.top, frame.width, frame.height)
        info = self._document.info
        usual = edit.box_attribute_name(info.name)
        now = datetime.now(UTC)

        def change(annotation: Annotation) -> Annotation:
            open_ones = [one.name for one in annotation.box_attributes if one.name not in info.locked]
            wanted = info.box_attribute or (usual if usual in open_ones or not open_ones else open_ones[0])
            attribute = box_attribute_for(annotation, wanted, info.locked)
            return edit.add_box(annotation, attribute, box, image, now)

        return self._document.edit(f"Draw {label}", entry_id, change)

    def reframe_boxes(self, entry_id: EntryId, moves: Sequence[tuple[BoxKey, Frame]]) -> None:
        """Move or resize boxes."""
        moves = [(key, frame) for key, frame in moves if key[0] not in self._document.locked]

        def change(annotation: Annotation) -> Annotation:
            for (attribute, index), frame in moves:
                annotation = edit.set_box_frame(
                    annotation, attribute, index, frame.left, frame.top, frame.width, frame.height
                )
            return annotation

        self._document.edit(f"Move {counted(len(moves), 'box', 'boxes')}", entry_id, change)

    def set_box_class(self, entry_id: EntryId, boxes: Sequence[BoxKey], name: str) -> bool:
        """Give boxes another label; False if nothing had to change or could."""
        boxes = self._open_boxes(boxes)

        def change(annotation: Annotation) -> Annotation:
            for attribute, indices in _by_attribute(boxes).items():
                annotation = edit.set_box_label(annotation, attribute, indices, name)
            return annotation

        return self._document.edit(f"Set {counted(len(boxes), 'box', 'boxes')} to {name}", entry_id, change)

    def remove_boxes(self, entry_id: EntryId, boxes: Sequence[BoxKey]) -> None:
        """Delete boxes."""
        boxes = self._open_boxes(boxes)

        def change(annotation: Annotation) -> Annotation:
            for attribute, indices in _by_attribute(boxes).items():
                annotation = edit.remove_boxes(annotation, attribute, indices)
            return annotation

        self._document.edit(f"Delete {counted(len(boxes), 'box', 'boxes')}", entry_id, change)

    def _open_boxes(self, boxes: Sequence[BoxKey]) -> list[BoxKey]:
        """The boxes that may be changed; if there is none among them, the person is told why."""
        found = [key for key in boxes if key[0] not in self._document.locked]
        if boxes and not found:
            self.refused.emit(read_only(boxes[0][0]))
        return found


def read_only(attribute: str) -> str:
    """Why what lies in a locked attribute cannot be changed."""
    return f"The attribute {attribute} is read-only. Choose what is edited in Labels > Attributes."


def _has_class_label(annotation: Annotation, name: str) -> bool:
    return any(label.name == name for label in annotation.class_labels)


def _without_class_label(annotation: Annotation, name: str, locked: Collection[str]) -> Annotation:
    for label in annotation.class_labels:
        if label.name == name and label.attribute not in locked:
            annotation = edit.remove_class_label(annotation, label.attribute)
    return annotation


def _by_attribute(boxes: Sequence[BoxKey]) -> dict[str, list[int]]:
    indices: dict[str, list[int]] = defaultdict(list)
    for attribute, index in boxes:
        indices[attribute].append(index)
    return indices
