"""The entries in conflict: which images, and how many conflicts in each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget
from typing_extensions import override

from truthline.sync.pull.conflicts import conflicts_of
from truthline.ui.conflicts.comparison import FOCUS_RING
from truthline.ui.kit.theme import plain_tip
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truthline.ui.document.document import Document
    from truthline.workspace.workspace import Entry

_ROOT = QModelIndex()
_HEADINGS = ("Image", "Conflicts")
_KEPT = 3_000
"""Rows that were drawn once; starting over is cheaper than counting uses."""

Index = QModelIndex | QPersistentModelIndex


class ConflictModel(QAbstractTableModel):
    """Entries by id, in position order; an entry is read when its row is shown."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.ids: array[int] = array("q")
        self._rows: dict[int, tuple[str, str, int]] = {}

    def set_ids(self, ids: array[int]) -> None:
        """List other entries; ``ids`` ascend."""
        self.beginResetModel()
        self.ids = ids
        self.endResetModel()

    def refresh(self, entry_ids: Iterable[EntryId] | None) -> None:
        """Read these entries anew when they are next shown, all of them if None."""
        if entry_ids is None:
            self._rows.clear()
            return
        for entry_id in entry_ids:
            self._rows.pop(entry_id, None)

    def row_of(self, entry_id: int) -> int | None:
        """Where an entry is listed, None if it is not."""
        row = bisect_left(self.ids, entry_id)
        return row if row < len(self.ids) and self.ids[row] == entry_id else None

    @override
    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.ids)

    @override
    def columnCount(self, parent: Index = _ROOT) -> int:
        return len(_HEADINGS)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _HEADINGS[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name, source_ref, count = self._row(self.ids[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return name if index.column() == 0 else f"{count:,}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(source_ref or name)
        return _alignment(index.column()) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _row(self, entry_id: int) -> tuple[str, str, int]:
        row = self._rows.get(entry_id)
        if row is None:
            entry = self._document.entry(EntryId(entry_id))
            row = short_name(entry), entry.source_ref, len(conflicts_of(entry))
            if len(self._rows) >= _KEPT:
                self._rows.clear()
            self._rows[entry_id] = row
        return row


class ConflictList(QTreeView):
    """The list of a `ConflictModel`; one entry is the current one."""

    entry_chosen = Signal()
    """The `EntryId` that became the current one, None if none is."""

    def __init__(self, model: ConflictModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries = model
        self._quiet = False
        self.setModel(model)
        self.setAccessibleName("Images in conflict")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 76)
        self.setStyleSheet(
            f"QTreeView {{ padding-left: 0 }} QTreeView::item {{ padding: 0 5px }} {FOCUS_RING}"
        )
        self.selectionModel().currentRowChanged.connect(self._tell)

    @property
    def current(self) -> EntryId | None:
        """The entry that is looked at."""
        row = self.currentIndex().row()
        return EntryId(self._entries.ids[row]) if 0 <= row < len(self._entries.ids) else None

    def list_ids(self, ids: array[int]) -> None:
        """List other entries. The current one stays; if it has gone, the one after it becomes current."""
        before, row = self.current, max(self.currentIndex().row(), 0)
        if ids == self._entries.ids:
            self.viewport().update()
            return
        self._quiet = True
        self._entries.set_ids(ids)
        kept = self._entries.row_of(before) if before is not None else None
        row = kept if kept is not None else min(row, len(ids) - 1)
        self.setCurrentIndex(self._entries.index(row, 0))
        self._quiet = False
        if kept is None:
            self.entry_chosen.emit()

    def _tell(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._quiet:
            self.entry_chosen.emit()


def _alignment(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def short_name(entry: Entry) -> str:
    """The last part of the source-ref, or the line's number where the line names no image."""
    return entry.source_ref.rsplit("/", 1)[-1] or f"Line {entry.position:,}"
