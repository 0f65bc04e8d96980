"""The canvas: shows an image with its boxes, follows mouse and keys, and hands gestures on as signals.

It knows nothing of workspaces. What a gesture set is shown at once and told by a signal; `set_boxes` then
brings what was stored.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent
from typing_extensions import override

from truthline.ui.canvas.geometry import (
    Drawing,
    Frame,
    Nudging,
)
from truthline.ui.canvas.gestures import GestureCanvas
from truthline.ui.canvas.items import CanvasBox
from truthline.ui.canvas.press import Press

if TYPE_CHECKING:
    from collections.abc import Callable


__all__ = ["Canvas", "CanvasBox", "Frame"]

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_BURST_KEYS = {*_ARROWS, Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Escape}
_NONE = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier
_COUNTED = _SHIFT | _CONTROL | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class Canvas(GestureCanvas):
    """Draw, select, move, resize, nudge and delete boxes on an image."""

    # Mouse

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if not self.has_image or self._press or self._pan_from is not None:
            return
        self.finish_gesture()
        button, left = event.button(), event.button() == Qt.MouseButton.LeftButton
        if button == Qt.MouseButton.MiddleButton or (left and self._space):
            self._pan_from = event.position().toPoint()
        elif left:
            self._press = self._pressed(event)
        elif button == Qt.MouseButton.RightButton:
            hits = self._hits(self.image_point(event.position()))
            if not self._selected & set(hits):
                self._select(frozenset(hits[:1]))
        self._show_tools()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def _pressed(self, event: QMouseEvent) -> Press:
        point = self.image_point(event.position())
        toggles = bool(event.modifiers() & (_SHIFT | _CONTROL))
        handle = None if toggles else self._handle_at(point)
        hits = self._hits(point)
        chose = bool(hits) and not (self._drawing or toggles or handle or self._selected & set(hits))
        if chose:
            self._select(frozenset(hits[:1]))
        return Press(event.position(), point, toggles, handle, hits, chose)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._pointer = event.position()
        if self._pan_from is not None:
            step = event.position().toPoint() - self._pan_from
            self._pan_from = event.position().toPoint()
            self.pan_by(step.x(), step.y())
            return
        if self._press and self._gesture is None and self._press.leads_to(event.position()):
            self._gesture = self._begin(self._press)
        self._follow_pointer()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if self._pan_from is not None:
            if event.button() in (Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton):
                self._pan_from = None
                self._follow_pointer()
        elif self._press and event.button() == Qt.MouseButton.LeftButton:
            self._release(self._press, event.position())

    def _release(self, press: Press, at: QPointF) -> None:
        if self._gesture is None:
            self._press = None
            if not press.leads_to(at):
                self._click(press)
            self._follow_pointer()
        elif isinstance(self._gesture, Drawing) and not press.leads_to(at):
            self.cancel_gesture()
        else:
            self._drag(self.image_point(at))
            self._complete()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self._follow_pointer()

    @override
    def _view_moved(self) -> None:
        super()._view_moved()
        self._follow_pointer()

    # Keys

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._command(event) is not None:
                event.accept()
                return True
            self._end_burst(event)
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._end_burst(event)
        command = self._command(event)
        event.setAccepted(command is not None)
        if command is not None:
            command()

    def _end_burst(self, event: QKeyEvent) -> None:
        if isinstance(self._gesture, Nudging) and event.key() not in _BURST_KEYS:
            self._complete()

    def _command(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key does now; None if the canvas has no use for it, so that others may have it."""
        key, modifiers = event.key(), event.modifiers() & _COUNTED
        if key == Qt.Key.Key_Escape and modifiers == _NONE:
            return self._escape()
        if not self.has_image or self._press or self._pan_from is not None:
            return None
        if key == Qt.Key.Key_Tab and modifiers == _CONTROL:
            return self._leave
        if key in _ARROWS and self._selected and not modifiers & ~(_SHIFT | _CONTROL):
            return partial(self._nudge, Qt.Key(key), modifiers)
        if modifiers != _NONE:
            return None
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._selected:
            return self.delete_selected
        return partial(self._hold_space, held=True) if key == Qt.Key.Key_Space else None

    def escape(self) -> None:
        """End the gesture, else put the draw tool down, else clear the selection."""
        give_up = self._escape()
        if give_up is not None:
            give_up()

    def _escape(self) -> Callable[[], None] | None:
        if self._gesture or self._press:
            return self.cancel_gesture
        if self._drawing and self.has_image:
            return partial(self.set_drawing, False)
        if self._selected and self.has_image:
            return partial(self._select, frozenset())
        return None

    def _leave(self) -> None:
        # Tab walks the boxes, so this is how the keyboard gets out.
        super().focusNextPrevChild(True)

    def _nudge(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
        movable = self._movable()
        if not movable:
            return
        burst = self._gesture if isinstance(self._gesture, Nudging) else Nudging(movable, self._size)
        burst.held.add(key)
        far = 10 if modifiers & _SHIFT else 1
        dx, dy = _ARROWS[key]
        self._gesture = burst
        self._show_frames(burst.nudge(dx * far, dy * far, resize=bool(modifiers & _CONTROL)))
        self._show_tools()

    def delete_selected(self) -> None:
        """Tell that the selected boxes are to be deleted."""
        boxes = [] if self._press else self.deletable_boxes()
        if boxes:
            # Those after them get new indices: none of them may inherit the selection.
            self._select(self._selected - {box.key for box in boxes})
            self.boxes_deleted.emit(boxes)

    def _hold_space(self, *, held: bool) -> None:
        self._space = held
        self._show_tools()

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        burst = self._gesture if isinstance(self._gesture, Nudging) else None
        ours = (self._space and event.key() == Qt.Key.Key_Space) or (burst and event.key() in burst.held)
        event.setAccepted(bool(ours))
        if not ours or event.isAutoRepeat():
            return
        if burst is None:
            self._hold_space(held=False)
            return
        burst.held.discard(event.key())
        if not burst.held:
            self._complete()

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        if not (self.hasFocus() and self.has_image and self._items):
            return super().focusNextPrevChild(next)
        if self._press is None:
            self.select_next(1 if next else -1)
        return True

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._let_go()
        self.update()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._let_go()

    def _let_go(self) -> None:
        """End everything that waits for a release: it will go elsewhere."""
        self._space, self._pan_from = False, None
        self.finish_gesture()

    # What follows the pointer

    def _follow_pointer(self) -> None:
        point = self.image_point(self._pointer) if self._pointer is not None and self.has_image else None
        if point is not None and self._gesture:
            self._drag(point)
        idle = point is not None and not (self._press or self._drawing or self._space)
        self._hover(next(iter(self._hits(point)), None) if idle and point is not None else None)
        inside = point is not None and 0 <= point[0] < self._size[0] and 0 <= point[1] < self._size[1]
        pixel = (int(point[0]), int(point[1])) if point is not None and inside else None
        if pixel != self._pixel:
            self._pixel = pixel
            if pixel is None:
                self.pointer_left.emit()
            else:
                self.pointer_moved.emit(QPoint(*pixel))
        self._show_tools()
