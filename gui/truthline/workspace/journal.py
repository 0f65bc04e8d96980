"""The push journal: what was sent, in which batches, and how far each one came.

Every step is durable when its method returns, so that a push which a crash or a lost connection broke off
is taken up where it stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from truthline.errors import UsageError
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from truthline.workspace.database import Database
    from truthline.workspace.entry import EntryId

PushId = NewType("PushId", int)
BatchId = NewType("BatchId", int)


class BatchState(StrEnum):
    """How far a batch came: from top to bottom, or FAILED from any state."""

    PLANNED = "planned"
    SENDING = "sending"
    """about to be sent, or sent without an answer yet"""
    ACCEPTED = "accepted"
    """the service took it and works on it"""
    ENDED = "ended"
    """the service finished the update"""
    VERIFIED = "verified"
    """every line was read back and compared"""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Push:
    """One push; ``finished`` is None while it is under way, ``outcome`` then "". Times are in UTC."""

    id: PushId
    dataset_arn: str
    started: datetime
    finished: datetime | None
    outcome: str
    batches: int
    lines: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of a push; times are in UTC.

    ``number`` counts from 1 within the push, ``size`` the bytes of its lines with one line feed each,
    ``lines`` how many there are. ``status``, ``message`` and ``code`` are the service's last words on it,
    ``updated_before`` is the dataset's time of last update as it was before this batch was sent.
    """

    id: BatchId
    number: int
    state: BatchState
    size: int
    lines: int
    status: str
    message: str
    code: str
    sent_at: datetime | None
    updated_before: datetime | None


_PUSHES = """
    SELECT id, dataset_arn, started, finished, outcome,
        (SELECT count(*) FROM batches WHERE push_id = pushes.id),
        (SELECT coalesce(sum(lines), 0) FROM batches WHERE push_id = pushes.id)
    FROM pushes """


class PushJournal:
    """The part of a workspace that remembers pushes; `Workspace` inherits it."""

    _database: Database

    def begin_push(
        self, dataset_arn: str, batches: Iterable[Sequence[tuple[EntryId, bytes]]], started: datetime
    ) -> PushId:
        """Record a push with all its batches and their lines, as one transaction.

        Raises:
            UsageError: an earlier push is not finished.

        """
        with self._database.writing() as connection:
            if _pushes(connection, "WHERE finished IS NULL"):
                raise UsageError(
                    "An earlier push is not finished.",
                    detail="Continue or abandon it first, then push again.",
                )
            push = connection.execute(
                "INSERT INTO pushes (dataset_arn, started) VALUES (?, ?)",
                (dataset_arn, _format_time(started)),
            )
            for number, lines in enumerate(batches, 1):
                _add_batch(connection, push.lastrowid, number, lines)
            return PushId(push.lastrowid or 0)

    def unfinished_push(self) -> Push | None:
        """The push that is under way or was broken off, if any."""
        with self._database.reading() as connection:
            found = _pushes(connection, "WHERE finished IS NULL")
        return found[0] if found else None

    def pushes(self) -> list[Push]:
        """Every push, the newest first."""
        with self._database.reading() as connection:
            return _pushes(connection, "ORDER BY id DESC")

    def batches(self, push_id: PushId) -> list[Batch]:
        """A push's batches, in the order in which they are sent."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id, number, state, size, lines, status, message, code, sent_at, updated_before "
                "FROM batches WHERE push_id = ? ORDER BY number",
                (push_id,),
            ).fetchall()
        return [_batch(*row) for row in rows]

    def batch_lines(self, batch_id: BatchId) -> list[tuple[EntryId, bytes]]:
        """What a batch sends, in order; empty for a verified batch of a finished push.

        There the base lines tell what the service holds, and keeping both would double the file.
        """
        with self._database.reading() as connection:
            return connection.execute(
                "SELECT entry_id, line FROM batch_lines WHERE batch_id = ? ORDER BY id", (batch_id,)
            ).fetchall()

    def set_batch(
        self,
        batch_id: BatchId,
        state: BatchState,
        *,
        status: str | None = None,
        message: str | None = None,
        code: str | None = None,
        sent: datetime | None = None,
        updated_before: datetime | None = None,
    ) -> Changes:
        """Record how far a batch came; what is None stays as it was.

        Raises:
            KeyError: there is no such batch.

        """
        with self._database.writing() as connection:
            updated = connection.execute(
                "UPDATE batches SET state = ?, status = coalesce(?, status), message = coalesce(?, message), "
                "code = coalesce(?, code), sent_at = coalesce(?, sent_at), "
                "updated_before = coalesce(?, updated_before) WHERE id = ?",
                (state, status, message, code, _format_time(sent), _format_time(updated_before), batch_id),
            )
            if not updated.rowcount:
                raise KeyError(batch_id)
        return Changes(pushes=True)

    def finish_push(self, push_id: PushId, outcome: str) -> Changes:
        """Record that a push is over, and how it ended in one sentence for people.

        Raises:
            KeyError: there is no such push, or it is over already.

        """
        with self._database.writing() as connection:
            updated = connection.execute(
                "UPDATE pushes SET finished = ?, outcome = ? WHERE id = ? AND finished IS NULL",
                (_format_time(datetime.now(UTC)), outcome, push_id),
            )
            if not updated.rowcount:
                raise KeyError(push_id)
            connection.execute(
                "DELETE FROM batch_lines WHERE batch_id IN "
                "(SELECT id FROM batches WHERE push_id = ? AND state = ?)",
                (push_id, BatchState.VERIFIED),
            )
        return Changes(pushes=True)


def _add_batch(
    connection: sqlite3.Connection, push_id: int | None, number: int, lines: Sequence[tuple[EntryId, bytes]]
) -> None:
    size = sum(len(line) + 1 for _, line in lines)
    batch = connection.execute(
        "INSERT INTO batches (push_id, number, state, size, lines) VALUES (?, ?, ?, ?, ?)",
        (push_id, number, BatchState.PLANNED, size, len(lines)),
    )
    connection.executemany(
        "INSERT INTO batch_lines (batch_id, entry_id, line) VALUES (?, ?, ?)",
        [(batch.lastrowid, entry_id, line) for entry_id, line in lines],
    )


def _pushes(connection: sqlite3.Connection, which: str) -> list[Push]:
    return [
        Push(PushId(row[0]), row[1], datetime.fromisoformat(row[2]), _parse_time(row[3]), *row[4:])
        for row in connection.execute(_PUSHES + which)
    ]


def _batch(
    batch_id: int,
    number: int,
    state: str,
    size: int,
    lines: int,
    status: str,
    message: str,
    code: str,
    sent_at: str | None,
    updated_before: str | None,
) -> Batch:
    return Batch(
        id=BatchId(batch_id),
        number=number,
        state=BatchState(state),
        size=size,
        lines=lines,
        status=status,
        message=message,
        code=code,
        sent_at=_parse_time(sent_at),
        updated_before=_parse_time(updated_before),
    )


def _format_time(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()


def _parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
