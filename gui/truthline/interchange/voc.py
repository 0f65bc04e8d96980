"""Pascal VOC: an XML file for each image, boxes by the edges ``xmin``, ``ymin``, ``xmax`` and ``ymax``.

Tools disagree on what the numbers mean. The devkit, and tools that follow it such as supervision, count
pixels from 1 and name the first and the last one: a box over a whole image of 640 pixels is 1 to 640. Others
(labelImg, CVAT, datumaro, globox, pylabel) write edges from 0: 0 to 640. No file says which, and the
difference is one pixel at left and top. So there are two formats: ``voc``, edges from 0, and ``voc-1``,
pixels from 1. A file that claims to come from the challenge is pointed out when it is read as ``voc``.

Source: "The PASCAL Visual Object Classes Challenge 2012 (VOC2012) Development Kit", section on annotation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from truthline.errors import UnreadableFileError
from truthline.interchange.files import folder_of, write_new
from truthline.interchange.findings import Code
from truthline.interchange.frames import number_of
from truthline.interchange.model import FileImage, LabelledImage, Outlet
from truthline.interchange.names import stem
from truthline.interchange.xml_safe import XmlError, fits_xml, parse_xml
from truthline.manifest.annotation import Box, ImageSize, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_LIMIT: Final = 16 << 20
"""A file is of one image; a million boxes would fit."""
_EDGES: Final = ("xmin", "ymin", "xmax", "ymax")
_FOLDER: Final = "Annotations"
_IMAGE_FOLDERS: Final = ("JPEGImages", "images")


def reader(first: int) -> Callable[[Intake], Iterator[FileImage]]:
    """A reader of files that count from 0 or from 1."""

    def read(intake: Intake) -> Iterator[FileImage]:
        for name, data in intake.each_file(".xml", limit=_LIMIT):
            try:
                root = _parsed(data)
            except XmlError as error:
                message = f"The XML cannot be read: {error}."
                if intake.path.is_file():
                    detail = "Export the file again."
                    raise UnreadableFileError(message, detail=detail, place=str(intake.path)) from error
                intake.found(Code.UNREADABLE, f"{message} It was left out.", name, Level.ERROR)
                continue
            yield _File(intake, name, root, first).image()

    return read


def _parsed(data: bytes) -> Element:
    if not data.strip():
        raise XmlError("the file is empty")
    root = parse_xml(data)
    if root.tag != "annotation":
        kind = (
            "CVAT's own XML" if root.tag == "annotations" and root.find("image") is not None else "other XML"
        )
        raise XmlError(f"it is {kind}, with <{root.tag}> where Pascal VOC has <annotation>")
    return root


class _File:
    def __init__(self, intake: Intake, name: str, root: Element, first: int) -> None:
        self._intake = intake
        self._name = name
        self._root = root
        self._first = first

    def image(self) -> FileImage:
        if not self._first and (self._root.findtext("source/database") or "").startswith("The VOC"):
            message = (
                "The file says that it is of the VOC challenge, whose pixels are counted from 1. "
                "If that is so, read it as voc-1: its boxes begin a pixel further left and up."
            )
            self._intake.remark(Code.ASSUMED, message, self._name, Level.WARNING)
        objects = (
            (element, f"{self._name}, object {index}")
            for index, element in enumerate(self._root.iterfind("object"), 1)
        )
        boxes = tuple(box for element, place in objects if (box := self._box(element, place)) is not None)
        return FileImage(
            self._names(), self._name, self._size(), boxes=boxes, any_suffix=not self._file_name()
        )

    def _file_name(self) -> str:
        return _without_breaks(self._root.findtext("filename") or "")

    def _names(self) -> tuple[tuple[str, str], ...]:
        """Beside the file, or in the images' folder that goes with ``Annotations``."""
        folder = folder_of(self._name)
        written = self._file_name() or stem(self._name.rpartition("/")[2])
        parts = folder.split("/")
        if _FOLDER not in parts:
            return (folder, written), ("", written)
        at = parts.index(_FOLDER)
        inside = "/".join(parts[at + 1 :])
        others = ["/".join((*parts[:at], other, *parts[at + 1 :])) for other in _IMAGE_FOLDERS]
        return tuple((place, written) for place in (inside, *others, ""))

    def _size(self) -> ImageSize | None:
        numbers = [_number(self._root.findtext(f"size/{side}")) for side in ("width", "height", "depth")]
        width, height, depth = (0 if number is None else int(number) for number in numbers)
        return ImageSize(width, height, depth or 3) if width > 0 and height > 0 else None

    def _box(self, element: Element, place: str) -> Box | None:
        edges = [_number(element.findtext(f"bndbox/{edge}")) for edge in _EDGES]
        left, top, right, bottom = (0 if edge is None else edge for edge in edges)
        frame = (left, top, right - left, bottom - top)
        if None in edges:
            self._intake.found(Code.BOX, "Its bndbox does not have four numbers. It was left out.", place)
            return None
        left, top, width, height = self._intake.in_order(frame, place)
        if self._first and min(left, top) < self._first:
            message = f"It begins at {left:g}, {top:g}, in a file read as counted from 1. Read it as voc."
            self._intake.remark(Code.ASSUMED, message, place, Level.WARNING)
        first = self._first
        # Counted from 1, both edges are pixels of the box: it is one wider and higher than their difference.
        frame = (left - first, top - first, width + first, height + first)
        return self._intake.box(
            place, _label(element), self._intake.upright(frame, _rotation(element), place)
        )


