"""Boxes that reach past their image, or whose corners are swapped: the same for every format."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from truthline.errors import UnreadableFileError
from truthline.interchange.clipping import CLIPPED, OUTSIDE
from truthline.interchange.findings import LossKind
from truthline.interchange.formats import FORMATS
from truthline.interchange.intake import SWAPPED
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import Reading, read_images

WIDTH, HEIGHT = 640, 480
Corners = tuple[int, int, int, int]
steps = st.integers(-40, 130).map(lambda number: 7 * number)
edges = st.tuples(steps, steps, steps, steps).filter(lambda four: four[0] != four[2] and four[1] != four[3])


def _coco(corners: Corners) -> str:
    left, top, right, bottom = corners
    content: dict[str, Any] = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [left, top, right - left, bottom - top]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    return json.dumps(content)


def _yolo(corners: Corners) -> str:
    left, top, right, bottom = corners
    shares = (
        (left + right) / 2 / WIDTH,
        (top + bottom) / 2 / HEIGHT,
        (right - left) / WIDTH,
        (bottom - top) / HEIGHT,
    )
    return "0 " + " ".join(f"{share:.12f}" for share in shares)


def _voc(corners: Corners) -> str:
    names = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{name}>{edge}</{name}>" for name, edge in zip(names, corners, strict=True))
    return (
        f"<annotation><filename>a.jpg</filename><object><name>cat</name><bndbox>{box}</bndbox></object>"
        "</annotation>"
    )


def _voc_from_1(corners: Corners) -> str:
    left, right = sorted((corners[0], corners[2]))
    top, bottom = sorted((corners[1], corners[3]))
    pixels = [left + 1, top + 1, right, bottom]
    if corners[0] > corners[2]:
        pixels[0], pixels[2] = pixels[2], pixels[0]
    if corners[1] > corners[3]:
        pixels[1], pixels[3] = pixels[3], pixels[1]
    return _voc((pixels[0], pixels[1], pixels[2], pixels[3]))


def _labelme(corners: Corners) -> str:
    points = [list(corners[:2]), list(corners[2:])]
    shape = {"label": "cat", "points": points, "shape_type": "rectangle"}
    return json.dumps({"shapes": [shape], "imagePath": "a.jpg"})


def _manifest(corners: Corners) -> str:
    left, top, right, bottom = corners
    box = {"left": left, "top": top, "width": right - left, "height": bottom - top, "class_id": 0}
    line = {
        "source-ref": "s3://b/a.jpg",
        "x": {"annotations": [box], "image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}]},
        "x-metadata": {"class-map": {"0": "cat"}, "objects": [{"confidence": 1}]}
        | {"type": "groundtruth/object-detection"},
    }
    return json.dumps(line)


FILES = {
    "coco": ("a.json", _coco),
    "yolo": ("a.txt", _yolo),
    "voc": ("a.xml", _voc),
    "voc-1": ("a.xml", _voc_from_1),
    "labelme": ("a.json", _labelme),
    "csv": ("a.csv", lambda corners: "image,label,x1,y1,x2,y2\na.jpg,cat," + ",".join(map(str, corners))),
    "manifest": ("a.manifest", _manifest),
}


def read(name: str, corners: Corners) -> Reading:
    file, text = FILES[name]
    lookup = ImageLookup(["a.jpg"], size_of=lambda _: (WIDTH, HEIGHT))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / file).write_text(text(corners), encoding="utf-8")
        (Path(folder) / "data.yaml").write_text("names: [cat]", encoding="utf-8")
        source = Path(folder) / file if FORMATS[name].suffix else Path(folder)
        return read_images(source, FORMATS[name], lookup=lookup)


@pytest.mark.parametrize("name", FILES)
@given(corners=edges)
@example(corners=(300, 200, 100, 50))
@example(corners=(-5, 10, 700, 90))
@example(corners=(0, 0, WIDTH, HEIGHT))
@example(corners=(700, 500, 800, 600))
def test_boxes_are_put_in_order_and_clipped_with_counts(name: str, corners: Corners) -> None:
    left, right = sorted((corners[0], corners[2]))
    top, bottom = sorted((corners[1], corners[3]))
    swapped = (left, top, right, bottom) != corners
    inside = (max(0, left), max(0, top), min(WIDTH, right), min(HEIGHT, bottom))
    across, down = inside[2] - inside[0], inside[3] - inside[1]
    is_outside = across <= 0 or down <= 0
    reading = read(name, corners)
    (image,) = reading.images
    counts = {loss.what: (loss.count, loss.kind) for loss in reading.losses}
    expected = {}
    if swapped and name != "labelme":  # whose rectangles are any two corners, as they were drawn
        expected[SWAPPED] = (1, LossKind.CHANGED)
    if is_outside:
        expected[OUTSIDE] = (1, LossKind.LEFT_OUT)
    elif inside != (left, top, right, bottom):
        expected[CLIPPED] = (1, LossKind.CHANGED)
    assert counts == expected
    assert all(loss.place for loss in reading.losses)
    frames = [(box.left, box.top, box.width, box.height) for box in image.boxes]
    assert frames == ([] if is_outside else [(inside[0], inside[1], across, down)])
    if image.annotation is not None:  # a line says the same as what was read of it
        assert image.annotation.boxes == len(frames)


@pytest.mark.parametrize("name", [name for name in FILES if name != "manifest"])
@pytest.mark.parametrize("wrong", ["NaN", "1e999", "-Infinity", "9" * 400, "1_0", "٣x"])
def test_numbers_that_are_none_leave_the_box_out_with_a_place(name: str, wrong: str) -> None:
    file, text = FILES[name]
    content = text((101, 202, 303, 404))
    number = next(one for one in ("101", "0.31562", "102") if one in content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_text(content.replace(number, wrong, 1), encoding="utf-8")
        (Path(folder) / "data.yaml").write_text("names: [cat]", encoding="utf-8")
        lookup = ImageLookup(["a.jpg"], size_of=lambda _: (WIDTH, HEIGHT))
        source = path if FORMATS[name].suffix else Path(folder)
        try:
            reading = read_images(source, FORMATS[name], lookup=lookup)
        except UnreadableFileError as error:
            assert error.place.startswith(str(path))  # noqa: PT017 - some formats stop, some leave it out
            return
    assert all(not image.boxes for image in reading.images)
    assert any(found.left_out and found.place.startswith(file) for found in reading.findings)
