"""What any slow work takes: a place to report progress, and a token by which it is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from truthline.errors import CancelledError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far some work is.

    ``done`` and ``total`` count the same things (lines, images, bytes); ``total`` is None while it is
    unknown. ``text`` is a sentence for people. ``wait`` is how many seconds the work now waits before it goes
    on by itself, 0 while it works: whoever shows it counts them down.
    """

    text: str
    done: int = 0
    total: int | None = None
    wait: float = 0.0


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
