"""Training's verdict: from a version that was trained, or from the files that it left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.errors import CancelledError
from truthline.manifest.annotation import Level
from truthline.sync.service.verdict import Verdict, fetch_verdict, open_verdict, project_versions
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Lane
from truthline.words import counted
from truthline.workspace.workspace import EntryId, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from truthline.aws.rekognition import ProjectVersion
    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Progress, Report
    from truthline.ui.document.document import Document

_VERSION = Qt.ItemDataRole.UserRole


class TrainingDialog(QDialog):
    """Lets the person choose a version or files, and lays what training said onto the entries.

    Args:
        document: whose entries get the problems.
        signed_in: gives the service's clients; called off the GUI thread.
        parent: the window it belongs to.

    """

    loaded = Signal(Verdict)
    """The `Verdict`, after it was stored."""

    def __init__(
        self, document: Document, signed_in: Callable[[], Aws], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._signed_in = signed_in
        self._job: Job | None = None
        self.setWindowTitle("Training Results")
        fit_window(self, 620, 420)
        self.summary = QLabel("When a training ends, the service writes what it thinks of each line.")
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self.versions = QTreeWidget()
        self.versions.setHeaderLabels(["Version", "Status", "Trained"])
        self.versions.setRootIsDecorated(False)
        self.versions.setAccessibleName("Trained versions")
        self.versions.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.versions.itemSelectionChanged.connect(self._update)
        self.versions.itemActivated.connect(lambda _item, _column: self._fetch())
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.files_button = self.buttons.addButton("Open Files…", QDialogButtonBox.ButtonRole.ActionRole)
        self.fetch_button = self.buttons.addButton("Load", QDialogButtonBox.ButtonRole.ActionRole)
        self.fetch_button.setProperty("primary", True)
        self.fetch_button.clicked.connect(self._fetch)
        self.files_button.clicked.connect(self._choose_files)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        for widget in (self.summary, self.versions, self.progress, self.buttons):
            layout.addWidget(widget)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._list_versions()
        self._update()

    def open_files(self, paths: list[Path]) -> None:
        """Load validation manifests and the summary from files."""
        workspace = self._document.workspace

        def work(token: CancelToken, report: Report) -> Verdict:
            return open_verdict(workspace, paths, report=report, cancel=token)

        self._load(work)

    def _list_versions(self) -> None:
        arn = self._document.workspace.info.dataset_arn
        if not arn:
            self.versions.hide()
            self.summary.setText("This workspace belongs to no dataset. Open the files that a training left.")
            return
        self.progress.setRange(0, 0)
        self.progress.show()
        self._job = self._document.jobs.run(
            Lane.WATCH,
            lambda _token, _report: project_versions(self._signed_in(), arn),
            done=self._offer,
            failed=self._fail,
        )

    def _offer(self, versions: list[ProjectVersion]) -> None:
        self._end()
        if not versions:
            self.summary.setText(
                "Nothing has been trained in this project yet. Files can be opened all the same."
            )
        for version in versions:
            when = version.created.astimezone().strftime("%Y-%m-%d %H:%M")
            item = QTreeWidgetItem(self.versions, [version.name, version.status, when])
            item.setData(0, _VERSION, version)
            item.setToolTip(1, theme.plain_tip(f"{version.status}\n{version.message}".strip()))
        self.versions.setCurrentIndex(self.versions.model().index(0, 0))  # the newest

    def _fetch(self) -> None:
        chosen = self.versions.selectedItems()
        if not chosen or self._job is not None:
            return
        version: ProjectVersion = chosen[0].data(0, _VERSION)
        workspace = self._document.workspace

        def work(token: CancelToken, report: Report) -> Verdict:
            return fetch_verdict(workspace, self._signed_in(), version, report=report, cancel=token)

        self._load(work)

    def _load(self, work: Callable[[CancelToken, Report], Verdict]) -> None:
        self.summary.setText("Reading the validation results…")
        self.progress.setRange(0, 0)
        self.progress.show()
        # It writes to the workspace, so it waits its turn among other writes.
        self._job = self._document.jobs.run(
            Lane.WRITE, work, done=self._show, failed=self._fail, progress=self._advance
        )
        self._update()

    def _show(self, verdict: Verdict) -> None:
        self._end()
        self.summary.setText(verdict_in_words(verdict))
        self._document.absorb(verdict.changes)
        self.loaded.emit(verdict)

    def _fail(self, error: Exception) -> None:
        self._end()
        if not isinstance(error, CancelledError):
            self.summary.setText(str(error))

    def _advance(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)

    def _end(self) -> None:
        self._job = None
        self.progress.hide()
        self._update()

    def _update(self) -> None:
        free = self._job is None
        self.files_button.setEnabled(free)
        self.fetch_button.setEnabled(free and bool(self.versions.selectedItems()))

    def _choose_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(
            self,
            "Training Results",
            "",
            "Validation manifests and summary (*.json *.manifest);;All files (*)",
        )
        if chosen:
            self.open_files([Path(path) for path in chosen])

    @override
    def done(self, result: int) -> None:
        if self._job is not None:
            self._job.drop()
        super().done(result)


def verdict_in_words(verdict: Verdict) -> str:
    """What a verdict brought, in sentences."""
    sentences = [
        f"{counted(verdict.problems, 'problem')} on {counted(verdict.entries, 'image')} of this workspace."
        if verdict.problems
        else "Training found nothing wrong with the images of this workspace."
    ]
    if verdict.elsewhere:
        sentences.append(f"{counted(verdict.elsewhere, 'line')} with problems are of images elsewhere.")
    if verdict.unnamed:
        sentences.append(f"{counted(len(verdict.unnamed), 'line')} could not be read by training at all.")
    if verdict.summary is not None:
        for name, one in (("training", verdict.summary.training), ("testing", verdict.summary.testing)):
            if one.total:
                sentences.append(f"Of {one.total:,} {name} lines {one.valid:,} were valid.")
    return " ".join(sentences)


def problems_of_all(verdict: Verdict) -> Iterator[Problem]:
    """What training says of the datasets as such, as problems of no entry."""
    if verdict.summary is None:
        return
    of_all = (*verdict.summary.errors, *verdict.summary.training.errors, *verdict.summary.testing.errors)
    for ordinal, error in enumerate(of_all):
        level = Level.WARNING if error.code.startswith("WARNING") else Level.ERROR
        yield Problem(EntryId(0), 0, "", Origin.TRAINING, ordinal, error.code, level, error.message, "")
