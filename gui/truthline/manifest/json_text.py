"""JSON text opened level by level, changed in places, and put together again with all else as it was.

A decoder forgets white space, the text of numbers, escapes and repeated keys. These are users' bytes, so a
gesture opens only the levels on the way to what it changes and leaves the rest as text.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_STRING: Final = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_STRING_AT: Final = re.compile(_STRING, re.DOTALL)
_STRING_OR_BRACKET: Final = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)
_DEPTH: Final = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
_SCALAR_AT: Final = re.compile(rb"[^ \t\r\n,\]}]+")
_SPACE_AT: Final = re.compile(rb"[ \t\r\n]*")
_HEAD: Final = re.compile(
    rb"[ \t\r\n]*\{[ \t\r\n]*"
    + _STRING
    + rb"(?P<colon>[ \t\r\n]*:[ \t\r\n]*)"
    + _STRING
    + rb"(?P<tail>[ \t\r\n]*)(?:,(?P<lead>[ \t\r\n]*)|\})",
    re.DOTALL,
)
"""The beginning of an object whose first member is a text."""
_BLANKS: Final = b" \t\r\n"
_COLON_AT: Final = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
# How many arrays and objects may lie in each other. Python's decoders stop at a depth that depends on its
# version: below 1,000 up to 3.13, and from 3.14 on where the C stack ends.
DEEPEST: Final = 500
_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_QUOTED: Final = re.compile(rb'"[^"]*"')
_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b'[]{}"'))


def refuse_depth(text: bytes) -> None:
    """Raise RecursionError for what may be nested more than `DEEPEST` levels, JSON or not."""
    if text.count(b"[") + text.count(b"{") > DEEPEST and not _is_shallow(text) and _depth(text) > DEEPEST:
        raise RecursionError


def _is_shallow(text: bytes) -> bool:
    """Whether a quick look is enough to see that it is."""
    if b"\\" in text:
        text = _ESCAPE.sub(b"", text)  # then every quote begins or ends a string
    # Of strings without brackets only pairs of quotes are left; what stands between two others is in strings.
    brackets = text.translate(None, _ALL_BUT_BRACKETS).replace(b'""', b"")
    if b'"' in brackets:
        brackets = _QUOTED.sub(b"", brackets)
    for closed in range(0, 64, 2):
        if brackets.count(b"[") + brackets.count(b"{") + closed <= DEEPEST:
            return True
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")  # one level, or two: [{}]
    return False


def _depth(text: bytes) -> int:
    steps = (_DEPTH.get(match[0], 0) for match in _STRING_OR_BRACKET.finditer(text))
    return max(accumulate(steps), default=0)


def decode_value(text: bytes) -> Any:
    """Decode JSON as msgspec does, at the same depth with every Python.

    Raises:
        msgspec.DecodeError: not JSON, or a number beyond what msgspec holds (msgspec.ValidationError).
        UnicodeDecodeError: not UTF-8.
        RecursionError: nested too deeply.

    """
    refuse_depth(text)
    return msgspec.json.decode(text)


def load_value(text: bytes) -> object:
    """Decode JSON with numbers of any size: whole ones as int, those beyond a double as Decimal.

    This is many times slower than msgspec, which refuses such numbers, and meant for what that refuses.

    Raises:
        ValueError: not JSON (NaN and Infinity are not), or not UTF-8.
        RecursionError: nested too deeply.

    """
    refuse_depth(text)
    value: object = json.loads(
        text.decode(), parse_int=_parse_int, parse_float=_parse_float, parse_constant=_refuse_constant
    )
    return value


def _parse_int(text: str) -> object:
    try:
        return int(text)
    except ValueError:  # more digits than Python turns into an int
        return Decimal(text)


def _parse_float(text: str) -> object:
    number = float(text)
    if math.isinf(number):
        try:
            return Decimal(text)
        except InvalidOperation:  # an exponent beyond even that
            return number
    return int(number) if number.is_integer() else number


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not a number in JSON")


@dataclass(frozen=True, slots=True)
class Style:
    """What new text puts after a comma, and between a key and its value."""

    comma: bytes = b""
    colon: bytes = b":"

    def dump(self, value: object) -> bytes:
        """Write a value as UTF-8 JSON in this style; other than ASCII characters are not escaped.

        Raises:
            UsageError: a text in it holds half a surrogate pair, which no UTF-8 can hold.

        """
        try:
            return _encoder(self).encode(value).encode()
        except UnicodeEncodeError as error:
            title = f"The text {error.object!a} holds half a character."
            raise UsageError(title, detail="Type it again.") from error


@cache  # there are few styles, and making an encoder takes longer than writing a short text
def _encoder(style: Style) -> json.JSONEncoder:
    separators = ("," + style.comma.decode(), style.colon.decode())
    return json.JSONEncoder(ensure_ascii=False, separators=separators)


@dataclass(slots=True)
class Part:
    """One member of an object or item of an array; ``name`` and ``colon`` are empty in an array."""

    lead: bytes
    name: bytes
    colon: bytes
    value: bytes | JsonText
    tail: bytes

    @property
    def key(self) -> str:
        """The key that ``name`` spells."""
        return msgspec.json.decode(self.name, type=str)

    def __bytes__(self) -> bytes:
        return b"".join((self.lead, self.name, self.colon, bytes(self.value), self.tail))


class JsonText:
    """An object or array as the texts of its parts. `bytes()` gives the text back.

    Args:
        text: JSON that a decoder has accepted already.
        style: for what is added; None takes it from this text's own first separators.

    Raises:
        ValueError: the text is neither an object nor an array.

    """

    def __init__(self, text: bytes, style: Style | None = None) -> None:
        start = _match_end(_SPACE_AT, text, 0)
        if text[start : start + 1] not in (b"{", b"["):
            raise ValueError("neither an object nor an array")
        end = _value_end(text, start)
        self._opening, self._closing = text[: start + 1], text[end - 1 :]
        self.parts = _split(text[start + 1 : end - 1], named=text[start : start + 1] == b"{")
        # White space in an empty container has no part to belong to.
        self._blank = b"" if self.parts else text[start + 1 : end - 1]
        self.style = style or self._own_style()

    def __bytes__(self) -> bytes:
        inner = b",".join(map(bytes, self.parts)) if self.parts else self._blank
        return self._opening + inner + self._closing

    def __len__(self) -> int:
        return len(self.parts)

    def keys(self) -> list[str]:
        """Every key in order, also a repeated one."""
        return [part.key for part in self.parts]

    def find(self, key: str) -> int:
        """Index of the member with that key, the last if it is there repeatedly; -1 if it is not."""
        return max((index for index, part in enumerate(self.parts) if part.key == key), default=-1)

    def open(self, place: str | int) -> JsonText:
        """Open the object or array at that key or index; what is changed there changes this text too."""
        part = self.parts[self.find(place) if isinstance(place, str) else place]
        if isinstance(part.value, bytes):
            part.value = JsonText(part.value, self.style)
        return part.value

    def set(self, key: str, value: object) -> None:
        """Set a member's value, in its place if the key is there, else at the end."""
        index = self.find(key)
        if index < 0:
            self.append(self.style.dump(key), self.style.dump(value))
        else:
            self.parts[index].value = self.style.dump(value)

    def append(self, name: bytes, value: bytes) -> None:
        """Add a member at the end of an object, by the texts of its key and value."""
        self._insert(len(self.parts), Part(b"", name, self._colon(), value, b""))

    def insert(self, index: int, value: object) -> None:
        """Insert an item into an array."""
        self._insert(index, Part(b"", b"", b"", self.style.dump(value), b""))

    def remove(self, places: Collection[str | int]) -> None:
        """Remove the members with these keys, also repeated ones, or the items at these indices."""
        first, last = (self.parts[0].lead, self.parts[-1].tail) if self.parts else (b"", b"")
        self.parts = [
            part for index, part in enumerate(self.parts) if (part.key if part.name else index) not in places
        ]
        if self.parts:  # the white space at both ends belongs to the brackets
            self.parts[0].lead, self.parts[-1].tail = first, last

    def _insert(self, index: int, part: Part) -> None:
        # How this text separates its parts shows before its second one; what stands behind the last one
        # belongs to the bracket, and stays there.
        several = len(self.parts) > 1
        part.lead = self.parts[1].lead if several else self.style.comma
        inner_tail = self.parts[0].tail if several else b""
        if not self.parts:
            part.lead = b""
        elif index == len(self.parts):
            part.tail, self.parts[-1].tail = self.parts[-1].tail, inner_tail
        else:
            part.tail = inner_tail
            if index == 0:
                part.lead, self.parts[0].lead = self.parts[0].lead, part.lead
        self.parts.insert(index, part)

    def _colon(self) -> bytes:
        return self.parts[0].colon if self.parts else self.style.colon

    def _own_style(self) -> Style:
        colon = self.parts[0].colon if self.parts and self.parts[0].name else b":"
        return _style(colon, self.parts[1].lead if len(self.parts) > 1 else None)


