"""Checks of boxes; each gives pointer and message of each place it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.manifest.check.image_checks import frame_of
from truthline.manifest.check.limits import MAX_BOXES_PER_IMAGE, TRAINING_SIDE
from truthline.manifest.check.numbers import spell_number
from truthline.manifest.names import METADATA_SUFFIX
from truthline.manifest.pointer import pointer_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.manifest.annotation import Annotation, Box, BoxAttribute, ImageFacts

    Places = Iterator[tuple[str, str]]

_TOLERANCE: Final = 1e-6  # pixels by which sums of floats may miss


def invalid_box(annotation: Annotation, facts: ImageFacts | None) -> Places:
    """Boxes with a negative number, or that leave the image."""
    for attribute in annotation.box_attributes:
        frame = frame_of(attribute, facts)
        for index, box in enumerate(attribute.boxes):
            faults = _faults(box, frame)
            if faults:
                yield _pointer(attribute, index), f"Box {index + 1} {' and '.join(faults)}."


def box_too_small(annotation: Annotation, facts: ImageFacts | None) -> Places:
    """Boxes not wider or not higher than a pixel, also after training scaled the image down."""
    for attribute in annotation.box_attributes:
        scale = _training_scale(frame_of(attribute, facts))
        for index, box in enumerate(attribute.boxes):
            # A negative size is an invalid box's, and told there.
            if _is_too_small(box, scale) and min(box.width, box.height) >= 0:
                size = f"Box {index + 1} is {_size(box, 1)} px"
                if scale < 1:
                    size += f", and {_size(box, scale)} px once training has scaled the image down"
                yield _pointer(attribute, index), f"{size}; it must be wider and higher than 1 px."


def too_many_boxes(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Attributes with too many boxes, and the one with which all together become too many."""
    before = 0
    for attribute in annotation.box_attributes:
        count = len(attribute.boxes)
        if count > MAX_BOXES_PER_IMAGE or before <= MAX_BOXES_PER_IMAGE < before + count:
            limit = f"at most {MAX_BOXES_PER_IMAGE} are allowed"
            yield pointer_to(attribute.name), f"This image has {annotation.boxes} boxes; {limit}."
        before += count


def no_valid_boxes(annotation: Annotation, facts: ImageFacts | None) -> Places:
    """Attributes of which no box is valid."""
    for attribute in annotation.box_attributes:
        frame = frame_of(attribute, facts)
        scale = _training_scale(frame)
        bad = sum(_is_too_small(box, scale) or bool(_faults(box, frame)) for box in attribute.boxes)
        if bad and bad == len(attribute.boxes):
            boxes = f"None of the {bad} boxes" if bad > 1 else "The only box"
            yield pointer_to(attribute.name), f'{boxes} of "{attribute.name}" is valid.'


def no_annotations(annotation: Annotation, facts: ImageFacts | None) -> Places:
    """A line with an attribute of which `no_attribute_annotations` tells."""
    if any(True for _ in no_attribute_annotations(annotation, facts)):
        yield "", "A person looked at this image, but the line has an attribute for boxes without a box."


def no_attribute_annotations(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Attributes that a person annotated, without a box."""
    for attribute in annotation.box_attributes:
        if attribute.human_annotated and not attribute.boxes:
            message = f'"{attribute.name}" has no box, though a person looked at the image.'
            yield pointer_to(attribute.name), message


def missing_confidence(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Attributes with more boxes than confidences."""
    for attribute in annotation.box_attributes:
        missing = sum(box.confidence is None for box in attribute.boxes)
        if missing:
            boxes = f'{missing} of the {len(attribute.boxes)} boxes of "{attribute.name}"'
            yield pointer_to(attribute.name + METADATA_SUFFIX), f"No confidence is given for {boxes}."


def missing_class(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Attributes with boxes whose class_id the class-map does not have."""
    for attribute in annotation.box_attributes:
        missing = {box.class_id for box in attribute.boxes} - attribute.class_map.keys()
        if missing:
            ids = ", ".join(map(str, sorted(missing)))
            message = f'The class-map of "{attribute.name}" has no label for class_id {ids}.'
            yield pointer_to(attribute.name + METADATA_SUFFIX), message


def unused_class(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Labels of a class-map that no box of its attribute has."""
    for attribute in annotation.box_attributes:
        used = {box.class_id for box in attribute.boxes}
        for class_id, label in attribute.class_map.items():
            if class_id not in used:
                told = f'No box of "{attribute.name}" has the label "{label}" of its class-map.'
                pointer = pointer_to(attribute.name + METADATA_SUFFIX, "class-map", class_id)
                yield pointer, f"{told} The service counts it among the dataset's labels all the same."


def _pointer(attribute: BoxAttribute, index: int) -> str:
    return pointer_to(attribute.name, "annotations", index)


def _training_scale(frame: tuple[int, int] | None) -> float:
    return min(1.0, TRAINING_SIDE / max(frame)) if frame and max(frame) else 1.0


def _is_too_small(box: Box, scale: float) -> bool:
    return box.width * scale <= 1 or box.height * scale <= 1


def _size(box: Box, scale: float) -> str:
    return f"{spell_number(box.width * scale)} by {spell_number(box.height * scale)}"


def _faults(box: Box, frame: tuple[int, int] | None) -> list[str]:
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
