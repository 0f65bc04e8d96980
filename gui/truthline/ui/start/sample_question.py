"""The question that closing the sample asks: whether what was done in it shall stay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from truthline.errors import UsageError
from truthline.resources import resource
from truthline.sync.opening.keeping import keep_workspace
from truthline.ui.kit.jobs import Jobs, Lane
from truthline.ui.kit.raw_text import RawText
from truthline.ui.start.places import documents
from truthline.workspace.workspace import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.progress import CancelToken, Report
    from truthline.ui.document.document import Document


def was_worked_on(document: Document) -> bool:
    """Whether there is anything that a person could want to keep."""
    return document.saving or document.undo_stack.count() > 0 or bool(document.workspace.pushes())


class SampleQuestion(QObject):
    """Asks, keeps the work if that is wanted, and then goes on with what closes the sample.

    Args:
        document: the sample.
        jobs: where the workspace is written.
        window: what the question belongs to.

    """

    kept = Signal(RawText)
    """The path of the workspace that was made of it."""
    failed = Signal(Exception)
    """The exception by which it could not be kept; the sample then stays open."""

    def __init__(self, document: Document, jobs: Jobs, window: QWidget) -> None:
        super().__init__(window)
        self._document = document
        self._jobs = jobs
        self._window = window

    def ask(self, then: Callable[[], None]) -> None:
        """Ask, and call ``then`` unless the answer is Cancel."""
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle("Close the Sample")
        box.setText("Keep what you did in the sample?")
        box.setInformativeText(
            "The emulator forgets the sample when it is closed. To go on with your labels later, keep them as"
            " a workspace on this computer, with the images beside it."
        )
        keep = box.addButton("&Keep…", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("&Discard", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(keep)

        def chosen(button: object) -> None:
            if button is keep:
                self._choose_place(then)
            elif button is discard:
                self._end(then)
            else:
                self.deleteLater()

        box.buttonClicked.connect(chosen)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _choose_place(self, then: Callable[[], None]) -> None:
        suggested = documents() / f"sample{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Keep as Workspace", str(suggested), f"Workspaces (*{SUFFIX})"
        )
        path = Path(chosen)
        if not chosen:
            self.deleteLater()
        elif path.parent.resolve() == self._document.workspace.path.parent:
            self.failed.emit(UsageError("This folder goes with the sample.", detail="Choose another one."))
            self.deleteLater()
        else:
            self._keep(path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX), then)

    def _keep(self, path: Path, then: Callable[[], None]) -> None:
        workspace = self._document.workspace

        def work(_token: CancelToken, _report: Report) -> None:
            keep_workspace(workspace, path, resource("sample/images"))

        def done(_: None) -> None:
            self.kept.emit(str(path))
            self._end(then)

        def failed(error: Exception) -> None:
            self.failed.emit(error)
            self.deleteLater()

        # behind the gesture of a moment ago, which is saved on the same lane
        self._jobs.run(Lane.WRITE, work, done=done, failed=failed)

    def _end(self, then: Callable[[], None]) -> None:
        self.deleteLater()
        then()
