"""A push killed at any moment is finished correctly by the next one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from present import present
from truthline.emulator import Switches, SystemClock
from truthline.manifest.line import same_value, strip_service_keys
from truthline.progress import CancelToken
from truthline.sync.push.push import push
from truthline.workspace.workspace import BatchState, EntryId, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.service import Emulator

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX's")

LINES = 5
BATCHES = 20
ENTRIES = LINES * BATCHES
STEPS = 4 + 3 * BATCHES
"""About as many steps as a push of these tells: of each batch that it is sent, runs and has ended."""

# Batches of five lines: what counts here is how many there are.
PUSHING = """
import sys
from pathlib import Path
from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.progress import CancelToken
from truthline.sync.push import plan
from truthline.sync.push.push import push
from truthline.words import progress_words
from truthline.workspace.workspace import Workspace
plan.BATCH_BYTES = int(sys.argv[2])
class HastyToken(CancelToken):
    def wait(self, seconds):
        super().wait(seconds / 10)
connection = Connection(region="us-east-1", endpoint_url=sys.argv[3])
report = lambda progress: print(progress_words(progress), flush=True)
with Workspace.open(Path(sys.argv[1])) as workspace, connect(connection) as aws:
    result = push(workspace, aws, cancel=HastyToken(), report=report)
    print("done", result.error, flush=True)
"""


class HastyToken(CancelToken):
    """Counts seconds as waited after a hundredth of them."""

    @override
    def wait(self, seconds: float) -> None:
        super().wait(seconds / 100)


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def switches() -> Switches:
    return Switches(update_seconds=0.02, create_seconds=0.0)


LONG = [pytest.mark.long, pytest.mark.timeout(7200)]


@pytest.mark.parametrize("rounds", [10, pytest.param(200, marks=LONG)])
def test_killed_anywhere(
    service: Service,
    emulator: Emulator,
    pulled: Callable[..., Any],
    labelled: Callable[..., Any],
    rounds: int,
) -> None:
    moments = random.Random(rounds)  # noqa: S311  # reproducible, not secret
    workspace = pulled([labelled(n) for n in range(ENTRIES)])
    path, arn = workspace.path, workspace.info.dataset_arn
    how_far: Counter[str] = Counter()
    for number in range(rounds):
        label = f"kind{number:03}"
        workspace.save_many({i: labelled(i - 1, label) for i in workspace.ids()})
        workspace.close()
        emulator.requests.clear()
        _push_until_killed(path, emulator.endpoint_url, len(labelled(0, label)), moments)
        workspace = Workspace.open(path)
        broken_off = workspace.unfinished_push()
        states = [batch.state for batch in workspace.batches(broken_off.id)] if broken_off else []
        assert states == sorted(states, key=list(BatchState).index, reverse=True)
        how_far[f"{states[-1]} after {len(states)}" if states else "between pushes"] += 1
        result = push(workspace, service.aws, cancel=HastyToken())
        assert result.error is None
        assert result.flawless
        _check(service, emulator, workspace, arn)
        if broken_off:
            _check_history(workspace, broken_off.id, ENTRIES - result.pushed)
    workspace.close()
    print(f"killed, by the state of the last batch: {sorted(how_far.items())}")  # noqa: T201
    assert len(how_far) > 3, "the moments are all alike, so this showed little"


def _push_until_killed(path: Path, endpoint_url: str, line_bytes: int, moments: Random) -> None:
    """Let a child push until it is killed, somewhere after a random one of the steps that it tells."""
    size = (line_bytes + 1) * LINES + 1
    arguments = [sys.executable, "-c", PUSHING, str(path), str(size), endpoint_url]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=os.environ) as child:
        for _ in range(moments.randint(1, STEPS)):
            if not present(child.stdout).readline():
                break
        threading.Event().wait(moments.random() / 20)
        os.kill(child.pid, signal.SIGKILL)


def _check(service: Service, emulator: Emulator, workspace: Workspace, arn: str) -> None:
    remote = [strip_service_keys(line) for line in service.lines(arn)]
    entries = workspace.entries([EntryId(one) for one in workspace.ids()])
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


def _check_history(workspace: Workspace, broken_off: int, stored: int) -> None:
    """The history says what became of the push that was killed."""
    (told,) = [one for one in workspace.pushes() if one.id == broken_off]
    assert told.finished
    assert told.outcome == f"It was broken off; {stored} of its {ENTRIES} lines were stored."
