"""The two kinds of label attribute that the service takes, as types that a decoder checks while it reads.

The same constraints stand as JSON Schemas in ``resources/schemas``, which say what is wrong where a pair
is refused here. A property test holds the two together.

Source: Custom Labels Developer Guide, image-level labels and object localisation in manifest files.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, cast

from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, convert, field
from msgspec.json import Decoder

from truthline.manifest.annotation import Box, BoxAttribute, ClassLabel, ImageSize

CLASS_TYPE: Final = "groundtruth/image-classification"
BOX_TYPE: Final = "groundtruth/object-detection"

# Far above every limit of the service, and what a double holds exactly, so that no sum of two overflows.
_MOST: Final = 999_999_999_999_999
Whole = Annotated[int, Meta(ge=-_MOST, le=_MOST)]
_Number = Whole | Annotated[float, Meta(ge=-_MOST, le=_MOST)]
_Pixels = Annotated[int, Meta(ge=1, le=_MOST)]
Confidence = Annotated[float, Meta(ge=0, le=1)]
ClassMap = dict[Annotated[int, Meta(ge=0, le=_MOST)], str]
# Zone and time of day are left out now and then.
_DATE: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?(?![\s\S])"
)
Date = Annotated[str, Meta(pattern=_DATE)]
_match_date: Final = re.compile(_DATE).match


@lru_cache(maxsize=1024)  # the labels of one image were given at one time, as a rule
def is_date(text: str | None) -> bool:
    """Whether it is what `Date` takes."""
    return text is not None and _match_date(text) is not None


class _Metadata(Struct, tag_field="type", rename="kebab", gc=False):
    human_annotated: Literal["yes", "no"]
    creation_date: Date
    job_name: str | UnsetType = UNSET


class ClassMetadata(_Metadata, tag=CLASS_TYPE, kw_only=True, gc=False):
    """Metadata of an image-level label."""

    class_name: str
    confidence: Confidence


class Object(Struct, gc=False):
    """What the metadata says of one box."""

    # None where it is absent; a null is refused, since it is no number.
    confidence: Confidence = None  # type: ignore[assignment]  # msgspec does not check defaults


class BoxMetadata(_Metadata, tag=BOX_TYPE, kw_only=True, gc=False):
    """Metadata of boxes."""

    class_map: ClassMap
    objects: list[Object]


class Frame(Struct, gc=False):
    """One box, in pixels."""

    left: _Number
    top: _Number
    width: _Number
    height: _Number
    class_id: Whole


class Size(Struct, gc=False):
    """The image's size in pixels, and its colour channels."""

    width: _Pixels
    height: _Pixels
    depth: _Pixels


class BoxValue(Struct, gc=False):
    """What an attribute of boxes holds."""

    annotations: list[Frame]
    image_size: Annotated[list[Size], Meta(min_length=1, max_length=1)]


class _LooseClassMetadata(Struct, tag_field="type", tag=CLASS_TYPE, rename="kebab"):
    class_name: str
    confidence: Any = None


class _LooseObject(Struct):
    found: Any = field(default=None, name="confidence")

    @property
    def confidence(self) -> float | None:
        return _confidence(self.found)


class _LooseBoxMetadata(Struct, tag_field="type", tag=BOX_TYPE, rename="kebab"):
    class_map: ClassMap = field(default_factory=dict)
    objects: list[_LooseObject] = field(default_factory=list)
    human_annotated: Any = None


class _LooseBoxValue(Struct):
    annotations: list[Frame] = field(default_factory=list)
    image_size: Any = None


_METADATA: Final = Decoder(ClassMetadata | BoxMetadata)
_CLASS_VALUE: Final = Decoder(Whole)
_BOX_VALUE: Final = Decoder(BoxValue)


def decode_pair(
    value: memoryview | bytes, metadata: memoryview | bytes
) -> tuple[ClassMetadata, int] | tuple[BoxMetadata, BoxValue]:
    """Decode a label attribute that is as the service wants it.

    Raises:
        msgspec.DecodeError, RecursionError: it is not; see `truthline.manifest.explain`.

    """
    about = _METADATA.decode(metadata)
    if isinstance(about, ClassMetadata):
        return about, _CLASS_VALUE.decode(value)
    return about, _BOX_VALUE.decode(value)


def read_pair(
    name: str, value: memoryview | bytes, metadata: memoryview | bytes
) -> ClassLabel | BoxAttribute:
    """Read a label attribute; raises what `decode_pair` does."""
    about, decoded = decode_pair(value, metadata)
    if isinstance(about, ClassMetadata):
        return ClassLabel(name, about.class_name, about.confidence)
    return _box_attribute(name, cast("BoxValue", decoded), about)


def convert_pair(name: str, value: object, metadata: object) -> ClassLabel | BoxAttribute | None:
    """Make what can be made of decoded JSON; None if a label or a frame is not to be found in it.

    This takes pairs in which only what nobody needs for showing them is missing or malformed.
    """
    try:
        about = convert(metadata, _LooseClassMetadata | _LooseBoxMetadata, str_keys=True)
        if isinstance(about, _LooseClassMetadata):
            convert(value, Whole)
            return ClassLabel(name, about.class_name, _confidence(about.confidence))
        return _box_attribute(name, convert(value, _LooseBoxValue), about)
    except (ValidationError, RecursionError):
        return None


def _box_attribute(
    name: str, value: BoxValue | _LooseBoxValue, about: BoxMetadata | _LooseBoxMetadata
) -> BoxAttribute:
    labels = about.class_map
    confidences = [entry.confidence for entry in about.objects]
    confidences += [None] * (len(value.annotations) - len(confidences))
    boxes = [
        Box(labels.get(box.class_id, ""), box.left, box.top, box.width, box.height, box.class_id, confidence)
        for box, confidence in zip(value.annotations, confidences, strict=False)
    ]
    size = value.image_size[0] if isinstance(value, BoxValue) else _loose_size(value.image_size)
    image_size = None if size is None else ImageSize(size.width, size.height, size.depth)
    return BoxAttribute(name, tuple(boxes), image_size, labels, about.human_annotated == "yes")


def _confidence(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if usable else None  # type: ignore[arg-type]  # told by `usable`


def _loose_size(value: object) -> Size | None:
    try:
        return convert(value, list[Size])[0]
    except (ValidationError, IndexError):
        return None
