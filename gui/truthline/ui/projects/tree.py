"""The account's projects with their datasets, as a tree that tells which datasets are in view."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget
from typing_extensions import override

from truthline.ui.kit import theme
from truthline.ui.kit.times import clock_time
from truthline.words import counted, status_kind, status_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PySide6.QtGui import QResizeEvent

    from truthline.aws.rekognition import DatasetDescription, Project, ProjectDataset

COLUMNS = ("Name", "Status", "Images", "Labelled", "Labels", "Errors", "Created")
KINDS = {"TRAIN": "Training dataset", "TEST": "Test dataset"}
_ARN = Qt.ItemDataRole.UserRole
_ICONS = {"good": "done", "busy": "more", "error": "error"}
_NUMBERS = range(2, 6)
_UNKNOWN = "…"
_WIDTHS = (240, 150, 72, 80, 64, 64)


class ProjectTree(QTreeWidget):
    """Shows projects; `filter` hides those without a text in their name."""

    chosen = Signal()
    """Another project or dataset is chosen."""
    seen_changed = Signal()
    """Other datasets may be in view now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._projects: tuple[Project, ...] = ()
        self._items: dict[str, QTreeWidgetItem] = {}
        self._text = ""
        self.setHeaderLabels(list(COLUMNS))
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setIconSize(QSize(16, 16))
        self.setIndentation(16)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Projects and datasets")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setExpandsOnDoubleClick(False)
        # between a number and what stands right of it
        self.setStyleSheet("QTreeView::item { padding-right: 8px; }")
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate(_WIDTHS):
            header.resizeSection(column, width)
        for column in _NUMBERS:
            self.headerItem().setTextAlignment(
                column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            )
        self.itemSelectionChanged.connect(self.chosen)
        self.itemExpanded.connect(lambda _item: self.seen_changed.emit())
        self.verticalScrollBar().valueChanged.connect(lambda _value: self.seen_changed.emit())

    @property
    def projects(self) -> tuple[Project, ...]:
        """What is listed, in the order of names."""
        return self._projects

    @property
    def project(self) -> Project | None:
        """The chosen project, or the one of the chosen dataset."""
        arn = self._chosen_arn()
        for project in self._projects:
            if arn == project.arn or any(arn == one.arn for one in project.datasets):
                return project
        return None

    @property
    def dataset(self) -> ProjectDataset | None:
        """The chosen dataset, None if a project is chosen or nothing is."""
        arn = self._chosen_arn()
        listed = (dataset for project in self._projects for dataset in project.datasets)
        return next((dataset for dataset in listed if dataset.arn == arn), None)

    def set_projects(self, projects: Sequence[Project], known: Mapping[str, DatasetDescription]) -> None:
        """List other projects; what was closed stays closed, what was chosen stays chosen."""
        listed = tuple(sorted(projects, key=lambda one: one.name.casefold()))
        if self._places(listed) == self._places(self._projects):
            self._projects = listed
        else:
            self._list_anew(listed)
        for project in listed:
            self._show_project(project)
            for dataset in project.datasets:
                self._show_dataset(dataset, known.get(dataset.arn), dataset)

    def describe(self, arn: str, description: DatasetDescription) -> None:
        """Show what the service says of a dataset."""
        for project in self._projects:
            for dataset in project.datasets:
                if dataset.arn == arn:
                    self._show_dataset(dataset, description, description)

    def choose(self, arn: str) -> None:
        """Choose a project or dataset, and have it in view."""
        item = self._items.get(arn)
        if item is not None:
            self.setCurrentItem(item)
            self.scrollToItem(item)

    def filter(self, text: str) -> None:
        """Show the projects with ``text`` in their name, in upper or lower case."""
        self._text = text.strip().casefold()
        for project in self._projects:
            self._items[project.arn].setHidden(self._text not in project.name.casefold())
        self.seen_changed.emit()

    @property
    def nothing_matches(self) -> bool:
        """Whether the filter hides all projects."""
        return bool(self._projects) and all(self._items[one.arn].isHidden() for one in self._projects)

    def in_view(self) -> Iterator[str]:
        """The ARNs of the datasets that can be seen now."""
        view = self.viewport().rect()
        for project in self._projects:
            if self._items[project.arn].isHidden():
                continue
            for dataset in project.datasets:
                place = self.visualItemRect(self._items[dataset.arn])
                if not place.isEmpty() and view.intersects(place):
                    yield dataset.arn

    def _chosen_arn(self) -> str:
        for item in self.selectedItems():
            if not item.isHidden():
                return str(item.data(0, _ARN))
        return ""

    @staticmethod
    def _places(projects: Sequence[Project]) -> list[tuple[str, ...]]:
        return [(project.arn, *(dataset.arn for dataset in project.datasets)) for project in projects]

    def _list_anew(self, projects: tuple[Project, ...]) -> None:
        closed = {arn for arn, item in self._items.items() if item.childCount() and not item.isExpanded()}
        current = self._chosen_arn()
        self._projects, self._items = (), {}  # what is half done is nothing to ask for
        self.clear()
        for project in projects:
            top = self._add(QTreeWidgetItem(self), project.arn)
            for dataset in project.datasets:
                self._add(QTreeWidgetItem(top), dataset.arn)
            top.setExpanded(project.arn not in closed)
        self._projects = projects
        self.filter(self._text)
        self.choose(current or (projects[0].arn if projects else ""))

    def _add(self, item: QTreeWidgetItem, arn: str) -> QTreeWidgetItem:
        self._items[arn] = item
        item.setData(0, _ARN, arn)
        for column in _NUMBERS:
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return item

    def _show_project(self, project: Project) -> None:
        item = self._items[project.arn]
        item.setText(0, project.name)
        item.setIcon(0, theme.icon("folder"))
        # A project that is there needs no word about it; its datasets have theirs.
        self._show_status(item, project.status if project.status != "CREATED" else "", "")
        item.setText(6, _created(project.arn))
        item.setToolTip(0, theme.plain_tip(f"{project.name}\n{project.arn}"))
        if not project.datasets:
            item.setText(1, item.text(1) or "No datasets yet")

    def _show_dataset(
        self,
        dataset: ProjectDataset,
        description: DatasetDescription | None,
        newest: ProjectDataset | DatasetDescription,
    ) -> None:
        item = self._items[dataset.arn]
        item.setText(0, KINDS.get(dataset.kind, dataset.kind))
        item.setIcon(0, theme.icon("dataset"))
        item.setToolTip(0, theme.plain_tip(dataset.arn))
        self._show_status(item, newest.status, newest.message)
        stats = description.stats if description else None
        numbers = (stats.total, stats.labeled, stats.labels, stats.errors) if stats else (None,) * 4
        for column, number in zip(_NUMBERS, numbers, strict=True):
            item.setText(column, _UNKNOWN if number is None else f"{number:,}")
        item.setText(6, clock_time(description.created) if description else _created(dataset.arn))

    @staticmethod
    def _show_status(item: QTreeWidgetItem, status: str, message: str) -> None:
        kind = status_kind(status)
        item.setText(1, status_words(status))
        item.setToolTip(1, theme.plain_tip(f"{status}\n{message}".strip()) if status else "")
        if status:
            item.setIcon(1, theme.icon(_ICONS[kind], getattr(theme.tokens(), kind)))
            colour = theme.tokens().error if kind == "error" else theme.tokens().text
            item.setForeground(1, QColor(colour))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.seen_changed.emit()


def kind_words(dataset: ProjectDataset) -> str:
    """``training dataset`` or ``test dataset``."""
    return KINDS.get(dataset.kind, dataset.kind).lower()


def held_words(description: DatasetDescription | None) -> str:
    """``1,204 images, 1,116 of them labelled``, "" while that is not known."""
    if description is None:
        return ""
    stats = description.stats
    if not stats.total:
        return "no images"
    return f"{counted(stats.total, 'image')}, {stats.labeled:,} of them labelled"


def _created(arn: str) -> str:
    """When it was made: an ARN ends with that moment, in milliseconds since 1970."""
    number = arn.rpartition("/")[2]
    if not number.isdecimal() or len(number) > 14:
        return ""
    return clock_time(datetime.fromtimestamp(int(number) / 1000, UTC))
