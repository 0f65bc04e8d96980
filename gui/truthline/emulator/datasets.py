"""Projects and datasets: what they hold, and how their status moves with the clock.

Nothing here runs on its own. Whoever looks at a dataset calls `Dataset.settle` first, which carries out the
job whose time has come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from truthline.emulator.entries import EntryStore

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY_MANIFEST = "The manifest file is empty."
UNSUPPORTED_MANIFEST = "The manifest file extension or contents are invalid."
MANIFEST_TOO_LARGE = "The manifest file size exceeds the maximum supported size."
TOO_MANY_ROWS = "The manifest file has too many rows."
TOO_MANY_LABELS = "The manifest file has too many labels."
TOO_MANY_ERRORS = "The manifest file has too many terminal errors."
TOO_FEW_IMAGES = "The manifest file doesn't have enough labeled images to distribute the dataset."
CREATED = "The dataset was successfully created."
CREATED_FROM_MANIFEST = "The dataset was successfully created from the manifest file."
IN_PROGRESS = {
    "CREATE": "The dataset is being created.",
    "UPDATE": "The dataset is being updated.",
    "DELETE": "The dataset is being deleted.",
}
UPDATED = "The dataset was successfully updated."


class TerminalError(Exception):
    """A job fails as a whole; its text is the StatusMessage."""


@dataclass(frozen=True, slots=True)
class Description:
    """What DescribeDataset tells, at one moment. Times are seconds since 1970-01-01 UTC."""

    status: str
    message: str
    code: str
    updated: float
    stats: dict[str, int]


@dataclass(slots=True)
class Job:
    """Asynchronous work on a dataset: ``verb`` is CREATE, UPDATE or DELETE.

    ``carry_out`` runs when the clock reaches ``finish_at``. It gives the StatusMessage, raises
    `TerminalError`, or raises ``TimeoutError`` if it is not ready yet and wants to be asked again.
    """

    verb: str
    finish_at: float
    carry_out: Callable[[], str]


@dataclass(slots=True)
class Dataset:
    """One dataset of a project; ``kind`` is TRAIN or TEST."""

    arn: str
    kind: str
    created: float
    updated: float
    status: str = "CREATE_IN_PROGRESS"
    message: str = IN_PROGRESS["CREATE"]
    code: str = "SUCCESS"
    store: EntryStore = field(default_factory=EntryStore)
    is_gone: bool = False
    job: Job | None = None
    shown: Description | None = None
    shown_until: float = 0.0

    def start(self, job: Job, now: float, *, stale_seconds: float = 0.0) -> None:
        """Begin a job; the description from before it may go on being shown for some seconds."""
        self.shown, self.shown_until = self.describe_now(), now + stale_seconds
        self.job = job
        self.status = f"{job.verb}_IN_PROGRESS"
        self.message, self.code, self.updated = IN_PROGRESS[job.verb], "SUCCESS", now

    def settle(self, now: float) -> None:
        """Carry out the job if its time has come."""
        job = self.job
        if job is None or now < job.finish_at:
            return
        try:
            message = job.carry_out()
        except TimeoutError:
            return
        except TerminalError as error:
            self.status, self.message, self.code = f"{job.verb}_FAILED", str(error), "CLIENT_ERROR"
        else:
            self.status, self.message, self.code = f"{job.verb}_COMPLETE", message, "SUCCESS"
        self.is_gone = job.verb == "DELETE"
        self.updated = job.finish_at
        self.job = None

    def describe(self, now: float) -> Description:
        """Give what a client sees at this moment."""
        if self.shown and now < self.shown_until:
            return self.shown
        return self.describe_now()

    def describe_now(self) -> Description:
        """Give what is true at this moment."""
        stats = {
            "LabeledEntries": self.store.labeled,
            "TotalEntries": len(self.store),
            "TotalLabels": len(self.store.declared),
            "ErrorEntries": self.store.with_errors,
        }
        return Description(self.status, self.message, self.code, self.updated, stats)


@dataclass(slots=True)
class Project:
    """One project with its datasets by kind, and the versions that a test has scripted."""

    arn: str
    name: str
    created: float
    feature: str = "CUSTOM_LABELS"
    auto_update: str = ""
    datasets: dict[str, Dataset] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    gone_at: float = float("inf")

    @property
    def is_going(self) -> bool:
        """Whether the project is being deleted."""
        return self.gone_at < float("inf")

    @property
    def region(self) -> str:
        """The region in the project's ARN."""
        return self.arn.split(":")[3]

    def settle(self, now: float) -> None:
        """Bring all datasets up to this moment and let go of those that are deleted."""
        for kind, dataset in list(self.datasets.items()):
            dataset.settle(now)
            if dataset.is_gone:
                del self.datasets[kind]
