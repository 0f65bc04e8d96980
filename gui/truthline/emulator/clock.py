"""Where the emulator takes the time from, so that a test need not wait for a status."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> float:
        """Give the time in seconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> float:
        """Give the computer's time, in seconds since 1970-01-01 UTC."""
        return time.time()


class ManualClock:
    """A clock that stands still until it is told to advance. Safe to use from several threads."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Give the time it was set to, in seconds since 1970-01-01 UTC."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Move the time on by ``seconds``, which may not be negative."""
        if seconds < 0:
            raise ValueError("A clock cannot be turned back.")
        with self._lock:
            self._now += seconds
