"""Findings age: those stored by other rules than ours are found again, block by block.

A note says by which rules the findings were made, and while they are found again up to which entry; it is
written with each block, so that a check that was broken off goes on where it stood.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from truthline.manifest.check.rules import RULES_VERSION, check_raw
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress
from truthline.workspace.changes import Changes
from truthline.workspace.contents import FINDING, finding_rows
from truthline.workspace.damage import facts_in, line_fits
from truthline.workspace.ids import EntryId
from truthline.workspace.replacing import replace_findings

if TYPE_CHECKING:
    import sqlite3

    from truthline.workspace.database import Database

_KEY: Final = "note:rules"
_BLOCK: Final = 2_000
"""A block is one transaction, and a gesture waits for its end."""

_LINES: Final = """
    SELECT entries.id, source_ref, line_sum, line, ending,
        image_facts.id, width, height, format, size, problem
    FROM entries LEFT JOIN lines USING (id) LEFT JOIN image_facts USING (id)
    WHERE entries.id > ? ORDER BY entries.id LIMIT ?"""
_STORED: Final = f"""
    SELECT * FROM problems WHERE entry_id BETWEEN ? AND ? AND origin = {FINDING} ORDER BY entry_id, ordinal"""  # noqa: S608


class Aging:
    """The part of a workspace that keeps its findings up to date; `Workspace` inherits it."""

    _database: Database

    @property
    def aged(self) -> bool:
        """Whether some findings may be of other rules than ours."""
        with self._database.reading() as connection:
            return _position(connection) is not None

    def note_checked(self) -> None:
        """Note that every finding is of our rules, as in a workspace without entries."""
        with self._database.writing() as connection:
            _note(connection, None)

    def check_again(self, *, report: Report = ignore_progress, cancel: CancelToken | None = None) -> Changes:
        """Find the findings anew that are of other rules; other writes come in between its blocks.

        Raises:
            CancelledError: cancelled; what was found until then stays, and the next call goes on from there.

        """
        changes = Changes()
        if not self.aged:
            return changes
        with self._database.reading() as connection:
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
        while True:
            if cancel is not None:
                cancel.check()
            with self._database.writing() as connection:
                position = _position(connection)
                if position is None:
                    return changes
                report(Progress(Doing.CHECKING_AGAIN, min(position, last), last))
                changes |= _check_block(connection, position)


def _position(connection: sqlite3.Connection) -> int | None:
    """The last entry that was checked by our rules, None if all were."""
    found = connection.execute("SELECT value FROM info WHERE key = ?", (_KEY,)).fetchone()
    version, _, position = (found[0] if found and isinstance(found[0], str) else "").partition(" ")
    if version != str(RULES_VERSION):
        return 0
    if not position:
        return None
    return int(position) if position.isdecimal() else 0


def _note(connection: sqlite3.Connection, position: int | None) -> None:
    text = f"{RULES_VERSION}" if position is None else f"{RULES_VERSION} {position}"
    connection.execute("INSERT OR REPLACE INTO info VALUES (?, ?)", (_KEY, text))


def _check_block(connection: sqlite3.Connection, position: int) -> Changes:
    """Check the entries behind that position; damaged ones have no line to check."""
    rows = connection.execute(_LINES, (position, _BLOCK)).fetchall()
    if not rows:
        _note(connection, None)
        return Changes()
    end = rows[-1][0]
    stored = {
        entry_id: list(found)
        for entry_id, found in groupby(connection.execute(_STORED, (rows[0][0], end)), key=itemgetter(0))
    }
    changed: set[EntryId] = set()
    for entry_id, source_ref, expected, line, ending, known, *facts in rows:
        if line_fits(entry_id, source_ref, line, ending, expected):
            findings = check_raw(line, facts_in(facts) if known else None)
            # Written only where they differ: most rules find the same as before, and views follow each write.
            if finding_rows(entry_id, findings) != stored.get(entry_id, []):
                replace_findings(connection, entry_id, findings)
                changed.add(EntryId(entry_id))
    _note(connection, end)
    return Changes.of_entries(changed)
