"""Import labels from another tool's files, or write them for one; first what would come of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.errors import CancelledError, TruthlineError
from truthline.interchange.class_names import split_labels
from truthline.interchange.conversion import write_images
from truthline.interchange.findings import LossKind
from truthline.interchange.fit import Fitted, fit
from truthline.interchange.formats import FORMATS
from truthline.interchange.ground_truth import labelled_image
from truthline.interchange.importing import Imported, ImportPlan, apply_import, plan_import, size_for
from truthline.interchange.reading import read_images
from truthline.manifest.annotation import ImageSize, Level
from truthline.manifest.line import split_prefix
from truthline.manifest.placing import UNPLACED
from truthline.progress import CancelToken, Doing, Progress, Report
from truthline.sync.opening.lookup import image_lookup, source_refs
from truthline.ui.document.problem_icons import icon_of
from truthline.ui.exchange.first_box import Example, FirstBox, draw_example
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Lane
from truthline.words import counted
from truthline.workspace.damage import Damaged, left_out_words
from truthline.workspace.workspace import Entry, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.images.source import ImageSource
    from truthline.interchange.findings import FileFinding, Loss
    from truthline.interchange.model import Format, ImageLookup, LabelledImage
    from truthline.ui.document.document import Document

_LISTED = 500
"""More findings than this nobody reads; the others are counted."""
_FORMS = 3
_DELAY_MS = 300
"""Whoever types a path does not want the folder read at each letter."""


class _InterchangeDialog(QDialog):
    """What importing and exporting have in common: a format, a place, a preview and a button."""

    def __init__(self, document: Document, title: str, verb: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._document = document
        self._job: Job | None = None
        self.setWindowTitle(title)
        fit_window(self, 760, 540)
        self.format = QComboBox()
        for name, one in FORMATS.items():
            self.format.addItem(one.title, name)
        self.format.currentIndexChanged.connect(lambda _index: self._ask_soon())
        self.place = QLineEdit()
        self.place.textChanged.connect(lambda _text: self._ask_soon())
        browse = QPushButton("&Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.place, 1)
        row.addWidget(browse)
        place_label = QLabel("F&ile or folder")
        place_label.setBuddy(self.place)
        self.form = QFormLayout()
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        self.form.addRow("&Format", self.format)
        self.form.addRow(place_label, row)
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.details = QTreeWidget()
        self.details.setHeaderLabels(["What to know", "Where"])
        self.details.setRootIsDecorated(False)
        self.details.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.details.setAccessibleName("What to know before it is done")
        self.details.header().setStretchLastSection(False)
        self.details.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.details.header().resizeSection(1, 160)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go_button = self.buttons.addButton(verb, QDialogButtonBox.ButtonRole.ActionRole)
        self.go_button.setProperty("primary", True)
        self.go_button.clicked.connect(self._go)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(self.form)
        layout.addWidget(self.summary)
        layout.addWidget(self.progress)
        self.middle = QHBoxLayout()
        self.middle.setSpacing(12)
        self.middle.addWidget(self.details, 1)
        layout.addLayout(self.middle, 1)
        layout.addWidget(self.buttons)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._ask)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.go_button.setEnabled(False)

    @property
    def chosen(self) -> Format:
        """The chosen format."""
        return FORMATS[self.format.currentData()]

    def _browse(self) -> None:
        """Let the person choose the file or folder."""

    def _ask(self) -> None:
        """Find out what would come of it."""

    def _go(self) -> None:
        """Do it."""

    def _ask_soon(self) -> None:
        self.go_button.setEnabled(False)
        self._drop_job()
        self._timer.start()

    def _drop_job(self) -> None:
        if self._job is not None:
            self._job.drop()
            self._job = None
        self.progress.hide()

    def _start(self, text: str) -> None:
        self.summary.setText(text)
        self.progress.setRange(0, 0)
        self.progress.show()
        self.go_button.setEnabled(False)

    def _advance(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)

    def _fail(self, error: Exception) -> None:
        self._job = None
        self.progress.hide()
        if not isinstance(error, CancelledError):
            self.summary.setText(str(error) if isinstance(error, TruthlineError) else f"This failed: {error}")

    def _list(self, losses: Sequence[Loss], findings: Sequence[FileFinding]) -> None:
        self.details.clear()
        for loss in losses:
            level = Level.INFO if loss.kind is LossKind.CHANGED else Level.WARNING
            self._add(level, f"{loss.kind.capitalize()}: {loss.told}", loss.place)
        for finding in findings[:_LISTED]:
            self._add(finding.level, finding.message, finding.place)
        if len(findings) > _LISTED:
            self._add(Level.INFO, f"{len(findings) - _LISTED:,} more", "")

    def _add(self, level: Level, text: str, place: str) -> None:
        item = QTreeWidgetItem(self.details, [text, place])
        item.setIcon(0, icon_of(Origin.FINDING, level))
        item.setToolTip(0, theme.plain_tip(text))
        item.setToolTip(1, theme.plain_tip(place))

    @override
    def done(self, result: int) -> None:
        self._timer.stop()
        self._drop_job()
        super().done(result)


class ImportDialog(_InterchangeDialog):
    """Reads labels of another tool onto the workspace's entries."""

    imported = Signal(Imported)
    """The `Imported`, after it was saved."""

    def __init__(self, document: Document, images: ImageSource, parent: QWidget | None = None) -> None:
        super().__init__(document, "Import Labels", "Import", parent)
        fit_window(self, 940, 560)
        self._images = images
        self._plan: ImportPlan | None = None
        self._importing: Job | None = None
        self.first_box = FirstBox()
        self.middle.addWidget(self.first_box)
        target = document.workspace.info.target
        self.target = QLineEdit("" if target == UNPLACED else target)
        self.target.setPlaceholderText("s3://bucket/prefix, for images that are not listed here yet")
        self.target.textChanged.connect(lambda _text: self._ask_soon())
        self.form.addRow("Images' place in &S3", self.target)
        self.labels = QLineEdit()
        self.labels.setPlaceholderText("oak, elm, ash — only if no data.yaml or classes.txt names them")
        self.labels.textChanged.connect(lambda _text: self._ask_soon())
        self.form.addRow("&Names of classes", self.labels)
        self.format.currentIndexChanged.connect(lambda _index: self._offer_names())
        self._offer_names()
        self.summary.setText("Choose what to import. Nothing is changed before you have seen what it brings.")

    @override
    def _browse(self) -> None:
        if self.chosen.suffix:
            chosen, _ = QFileDialog.getOpenFileName(self, "Import Labels", self.place.text())
        else:
            chosen = QFileDialog.getExistingDirectory(self, "Import Labels", self.place.text())
        if chosen:
            self.place.setText(chosen)

    @override
    def _ask(self) -> None:
        path, format_, target = Path(self.place.text()), self.chosen, self.target.text().strip()
        labels = split_labels(self.labels.text()) if format_.numbers_classes else ()
        self.details.clear()
        self.first_box.show_example(None)
        if not self.place.text() or not path.exists():
            self.summary.setText("Choose the file or folder to import.")
            return
        workspace, images = self._document.workspace, self._images

        def work(token: CancelToken, report: Report) -> tuple[ImportPlan, Example | None]:
            if target:
                split_prefix(target)
            lookup = image_lookup(images, list(source_refs(workspace)), complete=not target)
            reading = read_images(
                path, format_, lookup=lookup, target=target, labels=labels, report=report, cancel=token
            )
            plan = plan_import(reading, workspace, report=report, cancel=token)
            return plan, draw_example(reading.example, images) if reading.example else None

        self._start("Reading…")
        self._job = self._document.jobs.run(
            Lane.READ, work, done=self._show, failed=self._fail, progress=self._advance
        )

    def _offer_names(self) -> None:
        self.form.setRowVisible(self.labels, self.chosen.numbers_classes)

    def _show(self, found: tuple[ImportPlan, Example | None]) -> None:
        plan, example = found
        self._job, self._plan = None, plan
        self.progress.hide()
        told = plan.forms[:_FORMS]
        self.summary.setText("\n".join((*(one.message for one in told), _plan_in_words(plan))))
        self.first_box.show_example(example)
        self._list(plan.losses, [one for one in plan.findings if one not in told])
        self.go_button.setEnabled(bool(plan))

    @override
    def _go(self) -> None:
        plan = self._plan
        if plan is None:
            return
        workspace = self._document.workspace
        attribute = workspace.info.box_attribute

        def work(token: CancelToken, report: Report) -> Imported:
            now = datetime.now(UTC)
            return apply_import(plan, workspace, now=now, attribute=attribute, report=report, cancel=token)

        self._start("Importing…")
        self._importing = self._document.jobs.run(
            Lane.WRITE, work, done=self._finish, failed=self._fail_import, progress=self._advance
        )

    def _fail_import(self, error: Exception) -> None:
        self._importing = None
        self._fail(error)
        self.go_button.setEnabled(True)  # nothing was stored, so it can be tried again
        if isinstance(error, CancelledError):
            self.reject()

    @override
    def done(self, result: int) -> None:
        if self._importing is not None:
            self._importing.cancel()  # what is stored all the same is told, and can be undone
        else:
            super().done(result)

    def _finish(self, imported: Imported) -> None:
        self._importing = None
        self._document.keep_undo("Import labels", imported.edited)
        self.imported.emit(imported)
        self.accept()


