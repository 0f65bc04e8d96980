"""Tells at a glance that nothing is wrong with a line, as is so with nearly every line of a file.

This only saves the time of building an `Annotation` and asking every rule: the whole line is decoded at once
into types that allow less than the rules do, and it says no wherever a rule might have something to say. A
property test holds it to that.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # the decoder reads it
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.json import Decoder

from truthline.manifest.check.limits import (
    MAX_BOXES_PER_IMAGE,
    MAX_IMAGE_SIDE,
    MAX_LABEL_CHARACTERS,
    MAX_LABELS_PER_IMAGE,
    MAX_LINE_CHARACTERS,
    MIN_IMAGE_SIDE,
    TRAINING_SIDE,
)
from truthline.manifest.json_text import refuse_depth
from truthline.manifest.line import UNREADABLE, is_s3_uri
from truthline.manifest.names import METADATA_SUFFIX, SOURCE_REF
from truthline.manifest.shapes import BOX_TYPE, CLASS_TYPE, Confidence, Whole

_Label = Annotated[str, Meta(min_length=1, max_length=MAX_LABEL_CHARACTERS)]
# Whole numbers of any size would overflow where they meet a float.
_Start = Annotated[int, Meta(ge=0, le=MAX_IMAGE_SIDE)] | Annotated[float, Meta(ge=0)]
_Length = Annotated[int, Meta(gt=1, le=MAX_IMAGE_SIDE)] | Annotated[float, Meta(gt=1)]
_Side = Annotated[int, Meta(ge=MIN_IMAGE_SIDE, le=MAX_IMAGE_SIDE)]


class PlainBox(Struct, gc=False):
    """A box that may be right: it still has to lie in its image."""

    left: _Start
    top: _Start
    width: _Length
    height: _Length
    class_id: int


class _Size(Struct, gc=False):
    width: _Side
    height: _Side
    depth: Annotated[int, Meta(ge=1, le=99)]


class _Object(Struct, gc=False):
    confidence: Confidence


class _Part(Struct, rename="kebab", gc=False):
    """The value of boxes, or metadata of either kind: one type, as that is decoded fastest."""

    type: Literal["groundtruth/image-classification", "groundtruth/object-detection"] | None = None
    human_annotated: Literal["yes", "no"] | None = None
    # Decoded several times as fast as the pattern of the rules is matched, and takes less.
    creation_date: datetime | None = None
    job_name: str | UnsetType = UNSET
    class_name: _Label | None = None
    confidence: Confidence | None = None
    class_map: dict[Annotated[int, Meta(ge=0, le=999_999)], _Label] | None = None
    objects: list[_Object] | None = None
    annotations: list[PlainBox] | None = None
    image_size: Annotated[list[_Size], Meta(min_length=1, max_length=1)] | None = field(
        default=None, name="image_size"
    )


class PlainLine(Struct, gc=False):
    """A line without any finding: its source-ref, class labels, and each attribute's boxes and class-map.

    Every label of the class-maps is used. ``size`` counts the line's bytes.
    """

    source_ref: str
    class_labels: list[str]
    boxes: list[tuple[list[PlainBox], dict[int, str]]]
    size: int


_LINE: Final = Decoder(dict[str, str | Whole | _Part])
_SUFFIX_LENGTH: Final = len(METADATA_SUFFIX)


def plain_line(raw: bytes) -> PlainLine | None:
    """Read a line that is certain to have no finding; None where that is not certain."""
    if len(raw) > MAX_LINE_CHARACTERS:
        return None
    try:
        if not raw.isascii():
            raw.decode()  # the decoder does not look into the strings that it skips
        refuse_depth(raw)
        members = _LINE.decode(raw)
    except UNREADABLE:
        return None
    ref = members.pop(SOURCE_REF, None)
    if not isinstance(ref, str) or not is_s3_uri(ref) or "cl" in members:
        return None
    return _plain_pairs(PlainLine(ref, [], [], len(raw)), members)


def plain_source_ref(raw: bytes) -> str:
    """Source-ref of a line that is certain to have no finding; "" where that is not certain."""
    plain = plain_line(raw)
    return plain.source_ref if plain else ""


def _plain_pairs(plain: PlainLine, members: dict[str, str | int | _Part]) -> PlainLine | None:
    count = pairs = 0
    for key, about in members.items():
        if not isinstance(about, _Part) or not key.endswith(METADATA_SUFFIX):
            continue
        value = members.get(key[:-_SUFFIX_LENGTH])
        if about.human_annotated is None or about.creation_date is None:
            return None
        if isinstance(value, int):
            label = about.class_name
            if about.type != CLASS_TYPE or about.confidence is None or label is None:
                return None
            plain.class_labels.append(label)
        elif isinstance(value, _Part) and about.type == BOX_TYPE:
            boxes, labels = value.annotations, about.class_map
            if not boxes or labels is None or not _are_plain(boxes, value, labels, about.objects):
                return None
            plain.boxes.append((boxes, labels))
            count += len(boxes)
        else:
            return None
        pairs += 1
    few = count <= MAX_BOXES_PER_IMAGE and pairs + count <= MAX_LABELS_PER_IMAGE
    return plain if pairs and 2 * pairs == len(members) and few else None


def _are_plain(
    boxes: list[PlainBox], value: _Part, labels: dict[int, str], objects: list[_Object] | None
) -> bool:
    if value.image_size is None or objects is None or len(boxes) != len(objects):
        return False
    wide, high = value.image_size[0].width, value.image_size[0].height
    least = max(wide, high, TRAINING_SIDE) / TRAINING_SIDE
    used = set()
    for box in boxes:
        if (
            box.left + box.width > wide
            or box.top + box.height > high
            or box.width <= least
            or box.height <= least
        ):
            return False
        used.add(box.class_id)
    return used == labels.keys()
