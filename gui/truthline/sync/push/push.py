"""Carry out a push: look what others changed, send what we changed, and read it back.

Each step is recorded in the workspace's journal before the next. A push that a crash, a cancel or a lost
connection broke off is finished by the next one: what its batches became is read back, and what is still
different is simply a change again. So nothing that reads back equal is sent twice.

The service accepts an update before it carries it out, drops some lines in silence, and its answer may get
lost; so only the read-back decides what was stored. It offers no compare-and-set either: the lines to be
sent are looked at right before, and again whenever the dataset turns out to have been updated by somebody
else since. What overwrites ours all the same is found by the read-back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from truthline.errors import TruthlineError, UsageError
from truthline.progress import Doing, Progress, ignore_progress, in_blocks
from truthline.sync.pull.candidates import candidate_of, candidates, entries_of
from truthline.sync.pull.meeting import Candidate, Conflict, OnConflict
from truthline.sync.push.compare import Outcome
from truthline.sync.push.halving import Halving, Part
from truthline.sync.push.plan import Plan, Remark, bucket_in, bucket_of, plan
from truthline.sync.push.recovery import finish_earlier
from truthline.sync.push.sending import RefusedError, Sender, Sent
from truthline.sync.push.verification import Verification
from truthline.sync.service.own_updates import OwnUpdates
from truthline.sync.service.reading import DatasetReader
from truthline.words import counted
from truthline.workspace.workspace import BatchState, EntryId, Filter, Kind, PushRemark, RemarkKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from truthline.aws.session import Aws
    from truthline.manifest.annotation import RemoteError
    from truthline.progress import CancelToken, Report
    from truthline.sync.push.verification import Verdict
    from truthline.workspace.workspace import Entry, PushId, Workspace

NOT_STORED: Final = "TRUTHLINE_NOT_STORED"
UPDATE_FAILED: Final = "TRUTHLINE_UPDATE_FAILED"
STORED_DIFFERENTLY: Final = "TRUTHLINE_STORED_DIFFERENTLY"
CONFLICT: Final = "TRUTHLINE_CONFLICT"

_DROPPED_MESSAGE: Final = (
    "The service took the update and then left this line out, without a reason. Check the line, then push"
    " again."
)
_DIFFERENT_MESSAGE: Final = (
    "The dataset now holds another line for this image: the service changed it, or somebody else did after"
    " us. Pull to see it."
)
_CONFLICT_MESSAGE: Final = "Somebody else changed this too, in another way, and it was not sent."
_UNANSWERED_SECONDS: Final = 10.0
"""Half a minute of outage is waited out by the queue of pushes; here it would only look stuck."""
_REMARKS_KEPT: Final = 1_000
"""A batch that is refused as a whole has thousands, all alike."""


@dataclass(frozen=True, slots=True)
class PushResult:
    """How a push went, as far as it came.

    ``pushed`` counts lines that were sent and read back as stored (of a dry run: that would be sent),
    ``batches`` the updates that were sent, ``unchanged`` the lines that the dataset held already, ``merged``
    those into which somebody else's changes were merged. ``status`` and ``message`` are the service's last
    words, None if nothing was sent. ``conflicts`` are of entries that were not sent. ``error`` is what broke
    the push off.
    """

    pushed: int = 0
    unchanged: int = 0
    batches: int = 0
    merged: int = 0
    status: str | None = None
    message: str = ""
    refused: tuple[Remark, ...] = ()
    dropped: tuple[Remark, ...] = ()
    stored_differently: tuple[Remark, ...] = ()
    remote_errors: tuple[Remark, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    error: TruthlineError | None = None

    @property
    def flawless(self) -> bool:
        """Whether every line is stored as it is, and the service finds no error in any."""
        errors = [remark for remark in self.remote_errors if not remark.code.startswith("WARNING")]
        wrong = self.refused or self.dropped or self.stored_differently or self.conflicts
        return not (self.error or wrong or errors)


def push(
    workspace: Workspace,
    aws: Aws,
    *,
    cancel: CancelToken,
    strict: bool = False,
    dry_run: bool = False,
    on_conflict: OnConflict | None = OnConflict.STOP,
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
        on_conflict: what becomes of entries that somebody else changed in another way; None does not look:
            the workspace's lines are what the dataset shall hold.
        report: is told how far the push is, statuses as the service spells them.

    """
    work = _Push(workspace, aws, strict=strict, on_conflict=on_conflict, report=report, cancel=cancel)
    try:
        work.run(dry_run=dry_run)
    except TruthlineError as error:
        return work.result(error)
    return work.result(None)


