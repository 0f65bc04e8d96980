"""Every gesture on a line as a pure function: an `Annotation` in, an `Annotation` out.

All that a gesture does not change keeps its bytes: unknown keys, key order, the text of numbers, escapes and
white space. A gesture that changes nothing gives back the same object.

Every function raises `UsageError` for a line that is not a JSON object, and for an attribute or a box that
the line does not have.

Frames that a gesture sets are whole pixels: both edges of the axis it changes are rounded, not the size, so
that a box inside the image stays inside. An axis that the gesture leaves alone keeps the text of its numbers.
"""

from __future__ import annotations

import math
from datetime import UTC
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from msgspec import Raw

from truthline.errors import UsageError
from truthline.manifest.annotation import Annotation, BoxAttribute, ClassLabel
from truthline.manifest.json_text import JsonText, Style, appended
from truthline.manifest.line import parse_line
from truthline.manifest.names import (
    METADATA_SUFFIX,
    SOURCE_REF,
    attribute_name_for,
    box_attribute_name,
    is_free,
    possible_names,
)
from truthline.manifest.shapes import BOX_TYPE, CLASS_TYPE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from truthline.manifest.annotation import Box, ImageSize

__all__ = [
    "add_box",
    "add_class_label",
    "attribute_name_for",
    "box_attribute_name",
    "creation_date",
    "new_annotation",
    "remove_boxes",
    "remove_class_label",
    "set_box_frame",
    "set_box_label",
]

_CONFIDENCE: Final = 1  # a person drew or chose it
_JOB: Final = "labeling-job/"


def new_annotation(source_ref: str) -> Annotation:
    """Make the line of an image that has no labels yet."""
    return parse_line(Style().dump({SOURCE_REF: source_ref}))


def add_class_label(
    annotation: Annotation, name: str, now: datetime, *, avoid: Collection[str] = ()
) -> Annotation:
    """Add an image-level label, as the console writes it; ``now`` becomes its creation date.

    Its attribute gets none of the names in ``avoid``.
    """
    if any(label.name == name for label in annotation.class_labels):
        return annotation
    _check_editable(annotation)
    attribute = attribute_name_for(name, {*annotation.members, *avoid} if avoid else annotation.members)
    date = creation_date(now)
    members = dict(annotation.members)

    def write(style: Style) -> Sequence[tuple[bytes, bytes]]:
        found = _class_label(style, attribute, name, date)
        (_, value), (_, metadata) = found
        members[attribute], members[attribute + METADATA_SUFFIX] = Raw(value), Raw(metadata)
        return found

    raw = appended(annotation.raw, write)
    if annotation.findings:  # which may be about the line as a whole
        return parse_line(raw)
    labels = (*annotation.class_labels, ClassLabel(attribute, name, _CONFIDENCE))
    return Annotation(raw, annotation.source_ref, labels, annotation.box_attributes, (), members)


@lru_cache(maxsize=64)  # one label is often given to very many lines
def _class_label(style: Style, attribute: str, name: str, date: str) -> tuple[tuple[bytes, bytes], ...]:
    metadata = {
        "confidence": _CONFIDENCE,
        "job-name": _JOB + attribute,
        "class-name": name,
        "human-annotated": "yes",
        "creation-date": date,
        "type": CLASS_TYPE,
    }
    return (
        (style.dump(attribute), style.dump(1)),
        (style.dump(attribute + METADATA_SUFFIX), style.dump(metadata)),
    )


def remove_class_label(annotation: Annotation, attribute: str) -> Annotation:
    """Remove the image-level label that this attribute holds, with its metadata."""
    if all(label.attribute != attribute for label in annotation.class_labels):
        raise UsageError(f"The line has no class label {attribute!r}.")
    line = _open(annotation)
    line.remove({attribute, attribute + METADATA_SUFFIX})
    return parse_line(bytes(line))


def add_box(
    annotation: Annotation, attribute: str, box: Box, image_size: ImageSize, now: datetime
) -> Annotation:
    """Append a box. An absent attribute is added to the line, created ``now``.

    Where the line has such a key that is no readable box attribute, the next free name is taken instead.
    ``box.class_id`` is not looked at: the class-map says which id its label has.
    """
    line = _open(annotation)
    known = {found.name: found for found in annotation.box_attributes}
    keys = line.keys()
    names = chain([attribute] if attribute in known else (), possible_names(attribute))
    name = next(name for name in names if name in known or is_free(name, keys))
    if name not in known:
        _add_box_attribute(line, name, now)
    present = known.get(name, BoxAttribute(name, (), None, {}))
    value, metadata = line.open(name), line.open(name + METADATA_SUFFIX)
    class_id = _class_id(metadata, present, box.label)
    _list(value, "annotations").insert(len(present.boxes), _frame_of(box) | {"class_id": class_id})
    _add_confidence(_list(metadata, "objects"), len(present.boxes), box)
    if value.find("image_size") < 0:
        size = {"width": image_size.width, "height": image_size.height, "depth": image_size.depth}
        value.set("image_size", [size])
    return parse_line(bytes(line))


def set_box_frame(
    annotation: Annotation, attribute: str, index: int, left: float, top: float, width: float, height: float
) -> Annotation:
    """Move or resize the box at that index (from 0); pixels of the upright image."""
    box = _boxes(annotation, attribute, [index]).boxes[index]
    changed: dict[str, float] = {}
    if (left, width) != (box.left, box.width):
        changed["left"], changed["width"] = _rounded(left, width)
    if (top, height) != (box.top, box.height):
        changed["top"], changed["height"] = _rounded(top, height)
    changed = {key: value for key, value in changed.items() if value != getattr(box, key)}
    if not changed:
        return annotation
    line = _open(annotation)
    text = line.open(attribute).open("annotations").open(index)
    for key, value in changed.items():
        text.set(key, value)
    return parse_line(bytes(line))


