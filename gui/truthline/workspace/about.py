"""What a workspace holds beside its entries: its `WorkspaceInfo`, and notes of works that take long."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from truthline.errors import UsageError
from truthline.workspace.changes import Changes
from truthline.workspace.entry import WorkspaceInfo

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping

    from truthline.workspace.database import Database

_FLAGS: Final = frozenset({"bom", "hide_locked", "in_doubt"})
_KEYS: Final = frozenset(field.name for field in fields(WorkspaceInfo))
_NOTE: Final = "note:"
_INFO: Final = "SELECT key, value FROM info WHERE key NOT LIKE 'note:%'"


class About:
    """The part of a workspace that describes it; `Workspace` inherits it."""

    _database: Database

    @property
    def info(self) -> WorkspaceInfo:
        """What is known of the workspace as a whole."""
        with self._database.reading() as connection:
            stored: dict[str, Any] = {
                key: value for key, value in connection.execute(_INFO) if key in _KEYS and type(value) is str
            }
            for name in _FLAGS & stored.keys():
                stored[name] = stored[name] == "1"
            stored["locked"] = tuple(map(str, json.loads(stored.get("locked", "[]"))))
            return WorkspaceInfo(**stored)

    def set_info(self, info: WorkspaceInfo) -> Changes:
        """Store another `WorkspaceInfo`."""
        self._store_info(asdict(info))
        return Changes(info=True)

    def set_attributes(
        self, box_attribute: str, locked: Collection[str], *, hide_locked: bool = False
    ) -> Changes:
        """Store which label attributes are edited, and no other part of the info; see `WorkspaceInfo`.

        Raises:
            UsageError: new boxes are to go into an attribute that is locked.

        """
        check_attributes(box_attribute, locked)
        self._store_info(
            {"box_attribute": box_attribute, "locked": tuple(locked), "hide_locked": hide_locked}
        )
        return Changes(info=True)

    def set_dataset(
        self, arn: str, *, profile: str, region: str, endpoint_url: str, seen_updated: str
    ) -> Changes:
        """Store to which dataset the workspace belongs and how to reach it, and no other part of the info."""
        self._store_info(
            {
                "dataset_arn": arn,
                "profile": profile,
                "region": region,
                "endpoint_url": endpoint_url,
                **_all_read(seen_updated),
            }
        )
        return Changes(info=True)

    def set_seen_updated(self, seen_updated: str) -> Changes:
        """Store that the base lines are all of that time, and no other part of the info."""
        self._store_info(_all_read(seen_updated))
        return Changes(info=True)

    def note_others_update(self, updated: str) -> Changes:
        """Store that somebody else updated the dataset, at that time or before; the first time stays."""
        others = self.info.others_updated or updated
        self._store_info({**_all_read(updated), "others_updated": others})
        return Changes(info=True)

    def _store_info(self, values: Mapping[str, Any]) -> None:
        texts = dict(values)
        for name in texts.keys() & _FLAGS:
            texts[name] = "1" if texts[name] else "0"
        if "locked" in texts:
            texts["locked"] = json.dumps(texts["locked"])
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO info VALUES (?, ?)", texts.items())

    def note(self, name: str) -> str:
        """What an unfinished work wrote down under this name, "" if nothing."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT value FROM info WHERE key = ?", (_NOTE + name,)).fetchone()
        return str(found[0]) if found else ""

    def set_note(self, name: str, text: str) -> None:
        """Write down, durably, how far a work came, so that it is taken up; "" removes that."""
        with self._database.writing() as connection:
            note(connection, name, text)


def note(connection: sqlite3.Connection, name: str, text: str) -> None:
    """As `About.set_note`, within a transaction of the caller's."""
    if text:
        connection.execute("INSERT OR REPLACE INTO info VALUES (?, ?)", (_NOTE + name, text))
    else:
        connection.execute("DELETE FROM info WHERE key = ?", (_NOTE + name,))


def check_attributes(box_attribute: str, locked: Collection[str]) -> None:
    """Raise `UsageError` if new boxes are to go into an attribute that is locked."""
    if box_attribute in locked:
        raise UsageError(
            f"New boxes cannot go into {box_attribute}, which is read-only.",
            detail="Choose another attribute for them, or let this one be edited.",
        )


def _all_read(seen_updated: str) -> dict[str, Any]:
    """How recent the base lines are, with nothing of other people's unread."""
    return {"seen_updated": seen_updated, "others_updated": "", "in_doubt": False}
