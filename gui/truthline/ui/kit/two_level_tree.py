"""A model of two levels, groups and their members: all of a tree but what its rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence

Index = QModelIndex | QPersistentModelIndex
G = TypeVar("G")
M = TypeVar("M")

_ROOT = QModelIndex()


class TwoLevelTree(QAbstractItemModel, Generic[G, M]):
    """Groups with their members; a subclass says in `data` what is shown of them.

    An index's internal id is 0 for a group, and for a member the row of its group, counted from 1: so no
    object has to live for as long as Qt holds an index.
    """

    def __init__(self, headings: tuple[str, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._headings = headings
        self._groups: Sequence[G] = ()
        self._members: Sequence[Sequence[M]] = ()

    def set_rows(self, groups: Sequence[G], members: Sequence[Sequence[M]]) -> None:
        """Show other groups; ``members`` has a sequence for each."""
        self.beginResetModel()
        self._groups, self._members = groups, members
        self.endResetModel()

    @property
    def groups(self) -> Sequence[G]:
        """What is listed on the first level."""
        return self._groups

    def group_at(self, index: Index) -> G | None:
        """The group of a row, or the one that a member's row is in."""
        return self._groups[(index.internalId() or index.row() + 1) - 1] if index.isValid() else None

    def member_at(self, index: Index) -> M | None:
        """The member of a row, None for a group."""
        if not index.isValid() or not index.internalId():
            return None
        return self._members[index.internalId() - 1][index.row()]

    def index_of(self, wanted: M) -> QModelIndex:
        """Where a member stands, invalid if it is not listed."""
        for place, members in enumerate(self._members):
            for row, member in enumerate(members):
                if member == wanted:
                    return self.createIndex(row, 0, place + 1)
        return QModelIndex()

    @override
    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        # Not by `hasIndex`, which asks Python twice more: a view asks this for each row that it opens.
        if row < 0 or not 0 <= column < self.columnCount():
            return QModelIndex()
        if not parent.isValid():
            return self.createIndex(row, column, 0) if row < len(self._groups) else QModelIndex()
        if parent.internalId() or parent.column() or row >= len(self._members[parent.row()]):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1)

    @override
    def parent(self, child: Index = _ROOT) -> QModelIndex:  # type: ignore[override]
        if not child.isValid() or not child.internalId():
            return QModelIndex()
        return self.createIndex(child.internalId() - 1, 0, 0)

    @override
    def rowCount(self, parent: Index = _ROOT) -> int:
        if not parent.isValid():
            return len(self._groups)
        if parent.internalId() or parent.column():
            return 0
        return len(self._members[parent.row()])

    @override
    def columnCount(self, parent: Index = _ROOT) -> int:
        return len(self._headings)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        return None
