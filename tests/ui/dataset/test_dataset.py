"""Watching a dataset in the emulator, pushes that wait for a connection, pulls, and connecting."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.retries import standard
from typing_extensions import override

from truthline.aws.session import Aws, connect
from truthline.emulator import ManualClock, Switches, faults
from truthline.errors import CancelledError, DeniedError, OfflineError, SignInError
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken
from truthline.settings import Settings
from truthline.sync.opening.opening import attach
from truthline.sync.pull.pull import PullResult
from truthline.sync.push import push as pushing
from truthline.sync.push.push import PushResult
from truthline.sync.push.upload import Comparison
from truthline.sync.service.endpoints import Endpoints, Reach
from truthline.sync.service.own_updates import Unseen, Whose
from truthline.sync.service.watch import watch
from truthline.ui.dataset.dataset import Dataset, DatasetState
from truthline.workspace.workspace import NewEntry, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from truthline.aws.connection import Connection
    from truthline.emulator import Emulator
    from truthline.ui.document.document import Document
    from truthline.ui.kit.jobs import Jobs

BUCKET = "parts"
REFS = [f"s3://{BUCKET}/images/{number}.jpg" for number in range(3)]
GONE = faults.closed()
SIGNED_OUT = faults.expired_token()


class RunningClock(ManualClock):
    """The computer's time, and ahead of it as far as a test says: pushes wait for it off the GUI thread."""

    def __init__(self) -> None:
        super().__init__(0.0)

    @override
    def now(self) -> float:
        return time.time() + super().now()


@pytest.fixture
def clock() -> ManualClock:
    return RunningClock()


@pytest.fixture
def switches() -> Switches:
    return Switches(create_seconds=0.0, update_seconds=0.0)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(pushing, "_UNANSWERED_SECONDS", 0.0)


@pytest.fixture
def aws(connection: Connection) -> Iterator[Aws]:
    """Somebody else's way to the same service."""
    with connect(connection) as made:
        yield made


@pytest.fixture
def arn(aws: Aws, clock: ManualClock, line: Callable[..., bytes]) -> str:
    """The ARN of a dataset of three labelled images."""
    project = aws.rekognition.create_project("parts")
    made = aws.rekognition.create_dataset(project, "TRAIN")
    list(watch(aws, made, cancel=CancelToken()))
    aws.rekognition.update_entries(made, b"\n".join(line(ref, ["bolt"]) for ref in REFS))
    clock.advance(1000)
    return made


def update(aws: Aws, arn: str, lines: list[bytes]) -> None:
    aws.rekognition.update_entries(arn, b"\n".join(lines))
    list(watch(aws, arn, cancel=CancelToken()))


class Watched:
    """A dataset with everything that it said."""

    def __init__(self, document: Document, qtbot: QtBot, jobs: Jobs) -> None:
        self.document = document
        endpoints = Endpoints(Settings())
        endpoints.lend(document.workspace.info.endpoint_url)
        self.dataset = Dataset(document, Reach(endpoints))
        self.said: dict[str, list[Any]] = {}
        for name in (
            "uploads_needed",
            "pushed",
            "push_queued",
            "pulled",
            "connected",
            "failed",
            "reachable",
        ):
            getattr(self.dataset, name).connect(self.said.setdefault(name, []).append)
        self._qtbot = qtbot
        self._jobs = jobs

    @property
    def state(self) -> DatasetState:
        return self.dataset.state

    def settle(self) -> None:
        self._qtbot.waitUntil(lambda: self._jobs.idle, timeout=20_000)

    def ask(self) -> DatasetState:
        self.dataset.refresh()
        self.settle()
        return self.state

    def change(self, number: int, new: bytes) -> None:
        workspace = self.document.workspace
        found = workspace.find(REFS[number])
        assert found is not None
        workspace.save(found, new)

    def line(self, number: int) -> dict[str, Any]:
        workspace = self.document.workspace
        found = workspace.find(REFS[number])
        assert found is not None
        read: dict[str, Any] = json.loads(workspace.entry(found).line)
        return read

    @property
    def changed(self) -> int:
        return self.document.workspace.counts().changed


