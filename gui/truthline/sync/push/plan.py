"""What a push would send: a pure function from base, current and remote lines to batches and refusals.

A line is sent if it differs, as a JSON value, from its base line. It is refused if the service would drop it
in silence or fail on it; ``strict`` refuses lines with other errors too, which the service takes and reports.

If the dataset holds another line than the base line, somebody else changed the entry, and both are brought
together first (see `pull.meeting`).

The service keeps all images of a dataset in one bucket. That bucket is the one of the lines the dataset
holds; an empty dataset takes the bucket that most of the valid lines name, the first of them if several do
equally often (see `bucket_of`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from truthline.manifest.annotation import Finding, Level
from truthline.manifest.check.codes.table import NEVER_STORED
from truthline.manifest.check.rules import check_raw
from truthline.manifest.line import split_source_ref
from truthline.sync.pull.meeting import Candidate, Conflict, OnConflict, meet
from truthline.workspace.workspace import DAMAGED, Settlement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from truthline.workspace.workspace import EntryId

BATCH_BYTES = 5_000_000
"""A batch is smaller than this, newlines included: "less than 5MB" in either reading."""

REPEATED_SOURCE_REF = "TRUTHLINE_REPEATED_SOURCE_REF"
OTHER_BUCKET = "TRUTHLINE_OTHER_BUCKET"


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say about one line of a push; ``line`` is its number, None if it has none."""

    source_ref: str
    code: str
    message: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every candidate, once: in a batch, unchanged, refused, or in conflict.

    ``settlements`` are to be stored before anything is sent: the candidates that were merged, with the line
    that the batches hold, and those in conflict. ``merged`` counts lines into which somebody else's changes
    were merged.
    """

    batches: tuple[tuple[Candidate, ...], ...]
    unchanged: tuple[EntryId, ...]
    refused: tuple[Remark, ...]
    conflicts: tuple[Conflict, ...] = ()
    settlements: Mapping[EntryId, Settlement] = field(default_factory=dict)
    merged: int = 0

    @property
    def lines(self) -> int:
        """How many lines the batches hold."""
        return sum(len(batch) for batch in self.batches)


def plan(
    candidates: Iterable[Candidate],
    *,
    bucket: str,
    strict: bool,
    remote: Mapping[str, bytes] | None = None,
    on_conflict: OnConflict = OnConflict.STOP,
) -> Plan:
    """Sort candidates, given in line order, into batches, unchanged, refused and conflicts.

    ``bucket`` is the dataset's, "" if lines of any bucket may be sent. ``remote`` is what the dataset holds
    of the candidates now, by source-ref, None if that was not looked at: then it is taken to hold the base
    lines. Of lines with the same source-ref only the last may be sent or unchanged.
    """
    everyone = list(candidates)
    last = {candidate.source_ref: candidate.line_number for candidate in everyone}
    unchanged: list[EntryId] = []
    refused: list[Remark] = []
    conflicts: list[Conflict] = []
    to_send: list[Candidate] = []
    settlements: dict[EntryId, Settlement] = {}
    merged = 0
    for given in everyone:
        if damage := _damage(given):
            refused.append(_remark(given, damage))
            continue
        later = last[given.source_ref] != given.line_number
        candidate = replace(given, repeated=True) if given.source_ref and later else given
        if remote is not None and candidate.source_ref and not candidate.repeated:
            met = meet(candidate, remote.get(candidate.source_ref), on_conflict)
            if met.settlement is not None:
                settlements[candidate.entry_id] = met.settlement
            conflicts.extend(met.conflicts)
            if met.conflicts:
                continue
            merged += met.candidate.line != candidate.line
            candidate = met.candidate
        if not candidate.repeated and not candidate.changed:
            unchanged.append(candidate.entry_id)
        elif finding := _refusal(candidate, bucket=bucket, strict=strict):
            refused.append(_remark(candidate, finding))
        else:
            to_send.append(candidate)
    return Plan(
        tuple(batched(to_send)), tuple(unchanged), tuple(refused), tuple(conflicts), settlements, merged
    )


def bucket_of(candidates: Iterable[Candidate]) -> str:
    """The bucket of the dataset that these candidates belong to, "" if no line names one.

    Lines that the dataset holds decide; if it holds none of these, the lines that are to be sent do.
    """
    held: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for candidate in candidates:
        name = bucket_in(candidate.source_ref)
        if name:
            (wanted if candidate.base is None else held)[name] += 1
    most = (held or wanted).most_common(1)  # of equally common ones, the first that came in
    return most[0][0] if most else ""


def bucket_in(source_ref: str) -> str:
    """The bucket that a source-ref names, "" if none."""
    try:
        return split_source_ref(source_ref)[0]
    except ValueError:
        return ""


def _damage(candidate: Candidate) -> Finding | None:
    """The finding of an entry whose line is lost: there is nothing to merge or to send."""
    return next((one for one in candidate.findings or () if one.code == DAMAGED), None)


def _refusal(candidate: Candidate, *, bucket: str, strict: bool) -> Finding | None:
    # Known ones suffice for what the service never stores; what it would report on is looked at anew.
    known = None if strict else candidate.findings
    findings = check_raw(candidate.line) if known is None else known
    for finding in findings:
        if finding.code in NEVER_STORED:
            return finding
    if candidate.repeated:
        return _error(
            REPEATED_SOURCE_REF,
            "A later line has the same source-ref, and a dataset holds each once. Only the last is sent.",
        )
    if bucket and bucket_in(candidate.source_ref) != bucket:
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
