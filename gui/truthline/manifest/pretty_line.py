"""A JSON line laid out over several lines of text, with the place of every value in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truthline.manifest.json_text import refuse_depth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHORT = 76
"""An object or array that fits into so many characters stays on one line."""


class _Number(str):
    """A number's own text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PrettyLine:
    """Text, and for each JSON Pointer where its member (key included) stands: (start, end)."""

    text: str
    spans: Mapping[str, tuple[int, int]]


def pretty_line(raw: bytes) -> PrettyLine:
    """Lay a line out; one that is not JSON is shown as it is, without places."""
    writer = _Writer()
    try:
        writer.write(_loads(raw), "", 0)
    except (ValueError, RecursionError):
        return PrettyLine(raw.decode("utf-8", errors="replace"), {})
    return PrettyLine("".join(writer.parts), writer.spans)


def changed_places(line: bytes, base: bytes) -> frozenset[str]:
    """JSON Pointers of what the line has otherwise than the base line, as deep as can be told."""
    try:
        return frozenset(_differences(_loads(line), _loads(base), ""))
    except (ValueError, RecursionError):
        return frozenset({""}) if line != base else frozenset()


def change_in_words(before: bytes, after: bytes) -> tuple[str, str]:
    """The places that differ between two lines, as they were and as they are, on one line each."""
    old, new = pretty_line(before), pretty_line(after)
    places = sorted(changed_places(after, before))
    told = (" … ".join(filter(None, (_piece(layout, place) for place in places))) for layout in (old, new))
    was, now = told
    return was or "(nothing)", now or "(nothing)"


def _piece(layout: PrettyLine, place: str) -> str:
    span = layout.spans.get(place)
    return " ".join(layout.text[span[0] : span[1]].split()) if span is not None and place else ""


def nearest_span(pretty: PrettyLine, pointer: str) -> tuple[int, int] | None:
    """Where a pointer's value stands, or the closest thing that holds it."""
    while pointer not in pretty.spans and "/" in pointer:
        pointer = pointer.rpartition("/")[0]
    return pretty.spans.get(pointer)


def _loads(raw: bytes) -> Any:
    refuse_depth(raw)
    return json.loads(raw.decode("utf-8-sig"), parse_float=_Number, parse_int=_Number)


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _differences(new: Any, old: Any, pointer: str) -> Iterator[str]:
    if isinstance(new, dict) and isinstance(old, dict):
        for key, value in new.items():
            if key not in old:
                yield f"{pointer}/{_escape(key)}"
            else:
                yield from _differences(value, old[key], f"{pointer}/{_escape(key)}")
        if any(key not in new for key in old):
            yield pointer
    elif isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        for place, (value, before) in enumerate(zip(new, old, strict=True)):
            yield from _differences(value, before, f"{pointer}/{place}")
    elif not _equal(new, old):
        yield pointer


def _equal(new: Any, old: Any) -> bool:
    if isinstance(new, _Number) and isinstance(old, _Number):
        return float(new) == float(old)
    return type(new) is type(old) and bool(new == old)


def _plain(value: Any) -> str:
    """The value on one line."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        inside = ", ".join(
            f"{json.dumps(key, ensure_ascii=False)}: {_plain(item)}" for key, item in value.items()
        )
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(_plain(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.spans: dict[str, tuple[int, int]] = {}
        self._at = 0

    def write(self, value: Any, pointer: str, depth: int) -> None:
        start = self._at
        spread = depth == 0 or len(_plain(value)) + 2 * depth > _SHORT
        if isinstance(value, dict) and value:
            members = [
                (f"{json.dumps(key, ensure_ascii=False)}: ", _escape(key), item)
                for key, item in value.items()
            ]
            self._write_members("{", "}", members, pointer, depth, spread=spread)
        elif isinstance(value, list) and value:
            items = [("", str(place), item) for place, item in enumerate(value)]
            self._write_members("[", "]", items, pointer, depth, spread=spread)
        else:
            self._put(_plain(value))
        self.spans.setdefault(pointer, (start, self._at))

    def _write_members(
        self,
        opening: str,
        closing: str,
        members: list[tuple[str, str, Any]],
        pointer: str,
        depth: int,
        *,
        spread: bool,
    ) -> None:
        self._put(opening)
        for place, (key, token, item) in enumerate(members):
            if place:
                self._put("," if spread else ", ")
            if spread:
                self._put("\n" + "  " * (depth + 1))
            start = self._at
            self._put(key)
            self.write(item, f"{pointer}/{token}", depth + 1)
            self.spans[f"{pointer}/{token}"] = (start, self._at)
        if spread:
            self._put("\n" + "  " * depth)
        self._put(closing)

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self._at += len(text)