class _Push:
    def __init__(
        self,
        workspace: Workspace,
        aws: Aws,
        *,
        strict: bool,
        on_conflict: OnConflict | None,
        report: Report,
        cancel: CancelToken,
    ) -> None:
        self._workspace = workspace
        self._arn = workspace.info.dataset_arn
        self._halving = Halving(report)
        report = self._halving.report
        self._reader = DatasetReader(aws, self._arn, report=report, cancel=cancel)
        self._sender = Sender(aws.rekognition, self._reader, workspace, report=report, cancel=cancel)
        self._verification = Verification(workspace, self._reader, report)
        self._strict = strict
        self._on_conflict = on_conflict
        self._report = report
        self._cancel = cancel
        self._known = PushResult()
        self._pushed = 0
        self._refused: dict[int, Remark] = {}
        self._dropped: list[Remark] = []
        self._different: list[Remark] = []
        self._conflicts: dict[str, list[Conflict]] = {}
        self._error: TruthlineError | None = None
        self._updates = OwnUpdates(workspace, self._reader, report)
        self._seen: datetime | None = None
        """The dataset's time of last update for which the lines were looked at, None if that is not known."""

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
            refused=tuple(self._refused[line] for line in sorted(self._refused)),
            dropped=tuple(self._dropped),
            stored_differently=tuple(self._different),
            remote_errors=tuple(remarks),
            conflicts=tuple(one for found in self._conflicts.values() for one in found),
            error=self._error or error,
        )

    def run(self, *, dry_run: bool) -> None:
        if not self._arn:
            raise UsageError(
                "This workspace belongs to no dataset.",
                detail="Choose the dataset to push to, then push again.",
            )
        # By the rules of this Truthline: an older one may have let pass what the service drops.
        self._workspace.check_again(report=self._report, cancel=self._cancel)
        # Before the changes are collected: what an earlier push got stored is none any more.
        finish_earlier(self._workspace, self._reader, self._verification, self._report)
        everyone = candidates(self._workspace)
        unchanged = self._workspace.counts().total - len(everyone)
        self._known = replace(self._known, unchanged=unchanged)
        # What the dataset holds decides. Only if the workspace knows nothing that it holds, a page is read.
        self._bucket = bucket_in(self._workspace.held_source_ref()) or bucket_of(everyone)
        if everyone and not self._workspace.held_source_ref():
            self._bucket = self._reader.any_bucket() or self._bucket
        if dry_run:
            found = self._look(everyone)
            self._pushed = found.lines
            self._known = replace(self._known, batches=len(found.batches))
            return
        self._send_all(everyone)
        if self._error is None:
            self._store_remote_errors()

    # Looking what others changed

    def _look(self, everyone: Sequence[Candidate]) -> Plan:
        """Plan these candidates by what the dataset holds of them now."""
        remote = None
        if self._on_conflict is not None and everyone:
            self._report(Progress(Doing.LOOKING, count=len(everyone)))
            refs = [one.source_ref for one in everyone if one.source_ref and not one.repeated]
            held, now = self._reader.trusted(lambda now: self._reader.held(refs, now.stats.total))
            remote = {ref: entry.line for ref, entry in held.items()}
            self._updates.notice(now)
            self._seen = now.updated
        found = plan(
            everyone,
            bucket=self._bucket,
            strict=self._strict,
            remote=remote,
            on_conflict=self._on_conflict or OnConflict.STOP,
        )
        for remark in found.refused:
            self._refused[remark.line or 0] = remark
        # They may have been solved since they were last looked at.
        for one in everyone:
            self._conflicts.pop(one.source_ref, None)
        for conflict in found.conflicts:
            self._conflicts.setdefault(conflict.source_ref, []).append(conflict)
        self._known = replace(
            self._known,
            unchanged=self._known.unchanged + len(found.unchanged),
            merged=self._known.merged + found.merged,
        )
        return found

    def _settle(self, found: Plan) -> list[Part]:
        """Store what was merged and what is in conflict; give what is to be sent.

        An entry that the person edited meanwhile is left out: it is a change of the next push.
        """
        left = set()
        for block in in_blocks(found.settlements.items()):
            some = dict(block)
            left |= some.keys() - self._workspace.settle(some).entries
        batches = (tuple(one for one in batch if one.entry_id not in left) for batch in found.batches)
        return [Part(batch) for batch in batches if batch]

    # Sending

    def _send_all(self, everyone: Sequence[Candidate]) -> None:
        parts = deque(self._settle(self._look(everyone)))
        if not parts:
            return
        planned = sum(len(part.members) for part in parts)
        push_id = self._workspace.begin_push(self._arn, datetime.now(UTC), lines=planned)
        # From here on the journal knows of the push: an outage is waited out and not left to the next one.
        self._reader.patience.unanswered_seconds = _UNANSWERED_SECONDS
        lost = self._carry_out(push_id, parts)
        # Once and not more: an answer that is lost twice is a connection that nothing should be sent over.
        if lost and self._error is None:
            self._report(Progress(Doing.SENDING_AGAIN))
            again = self._workspace.entries([verdict.candidate.entry_id for verdict in lost])
            found = self._look([candidate_of(entry) for entry in again])
            lost = self._carry_out(push_id, deque(self._settle(found)))
        for verdict in lost:
            self._error = self._error or verdict.sent.unanswered
            self._drop(
                verdict, NOT_STORED, "The service did not answer, and does not hold this line. Push again."
            )
        outcome = self._error.title if self._error else _told(self._pushed, len(self._dropped))
        self._workspace.finish_push(push_id, outcome, self._remarks())

    def _carry_out(self, push_id: PushId, parts: deque[Part]) -> list[Verdict]:
        """Send part by part until the service refuses one, then read back what was sent.

        Returns the lines whose update was not answered, and which the dataset does not hold.
        """
        everything: list[Sent] = []
        done = 0
        while parts and self._error is None:
            # Between any two batches: without a compare-and-set this is as close as a look can come.
            before = self._reader.settled()
            if self._on_conflict is not None and before.updated != self._seen:
                if self._seen is not None:
                    self._report(Progress(Doing.OTHERS_UPDATED))
                parts = deque(self._settle(self._look(self._taken_back(parts))))
                continue
            part = parts.popleft()
            self._halving.searching = part.is_half
            # Written down before it is sent, so that a crash in between leaves something to look after.
            if part.batch is None:
                part.batch = self._workspace.add_batch(
                    push_id, [(one.entry_id, one.line) for one in part.members]
                )
            if not part.is_half:
                planned = done + 1 + sum(not one.is_half for one in parts)
                self._report(Progress(Doing.SENDING, done, planned))
            try:
                sent = self._sender.send(part.batch, part.members, before)
            except RefusedError as refused:
                self._error = refused.reason
                break
            if sent is None:  # another update came first
                parts.appendleft(part)
                continue
            done += not part.is_half
            self._note(sent)
            if sent.failed:
                halves, self._error = self._halving.split(part, sent)
                if halves:
                    # The other half first: whether it fails alike tells whether single lines are to blame.
                    other = [parts.popleft()] if parts and part.is_half_of(parts[0].whole) else []
                    parts.extendleft(reversed([*other, *halves]))
                    continue
                if self._error is not None:
                    failed = (one for other in parts if other.is_half for one in other.members)
                    message = self._halving.told(sent)
                    self._dropped.extend(
                        Remark(one.source_ref, UPDATE_FAILED, message, one.line_number) for one in failed
                    )
            everything.append(sent)
        self._halving.searching = False
        return self._tell(self._verification.verify_twice(everything))

    def _taken_back(self, parts: Iterable[Part]) -> list[Candidate]:
        """The candidates of parts that were not sent after all."""
        for part in parts:
            if part.batch is not None:
                message = "Another update came first. The lines were looked at anew."
                self._workspace.set_batch(part.batch.id, BatchState.FAILED, message=message)
        ids = [one.entry_id for part in parts for one in part.members]
        return [candidate_of(entry) for block in in_blocks(ids) for entry in self._workspace.entries(block)]

    def _note(self, sent: Sent) -> None:
        batches = self._known.batches + 1
        self._known = replace(self._known, batches=batches, status=sent.status, message=sent.message)
        if sent.unanswered is not None:  # nobody knows whose update it was that has ended now
            self._seen = None
        elif sent.ours:
            self._seen = sent.updated

    # Reading back

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
                self._drop(verdict, UPDATE_FAILED, self._halving.told(verdict.sent))
            else:
                self._drop(verdict, NOT_STORED, _DROPPED_MESSAGE)
        return lost

    def _drop(self, verdict: Verdict, code: str, message: str) -> None:
        self._dropped.append(verdict.remark(code, message))

    def _remarks(self) -> list[PushRemark]:
        """What the history keeps of the lines that were not simply stored."""
        conflicts = [
            Remark(one.source_ref, CONFLICT, f"{one.what}: {_CONFLICT_MESSAGE}", one.line)
            for found in self._conflicts.values()
            for one in found
        ]
        kinds = {
            RemarkKind.NOT_STORED: self._dropped,
            RemarkKind.STORED_DIFFERENTLY: self._different,
            RemarkKind.CONFLICT: conflicts,
            RemarkKind.REFUSED: [self._refused[line] for line in sorted(self._refused)],
        }
        kept = [
            PushRemark(kind, one.source_ref, one.code, one.message, one.line)
            for kind, remarks in kinds.items()
            for one in remarks
        ]
        if self._error is not None:
            kept.insert(0, PushRemark(RemarkKind.ERROR, "", self._error.code, str(self._error), None))
        return kept[:_REMARKS_KEPT]

    # Remote errors

    def _with_remote_errors(self) -> Iterator[Entry]:
        flawed = entries_of(self._workspace, Filter(kind=Kind.PROBLEMS))
        return (entry for entry in flawed if entry.remote_errors)

    def _store_remote_errors(self) -> None:
        """Store which errors the service attached to entries, also to those that were not sent."""
        held, now = self._reader.trusted(lambda now: self._reader.with_errors() if now.stats.errors else {})
        errors: dict[EntryId, tuple[RemoteError, ...]] = {
            entry.id: () for entry in self._with_remote_errors()
        }
        for source_ref, remote in held.items():
            entry_id = self._workspace.find(source_ref)
            if entry_id is not None:
                errors[entry_id] = remote.errors
        # The base lines stay: were another one stored unseen, the next push would undo another person's work.
        for block in in_blocks(errors):
            sound = (entry for entry in self._workspace.entries(block) if not entry.damaged)
            self._workspace.store_remote((entry.id, entry.base, errors[entry.id]) for entry in sound)
        self._updates.settle(now)


def _told(pushed: int, dropped: int) -> str:
    stored = f"{counted(pushed, 'line')} sent and read back."
    return f"{stored} {counted(dropped, 'line')} not stored." if dropped else stored
