"""Connections to the workspace file: one that writes, under a lock, and a pool of those that read.

A reader sees one snapshot from its first statement to its last, whatever is written meanwhile (WAL), and no
thread ever waits for 'database is locked' from another one of ours.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from truthline.errors import TruthlineError, UnreadableFileError, WorkspaceError
from truthline.progress import CancelToken, Report, ignore_progress
from truthline.workspace import damage, schema, trust

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDS: Final = "holds_in_any_case"
"""SQL function of readers: whether a text holds another, case-folded. LIKE folds ASCII only, but faster."""

_BUSY_SECONDS: Final = 15.0
"""Only a foreign program locks the file: a backup takes seconds."""
_WRITE_CACHE_KIB: Final = 24_576
"""An import of 250,000 entries touches pages of the indexes all over. With 64 MiB it is 2 % faster."""
_WAL_BYTES_KEPT: Final = 16 * 2**20
"""A long edit makes it large, and nothing else would make it small again."""

_INCREMENTAL: Final = 2
"""SQLite's number for a file that can give pages back in steps."""
_PAGES_KEPT: Final = 2_000
"""8 MB: the next edits take them."""
_PAGES_A_STEP: Final = 500
"""20 ms, for which a gesture may have to wait."""

_DAMAGED: Final = (
    WorkspaceError,
    "The workspace file is damaged.",
    "Put back a copy of it, or make a new workspace from the manifest or the dataset.",
)
_TEXTS: Final[dict[int, tuple[type[TruthlineError], str, str]]] = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_TOOBIG: (
        WorkspaceError,
        f"One piece is larger than the {trust.LARGEST_VALUE // 2**20} MiB that a workspace takes.",
        "If it is a line of a manifest, take it out. Else the workspace file is damaged: put back a copy.",
    ),
    sqlite3.SQLITE_NOTADB: (
        WorkspaceError,
        "This file is not a Truthline workspace, or it is damaged.",
        "Open a file that Truthline made, or make a new one.",
    ),
    sqlite3.SQLITE_FULL: (
        WorkspaceError,
        "The disk is full: the last change was not saved.",
        "Free some space, then do it again.",
    ),
    sqlite3.SQLITE_IOERR: (
        WorkspaceError,
        "The disk failed while the workspace was read or written.",
        "A change made just now may be lost. Check the disk or network folder, then open it again.",
    ),
    sqlite3.SQLITE_READONLY: (
        UnreadableFileError,
        "The workspace file cannot be written.",
        "Change its permissions, or copy it to a folder of yours and open it there.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        UnreadableFileError,
        "The workspace file cannot be opened.",
        "Check that it and its folder can be read and written.",
    ),
    sqlite3.SQLITE_BUSY: (
        WorkspaceError,
        "Another program keeps the workspace file locked.",
        "A change made just now was not saved. Close the program that looks into the file, then do it again.",
    ),
}


_ODD_IN_WRITING: Final = (UnicodeDecodeError, OverflowError, TypeError, IndexError, MemoryError, zlib.error)
"""What values raise that no sound file holds; sqlite3 itself raises the first for a message of its own."""
_ODD: Final = (*_ODD_IN_WRITING, ValueError)
_ANY: Final = (sqlite3.Error, sqlite3.Warning, *_ODD)


def told(error: Exception, path: Path) -> TruthlineError:
    """The error in the user's words."""
    if not isinstance(error, (sqlite3.Error, sqlite3.Warning)):
        _, title, detail = _DAMAGED
        return WorkspaceError(title, detail=detail, place=str(path))
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    unknown = (WorkspaceError, "The workspace could not be read or written.", str(error))
    kind, title, detail = _TEXTS.get(primary, unknown)
    return kind(title, detail=detail, place=str(path))


def _holds(text: str, folded: str) -> bool:
    return folded in text.casefold()


