"""Boxes of one attribute in two versions of a line: read for comparing, and told apart.

Boxes have no names in a manifest, so which is which must be told by where they are and what they say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from truthline.manifest.json_text import refuse_depth
from truthline.manifest.service_keys import equal_values
from truthline.manifest.shapes import BOX_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_FRAME: Final = ("left", "top", "width", "height")
_CLASS_ID: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_MOST: Final = 10**15  # pixels; sums and products of such numbers are finite


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """One box: its label, its annotation object without class_id, and its object of the metadata."""

    label: str
    class_id: int
    value: Mapping[str, Any]
    about: Mapping[str, Any]

    @property
    def content(self) -> list[object]:
        """All that the box says, whatever id its label has in the class-map."""
        return [self.label, self.value, self.about]

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Left, top, width and height in pixels."""
        left, top, width, height = (self.value[key] for key in _FRAME)
        return left, top, width, height

    def as_json(self) -> dict[str, object]:
        """One object of all that the box says."""
        return {"label": self.label} | {**self.about, **self.value, "label": self.label}


@dataclass(frozen=True, slots=True)
class Boxes:
    """One box attribute: its boxes in order, the labels by id, and both of its objects, decoded."""

    boxes: Sequence[PlacedBox]
    class_map: Mapping[int, str]
    value: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def labels(self) -> set[str]:
        """The labels that the class-map declares."""
        return set(self.class_map.values())

    @property
    def idle_labels(self) -> set[str]:
        """The labels that the class-map declares and no box has."""
        return self.labels - {box.label for box in self.boxes}


NO_BOXES: Final = Boxes((), {}, {}, {})


def read_boxes(value: Any, metadata: Any) -> Boxes | None:
    """Read a box attribute from its two values, decoded.

    None if its boxes cannot be told one by one: it has another type, something is missing or of the wrong
    kind, or a box has no label.
    """
    match value, metadata:
        case {"annotations": list(frames)}, {"type": kind} if kind == BOX_TYPE:
            labels, objects = metadata.get("class-map", {}), metadata.get("objects", [])
        case _:
            return None
    class_map = _read_class_map(labels)
    if class_map is None or not _are_objects(frames) or not _are_objects(objects):
        return None
    if len(objects) > len(frames):
        return None
    objects = objects + [{}] * (len(frames) - len(objects))
    boxes = [_read_box(*both, class_map) for both in zip(frames, objects, strict=True)]
    readable = [box for box in boxes if box is not None]
    return Boxes(readable, class_map, value, metadata) if len(readable) == len(boxes) else None


def _are_objects(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


def _read_class_map(labels: object) -> dict[int, str] | None:
    if not isinstance(labels, dict):
        return None
    usual = all(_CLASS_ID.fullmatch(key) and isinstance(label, str) for key, label in labels.items())
    return {int(key): label for key, label in labels.items()} if usual else None


def _read_box(
    frame: Mapping[str, Any], about: Mapping[str, Any], class_map: Mapping[int, str]
) -> PlacedBox | None:
    class_id: Any = frame.get("class_id")
    if not _is_number(class_id, int) or class_id not in class_map:
        return None
    if not all(_is_number(frame.get(key), int | float) for key in _FRAME):
        return None
    value = {key: part for key, part in frame.items() if key != "class_id"}
    return PlacedBox(class_map[class_id], class_id, value, about)


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and abs(value) < _MOST


def repeats_keys(text: bytes) -> bool:
    """Whether JSON has an object with a key that is there repeatedly, or is nested too deeply to tell."""
    repeated = False

    def look(members: list[tuple[str, object]]) -> None:
        nonlocal repeated
        repeated |= len({name for name, _ in members}) < len(members)

    try:
        refuse_depth(text)
        json.loads(text.decode(), object_pairs_hook=look, parse_int=str)
    except RecursionError:
        return True
    return repeated


def match_boxes(base: Boxes, changed: Boxes, *, by_index: bool) -> dict[int, int]:
    """Which box of ``changed`` is which of ``base``, by their indices; what was added or removed is absent.

    A box that is still the same is found first. The others are told by their index if ``by_index``, then by
    label and greatest overlap, and at last by their frame, since a box may have got another label.
    """
    old, new = base.boxes, changed.boxes
    matches = _Matches(len(old), len(new))
    aligned = [(index, index) for index in range(min(len(old), len(new)))]
    matches.take(pair for pair in aligned if _same(old[pair[0]], new[pair[1]]))
    matches.take(pair for pair in matches.alike(old, new, labelled=True) if _same(old[pair[0]], new[pair[1]]))
    if by_index:
        matches.take(aligned)
    matches.take(_by_overlap(old, new, matches))
    matches.take(matches.alike(old, new, labelled=False))
    return matches.found


def match_added(mine: Sequence[PlacedBox], theirs: Sequence[PlacedBox]) -> dict[int, int]:
    """Which boxes have the same label and the same frame on both sides, by their indices."""
    matches = _Matches(len(mine), len(theirs))
    matches.take(matches.alike(mine, theirs, labelled=True))
    return matches.found


class _Matches:
    """Pairs found so far; each index of either side is in one at most."""

    def __init__(self, old: int, new: int) -> None:
        self.found: dict[int, int] = {}
        self.free_old = dict.fromkeys(range(old))
        self.free_new = dict.fromkeys(range(new))

    def take(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Take of these pairs, in order, those whose two boxes are free."""
        for old, new in pairs:
            if old in self.free_old and new in self.free_new:
                self.found[old] = new
                del self.free_old[old], self.free_new[new]

    def alike(
        self, old: Sequence[PlacedBox], new: Sequence[PlacedBox], *, labelled: bool
    ) -> Iterator[tuple[int, int]]:
        """Pairs of free boxes in the same frame, and with the same label if ``labelled``."""
        places: dict[object, list[int]] = {}
        for index in self.free_new:
            places.setdefault((new[index].frame, new[index].label if labelled else ""), []).append(index)
        for index in list(self.free_old):
            key = (old[index].frame, old[index].label if labelled else "")
            yield from ((index, other) for other in places.get(key, ()))


def _same(first: PlacedBox, second: PlacedBox) -> bool:
    return equal_values(first.content, second.content)


def _by_overlap(
    old: Sequence[PlacedBox], new: Sequence[PlacedBox], matches: _Matches
) -> list[tuple[int, int]]:
    found = [
        (_overlap(old[a].frame, new[b].frame), a, b)
        for a in matches.free_old
        for b in matches.free_new
        if old[a].label == new[b].label
    ]
    return [(a, b) for share, a, b in sorted(found, key=lambda one: (-one[0], *one[1:])) if share > 0]


def _overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union; 0 for frames without an area."""
    wide, high = (
        min(first[axis] + first[axis + 2], second[axis] + second[axis + 2]) - max(first[axis], second[axis])
        for axis in (0, 1)
    )
    shared = wide * high if wide > 0 and high > 0 else 0
    # The sum of both areas may round to less than what they share, where frames are tiny or far away.
    return shared and shared / max(shared, first[2] * first[3] + second[2] * second[3] - shared)
