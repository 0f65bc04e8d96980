"""Where in S3 the images of a workspace are: said when it is made, or later, once."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from truthline.errors import DamagedEntryError
from truthline.manifest.placing import placed
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress
from truthline.workspace.changes import Changes
from truthline.workspace.label_list import LabelBook
from truthline.workspace.replacing import replace_line

if TYPE_CHECKING:
    import sqlite3

    from truthline.workspace.database import Database

_CHUNK: Final = 500
"""Lines are read while the same table is written, so no cursor may stay open."""
_FORMERS: Final = "note:former targets"
_TARGETS: Final = "SELECT key, value FROM info WHERE key IN ('target', ?)"
_LINES: Final = "SELECT id, line FROM lines WHERE id > ? ORDER BY id LIMIT ?"


class Placing:
    """The part of a workspace that gives its images their addresses; `Workspace` inherits it."""

    _database: Database

    def place(
        self, target: str, *, report: Report = ignore_progress, cancel: CancelToken | None = None
    ) -> Changes:
        """Put the images that are below the `WorkspaceInfo`'s target below another: all or none, durably.

        A line that is saved later and was made before, as by an undo, gets its new place too.

        Raises:
            CancelledError: cancelled, and nothing was changed.

        """
        target = target.rstrip("/")
        with self._database.writing() as connection:
            before, formers = _known(connection)
            (total,) = connection.execute("SELECT count(*) FROM lines").fetchone()
            book = LabelBook(connection)
            last = done = 0
            while rows := connection.execute(_LINES, (last, _CHUNK)).fetchall():
                if cancel is not None:
                    cancel.check()
                for entry_id, line in rows:
                    with suppress(DamagedEntryError, TypeError):  # met, and told, elsewhere
                        replace_line(connection, book, entry_id, placed(line, target, before))
                last, done = rows[-1][0], done + len(rows)
                report(Progress(Doing.PLACING, done, total))
            book.flush()
            connection.execute("UPDATE info SET value = ? WHERE key = 'target'", (target,))
            told = json.dumps([one for one in {*formers, before} if one != target])
            connection.execute("INSERT OR REPLACE INTO info VALUES (?, ?)", (_FORMERS, told))
        return Changes(everything=True, info=True)


class Placer:
    """Gives lines their place that were made before their images had one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._target, self._formers = _known(connection)

    def line(self, line: bytes) -> bytes:
        """The line as it is to be stored."""
        for former in self._formers:
            line = placed(line, self._target, former)
        return line


def _known(connection: sqlite3.Connection) -> tuple[str, list[str]]:
    """Where the images are, and where they were said to be before."""
    found = dict(connection.execute(_TARGETS, (_FORMERS,)))
    try:
        formers = [str(one) for one in json.loads(found.get(_FORMERS, "[]"))]
    except (ValueError, TypeError):  # nothing that we wrote
        formers = []
    return str(found.get("target", "")), formers
