"""What is to be known of a whole dataset's lines, counted while they pass by.

Memory grows by 16 bytes a line, which finding repeated source-refs takes, and by what each label needs.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import islice, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Protocol

from truthline.manifest.annotation import Finding, ImageFacts, Level
from truthline.manifest.check.glance import plain_line
from truthline.manifest.check.rules import check_line
from truthline.manifest.labels import declared_labels
from truthline.manifest.line import parse_line, split_source_ref

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from truthline.manifest.annotation import Annotation
    from truthline.manifest.check.glance import PlainLine

__all__ = ["NAMED_AT_MOST", "Entries", "LabelUse", "Summary"]

NAMED_AT_MOST: Final = 10_000
"""No more entries than this are named; the others are only counted."""

_LABELS_KEPT: Final = 10_000  # many times what a dataset may have: a file gone wrong must not fill the memory
_TWIN: Final = 0.9  # boxes of one label count as one object if they share more of their area than this

_UNUSABLE: Final = frozenset(
    {
        "TRUTHLINE_BLANK_LINE",
        "ERROR_INVALID_JSON_LINE",
        "ERROR_MISSING_SOURCE_REF",
        "ERROR_INVALID_SOURCE_REF_FORMAT",
        "TRUTHLINE_LINE_TOO_LONG",
    }
)
"""Lines with one of these are not stored at all."""


@dataclass(slots=True)
class LabelUse:
    """How many images have a label; ``usable`` counts those whose lines have no error."""

    images: int
    usable: int
    first: int
    """Number of the first entry that has it."""


@dataclass(slots=True)
class Entries:
    """Numbers of entries: at most `NAMED_AT_MOST` by name, all of them as a count."""

    named: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, number: int) -> None:
        """Add one."""
        self.count += 1
        if self.count <= NAMED_AT_MOST:
            self.named.append(number)


class _HasFrame(Protocol):
    """A box, in pixels."""

    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...
    @property
    def class_id(self) -> int: ...


class Summary:
    """What is to be known of a dataset's lines, counted while they pass by.

    Numbers are line numbers or entry ids, in any order; each is given once.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.bytes = 0
        self.unusable = Entries()
        """Lines that an import drops; repeated source-refs not counted."""
        self.invalid = Entries()
        """Lines with an error, the unusable ones included."""
        self.with_class_labels = 0
        self.with_boxes = 0
        self.uses: dict[str, LabelUse] = {}
        self.unused: set[str] = set()
        """Labels that class-maps name and no box of their line has."""
        self.bucket = ""
        self.other_buckets = Entries()
        self.twins = Entries()
        self._prefix = "\0"  # how no source-ref begins
        self._numbers = array("q")
        self._hashes = array("q")

    def add(self, number: int, annotation: Annotation, findings: Iterable[Finding] | None = None) -> None:
        """Take in a line; ``findings`` are those of `check_line`, which is asked if they are not given."""
        found = check_line(annotation) if findings is None else findings
        errors = {finding.code for finding in found if finding.level is Level.ERROR or _is_lost(finding)}
        self.lines += 1
        self.bytes += len(annotation.raw) + 1
        if errors:
            self.invalid.add(number)
        if errors & _UNUSABLE:
            self.unusable.add(number)
            return
        self._add_ref(number, annotation.source_ref)
        self._add_labels(number, annotation.labels - {""}, usable=int(not errors))
        if len(self.unused) < _LABELS_KEPT:
            self.unused |= declared_labels(annotation) - annotation.labels
        self.with_class_labels += bool(annotation.class_labels)
        self.with_boxes += bool(annotation.boxes)
        if any(_has_twins(attribute.boxes, attribute.class_map) for attribute in annotation.box_attributes):
            self.twins.add(number)

    def add_plain(self, number: int, line: PlainLine) -> None:
        """Take in a line that has no finding, several times as fast as `add`."""
        self.lines += 1
        self.bytes += line.size + 1
        self._add_ref(number, line.source_ref)
        labels: Collection[str] = line.class_labels
        if labels:
            self.with_class_labels += 1
            labels = set(labels)
        if line.boxes:
            self.with_boxes += 1
            has_twins = False
            for boxes, class_map in line.boxes:
                labels = {*labels, *class_map.values()}
                has_twins = has_twins or (len(boxes) > 1 and _has_twins(boxes, class_map))
            if has_twins:
                self.twins.add(number)
        self._add_labels(number, labels, usable=1)

    def add_line(
        self, number: int, raw: bytes, facts: ImageFacts | None = None
    ) -> tuple[str, tuple[Finding, ...]]:
        """Read, check and take in a line; gives its source-ref and its findings."""
        plain = plain_line(raw) if facts is None else None
        if plain is not None:
            self.add_plain(number, plain)
            return plain.source_ref, ()
        annotation = parse_line(raw)
        findings = check_line(annotation, facts)
        self.add(number, annotation, findings)
        return annotation.source_ref, findings

    @property
    def labels(self) -> list[str]:
        """All labels that the service counts, used or not, in order."""
        return sorted(self.uses.keys() | self.unused)

    @property
    def usable_labels(self) -> frozenset[str]:
        """The labels that lines without an error use."""
        return frozenset(name for name, use in self.uses.items() if use.usable)

    def repeated(self) -> list[tuple[int, int]]:
        """Numbers of the entries whose source-ref comes again, in order, each with the last that has it."""
        ordered = sorted(self._hashes)
        several = {one for one, next_one in pairwise(ordered) if one == next_one}
        if not several:
            return []
        last: dict[int, int] = {}
        found = []
        for number, one in zip(reversed(self._numbers), reversed(self._hashes), strict=True):
            if one in last:
                found.append((number, last[one]))
            elif one in several:
                last[one] = number
        return found[::-1]

    def shared_with(self, other: Summary) -> Entries:
        """Entries whose source-ref the other dataset has too."""
        theirs = set(other._hashes)
        found = Entries()
        for number, one in zip(self._numbers, self._hashes, strict=True):
            if one in theirs:
                found.add(number)
        return found

    def _add_ref(self, number: int, ref: str) -> None:
        # 64 bits, keyed anew in every process: two different source-refs do not meet.
        self._hashes.append(hash(ref))
        self._numbers.append(number)
        if not ref.startswith(self._prefix):
            bucket = split_source_ref(ref)[0]
            if self.bucket:
                self.other_buckets.add(number)
            else:
                self.bucket, self._prefix = bucket, f"s3://{bucket}/"

    def _add_labels(self, number: int, labels: Collection[str], *, usable: int) -> None:
        uses = self.uses
        for label in labels:
            use = uses.get(label)
            if use is not None:
                use.images += 1
                use.usable += usable
            elif len(uses) < _LABELS_KEPT:
                uses[label] = LabelUse(1, usable, number)


def _is_lost(finding: Finding) -> bool:
    return finding.code in _UNUSABLE


def _has_twins(boxes: Sequence[_HasFrame], labels: Mapping[int, str]) -> bool:
    """Whether two boxes of one label nearly cover each other."""
    ordered = sorted(boxes, key=_LEFT)
    for index, one in enumerate(ordered, 1):
        # Boxes that share nine tenths of their area begin within a ninth of their width, and of their height.
        reach = one.left + one.width / 9
        for other in islice(ordered, index, None):
            if other.left > reach:
                break
            if abs(other.top - one.top) * 9 <= one.height and _are_twins(one, other, labels):
                return True
    return False


def _are_twins(one: _HasFrame, other: _HasFrame, labels: Mapping[int, str]) -> bool:
    return labels.get(one.class_id) == labels.get(other.class_id) and _shared_area(one, other) > _TWIN


_LEFT: Final = attrgetter("left")


def _shared_area(one: _HasFrame, other: _HasFrame) -> float:
    """Area of both divided by the area of either (intersection over union)."""
    wide = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    high = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (one.width * one.height + other.width * other.height - both)
