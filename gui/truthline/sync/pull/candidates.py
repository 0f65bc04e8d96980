"""Entries of a workspace as the plan takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from truthline.sync.pull.meeting import Candidate
from truthline.workspace.workspace import Filter, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.workspace.workspace import Entry, Workspace


def candidates(workspace: Workspace) -> list[Candidate]:
    """The changed entries, in line order, as the plan takes them."""
    found = [candidate_of(entry) for entry in entries_of(workspace, Filter(kind=Kind.CHANGED))]
    last = workspace.find_many([one.source_ref for one in found if one.source_ref])
    return [
        replace(one, repeated=True) if last.get(one.source_ref, one.entry_id) != one.entry_id else one
        for one in found
    ]


def entries_of(workspace: Workspace, only: Filter) -> Iterator[Entry]:
    """The entries that a filter lets through, by position, also damaged ones; streams."""
    return workspace.walk(only)


def candidate_of(entry: Entry) -> Candidate:
    """An entry as the plan takes it."""
    return Candidate(
        entry.id,
        entry.position,
        entry.source_ref,
        entry.line,
        entry.base,
        entry.sent,
        entry.theirs,
        findings=entry.findings,
    )
