"""Headers and pixels: every mode, orientation and kind of damage."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from present import present
from truthline.errors import ImageError
from truthline.images import limits
from truthline.images.decode import BACKDROP, Pixels, decode, encode_jpeg, fetch_facts, read_facts
from truthline.images.limits import MAX_BYTES, MAX_PIXELS
from truthline.manifest.annotation import ImageFacts

if TYPE_CHECKING:
    from collections.abc import Callable


def as_image(pixels: Pixels) -> Image.Image:
    """What a view would show."""
    assert pixels.stride >= 4 * pixels.width
    assert len(pixels.data) == pixels.stride * pixels.height
    size = pixels.width, pixels.height
    image = Image.frombytes("RGBA", size, pixels.data, "raw", "BGRA", pixels.stride)
    assert image.getchannel("A").getextrema() == (255, 255)
    return image.convert("RGB")


def far_apart(one: Image.Image, other: Image.Image) -> int:
    assert one.size == other.size
    return max(high for _, high in ImageChops.difference(one, other).getextrema())  # type: ignore[misc]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def insert_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """Behind the IHDR."""
    return png[:33] + png_chunk(kind, content) + png[33:]


def insert_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """Before all others."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


def png_claiming(width: int, height: int) -> bytes:
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", ihdr)
        + png_chunk(b"IDAT", zlib.compress(bytes(1000)))
        + png_chunk(b"IEND", b"")
    )


def jpeg_claiming(jpeg: bytes, width: int, height: int) -> bytes:
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[: frame + 5] + struct.pack(">HH", height, width) + jpeg[frame + 9 :]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pixels_and_facts_are_upright(
    picture: Callable[..., Any], encode: Callable[..., Any], kind: str, orientation: int
) -> None:
    data = encode(picture(), kind, orientation)
    with Image.open(io.BytesIO(data)) as opened:
        expected = ImageOps.exif_transpose(opened).convert("RGB")
    assert far_apart(as_image(decode(data)), expected) == 0
    assert read_facts(data, len(data)) == ImageFacts(*expected.size, kind, len(data))
    scaled = decode(data, max_side=24)
    assert (scaled.width, scaled.height) == ((24, 16) if orientation < 5 else (16, 24))
    assert far_apart(as_image(scaled).resize((2, 2), Image.Resampling.BOX), expected.resize((2, 2))) < 40


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(
    picture: Callable[..., Any], encode: Callable[..., Any], order: str
) -> None:
    tiff = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, 2)
    tiff += struct.pack(f"{order}HHII", 0x0100, 4, 1, 48) + struct.pack(f"{order}HHIHH", 0x0112, 3, 1, 6, 0)
    assert read_facts(insert_chunk(encode(picture()), b"eXIf", tiff), 1).width == 32
    assert read_facts(insert_segment(encode(picture(), "JPEG"), 0xE1, b"Exif\0\0" + tiff), 1).width == 32


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        b"nonsense" * 9,
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\xff\xff\x06\0\0\0",
    ],
)
def test_damaged_exif_leaves_the_image_as_it_is(
    picture: Callable[..., Any], encode: Callable[..., Any], exif: bytes
) -> None:
    for data in (
        insert_chunk(encode(picture()), b"eXIf", exif),
        insert_segment(encode(picture(), "JPEG"), 0xE1, b"Exif\0\0" + exif),
    ):
        assert read_facts(data, len(data)).width == 48
        assert decode(data).width == 48


