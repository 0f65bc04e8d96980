"""The three-way merge of a line that two people changed since both saw the same.

What is merged one by one: each label attribute with its metadata, each other key, and within an attribute of
boxes each box. What one side alone changed is taken from it; what both changed alike is theirs; what both
changed differently is a conflict. A creation date alone never is: the later one stays.

Nothing here raises, whatever the bytes are. A line that is no JSON object, or has a key repeatedly, is merged
as one thing; so is a label attribute whose boxes cannot be told one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.manifest.json_text import JsonText, decode_value
from truthline.manifest.line import same_value, strip_service_keys
from truthline.manifest.merge.box_matching import NO_BOXES, read_boxes, repeats_keys
from truthline.manifest.merge.boxes import ThreeBoxes, merge_boxes
from truthline.manifest.merge.values import (
    CREATION_DATE,
    MergeConflict,
    Side,
    copy_member,
    decide,
    decide_date,
)
from truthline.manifest.names import METADATA_SUFFIX, is_free, label_pairs
from truthline.manifest.pointer import pointer_to
from truthline.manifest.service_keys import equal_values
from truthline.manifest.shapes import CLASS_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.manifest.merge.box_matching import Boxes
    from truthline.manifest.merge.values import Members

__all__ = ["MergeConflict", "Merged", "Side", "merge"]

_NOT_READ: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged line, in which each conflict is decided for the side that was preferred."""

    line: bytes
    conflicts: tuple[MergeConflict, ...]


def merge(base: bytes | None, mine: bytes, theirs: bytes, *, prefer: Side = Side.MINE) -> Merged:
    """Merge two changes of one line, without their line endings. Never raises.

    The result is their line with mine's changes put in: what is theirs keeps their text, what is mine keeps
    mine's. It is a line byte for byte if the other side changed nothing. The service's keys are left out of
    a line in which changes of both meet.

    Args:
        base: the line that both began with; None if there was none, so that both added all they have.
        mine: the line here.
        theirs: the line that the service holds.
        prefer: whose version of a conflict the merged line gets. The conflicts are the same either way.

    """
    if mine in (theirs, base):
        return Merged(theirs, ())
    if theirs == base or same_value(mine, theirs):
        return Merged(mine if theirs == base else theirs, ())
    if base is not None and same_value(theirs, base):
        return Merged(mine, ())
    if base is not None and same_value(mine, base):
        return Merged(theirs, ())
    lines = [_Line.read(raw) for raw in (b"{}" if base is None else base, mine, theirs)]
    first, second, third = lines
    if first is None or second is None or third is None:
        return _merge_whole(base, mine, theirs, prefer)
    return _LineMerge(first, second, third, prefer).merged()


def _merge_whole(base: bytes | None, mine: bytes, theirs: bytes, prefer: Side) -> Merged:
    values = (_plain_value(base), _plain_value(mine), _plain_value(theirs))
    conflict = MergeConflict("", "The line", *values)
    return Merged(mine if prefer is Side.MINE else theirs, (conflict,))


def _plain_value(raw: bytes | None) -> object | None:
    if raw is None:
        return None
    try:
        value: object = decode_value(raw)
    except _NOT_READ:
        return raw.decode(errors="backslashreplace")
    return value


class _Line:
    """A line whose every key is there once: decoded, and as text where that is needed."""

    def __init__(self, raw: bytes, value: dict[str, Any]) -> None:
        self.value = value
        self._raw = raw
        self._repeats_keys = repeats_keys(raw)

    @property
    def is_whole(self) -> bool:
        """Whether the decoded line has all of the text's keys."""
        return not self._repeats_keys or len(self.text) == len(self.value)

    @classmethod
    def read(cls, raw: bytes) -> _Line | None:
        """Read a line without the service's keys; None if it cannot be merged in parts."""
        raw = strip_service_keys(raw)
        try:
            value = decode_value(raw)
        except _NOT_READ:
            return None
        line = cls(raw, value) if isinstance(value, dict) else None
        return line if line and line.is_whole else None

    @cached_property
    def text(self) -> JsonText:
        """The line opened; what is changed there is the merge."""
        return JsonText(self._raw)

    def members(self, unit: _Unit, name: str) -> dict[str, Any]:
        """What it has of a unit, as "value" and "metadata"."""
        keys = unit.keys(name)
        return {part: self.value[key] for part, key in keys.items() if key in self.value}

    def boxes(self, name: str, members: Members) -> Boxes | None:
        """Read a box attribute; one that is not there has no boxes."""
        if not members:
            return NO_BOXES
        if self._repeats_keys and any(repeats_keys(self._text_of(key)) for key in _pair(name)):
            return None
        return read_boxes(members.get("value"), members.get("metadata"))

    def _text_of(self, key: str) -> bytes:
        place = self.text.find(key)
        return bytes(self.text.parts[place].value) if place >= 0 else b"null"


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is merged as one: a key, or a label attribute, which the sides may call by different names."""

    mine: str
    theirs: str
    paired: bool

    def keys(self, name: str) -> dict[str, str]:
        """The line's keys by what they hold."""
        return dict(zip(("value", "metadata"), _pair(name), strict=True)) if self.paired else {"value": name}


