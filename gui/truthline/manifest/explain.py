"""Says in plain words what is wrong with a line, or a label attribute, that the decoders refused.

The JSON Schemas in ``resources/schemas`` hold the rules; their ``description`` is the end of the sentence
"... must be". jsonschema is some hundred times slower than the decoders, so it only sees what they refused.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from truthline.manifest.annotation import BoxAttribute, ClassLabel, Finding, Level
from truthline.manifest.json_text import load_value, refuse_depth
from truthline.manifest.names import METADATA_SUFFIX, SOURCE_REF
from truthline.manifest.pointer import pointer_to
from truthline.manifest.shapes import BOX_TYPE, CLASS_TYPE, convert_pair
from truthline.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_SCHEMAS: Final = {CLASS_TYPE: "image-classification", BOX_TYPE: "object-detection"}
_MOST_FINDINGS: Final = 100  # of one attribute: nobody reads more, and each costs time
_SHOWN: Final = 60  # characters of a value that a message quotes

_NOT_JSON: Final = "ERROR_INVALID_JSON_LINE"
_TOO_DEEP: Final = "is nested too deeply to be read"


def explain_line(raw: bytes) -> Iterator[Finding]:
    """Findings of a line as a whole: that it is no JSON object, or has no usable source-ref."""
    reason = _why_not_json(raw)
    if reason:
        yield Finding(_NOT_JSON, Level.ERROR, f"This line {reason}.")
        return
    ref = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get(SOURCE_REF)
    line = {} if ref is None else {SOURCE_REF: _load_or_none(bytes(ref))}
    for error in _validator("line").iter_errors(line):
        missing = error.validator == "required"
        code = "ERROR_MISSING_SOURCE_REF" if missing else "ERROR_INVALID_SOURCE_REF_FORMAT"
        message = "This line has no source-ref, so it names no image." if missing else _sentence("", error)
        yield Finding(code, Level.ERROR, message, pointer_to(*error.absolute_path))


def explain_pair(
    name: str, value: bytes, metadata: bytes
) -> tuple[ClassLabel | BoxAttribute | None, tuple[Finding, ...]]:
    """Findings of a label attribute, and what can be read of it nevertheless.

    No finding means that the decoders were too strict, such as with a whole number that is written 2.0.
    """
    try:
        pair = {"value": load_value(value), "metadata": load_value(metadata)}
        findings = tuple(islice(_pair_findings(name, pair), _MOST_FINDINGS))
        return convert_pair(name, pair["value"], pair["metadata"]), findings
    except RecursionError:
        code, message = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", f"{_quoted(name)} {_TOO_DEEP}."
        return None, (Finding(code, Level.ERROR, message, pointer_to(name)),)


def _why_not_json(raw: bytes) -> str:
    try:
        raw.decode()
        refuse_depth(raw)
        msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UnicodeDecodeError as error:
        return f"is not JSON: byte {error.start + 1} is not UTF-8"
    except msgspec.ValidationError:
        return "is JSON, but not an object in braces"
    except RecursionError:
        return _TOO_DEEP
    except msgspec.DecodeError:
        return _why_not_decoded(raw)
    return ""


def _why_not_decoded(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        return "is not JSON: it begins with a byte order mark"
    try:
        load_value(raw)
    except json.JSONDecodeError as error:
        near = error.doc[error.pos : error.pos + 20]
        where = f"at character {error.pos + 1}, near {_shown(near)}" if near else "at its end"
        return f"is not JSON: something is wrong or missing {where}"
    except ValueError as error:
        return f"is not JSON: {error}"
    except RecursionError:
        return _TOO_DEEP
    return "is not JSON: an escape in it, \\ud800 or the like, stands for half a character"


def _load_or_none(text: bytes) -> object:
    try:
        return load_value(text)
    except RecursionError:
        return None


@cache
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # costs 0.09 s, and most files need none of it

    return Draft202012Validator(json.loads(resource(f"schemas/{name}.schema.json").read_bytes()))


def _pair_findings(name: str, pair: dict[str, Any]) -> Iterator[Finding]:
    about = pair["metadata"]
    kind = about.get("type") if isinstance(about, dict) else None
    if isinstance(kind, str) and kind not in _SCHEMAS:
        yield unsupported(name, kind)
        return
    # Without a type nobody knows what else to expect.
    schema = _SCHEMAS[kind] if isinstance(kind, str) else "label-attribute"
    told: set[Sequence[str | int]] = set()
    for error in _validator(schema).iter_errors(pair):
        path = tuple(error.absolute_path)
        if _is_of_key(error):
            yield _finding(name, (*path, str(error.instance)), _sentence(name, error))
        elif error.validator != "required":
            yield _finding(name, path, _sentence(name, error))
        elif path not in told:  # jsonschema gives one error for each missing key, but names none of them
            told.add(path)
            for key in error.validator_value:
                if key not in error.instance:
                    yield _finding(name, path, f"{_place(name, path)} has no {_quoted(key)}.")


def unsupported(name: str, kind: str) -> Finding:
    """The finding of a label attribute of another type than the two that the service takes."""
    message = (
        f"{_quoted(name)} is of the type {_shown(kind)}, which Custom Labels does not take. "
        f"It takes {CLASS_TYPE} and {BOX_TYPE}."
    )
    pointer = pointer_to(name + METADATA_SUFFIX, "type")
    return Finding("ERROR_UNSUPPORTED_USE_CASE_TYPE", Level.ERROR, message, pointer)


def _finding(name: str, path: Sequence[str | int], message: str) -> Finding:
    in_metadata = path[0] == "metadata"
    code = "ERROR_INVALID_LABEL_ATTRIBUTE_" + ("METADATA_FORMAT" if in_metadata else "FORMAT")
    key = name + METADATA_SUFFIX if in_metadata else name
    return Finding(code, Level.ERROR, message, pointer_to(key, *path[1:]))


def _sentence(name: str, error: ValidationError) -> str:
    place = _place(name, error.absolute_path)
    if _is_of_key(error):
        place = f"A key of {place}"
    wanted = cast("dict[str, Any]", error.schema)["description"]
    return f"{place} is {_shown(error.instance)}; it must be {wanted}."


def _is_of_key(error: ValidationError) -> bool:
    """Whether the error is about the name of a key; jsonschema hangs it at the object that has the key."""
    return "propertyNames" in error.absolute_schema_path


def _place(name: str, path: Sequence[str | int]) -> str:
    """Words for a place in a pair, innermost first: "left" of box 3 of "bounding-box"."""
    words: list[str] = []
    for before, step in zip(("", *path), path, strict=False):
        if isinstance(step, int):
            words[-1:] = [f"box {step + 1}"] if before == "annotations" else [*words[-1:], f"item {step + 1}"]
        elif before != "":
            words.append(_quoted(step))
        else:
            words.append(_quoted({"value": name, "metadata": name + METADATA_SUFFIX}.get(step, step)))
    return " of ".join(reversed(words))


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        return kind if value else f"{kind} that is empty"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _quoted(key: object) -> str:
    return _shown(str(key))
