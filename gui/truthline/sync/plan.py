"""What a push would send: a pure function from an entry's lines to batches and refusals.

A line is sent if it differs, as a JSON value, from its base line. It is refused if the service would drop it
in silence or fail on it; ``strict`` refuses lines with other errors too, which the service takes and reports.

The service keeps all images of a dataset in one bucket. That bucket is the one of the lines the dataset
holds; an empty dataset takes the bucket that most of the valid lines name, the first of them if several do
equally often (see `bucket_of`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthline.manifest.annotation import Finding, Level
from truthline.manifest.line import parse_line, same_value, split_source_ref
from truthline.manifest.rules import check_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from truthline.workspace.workspace import EntryId

BATCH_BYTES = 5_000_000
"""A batch is smaller than this, newlines included: "less than 5MB" in either reading."""

REPEATED_SOURCE_REF = "TRUTHLINE_REPEATED_SOURCE_REF"
OTHER_BUCKET = "TRUTHLINE_OTHER_BUCKET"

_NEVER_STORED = frozenset(
    {
        "ERROR_INVALID_JSON_LINE",
        "TRUTHLINE_BLANK_LINE",
        "ERROR_MISSING_SOURCE_REF",
        "ERROR_INVALID_SOURCE_REF_FORMAT",
        "TRUTHLINE_LINE_TOO_LONG",
    },
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry as the plan sees it.

    ``line_number`` counts from 1 in the order the entries came in. ``base`` is the last line the service was
    known to hold, None if it holds none; ``sent`` is the line it was given where ``base`` is what it made of
    that line.
    """

    entry_id: EntryId
    line_number: int
    source_ref: str
    line: bytes
    base: bytes | None
    sent: bytes | None = None

    @property
    def changed(self) -> bool:
        """Whether the dataset holds something else than this line."""
        if self.base is None:
            return True
        if same_value(self.line, self.base):
            return False
        return self.sent is None or not same_value(self.line, self.sent)


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say about one line of a push; ``line`` is its number, None if it has none."""

    source_ref: str
    code: str
    message: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every candidate, once: in a batch, unchanged, or refused."""

    batches: tuple[tuple[Candidate, ...], ...]
    unchanged: tuple[EntryId, ...]
    refused: tuple[Remark, ...]

    @property
    def lines(self) -> int:
        """How many lines the batches hold."""
        return sum(len(batch) for batch in self.batches)


def plan(candidates: Iterable[Candidate], *, bucket: str, strict: bool) -> Plan:
    """Sort candidates, given in line order, into batches, unchanged and refused.

    ``bucket`` is the dataset's, "" if lines of any bucket may be sent. Of lines with the same source-ref only
    the last may be sent or unchanged.
    """
    everyone = list(candidates)
    last = {candidate.source_ref: candidate.line_number for candidate in everyone}
    unchanged: list[EntryId] = []
    refused: list[Remark] = []
    to_send: list[Candidate] = []
    for candidate in everyone:
        repeated = candidate.source_ref != "" and last[candidate.source_ref] != candidate.line_number
        if not repeated and not candidate.changed:
            unchanged.append(candidate.entry_id)
        elif finding := _refusal(candidate, repeated=repeated, bucket=bucket, strict=strict):
            refused.append(_remark(candidate, finding))
        else:
            to_send.append(candidate)
    return Plan(tuple(batched(to_send)), tuple(unchanged), tuple(refused))


def bucket_of(candidates: Iterable[Candidate]) -> str:
    """The bucket of the dataset that these candidates belong to, "" if no line names one.

    Lines that the dataset holds decide; if it holds none of these, the lines that are to be sent do.
    """
    held: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for candidate in candidates:
        name = _bucket(candidate.source_ref)
        if name:
            (wanted if candidate.base is None else held)[name] += 1
    most = (held or wanted).most_common(1)  # of equally common ones, the first that came in
    return most[0][0] if most else ""


def _bucket(source_ref: str) -> str:
    try:
        return split_source_ref(source_ref)[0]
    except ValueError:
        return ""


def _refusal(candidate: Candidate, *, repeated: bool, bucket: str, strict: bool) -> Finding | None:
    findings = check_line(parse_line(candidate.line))
    for finding in findings:
        if finding.code in _NEVER_STORED:
            return finding
    if repeated:
        return _error(
            REPEATED_SOURCE_REF,
            "A later line has the same source-ref, and a dataset holds each once. Only the last is sent.",
        )
    if bucket and _bucket(candidate.source_ref) != bucket:
        return _error(
            OTHER_BUCKET,
            f"The image is not in the bucket {bucket}, where the dataset's images are. Copy it there.",
        )
    return next((found for found in findings if strict and found.level is Level.ERROR), None)


def _error(code: str, message: str) -> Finding:
    return Finding(code, Level.ERROR, message)


def _remark(candidate: Candidate, finding: Finding) -> Remark:
    return Remark(candidate.source_ref, finding.code, finding.message, candidate.line_number)


def batched(candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    """Cut candidates, in order, into batches of less than `BATCH_BYTES`."""
    batch: list[Candidate] = []
    size = 0
    for candidate in candidates:
        needed = len(candidate.line) + 1
        if batch and size + needed >= BATCH_BYTES:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(candidate)
        size += needed
    if batch:
        yield tuple(batch)