@pytest.fixture
def watched(
    arn: str,
    aws: Aws,
    make_document: Callable[..., Document],
    qtbot: QtBot,
    jobs: Jobs,
) -> Iterator[Watched]:
    """A workspace of the dataset as it is."""
    document = make_document([])
    attach(document.workspace, arn, aws, add_missing=True, cancel=CancelToken())
    made = Watched(document, qtbot, jobs)
    made.ask()
    yield made
    made.dataset.close()


def held(aws: Aws, arn: str) -> dict[str, set[str]]:
    """The labels of each image as the dataset holds them."""
    found = {}
    for page in aws.rekognition.list_entries(arn):
        for text in page:
            line = json.loads(text)
            names = {
                v["class-name"] for k, v in line.items() if k.endswith("-metadata") and "class-name" in v
            }
            found[line["source-ref"]] = names
    return found


# Offline


def test_without_a_connection_it_says_since_when(watched: Watched, emulator: Emulator) -> None:
    assert watched.state.description is not None
    assert watched.state.offline_since is None
    emulator.faults.add("*", GONE, times=None)
    first = watched.ask().offline_since
    assert first is not None
    assert isinstance(watched.state.problem, OfflineError)
    assert watched.ask().offline_since == first
    assert watched.state.description is not None, "what was known last stays known"
    emulator.faults.clear()
    reached = len(watched.said["reachable"])
    assert watched.ask().offline_since is None
    assert watched.state.problem is None
    assert len(watched.said["reachable"]) == reached + 1, "images are read again"


@pytest.mark.parametrize("fault", [GONE, faults.html(), SIGNED_OUT], ids=["offline", "portal", "signed out"])
def test_a_push_without_a_connection_waits_for_one(
    watched: Watched, emulator: Emulator, aws: Aws, arn: str, line: Callable[..., bytes], fault: faults.Fault
) -> None:
    watched.change(0, line(REFS[0], ["nut"]))
    emulator.faults.add("*", fault, times=None)
    watched.ask()
    watched.dataset.push()
    assert watched.state.queued
    watched.settle()
    assert watched.state.queued
    assert not watched.dataset.busy
    assert watched.said["pushed"] == []
    assert len(watched.said["push_queued"]) == 1
    watched.change(1, line(REFS[1], ["nut"]))  # labelling goes on
    emulator.faults.clear()
    watched.ask()
    assert not watched.state.queued
    assert [result.pushed for result in watched.said["pushed"]] == [2]
    assert held(aws, arn) == {REFS[0]: {"nut"}, REFS[1]: {"nut"}, REFS[2]: {"bolt"}}
    assert watched.changed == 0


@pytest.mark.parametrize(
    ("call", "fault"),
    [("ListDatasetEntries", GONE), ("ListDatasetEntries", SIGNED_OUT), ("UpdateDatasetEntries", SIGNED_OUT)],
    ids=["offline", "signed out", "signed out while sending"],
)
def test_a_push_that_is_broken_off_goes_on_by_itself(
    watched: Watched,
    emulator: Emulator,
    aws: Aws,
    arn: str,
    line: Callable[..., bytes],
    call: str,
    fault: faults.Fault,
) -> None:
    watched.change(0, line(REFS[0], ["nut"]))
    emulator.faults.add(call, fault, times=None)
    watched.dataset.push()
    watched.settle()
    assert watched.state.queued
    assert watched.said["pushed"] == []
    assert watched.dataset.watcher.waits_ms == 5_000, "the next attempt is not made at once"
    watched.ask()  # answers, and the push breaks off again
    assert watched.state.queued
    assert watched.dataset.watcher.waits_ms == 10_000
    assert len(watched.said["push_queued"]) == 1, "it is said once"
    emulator.faults.clear()
    watched.ask()
    assert not watched.state.queued
    assert [result.error for result in watched.said["pushed"]] == [None]
    assert held(aws, arn)[REFS[0]] == {"nut"}


