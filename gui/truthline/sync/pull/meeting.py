"""An entry and what the dataset holds of it now, brought together: reconciled, or a conflict.

If the dataset holds another line than the base line, somebody else changed the entry. What both did merges
by itself where it can (see `manifest.merge`), and becomes one line on the base of theirs. Where both changed
the same thing it is a conflict: nothing of that entry is sent until a person, or `OnConflict`, decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from truthline.manifest.line import same_value
from truthline.manifest.merge.merge import Side, merge
from truthline.workspace.workspace import Settlement

if TYPE_CHECKING:
    from truthline.manifest.annotation import Finding
    from truthline.workspace.workspace import EntryId


class OnConflict(StrEnum):
    """What becomes of an entry in which another person and we changed the same thing."""

    STOP = "stop"
    """it is not sent, and listed"""
    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry as the plan sees it.

    ``line_number`` counts from 1 in the order the entries came in. ``base`` is the last line the service was
    known to hold, None if it holds none; ``sent`` is the line it was given where ``base`` is what it made of
    that line. ``theirs`` is the remote line of a conflict that is open. ``repeated`` tells whether a later
    entry, which need not be a candidate, has the same source-ref. ``findings`` are the line's, None if they
    are not known.
    """

    entry_id: EntryId
    line_number: int
    source_ref: str
    line: bytes
    base: bytes | None
    sent: bytes | None = None
    theirs: bytes | None = None
    repeated: bool = False
    findings: tuple[Finding, ...] | None = None

    @property
    def changed(self) -> bool:
        """Whether the dataset holds something else than this line."""
        if self.base is None:
            return True
        if same_value(self.line, self.base):
            return False
        return self.sent is None or not same_value(self.line, self.sent)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that both sides changed, differently.

    ``pointer`` is the place in the line, ``what`` names it for people; ``base``, ``mine`` and ``theirs`` are
    JSON values as in `manifest.merge.MergeConflict`, None for what is not there.
    """

    source_ref: str
    line: int
    pointer: str
    what: str
    base: object
    mine: object
    theirs: object


@dataclass(frozen=True, slots=True)
class Met:
    """An entry and the remote line brought together: what it is now, and what to store if that is news.

    With conflicts, which are then in the settlement too, the entry stays as it was.
    """

    candidate: Candidate
    settlement: Settlement | None = None
    conflicts: tuple[Conflict, ...] = ()


def meet(candidate: Candidate, theirs: bytes | None, on_conflict: OnConflict = OnConflict.STOP) -> Met:
    """Bring an entry together with ``theirs``, what the dataset holds of it, None if it holds nothing."""
    line, base = candidate.line, candidate.base
    if theirs == base or (theirs is not None and base is not None and same_value(theirs, base)):
        # What somebody else had changed, they took back.
        solved = Settlement(line, line, base) if candidate.theirs is not None else None
        return Met(replace(candidate, theirs=None), solved)
    if theirs is None or same_value(line, theirs):
        return Met(_on(candidate, line, theirs), Settlement(line, line, theirs))
    prefer = Side.THEIRS if on_conflict is OnConflict.THEIRS else Side.MINE
    found = merge(base, line, theirs, prefer=prefer)
    if found.conflicts and on_conflict is OnConflict.STOP:
        conflicts = tuple(
            Conflict(
                candidate.source_ref,
                candidate.line_number,
                one.pointer,
                one.what,
                one.base,
                one.mine,
                one.theirs,
            )
            for one in found.conflicts
        )
        return Met(candidate, Settlement(line, line, base, theirs), conflicts)
    return Met(_on(candidate, found.line, theirs), Settlement(line, found.line, theirs))


def _on(candidate: Candidate, line: bytes, base: bytes | None) -> Candidate:
    findings = candidate.findings if line == candidate.line else None
    return replace(candidate, line=line, base=base, sent=None, theirs=None, findings=findings)
