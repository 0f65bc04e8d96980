"""What is to be known of a whole dataset's lines, counted while they pass by.

Memory grows by 16 bytes a line, which finding repeated source-refs takes, and by what each label needs.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from truthline.manifest.annotation import Box, Finding, ImageFacts, Level
from truthline.manifest.check.codes.table import NEVER_STORED
from truthline.manifest.check.decoded import decode_line
from truthline.manifest.check.rules import check_decoded
from truthline.manifest.line import split_source_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from truthline.manifest.check.decoded import Boxes, DecodedLine
    from truthline.manifest.shapes import Frame

__all__ = ["NAMED_AT_MOST", "Entries", "LabelUse", "Summary"]

NAMED_AT_MOST: Final = 10_000
"""No more entries than this are named; the others are only counted."""

_LABELS_KEPT: Final = 10_000  # many times what a dataset may have: a file gone wrong must not fill the memory
_TWIN: Final = 0.9  # boxes of one label count as one object if they share more of their area than this


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

    def add(self, number: int, line: DecodedLine, findings: Sequence[Finding]) -> None:
        """Take in a line with its findings."""
        self.lines += 1
        self.bytes += len(line.raw) + 1
        errors: set[str] = set()
        if findings:
            errors = {one.code for one in findings if one.level is Level.ERROR or one.code in NEVER_STORED}
        if errors:
            self.invalid.add(number)
            if errors & NEVER_STORED:
                self.unusable.add(number)
                return
        self._add_ref(number, line.source_ref)
        labels = {label for _, label in line.class_labels}
        if labels:
            self.with_class_labels += 1
        if line.boxes:
            self._add_boxes(number, line.boxes, labels)
        self._add_labels(number, labels, usable=int(not errors))

    def add_line(
        self, number: int, raw: bytes, facts: ImageFacts | None = None
    ) -> tuple[str, tuple[Finding, ...]]:
        """Read, check and take in a line; gives its source-ref and its findings."""
        line = decode_line(raw)
        findings = check_decoded(line, facts)
        self.add(number, line, findings)
        return line.source_ref, findings

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

    def _add_boxes(self, number: int, attributes: Sequence[Boxes], labels: set[str]) -> None:
        """Count what boxes say, and add their labels to those of the line."""
        spare: list[str] = []
        filled = twins = False
        for attribute in attributes:
            used, class_map = attribute.used, attribute.class_map
            if used == class_map.keys():
                labels.update(class_map.values())
            else:
                labels |= attribute.labels
                spare += [label for class_id, label in class_map.items() if class_id not in used]
            filled = filled or bool(used)
            twins = twins or (len(attribute.boxes) > 1 and _has_twins(attribute.boxes, class_map))
        self.with_boxes += filled
        if spare and len(self.unused) < _LABELS_KEPT:
            self.unused.update(label for label in spare if label not in labels)
        if twins:
            self.twins.add(number)

    def _add_labels(self, number: int, labels: Iterable[str], *, usable: int) -> None:
        uses = self.uses
        for label in labels:
            use = uses.get(label)
            if use is not None:
                use.images += 1
                use.usable += usable
            elif label and len(uses) < _LABELS_KEPT:
                uses[label] = LabelUse(1, usable, number)


def _has_twins(boxes: Sequence[Frame | Box], labels: Mapping[int, str]) -> bool:
    """Whether two boxes of one label nearly cover each other."""
    ordered = sorted(boxes, key=_LEFT)
    for index, one in enumerate(ordered, 1):
        # Boxes that share nine tenths of their area begin within a ninth of their width, and of their height.
        reach = one.left + one.width / 9
        at = index
        while at < len(ordered) and (other := ordered[at]).left <= reach:
            if abs(other.top - one.top) * 9 <= one.height and _are_twins(one, other, labels):
                return True
            at += 1
    return False


def _are_twins(one: Frame | Box, other: Frame | Box, labels: Mapping[int, str]) -> bool:
    return labels.get(one.class_id) == labels.get(other.class_id) and _shared_area(one, other) > _TWIN


_LEFT: Final = attrgetter("left")


def _shared_area(one: Frame | Box, other: Frame | Box) -> float:
    """Area of both divided by the area of either (intersection over union)."""
    wide = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    high = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (one.width * one.height + other.width * other.height - both)
