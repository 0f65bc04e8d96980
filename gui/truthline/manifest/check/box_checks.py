"""Checks of boxes; each gives pointer and message of each place it finds.

They are asked of lines with an attribute for boxes only, when `find_misfits` has looked at each.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from truthline.manifest.check.decoded import NO_MISFITS, Misfits
from truthline.manifest.check.image_checks import frame_of
from truthline.manifest.check.limits import MAX_BOXES_PER_IMAGE, TRAINING_SIDE
from truthline.manifest.check.numbers import spell_number
from truthline.manifest.names import METADATA_SUFFIX
from truthline.manifest.pointer import pointer_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.manifest.annotation import Box, ImageFacts
    from truthline.manifest.check.decoded import Boxes, DecodedLine
    from truthline.manifest.shapes import Frame

    Places = Iterator[tuple[str, str]]

_TOLERANCE: Final = 1e-6  # pixels by which sums of floats may miss


def invalid_box(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Boxes with a negative number, or that leave the image."""
    for attribute in line.boxes:
        misfits = attribute.misfits
        for index in misfits.outside:
            faults = _faults(attribute.boxes[index], misfits.frame)
            yield _pointer(attribute, index), f"Box {index + 1} {' and '.join(faults)}."


def box_too_small(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Boxes not wider or not higher than a pixel, also after training scaled the image down."""
    for attribute in line.boxes:
        misfits = attribute.misfits
        for index in misfits.small:
            box = attribute.boxes[index]
            if min(box.width, box.height) < 0:
                continue  # an invalid box, and told there
            size = f"Box {index + 1} is {_size(box, 1)} px"
            if misfits.scale < 1:
                size += f", and {_size(box, misfits.scale)} px once training has scaled the image down"
            yield _pointer(attribute, index), f"{size}; it must be wider and higher than 1 px."


def too_many_boxes(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Attributes with too many boxes, and the one with which all together become too many."""
    before = 0
    for attribute in line.boxes:
        count = len(attribute.boxes)
        if count > MAX_BOXES_PER_IMAGE or before <= MAX_BOXES_PER_IMAGE < before + count:
            boxes = sum(len(one.boxes) for one in line.boxes)
            limit = f"at most {MAX_BOXES_PER_IMAGE} are allowed"
            yield pointer_to(attribute.name), f"This image has {boxes} boxes; {limit}."
        before += count


def no_valid_boxes(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Attributes of which no box is valid."""
    for attribute in line.boxes:
        misfits = attribute.misfits
        if misfits.outside or misfits.small:
            bad = len({*misfits.outside, *misfits.small})
            if bad == len(attribute.boxes):
                boxes = f"None of the {bad} boxes" if bad > 1 else "The only box"
                yield pointer_to(attribute.name), f'{boxes} of "{attribute.name}" is valid.'


def no_annotations(line: DecodedLine, facts: ImageFacts | None) -> Places:
    """A line with an attribute of which `no_attribute_annotations` tells."""
    for _ in no_attribute_annotations(line, facts):
        yield "", "A person looked at this image, but the line has an attribute for boxes without a box."
        return


def no_attribute_annotations(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Attributes that a person annotated, without a box."""
    for attribute in line.boxes:
        if not attribute.boxes and attribute.human_annotated:
            message = f'"{attribute.name}" has no box, though a person looked at the image.'
            yield pointer_to(attribute.name), message


def missing_confidence(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Attributes with more boxes than confidences."""
    for attribute in line.boxes:
        if attribute.unsure:
            boxes = f'{attribute.unsure} of the {len(attribute.boxes)} boxes of "{attribute.name}"'
            yield pointer_to(attribute.name + METADATA_SUFFIX), f"No confidence is given for {boxes}."


def missing_class(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Attributes with boxes whose class_id the class-map does not have."""
    for attribute in line.boxes:
        missing = attribute.used - attribute.class_map.keys()
        if missing:
            ids = ", ".join(map(str, sorted(missing)))
            message = f'The class-map of "{attribute.name}" has no label for class_id {ids}.'
            yield pointer_to(attribute.name + METADATA_SUFFIX), message


def unused_class(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Labels of a class-map that no box of its attribute has."""
    for attribute in line.boxes:
        for class_id, label in attribute.class_map.items():
            if class_id not in attribute.used:
                told = f'No box of "{attribute.name}" has the label "{label}" of its class-map.'
                pointer = pointer_to(attribute.name + METADATA_SUFFIX, "class-map", class_id)
                yield pointer, f"{told} The service counts it among the dataset's labels all the same."


def _pointer(attribute: Boxes, index: int) -> str:
    return pointer_to(attribute.name, "annotations", index)


def find_misfits(attribute: Boxes, facts: ImageFacts | None) -> bool:
    """Look at every box once, for all checks: fills in ``misfits``, and tells whether there are any."""
    frame = frame_of(attribute, facts)
    wide, high = frame or (math.inf, math.inf)
    longer = max(wide, high)
    scale = TRAINING_SIDE / longer if frame and longer > TRAINING_SIDE else 1.0
    most = (1 + _TOLERANCE) / scale
    outside: list[int] = []
    small: list[int] = []
    # Nearly every box fits; so each is compared with what is a little too much first, and then looked at.
    for index, box in enumerate(attribute.boxes):
        left, top, width, height = box.left, box.top, box.width, box.height
        narrow = width <= most or height <= most
        if narrow and (width * scale <= 1 or height * scale <= 1):
            small.append(index)
        odd = narrow or left < 0 or top < 0 or left + width > wide or top + height > high
        if odd and _faults(box, frame):
            outside.append(index)
    attribute.misfits = Misfits(frame, scale, outside, small) if outside or small else NO_MISFITS
    return attribute.misfits is not NO_MISFITS


def _size(box: Frame | Box, scale: float) -> str:
    return f"{spell_number(box.width * scale)} by {spell_number(box.height * scale)}"


def _faults(box: Frame | Box, frame: tuple[int, int] | None) -> list[str]:
    """What makes a box one of `Misfits.outside`, in words."""
    faults: list[str] = []
    for name, value in (("width", box.width), ("height", box.height)):
        if value < 0:
            faults.append(f"has a negative {name} of {spell_number(value)} px")
    for edge, value in (("left", box.left), ("top", box.top)):
        if value < 0:
            faults.append(f"begins {spell_number(-value)} px before the {edge} edge")
    if frame is not None:
        right, bottom = box.left + box.width - frame[0], box.top + box.height - frame[1]
        if right > _TOLERANCE:
            past = spell_number(right)
            faults.append(f"reaches {past} px past the right edge of a {frame[0]} px wide image")
        if bottom > _TOLERANCE:
            past = spell_number(bottom)
            faults.append(f"reaches {past} px past the bottom edge of a {frame[1]} px high image")
    return faults
