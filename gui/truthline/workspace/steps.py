"""The undo history: what each gesture made of lines and of the list of labels, in the workspace file itself.

A step is written in the transaction of its edit and undone in one, so that file and history are never of two
minds, and a person who comes back tomorrow can still take back what they did today. Of each line both sides
are kept: where somebody else's changes were merged in since, undo is a three-way merge, and needs them.
Compressed, both together take a thirtieth of the lines' bytes.
"""

from __future__ import annotations

import zlib
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NewType

import msgspec

from truthline.errors import MissingEntryError, WorkspaceError
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress
from truthline.workspace.changes import Changes
from truthline.workspace.entry import LabelEdit
from truthline.workspace.ids import EntryId
from truthline.workspace.label_list import LabelBook, edit_labels
from truthline.workspace.placing import Placer
from truthline.workspace.replacing import Replaced, Replacement, replace_lines, stored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from truthline.workspace.database import Database

StepId = NewType("StepId", int)

NO_EDIT: Final = LabelEdit()
_BLOCK: Final = 500
"""Lines in a block: as many as one statement takes marks."""
_BLOCK_BYTES: Final = 4 * 2**20
"""A block of long lines ends earlier, so that what is taken apart at once stays small."""
_LARGEST: Final = 160 * 2**20
"""Bytes of a block: one line more than `_BLOCK_BYTES`, twice. What is compressed could claim any size."""
_LEVEL: Final = 1
"""Of a label on 250,000 lines 7 MB stay. Level 6 would leave half of that, and take 1.6 times as long."""
_STEPS: Final = "SELECT id, text, done, entries, size, about FROM undo_steps "


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step that is to be recorded: its name in the undo menu, and what takes its edit of labels back."""

    text: str
    labels_before: LabelEdit = NO_EDIT


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step of the history. ``entries`` counts those it changes; ``size`` is the bytes that it takes.

    ``only_lines`` tells whether it changed nothing but lines; ``attributes`` are those edited before it and
    after it, if it is the choice of them.
    """

    id: StepId
    text: str
    done: bool
    entries: int
    size: int
    only_lines: bool
    attributes: tuple[Attributes, Attributes] | None = None


class Attributes(msgspec.Struct, frozen=True, array_like=True):
    """Which label attributes are edited; see `WorkspaceInfo`."""

    box_attribute: str
    locked: tuple[str, ...]
    hide_locked: bool


