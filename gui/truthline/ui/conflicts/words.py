"""What each side has of a thing in conflict: in words, piece by piece, and as boxes on the image."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truthline.manifest.line import parse_line
from truthline.ui.canvas.geometry import Frame
from truthline.ui.canvas.overlays import Version
from truthline.ui.kit.theme import shortened
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from truthline.manifest.merge.merge import MergeConflict

_LONGEST = 160
"""More characters of one value than this are not shown; the tool tip has more."""
_TIP = 2_000
_FRAME = ("left", "top", "width", "height")
_SPELT_OUT = 3
"""More boxes of one attribute than this are counted."""
_NO_LABEL = "no label"
_BETWEEN = " ,;"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_TIMES = "\N{MULTIPLICATION SIGN}"

COLUMNS = (Version.THEIRS, Version.MINE, Version.BASE)
"""The order in which versions stand side by side."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a cell's text, bold where that side differs."""

    text: str
    bold: bool = False


def told(conflict: MergeConflict) -> dict[Version, list[Run]]:
    """Each version of what conflicts, in words."""
    parts = _parts({version: value_of(conflict, version) for version in COLUMNS})
    cells = {}
    for version, said in parts.items():
        if said is None:
            gone = conflict.base is not None
            cells[version] = [Run("deleted" if gone else "not there", bold=gone)]
        else:
            other = parts[_compared_with(version, conflict)] or {}
            changes = version is not Version.BASE
            cells[version] = [
                run
                for key, text in said.items()
                for run in _runs(text, bold=changes and other.get(key) != text)
            ]
    return cells


def _runs(text: str, *, bold: bool) -> list[Run]:
    """What separates a piece from the one before is never bold."""
    piece = text.lstrip(_BETWEEN)
    before = text[: len(text) - len(piece)]
    return [Run(before), Run(piece, bold)] if before else [Run(piece, bold)]


def _compared_with(version: Version, conflict: MergeConflict) -> Version:
    if conflict.base is not None:
        return Version.BASE
    return Version.MINE if version is Version.THEIRS else Version.THEIRS


def in_words(runs: Sequence[Run]) -> str:
    """A cell's whole text."""
    return "".join(run.text for run in runs)


def value_of(conflict: MergeConflict, version: Version) -> object | None:
    """The JSON value that a version has there, None if it has none."""
    return {
        Version.THEIRS: conflict.theirs,
        Version.MINE: conflict.mine,
        Version.BASE: conflict.base,
    }[version]


def boxes_in(value: object) -> list[tuple[str, Frame]]:
    """The labels and frames that a version of what conflicts has: a box's, or all of a label attribute's."""
    if not isinstance(value, dict):
        return []
    frame = _frame_of(value)
    if frame is not None:
        return [(_label_of(value), frame)]
    if not isinstance(value.get("metadata"), dict):
        return []
    line = {"boxes": value.get("value"), "boxes-metadata": value["metadata"]}
    return boxes_of(json.dumps(line).encode())


def boxes_of(line: bytes | None) -> list[tuple[str, Frame]]:
    """The labels and frames of all boxes of a line."""
    attributes = parse_line(line).box_attributes if line is not None else ()
    return [
        (box.label, Frame(box.left, box.top, box.width, box.height))
        for attribute in attributes
        for box in attribute.boxes
    ]


def as_text(value: object | None) -> str:
    """A JSON value as it is, cut off where it gets too long to be looked at; "" if there is none."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)[:_TIP]


def _parts(values: Mapping[Version, object | None]) -> dict[Version, dict[str, str] | None]:
    """What is said of each version, piece by piece, so that pieces can be compared; None: not there."""
    there = [value for value in values.values() if value is not None]
    if not all(isinstance(value, dict) for value in there):
        return {version: None if value is None else {"": _text(value)} for version, value in values.items()}
    odd = _odd_keys([_flat(value) for value in there])
    return {
        version: _say(value, odd) if isinstance(value, dict) else None for version, value in values.items()
    }


def _say(value: dict[str, Any], odd: Sequence[str]) -> dict[str, str]:
    flat = _flat(value)
    told_so = {key: f"; {key} {_text(flat[key]) if key in flat else 'not there'}" for key in odd}
    if _frame_of(value) is not None:
        return _box_parts("", *boxes_in(value)[0]) | told_so
    if "metadata" not in value:
        return {"": _text(value)}
    boxes = boxes_in(value)
    if boxes:
        return _boxes_parts(boxes)
    metadata = value["metadata"]
    name = metadata.get("class-name") if isinstance(metadata, dict) else None
    return {"label": _text(value.get("value") if name is None else name)} | told_so


def _boxes_parts(boxes: Sequence[tuple[str, Frame]]) -> dict[str, str]:
    if len(boxes) > _SPELT_OUT:
        labels = Counter(label or _NO_LABEL for label, _ in boxes)
        told_so = ", ".join(f"{number} {label}" for label, number in labels.items())
        return {"": shortened(f"{counted(len(boxes), 'box', 'boxes')}: {told_so}", _LONGEST)}
    parts: dict[str, str] = {}
    for number, box in enumerate(boxes):
        parts |= {f"{number}{key}": text for key, text in _box_parts("; " if number else "", *box).items()}
    return parts


def _box_parts(before: str, label: str, frame: Frame) -> dict[str, str]:
    return {
        "label": before + shortened(label or _NO_LABEL, _LONGEST),
        "size": f", {_number(frame.width)}{_TIMES}{_number(frame.height)}",
        "place": f" at{_NO_BREAK}{_number(frame.left)},{_NO_BREAK}{_number(frame.top)}",
    }


def _odd_keys(flats: Sequence[Mapping[str, Any]]) -> list[str]:
    """What else the versions do not agree about; how they came to be only if there is nothing better."""
    plain = ("label", "class_id", "class-name", "value", *_FRAME)
    keys = list(dict.fromkeys(key for flat in flats for key in flat))
    odd = [key for key in keys if key not in plain and len({_text(flat.get(key)) for flat in flats}) > 1]
    said = len({tuple(_text(flat.get(key)) for key in plain) for flat in flats}) > 1
    better = [key for key in odd if key not in ("creation-date", "job-name")]
    return better if better or said else odd


def _flat(value: Any) -> dict[str, Any]:
    metadata = value.get("metadata")
    rest = {key: one for key, one in value.items() if key != "metadata"}
    return rest | metadata if isinstance(metadata, dict) else rest


def _frame_of(value: dict[str, Any]) -> Frame | None:
    numbers = [value.get(key) for key in _FRAME]
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        return None
    return Frame(*numbers)  # type: ignore[arg-type]  # told right before


def _label_of(box: dict[str, Any]) -> str:
    label = box.get("label")
    return label if isinstance(label, str) else ""


def _number(value: float) -> str:
    return format(value, ",d" if isinstance(value, int) else ",.6g")


def _text(value: object) -> str:
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _LONGEST)
