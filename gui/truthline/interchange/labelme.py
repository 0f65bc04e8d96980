"""labelme JSON: a file for each image, with shapes in pixels; a true flag of the image is a class label.

labelme turns images upright before it shows them, so its coordinates need nothing done. Of shapes other than
rectangles the bounding rectangle is taken, but a point or a line has none that would be an object's. Types of
shapes count the same in upper and lower case, since other tools write them so.

Source: github.com/wkentaro/labelme, ``labelme/label_file.py``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.errors import UnreadableFileError
from truthline.interchange.files import decode_json, folder_of, write_new
from truthline.interchange.findings import Code
from truthline.interchange.frames import Frame, bounded, bounds_of, plain
from truthline.interchange.model import FileImage, LabelledImage, Outlet
from truthline.interchange.names import stem
from truthline.manifest.annotation import Box, ImageSize, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_LIMIT: Final = 128 << 20
"""A file may hold its image, as text."""
_VERSION: Final = "5.5.0"
"""labelme warns of files from a version with another first number."""
_AXES: Final = 2
_ENDS: Final = 2
_WITHOUT_EXTENT: Final = frozenset({"point", "points", "line", "linestrip"})


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
    # Some versions wrote the name of the file itself.
    is_named = bool(file.image_path) and not file.image_path.lower().endswith(".json")
    written = file.image_path if is_named else stem(file.image_path or name.rpartition("/")[2])
    names = ((folder_of(name), written),)
    return FileImage(names, name, _size(file), labels, tuple(boxes), any_suffix=not is_named)


def _box(intake: Intake, shape: _Shape, place: str) -> Box | None:
    kind = shape.shape_type.casefold()
    points = [list(map(bounded, point)) for point in shape.points]
    if kind in _WITHOUT_EXTENT:
        intake.left_out(f"shapes of the type {kind}, which have no extent that is an object's", place)
        return None
    if not points or any(len(point) != _AXES for point in points):
        intake.found(Code.BOX, "Its points are no pairs of numbers. It was left out.", place)
        return None
    frame = _around_circle(points) if kind == "circle" and len(points) == _ENDS else bounds_of(points)
    box = intake.box(place, shape.label, frame)
    if box is not None and not (kind == "rectangle" and _is_upright(points)):
        intake.lost(f"shapes of the type {kind}, of which the bounding rectangle is kept")
    return box


def _around_circle(points: list[list[float]]) -> Frame:
    """The frame around the circle of a centre and a point on it."""
    (across, down), edge = points
    radius = math.hypot(edge[0] - across, edge[1] - down)
    return across - radius, down - radius, 2 * radius, 2 * radius


def _is_upright(points: list[list[float]]) -> bool:
    """Whether all points are corners of the rectangle around them: some tools write turned ones by four."""
    return all(len({*side}) <= _ENDS for side in zip(*points, strict=True))


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
        "imageData": None,  # it opens the file beside it; as text the image would be a third larger
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
