"""Carry out a push: send what changed, wait, read it back, and store what the service holds.

Each step is recorded in the workspace's journal before the next. A push that a crash, a cancel or a lost
connection broke off is finished by the next one: what its batches became is read back, and what is still
different is simply a change again. So nothing that reads back equal is sent twice.

The service accepts an update before it carries it out, drops some lines in silence, and its answer may get
lost; so only the read-back decides what was stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from truthline.errors import ServiceError, TruthlineError, UsageError
from truthline.progress import Progress, ignore_progress
from truthline.sync.compare import Outcome, compare
from truthline.sync.plan import Candidate, Plan, Remark, batched, bucket_of, plan
from truthline.sync.reading import DatasetReader
from truthline.sync.sending import RefusedError, Sender, Sent
from truthline.workspace.workspace import BatchState, EntryId, Filter, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from truthline.aws.session import Aws
    from truthline.manifest.annotation import RemoteError
    from truthline.progress import CancelToken, Report
    from truthline.sync.reading import RemoteEntry
    from truthline.workspace.workspace import Entry, Push, Workspace

NOT_STORED: Final = "TRUTHLINE_NOT_STORED"
UPDATE_FAILED: Final = "TRUTHLINE_UPDATE_FAILED"
STORED_DIFFERENTLY: Final = "TRUTHLINE_STORED_DIFFERENTLY"

_DROPPED_MESSAGE: Final = (
    "The service took the update and then left this line out, without a reason. Check the line, then push"
    " again."
)
_DIFFERENT_MESSAGE: Final = (
    "The dataset now holds another line for this image: the service changed it, or somebody else did. Pull"
    " to see it."
)
_UNANSWERED_SECONDS: Final = 10.0
_LONGEST_PAUSE: Final = 30.0
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class PushResult:
    """How a push went, as far as it came.

    ``pushed`` counts lines that were sent and read back as stored (of a dry run: that would be sent),
    ``batches`` the updates that were sent, ``unchanged`` the lines that the dataset held already.
    ``status`` and ``message`` are the service's last words, None if nothing was sent. ``error`` is what
    broke the push off.
    """

    pushed: int = 0
    unchanged: int = 0
    batches: int = 0
    status: str | None = None
    message: str = ""
    refused: tuple[Remark, ...] = ()
    dropped: tuple[Remark, ...] = ()
    stored_differently: tuple[Remark, ...] = ()
    remote_errors: tuple[Remark, ...] = ()
    error: TruthlineError | None = None

    @property
    def flawless(self) -> bool:
        """Whether every line is stored as it is, and the service finds no error in any."""
        errors = [remark for remark in self.remote_errors if not remark.code.startswith("WARNING")]
        return not (self.error or self.refused or self.dropped or self.stored_differently or errors)


def push(
    workspace: Workspace,
    aws: Aws,
    *,
    cancel: CancelToken,
    strict: bool = False,
    dry_run: bool = False,
    report: Report = ignore_progress,
) -> PushResult:
    """Push what changed in a workspace to its dataset, after finishing an earlier push that was broken off.

    Never raises a `TruthlineError`: the result carries it together with what is known.

    Args:
        workspace: whose dataset is pushed to.
        aws: signed in for the dataset's region.
        cancel: stops the push; the next one takes it up.
        strict: refuse lines with any finding of level error, also those that the service would report on.
        dry_run: read and plan only.
        report: is told how far the push is, statuses as the service spells them.

    """
    work = _Push(workspace, aws, strict=strict, report=report, cancel=cancel)
    try:
        work.run(dry_run=dry_run)
    except TruthlineError as error:
        return work.result(error)
    return work.result(None)


def candidates(workspace: Workspace) -> Iterator[Candidate]:
    """Every entry, in line order, as the plan takes it."""
    for entry in _entries(workspace, Filter()):
        yield candidate_of(entry)


def _entries(workspace: Workspace, only: Filter) -> Iterator[Entry]:
    ids = [EntryId(one) for one in workspace.ids(only)]
    for start in range(0, len(ids), _CHUNK):
        yield from workspace.entries(ids[start : start + _CHUNK])


def candidate_of(entry: Entry) -> Candidate:
    """An entry as the plan takes it."""
    return Candidate(entry.id, entry.position, entry.source_ref, entry.line, entry.base, entry.sent)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one line that was sent: ``held`` is what the dataset holds of it."""

    candidate: Candidate
    sent: Sent
    held: RemoteEntry | None
    outcome: Outcome

    @property
    def remote(self) -> tuple[EntryId, bytes | None, tuple[RemoteError, ...]]:
        """What the service holds, as the workspace stores it."""
        if self.held is None:
            return self.candidate.entry_id, None, ()
        return self.candidate.entry_id, self.held.line, self.held.errors

    def remark(self, code: str, message: str) -> Remark:
        """Say something about this line."""
        return Remark(self.candidate.source_ref, code, message, self.candidate.line_number)


