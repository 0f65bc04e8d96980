"""Three versions of the boxes of one image over each other: theirs, mine, and what was there before.

They are told apart by line (dashed, solid, dotted) and letter as well as by colour. What differs is drawn
boldly, what all versions share is thin.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QIcon, QImage, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsRectItem, QToolTip, QWidget
from typing_extensions import override

from truthline.ui.canvas.geometry import Frame, stacked
from truthline.ui.canvas.items import Tag, pen, rectangle, tinted
from truthline.ui.canvas.picture import PictureView
from truthline.ui.kit.theme import plain_tip

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from PySide6.QtWidgets import QGraphicsScene

    from truthline.ui.canvas.geometry import Size

_REACH = 4
_DRAG = 3
_PAN = 48
_TAG_WIDTH = 170
_DARK = QColor(0, 0, 0, 190)


class Version(Enum):
    """Whose line it is; the value is its name for people, in the order in which versions are shown."""

    THEIRS = "Theirs"
    MINE = "Mine"
    BASE = "Before"

    @property
    def letter(self) -> str:
        """What marks its boxes."""
        return self.value[0]


@dataclass(frozen=True, slots=True)
class _Look:
    """How the boxes of a version are drawn; lengths in screen pixels."""

    colour: QColor
    width: float
    dashes: tuple[float, ...]
    z: int


_LOOKS = {
    Version.BASE: _Look(QColor("#ffffff"), 1.5, (2, 3), 1),
    Version.MINE: _Look(QColor("#56B4E9"), 2.5, (), 2),
    Version.THEIRS: _Look(QColor("#E69F00"), 2.5, (9, 6), 3),
}
_SHOWN_LAST = 10
"""The conflict that is looked at lies above all others."""
_TAGS = 100
_GAP = 3.0
"""Between a box and its tag; screen pixels."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A box of one version, or of all that have it (``version`` None).

    ``conflict`` counts from 0 the conflicts of the entry; None if this box is in none. ``colour`` is the
    label's.
    """

    version: Version | None
    label: str
    frame: Frame
    colour: QColor
    conflict: int | None = None

    @property
    def name(self) -> str:
        """Whose it is and what it is."""
        label = self.label or "no label"
        return f"{self.version.value}: {label}" if self.version else label


def version_icon(version: Version, width: int, scale: float) -> QIcon:
    """A sample of the version's line, ``width`` × 16 pixels at ``scale`` pixels of the screen each."""
    look = _LOOKS[version]
    pixmap = QPixmap(round(width * scale), round(16 * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(QColor(60, 60, 60))
    painter = QPainter(pixmap)
    painter.setPen(_pen(look.colour, look.width, [length * width / 28 for length in look.dashes], 1.0))
    painter.drawLine(QPointF(2, 8), QPointF(width - 2, 8))
    painter.end()
    return QIcon(pixmap)


class OverlayItem(QGraphicsRectItem):
    """One overlay: a line in the version's style between dark edges."""

    def __init__(self, overlay: Overlay, scene: QGraphicsScene) -> None:
        super().__init__(rectangle(overlay.frame))
        self.overlay = overlay
        self._line = QGraphicsRectItem(self.rect(), self)
        self._tag = Tag() if overlay.version and overlay.conflict is not None else None
        scene.addItem(self)
        if self._tag:
            scene.addItem(self._tag)  # no child: it lies above the lines of all others

    @property
    def tag(self) -> str:
        """What is written at the box."""
        return self._tag.text if self._tag else ""

    def show_it(self, visible: bool) -> None:  # noqa: FBT001 - as Qt's own
        """Show or hide the box and its tag."""
        self.setVisible(visible)
        if self._tag:
            self._tag.setVisible(visible)

    def remove(self) -> None:
        """Take it off the scene."""
        for item in (self, self._tag):
            if item is not None:
                item.scene().removeItem(item)

    def dress(self, zoom: float, size: Size, *, chosen: bool) -> None:
        """Draw it for a zoom (screen pixels per image pixel) of an image of this size."""
        version = self.overlay.version
        look = _LOOKS[version] if version else _Look(self.overlay.colour, 1, (), 0)
        width = look.width + 1 if chosen else look.width if self._tag else 1.0
        self.setPen(_pen(_DARK, width + (3 if self._tag else 1.5), look.dashes, zoom))
        self._line.setPen(_pen(look.colour, width, look.dashes, zoom))
        self.setBrush(tinted(look.colour, 28 if chosen and version is not Version.BASE else 0))
        self.setZValue(look.z + (_SHOWN_LAST if chosen else 0))
        if self._tag and version:
            self._tag.say(self.overlay.name if chosen else version.letter, look.colour, at_most=_TAG_WIDTH)
            self._tag.setZValue(self.zValue() + _TAGS)
            self._place(self._tag, version, zoom, size)

    def _place(self, tag: Tag, version: Version, zoom: float, size: Size) -> None:
        # Mine above the box, theirs below, before beside or below that: equal boxes still show all three.
        frame = rectangle(self.overlay.frame)
        above, below = frame.top() * zoom, (size[1] - frame.bottom()) * zoom
        height = tag.height + _GAP
        room = (size[0] - frame.left()) * zoom
        dx = min(-_GAP, max(room - tag.width, -frame.left() * zoom))
        wide = 2 * tag.width < frame.width() * zoom
        if version is Version.MINE:
            tag.place(frame.topLeft(), dx, -height if above >= height else _GAP)
        elif version is Version.THEIRS or wide:
            dx = dx if version is Version.THEIRS else frame.width() * zoom - tag.width + _GAP
            tag.place(frame.bottomLeft(), dx, _GAP if below >= height else -height)
        elif below >= height + tag.height:
            tag.place(frame.bottomLeft(), dx, height)
        else:
            tag.place(frame.topLeft(), dx, -height - tag.height if above >= 2 * height else height)


class OverlayView(PictureView):
    """An image with the overlays of its entry; nothing here can be edited."""

    conflict_chosen = Signal(int)
    """int: a box of this conflict was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[OverlayItem] = []
        self._hidden: frozenset[Version] = frozenset()
        self._chosen: int | None = None
        self._press: QPoint | None = None
        self._panned = False
        self.setAccessibleName("Image with the boxes of all versions")

    @property
    def shown(self) -> list[OverlayItem]:
        """The overlays that are not hidden."""
        return [item for item in self._items if item.isVisible()]

    def set_overlays(self, overlays: Sequence[Overlay]) -> None:
        """Show these instead of what is shown."""
        for item in self._items:
            item.remove()
        self._items = [OverlayItem(overlay, self._scene) for overlay in overlays]
        self._chosen = None
        self._dress_items()

    def hide_versions(self, hidden: Collection[Version]) -> None:
        """Hide the boxes of these versions; what all versions share stays."""
        self._hidden = frozenset(hidden)
        self._dress_items()

    def choose(self, conflict: int | None) -> None:
        """Highlight the boxes of one conflict, and bring them into view."""
        self._chosen = conflict
        self._dress_items()
        frames = [item.rect() for item in self.shown if item.overlay.conflict == conflict is not None]
        if frames:
            self._reveal(frames)

    @override
    def show_image(self, image: QImage | None, size: QSize, *, keep_view: bool = False) -> None:
        super().show_image(image, size, keep_view=keep_view)
        self._dress_items()

    def _reveal(self, frames: Sequence[QRectF]) -> None:
        whole = frames[0]
        for frame in frames:
            whole = whole.united(frame)
        a = self.view_point((whole.left(), whole.top()))
        b = self.view_point((whole.right(), whole.bottom()))
        if not QRectF(self.viewport().rect()).contains(QRectF(a, b)):
            self.centre_on((whole.center().x(), whole.center().y()))

    def _dress_items(self) -> None:
        for item in self._items:
            overlay = item.overlay
            item.show_it(self.has_image and overlay.version not in self._hidden)
            chosen = overlay.conflict is not None and overlay.conflict == self._chosen
            item.dress(self.zoom, self._size, chosen=chosen)

    @override
    def show_message(self, title: str, detail: str) -> None:
        super().show_message(title, detail)
        self._dress_items()

    @override
    def _view_moved(self) -> None:
        self._dress_items()

    def _at(self, at: QPointF | QPoint) -> list[Overlay]:
        overlays = [item.overlay for item in self.shown]
        frames = [overlay.frame for overlay in overlays]
        found = stacked(frames, self.image_point(at), _REACH / self.zoom) if self.has_image else []
        return [overlays[index] for index in found]

    def _click(self, at: QPoint) -> None:
        found = list(dict.fromkeys(one.conflict for one in self._at(at) if one.conflict is not None))
        if found:
            after = found.index(self._chosen) + 1 if self._chosen in found else 0
            self.conflict_chosen.emit(found[after % len(found)])

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._press, self._panned = event.position().toPoint(), False

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        step = event.position().toPoint() - self._press
        if self._panned or step.manhattanLength() >= _DRAG:
            self._panned = True
            self._press = event.position().toPoint()
            self.pan_by(step.x(), step.y())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and not self._panned:
            self._click(event.position().toPoint())
        self._press = None

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        command = self._command(event.key())
        event.setAccepted(command is not None)
        if command is not None:
            command()

    def _command(self, key: int) -> Callable[[], None] | None:
        commands: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Plus: partial(self.zoom_by, 1.25),
            Qt.Key.Key_Equal: partial(self.zoom_by, 1.25),
            Qt.Key.Key_Minus: partial(self.zoom_by, 0.8),
            Qt.Key.Key_Left: partial(self.pan_by, _PAN, 0),
            Qt.Key.Key_Right: partial(self.pan_by, -_PAN, 0),
            Qt.Key.Key_Up: partial(self.pan_by, 0, _PAN),
            Qt.Key.Key_Down: partial(self.pan_by, 0, -_PAN),
        }
        return commands.get(key)

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            names = "\n".join(dict.fromkeys(one.name for one in self._at(event.pos())))
            QToolTip.showText(event.globalPos(), plain_tip(names) if names else "", self.viewport())
            return True
        return super().viewportEvent(event)


def _pen(colour: QColor, width: float, dashes: Sequence[float], zoom: float) -> QPen:
    made = pen(colour, width / zoom)
    if dashes:
        made.setDashPattern([length / width for length in dashes])
    return made
