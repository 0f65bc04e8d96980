"""What was pushed, when, and what came of it: the push journal, the newest push first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.ui.dataset.history_tree import HistoryTree, PushStory
from truthline.ui.dataset.sent_lines import SentLinesDialog
from truthline.ui.kit.jobs import Job, Lane
from truthline.ui.kit.raw_text import RawText
from truthline.workspace.journal import Batch, PushRemark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QShowEvent

    from truthline.ui.dataset.state import DatasetState
    from truthline.ui.document.document import Document
    from truthline.workspace.changes import Changes
    from truthline.workspace.journal import PushId
    from truthline.workspace.workspace import Workspace

SHOWN_AT_MOST = 500
"""Pushes that are listed."""

_EMPTY = (
    "Nothing was pushed from this workspace yet. Each push is listed here: when it was, what was sent, and"
    " what came of it."
)


class History(QWidget):
    """Lists the pushes of a document's workspace with their batches and their remarks on lines."""

    entry_wanted = Signal(RawText)
    """The source-ref of the entry to go to."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._known: dict[PushId, PushStory] = {}
        self._asking: Job | None = None
        self._stale = True
        self._running = False
        self._step: tuple[object, ...] = ()
        self._tree = HistoryTree(self)
        self._build()
        self._show_choice()
        document.changed.connect(self._note_changes)

    def _build(self) -> None:
        view = QTreeView()
        view.setModel(self._tree)
        view.setAccessibleName("Pushes")
        view.setUniformRowHeights(True)
        view.setAllColumnsShowFocus(True)
        view.setIndentation(16)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        view.setStyleSheet("QTreeView::item { padding-right: 8px; }")  # between a number and the next icon
        header = view.header()
        header.setStretchLastSection(True)
        for column, width in ((0, 190), (1, 90), (2, 70)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        view.clicked.connect(self._go_to)
        view.activated.connect(self._go_to)
        view.selectionModel().currentChanged.connect(lambda _current, _before: self._show_choice())
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_menu)
        self.view = view
        self.lines_button = QPushButton("Show Lines as Sent…")
        self.lines_button.clicked.connect(lambda _checked: self.show_lines())
        self._hint = QLabel()
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setProperty("dim", True)
        empty = QLabel(_EMPTY)
        empty.setTextFormat(Qt.TextFormat.PlainText)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        empty.setProperty("dim", True)
        top = QHBoxLayout()
        top.setContentsMargins(12, 4, 8, 4)
        top.addWidget(self._hint, 1)
        top.addWidget(self.lines_button)
        listed = QWidget()
        rows = QVBoxLayout(listed)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(top)
        rows.addWidget(view, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(empty)
        self.pages.addWidget(listed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)

    @property
    def stories(self) -> Sequence[PushStory]:
        """What is listed."""
        return self._tree.groups

    def show_state(self, state: DatasetState) -> None:
        """Follow a push that is under way."""
        running = state.activity is not None and not state.pulling
        step = state.activity.step if state.activity is not None else ()
        if (running, step) != (self._running, self._step):
            self._running, self._step = running, step
            self._refresh()

    def show_lines(self) -> None:
        """Show the lines of the chosen batch as they were sent."""
        batch = self._tree.member_at(self.view.currentIndex())
        if isinstance(batch, Batch):
            dialog = SentLinesDialog(self._document, batch, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    # keeping up

    def _note_changes(self, changes: Changes) -> None:
        if changes.pushes:
            self._refresh()

    def _refresh(self) -> None:
        """Read the journal anew, or as soon as this is seen."""
        self._stale = True
        if not self.isVisible():
            return
        self._stale = False
        if self._asking is not None:
            self._asking.drop()
        workspace, known = self._document.workspace, dict(self._known)
        self._asking = self._document.jobs.run(
            Lane.READ, lambda _token, _report: read_stories(workspace, known), done=self._show
        )

    def _show(self, stories: list[PushStory]) -> None:
        self._asking = None
        self._known = {story.push.id: story for story in stories if story.push.finished is not None}
        if (stories, self._running) != (self._tree.groups, self._tree.running):
            self._fill(stories)
        self.pages.setCurrentIndex(1 if stories else 0)

    def _fill(self, stories: list[PushStory]) -> None:
        """List them; what was open stays open, and the chosen place stays chosen."""
        tree, current = self._tree, self.view.currentIndex()
        opened = {s.push.id for row, s in enumerate(tree.groups) if self.view.isExpanded(tree.index(row, 0))}
        story, part = tree.group_at(current), tree.member_at(current)
        tree.set_stories(stories, running=self._running)
        for row, one in enumerate(stories):
            index = tree.index(row, 0)
            self.view.setExpanded(index, one.push.id in opened)
            if story is not None and one.push.id == story.push.id:
                self.view.setCurrentIndex(_place_of(tree, index, part))
        self._show_choice()

    # what is chosen

    def _show_choice(self) -> None:
        chosen = isinstance(self._tree.member_at(self.view.currentIndex()), Batch)
        self.lines_button.setEnabled(chosen)
        hint = "" if chosen else "Open a push to see its batches and what was said of its lines."
        self._hint.setText(hint)

    def _go_to(self, index: QModelIndex) -> None:
        remark = self._tree.member_at(index)
        if isinstance(remark, PushRemark) and remark.source_ref:
            self.entry_wanted.emit(remark.source_ref)

    def _open_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if isinstance(self._tree.member_at(index), Batch):
            self.view.setCurrentIndex(index)
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction("Show Lines as Sent…", self.show_lines)
            menu.popup(self.view.viewport().mapToGlobal(place))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()


def read_stories(workspace: Workspace, known: dict[PushId, PushStory]) -> list[PushStory]:
    """Read the newest pushes; those in ``known`` are over and stay as they are."""
    return [
        known.get(push.id)
        or PushStory(push, tuple(workspace.batches(push.id)), tuple(workspace.push_remarks(push.id)))
        for push in workspace.pushes()[:SHOWN_AT_MOST]
    ]


def _place_of(tree: HistoryTree, push: QModelIndex, part: Batch | PushRemark | None) -> QModelIndex:
    for row in range(tree.rowCount(push)):
        index = tree.index(row, 0, push)
        listed = tree.member_at(index)
        same_batch = isinstance(part, Batch) and isinstance(listed, Batch) and part.id == listed.id
        if part is not None and (same_batch or listed == part):
            return index
    return push
