"""Frames and the gestures that change them: arithmetic only, without Qt.

Points, frames and sizes are in pixels of the upright image, from its top left corner. A frame that was
read from a file may hold fractions or reach outside the image; what a gesture sets is whole and inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Point = tuple[float, float]
BoxKey = tuple[str, int]
"""What tells a box from the others of its image: its label attribute and its place in it."""
Size = tuple[int, int]
Key = tuple[str, int]
"""A box: its label attribute, and its index there."""
_HUGE = 1e15
"""Beyond this a double holds no halves, and equal steps would no longer stay equal."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a box is."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The edge at the right."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The edge at the bottom."""
        return self.top + self.height

    @property
    def area(self) -> float:
        """Square pixels."""
        return abs(self.width * self.height)


class Handle(Enum):
    """What resizes a box; the value tells which vertical and which horizontal edge goes with it."""

    TOP_LEFT = (-1, -1)
    TOP_RIGHT = (1, -1)
    BOTTOM_RIGHT = (1, 1)
    BOTTOM_LEFT = (-1, 1)
    TOP = (0, -1)
    RIGHT = (1, 0)
    BOTTOM = (0, 1)
    LEFT = (-1, 0)


def nearest(value: float) -> int:
    """The nearest whole number; halves go up, so that equal steps stay equal.

    Files may hold numbers up to 1e308, and the sum of two such is infinite: those become very large.
    """
    return math.floor(min(max(value, -_HUGE), _HUGE) + 0.5)


def spanned(a: Point, b: Point, size: Size) -> Frame | None:
    """The frame between two points, cut at the image's edges; None if it lies wholly outside."""
    across = _span(a[0], b[0], size[0])
    down = _span(a[1], b[1], size[1])
    return _frame(across, down) if across and down else None


def moved(frames: Sequence[Frame], dx: float, dy: float, size: Size) -> list[Frame]:
    """Frames moved together, as far as all of them stay inside the image."""
    # One step for all: boxes that are moved together keep their distances, also where one meets an edge.
    dx = _step(dx, [(frame.left, frame.right) for frame in frames], size[0])
    dy = _step(dy, [(frame.top, frame.bottom) for frame in frames], size[1])
    return [
        _frame(_slide(frame.left + dx, frame.width, size[0]), _slide(frame.top + dy, frame.height, size[1]))
        for frame in frames
    ]


def resized(frame: Frame, handle: Handle, to: Point, size: Size) -> Frame:
    """``frame`` with the handle's edges at ``to``; across the opposite edge the frame turns over."""
    across, down = handle.value
    return _frame(
        _pull(frame.left, frame.right, across, to[0], size[0]),
        _pull(frame.top, frame.bottom, down, to[1], size[1]),
    )


def grown(frame: Frame, dx: float, dy: float, size: Size) -> Frame:
    """``frame`` with its right and bottom edges moved, never smaller than one pixel."""
    return _frame(
        _keep(frame.left, frame.right + dx, size[0]),
        _keep(frame.top, frame.bottom + dy, size[1]),
    )


def handle_points(frame: Frame, reach: float) -> dict[Handle, Point]:
    """Where the handles are; those of a side's middle only where the side leaves room for them."""
    centre = (frame.left + frame.width / 2, frame.top + frame.height / 2)
    points = {}
    for handle in Handle:
        across, down = handle.value
        if (across == 0 and frame.width < 4 * reach) or (down == 0 and frame.height < 4 * reach):
            continue
        points[handle] = (centre[0] + across * frame.width / 2, centre[1] + down * frame.height / 2)
    return points


def handle_at(frame: Frame, point: Point, reach: float) -> Handle | None:
    """The handle that can be grabbed at ``point``: a small box keeps its middle free for being moved."""
    for handle, (x, y) in handle_points(frame, reach).items():
        across, down = handle.value
        sideways = _grabs(point[0] - x, across, frame.width, reach)
        if sideways and _grabs(point[1] - y, down, frame.height, reach):
            return handle
    return None


def stacked(frames: Sequence[Frame], point: Point, reach: float) -> list[int]:
    """The indices of the frames under ``point``, give or take ``reach``, the smallest first."""
    x, y = point
    found = [
        index
        for index, frame in enumerate(frames)
        if frame.left - reach <= x <= frame.right + reach and frame.top - reach <= y <= frame.bottom + reach
    ]
    # Of boxes within boxes a click means the one that is hardest to hit otherwise.
    return sorted(found, key=lambda index: frames[index].area)


def touched(frames: Iterable[Frame], band: Frame) -> list[int]:
    """The indices of the frames that ``band`` touches, without those that it lies wholly inside of."""
    return [
        index
        for index, frame in enumerate(frames)
        if frame.left <= band.right and band.left <= frame.right
        if frame.top <= band.bottom and band.top <= frame.bottom
        if not (
            frame.left < band.left
            and band.right < frame.right
            and frame.top < band.top
            and band.bottom < frame.bottom
        )
    ]


