"""The push journal: what was sent, in which batches, and how far each one came.

Every step is durable when its method returns, so that a push which a crash or a lost connection broke off
is taken up where it stood.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType

from truthline.errors import MissingEntryError, UsageError
from truthline.workspace.changes import Changes
from truthline.workspace.contents import check_one_line, storable
from truthline.workspace.damage import typed
from truthline.workspace.ids import EntryId
from truthline.workspace.seen import doubt, take_our_update

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from truthline.workspace.database import Database

PushId = NewType("PushId", int)
BatchId = NewType("BatchId", int)


class BatchState(StrEnum):
    """How far a batch came: from top to bottom, or FAILED from any state but VERIFIED."""

    SENDING = "sending"
    """about to be sent, or sent without an answer yet"""
    ACCEPTED = "accepted"
    """the service took it and works on it"""
    ENDED = "ended"
    """the service finished the update"""
    VERIFIED = "verified"
    """every line was read back and compared"""
    FAILED = "failed"


class RemarkKind(StrEnum):
    """What a push has to say about a line."""

    REFUSED = "refused"
    NOT_STORED = "not stored"
    STORED_DIFFERENTLY = "stored differently"
    CONFLICT = "conflict"
    REMOTE_ERROR = "remote error"
    ERROR = "error"
    """what broke the push off; of no line"""


UNENDED: Final = frozenset({BatchState.SENDING, BatchState.ACCEPTED})
"""While a batch is so, the end of its update was not seen."""


@dataclass(frozen=True, slots=True)
class Push:
    """One push; ``finished`` is None while it is under way, ``outcome`` then "". Times are in UTC.

    ``broken_off`` tells whether a crash or a cancel ended it: then the next push looked how far it came.
    ``lines`` counts those of its batches, which were sent or about to be; ``planned`` those to be sent.
    """

    id: PushId
    dataset_arn: str
    started: datetime
    finished: datetime | None
    outcome: str
    batches: int
    lines: int
    planned: int
    broken_off: bool


@dataclass(frozen=True, slots=True)
class PushRemark:
    """What a push had to say about one line; ``line`` is its number, None if it has none."""

    kind: RemarkKind
    source_ref: str
    code: str
    message: str
    line: int | None


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


_LARGEST_BATCH: Final = 64 * 2**20
"""Bytes; the service takes far less, and what is compressed could claim any size."""
_PUSHES: Final = """
    SELECT id, dataset_arn, started, finished, outcome,
        (SELECT count(*) FROM batches WHERE push_id = pushes.id),
        (SELECT coalesce(sum(lines), 0) FROM batches WHERE push_id = pushes.id),
        planned,
        broken_off
    FROM pushes """
_BATCHES: Final = (
    "SELECT id, number, state, size, lines, status, message, code, sent_at, updated_before FROM batches"
)


class PushJournal:
    """The part of a workspace that remembers pushes; `Workspace` inherits it."""

    _database: Database

    def begin_push(self, dataset_arn: str, started: datetime, *, lines: int = 0) -> PushId:
        """Record a push that is about to send so many lines.

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
                "INSERT INTO pushes (dataset_arn, started, planned) VALUES (?, ?, ?)",
                (dataset_arn, _format_time(started), lines),
            )
            return PushId(push.lastrowid or 0)

    def add_batch(self, push_id: PushId, lines: Sequence[tuple[EntryId, bytes]]) -> Batch:
        """Record the next batch of a push, right before it is sent: lines in order, without line endings.

        Raises:
            KeyError: there is no such push, or it is over; or a line is of no entry.
            ValueError: a line holds a line feed.

        """
        for _, line in lines:
            check_one_line(line)
        text = b"".join(line + b"\n" for _, line in lines)
        # Compressed, since it stays after the push, for whoever asks later what was sent.
        sent = zlib.compress(text[:-1])
        with self._database.writing() as connection:
            if not _pushes(connection, "WHERE finished IS NULL AND id = ?", (push_id,)):
                raise KeyError(push_id)
            cursor = connection.execute(
                "INSERT INTO batches (push_id, number, state, size, lines, sent)"
                " SELECT ?, count(*) + 1, ?, ?, ?, ? FROM batches WHERE push_id = ?",
                (push_id, BatchState.SENDING, len(text), len(lines), sent, push_id),
            )
            batch_id = cursor.lastrowid
            for ordinal, (entry_id, _) in enumerate(lines):
                _add_line(connection, batch_id, ordinal, entry_id)
            row = connection.execute(f"{_BATCHES} WHERE id = ?", (batch_id,)).fetchone()
        return _batch(*row)

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
            rows = connection.execute(f"{_BATCHES} WHERE push_id = ? ORDER BY number", (push_id,))
            return [_batch(*row) for row in rows]

    def batch_lines(self, batch_id: BatchId) -> list[tuple[EntryId, bytes]]:
        """What a batch sends, in order, and for which entries; empty once the push is finished.

        Lines of entries that were removed since are left out.
        """
        with self._database.reading() as connection:
            entries = connection.execute(
                "SELECT ordinal, entry_id FROM batch_lines JOIN entries ON entries.id = entry_id"
                " WHERE batch_id = ? ORDER BY ordinal",
                (batch_id,),
            ).fetchall()
            lines = dict(enumerate(_sent_lines(connection, batch_id))) if entries else {}
            if not lines.keys() >= {ordinal for ordinal, _ in entries}:
                raise ValueError(f"batch {batch_id} lacks lines")
            return [(EntryId(entry_id), lines[ordinal]) for ordinal, entry_id in entries]

    def sent_lines(self, batch_id: BatchId) -> list[bytes]:
        """The lines of a batch in order, without line endings, also of a push that is finished.

        Raises:
            KeyError: there is no such batch.

        """
        with self._database.reading() as connection:
            return _sent_lines(connection, batch_id)

    def push_remarks(self, push_id: PushId) -> list[PushRemark]:
        """What a push had to say about lines, in order; empty while it is not finished."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT kind, source_ref, code, message, line FROM push_remarks"
                " WHERE push_id = ? ORDER BY ordinal",
                (push_id,),
            )
            return [_remark(*row) for row in rows]

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
        updated_after: datetime | None = None,
    ) -> Changes:
        """Record how far a batch came; what is None stays as it was.

        With ``updated_after``, its update is known to have ended then, and is accounted for. One that is
        verified without an end having been recorded leaves the workspace in doubt: see `WorkspaceInfo`.

        Raises:
            KeyError: there is no such batch.

        """
        with self._database.writing() as connection:
            found = connection.execute(
                "SELECT state, updated_before FROM batches WHERE id = ?", (batch_id,)
            ).fetchone()
            if found is None:
                raise KeyError(batch_id)
            was, before = found
            # What is not told stays: the last words of the service are wanted most when no others come.
            connection.execute(
                "UPDATE batches SET state = ?, status = coalesce(?, status), message = coalesce(?, message), "
                "code = coalesce(?, code), sent_at = coalesce(?, sent_at), "
                "updated_before = coalesce(?, updated_before) WHERE id = ?",
                (state, status, message, code, _format_time(sent), _format_time(updated_before), batch_id),
            )
            # Its lines are there, but when its update ended nobody saw: a later one may be ours or not.
            if state is BatchState.VERIFIED and was in UNENDED:
                doubt(connection)
            if updated_after is not None:
                take_our_update(connection, before, updated_after.isoformat())
        return Changes(pushes=True)

    def finish_push(
        self,
        push_id: PushId,
        outcome: str,
        remarks: Iterable[PushRemark] = (),
        *,
        broken_off: bool = False,
    ) -> Changes:
        """Record that a push is over, how it ended in one sentence for people, and its remarks on lines.

        ``broken_off`` tells whether it ended earlier, before it could be recorded.

        Raises:
            KeyError: there is no such push, or it is over already.

        """
        rows = [
            (push_id, ordinal, one.kind, *map(storable, (one.source_ref, one.code, one.message)), one.line)
            for ordinal, one in enumerate(remarks)
        ]
        with self._database.writing() as connection:
            updated = connection.execute(
                "UPDATE pushes SET finished = ?, outcome = ?, broken_off = ?"
                " WHERE id = ? AND finished IS NULL",
                (_format_time(datetime.now(UTC)), outcome, broken_off, push_id),
            )
            if not updated.rowcount:
                raise KeyError(push_id)
            connection.executemany("INSERT INTO push_remarks VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            # Whose the lines are matters only while the push may be resumed.
            connection.execute(
                "DELETE FROM batch_lines WHERE batch_id IN (SELECT id FROM batches WHERE push_id = ?)",
                (push_id,),
            )
        return Changes(pushes=True)


def _add_line(connection: sqlite3.Connection, batch_id: int | None, ordinal: int, entry_id: EntryId) -> None:
    added = connection.execute(
        "INSERT INTO batch_lines SELECT ?, ?, id FROM entries WHERE id = ?", (batch_id, ordinal, entry_id)
    )
    if not added.rowcount:
        raise KeyError(entry_id)


def _sent_lines(connection: sqlite3.Connection, batch_id: BatchId) -> list[bytes]:
    found = connection.execute("SELECT lines, sent FROM batches WHERE id = ?", (batch_id,)).fetchone()
    if found is None:
        raise MissingEntryError("The workspace holds no such batch, or no longer.", place=f"batch {batch_id}")
    lines, sent = found
    return _inflated(sent).split(b"\n") if lines else []


def _inflated(sent: bytes) -> bytes:
    """The bytes of a batch; ValueError if they are not whole, or more than anybody sends."""
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(sent, _LARGEST_BATCH)
    if not unpacking.eof:
        raise ValueError("a batch is cut off, or too large")
    return text


def _pushes(connection: sqlite3.Connection, which: str, values: tuple[int, ...] = ()) -> list[Push]:
    return [
        Push(
            PushId(row[0]),
            str(row[1]),
            _time(row[2]),
            _parse_time(row[3]),
            *typed((*row[4:8], bool(row[8])), str, int, int, int, bool),
        )
        for row in connection.execute(_PUSHES + which, values)
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
    typed((number, size, lines, status, message, code), int, int, int, str, str, str)
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


def _remark(kind: str, source_ref: str, code: str, message: str, line: int | None) -> PushRemark:
    typed((kind, source_ref, code, message, line or 0), str, str, str, str, int)
    return PushRemark(RemarkKind(kind), source_ref, code, message, line)


def _format_time(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()


def _parse_time(text: str | None) -> datetime | None:
    return None if text is None else _time(text)


def _time(text: str) -> datetime:
    """A stored time; ValueError if it is none, or says not of which zone."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time