class _About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a step did beside lines.

    ``listed`` are labels that came into the list because its lines use them. ``attributes`` are the box
    attribute, the locked ones and whether these are hidden: before it and after it.
    """

    labels_before: LabelEdit = NO_EDIT
    labels: LabelEdit = NO_EDIT
    listed: tuple[str, ...] = ()
    attributes: tuple[Attributes, Attributes] | None = None


class Recorder:
    """Writes a step while its lines are stored, within their transaction."""

    def __init__(self, connection: sqlite3.Connection, text: str) -> None:
        self._connection = connection
        made = connection.execute(
            "INSERT INTO undo_steps (text, made) VALUES (?, ?)", (text, datetime.now(UTC).isoformat())
        )
        self.id = StepId(made.lastrowid or 0)
        self.entries = self._size = self._blocks = 0

    def add(self, replaced: Sequence[Replaced]) -> None:
        """Take in what became of lines."""
        block: list[Replaced] = []
        size = 0
        for one in replaced:
            block.append(one)
            size += len(one.before) + len(one.after)
            if len(block) == _BLOCK or size > _BLOCK_BYTES:
                self._write(block)
                block, size = [], 0
        if block:
            self._write(block)

    def _write(self, block: Sequence[Replaced]) -> None:
        ids = zlib.compress(array("q", [one.entry_id for one in block]).tobytes(), _LEVEL)
        lines = zlib.compress(b"\n".join(line for one in block for line in one[1:]), _LEVEL)
        self._connection.execute(
            "INSERT INTO undo_blocks VALUES (?, ?, ?, ?)", (self.id, self._blocks, ids, lines)
        )
        self.entries += len(block)
        self._size += len(ids) + len(lines)
        self._blocks += 1

    def end(
        self,
        labels_before: LabelEdit = NO_EDIT,
        labels: LabelEdit = NO_EDIT,
        listed: Sequence[str] = (),
        attributes: tuple[Attributes, Attributes] | None = None,
    ) -> StepId:
        """Say what the step did beside lines; what was undone before it is forgotten."""
        forget_undone(self._connection)
        about = msgspec.json.encode(_About(labels_before, labels, tuple(listed), attributes))
        self._connection.execute(
            "UPDATE undo_steps SET entries = ?, size = ?, about = ? WHERE id = ?",
            (self.entries, self._size + len(about), about, self.id),
        )
        return self.id

    def drop(self) -> None:
        """Record nothing after all: nothing was changed."""
        self._connection.execute("DELETE FROM undo_steps WHERE id = ?", (self.id,))


def forget_undone(connection: sqlite3.Connection) -> None:
    """Forget the steps that were undone: with a new one, nothing leads back to them."""
    connection.execute("DELETE FROM undo_steps WHERE done = 0")


class UndoHistory:
    """The part of a workspace that remembers steps; `Workspace` inherits it."""

    _database: Database

    def steps(self, at_most: int) -> list[StoredStep]:
        """The newest steps: those that are done, in their order, and then those that were undone."""
        with self._database.reading() as connection:
            rows = connection.execute(f"{_STEPS} ORDER BY id DESC LIMIT ?", (at_most,)).fetchall()
        return [_step(*row) for row in reversed(rows)]

    def step_lines(self, step_id: StepId) -> dict[EntryId, tuple[bytes, bytes]]:
        """The lines of a step, before it and after it."""
        with self._database.reading() as connection:
            return {
                one.entry_id: (one.before, one.after)
                for block in _blocks(connection, step_id)
                for one in block
            }

    def step_entries(self, step_id: StepId, at_most: int) -> list[EntryId]:
        """The first entries that a step changes."""
        found: list[EntryId] = []
        with self._database.reading() as connection:
            for (packed,) in connection.execute(
                "SELECT ids FROM undo_blocks WHERE step_id = ? ORDER BY number", (step_id,)
            ):
                found += map(EntryId, array("q", _inflated(packed)))
                if len(found) >= at_most:
                    break
        return found[:at_most]

    def undo(
        self, step_id: StepId, *, report: Report = ignore_progress, cancel: CancelToken | None = None
    ) -> Changes:
        """Take a step back, durably: all of it or nothing.

        What somebody else's changes made of its lines meanwhile stays in them. Entries that were removed are
        passed over.

        Raises:
            CancelledError: cancelled; the step is done as before.
            MissingEntryError: there is no such step any more.
            DamagedEntryError: an entry of it is damaged.

        """
        return self._move(step_id, done=False, report=report, cancel=cancel)

    def redo(
        self, step_id: StepId, *, report: Report = ignore_progress, cancel: CancelToken | None = None
    ) -> Changes:
        """Do a step again; as `undo`."""
        return self._move(step_id, done=True, report=report, cancel=cancel)

    def _move(self, step_id: StepId, *, done: bool, report: Report, cancel: CancelToken | None) -> Changes:
        with self._database.writing() as connection:
            found = connection.execute(f"{_STEPS} WHERE id = ?", (step_id,)).fetchone()
            if found is None:
                raise MissingEntryError("This step is not in the workspace's history any more.")
            total, about = found[3], _about(found[5])
            saved: list[EntryId] = []
            book, placer, passed = LabelBook(connection), Placer(connection), 0
            for block in _blocks(connection, step_id):
                if cancel is not None:
                    cancel.check()
                report(Progress(Doing.STORING, passed, total))
                there = stored(connection, [one.entry_id for one in block])
                wanted = [
                    Replacement(one.entry_id, placer.line(new), placer.line(old))
                    for one, old, new in (
                        (one, one.before, one.after) if done else (one, one.after, one.before)
                        for one in block
                    )
                    if one.entry_id in there
                ]
                saved += [one.entry_id for one in replace_lines(connection, book, wanted, known=there)]
                passed += len(block)
            if cancel is not None:
                cancel.check()  # the last moment at which nothing has happened
            book.flush()
            listed = tuple(book.listed) if done else about.listed
            drop = tuple(dict.fromkeys(about.labels_before.drop + listed))
            edit = about.labels if done else LabelEdit(about.labels_before.put, drop, about.labels_before.add)
            changed_labels = edit_labels(connection, edit)
            connection.execute(
                "UPDATE undo_steps SET done = ?, about = ? WHERE id = ?",
                (done, msgspec.json.encode(msgspec.structs.replace(about, listed=listed)), step_id),
            )
            attributes = about.attributes
            if attributes is not None:
                set_attributes(connection, attributes[done])
        return Changes.of_entries(saved) | Changes(info=changed_labels or attributes is not None)

    def forget_undone(self) -> None:
        """Forget the steps that were undone, as when something was done that is not in the history."""
        with self._database.writing() as connection:
            forget_undone(connection)

    def forget_steps(self) -> None:
        """Forget the whole history, as when entries are removed: nothing is left to change."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM undo_steps")

    def trim_steps(self, *, days: int, most_bytes: int, cancel: CancelToken | None = None) -> int:
        """Forget steps older than so many days, and the oldest of too many bytes; the file gets smaller.

        Returns how many were forgotten. The newest step stays, however large it is.

        Raises:
            CancelledError: cancelled; the file gets smaller another time.

        """
        forgotten = self._trim(days, most_bytes)
        self._database.shrink(cancel)
        return forgotten

    def _trim(self, days: int, most_bytes: int) -> int:
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        with self._database.writing() as connection:
            rows = connection.execute("SELECT id, made, size FROM undo_steps ORDER BY id DESC").fetchall()
            kept = 0
            for number, (step_id, made, size) in enumerate(rows):
                kept += size
                if number and (kept > most_bytes or str(made) < limit):
                    removed = connection.execute("DELETE FROM undo_steps WHERE id <= ?", (step_id,))
                    return removed.rowcount
        return 0


