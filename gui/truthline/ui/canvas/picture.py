"""An image that can be zoomed and panned, or the reason why there is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QNativeGestureEvent,
    QPainter,
    QPalette,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsPixmapItem,
    QGraphicsRectItem,
    QGraphicsScene,
    QGraphicsView,
    QLabel,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.ui.kit.theme import GRID, TEXT, tokens

if TYPE_CHECKING:
    from truthline.ui.canvas.geometry import Point, Size

_MOST = 40.0
_MARGIN = 1.5 * GRID
_RING = 2
_LINE = 480
"""How long the lines of a message get, in screen pixels."""
_BEHIND = -1e30
_WHEEL_STEP = 1.2
"""One notch of a wheel, which is 120 eighths of a degree."""


class PictureView(QGraphicsView):
    """Shows one image; the scene's coordinates are pixels of the upright image."""

    zoom_changed = Signal(float)
    """Screen pixels per image pixel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = QGraphicsScene(self)
        self.setScene(self._scene)
        self._size: Size = (0, 0)
        self._zoom = 1.0
        self._fitted = True
        self._ground, self._picture = QGraphicsRectItem(), QGraphicsPixmapItem()
        for item in (self._ground, self._picture):
            item.setZValue(_BEHIND)
            self._scene.addItem(item)
        self._ground.setPen(Qt.PenStyle.NoPen)
        self._picture.setShapeMode(QGraphicsPixmapItem.ShapeMode.BoundingRectShape)
        self._message = _Message(self)
        self._prepare()
        self._dress()

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        return self._zoom

    @property
    def fitted(self) -> bool:
        """Whether the image is kept as large as fits."""
        return self._fitted

    @property
    def has_image(self) -> bool:
        """Whether there is an image, or at least its size, to work on."""
        return self._size[0] > 0 and self._size[1] > 0 and self._message.isHidden()

    def show_image(self, image: QImage | None, size: QSize, *, keep_view: bool = False) -> None:
        """Show ``image`` stretched to ``size``, the pixels of the upright image.

        A preview may come first and the full image later, with ``keep_view``. None shows an empty ground of
        that size. Give `QImage.Format.Format_RGB32`, which costs no conversion here.
        """
        self._message.hide()
        self._size = (max(size.width(), 0), max(size.height(), 0))
        self._ground.setRect(QRectF(0, 0, *self._size))
        pixmap = QPixmap() if image is None else QPixmap.fromImage(image)
        self._picture.setPixmap(pixmap)
        if not pixmap.isNull():
            stretch = QTransform.fromScale(self._size[0] / pixmap.width(), self._size[1] / pixmap.height())
            self._picture.setTransform(stretch)
        if self._fitted or not keep_view:
            self.fit()
        self._set_zoom(self._zoom)

    def show_message(self, title: str, detail: str) -> None:
        """Say, in plain text, what would be here and why it is not."""
        self._picture.setPixmap(QPixmap())
        self._size = (0, 0)
        self._message.say(title, detail)
        self._message.setGeometry(self.viewport().geometry())
        self._message.show()

    def fit(self) -> None:
        """Show the whole image as large as fits, now and after every resize until somebody zooms."""
        self._fitted = True
        if self._size[0] > 0 and self._size[1] > 0:
            self._set_zoom(self._fitting_zoom())
            self.centre_on((self._size[0] / 2, self._size[1] / 2))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom, keeping the image still at ``at`` (viewport pixels; its middle if None)."""
        self.zoom_to(self._zoom * factor, at)

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Show ``zoom`` screen pixels per image pixel, within the limits."""
        if not self.has_image:
            return
        fit = self._fitting_zoom()
        zoom = min(max(zoom, min(fit / 2, 1.0)), max(_MOST, fit))
        if math.isclose(zoom, self._zoom):
            return
        still = QPointF(self.viewport().rect().center()) if at is None else at
        x, y = self.image_point(still)
        self._fitted = False
        self._set_zoom(zoom)
        self._scroll_to(x * zoom - still.x(), y * zoom - still.y())
        self._view_moved()

    def pan_by(self, dx: int, dy: int) -> None:
        """Move the image on the screen, by screen pixels."""
        self._fitted = False
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - dx)
        down.setValue(down.value() - dy)
        self._view_moved()

    def centre_on(self, point: Point) -> None:
        """Bring an image point to the middle of the viewport."""
        middle = self.viewport().rect().center()
        self._scroll_to(point[0] * self._zoom - middle.x(), point[1] * self._zoom - middle.y())
        self._view_moved()

    def image_point(self, at: QPointF | QPoint) -> Point:
        """Where on the image a point of the viewport is."""
        return (
            (at.x() + self.horizontalScrollBar().value()) / self._zoom,
            (at.y() + self.verticalScrollBar().value()) / self._zoom,
        )

    def view_point(self, point: Point) -> QPointF:
        """Where in the viewport a point of the image is."""
        return QPointF(
            point[0] * self._zoom - self.horizontalScrollBar().value(),
            point[1] * self._zoom - self.verticalScrollBar().value(),
        )

    def _view_moved(self) -> None:
        """Told after each zoom and pan."""

    def _prepare(self) -> None:
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setInteractive(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewportMargins(_RING, _RING, _RING, _RING)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)

    def _fitting_zoom(self) -> float:
        room = self.viewport().size()
        across = (room.width() - 2 * _MARGIN) / self._size[0]
        down = (room.height() - 2 * _MARGIN) / self._size[1]
        return min(max(min(across, down), 1e-4), _MOST)

    def _set_zoom(self, zoom: float) -> None:
        changed = zoom != self._zoom
        self._zoom = zoom
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self._set_bounds()
        self._picture.setTransformationMode(self._sampling())
        if changed:
            self.zoom_changed.emit(zoom)

    def _sampling(self) -> Qt.TransformationMode:
        whole = self._picture.pixmap().width() == self._size[0]
        pixels = whole and self._zoom > 2
        return (
            Qt.TransformationMode.FastTransformation if pixels else Qt.TransformationMode.SmoothTransformation
        )

    def _set_bounds(self) -> None:
        # As far as one can pan: until a quarter of the viewport is left for the image.
        margin_x = 0.75 * self.viewport().width() / self._zoom
        margin_y = 0.75 * self.viewport().height() / self._zoom
        self.setSceneRect(QRectF(0, 0, *self._size).adjusted(-margin_x, -margin_y, margin_x, margin_y))

    def _scroll_to(self, x: float, y: float) -> None:
        for bar, to in ((self.horizontalScrollBar(), x), (self.verticalScrollBar(), y)):
            bar.setValue(round(min(max(to, bar.minimum()), bar.maximum())))

    def _dress(self) -> None:
        self.setBackgroundBrush(QColor(tokens().canvas))
        self._ground.setBrush(QColor(tokens().raised))
        self._message.dress()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._message.setGeometry(self.viewport().geometry())
        if self._fitted:
            self.fit()
        elif self._size[0]:
            self._set_bounds()
        self._view_moved()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        if event.phase() == Qt.ScrollPhase.ScrollMomentum:
            return
        smooth = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        notches = event.pixelDelta().y() / 40 if smooth else event.angleDelta().y() / 120
        if notches:
            self.zoom_by(_WHEEL_STEP**notches, event.position())

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1 + event.value(), event.position())
            return True
        return super().viewportEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._paint_ring()
            return True
        return super().event(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._dress()

    def _paint_ring(self) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens().accent if self.hasFocus() else tokens().canvas))
        painter.end()


class _Message(QWidget):
    """What is shown instead of an image."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title, self._detail = QLabel(), QLabel()
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID)
        layout.addStretch()
        for label in (self._title, self._detail):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addStretch()
        font = self._title.font()
        font.setPixelSize(TEXT + 3)
        self._title.setFont(font)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.hide()

    def say(self, title: str, detail: str) -> None:
        self._title.setText(title)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = max(4 * GRID, (self.width() - _LINE) // 2)
        self.setContentsMargins(beside, 0, beside, 0)

    def dress(self) -> None:
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Window, QColor(tokens().canvas))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(tokens().text))
        if palette != self.palette():
            self.setPalette(palette)
