"""Small images, and folders of files in the shapes that tools write."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image, ImageOps

from truthline.errors import ImageError
from truthline.interchange.model import ImageLookup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# No deadline, since a busy machine is no failure; no database, since it would lie in the working tree.
settings.register_profile(
    "interchange", deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("interchange")


@pytest.fixture
def put(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Make a folder of files by their relative paths."""

    def make(files: dict[str, str | bytes], folder: str = "source") -> Path:
        for name, content in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / folder

    return make


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """A JPEG of that stored size and EXIF orientation; with ``box`` (left, top, width, height) in white."""

    def make(
        width: int, height: int, orientation: int = 1, box: tuple[int, int, int, int] | None = None
    ) -> bytes:
        image = Image.new("L", (width, height))
        if box is not None:
            left, top, across, down = box
            image.paste(255, (left, top, left + across, top + down))
        exif = Image.Exif()
        exif[0x0112] = orientation
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=100, exif=exif)
        return stream.getvalue()

    return make


@pytest.fixture
def white_frame() -> Callable[[bytes], tuple[int, int, int, int]]:
    """Left, top, width and height of what is white in the upright image, as Pillow turns it."""

    def find(data: bytes) -> tuple[int, int, int, int]:
        with Image.open(io.BytesIO(data)) as stored:
            upright = ImageOps.exif_transpose(stored)
            found = upright.point(lambda value: 255 if value > 127 else 0).getbbox()
        assert found is not None
        return found[0], found[1], found[2] - found[0], found[3] - found[1]

    return find


@pytest.fixture
def lookup_of() -> Callable[..., ImageLookup]:
    """A lookup of images by the bytes that they have."""

    def make(images: dict[str, bytes], *, complete: bool = True) -> ImageLookup:
        def opened(ref: str) -> Image.Image:
            if ref not in images:
                raise ImageError("There is no such image.", place=ref)
            return Image.open(io.BytesIO(images[ref]))

        def size_of(ref: str) -> tuple[int, int]:
            with opened(ref) as image:
                return ImageOps.exif_transpose(image).size

        def orientation_of(ref: str) -> int:
            with opened(ref) as image:
                return int(image.getexif().get(0x0112, 1))

        def read(ref: str) -> bytes:
            opened(ref).close()
            return images[ref]

        return ImageLookup(list(images), complete, size_of, orientation_of, read)

    return make
