"""How an entry's line becomes rows: its source-ref, its uses of labels, its findings.

Functions here run within a transaction of the caller's. Every one keeps the counts in ``labels`` true.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from truthline.errors import DamagedEntryError
from truthline.manifest.annotation import Finding, Level, RemoteError
from truthline.manifest.check.decoded import DecodedLine, decode_line
from truthline.manifest.check.rules import check_decoded, check_raw
from truthline.manifest.line import same_value
from truthline.manifest.merge.merge import merge
from truthline.workspace.damage import base_sum, check, facts_in, line_sum, seal
from truthline.workspace.ids import EntryId
from truthline.workspace.label_list import LabelBook, Use

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from truthline.manifest.annotation import ImageFacts
    from truthline.workspace.entry import NewEntry

LEVELS: Final = (Level.INFO, Level.WARNING, Level.ERROR)
"""Stored as numbers from 1, the worst one last."""
_NUMBERS: Final = {level: number for number, level in enumerate(LEVELS, 1)}

FINDING: Final = 0
REMOTE: Final = 1
TRAINING: Final = 2

_Row = tuple[Any, ...]

_ADD_ENTRY: Final = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_LINE: Final = "INSERT INTO lines VALUES (?, ?, ?, ?, ?, NULL)"
_ADD_USE: Final = "INSERT INTO entry_labels VALUES (?, ?, ?, ?)"
ADD_PROBLEM: Final = "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?)"
REMOVE_PROBLEMS: Final = "DELETE FROM problems WHERE entry_id = ? AND origin = ?"


@dataclass(frozen=True, slots=True)
class Contents:
    """What the tables hold of a line beside its bytes."""

    source_ref: str
    class_labels: int
    boxes: int
    uses: dict[str, Use]
    findings: tuple[Finding, ...]


def read_contents(line: bytes, facts: ImageFacts | None = None) -> Contents:
    """Parse and check a line; never raises."""
    decoded = decode_line(line)
    return Contents(
        source_ref=storable(decoded.source_ref),
        class_labels=len(decoded.class_labels),
        boxes=sum(len(attribute.boxes) for attribute in decoded.boxes),
        uses=_uses(decoded),
        findings=check_decoded(decoded, facts),
    )


def _uses(line: DecodedLine) -> dict[str, Use]:
    """The line's named labels: a box whose class_id names none counts as a box, but not for a label."""
    of_classes = Counter(label for _, label in line.class_labels)
    of_boxes: Counter[str] = Counter()
    for attribute in line.boxes:
        labels = attribute.class_map
        of_boxes.update([labels.get(box.class_id, "") for box in attribute.boxes])
    names = [*of_classes, *(name for name in of_boxes if name not in of_classes)]
    return {storable(name): Use(of_classes[name], of_boxes[name]) for name in names if name}


def storable(text: str) -> str:
    """Text that UTF-8 can hold: JSON may escape half a surrogate pair, SQLite takes none."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class Appender:
    """Collects rows of new entries, in the order of their positions, until `flush` writes them."""

    def __init__(self, connection: sqlite3.Connection, book: LabelBook | None = None) -> None:
        self._connection = connection
        self._book = book or LabelBook(connection)
        # also of entries that were removed
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
        self._next = (last[0] if last else 0) + 1
        self._entries: list[_Row] = []
        self._lines: list[_Row] = []
        self._uses: list[_Row] = []
        self._problems: list[_Row] = []

    def add(self, new: NewEntry) -> EntryId:
        """Take an entry in; `flush` makes it a row."""
        check_one_line(new.line)
        entry_id = EntryId(self._next)
        self._next += 1
        contents = read_contents(new.line)
        changed = is_changed(new.line, new.base)
        base, base_is_line = base_columns(new.line, new.base)
        self._entries.append(
            (
                entry_id,
                contents.source_ref,
                changed,
                contents.class_labels,
                contents.boxes,
                _worst(contents.findings),
                len(new.remote_errors),
                line_sum(entry_id, contents.source_ref, new.line, new.ending),
                base_sum(entry_id, changed, base_is_line, base, None, None),
            )
        )
        self._lines.append((entry_id, new.line, new.ending, base, base_is_line))
        for name, use in contents.uses.items():
            label_id = self._book.id_of(name)
            self._book.count(label_id, use, 1)
            self._uses.append((entry_id, label_id, *use))
        self._problems.extend(finding_rows(entry_id, contents.findings))
        self._problems.extend(remote_rows(entry_id, new.remote_errors))
        return entry_id

    def flush(self) -> None:
        """Write what was collected."""
        for statement, rows in (
            (_ADD_ENTRY, self._entries),
            (_ADD_LINE, self._lines),
            (_ADD_USE, self._uses),
            (ADD_PROBLEM, self._problems),
        ):
            self._connection.executemany(statement, rows)
            rows.clear()
        self._book.flush()


def append_all(connection: sqlite3.Connection, entries: Iterable[NewEntry], book: LabelBook) -> list[EntryId]:
    """Add entries after those that are there; returns their ids."""
    appender = Appender(connection, book)
    ids = list(map(appender.add, entries))
    appender.flush()
    return ids


def check_one_line(line: bytes) -> None:
    """Raise ValueError for bytes that an export would break into two lines."""
    if b"\n" in line:
        raise ValueError("a line holds no line ending")


def is_changed(line: bytes, base: bytes | None, sent: bytes | None = None) -> bool:
    """Whether an entry's line says something else than its base line, and than what that was made of."""
    if base is None:
        return True
    if line == base or same_value(line, base):
        return False
    return sent is None or not same_value(line, sent)


