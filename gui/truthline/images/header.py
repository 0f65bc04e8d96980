"""What the first bytes of an image say: format, size in pixels and EXIF orientation.

Read here and not by Pillow, because Pillow warns about damaged EXIF data through a process-wide switch, and
because a remote image is read piece by piece: whoever reads must learn that more bytes are needed.

Orientation counts where browsers, and so the consoles, look for it: in the first EXIF segment of a JPEG and
in an ``eXIf`` chunk of a PNG that stands before the pixels.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from truthline.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE: Final = b"\xff\xd8\xff"
SOI: Final = 0xD8
SOS: Final = 0xDA
EXIF_MARKER: Final = 0xE1

_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame, whatever its coding; the three others are tables."""
_LONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""
_ORIENTATION_TAG: Final = 0x0112
_SHORT: Final = 3
_IHDR: Final = struct.Struct(">II")
_IHDR_LENGTH: Final = 13
_FRAME: Final = struct.Struct(">xHH")
"""Of a frame's content: past the bits a channel, height and width."""


class IncompleteHeaderError(ImageError):
    """The bytes end before the header does."""


@dataclass(frozen=True, slots=True)
class Header:
    """``width`` and ``height`` as they are stored, so before ``orientation`` (1 to 8) is applied."""

    format: str
    width: int
    height: int
    orientation: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the image as it is shown."""
        turned = self.orientation >= 5  # those lie on their side
        return (self.height, self.width) if turned else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Part:
    """A JPEG segment or PNG chunk from ``start`` to ``end``, all its framing included.

    ``kind`` is a JPEG marker's second byte, or a PNG chunk's four letters; ``content`` is where its content
    begins. ``end`` may lie past the end of the data.
    """

    kind: int | bytes
    start: int
    content: int
    end: int


def recognise_format(data: bytes) -> str:
    """What the first bytes look like, as one of Pillow's names; "" if they are no image known here."""
    if data.startswith(PNG_SIGNATURE):
        return "PNG"
    if data.startswith(JPEG_SIGNATURE):
        return "JPEG"
    if data[4:8] == b"ftyp":
        return {b"avif": "AVIF", b"avis": "AVIF"}.get(data[8:12], "HEIF")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    others = {b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"\0\0\0\x0cjP  ": "JPEG2000"}
    return next((name for magic, name in others.items() if data.startswith(magic)), "")


def read_header(data: bytes) -> Header:
    """Read the header from an image's first bytes.

    Raises:
        IncompleteHeaderError: the bytes are too few.
        ImageError: this is no PNG or JPEG, or its header is damaged.

    """
    format_name = recognise_format(data)
    if format_name == "PNG":
        header = _read_png(data)
    elif format_name == "JPEG":
        header = _read_jpeg(data)
    else:
        _refuse_format(data, format_name)
    if not header.width or not header.height:
        raise ImageError(f"The header claims {header.width} by {header.height} pixels.", detail=_DAMAGED)
    return header


def jpeg_segments(data: bytes) -> Iterator[Part]:
    """The segments up to and including the start of the first scan, or to the end of the data."""
    place = 0
    while (place := data.find(b"\xff", place)) >= 0:
        start = place
        while data[place : place + 1] == b"\xff":  # any number of them may come before a marker
            place += 1
        marker = data[place] if place < len(data) else 0
        place += 1
        if marker in _LONE or marker in {0, SOI}:
            continue
        if place + 2 > len(data):
            return
        end = place + int.from_bytes(data[place : place + 2])
        yield Part(marker, start, place + 2, end)
        if marker == SOS:
            return
        place = end


def png_chunks(data: bytes) -> Iterator[Part]:
    """All chunks, as far as the data goes."""
    place = len(PNG_SIGNATURE)
    while place + 8 <= len(data):
        content = place + 8
        end = content + int.from_bytes(data[place : place + 4]) + 4
        yield Part(data[place + 4 : content], place, content, end)
        place = end


def _read_jpeg(data: bytes) -> Header:
    size: tuple[int, int] | None = None
    exif: bytes | None = None
    for part in jpeg_segments(data):
        if part.kind == SOS:
            break
        if part.end > len(data):
            _refuse_length(data)
        if part.kind in _FRAMES and part.end - part.content >= _FRAME.size:
            height, width = _FRAME.unpack_from(data, part.content)
            size = width, height
        elif part.kind == EXIF_MARKER and exif is None and data.startswith(b"Exif\0", part.content):
            exif = data[part.content + 6 : part.end]
    else:
        _refuse_length(data)
    if size is None:
        raise ImageError("The JPEG says nothing of its size before its pixels begin.", detail=_DAMAGED)
    return Header("JPEG", *size, _read_orientation(exif or b""))


def _read_png(data: bytes) -> Header:
    size: tuple[int, int] | None = None
    exif = b""
    for part in png_chunks(data):
        if part.kind == b"IDAT":
            break
        if part.end > len(data):
            _refuse_length(data)
        if part.kind == b"IHDR" and part.end - part.content == _IHDR_LENGTH + 4:
            size = _IHDR.unpack_from(data, part.content)
        elif part.kind == b"eXIf":
            exif = data[part.content : part.end - 4].removeprefix(b"Exif\0\0")
        elif part.kind == b"IEND":
            raise ImageError("The PNG holds no pixels.", detail=_DAMAGED)
    else:
        _refuse_length(data)
    if size is None:
        raise ImageError("The PNG says nothing of its size before its pixels begin.", detail=_DAMAGED)
    return Header("PNG", *size, _read_orientation(exif))


def _read_orientation(exif: bytes) -> int:
    """The orientation in EXIF data that begins with its TIFF header; 1, upright, if there is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for index in range(count):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * index)
            if tag == _ORIENTATION_TAG and kind == _SHORT and values == 1:
                return value if value in range(1, 9) else 1
    except struct.error:  # the data ends early
        pass
    return 1


def _refuse_format(data: bytes, format_name: str) -> NoReturn:
    if not data:
        raise ImageError("The file is empty.", detail="Copy it again from where it came from.")
    what = f"an image in the format {format_name}" if format_name else "no PNG or JPEG image"
    raise ImageError(
        f"The file is {what}.", detail="Only PNG and JPEG can be shown, and the service takes no others."
    )


def _refuse_length(data: bytes) -> NoReturn:
    raise IncompleteHeaderError(f"The header does not end within {len(data):,} bytes.", detail=_DAMAGED)


_DAMAGED: Final = "The file is cut off or damaged: copy it again from where it came from."
