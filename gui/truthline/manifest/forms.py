"""What form a manifest has: a line for each image, or something else that would be an error on every line.

A JSON array, and values that are spread over lines, can be read as one entry a value. White space with line
breaks, which stands between their parts, goes then; every other byte is kept.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from truthline.errors import NotLinesError, UnreadableFileError
from truthline.manifest.file import ManifestLine, read_manifest, read_raw_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_BREAK: Final = re.compile(rb"\s*[\r\n]\s*")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT: Final = 4096
"""The first lines tell the form, and a manifest may have 100,000 characters in each."""
_SAMPLE: Final = 100
_MANY: Final = 3
"""Fewer lines may be one broken line each."""
_MOST_BYTES: Final = 256 << 20
"""What is not told apart by lines has to be held in memory as a whole."""


class Form(Enum):
    """Forms of a file, by what a person is told of them."""

    LINES = "a line for each image"
    ARRAY = "The file is one JSON array; a manifest has a line for each image, and no brackets around them."
    SPREAD = "The file holds JSON values that are spread over lines; a manifest has one line for each image."
    UTF_16 = "The file is UTF-16 text; a manifest is UTF-8."
    NO_TEXT = "The file is no text, so it is no manifest."
    NO_JSON = "The file holds no JSON, so it is no manifest."

    @property
    def has_values(self) -> bool:
        """Whether it can be read as one entry a value."""
        return self in (Form.ARRAY, Form.SPREAD)


def form_of(path: str | Path) -> Form:
    """Tell the form of a file by its first lines, and of all of it where those are no lines of a manifest.

    Raises:
        UnreadableFileError: it cannot be read.

    """
    lines = list(islice((line for line in read_raw_lines(path) if line.strip()), _SAMPLE))
    head = b"\n".join(lines)[:_LOOKED_AT]
    if head.startswith(_UTF_16):
        return Form.UTF_16
    starts = {line.lstrip()[:1] for line in lines}
    if b"\0" in head and b"{" not in starts:
        return Form.NO_TEXT
    first = lines[0].lstrip()[:1] if lines else b""
    if first == b"[" and _array(_whole(path)):
        return Form.ARRAY
    if first == b"{" and _values(lines[0]) is None and _values(_whole(path)):
        return Form.SPREAD
    if len(lines) >= _MANY and not starts & {b"{", b"["}:
        return Form.NO_JSON
    return Form.LINES


def check_form(path: str | Path) -> None:
    """Raise an error, once for the whole file, unless it has a line for each image.

    Raises:
        NotLinesError: it can be read as one entry a value instead.
        UnreadableFileError: it cannot.

    """
    _refuse(form_of(path), path)


def _refuse(form: Form, path: str | Path) -> None:
    if form.has_values:
        detail = "Read it as one entry a value: truthline new --values, or open it in the window."
        raise NotLinesError(form.value, detail=detail, place=str(path))
    if form is not Form.LINES:
        raise UnreadableFileError(form.value, detail="Choose another file.", place=str(path))


def read_entries(path: str | Path, *, values: bool = False) -> Iterator[ManifestLine]:
    """Stream a manifest's lines; with ``values``, one for each JSON value of a file that has no lines.

    Their numbers are then those of the values, from 1.

    Raises:
        NotLinesError: without ``values``, the file has no lines.
        UnreadableFileError: it cannot be read.

    """
    form = form_of(path)
    if not (values and form.has_values):
        _refuse(form, path)
        yield from read_manifest(path)
        return
    data = _whole(path)
    for number, value in enumerate(_array(data) if form is Form.ARRAY else _values(data) or (), 1):
        yield ManifestLine(number, _on_one_line(value, number, path), b"\n")


def _on_one_line(value: bytes, number: int, path: str | Path) -> bytes:
    try:
        # JSON has no line breaks within its texts; a value that is none must not become one.
        msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error) or "nested too deeply"
        raise UnreadableFileError(
            f"Value {number} cannot be read: {reason}.", detail="Correct it.", place=str(path)
        ) from error
    return _BREAK.sub(b"", value)


def _whole(path: str | Path) -> bytes:
    """All of the file, nothing if it is too large for that."""
    return b"" if Path(path).stat().st_size > _MOST_BYTES else b"\n".join(read_raw_lines(path))


def _array(data: bytes) -> list[bytes]:
    """The objects of an array; none if it is not one of objects alone."""
    try:
        found = [bytes(value).strip() for value in msgspec.json.decode(data, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return found if all(value.startswith(b"{") for value in found) else []


def _values(data: bytes) -> list[bytes] | None:
    """The objects that stand one after another, None if it is anything else."""
    found: list[bytes] = []
    depth = start = end = 0
    for token in _TOKEN.finditer(data):
        sign = token[0]
        if depth == 0:
            if sign != b"{" or data[end : token.start()].strip():
                return None
            start = token.start()
        depth += (sign in b"{[") - (sign in b"}]") if len(sign) == 1 else 0
        if depth == 0:
            end = token.end()
            found.append(data[start:end])
    return found if depth == 0 and not data[end:].strip() else None
