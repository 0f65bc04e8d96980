"""The service's validation of one line: what it understands of it, and the errors it attaches.

Thirteen codes come from dataset operations. Some end the check of a line, others add up; a code brings its
companions along (an attribute of an unsupported type leaves no valid attribute, and so on).
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLASSIFICATION = "groundtruth/image-classification"
DETECTION = "groundtruth/object-detection"
MAX_BOXES = 50
MAX_LABEL_CHARACTERS = 255
MIN_IMAGE_SIDE, MAX_IMAGE_SIDE = 64, 4096
TRAINING_SIDE = 1280
"""Training scales an image whose longer side exceeds this down to it; boxes shrink along."""

MESSAGES = {
    "ERROR_NO_LABEL_ATTRIBUTES": "The line has no attribute with a metadata twin.",
    "ERROR_NO_VALID_LABEL_ATTRIBUTES": "The line has no valid label attribute.",
    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT": "The label attribute is malformed.",
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT": "The label attribute's metadata is malformed.",
    "ERROR_UNSUPPORTED_USE_CASE_TYPE": "The metadata's type is not supported.",
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE": "A bounding box has no confidence.",
    "ERROR_MISSING_CLASS_MAP_ID": "A bounding box has a class id that the class map does not name.",
    "ERROR_INVALID_BOUNDING_BOX": "The bounding box is negative or reaches over the image's edge.",
    "ERROR_BOUNDING_BOX_TOO_SMALL": "The bounding box is too small.",
    "ERROR_TOO_MANY_BOUNDING_BOXES": "The image has too many bounding boxes.",
    "ERROR_NO_VALID_ANNOTATIONS": "The label attribute has no valid annotation.",
    "ERROR_INVALID_IMAGE_DIMENSION": "The image's dimensions are out of bounds.",
    "ERROR_INVALID_LABEL_NAME_LENGTH": "A label's name is too short or too long.",
}

_DATE = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?", re.ASCII)
_CLASS_ID = re.compile(r"0|[1-9]\d*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error code and the keys that lead to the object it hangs at: () for the line itself."""

    code: str
    place: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the service understood of a line.

    ``labels`` are those that the line uses, ``boxed`` those of them that a box has, ``declared`` also those
    that a class map names without a use.
    """

    is_labeled: bool = False
    labels: frozenset[str] = frozenset()
    boxed: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def read_line(line: Mapping[str, Any]) -> Reading:
    """Check one line, parsed from JSON, that has a valid source-ref."""
    check = _Check(line)
    with contextlib.suppress(_EndOfCheckError):  # the codes up to there are all that the service reports
        check.run()
    return _shared(
        Reading(
            check.is_labeled,
            frozenset(check.labels),
            frozenset(check.boxed),
            frozenset(check.declared | check.labels),
            tuple(check.problems),
        )
    )


def attribute_names(line: Mapping[str, Any]) -> list[str]:
    """Give the names of the complete pairs: an attribute and its ``-metadata`` twin."""
    return [
        name
        for name in line
        if f"{name}-metadata" in line and name != "source-ref" and not _is_twin(name, line)
    ]


@lru_cache(maxsize=10_000)
def _shared(reading: Reading) -> Reading:
    """Give the first reading that equals this one: most lines of a dataset say the same but for the image."""
    return reading


class _EndOfCheckError(Exception):
    """The service checks no further after some codes."""


class _Check:
    def __init__(self, line: Mapping[str, Any]) -> None:
        self.line = line
        self.is_labeled = False
        self.labels: set[str] = set()
        self.boxed: set[str] = set()
        self.declared: set[str] = set()
        self.problems: list[Problem] = []
        self.boxes = 0

    def run(self) -> None:
        names = attribute_names(self.line)
        if not names:
            if self.line.keys() - {"source-ref"}:
                self._end("ERROR_NO_LABEL_ATTRIBUTES")
            return
        self.is_labeled = any(not _is_empty_detection(self.line, name) for name in names)
        valid = [self._attribute(name) for name in names]
        if not any(valid):
            self._add("ERROR_NO_VALID_LABEL_ATTRIBUTES")

    def _attribute(self, name: str) -> bool:
        metadata = self.line[f"{name}-metadata"]
        use_case = metadata.get("type") if isinstance(metadata, dict) else None
        if not isinstance(use_case, str):
            self._end("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", f"{name}-metadata")
        if use_case == CLASSIFICATION:
            return self._classification(name, metadata)
        if use_case == DETECTION:
            return self._detection(name, metadata)
        self._add("ERROR_UNSUPPORTED_USE_CASE_TYPE", f"{name}-metadata")
        return False

    def _classification(self, name: str, metadata: dict[str, Any]) -> bool:
        if not _is_whole(self.line[name]):
            self._end("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", name)
        label = metadata.get("class-name")
        if not (
            isinstance(label, str) and _is_confidence(metadata.get("confidence")) and _is_signed(metadata)
        ):
            self._end("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", f"{name}-metadata")
        if not self._label_names(name, [label]):
            return False
        self.labels.add(label)
        return True

    def _detection(self, name: str, metadata: dict[str, Any]) -> bool:
        value = self.line[name]
        if not _is_detection(value):
            self._end("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", name)
        boxes = value["annotations"]
        self._detection_metadata(name, metadata, boxes)
        class_map = metadata["class-map"]
        valid = self._label_names(name, class_map.values())
        self.declared.update(label for label in class_map.values() if _is_label(label))
        used = {class_map[_class_of(box)] for box in boxes}
        self.labels.update(used & self.declared)
        self.boxed.update(used & self.declared)
        return self._boxes(name, boxes, value["image_size"][0]) and valid

    def _detection_metadata(self, name: str, metadata: dict[str, Any], boxes: list[dict[str, Any]]) -> None:
        place = f"{name}-metadata"
        objects, class_map = metadata.get("objects"), metadata.get("class-map")
        if not (
            isinstance(objects, list)
            and all(isinstance(item, dict) for item in objects)
            and all(_is_confidence(item["confidence"]) for item in objects if "confidence" in item)
            and isinstance(class_map, dict)
            and all(_CLASS_ID.fullmatch(key) and isinstance(label, str) for key, label in class_map.items())
            and _is_signed(metadata)
        ):
            self._end("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", place)
        if sum("confidence" in item for item in objects[: len(boxes)]) < len(boxes):
            self._end("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", place)
        if any(_class_of(box) not in class_map for box in boxes):
            self._end("ERROR_MISSING_CLASS_MAP_ID", place)

    def _boxes(self, name: str, boxes: list[dict[str, Any]], size: dict[str, Any]) -> bool:
        if not boxes:
            return True
        sides = (size["width"], size["height"])
        if any(not MIN_IMAGE_SIDE <= side <= MAX_IMAGE_SIDE for side in sides):
            self._add("ERROR_INVALID_IMAGE_DIMENSION")
        # The limit is the image's: boxes of several attributes add up to it.
        too_many = len(boxes) > MAX_BOXES or self.boxes <= MAX_BOXES < self.boxes + len(boxes)
        self.boxes += len(boxes)
        if too_many:
            self._add("ERROR_TOO_MANY_BOUNDING_BOXES", name)
        codes = [_box_code(box, size) for box in boxes]
        for number, code in enumerate(codes):
            if code:
                self._add(code, name, "annotations", number)
        if all(codes):
            self._add("ERROR_NO_VALID_ANNOTATIONS", name)
        return not all(codes) and not too_many

    def _label_names(self, name: str, labels: Iterable[str]) -> bool:
        valid = all(_is_label(label) for label in labels)
        if not valid:
            self._add("ERROR_INVALID_LABEL_NAME_LENGTH", f"{name}-metadata")
        return valid

    def _add(self, code: str, *place: str | int) -> None:
        problem = Problem(code, place)
        if problem not in self.problems:
            self.problems.append(problem)

    def _end(self, code: str, *place: str | int) -> NoReturn:
        self._add(code, *place)
        raise _EndOfCheckError


def _box_code(box: dict[str, Any], size: dict[str, Any]) -> str:
    left, top, width, height = (box[side] for side in ("left", "top", "width", "height"))
    if min(left, top, width, height) < 0 or left + width > size["width"] or top + height > size["height"]:
        return "ERROR_INVALID_BOUNDING_BOX"
    scale = min(1.0, TRAINING_SIDE / max(size["width"], size["height"]))
    if min(width, height) <= 1 or min(width, height) * scale <= 1:
        return "ERROR_BOUNDING_BOX_TOO_SMALL"
    return ""


def _is_twin(name: str, line: Mapping[str, Any]) -> bool:
    return name.endswith("-metadata") and name.removesuffix("-metadata") in line


def _is_empty_detection(line: Mapping[str, Any], name: str) -> bool:
    value, metadata = line[name], line[f"{name}-metadata"]
    kind = metadata.get("type") if isinstance(metadata, dict) else None
    return kind == DETECTION and isinstance(value, dict) and value.get("annotations") == []


def _is_detection(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    sizes, boxes = value.get("image_size"), value.get("annotations")
    return (
        isinstance(sizes, list)
        and len(sizes) == 1
        and isinstance(sizes[0], dict)
        and all(_is_whole(sizes[0].get(side)) and sizes[0][side] > 0 for side in ("width", "height", "depth"))
        and isinstance(boxes, list)
        and all(_is_box(box) for box in boxes)
    )


def _is_box(box: object) -> bool:
    return (
        isinstance(box, dict)
        and _is_whole(box.get("class_id"))
        and all(_is_number(box.get(side)) for side in ("left", "top", "width", "height"))
    )


def _is_signed(metadata: dict[str, Any]) -> bool:
    """Tell whether the metadata says when the label was made and by what."""
    date = metadata.get("creation-date")
    return (
        metadata.get("human-annotated") in ("yes", "no")
        and isinstance(metadata.get("job-name", ""), str)
        and isinstance(date, str)
        and _DATE.fullmatch(date) is not None
    )


def _is_label(text: str) -> bool:
    return 1 <= len(text) <= MAX_LABEL_CHARACTERS


def _class_of(box: dict[str, Any]) -> str:
    return str(int(box["class_id"]))


def _is_whole(value: object) -> bool:
    """Tell whether a number is whole: 2.0 is, however it is written."""
    return _is_number(value) and value == int(value)  # type: ignore[call-overload]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_confidence(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
