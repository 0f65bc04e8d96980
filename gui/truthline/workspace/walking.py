"""Walks over the entries of a workspace: the one place from which lines come in numbers.

Each walk checks what it gives, and names what it leaves out because it is damaged. Where a page of entries
is lost, the index by source-ref still knows them, so they are named too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.progress import in_blocks
from truthline.workspace.damage import Damaged, line_fits
from truthline.workspace.entry import Filter
from truthline.workspace.ids import EntryId
from truthline.workspace.reading import conditions, damaged_entry, read_entries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from truthline.workspace.database import Database
    from truthline.workspace.entry import Entry

_LINES: Final = """
    SELECT entries.id, source_ref, line_sum, line, ending
    FROM entries NOT INDEXED LEFT JOIN lines USING (id) ORDER BY entries.id"""
_LISTED: Final = "SELECT id, source_ref FROM entries INDEXED BY entries_by_source_ref"
_COUNTED: Final = "SELECT count(*) FROM entries INDEXED BY entries_by_source_ref"


class Walking:
    """The part of a workspace that gives its entries one after the other; `Workspace` inherits it."""

    _database: Database

    def lines(self, left_out: list[Damaged] | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Every line and its line ending by position, as they are at the first step; streams.

        Damaged ones are left out, and added to ``left_out`` if that is given.
        """
        for _, line, ending in self._walk([] if left_out is None else left_out):
            yield line, ending

    def lines_by_id(self, left_out: list[Damaged] | None = None) -> Iterator[tuple[EntryId, bytes]]:
        """Every entry and its line by position; else as `lines`."""
        for entry_id, line, _ in self._walk([] if left_out is None else left_out):
            yield entry_id, line

    def walk(self, only: Filter = Filter()) -> Iterator[Entry]:  # noqa: B008 - it is frozen
        """The entries that a filter lets through, by position, as they are at the first step; streams.

        Damaged ones are among them, see `Entry.damaged`.
        """
        found, values = conditions(only)
        where = " WHERE " + " AND ".join(found) if found else ""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT id FROM entries{where} ORDER BY id", values).fetchall()  # noqa: S608
            ids = [EntryId(entry_id) for (entry_id,) in rows]
            for some in in_blocks(ids):
                entries = read_entries(connection, some)
                for entry_id in some:
                    yield entries.get(entry_id) or damaged_entry(Damaged(entry_id, ""))

    def _walk(self, left_out: list[Damaged]) -> Iterator[tuple[EntryId, bytes, bytes]]:
        with self._database.reading() as connection:
            walked = 0
            cursor = connection.execute(_LINES)
            try:
                for entry_id, source_ref, expected, line, ending in cursor:
                    walked += 1
                    if line_fits(entry_id, source_ref, line, ending, expected):
                        yield EntryId(entry_id), line, ending
                    else:
                        left_out.append(Damaged.named(entry_id, source_ref))
            finally:
                cursor.close()
            if walked != connection.execute(_COUNTED).fetchone()[0]:
                left_out.extend(_lost(connection))


def _lost(connection: sqlite3.Connection) -> list[Damaged]:
    """The entries that the index by source-ref lists, and the table no longer holds."""
    held = {entry_id for (entry_id,) in connection.execute("SELECT id FROM entries NOT INDEXED")}
    return [Damaged.named(one, ref) for one, ref in connection.execute(_LISTED) if one not in held]
