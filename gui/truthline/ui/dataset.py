"""The dataset that a workspace belongs to: its live status, pushes, uploads, and connecting to one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from truthline.aws.connection import Connection
from truthline.aws.session import Aws, connect
from truthline.errors import CancelledError, NotFoundError, OfflineError, TruthlineError
from truthline.progress import CancelToken, Progress, Report
from truthline.sync.opening import attach
from truthline.sync.push import PushResult, push
from truthline.sync.upload import Upload, missing_images, upload_images
from truthline.sync.watch import in_progress
from truthline.ui.jobs import Job, Lane, Work
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.aws.rekognition import DatasetDescription
    from truthline.ui.document import Document

T = TypeVar("T")

_FAST_MS = 700
_SLOW_MS = 20_000
_TRYING_MS = 5_000
"""While the service does not answer: soon enough to notice that it does again."""


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What is known of the dataset now.

    ``arn`` is "" while the workspace belongs to none. ``description`` is what the service said last, at
    ``asked``; ``problem`` why it could not be asked since. ``activity`` is what a push or upload is doing,
    None if none runs.
    """

    arn: str = ""
    description: DatasetDescription | None = None
    problem: TruthlineError | None = None
    activity: Progress | None = None
    asked: datetime | None = None
    result: PushResult | None = None


