"""Projects and datasets of an account: looked at, made, split, deleted, and chosen to be opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QWidget
from typing_extensions import override

from truthline.errors import CancelledError, SignInError
from truthline.sync.service.projects import create_dataset, delete_dataset, delete_project, distribute
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Jobs, Lane
from truthline.ui.kit.work_line import error_words
from truthline.ui.projects.clients import Clients
from truthline.ui.projects.page import ProjectPage
from truthline.ui.projects.questions import (
    DeleteDialog,
    NewDatasetDialog,
    NewProjectDialog,
    SplitDialog,
)
from truthline.ui.projects.tree import held_words, kind_words
from truthline.words import status_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.aws.connection import Connection
    from truthline.aws.rekognition import DatasetDescription, Kind, Project, ProjectDataset
    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report
    from truthline.ui.kit.questions import QuestionDialog

_POLL_MS = 2_000
"""While a dataset is being made or deleted; each look is one call for the whole account."""


@dataclass(frozen=True, slots=True)
class DatasetChoice:
    """A dataset, and how it is reached."""

    arn: str
    connection: Connection


class ProjectsDialog(QDialog):
    """Lists the projects and datasets that a profile sees in a region, and works on them.

    It stays open while work is under way, since its outcome is told here.

    Args:
        jobs: on whose lanes it asks and works.
        connection: as whom and where at first.
        parent: the window it belongs to.

    """

    dataset_chosen = Signal(DatasetChoice)
    """The dataset to open."""

    def __init__(self, jobs: Jobs, connection: Connection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._clients = Clients(connection)
        self._known: dict[str, DatasetDescription] = {}
        self._stale: set[str] = set()
        self._listing: Job | None = None
        self._asking: Job | None = None
        self._listed_once = False
        self._list_again = False
        self._problem: Exception | None = None
        self._choose_next = ""
        self.question: QuestionDialog | None = None
        self.setWindowTitle("Projects and Datasets")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = ProjectPage(self, jobs, connection)
        self.tree, self.work = self.page.tree, self.page.work
        self._poll = QTimer(self)
        self._poll.setSingleShot(True)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._list)
        self._wire()
        fit_window(self, 940, 600)
        self.tree.setFocus()
        self.refresh()

    def _wire(self) -> None:
        page = self.page
        for name, act in {
            "open": self.open_chosen,
            "new_project": self.ask_new_project,
            "new_dataset": self.ask_new_dataset,
            "split": self.ask_split,
            "delete": self.ask_delete,
            "copy": self.copy_arn,
            "refresh": self.refresh,
        }.items():
            page.actions[name].triggered.connect(lambda _checked=False, act=act: act())
        page.connection_changed.connect(self._connect_anew)
        page.close_button.clicked.connect(self.reject)
        self.tree.chosen.connect(self._update)
        self.tree.seen_changed.connect(self._ask_next)
        self.tree.itemActivated.connect(lambda _item, _column: self.open_chosen())
        self.work.busy_changed.connect(lambda _busy: self._update())

    # asking the service

    def refresh(self) -> None:
        """Ask for everything anew, also what was asked before."""
        if isinstance(self._problem, SignInError):
            self._clients = self._clients.renewed(self._clients.connection)
        self._clients.connection.asker.ask_again()
        self._stale = {dataset.arn for project in self.tree.projects for dataset in project.datasets}
        self.page.list_profiles()
        self._list()

    def _list(self) -> None:
        if self._listing is not None:
            self._list_again = True  # what is on its way may be as of before
            return
        self._list_again = False
        if not self._listed_once:
            self.page.show_waiting()
        clients = self._clients
        self._listing = self._jobs.run(
            Lane.WATCH,
            lambda _token, _report: clients.aws().rekognition.describe_projects(),
            done=self._listed,
            failed=self._unlisted,
        )

    def _listed(self, projects: list[Project]) -> None:
        self._listing, self._problem, self._listed_once = None, None, True
        for dataset in (one for project in projects for one in project.datasets):
            known = self._known.get(dataset.arn)
            if known is None or known.status != dataset.status or status_kind(dataset.status) == "busy":
                self._stale.add(dataset.arn)
        self.tree.set_projects(projects, self._known)
        self.page.show_listed()
        if self._choose_next:
            self.tree.choose(self._choose_next)
            self._choose_next = ""
        statuses = [project.status for project in projects]
        statuses += [dataset.status for project in projects for dataset in project.datasets]
        if self.work.busy or any(status_kind(status) == "busy" for status in statuses):
            self._poll.start()
        self._update()
        self._ask_next()
        if self._list_again:
            self._list()

    def _unlisted(self, error: Exception) -> None:
        self._listing = None
        if isinstance(error, CancelledError):
            return
        self._problem = error
        if not self._listed_once:
            self.page.show_problem(error)
        elif not self.work.busy:
            self.work.say(f"The list is as of earlier. {error_words(error)}", "error")
        self._update()

    def _ask_next(self) -> None:
        """Describe the next dataset that can be seen and is not known, one at a time."""
        # Only what is in view: an account may have hundreds of datasets, and each costs a call.
        if self._asking is not None or not self._listed_once:
            return
        arn = next((arn for arn in self.tree.in_view() if arn in self._stale), "")
        if not arn:
            return
        self._stale.discard(arn)
        clients = self._clients
        self._asking = self._jobs.run(
            Lane.WATCH,
            lambda _token, _report: clients.aws().rekognition.describe_dataset(arn),
            done=lambda description: self._described(arn, description),
            failed=lambda _error: self._described(arn, None),
        )

    def _described(self, arn: str, description: DatasetDescription | None) -> None:
        self._asking = None
        if description is not None:
            self._known[arn] = description
            self.tree.describe(arn, description)
            self._update()
        self._ask_next()

    def _connect_anew(self, connection: Connection) -> None:
        if connection == self._clients.connection:
            return
        for job in (self._listing, self._asking):
            if job is not None:
                job.drop()
        self._clients = self._clients.renewed(connection)
        self._listing = self._asking = self._problem = None
        self._listed_once = False
        self._known.clear()
        self.tree.set_projects((), {})
        self.work.say("")
        self.refresh()

    # what a person asks for

    def open_chosen(self) -> None:
        """Have the chosen dataset opened, and close."""
        dataset = self.tree.dataset
        if dataset is not None and not self.work.busy and self.page.actions["open"].isEnabled():
            chosen = DatasetChoice(dataset.arn, self._clients.connection.for_arn(dataset.arn))
            self.dataset_chosen.emit(chosen)
            self.accept()

    def copy_arn(self) -> None:
        """Put the ARN of what is chosen onto the clipboard."""
        chosen = self.tree.dataset or self.tree.project
        if chosen is not None:
            QGuiApplication.clipboard().setText(chosen.arn)
            if not self.work.busy:
                self.work.say("The ARN was copied.")

    def ask_new_project(self) -> None:
        """Ask for a name, then make a project."""
        dialog = NewProjectDialog({project.name for project in self.tree.projects}, self)
        self._ask(dialog, lambda: self._make_project(dialog.name))

    def ask_new_dataset(self) -> None:
        """Ask which kind and from what, then make a dataset in the chosen project."""
        project = self.tree.project
        if project is not None:
            dialog = NewDatasetDialog(project, self.tree.projects, self._known, self)
            self._ask(
                dialog,
                lambda: self._make_dataset(project, dialog.kind, dialog.manifest, dialog.source_arn),
            )

    def ask_split(self) -> None:
        """Say what splitting does, then split the chosen project's training dataset."""
        project = self.tree.project
        train = _of_kind(project, "TRAIN")
        if project is None or train is None:
            return
        test = _of_kind(project, "TEST")
        held = held_words(self._known.get(train.arn))
        dialog = SplitDialog(project, held, self, makes_test=test is None)
        self._ask(dialog, lambda: self._split(project, train.arn, test.arn if test else ""))

    def ask_delete(self) -> None:
        """Ask for the name of the chosen dataset or project, then delete it."""
        project, dataset = self.tree.project, self.tree.dataset
        if project is not None:
            dialog = DeleteDialog(project, dataset, self._known, self)
            self._ask(dialog, lambda: self._delete(project, dataset))

    def _ask(self, dialog: QuestionDialog, agreed: Callable[[], None]) -> None:
        self.question = dialog
        dialog.accepted.connect(agreed)
        dialog.finished.connect(lambda _result: setattr(self, "question", None))
        dialog.open()

    # then does

    def _make_project(self, name: str) -> None:
        self._run(
            f"Creating the project {name}",
            lambda aws, _token, _report: aws.rekognition.create_project(name),
            lambda arn: self._choose_made(f"The project {name} was created. Give it a dataset next.", arn),
        )

    def _make_dataset(self, project: Project, kind: Kind, manifest: str, source_arn: str) -> None:
        def work(aws: Aws, token: CancelToken, report: Report) -> str:
            return create_dataset(
                aws, project.arn, kind, manifest=manifest, source_arn=source_arn, cancel=token, report=report
            )

        self._run(
            "Creating the dataset",
            work,
            lambda arn: self._choose_made(f"The dataset was created in {project.name}.", arn),
        )

    def _choose_made(self, text: str, arn: str) -> None:
        self._choose_next = arn
        self.work.say(text, "good")

    def _split(self, project: Project, train_arn: str, test_arn: str) -> None:
        def work(aws: Aws, token: CancelToken, report: Report) -> None:
            test = test_arn or create_dataset(aws, project.arn, "TEST", cancel=token, report=report)
            distribute(aws, train_arn, test, cancel=token, report=report)

        text = f"A fifth of the training images of {project.name} are in its test dataset now."
        self._run("Splitting the dataset", work, lambda _: self.work.say(text, "good"))

    def _delete(self, project: Project, dataset: ProjectDataset | None) -> None:
        def work(aws: Aws, token: CancelToken, report: Report) -> None:
            if dataset is None:
                delete_project(aws, project.arn, cancel=token, report=report)
            else:
                delete_dataset(aws, dataset.arn, cancel=token, report=report)

        what = f"project {project.name}" if dataset is None else f"{kind_words(dataset)} of {project.name}"
        text = f"The {what} was deleted. The images in S3 are still there."
        self._run(f"Deleting the {what}", work, lambda _: self.work.say(text, "good"))

    def _run(
        self, text: str, work: Callable[[Aws, CancelToken, Report], Any], done: Callable[[Any], None]
    ) -> None:
        clients = self._clients

        def ended(result: Any) -> None:
            done(result)
            self.refresh()

        self.work.run(
            text,
            lambda token, report: work(clients.aws(), token, report),
            done=ended,
            failed=lambda _error: self.refresh(),
        )
        self._poll.start()  # what the service begins is seen in the list too

    # what is enabled

    def _update(self) -> None:
        self.page.show_choice(
            self.tree.project, self.tree.dataset, self._known, busy=self.work.busy, ready=self._listed_once
        )

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Whoever comes back from a terminal may have signed in there.
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and self.isActiveWindow():
            self.page.list_profiles()
            if isinstance(self._problem, SignInError):
                self.refresh()

    @override
    def reject(self) -> None:
        if not self.work.hold():
            super().reject()

    @override
    def done(self, result: int) -> None:
        self._poll.stop()
        for job in (self._listing, self._asking, self.page.listing):
            if job is not None:
                job.drop()
        self._clients.close()
        super().done(result)


def _of_kind(project: Project | None, kind: str) -> ProjectDataset | None:
    datasets = project.datasets if project is not None else ()
    return next((dataset for dataset in datasets if dataset.kind == kind), None)