def test_a_waiting_push_can_be_taken_back(
    watched: Watched, emulator: Emulator, aws: Aws, arn: str, line: Callable[..., bytes]
) -> None:
    watched.change(0, line(REFS[0], ["nut"]))
    emulator.faults.add("*", GONE, times=None)
    watched.ask()
    watched.dataset.push()
    watched.settle()
    watched.dataset.cancel()
    assert not watched.state.queued
    emulator.faults.clear()
    watched.ask()
    assert watched.said["pushed"] == []
    assert held(aws, arn)[REFS[0]] == {"bolt"}
    assert watched.changed == 1


def test_a_refused_push_does_not_wait(
    watched: Watched, emulator: Emulator, line: Callable[..., bytes]
) -> None:
    watched.change(0, line(REFS[0], ["nut"]))
    emulator.faults.add("UpdateDatasetEntries", faults.access_denied(), times=None)
    watched.dataset.push()
    watched.settle()
    assert not watched.state.queued
    assert [type(result.error) for result in watched.said["pushed"]] == [DeniedError]


def test_a_cancelled_push_does_not_wait(
    watched: Watched, emulator: Emulator, line: Callable[..., bytes], qtbot: QtBot
) -> None:
    watched.change(0, line(REFS[0], ["nut"]))
    watched.dataset.push()
    asked = len(emulator.requests)
    qtbot.waitUntil(lambda: len(emulator.requests) > asked)
    emulator.faults.add("*", GONE, times=None)
    watched.dataset.cancel()
    watched.settle()
    assert not watched.state.queued


