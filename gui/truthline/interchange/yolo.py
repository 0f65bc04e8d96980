"""YOLO: a text file of ``class x y width height`` for each image, and ``data.yaml`` with the class names.

The centre and the size of a box are shares of the image's width and height, so the images' sizes must be
known. They are written with twelve decimals, and an edge that is read within the error of its decimals from a
whole pixel is that pixel: whole pixels come back exactly, also from files with the usual six decimals.

Read are also class names from ``classes.txt`` or ``obj.names``, a sixth number (confidence), and outlines and
keypoints, of which the bounding box is kept. Source: docs.ultralytics.com, "Object Detection Datasets".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import yaml

from truthline.errors import UnreadableFileError
from truthline.interchange.files import files_under, read_text, write_new
from truthline.interchange.frames import fault_of
from truthline.interchange.model import Code, FileImage, LabelledImage, Outlet
from truthline.interchange.names import stem
from truthline.manifest.annotation import Box, ImageSize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_YAML_LIMIT: Final = 4 << 20
_TEXT_LIMIT: Final = 16 << 20
_NAME_FILES: Final = ("classes.txt", "obj.names")
_OTHER_TEXTS: Final = frozenset({"classes.txt", "train.txt", "val.txt", "valid.txt", "test.txt"})
_DECIMALS: Final = 12
_NEAREST: Final = 0.05
"""Pixels; farther from a whole pixel no edge is moved, however few decimals it has."""
_BOX: Final = 5


@dataclass(frozen=True, slots=True)
class _Share:
    """A box in shares of the image; ``decimals`` is how exactly the file tells them."""

    box: Box
    decimals: int

    def on(self, width: int, height: int) -> Box:
        """The box in pixels of an image of that size."""
        left, right = self._edges(self.box.left, self.box.width, width)
        top, bottom = self._edges(self.box.top, self.box.height, height)
        return replace(self.box, left=left, top=top, width=right - left, height=bottom - top)

    def _edges(self, start: float, size: float, pixels: int) -> tuple[float, float]:
        # Centre and size are each off by half of the last decimal at most.
        error = min(_NEAREST, 0.75 * 10.0**-self.decimals * pixels) + 1e-9
        return _snapped(start * pixels, error), _snapped((start + size) * pixels, error)


def read(intake: Intake) -> Iterator[FileImage]:
    """Read a folder with its ``data.yaml``, or the folder of a ``data.yaml``."""
    labels, has_keypoints = _class_names(intake)
    for name in _label_files(intake):
        intake.step()
        reader = _File(intake, name, labels, has_keypoints=has_keypoints)
        shares = reader.shares(read_text(intake.root / name, _TEXT_LIMIT))

        def boxes_in(width: int, height: int, shares: tuple[_Share, ...] = shares) -> tuple[Box, ...]:
            return tuple(share.on(width, height) for share in shares)

        # Without boxes there is nothing to know a size for.
        yield FileImage(_names(name), name, boxes_in=boxes_in if shares else None, any_suffix=True)


class _File:
    def __init__(self, intake: Intake, name: str, labels: dict[int, str], *, has_keypoints: bool) -> None:
        self._intake = intake
        self._name = name
        self._labels = labels
        self._has_keypoints = has_keypoints

    def shares(self, text: str) -> tuple[_Share, ...]:
        shares = []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if words and (share := self._share(words, f"{self._name}, line {number}")) is not None:
                shares.append(share)
        return tuple(shares)

    def _share(self, words: list[str], place: str) -> _Share | None:
        try:
            class_id, *numbers = map(float, words)
        except ValueError:
            self._intake.found(
                Code.UNREADABLE, "It holds something that is no number. It was left out.", place
            )
            return None
        label = self._labels.get(int(class_id)) if class_id == class_id // 1 else None
        if label is None:
            message = f"There is no class {words[0]}: data.yaml names {len(self._labels)}. It was left out."
            self._intake.found(Code.LABEL, message, place)
            return None
        frame, confidence = self._frame(numbers)
        if frame is None:
            message = f"It has {len(words)} numbers; a box has 5. It was left out."
            self._intake.found(Code.UNREADABLE, message, place)
            return None
        if fault := fault_of(*frame):
            self._intake.found(Code.BOX, f"The box {fault} of the image. It was left out.", place)
            return None
        usable = confidence if confidence is not None and 0 <= confidence <= 1 else None
        decimals = max(len(word.partition(".")[2]) for word in words[1:])
        if any("e" in word.lower() for word in words[1:]):
            decimals = _DECIMALS
        return _Share(Box(label, *frame, confidence=usable), decimals)

    def _frame(self, numbers: list[float]) -> tuple[tuple[float, float, float, float] | None, float | None]:
        count = len(numbers) + 1
        if count < _BOX:
            return None, None
        if count in (_BOX, _BOX + 1) or self._has_keypoints:
            if self._has_keypoints and count > _BOX:
                self._intake.lost("keypoints")
            across, down, width, height = numbers[:4]
            confidence = numbers[4] if count == _BOX + 1 else None
            return (across - width / 2, down - height / 2, width, height), confidence
        if len(numbers) % 2:
            return None, None
        self._intake.lost("outlines (segmentations), of which the bounding box is kept")
        xs, ys = numbers[0::2], numbers[1::2]
        return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)), None


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


def _class_names(intake: Intake) -> tuple[dict[int, str], bool]:
    """Class names by number, and whether the label files hold keypoints."""
    yaml_files = [intake.path] if intake.path.is_file() else sorted(intake.root.glob("*.y*ml"))
    for path in yaml_files:
        content = _load_yaml(path)
        if isinstance(content, dict) and "names" in content:
            return _numbered(content["names"], path), "kpt_shape" in content
    for name in files_under(intake.root, *_NAME_FILES):
        if name.rpartition("/")[2] in _NAME_FILES:
            lines = read_text(intake.root / name, _YAML_LIMIT).splitlines()
            return {number: line.strip() for number, line in enumerate(lines) if line.strip()}, False
    raise UnreadableFileError(
        "The names of the classes are missing.",
        detail="Put the data.yaml (or classes.txt) that belongs to the labels into the folder.",
        place=str(intake.path),
    )


def _load_yaml(path: Path) -> Any:
    text = read_text(path, _YAML_LIMIT)
    try:
        # BaseLoader makes nothing but texts, lists and dictionaries: a class called "no" stays a text.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).replace("\n", " ") or "nested too deeply"
        raise UnreadableFileError(
            f"The YAML cannot be read ({reason}).", detail="Correct the file.", place=str(path)
        ) from error


def _numbered(names: Any, path: Path) -> dict[int, str]:
    pairs = enumerate(names) if isinstance(names, list) else names.items() if isinstance(names, dict) else ()
    try:
        numbered = {int(number): label for number, label in pairs if isinstance(label, str) and label}
    except (ValueError, TypeError):
        numbered = {}
    if not isinstance(names, list | dict) or len(numbered) != len(names):
        raise UnreadableFileError(
            '"names" does not name the classes.',
            detail="Write a list of names, or numbers from 0 with a name each.",
            place=str(path),
        )
    return numbered


def _snapped(edge: float, error: float) -> float:
    nearest = round(edge)
    return nearest if abs(edge - nearest) <= error else edge
