"""Arithmetic of frames: turned upright, rounded to whole pixels, checked to be rectangles."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.manifest.annotation import Box

Frame = tuple[float, float, float, float]
"""Left, top, width and height."""

EDGE: Final = 1e-3
"""Pixels by which a box may miss an edge: the sums of numbers with few decimals do."""
_MOST: Final = 1e9
"""Pixels; more is a broken number, and sums of less stay exact."""


def turn_upright(box: Box, orientation: int, width: int, height: int) -> Box:
    """Turn a box of the image as it is stored into one of the image as it is shown.

    Args:
        box: in pixels of the stored image.
        orientation: the image's EXIF orientation, 1 to 8.
        width: of the stored image.
        height: of the stored image.

    """
    left, top = box.left, box.top
    right, bottom = width - left - box.width, height - top - box.height  # distances from the far edges
    across, down = {
        1: (left, top),
        2: (right, top),
        3: (right, bottom),
        4: (left, bottom),
        5: (top, left),
        6: (bottom, left),
        7: (bottom, right),
        8: (top, right),
    }[orientation]
    if orientation >= 5:  # lies on its side
        return replace(box, left=across, top=down, width=box.height, height=box.width)
    return replace(box, left=across, top=down)


def round_box(box: Box) -> Box:
    """The box in whole pixels, rounded as `truthline.manifest.edit` does: both edges, at least 1 wide."""
    left, top = _round(box.left), _round(box.top)
    width = max(1, _round(box.left + box.width) - left)
    height = max(1, _round(box.top + box.height) - top)
    return replace(box, left=left, top=top, width=width, height=height)


def is_whole(box: Box) -> bool:
    """Whether all its numbers are whole."""
    return all(number == math.floor(number) for number in (box.left, box.top, box.width, box.height))


def put_in_order(start: float, size: float) -> tuple[float, float]:
    """Start and size of a side whose size may be negative: it was given from its far end to the near one."""
    return (start + size, -size) if size < 0 else (start, size)


def reaches_out(box: Box, width: float, height: float) -> bool:
    """Whether a box has a part, beyond a rounding error, that is not on an image of that size."""
    # Compared, not subtracted: a file may claim a size that no float can hold.
    far = box.left + box.width - EDGE > width or box.top + box.height - EDGE > height
    return far or min(box.left, box.top) < -EDGE


def clip(box: Box, width: int, height: int) -> Box | None:
    """What of a box lies on an image of that size, the same box if all of it does, None if nothing does."""
    if not reaches_out(box, width, height):
        return box
    left, top = max(0, box.left), max(0, box.top)
    across, down = min(width, box.left + box.width) - left, min(height, box.top + box.height) - top
    if across <= EDGE or down <= EDGE:
        return None
    return replace(box, left=left, top=top, width=across, height=down)


def bounds_of(points: Sequence[Sequence[float]]) -> Frame:
    """Left, top, width and height of the rectangle around some points of two numbers each."""
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def bounds_of_turned(frame: Frame, degrees: float) -> Frame:
    """The upright rectangle around a frame that is turned about its centre."""
    left, top, width, height = frame
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    across, down = width * cosine + height * sine, width * sine + height * cosine
    return left + (width - across) / 2, top + (height - down) / 2, across, down


def bounded(number: float) -> float:
    """The same number, infinite if it is out of all bounds: JSON has whole numbers that no float can hold."""
    if number > _MOST:
        return math.inf
    return -math.inf if number < -_MOST else number


def number_of(text: str) -> float | None:
    """The number that a text spells, None if it is none; infinite ones and NaN are numbers here."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def fault_of(left: float, top: float, width: float, height: float) -> str:
    """What keeps four numbers from being a frame, "" if nothing does. Reaching past the image is no fault."""
    if not all(math.isfinite(number) and abs(number) <= _MOST for number in (left, top, width, height)):
        return "has a number that is none, or out of all bounds"
    if width <= 0 or height <= 0:
        return f"is {width:g} wide and {height:g} high"
    return ""


def plain(number: float) -> float:
    """The same number, as an int if it is whole."""
    return int(number) if number == math.floor(number) else number


def _round(number: float) -> int:
    return math.floor(number + 0.5)
