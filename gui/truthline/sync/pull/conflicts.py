"""Conflicts, of entries that two people changed differently: decided by a person, recorded, and put back.

A push or a pull leaves the remote line with such an entry, as ``theirs``. It stays in conflict, and is not
sent, until a person decides for one side.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from truthline.manifest.line import parse_line, same_value
from truthline.manifest.merge.merge import MergeConflict, Side, merge
from truthline.progress import BLOCK, CancelToken, Doing, Progress, Report, ignore_progress, in_blocks
from truthline.workspace.changes import Changes
from truthline.workspace.entry import Filter, Settlement
from truthline.workspace.ids import EntryId

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

    from truthline.manifest.annotation import Annotation, Box
    from truthline.workspace.entry import Entry
    from truthline.workspace.workspace import Workspace

_METADATA = "-metadata"


def conflicts_of(entry: Entry) -> tuple[MergeConflict, ...]:
    """What both sides changed differently in an entry; nothing if it is in no conflict."""
    return () if entry.theirs is None else merge(entry.base, entry.line, entry.theirs).conflicts


def resolution(entry: Entry, side: Side) -> Settlement:
    """What becomes of an entry in conflict whose conflicts are all decided for one side.

    The entry then holds what merges by itself, and that side's version of the rest, as a plain change on top
    of the remote line. Raises ValueError if it is in no conflict.
    """
    if entry.theirs is None:
        raise ValueError(f"entry {entry.id} is in no conflict")
    line = merge(entry.base, entry.line, entry.theirs, prefer=side).line
    return Settlement(expected=entry.line, line=line, base=entry.theirs, theirs=None)


def merging_by_itself(entry: Entry) -> tuple[int, int]:
    """How many other changes of an entry in conflict need no decision: theirs, and mine.

    A class label, a box, or another attribute counts as one.
    """
    if entry.theirs is None:
        return 0, 0
    with_theirs = merge(entry.base, entry.line, entry.theirs, prefer=Side.MINE).line
    with_mine = merge(entry.base, entry.line, entry.theirs, prefer=Side.THEIRS).line
    return _differences(entry.line, with_theirs), _differences(entry.theirs, with_mine)


@dataclass(slots=True)
class Resolved:
    """Entries whose conflicts were decided, or put back.

    ``before`` takes back what ``after`` did, entry by entry. ``left`` counts entries that were left alone,
    because their line, their base line or the remote line had become another one.
    """

    before: dict[EntryId, Settlement] = field(default_factory=dict)
    after: dict[EntryId, Settlement] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    left: int = 0

    def add(self, entries: Sequence[Entry], wanted: Mapping[EntryId, Settlement], changes: Changes) -> None:
        """Take in which of the wanted settlements were carried out, on entries as they were."""
        for entry in entries:
            settlement = wanted.get(entry.id)
            if settlement is None or entry.id not in changes.entries:
                self.left += 1
                continue
            self.after[entry.id] = settlement
            self.before[entry.id] = Settlement(settlement.line, entry.line, entry.base, entry.theirs)
        self.changes |= changes


def resolve(
    workspace: Workspace,
    ids: Collection[EntryId],
    side: Side,
    *,
    seen: Entry | None = None,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Resolved:
    """Decide all conflicts of these entries for one side; cancel keeps those that it had come to.

    ``seen`` is one of them as a person saw it when they decided: if any of its three lines is another one by
    now, it is left alone.
    """
    entries = list(_read(workspace, list(ids), report, cancel))
    wanted = {
        entry.id: resolution(entry, side)
        for entry in entries
        if entry.theirs is not None and (seen is None or entry.id != seen.id or _lines(entry) == _lines(seen))
    }
    return _settle(workspace, entries, wanted)


def settle_again(
    workspace: Workspace,
    wanted: Mapping[EntryId, Settlement],
    undone: Mapping[EntryId, Settlement],
    *,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Resolved:
    """Carry ``wanted`` out on the entries that are as ``undone`` left them: undo and redo of `resolve`."""
    entries = list(_read(workspace, list(wanted), report, cancel))
    fits = {
        entry.id: wanted[entry.id]
        for entry in entries
        if (entry.base, entry.theirs) == (undone[entry.id].base, undone[entry.id].theirs)
    }
    return _settle(workspace, entries, fits)


def _settle(workspace: Workspace, entries: Sequence[Entry], wanted: Mapping[EntryId, Settlement]) -> Resolved:
    resolved = Resolved()
    resolved.add(entries, wanted, workspace.settle(wanted))
    return resolved


def _read(
    workspace: Workspace, ids: Sequence[EntryId], report: Report, cancel: CancelToken | None
) -> Iterator[Entry]:
    for number, block in enumerate(in_blocks(ids)):
        if cancel is not None and cancel.cancelled:
            return  # and not raise: what was decided until then stays
        report(Progress(Doing.RESOLVING, number * BLOCK, len(ids)))
        there = workspace.ids(Filter(entries=tuple(block)))
        yield from workspace.entries([EntryId(one) for one in there])


def _lines(entry: Entry) -> tuple[bytes, bytes | None, bytes | None]:
    return entry.line, entry.base, entry.theirs


def _differences(one: bytes, other: bytes) -> int:
    """In how many class labels, boxes and other attributes two lines differ."""
    first, second = parse_line(one), parse_line(other)
    boxes, others = _boxes(first), _boxes(second)
    count = 0
    for name in boxes.keys() | others.keys():
        a, b = boxes.get(name, Counter()), others.get(name, Counter())
        count += max((a - b).total(), (b - a).total())
    drawn = {key for name in boxes.keys() | others.keys() for key in (name, name + _METADATA)}
    names = (first.members.keys() | second.members.keys()) - drawn
    return count + len({name.removesuffix(_METADATA) for name in names if not _same(name, first, second)})


def _boxes(annotation: Annotation) -> Mapping[str, Counter[Hashable]]:
    return {one.name: Counter(map(_said_by, one.boxes)) for one in annotation.box_attributes}


def _said_by(box: Box) -> Hashable:
    return box.label, box.left, box.top, box.width, box.height


def _same(name: str, first: Annotation, second: Annotation) -> bool:
    one, other = first.members.get(name), second.members.get(name)
    return one is not None and other is not None and same_value(bytes(one), bytes(other))
