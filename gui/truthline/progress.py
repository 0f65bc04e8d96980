"""What any slow work takes: a place to report progress, and a token by which it is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from truthline.errors import CancelledError, ServiceError


class Doing(Enum):
    """What some work does. `truthline.words` has the sentence for each, and which numbers it takes."""

    # on this computer
    ASKED = auto()
    """what a person asked for: ``about`` is how the window or command calls it"""
    GOING_THROUGH = auto()
    OPENING = auto()
    CHECKING = auto()
    CHECKING_AGAIN = auto()
    BRINGING_UP_TO_DATE = auto()
    PLACING = auto()
    STORING = auto()
    FINDING_ATTRIBUTES = auto()
    FINDING_LABEL = auto()
    RESOLVING = auto()
    READING_LABELS = auto()
    COMPARING_LABELS = auto()
    ADDING_LABELS = auto()
    WRITING_LABELS = auto()
    # the sample
    STARTING_SAMPLE = auto()
    FILLING_SAMPLE = auto()
    MAKING_SAMPLE = auto()
    # whatever asks the service
    STATUS = auto()
    """the dataset's or project's status is ``about`` now, as the service spells it"""
    WAITING = auto()
    """``error`` came; the work tries again after ``wait`` seconds"""
    BUSY = auto()
    """``error`` came; the work goes on once the other update has ended"""
    STUCK = auto()
    STOPPING = auto()
    TRYING = auto()
    # images and manifests in S3
    LISTING_IMAGES = auto()
    COMPARING_IMAGES = auto()
    UPLOADING = auto()
    FETCHING_MANIFEST = auto()
    READING_VALIDATION = auto()
    FINDING_IMAGES = auto()
    # pull and push
    READING = auto()
    READING_AGAIN = auto()
    RECOVERING = auto()
    RECOVERED = auto()
    LOOKING = auto()
    LOOKING_THROUGH = auto()
    OTHERS_UPDATED = auto()
    SENDING = auto()
    HALVING = auto()
    LINES_UNANSWERED = auto()
    READING_BACK = auto()
    LOOKING_AGAIN = auto()
    SENDING_AGAIN = auto()
    # projects and datasets
    CREATING = auto()
    CREATION_UNANSWERED = auto()
    DELETING = auto()
    DELETING_PROJECT = auto()
    PROJECT_UNANSWERED = auto()
    UNANSWERED = auto()
    # a dataset made anew
    SENDING_MANIFESTS = auto()
    SENDING_MANIFEST = auto()
    DELETING_OLD = auto()
    UPDATED_MEANWHILE = auto()
    RESTORING = auto()
    READING_NEW = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far some work is.

    ``done`` and ``total`` count the same things (lines, images, bytes); ``total`` is None while it is
    unknown. ``wait`` is how many seconds the work now waits before it goes on by itself, 0 while it works:
    whoever shows it counts them down.

    The rest is for the sentence that `truthline.words` makes: ``about`` names what the work is at, ``number``
    and ``count`` say which of how many, where that is not what ``done`` and ``total`` count, and ``error`` is
    what came in between.
    """

    doing: Doing
    done: int = 0
    total: int | None = None
    wait: float = 0.0
    about: str = ""
    number: int = 0
    count: int = 0
    error: ServiceError | None = None

    @property
    def step(self) -> tuple[object, ...]:
        """Which step of the work this is, without how far that step is."""
        return self.doing, self.about, self.number, self.count, self.error


Report = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """A `Report` for callers that show none."""


class CancelToken:
    """Set from any thread; work looks at it between its steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `CancelledError` once cancelled."""
        if self.cancelled:
            raise CancelledError

    def wait(self, seconds: float) -> None:
        """Wait that long, or raise `CancelledError` as soon as the work is cancelled."""
        if self._event.wait(seconds):
            raise CancelledError
