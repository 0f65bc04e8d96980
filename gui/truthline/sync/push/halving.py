"""Which lines make an update fail.

The service does not say, so a failed batch is halved until they stand alone. The good halves are stored on
the way. What fails all lines alike, such as a missing permission, is told by both halves failing because
of it; then looking further is of no use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from truthline.aws.failed_update import Cause
from truthline.errors import ServiceError
from truthline.progress import Doing, Progress

if TYPE_CHECKING:
    from truthline.progress import Report
    from truthline.sync.pull.meeting import Candidate
    from truthline.sync.push.sending import Sent
    from truthline.workspace.workspace import Batch, BatchId

UPDATES_AT_MOST: Final = 100
"""So many updates more than planned are sent to find the lines that make one fail."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """A part that was halved, and why those of its halves failed that did."""

    failures: list[Cause] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """Lines to be sent in one update; ``batch`` is how the journal calls it, once it does."""

    members: tuple[Candidate, ...]
    batch: Batch | None = None
    whole: _Whole | None = None

    @property
    def is_half(self) -> bool:
        """Whether it came of a part that failed."""
        return self.whole is not None

    def is_half_of(self, whole: _Whole | None) -> bool:
        """Whether it came of this one."""
        return whole is not None and self.whole is whole


class Halving:
    """The search through one push, within `UPDATES_AT_MOST`."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._updates = 0
        self._count = 0
        self.searching = False
        """Whether what is sent now is a half of a part that failed."""
        self._hopeless: set[BatchId] = set()
        """Batches that failed, but not because of their lines."""

    def split(self, part: Part, sent: Sent) -> tuple[list[Part], ServiceError | None]:
        """What to send in place of a part that failed, in order, and the error that ends the push instead.

        Neither if the part is one line, which is the guilty one, or if the bound is reached.
        """
        if part.whole is not None:
            part.whole.failures.append(sent.cause)
            # Both halves failed for a reason of the dataset: then no line is to blame, and a hundred updates
            # would end where they began.
            if part.whole.failures == [Cause.DATASET] * 2:
                self._hopeless.add(sent.batch.id)
                return [], _failed(sent)
        if sent.is_services_fault:
            return [], _failed(sent)
        count = len(part.members)
        if count == 1 or self._updates + 2 > UPDATES_AT_MOST:
            return [], None
        self._updates += 2
        self._count = count
        self._report(self._progress())
        whole, middle = _Whole(), count // 2
        return [Part(half, whole=whole) for half in (part.members[:middle], part.members[middle:])], None

    def report(self, progress: Progress) -> None:
        """Pass on how far the push is; in the search, how far that is and not the dataset's status."""
        is_status = progress.doing is Doing.STATUS
        self._report(self._progress() if self.searching and is_status else progress)

    def _progress(self) -> Progress:
        return Progress(Doing.HALVING, self._updates, UPDATES_AT_MOST, count=self._count)

    def told(self, sent: Sent) -> str:
        """What to say of a line that was in an update which failed for good."""
        words = sent.message or "The service gave no reason."
        if len(sent.members) == 1 and sent.batch.id not in self._hopeless:
            return f"The service refuses this line: {words} Correct it, then push again."
        if sent.is_services_fault or sent.batch.id in self._hopeless:
            return f"The update that held this line failed: {words}"
        return (
            f"The update that held this line failed: {words} It is one of {len(sent.members):,} lines of"
            " which at least one is to blame; push again to look further."
        )


def _failed(sent: Sent) -> ServiceError:
    return ServiceError(
        "The update of the dataset failed, and not because of single lines.",
        detail=sent.message or "The service gave no reason.",
        code=sent.status,
    )
