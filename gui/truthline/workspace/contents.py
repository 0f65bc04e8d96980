"""How an entry's line becomes rows: its source-ref, its uses of labels, its findings.

Functions here run within a transaction of the caller's. Every one keeps the counts in ``labels`` true.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from truthline.manifest.annotation import Annotation, Finding, ImageFacts, Level, RemoteError
from truthline.manifest.line import parse_line, same_value
from truthline.manifest.rules import check_line
from truthline.workspace.entry import EntryId, LabelEdit, NewEntry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

LEVELS: Final = (Level.INFO, Level.WARNING, Level.ERROR)
"""Stored as numbers from 1, the worst one last."""
_NUMBERS: Final = {level: number for number, level in enumerate(LEVELS, 1)}

FINDING: Final = 0
REMOTE: Final = 1
TRAINING: Final = 2

_Row = tuple[Any, ...]

_ADD_ENTRY: Final = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"
_ADD_LINE: Final = "INSERT INTO lines VALUES (?, ?, ?, ?, ?, NULL)"
_ADD_USE: Final = "INSERT INTO entry_labels VALUES (?, ?, ?, ?)"
_ADD_PROBLEM: Final = "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?)"
_REMOVE_PROBLEMS: Final = "DELETE FROM problems WHERE entry_id = ? AND origin = ?"


class Use(NamedTuple):
    """How often one line uses one label."""

    class_labels: int
    boxes: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What the tables hold of a line beside its bytes."""

    source_ref: str
    class_labels: int
    boxes: int
    uses: dict[str, Use]
    findings: tuple[Finding, ...]

    @property
    def worst_finding(self) -> int:
        """The number of the worst level, 0 without findings."""
        return max((_NUMBERS[finding.level] for finding in self.findings), default=0)


def read_contents(line: bytes, facts: ImageFacts | None = None) -> Contents:
    """Parse and check a line; never raises."""
    annotation = parse_line(line)
    return Contents(
        source_ref=_storable(annotation.source_ref),
        class_labels=len(annotation.class_labels),
        boxes=annotation.boxes,
        uses=_uses(annotation),
        findings=check_line(annotation, facts),
    )


def _uses(annotation: Annotation) -> dict[str, Use]:
    """The line's named labels: a box whose class_id names none counts as a box, but not for a label."""
    of_classes = Counter(label.name for label in annotation.class_labels)
    of_boxes = Counter(box.label for attribute in annotation.box_attributes for box in attribute.boxes)
    names = [*of_classes, *(name for name in of_boxes if name not in of_classes)]
    return {_storable(name): Use(of_classes[name], of_boxes[name]) for name in names if name}


def _storable(text: str) -> str:
    """Text that UTF-8 can hold: JSON may escape half a surrogate pair, SQLite takes none."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def list_label(connection: sqlite3.Connection, name: str) -> bool:
    """Put a label at the end of the list, in the colour of its position; False if it is in the list."""
    added = connection.execute(
        "INSERT OR IGNORE INTO labels (name, position, colour_index)"
        " SELECT ?, last + 1, last FROM (SELECT coalesce(max(position), 0) AS last FROM labels)",
        (name,),
    )
    return added.rowcount > 0


def edit_labels(connection: sqlite3.Connection, edit: LabelEdit) -> bool:
    """Change the list of labels; the counts in it must be true. False if it was so before."""
    before = connection.total_changes
    connection.executemany(
        "INSERT INTO labels (name, position, colour_index) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
        " SET position = excluded.position, colour_index = excluded.colour_index"
        " WHERE (position, colour_index) != (excluded.position, excluded.colour_index)",
        [(label.name, label.position, label.colour_index) for label in edit.put],
    )
    connection.executemany(
        "DELETE FROM labels WHERE name = ? AND entries = 0", [(name,) for name in edit.drop]
    )
    return connection.total_changes > before


class LabelBook:
    """The ids of labels and the changes of their counts, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, int] = {}
        self._counts: dict[int, list[int]] = {}

    def id_of(self, name: str) -> int:
        """The label's id; a label that is new goes to the end of the list."""
        label_id = self._ids.get(name)
        if label_id is None:
            list_label(self._connection, name)
            (label_id,) = self._connection.execute("SELECT id FROM labels WHERE name = ?", (name,)).fetchone()
            self._ids[name] = label_id
        return int(label_id)

    def count(self, label_id: int, use: Use, sign: int) -> None:
        """Note that an entry begins (sign 1) or ceases (-1) to use a label."""
        counts = self._counts.setdefault(label_id, [0, 0, 0, 0])
        counts[0] += sign
        counts[1] += sign * (use.class_labels > 0)
        counts[2] += sign * (use.boxes > 0)
        counts[3] += sign * use.boxes

    def flush(self) -> None:
        """Write the counts that changed."""
        self._connection.executemany(
            "UPDATE labels SET entries = entries + ?, class_entries = class_entries + ?, "
            "box_entries = box_entries + ?, boxes = boxes + ? WHERE id = ?",
            [(*counts, label_id) for label_id, counts in self._counts.items() if any(counts)],
        )
        self._counts.clear()