class _Push:
    def __init__(
        self, workspace: Workspace, aws: Aws, *, strict: bool, report: Report, cancel: CancelToken
    ) -> None:
        self._workspace = workspace
        self._arn = workspace.info.dataset_arn
        self._reader = DatasetReader(aws, self._arn, report=report, cancel=cancel)
        self._sender = Sender(aws.rekognition, self._reader, workspace, report=report, cancel=cancel)
        self._strict = strict
        self._report = report
        self._known = PushResult()
        self._pushed = 0
        self._dropped: list[Remark] = []
        self._different: list[Remark] = []
        self._error: TruthlineError | None = None

    def result(self, error: TruthlineError | None) -> PushResult:
        """All that is known by now; of two errors, the first."""
        remarks = [
            Remark(entry.source_ref, one.code, one.message, entry.position)
            for entry in self._with_remote_errors()
            for one in entry.remote_errors
        ]
        return replace(
            self._known,
            pushed=self._pushed,
            dropped=tuple(self._dropped),
            stored_differently=tuple(self._different),
            remote_errors=tuple(remarks),
            error=self._error or error,
        )

    def run(self, *, dry_run: bool) -> None:
        if not self._arn:
            raise UsageError(
                "This workspace belongs to no dataset.",
                detail="Choose the dataset to push to, then push again.",
            )
        self._finish_earlier()
        found = self._plan()
        self._known = replace(self._known, unchanged=len(found.unchanged), refused=found.refused)
        if dry_run:
            self._pushed = found.lines
            self._known = replace(self._known, batches=len(found.batches))
        else:
            self._send_all(found)
        if self._error is None:
            self._store_remote_errors()

    def _plan(self) -> Plan:
        everyone = list(candidates(self._workspace))
        bucket = bucket_of(everyone)
        if everyone and all(candidate.base is None for candidate in everyone):
            bucket = self._reader.any_bucket() or bucket
        return plan(everyone, bucket=bucket, strict=self._strict)

    # Sending

    def _send_all(self, found: Plan) -> None:
        lost = self._carry_out(found.batches)
        if lost and self._error is None:
            self._report(Progress("Some lines did not arrive. Sending them again."))
            lost = self._carry_out(tuple(batched(verdict.candidate for verdict in lost)))
        for verdict in lost:
            self._error = self._error or verdict.sent.unanswered
            self._drop(
                verdict, NOT_STORED, "The service did not answer, and does not hold this line. Push again."
            )

    def _carry_out(self, batches: Sequence[Sequence[Candidate]]) -> list[Verdict]:
        """Send batches one by one until one fails, then read back what was sent.

        Returns the lines whose update was not answered, and which the dataset does not hold.
        """
        if not batches:
            return []
        lines = [[(one.entry_id, one.line) for one in batch] for batch in batches]
        push_id = self._workspace.begin_push(self._arn, lines, datetime.now(UTC))
        self._reader.patience.unanswered_seconds = _UNANSWERED_SECONDS
        everything: list[Sent] = []
        for batch, members in zip(self._workspace.batches(push_id), batches, strict=True):
            text = f"Sending batch {batch.number} of {len(batches)}"
            self._report(Progress(text, batch.number - 1, len(batches)))
            try:
                sent = self._sender.send(batch, members)
            except RefusedError as refused:
                self._error = refused.reason
                break
            everything.append(sent)
            self._note(sent)
            if sent.failed:
                break
        lost = self._tell(self._verify_twice(everything))
        self._workspace.finish_push(push_id, self._error.title if self._error else "Sent and read back.")
        return lost

    def _note(self, sent: Sent) -> None:
        batches = self._known.batches + 1
        self._known = replace(self._known, batches=batches, status=sent.status, message=sent.message)
        if sent.failed:
            self._error = ServiceError(
                "The update of the dataset failed.", detail=sent.message, place=self._arn, code=sent.status
            )

    # Reading back

    def _verify_twice(self, everything: Sequence[Sent]) -> list[Verdict]:
        """Read back; once more before a line that the service took is called dropped.

        What looked like the end of our update may have been that of another person's, described late.
        """
        verdicts = self._verify(everything)
        taken = [verdict for verdict in verdicts if verdict.sent.accepted]
        if any(verdict.outcome is Outcome.NOT_STORED for verdict in taken):
            self._report(Progress("Some lines are not there. Looking once more."))
            self._reader.ended(self._reader.describe().updated, waited=0.0)
            verdicts = self._verify(everything)
        return verdicts

    def _verify(self, everything: Sequence[Sent]) -> list[Verdict]:
        """Read back the lines of these batches, and store what the service holds as their base lines."""
        members = [(one, sent) for sent in everything for one in sent.members]
        if not members:
            return []
        self._report(Progress(f"Reading back {len(members)} lines"))
        wanted = [one.source_ref for one, _ in members]
        held, _ = self._reader.trusted(lambda now: self._reader.held(wanted, now.stats.total))
        verdicts = [_judge(one, sent, held.get(one.source_ref)) for one, sent in members]
        self._workspace.store_remote(
            (verdict.remote for verdict in verdicts),
            sent={v.candidate.entry_id: v.candidate.line for v in verdicts if v.outcome is Outcome.REDUCED},
        )
        for sent in everything:
            if not sent.failed:
                self._workspace.set_batch(sent.batch.id, BatchState.VERIFIED)
        return verdicts

    def _tell(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Count and list what became of the lines; returns those to send again."""
        lost = []
        for verdict in verdicts:
            if verdict.outcome in {Outcome.STORED, Outcome.REDUCED}:
                self._pushed += 1
            elif verdict.outcome is Outcome.DIFFERENT:
                self._different.append(verdict.remark(STORED_DIFFERENTLY, _DIFFERENT_MESSAGE))
            elif verdict.sent.unanswered:
                lost.append(verdict)
            elif verdict.sent.failed:
                message = verdict.sent.message or "The service gave no reason."
                self._drop(verdict, UPDATE_FAILED, f"The update that held this line failed: {message}")
            else:
                self._drop(verdict, NOT_STORED, _DROPPED_MESSAGE)
        return lost

    def _drop(self, verdict: Verdict, code: str, message: str) -> None:
        self._dropped.append(verdict.remark(code, message))

    # A push that was broken off

    def _finish_earlier(self) -> None:
        """Read back what an earlier push may have sent. What is still different is a change again."""
        earlier = self._workspace.unfinished_push()
        if earlier is None:
            return
        self._report(Progress("An earlier push was broken off. Looking how far it came."))
        # What was read from another dataset since has base lines of its own.
        everything = self._begun(earlier) if earlier.dataset_arn == self._arn else []
        verdicts = self._verify(everything)
        stored = sum(v.outcome in {Outcome.STORED, Outcome.REDUCED} for v in verdicts)
        text = f"It was broken off; {stored} of its {earlier.lines} lines were stored."
        self._workspace.finish_push(earlier.id, text)
        self._report(Progress(f"An earlier push: {text}"))

    def _begun(self, earlier: Push) -> list[Sent]:
        everything = []
        for batch in self._workspace.batches(earlier.id):
            if batch.state is BatchState.PLANNED:
                break
            if batch.state in {BatchState.SENDING, BatchState.ACCEPTED} and batch.updated_before:
                waited = (datetime.now(UTC) - (batch.sent_at or earlier.started)).total_seconds()
                self._reader.ended(batch.updated_before, waited=max(waited, 0.0))
            lines = dict(self._workspace.batch_lines(batch.id))
            members = [
                replace(candidate_of(entry), line=lines[entry.id])
                for entry in self._workspace.entries(list(lines))
            ]
            taken = batch.state in {BatchState.ACCEPTED, BatchState.ENDED, BatchState.VERIFIED}
            unanswered = None if taken else ServiceError("Truthline was closed before the service answered.")
            everything.append(Sent(batch, members, unanswered))
        return everything

    # Remote errors

    def _with_remote_errors(self) -> Iterator[Entry]:
        flawed = _entries(self._workspace, Filter(kind=Kind.PROBLEMS))
        return (entry for entry in flawed if entry.remote_errors)

    def _store_remote_errors(self) -> None:
        """Store which errors the service attached to entries, also to those that were not sent."""
        held, _ = self._reader.trusted(lambda now: self._reader.with_errors() if now.stats.errors else {})
        errors: dict[EntryId, tuple[RemoteError, ...]] = {
            entry.id: () for entry in self._with_remote_errors()
        }
        for source_ref, remote in held.items():
            entry_id = self._workspace.find(source_ref)
            if entry_id is not None:
                errors[entry_id] = remote.errors
        # The base lines stay: were another one stored unseen, the next push would undo another person's work.
        ids = list(errors)
        for start in range(0, len(ids), _CHUNK):
            some = self._workspace.entries(ids[start : start + _CHUNK])
            self._workspace.store_remote((entry.id, entry.base, errors[entry.id]) for entry in some)


def _judge(candidate: Candidate, sent: Sent, held: RemoteEntry | None) -> Verdict:
    line = held.line if held else None
    outcome = compare(candidate.line, line, candidate.base, accepted=sent.accepted)
    return Verdict(candidate, sent, held, outcome)
