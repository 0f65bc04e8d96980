"""The push journal."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from present import present
from truthline.errors import UsageError
from truthline.workspace import schema
from truthline.workspace.changes import Changes
from truthline.workspace.journal import PushRemark
from truthline.workspace.workspace import (
    BatchId,
    BatchState,
    EntryId,
    NewEntry,
    PushId,
    RemarkKind,
    Workspace,
    WorkspaceInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ARN = "arn:aws:rekognition:us-east-1:111111111111:project/leaves/dataset/train/1690474772815"
STARTED = datetime(2025, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
REMARKS = [
    PushRemark(RemarkKind.REFUSED, "s3://b/2.jpg", "ERROR_A", "Why.", 3),
    PushRemark(RemarkKind.CONFLICT, "s3://b/ü.jpg", "", "Both changed it.", 1),
    PushRemark(RemarkKind.REMOTE_ERROR, "s3://b/gone.jpg", "WARNING_B", "", None),
]


@pytest.fixture
def three(workspace: Workspace, line: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Three entries' ids and lines."""
    lines = [line(f"s3://b/{n}.jpg", ["leaf"]) for n in range(3)]
    workspace.append(map(NewEntry, lines))
    return list(zip(workspace.ids(), lines, strict=True))


def test_a_push_is_recorded_batch_by_batch(
    path: Path, workspace: Workspace, three: list[tuple[Any, ...]]
) -> None:
    assert workspace.unfinished_push() is None
    push_id = workspace.begin_push(ARN, STARTED, lines=3)
    begun = workspace.unfinished_push()
    assert (present(begun).planned, present(begun).batches, present(begun).lines) == (3, 0, 0)
    first = workspace.add_batch(push_id, three[:2])
    assert (first.number, first.state, first.lines) == (1, BatchState.SENDING, 2)
    assert first.size == len(b"".join(raw + b"\n" for _, raw in three[:2]))
    assert (first.status, first.message, first.code) == ("", "", "")
    assert (first.sent_at, first.updated_before) == (None, None)
    second = workspace.add_batch(push_id, three[2:])
    assert second.number == 2
    workspace.close()
    with Workspace.open(path) as again:
        push = again.unfinished_push()
        assert push == again.pushes()[0]
        assert (push.id, push.dataset_arn, push.started, push.finished) == (push_id, ARN, STARTED, None)
        assert (push.outcome, push.batches, push.lines, push.planned) == ("", 2, 3, 3)
        assert again.batches(push_id) == [first, second]
        assert again.batch_lines(first.id) == three[:2]
        assert again.batch_lines(second.id) == three[2:]
        assert again.sent_lines(second.id) == [three[2][1]]


