"""The tables of a workspace file, as numbered migrations.

``entries`` stays narrow, so that paging and counting read little; the bytes of lines lie in ``lines``.
Ids of entries count from 1 in the order in which they came in, so an entry's id is its position; one that was
removed leaves a gap, and its id is never given again (AUTOINCREMENT). ``labels`` carries the counts of its
uses, kept up to date by every write, because the label list is shown after each gesture and summing over half
a million uses takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from truthline.errors import WorkspaceError
from truthline.progress import CancelToken, Report, ignore_progress
from truthline.workspace.damage import seal_all

if TYPE_CHECKING:
    import sqlite3

Fill = Callable[["sqlite3.Connection", Report, CancelToken | None], None]

APPLICATION_ID: Final = int.from_bytes(b"TrLn", "big")
"""Marks the file as a Truthline workspace (bytes 68 to 71 of its header)."""

_FIRST: Final = (
    # what `WorkspaceInfo` holds, and the notes of works under "note:NAME"
    """CREATE TABLE info (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID""",
    # worst_finding: 0 none, then as contents.LEVELS; remote_errors: those of a training too
    """CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source_ref TEXT NOT NULL,
        changed INTEGER NOT NULL,
        class_labels INTEGER NOT NULL,
        boxes INTEGER NOT NULL,
        worst_finding INTEGER NOT NULL,
        remote_errors INTEGER NOT NULL
    )""",
    "CREATE INDEX entries_by_source_ref ON entries (source_ref)",
    "CREATE INDEX entries_unlabelled ON entries (id) WHERE class_labels = 0 AND boxes = 0",
    "CREATE INDEX entries_changed ON entries (id) WHERE changed = 1",
    "CREATE INDEX entries_with_findings ON entries (id) WHERE worst_finding > 0",
    "CREATE INDEX entries_with_remote_errors ON entries (id) WHERE remote_errors > 0",
    # base_is_line: the base line is the line itself and is not stored twice; sent: the line that the service
    # was given where it made another one of it, the base line, that means the same
    """CREATE TABLE lines (
        id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
        line BLOB NOT NULL,
        ending BLOB NOT NULL,
        base BLOB,
        base_is_line INTEGER NOT NULL,
        sent BLOB
    )""",
    "CREATE INDEX lines_held ON lines (id) WHERE base_is_line = 1 OR base IS NOT NULL",
    # theirs: the remote line while the entry is in conflict; the index is narrow, for counting
    """CREATE TABLE conflicts (
        entry_id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
        theirs BLOB NOT NULL
    )""",
    "CREATE INDEX conflicts_by_entry ON conflicts (entry_id)",
    # two labels may have one position: then the one that came first stands first
    """CREATE TABLE labels (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        position INTEGER NOT NULL,
        colour_index INTEGER NOT NULL,
        entries INTEGER NOT NULL DEFAULT 0,
        class_entries INTEGER NOT NULL DEFAULT 0,
        box_entries INTEGER NOT NULL DEFAULT 0,
        boxes INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE entry_labels (
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        label_id INTEGER NOT NULL REFERENCES labels (id),
        class_labels INTEGER NOT NULL,
        boxes INTEGER NOT NULL,
        PRIMARY KEY (entry_id, label_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX entry_labels_by_label ON entry_labels (label_id, entry_id)",
    # origin: 0 finding, 1 remote error of the dataset, 2 one of a training; level: as contents.LEVELS
    """CREATE TABLE problems (
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        origin INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        code TEXT NOT NULL,
        level INTEGER NOT NULL,
        message TEXT NOT NULL,
        pointer TEXT NOT NULL,
        PRIMARY KEY (entry_id, origin, ordinal)
    ) WITHOUT ROWID""",
    "CREATE INDEX problems_by_code ON problems (code, entry_id)",
    """CREATE TABLE image_facts (
        id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        format TEXT NOT NULL,
        size INTEGER NOT NULL,
        problem TEXT NOT NULL
    )""",
    """CREATE TABLE pushes (
        id INTEGER PRIMARY KEY,
        dataset_arn TEXT NOT NULL,
        started TEXT NOT NULL,
        finished TEXT,
        outcome TEXT NOT NULL DEFAULT '',
        planned INTEGER NOT NULL
    )""",
    # sent: the lines, joined by line feeds, compressed by zlib
    """CREATE TABLE batches (
        id INTEGER PRIMARY KEY,
        push_id INTEGER NOT NULL REFERENCES pushes (id),
        number INTEGER NOT NULL,
        state TEXT NOT NULL,
        size INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        status TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        code TEXT NOT NULL DEFAULT '',
        sent_at TEXT,
        updated_before TEXT,
        sent BLOB NOT NULL,
        UNIQUE (push_id, number)
    )""",
    # whose the lines of a batch are, while its push is not finished; ordinal: from 0
    """CREATE TABLE batch_lines (
        batch_id INTEGER NOT NULL REFERENCES batches (id),
        ordinal INTEGER NOT NULL,
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        PRIMARY KEY (batch_id, ordinal)
    ) WITHOUT ROWID""",
    "CREATE INDEX batch_lines_by_entry ON batch_lines (entry_id)",
    """CREATE TABLE push_remarks (
        push_id INTEGER NOT NULL REFERENCES pushes (id),
        ordinal INTEGER NOT NULL,
        kind TEXT NOT NULL,
        source_ref TEXT NOT NULL,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        line INTEGER,
        PRIMARY KEY (push_id, ordinal)
    ) WITHOUT ROWID""",
)

_OWN_UPDATES: Final = (
    # broken_off: a crash or a cancel ended it; before, only the outcome's words said so
    "ALTER TABLE pushes ADD COLUMN broken_off INTEGER NOT NULL DEFAULT 0",
    "UPDATE pushes SET broken_off = 1 WHERE outcome LIKE 'It was broken off;%'",
)

_CHECKSUMS: Final = (
    # see `damage`; NULL, which fits nothing, where there was nothing to take a checksum of
    "ALTER TABLE entries ADD COLUMN line_sum INTEGER",
    "ALTER TABLE entries ADD COLUMN base_sum INTEGER",
    seal_all,
)

_UNDO: Final = (
    # see `steps`: what a gesture did; done: 0 once it was undone; about: JSON of what is no line
    """CREATE TABLE undo_steps (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        made TEXT NOT NULL,
        done INTEGER NOT NULL DEFAULT 1,
        entries INTEGER NOT NULL DEFAULT 0,
        size INTEGER NOT NULL DEFAULT 0,
        about BLOB NOT NULL DEFAULT ''
    )""",
    # ids: 64-bit numbers; lines: before and after in turns, joined by line feeds; both compressed by zlib
    """CREATE TABLE undo_blocks (
        step_id INTEGER NOT NULL REFERENCES undo_steps (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        ids BLOB NOT NULL,
        lines BLOB NOT NULL,
        PRIMARY KEY (step_id, number)
    )""",
)

MIGRATIONS: tuple[tuple[str | Fill, ...], ...] = (_FIRST, _CHECKSUMS, _OWN_UPDATES, _UNDO)
"""Migration number n (from 1) is ``MIGRATIONS[n - 1]``. Once released, one is never changed: add the next.

What changes the schema is SQL, what fills columns may be Python."""


def check_ours(connection: sqlite3.Connection) -> None:
    """Raise `WorkspaceError` unless this is a workspace that this Truthline can read."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID:
        raise WorkspaceError(
            "This file is not a Truthline workspace.",
            detail="Open a file that Truthline made, or make a new one.",
        )
    version = version_of(connection)
    if version < 1:
        raise WorkspaceError(
            "This file is not a Truthline workspace, or it is damaged.",
            detail="Open a file that Truthline made, or make a new one.",
        )
    if version > len(MIGRATIONS):
        raise WorkspaceError(
            "This workspace was made by a newer Truthline.",
            detail=f"It has format {version}, and this Truthline reads up to format {len(MIGRATIONS)}. "
            "Update Truthline, then open it again.",
        )


def version_of(connection: sqlite3.Connection) -> int:
    """The number of the last migration that the file went through; 0 for an empty file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(
    connection: sqlite3.Connection, report: Report = ignore_progress, cancel: CancelToken | None = None
) -> None:
    """Carry out the migrations that the file lacks, each recorded in the transaction that performs it."""
    connection.execute(
        "BEGIN IMMEDIATE"
    )  # fails here, and not at the first edit, if the file cannot be written
    connection.execute("ROLLBACK")
    for number in range(version_of(connection) + 1, len(MIGRATIONS) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for step in MIGRATIONS[number - 1]:
                if isinstance(step, str):
                    connection.execute(step)
                else:
                    step(connection, report, cancel)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