def base_columns(line: bytes, base: bytes | None) -> tuple[bytes | None, bool]:
    """The columns base and base_is_line."""
    return (None, True) if base == line else (base, False)


def finding_rows(entry_id: EntryId, findings: Iterable[Finding]) -> list[_Row]:
    """Rows of problems."""
    return [
        (entry_id, FINDING, n, f.code, _NUMBERS[f.level], storable(f.message), storable(f.pointer))
        for n, f in enumerate(findings)
    ]


def remote_rows(entry_id: EntryId, errors: Iterable[RemoteError], origin: int = REMOTE) -> list[_Row]:
    """Rows of problems; the service names no level, but its codes begin with one."""
    rows: list[_Row] = []
    for n, error in enumerate(errors):
        level = Level.WARNING if error.code.startswith("WARNING") else Level.ERROR
        texts = (storable(error.message), storable(error.pointer))
        rows.append((entry_id, origin, n, storable(error.code), _NUMBERS[level], *texts))
    return rows


def replace_line(
    connection: sqlite3.Connection,
    book: LabelBook,
    entry_id: EntryId,
    line: bytes,
    made_from: bytes | None = None,
) -> bool:
    """Store another line of an entry; False if it has that one already.

    If the entry no longer has the line that this one was ``made_from``, both are merged.

    Raises:
        KeyError: there is no such entry.
        DamagedEntryError: it is damaged.

    """
    check_one_line(line)
    before, base, sent = stored_lines(connection, entry_id)
    if made_from is not None and before != made_from:
        line = merge(made_from, line, before).line
    if before == line:
        return False
    contents = read_contents(line, facts_of(connection, entry_id))
    connection.execute(
        "UPDATE entries SET source_ref = ?, changed = ?, class_labels = ?, boxes = ? WHERE id = ?",
        (contents.source_ref, is_changed(line, base, sent), contents.class_labels, contents.boxes, entry_id),
    )
    connection.execute(
        "UPDATE lines SET line = ?, base = ?, base_is_line = ? WHERE id = ?",
        (line, *base_columns(line, base), entry_id),
    )
    replace_uses(connection, book, entry_id, contents.uses)
    replace_findings(connection, entry_id, contents.findings)
    seal(connection, entry_id)
    return True


def replace_uses(
    connection: sqlite3.Connection, book: LabelBook, entry_id: EntryId, uses: dict[str, Use]
) -> None:
    """Store which labels an entry uses in place of those that it used."""
    rows = connection.execute(
        "SELECT label_id, class_labels, boxes FROM entry_labels WHERE entry_id = ?", (entry_id,)
    )
    before = {label_id: Use(class_labels, boxes) for label_id, class_labels, boxes in rows}
    after = {book.id_of(name): use for name, use in uses.items()}
    if before == after:
        return
    for label_id, use in before.items():
        book.count(label_id, use, -1)
    for label_id, use in after.items():
        book.count(label_id, use, 1)
    connection.execute("DELETE FROM entry_labels WHERE entry_id = ?", (entry_id,))
    connection.executemany(_ADD_USE, [(entry_id, label_id, *use) for label_id, use in after.items()])


def remove_entry(connection: sqlite3.Connection, book: LabelBook, entry_id: EntryId) -> None:
    """Take an entry out, if it is there, with all that belongs to it."""
    replace_uses(connection, book, entry_id, {})
    connection.execute("DELETE FROM entries WHERE id = ?", (entry_id,))


def _worst(findings: Iterable[Finding]) -> int:
    """The number of the worst level, 0 without findings."""
    return max((_NUMBERS[finding.level] for finding in findings), default=0)


def replace_findings(connection: sqlite3.Connection, entry_id: EntryId, findings: Sequence[Finding]) -> None:
    """Store the findings of an entry's line in place of earlier ones."""
    connection.execute(REMOVE_PROBLEMS, (entry_id, FINDING))
    connection.executemany(ADD_PROBLEM, finding_rows(entry_id, findings))
    connection.execute("UPDATE entries SET worst_finding = ? WHERE id = ?", (_worst(findings), entry_id))


def replace_facts(connection: sqlite3.Connection, entry_id: EntryId, facts: ImageFacts) -> bool:
    """Store what is known of an entry's image and check the line against it; False if it was known.

    Of a damaged entry there is no line to check, and nothing is stored.

    Raises:
        KeyError: there is no such entry.

    """
    try:
        line, _, _ = stored_lines(connection, entry_id)
    except DamagedEntryError:
        return False
    if facts_of(connection, entry_id) == facts:
        return False
    connection.execute(
        "INSERT OR REPLACE INTO image_facts VALUES (?, ?, ?, ?, ?, ?)",
        (entry_id, facts.width, facts.height, facts.format, facts.size, storable(facts.problem)),
    )
    replace_findings(connection, entry_id, check_raw(line, facts))
    return True


def stored_lines(
    connection: sqlite3.Connection, entry_id: EntryId
) -> tuple[bytes, bytes | None, bytes | None]:
    """An entry's line, base line and sent line, as they were stored.

    Raises:
        KeyError: there is no such entry.
        DamagedEntryError: it is damaged.

    """
    check(connection, entry_id)
    row = connection.execute(
        "SELECT line, base, base_is_line, sent FROM lines WHERE id = ?", (entry_id,)
    ).fetchone()
    line, base, base_is_line, sent = row
    return line, line if base_is_line else base, sent


def facts_of(connection: sqlite3.Connection, entry_id: EntryId) -> ImageFacts | None:
    """What is known of an entry's image."""
    row = connection.execute(
        "SELECT width, height, format, size, problem FROM image_facts WHERE id = ?", (entry_id,)
    ).fetchone()
    return facts_in(row) if row else None
