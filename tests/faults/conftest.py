"""A team's dataset in the emulator, a workspace of it, and waits that turn the emulator's clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.retries import quota, standard
from typing_extensions import override

import ground_truth_lines as ground_truth
from truthline.aws.session import Aws, connect
from truthline.errors import CancelledError
from truthline.manifest.line import same_value, strip_service_keys
from truthline.progress import CancelToken, Progress
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import Source, SourceKind
from truthline.words import progress_words
from truthline.workspace.workspace import EntryId, NewEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from truthline.aws.connection import Connection
    from truthline.emulator import Emulator, ManualClock
    from truthline.workspace.workspace import Workspace

UPDATE, LIST, DESCRIBE = "UpdateDatasetEntries", "ListDatasetEntries", "DescribeDataset"


class ClockToken(CancelToken):
    """Waits by advancing the emulator's clock; ``waited`` is how long in all, in seconds."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.waited = 0.0
        self.cancel_after: float | None = None

    @override
    def wait(self, seconds: float) -> None:
        if self.cancel_after is not None and self.waited >= self.cancel_after:
            self.cancel()
            raise CancelledError
        self.waited += seconds
        self._clock.advance(seconds)


@dataclass
class Said:
    """What a push or pull reported; called as a `Report`."""

    told: list[Progress] = field(default_factory=list)

    def __call__(self, progress: Progress) -> None:
        self.told.append(progress)

    @property
    def texts(self) -> list[str]:
        return [progress_words(progress) for progress in self.told]

    @property
    def countdowns(self) -> list[float]:
        """The waits that were announced, in seconds."""
        return [progress.wait for progress in self.told if progress.wait]


@dataclass
class Team:
    """The dataset and the workspace that a test works with."""

    emulator: Emulator
    clock: ManualClock
    aws: Aws
    arn: str
    workspace: Workspace

    def token(self) -> ClockToken:
        return ClockToken(self.clock)

    def settle(self) -> None:
        """Let every update end."""
        self.clock.advance(100_000.0)

    def held(self) -> dict[str, bytes]:
        """By source-ref what the dataset holds, once nothing is in progress."""
        self.settle()
        lines = [line.encode() for page in self.aws.rekognition.list_entries(self.arn) for line in page]
        return {json.loads(line)["source-ref"]: strip_service_keys(line) for line in lines}

    def updates(self) -> list[list[bytes]]:
        """The updates that were carried out, each as its lines."""
        taken = [one for one in self.emulator.requests if one.operation == UPDATE and one.params]
        return [one.params["Changes"]["GroundTruth"].splitlines() for one in taken]

    def sent(self) -> list[bytes]:
        """The lines of all those updates."""
        return [line for lines in self.updates() for line in lines]

    def asked(self, operation: str) -> int:
        """How often the service was asked for this."""
        return sum(one.operation == operation for one in self.emulator.requests)

    def assert_nothing_pushed(self) -> None:
        """The three changes are changes still, and the dataset is as it was."""
        assert self.workspace.counts().changed == 3
        self.emulator.faults.clear()
        assert len(self.held()) == 10

    def assert_equal(self) -> None:
        """The dataset holds exactly what the workspace does, and the workspace knows."""
        held = self.held()
        entries = self.workspace.entries([EntryId(one) for one in self.workspace.ids()])
        assert {entry.source_ref for entry in entries} == held.keys()
        assert all(same_value(held[entry.source_ref], entry.line) for entry in entries)
        assert self.workspace.counts().changed == 0
        assert self.workspace.unfinished_push() is None


@pytest.fixture(autouse=True)
def _fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's own tries follow each other at once, and the failures of other tests do not use them up."""
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(quota.RetryQuota, "acquire", lambda *_: True)


@pytest.fixture
def labelled() -> Any:
    """Make a line with one class label."""

    def make(number: int, label: str = "oak") -> bytes:
        label_of = ground_truth.class_label(label, label)
        return ground_truth.dump(ground_truth.line(f"s3://leaves/{number:04}.png", label_of), compact=True)

    return make


@pytest.fixture
def two_labels(labelled: Any) -> Any:
    """Make the line of an entry that was given a second label, which is an addition only."""

    def make(number: int, label: str = "ash") -> bytes:
        own = labelled(number)
        other = labelled(number, label)
        return bytes(own[:-1] + other[other.index(b'.png"') + len(b'.png"') :])

    return make


@pytest.fixture
def images_in_s3() -> None:
    """Overridden where the service looks at the images."""


@pytest.fixture
def team(
    emulator: Emulator,
    clock: ManualClock,
    connection: Connection,
    labelled: Any,
    images_in_s3: None,
    tmp_path: Path,
) -> Iterator[Team]:
    """A dataset of ten entries and a workspace of it, without a change."""
    with connect(connection) as aws:
        project = aws.rekognition.create_project("leaves")
        arn = aws.rekognition.create_dataset(project, "TRAIN")
        clock.advance(100_000.0)
        aws.rekognition.update_entries(arn, b"".join(labelled(n) + b"\n" for n in range(10)))
        clock.advance(100_000.0)
        workspace = create_workspace(
            tmp_path / "team.truthline",
            Source(SourceKind.DATASET, arn),
            connection=connection,
            cancel=ClockToken(clock),
        )
        clock.advance(1_000.0)  # other people's throttled calls are long forgotten
        emulator.requests.clear()
        team = Team(emulator, clock, aws, arn, workspace)
        try:
            yield team
        finally:
            team.workspace.close()  # which a test may have opened anew


@pytest.fixture
def edited(team: Team, labelled: Any) -> Team:
    """The same with three changes, one of them a new entry."""
    first, second, *_ = team.workspace.ids()
    team.workspace.save_many({EntryId(first): labelled(0, "ash"), EntryId(second): labelled(1, "elm")})
    team.workspace.append([NewEntry(labelled(10))])
    return team


@pytest.fixture
def said() -> Said:
    return Said()
