"""Looks after an opened workspace in the background: findings that other rules made, and its undo history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from truthline.errors import CancelledError
from truthline.settings import SETTINGS
from truthline.ui.kit.edit_bar import EditBar
from truthline.ui.kit.jobs import Job, Lane

if TYPE_CHECKING:
    from truthline.progress import CancelToken, Report
    from truthline.ui.document.document import Document
    from truthline.workspace.changes import Changes

_MEGABYTE = 1_000_000


class Upkeep(QObject):
    """Checks a document's images again by the rules of this Truthline, if others made the findings.

    It can be cancelled and goes on when the workspace is opened again, or before a push. Gestures are saved
    in between. Then steps of the undo history that are too old or too many are forgotten.
    """

    failed = Signal(Exception)
    """The exception that ended it; not after a cancel."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._job: Job | None = None
        self._days, self._most_bytes = SETTINGS["undo_days"], SETTINGS["undo_megabytes"] * _MEGABYTE
        self.bar = EditBar()
        """Shows how far it is, with Cancel."""
        self.bar.cancel_wanted.connect(self._cancel)

    @property
    def busy(self) -> bool:
        """Whether images are being checked again."""
        return self._job is not None

    def bound_undo(self, *, days: int, megabytes: int) -> None:
        """How long steps of the undo history are kept, and how much of the file they may take."""
        self._days, self._most_bytes = days, megabytes * _MEGABYTE

    def start(self) -> None:
        """Begin, or go on, if there is something to do."""
        workspace, days, most_bytes = self._document.workspace, self._days, self._most_bytes

        def work(token: CancelToken, report: Report) -> Changes:
            changes = workspace.check_again(report=report, cancel=token)
            workspace.trim_steps(days=days, most_bytes=most_bytes, cancel=token)
            return changes

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
