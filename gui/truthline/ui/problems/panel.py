"""Every problem, as an editor shows them: what our rules find now, and what the service reported."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.manifest.annotation import Level
from truthline.manifest.check.codes.table import explain
from truthline.manifest.check.fixes import FIXES
from truthline.ui.document.problem_icons import icon_of
from truthline.ui.kit import theme
from truthline.ui.kit.field import Field
from truthline.ui.problems.tree import Group, ProblemTree, group_problems, told_once, who
from truthline.workspace.workspace import Origin, Problem, ProblemCount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtGui import QResizeEvent

SHOWN_AT_MOST = 5_000
"""Problems that are listed; the counts in the heading are of all."""

_CODES_FROM = 900
"""In a narrower panel the sentence needs the room more; the code stays in the tool tip."""
_EXPLANATION_FROM = 560
_WIDEST = {1: 250, 2: 150, 3: 60}
"""The columns beside the sentence, which always keeps at least a quarter of the room."""
_LEVELS = ((Level.ERROR, "errors"), (Level.WARNING, "warnings"), (Level.INFO, "notes"))
_OPENED_GROUPS = 40
_OPENED_ROWS = 1_000
"""Groups are shown open while they are few enough to be read through. 5,000 rows take 90 ms to open."""


class ProblemsPanel(QWidget):
    """Grouped problems with filters; beside them what the chosen one means, and how to fix it."""

    problem_chosen = Signal(Problem)
    """The `Problem` to go to."""
    fix_wanted = Signal(Problem)
    """The `Problem` to fix."""
    fix_all_wanted = Signal(str)
    """The code of which everything is to be fixed."""
    counted = Signal(int)
    """The number of problems, after it may have changed."""
    entries_wanted = Signal(str)
    """The code whose images are to be listed in the gallery."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: Sequence[Problem] = ()
        self._whole: Sequence[Problem] = ()
        self._counts: Sequence[ProblemCount] = ()
        self._tree = ProblemTree(self)
        self.view = QTreeView()
        self._build_view()
        self.grouping = QComboBox()
        self.grouping.addItems(["By code", "By image"])
        self.grouping.setAccessibleName("Group problems")
        self.grouping.currentIndexChanged.connect(lambda _index: self._fill())
        self.level_buttons: dict[Level, QToolButton] = {}
        self.search = Field("Filter problems")
        self.search.setMaximumWidth(260)
        self.search.textChanged.connect(lambda _text: self._fill())
        self._hint = QLabel()
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setProperty("dim", True)
        self._hint.setWordWrap(True)
        self.explanation = _Explanation()
        self.explanation.fix_button.clicked.connect(self._fix)
        self.explanation.fix_all_button.clicked.connect(self._fix_all)
        self.explanation.list_button.clicked.connect(self._list_entries)
        self._arrange()
        self._fill()

    def _build_view(self) -> None:
        view = self.view
        view.setModel(self._tree)
        view.setAccessibleName("Problems")
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setUniformRowHeights(True)
        view.setAllColumnsShowFocus(True)
        view.setIndentation(16)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(40)
        view.clicked.connect(self._choose)
        view.activated.connect(self._choose)
        view.selectionModel().currentChanged.connect(lambda current, _before: self._explain(current))

    def _arrange(self) -> None:
        # From the outside to the inside: a widget that gets another parent is styled anew.
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        top = QHBoxLayout()
        layout.addLayout(top)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        layout.addWidget(split, 1)
        top.setContentsMargins(8, 4, 8, 4)
        top.setSpacing(4)
        top.addWidget(self.grouping)
        for level, name in _LEVELS:
            button = QToolButton(self)
            button.setCheckable(True)
            button.setChecked(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setToolTip(f"Show {name}")
            button.toggled.connect(lambda _checked: self._fill())
            self.level_buttons[level] = button
            top.addWidget(button)
        top.addStretch(1)
        top.addWidget(self.search)
        self._pages = QStackedWidget(split)
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self.view)
        split.addWidget(self.explanation)
        split.setStretchFactor(0, 1)
        split.setCollapsible(0, False)
        split.setSizes([560, 400])
        split.splitterMoved.connect(lambda _place, _handle: self._show_columns())
        self.show_counts(())

    @property
    def problems(self) -> list[Problem]:
        """What is listed, in its order."""
        return [problem for group in self._tree.groups for problem in group.problems]

    @property
    def groups(self) -> Sequence[Group]:
        """The groups as they are listed."""
        return self._tree.groups

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """List other problems; the chosen one stays chosen."""
        found = list(told_once(problems))
        if found != self._all:  # asked after each gesture, and most change nothing here
            self._all = found
            self._fill()
        self._show_numbers()

    def show_whole(self, problems: Sequence[Problem]) -> None:
        """List problems of the dataset as a whole, above the others."""
        self._whole = problems
        self._fill()
        self._show_numbers()

    def show_counts(self, counts: Sequence[ProblemCount]) -> None:
        """Tell how many problems there are in all, which may be more than can be listed."""
        self._counts = counts
        self._show_numbers()

    def _show_numbers(self) -> None:
        everything = sum(count.problems for count in self._counts)
        numbers = Counter(problem.level for problem in (*self._whole, *self._all))
        if everything > SHOWN_AT_MOST:
            numbers = Counter()
            for count in self._counts:
                numbers[count.level] += count.problems
        self.counted.emit(numbers.total())
        for level, name in _LEVELS:
            number = numbers[level]
            self.level_buttons[level].setText(f"{number:,}")
            self.level_buttons[level].setIcon(icon_of(Origin.FINDING, level))
            self.level_buttons[level].setAccessibleName(f"{number} {name}")

    def step(self, steps: int) -> None:
        """Go to the next or previous problem, around the ends."""
        listed = self.problems
        if not listed:
            return
        current = self._tree.member_at(self.view.currentIndex())
        place = listed.index(current) + steps if current in listed else (0 if steps > 0 else -1)
        index = self._tree.index_of(listed[place % len(listed)])
        self.view.setCurrentIndex(index)
        self._choose(index)

    def _fill(self) -> None:
        chosen = self._tree.member_at(self.view.currentIndex())
        shown = list(self._filtered())
        groups = group_problems(
            shown, by_image=self.grouping.currentIndex() == 1, title_of=lambda code: explain(code).title
        )
        self._tree.set_groups(groups)
        for row in range(len(groups)):
            self.view.setFirstColumnSpanned(row, QModelIndex(), True)
        if len(groups) <= _OPENED_GROUPS and len(shown) <= _OPENED_ROWS:
            self.view.expandAll()
        self._show_columns()
        self._pages.setCurrentIndex(1 if shown else 0)
        self._hint.setText(
            "No problem passes the filters."
            if self._all
            else "No problems. What our rules find and what the service reports is listed here."
        )
        if chosen is not None:
            self.view.setCurrentIndex(self._tree.index_of(chosen))
        self._explain(self.view.currentIndex())

    def _show_columns(self) -> None:
        by_code = self.grouping.currentIndex() == 0
        self.view.setColumnHidden(1, by_code or self.width() < _CODES_FROM)
        self.view.setColumnHidden(2, not by_code)
        self.view.setColumnHidden(3, self.width() < _CODES_FROM)
        for column, widest in _WIDEST.items():  # what is left is the sentence's
            share = self.view.viewport().width() // 4
            self.view.header().resizeSection(column, min(widest, share))

    def _filtered(self) -> Iterator[Problem]:
        wanted = self.search.text().casefold().strip()
        for problem in (*self._whole, *self._all):
            text = f"{problem.message}\n{problem.code}\n{problem.source_ref}".casefold()
            if self.level_buttons[problem.level].isChecked() and wanted in text:
                yield problem

    def _choose(self, index: QModelIndex) -> None:
        problem = self._tree.member_at(index)
        if problem is not None:
            self.problem_chosen.emit(problem)

    def _explain(self, index: QModelIndex) -> None:
        group = self._tree.group_at(index)
        problem = self._tree.member_at(index)
        if problem is None and group is not None and self.grouping.currentIndex() == 0:
            self.explanation.show_kind(group.problems[0])
        else:
            self.explanation.show_problem(problem)

    def _fix(self) -> None:
        problem = self.explanation.problem
        if problem is not None:
            self.fix_wanted.emit(problem)

    def _fix_all(self) -> None:
        problem = self.explanation.problem
        if problem is not None:
            self.fix_all_wanted.emit(problem.code)

    def _list_entries(self) -> None:
        problem = self.explanation.problem
        if problem is not None:
            self.entries_wanted.emit(problem.code)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.explanation.setVisible(self.width() >= _EXPLANATION_FROM)
        self._show_columns()


