"""The list of labels, and the counts of their uses.

Labels keep their positions, and every write of a line keeps the counts true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from truthline.errors import UsageError
from truthline.workspace.changes import Changes
from truthline.workspace.damage import typed
from truthline.workspace.entry import Label, LabelCount, LabelEdit

if TYPE_CHECKING:
    import sqlite3

    from truthline.workspace.database import Database


class Use(NamedTuple):
    """How often one line uses one label."""

    class_labels: int
    boxes: int


def list_label(connection: sqlite3.Connection, name: str) -> bool:
    """Put a label at the end of the list, in the colour of its position; False if it is in the list.

    Raises:
        UsageError: the name is empty.

    """
    if not name:
        raise UsageError("A label needs a name.", detail="Type one, then add it.")
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
    for name in edit.add:
        list_label(connection, name)
    return connection.total_changes > before


class LabelBook:
    """The ids of labels and the changes of their counts, within one transaction.

    ``listed`` names the labels that came into the list.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, int] = {}
        self._counts: dict[int, list[int]] = {}
        self.listed: list[str] = []

    def id_of(self, name: str) -> int:
        """The label's id; a label that is new goes to the end of the list."""
        label_id = self._ids.get(name)
        if label_id is None:
            if list_label(self._connection, name):
                self.listed.append(name)
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


class LabelList:
    """The part of a workspace that lists labels; `Workspace` inherits it."""

    _database: Database

    def labels(self) -> list[Label]:
        """The labels in the order of their positions, whether entries use them or not.

        A new one goes to the end.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name, position, colour_index, entries FROM labels ORDER BY position, id"
            )
            return [Label(*typed(row, str, int, int, int)) for row in rows]

    def label_counts(self) -> list[LabelCount]:
        """The uses of each label, in the order of `labels`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name, class_entries, box_entries, boxes FROM labels ORDER BY position, id"
            )
            return [LabelCount(*typed(row, str, int, int, int)) for row in rows]

    def add_label(self, name: str) -> Changes:
        """Put a label at the end of the list before any entry uses it; false if it is there.

        Raises:
            UsageError: the name is empty.

        """
        with self._database.writing() as connection:
            added = list_label(connection, name)
        return Changes(info=added)

    def remove_label(self, name: str) -> Changes:
        """Take a label that no entry uses off the list; the others keep their positions.

        Raises:
            UsageError: entries use it, or there is none of that name.

        """
        with self._database.writing() as connection:
            removed = connection.execute(
                "DELETE FROM labels WHERE name = ? AND entries = 0", (name,)
            ).rowcount
            if not removed:
                raise UsageError(
                    f"The label {name} cannot be removed.",
                    detail="Entries use it: take it off them first, or rename it.",
                )
        return Changes(info=True)
