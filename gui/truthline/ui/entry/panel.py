"""What the current image has: its image-level labels, its boxes, its facts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from truthline.ui.document.labelling import read_only
from truthline.ui.kit import theme
from truthline.ui.kit.keys import key_name
from truthline.ui.kit.raw_text import RawText
from truthline.ui.kit.words import in_menu
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.manifest.annotation import Box
    from truthline.ui.canvas.geometry import BoxKey
    from truthline.ui.document.palette import LabelColours
    from truthline.workspace.workspace import Entry, EntryId

_KEY = Qt.ItemDataRole.UserRole
_KIND = Qt.ItemDataRole.UserRole + 1
_LOCKED = Qt.ItemDataRole.UserRole + 2


class EntryPanel(QWidget):
    """Lists the current entry's labels and boxes; the boxes' selection is the canvas's."""

    boxes_selected = Signal(list)
    """A list of `BoxKey`, selected by the person."""
    boxes_deleted = Signal(list)
    """A list of `BoxKey` to delete."""
    class_label_removed = Signal(RawText)
    """The name of an image-level label to remove."""

    def __init__(self, colours: LabelColours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._locked: tuple[str, ...] = ()
        self._hides_locked = False
        self._quiet = False
        self._shown: EntryId | None = None
        heading = QLabel("THIS IMAGE")
        heading.setProperty("heading", True)
        heading.setContentsMargins(12, 8, 12, 4)
        self._facts = QLabel()
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        self._facts.setProperty("dim", True)
        self._facts.setProperty("small", True)
        self._facts.setWordWrap(True)
        self._facts.setContentsMargins(12, 4, 12, 8)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(14)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Labels and boxes of this image")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemSelectionChanged.connect(self._tell_selection)
        self.tree.customContextMenuRequested.connect(
            lambda at: self._menu().popup(self.tree.viewport().mapToGlobal(at))
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(heading)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self._facts)

    def show_entry(self, entry: Entry | None) -> None:
        """List what the entry has; if it is the one shown already, selected boxes stay selected."""
        shown, self._shown = self._shown, entry.id if entry is not None else None
        selected = set(self.selected_boxes()) if self._shown == shown else set()
        self._quiet = True  # the boxes it had are not deselected by a person, and the canvas must not hear so
        self.tree.clear()
        if entry is None:
            self._facts.setText("Choose an image to see its labels and boxes.")
            self._quiet = False
            return
        if entry.damaged:
            self._facts.setText(f"{_facts(entry)}\n{entry.damaged.finding.message}")
            self._quiet = False
            return
        annotation = entry.annotation
        class_labels = [label for label in annotation.class_labels if self._shows(label.attribute)]
        attributes = [one for one in annotation.box_attributes if self._shows(one.name)]
        labels = self._group(_headed(len(class_labels), "image-level label"))
        for label in class_labels:
            item = QTreeWidgetItem(labels, [label.name, ""])
            item.setIcon(0, _swatch(self._colours.of(label.name), filled=True))
            item.setData(0, _KIND, "label")
            item.setData(0, _KEY, label.name)
            item.setToolTip(0, theme.plain_tip(f"{label.name}"))
            self._mark_locked(item, label.attribute, label.name)
        boxes = self._group(_headed(sum(len(one.boxes) for one in attributes), "box", "boxes"))
        for attribute in attributes:
            for place, box in enumerate(attribute.boxes):
                item = QTreeWidgetItem(boxes, [box.label or "(no label)", _extent(box)])
                item.setIcon(0, _swatch(self._colours.of(box.label), filled=False))
                item.setForeground(1, QColor(theme.tokens().dim))
                item.setData(0, _KIND, "box")
                item.setData(0, _KEY, (attribute.name, place))
                about = f"{box.label}\n{_place(box)}"
                item.setToolTip(0, theme.plain_tip(f"{about}\nAttribute {attribute.name}"))
                self._mark_locked(item, attribute.name, about)
        self._quiet = False
        self.select_boxes(selected)
        self._facts.setText(_facts(entry))

    def set_locked(self, locked: Sequence[str], *, hide: bool) -> None:
        """Say which label attributes cannot be edited, and whether they are left out; shown from now on."""
        self._locked, self._hides_locked = tuple(locked), hide

    def _shows(self, attribute: str) -> bool:
        return not self._hides_locked or attribute not in self._locked

    def _mark_locked(self, item: QTreeWidgetItem, attribute: str, about: str) -> None:
        if attribute not in self._locked:
            return
        item.setData(0, _LOCKED, True)
        for column in (0, 1):
            item.setForeground(column, QColor(theme.tokens().dim))
        font = item.font(0)
        font.setItalic(True)
        item.setFont(0, font)
        item.setToolTip(0, theme.plain_tip(f"{about}\n{read_only(attribute)}"))
        spoken = f"{item.text(0)}, read-only"
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, spoken)

    def selected_boxes(self) -> list[BoxKey]:
        """The selected boxes in list order."""
        return [
            tuple(item.data(0, _KEY)) for item in self.tree.selectedItems() if item.data(0, _KIND) == "box"
        ]

    def select_boxes(self, keys: set[BoxKey]) -> None:
        """Select these boxes without telling anybody, and bring the first into view."""
        self._quiet = True
        self.tree.clearSelection()
        for group in range(self.tree.topLevelItemCount()):
            parent = self.tree.topLevelItem(group)
            for place in range(parent.childCount() if parent else 0):
                item = parent.child(place) if parent else None
                if item is not None and item.data(0, _KIND) == "box" and tuple(item.data(0, _KEY)) in keys:
                    item.setSelected(True)
                    self.tree.setCurrentItem(item, 0, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._quiet = False

    def _group(self, title: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.tree, [title, ""])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setForeground(0, QColor(theme.tokens().dim))
        item.setFirstColumnSpanned(True)
        item.setExpanded(True)
        return item

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        boxes, names = self._removable()
        if boxes:
            text = f"Delete {counted(len(boxes), 'Box', 'Boxes')}\t{key_name('delete_boxes')}"
            menu.addAction(text, partial(self.boxes_deleted.emit, boxes))
        for name in names:
            text = f"Remove {in_menu(name)} from This Image"
            menu.addAction(text, partial(self.class_label_removed.emit, name))
        if menu.isEmpty():
            menu.addAction("Nothing to Remove").setEnabled(False)
        return menu

    def _removable(self) -> tuple[list[BoxKey], list[str]]:
        """The boxes and the image-level labels that are selected and may be changed."""
        items = [item for item in self.tree.selectedItems() if not item.data(0, _LOCKED)]
        boxes = [tuple(item.data(0, _KEY)) for item in items if item.data(0, _KIND) == "box"]
        return boxes, [item.data(0, _KEY) for item in items if item.data(0, _KIND) == "label"]

    def _tell_selection(self) -> None:
        if not self._quiet:
            self.boxes_selected.emit(self.selected_boxes())


def _headed(number: int, one: str, many: str = "") -> str:
    return counted(number, one, many) if number else f"No {many or one + 's'}"


def _extent(box: Box) -> str:
    return f"{box.width:.0f} × {box.height:.0f} "


def _place(box: Box) -> str:
    return f"{box.width:g} × {box.height:g} px at {box.left:g}, {box.top:g}"


def _facts(entry: Entry) -> str:
    lines = [entry.source_ref.rsplit("/", 1)[-1] if entry.source_ref else f"Line {entry.position}"]
    if entry.facts is not None:
        facts = entry.facts
        size = f"{facts.size / 1_000_000:.1f} MB" if facts.size >= 100_000 else f"{facts.size / 1000:.0f} kB"
        lines.append(f"{facts.width:,} × {facts.height:,} px · {facts.format or 'unknown format'} · {size}")
        if facts.problem:
            lines.append(facts.problem)
    return "\n".join(lines)


def _swatch(colour: QColor, *, filled: bool) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(colour.darker(150) if filled else colour)
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    painter.drawRect(1, 1, 9, 9)
    if not filled:
        painter.drawRect(2, 2, 7, 7)
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints it, and the colour is lost
    return icon
