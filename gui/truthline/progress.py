"""What slow work takes: where it reports progress, the token that cancels it, and the one loop over many."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import islice
from typing import Final, TypeVar

from truthline.errors import CancelledError, ServiceError

T = TypeVar("T")


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
    FILLING = auto()
    """entries of a source, which is ``about``, come into their workspace"""
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


BLOCK: Final = 500
"""So many entries are read, changed or written at a time.

A query for each costs 0.02 ms and more, so one by one would double the time of most work; and a block of the
slowest work (rules on lines with many boxes) is over within a tenth of a second, so that a cancel is heeded.
"""


def in_blocks(
    items: Iterable[T],
    size: int = BLOCK,
    *,
    step: Progress | None = None,
    total: int | None = None,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Iterator[list[T]]:
    """The one loop over many: items in blocks, with a look at cancel and a report before each block.

    Args:
        items: a sequence or a stream, which is read no further than the block that is given.
        size: how many items a block has at most.
        step: what is reported, with how many items are done; None reports nothing.
        total: how many items there are; known by itself of a sequence.
        report: is told the progress.
        cancel: stops the loop between two blocks.

    Raises:
        CancelledError: cancelled.

    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    source, done = iter(items), 0
    while block := list(islice(source, size)):
        if cancel is not None:
            cancel.check()
        if step is not None:
            report(replace(step, done=done, total=total))
        yield block
        done += len(block)


def counted_in(
    doing: Doing, every: int, *, report: Report = ignore_progress, cancel: CancelToken | None = None
) -> Callable[[int | None], None]:
    """The same for a loop that lies elsewhere: to be called at each of its items, with their total if known.

    It looks at ``cancel`` and reports at each ``every``-th of them.
    """
    done = 0

    def step(total: int | None = None) -> None:
        nonlocal done
        if done % every == 0:
            if cancel is not None:
                cancel.check()
            report(Progress(doing, done, total))
        done += 1

    return step
