"""Taking images out of a dataset, which the service cannot do entry by entry: what can be done instead."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.errors import UsageError
from truthline.manifest.line import split_prefix
from truthline.sync.rebuild.rebuild import Rebuilt, rebuild_without
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Lane
from truthline.ui.kit.questions import ConfirmField, plain_label, radio_button
from truthline.ui.rebuild.rebuilding import RebuildingDialog, default_before
from truthline.ui.rebuild.removal_facts import RemovalFacts, off_all, read_facts
from truthline.ui.rebuild.unfinished import ContinueRebuildDialog
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report
    from truthline.ui.document.document import Document
    from truthline.workspace.changes import Changes
    from truthline.workspace.workspace import EntryId

__all__ = ["ContinueRebuildDialog", "RemovalDialog"]

_WAYS = {
    "unlabel": "Take all &labels off",
    "rebuild": "&Rebuild the dataset without them",
    "forget": "&Take them out of the workspace",
}
_TOLD = {
    "unlabel": (
        "The images stay in the dataset without class labels and boxes, and training ignores them. It is"
        " saved here like any other change, can be undone, and reaches the dataset with the next push."
    ),
    "rebuild": (
        "1. A manifest of what the dataset holds now is kept on this computer and in S3.\n"
        "2. The dataset is deleted.\n"
        "3. It is made again from a manifest without these images, and read back.\n"
        "It gets a new ARN: everybody else who works on it must connect to that one. Trained models and the"
        " images in S3 stay. This cannot be undone here."
    ),
    "forget": (
        "The dataset was never known to hold them, so nothing changes there. The images stay where they are."
        " This cannot be undone."
    ),
}
_DAMAGED = (
    "The workspace file is damaged at them, or at some of them. The dataset keeps what it holds of them, and"
    " the next pull brings that back. The images stay where they are. This cannot be undone."
)
_VERBS = {"unlabel": "Take Labels Off", "rebuild": "Rebuild Dataset", "forget": "Take Out"}


class RemovalDialog(RebuildingDialog):
    """Offers what can be done instead of removing single entries, and does it.

    Args:
        document: whose entries they are.
        ids: the entries.
        aws: gives the service's clients; called off the GUI thread.
        parent: the window it belongs to.

    """

    def __init__(
        self,
        document: Document,
        ids: Sequence[EntryId],
        aws: Callable[[], Aws],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(document, aws, "Remove Images from the Dataset", parent)
        self._ids = list(ids)
        self._facts: RemovalFacts | None = None
        self._asking: Job | None = None
        fit_window(self, 680, 560)
        self.summary = plain_label(f"Looking at {counted(len(self._ids), 'image')}…")
        self.ways = {way: radio_button(text) for way, text in _WAYS.items()}
        self.told = {way: plain_label(text, dim=True) for way, text in _TOLD.items()}
        self.place_field = QLineEdit()
        self.place_field.setPlaceholderText("s3://bucket/prefix")
        self.before_field = QLineEdit()
        name = document.info.dataset_arn.partition(":project/")[2].partition("/")[0]
        self.confirm = ConfirmField(name)
        self.fields = self._fields()
        self._fill()
        self._update()
        self._look()

    @property
    def way(self) -> str:
        """What is chosen: unlabel, rebuild or forget."""
        return next((way for way, button in self.ways.items() if button.isChecked()), "")

    @override
    def go(self) -> None:
        if self.way == "rebuild":
            self._go_rebuild()
        elif self.way == "forget":
            self._go_forget()
        elif self._document.edit_many("Take All Labels Off", self._ids, off_all):
            self.accept()
        else:
            why = "Their label attributes are read-only. See Labels > Attributes."
            nothing = "There was nothing to take off, or another edit is still under way."
            self.work.say(why if self._document.locked else nothing, "warning")

    def _go_rebuild(self) -> None:
        workspace, ids = self._document.workspace, self._ids
        place, before = self.place_field.text().strip(), Path(self.before_field.text().strip())

        def work(aws: Aws, token: CancelToken, report: Report) -> Rebuilt:
            return rebuild_without(
                workspace, aws, ids, place=place, before=before, cancel=token, report=report
            )

        self._rebuild("Reading the dataset", work)

    def _go_forget(self) -> None:
        self.go_button.setEnabled(False)
        workspace, ids = self._document.workspace, self._ids

        def done(changes: Changes) -> None:
            self._asking = None
            # An earlier gesture on one of them has nothing left to change.
            self._document.forget_steps()
            self._document.absorb(changes)
            self.removed.emit()
            self.accept()

        def failed(error: Exception) -> None:
            self._asking = None
            self.work.say(f"They could not be taken out: {error}", "error")
            self._update()

        # It waits its turn behind the gestures of a moment ago.
        self._asking = self._document.jobs.run(
            Lane.WRITE, lambda _token, _report: workspace.remove(ids), done=done, failed=failed
        )

    # what is known of the entries

    def _look(self) -> None:
        workspace, ids = self._document.workspace, self._ids
        self._asking = self._document.jobs.run(
            Lane.READ,
            lambda token, _report: read_facts(workspace, ids, token),
            done=self._show_facts,
            failed=self._fail_facts,
        )

    def _show_facts(self, facts: RemovalFacts) -> None:
        self._asking = None
        self._facts = facts
        self.summary.setText(f"{facts.words} The service cannot remove single images from a dataset.")
        self.place_field.setText(facts.place)
        self.before_field.setText(str(default_before(self._document.workspace.path, _stamp())))
        for way in ("rebuild", "forget"):
            shown = (way == "rebuild") == (facts.held > 0)
            self.ways[way].setVisible(shown)
            self.told[way].setVisible(shown)
        if facts.damaged:
            self.told["forget"].setText(_DAMAGED)
        if facts.no_rebuild:
            self.ways["rebuild"].setEnabled(False)
            self.told["rebuild"].setText(f"{facts.no_rebuild}\n{_TOLD['rebuild']}")
        if not facts.labelled:
            self.ways["unlabel"].setEnabled(False)
            self.told["unlabel"].setText("There is no label to take off.")
        first = next((one for one in self.ways.values() if one.isEnabled() and not one.isHidden()), None)
        if first is not None:
            first.setChecked(True)
            first.setFocus()
        self._update()

    def _fail_facts(self, error: Exception) -> None:
        self._asking = None
        self.summary.setText(f"The images could not be looked at: {error}")

    @override
    def _update(self) -> None:
        way = self.way
        self.fields.setVisible(way == "rebuild")
        self.go_button.setText(_VERBS.get(way, "Remove"))
        self.go_button.setEnabled(bool(way) and (way != "rebuild" or self._can_rebuild()))
        super()._update()

    def _can_rebuild(self) -> bool:
        try:
            split_prefix(self.place_field.text().strip())
        except UsageError:
            return False
        return bool(self.before_field.text().strip()) and self.confirm.confirmed

    # what is where

    def _fill(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(4)
        column.addWidget(self.summary)
        for way, button in self.ways.items():
            column.addSpacing(12)
            column.addWidget(button)
            indented = QVBoxLayout()
            indented.setContentsMargins(24, 0, 0, 0)
            indented.setSpacing(12)
            indented.addWidget(self.told[way])
            if way == "rebuild":
                indented.addWidget(self.fields)
            column.addLayout(indented)
            button.toggled.connect(lambda _on: self._update())
            button.setVisible(way == "unlabel")
            self.told[way].setVisible(way == "unlabel")
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self.form)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    def _fields(self) -> QWidget:
        browse = QPushButton("&Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.before_field, 1)
        row.addWidget(browse)
        widget = QWidget()
        form = QFormLayout(widget)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Manifests in &S3", self.place_field)
        here = QLabel("Old state &here")
        here.setBuddy(self.before_field)
        form.addRow(here, row)
        self.before_field.setAccessibleName("File for the manifest of the old state")
        form.addRow(self.confirm)
        for field in (self.place_field, self.before_field, self.confirm.field):
            field.textChanged.connect(lambda _text: self._update())
        return widget

    def _browse(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Manifest of the Old State", self.before_field.text(), "Manifests (*.manifest)"
        )
        if path:
            self.before_field.setText(path)

    @override
    def done(self, result: int) -> None:
        if self._asking is not None and self._facts is None:
            self._asking.drop()
        super().done(result)


def _stamp() -> str:
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
