"""YOLO: a text file of ``class x y width height`` for each image, and ``data.yaml`` with the class names.

The centre and the size of a box are shares of the image's width and height, so the images' sizes must be
known. They are written with twelve decimals, and an edge that is read within the error of its decimals from a
whole pixel is that pixel: whole pixels come back exactly, also from files with the usual six decimals.

Read are also a sixth number (confidence), and outlines, keypoints and rotated boxes, of which the bounding
box is kept. Rotated boxes come as a class and four corners, or as four corners, a name and a difficulty
(``x1 y1 … x4 y4 name 0``), then in pixels as a rule.

Source: docs.ultralytics.com, "Object Detection Datasets"; captain-whu.github.io/DOTA for the corners.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import yaml

from truthline.errors import UnreadableFileError
from truthline.interchange.class_names import NAME_FILES, ClassNames, class_names
from truthline.interchange.files import files_under, read_text, write_new
from truthline.interchange.findings import Code
from truthline.interchange.frames import Frame, bounds_of, fault_of, number_of
from truthline.interchange.intake import no_files
from truthline.interchange.model import FileImage, LabelledImage, Outlet
from truthline.interchange.names import stem
from truthline.manifest.annotation import Box, ImageSize, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_TEXT_LIMIT: Final = 16 << 20
_OTHER_TEXTS: Final = frozenset({*NAME_FILES, "train.txt", "val.txt", "valid.txt", "test.txt"})
_DECIMALS: Final = 12
"""As many are taken for exact where a number is written with an exponent."""
_NEAREST: Final = 0.05
"""Pixels; farther from a whole pixel no edge is moved, however few decimals it has."""
_BOX: Final = 5
_CORNERS: Final = 8
_MOST_SHARE: Final = 2
"""Corners beyond it are given in pixels: no box has shares that reach so far out of its image."""
_MANY: Final = 5
"""Lines; in a shorter file each may be a mistake of its own."""
_HEADS: Final = ("imagesource:", "gsd:")
"""How the lines begin that DOTA puts above its boxes."""


@dataclass(frozen=True, slots=True)
class _Share:
    """A box in shares of the image, which ``decimals`` tell so exactly, or ``in_pixels``."""

    box: Box
    decimals: int
    in_pixels: bool = False

    def on(self, width: int, height: int) -> Box:
        """The box in pixels of an image of that size."""
        if self.in_pixels:
            return self.box
        left, right = self._edges(self.box.left, self.box.width, width)
        top, bottom = self._edges(self.box.top, self.box.height, height)
        return replace(self.box, left=left, top=top, width=right - left, height=bottom - top)

    def _edges(self, start: float, size: float, pixels: int) -> tuple[float, float]:
        # Centre and size are each off by half of the last decimal at most.
        error = min(_NEAREST, 0.75 * 10.0**-self.decimals * pixels) + 1e-9
        return _snapped(start * pixels, error), _snapped((start + size) * pixels, error)


def read(intake: Intake) -> Iterator[FileImage]:
    """Read a folder with its ``data.yaml``, or the folder of a ``data.yaml``."""
    classes = class_names(intake)  # first, since without names no line says which label it means
    files = _label_files(intake)
    if not files:
        raise no_files(intake.root, ".txt")
    for name in files:
        intake.step(len(files))
        try:
            text = read_text(intake.root / name, _TEXT_LIMIT)
        except UnreadableFileError as error:
            intake.found(Code.UNREADABLE, f"{error.title} It was left out.", name, Level.ERROR)
            continue
        if _is_other_text(text):
            message = "Its lines hold no numbers, so it is no file of labels. It was left out."
            intake.found(Code.UNREADABLE, message, name)
            continue
        shares = _File(intake, name, classes).shares(text)

        def boxes_in(width: int, height: int, shares: tuple[_Share, ...] = shares) -> tuple[Box, ...]:
            return tuple(share.on(width, height) for share in shares)

        # Without boxes there is nothing to know a size for.
        yield FileImage(_names(name), name, boxes_in=boxes_in if shares else None, any_suffix=True)
    classes.tell(intake)


class _File:
    def __init__(self, intake: Intake, name: str, classes: ClassNames) -> None:
        self._intake = intake
        self._name = name
        self._classes = classes

    def shares(self, text: str) -> tuple[_Share, ...]:
        lines = [
            (words, f"{self._name}, line {number}")
            for number, line in enumerate(text.splitlines(), 1)
            if (words := line.split()) and not _is_head(line)
        ]
        cornered = [numbers for words, _ in lines if (numbers := _corners(words))]
        in_pixels = any(number > _MOST_SHARE for numbers in cornered for number in numbers)
        if cornered:
            unit = "pixels" if in_pixels else "shares of the image"
            message = f"Read as boxes by four corners and a name (YOLO-OBB, DOTA), in {unit}."
            self._intake.form(message, self._name)
        shares = (
            self._cornered(words, place, in_pixels=in_pixels)
            if _corners(words)
            else self._share(words, place)
            for words, place in lines
        )
        return tuple(share for share in shares if share is not None)

    def _cornered(self, words: list[str], place: str, *, in_pixels: bool) -> _Share | None:
        numbers = _corners(words)
        frame = bounds_of(list(zip(numbers[0::2], numbers[1::2], strict=True)))
        self._intake.lost("rotated boxes (YOLO-OBB), of which the bounding rectangle is kept")
        return self._checked(words[_CORNERS], frame, words[:_CORNERS], place, in_pixels=in_pixels)

    def _share(self, words: list[str], place: str) -> _Share | None:
        numbers = [number for word in words if (number := number_of(word)) is not None]
        if len(numbers) < len(words):
            message = "It holds something that is no number. It was left out."
            self._intake.found(Code.UNREADABLE, message, place)
            return None
        class_id, *numbers = numbers
        label = self._classes.label(class_id)
        if not label:
            message = f"There is no class {words[0]}: {self._classes.told}. It was left out."
            self._intake.found(Code.LABEL, message, place)
            return None
        frame, confidence = self._frame(numbers)
        if frame is None:
            message = f"It has {len(words)} numbers; a box has 5. It was left out."
            self._intake.found(Code.UNREADABLE, message, place)
            return None
        return self._checked(label, self._intake.in_order(frame, place), words[1:], place, confidence)

    def _checked(
        self,
        label: str,
        frame: Frame,
        words: list[str],
        place: str,
        confidence: float | None = None,
        *,
        in_pixels: bool = False,
    ) -> _Share | None:
        if fault := fault_of(*frame):
            self._intake.found(Code.BOX, f"The box {fault} of the image. It was left out.", place)
            return None
        # What was a whole pixel shall be one again: the decimals tell how far off it may be.
        decimals = max(len(word.partition(".")[2]) for word in words)
        if any("e" in word.lower() for word in words):
            decimals = _DECIMALS
        return _Share(Box(label, *frame, confidence=confidence), decimals, in_pixels)

    def _frame(self, numbers: list[float]) -> tuple[Frame | None, float | None]:
        count = len(numbers) + 1
        if count < _BOX:
            return None, None
        if count in (_BOX, _BOX + 1) or self._classes.has_keypoints:
            if self._classes.has_keypoints and count > _BOX:
                self._intake.lost("keypoints")
            across, down, width, height = numbers[:4]
            confidence = self._confidence(numbers[4]) if count == _BOX + 1 else None
            return (across - width / 2, down - height / 2, width, height), confidence
        if len(numbers) % 2:
            return None, None
        # Nothing tells four corners of a rotated box from an outline of four points.
        kind = "outlines or rotated boxes of four corners" if len(numbers) == _CORNERS else "outlines"
        self._intake.lost(f"{kind} (segmentations), of which the bounding box is kept")
        return bounds_of(list(zip(numbers[0::2], numbers[1::2], strict=True))), None

    def _confidence(self, number: float) -> float | None:
        if 0 <= number <= 1:
            return number
        self._intake.lost("sixth numbers of boxes, which are no confidence and were ignored")
        return None


def _is_other_text(text: str) -> bool:
    """Whether most lines are none of a label file, which is then told once and not for each of them."""
    lines = [words for line in text.splitlines() if (words := line.split()) and not _is_head(line)]
    wrong = sum(1 for words in lines if not _corners(words) and None in map(number_of, words))
    return len(lines) >= _MANY and 2 * wrong > len(lines)


def _is_head(line: str) -> bool:
    return line.lower().startswith(_HEADS)


def _corners(words: list[str]) -> list[float]:
    """The eight numbers of a line ``x1 y1 … x4 y4 name difficulty``, none if it is no such line."""
    if len(words) not in (_CORNERS + 1, _CORNERS + 2) or number_of(words[_CORNERS]) is not None:
        return []
    numbers = [number for word in words[:_CORNERS] if (number := number_of(word)) is not None]
    return numbers if len(numbers) == _CORNERS else []


def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
    """Write ``labels/`` and ``data.yaml``, which expects the images in ``images/`` beside them."""
    ids: dict[str, int] = {}
    for image in images:
        outlet.step()
        for box in image.boxes:
            ids.setdefault(box.label, len(ids))
        size = image.size or ImageSize(1, 1)  # `fit` leaves none without
        lines = [_line(ids[box.label], box, size) for box in image.boxes]
        write_new(path / "labels" / f"{stem(image.name)}.txt", "".join(lines).encode())
    content = {"train": "images", "val": "images", "names": {number: label for label, number in ids.items()}}
    # allow_unicode is left off: then everything unusual is escaped, and every label comes back as it was.
    write_new(path / "data.yaml", yaml.safe_dump(content, sort_keys=False, width=1 << 20).encode())


def _line(class_id: int, box: Box, size: ImageSize) -> str:
    shares = (
        (box.left + box.width / 2) / size.width,
        (box.top + box.height / 2) / size.height,
        box.width / size.width,
        box.height / size.height,
    )
    return (
        " ".join([str(class_id), *(f"{share:.{_DECIMALS}f}".rstrip("0").rstrip(".") for share in shares)])
        + "\n"
    )


def _names(name: str) -> tuple[tuple[str, str], ...]:
    """Where the image of a label file may be: beside it, or in ``images`` where that is in ``labels``."""
    parts = stem(name).split("/")
    if "labels" not in parts[:-1]:
        return (("", "/".join(parts)),)
    last = len(parts) - 2 - parts[-2::-1].index("labels")
    inside = "/".join(parts[last + 1 :])
    beside = "/".join((*parts[:last], "images", *parts[last + 1 :]))
    return ("", beside), ("", inside)


def _label_files(intake: Intake) -> list[str]:
    files = files_under(intake.root, ".txt")
    in_labels = [name for name in files if "labels" in name.split("/")[:-1]]
    if in_labels:
        return in_labels
    return [
        name
        for name in files
        if name.rpartition("/")[2] not in _OTHER_TEXTS
        and not name.rpartition("/")[2].lower().startswith("readme")
    ]


def _snapped(edge: float, error: float) -> float:
    nearest = round(edge)
    return nearest if abs(edge - nearest) <= error else edge
