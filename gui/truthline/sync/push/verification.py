"""What became of the lines that were sent: read back, judged, and stored as base lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthline.progress import Doing, Progress
from truthline.sync.push.compare import Outcome, compare
from truthline.sync.push.plan import Remark
from truthline.workspace.workspace import BatchState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.manifest.annotation import RemoteError
    from truthline.progress import Report
    from truthline.sync.pull.meeting import Candidate
    from truthline.sync.push.sending import Sent
    from truthline.sync.service.reading import DatasetReader, RemoteEntry
    from truthline.workspace.workspace import EntryId, Workspace


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one line that was sent: ``held`` is what the dataset holds of it."""

    candidate: Candidate
    sent: Sent
    held: RemoteEntry | None
    outcome: Outcome

    @property
    def remote(self) -> tuple[EntryId, bytes | None, tuple[RemoteError, ...]]:
        """What the service holds, as the workspace stores it.

        Where it holds another line than the one it was sent, that one is somebody else's work, or the
        service's: it becomes the base line by a pull that shows it, lest the next push undo it unseen.
        """
        one = self.candidate
        if self.held is None:
            return one.entry_id, None, ()
        if self.outcome is Outcome.DIFFERENT:
            return one.entry_id, one.line if self.sent.accepted else one.base, self.held.errors
        return one.entry_id, self.held.line, self.held.errors

    def remark(self, code: str, message: str) -> Remark:
        """Say something about this line."""
        return Remark(self.candidate.source_ref, code, message, self.candidate.line_number)


class Verification:
    """Reads back what a push sent to the dataset of ``reader``."""

    def __init__(self, workspace: Workspace, reader: DatasetReader, report: Report) -> None:
        self._workspace = workspace
        self._reader = reader
        self._report = report

    def verify_twice(self, everything: Sequence[Sent]) -> list[Verdict]:
        """Read back; once more before a line that the service took is called dropped.

        What looked like the end of our update may have been that of another person's, described late.
        """
        verdicts = self.verify(everything)
        taken = [verdict for verdict in verdicts if verdict.sent.accepted]
        if any(verdict.outcome is Outcome.NOT_STORED for verdict in taken):
            self._report(Progress(Doing.LOOKING_AGAIN))
            self._reader.ended(self._reader.describe().updated, waited=0.0)
            verdicts = self.verify(everything)
        return verdicts

    def verify(self, everything: Sequence[Sent]) -> list[Verdict]:
        """Read back the lines of these batches, and store what the service holds as their base lines."""
        members = [(one, sent) for sent in everything for one in sent.members]
        if not members:
            return []
        self._report(Progress(Doing.READING_BACK, count=len(members)))
        wanted = [one.source_ref for one, _ in members]
        held, _ = self._reader.trusted(lambda now: self._reader.held(wanted, now.stats.total))
        # All are judged before one is stored: what is stored must be of one state of the dataset.
        verdicts = [_judge(one, sent, held.get(one.source_ref)) for one, sent in members]
        self._workspace.store_remote(
            (verdict.remote for verdict in verdicts),
            sent={v.candidate.entry_id: v.candidate.line for v in verdicts if v.outcome is Outcome.REDUCED},
        )
        for sent in everything:
            if not sent.failed:  # of one that failed it is known why, which must not be written over
                self._workspace.set_batch(sent.batch.id, BatchState.VERIFIED)
        return verdicts


def _judge(candidate: Candidate, sent: Sent, held: RemoteEntry | None) -> Verdict:
    line = held.line if held else None
    outcome = compare(candidate.line, line, candidate.base, accepted=sent.accepted)
    return Verdict(candidate, sent, held, outcome)
