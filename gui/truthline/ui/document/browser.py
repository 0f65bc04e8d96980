"""Which entries are listed, which are selected, which one is current: the same for every view."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, Signal

from truthline.ui.document.selection import Flag, RowSelection, runs_of
from truthline.ui.kit.jobs import Lane, Latest
from truthline.workspace.workspace import EntryId, Filter, Kind

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from truthline.ui.document.document import Document
    from truthline.ui.document.entry_model import EntryModel
    from truthline.workspace.changes import Changes


class Browser(QObject):
    """The filtered list of a document's entries with one selection.

    An edit never takes an entry out of the list under the person's hands: the list is made anew only when
    another filter is set, or the same one again.
    """

    listed = Signal(Filter)
    """The `Filter` of a new list."""
    current_changed = Signal()
    """Another entry is the current one, or none."""
    selection_changed = Signal()
    """Other entries are selected."""

    def __init__(self, document: Document, model: EntryModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._questions = Latest(document.jobs, Lane.READ)
        self._sought: EntryId | None = None
        self.filter = Filter()
        self.model = model
        self.selection = RowSelection(model, self)
        self.selection.currentChanged.connect(self._tell_current)
        self.selection.selectionChanged.connect(self._tell_selection)
        document.changed.connect(self._refresh)

    @property
    def current(self) -> EntryId | None:
        """The current entry."""
        index = self.selection.currentIndex()
        return self.model.id_at(index.row()) if index.isValid() else None

    @property
    def selected(self) -> list[EntryId]:
        """The selected entries in list order."""
        return [entry_id for run in self.selection.runs for entry_id in self.model.ids_in(*run)]

    def set_filter(self, wanted: Filter) -> None:
        """List the entries that ``wanted`` lets through, and keep the current one if it is among them."""
        self.filter = wanted
        workspace = self._document.workspace
        self._questions.ask("list", lambda: workspace.ids(wanted), self._show)

    def extend(self) -> None:
        """List what came in behind the last entry that is listed, if the filter lets it through."""
        workspace, wanted = self._document.workspace, self.filter
        last = self.model.last_id

        def show(ids: array[int]) -> None:
            # Else another list was asked for meanwhile, which has what came in.
            if ids and wanted == self.filter and last == self.model.last_id:
                was_empty = self.model.rowCount() == 0
                self.model.append_ids(ids)
                if was_empty:
                    self._set_current(0)
                self.listed.emit(self.filter)

        self._questions.ask("extend", lambda: workspace.ids(wanted, after=last), show)

    def go_to(self, entry_id: EntryId) -> None:
        """Make an entry current; where the filter hides it, everything is listed first."""
        row = self.model.row_of(entry_id)
        if row is not None:
            self._set_current(row)
        else:
            self._sought = entry_id
            self.set_filter(Filter())

    def step(self, steps: int) -> None:
        """Go that many entries forward, or backward if negative, and stop at the ends."""
        rows = self.model.rowCount()
        if rows:
            index = self.selection.currentIndex()
            row = index.row() + steps if index.isValid() else 0
            self._set_current(min(max(row, 0), rows - 1))

    def step_to(self, kind: Kind, none_left: Callable[[], object]) -> None:
        """Go to the next listed entry of a kind, around the end; or tell that there is none."""

        def step(ids: array[int]) -> None:
            if ids:
                self.go_to(EntryId(ids[bisect_right(ids, self.current or 0) % len(ids)]))
            else:
                none_left()

        workspace, wanted = self._document.workspace, replace(self.filter, kind=kind)
        self._questions.ask("step", lambda: workspace.ids(wanted), step)

    def select_all(self) -> None:
        """Select every listed entry."""
        rows = self.model.rowCount()
        if rows:
            self.selection.select_runs([(0, rows - 1)])

    def select_current(self) -> None:
        """Select the current entry alone, unless it is among the selected ones."""
        index = self.selection.currentIndex()
        if index.isValid() and not self.selection.isSelected(index):
            self.selection.select(index, Flag.ClearAndSelect)

    def _show(self, ids: array[int]) -> None:
        going = self._sought is not None  # to one entry, so that the earlier selection is given up
        sought, self._sought = (self._sought if going else self.current), None
        kept = set() if going else set(self.selected)
        self.model.set_ids(ids)
        runs = runs_of(kept, ids)
        self.selection.select_runs(runs)
        row = self.model.row_of(sought) if sought is not None else None
        if row is not None:
            flags = Flag.NoUpdate if runs else Flag.ClearAndSelect
            self.selection.setCurrentIndex(self.model.index(row), flags)
        elif runs:  # the selection stays, whether or not the current entry is listed
            self.selection.setCurrentIndex(self.model.index(runs[0][0]), Flag.NoUpdate)
        elif ids:
            self._set_current(0)
        else:
            self.current_changed.emit()
        self.listed.emit(self.filter)

    def _set_current(self, row: int) -> None:
        self.selection.setCurrentIndex(self.model.index(row), Flag.ClearAndSelect)

    def _refresh(self, changes: Changes) -> None:
        self.model.refresh(None if changes.everything else changes.entries)

    def _tell_current(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        self.current_changed.emit()

    def _tell_selection(self) -> None:
        self.selection_changed.emit()
