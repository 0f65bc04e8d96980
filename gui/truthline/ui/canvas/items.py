"""What the canvas draws: built-in items only, whose painting never enters Python.

Lines follow the zoom, and tags, marks and handles ignore it, so that all keep their size on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen, QPolygonF
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsPolygonItem,
    QGraphicsRectItem,
    QGraphicsScene,
    QGraphicsSimpleTextItem,
)

from truthline.ui.canvas.geometry import BoxKey, Frame, Handle, Size, handle_points
from truthline.ui.kit.theme import SMALL, readable_on

HANDLE = 8
"""The side of a handle, and how far from its middle it can be grabbed: screen pixels."""
_EDGES = 6
"""The width of a box's line with both of its edges, in screen pixels."""
_DARK = QColor(0, 0, 0, 150)
_LIGHT = QColor(255, 255, 255, 150)
_TAG_WIDTH = 160
_TINY = 28
_THIN = 10
_MARK = 15
_FAR = 1e7
"""Frames from files may hold any number; what is drawn stays where Qt can count."""

_Ignores = QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations


@dataclass(frozen=True, slots=True)
class CanvasBox:
    """A box to show.

    ``attribute`` and ``index`` name it. ``wrong`` is the message of its worst finding or remote error, ""
    if it has none.
    """

    attribute: str
    index: int
    label: str
    colour: QColor
    frame: Frame
    editable: bool = True
    wrong: str = ""

    @property
    def key(self) -> BoxKey:
        """What tells this box from the others."""
        return self.attribute, self.index


def small_font() -> QFont:
    """The font of everything that is written onto the image."""
    font = QFont()
    font.setPixelSize(SMALL)
    return font


def rectangle(frame: Frame) -> QRectF:
    """``frame`` for Qt."""
    left, top = _near(frame.left), _near(frame.top)
    return QRectF(left, top, _near(frame.right) - left, _near(frame.bottom) - top).normalized()


