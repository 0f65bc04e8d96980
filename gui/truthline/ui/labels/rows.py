"""The rows of the label panel: drawn, dragged into another order, and with a button for more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from truthline.ui.kit import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QDropEvent

NAME = Qt.ItemDataRole.UserRole
"""A row's label."""
DIGIT = NAME + 1
ENTRIES = NAME + 2
SIMILAR = NAME + 3
"""The names of labels that are easily confused with it."""
ROW = 28
_MORE = 28
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


@dataclass(frozen=True, slots=True)
class RowMove:
    """From which row to which."""

    start: int
    end: int


class LabelList(QListView):
    """A list of labels; what is done to one is told by signals. The current row is the one highlighted."""

    menu_wanted = Signal(QPoint)
    """The point, on the screen, where the menu of the current label is to be."""
    moved = Signal(RowMove)
    """A row was dragged to another place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setItemDelegate(_LabelDelegate(self))

    def more_area(self, index: QModelIndex | QPersistentModelIndex) -> QRect:
        """Where a row's button for more is."""
        row = self.visualRect(index)
        return QRect(row.right() - _MORE + 1, row.top(), _MORE, row.height())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self.more_area(index).contains(event.position().toPoint()):
            if event.button() == Qt.MouseButton.LeftButton:
                self.setCurrentIndex(index)
                self.menu_wanted.emit(event.globalPosition().toPoint())
            return
        super().mousePressEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self.more_area(index).contains(event.position().toPoint()):
            return
        super().mouseReleaseEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            if index.isValid():
                self.setCurrentIndex(index)
        else:
            index = self.currentIndex()
            at = self.viewport().mapToGlobal(self.visualRect(index).center())
        if index.isValid():
            self.menu_wanted.emit(at)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if row >= 0 and alt and event.key() in _STEPS:
            self.moved.emit(RowMove(row, row + _STEPS[Qt.Key(event.key())]))
        else:
            super().keyPressEvent(event)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if event.source() is not self:
            event.ignore()
            return
        start = self.currentIndex().row()
        target = self._drop_row(event.position().toPoint())
        event.setDropAction(Qt.DropAction.IgnoreAction)  # the rows are listed anew by whoever hears of it
        event.accept()
        self.stopAutoScroll()
        self.setState(QAbstractItemView.State.NoState)
        self.viewport().update()
        if start >= 0:
            self.moved.emit(RowMove(start, target - (target > start)))

    def _drop_row(self, at: QPoint) -> int:
        """Before which row a label that is dropped there comes."""
        index = self.indexAt(at)
        if not index.isValid():
            return self.model().rowCount()
        return index.row() + (at.y() > self.visualRect(index).center().y())


class _LabelDelegate(QStyledItemDelegate):
    """Digit, swatch, name, a warning, and the count or the button for more in one row."""

    def __init__(self, labels: LabelList) -> None:
        super().__init__(labels)
        self._labels = labels

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, ROW)

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        t = theme.tokens()
        name, area, state = index.data(NAME), option.rect, option.state
        chosen = index.row() == self._labels.currentIndex().row()
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        if hovered or focused:
            painter.fillRect(area, QColor(t.hover))
        if chosen:
            painter.fillRect(area, QColor(t.hover if hovered or focused else t.raised))
            painter.fillRect(area.left(), area.top(), 3, area.height(), QColor(t.accent))
        painter.setPen(QColor(t.dim))
        painter.drawText(area.adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, index.data(DIGIT))
        painter.setPen(QColor(0, 0, 0, 120))
        painter.setBrush(index.data(Qt.ItemDataRole.DecorationRole))
        painter.drawRoundedRect(area.left() + 26, area.center().y() - 5, 12, 12, 2, 2)
        right = self._paint_right(painter, area, index, more=hovered or focused)
        font = QFont(painter.font())
        font.setBold(chosen)
        painter.setFont(font)
        room = QRect(area.left() + 46, area.top(), right - area.left() - 54, area.height())
        painter.setPen(QColor(t.text))
        elided = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, elided)
        painter.restore()

    def _paint_right(
        self,
        painter: QPainter,
        area: QRect,
        index: QModelIndex | QPersistentModelIndex,
        *,
        more: bool,
    ) -> int:
        """Paint what stands behind the name, and tell where that begins."""
        t = theme.tokens()
        if more:
            spot = QRect(area.right() - _MORE + 7, area.center().y() - 7, 16, 16)
            theme.icon("more").paint(painter, spot)
            left = spot.left()
        else:
            count = f"{index.data(ENTRIES):,}"
            painter.setPen(QColor(t.dim))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(area.adjusted(0, 0, -12, 0), flags, count)
            left = area.right() - 12 - painter.fontMetrics().horizontalAdvance(count)
        if index.data(SIMILAR):
            left -= 22
            theme.icon("warning", t.warning).paint(painter, QRect(left, area.center().y() - 7, 16, 16))
        return left