class Database:
    """The connections to one file that exists; opens it, checks that it is ours, and migrates it.

    Raises:
        WorkspaceError: not a workspace, damaged, not all ours, or from a newer Truthline.
        UnreadableFileError: it cannot be read or written.
        CancelledError: cancelled while it was migrated, and it is as it was.

    """

    def __init__(
        self,
        path: Path,
        *,
        new: bool = False,
        report: Report = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> None:
        self._path = path
        self._write_lock = threading.RLock()
        self._pool_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._busy: list[sqlite3.Connection] = []
        self._closed = False
        self._writer = self._connect()
        try:
            self._prepare(new=new)
            schema.migrate(self._writer, report, cancel)
        except _ANY as error:
            self._writer.close()
            raise told(error, path) from error
        except TruthlineError as error:
            self._writer.close()
            error.place = error.place or str(path)
            raise

    def _connect(self) -> sqlite3.Connection:
        try:
            # Transactions are begun and ended by hand; the pool sees to it that one thread at a time has it.
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except _ANY as error:
            raise told(error, self._path) from error
        try:
            trust.restrain(connection)
            connection.execute("PRAGMA foreign_keys = ON")
        except _ANY as error:
            connection.close()
            raise told(error, self._path) from error
        return connection

    def _prepare(self, *, new: bool) -> None:
        if new:
            # Before there is a table, or it would take writing the whole file anew. See `shrink`.
            self._writer.execute("PRAGMA auto_vacuum = INCREMENTAL")
        else:
            schema.check_ours(self._writer)
            self._check_length()
            trust.check_schema(self._writer)
        # Readers go on while something is written. FULL costs 0.5 ms an edit, twice a bare write and flush;
        # then what was saved survives a power cut too.
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute(f"PRAGMA cache_size = -{_WRITE_CACHE_KIB}")
        self._writer.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")
        damage.prepare(self._writer)

    def _check_length(self) -> None:
        """Refuse a file that was cut off: SQLite would notice only when it reads what is missing."""
        if Path(f"{self._path}-wal").exists():
            return
        (pages,) = self._writer.execute("PRAGMA page_count").fetchone()
        (page_size,) = self._writer.execute("PRAGMA page_size").fetchone()
        if self._path.stat().st_size < pages * page_size:
            _, title, detail = _DAMAGED
            raise WorkspaceError(title, detail=detail)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: durable when the block ends, undone when it raises. Other writers wait."""
        with self._write_lock:
            self._check_open()
            try:
                # Immediate: one that reads first and writes later may find the file locked when half is done.
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:  # SQLite undoes some failed transactions itself
                        self._writer.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, sqlite3.Warning, *_ODD_IN_WRITING) as error:
                raise told(error, self._path) from error

    def shrink(self, cancel: CancelToken | None = None) -> None:
        """Give back to the disk what the file no longer needs, in steps between which others may write.

        Nothing happens in files from before this was thought of: what is free in them is used again.

        Raises:
            CancelledError: cancelled; the rest is given back another time.

        """
        while True:
            if cancel is not None:
                cancel.check()
            with self.writing() as connection:
                (free,) = connection.execute("PRAGMA freelist_count").fetchone()
                (kind,) = connection.execute("PRAGMA auto_vacuum").fetchone()
                if kind != _INCREMENTAL or free < _PAGES_KEPT:
                    return
                connection.execute(f"PRAGMA incremental_vacuum({_PAGES_A_STEP})").fetchall()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for this block alone, which sees one snapshot."""
        connection = self._take()
        try:
            # Deferred: the snapshot is that of the first statement, and a reader holds nobody up.
            connection.execute("BEGIN")
            yield connection
        except _ANY as error:
            self._check_open()
            raise told(error, self._path) from error
        finally:
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._pool_lock:
            self._check_open()
            connection = self._idle.pop() if self._idle else self._connect_reader()
            self._busy.append(connection)
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        connection.create_function(HOLDS, 2, _holds, deterministic=True)
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):  # broken off by `close`, or the disk failed: then it is not used again
            connection.rollback()
        with self._pool_lock:
            self._busy.remove(connection)
            if not self._closed and not connection.in_transaction:
                self._idle.append(connection)
                return
        connection.close()

    def _check_open(self) -> None:
        if self._closed:
            raise WorkspaceError("The workspace is closed.", detail="Open it again.", place=str(self._path))

    def close(self) -> None:
        """Wait for the write that runs, break off reads, and close every connection.

        The last one to close folds the write-ahead log into the file and removes it. A read that is
        suspended half-way, such as an unfinished iterator, keeps its connection until it ends.
        """
        # The writer's lock first: nobody takes it while holding the pool's, so no two threads wait in a ring.
        with self._write_lock:
            with self._pool_lock:
                if self._closed:
                    return
                self._closed = True
                for connection in self._busy:
                    connection.interrupt()
                for connection in self._idle:
                    connection.close()
                self._idle.clear()
            self._writer.close()
