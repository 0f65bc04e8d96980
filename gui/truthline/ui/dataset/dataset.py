"""The dataset that a workspace belongs to: its live status, pushes, pulls, uploads, and connecting to one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from truthline.aws.session import Aws
from truthline.errors import CancelledError, NotFoundError, SignInError, TruthlineError
from truthline.progress import CancelToken, Doing, Progress, Report
from truthline.sync.opening.opening import belong_to
from truthline.sync.pull.pull import PullResult, pull
from truthline.sync.push.push import PushResult, push
from truthline.sync.push.route import Route, first_push_route
from truthline.sync.push.upload import Comparison, Upload, compare_images, upload_images
from truthline.sync.service.own_updates import unseen_update
from truthline.sync.service.watch import in_progress
from truthline.ui.connect.signing_in import SignIn, sign_in
from truthline.ui.dataset.state import Answer, DatasetState, is_offline, waits_for
from truthline.ui.dataset.watcher import Watcher
from truthline.ui.kit.jobs import Job, Lane, Work
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.aws.connection import Connection
    from truthline.sync.service.endpoints import Reach
    from truthline.ui.document.document import Document

__all__ = ["Dataset", "DatasetState"]

T = TypeVar("T")

_BROKEN_OFF_MS = 5_000
"""Before a push that broke off starts anew; doubled each time, since the dataset may answer in between."""
_LONGEST_MS = 120_000
_MOST_DOUBLINGS = 10


class Dataset(QObject):
    """Watches the dataset of a document and carries out what the person asks for."""

    state_changed = Signal(object)
    """The new `DatasetState`."""
    uploads_needed = Signal(object)
    """The `Comparison` of local images and the bucket's, if a push needs an answer first.

    It is given by `upload_and_push` or `go_on`.
    """
    manifest_offered = Signal(object)
    """The `Route` of a first push that is quicker as one manifest; `push_by_updates` is the other way."""
    pushed = Signal(object)
    """The `PushResult` of a push that has ended."""
    push_queued = Signal(object)
    """The `TruthlineError` for which a push waits; it starts by itself once the service answers."""
    pulled = Signal(object)
    """The `PullResult` of a pull that has ended."""
    connected = Signal(object)
    """The ARN of the dataset that the workspace belongs to now; a pull from it follows."""
    failed = Signal(object)
    """The `TruthlineError` by which an upload, a pull or a connect failed."""
    reachable = Signal(object)
    """The `Aws` through which images can be read, once it was made, and once it answers again."""

    def __init__(self, document: Document, reach: Reach, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._workspace = document.workspace
        self._jobs = document.jobs
        self.access = SignIn(self._workspace, reach, lambda aws: self._jobs.post(lambda: self._reach(aws)))
        self._work: Job | None = None
        self._works = 0
        self._queued: Callable[[], None] | None = None
        self._breaks = 0
        self._agreed: set[str] = set()
        """Source-refs of the images that the person wants to have uploaded."""
        self._kept: set[str] = set()
        """Source-refs of the images for which the person prefers what the bucket has."""
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
        if self._work is not None:
            self._work.drop()
        self._closed = True
        self.access.close()

    @property
    def busy(self) -> bool:
        """Whether a push, a pull, an upload or a connect is under way."""
        return self._work is not None

    def refresh(self) -> None:
        """Ask the service for the dataset's status now."""
        self.watcher.ask()

    def set_visible(self, visible: bool) -> None:  # noqa: FBT001 - its one argument
        """Say whether the window can be seen; hidden, the dataset is watched only for a push."""
        self.watcher.set_visible(visible)

    def cancel(self) -> None:
        """Stop the work under way, which a later push or pull takes up; else take back a queued push."""
        if self._work is not None:
            self._show(activity=Progress(Doing.STOPPING))
            self._work.cancel()
        else:
            self._unqueue()

    # push

    def push(self) -> None:
        """Push the changes; local images that are not in the bucket are asked about first."""
        self._prepare(self.push, self._offer)

    def upload_and_push(self, uploads: list[Upload]) -> None:
        """Send the images, then push; those of the `Comparison` that are not among them stay as they are."""
        self._agreed = {upload.source_ref for upload in uploads}

        def send(token: CancelToken, report: Report) -> None:
            upload_images(uploads, self.signed_in().s3, cancel=token, report=report)

        def sent(_: None) -> None:
            self._work = None
            self.go_on()

        if self._begin_push("Uploading images", self._upload_rest):
            self._run(send, sent, self._broken_off(self._upload_rest))

    def go_on(self) -> None:
        """Push the changes as the bucket is; a large first push is offered as one manifest instead."""
        description = self.state.description
        if self.busy:
            return
        if description is None or description.stats.total:
            self.push_by_updates()
            return

        def chosen(route: Route) -> None:
            if self._work is not None and self._work.token.cancelled:
                self._fail(CancelledError())
            elif route.by_manifest:
                self._end_work()
                self.manifest_offered.emit(route)
            else:
                self._work = None
                self.push_by_updates()

        self._work = self._jobs.run(
            Lane.READ,
            lambda _token, _report: first_push_route(*self._workspace.size_of_changes(), held=0),
            done=chosen,
            failed=self._fail,
        )

    def push_by_updates(self) -> None:
        """Push the changes to the dataset as it is, with the bucket as it is."""

        def work(token: CancelToken, report: Report) -> PushResult:
            return push(self._workspace, self.signed_in(), cancel=token, report=report)

        if self._begin_push("Sending changes", self.push_by_updates):
            stats = self.state.description.stats if self.state.description else self.state.before
            self._show(before=stats)
            self._run(work, self._end_push, self._broken_off(self.push_by_updates))

    def _upload_rest(self) -> None:
        """Go on with an upload that was broken off: nothing is asked a second time."""

        def take(found: Comparison) -> None:
            both = (*found.missing, *found.different)
            self.upload_and_push([upload for upload in both if upload.source_ref in self._agreed])

        self._prepare(self._upload_rest, take)

    def keep_in_bucket(self, uploads: list[Upload]) -> None:
        """Remember that the bucket's images are the right ones, until the workspace is closed."""
        self._kept |= {upload.source_ref for upload in uploads}

    def _prepare(self, again: Callable[[], None], take: Callable[[Comparison], None]) -> None:
        def find(token: CancelToken, report: Report) -> Comparison:
            return compare_images(self._workspace, self.signed_in().s3, cancel=token, report=report)

        def found(comparison: Comparison) -> None:
            self._work = None
            unsettled = [one for one in comparison.different if one.source_ref not in self._kept]
            if comparison.missing or unsettled:
                take(replace(comparison, different=unsettled))
            else:
                self.go_on()

        def saved(_: None) -> None:
            self._run(find, found, self._broken_off(again))

        if self._begin_push("Looking at what has changed", again):
            self._after_saving(saved)

    def _offer(self, comparison: Comparison) -> None:
        self._end_work()
        self.uploads_needed.emit(comparison)

    def _begin_push(self, text: str, again: Callable[[], None]) -> bool:
        """Begin, unless something is under way, or it is known already that the push would have to wait."""
        self.access.ask_again()
        if not self.busy and waits_for(self.state.problem):
            self._queue(again, tell=not self.state.queued)
            self.refresh()  # perhaps that is over by now
            return False
        return self._begin(text, queued=False)

    def _end_push(self, result: PushResult) -> None:
        if self._can_wait(result.error):
            self._break_off(self.push_by_updates, result.error)
        else:
            self._breaks = 0
            self._end_work(result=result, **self._problem(result.error))
            self.refresh()
        self._document.absorb(Changes(everything=True, info=True, pushes=True))
        if not self.state.queued:
            self.pushed.emit(result)

    def _broken_off(self, again: Callable[[], None]) -> Callable[[Exception], None]:
        """What to do when a step of a push fails."""

        def failed(error: Exception) -> None:
            if self._can_wait(error):
                self._break_off(again, error)
            else:
                self._fail(error)

        return failed

    def _can_wait(self, error: Exception | None) -> bool:
        return waits_for(error) and self._work is not None and not self._work.token.cancelled

    # a push that waits

    def _break_off(self, again: Callable[[], None], error: Exception | None) -> None:
        """Have a push that lost the connection or the sign-in start anew when there is one."""
        self._end_work(**self._problem(error))
        self._queue(again, tell=self._breaks == 0)
        self._breaks = min(self._breaks + 1, _MOST_DOUBLINGS)
        self._watch_soon()

    def _queue(self, again: Callable[[], None], *, tell: bool) -> None:
        self._queued = again
        self._show(activity=None, queued=True)
        if tell:
            self.push_queued.emit(self.state.problem)

    def _unqueue(self) -> None:
        self._queued = None
        self._breaks = 0
        if self.state.queued:
            self._show(queued=False)

    # pull and connect

    def pull(self) -> None:
        """Merge what the dataset holds now into the workspace; a pull that was broken off is taken up."""

        def work(token: CancelToken, report: Report) -> PullResult:
            return pull(self._workspace, self.signed_in(), cancel=token, report=report)

        def saved(_: None) -> None:
            self._run(work, self._end_pull, self._fail)

        self.access.ask_again()
        if self._begin("Reading the dataset", pulling=True):
            self._after_saving(saved)

    def _end_pull(self, result: PullResult) -> None:
        self._end_work(unseen=None, **self._problem(result.error))
        self._document.absorb(Changes(everything=True, info=True))
        self.pulled.emit(result)
        self.refresh()

    def connect_to(self, connection: Connection, arn: str) -> None:
        """Make the workspace one of that dataset: check that it can be read, then pull what it holds."""

        def work(_token: CancelToken, _report: Report) -> Aws:
            aws = sign_in(connection.for_arn(arn))
            try:
                aws.rekognition.describe_dataset(arn)
                belong_to(self._workspace, arn, aws.connection)
            except BaseException:
                aws.close()
                raise
            return aws

        def done(aws: Aws) -> None:
            self.access.replace(aws)
            self._queued = self._work = None
            self._show(arn=arn, description=None, problem=None, offline_since=None, queued=False, before=None)
            self._document.absorb(Changes(everything=True, info=True))
            self.reachable.emit(aws)
            self.connected.emit(arn)
            self.pull()

        if self._begin("Connecting"):
            self._run(work, done, self._fail, unwanted=Aws.close)

    def show_dataset(self, arn: str) -> None:
        """Watch another dataset, to which the workspace has come to belong."""
        self._unqueue()
        self._show(arn=arn, description=None, problem=None, before=None, unseen=None, result=None)
        self.refresh()

    # work

    def _after_saving(self, then: Callable[[None], None]) -> None:
        """Wait for the gesture of a moment ago: behind it on its lane, nothing is left to be saved."""
        self._work = self._jobs.run(Lane.WRITE, _nothing, done=then, failed=self._fail)

    def _run(
        self,
        work: Work[T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        unwanted: Callable[[T], None] | None = None,
    ) -> None:
        if self._work is not None and self._work.token.cancelled:  # before it had begun
            self._fail(CancelledError())
            return
        self._work = self._jobs.run(
            Lane.NETWORK,
            work,
            done=done,
            failed=failed,
            progress=lambda progress: self._show(activity=progress),
            unwanted=unwanted,
        )
        self._watch_soon()

    def _begin(self, text: str, **more: object) -> bool:
        if self.busy:
            return False
        self._works += 1
        if "queued" in more:
            self._queued = None
        self._show(activity=Progress(Doing.ASKED, about=text), result=None, **more)
        return True

    def _end_work(self, **more: object) -> None:
        self._work = None
        self._show(activity=None, pulling=False, **more)

    def _fail(self, error: Exception) -> None:
        self._end_work(**self._problem(error if waits_for(error) else self.state.problem))
        if not isinstance(error, CancelledError):
            self.failed.emit(error)
        self._watch_soon()

    def signed_in(self) -> Aws:
        """The clients of the workspace's connection; called on the network and watch lanes."""
        return self.access.clients()

    def _reach(self, aws: Aws) -> None:
        if not self._closed:
            self.reachable.emit(aws)

    # watching

    def _question(self) -> Work[object]:
        """What to ask now."""
        works = None if self.busy else self._works
        queued = self._queued
        renew = isinstance(self.state.problem, SignInError) and not self.busy

        def ask(_token: CancelToken, _report: Report) -> Answer:
            aws = self.signed_in()
            if renew:
                aws.renew()
            arn = self._workspace.info.dataset_arn
            description = aws.rekognition.describe_dataset(arn) if arn else None
            unseen = unseen_update(self._workspace, description) if description else None
            return Answer(description, unseen, queued, works)

        return ask

    def _answered(self, answer: Answer) -> None:
        was = self.state
        self._show(
            description=answer.description,
            problem=None,
            asked=datetime.now().astimezone(),
            offline_since=None,
            # while we push, the dataset is updated by us
            unseen=answer.unseen if answer.works == self._works and not self.busy else None,
            before=was.before or (answer.description.stats if answer.description else None),
        )
        if waits_for(was.problem) and self.access.aws is not None:
            self._reach(self.access.aws)  # images that could not be read can be now
        if answer.queued is not None and answer.queued is self._queued and not self.busy:
            answer.queued()
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
            broken_off = self.state.queued and self._breaks > 0
            pause = min(_BROKEN_OFF_MS << self._breaks - 1, _LONGEST_MS) if broken_off else 0
            self.watcher.ask_soon(at_least_ms=pause)

    def _show(self, **what: object) -> None:
        self.state = replace(self.state, **what)  # type: ignore[arg-type]
        self.state_changed.emit(self.state)


def _nothing(_token: CancelToken, _report: Report) -> None:
    """Work for the sake of its place in a lane."""
