"""The label attributes of a line and of a whole dataset, where several jobs have left theirs.

What is asked here is asked of every line when a workspace is opened, so it looks only at keys and at the
metadata's kind, and reads neither boxes nor class-maps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.manifest.line import UNREADABLE, read_members
from truthline.manifest.names import METADATA_SUFFIX, is_free, label_pairs, possible_names
from truthline.manifest.shapes import BOX_TYPE, CLASS_TYPE
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress, in_blocks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from truthline.manifest.annotation import Annotation

__all__ = [
    "AttributeKind",
    "FoundAttribute",
    "box_attribute_for",
    "keeps_attributes",
    "list_attributes",
    "proposed_attribute",
]

_LINES_A_REPORT: Final = 2_000


class AttributeKind(Enum):
    """What a label attribute holds, by the type in its metadata."""

    BOXES = "boxes"
    CLASS_LABEL = "image-level label"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FoundAttribute:
    """A label attribute of a dataset.

    ``job`` is the job-name that most of its metadata gives, "" if none does; ``entries`` counts lines.
    """

    name: str
    kind: AttributeKind
    job: str
    entries: int


class _About(msgspec.Struct, rename="kebab", gc=False):
    type: Any = None
    job_name: Any = None


_ABOUT: Final = msgspec.json.Decoder(_About)
_KINDS: Final = {BOX_TYPE: AttributeKind.BOXES, CLASS_TYPE: AttributeKind.CLASS_LABEL}


def list_attributes(
    lines: Iterable[bytes],
    *,
    total: int | None = None,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> list[FoundAttribute]:
    """The label attributes of these lines: those of boxes first, of one kind the commonest first.

    A name that stands for two kinds is listed for each.

    Raises:
        CancelledError: cancelled.

    """
    jobs: dict[tuple[str, AttributeKind], Counter[str]] = {}
    step = Progress(Doing.FINDING_ATTRIBUTES)
    blocks = in_blocks(lines, _LINES_A_REPORT, step=step, total=total, report=report, cancel=cancel)
    for line in chain.from_iterable(blocks):
        for name, kind, job in _attributes(line):
            jobs.setdefault((name, kind), Counter())[job] += 1
    found = [
        FoundAttribute(name, kind, _commonest(counts), counts.total())
        for (name, kind), counts in jobs.items()
    ]
    order = list(AttributeKind)
    return sorted(found, key=lambda one: (order.index(one.kind), -one.entries, one.name))


def proposed_attribute(found: Iterable[FoundAttribute]) -> str:
    """The attribute that new boxes best go into: the commonest that holds boxes, "" if there is none."""
    boxes = [one for one in found if one.kind is AttributeKind.BOXES]
    return max(boxes, key=lambda one: one.entries).name if boxes else ""


def box_attribute_for(annotation: Annotation, wanted: str, locked: Collection[str]) -> str:
    """Where a new box of this line goes: ``wanted``, or the next name that the line can take.

    The name is never one of ``locked``.
    """
    present = {attribute.name for attribute in annotation.box_attributes}
    names = chain([wanted] if wanted in present else (), possible_names(wanted))
    return next(
        name
        for name in names
        if name not in locked and (name in present or is_free(name, annotation.members.keys()))
    )


def keeps_attributes(before: Annotation, after: Annotation, names: Collection[str]) -> bool:
    """Whether two lines have the same bytes in these label attributes and their metadata."""
    keys = [key for name in names for key in (name, name + METADATA_SUFFIX)]
    return before is after or all(_value(before, key) == _value(after, key) for key in keys)


def _value(annotation: Annotation, key: str) -> bytes | None:
    value = annotation.members.get(key)
    return None if value is None else bytes(value)


def _attributes(line: bytes) -> Iterable[tuple[str, AttributeKind, str]]:
    try:
        members = read_members(line)[1]
    except UNREADABLE:
        return
    for name in label_pairs(members):
        try:
            about = _ABOUT.decode(members[name + METADATA_SUFFIX])
        except UNREADABLE:
            about = _About()
        kind = _KINDS.get(about.type) if isinstance(about.type, str) else None
        yield name, kind or AttributeKind.OTHER, about.job_name if isinstance(about.job_name, str) else ""


def _commonest(jobs: Counter[str]) -> str:
    named = [(count, job) for job, count in jobs.items() if job]
    return max(named)[1] if named else ""
