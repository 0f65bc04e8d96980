"""The three-way merge of one box attribute, box by box."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

from truthline.manifest.merge.box_matching import match_added, match_boxes
from truthline.manifest.merge.values import (
    CREATION_DATE,
    MergeConflict,
    Side,
    copy_member,
    decide,
    decide_date,
)
from truthline.manifest.names import METADATA_SUFFIX
from truthline.manifest.pointer import pointer_to

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from truthline.manifest.json_text import JsonText
    from truthline.manifest.merge.box_matching import Boxes, PlacedBox

# What follows the boxes, and what is merged with them.
_OF_BOXES: Final = frozenset({"annotations", "class-map", "objects", CREATION_DATE})
# What says how an attribute came to be: of one that both made, theirs will do.
_ORIGIN: Final = frozenset({"job-name", "human-annotated"})


@dataclass(frozen=True, slots=True)
class ThreeBoxes:
    """One box attribute in three versions; ``base`` is empty where both added it."""

    name: str
    base: Boxes
    mine: Boxes
    theirs: Boxes


def merge_boxes(three: ThreeBoxes, mine: JsonText, result: JsonText, prefer: Side) -> list[MergeConflict]:
    """Merge the boxes and all other keys of the attribute.

    Args:
        three: the attribute, read.
        mine: my line.
        result: their line, into which mine's changes of the attribute are put.
        prefer: whose version of a conflict is put there.

    """
    plan, conflicts = _plan(three, prefer)
    _apply(plan, three, mine, result)
    return conflicts + _merge_others(three, mine, result, prefer)


@dataclass(slots=True)
class _Plan:
    """What becomes of their list of boxes: by their index mine's that replaces it, and so on."""

    replaced: dict[int, int] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    added: list[int] = field(default_factory=list)

    def put(self, mine: int | None, theirs: int | None) -> None:
        """Let a box be as mine is."""
        if mine is None and theirs is not None:
            self.removed.add(theirs)
        elif mine is not None and theirs is None:
            self.added.append(mine)
        elif mine is not None and theirs is not None:
            self.replaced[theirs] = mine


def _plan(three: ThreeBoxes, prefer: Side) -> tuple[_Plan, list[MergeConflict]]:
    plan, conflicts = _Plan(), []
    for base, mine, theirs in _triples(three):
        boxes = (_at(three.base, base), _at(three.mine, mine), _at(three.theirs, theirs))
        side = decide(*(None if box is None else box.content for box in boxes))
        if side is None:
            side = prefer
            conflicts.append(_conflict(three.name, mine if mine is not None else theirs, boxes))
        if side is Side.MINE:
            plan.put(mine, theirs)
    plan.added.sort()
    return plan, conflicts


def _triples(three: ThreeBoxes) -> Iterator[tuple[int | None, int | None, int | None]]:
    """Each box by its index in the three versions, None where it is not there."""
    base, mine, theirs = three.base, three.mine, three.theirs
    kept = len(mine.boxes) == len(base.boxes) == len(theirs.boxes)
    in_mine, in_theirs = (match_boxes(base, side, by_index=kept) for side in (mine, theirs))
    for index in range(len(base.boxes)):
        yield index, in_mine.get(index), in_theirs.get(index)
    my_new, their_new = (
        [index for index in range(len(side.boxes)) if index not in known]
        for side, known in ((mine, set(in_mine.values())), (theirs, set(in_theirs.values())))
    )
    both = match_added([mine.boxes[index] for index in my_new], [theirs.boxes[index] for index in their_new])
    for number, index in enumerate(my_new):
        yield None, index, their_new[both[number]] if number in both else None
    for number, index in enumerate(their_new):
        if number not in both.values():
            yield None, None, index


def _at(side: Boxes, index: int | None) -> PlacedBox | None:
    return None if index is None else side.boxes[index]


def _conflict(name: str, index: int | None, boxes: Collection[PlacedBox | None]) -> MergeConflict:
    base, mine, theirs = (None if box is None else box.as_json() for box in boxes)
    shown = mine or theirs or {}
    what = f"Box {(index or 0) + 1} ({shown.get('label')})"
    return MergeConflict(pointer_to(name, "annotations", index or 0), what, base, mine, theirs)


def _apply(plan: _Plan, three: ThreeBoxes, mine: JsonText, result: JsonText) -> None:
    value, metadata = result.open(three.name), result.open(three.name + METADATA_SUFFIX)
    ids = _merge_class_map(plan, three, mine.open(three.name + METADATA_SUFFIX), metadata)
    annotations = value.open("annotations")
    source = mine.open(three.name)
    if plan.replaced or plan.added:
        _fill_objects(metadata, len(annotations))
    for there, index in plan.replaced.items():
        annotations.parts[there].value = _box_text(source, three.mine, index, ids)
        metadata.open("objects").parts[there].value = _about_text(mine, three.name, index)
    annotations.remove(plan.removed)
    if metadata.find("objects") >= 0:
        metadata.open("objects").remove(plan.removed)
    for index in plan.added:
        _append(annotations, _box_text(source, three.mine, index, ids))
        _append(metadata.open("objects"), _about_text(mine, three.name, index))


