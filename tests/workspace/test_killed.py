"""What was acknowledged is there after SIGKILL at any moment."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from present import present
from truthline.workspace.workspace import BatchState, EntryId, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX's")

ENTRIES = 20
ARN = "arn:aws:rekognition:us-east-1:111111111111:project/leaves/dataset/train/1690474772815"
# Saves, appends and takes journal steps for ever; tells each one's number only after its method returned.
SAVING = """
import sys
from pathlib import Path
from truthline.workspace.workspace import BatchState, NewEntry, Workspace
workspace = Workspace.open(Path(sys.argv[1]))
ids = list(workspace.ids())[:20]
number = int(sys.argv[2])
push = workspace.unfinished_push()
batch = workspace.batches(push.id)[0]
while True:
    number += 1
    entry_id = ids[number % len(ids)]
    workspace.save(entry_id, b'{"source-ref":"s3://b/%d.jpg","number":%d}' % (entry_id, number))
    workspace.set_batch(batch.id, BatchState.SENDING, message=str(number))
    if number % 50 == 0:
        workspace.append(NewEntry(b'{"source-ref":"s3://b/new.jpg"}') for _ in range(30))
    print(number, flush=True)
"""


@pytest.mark.parametrize("rounds", [15, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost(path: Path, line: Callable[..., Any], rounds: int) -> None:
    moments = random.Random(rounds)  # noqa: S311
    _make(path, line)
    acknowledged = 0
    for _ in range(rounds):
        acknowledged = _save_until_killed(path, acknowledged, moments)
        _check(path, acknowledged)
    assert acknowledged > rounds


def _make(path: Path, line: Callable[..., Any]) -> None:
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append(NewEntry(line(f"s3://b/{n}.jpg")) for n in range(ENTRIES))
        first = workspace.ids()[0]
        push_id = workspace.begin_push(ARN, datetime(2025, 3, 1, tzinfo=UTC), lines=1)
        workspace.add_batch(push_id, [(EntryId(first), b"{}")])


def _save_until_killed(path: Path, acknowledged: int, moments: Random) -> int:
    """Let a child save until it is killed at a random moment; the last number that it told."""
    with subprocess.Popen(
        [sys.executable, "-c", SAVING, str(path), str(acknowledged)], stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            for _ in range(moments.randint(1, 60)):
                acknowledged = int(present(child.stdout).readline())
            threading.Event().wait(moments.random() / 200)  # somewhere within the next steps
        finally:
            os.kill(child.pid, signal.SIGKILL)
        told = present(child.stdout).read().split("\n")[:-1]
    return int(told[-1]) if told else acknowledged


def _check(path: Path, acknowledged: int) -> None:
    with Workspace.open(path) as workspace:
        stored = [_number(raw) for raw, _ in workspace.lines()][:ENTRIES]
        push = workspace.unfinished_push()
        (batch,) = workspace.batches(present(push).id)
        counts = workspace.counts()
    # The child may have been killed between a step and telling of it, so there may be one more.
    newest = max(stored)
    assert acknowledged <= newest <= acknowledged + 1
    for number in range(max(1, newest - ENTRIES + 1), newest + 1):
        assert stored[number % ENTRIES] == number
    assert batch.state is BatchState.SENDING
    assert acknowledged <= int(batch.message) <= newest
    assert (counts.total - ENTRIES) % 30 == 0
    assert counts.total >= ENTRIES + acknowledged // 50 * 30
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def _number(raw: bytes) -> int:
    _, found, number = raw.rpartition(b'"number":')
    return int(number.rstrip(b"}")) if found else 0


# Labels everything anew for ever, and takes every third edit back; tells how many steps are done.
STEPPING = """
import sys
from pathlib import Path
from truthline.workspace.workspace import EntryId, NewStep, Workspace
workspace = Workspace.open(Path(sys.argv[1]))
ids = [EntryId(one) for one in workspace.ids()]
number = sum(step.done for step in workspace.steps(10_000))
turn = 0
while True:
    turn += 1
    if turn % 3:
        number += 1
        text = b'{"source-ref":"s3://b/x.jpg","number":%d}' % number
        step = workspace.edit(ids, lambda entry: text, NewStep(str(number))).step
    else:
        number -= 1
        workspace.undo(step)
    print(number, flush=True)
"""


@pytest.mark.parametrize("rounds", [8, pytest.param(100, marks=pytest.mark.long)])
def test_lines_and_their_history_are_never_of_two_minds(path: Path, rounds: int) -> None:
    moments = random.Random(rounds)  # noqa: S311
    first = b'{"source-ref":"s3://b/x.jpg","number":0}'
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append(NewEntry(first) for _ in range(700))
    for _ in range(rounds):
        with subprocess.Popen(
            [sys.executable, "-c", STEPPING, str(path)], stdout=subprocess.PIPE, text=True
        ) as child:
            for _ in range(moments.randint(1, 8)):
                present(child.stdout).readline()
            threading.Event().wait(moments.random() / 20)
            os.kill(child.pid, signal.SIGKILL)
        with Workspace.open(path) as workspace:
            done = [step for step in workspace.steps(10_000) if step.done]
            number = len(done)
            expected = b'{"source-ref":"s3://b/x.jpg","number":%d}' % number
            assert {line for line, _ in workspace.lines()} == {expected}
            assert [step.text for step in done] == [str(one + 1) for one in range(number)]
    with Workspace.open(path) as workspace:
        for step in reversed([step for step in workspace.steps(10_000) if step.done]):
            workspace.undo(step.id)
        assert {line for line, _ in workspace.lines()} == {first}
