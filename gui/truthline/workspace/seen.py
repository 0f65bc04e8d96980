"""Which of the dataset's updates the workspace accounts for; a part of the transactions that record them.

Each is known by the dataset's time of last update after it. An update of ours belongs to a batch: as soon as
its end was seen, the time that the base lines are of moves on with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def take_our_update(connection: sqlite3.Connection, before: str | None, after: str) -> None:
    """An update of ours was sent when the dataset was last updated at ``before``, and ended at ``after``."""
    known = dict(connection.execute("SELECT key, value FROM info WHERE key IN ('seen_updated', 'in_doubt')"))
    seen = known.get("seen_updated", "")
    if not seen or before is None or known.get("in_doubt") == "1":
        return
    if datetime.fromisoformat(seen) == datetime.fromisoformat(before):
        connection.execute("UPDATE info SET value = ? WHERE key = 'seen_updated'", (after,))


def doubt(connection: sqlite3.Connection) -> None:
    """The end of an update of ours was not seen."""
    connection.execute("INSERT OR REPLACE INTO info VALUES ('in_doubt', '1')")
