"""What keys and gestures mean: each becomes one edit of the document."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from truthline.manifest import edit
from truthline.manifest.annotation import Annotation, Box, ImageSize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.ui.canvas.view import CanvasBox, Frame
    from truthline.ui.document import Document
    from truthline.workspace.workspace import EntryId


class Labeller(QObject):
    """The gestures of labelling on a document.

    ``next_class`` is the label that the next box gets, "" until one was chosen.
    """

    next_class_changed = Signal(object)
    """The label of the next box."""

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
        if not entry_ids:
            return
        if all(_has_class_label(self._document.annotation(entry_id), name) for entry_id in entry_ids):
            self.remove_class_label(name, entry_ids)
            return
        now = datetime.now(UTC)
        self._document.edit_many(
            f"Label {_images(entry_ids)} {name}", entry_ids, lambda a: edit.add_class_label(a, name, now)
        )

    def remove_class_label(self, name: str, entry_ids: Sequence[EntryId]) -> None:
        """Take the image-level label from the entries."""
        self._document.edit_many(
            f"Remove {name} from {_images(entry_ids)}", entry_ids, lambda a: _without_class_label(a, name)
        )

    def add_box(self, entry_id: EntryId, frame: Frame, image: ImageSize) -> bool:
        """Draw a box of the next class; False if no class was chosen yet."""
        if not self.next_class:
            return False
        label = self.next_class
        box = Box(label, frame.left, frame.top, frame.width, frame.height)
        name = edit.box_attribute_name(self._document.workspace.info.name)
        now = datetime.now(UTC)

        def change(annotation: Annotation) -> Annotation:
            present = [attribute.name for attribute in annotation.box_attributes]
            attribute = name if name in present or not present else present[0]
            return edit.add_box(annotation, attribute, box, image, now)

        return self._document.edit(f"Draw {label}", entry_id, change)

    def reframe_boxes(self, entry_id: EntryId, moves: Sequence[tuple[CanvasBox, Frame]]) -> None:
        """Move or resize boxes."""

        def change(annotation: Annotation) -> Annotation:
            for box, frame in moves:
                annotation = edit.set_box_frame(
                    annotation, box.attribute, box.index, frame.left, frame.top, frame.width, frame.height
                )
            return annotation

        self._document.edit(f"Move {_boxes(len(moves))}", entry_id, change)

    def set_box_class(self, entry_id: EntryId, boxes: Sequence[CanvasBox], name: str) -> None:
        """Give boxes another label."""

        def change(annotation: Annotation) -> Annotation:
            for attribute, indices in _by_attribute(boxes).items():
                annotation = edit.set_box_label(annotation, attribute, indices, name)
            return annotation

        self._document.edit(f"Set {_boxes(len(boxes))} to {name}", entry_id, change)

    def remove_boxes(self, entry_id: EntryId, boxes: Sequence[CanvasBox]) -> None:
        """Delete boxes."""

        def change(annotation: Annotation) -> Annotation:
            for attribute, indices in _by_attribute(boxes).items():
                annotation = edit.remove_boxes(annotation, attribute, indices)
            return annotation

        self._document.edit(f"Delete {_boxes(len(boxes))}", entry_id, change)


def _has_class_label(annotation: Annotation, name: str) -> bool:
    return any(label.name == name for label in annotation.class_labels)


def _without_class_label(annotation: Annotation, name: str) -> Annotation:
    for label in annotation.class_labels:
        if label.name == name:
            annotation = edit.remove_class_label(annotation, label.attribute)
    return annotation


def _by_attribute(boxes: Sequence[CanvasBox]) -> dict[str, list[int]]:
    indices: dict[str, list[int]] = defaultdict(list)
    for box in boxes:
        indices[box.attribute].append(box.index)
    return indices


def _images(entry_ids: Sequence[EntryId]) -> str:
    return "1 image" if len(entry_ids) == 1 else f"{len(entry_ids):,} images"


def _boxes(count: int) -> str:
    return "1 box" if count == 1 else f"{count} boxes"
