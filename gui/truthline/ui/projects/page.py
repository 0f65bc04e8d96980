"""What is where in the dialog of projects: the connection, the tools, the tree or a message."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from truthline.aws.connection import Connection
from truthline.aws.profiles import profiles
from truthline.errors import SignInError
from truthline.ui.connect.profiles import ProfilePicker, ProfileState
from truthline.ui.kit import theme
from truthline.ui.kit.jobs import Job, Jobs, Lane
from truthline.ui.kit.keys import key_name, keys_of
from truthline.ui.kit.questions import plain_label
from truthline.ui.kit.work_line import WorkLine, error_words
from truthline.ui.projects.choice import about, reasons
from truthline.ui.projects.tree import ProjectTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from truthline.aws.profiles import Profile
    from truthline.aws.rekognition import DatasetDescription, Project, ProjectDataset

_ACTIONS = (
    ("new_project", "New Project…", "add", "new_project"),
    ("new_dataset", "New Dataset…", "dataset", "new_dataset"),
    ("split", "Split…", "select", "split_dataset"),
    ("delete", "Delete…", "delete", "delete_project"),
    ("copy", "Copy ARN", "copy", "copy_arn"),
    ("refresh", "Refresh", "pull", "list_projects"),
)
_OF_TREE = {"delete", "copy"}
"""Their keys mean something else in a field."""
_EMPTY = (
    "No projects here yet. A project holds a training and a test dataset, with the images and labels that a"
    f" model learns from. Make one with New Project… ({key_name('new_project')}), or look at another profile"
    " or region above."
)


class ProjectPage(QObject):
    """The widgets of the dialog, and what they say of a choice."""

    connection_changed = Signal(Connection)
    """The `Connection` that the fields say now."""

    def __init__(self, dialog: QDialog, jobs: Jobs, connection: Connection) -> None:
        super().__init__(dialog)
        self._jobs = jobs
        self._given = connection
        self.listing: Job | None = None
        self.tree = ProjectTree()
        self.work = WorkLine(jobs)
        self.actions = self._make_actions(dialog)
        self.profile = ProfilePicker(connection.profile)
        self.profile.setAccessibleName("Profile")
        self.region = QLineEdit(connection.region)
        self.region.setAccessibleName("Region")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter projects by name")
        self.filter.setAccessibleName("Filter projects by name")
        self.filter.setClearButtonEnabled(True)
        self.filter.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.about = plain_label(dim=True)
        self.about.setMinimumHeight(36)
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.close_button = QPushButton("&Close")
        self.open_button = QPushButton("&Open")
        self.open_button.setProperty("primary", True)
        self.message = plain_label()
        self.profile_state = ProfileState()
        self.again_button = QPushButton("&Try Again")
        self.pages = QStackedWidget()
        self._build(dialog)
        self._wire(dialog)

    @property
    def connection(self) -> Connection:
        """What the fields say."""
        profile, region = self.profile.currentText().strip(), self.region.text().strip()
        return replace(self._given, profile=profile, region=region)

    def list_profiles(self) -> None:
        """Read AWS's profiles anew."""
        if self.listing is None:
            self.listing = self._jobs.run(
                Lane.WATCH, lambda _token, _report: profiles(), done=self._offer, failed=self._offer_none
            )

    def show_waiting(self) -> None:
        """Say that the first answer is on its way."""
        self._show_message("Asking for the projects…")

    def show_listed(self) -> None:
        """Show the tree, or say that there is nothing to list."""
        if self.tree.nothing_matches:
            self._show_message(f"No project has “{self.filter.text().strip()}” in its name.")
        elif self.tree.projects:
            self.pages.setCurrentIndex(0)
        else:
            self._show_message(_EMPTY)

    def show_problem(self, error: Exception) -> None:
        """Say why nothing can be listed, and what to do next."""
        self._show_message(error_words(error))
        self.again_button.show()
        if isinstance(error, SignInError):
            self.profile_state.show_profile(self.profile.profile, refused=True)
            self.profile_state.show()

    def show_choice(
        self,
        project: Project | None,
        dataset: ProjectDataset | None,
        known: Mapping[str, DatasetDescription],
        *,
        busy: bool,
        ready: bool,
    ) -> None:
        """Enable what makes sense for the choice; the tips say why the rest does not."""
        found = reasons(project, dataset, known, busy=busy, ready=ready)
        for name, action in self.actions.items():
            reason = found.get(name, "")
            action.setEnabled(not reason)
            key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(theme.plain_tip(reason or f"{action.text()} ({key})"))
        self.open_button.setEnabled(self.actions["open"].isEnabled())
        self.open_button.setToolTip(theme.plain_tip(found.get("open", "")))
        self.about.setText(about(project, dataset, known) if ready and self.tree.projects else "")
        for field in (self.profile, self.region):
            field.setEnabled(not busy)

    def _make_actions(self, dialog: QDialog) -> dict[str, QAction]:
        made = {}
        for name, text, icon, command in (*_ACTIONS, ("open", "Open", "folder", "")):
            action = QAction(theme.icon(icon), text, dialog)
            action.setShortcuts([QKeySequence(key) for key in keys_of(command).keys])
            self.tree.addAction(action)
            if name in _OF_TREE:
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            made[name] = action
        return made

    def _build(self, dialog: QDialog) -> None:
        layout = QVBoxLayout(dialog)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(self._connection_row())
        layout.addLayout(self._tool_row())
        self.pages.addWidget(self.tree)
        self.pages.addWidget(self._message_page())
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.about)
        layout.addWidget(self.work)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addStretch(1)
        for button in (self.open_button, self.close_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        layout.addLayout(buttons)

    def _connection_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        for text, field, share in (("&Profile", self.profile, 3), ("&Region", self.region, 2)):
            label = QLabel(text)
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field, share)
        row.addSpacing(theme.GRID)
        row.addWidget(self.filter, 3)
        if endpoint := self._given.endpoint_url:
            where = QLabel(f"at {theme.shortened(endpoint, 32)}")
            where.setTextFormat(Qt.TextFormat.PlainText)
            where.setProperty("dim", True)
            where.setToolTip(theme.plain_tip(f"Asked instead of AWS: {endpoint}"))
            row.insertWidget(4, where)
        return row

    def _tool_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        for name, *_ in _ACTIONS:
            button = QToolButton()
            button.setDefaultAction(self.actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            if name == "refresh":
                row.addStretch(1)
            row.addWidget(button)
        return row

    def _message_page(self) -> QWidget:
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.again_button.setAutoDefault(False)
        again = QHBoxLayout()
        again.addStretch(1)
        again.addWidget(self.again_button)
        again.addStretch(1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(64, 16, 64, 16)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(self.message)
        column.addWidget(self.profile_state)
        column.addLayout(again)
        column.addStretch(1)
        return page

    def _wire(self, dialog: QDialog) -> None:
        self.filter.textChanged.connect(self._filter)
        self.profile.activated.connect(lambda _index: self._tell_connection())
        for field in (self.profile.lineEdit(), self.region):
            if field is not None:
                field.editingFinished.connect(self._tell_connection)
        self.again_button.clicked.connect(self.actions["refresh"].trigger)
        self.open_button.clicked.connect(self.actions["open"].trigger)
        find = QShortcut(QKeySequence(keys_of("filter_projects").keys[0]), dialog)
        find.activated.connect(self.filter.setFocus)
        for name in ("new_project", "new_dataset", "split", "refresh"):
            dialog.addAction(self.actions[name])

    def _filter(self, text: str) -> None:
        self.tree.filter(text)
        if self.tree.projects:
            self.show_listed()

    def _tell_connection(self) -> None:
        self._show_region()
        self.connection_changed.emit(self.connection)

    def _offer(self, found: list[Profile]) -> None:
        self.listing = None
        self.profile.set_profiles(found)
        self._show_region()

    def _offer_none(self, error: Exception) -> None:
        self.listing = None
        self.profile.setToolTip(theme.plain_tip(str(error)))

    def _show_region(self) -> None:
        variables = (os.environ.get(name, "") for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
        region = next(filter(None, (*variables, self.profile.profile.region)), "")
        self.region.setPlaceholderText(f"{region} (of the profile)" if region else "Such as eu-west-1")

    def _show_message(self, text: str) -> None:
        self.message.setText(text)
        self.again_button.hide()
        self.profile_state.hide()
        self.pages.setCurrentIndex(1)