class Dataset(QObject):
    """Watches the dataset of a document and carries out what the person asks for."""

    state_changed = Signal(object)
    """The new `DatasetState`."""
    uploads_needed = Signal(object)
    """The `Upload`s that a push needs first; answered by `upload_and_push` or `push_without_upload`."""
    pushed = Signal(object)
    """The `PushResult` of a push that has ended."""
    connected = Signal(object)
    """The ARN of the dataset that the workspace belongs to now."""
    failed = Signal(object)
    """The `TruthlineError` by which an upload or a connect failed."""
    reachable = Signal(object)
    """The `Aws` through which images can be read, once it was made."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._workspace = document.workspace
        self._jobs = document.jobs
        self._aws: Aws | None = None
        self._work: Job | None = None
        self._asking: Job | None = None
        self._ask_again = False
        self._signing_in = threading.Lock()
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self.state = DatasetState(arn=self._workspace.info.dataset_arn)

    def start(self) -> None:
        """Begin to watch, and make the clients through which images in S3 are read."""
        self.refresh()

    def close(self) -> None:
        """Stop watching and close the connections; a push under way is taken up by the next one.

        What waits for an answer of the service is not waited for: it finds everything closed.
        """
        self._timer.stop()
        for job in (self._work, self._asking):
            if job is not None:
                job.drop()
        self._closed = True
        if self._aws is not None:  # else whoever is signing in finds this closed
            self._aws.close()

    @property
    def busy(self) -> bool:
        """Whether an upload, a push or a connect is under way."""
        return self._work is not None

    def refresh(self) -> None:
        """Ask the service for the dataset's status now."""
        self._timer.stop()
        self._ask_again = self._asking is not None  # what is on its way may tell of a moment ago
        if self._asking is None:
            self._asking = self._jobs.run(Lane.WATCH, self._ask, done=self._answered, failed=self._unanswered)

    def cancel(self) -> None:
        """Stop the upload, push or connect under way; a later push takes it up."""
        if self._work is not None:
            self._show(activity=Progress("Stopping…"))
            self._work.cancel()

    def push(self) -> None:
        """Push the changes; local images that are not in the bucket are asked about first."""

        def find(token: CancelToken, report: Report) -> list[Upload]:
            return missing_images(self._workspace, self.signed_in().s3, cancel=token, report=report)

        def found(uploads: list[Upload]) -> None:
            self._end_work()
            if uploads:
                self.uploads_needed.emit(uploads)
            else:
                self.push_without_upload()

        def saved(_: None) -> None:
            self._run(find, found, self._fail)

        if self._begin("Looking at what has changed"):
            # The gesture of a moment ago comes along: behind it on its lane, nothing is left to be saved.
            self._work = self._jobs.run(Lane.WRITE, _nothing, done=saved, failed=self._fail)

    def upload_and_push(self, uploads: list[Upload]) -> None:
        """Send the images, then push."""

        def send(token: CancelToken, report: Report) -> None:
            upload_images(uploads, self.signed_in().s3, cancel=token, report=report)

        def sent(_: None) -> None:
            self._end_work()
            self.push_without_upload()

        if self._begin("Uploading images"):
            self._run(send, sent, self._fail)

    def push_without_upload(self) -> None:
        """Push the changes as the bucket is."""

        def work(token: CancelToken, report: Report) -> PushResult:
            return push(self._workspace, self.signed_in(), cancel=token, report=report)

        def ended(result: PushResult) -> None:
            self._end_work(result=result, problem=result.error if _is_offline(result.error) else None)
            self._document.changed.emit(Changes(everything=True, pushes=True))
            self.pushed.emit(result)
            self.refresh()

        if self._begin("Sending changes"):
            self._run(work, ended, self._fail)

    def connect_to(self, connection: Connection, arn: str) -> None:
        """Make the workspace one of that dataset: check that it can be read, then read what it holds."""

        def work(token: CancelToken, report: Report) -> Aws:
            aws = _connected(connection.for_arn(arn))
            try:
                aws.rekognition.describe_dataset(arn)
                attach(self._workspace, arn, aws, add_missing=True, cancel=token, report=report)
            except BaseException:
                aws.close()
                raise
            return aws

        def done(aws: Aws) -> None:
            if self._aws is not None:
                self._aws.close()
            self._aws = aws
            self._end_work(arn=arn, description=None, problem=None)
            self._document.changed.emit(Changes(everything=True, info=True))
            self.reachable.emit(aws)
            self.connected.emit(arn)
            self.refresh()

        if self._begin("Connecting"):
            self._run(work, done, self._fail, unwanted=Aws.close)

    def _run(
        self,
        work: Work[T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        unwanted: Callable[[T], None] | None = None,
    ) -> None:
        self._work = self._jobs.run(
            Lane.NETWORK,
            work,
            done=done,
            failed=failed,
            progress=lambda progress: self._show(activity=progress),
            unwanted=unwanted,
        )
        self._watch_soon()

    def _begin(self, text: str) -> bool:
        if self.busy:
            return False
        self._show(activity=Progress(text), result=None)
        return True

    def _end_work(self, **more: object) -> None:
        self._work = None
        self._show(activity=None, **more)

    def _fail(self, error: Exception) -> None:
        self._end_work()
        if not isinstance(error, CancelledError):
            self.failed.emit(error)

    def signed_in(self) -> Aws:
        """The clients of the workspace's connection; called on the network and watch lanes."""
        with self._signing_in:
            if self._aws is None and not self._closed:
                info = self._workspace.info
                connection = Connection(info.profile, info.region, info.endpoint_url)
                made = _connected(connection.for_arn(info.dataset_arn) if info.dataset_arn else connection)
                self._aws = made
                self._jobs.post(lambda: self._reach(made))
            if self._aws is not None and not self._closed:
                return self._aws
            if self._aws is not None:
                self._aws.close()
            raise CancelledError

    def _reach(self, aws: Aws) -> None:
        if not self._closed:
            self.reachable.emit(aws)

    def _ask(self, _token: CancelToken, _report: Report) -> DatasetDescription | None:
        aws = self.signed_in()
        arn = self._workspace.info.dataset_arn
        return aws.rekognition.describe_dataset(arn) if arn else None

    def _answered(self, description: DatasetDescription | None) -> None:
        self._asking = None
        self._show(description=description, problem=None, asked=datetime.now().astimezone())
        if self.state.arn:
            self._watch_soon()

    def _unanswered(self, error: Exception) -> None:
        self._asking = None
        problem = error if isinstance(error, TruthlineError) else TruthlineError(str(error))
        if self.state.arn:
            self._show(
                problem=problem,
                description=None if isinstance(error, NotFoundError) else self.state.description,
            )
            self._watch_soon()

    def _watch_soon(self) -> None:
        if self._ask_again:
            self.refresh()
            return
        moving = self.state.description is not None and in_progress(self.state.description)
        quick = moving or self.busy
        self._timer.start(_FAST_MS if quick else (_SLOW_MS if self.state.problem is None else _TRYING_MS))

    def _show(self, **what: object) -> None:
        self.state = replace(self.state, **what)  # type: ignore[arg-type]
        self.state_changed.emit(self.state)


def _nothing(_token: CancelToken, _report: Report) -> None:
    """Work for the sake of its place in a lane."""


def _connected(connection: Connection) -> Aws:
    """Sign in, and make the client for images here and not on the GUI thread, for which it takes too long."""
    aws = connect(connection)
    try:
        _ = aws.s3
    except BaseException:
        aws.close()
        raise
    return aws


def _is_offline(error: TruthlineError | None) -> bool:
    return isinstance(error, OfflineError)