def test_facts_and_pixels_agree_where_the_orientation_follows_the_pixels(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    png = encode(picture(), "PNG", 6)
    exif_at, iend_at = png.index(b"eXIf") - 4, png.index(b"IEND") - 4
    length = struct.unpack_from(">I", png, exif_at)[0] + 12
    moved = png[:exif_at] + png[exif_at + length : iend_at] + png[exif_at : exif_at + length] + png[iend_at:]
    assert read_facts(moved, len(moved)).width == decode(moved).width == 48


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("max_side", [None, 24])
def test_every_png_mode(
    picture: Callable[..., Any], encode: Callable[..., Any], mode: str, max_side: int | None
) -> None:
    source = picture(mode=mode)
    shown = as_image(decode(encode(source), max_side=max_side))
    expected = source.convert("RGB").resize(shown.size, Image.Resampling.BOX)
    assert (
        far_apart(shown.resize((2, 2), Image.Resampling.BOX), expected.resize((2, 2), Image.Resampling.BOX))
        < 12
    )


def test_sixteen_bit_grey_keeps_its_brightness(encode: Callable[..., Any]) -> None:
    dark, light = 0x1234, 0xFEDC
    image = Image.frombytes("I;16", (20, 10), struct.pack("<20H", *[dark] * 10, *[light] * 10) * 10)
    shown = as_image(decode(encode(image)))
    assert shown.getpixel((0, 0)) == (0x12,) * 3
    assert shown.getpixel((19, 9)) == (0xFE,) * 3
    assert decode(encode(image), max_side=10).width == 10


def test_sixteen_bit_colour_with_a_transparent_colour() -> None:
    row = b"\0" + struct.pack(">HHH", 0x8000, 0x4000, 0xFFFF) * 4
    png = (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 16, 2, 0, 0, 0))
        + png_chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))
        + png_chunk(b"IDAT", zlib.compress(row * 2))
        + png_chunk(b"IEND", b"")
    )
    assert as_image(decode(png)).getpixel((3, 1)) == (0x80, 0x40, 0xFF)


def test_interlaced_png() -> None:
    # Of 4 by 4 pixels, five of Adam7's seven passes hold any: so many wide and high.
    passes = b"".join(
        (b"\0" + bytes((10, 200, 30)) * width) * height
        for width, height in ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2))
    )
    png = (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 1))
        + png_chunk(b"IDAT", zlib.compress(passes))
        + png_chunk(b"IEND", b"")
    )
    assert as_image(decode(png)).getextrema() == ((10, 10), (200, 200), (30, 30))


@pytest.mark.parametrize("max_side", [None, 8])
def test_transparent_pixels_lie_on_the_backdrop(encode: Callable[..., Any], max_side: int | None) -> None:
    image = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 16, 32))
    shown = as_image(decode(encode(image), max_side=max_side))
    assert shown.getpixel((shown.width - 1, 0)) == BACKDROP
    assert shown.getpixel((0, 0)) == (0, 0, 255)


