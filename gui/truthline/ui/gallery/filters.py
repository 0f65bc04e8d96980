"""Which images are listed: everything, what needs work, or one label's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QLabel, QTreeView, QVBoxLayout, QWidget

from truthline.ui.kit import theme
from truthline.workspace.workspace import Counts, Filter, Kind, Label

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILTER = Qt.ItemDataRole.UserRole
_KINDS = (
    (Kind.ALL, "All"),
    (Kind.UNLABELLED, "Unlabelled"),
    (Kind.CHANGED, "Changed"),
    (Kind.PROBLEMS, "Problems"),
    (Kind.CONFLICTS, "Conflicts"),
)


class FilterPanel(QWidget):
    """A list of filters with the number of images behind each."""

    filter_chosen = Signal(Filter)
    """A `Filter` without text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = QStandardItemModel(0, 2, self)
        self._kinds: dict[Kind, QStandardItem] = {}
        for kind, text in _KINDS:
            item = QStandardItem(text)
            item.setData(Filter(kind=kind), _FILTER)
            self._kinds[kind] = item
            self._model.appendRow([item, _count_item("")])
        self._labels: list[str] = []
        heading = QStandardItem("BY LABEL")
        font = QFont()
        font.setPixelSize(theme.SMALL)
        font.setBold(True)
        heading.setFont(font)
        heading.setEnabled(False)
        self._model.appendRow([heading, _count_item("")])
        self.tree = QTreeView()
        self.tree.setModel(self._model)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(12)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Filters")
        self.tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.clicked.connect(self._choose)
        self.tree.activated.connect(self._choose)
        title = QLabel("FILTERS")
        title.setProperty("heading", True)
        title.setContentsMargins(12, 8, 12, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(title)
        layout.addWidget(self.tree, 1)
        self._any_conflicts = False
        self._show_conflicts()

    def show_counts(self, counts: Counts) -> None:
        """Show how many images each filter lets through."""
        for kind, number in (
            (Kind.ALL, counts.total),
            (Kind.UNLABELLED, counts.unlabelled),
            (Kind.CHANGED, counts.changed),
            (Kind.PROBLEMS, counts.problems),
            (Kind.CONFLICTS, counts.conflicts),
        ):
            self._model.item(self._kinds[kind].row(), 1).setText(f"{number:,}")
        self._any_conflicts = counts.conflicts > 0
        self._show_conflicts()

    def show_labels(self, labels: Sequence[Label]) -> None:
        """Offer one filter a label that is in use."""
        first = len(_KINDS) + 1
        chosen = self.tree.currentIndex().siblingAtColumn(0).data(_FILTER)
        self._model.removeRows(first, self._model.rowCount() - first)
        for label in labels:
            if label.entries:
                swatch = QPixmap(12, 12)
                swatch.fill(theme.label_colour(label.colour_index))
                item = QStandardItem(QIcon(swatch), label.name)
                item.setToolTip(theme.plain_tip(label.name))
                item.setData(Filter(label=label.name), _FILTER)
                self._model.appendRow([item, _count_item(f"{label.entries:,}")])
                if chosen == Filter(label=label.name):
                    self.tree.setCurrentIndex(item.index())

    def show_filter(self, chosen: Filter) -> None:
        """Mark the filter in use."""
        for row in range(self._model.rowCount()):
            offered = self._model.item(row).data(_FILTER)
            if isinstance(offered, Filter) and (offered.kind, offered.label) == (chosen.kind, chosen.label):
                self.tree.setCurrentIndex(self._model.index(row, 0))
        self._show_conflicts()

    def _show_conflicts(self) -> None:
        """Most datasets have none: the filter is there while there are any, or while it is in use."""
        row = self._kinds[Kind.CONFLICTS].row()
        in_use = self.tree.currentIndex().row() == row
        self.tree.setRowHidden(row, QModelIndex(), not (self._any_conflicts or in_use))

    def _choose(self, index: QModelIndex) -> None:
        chosen = index.siblingAtColumn(0).data(_FILTER)
        if isinstance(chosen, Filter):
            self.filter_chosen.emit(chosen)


def _count_item(text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


def empty_text(chosen: Filter) -> str:
    """What to say where a filter lets no entry through."""
    if chosen.text:
        return f"No image's address contains “{chosen.text}”. Clear the search to see all images."
    if chosen.code:
        return f"No image has {chosen.code} any more."
    if chosen.kind is Kind.UNLABELLED:
        return "Every image has a label. Choose All to see them."
    if chosen.kind is Kind.CHANGED:
        return "Nothing has changed since the last push."
    if chosen.kind is Kind.CONFLICTS:
        return "No conflicts: nobody else changed what you changed."
    if chosen.kind is Kind.PROBLEMS:
        return "No problems: neither our rules nor the service found any."
    if chosen.label:
        return f"No image uses {chosen.label} any more."
    return "This workspace holds no images."
