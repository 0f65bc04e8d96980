"""The keys that the service adds to the lines it lists, and lines compared without them.

They hang at four places: the line, a label attribute, its metadata, and one annotation (box). Listings call
them ``cl-errors``, ``cl-warnings`` and ``cl-metadata``; the manifests of a training's validation hold
``errors`` and ``warnings``. Only ``cl-`` keys are taken out, since the others may be a user's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.manifest.annotation import RemoteError
from truthline.manifest.json_text import JsonText, decode_value, load_value
from truthline.manifest.names import METADATA_SUFFIX, SERVICE_PREFIX, label_pairs, service_keys
from truthline.manifest.pointer import pointer_to

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_LISTS: Final = ("cl-errors", "cl-warnings")
_SHARED_LISTS: Final = ("errors", "warnings")
# How nearly every listed line ends; taking the line apart for it takes ten times as long.
_USUAL_END: Final = re.compile(rb',\s*"cl-metadata"\s*:\s*\{[^{}\[\]]*\}\s*\}\s*\Z')


def strip_service_keys(raw: bytes) -> bytes:
    """Take the service's ``cl-`` keys out of a line; every other byte stays.

    A label attribute whose own name begins with ``cl-`` is a user's and stays too. What is no JSON object
    comes back as it is.
    """
    if b"\\" not in raw:
        places = raw.count(b"cl-")
        if not places:
            return raw
        usual = _USUAL_END.search(raw) if places == 1 else None
        if usual is not None and _load(raw) is not _NOT_JSON:
            return raw[: usual.start()] + b"}"
    value = _load(raw)
    if not isinstance(value, dict):
        return raw
    text = JsonText(raw)
    changed = False
    for path, holder in _places(value):
        added = (
            service_keys(holder) if not path else {key for key in holder if key.startswith(SERVICE_PREFIX)}
        )
        if added:
            _descend(text, path).remove(added)
            changed = True
    return bytes(text) if changed else raw


def remote_errors(raw: bytes) -> tuple[RemoteError, ...]:
    """Read what the service attached to a line; the pointer names the place that it hangs at."""
    if b'errors"' not in raw and b'warnings"' not in raw:
        return ()
    value = _load(raw)
    if not isinstance(value, dict):
        return ()
    return tuple(error for path, holder in _places(value) for error in _errors_at(path, holder))


def same_value(a: bytes, b: bytes) -> bool:
    """Whether two lines are equal as JSON values, the service's keys left out on both sides.

    Key order and the spelling of numbers do not matter: 1 equals 1.0, but not true. What is not JSON equals
    only the same bytes.
    """
    if a == b:
        return True
    first, second = _load(strip_service_keys(a)), _load(strip_service_keys(b))
    return first is not _NOT_JSON and second is not _NOT_JSON and equal_values(first, second)


_NOT_JSON: Final = object()


def _load(raw: bytes) -> Any:
    try:
        return decode_value(raw)
    except msgspec.ValidationError:  # a number beyond what msgspec holds
        return _load_slowly(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOT_JSON


def _load_slowly(raw: bytes) -> Any:
    try:
        return load_value(raw)
    except (ValueError, RecursionError):
        return _NOT_JSON


def equal_values(first: Any, second: Any) -> bool:
    """Whether two decoded JSON values are equal: 1 equals 1.0, but not true; key order does not matter."""
    # A stack of its own, since a line may nest deeper than functions can call each other.
    waiting = [(first, second)]
    while waiting:
        a, b = waiting.pop()
        if isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            waiting += [(a[key], b[key]) for key in a]
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            waiting += zip(a, b, strict=True)
        elif isinstance(a, bool) is not isinstance(b, bool) or a != b:
            return False
    return True


def _places(line: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Path and object of each place where the service hangs its keys."""
    yield (), line
    for name in label_pairs(line):
        value, metadata = line[name], line[name + METADATA_SUFFIX]
        if isinstance(value, dict):
            yield (name,), value
            boxes = value.get("annotations")
            for index, box in enumerate(boxes if isinstance(boxes, list) else []):
                if isinstance(box, dict):
                    yield (name, "annotations", index), box
        if isinstance(metadata, dict):
            yield (name + METADATA_SUFFIX,), metadata


def _descend(text: JsonText, path: tuple[str | int, ...]) -> JsonText:
    for step in path:
        text = text.open(step)
    return text


def _errors_at(path: tuple[str | int, ...], holder: dict[str, Any]) -> Iterator[RemoteError]:
    for key in (*_OWN_LISTS, *_SHARED_LISTS):
        listed = holder.get(key)
        for item in listed if isinstance(listed, list) else []:
            code = item.get("code") if isinstance(item, dict) else None
            if isinstance(code, str) and (key in _OWN_LISTS or code.startswith(("ERROR_", "WARNING_"))):
                message = item.get("message")
                yield RemoteError(code, message if isinstance(message, str) else "", pointer_to(*path))
