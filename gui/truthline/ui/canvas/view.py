"""The canvas: shows an image with its boxes, and turns gestures into signals.

It knows nothing of workspaces. What a gesture set is shown at once and told by a signal; `set_boxes` then
brings what was stored.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHideEvent, QImage, QKeyEvent, QMouseEvent
from typing_extensions import override

from truthline.ui.canvas.boxes import BoxView
from truthline.ui.canvas.feedback import Feedback, Gesture, hint_for
from truthline.ui.canvas.geometry import (
    Banding,
    Drawing,
    Frame,
    Handle,
    Key,
    Moving,
    Nudging,
    Point,
    Resizing,
    between,
    touched,
)
from truthline.ui.canvas.items import CanvasBox
from truthline.ui.canvas.press import CURSORS, Press

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from PySide6.QtWidgets import QWidget

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


class Canvas(BoxView):
    """Draw, select, move, resize, nudge and delete boxes on an image."""

    box_drawn = Signal(Frame)
    """`Frame`: whole pixels, inside the image."""
    boxes_reframed = Signal(list)
    """``list[tuple[CanvasBox, Frame]]``: the boxes as they were, and where they are now."""
    boxes_deleted = Signal(list)
    """``list[CanvasBox]``; they stay until `set_boxes` leaves them out."""
    pointer_moved = Signal(QPoint)
    """The image pixel under the pointer."""
    pointer_left = Signal()
    """The pointer is not over the image any more."""
    drawing_changed = Signal(bool)
    """bool: the draw tool was taken or put down."""
    hint_changed = Signal(str)
    """str: the keys and gestures that work now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = False
        self._press: Press | None = None
        self._gesture: Gesture | None = None
        self._pan_from: QPoint | None = None
        self._space = False
        self._pointer: QPointF | None = None
        self._pixel: tuple[int, int] | None = None
        self._hint = ""
        self._feedback = Feedback(self, self._scene)
        self.selection_changed.connect(self._show_tools)
        self._show_tools()

    @property
    def hint(self) -> str:
        """The keys and gestures that work now, in words; "" if there is nothing to work on."""
        return self._hint

    @property
    def drawing(self) -> bool:
        """Whether the draw tool is in use."""
        return self._drawing

    def set_drawing(self, drawing: bool) -> None:  # noqa: FBT001 - a slot for a checkable action
        """Take the draw tool, or the select tool."""
        if drawing != self._drawing:
            self.finish_gesture()
            self._drawing = drawing
            self._show_tools()
            self.drawing_changed.emit(drawing)

    def set_class(self, label: str, colour: QColor) -> None:
        """The class that the next box gets, shown at the crosshair."""
        self._feedback.set_class(label, colour)
        self._show_tools()

    @override
    def show_image(self, image: QImage | None, size: QSize, *, keep_view: bool = False) -> None:
        if not keep_view:
            self.cancel_gesture()
        super().show_image(image, size, keep_view=keep_view)
        self._view_moved()

    @override
    def show_message(self, title: str, detail: str) -> None:
        self.cancel_gesture()
        super().show_message(title, detail)
        self._show_tools()

    @override
    def set_boxes(self, boxes: Sequence[CanvasBox]) -> None:
        held = self._gesture.start if isinstance(self._gesture, Moving | Resizing | Nudging) else {}
        told = {box.key: box.frame for box in boxes if box.editable}
        going_on = all(told.get(key) == frame for key, frame in held.items())
        shown = {key: self._items[key].frame for key in held if going_on}
        if not going_on:
            self.cancel_gesture()
        super().set_boxes(boxes)
        self._show_frames(shown)
        self._show_tools()

    @override
    def select_boxes(self, keys: Collection[Key]) -> None:
        if isinstance(self._gesture, Nudging):
            self.finish_gesture()
        super().select_boxes(keys)

    # Gestures

    def finish_gesture(self) -> None:
        """Keep what keys have done and give up what the mouse has not finished.

        Call it before the canvas turns to another entry, so that no nudge is lost.
        """
        if isinstance(self._gesture, Nudging):
            self._complete()
        else:
            self.cancel_gesture()

    def cancel_gesture(self) -> None:
        """End the gesture under way and put everything back as it was."""
        gesture, self._gesture, self._press = self._gesture, None, None
        if isinstance(gesture, Moving | Resizing | Nudging):
            self._show_frames(gesture.start)
        elif isinstance(gesture, Banding):
            self._select(gesture.before & self._items.keys())
        self._show_tools()

    def _complete(self) -> None:
        gesture, self._gesture, self._press = self._gesture, None, None
        drawn = self._feedback.pending
        self._show_tools()
        if isinstance(gesture, Moving | Resizing | Nudging):
            self._tell_reframed(gesture.start)
        elif isinstance(gesture, Drawing) and drawn is not None:
            self.box_drawn.emit(drawn)

    def _tell_reframed(self, start: Collection[Key]) -> None:
        changes = []
        for item in (self._items[key] for key in start):
            if item.frame != item.box.frame:
                changes.append((item.box, item.frame))
                item.box = replace(item.box, frame=item.frame)
        if changes:
            self.boxes_reframed.emit(changes)

    def _begin(self, press: Press) -> Gesture | None:
        movable = self._movable()
        if press.handle:
            return Resizing(press.point, movable, press.handle, self._size)
        if self._drawing:
            return Drawing(press.point, self._size)
        if press.hits and not press.toggles:
            return Moving(press.point, movable, self._size) if movable else None
        return Banding(press.point, self._selected if press.toggles else frozenset(), self._selected)

    def _drag(self, point: Point) -> None:
        match self._gesture:
            case Drawing():
                self._feedback.show_pending(self._gesture.frame_at(point), self._size)
            case Moving() | Resizing():
                self._show_frames(self._gesture.frames_at(point))
            case Banding():
                band = between(self._gesture.origin, point)
                self._feedback.show_band(band)
                keys = list(self._items)
                found = touched((item.frame for item in self._items.values()), band)
                self._select(self._gesture.kept | {keys[index] for index in found})

    def _click(self, press: Press) -> None:
        if press.handle or press.chose:
            return
        if press.toggles and press.hits:
            toggled = next((key for key in press.hits if key in self._selected), press.hits[0])
            self._select(self._selected ^ {toggled})
        elif not press.toggles:
            self._select(frozenset(self._next_of(press.hits)))

    def _next_of(self, hits: tuple[Key, ...]) -> tuple[Key, ...]:
        """The box under the pointer after the selected one, from the smallest to the largest and round."""
        places = [index for index, key in enumerate(hits) if self._selected == {key}]
        start = places[0] + 1 if places else 0
        return (hits[start % len(hits)],) if hits else ()

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

    def _show_tools(self, _: object = None) -> None:
        """Bring cursor, crosshair, readout and hint up to date."""
        point = self.image_point(self._pointer) if self._pointer is not None and self.has_image else None
        handle = self._handle_at(point) if point is not None and not self._press else None
        self._show_cursor(point, handle)
        crosses = self._drawing and point is not None and not handle and not self._space
        crosses = crosses and (self._gesture is None or isinstance(self._gesture, Drawing))
        self._feedback.show_crosshair(point if crosses else None, self._size)
        if not isinstance(self._gesture, Drawing):
            self._feedback.show_pending(None, self._size)
        if not isinstance(self._gesture, Banding):
            self._feedback.show_band(None)
        held = self._gesture.start if isinstance(self._gesture, Moving | Resizing | Nudging) else ()
        frames = {key: self._items[key].frame for key in held}
        self._feedback.show_readout(self._gesture, frames, point)
        hint = self._hint_now()
        if hint != self._hint:
            self._hint = hint
            self.hint_changed.emit(hint)

    def _show_cursor(self, point: Point | None, handle: Handle | None) -> None:
        shape = self._cursor_now(point, handle)
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    def _cursor_now(self, point: Point | None, handle: Handle | None) -> Qt.CursorShape:
        if self._pan_from is not None:
            return Qt.CursorShape.ClosedHandCursor
        if self._space:
            return Qt.CursorShape.OpenHandCursor
        if self._press and self._press.handle:
            return CURSORS[self._press.handle]
        if handle:
            return CURSORS[handle]
        if self._drawing and self.has_image:
            return Qt.CursorShape.CrossCursor
        over = isinstance(self._gesture, Moving) or (
            point is not None and not self._press and bool(set(self._hits(point)) & self._movable().keys())
        )
        return Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.ArrowCursor

    def _hint_now(self) -> str:
        if not self.has_image:
            return ""
        return hint_for(
            self._gesture,
            drawing=self._drawing,
            boxes=len(self._items),
            selected=len(self._selected),
            movable=len(self._movable()),
        )
