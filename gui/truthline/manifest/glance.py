"""Tells at a glance that nothing is wrong with a line, as is so with nearly every line of a file.

This only saves the time of building an `Annotation` and asking every rule: it says no wherever a rule might
have something to say. A property test holds it to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from truthline.manifest.limits import (
    MAX_BOXES_PER_IMAGE,
    MAX_IMAGE_SIDE,
    MAX_LABEL_CHARACTERS,
    MAX_LABELS_PER_IMAGE,
    MAX_LINE_CHARACTERS,
    MIN_IMAGE_SIDE,
    TRAINING_SIDE,
)
from truthline.manifest.line import UNREADABLE, is_s3_uri, read_members
from truthline.manifest.names import METADATA_SUFFIX, label_pairs
from truthline.manifest.shapes import decode_pair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truthline.manifest.shapes import BoxMetadata, BoxValue, ClassMetadata


def plain_source_ref(raw: bytes) -> str:
    """Source-ref of a line that is certain to have no finding; "" where that is not certain."""
    if len(raw) > MAX_LINE_CHARACTERS:
        return ""
    try:
        ref, members = read_members(raw)
        pairs = label_pairs(members)
        complete = pairs and len(members) == 1 + 2 * len(pairs)
        if not complete or not is_s3_uri(ref):
            return ""
        boxes = 0
        for name in pairs:
            about, value = decode_pair(members[name], members[name + METADATA_SUFFIX])
            if isinstance(value, int):
                plain = _are_plain_names((cast("ClassMetadata", about).class_name,))
            else:
                plain = _has_plain_boxes(value, cast("BoxMetadata", about))
                boxes += len(value.annotations)
            if not plain:
                return ""
    except UNREADABLE:
        return ""
    few = boxes <= MAX_BOXES_PER_IMAGE and len(pairs) + boxes <= MAX_LABELS_PER_IMAGE
    return ref if few else ""


def _are_plain_names(names: Iterable[str]) -> bool:
    return all(0 < len(name) <= MAX_LABEL_CHARACTERS for name in names)


def _has_plain_boxes(value: BoxValue, about: BoxMetadata) -> bool:
    wide, high = value.image_size[0].width, value.image_size[0].height
    if not (MIN_IMAGE_SIDE <= wide <= MAX_IMAGE_SIDE and MIN_IMAGE_SIDE <= high <= MAX_IMAGE_SIDE):
        return False
    least = max(wide, high, TRAINING_SIDE) / TRAINING_SIDE
    labels = about.class_map
    if not value.annotations or len(value.annotations) != len(about.objects):
        return False
    for box in value.annotations:
        if not (
            0 <= box.left <= wide - box.width
            and 0 <= box.top <= high - box.height
            and box.width > least < box.height
            and box.class_id in labels
        ):
            return False
    return all(entry.confidence is not None for entry in about.objects) and _are_plain_names(labels.values())
