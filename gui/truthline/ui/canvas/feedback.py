"""What follows a gesture: the box being drawn, crosshair, rubber band, readout, and the hint in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsLineItem, QGraphicsRectItem

from truthline.ui.canvas.geometry import (
    Banding,
    Drawing,
    Frame,
    Moving,
    Nudging,
    Point,
    Resizing,
    Size,
    nearest,
)
from truthline.ui.canvas.items import BoxItem, CanvasBox, Tag, pen, rectangle, tinted
from truthline.ui.kit.keys import key_name
from truthline.ui.kit.theme import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QGraphicsScene

    from truthline.ui.canvas.geometry import Key
    from truthline.ui.canvas.picture import PictureView

Gesture = Drawing | Banding | Moving | Resizing | Nudging

_TIMES = "\N{MULTIPLICATION SIGN}"
_ASIDE = 14
"""How far the readout stands from the pointer, in screen pixels."""
_NEUTRAL = QColor(24, 24, 24)
_SHADE = QColor(0, 0, 0, 110)
_GLEAM = QColor(255, 255, 255, 220)


class Feedback:
    """Everything in the scene that exists only while somebody points at it."""

    def __init__(self, view: PictureView, scene: QGraphicsScene) -> None:
        self._view = view
        self._next = CanvasBox("", -1, "", QColor(Qt.GlobalColor.white), Frame(0, 0, 0, 0))
        self._pending = BoxItem(scene)
        self._pending.hide()
        self._crosshair = _Crosshair(scene)
        self._band = QGraphicsRectItem()
        self._readout = Tag()
        for item, height in ((self._band, 4), (self._readout, 5)):
            item.setZValue(height)
            item.hide()
            scene.addItem(item)

    @property
    def crosshair(self) -> bool:
        """Whether the crosshair is shown."""
        return self._crosshair.shown

    @property
    def readout(self) -> str:
        """What is written beside the pointer, "" if nothing is."""
        return self._readout.text if self._readout.isVisible() else ""

    @property
    def pending(self) -> Frame | None:
        """The box being drawn, if letting go now would keep one."""
        return self._pending.frame if self._pending.isVisible() else None

    def set_class(self, label: str, colour: QColor) -> None:
        """The class of the next box."""
        self._next = replace(self._next, label=label, colour=QColor(colour))
        self._pending.show_box(replace(self._next, label="", frame=self._pending.frame))

    def show_pending(self, frame: Frame | None, size: Size) -> None:
        """Show the box being drawn on an image of ``size``."""
        self._pending.setVisible(frame is not None)
        if frame is not None:
            self._pending.set_view(self._view.zoom, size)
            self._pending.show_box(replace(self._next, label="", frame=frame))

    def show_band(self, frame: Frame | None) -> None:
        """Show the rubber band."""
        self._band.setVisible(frame is not None)
        if frame is not None:
            accent = QColor(tokens().accent)
            self._band.setPen(pen(accent, 1 / self._view.zoom))
            self._band.setBrush(tinted(accent, 40))
            self._band.setRect(rectangle(frame))

    def show_crosshair(self, point: Point | None, size: Size) -> None:
        """Cross at the pixels' edges nearest to ``point``, over an image of ``size``."""
        self._crosshair.show_at(point, size, self._view.zoom)

    def show_readout(
        self, gesture: Gesture | None, frames: Mapping[Key, Frame], pointer: Point | None
    ) -> None:
        """Write what a gesture does beside the pointer; ``frames`` are those that it has hold of."""
        text, ground = self._told(gesture, list(frames.values()))
        at = pointer
        if isinstance(gesture, Nudging) and frames:
            at = max((frame.right, frame.bottom) for frame in frames.values())
        self._readout.setVisible(bool(text) and at is not None)
        if not text or at is None:
            return
        self._readout.say(text, ground)
        seen, room = self._view.view_point(at), self._view.viewport().size()
        dx = _beside(seen.x(), self._readout.width, room.width())
        dy = _beside(seen.y(), self._readout.height, room.height())
        self._readout.place(QPointF(*at), dx, dy)

    def _told(self, gesture: Gesture | None, frames: list[Frame]) -> tuple[str, QColor]:
        ground = self._next.colour if self._next.label else _NEUTRAL
        if isinstance(gesture, Drawing):
            size = _size(self._pending.frame) if self._pending.isVisible() else ""
            return f"{self._next.label} · {size}".strip(" ·"), ground
        if gesture is None and self._crosshair.shown:
            return self._next.label, ground
        if isinstance(gesture, Moving | Resizing | Nudging) and frames:
            return _measured(gesture, frames), _NEUTRAL
        return "", _NEUTRAL


def hint_for(gesture: Gesture | None, *, drawing: bool, boxes: int, selected: int, movable: int) -> str:
    """The keys and gestures that work now; ``boxes``, ``selected`` and ``movable`` count boxes."""
    match gesture:
        case Drawing():
            return f"Let go to keep the box · {key_name('give_up')} cancels"
        case Moving() | Resizing() | Nudging():
            return f"Let go to keep the change · {key_name('give_up')} puts it back"
        case Banding():
            return f"Let go to select what the band touches · {key_name('give_up')} cancels"
    escape = f"{key_name('give_up')} {'ends drawing' if drawing else 'deselects'}"
    walk = f"{key_name('next_box')} next box"
    if selected and not movable:
        return f"Read-only · {walk} · {escape}"
    tool = f"{key_name('select_tool')} select tool" if drawing else f"{key_name('draw')} draws"
    view = f"{key_name('zoom_wheel')} zooms · {key_name('pan')} pans"
    if selected:
        moves = f"{key_name('nudge')} nudge, with Ctrl resize, with Shift by 10"
        act = "Drag draws" if drawing else "Drag moves"
        return f"{act} · {tool} · {key_name('delete_boxes')} deletes · {escape} · {moves}"
    if drawing:
        return f"Drag to draw a box · {escape} · {tool} · Click selects · {view}"
    return " · ".join(("Click selects", "Drag selects several", tool, *([walk] if boxes else []), view))


def _beside(at: float, length: float, room: float) -> float:
    return _ASIDE if at + _ASIDE + length < room else -_ASIDE - length


def _size(frame: Frame) -> str:
    return f"{nearest(frame.width)} {_TIMES} {nearest(frame.height)} px"


def _measured(gesture: Gesture, frames: list[Frame]) -> str:
    if len(frames) > 1:
        return f"{len(frames)} boxes"
    place = f"{nearest(frames[0].left)}, {nearest(frames[0].top)}"
    if isinstance(gesture, Moving):
        return place
    return _size(frames[0]) if isinstance(gesture, Resizing) else f"{_size(frames[0])} at {place}"


class _Crosshair:
    """A light line in a dark one, across and down the whole image."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._lines = [QGraphicsLineItem() for _ in range(4)]
        for line in self._lines:
            line.setZValue(3)
            line.hide()
            scene.addItem(line)

    @property
    def shown(self) -> bool:
        return self._lines[0].isVisible()

    def show_at(self, point: Point | None, size: Size, zoom: float) -> None:
        for line in self._lines:
            line.setVisible(point is not None)
        if point is None:
            return
        x, y = (min(max(nearest(at), 0), limit) for at, limit in zip(point, size, strict=True))
        across, down = QLineF(0, y, size[0], y), QLineF(x, 0, x, size[1])
        strokes = [(across, _SHADE, 3), (down, _SHADE, 3), (across, _GLEAM, 1), (down, _GLEAM, 1)]
        for line, (to, colour, width) in zip(self._lines, strokes, strict=True):
            line.setLine(to)
            line.setPen(pen(colour, width / zoom))