class ExportDialog(_InterchangeDialog):
    """Writes the workspace's labels in another tool's format."""

    exported = Signal(Path)
    """The path that was written."""

    def __init__(self, document: Document, images: ImageSource, parent: QWidget | None = None) -> None:
        super().__init__(document, "Export Labels", "Export", parent)
        self._images = images
        self._fitted: Fitted | None = None
        self.format.setCurrentIndex(self.format.findData("coco"))
        self.summary.setText(
            "Choose a format and where to write it. What the format cannot hold is listed first."
        )

    @override
    def _browse(self) -> None:
        if self.chosen.suffix:
            chosen, _ = QFileDialog.getSaveFileName(
                self, "Export Labels", self.place.text(), f"{self.chosen.title} (*{self.chosen.suffix})"
            )
        else:
            chosen = QFileDialog.getExistingDirectory(self, "Empty Folder to Write Into", self.place.text())
        if chosen:
            self.place.setText(chosen)

    @override
    def _ask(self) -> None:
        format_, workspace = self.chosen, self._document.workspace
        lookup = image_lookup(self._images)

        def work(token: CancelToken, report: Report) -> tuple[Fitted, list[Damaged]]:
            total, found, damaged = workspace.counts().total, [], []
            for place, entry in enumerate(workspace.walk()):
                token.check()
                report(Progress(Doing.GOING_THROUGH, place, total))
                if entry.damaged:
                    damaged.append(entry.damaged)
                elif entry.source_ref:
                    found.append(_sized(entry, lookup))
            return fit(found, format_, target=workspace.info.target), damaged

        self._start("Looking at what can be written…")
        self._job = self._document.jobs.run(
            Lane.READ, work, done=self._show, failed=self._fail, progress=self._advance
        )

    def _show(self, looked_at: tuple[Fitted, list[Damaged]]) -> None:
        fitted, damaged = looked_at
        self._job, self._fitted = None, fitted
        self.progress.hide()
        self._list(fitted.losses, ())
        if damaged:
            self._add(Level.ERROR, left_out_words(damaged), "")
        lost = "What is left out is listed below." if fitted.losses or damaged else "Everything fits."
        self.summary.setText(f"{counted(len(fitted.images), 'image')} can be written. {lost}")
        self.go_button.setEnabled(bool(fitted.images) and bool(self.place.text()))

    @override
    def _go(self) -> None:
        fitted, path, format_ = self._fitted, Path(self.place.text()), self.chosen
        if fitted is None:
            return
        lookup = image_lookup(self._images)

        def work(token: CancelToken, report: Report) -> Path:
            write_images(fitted.images, path, format_, lookup=lookup, report=report, cancel=token)
            return path

        self._start("Writing…")
        self._job = self._document.jobs.run(
            Lane.NETWORK, work, done=self._finish, failed=self._fail, progress=self._advance
        )

    def _finish(self, path: Path) -> None:
        self._job = None
        self.exported.emit(path)
        self.accept()


