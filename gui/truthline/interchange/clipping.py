"""Boxes are brought within their images, the same for every format, and what that changes is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.interchange.findings import LossKind
from truthline.interchange.frames import clip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truthline.interchange.tally import Tally
    from truthline.manifest.annotation import Box, ImageSize

CLIPPED: Final = "boxes that reached past their image, which were clipped to it"
OUTSIDE: Final = "boxes that lie outside their image"


def clipped(boxes: Iterable[Box], size: ImageSize | None, tally: Tally, place: str) -> tuple[Box, ...]:
    """The boxes as far as they lie on an image; all of them as they are if nobody knows its size."""
    if size is None:
        return tuple(boxes)
    found = []
    for box in boxes:
        inside = clip(box, size.width, size.height)
        if inside is None:
            tally.add(OUTSIDE, kind=LossKind.LEFT_OUT, place=place)
            continue
        tally.add(CLIPPED, inside is not box, kind=LossKind.CHANGED, place=place)
        found.append(inside)
    return tuple(found)
