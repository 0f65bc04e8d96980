"""Bytes to upright pixels, within limits: the one decoder behind thumbnails and canvas.

Colours are shown as stored: embedded profiles are left out, since converting 12 megapixels would take longer
than decoding them, and labels do not depend on it. Transparent pixels lie on `BACKDROP`, on which both black
and white shapes can be seen.

Pillow is handed only the parts of a file that make pixels. So damaged EXIF data, oversized comments or a
broken animation neither stop an image nor make Pillow warn, and its own process-wide limits stay untouched.
Everything here may be called from any thread.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from truthline.errors import ImageError
from truthline.images.header import (
    PNG_SIGNATURE,
    SOI,
    SOS,
    Header,
    IncompleteHeaderError,
    jpeg_segments,
    png_chunks,
    read_header,
    recognise_format,
)
from truthline.images.limits import MAX_BYTES, MAX_PIXELS, check_size
from truthline.manifest.annotation import ImageFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.images.source import ImageSource

BACKDROP: Final = (128, 128, 128)

_HEAD_BYTES: Final = 64 * 2**10
"""As much as one segment of a JPEG can hold, so that most headers, thumbnail included, take one read."""
_HEAD_GROWTH: Final = 8
_METADATA_SEGMENTS: Final = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
"""Of a JPEG: APP1 to APP15 and comments, without APP14, which says how the colours are coded."""
_PIXEL_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
_IEND: Final = b"\0\0\0\0IEND\xaeB`\x82"
_SMALL: Final = 1_024
"""Pixels of the longest side of what is shown small."""
_SIXTEEN_BITS: Final = 16
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_COPY_AGAIN: Final = "Copy the file again from where it came from."


@dataclass(frozen=True, slots=True)
class Pixels:
    """An upright image, from its top left corner on, line by line.

    A pixel is four bytes, blue, green, red and 255: ``QImage.Format_RGB32`` on little-endian computers,
    which Qt paints without converting. ``stride`` is the length of a line in bytes.
    """

    width: int
    height: int
    data: bytes
    stride: int


def read_facts(data: bytes, size: int) -> ImageFacts:
    """Tell what is known of an image; never raises.

    Args:
        data: the image, or its first bytes.
        size: how many bytes the whole image has.

    """
    try:
        header = read_header(data)
    except ImageError as error:
        return ImageFacts(0, 0, recognise_format(data), size, problem=str(error))
    width, height = header.upright_size
    try:
        _check_limits(header, size)
    except ImageError as error:
        return ImageFacts(width, height, header.format, size, problem=str(error))
    return ImageFacts(width, height, header.format, size)


def fetch_facts(ref: str, source: ImageSource) -> ImageFacts:
    """Tell what is known of an image, from as few of its first bytes as will do.

    Raises:
        ImageError: the source does not have it.
        ServiceError: S3 cannot be asked.

    """
    size = source.size(ref)
    return read_facts(_fetch_head(ref, source), size)


def fetch_header(ref: str, source: ImageSource) -> Header:
    """The image's header, from as few of its first bytes as will do.

    Raises:
        ImageError: the source does not have it, or the header is damaged.
        ServiceError: S3 cannot be asked.

    """
    return read_header(_fetch_head(ref, source))


def _fetch_head(ref: str, source: ImageSource) -> bytes:
    length = _HEAD_BYTES
    head = source.head_bytes(ref, length)
    while _ends_early(head) and len(head) == length < MAX_BYTES:
        length *= _HEAD_GROWTH
        head = source.head_bytes(ref, length)
    return head


def decode(data: bytes, *, max_side: int | None = None) -> Pixels:
    """Decode an image upright.

    Args:
        data: the whole file.
        max_side: scale down, never up, so that no side is longer than this; quicker than decoding in full.

    Raises:
        ImageError: it is no PNG or JPEG, over a limit, cut off or damaged.

    """
    header = read_header(data)
    _check_limits(header, len(data))
    try:
        return _pixels(_decode(_pixel_parts(data, header), header, max_side))
    except ImageError:
        raise
    except Exception as error:
        # Pillow's decoders meet damaged data with OSError, SyntaxError, ValueError, struct.error and others.
        reason = str(error).rstrip(".") or type(error).__name__
        raise ImageError(f"The image data is cut off or damaged ({reason}).", detail=_COPY_AGAIN) from error


def encode_jpeg(pixels: Pixels) -> bytes:
    """The pixels as a small JPEG, for keeping."""
    size = pixels.width, pixels.height
    image = Image.frombytes("RGB", size, pixels.data, "raw", "BGRX", pixels.stride)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _check_limits(header: Header, size: int) -> None:
    check_size(size)
    width, height = header.upright_size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The image has {width:,} by {height:,} pixels; "
            f"up to {MAX_PIXELS // 10**6} million can be shown.",
            detail="The service takes at most 4,096 by 4,096.",
        )


def _ends_early(head: bytes) -> bool:
    try:
        read_header(head)
    except IncompleteHeaderError:
        return True
    except ImageError:
        return False
    return False


def _pixel_parts(data: bytes, header: Header) -> bytes:
    """The image without what Pillow need not see."""
    return b"".join(_jpeg_parts(data) if header.format == "JPEG" else _png_parts(data))


def _jpeg_parts(data: bytes) -> Iterator[memoryview | bytes]:
    view = memoryview(data)
    yield bytes((0xFF, SOI))
    for part in jpeg_segments(data):
        if part.kind == SOS:
            yield view[part.start :]
        elif part.kind not in _METADATA_SEGMENTS:
            yield view[part.start : part.end]


def _png_parts(data: bytes) -> Iterator[memoryview | bytes]:
    view = memoryview(data)
    yield PNG_SIGNATURE
    depth = 0
    for part in png_chunks(data):
        if part.kind == b"IHDR":
            depth = data[part.content + 8]
        # Pillow reads 16 bits a channel as 8, but not the transparent colour that goes with them.
        if part.kind in _PIXEL_CHUNKS and not (part.kind == b"tRNS" and depth == _SIXTEEN_BITS):
            if part.end > len(data):
                raise ImageError(
                    f"The file ends after {len(data):,} bytes, within its pixels.", detail=_COPY_AGAIN
                )
            yield view[part.start : part.end]
    yield _IEND


def _decode(parts: bytes, header: Header, max_side: int | None) -> Image.Image:
    # By class and not by Image.open, which warns by size and calls phones' JPEGs with a second image "MPO".
    reader = JpegImageFile if header.format == "JPEG" else PngImageFile
    file = reader(io.BytesIO(parts))
    if file.size != (header.width, header.height):
        raise ImageError("The header gives the size of the image twice, and differently.", detail=_COPY_AGAIN)
    size = _scaled(file.size, max_side)
    if size != file.size:
        # Twice as large where it is scaled down to a thumbnail, which is sharper then; and no larger than
        # wanted where that would be most of a large photo again.
        room = 2 if max(size) <= _SMALL else 1
        file.draft(None, (room * size[0], room * size[1]))
    file.load()
    image = _plain(file)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    image = _opaque(image)
    turn = _UPRIGHT.get(header.orientation)
    return image if turn is None else image.transpose(turn)


def _scaled(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    longest = max(size)
    if max_side is None or longest <= max_side:
        return size
    width, height = (max(1, round(side * max_side / longest)) for side in size)
    return width, height


def _plain(image: Image.Image) -> Image.Image:
    """In one of the modes that can be scaled: L, RGB, or RGBA if any pixel may be transparent."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "I;16":
        # Convert would clip at 255 where the upper byte is wanted; this mode is little-endian everywhere.
        return Image.frombytes("L", image.size, image.tobytes()[1::2])
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image if image.mode == "RGB" else image.convert("RGB")
    backdrop = Image.new("RGB", image.size, BACKDROP)
    backdrop.paste(image, mask=image)
    return backdrop


def _pixels(image: Image.Image) -> Pixels:
    image.putalpha(255)  # in place, where converting would copy
    return Pixels(image.width, image.height, image.tobytes("raw", "BGRA"), 4 * image.width)