def writer(first: int) -> Callable[[Sequence[LabelledImage], Path, Outlet], None]:
    """A writer of files that count from 0 or from 1."""

    def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
        for image in images:
            outlet.step()
            write_new(path / _FOLDER / f"{stem(image.name)}.xml", _document(image, first))

    return write


def spells(label: str) -> bool:
    """Whether a label comes back from a file as it was."""
    return fits_xml(label) and _without_breaks(label) == label


def _document(image: LabelledImage, first: int) -> bytes:
    root = Element("annotation")
    folder, _, name = image.name.rpartition("/")
    SubElement(root, "folder").text = folder
    SubElement(root, "filename").text = name
    SubElement(SubElement(root, "source"), "database").text = "Unknown"
    size = image.size or ImageSize(0, 0)  # `fit` leaves none without
    element = SubElement(root, "size")
    for side, pixels in (("width", size.width), ("height", size.height), ("depth", size.depth)):
        SubElement(element, side).text = str(pixels)
    SubElement(root, "segmented").text = "0"
    for box in image.boxes:
        _add_object(root, box, first)
    indent(root)
    # A carriage return in the text would be read as a line feed; elsewhere there is none.
    text: bytes = tostring(root, encoding="utf-8")
    return text.replace(b"\r", b"&#13;") + b"\n"


def _add_object(root: Element, box: Box, first: int) -> None:
    element = SubElement(root, "object")
    SubElement(element, "name").text = box.label
    for key, text in (("pose", "Unspecified"), ("truncated", "0"), ("difficult", "0")):
        SubElement(element, key).text = text
    frame = SubElement(element, "bndbox")
    numbers = (box.left + first, box.top + first, box.left + box.width, box.top + box.height)
    for edge, number in zip(_EDGES, numbers, strict=True):
        SubElement(frame, edge).text = str(number)


def _rotation(element: Element) -> float:
    """Degrees by which CVAT says that a box is turned; its bndbox is that of the box before."""
    attributes = element.iterfind("attributes/attribute")
    found = (one.findtext("value") for one in attributes if one.findtext("name") == "rotation")
    return number_of(next(found, "") or "") or 0


def _label(element: Element) -> str:
    return _without_breaks(element.findtext("name") or "")


def _without_breaks(text: str) -> str:
    """Without the white space around it, if that breaks lines: then it came from pretty printing."""
    stripped = text.strip()
    around = text.replace(stripped, "", 1) if stripped else text
    return stripped if "\n" in around or "\r" in around else text


def _number(text: str | None) -> float | None:
    number = number_of(text or "")
    return number if number is not None and math.isfinite(number) else None
