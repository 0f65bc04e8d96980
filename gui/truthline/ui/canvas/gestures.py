"""Gestures on the boxes of the image, and the tools that begin them: dragged, completed or given up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QSize, Qt, Signal
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
from truthline.ui.canvas.press import CURSORS, Press

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from PySide6.QtGui import QColor, QImage
    from PySide6.QtWidgets import QWidget

    from truthline.ui.canvas.items import CanvasBox


class GestureCanvas(BoxView):
    """Holds the gesture that is under way and shows what goes with it; mouse and keys are `Canvas`'s."""

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
        if not keep_view:  # else it is the same image in more detail, and a drag may be under way
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
        # Boxes are told anew after every save, also while the next drag is under way. It goes on as long as
        # its boxes are where it took them up; else somebody else has moved them, and it would undo that.
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
                # As if it were saved: the next nudge begins here, not where the file still has the box.
                item.box = replace(item.box, frame=item.frame)
        if changes:
            self.boxes_reframed.emit(changes)

    def _begin(self, press: Press) -> Gesture | None:
        movable = self._movable()
        if press.handle:  # before the draw tool: a box just drawn is adjusted without changing tools
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
        # Asked at every move of the mouse, and to set a cursor is a message to the window system.
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