def _pair(name: str) -> tuple[str, str]:
    return name, name + METADATA_SUFFIX


class _LineMerge:
    """One merge: mine's changes are put into their line's text, and what conflicts is gathered."""

    def __init__(self, base: _Line, mine: _Line, theirs: _Line, prefer: Side) -> None:
        self._base, self._mine, self._theirs, self._prefer = base, mine, theirs, prefer
        self._conflicts: list[MergeConflict] = []

    def merged(self) -> Merged:
        for unit in self._units():
            self._merge(unit)
        return Merged(bytes(self._theirs.text), tuple(self._conflicts))

    def _units(self) -> Iterator[_Unit]:
        lines = [line.value for line in (self._mine, self._theirs, self._base)]
        pairs = {name for line in lines for name in label_pairs(line)}
        twins = {name + METADATA_SUFFIX for name in pairs}
        other_names = self._same_labels()
        for key in dict.fromkeys(key for line in lines for key in line):
            if key not in twins and key not in other_names.values():
                yield _Unit(key, other_names.get(key, key), key in pairs)

    def _same_labels(self) -> dict[str, str]:
        """Attributes that mine added for a class label which theirs added under another name, with that."""
        added: list[dict[str, str]] = []
        for line, other in ((self._mine, self._theirs), (self._theirs, self._mine)):
            known = self._base.value.keys() | other.value.keys()
            new = [name for name in label_pairs(line.value) if is_free(name, known)]
            labels = {_class_name(line.value[name + METADATA_SUFFIX]): name for name in reversed(new)}
            labels.pop("", None)
            added.append(labels)
        return {name: added[1][label] for label, name in added[0].items() if label in added[1]}

    def _merge(self, unit: _Unit) -> None:
        base = self._base.members(unit, unit.mine)
        mine = self._mine.members(unit, unit.mine)
        theirs = self._theirs.members(unit, unit.theirs)
        side = date = decide(base, mine, theirs)
        if side is None and unit.paired:
            if self._merge_boxes(unit, base, mine, theirs):
                return
            side, date = _decide_pair(base, mine, theirs)
        if side is None or date is None:
            side = date = self._prefer
            self._conflicts.append(_conflict(unit, base, mine, theirs))
        self._take(unit, side, date)

    def _merge_boxes(self, unit: _Unit, base: Members, mine: Members, theirs: Members) -> bool:
        """Merge box by box; tells whether it could."""
        if not mine or not theirs:
            return False
        name = unit.mine
        first = self._base.boxes(name, base)
        second = self._mine.boxes(name, mine)
        third = self._theirs.boxes(name, theirs)
        if first is None or second is None or third is None:
            return False
        three = ThreeBoxes(name, first, second, third)
        self._conflicts += merge_boxes(three, self._mine.text, self._theirs.text, self._prefer)
        return True

    def _take(self, unit: _Unit, side: Side, date: Side) -> None:
        """Put that side's version into the merged line, with the creation date of the one or the other."""
        result, mine = self._theirs.text, self._mine.text
        twin = unit.mine + METADATA_SUFFIX
        dated = None
        if date is not side:
            dated = JsonText(bytes((mine if date is Side.MINE else result).open(twin)))
        if side is Side.MINE:
            if unit.theirs != unit.mine:
                result.remove(set(unit.keys(unit.theirs).values()))
            for key in unit.keys(unit.mine).values():
                copy_member(result, mine, key)
        if dated is not None:
            copy_member(result.open(twin), dated, CREATION_DATE)


def _class_name(metadata: object) -> str:
    match metadata:
        case {"type": kind, "class-name": str(name)} if kind == CLASS_TYPE:
            return name
    return ""


def _decide_pair(base: Members, mine: Members, theirs: Members) -> tuple[Side | None, Side | None]:
    """Whose label attribute, and whose creation date, if not for that date alone it would be a conflict."""
    bare = [_without(version, CREATION_DATE) for version in (base, mine, theirs)]
    if not base and _class_name(mine.get("metadata")):
        bare = [_without(version, "job-name") for version in bare]  # of a label that both added
    if equal_values(bare[1], bare[2]) and not equal_values(bare[0], bare[1]):
        return Side.THEIRS, Side.THEIRS
    side = decide(*bare)
    metadata = [version.get("metadata") for version in (base, mine, theirs)]
    if side is None or not all(isinstance(about, dict) for about in metadata):
        return side, side
    return side, decide_date(*metadata)  # type: ignore[arg-type]  # told right before


def _without(members: Members, key: str) -> Members:
    about = members.get("metadata")
    if not isinstance(about, dict) or key not in about:
        return members
    return {**members, "metadata": {name: value for name, value in about.items() if name != key}}


def _conflict(unit: _Unit, *versions: Members) -> MergeConflict:
    labels = {_class_name(members.get("metadata")) for members in versions if members}
    if not unit.paired:
        values = (members.get("value") for members in versions)
        return MergeConflict(pointer_to(unit.mine), f"The key {unit.mine}", *values)
    name = "" if len(labels) > 1 else labels.pop()
    what = f"The class label {name}" if name else f"The label attribute {unit.mine}"
    return MergeConflict(pointer_to(unit.mine), what, *(dict(members) or None for members in versions))
