"""The rest of a source comes into an open workspace, while a person already works on what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from truthline.sync.opening.filling import Chunk, Filling, is_whole
from truthline.ui.kit.edit_bar import EditBar
from truthline.ui.kit.jobs import Job, Lane

if TYPE_CHECKING:
    from truthline.sync.service.endpoints import Reach
    from truthline.ui.document.document import Document

_BEGUN_AFTER_MS = 200
_SHOWN_EVERY_MS = 1_000
"""Often enough to see it grow; each time the list, the labels and all counts are asked for anew."""


class Filler(QObject):
    """Reads a source on the upkeep lane and stores it on the write lane, chunk by chunk.

    One chunk at most waits to be stored, so that a gesture waits no longer than for that. It cannot be
    cancelled: closing the workspace stops it, and opening it again goes on.
    """

    grown = Signal()
    """There are more entries than before."""
    ended = Signal()
    """The workspace is whole; told at once of one that always was."""
    failed = Signal(Exception)
    """Why it goes no further for now; what was read stays."""

    def __init__(self, document: Document, reach: Reach, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._reach = reach
        self._filling: Filling | None = None
        self._reading: Job | None = None
        self._storing = False
        self._next: Chunk | None = None
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_EVERY_MS)
        self._timer.timeout.connect(self.grown)
        self.bar = EditBar()
        """Shows how far it is."""

    def start(self) -> None:
        """Go on where it stopped, if the workspace is not whole."""
        workspace = self._document.workspace
        if is_whole(workspace):
            self.ended.emit()
            return
        self._document.growing = True
        # The first page is painted before anything competes with it.
        QTimer.singleShot(_BEGUN_AFTER_MS, self, self._resume)

    def _resume(self) -> None:
        if self._closed:
            return
        workspace = self._document.workspace
        self._document.jobs.run(
            Lane.UPKEEP,
            lambda _token, _report: Filling.resumed(workspace, self._reach.connection),
            done=self._begin,
            failed=self._fail,
        )

    def close(self) -> None:
        """Stop; what is read already is still stored."""
        self._closed = True
        self._timer.stop()
        if self._reading is not None:
            self._reading.drop()

    def _begin(self, filling: Filling | None) -> None:
        if self._closed or filling is None:
            return
        self._filling = filling
        self._show()
        self._read(filling)

    def _read(self, filling: Filling) -> None:
        self._reading = self._document.jobs.run(
            Lane.UPKEEP, lambda token, _report: filling.read(token), done=self._take, failed=self._fail
        )

    def _take(self, chunk: Chunk) -> None:
        self._reading = None
        if self._storing:
            self._next = chunk
        else:
            self._store(chunk)

    def _store(self, chunk: Chunk) -> None:
        filling = self._filling
        if filling is None or self._closed:
            return
        self._storing = True
        self._document.jobs.run(
            Lane.WRITE,
            lambda _token, _report: filling.store(chunk),
            done=lambda _nothing: self._stored(chunk),
            failed=self._fail,
        )
        if not chunk.is_end:
            self._read(filling)

    def _stored(self, chunk: Chunk) -> None:
        self._storing = False
        if self._closed:
            return
        if chunk.is_end:
            self._end()
            return
        if not self._timer.isActive():
            self._timer.start()
        self._show()
        following, self._next = self._next, None
        if following is not None:
            self._store(following)

    def _show(self) -> None:
        if self._filling is not None:
            self.bar.show_progress(self._filling.progress, can_cancel=False)

    def _end(self) -> None:
        self._timer.stop()
        self._document.growing = False
        self._let_go()
        self.grown.emit()
        self.ended.emit()

    def _fail(self, error: Exception) -> None:
        self.close()
        self._let_go()
        self.grown.emit()
        self.failed.emit(error)

    def _let_go(self) -> None:
        self.bar.show_progress(None, can_cancel=False)
        filling, self._filling = self._filling, None
        if filling is not None and self._reading is None:
            filling.close()
