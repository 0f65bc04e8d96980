"""The selection of listed entries: runs of rows, and the row that a range begins at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QItemSelection, QItemSelectionModel, QModelIndex, QObject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Run = tuple[int, int]
"""First and last row of neighbours that are selected, both counted from 0."""

_FEW = 1_000
"""As many runs are made anew in a few milliseconds; the time grows with their square."""

Flag = QItemSelectionModel.SelectionFlag


class RowSelection(QItemSelectionModel):
    """Selects rows as file managers do. A range goes from the row last clicked or gone to without Shift."""

    def __init__(self, model: QAbstractItemModel, parent: QObject) -> None:
        super().__init__(model, parent)
        self._anchor = -1
        self._extending = False
        self._runs: list[Run] | None = None
        self.currentChanged.connect(self._follow_current)
        self.selectionChanged.connect(self._forget_runs)
        model.modelReset.connect(self._forget_runs)

    @property
    def runs(self) -> list[Run]:
        """What is selected, in row order."""
        if self._runs is None:
            self._runs = joined((span.top(), span.bottom()) for span in self.selection().toList())
        return self._runs

    @property
    def count(self) -> int:
        """How many rows are selected."""
        return sum(last - first + 1 for first, last in self.runs)

    def begin_at(self, row: int) -> None:
        """Let the next range begin at ``row``."""
        self._anchor = row

    def extend_to(self, row: int, *, add: bool) -> None:
        """Make ``row`` current and select what lies between it and the anchor, ``add`` to what was."""
        self._extending = True
        self.setCurrentIndex(self.model().index(row, 0), Flag.NoUpdate)
        self._extending = False
        if not 0 <= self._anchor < self.model().rowCount():
            self._anchor = row
        ends = (min(self._anchor, row), max(self._anchor, row))
        if add and len(self.runs) > _FEW:
            self.select_runs([ends], Flag.Select)
        else:
            # Joined here: Qt would leave what it adds beside its neighbours, one range a step.
            self.select_runs(joined([*self.runs, ends]) if add else [ends])

    def select_runs(self, runs: Iterable[Run], command: Flag = Flag.ClearAndSelect) -> None:
        """Apply ``command`` to these rows."""
        model, wanted = self.model(), QItemSelection()
        for first, last in runs:
            wanted.select(model.index(first, 0), model.index(last, 0))
        self.select(wanted, command)

    def _forget_runs(self) -> None:
        self._runs = None

    def _follow_current(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not self._extending:
            self._anchor = current.row()


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same rows in row order, with neighbours and overlapping runs made one.

    Qt's own work grows with the square of the number of ranges: one a row freezes the window.
    """
    found: list[Run] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def runs_of(wanted: Collection[int], ids: Sequence[int]) -> list[Run]:
    """The rows of a list of ``ids`` in which those wanted are."""
    found: list[Run] = []
    first = last = -2
    for row, entry_id in enumerate(ids if wanted else ()):
        if entry_id in wanted:
            if row != last + 1:
                found += [(first, last)] if last >= 0 else []
                first = row
            last = row
    return [*found, (first, last)] if last >= 0 else found
