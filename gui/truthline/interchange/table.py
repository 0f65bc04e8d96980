"""CSV: ``image,label`` for class labels, ``image,label,left,top,width,height`` for boxes; a line for each.

Written with a header and always six columns; a line without a label names an image that has none. Read with
commas, semicolons or tabs, with any header that is understood and in three forms without one: see
`truthline.interchange.table_columns`. Whatever was not said by our own header is told as a remark.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from truthline.errors import UnreadableFileError
from truthline.interchange.files import read_text
from truthline.interchange.findings import Code
from truthline.interchange.frames import Frame, bounded, number_of, plain
from truthline.interchange.model import FileImage, LabelledImage, Outlet
from truthline.interchange.table_columns import HEADER, Columns, Frames, find_columns
from truthline.manifest.annotation import Box, ImageSize, Level
from truthline.manifest.file import write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_LIMIT: Final = 512 << 20
_SAMPLE: Final = 1_000
"""Lines by which the form of a table is told."""
_Row = tuple[list[str], int]
"""Cells and the line's number."""


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
    rows = _rows(intake, text, max(",;\t", key=first.count))
    sample = list(islice(rows, _SAMPLE))
    if not sample:
        raise UnreadableFileError("The file is empty.", detail="Choose another file.", place=str(intake.path))
    table = _Table(intake, sample)
    table.add_all(chain(sample, rows))
    for name, group in table.groups.items():
        yield table.image(name, group)


def _rows(intake: Intake, text: str, delimiter: str) -> Iterator[_Row]:
    """The lines that hold anything."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in rows:
            intake.step()
            if any(cells):
                yield cells, rows.line_num
    except csv.Error as error:
        raise UnreadableFileError(
            f"Line {rows.line_num} cannot be read: {error}.",
            detail="Look for a quotation mark that is not closed.",
            place=str(intake.path),
        ) from error


class _Table:
    def __init__(self, intake: Intake, sample: Sequence[_Row]) -> None:
        self._intake = intake
        self._columns = find_columns(sample, str(intake.path))
        self._in_shares = _in_shares(self._columns, sample)
        self.groups: dict[str, _Group] = {}
        told = self._columns.told
        if self._in_shares:
            told += " No number is above 1, so they were taken for shares of the image."
        if told:
            intake.form(told.strip(), intake.path.name)

    def add_all(self, rows: Iterable[_Row]) -> None:
        header = 1 if self._columns.has_header else 0
        for cells, number in islice(rows, header, None):
            place = f"{self._intake.path.name}, line {number}"
            name = self._columns.cell(cells, "image")
            if name:
                self._add(self.groups.setdefault(name, _Group(place)), cells, place)
            else:
                message = "It names no image. It was left out."
                self._intake.found(Code.UNREADABLE, message, place, Level.ERROR)

    def image(self, name: str, group: _Group) -> FileImage:
        names, labels, boxes = (("", name),), tuple(group.labels), tuple(group.boxes)
        if not self._in_shares or not boxes:
            return FileImage(names, group.place, group.size, labels, boxes)

        def boxes_in(width: int, height: int) -> tuple[Box, ...]:
            return tuple(_scaled(box, width, height) for box in boxes)

        return FileImage(names, group.place, group.size, labels, boxes_in=boxes_in)

    def _add(self, group: _Group, cells: list[str], place: str) -> None:
        columns = self._columns
        if columns.many_labels:
            group.labels |= dict.fromkeys(cell.strip() for cell in cells[1:] if cell.strip())
            return
        if columns.one_hot is not None:
            self._add_one_hot(group, cells, place)
            return
        label = columns.cell(cells, "label")
        group.size = group.size or self._size(cells)
        words = [columns.cell(cells, column).strip() for column in columns.frames.value]
        if not any(words):
            group.labels |= {label: None} if label else {}
            return
        box = self._box(place, label, words)
        if box is not None:
            group.boxes.append(box)

    def _add_one_hot(self, group: _Group, cells: list[str], place: str) -> None:
        for label, index in (self._columns.one_hot or {}).items():
            number = number_of(cells[index].strip() or "0") if index < len(cells) else 0
            if number not in (0, 1):
                message = f"“{label}” is {cells[index].strip()!r}, neither 0 nor 1. It was left out."
                self._intake.found(Code.LABEL, message, place)
            elif number:
                group.labels[label] = None

    def _box(self, place: str, label: str, words: list[str]) -> Box | None:
        numbers = [number for word in words if (number := number_of(word)) is not None]
        if len(numbers) < len(words):
            message = f"Its frame is not four numbers: {', '.join(words)}. It was left out."
            self._intake.found(Code.BOX, message, place)
            return None
        return self._intake.box(place, label, _frame(self._columns.frames, numbers))

    def _size(self, cells: list[str]) -> ImageSize | None:
        """The image's size, in columns of its own or in those that are no part of the frame."""
        is_free = self._columns.frames in (Frames.CORNERS, Frames.NONE)
        for prefix in ("image ", "") if is_free else ("image ",):
            width, height = (self._columns.cell(cells, prefix + side).strip() for side in ("width", "height"))
            across, down = bounded(number_of(width) or 0), bounded(number_of(height) or 0)
            if across >= 1 and down >= 1 and math.isfinite(across + down):
                return ImageSize(int(across), int(down))
        return None


def _frame(frames: Frames, numbers: Sequence[float]) -> Frame:
    first, second, third, fourth = numbers
    if frames is Frames.CORNERS:
        return first, second, third - first, fourth - second
    if frames is Frames.CENTRES:
        return first - third / 2, second - fourth / 2, third, fourth
    return first, second, third, fourth


def _in_shares(columns: Columns, sample: Sequence[_Row]) -> bool:
    """Whether the frames are shares of the image: none is above 1, some are no whole numbers."""
    rows = sample[1:] if columns.has_header else sample
    words = [columns.cell(cells, column).strip() for cells, _ in rows for column in columns.frames.value]
    numbers = [number for word in words if (number := number_of(word)) is not None]
    within = bool(columns.told) and all(0 <= number <= 1 for number in numbers)  # our own are pixels
    return within and any(number % 1 for number in numbers)


def _scaled(box: Box, width: int, height: int) -> Box:
    return Box(box.label, box.left * width, box.top * height, box.width * width, box.height * height)


def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
    """Write a file."""
    write_manifest(path, _lines(images, outlet))


def _lines(images: Sequence[LabelledImage], outlet: Outlet) -> Iterator[bytes]:
    yield _line(HEADER)
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
