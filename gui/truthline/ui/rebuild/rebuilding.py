"""What the dialogs that make a dataset anew have in common: the work, its steps, and where it left what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.errors import CancelledError
from truthline.sync.rebuild.rebuild import Rebuilt, continue_rebuild, unfinished_rebuild
from truthline.sync.service.projects import CREATE_FAILED
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_width
from truthline.ui.kit.jobs import Job, Lane
from truthline.ui.kit.questions import plain_label
from truthline.ui.kit.work_line import WorkLine, error_words
from truthline.words import counted
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report
    from truthline.ui.document.document import Document

_LISTED = 200


class RebuildingDialog(QDialog):
    """Runs what makes a dataset anew, and goes on with it when it was broken off.

    It stays open while that is under way. The subclass fills ``self.form``.

    Args:
        document: whose dataset it is.
        aws: gives the service's clients; called off the GUI thread.
        title: the window's title.
        parent: the window it belongs to.

    """

    rebuilt = Signal(Rebuilt)
    """The `Rebuilt`, once the workspace belongs to the new dataset."""
    removed = Signal()
    """The `EntryId`s that were taken out of the workspace, where the dataset held none of them."""
    arn_changed = Signal(str)
    """The new ARN, after a rebuild that failed and made the old state again as a new dataset."""

    def __init__(
        self, document: Document, aws: Callable[[], Aws], title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._aws = aws
        self._looking: Job | None = None
        self._to_continue = False
        self.result_of: Rebuilt | None = None
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fit_width(self, 640)
        self.form = QWidget()
        self.steps = QListWidget()
        self.steps.setAccessibleName("Steps")
        self.outcome = plain_label()
        self.remarks = QListWidget()
        self.remarks.setAccessibleName("Lines to look at")
        self.work = WorkLine(document.jobs)
        self.work.told.connect(self._note_step)
        self.work.busy_changed.connect(lambda _busy: self._update())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go_button = self.buttons.addButton("", QDialogButtonBox.ButtonRole.ActionRole)
        self.go_button.setProperty("primary", True)
        self.go_button.setDefault(True)
        self.copy_button = self.buttons.addButton("Copy &ARN", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setAutoDefault(False)
        self.copy_button.hide()
        self.copy_button.clicked.connect(self._copy_arn)
        self.go_button.clicked.connect(lambda _checked: self._start())
        self.buttons.rejected.connect(self.reject)
        self.pages = QStackedWidget()
        for page in (self.form, self._steps_page(), self._outcome_page()):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.work)
        layout.addWidget(self.buttons)

    @property
    def close_button(self) -> QPushButton:
        """Closes the dialog; called Cancel until something was done."""
        return self.buttons.button(QDialogButtonBox.StandardButton.Cancel)

    def go(self) -> None:
        """Do what the form says."""

    def _start(self) -> None:
        if self._to_continue:
            self._go_on()
        else:
            self.go()

    def _update(self) -> None:
        """Enable what makes sense now."""
        self.close_button.setEnabled(not self.work.busy)
        self.go_button.setVisible(not self.work.busy)

    def _rebuild(self, text: str, work: Callable[[Aws, CancelToken, Report], Rebuilt]) -> None:
        """Run ``work`` on the network lane, once the gestures of a moment ago are saved."""
        arn = self._document.info.dataset_arn
        self.steps.clear()
        self.pages.setCurrentIndex(1)
        self.work.run(
            text,
            lambda token, report: work(self._aws(), token, report),
            done=self._show_rebuilt,
            failed=lambda error: self._look_after(error, arn),
            after_saving=True,
        )

    def _go_on(self) -> None:
        workspace = self._document.workspace
        self._rebuild(
            "Going on with the rebuild",
            lambda aws, token, report: continue_rebuild(workspace, aws, cancel=token, report=report),
        )

    # how it ended

    def _show_rebuilt(self, rebuilt: Rebuilt) -> None:
        self._to_continue = False
        self.result_of = rebuilt
        self.outcome.setText(rebuilt_words(rebuilt))
        for kind, remarks in (("Not sent", rebuilt.refused), ("Stored differently", rebuilt.different)):
            for remark in remarks[:_LISTED]:
                line = f"Line {remark.line:,}. " if remark.line is not None else ""
                text = f"{kind}: {line}{remark.source_ref}: {remark.message} ({remark.code})"
                item = QListWidgetItem(theme.icon("warning", theme.tokens().warning), text, self.remarks)
                item.setToolTip(theme.plain_tip(text))
        self.remarks.setVisible(self.remarks.count() > 0)
        self.pages.setCurrentIndex(2)
        self.work.say("The workspace belongs to this dataset now.", "good")
        self.copy_button.show()
        self._close_only()
        self.rebuilt.emit(rebuilt)

    def _look_after(self, error: Exception, arn: str) -> None:
        """See what state a failure left: untouched, to be continued, or made again as it was."""
        workspace = self._document.workspace
        # The error does not tell: between two steps the note in the workspace does, and only that.
        self._looking = self._document.jobs.run(
            Lane.READ,
            lambda _token, _report: (unfinished_rebuild(workspace), workspace.info.dataset_arn),
            done=lambda found: self._show_state(error, arn, *found),
        )

    def _show_state(self, error: Exception, before: str, unfinished: str, arn: str) -> None:
        self._looking = None
        self._to_continue = bool(unfinished)
        told = "You stopped it." if isinstance(error, CancelledError) else error_words(error)
        if unfinished:
            self.work.say(f"{told} {unfinished} Continue, now or later: nothing is lost.", "warning")
            self.go_button.setText("C&ontinue")
            self.close_button.setText("Later")
            self.go_button.setEnabled(True)
            self.go_button.setFocus()
        elif getattr(error, "code", "") == CREATE_FAILED:  # whose sentences say what state things are in
            self.work.say(told, "error")
            self._close_only()
        else:
            self.pages.setCurrentIndex(0)
            self.work.say(f"{told} Nothing was changed in the dataset or the workspace.", "error")
            self._update()
        if arn != before:
            self._document.absorb(Changes(everything=True, info=True))
            self.arn_changed.emit(arn)

    def _close_only(self) -> None:
        self.go_button.hide()
        self.close_button.setText("Close")
        self.close_button.setFocus()

    # what is where

    def _steps_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(plain_label("What was done, step by step:"))
        column.addWidget(self.steps, 1)
        return page

    def _outcome_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.outcome)
        column.addWidget(self.remarks, 1)
        column.addStretch()
        return page

    def _note_step(self, text: str) -> None:
        for row in range(self.steps.count()):
            self.steps.item(row).setIcon(theme.icon("done", theme.tokens().good))
        item = QListWidgetItem(theme.icon("more", theme.tokens().busy), text, self.steps)
        item.setToolTip(theme.plain_tip(text))
        self.steps.scrollToItem(item)

    def _copy_arn(self) -> None:
        if self.result_of is not None:
            QGuiApplication.clipboard().setText(self.result_of.arn)
            self.copy_button.setText("ARN Copied")

    @override
    def reject(self) -> None:
        if not self.work.hold():
            super().reject()

    @override
    def done(self, result: int) -> None:
        if self._looking is not None:
            self._looking.drop()
        super().done(result)


def rebuilt_words(rebuilt: Rebuilt) -> str:
    """What came of it, and where the manifests are; one paragraph each."""
    if not rebuilt.manifest:
        return (
            "The dataset held none of these images, so it stays as it is. They were taken out of the"
            f" workspace.\n\nIt holds {counted(rebuilt.entries, 'image')}."
        )
    told = [f"The dataset was made anew. It holds {counted(rebuilt.entries, 'image')}.", rebuilt.arn]
    if rebuilt.before is not None:
        told.append(
            "Others who work on this dataset must connect to the new ARN: theirs leads nowhere now.\n\n"
            f"The old state is in {rebuilt.before}. A copy of it is beside the new manifest in S3."
        )
    told.append(f"The manifest it was made from is {rebuilt.manifest}.")
    counts = [
        f"{counted(len(remarks), 'line')} {what}"
        for remarks, what in (
            (rebuilt.refused, "could not be sent"),
            (rebuilt.different, "came back differently"),
        )
        if remarks
    ]
    if counts:
        told.append(f"{' and '.join(counts)}; see below.")
    return "\n\n".join(told)


def default_before(workspace: Path, stamp: str) -> Path:
    """Where the manifest of the state before is kept, beside the workspace's file."""
    return workspace.with_name(f"{workspace.stem}-before-{stamp}.manifest")
