"""What a workspace holds as a whole: counts, and the problems of all entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.workspace.entry import Counts, Origin, Problem, ProblemCount
from truthline.workspace.ids import EntryId
from truthline.workspace.reading import level_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.workspace.database import Database

_PROBLEMS: Final = """
    SELECT entry_id, source_ref, origin, ordinal, code, level, message, pointer
    FROM problems JOIN entries ON entries.id = entry_id
    WHERE (entry_id, origin, ordinal) > (?, ?, ?) ORDER BY entry_id, origin, ordinal LIMIT ?"""
_ORIGINS: Final = (Origin.FINDING, Origin.REMOTE, Origin.TRAINING)
_STORED_ORIGINS: Final = frozenset(range(len(_ORIGINS)))


class Overviews:
    """The part of a workspace that counts and lists; `Workspace` inherits it."""

    _database: Database

    def counts(self) -> Counts:
        """How many entries there are of each kind."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM entries),"
                "(SELECT count(*) FROM entries WHERE class_labels = 0 AND boxes = 0),"
                "(SELECT count(*) FROM entries WHERE changed = 1),"
                "(SELECT count(*) FROM entries WHERE worst_finding > 0),"
                "(SELECT count(*) FROM entries WHERE remote_errors > 0),"
                "(SELECT count(*) FROM entries WHERE worst_finding > 0 OR remote_errors > 0),"
                "(SELECT count(*) FROM conflicts)"
            ).fetchone()
        return Counts(*row)

    def problem_counts(self) -> list[ProblemCount]:
        """How many problems there are of each code, whoever sees them, by code."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT origin, code, level, count(*), count(DISTINCT entry_id) FROM problems"
                " GROUP BY code, origin, level"
            ).fetchall()
        return [
            ProblemCount(_ORIGINS[origin], str(code), level_of(level), problems, entries)
            for origin, code, level, problems, entries in rows
            if origin in _STORED_ORIGINS
        ]

    def problems(self, *, after: Problem | None = None, limit: int | None = None) -> Iterator[Problem]:
        """Findings and remote errors of all entries by position, as they are at the first step; streams.

        Args:
            after: begin behind this one, which came from an earlier call.
            limit: give at most so many.

        """
        key = (after.entry_id, _ORIGINS.index(after.origin), after.ordinal) if after else (0, 0, 0)
        with self._database.reading() as connection:
            cursor = connection.execute(_PROBLEMS, (*key, -1 if limit is None else limit))
            try:
                for entry_id, source_ref, origin, ordinal, code, level, message, pointer in cursor:
                    if origin not in _STORED_ORIGINS:
                        continue
                    texts = map(str, (message, pointer))
                    kind = _ORIGINS[origin]
                    yield Problem(
                        EntryId(entry_id),
                        entry_id,
                        str(source_ref),
                        kind,
                        ordinal,
                        str(code),
                        level_of(level),
                        *texts,
                    )
            finally:
                cursor.close()
