"""The push journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from truthline.errors import UsageError
from truthline.workspace.changes import Changes
from truthline.workspace.workspace import BatchState, NewEntry, Workspace

ARN = "arn:aws:rekognition:us-east-1:111111111111:project/leaves/dataset/train/1690474772815"
STARTED = datetime(2025, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture
def three(workspace, line):
    """Three entries' ids and lines."""
    lines = [line(f"s3://b/{n}.jpg", ["leaf"]) for n in range(3)]
    workspace.append(map(NewEntry, lines))
    return list(zip(workspace.ids(), lines, strict=True))


def test_a_push_is_recorded_whole(path, workspace, three):
    assert workspace.unfinished_push() is None
    push_id = workspace.begin_push(ARN, iter([three[:2], three[2:]]), STARTED)
    workspace.close()
    with Workspace.open(path) as again:
        push = again.unfinished_push()
        assert push == again.pushes()[0]
        assert (push.id, push.dataset_arn, push.started, push.finished) == (push_id, ARN, STARTED, None)
        assert (push.outcome, push.batches, push.lines) == ("", 2, 3)
        first, second = again.batches(push_id)
        assert (first.number, first.state, first.lines) == (1, BatchState.PLANNED, 2)
        assert first.size == len(b"".join(raw + b"\n" for _, raw in three[:2]))
        assert (first.status, first.message, first.code, first.sent_at, first.updated_before) == (
            "",
            "",
            "",
            None,
            None,
        )
        assert again.batch_lines(first.id) == three[:2]
        assert again.batch_lines(second.id) == three[2:]


def test_each_step_is_kept(path, workspace, three):
    push_id = workspace.begin_push(ARN, [three], STARTED)
    (batch,) = workspace.batches(push_id)
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


def test_a_message_can_be_cleared(workspace, three):
    push_id = workspace.begin_push(ARN, [three], STARTED)
    (batch,) = workspace.batches(push_id)
    workspace.set_batch(batch.id, BatchState.FAILED, message="No connection.")
    workspace.set_batch(batch.id, BatchState.PLANNED, message="")
    assert workspace.batches(push_id)[0].message == ""


def test_one_push_at_a_time(workspace, three):
    first = workspace.begin_push(ARN, [three], STARTED)
    with pytest.raises(UsageError, match="not finished"):
        workspace.begin_push(ARN, [three], STARTED)
    assert workspace.finish_push(first, "3 entries are in the dataset.") == Changes(pushes=True)
    assert workspace.unfinished_push() is None
    second = workspace.begin_push(ARN, [three[:1]], STARTED)
    assert [push.id for push in workspace.pushes()] == [second, first]
    finished = workspace.pushes()[1]
    assert finished.outcome == "3 entries are in the dataset."
    assert finished.finished.tzinfo is not None
    with pytest.raises(KeyError):
        workspace.finish_push(first, "again")


def test_a_finished_push_keeps_only_lines_that_were_not_verified(workspace, three):
    push_id = workspace.begin_push(ARN, [three[:2], three[2:]], STARTED)
    verified, failed = workspace.batches(push_id)
    workspace.set_batch(verified.id, BatchState.VERIFIED)
    workspace.set_batch(failed.id, BatchState.FAILED)
    assert workspace.batch_lines(verified.id) == three[:2]
    workspace.finish_push(push_id, "Some failed.")
    assert workspace.batch_lines(verified.id) == []
    assert workspace.batch_lines(failed.id) == three[2:]
    assert [batch.lines for batch in workspace.batches(push_id)] == [2, 1]


def test_a_plan_that_fails_leaves_no_push(workspace, three):
    def broken():
        yield three
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        workspace.begin_push(ARN, broken(), STARTED)
    assert workspace.pushes() == []


def test_unknown_ids_are_refused(workspace):
    with pytest.raises(KeyError):
        workspace.set_batch(1, BatchState.SENDING)
    with pytest.raises(KeyError):
        workspace.finish_push(1, "")
    assert workspace.batches(1) == []
