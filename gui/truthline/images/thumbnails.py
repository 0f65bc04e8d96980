"""Thumbnails, kept on disk within a bound.

All of them lie as small JPEGs in one SQLite file, which several threads and processes may share: with
thousands of small images that writes twice as fast as files. It is a cache in every respect: what is wrong
with it never becomes an error. A damaged file is made anew, one that cannot be made is done without.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from truthline.errors import ImageError
from truthline.images.decode import Pixels, decode, encode_jpeg, fetch_facts, read_facts
from truthline.images.limits import MAX_BYTES
from truthline.manifest.annotation import ImageFacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from truthline.images.source import ImageSource

MAX_CACHE_BYTES: Final = 512 * 2**20
"""Forty thousand thumbnails of 8 to 16 kB."""
SIDE: Final = 256

_SCHEMA_VERSION: Final = 1
_PAGE_BYTES: Final = 8192
"""Blobs in pages of this size were written in half the time that as many files took, and read as fast."""
_BUSY_SECONDS: Final = 5.0
"""Another Truthline may use the same cache."""
_EVICTED_AT_ONCE: Final = 8
_KEPT_SHARE: Final = 0.9
"""How full the cache is after an eviction: it comes once in a while and not with every store."""
_AHEAD_SHARE: Final = 0.8
"""How full it may be made ahead: an eviction for an image that nobody has looked at helps nobody."""
_OVERHEAD_BYTES: Final = 4 * _PAGE_BYTES
"""What a store may take besides the thumbnail: a page begun, and pages of the tree and the index split."""
_USES_AT_ONCE: Final = 256
"""A write for each use would make reading as slow as storing."""
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""SQLite's words for damage; SQLITE_ERROR is a table that is missing or another."""

_SETTINGS: Final = (
    f"PRAGMA page_size = {_PAGE_BYTES}",
    "PRAGMA auto_vacuum = INCREMENTAL",  # so that the file can shrink when its bound does
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA wal_autocheckpoint = 256",
    f"PRAGMA journal_size_limit = {256 * _PAGE_BYTES}",
)
_SCHEMA: Final = (
    """CREATE TABLE thumbnails (
        id INTEGER PRIMARY KEY, ref TEXT NOT NULL, side INTEGER NOT NULL, version TEXT NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, format TEXT NOT NULL, size INTEGER NOT NULL,
        used INTEGER NOT NULL, jpeg BLOB NOT NULL, UNIQUE (ref, side))""",
    "CREATE INDEX thumbnails_by_use ON thumbnails (used)",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)
_STORE: Final = """INSERT OR REPLACE INTO thumbnails
    (ref, side, version, width, height, format, size, used, jpeg) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_LOAD: Final = """SELECT id, width, height, format, size, jpeg FROM thumbnails
    WHERE ref = ? AND side = ? AND version = ?"""
_KEPT: Final = "SELECT 1 FROM thumbnails WHERE ref = ? AND side = ? AND version = ?"
_EVICT: Final = "DELETE FROM thumbnails WHERE id IN (SELECT id FROM thumbnails ORDER BY used, id LIMIT ?)"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A scaled image with the facts of the whole one; without pixels, ``facts.problem`` tells why."""

    pixels: Pixels | None
    facts: ImageFacts


