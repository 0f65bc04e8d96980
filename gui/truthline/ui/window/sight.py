"""Whether a person sees what a step changes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from truthline.manifest.line import parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.ui.document.browser import Browser
    from truthline.ui.document.steps.undo_stack import Step
    from truthline.ui.entry.panel import EntryPanel
    from truthline.ui.gallery.view import ThumbnailGrid
    from truthline.ui.window.image_page import ImagePage
    from truthline.workspace.workspace import EntryId

_SHOWN_AT_MOST = 1_000
"""More thumbnails than this are never shown at once."""


class Sight:
    """What of the workbench's views lies within their visible parts."""

    def __init__(self, browser: Browser, gallery: ThumbnailGrid, image: ImagePage, entry: EntryPanel) -> None:
        self._browser = browser
        self._gallery = gallery
        self._image = image
        self._entry = entry

    def covers(self, step: Step) -> bool:
        """Whether everything that a step changes is shown now.

        In image mode that is one image: the open one, with its boxes within the view; what is not a box is
        shown by the panel of the image. In the gallery it is images whose thumbnails are not scrolled away.
        What the step does to anything else, such as the list of labels, counts as out of sight.
        """
        if not step.only_lines or step.count > _SHOWN_AT_MOST:
            return False
        if not self._image.isHidden():
            return list(step.entries) == [self._browser.current] and self._on_canvas(step)
        return all(self._in_gallery(entry_id) for entry_id in step.entries)

    def _in_gallery(self, entry_id: EntryId) -> bool:
        row = self._browser.model.row_of(entry_id)
        if row is None:
            return False
        card = self._gallery.visualRect(self._browser.model.index(row))
        return self._gallery.viewport().rect().contains(card.center())

    def _on_canvas(self, step: Step) -> bool:
        (entry_id,) = step.entries
        frames = list(_changed_frames(*step.lines(entry_id)))
        if not frames:
            return not self._entry.visibleRegion().isEmpty()
        canvas = self._image.canvas
        view, at = QRectF(canvas.viewport().rect()), canvas.view_point
        return canvas.has_image and all(
            view.intersects(QRectF(at((left, top)), at((left + width, top + height))))
            for left, top, width, height in frames
        )


def _changed_frames(before: bytes, after: bytes) -> Iterator[tuple[float, float, float, float]]:
    """Where the boxes are that only one of two lines has."""
    one, other = _boxes(before), _boxes(after)
    for _attribute, _label, *frame in (one - other) + (other - one):
        left, top, width, height = frame
        yield left, top, width, height


def _boxes(line: bytes) -> Counter[tuple[str, str, float, float, float, float]]:
    return Counter(
        (found.name, box.label, box.left, box.top, box.width, box.height)
        for found in parse_line(line).box_attributes
        for box in found.boxes
    )