def set_box_label(annotation: Annotation, attribute: str, indices: Collection[int], label: str) -> Annotation:
    """Give the boxes at these indices (from 0) another label."""
    present = _boxes(annotation, attribute, indices)
    changed = [index for index in indices if not _has_label(present, index, label)]
    if not changed:
        return annotation
    line = _open(annotation)
    metadata = line.open(attribute + METADATA_SUFFIX)
    class_id = _class_id(metadata, present, label)
    boxes = line.open(attribute).open("annotations")
    for index in changed:
        boxes.open(index).set("class_id", class_id)
    _drop_unused(metadata, present, changed, keep={class_id})
    return parse_line(bytes(line))


def remove_boxes(annotation: Annotation, attribute: str, indices: Collection[int]) -> Annotation:
    """Remove the boxes at these indices (from 0); the attribute stays, with no box if these were all."""
    present = _boxes(annotation, attribute, indices)
    if not indices:
        return annotation
    line = _open(annotation)
    metadata = line.open(attribute + METADATA_SUFFIX)
    line.open(attribute).open("annotations").remove(set(indices))
    if metadata.find("objects") >= 0:
        metadata.open("objects").remove(set(indices))
    _drop_unused(metadata, present, indices, keep=())
    return parse_line(bytes(line))


def _open(annotation: Annotation) -> JsonText:
    _check_editable(annotation)
    return JsonText(annotation.raw)


def _check_editable(annotation: Annotation) -> None:
    if any(finding.code in _NOT_EDITABLE for finding in annotation.findings):
        raise UsageError(
            "This line is not a JSON object, so it cannot be labelled.", place=annotation.source_ref
        )


_NOT_EDITABLE: Final = frozenset({"ERROR_INVALID_JSON_LINE", "TRUTHLINE_BLANK_LINE"})


def _boxes(annotation: Annotation, attribute: str, indices: Iterable[int]) -> BoxAttribute:
    for found in annotation.box_attributes:
        if found.name == attribute:
            for index in indices:
                if not 0 <= index < len(found.boxes):
                    raise UsageError(f"{attribute!r} has no box {index + 1}, it has {len(found.boxes)}.")
            return found
    raise UsageError(f"The line has no boxes {attribute!r}.")


def _add_box_attribute(line: JsonText, name: str, now: datetime) -> None:
    line.set(name, {"annotations": []})
    line.set(
        name + METADATA_SUFFIX,
        {
            "job-name": _JOB + name,
            "class-map": {},
            "human-annotated": "yes",
            "objects": [],
            "creation-date": creation_date(now),
            "type": BOX_TYPE,
        },
    )


def _class_id(metadata: JsonText, present: BoxAttribute, label: str) -> int:
    """Id of the label in the class-map, where it is added if it is new."""
    for class_id, name in present.class_map.items():
        if name == label:
            return class_id
    # An id that a box uses without an entry must not get a meaning by the way.
    taken = present.class_map.keys() | {box.class_id for box in present.boxes}
    class_id = next(number for number in range(len(taken) + 1) if number not in taken)
    if metadata.find("class-map") < 0:
        metadata.set("class-map", {})
    metadata.open("class-map").set(str(class_id), label)
    return class_id


def _has_label(present: BoxAttribute, index: int, label: str) -> bool:
    return present.class_map.get(present.boxes[index].class_id) == label


def _drop_unused(
    metadata: JsonText, present: BoxAttribute, changed: Collection[int], keep: Collection[int]
) -> None:
    """Drop the class-map's ids that only the changed boxes used; ids nobody used before are not ours."""
    before = {present.boxes[index].class_id for index in changed}
    after = {box.class_id for index, box in enumerate(present.boxes) if index not in changed}
    unused = before - after - set(keep)
    if unused and metadata.find("class-map") >= 0:
        class_map = metadata.open("class-map")
        class_map.remove({key for key in class_map.keys() if int(key) in unused})  # noqa: SIM118  # no dict


def _add_confidence(objects: JsonText, boxes: int, box: Box) -> None:
    """Add the new box's confidence at its place.

    Confidences stand by position, so a list that was too short must be filled up first. An empty object keeps
    the place of a box without claiming a confidence for it; the box went without one before, and the finding
    about that stays.
    """
    while len(objects) < boxes:
        objects.insert(len(objects), {})
    confidence = _CONFIDENCE if box.confidence is None else box.confidence
    objects.insert(boxes, {"confidence": confidence})


def _list(text: JsonText, key: str) -> JsonText:
    if text.find(key) < 0:
        text.set(key, [])
    return text.open(key)


def _frame_of(box: Box) -> dict[str, float]:
    (left, width), (top, height) = _rounded(box.left, box.width), _rounded(box.top, box.height)
    return {"left": left, "top": top, "width": width, "height": height}


def _rounded(start: float, size: float) -> tuple[int, int]:
    """Start and size of one axis in whole pixels, at least 1 wide."""
    return _round(start), max(1, _round(start + size) - _round(start))


def _round(number: float) -> int:
    # Not round(): that takes 0.5 down and 1.5 up, and so a box would change its size while it moves.
    return math.floor(number + 0.5)


def creation_date(now: datetime) -> str:
    """Spell a moment as the console writes it: UTC, milliseconds, Z."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
