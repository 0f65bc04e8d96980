"""The labels of the workspace: their digit keys, colours and counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from truthline.manifest.labels import similar_labels
from truthline.ui.kit import theme
from truthline.ui.kit.field import Field
from truthline.ui.kit.keys import DIGITS, key_name
from truthline.ui.kit.raw_text import RawText
from truthline.ui.kit.words import in_menu
from truthline.ui.labels.questions import shortened
from truthline.ui.labels.rows import DIGIT, ENTRIES, NAME, SIMILAR, LabelList
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.workspace.workspace import Label, WorkspaceInfo


@dataclass(frozen=True, slots=True)
class MergeWish:
    """A label to be merged, and into which one, "" where that is to be asked."""

    name: str
    into: str


class LabelPanel(QWidget):
    """Lists the labels; a click or Enter chooses one, the field below adds one.

    One label is current: it is highlighted, commands are about it, and the next box gets it. Its menu changes
    it as a whole; rows are dragged into another order.
    """

    label_chosen = Signal(RawText)
    """The name of a label that was clicked or chosen with Enter."""
    current_changed = Signal(RawText)
    """The name of the label that a person made the current one."""
    label_added = Signal(RawText)
    """The name of a new label."""
    rename_wanted = Signal(RawText)
    """The name of a label that is to get another one."""
    merge_wanted = Signal(MergeWish)
    """A label that is to be merged."""
    colour_wanted = Signal(RawText)
    """The name of a label that is to get another colour."""
    delete_wanted = Signal(RawText)
    """The name of a label that is to go."""
    order_wanted = Signal(list)
    """The names of all labels in their new order."""
    attributes_wanted = Signal()
    """The line about attributes was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current = ""
        self._filling = False
        self._model = QStandardItemModel(self)
        self.list = LabelList()
        self.list.setModel(self._model)
        self.list.setAccessibleName("Labels")
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)
        self.list.menu_wanted.connect(self._open_menu)
        self.list.moved.connect(lambda move: self._move(move.start, move.end))
        self.list.selectionModel().currentChanged.connect(lambda index, _before: self._tell_current(index))
        self._hint = QLabel(
            "No labels yet. Add the first one below, then give it to images with its digit key."
        )
        self._hint.setWordWrap(True)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setProperty("dim", True)
        self._hint.setContentsMargins(12, 8, 12, 8)
        self.field = Field("Add a label")
        self.field.setMaxLength(255)
        self.field.entered.connect(self._add)
        heading = QLabel("LABELS")
        heading.setProperty("heading", True)
        heading.setContentsMargins(12, 8, 12, 4)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 8)
        row.addWidget(self.field)
        self.note = _Note()
        self.note.clicked.connect(self.attributes_wanted.emit)
        self.note.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(heading)
        layout.addWidget(self._hint)
        layout.addWidget(self.list, 1)
        layout.addLayout(row)
        layout.addWidget(self.note)
        layout.addStretch(0)  # takes the room while there is no list

    def show_labels(self, labels: Sequence[Label]) -> None:
        """List ``labels`` in their order; the first ten have digit keys."""
        scrolled = self.list.verticalScrollBar().value()
        was_listed = self.current == self._current
        similar = _similar([label.name for label in labels])
        self._filling = True  # the list then has another current row, which no person chose
        self._model.clear()
        for place, label in enumerate(labels):
            item = QStandardItem(label.name)
            item.setData(label.name, NAME)
            item.setDropEnabled(False)  # labels are dropped between others, not onto them
            item.setData(theme.label_colour(label.colour_index), Qt.ItemDataRole.DecorationRole)
            digit = DIGITS[place] if place < len(DIGITS) else ""
            item.setData(digit, DIGIT)
            item.setData(label.entries, ENTRIES)
            item.setData(similar.get(label.name, ()), SIMILAR)
            used = counted(label.entries, "image")
            looks = _looks_like(similar.get(label.name, ()))
            item.setToolTip(theme.plain_tip(f"{label.name}\nUsed by {used}" + (looks and f"\n{looks}")))
            spoken = f"{label.name}, key {digit or 'none'}, {used}" + (looks and f". {looks}")
            item.setData(spoken, Qt.ItemDataRole.AccessibleTextRole)
            self._model.appendRow(item)
        self._filling = False
        self._highlight()
        self.list.verticalScrollBar().setValue(scrolled)
        if not was_listed:
            self.list.scrollTo(self.list.currentIndex())
        self._hint.setVisible(not labels)
        self.list.setVisible(bool(labels))

    def show_current(self, name: str) -> None:
        """Highlight a label, as soon as it is in the list."""
        self._current = name
        self._highlight()

    @property
    def current(self) -> str:
        """The label that is highlighted, "" if none is."""
        return self.list.currentIndex().data(NAME) or ""

    def _highlight(self) -> None:
        names = [self._model.item(row).data(NAME) for row in range(self._model.rowCount())]
        row = names.index(self._current) if self._current in names else -1
        self.list.setCurrentIndex(self._model.index(row, 0))

    def _tell_current(self, index: QModelIndex) -> None:
        if not self._filling and index.isValid() and index.data(NAME) != self._current:
            self._current = index.data(NAME)
            self.current_changed.emit(self._current)

    def show_attributes(self, info: WorkspaceInfo) -> None:
        """Say that some attributes are read-only, or nothing if all are edited."""
        count = len(info.locked)
        target = f"New boxes: {shortened(info.box_attribute)} · " if info.box_attribute else ""
        self.note.say(f"{target}{count} read-only")
        self.note.setVisible(count > 0)

    def focus_field(self) -> None:
        """Put the cursor where a label is added."""
        self.field.take_focus()

    def _choose(self, index: QModelIndex) -> None:
        self.label_chosen.emit(index.data(NAME))

    def _open_menu(self, at: QPoint) -> None:
        self.make_menu(self.list.currentIndex()).popup(at)

    def make_menu(self, index: QModelIndex) -> QMenu:
        """What can be done to the label of a row."""
        name, row = index.data(NAME), index.row()
        quoted = in_menu(name)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = f"Rename {quoted}…\t{key_name('rename_label')}"
        menu.addAction(rename, partial(self.rename_wanted.emit, name))
        for other in index.data(SIMILAR):
            text = f"Merge {quoted} into {in_menu(other)}…"
            menu.addAction(text, partial(self.merge_wanted.emit, MergeWish(name, other)))
        merge = menu.addAction(f"Merge {quoted} into…", partial(self.merge_wanted.emit, MergeWish(name, "")))
        merge.setEnabled(self._model.rowCount() > 1)
        menu.addAction(f"Change Colour of {quoted}…", partial(self.colour_wanted.emit, name))
        menu.addSeparator()
        up = menu.addAction(f"Move Up\t{key_name('move_up')}", partial(self._move, row, row - 1))
        up.setEnabled(row > 0)
        down = menu.addAction(f"Move Down\t{key_name('move_down')}", partial(self._move, row, row + 1))
        down.setEnabled(row < self._model.rowCount() - 1)
        menu.addSeparator()
        menu.addAction(f"Delete {quoted} from All Images…", partial(self.delete_wanted.emit, name))
        return menu

    def _move(self, start: int, to: int) -> None:
        names = [self._model.item(row).data(NAME) for row in range(self._model.rowCount())]
        if start != to and 0 <= to < len(names):
            names.insert(to, names.pop(start))
            self.order_wanted.emit(names)

    def _add(self, name: str) -> None:
        self.field.clear()
        if name.strip():
            self.label_added.emit(name.strip())


class _Note(QPushButton):
    """A line of small text that can be clicked; the whole of it on hover."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setFlat(True)
        self.setMinimumWidth(40)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def say(self, text: str) -> None:
        self._whole = text
        t = theme.tokens()
        self.setStyleSheet(
            f"QPushButton {{ border: 0; background: {t.raised}; color: {t.text}; text-align: left;"
            f" padding: 6px 12px; font-size: {theme.SMALL}px; }}"
            f" QPushButton:hover {{ background: {t.hover}; }}"
            f" QPushButton:focus {{ border: 1px solid {t.accent}; }}"
        )
        self.setAccessibleName(text)
        self.setToolTip(theme.plain_tip(f"{text}.\nClick to choose which attributes are edited."))
        self._elide()

    def _elide(self) -> None:
        room = self.width() - 28
        text = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        self.setText(text.replace("&", "&&"))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()


def _similar(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each label that is easily confused, with those that it looks like."""
    return {
        name: tuple(other for other in group if other != name)
        for group in similar_labels(names)
        for name in group
    }


def _looks_like(others: Sequence[str]) -> str:
    if not others:
        return ""
    return "Looks like " + ", ".join(f"“{shortened(other)}”" for other in others)
