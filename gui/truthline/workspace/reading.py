"""How rows become entries, and a filter becomes conditions."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from truthline.manifest.annotation import Finding, Level, RemoteError
from truthline.progress import in_blocks
from truthline.workspace import contents
from truthline.workspace.damage import Damaged, base_fits, facts_in, line_fits
from truthline.workspace.database import HOLDS
from truthline.workspace.entry import Entry, Filter, Kind
from truthline.workspace.ids import EntryId

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence

IDS_A_QUERY: Final = 500
"""SQLite took 999 marks in one statement for many years."""

_ENTRIES: Final = """
    SELECT id, source_ref, changed, worst_finding, remote_errors, line, ending, base, base_is_line, sent,
        theirs, line_sum, base_sum, image_facts.id, width, height, format, size, problem
    FROM entries LEFT JOIN lines USING (id) LEFT JOIN conflicts ON conflicts.entry_id = id
        LEFT JOIN image_facts USING (id)
    WHERE id IN ({})"""
_PROBLEMS_OF: Final = """
    SELECT entry_id, origin, code, level, message, pointer FROM problems
    WHERE entry_id IN ({}) ORDER BY entry_id, origin, ordinal"""
_FIND: Final = "SELECT source_ref, max(id) FROM entries WHERE source_ref IN ({}) GROUP BY source_ref"
_LEVEL_NUMBERS: Final = frozenset(range(1, len(contents.LEVELS) + 1))
_KINDS: Final = {
    Kind.ALL: "",
    Kind.UNLABELLED: "class_labels = 0 AND boxes = 0",
    Kind.CHANGED: "changed = 1",
    Kind.PROBLEMS: "id IN (SELECT id FROM entries WHERE worst_finding > 0"
    " UNION SELECT id FROM entries WHERE remote_errors > 0)",
    Kind.CONFLICTS: "id IN (SELECT entry_id FROM conflicts)",
}


def conditions(only: Filter) -> tuple[list[str], list[str]]:
    """SQL conditions made of constants alone, and the values of their marks."""
    found, values = [], []
    if only.kind is not Kind.ALL:
        found.append(_KINDS[only.kind])
    if only.label:
        found.append(
            "id IN (SELECT entry_id FROM entry_labels"
            " WHERE label_id = (SELECT id FROM labels WHERE name = ?))"
        )
        values.append(only.label)
    if only.code:
        found.append("id IN (SELECT entry_id FROM problems WHERE code = ?)")
        values.append(only.code)
    if only.entries:
        found.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(only.entries))
    if only.text.isascii() and only.text:
        found.append(r"source_ref LIKE ? ESCAPE '\'")
        values.append("%" + only.text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%")
    elif only.text:
        found.append(f"{HOLDS}(source_ref, ?)")
        values.append(only.text.casefold())
    return found, values


def read_entries(connection: sqlite3.Connection, ids: Sequence[EntryId]) -> dict[int, Entry]:
    """Those of these entries that exist."""
    found: dict[int, Entry] = {}
    for some in in_blocks(ids, IDS_A_QUERY):
        marks = ",".join("?" * len(some))
        rows = connection.execute(_ENTRIES.format(marks), some).fetchall()
        # Most entries have no problem, and a join with them would give a row for each problem of the others.
        flawed = [row[0] for row in rows if row[3] or row[4]]
        problems: dict[int, list[tuple[Any, ...]]] = {entry_id: [] for entry_id in flawed}
        if flawed:
            marks = ",".join("?" * len(flawed))
            for entry_id, *problem in connection.execute(_PROBLEMS_OF.format(marks), flawed):
                problems[entry_id].append(tuple(problem))
        found.update((row[0], _entry(row, problems.get(row[0], ()))) for row in rows)
    return found


def find_entries(connection: sqlite3.Connection, source_refs: Collection[str]) -> dict[str, EntryId]:
    """The last entry of each source-ref that an entry has."""
    found: dict[str, EntryId] = {}
    left = (one for one in source_refs if contents.storable(one) == one)  # no entry has another one
    while some := list(islice(left, IDS_A_QUERY)):
        rows = connection.execute(_FIND.format(",".join("?" * len(some))), some)
        found.update((source_ref, EntryId(entry_id)) for source_ref, entry_id in rows)
    return found


def _entry(row: Sequence[Any], problems: Iterable[Sequence[Any]]) -> Entry:
    entry_id, source_ref, changed, _, _, line, ending, base, base_is_line, *rest = row
    sent, theirs, of_line, of_base, known, *facts = rest
    if not (
        line_fits(entry_id, source_ref, line, ending, of_line)
        and base_fits(entry_id, changed, base_is_line, base, sent, theirs, of_base)
    ):
        return damaged_entry(Damaged.named(entry_id, source_ref))
    findings: list[Finding] = []
    reported: dict[int, list[RemoteError]] = {contents.REMOTE: [], contents.TRAINING: []}
    for origin, code, level, *texts in problems:
        if origin == contents.FINDING:
            findings.append(Finding(str(code), level_of(level), *map(str, texts)))
        elif origin in reported:
            reported[origin].append(RemoteError(str(code), *map(str, texts)))
    return Entry(
        id=EntryId(entry_id),
        position=entry_id,
        source_ref=source_ref,
        line=line,
        ending=ending,
        base=line if base_is_line else base,
        sent=sent,
        changed=bool(changed),
        findings=tuple(findings),
        remote_errors=tuple(reported[contents.REMOTE]),
        training_errors=tuple(reported[contents.TRAINING]),
        facts=facts_in(facts) if known else None,
        theirs=theirs,
    )


def level_of(number: Any) -> Level:
    """The level that a number stands for; the worst one where a damaged file holds something else."""
    return contents.LEVELS[number - 1] if number in _LEVEL_NUMBERS else Level.ERROR


def damaged_entry(damaged: Damaged) -> Entry:
    """What stands for an entry that is damaged: none of its bytes, and a finding that says so."""
    return Entry(
        id=damaged.entry_id,
        position=damaged.entry_id,
        source_ref=damaged.source_ref,
        line=b"",
        ending=b"\n",
        base=None,
        changed=False,
        findings=(damaged.finding,),
        remote_errors=(),
        facts=None,
        damaged=damaged,
    )
