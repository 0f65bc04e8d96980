"""Whether the service holds what it was sent."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from truthline.manifest.json_text import decode_value
from truthline.manifest.line import parse_line, same_value

if TYPE_CHECKING:
    from truthline.manifest.annotation import Annotation

_METADATA = frozenset(
    {
        "class-name",
        "confidence",
        "type",
        "human-annotated",
        "creation-date",
        "job-name",
        "objects",
        "class-map",
    },
)
_ATTRIBUTE = frozenset(
    {"image_size", "annotations", "class_id", "left", "top", "width", "height", "depth", "confidence"},
)
_UNDERSTOOD = _METADATA | _ATTRIBUTE


class Outcome(StrEnum):
    """What became of a line that was sent."""

    STORED = "stored"
    REDUCED = "reduced"
    """Stored, without keys that mean nothing to Truthline."""
    DIFFERENT = "different"
    NOT_STORED = "not stored"


def compare(sent: bytes, held: bytes | None, base: bytes | None, *, accepted: bool = True) -> Outcome:
    """What became of ``sent`` when the dataset then holds ``held`` and held ``base`` before.

    All lines are without the service's own keys; None means that the dataset holds (held) no such entry.
    ``accepted`` tells whether the service said that it took the line.
    """
    if held is None:
        return Outcome.NOT_STORED
    if same_value(sent, held):
        return Outcome.STORED
    as_before = base is not None and same_value(held, base)
    # A change of only such keys as the service never gives back reads back as no change at all, and cannot be
    # told from one that was lost: believe the service that it took it.
    if _reduced(sent, held) and (accepted or not as_before):
        return Outcome.REDUCED
    return Outcome.NOT_STORED if as_before else Outcome.DIFFERENT


def _reduced(sent: bytes, held: bytes) -> bool:
    try:
        whole, part = decode_value(sent), decode_value(held)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not isinstance(whole, dict) or not isinstance(part, dict):
        return False
    top = _attributes(parse_line(sent)) | {"source-ref"}
    if any(key in top for key in whole.keys() - part.keys()):
        return False
    return all(key in whole and _is_part(whole[key], part[key]) for key in part)


def _attributes(annotation: Annotation) -> set[str]:
    names = {label.attribute for label in annotation.class_labels}
    names |= {attribute.name for attribute in annotation.box_attributes}
    return names | {f"{name}-metadata" for name in names}


def _is_part(whole: Any, part: Any) -> bool:
    if isinstance(whole, dict) and isinstance(part, dict):
        missing = whole.keys() - part.keys()
        return not missing & _UNDERSTOOD and all(
            key in whole and (_same if key == "class-map" else _is_part)(whole[key], value)
            for key, value in part.items()
        )
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(_is_part, whole, part))
    return _same(whole, part)


def _same(a: Any, b: Any) -> bool:
    return same_value(msgspec.json.encode(a), msgspec.json.encode(b))
