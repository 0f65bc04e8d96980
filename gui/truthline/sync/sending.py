"""One batch: sent when the dataset is free, watched until its update has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from truthline.errors import BusyError, ServiceError
from truthline.progress import Progress
from truthline.sync.patience import jittered, outcome_unknown
from truthline.workspace.workspace import BatchState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.aws.rekognition import DatasetDescription, Rekognition
    from truthline.progress import CancelToken, Report
    from truthline.sync.plan import Candidate
    from truthline.sync.reading import DatasetReader
    from truthline.workspace.workspace import Batch, Workspace

_BUSY_TIMES: Final = 20
"""How often the service may call a dataset busy that it describes as free."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a batch, before its lines are read back.

    ``unanswered`` is the error by which the answer was lost, so that the service may or may not have taken
    the batch; ``status`` and ``message`` are the dataset's afterwards.
    """

    batch: Batch
    members: Sequence[Candidate]
    unanswered: ServiceError | None = None
    status: str = ""
    message: str = ""

    @property
    def failed(self) -> bool:
        """Whether the service gave the update up."""
        return self.status.endswith("_FAILED") and self.unanswered is None

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

    def send(self, batch: Batch, members: Sequence[Candidate]) -> Sent:
        """Send once the dataset is free, and wait until the update has ended.

        Raises:
            RefusedError: the service did not take the batch.
            ServiceError: it took it, and then the dataset's status could not be read.

        """
        blob = b"".join(one.line + b"\n" for one in members)
        before, unanswered = self._offer(batch, blob)
        if unanswered is None:
            self._workspace.set_batch(batch.id, BatchState.ACCEPTED)
        now = self._reader.ended(before.updated, waited=0.0)
        self._report(Progress(now.status))
        sent = Sent(batch, members, unanswered, now.status, now.message)
        if unanswered is None:
            state = BatchState.FAILED if sent.failed else BatchState.ENDED
            self._workspace.set_batch(batch.id, state, status=now.status, message=now.message, code=now.code)
        return sent

    def _offer(self, batch: Batch, blob: bytes) -> tuple[DatasetDescription, ServiceError | None]:
        """Send; give the dataset's state before that, and the error if no answer came."""
        before = self._reader.settled()
        for _ in range(_BUSY_TIMES):
            self._workspace.set_batch(
                batch.id, BatchState.SENDING, sent=datetime.now(UTC), updated_before=before.updated
            )
            try:
                self._reader.patience.send(lambda: self._rekognition.update_entries(self._reader.arn, blob))
            except ServiceError as error:
                if outcome_unknown(error):
                    self._report(Progress(f"{error.title} Looking whether the lines arrived."))
                    return before, error
                if not isinstance(error, BusyError):
                    raise self._refused(batch, error) from error
                refusal = error
                self._report(Progress(error.title))
            else:
                return before, None
            # Nothing may seem to be in progress: then the status is still the one from before the other
            # update, and must not be taken for the one from before ours.
            self._cancel.wait(jittered(1.0))
            before = self._reader.ended(before.updated, waited=0.0)
        raise self._refused(batch, refusal)

    def _refused(self, batch: Batch, error: ServiceError) -> RefusedError:
        self._workspace.set_batch(batch.id, BatchState.FAILED, message=error.title, code=error.code)
        return RefusedError(error)
