"""Retry and backoff: only reads, and what the service surely did not carry out, are tried again.

All time is spent in `CancelToken.wait`, so that a cancelled push stops at once.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final, TypeVar

from truthline.errors import ServiceError, ThrottledError
from truthline.progress import Doing, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.progress import CancelToken, Report

T = TypeVar("T")

THROTTLED_SECONDS: Final = 300.0
"""How long a throttled call is tried again before the error is given up to the caller."""

_LONGEST_PAUSE: Final = 30.0


class Patience:
    """Calls a function again while it is throttled, and a read also while no proper answer comes.

    ``unanswered_seconds`` is how long a read without a proper answer is tried again; 0 gives up at once.
    """

    def __init__(self, report: Report, cancel: CancelToken) -> None:
        self._report = report
        self._cancel = cancel
        self.unanswered_seconds = 0.0

    def send(self, call: Callable[[], T]) -> T:
        """Call; again only if the service refused it for now."""
        return self._call(call, unanswered_seconds=0.0)

    def read(self, call: Callable[[], T]) -> T:
        """Call something that changes nothing."""
        return self._call(call, unanswered_seconds=self.unanswered_seconds)

    def _call(self, call: Callable[[], T], *, unanswered_seconds: float) -> T:
        waited, pause = 0.0, 1.0
        while True:
            self._cancel.check()
            began = time.monotonic()
            try:
                return call()
            except ServiceError as error:
                waited += time.monotonic() - began  # silence is waited for too
                if waited >= self._limit(error, unanswered_seconds):
                    raise
                seconds = jittered(pause)
                self._report(Progress(Doing.WAITING, wait=seconds, error=error))
            self._cancel.wait(seconds)
            waited += seconds
            pause = min(2 * pause, _LONGEST_PAUSE)

    @staticmethod
    def _limit(error: ServiceError, unanswered_seconds: float) -> float:
        if isinstance(error, ThrottledError):
            return THROTTLED_SECONDS
        return unanswered_seconds if error.outcome_unknown else 0.0


def jittered(pause: float) -> float:
    """A little more or less than ``pause`` seconds, so that several clients do not come back together."""
    return pause * random.uniform(0.75, 1.25)  # noqa: S311  # no secret depends on it
