"""The dataset of a workspace: its live status; pushes, pulls and uploads begun and cancelled; connecting."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from truthline.aws.connection import Connection
from truthline.aws.session import Aws
from truthline.errors import CancelledError, NotFoundError, SignInError, TruthlineError
from truthline.progress import CancelToken, Doing, Progress, Report
from truthline.sync.opening.opening import belong_to
from truthline.sync.pull.pull import PullResult, pull
from truthline.sync.push.machine import ENTERED_ANEW, Event, Now, Stage, ended_by, step
from truthline.sync.push.push import PushResult, push
from truthline.sync.push.route import Route, first_push_route
from truthline.sync.push.upload import Comparison, ImageAnswers, Upload, compare_images, upload_images
from truthline.sync.service.own_updates import unseen_update
from truthline.sync.service.watch import in_progress
from truthline.ui.connect.signing_in import SignIn, sign_in
from truthline.ui.dataset.state import Answer, DatasetState, is_offline, waits_for
from truthline.ui.dataset.watcher import Watcher
from truthline.ui.kit.jobs import Job, Lane, Work
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.sync.service.endpoints import Reach
    from truthline.ui.document.document import Document
    from truthline.workspace.workspace import Workspace

__all__ = ["Dataset", "DatasetState"]

T = TypeVar("T")

_TITLES = {
    Stage.SAVING: "Looking at what has changed",
    Stage.UPLOADING: "Uploading images",
    Stage.PUSHING: "Sending changes",
    Stage.SAVING_TO_PULL: "Reading the dataset",
    Stage.CONNECTING: "Connecting",
}
_BROKEN_OFF_MS = 5_000
"""Before a push that broke off starts anew; doubled each time, since the dataset may answer in between."""
_LONGEST_MS = 120_000
"""Whoever comes back to the desk finds the push gone on within two minutes."""


class Dataset(QObject):
    """Watches the dataset of a document and carries out what the person asks for.

    What is under way, and what may follow it, is decided by `sync.push.machine`; here is the work of each of
    its stages, and what is told of it.
    """

    state_changed = Signal(DatasetState)
    """The new state."""
    uploads_needed = Signal(Comparison)
    """The local images and the bucket's, if a push needs an answer: `upload_and_push` or `go_on`."""
    manifest_offered = Signal(Route)
    """The way of a first push that is quicker as one manifest; `push_by_updates` is the other way."""
    pushed = Signal(PushResult)
    """How a push went that has ended."""
    push_queued = Signal(TruthlineError)
    """Why a push waits; it starts by itself once the service answers."""
    pulled = Signal(PullResult)
    """How a pull went that has ended."""
    connected = Signal(str)
    """The ARN of the dataset that the workspace belongs to now; a pull from it follows."""
    failed = Signal(Exception)
    """The `TruthlineError` by which an upload, a pull or a connect failed."""
    reachable = Signal(Aws)
    """Through which images can be read, once it was made, and once it answers again."""

    def __init__(self, document: Document, reach: Reach, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._workspace = document.workspace
        self._jobs = document.jobs
        self.access = SignIn(self._workspace, reach, lambda aws: self._jobs.post(lambda: self._reach(aws)))
        self._now = Now()
        self._job: Job | None = None
        self._answers = ImageAnswers()
        self._uploads: list[Upload] = []
        self._wanted = (Connection(), "")
        """The connection and ARN to connect to."""
        self._closed = False
        self.watcher = Watcher(document.jobs, self._question, self)
        self.watcher.answered.connect(self._answered)
        self.watcher.unanswered.connect(self._unanswered)
        self.state = DatasetState(arn=self._workspace.info.dataset_arn)

    def start(self) -> None:
        """Begin to watch, and make the clients through which images in S3 are read."""
        self.refresh()

    def close(self) -> None:
        """Stop watching and close the connections; a push under way is taken up by the next one.

        What waits for an answer of the service is not waited for: it finds everything closed.
        """
        self.watcher.stop()
        if self._job is not None:
            self._job.drop()
        self._closed = True
        self.access.close()

    @property
    def busy(self) -> bool:
        """Whether a push, a pull, an upload or a connect is under way."""
        return self._now.busy

    def refresh(self) -> None:
        """Ask the service for the dataset's status now."""
        self.watcher.ask()

    def set_visible(self, visible: bool) -> None:  # noqa: FBT001 - its one argument
        """Say whether the window can be seen; hidden, the dataset is watched only for a push."""
        self.watcher.set_visible(visible)

    # what a person asks for

    def push(self) -> None:
        """Push the changes; local images that are not in the bucket are asked about first."""
        self._ask(Event.PUSH)

    def upload_and_push(self, uploads: list[Upload]) -> None:
        """Send the images, then push; those of the `Comparison` that are not among them stay as they are."""
        self._choose_uploads(uploads)
        self._ask(Event.UPLOAD)

    def go_on(self) -> None:
        """Push the changes as the bucket is; a large first push is offered as one manifest instead."""
        self._ask(Event.GO_ON)

    def push_by_updates(self) -> None:
        """Push the changes to the dataset as it is, with the bucket as it is."""
        self._ask(Event.UPDATES)

    def keep_in_bucket(self, uploads: list[Upload]) -> None:
        """Remember that the bucket's images are the right ones, until the workspace is closed."""
        self._answers.kept |= {upload.source_ref for upload in uploads}

    def pull(self) -> None:
        """Merge what the dataset holds now into the workspace; a pull that was broken off is taken up."""
        self._ask(Event.PULL)

    def connect_to(self, connection: Connection, arn: str) -> None:
        """Make the workspace one of that dataset: check that it can be read, then pull what it holds."""
        if not self.busy:
            self._wanted = (connection, arn)
            self._step(Event.CONNECT)

    def cancel(self) -> None:
        """Stop the work under way, which a later push or pull takes up; else take back a queued push."""
        if self._job is not None:
            self._show(activity=Progress(Doing.STOPPING))
            self._job.cancel()
        self._step(Event.CANCEL)

    def show_dataset(self, arn: str) -> None:
        """Watch another dataset, to which the workspace has come to belong."""
        self._step(Event.MOVED)
        self._show(arn=arn, description=None, problem=None, before=None, unseen=None, result=None)
        self.refresh()

    def _ask(self, event: Event) -> None:
        self.access.ask_again()
        self._step(event)

    def _choose_uploads(self, uploads: list[Upload]) -> None:
        self._uploads = uploads
        self._answers.agreed = {upload.source_ref for upload in uploads}

    # from stage to stage

    def _step(self, event: Event, **more: object) -> None:
        """Take an event to the machine, show what is under way now, and begin the work of a new stage."""
        description, was = self.state.description, self._now
        now = self._now = step(
            was,
            event,
            served=not waits_for(self.state.problem),
            empty=description is not None and not description.stats.total,
        )
        if now.stage is not was.stage:
            self._job = None
            if not now.busy:
                more |= {"activity": None, "pulling": False}
            elif now.stage in ENTERED_ANEW:
                more |= {"activity": Progress(Doing.ASKED, about=_TITLES[now.stage]), "result": None}
                more["pulling"] = now.stage is Stage.SAVING_TO_PULL
        if more or now.queued is not was.queued:
            self._show(**more, queued=now.queued is not None)
        if now.ticket != was.ticket:
            self._tell_queued(event, was)
        if now.stage is not was.stage:
            if now.busy:
                self._begin(now.stage)
            self._watch_soon()

    def _tell_queued(self, event: Event, was: Now) -> None:
        broke_off = event is Event.BROKE_OFF
        if self.state.problem is not None and (was.breaks == 0 if broke_off else was.queued is None):
            self.push_queued.emit(self.state.problem)
        if not broke_off:
            self.refresh()  # perhaps the service answers by now

    def _begin(self, stage: Stage) -> None:
        match stage:
            case Stage.SAVING | Stage.SAVING_TO_PULL:
                # Behind the gesture of a moment ago on its lane, nothing is left to be saved.
                self._job = self._jobs.run(
                    Lane.WRITE, _nothing, done=lambda _: self._step(Event.DONE), failed=self._fail
                )
            case Stage.COMPARING:
                self._run(
                    lambda token, report: compare_images(
                        self._workspace, self.signed_in().s3, cancel=token, report=report
                    ),
                    self._end_comparing,
                )
            case Stage.UPLOADING:
                uploads = self._uploads
                self._run(
                    lambda token, report: upload_images(
                        uploads, self.signed_in().s3, cancel=token, report=report
                    ),
                    lambda _: self._step(Event.DONE),
                )
            case Stage.CHOOSING:
                self._job = self._jobs.run(
                    Lane.READ,
                    lambda _token, _report: first_push_route(*self._workspace.size_of_changes(), held=0),
                    done=self._end_choosing,
                    failed=self._fail,
                )
            case Stage.PUSHING:
                self._show(
                    before=self.state.description.stats if self.state.description else self.state.before
                )
                self._run(
                    lambda token, report: push(
                        self._workspace, self.signed_in(), cancel=token, report=report
                    ),
                    self._end_push,
                )
            case Stage.PULLING:
                self._run(
                    lambda token, report: pull(
                        self._workspace, self.signed_in(), cancel=token, report=report
                    ),
                    self._end_pull,
                )
            case Stage.CONNECTING:
                connection, arn = self._wanted
                self._run(
                    lambda _token, _report: _connect(self._workspace, connection, arn),
                    self._end_connecting,
                    unwanted=Aws.close,
                )

    def _run(
        self, work: Work[T], done: Callable[[T], object], *, unwanted: Callable[[T], None] | None = None
    ) -> None:
        self._job = self._jobs.run(
            Lane.NETWORK,
            work,
            done=done,
            failed=self._fail,
            progress=lambda progress: self._show(activity=progress),
            unwanted=unwanted,
        )

    # what came of it

    def _end_comparing(self, found: Comparison) -> None:
        left = self._answers.open(found)
        if not left.missing and not left.different:
            self._step(Event.DONE)
            return
        if not self._now.asks:
            self._choose_uploads(self._answers.agreed_of(left))
        cancelled = self._now.stopping
        self._step(Event.NEEDED)
        if not self.busy and not cancelled and not self.state.queued:
            self.uploads_needed.emit(left)

    def _end_choosing(self, route: Route) -> None:
        cancelled = self._now.stopping
        self._step(Event.BY_MANIFEST if route.by_manifest else Event.DONE)
        if route.by_manifest and not cancelled:
            self.manifest_offered.emit(route)

    def _end_push(self, result: PushResult) -> None:
        event = ended_by(self._now, waits=waits_for(result.error))
        if event is Event.BROKE_OFF:
            self._step(event, **self._problem(result.error))
        else:
            self._step(Event.DONE, result=result, **self._problem(result.error))
            self.refresh()
        self._document.absorb(Changes(everything=True, info=True, pushes=True))
        if not self.state.queued:
            self.pushed.emit(result)

    def _end_pull(self, result: PullResult) -> None:
        self._step(Event.DONE, unseen=None, **self._problem(result.error))
        self._document.absorb(Changes(everything=True, info=True))
        self.pulled.emit(result)
        self.refresh()

    def _end_connecting(self, aws: Aws) -> None:
        arn = self._wanted[1]
        self.access.replace(aws)
        self.access.ask_again()
        self._show(arn=arn, description=None, problem=None, offline_since=None, before=None)
        self._document.absorb(Changes(everything=True, info=True))
        self.reachable.emit(aws)
        self.connected.emit(arn)
        self._step(Event.DONE)

    def _fail(self, error: Exception) -> None:
        event = ended_by(self._now, waits=waits_for(error))
        self._step(event, **self._problem(error if waits_for(error) else self.state.problem))
        if event is Event.FAILED and not isinstance(error, CancelledError):
            self.failed.emit(error)

    def signed_in(self) -> Aws:
        """The clients of the workspace's connection; called on the network and watch lanes."""
        return self.access.clients()

    def _reach(self, aws: Aws) -> None:
        if not self._closed:
            self.reachable.emit(aws)

    # watching

    def _question(self) -> Work[Answer]:
        """What to ask now."""
        begun = None if self.busy else self._now.begun
        ticket = self._now.ticket
        renew = isinstance(self.state.problem, SignInError) and not self.busy

        def ask(_token: CancelToken, _report: Report) -> Answer:
            aws = self.signed_in()
            if renew:
                aws.renew()
            arn = self._workspace.info.dataset_arn
            description = aws.rekognition.describe_dataset(arn) if arn else None
            unseen = unseen_update(self._workspace, description) if description else None
            return Answer(description, unseen, ticket, begun)

        return ask

    def _answered(self, answer: Answer) -> None:
        was = self.state
        self._show(
            description=answer.description,
            problem=None,
            asked=datetime.now().astimezone(),
            offline_since=None,
            # while we push, the dataset is updated by us
            unseen=answer.unseen if answer.begun == self._now.begun and not self.busy else None,
            before=was.before or (answer.description.stats if answer.description else None),
        )
        if waits_for(was.problem) and self.access.aws is not None:
            self._reach(self.access.aws)  # images that could not be read can be now
        if answer.ticket == self._now.ticket:
            self._step(Event.SERVED)
        self._watch_soon()

    def _unanswered(self, error: Exception) -> None:
        problem = error if isinstance(error, TruthlineError) else TruthlineError(str(error))
        if self.state.arn:
            gone = isinstance(error, NotFoundError)
            description = None if gone else self.state.description
            self._show(description=description, problem=problem, offline_since=self._offline_since(problem))
        self._watch_soon()

    def _problem(self, error: Exception | None) -> dict[str, object]:
        """What the state says after work that ended with an error: only what concerns the connection."""
        problem = error if waits_for(error) else None
        return {"problem": problem, "offline_since": self._offline_since(problem)}

    def _offline_since(self, problem: Exception | None) -> datetime | None:
        if not is_offline(problem):
            return None
        return self.state.offline_since or datetime.now().astimezone()

    def _watch_soon(self) -> None:
        moving = self.state.description is not None and in_progress(self.state.description)
        self.watcher.quick = moving or self.busy
        self.watcher.needed = self.busy or self.state.queued
        if self.state.arn:
            broken_off = self.state.queued and self._now.breaks > 0
            pause = min(_BROKEN_OFF_MS << self._now.breaks - 1, _LONGEST_MS) if broken_off else 0
            self.watcher.ask_soon(at_least_ms=pause)

    def _show(self, **what: object) -> None:
        self.state = replace(self.state, **what)  # type: ignore[arg-type]
        self.state_changed.emit(self.state)


def _connect(workspace: Workspace, connection: Connection, arn: str) -> Aws:
    """Sign in for a dataset and have the workspace belong to it, once it was seen that it can be read."""
    aws = sign_in(connection.for_arn(arn))
    try:
        aws.rekognition.describe_dataset(arn)
        belong_to(workspace, arn, aws.connection)
    except BaseException:
        aws.close()
        raise
    return aws


def _nothing(_token: CancelToken, _report: Report) -> None:
    """Work for the sake of its place in a lane."""
