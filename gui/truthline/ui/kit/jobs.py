"""The only bridge between threads and Qt.

Work is plain Python that takes a `CancelToken` and a `Report`; it knows nothing of Qt and is tested
without it. `Jobs.run` puts it on a lane and brings its outcome back to the GUI thread.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from truthline import log
from truthline.errors import CancelledError, TruthlineError, UnforeseenError
from truthline.progress import CancelToken, Progress, Report
from truthline.reasons import as_ours

T = TypeVar("T")
Work = Callable[[CancelToken, Report], T]

_SHARE_SECONDS = 0.016
"""How long outcomes are delivered before the event loop has a turn for the person's own events."""

_SHOW_EVERY_SECONDS = 0.08
"""Progress is shown no more often: each time a bar is painted, the work waits for the interpreter's lock."""

_COLLECT_MS = 1_000
"""Often enough that garbage stays small, and seldom enough to cost nothing."""
_BURST = 20_000
"""More new objects than this between two collections are no garbage."""


class Lane(Enum):
    """Where work runs; the value is its name, its number of workers, and what is done there."""

    WRITE = ("write", 1, "while saving to the workspace")
    """Everything that writes to the workspace, in the order it was asked for."""
    READ = ("read", 1, "while reading the workspace")
    """Queries of the workspace that are too slow for the GUI thread."""
    NETWORK = ("network", 1, "while working with the service")
    """A push, a pull, an upload: one after the other."""
    WATCH = ("watch", 1, "while asking the service")
    """Short questions to the service that must not wait behind a push."""
    UPKEEP = ("upkeep", 1, "while looking after the workspace")
    """What nobody waits for, such as checking a workspace again."""
    DECODE = ("decode", 2, "while reading an image")
    """Reading and decoding images."""


class Job:
    """A piece of work under way."""

    def __init__(
        self,
        lane: Lane,
        done: Callable[[Any], object] | None,
        failed: Callable[[Exception], None] | None,
        unwanted: Callable[[Any], None] | None,
    ) -> None:
        self.lane = lane
        self.token = CancelToken()
        self.done = done
        self.failed = failed
        self.unwanted = unwanted
        self.result: list[Any] = []
        self.dropped = False
        self.finished = False

    def cancel(self) -> None:
        """Ask the work to stop; its outcome is still delivered, most often as a `CancelledError`."""
        self.token.cancel()

    def drop(self) -> None:
        """Ask the work to stop, and deliver nothing more of it."""
        self.dropped = True
        self.token.cancel()

    def dispose(self) -> None:
        """Let go of a result that nobody takes."""
        if self.unwanted is not None and self.result:
            self.unwanted(self.result.pop())


