"""Fixes: what can be put right in a line without asking anybody, as pure changes.

A fix is offered only where it is safe: it takes its finding away, brings no new error, and leaves every byte
that it does not concern. Each change is held to that when it is made: where it would do otherwise, it gives
back the same annotation.

What only a person can know has no fix: which label an unnamed class_id means, which name an image has.

A box is clamped if what lies inside the image is a valid box, in whole pixels at least 2 wide and high, else
it is removed. Completed metadata says what the person who fixes the line stands for: confidence 1, annotated
by a person, now.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from truthline.errors import UsageError
from truthline.manifest.annotation import Annotation, BoxAttribute, Finding, ImageFacts, Level
from truthline.manifest.check.codes.table import CODES
from truthline.manifest.check.image_checks import frame_of
from truthline.manifest.check.rules import check_line
from truthline.manifest.edit import creation_date, remove_boxes, set_box_frame
from truthline.manifest.json_text import JsonText, load_value
from truthline.manifest.line import parse_line
from truthline.manifest.names import METADATA_SUFFIX, is_free
from truthline.manifest.pointer import steps_of
from truthline.manifest.shapes import BOX_TYPE, CLASS_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIXES", "MULTI_LABEL_TYPE", "Fix", "fix_all", "fixes_for"]

Change = Callable[[Annotation, Finding, ImageFacts | None, datetime], Annotation]

MULTI_LABEL_TYPE: Final = "groundtruth/image-classification-multilabel"
"""What a multi-label Ground Truth job writes, and Custom Labels does not take."""

_EDGE: Final = 1e-6  # pixels by which the rules let sums of floats miss
_DEPTH: Final = 3
"""The colour channels that an image is written down with."""
_CONFIDENCE: Final = 1  # the person who fixes the line stands for it


@dataclass(frozen=True, slots=True)
class Fix:
    """What is put right, in words, and how.

    ``change`` takes the annotation, the finding, the image's facts and the time for new creation dates
    (UTC). It gives the same annotation back where it cannot help: that is not an error.
    """

    title: str
    change: Change


def fixes_for(annotation: Annotation, facts: ImageFacts | None = None) -> list[tuple[Finding, Fix]]:
    """The findings of a line for which there is a fix that works, in the order of `check_line`."""
    found = []
    for finding in check_line(annotation, facts):
        fix = FIXES.get(finding.code)
        if fix is not None and fix.change(annotation, finding, facts, _ANY_TIME) is not annotation:
            found.append((finding, fix))
    return found


def fix_all(annotation: Annotation, code: str, facts: ImageFacts | None, now: datetime) -> Annotation:
    """Fix all findings of one code that can be fixed; the same annotation if none can."""
    fix = FIXES.get(code)
    while fix is not None:  # ends, since each round leaves fewer findings of this code
        for finding in check_line(annotation, facts):
            changed = annotation
            if finding.code == code:
                changed = fix.change(annotation, finding, facts, now)
            if changed is not annotation:
                annotation = changed
                break
        else:
            break
    return annotation


_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _clamp_box(annotation: Annotation, finding: Finding, facts: ImageFacts | None, _: datetime) -> Annotation:
    attribute, index = _box_at(annotation, finding)
    box = attribute.boxes[index]
    wide, high = frame_of(attribute, facts) or (math.inf, math.inf)
    left, width = _clamped(box.left, box.width, wide)
    top, height = _clamped(box.top, box.height, high)
    if width > 0 and height > 0:
        clamped = set_box_frame(annotation, attribute.name, index, left, top, width, height)
        if all(found.pointer != finding.pointer for found in check_line(clamped, facts)):
            return clamped
    return remove_boxes(annotation, attribute.name, [index])


def _clamped(start: float, size: float, end: float) -> tuple[float, float]:
    """Start and size of what lies inside; a negative size was drawn from the far edge to the near one."""
    near, far = sorted((start, start + size))
    if size >= 0 and near >= 0 and far <= end + _EDGE:
        return start, size
    near, far = max(0, near), min(end, far)
    return near, far - near


def _remove_box(annotation: Annotation, finding: Finding, _: ImageFacts | None, __: datetime) -> Annotation:
    attribute, index = _box_at(annotation, finding)
    return remove_boxes(annotation, attribute.name, [index])


def _complete_metadata(
    annotation: Annotation, finding: Finding, _: ImageFacts | None, now: datetime
) -> Annotation:
    steps = steps_of(finding.pointer)
    name = steps[0].removesuffix(METADATA_SUFFIX)
    value, about = _pair(annotation, name)
    if len(steps) > 1 or not isinstance(about, dict):
        return annotation
    line = JsonText(annotation.raw)
    metadata = line.open(name + METADATA_SUFFIX)
    for key, default in _metadata_of(value, about, now).items():
        if key not in about:
            metadata.set(key, default)
    return parse_line(bytes(line))


def _metadata_of(value: object, about: Mapping[str, object], now: datetime) -> dict[str, object]:
    """What stands to reason for an attribute with this value; nothing where its kind cannot be told."""
    boxes = value.get("annotations") if isinstance(value, dict) else None
    if isinstance(boxes, list):
        kind, default = BOX_TYPE, {"objects": [{"confidence": _CONFIDENCE}] * len(boxes)}
        if not boxes:
            default["class-map"] = {}  # type: ignore[assignment]  # of a box nobody knows the label
    elif isinstance(value, int) and not isinstance(value, bool):
        kind, default = CLASS_TYPE, {"confidence": _CONFIDENCE}  # type: ignore[dict-item]
    else:
        return {}
    if about.get("type", kind) != kind:
        return {}
    return {**default, "human-annotated": "yes", "creation-date": creation_date(now), "type": kind}


def _pad_confidences(
    annotation: Annotation, finding: Finding, _: ImageFacts | None, __: datetime
) -> Annotation:
    name = steps_of(finding.pointer)[0].removesuffix(METADATA_SUFFIX)
    line = JsonText(annotation.raw)
    metadata = line.open(name + METADATA_SUFFIX)
    if metadata.find("objects") < 0:
        metadata.set("objects", [])
    objects = metadata.open("objects")
    for index in range(len(_attribute(annotation, name).boxes)):
        if index == len(objects):
            objects.insert(index, {"confidence": _CONFIDENCE})
        elif objects.open(index).find("confidence") < 0:
            objects.open(index).set("confidence", _CONFIDENCE)
    return parse_line(bytes(line))


def _size_from_pixels(
    annotation: Annotation, finding: Finding, facts: ImageFacts | None, _: datetime
) -> Annotation:
    name, *steps = steps_of(finding.pointer)
    value, _about = _pair(annotation, name)
    if facts is None or not facts.width or not facts.height or not isinstance(value, dict):
        return annotation
    if steps[:1] != ["image_size"] and "image_size" in value:
        return annotation  # something else is wrong with this attribute
    line = JsonText(annotation.raw)
    match value.get("image_size"):
        case [{"width": int(), "height": int(), "depth": int()}]:
            size = line.open(name).open("image_size").open(0)
            size.set("width", facts.width)
            size.set("height", facts.height)
        case [{"depth": int(depth)}] if not isinstance(depth, bool) and depth > 0:
            line.open(name).set("image_size", _size(facts, depth))
        case _:
            line.open(name).set("image_size", _size(facts, _DEPTH))
    return parse_line(bytes(line))


def _size(facts: ImageFacts, depth: int) -> list[dict[str, int]]:
    return [{"width": facts.width, "height": facts.height, "depth": depth}]


def _drop_class(annotation: Annotation, finding: Finding, _: ImageFacts | None, __: datetime) -> Annotation:
    match steps_of(finding.pointer):
        case [key, "class-map", class_id]:
            name, number = key.removesuffix(METADATA_SUFFIX), int(class_id)
        case _:
            return annotation
    if any(box.class_id == number for box in _attribute(annotation, name).boxes):
        return annotation
    line = JsonText(annotation.raw)
    class_map = line.open(key).open("class-map")
    class_map.remove({each for each in class_map.keys() if int(each) == number})  # noqa: SIM118  # no dict
    return parse_line(bytes(line))


def _split_multi_label(
    annotation: Annotation, finding: Finding, _: ImageFacts | None, now: datetime
) -> Annotation:
    name = steps_of(finding.pointer)[0].removesuffix(METADATA_SUFFIX)
    ids, about = _pair(annotation, name)
    if not isinstance(about, dict) or about.get("type") != MULTI_LABEL_TYPE or not _are_ids(ids):
        return annotation
    labels, confidences = about.get("class-map"), about.get("confidence-map", {})
    if not isinstance(labels, dict) or not isinstance(confidences, dict):
        return annotation
    line = JsonText(annotation.raw)
    line.remove({name, name + METADATA_SUFFIX})
    present = {label.name for label in annotation.class_labels}
    for class_id in dict.fromkeys(ids):
        label = labels.get(str(class_id))
        if not isinstance(label, str):
            return annotation  # nobody knows what this id means
        if label not in present:
            present.add(label)
            confidence = confidences.get(str(class_id), _CONFIDENCE)
            _add_class_label(line, name, class_id, label, confidence, about, now)
    return parse_line(bytes(line))


def _are_ids(ids: object) -> bool:
    return isinstance(ids, list) and all(isinstance(one, int) and not isinstance(one, bool) for one in ids)


def _add_class_label(
    line: JsonText,
    stem: str,
    class_id: int,
    label: str,
    confidence: object,
    about: Mapping[str, Any],
    now: datetime,
) -> None:
    keys = line.keys()
    name = next(name for name in (f"{stem}{number}" for number in count()) if is_free(name, keys))
    metadata: dict[str, object] = {"confidence": confidence}
    if "job-name" in about:
        metadata["job-name"] = about["job-name"]
    metadata["class-name"] = label
    metadata["human-annotated"] = about.get("human-annotated", "yes")
    metadata["creation-date"] = about.get("creation-date", creation_date(now))
    metadata["type"] = CLASS_TYPE
    line.set(name, class_id)
    line.set(name + METADATA_SUFFIX, metadata)


def _box_at(annotation: Annotation, finding: Finding) -> tuple[BoxAttribute, int]:
    name, _, index = steps_of(finding.pointer)
    return _attribute(annotation, name), int(index)


def _attribute(annotation: Annotation, name: str) -> BoxAttribute:
    found = [attribute for attribute in annotation.box_attributes if attribute.name == name]
    if not found:
        raise UsageError(f"The line has no boxes {name!r}.")
    return found[0]


def _pair(annotation: Annotation, name: str) -> tuple[Any, Any]:
    """Value and metadata, decoded."""
    members = annotation.members
    return load_value(bytes(members[name])), load_value(bytes(members[name + METADATA_SUFFIX]))


def _safe(code: str, change: Change) -> Change:
    """The change, where it does what a fix promises."""

    def safely(
        annotation: Annotation, finding: Finding, facts: ImageFacts | None, now: datetime
    ) -> Annotation:
        before = check_line(annotation, facts)
        if finding not in before:
            return annotation
        try:
            changed = change(annotation, finding, facts, now)
        except (UsageError, ValueError, RecursionError):  # the line is odd beyond what a fix can open
            return annotation
        if changed is annotation or not _is_better(code, before, check_line(changed, facts)):
            return annotation
        return changed

    return safely


def _is_better(code: str, before: tuple[Finding, ...], after: tuple[Finding, ...]) -> bool:
    old, new = (Counter(found.code for found in some) for some in (before, after))
    errors = {found.code for found in after if found.level is Level.ERROR}
    return new[code] < old[code] and all(new[error] <= old[error] for error in errors)


_CHANGES: Final[Mapping[str, Change]] = {
    "ERROR_INVALID_BOUNDING_BOX": _clamp_box,
    "ERROR_BOUNDING_BOX_TOO_SMALL": _remove_box,
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT": _complete_metadata,
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE": _pad_confidences,
    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT": _size_from_pixels,
    "TRUTHLINE_IMAGE_SIZE_MISMATCH": _size_from_pixels,
    "TRUTHLINE_UNUSED_CLASS": _drop_class,
    "ERROR_INVALID_LABEL_NAME_LENGTH": _drop_class,
    "ERROR_UNSUPPORTED_USE_CASE_TYPE": _split_multi_label,
}

FIXES: Final[Mapping[str, Fix]] = MappingProxyType(
    {code: Fix(CODES[code].fix, _safe(code, change)) for code, change in _CHANGES.items()}
)
"""By code the fix that may help against it; `fixes_for` tells where it does."""