def set_attributes(connection: sqlite3.Connection, chosen: Attributes) -> None:
    """Store which label attributes are edited; within a transaction of the caller's."""
    connection.executemany(
        "INSERT OR REPLACE INTO info VALUES (?, ?)",
        (
            ("box_attribute", chosen.box_attribute),
            ("locked", msgspec.json.encode(chosen.locked).decode()),
            ("hide_locked", "1" if chosen.hide_locked else "0"),
        ),
    )


def _blocks(connection: sqlite3.Connection, step_id: StepId) -> Iterator[list[Replaced]]:
    """The lines of a step, block by block; each is read when it is wanted, so that lines may be written."""
    number = 0
    while row := connection.execute(
        "SELECT ids, lines FROM undo_blocks WHERE step_id = ? AND number = ?", (step_id, number)
    ).fetchone():
        ids, lines = array("q", _inflated(row[0])), _inflated(row[1]).split(b"\n")
        if len(lines) != 2 * len(ids):
            raise _damaged()
        yield [Replaced(EntryId(one), lines[2 * n], lines[2 * n + 1]) for n, one in enumerate(ids)]
        number += 1


def _inflated(packed: Any) -> bytes:
    """The bytes that were compressed."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, _LARGEST)
    except (zlib.error, TypeError) as error:
        raise _damaged() from error
    if not unpacking.eof:
        raise _damaged()
    return text


def _damaged() -> WorkspaceError:
    return WorkspaceError(
        "The workspace file is damaged at this step of the history.",
        detail="It cannot be undone or done again. The images' lines are not touched by that.",
    )


def _step(step_id: int, text: Any, done: Any, entries: Any, size: Any, stored_about: Any) -> StoredStep:
    about = _about(stored_about)
    only_lines = not about.labels and about.attributes is None
    return StoredStep(
        StepId(step_id), str(text), bool(done), int(entries), int(size), only_lines, about.attributes
    )


def _about(stored_text: Any) -> _About:
    return msgspec.json.decode(stored_text, type=_About) if stored_text else _About()