class Jobs(QObject):
    """Runs work on lanes; every callback comes on the GUI thread."""

    failed_unexpectedly = Signal(Exception)
    """An exception that nobody asked to be told of, or that is none of ours."""
    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executors: dict[Lane, ThreadPoolExecutor] = {}
        self._running: set[Job] = set()
        self._calls: deque[Callable[[], None]] = deque()
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self._next_turn = QTimer(self)
        self._next_turn.setSingleShot(True)
        self._next_turn.timeout.connect(self._call)
        self._later: list[Callable[[], None]] = []
        self._later_turn = QTimer(self)
        self._later_turn.setSingleShot(True)
        self._later_turn.setInterval(int(_SHOW_EVERY_SECONDS * 1_000))
        self._later_turn.timeout.connect(self._call_later)
        self._closed = False
        self._collector = _Collector(self)

    def run(
        self,
        lane: Lane,
        work: Work[T],
        *,
        done: Callable[[T], object] | None = None,
        failed: Callable[[Exception], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
        unwanted: Callable[[T], None] | None = None,
    ) -> Job:
        """Queue ``work`` and return its handle at once.

        One of ``done`` and ``failed`` is called, unless the job is dropped; ``failed`` is given an error of
        ours, whatever the work raised. Of several ``progress`` reports
        that arrive between two turns of the event loop only the last is shown. ``unwanted`` is given the
        result of a dropped job, to close what it holds, on the GUI thread.
        """
        job = Job(lane, done, failed, unwanted)
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
        for job in self._running:
            job.dispose()
        self._running.clear()
        self._calls.clear()
        self._later_turn.stop()
        self._later.clear()
        self._collector.stop()

    def finish(self, lane: Lane) -> None:
        """Carry out and deliver all that is queued on a lane of one worker, before a workspace is closed."""
        if lane in self._executors:
            self._executors[lane].submit(lambda: None).result()
            while self._calls:
                self._calls.popleft()()

    def drop(self, lane: Lane) -> None:
        """Drop everything queued or under way on ``lane``."""
        for job in self._running:
            if job.lane is lane:
                job.drop()

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` run on the GUI thread; may be called from any thread."""
        if not self._closed:
            self._calls.append(call)
            self._posted.emit()

    def post_later(self, call: Callable[[], None]) -> None:
        """Have ``call`` run on the GUI thread, from which this is called, with others of this moment."""
        self._later.append(call)
        if not self._later_turn.isActive():
            self._later_turn.start()

    def _call_later(self) -> None:
        later, self._later = self._later, []
        for call in later:
            call()

    def _executor(self, lane: Lane) -> ThreadPoolExecutor:
        if lane not in self._executors:
            name, workers, _ = lane.value
            self._executors[lane] = ThreadPoolExecutor(workers, thread_name_prefix=name)
        return self._executors[lane]

    def _work(self, job: Job, work: Work[Any], report: Report) -> None:
        try:
            job.token.check()
            with log.doing(job.lane.value[2]):
                result = work(job.token, report)
        except TruthlineError as error:
            failure = error
            self.post(lambda: self._fail(job, failure))
        except OSError as error:
            refused = as_ours(error)
            refused.__cause__ = error
            log.told_error(error)
            self.post(lambda: self._fail(job, refused))
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, somebody must be told
            unforeseen = error
            log.unforeseen(error)
            self.post(lambda: self._fail(job, UnforeseenError(), unforeseen))
        else:
            job.result.append(result)
            self.post(lambda: self._finish(job))

    def _finish(self, job: Job) -> None:
        self._end(job)
        if job.dropped:
            job.dispose()
        elif job.done is not None:
            job.done(job.result.pop())

    def _fail(self, job: Job, error: TruthlineError, unforeseen: Exception | None = None) -> None:
        self._end(job)
        if job.dropped:
            return
        if unforeseen is not None:
            self.failed_unexpectedly.emit(unforeseen)
        else:
            log.told_error(error)
        if job.failed is not None:
            job.failed(error)
        elif unforeseen is None and not isinstance(error, CancelledError):
            self.failed_unexpectedly.emit(error)

    def _end(self, job: Job) -> None:
        job.finished = True
        self._running.discard(job)

    def _call(self) -> None:
        if self._next_turn.isActive():
            return
        until = time.perf_counter() + _SHARE_SECONDS
        try:
            while self._calls and time.perf_counter() < until:
                self._calls.popleft()()
        finally:
            if self._calls:
                self._next_turn.start(0)


class _Collector:
    """Has Python's cycles collected on the GUI thread alone, as long as there are workers.

    By default they are collected by whichever thread allocates next. A worker that so takes apart a cycle
    with a widget in it destroys the widget on the wrong thread, and sooner or later the process crashes, or
    hangs for a lock of Qt's.
    """

    def __init__(self, parent: QObject) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()
        # Modules and their like stay for good: to look through them each time would hold the window up.
        gc.freeze()
        self._timer = QTimer(parent)
        self._timer.setInterval(_COLLECT_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    @staticmethod
    def _collect() -> None:
        (young, middle, _), (most_young, most_middle, _) = gc.get_count(), gc.get_threshold()
        if young > _BURST:
            # Something was loaded, such as the service's model, and is there to stay. Going through it would
            # hold up the window, now and at every full collection; so it is set aside.
            gc.freeze()
        elif young > most_young:
            gc.collect(1 if middle > most_middle else 0)


class Latest:
    """Questions of which only the newest of each name matters: it takes the place of one that still waits."""

    def __init__(self, jobs: Jobs, lane: Lane) -> None:
        self._jobs = jobs
        self._lane = lane
        self._asked: dict[str, Job] = {}

    def ask(self, name: str, question: Callable[[], T], show: Callable[[T], object]) -> None:
        """Have a question answered on the lane and shown on the GUI thread."""
        if name in self._asked:
            self._asked[name].drop()
        self._asked[name] = self._jobs.run(self._lane, lambda _token, _report: question(), done=show)


class _LatestReport:
    """A `Report` that shows the newest progress only, so that fast work cannot flood the event loop."""

    def __init__(self, jobs: Jobs, job: Job, show: Callable[[Progress], None] | None) -> None:
        self._jobs = jobs
        self._job = job
        self._show = show
        self._lock = threading.Lock()
        self._latest: Progress | None = None
        self._shown_at = 0.0

    def __call__(self, progress: Progress) -> None:
        if self._show is None:
            return
        with self._lock:
            waiting = self._latest is not None
            self._latest = progress
        if not waiting:
            self._jobs.post(self._schedule)

    def _schedule(self) -> None:
        if time.perf_counter() < self._shown_at + _SHOW_EVERY_SECONDS:
            self._jobs.post_later(self._deliver)
        else:
            self._deliver()

    def _deliver(self) -> None:
        self._shown_at = time.perf_counter()
        with self._lock:
            progress, self._latest = self._latest, None
        if (
            progress is not None
            and self._show is not None
            and not self._job.dropped
            and not self._job.finished
        ):
            self._show(progress)