def test_each_step_is_kept(path: Path, workspace: Workspace, three: list[tuple[Any, ...]]) -> None:
    push_id = workspace.begin_push(ARN, STARTED)
    batch = workspace.add_batch(push_id, three)
    sent = datetime(2025, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert workspace.set_batch(batch.id, BatchState.SENDING, sent=sent, updated_before=STARTED) == Changes(
        pushes=True
    )
    workspace.set_batch(batch.id, BatchState.ACCEPTED)
    workspace.set_batch(
        batch.id, BatchState.ENDED, status="UPDATE_FAILED", message="No.", code="CLIENT_ERROR"
    )
    workspace.set_batch(batch.id, BatchState.FAILED)
    workspace.close()
    with Workspace.open(path) as again:
        (kept,) = again.batches(push_id)
    assert (kept.state, kept.status, kept.message, kept.code) == (
        BatchState.FAILED,
        "UPDATE_FAILED",
        "No.",
        "CLIENT_ERROR",
    )
    assert (kept.sent_at, kept.updated_before) == (sent, STARTED)


def test_a_message_can_be_cleared(workspace: Workspace, three: list[tuple[Any, ...]]) -> None:
    push_id = workspace.begin_push(ARN, STARTED)
    batch = workspace.add_batch(push_id, three)
    workspace.set_batch(batch.id, BatchState.FAILED, message="No connection.")
    workspace.set_batch(batch.id, BatchState.SENDING, message="")
    assert workspace.batches(push_id)[0].message == ""


def test_one_push_at_a_time(workspace: Workspace, three: list[tuple[Any, ...]]) -> None:
    first = workspace.begin_push(ARN, STARTED)
    with pytest.raises(UsageError, match="not finished"):
        workspace.begin_push(ARN, STARTED)
    assert workspace.finish_push(first, "3 entries are in the dataset.") == Changes(pushes=True)
    assert workspace.unfinished_push() is None
    second = workspace.begin_push(ARN, STARTED, lines=1)
    assert [push.id for push in workspace.pushes()] == [second, first]
    finished = workspace.pushes()[1]
    assert finished.outcome == "3 entries are in the dataset."
    assert present(finished.finished).tzinfo is not None
    with pytest.raises(KeyError):
        workspace.finish_push(first, "again")
    with pytest.raises(KeyError):
        workspace.add_batch(first, three)
    assert workspace.batches(first) == []


def test_a_finished_push_keeps_what_it_sent(
    path: Path, workspace: Workspace, three: list[tuple[Any, ...]], line: Callable[..., Any]
) -> None:
    push_id = workspace.begin_push(ARN, STARTED, lines=3)
    batches = [workspace.add_batch(push_id, three[:2]), workspace.add_batch(push_id, three[2:])]
    workspace.set_batch(batches[0].id, BatchState.VERIFIED)
    workspace.set_batch(batches[1].id, BatchState.FAILED)
    workspace.save_many({entry_id: line("s3://b/other.jpg") for entry_id, _ in three})
    assert workspace.batch_lines(batches[0].id) == three[:2]
    workspace.finish_push(push_id, "Some failed.")
    workspace.close()
    with Workspace.open(path) as again:
        assert [again.batch_lines(batch.id) for batch in batches] == [[], []]
        sent = [again.sent_lines(batch.id) for batch in batches]
        assert sent == [[raw for _, raw in three[:2]], [three[2][1]]]
        assert [batch.lines for batch in again.batches(push_id)] == [2, 1]


def test_what_was_sent_takes_little_room(path: Path, workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(NewEntry(line(f"s3://b/{n}.jpg", boxes=["leaf"] * 9)) for n in range(500))
    lines = [(entry.id, entry.line) for entry in workspace.entries([EntryId(one) for one in workspace.ids()])]
    push_id = workspace.begin_push(ARN, STARTED)
    batch = workspace.add_batch(push_id, lines)
    workspace.finish_push(push_id, "Sent.")
    workspace.close()
    connection = sqlite3.connect(path)
    (room,) = connection.execute("SELECT length(sent) FROM batches").fetchone()
    assert connection.execute("SELECT count(*) FROM batch_lines").fetchone() == (0,)
    connection.close()
    assert room < batch.size / 10


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raws=st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"\r")), max_size=5))
def test_any_lines_come_back_as_they_were_sent(
    workspace: Workspace, three: list[tuple[Any, ...]], raws: list[Any] | list[bytes]
) -> None:
    push_id = workspace.begin_push(ARN, STARTED)
    lines = [(three[n % 3][0], raw) for n, raw in enumerate(raws)]
    batch = workspace.add_batch(push_id, lines)
    assert workspace.batch_lines(batch.id) == lines
    workspace.finish_push(push_id, "Sent.")
    assert workspace.sent_lines(batch.id) == raws
    assert (batch.lines, batch.size) == (len(raws), sum(len(raw) + 1 for raw in raws))


def test_a_batch_is_recorded_whole_or_not_at_all(workspace: Workspace, three: list[tuple[Any, ...]]) -> None:
    push_id = workspace.begin_push(ARN, STARTED)
    with pytest.raises(KeyError):
        workspace.add_batch(push_id, [*three, (three[-1][0] + 1, b"{}")])
    with pytest.raises(ValueError, match="line ending"):
        workspace.add_batch(push_id, [(three[0][0], b"{\n}")])
    assert workspace.batches(push_id) == []
    assert workspace.add_batch(push_id, three).number == 1