def _sized(entry: Entry, lookup: ImageLookup) -> LabelledImage:
    """An entry's labels with its image's size, which is looked up where nothing tells it."""
    image = labelled_image(entry.annotation)
    size = size_for(image, entry)
    if size is None and lookup.size_of is not None:
        with suppress(TruthlineError):  # then the image counts as one without a size
            size = ImageSize(*lookup.size_of(entry.source_ref))
    return replace(image, size=size)


def _plan_in_words(plan: ImportPlan) -> str:
    if not plan:
        known = "This brings nothing new: every image that was found has these labels already."
        return known if plan.unchanged else "No image of this workspace was found in it."
    parts = [
        f"{counted(plan.boxes, 'box', 'boxes')} and {counted(plan.class_labels, 'image-level label')} come in"
    ]
    if plan.merged:
        parts.append(f"{counted(len(plan.merged), 'image')} of the workspace labelled")
    if plan.new:
        parts.append(f"{counted(len(plan.new), 'image')} new to it")
    if plan.unchanged:
        parts.append(f"{counted(plan.unchanged, 'image')} labelled so already")
    if plan.unmatched:
        parts.append(f"{counted(len(plan.unmatched), 'image')} not found and left out")
    sentence = "; ".join(parts) + "."
    if plan.new_labels:
        shown = ", ".join(plan.new_labels[:8]) + (" …" if len(plan.new_labels) > 8 else "")
        sentence += f" New labels: {shown}."
    return sentence
