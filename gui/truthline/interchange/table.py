"""CSV: ``image,label`` for class labels, ``image,label,left,top,width,height`` for boxes; a line for each.

Written with a header and always six columns; a line without a label names an image that has none. Read with
or without a header, with commas, semicolons or tabs, and also as TensorFlow and Roboflow write it:
``filename,width,height,class,xmin,ymin,xmax,ymax``, where width and height are the image's.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from truthline.errors import UnreadableFileError
from truthline.interchange.files import read_text
from truthline.interchange.frames import plain
from truthline.interchange.model import Code, FileImage, LabelledImage, Outlet
from truthline.manifest.annotation import Box, ImageSize, Level
from truthline.manifest.file import write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_LIMIT: Final = 512 << 20
_HEADER: Final = ("image", "label", "left", "top", "width", "height")
_ALIASES: Final = {
    "image": ("image", "filename", "file", "file_name", "path", "image_path", "source-ref"),
    "label": ("label", "class", "class_name", "name", "category"),
    "left": ("left", "xmin", "x_min", "x1", "x"),
    "top": ("top", "ymin", "y_min", "y1", "y"),
    "right": ("right", "xmax", "x_max", "x2"),
    "bottom": ("bottom", "ymax", "y_max", "y2"),
    "width": ("width", "w"),
    "height": ("height", "h"),
}
_FRAME: Final = ("left", "top", "width", "height")
_CORNERS: Final = ("left", "top", "right", "bottom")


@dataclass(slots=True)
class _Group:
    """What the lines of one image say."""

    place: str
    size: ImageSize | None = None
    labels: dict[str, None] = field(default_factory=dict)
    boxes: list[Box] = field(default_factory=list)


def read(intake: Intake) -> Iterator[FileImage]:
    """Read a file; the lines of an image need not stand together."""
    text = read_text(intake.path, _LIMIT)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table = _Table(intake)
    try:
        for cells in rows:
            intake.step()
            table.add(cells, f"{intake.path.name}, line {rows.line_num}")
    except csv.Error as error:
        raise UnreadableFileError(
            f"Line {rows.line_num} cannot be read: {error}.",
            detail="Look for a quotation mark that is not closed.",
            place=str(intake.path),
        ) from error
    for name, group in table.groups.items():
        labels = tuple(group.labels)
        yield FileImage((("", name),), group.place, group.size, labels, tuple(group.boxes))


class _Table:
    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._columns: dict[str, int] = {}
        self.groups: dict[str, _Group] = {}

    def add(self, cells: list[str], place: str) -> None:
        if not any(cells):
            return
        if not self._columns:
            self._columns = _columns_of(cells)
            if self._columns:
                return
            self._columns = {name: index for index, name in enumerate(_HEADER)}
        name, label = self._cell(cells, "image"), self._cell(cells, "label")
        if not name:
            self._intake.found(Code.UNREADABLE, "It names no image. It was left out.", place, Level.ERROR)
            return
        group = self.groups.setdefault(name, _Group(place))
        corners = "right" in self._columns
        words = [self._cell(cells, column).strip() for column in (_CORNERS if corners else _FRAME)]
        if corners:
            group.size = group.size or self._size(cells)
        if not any(words):
            if label:
                group.labels[label] = None
            return
        box = self._box(place, label, words, corners=corners)
        if box is not None:
            group.boxes.append(box)

    def _box(self, place: str, label: str, words: list[str], *, corners: bool) -> Box | None:
        try:
            left, top, width, height = map(float, words)
        except ValueError:
            message = f"Its frame is not four numbers: {', '.join(words)}. It was left out."
            self._intake.found(Code.BOX, message, place)
            return None
        if corners:
            width, height = width - left, height - top
        return self._intake.box(place, label, (left, top, width, height))

    def _size(self, cells: list[str]) -> ImageSize | None:
        width, height = self._cell(cells, "width").strip(), self._cell(cells, "height").strip()
        if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
            return None
        return ImageSize(int(width), int(height))

    def _cell(self, cells: list[str], column: str) -> str:
        index = self._columns.get(column, len(cells))
        return cells[index] if index < len(cells) else ""


def _columns_of(cells: list[str]) -> dict[str, int]:
    """Which column is which, if these are a header."""
    spelt = [cell.strip().lower().replace(" ", "_") for cell in cells]
    columns = {
        name: next(spelt.index(alias) for alias in aliases if alias in spelt)
        for name, aliases in _ALIASES.items()
        if any(alias in spelt for alias in aliases)
    }
    return columns if {"image", "label"} <= columns.keys() else {}


def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
    """Write a file."""
    write_manifest(path, _lines(images, outlet))


def _lines(images: Sequence[LabelledImage], outlet: Outlet) -> Iterator[bytes]:
    yield _line(_HEADER)
    for image in images:
        outlet.step()
        for label in image.labels:
            yield _line((image.name, label, "", "", "", ""))
        for box in image.boxes:
            numbers = (box.left, box.top, box.width, box.height)
            yield _line((image.name, box.label, *(repr(plain(number)) for number in numbers)))
        if not image.labels and not image.boxes:
            yield _line((image.name, "", "", "", "", ""))


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)  # ends in CR LF, and so quotes cells that hold either
    return text.getvalue().encode()
