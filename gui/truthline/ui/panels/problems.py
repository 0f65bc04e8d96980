"""Every problem as a table: what our rules find now, and what the service reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QStackedLayout, QTableView, QWidget
from typing_extensions import override

from truthline.manifest.annotation import Level
from truthline.ui import theme
from truthline.workspace.workspace import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHOWN_AT_MOST = 5_000
"""Problems that are listed; the heading says so if there are more."""

_CODES_FROM = 820
"""In a narrower panel the sentence needs the room more; the code stays in the tool tip."""
_ROOT = QModelIndex()
_HEADINGS = ("", "Problem", "Code", "Image", "Line")
_WORST_FIRST = {Level.ERROR: 0, Level.WARNING: 1, Level.INFO: 2}


class ProblemsPanel(QWidget):
    """The table; a click or Enter goes to the image and the place."""

    problem_chosen = Signal(object)
    """The `Problem` to go to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _ProblemModel(self)
        self.table = QTableView()
        self.table.setModel(self._model)
        self.table.setAccessibleName("Problems")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, 32), (2, 260), (3, 170), (4, 60)):
            header.resizeSection(column, width)
        self.table.clicked.connect(self._choose)
        self.table.activated.connect(self._choose)
        self._hint = QLabel("No problems. What our rules find and what the service reports is listed here.")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setProperty("dim", True)
        self._hint.setWordWrap(True)
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self._hint)
        self._layout.addWidget(self.table)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.setColumnHidden(2, self.width() < _CODES_FROM)

    @property
    def problems(self) -> Sequence[Problem]:
        """What is listed, in its order."""
        return self._model.problems

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """List the problems: the service's first, errors before warnings, then by line."""
        row = self.table.currentIndex().row()
        ordered = sorted(_told_once(problems), key=_urgency)
        self._model.set_problems(ordered)
        self._layout.setCurrentIndex(1 if ordered else 0)
        if 0 <= row < len(ordered):
            self.table.setCurrentIndex(self._model.index(row, 0))

    def step(self, steps: int) -> None:
        """Go to the next or previous problem, around the ends."""
        count = len(self._model.problems)
        if count:
            row = self.table.currentIndex().row()
            row = (row + steps) % count if row >= 0 else (0 if steps > 0 else count - 1)
            index = self._model.index(row, 0)
            self.table.setCurrentIndex(index)
            self._choose(index)

    def _choose(self, index: QModelIndex) -> None:
        self.problem_chosen.emit(self._model.problems[index.row()])


class _ProblemModel(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.problems: Sequence[Problem] = ()

    def set_problems(self, problems: Sequence[Problem]) -> None:
        self.beginResetModel()
        self.problems = problems
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.problems)

    @override
    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(_HEADINGS)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        return None

    @override
    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        problem = self.problems[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            name = problem.source_ref.rsplit("/", 1)[-1]
            return ("", problem.message, problem.code, name, f"{problem.position:,}")[column]
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return _icon_of(problem)
        if role == Qt.ItemDataRole.ToolTipRole:
            return theme.plain_tip(
                f"{_who(problem)}: {problem.message}\n{problem.code}\n{problem.source_ref}"
            )
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{_who(problem)}, {problem.level}: {problem.message}"
        if role == Qt.ItemDataRole.ForegroundRole and column >= 2:
            return QColor(theme.tokens().dim)
        return None


def _told_once(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Without findings that the service reports too; its report then says it in our words, with numbers."""
    found = {_place(problem): problem for problem in problems if problem.origin is Origin.FINDING}
    reported = {_place(problem) for problem in problems if problem.origin is Origin.REMOTE}
    for problem in problems:
        place = _place(problem)
        if problem.origin is Origin.REMOTE and place in found:
            yield replace(problem, message=found[place].message)
        elif problem.origin is Origin.REMOTE or place not in reported:
            yield problem


def _place(problem: Problem) -> tuple[int, str, str]:
    return problem.entry_id, problem.code, problem.pointer


def _urgency(problem: Problem) -> tuple[bool, int, int, int]:
    return problem.origin is not Origin.REMOTE, _WORST_FIRST[problem.level], problem.position, problem.ordinal


def _who(problem: Problem) -> str:
    return "Reported by the service" if problem.origin is Origin.REMOTE else "Found by Truthline"


def _icon_of(problem: Problem) -> QIcon:
    t = theme.tokens()
    colour = {Level.ERROR: t.error, Level.WARNING: t.warning, Level.INFO: t.dim}[problem.level]
    if problem.origin is Origin.REMOTE:
        return theme.icon("cloud-error", colour)
    return theme.icon(
        {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "info"}[problem.level], colour
    )