class Appender:
    """Collects rows of new entries, in the order of their positions, until `flush` writes them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._book = LabelBook(connection)
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
        self._next = int(last) + 1
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
        self._entries.append(
            (
                entry_id,
                contents.source_ref,
                changed,
                contents.class_labels,
                contents.boxes,
                contents.worst_finding,
                len(new.remote_errors),
            )
        )
        self._lines.append((entry_id, new.line, new.ending, *base_columns(new.line, new.base)))
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
            (_ADD_PROBLEM, self._problems),
        ):
            self._connection.executemany(statement, rows)
            rows.clear()
        self._book.flush()


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
        (entry_id, FINDING, n, f.code, _NUMBERS[f.level], _storable(f.message), _storable(f.pointer))
        for n, f in enumerate(findings)
    ]


def remote_rows(entry_id: EntryId, errors: Iterable[RemoteError], origin: int = REMOTE) -> list[_Row]:
    """Rows of problems; the service names no level, but its codes begin with one."""
    rows: list[_Row] = []
    for n, error in enumerate(errors):
        level = Level.WARNING if error.code.startswith("WARNING") else Level.ERROR
        texts = (_storable(error.message), _storable(error.pointer))
        rows.append((entry_id, origin, n, _storable(error.code), _NUMBERS[level], *texts))
    return rows


def replace_line(connection: sqlite3.Connection, book: LabelBook, entry_id: EntryId, line: bytes) -> bool:
    """Store another line of an entry; False if it has that one already.

    Raises:
        KeyError: there is no such entry.

    """
    check_one_line(line)
    before, base, sent = stored_lines(connection, entry_id)
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
    _replace_uses(connection, book, entry_id, contents.uses)
    replace_findings(connection, entry_id, contents)
    return True


def _replace_uses(
    connection: sqlite3.Connection, book: LabelBook, entry_id: EntryId, uses: dict[str, Use]
) -> None:
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


def replace_findings(connection: sqlite3.Connection, entry_id: EntryId, contents: Contents) -> None:
    """Store the findings of an entry's line in place of earlier ones."""
    connection.execute(_REMOVE_PROBLEMS, (entry_id, FINDING))
    connection.executemany(_ADD_PROBLEM, finding_rows(entry_id, contents.findings))
    connection.execute(
        "UPDATE entries SET worst_finding = ? WHERE id = ?", (contents.worst_finding, entry_id)
    )


def replace_remote(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    base: bytes | None,
    errors: Sequence[RemoteError],
    sent: bytes | None = None,
) -> None:
    """Store what the service was read to hold of an entry, and of which line it made that.

    Raises:
        KeyError: there is no such entry.

    """
    line, old_base, old_sent = stored_lines(connection, entry_id)
    if sent is None and base == old_base:
        sent = old_sent  # as good as before
    connection.execute(
        "UPDATE entries SET changed = ? WHERE id = ?", (is_changed(line, base, sent), entry_id)
    )
    connection.execute(
        "UPDATE lines SET base = ?, base_is_line = ?, sent = ? WHERE id = ?",
        (*base_columns(line, base), sent, entry_id),
    )
    _replace_remote_errors(connection, entry_id, errors, REMOTE)


def replace_training(
    connection: sqlite3.Connection, entry_id: EntryId, errors: Sequence[RemoteError]
) -> None:
    """Store what a training said of an entry.

    Raises:
        KeyError: there is no such entry.

    """
    stored_lines(connection, entry_id)
    _replace_remote_errors(connection, entry_id, errors, TRAINING)


def _replace_remote_errors(
    connection: sqlite3.Connection, entry_id: EntryId, errors: Sequence[RemoteError], origin: int
) -> None:
    connection.execute(_REMOVE_PROBLEMS, (entry_id, origin))
    connection.executemany(_ADD_PROBLEM, remote_rows(entry_id, errors, origin))
    connection.execute(
        "UPDATE entries SET remote_errors ="
        " (SELECT count(*) FROM problems WHERE entry_id = ? AND origin > ?) WHERE id = ?",
        (entry_id, FINDING, entry_id),
    )


def replace_facts(connection: sqlite3.Connection, entry_id: EntryId, facts: ImageFacts) -> bool:
    """Store what is known of an entry's image and check the line against it; False if it was known.

    Raises:
        KeyError: there is no such entry.

    """
    line, _, _ = stored_lines(connection, entry_id)
    if facts_of(connection, entry_id) == facts:
        return False
    connection.execute(
        "INSERT OR REPLACE INTO image_facts VALUES (?, ?, ?, ?, ?, ?)",
        (entry_id, facts.width, facts.height, facts.format, facts.size, _storable(facts.problem)),
    )
    replace_findings(connection, entry_id, read_contents(line, facts))
    return True


def stored_lines(
    connection: sqlite3.Connection, entry_id: EntryId
) -> tuple[bytes, bytes | None, bytes | None]:
    """An entry's line, base line and sent line; KeyError if there is no such entry."""
    row = connection.execute(
        "SELECT line, base, base_is_line, sent FROM lines WHERE id = ?", (entry_id,)
    ).fetchone()
    if row is None:
        raise KeyError(entry_id)
    line, base, base_is_line, sent = row
    return line, line if base_is_line else base, sent


def facts_of(connection: sqlite3.Connection, entry_id: EntryId) -> ImageFacts | None:
    """What is known of an entry's image."""
    row = connection.execute(
        "SELECT width, height, format, size, problem FROM image_facts WHERE id = ?", (entry_id,)
    ).fetchone()
    return ImageFacts(*row) if row else None
