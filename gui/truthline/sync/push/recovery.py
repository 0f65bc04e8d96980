"""A push that a crash, a cancel or a lost connection broke off, resumed: what its batches became."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from truthline.errors import FaultError
from truthline.progress import Doing, Progress
from truthline.sync.pull.candidates import candidate_of
from truthline.sync.push.compare import Outcome
from truthline.sync.push.sending import Sent
from truthline.words import counted
from truthline.workspace.workspace import BatchState

if TYPE_CHECKING:
    from truthline.progress import Report
    from truthline.sync.push.verification import Verification
    from truthline.sync.service.reading import DatasetReader
    from truthline.workspace.workspace import Push, Workspace


def finish_earlier(
    workspace: Workspace, reader: DatasetReader, verification: Verification, report: Report
) -> None:
    """Read back what an earlier push may have sent. What is still different is a change again."""
    earlier = workspace.unfinished_push()
    if earlier is None:
        return
    report(Progress(Doing.RECOVERING))
    # What was read from another dataset since has base lines of its own.
    everything = _begun(workspace, reader, earlier) if earlier.dataset_arn == reader.arn else []
    verdicts = verification.verify(everything)
    stored = sum(verdict.outcome in {Outcome.STORED, Outcome.REDUCED} for verdict in verdicts)
    planned = max(earlier.planned, earlier.lines)
    text = f"It was broken off; {stored:,} of its {counted(planned, 'line')} were stored."
    workspace.finish_push(earlier.id, text, broken_off=True)
    report(Progress(Doing.RECOVERED, number=stored, count=planned))


def _begun(workspace: Workspace, reader: DatasetReader, earlier: Push) -> list[Sent]:
    everything = []
    for batch in workspace.batches(earlier.id):
        if batch.state is BatchState.FAILED:  # it changed nothing
            continue
        if batch.state in {BatchState.SENDING, BatchState.ACCEPTED} and batch.updated_before:
            waited = (datetime.now(UTC) - (batch.sent_at or earlier.started)).total_seconds()
            reader.ended(batch.updated_before, waited=max(waited, 0.0))
        lines = dict(workspace.batch_lines(batch.id))
        members = [
            replace(candidate_of(entry), line=lines[entry.id]) for entry in workspace.entries(list(lines))
        ]
        taken = batch.state in {BatchState.ACCEPTED, BatchState.ENDED, BatchState.VERIFIED}
        unanswered = None if taken else FaultError("Truthline was closed before the service answered.")
        everything.append(Sent(batch, members, unanswered))
    return everything
