"""The dataset as a whole: whether it can be imported, updated and trained with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.errors import CancelledError, ImageError
from truthline.images.decode import fetch_facts
from truthline.manifest.check.codes.table import explain
from truthline.manifest.check.decoded import decode_line
from truthline.manifest.check.readiness import DatasetFinding, Summary, check_datasets
from truthline.manifest.file import read_manifest
from truthline.progress import CancelToken, Doing, Progress, Report, in_blocks
from truthline.ui.document.problem_icons import icon_of
from truthline.ui.kit import theme
from truthline.ui.kit.jobs import Job, Lane
from truthline.words import counted
from truthline.workspace.workspace import EntryId, Filter, Origin, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from truthline.images.source import ImageSource
    from truthline.ui.document.document import Document
    from truthline.workspace.changes import Changes
    from truthline.workspace.workspace import Entry

_AT_ONCE = 20_000
"""Workspaces up to this size are checked by themselves after a change."""
_DELAY_MS = 1_500
"""A check of all lines follows a burst of edits, and not each of them."""
_FINDING = Qt.ItemDataRole.UserRole


class ReadinessPanel(QWidget):
    """Findings about the whole dataset, alone or together with the project's other one."""

    entries_wanted = Signal(Filter)
    """A `Filter` of the entries that a finding is about."""

    def __init__(
        self, document: Document, images: Callable[[], ImageSource], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._images = images
        self._other = ""
        self._job: Job | None = None
        self._reading: Job | None = None
        self._stale = True
        self.findings: Sequence[DatasetFinding] = ()
        self._model = QStandardItemModel(0, 2, self)
        self._model.setHorizontalHeaderLabels(["What stands in the way", "Images"])
        self.view = QTreeView()
        self._build_view()
        self.summary = QLabel("Not checked yet.")
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setProperty("dim", True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(120)
        self._progress.hide()
        self.check_button = QPushButton("Check now")
        self.check_button.clicked.connect(self.check)
        self.other_button = QPushButton("Compare with…")
        self.other_button.setToolTip("Check together with the manifest of the project's other dataset")
        self.other_button.clicked.connect(self._choose_other)
        self.headers_button = QPushButton("Read image headers")
        self.headers_button.setToolTip(
            "Look at the first bytes of every image that was not shown yet: its size, format and pixels"
        )
        self.headers_button.clicked.connect(self.read_headers)
        top = QHBoxLayout()
        top.setContentsMargins(12, 4, 8, 4)
        top.setSpacing(8)
        top.addWidget(self.summary, 1)
        for widget in (self._progress, self.headers_button, self.other_button, self.check_button):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._check_if_small)
        document.changed.connect(self._note_change)

    def _build_view(self) -> None:
        self.view.setModel(self._model)
        self.view.setAccessibleName("Findings about the whole dataset")
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setUniformRowHeights(True)
        self.view.setRootIsDecorated(True)
        header = self.view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 90)
        self.view.activated.connect(self._choose)
        self.view.doubleClicked.connect(self._choose)

    def check(self) -> None:
        """Look at every line again, off the GUI thread."""
        if self._job is not None:
            self._job.drop()
        self._stale = False
        self._progress.show()
        workspace, other = self._document.workspace, self._other

        def work(token: CancelToken, report: Report) -> tuple[int, list[DatasetFinding]]:
            mine = _summary_of(workspace, token, report)
            theirs = _summary_of_file(Path(other), token) if other else None
            # What both share is told of the test dataset, whichever of the two is open here.
            if theirs is not None and "/dataset/test/" in workspace.info.dataset_arn:
                return mine.lines, check_datasets(theirs, mine)
            return mine.lines, check_datasets(mine, theirs)

        self._job = self._document.jobs.run(
            Lane.READ, work, done=self._show, failed=self._fail, progress=self._advance
        )

    def read_headers(self) -> None:
        """Read the header of every image of which nothing is known; the rules then judge by it."""
        if self._reading is not None:
            self._reading.cancel()
            return
        workspace, images = self._document.workspace, self._images()

        def work(token: CancelToken, report: Report) -> int:
            ids = [EntryId(one) for one in workspace.ids()]
            missing = 0
            read = 0
            for block in in_blocks(ids):
                for entry in workspace.entries(block):
                    # After each: a header may take a second to come from S3.
                    token.check()
                    report(Progress(Doing.GOING_THROUGH, read, len(ids)))
                    read += 1
                    if entry.facts is None and entry.source_ref:
                        missing += not self._read_header(entry, images)
            return missing

        self._progress.show()
        self.headers_button.setText("Stop")
        self._reading = self._document.jobs.run(
            # Not on the read lane, where the list waits; headers from S3 take long, one after the other.
            Lane.DECODE,
            work,
            done=self._tell_read,
            failed=self._fail_read,
            progress=self._advance,
        )

    def _read_header(self, entry: Entry, images: ImageSource) -> bool:
        try:
            facts = fetch_facts(entry.source_ref, images)
        except ImageError:
            return False
        self._document.jobs.post(lambda: self._document.store_facts(entry.id, facts))
        return True

    def _tell_read(self, missing: int) -> None:
        self._end_reading()
        told = "" if not missing else f" {counted(missing, 'image')} could not be found."
        self.summary.setText(f"All image headers were read.{told}")

    def _fail_read(self, error: Exception) -> None:
        self._end_reading()
        if not isinstance(error, CancelledError):
            self.summary.setText(f"The headers could not be read: {error}")

    def _end_reading(self) -> None:
        self._reading = None
        self._progress.setVisible(self._job is not None)
        self.headers_button.setText("Read image headers")

    def compare_with(self, manifest: str) -> None:
        """Check together with the project's other dataset, of which this is the manifest."""
        self._other = manifest
        self.check()

    def _show(self, outcome: tuple[int, list[DatasetFinding]]) -> None:
        self._end()
        lines, self.findings = outcome
        self._model.removeRows(0, self._model.rowCount())
        for finding in self.findings:
            explanation = explain(finding.code)
            item = QStandardItem(icon_of(Origin.FINDING, finding.level), finding.message)
            item.setData(finding, _FINDING)
            item.setToolTip(theme.plain_tip(f"{explanation.title}\n{explanation.why}\n{finding.code}"))
            count = QStandardItem(f"{finding.count:,}" if finding.count else "")
            count.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            how = QStandardItem(f"How to fix: {explanation.how_to_fix}")
            how.setData(finding, _FINDING)
            how.setToolTip(theme.plain_tip(explanation.how_to_fix))
            item.appendRow([how, QStandardItem()])
            self._model.appendRow([item, count])
        together = f", together with {Path(self._other).name}" if self._other else ""
        images = counted(lines, "line")
        verdict = "Nothing stands in the way" if not self.findings else "Double click lists the images"
        self.summary.setText(f"{images} checked{together}. {verdict}.")

    def _fail(self, error: Exception) -> None:
        self._end()
        self._stale = True
        self.summary.setText(f"The check failed: {error}")

    def _advance(self, progress: Progress) -> None:
        self._progress.setRange(0, progress.total or 0)
        self._progress.setValue(progress.done)

    def _end(self) -> None:
        self._job = None
        self._progress.setVisible(self._reading is not None)

    def _choose(self, index: QModelIndex) -> None:
        finding = index.siblingAtColumn(0).data(_FINDING)
        if not isinstance(finding, DatasetFinding):
            return
        here_is_test = "/dataset/test/" in self._document.workspace.info.dataset_arn
        if finding.entries and (not self._other or finding.is_test == here_is_test):
            self.entries_wanted.emit(Filter(entries=tuple(EntryId(number) for number in finding.entries)))
        elif finding.labels:
            self.entries_wanted.emit(Filter(label=finding.labels[0]))

    def _choose_other(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Manifest of the Other Dataset", "", "Manifests (*.manifest *.jsonl *.json);;All files (*)"
        )
        if chosen:
            self.compare_with(chosen)

    def _note_change(self, changes: Changes) -> None:
        if changes.entries or changes.everything:
            self._stale = True
            self._timer.start()

    def _check_if_small(self) -> None:
        if self._stale and self.isVisible() and self._document.workspace.counts().total <= _AT_ONCE:
            self.check()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start(0)


def _summary_of(workspace: Workspace, token: CancelToken, report: Report) -> Summary:
    summary = Summary()
    ids = [EntryId(one) for one in workspace.ids()]
    for block in in_blocks(ids, step=Progress(Doing.GOING_THROUGH), report=report, cancel=token):
        for entry in workspace.entries(block):
            summary.add(entry.position, decode_line(entry.line), entry.findings)
    return summary


def _summary_of_file(path: Path, token: CancelToken) -> Summary:
    summary = Summary()
    for line in read_manifest(path):
        token.check()
        summary.add_line(line.number, line.raw)
    return summary
