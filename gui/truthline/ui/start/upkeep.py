"""Brings an opened workspace up to date in the background: its findings, where other rules made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from truthline.errors import CancelledError
from truthline.ui.kit.edit_bar import EditBar
from truthline.ui.kit.jobs import Job, Lane

if TYPE_CHECKING:
    from truthline.progress import CancelToken, Report
    from truthline.ui.document.document import Document
    from truthline.workspace.changes import Changes


class Upkeep(QObject):
    """Checks a document's images again by the rules of this Truthline, if others made the findings.

    It can be cancelled and goes on when the workspace is opened again, or before a push. Gestures are saved
    in between.
    """

    failed = Signal(Exception)
    """The exception that ended it; not after a cancel."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._job: Job | None = None
        self.bar = EditBar()
        """Shows how far it is, with Cancel."""
        self.bar.cancel_wanted.connect(self._cancel)

    @property
    def busy(self) -> bool:
        """Whether images are being checked again."""
        return self._job is not None

    def start(self) -> None:
        """Begin, or go on, if there is something to do."""
        workspace = self._document.workspace

        def work(token: CancelToken, report: Report) -> Changes:
            return workspace.check_again(report=report, cancel=token)

        self._job = self._document.jobs.run(
            Lane.UPKEEP,
            work,
            done=self._end,
            failed=self._fail,
            progress=lambda progress: self.bar.show_progress(progress, can_cancel=True),
        )

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _end(self, changes: Changes) -> None:
        self._hide()
        if changes:
            self._document.absorb(changes)

    def _fail(self, error: Exception) -> None:
        self._hide()
        if not isinstance(error, CancelledError):
            self.failed.emit(error)

    def _hide(self) -> None:
        self._job = None
        self.bar.show_progress(None, can_cancel=False)