def _style(colon: bytes, lead: bytes | None) -> Style:
    """The style of a text by its first colon, and what stands before its second part, if it has one."""
    spaced = colon.partition(b":")[2] if lead is None else lead
    return Style(b" " if spaced else b"", b": " if colon[-1:] in b" \t\r\n" else b":")


def appended(text: bytes, members: Callable[[Style], Sequence[tuple[bytes, bytes]]]) -> bytes:
    """An object with members added at its end, as `JsonText.set` adds those that are not there.

    Most lines begin with their source-ref. Of these no more is read than that and the last bracket, which is
    four times as fast as opening them, and a label is given to 250,000 lines at once.

    Args:
        text: JSON that a decoder has accepted already.
        members: gives the texts of keys and values, in the style of the object.

    Raises:
        ValueError: the text is no object.

    """
    head = _HEAD.match(text)
    body = text.rstrip(_BLANKS)
    if head is None:
        return _appended_part_by_part(text, members)
    colon, tail, lead = head["colon"], head["tail"], head["lead"]
    inside = body[:-1].rstrip(_BLANKS)
    style = _style(colon, lead)
    after = text[len(inside) :]  # white space, the bracket, and what follows it
    between = b"," + (style.comma if lead is None else lead)
    if lead is None:
        tail = b""
    added = [between + name + colon + value for name, value in members(style)]
    return inside + tail + tail.join(added) + after


