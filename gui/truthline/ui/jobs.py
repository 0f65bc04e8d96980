"""The only bridge between threads and Qt.

Work is plain Python that takes a `CancelToken` and a `Report`; it knows nothing of Qt and is tested
without it. `Jobs.run` puts it on a lane and brings its outcome back to the GUI thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from truthline.errors import CancelledError
from truthline.progress import CancelToken, Progress, Report

T = TypeVar("T")
Work = Callable[[CancelToken, Report], T]


class Lane(Enum):
    """Where work runs; the value is the lane's number of workers."""

    WRITE = ("write", 1)
    """Everything that writes to the workspace, in the order it was asked for."""
    READ = ("read", 1)
    """Queries of the workspace that are too slow for the GUI thread."""
    NETWORK = ("network", 1)
    """A push, a pull, an upload: one after the other."""
    WATCH = ("watch", 1)
    """Short questions to the service that must not wait behind a push."""
    DECODE = ("decode", 2)
    """Reading and decoding images."""


class Job:
    """A piece of work under way."""

    def __init__(
        self, done: Callable[[Any], None] | None, failed: Callable[[Exception], None] | None
    ) -> None:
        self.token = CancelToken()
        self.done = done
        self.failed = failed
        self.dropped = False
        self.finished = False

    def cancel(self) -> None:
        """Ask the work to stop; its outcome is still delivered, most often as a `CancelledError`."""
        self.token.cancel()

    def drop(self) -> None:
        """Ask the work to stop, and deliver nothing more of it."""
        self.dropped = True
        self.token.cancel()


class Jobs(QObject):
    """Runs work on lanes; every callback comes on the GUI thread."""

    failed_unexpectedly = Signal(object)
    """An exception that nobody asked to be told of."""
    _called = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executors: dict[Lane, ThreadPoolExecutor] = {}
        self._running: set[Job] = set()
        self._called.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self._closed = False

    def run(
        self,
        lane: Lane,
        work: Work[T],
        *,
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Job:
        """Queue ``work`` and return its handle at once.

        One of ``done`` and ``failed`` is called, unless the job is dropped. Of several ``progress`` reports
        that arrive between two turns of the event loop only the last is shown.
        """
        job = Job(done, failed)
        self._running.add(job)
        report = _LatestReport(self, job, progress)
        self._executor(lane).submit(self._work, job, work, report)
        return job

    @property
    def idle(self) -> bool:
        """Whether no work is queued or under way and every outcome was delivered."""
        return not self._running

    def close(self) -> None:
        """Cancel what runs, wait for it, and deliver nothing more."""
        self._closed = True
        for job in list(self._running):
            job.drop()
        for executor in self._executors.values():
            executor.shutdown(wait=True, cancel_futures=True)
        self._running.clear()

    def finish(self, lane: Lane) -> None:
        """Wait until everything queued on ``lane`` has been carried out (used before closing a workspace)."""
        executor = self._executors.pop(lane, None)
        if executor is not None:
            executor.shutdown(wait=True)

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` run on the GUI thread; may be called from any thread."""
        if not self._closed:
            self._called.emit(call)

    def _executor(self, lane: Lane) -> ThreadPoolExecutor:
        if lane not in self._executors:
            name, workers = lane.value
            self._executors[lane] = ThreadPoolExecutor(workers, thread_name_prefix=name)
        return self._executors[lane]

    def _work(self, job: Job, work: Work[Any], report: Report) -> None:
        try:
            job.token.check()
            result = work(job.token, report)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, somebody must be told
            failure = error
            self.post(lambda: self._fail(job, failure))
        else:
            self.post(lambda: self._finish(job, result))

    def _finish(self, job: Job, result: Any) -> None:
        self._end(job)
        if job.done is not None and not job.dropped:
            job.done(result)

    def _fail(self, job: Job, error: Exception) -> None:
        self._end(job)
        if job.dropped:
            return
        if job.failed is not None:
            job.failed(error)
        elif not isinstance(error, CancelledError):
            self.failed_unexpectedly.emit(error)

    def _end(self, job: Job) -> None:
        job.finished = True
        self._running.discard(job)

    @staticmethod
    def _call(call: Callable[[], None]) -> None:
        call()


class _LatestReport:
    """A `Report` that shows the newest progress only, so that fast work cannot flood the event loop."""

    def __init__(self, jobs: Jobs, job: Job, show: Callable[[Progress], None] | None) -> None:
        self._jobs = jobs
        self._job = job
        self._show = show
        self._lock = threading.Lock()
        self._latest: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        if self._show is None:
            return
        with self._lock:
            waiting = self._latest is not None
            self._latest = progress
        if not waiting:
            self._jobs.post(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            progress, self._latest = self._latest, None
        if (
            progress is not None
            and self._show is not None
            and not self._job.dropped
            and not self._job.finished
        ):
            self._show(progress)
