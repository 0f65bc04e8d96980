"""The sample dataset in the window: the emulator's process lives as long as its workspace is open."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from truthline.errors import CancelledError
from truthline.progress import CancelToken, Doing, Progress, Report
from truthline.ui.connect.wish import Wish
from truthline.ui.kit.jobs import Job, Jobs, Lane

if TYPE_CHECKING:
    from truthline.demo import Sample

SAMPLE_NAME = "Sample on this computer’s emulator"


class SampleRunner(QObject):
    """Starts the emulator with the sample, and ends it."""

    ready = Signal(Wish)
    """The `Wish` that opens the sample."""
    failed = Signal(Exception)
    """The exception by which it did not start; not after a cancel."""
    working = Signal(Progress)
    """How far its start is."""
    ended = Signal()
    """It could not be started."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._running = ExitStack()
        self._ending = ExitStack()
        self._folder = ""
        self._job: Job | None = None

    def start(self) -> None:
        """Start anew: the emulator forgets, so each sample is a fresh one."""
        if self._job is not None:
            return
        self.working.emit(Progress(Doing.STARTING_SAMPLE))
        self._job = self._jobs.run(
            Lane.NETWORK,
            self._work,
            done=self._done,
            failed=self._fail,
            progress=self.working.emit,
            unwanted=lambda started: started[0].close(),
        )

    def cancel(self) -> None:
        """Give up starting it."""
        if self._job is not None:
            self._job.cancel()

    def holds(self, workspace: Path) -> bool:
        """Whether that is the sample's workspace."""
        return bool(self._folder) and workspace.parent == Path(self._folder).resolve()

    def end(self) -> None:
        """End the emulator and remove the sample's workspace, which must be closed before; soon."""
        # On a lane, since its process takes a moment to end; `stop` waits for it where the program ends.
        self._folder = ""
        self._ending, self._running = self._running, ExitStack()
        self._jobs.run(Lane.NETWORK, lambda _token, _report: self._ending.close())

    def stop(self) -> None:
        """End it, and return when it has ended."""
        self._ending.close()
        self._running.close()

    def _work(self, token: CancelToken, report: Report) -> tuple[ExitStack, Sample, str]:
        from truthline.demo import running_sample  # loaded off the GUI thread, when it is wanted

        self._running.close()
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="truthline-sample-"))
            sample = stack.enter_context(running_sample(cancel=token, report=report))
            return stack.pop_all(), sample, folder

    def _done(self, started: tuple[ExitStack, Sample, str]) -> None:
        self._job = None
        self._running, sample, self._folder = started
        path = Path(self._folder) / "sample.truthline"
        self.ready.emit(Wish(sample.dataset_arn, connection=sample.connection, path=path))

    def _fail(self, error: Exception) -> None:
        self._job = None
        self.ended.emit()
        if not isinstance(error, CancelledError):
            self.failed.emit(error)
