"""labelme JSON: a file for each image, with shapes in pixels; a true flag of the image is a class label.

labelme turns images upright before it shows them, so its coordinates need nothing done. Of shapes other than
rectangles the bounding rectangle is taken. Source: github.com/wkentaro/labelme, ``labelme/label_file.py``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.errors import UnreadableFileError
from truthline.interchange.files import decode_json, folder_of, write_new
from truthline.interchange.frames import plain
from truthline.interchange.model import Code, FileImage, LabelledImage, Outlet
from truthline.interchange.names import stem
from truthline.manifest.annotation import Box, ImageSize, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_LIMIT: Final = 128 << 20
"""A file may hold its image, as text."""
_VERSION: Final = "5.5.0"
_AXES: Final = 2
_ENDS: Final = 2


class _File(msgspec.Struct, rename="camel"):
    shapes: list[msgspec.Raw]
    image_path: str = ""
    image_width: Any = None
    image_height: Any = None
    flags: Any = None


class _Shape(msgspec.Struct):
    label: str
    points: list[list[int | float]]
    shape_type: str = "polygon"


def read(intake: Intake) -> Iterator[FileImage]:
    """Read one file, or all in a folder."""
    for name, data in intake.each_file(".json", limit=_LIMIT):
        place = str(intake.path) if intake.path.is_file() else name
        try:
            file = decode_json(data, _File, place)
        except UnreadableFileError as error:
            if intake.path.is_file():
                raise
            intake.found(Code.UNREADABLE, f"{error.title} It was left out.", name, Level.ERROR)
            continue
        yield _image(intake, name, file)


def _image(intake: Intake, name: str, file: _File) -> FileImage:
    boxes = []
    for index, raw in enumerate(file.shapes):
        place = f"{name}, shapes[{index}]"
        try:
            shape = msgspec.json.decode(raw, type=_Shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            intake.found(Code.UNREADABLE, f"It was left out: {error}.", place, Level.ERROR)
            continue
        if (box := _box(intake, shape, place)) is not None:
            boxes.append(box)
    flags = file.flags if isinstance(file.flags, dict) else {}
    labels = tuple(label for label, value in flags.items() if value is True and label)
    written = file.image_path or stem(name.rpartition("/")[2])
    names = ((folder_of(name), written),)
    return FileImage(names, name, _size(file), labels, tuple(boxes), any_suffix=not file.image_path)


def _box(intake: Intake, shape: _Shape, place: str) -> Box | None:
    points = shape.points
    if not points or any(len(point) != _AXES for point in points):
        intake.found(Code.BOX, "Its points are no pairs of numbers. It was left out.", place)
        return None
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    if shape.shape_type == "circle" and len(points) == _ENDS:  # its centre, and a point on it
        radius = math.hypot(xs[1] - xs[0], ys[1] - ys[0])
        xs, ys = [xs[0] - radius, xs[0] + radius], [ys[0] - radius, ys[0] + radius]
    if shape.shape_type != "rectangle":
        intake.lost(f"shapes of the type {shape.shape_type}, of which the bounding rectangle is kept")
    left, top = min(xs), min(ys)
    return intake.box(place, shape.label, (left, top, max(xs) - left, max(ys) - top))


def _size(file: _File) -> ImageSize | None:
    width, height = file.image_width, file.image_height
    usable = type(width) is int and type(height) is int and width > 0 and height > 0
    return ImageSize(width, height) if usable else None


def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
    """Write the files that labelme opens when they lie beside their images."""
    for image in images:
        outlet.step()
        content = msgspec.json.format(msgspec.json.encode(_content(image)), indent=2)
        write_new(path / f"{stem(image.name)}.json", content + b"\n")


def _content(image: LabelledImage) -> dict[str, Any]:
    size = image.size or ImageSize(0, 0)  # `fit` leaves none without
    return {
        "version": _VERSION,
        "flags": dict.fromkeys(image.labels, True),
        "shapes": [_shape(box) for box in image.boxes],
        "imagePath": image.name.rpartition("/")[2],
        "imageData": None,
        "imageHeight": size.height,
        "imageWidth": size.width,
    }


def _shape(box: Box) -> dict[str, Any]:
    first = [plain(box.left), plain(box.top)]
    return {
        "label": box.label,
        "points": [first, [plain(box.left + box.width), plain(box.top + box.height)]],
        "group_id": None,
        "description": "",
        "shape_type": "rectangle",
        "flags": {},
        "mask": None,
    }
