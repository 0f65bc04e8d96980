"""Conflicts: what somebody else changed in the dataset while it was changed here, decided image by image."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.manifest.merge.merge import MergeConflict, Side
from truthline.sync.pull.conflicts import Resolved, conflicts_of, merging_by_itself
from truthline.ui.conflicts.comparison import ComparisonTable
from truthline.ui.conflicts.entry_list import ConflictList, ConflictModel, short_name
from truthline.ui.conflicts.image import ConflictImage, overlays_of
from truthline.ui.document.steps.words import carried_out
from truthline.ui.kit.edit_bar import EditBar
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Lane
from truthline.ui.kit.keyboard import KeyFilter
from truthline.ui.kit.keys import key_name
from truthline.ui.kit.theme import GRID, plain_tip
from truthline.words import counted
from truthline.workspace.workspace import EntryId, Filter, Kind

if TYPE_CHECKING:
    from array import array

    from truthline.progress import Progress
    from truthline.ui.document.document import Document
    from truthline.ui.document.palette import LabelColours
    from truthline.ui.document.pictures import Pictures
    from truthline.ui.document.steps.undo_stack import Attempt, Step
    from truthline.workspace.changes import Changes
    from truthline.workspace.workspace import Entry

_BESIDE_FROM = 1500
"""From this width on the comparison stands beside the image; it is too wide for that in a smaller window."""
_NAMES = {Side.THEIRS: "Take Theirs", Side.MINE: "Keep Mine"}
_DONE = {Side.THEIRS: "Took theirs", Side.MINE: "Kept mine"}
_COMMANDS = {Side.THEIRS: "take_theirs", Side.MINE: "keep_mine"}
_EXPLANATION = (
    "You and somebody else changed the same thing in these images. Choose which version stays. "
    "None of them is sent before that."
)
_NONE_LEFT = "No conflicts left. Push again to send your changes."


class ConflictsDialog(QDialog):
    """Shows the entries in conflict, and lets the person decide each of them, or all.

    It is not modal: work goes on beside it. Every decision is one gesture of the document, which undo takes
    back.

    Args:
        document: whose entries are in conflict.
        pictures: where their images are read.
        colours: of the labels.
        parent: the window it belongs to.

    """

    resolved = Signal(int)
    """int: how many entries were decided just now."""

    def __init__(
        self, document: Document, pictures: Pictures, colours: LabelColours, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._colours = colours
        self._entry: Entry | None = None
        self._ever: set[int] = set()
        self._query: Job | None = None
        self._busy = False
        self._closed = False
        self._decided: Step | None = None
        self._model = ConflictModel(document)
        self.list = ConflictList(self._model)
        self.picture = ConflictImage(document, pictures)
        self.table = ComparisonTable()
        self.setWindowTitle("Conflicts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._build()
        self._wire()
        fit_window(self, 1180, 760)
        self.list.setFocus()
        self._list_anew()

    @property
    def left(self) -> int:
        """How many entries are still in conflict."""
        return self._model.rowCount()

    @property
    def entry(self) -> Entry | None:
        """The entry that is shown."""
        return self._entry

    # what is where

    def _build(self) -> None:
        self.count = _label(small=True, dim=True)
        self.merging = _label(small=True, dim=True)
        self.merging.setWordWrap(True)
        self.merging.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.notice = _label()
        self.notice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.edit_bar = EditBar()
        self.decide = {side: _button(f"{_NAMES[side]} ({key_name(_COMMANDS[side])})") for side in _NAMES}
        self.decide_all = {side: _button("") for side in _NAMES}
        self.close_button = _button("Close")
        self.pages = QStackedWidget()
        self.pages.addWidget(self._work_page())
        self.pages.addWidget(_empty_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.edit_bar)
        layout.addLayout(self._footer())

    def _work_page(self) -> QWidget:
        explanation = _label(dim=True)
        explanation.setText(_EXPLANATION)
        explanation.setWordWrap(True)
        side = QWidget()
        column = _column(side)
        column.addWidget(self.count)
        column.addWidget(self.list, 1)
        comparison = QWidget()
        column = _column(comparison)
        column.addWidget(self.table, 1)
        column.addLayout(self._decisions())
        self.work = QSplitter(Qt.Orientation.Vertical)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for splitter, widgets in ((self.work, (self.picture, comparison)), (self.columns, (side, self.work))):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(12)
            for widget in widgets:
                splitter.addWidget(widget)
        self.work.setSizes([460, 190])
        self.work.setStretchFactor(0, 3)
        self.work.setStretchFactor(1, 1)
        self.columns.setSizes([220, 900])
        self.columns.setStretchFactor(1, 1)
        page = QWidget()
        column = _column(page)
        column.setSpacing(12)
        column.addWidget(explanation)
        column.addWidget(self.columns, 1)
        return page

    def _decisions(self) -> QHBoxLayout:
        """Each button stands below the column of the version that it keeps."""
        decisions = QHBoxLayout()
        decisions.setSpacing(0)
        decisions.addWidget(self.merging, 1)
        for button in self.decide.values():
            button.setProperty("primary", True)
            cell = QHBoxLayout()
            cell.setContentsMargins(GRID, 0, 0, 0)
            cell.addWidget(button)
            cell.addStretch()
            decisions.addLayout(cell, 1)
        decisions.addStretch(1)
        return decisions

    def _footer(self) -> QHBoxLayout:
        footer = QHBoxLayout()
        footer.setSpacing(GRID)
        footer.addWidget(self.notice, 1)
        for button in self.decide_all.values():
            footer.addWidget(button)
        footer.addWidget(self.close_button)
        return footer

    def _wire(self) -> None:
        document = self._document
        self.list.entry_chosen.connect(lambda: self._show(self.list.current))
        self.table.conflict_chosen.connect(self.picture.view.choose)
        self.picture.view.conflict_chosen.connect(self.table.choose)
        for side in _NAMES:
            self.decide[side].clicked.connect(partial(self._decide, side))
            self.decide_all[side].clicked.connect(partial(self._decide_all, side))
            self._key(QKeySequence(key_name(_COMMANDS[side])), partial(self._decide, side))
        self._key(QKeySequence(QKeySequence.StandardKey.Undo), document.undo)
        self._key(QKeySequence(QKeySequence.StandardKey.Redo), document.redo)
        KeyFilter(self, self.picture.digits)
        self.close_button.clicked.connect(self.close)
        self.edit_bar.cancel_wanted.connect(document.cancel_long_edit)
        document.changed.connect(self.update_list)
        document.working.connect(self._advance)
        document.worked.connect(self._advance)
        document.refused.connect(self._say)
        document.save_failed.connect(self._complain)
        document.undo_stack.moved.connect(self._forget_decided)
        document.undo_stack.carried_out.connect(self._tell_carried_out)
        self._colours.changed.connect(self._recolour)

    def _key(self, keys: QKeySequence, act: object) -> None:
        shortcut = QShortcut(keys, self)
        shortcut.setAutoRepeat(False)  # a key held down must not decide image after image
        shortcut.activated.connect(act)

    # what is shown

    def update_list(self, changes: Changes) -> None:
        """Follow what a write touched."""
        if self._closed or not (changes.entries or changes.everything):
            return
        self._model.refresh(None if changes.everything else changes.entries)
        if self._entry is not None and (changes.everything or self._entry.id in changes.entries):
            self._show(self._entry.id)
        self._list_anew()

    def _list_anew(self) -> None:
        if self._query is not None:
            self._query.drop()
        self._query = self._document.jobs.run(
            Lane.READ,
            lambda _token, _report: self._document.workspace.ids(Filter(kind=Kind.CONFLICTS)),
            done=self._list,
        )

    def _list(self, ids: array[int]) -> None:
        self._query = None
        self._ever.update(ids)
        self.list.list_ids(ids)
        left = len(ids)
        self.count.setText(f"{left:,} of {len(self._ever):,} left")
        for side, button in self.decide_all.items():
            button.setText(f"{_NAMES[side]} for All {left:,}")
            button.setVisible(left > 1)
        self._turn_page(1 if left == 0 else 0)

    def _turn_page(self, page: int) -> None:
        if self.pages.currentIndex() == page:
            return
        self.pages.setCurrentIndex(page)
        (self.close_button if page else self.list).setFocus()

    def _show(self, entry_id: EntryId | None) -> None:
        entry = self._document.entry(entry_id) if entry_id is not None else None
        self._entry = entry if entry is not None and entry.theirs is not None else None
        for button in self.decide.values():
            button.setEnabled(self._entry is not None)
        if self._entry is None:
            self.picture.clear()
            self.table.show_conflicts([])
            self.merging.setText("")
            return
        conflicts = self._draw()
        self.table.show_conflicts(conflicts)
        self.picture.view.choose(self.table.chosen)
        self.merging.setText(_merging_in_words(self._entry, conflicts))

    def _draw(self) -> tuple[MergeConflict, ...]:
        if self._entry is None:
            return ()
        conflicts = conflicts_of(self._entry)
        self.picture.show_entry(self._entry, overlays_of(self._entry, conflicts, self._colours.of))
        self.picture.view.choose(self.table.chosen)
        return conflicts

    def _recolour(self, _labels: object) -> None:
        if not self._closed:
            self._draw()

    def _complain(self, error: Exception) -> None:
        self._say(str(error))

    def _say(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.setToolTip(plain_tip(text) if text else "")

    def _advance(self, progress: Progress | None = None) -> None:
        self.edit_bar.show_progress(progress, can_cancel=self._document.can_cancel)
        if progress is None:
            self._busy = False

    def _forget_decided(self) -> None:
        """Undo would take something else back by now."""
        if self._decided is not None and self._document.undo_stack.newest is not self._decided:
            self._decided = None
            self._say("")

    def _tell_carried_out(self, attempt: Attempt) -> None:
        self._say(carried_out(attempt.step, attempt.move, self._document.entry))

    # decisions

    def _decide(self, side: Side) -> None:
        if self._entry is None or self._busy:
            return
        entry = self._entry
        done = f"{_DONE[side]} in {short_name(entry)}."
        self._resolve(_NAMES[side].capitalize(), [entry.id], side, done, seen=entry)

    def _decide_all(self, side: Side) -> None:
        ids = [EntryId(one) for one in self._model.ids]
        if ids and not self._busy:
            images = counted(len(ids), "image")
            self._resolve(f"{_NAMES[side].capitalize()} in {images}", ids, side, "")

    def _resolve(
        self, text: str, ids: list[EntryId], side: Side, done: str, seen: Entry | None = None
    ) -> None:
        def ended(resolved: Resolved) -> None:
            count = len(resolved.after)
            if count and not self._closed:
                undo = QKeySequence(QKeySequence.StandardKey.Undo).toString(
                    QKeySequence.SequenceFormat.NativeText
                )
                told = done or f"{_DONE[side]} in {counted(count, 'image')}."
                if not resolved.left:
                    self._say(f"{told} {undo} takes it back.")
                    self._decided = self._document.undo_stack.newest
                self.resolved.emit(count)

        self._say("")
        self._busy = self._document.resolve_conflicts(text, ids, side, seen=seen, ended=ended)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= _BESIDE_FROM
        wanted = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if self.work.orientation() != wanted:
            self.work.setOrientation(wanted)
            self.work.setSizes([760, 560] if beside else [460, 190])

    @override
    def done(self, result: int) -> None:
        self._closed = True
        if self._query is not None:
            self._query.drop()
        self.picture.clear()
        super().done(result)


def _merging_in_words(entry: Entry, conflicts: tuple[MergeConflict, ...]) -> str:
    if not conflicts:
        return "Nothing conflicts here any more: both versions come to the same."
    theirs, mine = merging_by_itself(entry)
    if not theirs + mine:
        return ""
    merge = "merges by itself" if theirs + mine == 1 else "merge by themselves"
    changes = counted(theirs + mine, "other change")
    whose = f"{theirs} of theirs, {mine} of yours" if theirs and mine else "theirs" if theirs else "yours"
    return f"{changes} {merge} ({whose})."


def _empty_page() -> QWidget:
    page = QWidget()
    text = _label()
    text.setText(_NONE_LEFT)
    text.setAlignment(Qt.AlignmentFlag.AlignCenter)
    text.setWordWrap(True)
    _column(page).addWidget(text, 1)
    return page


def _label(*, small: bool = False, dim: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("small", small)
    label.setProperty("dim", dim)
    return label


def _button(text: str) -> QPushButton:
    # Enter in a list must not press a button that decides.
    button = QPushButton(text)
    button.setAutoDefault(False)
    return button


def _column(widget: QWidget) -> QVBoxLayout:
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID)
    return layout