def pen(colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen with sharp corners, its width in image pixels.

    Not a cosmetic one: asked what an item covers, Qt takes a cosmetic pen's width for image pixels, so that
    repaints of what lies beside nibble at the line, and on dense screens it draws it thinner than the rest.
    """
    return QPen(colour, width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)


def _near(value: float) -> float:
    return min(max(value, -_FAR), _FAR)


def tinted(colour: QColor, alpha: int) -> QBrush:
    """A brush that lets the image through; ``alpha`` is 0 to 255."""
    if not alpha:
        return QBrush(Qt.BrushStyle.NoBrush)
    return QBrush(QColor(colour.red(), colour.green(), colour.blue(), alpha))


class Tag(QGraphicsRectItem):
    """Small text on a coloured ground."""

    def __init__(self, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent)
        self.setFlag(_Ignores)
        self._text = QGraphicsSimpleTextItem(self)
        self._text.setFont(small_font())
        self.width = 0.0
        self.height = 0.0

    @property
    def text(self) -> str:
        """What it says now."""
        return self._text.text()

    def say(self, text: str, ground: QColor, *, at_most: float = 4096) -> None:
        """Write ``text``, elided in the middle if it is wider than ``at_most`` screen pixels."""
        metrics = QFontMetricsF(self._text.font())
        one_line = " ".join(text.split())  # a label from a file may hold line breaks, and a tag has one line
        self._text.setText(metrics.elidedText(one_line, Qt.TextElideMode.ElideMiddle, at_most))
        self._text.setBrush(readable_on(ground))
        self.setBrush(ground)
        self.setPen(QPen(_DARK, 1))
        written = self._text.boundingRect()
        self.width, self.height = round(written.width()) + 8, round(written.height()) + 2

    def place(self, at: QPointF, dx: float, dy: float) -> None:
        """Put the top left corner ``dx``, ``dy`` screen pixels away from ``at``."""
        self.setPos(at)
        self.setRect(dx, dy, self.width, self.height)
        self._text.setPos(dx + 4, dy + 1)


class Mark(QGraphicsPolygonItem):
    """A red corner with an exclamation mark: something is wrong with this box."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.setFlag(_Ignores)
        self.setBrush(QColor("#d1242f"))
        self.setPen(QPen(QColor(Qt.GlobalColor.white), 1))
        self._sign = QGraphicsSimpleTextItem("!", self)
        font = small_font()
        font.setBold(True)
        self._sign.setFont(font)
        self._sign.setBrush(QColor(Qt.GlobalColor.white))

    def place(self, corner: QPointF, *, beside: bool) -> None:
        """Fill the top right ``corner`` from within, or stand ``beside`` a box that is too small for it."""
        dx, side = (3 + _MARK, _MARK) if beside else (0, _MARK + 5)
        self.setPos(corner)
        flag = [QPointF(dx - side, 0), QPointF(dx, 0), QPointF(dx, side)]
        if beside:
            flag.append(QPointF(dx - side, side))
        self.setPolygon(QPolygonF(flag))
        sign = self._sign.boundingRect()
        middle = QPointF(dx - side / 2, side / 2) if beside else QPointF(dx - side * 0.28, side * 0.33)
        self._sign.setPos(middle - sign.center())


class BoxItem(QGraphicsRectItem):
    """A box on the image: a line in the label's colour between a light and a dark edge."""

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__()
        self._light = QGraphicsRectItem(self)
        self._line = QGraphicsRectItem(self)
        self._tag: Tag | None = None
        self._mark: Mark | None = None
        self._zoom = 1.0
        self._size: Size = (0, 0)
        self._selected = self._hovered = self._crowded = False
        self._flash = 0
        self.box = CanvasBox("", -1, "", QColor(Qt.GlobalColor.white), Frame(0, 0, 0, 0))
        self.frame = self.box.frame
        self._outline()
        scene.addItem(self)

    def show_box(self, box: CanvasBox) -> None:
        """Show what ``box`` says."""
        if box == self.box and box.frame == self.frame:
            return
        self.box = box
        self._outline()
        if self._tag:
            self._tag.say(box.label, box.colour, at_most=_TAG_WIDTH)
        self.set_frame(box.frame)
        self._fill()

    def set_frame(self, frame: Frame) -> None:
        """Draw it there; a gesture moves what is shown, and leaves ``box`` as it was read."""
        # No update() of the scene or viewport here: its paint can come before Qt has looked at the items that
        # moved away, and those then leave trails.
        self.frame = frame
        rect = rectangle(frame)
        for item in (self, self._light, self._line):
            item.setRect(rect)
        self._stack()
        self._place()

    def set_view(self, zoom: float, size: Size, *, crowded: bool = False) -> None:
        """Fit tag and mark to screen pixels per image pixel, to the image's size, and to the other boxes."""
        if (zoom, size, crowded) != (self._zoom, self._size, self._crowded):
            self._zoom, self._size, self._crowded = zoom, size, crowded
            self._outline()
            self._place()

    def set_state(self, *, selected: bool, hovered: bool) -> None:
        """Selected boxes are filled a little, the one under the pointer less."""
        if (selected, hovered) == (self._selected, self._hovered):
            return
        self._selected, self._hovered = selected, hovered
        self._stack()
        self._fill()
        self._place()

    def set_flash(self, strength: float) -> None:
        """Fill the box with its colour: 0 not at all, 1 wholly."""
        self._flash = round(strength * 220)
        self._fill()

    @property
    def selected(self) -> bool:
        """Whether it is drawn as selected."""
        return self._selected

    @property
    def flashing(self) -> bool:
        """Whether it is filled to be found."""
        return self._flash > 0

    @property
    def tag(self) -> Tag | None:
        """The label's tag, if it is shown."""
        return self._tag if self._tag and self._tag.isVisible() else None

    @property
    def mark(self) -> Mark | None:
        """The mark of a box that is wrong."""
        return self._mark if self._mark and self._mark.isVisible() else None

    def _fill(self) -> None:
        alpha = max(self._flash, 44 if self._selected else 20 if self._hovered else 0)
        self.setBrush(tinted(self.box.colour, alpha))

    def _stack(self) -> None:
        # Smaller above larger, so that nothing is buried; among equals the selected one.
        rect = self.rect()
        self.setZValue(0.25 * self._selected - rect.width() * rect.height())

    def _outline(self) -> None:
        style = Qt.PenStyle.SolidLine if self.box.editable else Qt.PenStyle.DashLine
        self.setPen(pen(_DARK, _EDGES / self._zoom))
        self._light.setPen(pen(_LIGHT, 4 / self._zoom))
        self._line.setPen(pen(self.box.colour, 2 / self._zoom, style))

    def _place(self) -> None:
        width, height = self.rect().width() * self._zoom, self.rect().height() * self._zoom
        self._place_tag(width, height)
        if self.box.wrong:
            if self._mark is None:
                self._mark = Mark(self)
            self._mark.place(self.rect().topRight(), beside=min(width, height) < _TINY)
        if self._mark:
            self._mark.setVisible(bool(self.box.wrong))

    def _place_tag(self, width: float, height: float) -> None:
        roomy = not self._crowded and max(width, height) >= _TINY and min(width, height) >= _THIN
        shown = bool(self.box.label) and (roomy or self._selected or self._hovered)
        if shown and self._tag is None:
            self._tag = Tag(self)
            self._tag.say(self.box.label, self.box.colour, at_most=_TAG_WIDTH)
        if self._tag is None:
            return
        self._tag.setVisible(shown)
        if not shown:
            return
        half = _EDGES / 2
        corner = self.rect().topLeft()
        above = corner.y() * self._zoom >= self._tag.height + half
        to_the_right_edge = (self._size[0] - corner.x()) * self._zoom
        dx = min(-half if above else half, max(to_the_right_edge - self._tag.width, -corner.x() * self._zoom))
        self._tag.place(corner, dx, -self._tag.height - half if above else half)


class Handles:
    """The eight grips of the one selected box."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._grips: dict[Handle, QGraphicsRectItem] = {}
        for handle in Handle:
            grip = QGraphicsRectItem(-HANDLE / 2, -HANDLE / 2, HANDLE, HANDLE)
            grip.setFlag(_Ignores)
            grip.setPen(QPen(QColor(Qt.GlobalColor.black), 1))
            grip.setBrush(QColor(Qt.GlobalColor.white))
            grip.setZValue(2)
            grip.hide()
            scene.addItem(grip)
            self._grips[handle] = grip

    def show_on(self, frame: Frame | None, zoom: float) -> None:
        """Stand on ``frame``'s corners and sides, or nowhere."""
        points = handle_points(frame, HANDLE / zoom) if frame else {}
        for handle, grip in self._grips.items():
            grip.setVisible(handle in points)
            if handle in points:
                grip.setPos(*(_near(at) for at in points[handle]))
