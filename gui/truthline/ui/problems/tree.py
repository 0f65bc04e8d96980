"""Problems in groups, as a model of two levels: by code or by image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from typing_extensions import override

from truthline.manifest.annotation import Level
from truthline.ui.document.problem_icons import icon_of
from truthline.ui.kit import theme
from truthline.ui.kit.two_level_tree import Index, TwoLevelTree
from truthline.workspace.workspace import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from PySide6.QtCore import QObject

HEADINGS = ("Problem", "Code", "Image", "Line")
_WORST_FIRST = {Level.ERROR: 0, Level.WARNING: 1, Level.INFO: 2}


@dataclass(frozen=True, slots=True)
class Group:
    """Problems that belong together under one title."""

    key: str
    title: str
    problems: Sequence[Problem]

    @property
    def level(self) -> Level:
        """The worst of its problems'."""
        return min((problem.level for problem in self.problems), key=_WORST_FIRST.__getitem__)


class ProblemTree(TwoLevelTree[Group, Problem]):
    """Groups, and the problems in each; the service's first, errors before warnings."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(HEADINGS, parent)

    def set_groups(self, groups: Sequence[Group]) -> None:
        """Show other groups."""
        self.set_rows(groups, [group.problems for group in groups])

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        problem = self.member_at(index)
        if problem is None:
            return self._group_data(index, role)
        if role == Qt.ItemDataRole.DisplayRole:
            name = image_name(problem)
            line = f"{problem.position:,}" if problem.position else ""
            return (problem.message, problem.code, name, line)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return icon_of(problem.origin, problem.level)
        if role == Qt.ItemDataRole.ToolTipRole:
            return theme.plain_tip(
                f"{who(problem.origin)}: {problem.message}\n{problem.code}\n{problem.source_ref}"
            )
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{who(problem.origin)}, {problem.level}: {problem.message}"
        if role == Qt.ItemDataRole.ForegroundRole and index.column():
            return QColor(theme.tokens().dim)
        return None

    def _group_data(self, index: Index, role: int) -> Any:
        group = self.group_at(index)
        if group is None or index.column():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{group.title}  ({len(group.problems):,})"
        if role == Qt.ItemDataRole.DecorationRole:
            return icon_of(group.problems[0].origin, group.level)
        if role == Qt.ItemDataRole.ToolTipRole:
            return theme.plain_tip(group.title)
        return None


def group_problems(
    problems: Iterable[Problem], *, by_image: bool, title_of: Callable[[str], str]
) -> list[Group]:
    """Sort problems into groups by code (``title_of`` says what a code means) or by image."""
    found: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=_urgency):
        key = f"{problem.entry_id}" if by_image else problem.code
        found.setdefault(key, []).append(problem)
    groups = [
        Group(key, image_name(members[0]) if by_image else title_of(key), members)
        for key, members in found.items()
    ]
    return groups if by_image else sorted(groups, key=lambda group: _WORST_FIRST[group.level])


def told_once(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Without findings that the service reports too; its report then says it in our words, with numbers."""
    found = {_place(problem): problem for problem in problems if problem.origin is Origin.FINDING}
    reported = {_place(problem) for problem in problems if problem.origin is not Origin.FINDING}
    for problem in problems:
        place = _place(problem)
        if problem.origin is not Origin.FINDING and place in found:
            yield replace(problem, message=found[place].message)
        elif problem.origin is not Origin.FINDING or place not in reported:
            yield problem


def image_name(problem: Problem) -> str:
    """The image's file name, or its line's number where the line names none."""
    if not problem.entry_id:
        return "The whole dataset"
    return problem.source_ref.rsplit("/", 1)[-1] if problem.source_ref else f"Line {problem.position:,}"


def who(origin: Origin) -> str:
    """Who sees a problem, in words."""
    return {
        Origin.FINDING: "Found by Truthline",
        Origin.REMOTE: "Reported by the service",
        Origin.TRAINING: "Reported by training",
    }[origin]


def _place(problem: Problem) -> tuple[int, str, str]:
    return problem.entry_id, problem.code, problem.pointer


def _urgency(problem: Problem) -> tuple[bool, int, int, int]:
    return (
        problem.origin is Origin.FINDING,
        _WORST_FIRST[problem.level],
        problem.position,
        problem.ordinal,
    )
