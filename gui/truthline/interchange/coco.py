"""COCO instances JSON: one file with ``images``, ``annotations`` and ``categories``.

Read with the oddities of tools: ids as texts, categories that begin anywhere, fractions, annotations of
unknown images, one file in each of several folders. Source: cocodataset.org, "Data format".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.errors import UnreadableFileError
from truthline.interchange.files import decode_json, folder_of
from truthline.interchange.findings import Code
from truthline.interchange.frames import Frame, bounded, bounds_of, number_of, plain
from truthline.interchange.model import FileImage, LabelledImage, Outlet
from truthline.manifest.annotation import Box, ImageSize, Level
from truthline.manifest.file import write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_LIMIT: Final = 2 << 30
"""Four times the largest file of COCO itself."""
_EMPTY: Final = frozenset({b"", b"[]", b"null", b"{}", b"0"})
_PARTS: Final = ("images", "annotations", "categories")

_Id = int | str
_Number = int | float


class _Image(msgspec.Struct):
    id: _Id
    file_name: str
    width: Any = None
    height: Any = None


class _Category(msgspec.Struct):
    id: _Id
    name: str


class _Annotation(msgspec.Struct):
    image_id: _Id
    category_id: _Id
    bbox: list[_Number] | None = None
    score: _Number | None = None
    segmentation: msgspec.Raw = msgspec.Raw(b"")
    num_keypoints: msgspec.Raw = msgspec.Raw(b"")
    iscrowd: Any = 0
    attributes: Any = None


@dataclass(slots=True)
class _Found:
    image: FileImage
    boxes: list[Box] = field(default_factory=list)


def read(intake: Intake) -> Iterator[FileImage]:
    """Read one file, or all that are of this format in a folder."""
    for name, data in intake.each_file(".json", limit=_LIMIT):
        place = str(intake.path) if intake.path.is_file() else name
        try:
            yield from _File(intake, name, data, place).images()
        except UnreadableFileError as error:
            if intake.path.is_file():
                raise
            intake.found(Code.UNREADABLE, f"{error.title} {error.detail}", name)


class _File:
    def __init__(self, intake: Intake, name: str, data: bytes, place: str) -> None:
        self._intake = intake
        self._name = name
        parts = decode_json(data, dict[str, msgspec.Raw], place)
        missing = [part for part in _PARTS if part not in parts]
        if missing:
            raise UnreadableFileError(
                f"This is no COCO instances file: it has no {missing[0]}.",
                detail="Export annotations of instances, with images and categories.",
                place=place,
            )
        self._parts = {part: self._list(part, bytes(parts[part]), place) for part in _PARTS}

    def images(self) -> Iterator[FileImage]:
        categories = self._categories()
        images = self._images()
        for place, one in self._decoded("annotations", _Annotation):
            self._intake.step(len(self._parts["annotations"]))
            found = images.get(str(one.image_id))
            label = categories.get(str(one.category_id))
            if found is None:
                self._intake.found(Code.NO_IMAGE, f"There is no image with the id {one.image_id!r}.", place)
            elif label is None:
                self._intake.found(
                    Code.LABEL, f"There is no category with the id {one.category_id!r}.", place
                )
            elif (box := self._box(place, label, one)) is not None:
                found.boxes.append(box)
        # At last, since annotations stand in any order, and may come before the image that they are of.
        for found in images.values():
            yield replace(found.image, boxes=tuple(found.boxes))

    def _list(self, part: str, data: bytes, place: str) -> list[msgspec.Raw]:
        if not data.lstrip().startswith(b"{"):
            found: list[msgspec.Raw] = decode_json(data, list[msgspec.Raw], f"{place}, {part}")
            return found
        message = f"“{part}” is one object where a list belongs. It was read as a list of one."
        self._intake.form(message, f"{self._name}, {part}")
        return [msgspec.Raw(data)]

    def _categories(self) -> dict[str, str]:
        categories: dict[str, str] = {}
        for place, one in self._decoded("categories", _Category):
            if categories.setdefault(str(one.id), one.name) != one.name:
                self._intake.found(
                    Code.REPEATED, f"The id {one.id!r} is that of another category. The first counts.", place
                )
        return categories

    def _images(self) -> dict[str, _Found]:
        images: dict[str, _Found] = {}
        folder = folder_of(self._name)
        for place, one in self._decoded("images", _Image):
            if str(one.id) in images:
                self._intake.found(
                    Code.REPEATED, f"The id {one.id!r} is that of another image. The first counts.", place
                )
                continue
            names = ((folder, one.file_name), ("", one.file_name)) if folder else (("", one.file_name),)
            images[str(one.id)] = _Found(FileImage(names, place, _size(one)))
        return images

    def _decoded(self, part: str, kind: Any) -> Iterator[tuple[str, Any]]:
        for index, raw in enumerate(self._parts[part]):
            place = f"{self._name}, {part}[{index}]"
            try:
                yield place, msgspec.json.decode(raw, type=kind)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._intake.found(Code.UNREADABLE, f"It was left out: {error}.", place, Level.ERROR)

    def _box(self, place: str, label: str, one: _Annotation) -> Box | None:
        if one.iscrowd in (True, "1"):
            self._intake.left_out("crowds (iscrowd), which are regions of many objects and no boxes", place)
            return None
        outline = bytes(one.segmentation).strip() not in _EMPTY
        frame: tuple[_Number, ...] = tuple(map(bounded, one.bbox or ()))
        if outline:
            self._intake.lost("outlines (segmentations), of which the bounding box is kept")
        if bytes(one.num_keypoints).strip() not in _EMPTY:
            self._intake.lost("keypoints")
        if not frame and outline:
            frame = _bounds(one.segmentation)
        if len(frame) != 4:
            self._intake.found(Code.BOX, "It has no bbox of four numbers. It was left out.", place)
            return None
        left, top, width, height = frame
        turned = self._intake.upright((left, top, width, height), _rotation(one.attributes), place)
        return self._intake.box(place, label, turned, one.score)


def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
    """Write one file. Ids begin at 1; categories are in the order in which labels are first used."""
    # From 1 on, and not from 0: several readers take 0 for the background.
    ids: dict[str, int] = {}
    for image in images:
        for box in image.boxes:
            ids.setdefault(box.label, len(ids) + 1)
    write_manifest(path, _chunks(images, ids, outlet))


def _chunks(images: Sequence[LabelledImage], ids: dict[str, int], outlet: Outlet) -> Iterator[bytes]:
    encode = msgspec.json.encode
    yield b'{"info":{"description":"Written by Truthline"},"licenses":[],"categories":'
    yield encode([{"id": number, "name": label, "supercategory": ""} for label, number in ids.items()])
    yield b',\n"images":['
    for number, image in enumerate(images, 1):
        outlet.step()
        size = image.size or ImageSize(0, 0)  # `fit` leaves none without
        entry = {"id": number, "file_name": image.name, "width": size.width, "height": size.height}
        yield (b",\n" if number > 1 else b"\n") + encode(entry)
    yield b'],\n"annotations":['
    annotations = ((number, box) for number, image in enumerate(images, 1) for box in image.boxes)
    for index, (number, box) in enumerate(annotations, 1):
        yield (b",\n" if index > 1 else b"\n") + encode(_annotation(index, number, ids[box.label], box))
    yield b"]}\n"


def _annotation(index: int, image_id: int, category_id: int, box: Box) -> dict[str, Any]:
    return {
        "id": index,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": [plain(number) for number in (box.left, box.top, box.width, box.height)],
        "area": plain(box.width * box.height),
        "iscrowd": 0,
        "segmentation": [],
    }


def _size(one: _Image) -> ImageSize | None:
    try:
        width, height = int(one.width), int(one.height)
    except (TypeError, ValueError, OverflowError):
        return None
    return ImageSize(width, height) if width > 0 and height > 0 else None


def _rotation(attributes: Any) -> float:
    """Degrees by which CVAT says that a box is turned; its bbox is that of the box before."""
    rotation = attributes.get("rotation") if isinstance(attributes, dict) else None
    return number_of(str(rotation)) or 0


def _bounds(outline: msgspec.Raw) -> Frame | tuple[()]:
    """Bounding box of polygons; empty if they are none, such as a run-length mask."""
    try:
        polygons = msgspec.json.decode(outline, type=list[list[_Number]])
    except (msgspec.DecodeError, RecursionError):
        return ()
    pairs = [zip(map(bounded, one[0::2]), map(bounded, one[1::2]), strict=False) for one in polygons]
    points = [point for polygon in pairs for point in polygon]
    return bounds_of(points) if points else ()
