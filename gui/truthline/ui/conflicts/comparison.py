"""One entry's conflicts side by side, in words: theirs, mine, and what was there before.

What a side changed is bold. The text comes from data and is drawn as it is: runs of plain text, never markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPalette, QResizeEvent, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)
from typing_extensions import override

from truthline.ui.canvas.overlays import version_icon
from truthline.ui.conflicts.words import COLUMNS, Run, as_text, in_words, told, value_of
from truthline.ui.kit.theme import plain_tip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.manifest.merge.merge import MergeConflict

_RUNS = Qt.ItemDataRole.UserRole
_PAD_X, _PAD_Y = 8, 5
FOCUS_RING = (
    "QAbstractItemView { border: 1px solid transparent } "
    "QAbstractItemView:focus { border-color: palette(highlight) }"
)
"""Of two lists that both mark a row it tells which one the keys go to."""


class ComparisonTable(QTableWidget):
    """A line for each conflict of an entry."""

    conflict_chosen = Signal(int)
    """int: which conflict is looked at, from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 1 + len(COLUMNS), parent)
        self.setAccessibleName("What conflicts")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet(FOCUS_RING)
        self.setItemDelegate(_RunsDelegate(self))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self.setHorizontalHeaderItem(0, QTableWidgetItem("What conflicts"))
        for column, version in enumerate(COLUMNS, 1):
            icon = version_icon(version, 16, self.devicePixelRatioF())
            self.setHorizontalHeaderItem(column, QTableWidgetItem(icon, version.value))
        self.itemSelectionChanged.connect(self._tell)

    @property
    def chosen(self) -> int | None:
        """The conflict that is looked at."""
        rows = self.selectionModel().selectedRows()
        return rows[0].row() if rows else None

    def show_conflicts(self, conflicts: Sequence[MergeConflict]) -> None:
        """Show these, the first of them chosen."""
        self.blockSignals(True)
        self.setRowCount(0)
        self.setRowCount(len(conflicts))
        for row, conflict in enumerate(conflicts):
            cells = told(conflict)
            self.setItem(row, 0, _cell([Run(conflict.what)], conflict.pointer))
            for column, version in enumerate(COLUMNS, 1):
                self.setItem(row, column, _cell(cells[version], as_text(value_of(conflict, version))))
        self.blockSignals(False)
        if conflicts:
            self.choose(0)

    def choose(self, conflict: int) -> None:
        """Look at one conflict."""
        self.setCurrentCell(conflict, 0)
        self.scrollTo(self.model().index(conflict, 0))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resizeRowsToContents()

    def _tell(self) -> None:
        if self.chosen is not None:
            self.conflict_chosen.emit(self.chosen)


def _cell(runs: Sequence[Run], tip: str) -> QTableWidgetItem:
    cell = QTableWidgetItem(" ".join(in_words(runs).split()))
    cell.setData(_RUNS, tuple(runs))
    if tip:
        cell.setToolTip(plain_tip(tip))
    return cell


class _RunsDelegate(QStyledItemDelegate):
    """Draws runs of plain text, some of them bold, over as many lines as they need."""

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        painter.save()
        if chosen:
            painter.fillRect(option.rect, option.palette.brush(QPalette.ColorRole.Highlight))
        layout = _laid_out(index, option.font, option.rect)
        painter.setPen(option.palette.color(role))
        layout.draw(painter, QPointF(option.rect.left() + _PAD_X, option.rect.top() + _PAD_Y))
        painter.restore()

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        layout = _laid_out(index, option.font, option.rect)
        return QSize(option.rect.width(), round(layout.boundingRect().height()) + 2 * _PAD_Y)


def _laid_out(index: QModelIndex | QPersistentModelIndex, font: QFont, area: QRect) -> QTextLayout:
    runs = index.data(_RUNS) or ()
    layout = QTextLayout("", font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    text, formats = "", []
    for run in runs:
        # A line break in the data is no line break here. Qt counts UTF-16 units.
        piece = run.text.replace("\n", " ").replace("\u2028", " ").replace("\u2029", " ")
        if run.bold:
            bold = QTextCharFormat()
            bold.setFontWeight(QFont.Weight.Bold)
            one = QTextLayout.FormatRange()
            one.start, one.length, one.format = _units(text), _units(piece), bold
            formats.append(one)
        text += piece
    layout.setText(text)
    layout.setFormats(formats)
    layout.beginLayout()
    height = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(area.width() - 2 * _PAD_X, 24))
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return layout


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2
