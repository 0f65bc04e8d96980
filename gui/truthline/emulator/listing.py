"""How entries come back: the form of a line, the service's keys in it, and the pages they come in."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeVar

from truthline.emulator.lines import CLASSIFICATION, DETECTION, MESSAGES, Problem, attribute_names
from truthline.emulator.wire import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from truthline.emulator.entries import Entry

T = TypeVar("T")

_DECODER = json.JSONDecoder()
_METADATA_KEYS = {"type", "human-annotated", "creation-date", "job-name"}


def format_entry(entry: Entry, form: str) -> str:
    """Write an entry as ListDatasetEntries gives it, in one of the forms of the switch ``listing``."""
    line = entry.line.strip(" \t\r")
    if form == "normalised":
        line = json.dumps(_normalise(json.loads(line)), ensure_ascii=False, separators=(",", ":"))
    elif form == "known_keys":
        line = json.dumps(_known(json.loads(line)), ensure_ascii=False)
    additions: dict[int, list[str]] = {}
    metadata = json.dumps({"is_labeled": entry.reading.is_labeled})
    additions.setdefault(_end_of(line, ()), []).append(f'"cl-metadata": {metadata}')
    for place, problems in _by_place(entry.reading.problems).items():
        errors = [{"code": problem.code, "message": MESSAGES[problem.code]} for problem in problems]
        additions.setdefault(_end_of(line, place), []).append(f'"cl-errors": {json.dumps(errors)}')
    return _insert(line, additions)


def matches(entry: Entry, params: Mapping[str, Any]) -> bool:
    """Tell whether an entry passes the filters of a ListDatasetEntries request."""
    reading = entry.reading
    return (
        ("ContainsLabels" not in params or not reading.labels.isdisjoint(params["ContainsLabels"]))
        and ("Labeled" not in params or reading.is_labeled == params["Labeled"])
        and ("SourceRefContains" not in params or params["SourceRefContains"] in entry.source_ref)
        and (not params.get("HasErrors") or bool(reading.problems))
    )


class Pager:
    """Pages over a sequence that may grow between two requests.

    A token holds the position to go on from, sealed with the request that it was given for: the service
    refuses a token of another request.
    """

    def __init__(self, operation: str, params: Mapping[str, Any], *, ends_with_empty: bool) -> None:
        question = {key: value for key, value in params.items() if key not in {"NextToken", "MaxResults"}}
        text = json.dumps([operation, question], sort_keys=True)
        self._seal = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._size: int = params.get("MaxResults", 100)
        self._start = self._read(params.get("NextToken", ""))
        self._ends_with_empty = ends_with_empty

    def page(
        self, items: Sequence[T], keep: Callable[[T], bool] = lambda _: True
    ) -> tuple[list[T], dict[str, str]]:
        """Give one page, and the members that lead to the next.

        The token names the next match itself, so that following the pages looks at each item once.
        """
        found: list[T] = []
        for position in range(self._start, len(items)):
            if keep(items[position]):
                if len(found) == self._size:
                    return found, {"NextToken": self._write(position)}
                found.append(items[position])
        return found, {"NextToken": ""} if self._ends_with_empty else {}

    def _write(self, position: int) -> str:
        return base64.urlsafe_b64encode(f"{position}:{self._seal}".encode()).decode()

    def _read(self, token: str) -> int:
        if not token:
            return 0
        try:
            position, _, seal = base64.urlsafe_b64decode(token).decode().partition(":")
            if seal == self._seal:
                return int(position)
        except (binascii.Error, ValueError):
            pass
        raise ServiceError("InvalidPaginationTokenException", "Invalid Pagination Token")


def _by_place(problems: Iterable[Problem]) -> dict[tuple[str | int, ...], list[Problem]]:
    grouped: dict[tuple[str | int, ...], list[Problem]] = {}
    for problem in problems:
        grouped.setdefault(problem.place, []).append(problem)
    return grouped


def _insert(line: str, additions: Mapping[int, list[str]]) -> str:
    """Put members before the closing braces at the given offsets; every other character stays."""
    for end in sorted(additions, reverse=True):
        comma = "" if line[:end].rstrip().endswith("{") else ", "
        line = line[:end] + comma + ", ".join(additions[end]) + line[end:]
    return line


def _end_of(line: str, place: tuple[str | int, ...]) -> int:
    """Find the closing brace of the object at a place, or of the nearest object around it."""
    start, end = 0, len(line)
    closing = end - 1
    for step in place:
        found = _items(line, start).get(step)
        if found is None:
            break
        start, end = found
        if line[start] == "{":
            closing = end - 1
    return closing


def _items(line: str, start: int) -> dict[str | int, tuple[int, int]]:
    """Find where each value of an object or array begins and ends; none in any other value."""
    if line[start] not in "{[":
        return {}
    spans: dict[str | int, tuple[int, int]] = {}
    at = _skip(line, start + 1)
    while line[at] not in "}]":
        key: str | int = len(spans)
        if line[start] == "{":
            key, at = _DECODER.raw_decode(line, at)
            at = _skip(line, _skip(line, at) + 1)
        _, end = _DECODER.raw_decode(line, at)
        spans[key] = (at, end)
        at = _skip(line, end)
        if line[at] == ",":
            at = _skip(line, at + 1)
    return spans


def _skip(line: str, at: int) -> int:
    while line[at] in " \t\r":
        at += 1
    return at


def _normalise(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _normalise(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_normalise(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _known(line: dict[str, Any]) -> dict[str, Any]:
    known = {"source-ref": line["source-ref"]}
    for name in attribute_names(line):
        value, metadata = line[name], line[f"{name}-metadata"]
        kind = metadata.get("type") if isinstance(metadata, dict) else None
        if kind == CLASSIFICATION:
            metadata = _only(metadata, _METADATA_KEYS | {"confidence", "class-name"})
        elif kind == DETECTION:
            value = _known_detection(value)
            metadata = _only(metadata, _METADATA_KEYS | {"objects", "class-map"})
        known |= {name: value, f"{name}-metadata": metadata}
    return known


def _known_detection(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    boxes = value.get("annotations")
    kept = _only(value, {"image_size", "annotations"})
    if isinstance(boxes, list):
        keys = {"class_id", "left", "top", "width", "height"}
        kept["annotations"] = [_only(box, keys) if isinstance(box, dict) else box for box in boxes]
    return kept


def _only(members: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key in keys}