def between(a: Point, b: Point) -> Frame:
    """The frame between two points, wherever they are."""
    left, top = min(a[0], b[0]), min(a[1], b[1])
    return Frame(left, top, max(a[0], b[0]) - left, max(a[1], b[1]) - top)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A new box being drawn from ``origin``."""

    origin: Point
    size: Size

    def frame_at(self, point: Point) -> Frame | None:
        """The box if the pointer were let go at ``point``."""
        return spanned(self.origin, point, self.size)


@dataclass(frozen=True, slots=True)
class Banding:
    """A rubber band from ``origin``; ``kept`` stays selected, ``before`` comes back on cancel."""

    origin: Point
    kept: frozenset[Key]
    before: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Moving:
    """Boxes being dragged."""

    origin: Point
    start: Mapping[Key, Frame]
    size: Size

    def frames_at(self, point: Point) -> dict[Key, Frame]:
        """The boxes if the pointer were let go at ``point``."""
        dx, dy = point[0] - self.origin[0], point[1] - self.origin[1]
        return dict(zip(self.start, moved(list(self.start.values()), dx, dy, self.size), strict=True))


@dataclass(frozen=True, slots=True)
class Resizing:
    """One box being dragged by a handle, which keeps its distance from the pointer."""

    origin: Point
    start: Mapping[Key, Frame]
    handle: Handle
    size: Size

    def frames_at(self, point: Point) -> dict[Key, Frame]:
        """The box if the pointer were let go at ``point``."""
        across, down = self.handle.value
        frames = {}
        for key, frame in self.start.items():
            x = (frame.left if across < 0 else frame.right) + point[0] - self.origin[0]
            y = (frame.top if down < 0 else frame.bottom) + point[1] - self.origin[1]
            frames[key] = resized(frame, self.handle, (x, y), self.size)
        return frames


@dataclass(slots=True)
class Nudging:
    """A burst of arrow keys: one gesture from the first press until the last key is up."""

    start: Mapping[Key, Frame]
    size: Size
    frames: dict[Key, Frame] = field(init=False)
    held: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.frames = dict(self.start)

    def nudge(self, dx: int, dy: int, *, resize: bool) -> dict[Key, Frame]:
        """One more step, in pixels."""
        frames = list(self.frames.values())
        if resize:
            frames = [grown(frame, dx, dy, self.size) for frame in frames]
        else:
            frames = moved(frames, dx, dy, self.size)
        self.frames = dict(zip(self.frames, frames, strict=True))
        return self.frames


def _frame(across: tuple[int, int], down: tuple[int, int]) -> Frame:
    return Frame(across[0], down[0], across[1] - across[0], down[1] - down[0])


def _within(value: float, limit: int) -> int:
    return min(max(nearest(value), 0), limit)


def _span(a: float, b: float, limit: int) -> tuple[int, int] | None:
    if max(a, b) <= 0 or min(a, b) >= limit:
        return None
    low, high = sorted((_within(a, limit), _within(b, limit)))
    if low == high:  # a pixel at least: a box without an area could neither be seen nor grabbed
        low = min(max(math.floor(min(a, b)), 0), limit - 1)
        high = low + 1
    return low, high


def _step(delta: float, edges: Iterable[tuple[float, float]], limit: int) -> int:
    """How far frames may go together; those that are outside already do not hold the others back."""
    lows, highs = zip(*edges, strict=True)
    return min(max(nearest(delta), min(0, -nearest(min(lows)))), max(0, limit - nearest(max(highs))))


def _slide(low: float, length: float, limit: int) -> tuple[int, int]:
    whole = min(max(nearest(length), 1), limit)
    start = min(max(nearest(low), 0), limit - whole)
    return start, start + whole


def _keep(low: float, high: float, limit: int) -> tuple[int, int]:
    start = min(max(nearest(low), 0), limit - 1)
    return start, min(max(nearest(high), start + 1), limit)


def _pull(low: float, high: float, direction: int, to: float, limit: int) -> tuple[int, int]:
    if direction == 0:
        return _keep(low, high, limit)
    fixed, free = _within(low if direction > 0 else high, limit), _within(to, limit)
    if fixed == free:  # one pixel stays, on the side that the pointer pulls to if there is room
        free = fixed + direction if 0 <= fixed + direction <= limit else fixed - direction
    return min(fixed, free), max(fixed, free)


def _grabs(offset: float, direction: int, length: float, reach: float) -> bool:
    if direction == 0:
        return abs(offset) <= reach
    # Inwards no more than a quarter of the side, so that a small box can be dragged by its middle; outwards,
    # where nothing else wants the pointer, the full reach.
    return -min(reach, length / 4) <= offset * direction <= reach
