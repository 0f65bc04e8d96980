"""Other lines in place of those that are stored: read, merged, checked and written a block at a time.

Functions here run within a transaction of the caller's and keep the counts in ``labels`` true.

A statement for each line and table costs several times as much as one for a block of them: of the 190 µs that
a label took for each of 250,000 images, 85 went with that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from truthline.manifest.check.rules import check_raw
from truthline.manifest.merge.merge import merge
from truthline.workspace.contents import (
    ADD_PROBLEM,
    ADD_USE,
    FINDING,
    REMOVE_PROBLEMS,
    base_columns,
    check_one_line,
    finding_rows,
    is_changed,
    read_contents,
    storable,
    worst_of,
)
from truthline.workspace.damage import Damaged, base_fits, base_sum, facts_in, line_fits, line_sum
from truthline.workspace.entry import Entry
from truthline.workspace.label_list import LabelBook, Use

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from truthline.manifest.annotation import Finding, ImageFacts
    from truthline.workspace.ids import EntryId

_STORED: Final = """
    SELECT entries.id, source_ref, changed, class_labels, boxes, worst_finding, line_sum, base_sum,
        line, ending, base, base_is_line, sent, theirs,
        image_facts.id, width, height, format, size, problem
    FROM entries LEFT JOIN lines USING (id) LEFT JOIN conflicts ON conflicts.entry_id = entries.id
        LEFT JOIN image_facts ON image_facts.id = entries.id
    WHERE entries.id IN ({})"""
_USES: Final = "SELECT entry_id, label_id, class_labels, boxes FROM entry_labels WHERE entry_id IN ({})"
_REMOVE_USE: Final = "DELETE FROM entry_labels WHERE entry_id = ? AND label_id = ?"

# An index is written anew wherever a statement names one of its columns, whatever the value: so the name of
# an image, and whether there are labels or findings, are only named where they change.
_SET_SUMS: Final = "UPDATE entries SET line_sum = ?, base_sum = ? WHERE id = ?"
_SET_COUNTS: Final = "UPDATE entries SET changed = ?, class_labels = ?, boxes = ? WHERE id = ?"
_SET_WORST: Final = "UPDATE entries SET worst_finding = ? WHERE id = ?"
_SET_REF: Final = "UPDATE entries SET source_ref = ? WHERE id = ?"
_SET_LINE: Final = "UPDATE lines SET line = ?, base = ?, base_is_line = ? WHERE id = ?"


class Stored(NamedTuple):
    """An entry's rows, as they are; ``fits`` tells whether they are as they were written."""

    entry_id: EntryId
    source_ref: str
    changed: int
    class_labels: int
    boxes: int
    worst: int
    line: bytes
    ending: bytes
    base: bytes | None
    sent: bytes | None
    theirs: bytes | None
    facts: ImageFacts | None
    fits: bool

    @property
    def damaged(self) -> Damaged | None:
        """What is known of it if it is not as it was written."""
        return None if self.fits else Damaged.named(self.entry_id, self.source_ref)

    @property
    def entry(self) -> Entry:
        """The entry for whoever edits it: without what rules and service found, which no edit asks for."""
        return Entry(
            self.entry_id,
            self.entry_id,
            self.source_ref,
            self.line,
            self.ending,
            self.base,
            bool(self.changed),
            (),
            (),
            self.facts,
            sent=self.sent,
            theirs=self.theirs,
        )


class Replacement(NamedTuple):
    """Another line of an entry; ``made_from`` is the line that it was made from, where that is known."""

    entry_id: EntryId
    line: bytes
    made_from: bytes | None = None


class Replaced(NamedTuple):
    """What became of an entry's line."""

    entry_id: EntryId
    before: bytes
    after: bytes


def stored(connection: sqlite3.Connection, ids: Sequence[EntryId]) -> dict[EntryId, Stored]:
    """Those of these entries that exist, at most as many as a statement takes marks."""
    rows = connection.execute(_STORED.format(",".join("?" * len(ids))), ids)
    return {row[0]: _stored(row) for row in rows}


def _stored(row: Sequence[Any]) -> Stored:
    entry_id, source_ref, changed, class_labels, boxes, worst, of_line, of_base, line, ending, *rest = row
    base, base_is_line, sent, theirs, known, *facts = rest
    fits = line_fits(entry_id, source_ref, line, ending, of_line) and base_fits(
        entry_id, changed, base_is_line, base, sent, theirs, of_base
    )
    return Stored(
        entry_id,
        source_ref,
        changed,
        class_labels,
        boxes,
        worst,
        line,
        ending,
        line if base_is_line else base,
        sent,
        theirs,
        facts_in(facts) if known else None,
        fits,
    )


def replace_lines(
    connection: sqlite3.Connection,
    book: LabelBook,
    wanted: Sequence[Replacement],
    *,
    known: Mapping[EntryId, Stored] | None = None,
) -> list[Replaced]:
    """Store other lines of entries; gives those that were not so before.

    Where an entry no longer has the line that its new one was made from, both are merged. ``wanted`` are at
    most as many as a statement takes marks; ``known`` are their rows, if somebody has just read them.

    Raises:
        KeyError: there is no such entry.
        DamagedEntryError: it is damaged.

    """
    rows = known if known is not None else stored(connection, [one.entry_id for one in wanted])
    replaced: list[Replaced] = []
    for entry_id, line, made_from in wanted:
        check_one_line(line)
        row = rows[entry_id]
        if row.damaged is not None:
            raise row.damaged.error()
        before = row.line
        if made_from is not None and before != made_from:
            line = merge(made_from, line, before).line  # noqa: PLW2901 - what is stored instead
        if before != line:
            replaced.append(Replaced(entry_id, before, line))
    _write(connection, book, rows, replaced)
    return replaced


