"""A push killed at any moment is finished correctly by the next one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest

from truthline.emulator import Switches, SystemClock
from truthline.manifest.line import same_value, strip_service_keys
from truthline.progress import CancelToken
from truthline.sync.push import push
from truthline.workspace.workspace import BatchState, Workspace

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX's")

ENTRIES = 60
BATCHES = 6
# Batches of ten lines: what counts here is how many there are.
PUSHING = """
import sys
from pathlib import Path
from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.progress import CancelToken
from truthline.sync import plan
from truthline.sync.push import push
from truthline.workspace.workspace import Workspace
plan.BATCH_BYTES = int(sys.argv[2])
connection = Connection(region="us-east-1", endpoint_url=sys.argv[3])
report = lambda progress: print(progress.text, flush=True)
with Workspace.open(Path(sys.argv[1])) as workspace, connect(connection) as aws:
    result = push(workspace, aws, cancel=CancelToken(), report=report)
    print("done", result.error, flush=True)
"""


class HastyToken(CancelToken):
    """Counts seconds as waited after a hundredth of them."""

    def wait(self, seconds: float) -> None:
        super().wait(seconds / 100)


@pytest.fixture
def clock():
    return SystemClock()


@pytest.fixture
def switches():
    return Switches(update_seconds=0.02, create_seconds=0.0)


@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.long)])
def test_killed_anywhere(service, emulator, pulled, labelled, rounds, monkeypatch):
    moments = random.Random(rounds)  # noqa: S311  # reproducible, not secret
    workspace = pulled([labelled(n) for n in range(ENTRIES)])
    path, arn = workspace.path, workspace.info.dataset_arn
    for number in range(rounds):
        workspace.save_many({i: labelled(i - 1, f"kind{number}") for i in workspace.ids()})
        workspace.close()
        emulator.requests.clear()
        _push_until_killed(path, emulator.endpoint_url, len(labelled(0, "kind0")), moments)
        workspace = Workspace.open(path)
        journal = workspace.unfinished_push()
        states = [batch.state for batch in workspace.batches(journal.id)] if journal else []
        assert states == sorted(states, key=list(BatchState).index, reverse=True)
        result = push(workspace, service.aws, cancel=HastyToken())
        assert result.error is None
        assert result.flawless
        _check(service, emulator, workspace, arn)
    workspace.close()


def _push_until_killed(path, endpoint_url, line_bytes, moments):
    """Let a child push until it is killed, somewhere after a random one of the steps that it tells."""
    arguments = [sys.executable, "-c", PUSHING, str(path), str(line_bytes * 11), endpoint_url]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=os.environ) as child:
        for _ in range(moments.randint(1, 4 * BATCHES)):
            if not child.stdout.readline():
                break
        threading.Event().wait(moments.random() / 20)
        os.kill(child.pid, signal.SIGKILL)


def _check(service, emulator, workspace, arn):
    remote = [strip_service_keys(line) for line in service.lines(arn)]
    entries = workspace.entries(list(workspace.ids()))
    assert all(same_value(entry.line, line) for entry, line in zip(entries, remote, strict=True))
    assert workspace.counts().changed == 0
    assert workspace.unfinished_push() is None
    sent = Counter(
        line
        for record in emulator.requests
        if record.operation == "UpdateDatasetEntries" and record.status == 200
        for line in record.params["Changes"]["GroundTruth"].splitlines()
    )
    # A line that arrived reads back equal, and so is not sent again.
    assert set(sent.values()) == {1}
    assert len(sent) == ENTRIES
