"""The labels of the workspace: their digit keys, colours and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.ui import theme
from truthline.ui.palette import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.workspace.workspace import Label

_NAME = Qt.ItemDataRole.UserRole
_ROW = 28


class LabelPanel(QWidget):
    """Lists the labels; a click or Enter chooses one, the field below adds one."""

    label_chosen = Signal(object)
    """The name of a label that was clicked or chosen with Enter."""
    label_added = Signal(object)
    """The name of a new label."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._next_class = ""
        self._model = QStandardItemModel(self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setAccessibleName("Labels")
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setItemDelegate(_LabelDelegate(self))
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)
        self._hint = QLabel(
            "No labels yet. Add the first one below, then give it to images with its digit key."
        )
        self._hint.setWordWrap(True)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setProperty("dim", True)
        self._hint.setContentsMargins(12, 8, 12, 8)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Add a label")
        self.field.setAccessibleName("Add a label")
        self.field.setMaxLength(255)
        self.field.setClearButtonEnabled(True)
        self.field.returnPressed.connect(self._add)
        heading = QLabel("LABELS")
        heading.setProperty("heading", True)
        heading.setContentsMargins(12, 8, 12, 4)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 8)
        row.addWidget(self.field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(heading)
        layout.addWidget(self._hint)
        layout.addWidget(self.list, 1)
        layout.addLayout(row)

    def show_labels(self, labels: Sequence[Label]) -> None:
        """List ``labels`` in their order; the first ten have digit keys."""
        current = self.list.currentIndex().data(_NAME)
        self._model.clear()
        for place, label in enumerate(labels):
            item = QStandardItem(label.name)
            item.setData(label.name, _NAME)
            item.setData(theme.label_colour(label.colour_index), Qt.ItemDataRole.DecorationRole)
            digit = DIGITS[place] if place < len(DIGITS) else ""
            item.setData((digit, label.entries), _NAME + 1)
            used = "1 image" if label.entries == 1 else f"{label.entries:,} images"
            item.setToolTip(theme.plain_tip(f"{label.name}\nUsed by {used}"))
            item.setData(f"{label.name}, key {digit or 'none'}, {used}", Qt.ItemDataRole.AccessibleTextRole)
            self._model.appendRow(item)
            if label.name == current:
                self.list.setCurrentIndex(item.index())
        self._hint.setVisible(not labels)
        self.list.setVisible(bool(labels))

    def show_next_class(self, name: str) -> None:
        """Mark the label that the next box gets."""
        self._next_class = name
        self.list.viewport().update()

    @property
    def next_class(self) -> str:
        """The label marked as the next box's."""
        return self._next_class

    def focus_field(self) -> None:
        """Put the cursor where a label is added."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _choose(self, index: QModelIndex) -> None:
        self.label_chosen.emit(index.data(_NAME))

    def _add(self) -> None:
        name = self.field.text()
        if name.strip():
            self.field.clear()
            self.label_added.emit(name.strip())


class _LabelDelegate(QStyledItemDelegate):
    """Digit, swatch, name and count in one row."""

    def __init__(self, panel: LabelPanel) -> None:
        super().__init__(panel)
        self._panel = panel

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, _ROW)

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        t = theme.tokens()
        name = index.data(_NAME)
        digit, entries = index.data(_NAME + 1)
        area = option.rect
        state = option.state
        painter.save()
        if state & QStyle.StateFlag.State_MouseOver or state & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(area, QColor(t.hover))
        if name == self._panel.next_class:
            painter.fillRect(area, QColor(t.raised))
            painter.fillRect(area.left(), area.top(), 3, area.height(), QColor(t.accent))
        painter.setPen(QColor(t.dim))
        painter.drawText(area.adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, digit)
        painter.setPen(QColor(0, 0, 0, 120))
        painter.setBrush(index.data(Qt.ItemDataRole.DecorationRole))
        painter.drawRoundedRect(area.left() + 26, area.center().y() - 5, 12, 12, 2, 2)
        count = f"{entries:,}"
        painter.setPen(QColor(t.dim))
        painter.drawText(
            area.adjusted(0, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count
        )
        font = QFont(painter.font())
        font.setBold(name == self._panel.next_class)
        painter.setFont(font)
        room = area.adjusted(46, 0, -20 - painter.fontMetrics().horizontalAdvance(count), 0)
        painter.setPen(QColor(t.text))
        elided = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, elided)
        painter.restore()
