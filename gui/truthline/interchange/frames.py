"""Arithmetic of frames: turned upright, rounded to whole pixels, checked to be rectangles."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from truthline.manifest.annotation import Box

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
