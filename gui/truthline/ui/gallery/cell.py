"""One cell of the gallery: thumbnail, boxes, label chips, badges and name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from truthline.manifest.annotation import Level
from truthline.ui.kit import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.ui.document.entry_model import Card
    from truthline.ui.document.pictures import Thumbnail

_PAD = 4
_CHIP = 16


def paint_cell(
    painter: QPainter,
    area: QRect,
    card: Card,
    thumbnail: Thumbnail,
    *,
    caption: int,
    selected: bool,
    current: bool,
    focused: bool,
) -> None:
    """Paint ``card`` into ``area``; the lowest ``caption`` pixels hold its name."""
    t = theme.tokens()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if selected or current:
        painter.setPen(QPen(QColor(t.accent), 2) if current and focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.hover if selected else t.panel))
        painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), 5, 5)
    if selected:
        painter.setPen(QPen(QColor(t.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), 5, 5)
    frame = area.adjusted(_PAD, _PAD, -_PAD, -_PAD - caption)
    picture = _paint_picture(painter, frame, thumbnail)
    if thumbnail.pixmap is not None:
        _paint_boxes(painter, picture, card)
    _paint_badges(painter, frame, card)
    if caption:
        _paint_chips(painter, picture if thumbnail.pixmap is not None else frame, card)
        _paint_name(painter, area, caption, card)
    painter.restore()


def _paint_picture(painter: QPainter, frame: QRect, thumbnail: Thumbnail) -> QRect:
    pixmap = thumbnail.pixmap
    if pixmap is None:
        _paint_placeholder(painter, frame, thumbnail.problem)
        return frame
    scaled = pixmap.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(QPoint(0, 0), scaled)
    place.moveCenter(frame.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(place, pixmap)
    return place


def _paint_placeholder(painter: QPainter, frame: QRect, problem: str) -> None:
    t = theme.tokens()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t.window))
    painter.drawRoundedRect(frame, 4, 4)
    if not problem:
        return
    side = min(32, frame.width() // 3)
    badge = QRect(0, 0, side, side)
    badge.moveCenter(QPoint(frame.center().x(), frame.center().y() - side // 2 - 4))
    theme.icon("broken", t.warning).paint(painter, badge)
    if frame.width() >= 90:
        painter.setFont(_small(painter))
        painter.setPen(QColor(t.dim))
        text = frame.adjusted(6, 0, -6, -4)
        text.setTop(badge.bottom() + 4)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(text, flags, problem)


def _paint_boxes(painter: QPainter, picture: QRect, card: Card) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setClipRect(picture.adjusted(-1, -1, 1, 1))
    for fraction, colour in card.boxes:
        box = QRectF(
            picture.left() + fraction.left() * picture.width(),
            picture.top() + fraction.top() * picture.height(),
            fraction.width() * picture.width(),
            fraction.height() * picture.height(),
        )
        # Dark below the colour, so that a box is seen on a ground of its own colour too.
        painter.setPen(QPen(QColor(0, 0, 0, 150), 3.5))
        painter.drawRect(box)
        painter.setPen(QPen(colour, 1.75))
        painter.drawRect(box)
    painter.setClipping(False)


def _paint_chips(painter: QPainter, picture: QRect, card: Card) -> None:
    """Image-level labels as chips along the lower edge of the picture, as many as fit, then a count."""
    painter.setFont(_small(painter))
    metrics = painter.fontMetrics()
    left, bottom = picture.left() + 4, picture.bottom() - 3
    room = picture.right() - 4
    chips = (("Damaged", QColor(theme.tokens().error)),) if card.damaged else card.labels
    for place, (name, colour) in enumerate(chips):
        rest = len(chips) - place
        text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(room - left - 14, 20))
        width = metrics.horizontalAdvance(text) + 12
        if left + width > room and place:
            text, width = f"+{rest}", metrics.horizontalAdvance(f"+{rest}") + 10
            colour = QColor(60, 60, 60)  # noqa: PLW2901 - the chip that stands for all that do not fit
        chip = QRectF(left, bottom - _CHIP, min(width, room - left), _CHIP)
        paint_chip(painter, chip, text, colour)
        if text.startswith("+"):
            break
        left += width + 3
        if left > room - 24:
            break


def paint_chip(painter: QPainter, area: QRectF, text: str, colour: QColor) -> None:
    """A label's name on its colour, black or white, whichever can be read."""
    painter.setPen(QPen(QColor(0, 0, 0, 110), 1))
    painter.setBrush(colour)
    painter.drawRoundedRect(area, 3, 3)
    painter.setPen(theme.readable_on(colour))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


def _paint_badges(painter: QPainter, frame: QRect, card: Card) -> None:
    """What needs attention, at the upper right corner: shape and colour both tell."""
    t = theme.tokens()
    badges: list[tuple[str, str]] = []
    if card.damaged:
        badges.append(("broken", t.error))
    if card.conflict:
        badges.append(("conflict", t.warning))
    if card.remote:
        badges.append(("cloud-error", t.error if card.problem is Level.ERROR else t.warning))
    elif card.problem is Level.ERROR and not card.damaged:
        badges.append(("error", t.error))
    # An image without labels has a warning that says so, which everybody sees.
    elif card.problem is Level.WARNING and (card.boxes or card.labels):
        badges.append(("warning", t.warning))
    if card.changed:
        badges.append(("push", t.busy))
    _paint_badge_row(painter, QPointF(frame.right() - 1, frame.top() + 2), badges)


def _paint_badge_row(painter: QPainter, corner: QPointF, badges: Sequence[tuple[str, str]]) -> None:
    right = corner.x()
    for name, colour in badges:
        spot = QRectF(right - 20, corner.y(), 20, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 20, 20, 190) if theme.tokens().dark else QColor(255, 255, 255, 215))
        painter.drawEllipse(spot)
        theme.icon(name, colour).paint(painter, spot.adjusted(3, 3, -3, -3).toRect())
        right -= 23


def _paint_name(painter: QPainter, area: QRect, caption: int, card: Card) -> None:
    painter.setFont(_small(painter))
    painter.setPen(QColor(theme.tokens().text))
    line = QRect(area.left() + 6, area.bottom() - caption, area.width() - 12, caption)
    text = QFontMetrics(painter.font()).elidedText(card.name, Qt.TextElideMode.ElideMiddle, line.width())
    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)


def _small(painter: QPainter) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(theme.SMALL)
    return font
