"""Where the left button went down on the canvas, and the cursors of the handles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from truthline.ui.canvas.geometry import Handle

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

    from truthline.ui.canvas.geometry import Key, Point

_DRAG = 3
"""From how many screen pixels on a press is a drag."""
CURSORS = {
    Handle.TOP_LEFT: Qt.CursorShape.SizeFDiagCursor,
    Handle.BOTTOM_RIGHT: Qt.CursorShape.SizeFDiagCursor,
    Handle.TOP_RIGHT: Qt.CursorShape.SizeBDiagCursor,
    Handle.BOTTOM_LEFT: Qt.CursorShape.SizeBDiagCursor,
    Handle.TOP: Qt.CursorShape.SizeVerCursor,
    Handle.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Handle.LEFT: Qt.CursorShape.SizeHorCursor,
    Handle.RIGHT: Qt.CursorShape.SizeHorCursor,
}


@dataclass(frozen=True, slots=True)
class Press:
    """Where the left button went down, and on what."""

    at: QPointF
    point: Point
    toggles: bool
    handle: Handle | None
    hits: tuple[Key, ...]
    chose: bool
    """Whether the press itself changed the selection, so that letting go must not change it again."""

    def leads_to(self, at: QPointF) -> bool:
        """Whether the way to ``at`` is long enough for a drag."""
        return max(abs(at.x() - self.at.x()), abs(at.y() - self.at.y())) >= _DRAG
