"""What the service was read to hold of an entry: its base line, its remote errors, its conflict.

Functions here run within a transaction of the caller's. They raise KeyError if there is no such entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.errors import DamagedEntryError
from truthline.manifest.line import same_value
from truthline.workspace.contents import (
    ADD_PROBLEM,
    FINDING,
    REMOTE,
    REMOVE_PROBLEMS,
    TRAINING,
    base_columns,
    is_changed,
    read_contents,
    remote_rows,
)
from truthline.workspace.damage import seal
from truthline.workspace.ids import EntryId
from truthline.workspace.replacing import (
    replace_findings,
    replace_line,
    replace_uses,
    stored_lines,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

    from truthline.manifest.annotation import RemoteError
    from truthline.workspace.entry import Settlement
    from truthline.workspace.label_list import LabelBook


def replace_remote(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    base: bytes | None,
    errors: Sequence[RemoteError],
    sent: bytes | None = None,
) -> None:
    """Store what the service was read to hold of an entry, and of which line it made that.

    A damaged entry is left alone.
    """
    try:
        _replace_base(connection, entry_id, base, sent)
    except DamagedEntryError:
        return
    _replace_remote_errors(connection, entry_id, errors, REMOTE)


def end_conflicts(connection: sqlite3.Connection, ids: Collection[EntryId]) -> None:
    """End the conflicts of those entries whose base line is the remote line of their conflict by now."""
    in_conflict = {EntryId(one) for (one,) in connection.execute("SELECT entry_id FROM conflicts").fetchall()}
    for entry_id in in_conflict.intersection(ids):
        row = connection.execute("SELECT theirs FROM conflicts WHERE entry_id = ?", (entry_id,)).fetchone()
        try:
            _, base, _ = stored_lines(connection, entry_id)
        except DamagedEntryError:
            continue
        if base is not None and same_value(base, row[0]):
            _replace_conflict(connection, entry_id, None)


def settle(
    connection: sqlite3.Connection, book: LabelBook, entry_id: EntryId, settlement: Settlement
) -> bool:
    """Carry a settlement out, unless the entry's line is another one by now, or damaged: then False."""
    try:
        line, _, _ = stored_lines(connection, entry_id)
    except DamagedEntryError:
        return False
    if line != settlement.expected:
        return False
    replace_line(connection, book, entry_id, settlement.line)
    _replace_base(connection, entry_id, settlement.base)
    if settlement.remote_errors is not None:
        _replace_remote_errors(connection, entry_id, settlement.remote_errors, REMOTE)
    _replace_conflict(connection, entry_id, settlement.theirs)
    return True


def replace_training(
    connection: sqlite3.Connection, entry_id: EntryId, errors: Sequence[RemoteError]
) -> None:
    """Store what a training said of an entry."""
    if connection.execute("SELECT 1 FROM entries WHERE id = ?", (entry_id,)).fetchone() is None:
        raise KeyError(entry_id)
    _replace_remote_errors(connection, entry_id, errors, TRAINING)


def reload(
    connection: sqlite3.Connection,
    book: LabelBook,
    entry_id: EntryId,
    line: bytes,
    errors: Sequence[RemoteError],
) -> None:
    """Put what the service holds of an entry in place of all that is stored of it, be it damaged."""
    found = read_contents(line)
    updated = connection.execute(
        "UPDATE entries SET source_ref = ?, changed = 0, class_labels = ?, boxes = ? WHERE id = ?",
        (found.source_ref, found.class_labels, found.boxes, entry_id),
    )
    if not updated.rowcount:
        raise KeyError(entry_id)
    connection.execute(
        "INSERT OR REPLACE INTO lines VALUES (?, ?, ?, NULL, 1, NULL)", (entry_id, line, b"\n")
    )
    connection.execute("DELETE FROM conflicts WHERE entry_id = ?", (entry_id,))
    connection.execute("DELETE FROM image_facts WHERE id = ?", (entry_id,))
    replace_uses(connection, book, {entry_id: found.uses})
    replace_findings(connection, entry_id, found.findings)
    _replace_remote_errors(connection, entry_id, errors, REMOTE)
    seal(connection, entry_id)


def _replace_base(
    connection: sqlite3.Connection, entry_id: EntryId, base: bytes | None, sent: bytes | None = None
) -> None:
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
    seal(connection, entry_id)


def _replace_conflict(connection: sqlite3.Connection, entry_id: EntryId, theirs: bytes | None) -> None:
    if theirs is None:
        connection.execute("DELETE FROM conflicts WHERE entry_id = ?", (entry_id,))
    else:
        connection.execute("INSERT OR REPLACE INTO conflicts VALUES (?, ?)", (entry_id, theirs))
    seal(connection, entry_id)


def _replace_remote_errors(
    connection: sqlite3.Connection, entry_id: EntryId, errors: Sequence[RemoteError], origin: int
) -> None:
    connection.execute(REMOVE_PROBLEMS, (entry_id, origin))
    connection.executemany(ADD_PROBLEM, remote_rows(entry_id, errors, origin))
    connection.execute(
        "UPDATE entries SET remote_errors ="
        " (SELECT count(*) FROM problems WHERE entry_id = ? AND origin > ?) WHERE id = ?",
        (entry_id, FINDING, entry_id),
    )