def test_after_signing_in_again_the_sign_in_is_looked_up_anew(
    watched: Watched, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed: list[Aws] = []

    def renew(aws: Aws) -> None:
        renewed.append(aws)

    monkeypatch.setattr(Aws, "renew", renew)
    watched.ask()
    assert renewed == []
    emulator.faults.add("DescribeDataset", SIGNED_OUT)
    assert isinstance(watched.ask().problem, SignInError)
    assert watched.state.offline_since is None
    assert watched.ask().problem is None
    assert len(renewed) == 1


# Who updated it, and how it moved


def test_an_update_by_somebody_else_is_noticed_until_it_is_pulled(
    watched: Watched, aws: Aws, arn: str, clock: ManualClock, line: Callable[..., bytes]
) -> None:
    assert watched.state.unseen is None
    clock.advance(60)
    update(aws, arn, [line(REFS[1], ["bolt", "nut"])])
    description = watched.ask().description
    assert description is not None
    assert watched.state.unseen == Unseen(Whose.OTHERS, description.updated)
    watched.dataset.pull()
    watched.settle()
    assert watched.state.unseen is None
    (result,) = watched.said["pulled"]
    assert (result.complete, result.changed) == (True, 1)
    assert {v["class-name"] for v in watched.line(1).values() if isinstance(v, dict)} == {"bolt", "nut"}


def test_our_own_push_is_nobody_elses_update(
    watched: Watched, clock: ManualClock, line: Callable[..., bytes]
) -> None:
    clock.advance(60)
    watched.change(0, line(REFS[0], ["nut"]))
    seen: list[DatasetState] = []
    watched.dataset.state_changed.connect(seen.append)
    watched.dataset.push()
    watched.settle()
    assert [state.unseen for state in seen if state.unseen] == []
    assert watched.ask().unseen is None


@pytest.mark.parametrize("switches", [Switches(create_seconds=0.0, update_seconds=100.0)], ids=["slow"])
def test_a_push_that_was_cancelled_is_nobody_elses_update(
    watched: Watched, clock: ManualClock, line: Callable[..., bytes]
) -> None:
    clock.advance(60)
    watched.change(0, line(REFS[0], ["nut"]))

    def cancel(state: DatasetState) -> None:
        if state.activity is not None and state.activity.about == "UPDATE_IN_PROGRESS":
            watched.dataset.cancel()

    watched.dataset.state_changed.connect(cancel)
    watched.dataset.push()
    watched.settle()
    clock.advance(1000)
    unseen = watched.ask().unseen
    assert unseen is not None
    assert unseen.whose is Whose.UNKNOWN
    watched.dataset.state_changed.disconnect(cancel)
    watched.dataset.push()
    watched.settle()
    assert watched.ask().unseen is None


def test_a_description_of_a_moment_ago_is_nobodys_update(watched: Watched) -> None:
    workspace = watched.document.workspace
    description = watched.state.description
    assert description is not None
    later = (description.updated + timedelta(minutes=5)).isoformat()
    workspace.set_info(replace(workspace.info, seen_updated=later))
    assert watched.ask().unseen is None
    workspace.set_info(replace(workspace.info, seen_updated=""))
    assert watched.ask().unseen is None, "of a dataset that was never read whole, nothing is known"


def test_the_statistics_before_a_push_are_kept(watched: Watched, line: Callable[..., bytes]) -> None:
    before = watched.state.before
    assert before is not None
    assert before.total == 3
    workspace = watched.document.workspace
    workspace.append([NewEntry(line(f"s3://{BUCKET}/images/new.jpg", ["nut"]))])
    watched.dataset.push()
    watched.settle()
    assert watched.state.before == before
    assert watched.state.description is not None
    assert watched.state.description.stats.total == 4
    watched.change(0, line(REFS[0], ["nut"]))
    watched.dataset.push()
    watched.settle()
    assert watched.state.before is not None
    assert watched.state.before.total == 4, "the next push begins a new count"


# Pull and connect


def test_an_undo_after_a_pull_keeps_what_came_in(
    watched: Watched, aws: Aws, arn: str, clock: ManualClock, line: Callable[..., bytes]
) -> None:
    document, entry_id = watched.document, watched.document.workspace.find(REFS[2])
    assert entry_id is not None
    before = json.loads(document.entry(entry_id).line)
    mine = line(REFS[2], ["mine"])
    document.edit("Label", entry_id, lambda _: parse_line(mine))
    watched.settle()
    clock.advance(60)
    theirs = {**before, "note": "theirs"}
    update(aws, arn, [json.dumps(theirs).encode()])
    watched.dataset.pull()
    watched.settle()
    assert json.loads(document.entry(entry_id).line) == {**json.loads(mine), "note": "theirs"}
    document.undo()
    watched.settle()
    assert json.loads(document.entry(entry_id).line) == theirs
    assert not document.entry(entry_id).changed
    document.redo()
    watched.settle()
    assert json.loads(document.entry(entry_id).line) == {**json.loads(mine), "note": "theirs"}


def test_a_pull_without_a_connection_is_no_waiting_push(watched: Watched, emulator: Emulator) -> None:
    emulator.faults.add("*", GONE, times=None)
    watched.dataset.pull()
    watched.settle()
    (result,) = watched.said["pulled"]
    assert isinstance(result.error, OfflineError)
    assert watched.state.offline_since is not None
    assert not watched.state.queued
    assert not watched.state.pulling


def test_a_pull_can_be_cancelled(watched: Watched, emulator: Emulator) -> None:
    watched.dataset.pull()
    assert watched.state.pulling
    watched.dataset.cancel()
    watched.settle()
    assert not watched.dataset.busy
    assert watched.said["failed"] == []
    assert all(isinstance(one.error, CancelledError) for one in watched.said["pulled"])


def test_connecting_merges_what_the_dataset_holds(
    arn: str,
    connection: Connection,
    make_document: Callable[..., Document],
    line: Callable[..., bytes],
    qtbot: QtBot,
    jobs: Jobs,
) -> None:
    document = make_document([line(REFS[0], ["bolt"]), line("s3://parts/images/mine.jpg", ["nut"])])
    made = Watched(document, qtbot, jobs)
    made.dataset.start()
    made.settle()
    made.dataset.connect_to(connection, arn)
    made.settle()
    assert made.said["connected"] == [arn]
    assert made.said["failed"] == []
    (result,) = made.said["pulled"]
    assert (result.added, result.complete) == (2, True)
    info = document.workspace.info
    assert (info.dataset_arn, info.endpoint_url) == (arn, connection.endpoint_url)
    assert document.workspace.counts().total == 4
    assert made.state.arn == arn
    assert made.state.description is not None
    made.dataset.close()


def test_a_dataset_that_is_not_there_is_not_connected_to(
    watched: Watched, arn: str, connection: Connection
) -> None:
    watched.dataset.connect_to(connection, arn.replace("/parts/", "/others/"))
    watched.settle()
    assert len(watched.said["failed"]) == 1
    assert watched.said["connected"] == []
    assert watched.document.workspace.info.dataset_arn == arn
    assert not watched.dataset.busy


def test_without_a_dataset_nothing_is_watched(
    make_document: Callable[..., Document], emulator: Emulator, qtbot: QtBot, jobs: Jobs
) -> None:
    document = make_document([])
    document.workspace.set_info(
        WorkspaceInfo("parts", region="us-east-1", endpoint_url=emulator.endpoint_url)
    )
    made = Watched(document, qtbot, jobs)
    made.dataset.start()
    made.settle()
    assert emulator.requests == []
    assert len(made.said["reachable"]) == 1
    made.dataset.close()


# From every stage


class Held:
    """The work of one stage, stopped in its middle until a test lets it go on or fail."""

    def __init__(self, result: Any) -> None:
        self.began = threading.Event()
        self.released = threading.Event()
        self.calls = 0
        self.error: Exception | None = None
        self._result = result

    def __call__(self, *_: object, cancel: CancelToken, **__: Any) -> Any:
        self.calls += 1
        self.began.set()
        while not self.released.wait(0.01):
            cancel.check()
        if self.error is not None:
            raise self.error
        return self._result


STAGES: dict[str, tuple[str, Any, Callable[[Dataset], None]]] = {
    "comparing": ("compare_images", Comparison([], []), Dataset.push),
    "uploading": ("upload_images", None, lambda dataset: dataset.upload_and_push([])),
    "pushing": ("push", PushResult(pushed=1), Dataset.push_by_updates),
    "pulling": ("pull", PullResult(), Dataset.pull),
}


@pytest.fixture(params=STAGES)
def stage(
    request: pytest.FixtureRequest, watched: Watched, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> Iterator[Held]:
    """The dataset in the middle of one of its stages."""
    name, result, begin = STAGES[request.param]
    held = Held(result)
    monkeypatch.setattr(f"truthline.ui.dataset.dataset.{name}", held)
    begin(watched.dataset)
    qtbot.waitUntil(held.began.is_set)
    yield held
    held.released.set()


def test_every_stage_can_be_cancelled(watched: Watched, stage: Held) -> None:
    watched.dataset.cancel()
    watched.settle()
    assert not watched.dataset.busy
    assert not watched.state.queued
    assert watched.said["failed"] == watched.said["pushed"] == []
    watched.ask()
    assert stage.calls == 1, "nothing begins again by itself"


def test_a_cancel_in_the_moment_in_which_a_stage_ends_holds(watched: Watched, stage: Held) -> None:
    """The work did not notice it, and what would have followed is not begun."""
    stage.released.set()
    watched.dataset.cancel()
    watched.settle()
    assert not watched.dataset.busy
    assert stage.calls == 1


def test_nothing_else_begins_in_any_stage(watched: Watched, stage: Held) -> None:
    for ask in (Dataset.push, Dataset.push_by_updates, Dataset.go_on, Dataset.pull):
        ask(watched.dataset)
    watched.dataset.upload_and_push([])
    watched.dataset.connect_to(watched.dataset.access.connection, watched.state.arn)
    assert watched.dataset.busy
    assert stage.calls == 1
    stage.released.set()
    watched.settle()
    assert not watched.dataset.busy
    assert watched.said["connected"] == []


def test_a_lost_sign_in_queues_a_push_from_every_stage(watched: Watched, stage: Held) -> None:
    pulling = watched.state.pulling
    stage.error = SignInError("You are signed out.")
    stage.released.set()
    watched.dataset.refresh()
    watched.settle()
    assert not watched.dataset.busy or not pulling
    if pulling:
        assert [type(error) for error in watched.said["failed"]] == [SignInError]
        assert not watched.said["push_queued"]
    else:
        assert watched.said["failed"] == []
        assert [type(error) for error in watched.said["push_queued"]] == [SignInError]


def test_it_can_be_closed_in_every_stage(watched: Watched, stage: Held) -> None:
    watched.dataset.close()
    stage.released.set()
    watched.settle()
    assert watched.said["failed"] == watched.said["pushed"] == watched.said["pulled"] == []