def _append(texts: JsonText, text: bytes) -> None:
    texts.insert(len(texts), None)
    texts.parts[-1].value = text


def _fill_objects(metadata: JsonText, boxes: int) -> None:
    """Give each box its object, since they stand by position; an empty one claims no confidence."""
    if metadata.find("objects") < 0:
        metadata.set("objects", [])
    objects = metadata.open("objects")
    while len(objects) < boxes:
        objects.insert(len(objects), {})


def _box_text(source: JsonText, boxes: Boxes, index: int, ids: Mapping[str, int]) -> bytes:
    """Text of my box, with the id that its label has in the merged class-map."""
    box = boxes.boxes[index]
    annotations = source.open("annotations")
    if ids[box.label] != box.class_id:
        annotations.open(index).set("class_id", ids[box.label])
    return bytes(annotations.parts[index].value)


def _about_text(mine: JsonText, name: str, index: int) -> bytes:
    metadata = mine.open(name + METADATA_SUFFIX)
    objects = metadata.open("objects").parts if metadata.find("objects") >= 0 else []
    return bytes(objects[index].value) if index < len(objects) else b"{}"


def _merge_class_map(plan: _Plan, three: ThreeBoxes, mine: JsonText, result: JsonText) -> dict[str, int]:
    """Merge what the class-maps declare; give the id of each label.

    A label that a box of mine brings gets my id where that is free, else the next free one. A label whose
    last box goes in the merge goes too, as it does when a person removes the box; one that a side declares
    without a box stays.
    """
    used = _used_labels(plan, three)
    gone = {number for number, label in three.theirs.class_map.items() if _goes(label, used, three)}
    kept = {number: label for number, label in three.theirs.class_map.items() if number not in gone}
    if gone:
        result.open("class-map").remove(set(map(str, gone)))
    ids: dict[str, int] = {}
    for number, label in kept.items():
        ids.setdefault(label, number)
    for number, label in three.mine.class_map.items():
        if label not in ids and (label in used or label in three.mine.idle_labels - three.base.labels):
            ids[label] = number if number not in kept else next(free for free in count() if free not in kept)
            kept[ids[label]] = label
            _declare(result, ids[label], mine.open("class-map"), number)
    return ids


def _used_labels(plan: _Plan, three: ThreeBoxes) -> set[str]:
    """Labels of the merged boxes."""
    left = plan.removed | plan.replaced.keys()
    theirs = {box.label for index, box in enumerate(three.theirs.boxes) if index not in left}
    return theirs | {three.mine.boxes[index].label for index in (*plan.replaced.values(), *plan.added)}


def _goes(label: str, used: Collection[str], three: ThreeBoxes) -> bool:
    """Whether a label that theirs declares is not in the merged class-map."""
    if label in used or label in three.mine.idle_labels:
        return False
    if label in three.theirs.idle_labels:
        return label in three.base.labels - three.mine.labels
    return True


def _declare(metadata: JsonText, class_id: int, mine: JsonText, my_id: int) -> None:
    """Add a label to the merged class-map, in the words of mine."""
    if metadata.find("class-map") < 0:
        metadata.set("class-map", {})
    class_map = metadata.open("class-map")
    class_map.set(str(class_id), None)
    class_map.parts[class_map.find(str(class_id))].value = bytes(mine.parts[mine.find(str(my_id))].value)


def _merge_others(three: ThreeBoxes, mine: JsonText, result: JsonText, prefer: Side) -> list[MergeConflict]:
    conflicts = []
    metadata_key = three.name + METADATA_SUFFIX
    values = [side.value for side in (three.base, three.mine, three.theirs)]
    metadata = [side.metadata for side in (three.base, three.mine, three.theirs)]
    for holder, versions in ((three.name, values), (metadata_key, metadata)):
        for key in dict.fromkeys(key for version in versions for key in version):
            if key in _OF_BOXES:
                continue
            side = decide(*({key: version[key]} if key in version else {} for version in versions))
            if side is None and key in _ORIGIN and key not in versions[0]:
                side = Side.THEIRS
            if side is None:
                side = prefer
                found = (version.get(key) for version in versions)
                pointer, what = pointer_to(holder, key), f"The {key} of {three.name}"
                conflicts.append(MergeConflict(pointer, what, *found))
            if side is Side.MINE:
                copy_member(result.open(holder), mine.open(holder), key)
    if decide_date(*metadata) is Side.MINE:
        copy_member(result.open(metadata_key), mine.open(metadata_key), CREATION_DATE)
    return conflicts
