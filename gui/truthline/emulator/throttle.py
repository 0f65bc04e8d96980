"""Rates of calls that operations allow, measured with the emulator's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.emulator.wire import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Throttle:
    """A bucket of tokens for each operation: it holds a second's worth and refills with time.

    ``rates`` are calls a second; an operation without one is unlimited. Not safe to share between threads.
    """

    def __init__(self, rates: Mapping[str, float]) -> None:
        self._rates = rates
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, operation: str, now: float) -> None:
        """Take a token for one call.

        Raises:
            ServiceError: ThrottlingException, when the bucket is empty.

        """
        rate = self._rates.get(operation)
        if rate is None:
            return
        most = max(1.0, rate)
        tokens, since = self._buckets.get(operation, (most, now))
        tokens = min(most, tokens + (now - since) * rate)
        self._buckets[operation] = (tokens - 1 if tokens >= 1 else tokens, now)
        if tokens < 1:
            raise ServiceError("ThrottlingException", "Slow down; sudden increase in rate of requests.")