def _appended_part_by_part(text: bytes, members: Callable[[Style], Sequence[tuple[bytes, bytes]]]) -> bytes:
    opened = JsonText(text)
    for name, value in members(opened.style):
        opened.append(name, value)
    return bytes(opened)


def _match_end(pattern: re.Pattern[bytes], text: bytes, start: int) -> int:
    match = pattern.match(text, start)
    if match is None:
        raise ValueError(f"not JSON at byte {start}")
    return match.end()


def _value_end(text: bytes, start: int) -> int:
    first = text[start : start + 1]
    if first == b'"':
        return _match_end(_STRING_AT, text, start)
    if first not in (b"{", b"["):
        return _match_end(_SCALAR_AT, text, start)
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text, start):
        depth += _DEPTH.get(match[0], 0)
        if depth == 0:
            return match.end()
    raise ValueError(f"no end of the bracket at byte {start}")


def _split(inner: bytes, *, named: bool) -> list[Part]:
    parts: list[Part] = []
    at = 0
    while _match_end(_SPACE_AT, inner, at) < len(inner):
        part, at = _part(inner, at, named=named)
        parts.append(part)
        at += 1  # the comma
    return parts


def _part(inner: bytes, start: int, *, named: bool) -> tuple[Part, int]:
    name = _match_end(_SPACE_AT, inner, start)
    colon = _match_end(_STRING_AT, inner, name) if named else name
    value = _match_end(_COLON_AT, inner, colon) if named else name
    end = _value_end(inner, value)
    after = _match_end(_SPACE_AT, inner, end)
    part = Part(inner[start:name], inner[name:colon], inner[colon:value], inner[value:end], inner[end:after])
    return part, after
