"""labelme's files, and those of tools that write the same format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import Code, Loss
from truthline.interchange.reading import Reading, read_images
from truthline.manifest.annotation import Box, ImageSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]

LABELME = FORMATS["labelme"]


def shape(points: list[list[float]], shape_type: str = "rectangle", label: str = "cat") -> dict[str, Any]:
    return {
        "label": label,
        "points": points,
        "group_id": None,
        "description": "",
        "shape_type": shape_type,
        "flags": {},
        "mask": None,
    }


def read(put: Put, name: str = "labels/a.json", **changes: Any) -> Reading:
    content = {
        "version": "5.4.1",
        "flags": {"night": True, "blurred": False},
        "shapes": [shape([[100.5, 200], [10, 20]])],
        "imagePath": "a.jpg",
        "imageData": "iVBORw0KGgo=",
        "imageHeight": 480,
        "imageWidth": 640,
    } | changes
    return read_images(put({name: json.dumps(content)}), LABELME)


def test_corners_in_any_order_and_flags(put: Put) -> None:
    reading = read(put)
    (image,) = reading.images
    assert image.ref == "labels/a.jpg"
    assert image.size == ImageSize(640, 480)
    assert image.labels == ("night",)
    assert image.boxes == (Box("cat", 10, 20, 90.5, 180),)
    assert (reading.findings, reading.losses) == ((), ())


@pytest.mark.parametrize(
    ("kind", "points", "expected"),
    [
        ("polygon", [[1, 2], [9, 3], [5, 12]], Box("cat", 1, 2, 8, 10)),
        ("circle", [[50, 40], [53, 44]], Box("cat", 45, 35, 10, 10)),
        ("linestrip", [[1, 2], [9, 3]], Box("cat", 1, 2, 8, 1)),
        ("rotation", [[1, 2], [5, 6], [1, 10], [-3, 6]], Box("cat", -3, 2, 8, 8)),
    ],
)
def test_other_shapes_become_their_rectangle_and_are_listed(
    put: Put, kind: str, points: list[list[float]], expected: Box
) -> None:
    reading = read(put, shapes=[shape(points, kind)])
    assert reading.images[0].boxes == (expected,)
    assert reading.losses == (Loss(1, f"shapes of the type {kind}, of which the bounding rectangle is kept"),)


def test_rectangles_of_four_corners_lose_nothing(put: Put) -> None:
    reading = read(put, shapes=[shape([[10, 20], [30, 20], [30, 60], [10, 60]])])
    assert reading.images[0].boxes == (Box("cat", 10, 20, 20, 40),)
    assert reading.losses == ()


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"shapes": [shape([[5, 5]], "point")]}, Code.BOX, "labels/a.json, shapes[0]"),
        ({"shapes": [shape([])]}, Code.BOX, "labels/a.json, shapes[0]"),
        ({"shapes": [shape([[1, 2, 3], [4, 5, 6]])]}, Code.BOX, "labels/a.json, shapes[0]"),
        ({"shapes": [shape([[1, 2], [3, 4]], label="")]}, Code.LABEL, "labels/a.json, shapes[0]"),
        (
            {"shapes": [shape([[1, 2], [3, 4]]) | {"label": None}]},
            Code.UNREADABLE,
            "labels/a.json, shapes[0]",
        ),
        ({"shapes": None}, Code.UNREADABLE, "labels/a.json"),
        ({"imagePath": "../../a.jpg"}, Code.UNSAFE_NAME, "labels/a.json"),
        ({"imagePath": "D:\\photos\\a.jpg"}, Code.UNSAFE_NAME, "labels/a.json"),
    ],
)
def test_what_is_wrong_is_named_and_left_out(
    put: Put, changes: dict[str, Any], code: Code, place: str
) -> None:
    reading = read(put, **changes)
    assert [(found.code, found.place) for found in reading.findings] == [(code, place)]
    assert all(not image.boxes for image in reading.images)


def test_images_beside_the_folder_of_the_labels(put: Put) -> None:
    assert read(put, imagePath="..\\images\\a.jpg").images[0].ref == "images/a.jpg"


def test_a_file_that_is_none_is_refused(put: Put) -> None:
    folder = put({"a.json": "[1]"})
    with pytest.raises(UnreadableFileError, match="Expected `object`"):
        read_images(folder / "a.json", LABELME)
