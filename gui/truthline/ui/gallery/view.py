"""Thumbnails in a grid, or in one row as the filmstrip.

A small view of its own: a `QListView` in icon mode lays out every row before it paints (1.5 s for 250,000),
while a grid of equal cells needs one multiplication per cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QToolTip, QWidget
from typing_extensions import override

from truthline.ui.document.entry_model import EntryModel
from truthline.ui.document.selection import joined
from truthline.ui.gallery.cell import paint_cell
from truthline.ui.kit import theme

if TYPE_CHECKING:
    from truthline.ui.document.pictures import Pictures, ThumbnailChange
    from truthline.ui.document.selection import RowSelection

_GAP = 8
_CAPTION = 24
SMALLEST, LARGEST = 96, 320

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier
_MOVES: dict[int, QAbstractItemView.CursorAction] = {
    Qt.Key.Key_Left: QAbstractItemView.CursorAction.MoveLeft,
    Qt.Key.Key_Right: QAbstractItemView.CursorAction.MoveRight,
    Qt.Key.Key_Up: QAbstractItemView.CursorAction.MoveUp,
    Qt.Key.Key_Down: QAbstractItemView.CursorAction.MoveDown,
    Qt.Key.Key_Home: QAbstractItemView.CursorAction.MoveHome,
    Qt.Key.Key_End: QAbstractItemView.CursorAction.MoveEnd,
    Qt.Key.Key_PageUp: QAbstractItemView.CursorAction.MovePageUp,
    Qt.Key.Key_PageDown: QAbstractItemView.CursorAction.MovePageDown,
}

Index = QModelIndex | QPersistentModelIndex


class ThumbnailGrid(QAbstractItemView):
    """Shows an `EntryModel`; ``strip`` makes it one row that scrolls sideways."""

    def __init__(self, pictures: Pictures, *, strip: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._strip = strip
        self._side = 72 if strip else 168
        self._band: QRect | None = None
        self._empty = ""
        self._extending = False
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Filmstrip" if strip else "Gallery")
        self.setMouseTracking(True)
        self.verticalScrollBar().setSingleStep(40)
        self.horizontalScrollBar().setSingleStep(40)
        if strip:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setFixedHeight(self._cell().height() + _GAP + 12)
        else:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        pictures.thumbnail_changed.connect(self._repaint_entry)

    @property
    def side(self) -> int:
        """The longest side of a thumbnail, in pixels."""
        return self._side

    def set_side(self, side: int) -> None:
        """Show larger or smaller thumbnails; the current entry stays in view."""
        self._side = min(max(side, SMALLEST), LARGEST)
        self.updateGeometries()
        self.scrollTo(self.currentIndex())
        self.viewport().update()

    def set_empty_text(self, text: str) -> None:
        """What to say where there is nothing to show, and how to get something."""
        self._empty = text
        self.viewport().update()

    # the grid

    def _cell(self) -> QSize:
        return QSize(self._side + 2 * _GAP, self._side + (0 if self._strip else _CAPTION) + 2 * _GAP)

    def _columns(self) -> int:
        if self._strip:
            return max(1, self._rows())
        return max(1, (self.viewport().width() - _GAP) // self._cell().width())

    def _rows(self) -> int:
        model = self.model()
        return model.rowCount() if isinstance(model, EntryModel) else 0

    def _left_margin(self) -> int:
        if self._strip:
            return _GAP // 2
        return max(0, (self.viewport().width() - self._columns() * self._cell().width()) // 2)

    def _row_rectangle(self, row: int) -> QRect:
        """The cell of a model row in the viewport."""
        cell, columns = self._cell(), self._columns()
        left = self._left_margin() + row % columns * cell.width() - self.horizontalOffset()
        top = _GAP // 2 + row // columns * cell.height() - self.verticalOffset()
        return QRect(QPoint(left, top), cell)

    def _rows_in(self, area: QRect) -> range:
        """Model rows whose cells may touch ``area`` of the viewport (whole grid lines)."""
        cell, columns = self._cell(), self._columns()
        if self._strip:
            first = (area.left() + self.horizontalOffset() - self._left_margin()) // cell.width()
            last = (area.right() + self.horizontalOffset() - self._left_margin()) // cell.width()
            return range(max(first, 0), min(last + 1, self._rows()))
        first = max(0, (area.top() + self.verticalOffset() - _GAP // 2) // cell.height())
        last = (area.bottom() + self.verticalOffset() - _GAP // 2) // cell.height()
        return range(first * columns, min((last + 1) * columns, self._rows()))

    # what QAbstractItemView asks of a view

    @override
    def visualRect(self, index: Index) -> QRect:
        return self._row_rectangle(index.row()) if index.isValid() else QRect()

    @override
    def indexAt(self, point: QPoint) -> QModelIndex:
        for row in self._rows_in(QRect(point, QSize(1, 1))):
            if (
                self._row_rectangle(row)
                .adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2)
                .contains(point)
            ):
                return self.model().index(row, 0)
        return QModelIndex()

    @override
    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        if not index.isValid():
            return
        cell, view = self.visualRect(index), self.viewport().rect()
        if self._strip:
            centred = cell.center().x() - view.center().x()
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + centred)
        elif hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            self._scroll_by(cell.center().y() - view.center().y())
        elif cell.top() < view.top():
            self._scroll_by(cell.top() - _GAP)
        elif cell.bottom() > view.bottom():
            self._scroll_by(min(cell.bottom() - view.bottom() + _GAP, cell.top()))

    def _scroll_by(self, pixels: int) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + pixels)

    @override
    def horizontalOffset(self) -> int:
        return self.horizontalScrollBar().value()

    @override
    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    @override
    def isIndexHidden(self, index: Index) -> bool:
        return False

    @override
    def moveCursor(
        self, cursorAction: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        rows = self._rows()
        if not rows:
            return QModelIndex()
        row = max(self.currentIndex().row(), 0)
        line = 1 if self._strip else self._columns()
        page = line * max(1, self.viewport().height() // self._cell().height())
        action = QAbstractItemView.CursorAction
        steps = {
            action.MoveLeft: -1, action.MovePrevious: -1, action.MoveRight: 1, action.MoveNext: 1,
            action.MoveUp: -line, action.MoveDown: line, action.MovePageUp: -page, action.MovePageDown: page,
            action.MoveHome: -rows, action.MoveEnd: rows,
        }  # fmt: skip
        target = row + steps[cursorAction]
        if cursorAction == action.MoveUp and target < 0:
            target = row
        return self.model().index(min(max(target, 0), rows - 1), 0)

    @override
    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        area = rect.normalized()
        rows = [row for row in self._rows_in(area) if self._row_rectangle(row).intersects(area)]
        self._selection().select_runs(joined((row, row) for row in rows), command)

    def _selection(self) -> RowSelection:
        return cast("RowSelection", self.selectionModel())

    @override
    def rowsInserted(self, parent: QModelIndex | QPersistentModelIndex, start: int, end: int) -> None:
        super().rowsInserted(parent, start, end)
        self.updateGeometries()
        self.viewport().update()

    @override
    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()

    @override
    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        # Only what is seen: of 250,000 selected rows a region of each would take minutes.
        visible = self._rows_in(self.viewport().rect())
        for span in selection.toList():
            for row in range(max(span.top(), visible.start), min(span.bottom() + 1, visible.stop)):
                region += self._row_rectangle(row)
        return region

    @override
    def updateGeometries(self) -> None:
        cell, view = self._cell(), self.viewport().size()
        lines = -(-self._rows() // self._columns())
        if self._strip:
            bar, extent, page = self.horizontalScrollBar(), self._rows() * cell.width() + _GAP, view.width()
        else:
            bar, extent, page = self.verticalScrollBar(), lines * cell.height() + _GAP, view.height()
        bar.setPageStep(page)
        bar.setRange(0, max(0, extent - page))
        super().updateGeometries()

    # what a person sees and does

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(theme.tokens().panel))
        model = self.model()
        if not isinstance(model, EntryModel) or not model.rowCount():
            self._paint_empty(painter)
            return
        selection = self.selectionModel()
        for row in self._rows_in(event.rect()):
            index = model.index(row)
            card = model.card(row)
            paint_cell(
                painter,
                self._row_rectangle(row).adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2),
                card,
                self._pictures.thumbnail(card.entry_id, card.source_ref),
                caption=0 if self._strip else _CAPTION,
                selected=selection.isSelected(index),
                current=index == selection.currentIndex(),
                focused=self.hasFocus(),
            )
        if self._band is not None:
            self._paint_band(painter)

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.tokens().dim))
        area = self.viewport().rect().adjusted(40, 40, -40, -40)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)

    def _paint_band(self, painter: QPainter) -> None:
        if self._band is None:
            return
        accent = QColor(theme.tokens().accent)
        painter.setPen(QPen(accent, 1))
        accent.setAlpha(40)
        painter.setBrush(accent)
        painter.drawRect(self._band.translated(0, -self.verticalOffset()).normalized())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        left = event.button() == Qt.MouseButton.LeftButton
        # Qt would select the rectangle between both, and go on with it while the button is down.
        self._extending = left and index.isValid() and bool(event.modifiers() & _SHIFT)
        if self._strip and not index.isValid():
            return  # the image that is shown stays selected
        if self._extending:
            self.setAutoScroll(False)  # what is clicked does not move away
            self._selection().extend_to(index.row(), add=bool(event.modifiers() & _CONTROL))
            self.setAutoScroll(True)
            return
        if left and index.isValid() and not self._strip and event.modifiers() & _CONTROL:
            self._selection().toggle(index.row())
            return
        super().mousePressEvent(event)
        if left and index.isValid():
            self._selection().begin_at(index.row())
        elif left and not self._strip:
            start = event.position().toPoint() + QPoint(0, self.verticalOffset())
            self._band = QRect(start, start)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._extending:
            return
        super().mouseMoveEvent(event)
        if self._band is not None:
            self._band.setBottomRight(event.position().toPoint() + QPoint(0, self.verticalOffset()))
            self.viewport().update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        extended, self._extending = self._extending, False
        if not extended:
            super().mouseReleaseEvent(event)
        self._band = None
        self.viewport().update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers, move = event.modifiers(), _MOVES.get(event.key())
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())
        elif move is not None and modifiers & _SHIFT and self._rows():
            target = self.moveCursor(move, modifiers)
            self._selection().extend_to(target.row(), add=bool(modifiers & _CONTROL))
        else:
            super().keyPressEvent(event)

    @override
    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are commands here, not a search."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and not self._strip:
            self.set_side(self._side + (16 if event.angleDelta().y() > 0 else -16))
        elif self._strip:
            self.horizontalScrollBar().setValue(self.horizontalOffset() - event.angleDelta().y())
        else:
            super().wheelEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometries()

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            model = self.model()
            if index.isValid() and isinstance(model, EntryModel):
                QToolTip.showText(event.globalPos(), theme.plain_tip(model.card(index.row()).spoken), self)
            return True
        return super().viewportEvent(event)

    def _repaint_entry(self, change: ThumbnailChange) -> None:
        model = self.model()
        if isinstance(model, EntryModel):
            row = model.row_of(change.entry_id)
            if row is not None:
                self.viewport().update(self._row_rectangle(row))