class _Explanation(QScrollArea):
    """What a problem means, why it matters, and how to fix it."""

    def __init__(self) -> None:
        super().__init__()
        self.problem: Problem | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(220)
        self._title = _paragraph(bold=True)
        self._message = _paragraph()
        self._why = _paragraph(dim=True)
        self._how = _paragraph()
        self._code = _paragraph(dim=True, small=True)
        self.fix_button = QPushButton("Fix")
        self.fix_all_button = QPushButton("Fix all…")
        self.list_button = QPushButton("Show images")
        buttons = QHBoxLayout()
        for button in (self.fix_button, self.fix_all_button, self.list_button):
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(6)
        layout.addWidget(self._title)
        layout.addWidget(self._message)
        layout.addLayout(buttons)
        for label in (self._why, self._how, self._code):
            layout.addWidget(label)
        layout.addStretch(1)
        self.setWidget(inside)

    def show_kind(self, example: Problem) -> None:
        """Explain a kind of problem; no single one is highlighted, so none can be fixed by itself."""
        self.show_problem(example)
        self.fix_button.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Explain a problem; None clears."""
        self.problem = problem
        buttons = (self.fix_button, self.fix_all_button, self.list_button)
        if problem is None:
            self._title.setText("")
            self._message.setText("Choose a problem to see what it means and how to fix it.")
            for widget in (self._why, self._how, self._code, *buttons):
                widget.hide()
            return
        explanation = explain(problem.code)
        fix = FIXES.get(problem.code)
        self._title.setText(explanation.title)
        self._message.setText(problem.message)
        self._why.setText(explanation.why)
        self._how.setText(f"How to fix: {explanation.how_to_fix}")
        self._code.setText(f"{problem.code} · {who(problem.origin)}")
        for widget in (self._why, self._how, self._code, self.list_button):
            widget.show()
        for button in (self.fix_button, self.fix_all_button):
            button.setVisible(fix is not None)
        if fix is not None:
            self._how.setText(f"How to fix: {explanation.how_to_fix}\nThe fix offered: {fix.title}.")
            self.fix_button.setToolTip(theme.plain_tip(fix.title))
            self.fix_all_button.setToolTip("Fix everything of this kind in the dataset, with a preview")


def _paragraph(*, bold: bool = False, dim: bool = False, small: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("dim", dim)
    label.setProperty("small", small)
    if bold:
        font = label.font()
        font.setPixelSize(theme.TEXT)
        font.setBold(True)
        label.setFont(font)
    return label
