"""One batch: sent when the dataset is free, watched until its update has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from truthline.aws.failed_update import Cause
from truthline.errors import BusyError, ServiceError
from truthline.progress import Doing, Progress
from truthline.sync.service.retries import jittered
from truthline.workspace.workspace import BatchState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.aws.rekognition import DatasetDescription, Rekognition
    from truthline.progress import CancelToken, Report
    from truthline.sync.pull.meeting import Candidate
    from truthline.sync.service.reading import DatasetReader
    from truthline.workspace.workspace import Batch, Workspace

_BUSY_TIMES: Final = 20
"""How often the service may call a dataset busy that it describes as free."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a batch, before its lines are read back.

    ``unanswered`` is the error by which the answer was lost, so that the service may or may not have taken
    the batch; ``status``, ``message``, ``cause`` and ``updated``, its time of last update, are the dataset's
    afterwards. ``ours`` tells whether this update, and no other, was seen to end then.
    """

    batch: Batch
    members: Sequence[Candidate]
    unanswered: ServiceError | None = None
    status: str = ""
    message: str = ""
    cause: Cause = Cause.UNKNOWN
    updated: datetime | None = None
    ours: bool = False

    @property
    def failed(self) -> bool:
        """Whether the service gave the update up."""
        return self.status.endswith("_FAILED") and self.unanswered is None

    @property
    def is_services_fault(self) -> bool:
        """Whether the service failed by itself, whatever the lines are."""
        return self.failed and self.cause is Cause.SERVICE

    @property
    def accepted(self) -> bool:
        """Whether the service said that it took the batch, and did not give it up."""
        return self.unanswered is None and not self.failed


class RefusedError(Exception):
    """The service did not take a batch; ``reason`` says why."""

    def __init__(self, reason: ServiceError) -> None:
        super().__init__(reason)
        self.reason = reason


class Sender:
    """Sends batches to the dataset of ``reader``, recording each step in the workspace before the next."""

    def __init__(
        self,
        rekognition: Rekognition,
        reader: DatasetReader,
        workspace: Workspace,
        *,
        report: Report,
        cancel: CancelToken,
    ) -> None:
        self._rekognition = rekognition
        self._reader = reader
        self._workspace = workspace
        self._report = report
        self._cancel = cancel
        self._busy = 0

    def send(self, batch: Batch, members: Sequence[Candidate], before: DatasetDescription) -> Sent | None:
        """Send, and wait until the update has ended; None if another update came first, which has ended now.

        Args:
            batch: as the journal knows it.
            members: its lines.
            before: the dataset as it is, with nothing in progress.

        Raises:
            RefusedError: the service did not take the batch.
            ServiceError: it took it, and then the dataset's status could not be read.

        """
        blob = b"".join(one.line + b"\n" for one in members)
        # Before the call: a program that ends within it knows at its next start that this may have arrived.
        self._workspace.set_batch(
            batch.id, BatchState.SENDING, sent=datetime.now(UTC), updated_before=before.updated
        )
        unanswered = None
        try:
            self._reader.patience.send(lambda: self._rekognition.update_entries(self._reader.arn, blob))
        except ServiceError as error:
            if isinstance(error, BusyError):
                self._wait_for_another(batch, error, before)
                return None
            if not error.outcome_unknown:
                raise self._refused(batch, error) from error
            self._report(Progress(Doing.LINES_UNANSWERED, error=error))
            unanswered = error
        # Without an answer it is not sent again here: the service may work on it, and reading back tells.
        if unanswered is None:
            self._workspace.set_batch(batch.id, BatchState.ACCEPTED)
        now, alone = self._reader.watched(before.updated, waited=0.0)
        self._report(Progress(Doing.STATUS, about=now.status))
        sent = Sent(
            batch,
            members,
            unanswered,
            now.status,
            now.message,
            now.cause,
            now.updated,
            ours=alone and unanswered is None,
        )
        if unanswered is None:
            self._busy = 0
            self._note_end(sent, now, moved=now.updated != before.updated)
        return sent

    def _note_end(self, sent: Sent, now: DatasetDescription, *, moved: bool) -> None:
        # A status that never moved is from before our update, whose end was not seen.
        state = BatchState.ENDED if moved else BatchState.ACCEPTED
        self._workspace.set_batch(
            sent.batch.id,
            BatchState.FAILED if sent.failed else state,
            status=now.status,
            message=now.message,
            code=now.code,
            updated_after=now.updated if sent.ours else None,
        )

    def _wait_for_another(self, batch: Batch, error: BusyError, before: DatasetDescription) -> None:
        self._busy += 1
        if self._busy >= _BUSY_TIMES:
            raise self._refused(batch, error) from error
        self._report(Progress(Doing.BUSY, error=error))
        # Nothing may seem to be in progress: then the status is still the one from before the other
        # update, and must not be taken for the one from before ours.
        self._cancel.wait(jittered(1.0))
        self._reader.ended(before.updated, waited=0.0)

    def _refused(self, batch: Batch, error: ServiceError) -> RefusedError:
        self._workspace.set_batch(batch.id, BatchState.FAILED, message=error.title, code=error.code)
        return RefusedError(error)