def test_a_palette_with_a_transparent_colour(encode: Callable[..., Any]) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([250, 10, 10, 10, 250, 10])
    image.paste(1, (4, 0, 8, 8))
    shown = as_image(decode(encode(image, transparency=0)))
    assert shown.getpixel((0, 0)) == BACKDROP
    assert shown.getpixel((7, 7)) == (10, 250, 10)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_jpeg_mode(
    picture: Callable[..., Any], encode: Callable[..., Any], mode: str, progressive: bool
) -> None:
    data = encode(picture(320, 240, mode), "JPEG", quality=95, progressive=progressive)
    expected = picture(320, 240, mode).convert("RGB")
    for max_side in (None, 40):
        shown = as_image(decode(data, max_side=max_side))
        centres = [
            (shown.width // 4 + x * shown.width // 2, shown.height // 4 + y * shown.height // 2)
            for x in (0, 1)
            for y in (0, 1)
        ]
        scale = 320 // shown.width
        for x, y in centres:
            pairs = zip(  # type: ignore[call-overload]
                present(shown.getpixel((x, y))), expected.getpixel((x * scale, y * scale)), strict=True
            )
            assert all(abs(one - other) < 8 for one, other in pairs)


def test_a_phones_jpeg_with_a_second_image_counts_as_jpeg(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    data = encode(picture(), "MPO", save_all=True, append_images=[picture(24, 16)])
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.format == "MPO"
    assert read_facts(data, len(data)) == ImageFacts(48, 32, "JPEG", len(data))
    assert decode(data).width == 48


def test_an_animated_png_shows_its_first_frame(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    data = encode(picture(), "PNG", save_all=True, append_images=[picture().rotate(180)])
    assert far_apart(as_image(decode(data)), picture()) == 0


def test_comments_and_broken_animations_do_not_stop_an_image(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    bomb = insert_chunk(encode(picture()), b"zTXt", b"comment\0\0" + zlib.compress(bytes(5_000_000)))
    assert decode(bomb).width == 48
    twice = insert_chunk(insert_chunk(encode(picture()), b"acTL", bytes(8)), b"acTL", bytes(8))
    assert decode(twice).width == 48
    assert decode(insert_segment(encode(picture(), "JPEG"), 0xED, b"Photoshop 3.0\x008BIM\x03")).width == 48


@pytest.mark.parametrize(
    ("size", "max_side", "scaled"),
    [
        ((100, 50), 40, (40, 20)),
        ((50, 100), 40, (20, 40)),
        ((30, 20), 40, (30, 20)),
        ((2000, 3), 40, (40, 1)),
        ((3, 2000), 1, (1, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_scaling_keeps_the_aspect_and_never_enlarges(
    picture: Callable[..., Any],
    encode: Callable[..., Any],
    kind: str,
    size: tuple[Any, ...],
    max_side: int,
    scaled: tuple[Any, ...],
) -> None:
    shown = decode(encode(picture(*size), kind), max_side=max_side)
    assert (shown.width, shown.height) == scaled


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "progressive JPEG"])
def test_a_cut_off_file_is_refused_with_a_reason(encode: Callable[..., Any], kind: str, tenth: int) -> None:
    noise = Image.effect_noise((200, 150), 80).convert("RGB")
    data = encode(noise, kind.rsplit(maxsplit=1)[-1], **({"progressive": True} if " " in kind else {}))
    cut = data[: len(data) * tenth // 10]
    with pytest.raises(ImageError) as raised:
        decode(cut)
    assert raised.value.title
    assert raised.value.detail
    with pytest.raises(ImageError):
        decode(cut, max_side=32)
    facts = read_facts(cut, len(cut))
    assert facts.problem if tenth == 0 else facts.width == 200


def test_a_png_without_its_last_chunk_is_shown(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    assert decode(encode(picture())[:-12]).width == 48


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 1), (65_500, 65_500), (1, 120_000_001)])
def test_a_bomb_is_refused_before_memory_is_taken(
    picture: Callable[..., Any], encode: Callable[..., Any], size: tuple[Any, ...]
) -> None:
    files = [png_claiming(*size)]
    if max(size) < 2**16:
        files.append(jpeg_claiming(encode(picture(), "JPEG"), *size))
    for data in files:
        tracemalloc.start()
        try:
            with pytest.raises(ImageError, match=f"{size[0]:,} by {size[1]:,} pixels"):
                decode(data)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2**20
        facts = read_facts(data, len(data))
        assert (facts.width, facts.height) == size
        assert "million" in facts.problem


def test_a_second_header_cannot_smuggle_in_a_larger_image(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    ihdr = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    with pytest.raises(ImageError):
        decode(insert_chunk(encode(picture()), b"IHDR", ihdr))
    jpeg = encode(picture(), "JPEG")
    frame = jpeg.index(b"\xff\xc0")
    end = frame + 2 + struct.unpack_from(">H", jpeg, frame + 2)[0]
    larger = jpeg_claiming(jpeg, 60_000, 60_000)[frame:end]
    with pytest.raises(ImageError):
        decode(jpeg[:end] + larger + jpeg[end:])


def test_the_limits_leave_in_what_the_service_refuses(encode: Callable[..., Any]) -> None:
    long = encode(Image.new("L", (9000, 2)))
    assert read_facts(long, len(long)) == ImageFacts(9000, 2, "PNG", len(long))
    assert decode(long).width == 9000
    assert read_facts(png_claiming(10_000, MAX_PIXELS // 10_000), 20 * 2**20).problem == ""


def test_too_many_bytes_are_refused(
    picture: Callable[..., Any], encode: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(picture())
    facts = read_facts(data, MAX_BYTES + 1)
    assert (facts.width, facts.size) == (48, MAX_BYTES + 1)
    assert f"{MAX_BYTES:,}" in facts.problem
    monkeypatch.setattr(limits, "MAX_BYTES", len(data) - 1)
    with pytest.raises(ImageError, match="bytes"):
        decode(data)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", "", "empty"),
        (b"<html>Sign in</html>", "", "no PNG or JPEG"),
        (b"GIF89a" + bytes(20), "GIF", "in the format GIF"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WEBP", "in the format WEBP"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "HEIF", "in the format HEIF"),
        (b"\0\0\0\x18ftypavif" + bytes(20), "AVIF", "in the format AVIF"),
        (b"\x89PNG\r\n\x1a\n", "PNG", "header does not end within 8 bytes"),
        (b"\xff\xd8\xff", "JPEG", "header does not end"),
        (png_claiming(0, 10), "PNG", "0 by 10 pixels"),
    ],
)
def test_what_is_no_image_says_what_it_is(data: bytes, kind: str, words: str) -> None:
    facts = read_facts(data, len(data))
    assert facts.format == kind
    assert words in facts.problem
    with pytest.raises(ImageError, match=words):
        decode(data)


class Bytes:
    """A source of one image that counts what is asked of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[int] = []

    def version(self, _ref: str) -> str | None:
        return "1"

    def size(self, _ref: str) -> int:
        return len(self.data)

    def head_bytes(self, _ref: str, length: int) -> bytes:
        self.asked.append(length)
        return self.data[:length]

    def read(self, _ref: str) -> bytes:
        raise AssertionError("the whole image is not needed")


def test_facts_take_one_short_read(encode: Callable[..., Any]) -> None:
    noise = Image.effect_noise((600, 500), 80)
    source = Bytes(encode(noise, "JPEG", 6))
    assert len(source.data) > 64 * 2**10
    assert fetch_facts("s3://b/k", source) == ImageFacts(500, 600, "JPEG", len(source.data))
    assert source.asked == [64 * 2**10]


def test_facts_read_on_where_the_header_is_longer(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    jpeg = encode(picture(), "JPEG", 6)
    for _ in range(10):
        jpeg = insert_segment(jpeg, 0xE2, bytes(60_000))
    source = Bytes(jpeg)
    assert fetch_facts("s3://b/k", source) == ImageFacts(32, 48, "JPEG", len(jpeg))
    assert len(source.asked) == 3
    png = Bytes(insert_chunk(encode(picture()), b"iTXt", bytes(70_000)))
    assert fetch_facts("s3://b/k", png).width == 48


def test_facts_of_a_cut_off_header_are_not_asked_for_again_and_again(
    picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    source = Bytes(insert_segment(encode(picture(), "JPEG"), 0xE2, bytes(60_000))[:50_000])
    assert "header does not end" in fetch_facts("s3://b/k", source).problem
    assert len(source.asked) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 200),
    kind=st.sampled_from(["PNG", "JPEG"]),
)
def test_damaged_bytes_give_pixels_or_an_image_error(
    picture: Callable[..., Any], encode: Callable[..., Any], edits: list[tuple[Any, ...]], cut: int, kind: str
) -> None:
    data = bytearray(encode(picture(), kind, 5))
    for place, value in edits:
        data[place % len(data)] = value
    damaged = bytes(data[: len(data) - cut])
    facts = read_facts(damaged, len(damaged))
    try:
        pixels = decode(damaged, max_side=16)
    except ImageError:
        return
    assert len(pixels.data) == pixels.stride * pixels.height
    assert not facts.problem


def test_many_threads_decode_at_once(picture: Callable[..., Any], encode: Callable[..., Any]) -> None:
    files = [encode(picture(64 + n, 48), kind, 1 + n % 8) for n in range(16) for kind in ("PNG", "JPEG")]
    alone = [decode(data, max_side=40) for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda data: decode(data, max_side=40), files)) == alone


def test_pillows_own_limits_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, encode: Callable[..., Any]
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert decode(encode(Image.new("RGB", (100, 100)))).width == 100
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_kept_pixels_come_back_alike(picture: Callable[..., Any], encode: Callable[..., Any]) -> None:
    pixels = decode(encode(picture(256, 128)))
    again = decode(encode_jpeg(pixels))
    assert (again.width, again.height) == (256, 128)
    for x, y in ((64, 32), (192, 32), (64, 96), (192, 96)):
        pairs = zip(  # type: ignore[call-overload]
            present(as_image(again).getpixel((x, y))), present(as_image(pixels).getpixel((x, y))), strict=True
        )
        assert all(abs(one - other) < 6 for one, other in pairs)
