"""Checks of the image that a line names; each gives pointer and message of each place it finds.

Its size comes from the line's ``image_size`` until the image's facts are known, and from those then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.manifest.check.limits import (
    IMAGE_FORMATS,
    MAX_ASPECT_RATIO,
    MAX_IMAGE_BYTES,
    MAX_IMAGE_SIDE,
    MIN_IMAGE_SIDE,
)
from truthline.manifest.check.numbers import spell_number
from truthline.manifest.pointer import pointer_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.manifest.annotation import BoxAttribute, ImageFacts
    from truthline.manifest.check.decoded import Boxes, DecodedLine

    Places = Iterator[tuple[str, str]]

_MEGABYTE = 1024**2


def frame_of(attribute: Boxes | BoxAttribute, facts: ImageFacts | None) -> tuple[int, int] | None:
    """Width and height of the image in pixels, None where nothing says them."""
    if facts is not None and _has_size(facts):
        return facts.width, facts.height
    said = attribute.image_size
    return (said.width, said.height) if said else None


def image_dimension(line: DecodedLine, facts: ImageFacts | None) -> Places:
    """An image with boxes that is too small or too large; each size is told once."""
    told = set()
    for attribute in line.boxes:
        frame = frame_of(attribute, facts)
        if frame is not None and attribute.boxes and not _is_sound(*frame) and frame not in told:
            told.add(frame)
            yield "", _bad_size(*frame)


def invalid_image(line: DecodedLine, facts: ImageFacts | None) -> Places:
    """Whatever keeps the service from reading the file; nothing as long as its facts are not known."""
    if facts is None:
        return
    if facts.format and facts.format not in IMAGE_FORMATS:
        yield "", f"The image is a {facts.format} file; the service takes PNG and JPEG."
    elif facts.problem or not _has_size(facts):
        yield "", f"The image cannot be read: {facts.problem or 'it says no width and height.'}"
    if facts.size > MAX_IMAGE_BYTES:
        size, limit = facts.size / _MEGABYTE, MAX_IMAGE_BYTES // _MEGABYTE
        yield "", f"The image file has {spell_number(size)} MB; at most {limit} are allowed."
    if _has_size(facts):
        # The size of an image with boxes has a code of its own.
        has_boxes = any(attribute.boxes for attribute in line.boxes)
        if not has_boxes and not _is_sound(facts.width, facts.height):
            yield "", _bad_size(facts.width, facts.height)
        yield from _bad_ratio(facts)


def size_mismatch(line: DecodedLine, facts: ImageFacts | None) -> Places:
    """An ``image_size`` that is not what the image has."""
    if facts is None or not _has_size(facts):
        return
    for attribute in line.boxes:
        said = attribute.image_size
        if said and (said.width, said.height) != (facts.width, facts.height):
            real = f"the image has {facts.width} by {facts.height}"
            message = f"image_size says {said.width} by {said.height} px, but {real}. Boxes may be misplaced."
            yield pointer_to(attribute.name, "image_size"), message


def _bad_ratio(facts: ImageFacts) -> Places:
    long, short = max(facts.width, facts.height), min(facts.width, facts.height)
    if long > MAX_ASPECT_RATIO * short:
        ratio = f"{spell_number(long / short)} times as long as the short one"
        message = f"The long side of this {facts.width} by {facts.height} px image is {ratio}"
        yield "", f"{message}; at most {MAX_ASPECT_RATIO} times is allowed."


def _has_size(facts: ImageFacts) -> bool:
    return facts.width > 0 and facts.height > 0


def _is_sound(width: int, height: int) -> bool:
    return MIN_IMAGE_SIDE <= width <= MAX_IMAGE_SIDE and MIN_IMAGE_SIDE <= height <= MAX_IMAGE_SIDE


def _bad_size(width: int, height: int) -> str:
    allowed = f"each side must have {MIN_IMAGE_SIDE} to {MAX_IMAGE_SIDE}"
    return f"The image is {width} by {height} px; {allowed}."
