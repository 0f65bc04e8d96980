"""Pictures to test with, made by Pillow."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

Encode = Callable[..., bytes]


@pytest.fixture
def picture() -> Callable[..., Image.Image]:
    """A picture whose four quarters differ, so that every turn and flip shows."""

    def make(width: int = 48, height: int = 32, mode: str = "RGB") -> Image.Image:
        image = Image.new("RGB", (width, height), (200, 30, 30))
        image.paste((30, 200, 30), (width // 2, 0, width, height // 2))
        image.paste((30, 30, 200), (0, height // 2, width // 2, height))
        image.paste((240, 240, 240), (width // 2, height // 2, width, height))
        return image.convert(mode)

    return make


@pytest.fixture
def encode() -> Encode:
    """A picture as the bytes of a file."""

    def save(image: Image.Image, kind: str = "PNG", orientation: int = 0, **options: Any) -> bytes:
        if orientation:
            exif = Image.Exif()
            exif[0x0112] = orientation
            options["exif"] = exif
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()

    return save