def _write(
    connection: sqlite3.Connection,
    book: LabelBook,
    rows: Mapping[EntryId, Stored],
    replaced: Sequence[Replaced],
) -> None:
    if not replaced:
        return
    sums, counts, worsts, refs, lines = [], [], [], [], []
    found: list[tuple[Any, ...]] = []
    flawed: list[tuple[int, int]] = []
    uses: dict[EntryId, dict[str, Use]] = {}
    for entry_id, _, line in replaced:
        row = rows[entry_id]
        contents = read_contents(line, row.facts)
        changed = is_changed(line, row.base, row.sent)
        base, base_is_line = base_columns(line, row.base)
        lines.append((line, base, base_is_line, entry_id))
        sums.append(
            (
                line_sum(entry_id, contents.source_ref, line, row.ending),
                base_sum(entry_id, changed, base_is_line, base, row.sent, row.theirs),
                entry_id,
            )
        )
        if (changed, contents.class_labels, contents.boxes) != (row.changed, row.class_labels, row.boxes):
            counts.append((changed, contents.class_labels, contents.boxes, entry_id))
        if contents.source_ref != row.source_ref:
            refs.append((contents.source_ref, entry_id))
        if row.worst or contents.findings:
            flawed.append((entry_id, FINDING))
        found += finding_rows(entry_id, contents.findings)
        worst = worst_of(contents.findings)
        if worst != row.worst:
            worsts.append((worst, entry_id))
        uses[entry_id] = contents.uses
    connection.executemany(_SET_LINE, lines)
    connection.executemany(_SET_SUMS, sums)
    connection.executemany(_SET_COUNTS, counts)
    connection.executemany(_SET_REF, refs)
    connection.executemany(_SET_WORST, worsts)
    connection.executemany(REMOVE_PROBLEMS, flawed)
    connection.executemany(ADD_PROBLEM, found)
    replace_uses(connection, book, uses)


def replace_line(
    connection: sqlite3.Connection,
    book: LabelBook,
    entry_id: EntryId,
    line: bytes,
    made_from: bytes | None = None,
) -> bool:
    """As `replace_lines`, of one entry; False if it has that line already."""
    return bool(replace_lines(connection, book, [Replacement(entry_id, line, made_from)]))


def replace_uses(
    connection: sqlite3.Connection, book: LabelBook, wanted: Mapping[EntryId, Mapping[str, Use]]
) -> None:
    """Store which labels entries use in place of those that they used."""
    before: dict[EntryId, dict[int, Use]] = {entry_id: {} for entry_id in wanted}
    ids = list(wanted)
    for entry_id, label_id, *use in connection.execute(_USES.format(",".join("?" * len(ids))), ids):
        before[entry_id][label_id] = Use(*use)
    removed, added = [], []
    for entry_id, uses in wanted.items():
        was = before[entry_id]
        now = {book.id_of(name): use for name, use in uses.items()}
        if was == now:
            continue
        for label_id, use in was.items():
            if now.get(label_id) != use:
                book.count(label_id, use, -1)
                removed.append((entry_id, label_id))
        for label_id, use in now.items():
            if was.get(label_id) != use:
                book.count(label_id, use, 1)
                added.append((entry_id, label_id, *use))
    connection.executemany(_REMOVE_USE, removed)
    connection.executemany(ADD_USE, added)


def remove_entry(connection: sqlite3.Connection, book: LabelBook, entry_id: EntryId) -> None:
    """Take an entry out, if it is there, with all that belongs to it."""
    replace_uses(connection, book, {entry_id: {}})
    connection.execute("DELETE FROM entries WHERE id = ?", (entry_id,))


def replace_findings(connection: sqlite3.Connection, entry_id: EntryId, findings: Iterable[Finding]) -> None:
    """Store the findings of an entry's line in place of earlier ones."""
    found = tuple(findings)
    connection.execute(REMOVE_PROBLEMS, (entry_id, FINDING))
    connection.executemany(ADD_PROBLEM, finding_rows(entry_id, found))
    connection.execute(_SET_WORST, (worst_of(found), entry_id))


def replace_facts(connection: sqlite3.Connection, entry_id: EntryId, facts: ImageFacts) -> bool:
    """Store what is known of an entry's image and check the line against it; False if it was known.

    Of a damaged entry there is no line to check, and nothing is stored.

    Raises:
        KeyError: there is no such entry.

    """
    row = stored(connection, [entry_id])[entry_id]
    if not row.fits or row.facts == facts:
        return False
    connection.execute(
        "INSERT OR REPLACE INTO image_facts VALUES (?, ?, ?, ?, ?, ?)",
        (entry_id, facts.width, facts.height, facts.format, facts.size, storable(facts.problem)),
    )
    replace_findings(connection, entry_id, check_raw(row.line, facts))
    return True


def stored_lines(
    connection: sqlite3.Connection, entry_id: EntryId
) -> tuple[bytes, bytes | None, bytes | None]:
    """An entry's line, base line and sent line, as they were stored.

    Raises:
        KeyError: there is no such entry.
        DamagedEntryError: it is damaged.

    """
    row = stored(connection, [entry_id])[entry_id]
    if row.damaged is not None:
        raise row.damaged.error()
    return row.line, row.base, row.sent
