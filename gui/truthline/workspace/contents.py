"""How an entry's line becomes rows: its source-ref, its uses of labels, its findings.

Functions here run within a transaction of the caller's. Every one keeps the counts in ``labels`` true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.manifest.annotation import Finding, Level, RemoteError
from truthline.manifest.check.decoded import DecodedLine, decode_line
from truthline.manifest.check.rules import check_decoded
from truthline.manifest.line import same_value
from truthline.workspace.damage import base_sum, line_sum
from truthline.workspace.ids import EntryId
from truthline.workspace.label_list import LabelBook, Use

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

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
ADD_USE: Final = "INSERT INTO entry_labels VALUES (?, ?, ?, ?)"
ADD_PROBLEM: Final = "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?)"
REMOVE_PROBLEMS: Final = "DELETE FROM problems WHERE entry_id = ? AND origin = ?"


class Contents(msgspec.Struct, frozen=True, gc=False):  # made for every line that is stored
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
    # Not by Counter: making one costs as much as decoding a short line.
    found: dict[str, Use] = {}
    for _, name in line.class_labels:
        before = found.get(name)
        found[name] = _ONE_CLASS_LABEL if before is None else Use(before.class_labels + 1, 0)
    for attribute in line.boxes:
        for box in attribute.boxes:
            name = attribute.class_map.get(box.class_id, "")
            before = found.get(name)
            found[name] = _ONE_BOX if before is None else Use(before.class_labels, before.boxes + 1)
    found.pop("", None)
    return {storable(name): use for name, use in found.items()}


def storable(text: str) -> str:
    """Text that UTF-8 can hold: JSON may escape half a surrogate pair, SQLite takes none."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_ONE_CLASS_LABEL: Final = Use(1, 0)
_ONE_BOX: Final = Use(0, 1)


class Appender:
    """Collects rows of new entries, in the order of their positions, until `flush` writes them."""

    def __init__(self, connection: sqlite3.Connection, book: LabelBook | None = None) -> None:
        self._connection = connection
        self._book = book or LabelBook(connection)
        # also of entries that were removed
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
        self._next = (last[0] if last else 0) + 1
        # One statement for each table and block, and not for each entry.
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
                worst_of(contents.findings),
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
            (ADD_USE, self._uses),
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


def worst_of(findings: Iterable[Finding]) -> int:
    """The number of the worst level, 0 without findings."""
    return max((_NUMBERS[finding.level] for finding in findings), default=0)
