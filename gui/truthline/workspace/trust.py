"""A workspace file may come from somebody else: it is data, and nothing in it runs.

SQLite runs what a file's schema says: triggers at a write, views and generated columns at a read, functions
of virtual tables at either. So before the first query the schema is compared with the one that our
migrations make, and anything else is refused.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Final

from truthline.errors import WorkspaceError
from truthline.workspace import schema

LARGEST_VALUE: Final = 64 * 2**20
"""Bytes of one line, and of whatever else is stored in one piece."""
_READ_CACHE_KIB: Final = 8_192
"""Each reader has its own."""

_SCHEMA: Final = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master"
_KINDS: Final = {"table": "table", "index": "index", "view": "view", "trigger": "trigger"}

_Objects = dict[tuple[str, str], tuple[str, str]]


def restrain(connection: sqlite3.Connection) -> None:
    """Let a connection take nothing on trust that a file says."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute(f"PRAGMA cache_size = -{_READ_CACHE_KIB}")  # else the file may say how much
    connection.execute("PRAGMA mmap_size = 0")  # a file that is cut off meanwhile would end the process
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    # One text that is no UTF-8 does not keep all others of its query from being read.
    connection.text_factory = _text


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def check_schema(connection: sqlite3.Connection) -> None:
    """Raise `WorkspaceError` unless the file has the schema of its version, and nothing beside it."""
    found = _objects(connection)
    expected = _expected(schema.version_of(connection))
    foreign = sorted(
        kind_and_name for kind_and_name in found if found[kind_and_name] != expected.get(kind_and_name)
    )
    if foreign:
        kind, name = foreign[0]
        raise WorkspaceError(
            "This workspace holds something that Truthline did not put there, and was not opened.",
            detail=f"It is the {_KINDS.get(kind, 'entry')} {name[:80]!r}. Ask whoever gave you the file for a"
            " manifest instead, or make a new workspace from the dataset.",
        )
    if expected.keys() - found.keys():
        raise WorkspaceError(
            "The workspace file is damaged.",
            detail="Put back a copy of it, or make a new workspace from the manifest or the dataset.",
        )


def _objects(connection: sqlite3.Connection) -> _Objects:
    """Kind and name of each object of the schema, with its table and its SQL, however that is spaced."""
    return {
        (str(kind), str(name)): (str(table), "".join(str(sql).split()))
        for kind, name, table, sql in connection.execute(_SCHEMA)
    }


def _expected(version: int) -> _Objects:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for migration in schema.MIGRATIONS[:version]:
            for step in migration:
                if isinstance(step, str):
                    connection.execute(step)
        return _objects(connection)