def test_remarks_come_back_in_order(path: Path, workspace: Workspace) -> None:
    first = workspace.begin_push(ARN, STARTED)
    assert workspace.push_remarks(first) == []
    workspace.finish_push(first, "Some were refused.", iter(REMARKS))
    second = workspace.begin_push(ARN, STARTED)
    workspace.finish_push(second, "Again.", REMARKS[:1])
    workspace.close()
    with Workspace.open(path) as again:
        assert again.push_remarks(first) == REMARKS
        assert again.push_remarks(second) == REMARKS[:1]


def test_a_remark_may_hold_half_a_character(workspace: Workspace) -> None:
    push_id = workspace.begin_push(ARN, STARTED)
    workspace.finish_push(
        push_id, "Sent.", [PushRemark(RemarkKind.ERROR, "s3://b/\ud800.jpg", "A", "\udc00", 1)]
    )
    assert workspace.push_remarks(push_id) == [PushRemark(RemarkKind.ERROR, "s3://b/?.jpg", "A", "?", 1)]


def test_remarks_that_fail_leave_the_push_unfinished(
    workspace: Workspace, three: list[tuple[Any, ...]]
) -> None:
    def broken() -> Iterator[PushRemark]:
        yield REMARKS[0]
        raise OSError("unplugged")

    push_id = workspace.begin_push(ARN, STARTED)
    batch = workspace.add_batch(push_id, three)
    with pytest.raises(OSError, match="unplugged"):
        workspace.finish_push(push_id, "Sent.", broken())
    assert present(workspace.unfinished_push()).id == push_id
    assert workspace.batch_lines(batch.id) == three
    assert workspace.push_remarks(push_id) == []


def test_unknown_ids_are_refused(workspace: Workspace) -> None:
    with pytest.raises(KeyError):
        workspace.set_batch(BatchId(1), BatchState.SENDING)
    with pytest.raises(KeyError):
        workspace.finish_push(PushId(1), "", REMARKS)
    with pytest.raises(KeyError):
        workspace.add_batch(PushId(1), [])
    with pytest.raises(KeyError):
        workspace.sent_lines(BatchId(1))
    assert workspace.batches(PushId(1)) == []
    assert workspace.push_remarks(PushId(1)) == []


def test_pushes_of_an_older_format_say_whether_they_were_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "older.truthline"
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
    Workspace.create(path, WorkspaceInfo(name="older")).close()
    monkeypatch.undo()
    with closing(sqlite3.connect(path)) as older, older:
        for outcome in ("It was broken off; 1 of its 3 lines were stored.", "3 lines sent and read back."):
            older.execute(
                "INSERT INTO pushes (dataset_arn, started, finished, outcome, planned)"
                " VALUES (?, ?, ?, ?, 3)",
                (ARN, STARTED.isoformat(), STARTED.isoformat(), outcome),
            )
    with Workspace.open(path) as workspace:
        assert [push.broken_off for push in workspace.pushes()] == [False, True]


@pytest.mark.parametrize("ended", [True, False])
def test_a_batch_moves_the_time_on_if_its_end_was_seen(workspace: Workspace, ended: bool) -> None:
    (entry_id,) = workspace.append([NewEntry(b"{}")]).entries
    workspace.set_seen_updated(STARTED.isoformat())
    push_id = workspace.begin_push(ARN, STARTED)
    batch = workspace.add_batch(push_id, [(entry_id, b"{}")])
    workspace.set_batch(batch.id, BatchState.SENDING, updated_before=STARTED)
    later = STARTED + timedelta(minutes=1)
    if ended:
        workspace.set_batch(batch.id, BatchState.ENDED, updated_after=later)
    workspace.set_batch(batch.id, BatchState.VERIFIED)
    info = workspace.info
    assert info.in_doubt is not ended
    assert datetime.fromisoformat(info.seen_updated) == (later if ended else STARTED)
