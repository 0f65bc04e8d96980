"""Images that are stored on their side: coordinates are of the image as it is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.interchange.findings import Code
from truthline.interchange.formats import FORMATS
from truthline.interchange.frames import turn_upright
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import Reading, read_images
from truthline.manifest.annotation import Box, ImageSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]

STORED = (64, 40)
FRAME = (8, 16, 24, 8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_the_pixels_do(
    jpeg: Callable[..., bytes], white_frame: Callable[[bytes], tuple[int, ...]], orientation: int
) -> None:
    expected = white_frame(jpeg(*STORED, orientation, FRAME))
    box = turn_upright(Box("cat", *FRAME), orientation, *STORED)
    assert (box.left, box.top, box.width, box.height) == expected


def read(put: Put, lookup: ImageLookup, size: tuple[int, int], frame: tuple[int, ...] = FRAME) -> Reading:
    content: dict[str, Any] = {
        "categories": [{"id": 1, "name": "cat"}],
        "images": [{"id": 1, "file_name": "a.jpg", "width": size[0], "height": size[1]}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": frame}],
    }
    return read_images(put({"t.json": json.dumps(content)}) / "t.json", FORMATS["coco"], lookup=lookup)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_tool_that_ignored_exif_is_seen_by_the_size(
    put: Put,
    jpeg: Callable[..., bytes],
    white_frame: Callable[[bytes], tuple[int, ...]],
    lookup_of: Callable[..., ImageLookup],
    orientation: int,
) -> None:
    picture = jpeg(*STORED, orientation, FRAME)
    reading = read(put, lookup_of({"a.jpg": picture}), STORED)
    (image,) = reading.images
    assert image.size == ImageSize(40, 64)
    assert image.boxes == (Box("cat", *white_frame(picture)),)
    assert reading.findings == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tool_that_heeded_exif_is_believed(
    put: Put, jpeg: Callable[..., bytes], lookup_of: Callable[..., ImageLookup], orientation: int
) -> None:
    upright = STORED if orientation < 5 else STORED[::-1]
    reading = read(put, lookup_of({"a.jpg": jpeg(*STORED, orientation)}), upright)
    assert reading.images[0].boxes == (Box("cat", *FRAME),)
    assert reading.findings == ()


@pytest.mark.parametrize("size", [(40, 64), (32, 20)], ids=["turned without EXIF", "scaled"])
def test_a_size_that_cannot_be_explained_keeps_the_boxes_out(
    put: Put, jpeg: Callable[..., bytes], lookup_of: Callable[..., ImageLookup], size: tuple[int, int]
) -> None:
    reading = read(put, lookup_of({"a.jpg": jpeg(*STORED)}), size)
    assert reading.images[0].size == ImageSize(*STORED)
    assert reading.images[0].boxes == ()
    assert [(found.code, found.place) for found in reading.findings] == [
        (Code.IMAGE_SIZE, "t.json, images[0]")
    ]
    assert "64 by 40 in fact" in reading.findings[0].message


def test_without_the_image_the_file_is_believed(put: Put) -> None:
    reading = read(put, ImageLookup(), (40, 64))
    assert (reading.images[0].size, reading.findings) == (ImageSize(40, 64), ())


def test_yolo_is_in_shares_of_the_image_as_shown(
    put: Put, jpeg: Callable[..., bytes], lookup_of: Callable[..., ImageLookup]
) -> None:
    folder = put({"data.yaml": "names: [cat]", "a.txt": "0 0.5 0.5 0.5 0.25\n"})
    reading = read_images(folder, FORMATS["yolo"], lookup=lookup_of({"a.jpg": jpeg(*STORED, 6)}))
    assert reading.images[0].boxes == (Box("cat", 10, 24, 20, 16),)
