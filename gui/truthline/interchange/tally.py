"""Counts of what does not come along as it is, each kind of it told once."""

from __future__ import annotations

from truthline.interchange.findings import Loss, LossKind


class Tally:
    """Adds up losses by what they are of."""

    def __init__(self) -> None:
        self._counts: dict[tuple[LossKind, str], tuple[int, str]] = {}

    def add(self, what: str, count: int = 1, *, kind: LossKind = LossKind.LOST, place: str = "") -> None:
        """Count ``count`` more of it; ``place`` is where the first of them stands."""
        if count:
            before, first = self._counts.get((kind, what), (0, place))
            self._counts[kind, what] = (before + count, first)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """All that was counted, in the order in which it was first met."""
        return tuple(Loss(count, what, kind, place) for (kind, what), (count, place) in self._counts.items())
