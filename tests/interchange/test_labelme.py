"""labelme's files, and those of tools that write the same format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.findings import Code, Loss, LossKind
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
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
        ("rotation", [[11, 2], [15, 6], [11, 10], [7, 6]], Box("cat", 7, 2, 8, 8)),
        ("rectangle", [[11, 2], [15, 6], [11, 10], [7, 6]], Box("cat", 7, 2, 8, 8)),
    ],
)
def test_other_shapes_become_their_rectangle_and_are_listed(
    put: Put, kind: str, points: list[list[float]], expected: Box
) -> None:
    reading = read(put, shapes=[shape(points, kind)])
    assert reading.images[0].boxes == (expected,)
    assert reading.losses == (Loss(1, f"shapes of the type {kind}, of which the bounding rectangle is kept"),)


@pytest.mark.parametrize("kind", ["Rectangle", "RECTANGLE", "Circle"])
def test_types_of_shapes_count_in_upper_and_lower_case(put: Put, kind: str) -> None:
    points: list[list[float]] = [[100, 200], [103, 204]]
    reading = read(put, shapes=[shape(points, kind)])
    assert reading.images == read(put, shapes=[shape(points, kind.lower())]).images
    assert reading.losses == read(put, shapes=[shape(points, kind.lower())]).losses


def test_a_circle_of_a_centre_and_a_point_beside_it(put: Put) -> None:
    reading = read(put, shapes=[shape([[300, 300], [330, 300]], "Circle")])
    assert reading.images[0].boxes == (Box("cat", 270, 270, 60, 60),)


@pytest.mark.parametrize("kind", ["point", "Line", "linestrip", "points"])
def test_what_has_no_extent_is_left_out_and_told_once(put: Put, kind: str) -> None:
    reading = read(put, shapes=[shape([[10, 10], [90, 40]], kind), shape([[1, 2], [3, 4]])])
    assert reading.images[0].boxes == (Box("cat", 1, 2, 2, 2),)
    assert [(loss.count, loss.kind, loss.place) for loss in reading.losses] == [
        (1, LossKind.LEFT_OUT, "labels/a.json, shapes[0]")
    ]
    assert kind.lower() in reading.losses[0].what
    assert reading.findings == ()


def test_a_shape_that_is_left_out_is_not_told_as_kept_too(put: Put) -> None:
    reading = read(put, shapes=[shape([[5, 5], [9, 5], [7, 5]], "polygon")])
    assert [found.code for found in reading.findings] == [Code.BOX]
    assert reading.losses == ()


def test_a_path_of_windows_that_leads_out_is_matched_by_its_last_part(put: Put) -> None:
    folder = put({"b.json": json.dumps({"shapes": [], "imagePath": "..\\img\\b 158.jpg"})})
    for names, found in (
        (["x/b 158.jpg", "c.jpg"], ["x/b 158.jpg"]),
        (["c.jpg"], []),
        (["x/b 158.jpg", "y/b 158.jpg"], []),
    ):
        reading = read_images(folder, LABELME, lookup=ImageLookup(names))
        assert [image.ref for image in reading.images] == found
        assert len(reading.findings) == 1
        assert reading.findings[0].left_out == (not found)


def test_the_name_of_the_file_itself_means_the_image_beside_it(put: Put) -> None:
    reading = read_images(
        put({"labels/a.json": json.dumps({"shapes": [], "imagePath": "a.json"})}),
        LABELME,
        lookup=ImageLookup(["labels/a.jpg", "labels/b.jpg"]),
    )
    assert [image.ref for image in reading.images] == ["labels/a.jpg"]
    assert reading.findings == ()


def test_rectangles_of_four_corners_lose_nothing(put: Put) -> None:
    reading = read(put, shapes=[shape([[10, 20], [30, 20], [30, 60], [10, 60]])])
    assert reading.images[0].boxes == (Box("cat", 10, 20, 20, 40),)
    assert reading.losses == ()


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"shapes": [shape([[5, 5]])]}, Code.BOX, "labels/a.json, shapes[0]"),
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