class Thumbnails:
    """The cache; every method may be called from any thread.

    Args:
        cache_path: the file; its folder is made.
        max_bytes: how large the file may grow. SQLite's log beside it adds about 2 MB while in use.
        side: no side of a thumbnail is longer; smaller images are not enlarged.

    """

    def __init__(self, cache_path: Path, max_bytes: int = MAX_CACHE_BYTES, side: int = SIDE) -> None:
        self._path = cache_path
        self._max_bytes = max_bytes
        self._side = side
        self._lock = threading.Lock()
        self._used: dict[int, int] = {}
        self._clock = 0
        self._connection: sqlite3.Connection | None = None
        self._opened = False

    def close(self) -> None:
        """Close the file; afterwards nothing is kept or found."""
        with self._lock:
            self._opened = True  # if only now: it is not opened to be closed
            self._write(self._note_uses)
            self._drop_connection()

    def load(self, ref: str, source: ImageSource) -> Thumbnail:
        """The image's thumbnail: as it is kept, else read, scaled and kept.

        An image that is missing, too large or broken gives facts with a problem, and is not kept.

        Raises:
            ServiceError: S3 cannot be asked.

        """
        try:
            version = source.version(ref)
            kept = self._find(ref, version) if version is not None else None
            if kept is not None:
                return kept
            if source.size(ref) > MAX_BYTES:
                return Thumbnail(None, fetch_facts(ref, source))
            data = source.read(ref)
        except ImageError as error:
            return Thumbnail(None, ImageFacts(0, 0, "", 0, problem=f"{error.title} {error.detail}".strip()))
        made = self._make(data)
        if made.pixels is not None and version is not None:
            self._store(ref, version, made.facts, encode_jpeg(made.pixels))
        return made

    def prepare(self, ref: str, source: ImageSource) -> None:
        """Have the image's thumbnail kept, without decoding one that is.

        Raises:
            ServiceError: S3 cannot be asked.

        """
        version = source.version(ref)
        if version is not None:
            with self._lock:
                kept = self._ask(
                    lambda db: db.execute(_KEPT, (ref, self._side, version)).fetchone() is not None
                )
            if not kept:
                self.load(ref, source)

    @property
    def has_room(self) -> bool:
        """Whether a thumbnail more would not take the place of another one."""
        with self._lock:
            used = self._ask(_bytes_in_use)
        return used is not None and used < _AHEAD_SHARE * self._max_bytes

    def get(self, ref: str, version: str) -> Pixels | None:
        """The thumbnail that is kept of this version of the image."""
        kept = self._find(ref, version)
        return kept.pixels if kept is not None else None

    def _make(self, data: bytes) -> Thumbnail:
        facts = read_facts(data, len(data))
        if facts.problem:
            return Thumbnail(None, facts)
        try:
            return Thumbnail(decode(data, max_side=self._side), facts)
        except ImageError as error:
            return Thumbnail(None, replace(facts, problem=str(error)))

    def _find(self, ref: str, version: str) -> Thumbnail | None:
        with self._lock:
            found = self._ask(lambda db: db.execute(_LOAD, (ref, self._side, version)).fetchone())
            if found is None:
                return None
            number, width, height, format_name, size, jpeg = found
            self._used[number] = self._tick()
            if len(self._used) >= _USES_AT_ONCE:
                self._write(self._note_uses)
        try:
            return Thumbnail(decode(jpeg), ImageFacts(width, height, format_name, size))
        except ImageError:  # damaged where SQLite does not notice
            return None

    def _store(self, ref: str, version: str, facts: ImageFacts, jpeg: bytes) -> None:
        needed = len(jpeg) + _OVERHEAD_BYTES
        if needed > self._max_bytes:
            return

        def work(db: sqlite3.Connection) -> None:
            self._note_uses(db)
            self._make_room(db, needed)
            about = facts.width, facts.height, facts.format, facts.size
            db.execute(_STORE, (ref, self._side, version, *about, self._tick(), jpeg))

        with self._lock:
            self._write(work)

    def _note_uses(self, db: sqlite3.Connection) -> None:
        """Write down when thumbnails were last used: many at once, as reading must not cost a write."""
        uses = [(used, number) for number, used in self._used.items()]
        self._used.clear()
        db.executemany("UPDATE thumbnails SET used = ? WHERE id = ?", uses)

    def _make_room(self, db: sqlite3.Connection, needed: int) -> None:
        """Delete what was used longest ago, so that ``needed`` bytes fit without the file growing too large.

        Deleted pages are taken again before the file grows.
        """
        if _bytes_in_use(db) + needed <= self._max_bytes:
            return
        goal = max(self._max_bytes * _KEPT_SHARE - needed, 0)
        while _bytes_in_use(db) > goal:
            if not db.execute(_EVICT, (_EVICTED_AT_ONCE,)).rowcount:
                return

    def _tick(self) -> int:
        """Now, and later than ever before; processes that share the file roughly agree on it."""
        self._clock = max(time.time_ns(), self._clock + 1)
        return self._clock

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        def transaction(db: sqlite3.Connection) -> None:
            with db:
                db.execute("BEGIN IMMEDIATE")
                work(db)

        self._ask(transaction)

    def _ask(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer | None:
        """Do ``work`` while the lock is held; None if the cache cannot just now."""
        if not self._opened:
            self._opened = True
            self._open()
        if self._connection is None:
            return None
        try:
            return work(self._connection)
        except sqlite3.Error as error:
            if _is_damage(error):
                self._start_over()
        except UnicodeEncodeError:  # a source-ref that is not valid Unicode; it can still name a local file
            pass
        return None

    def _open(self) -> None:
        """Open the file, after damage a new one."""
        try:
            self._connect()
        except sqlite3.Error as error:
            self._drop_connection()
            if _is_damage(error):
                self._start_over()
        except OSError:
            self._drop_connection()

    def _start_over(self) -> None:
        self._drop_connection()
        try:
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
            self._connect()
        except (OSError, sqlite3.Error):
            self._drop_connection()

    def _connect(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Our lock lets one thread in at a time.
        db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection = db
        for setting in _SETTINGS:
            db.execute(setting)
        with db:
            db.execute("BEGIN IMMEDIATE")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            for statement in _SCHEMA if version == 0 else ():
                db.execute(statement)
            if version not in {0, _SCHEMA_VERSION}:
                raise sqlite3.DatabaseError("of another version")
            self._make_room(db, 0)
        self._shrink(db)

    def _shrink(self, db: sqlite3.Connection) -> None:
        """Give pages back to the disk if the file is larger than its bound, which may have been lowered."""
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        surplus = pages - self._max_bytes // _PAGE_BYTES
        if surplus > 0:
            # A page a step: execute would take the first step only.
            db.executescript(f"PRAGMA incremental_vacuum({surplus}); PRAGMA wal_checkpoint(TRUNCATE)")

    def _drop_connection(self) -> None:
        self._used.clear()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _bytes_in_use(db: sqlite3.Connection) -> int:
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    return int(pages - free) * _PAGE_BYTES


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether a new file would help, unlike with one that is locked, read-only or on a full disk."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF in _DAMAGE
