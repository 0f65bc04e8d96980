"""A dataset in the emulator, a workspace of it, and waits that turn the emulator's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

import ground_truth_lines as ground_truth
from truthline.aws.session import Aws, connect
from truthline.errors import CancelledError
from truthline.progress import CancelToken, Progress
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import Source, SourceKind
from truthline.sync.service.watch import watch
from truthline.words import progress_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from truthline.aws.connection import Connection
    from truthline.emulator import ManualClock
    from truthline.workspace.workspace import Workspace

BUCKET = "leaves"


class ClockToken(CancelToken):
    """Waits by advancing the emulator's clock. Cancels itself at the ``cancel_at``-th wait, from 1."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.waits = 0
        self.cancel_at = 0

    @override
    def wait(self, seconds: float) -> None:
        self.waits += 1
        if self.waits == self.cancel_at:
            self.cancel()
            raise CancelledError
        self._clock.advance(seconds)


class Service:
    """The emulator as a test speaks to it."""

    def __init__(self, aws: Aws, clock: ManualClock) -> None:
        self.aws = aws
        self._clock = clock
        self._datasets = 0

    def token(self) -> ClockToken:
        """A cancel token whose waits turn the clock."""
        return ClockToken(self._clock)

    def make(self, lines: list[bytes], folder: Path) -> str:
        """Make a dataset of these lines; returns its ARN."""
        self._datasets += 1
        project = self.aws.rekognition.create_project(f"leaves-{self._datasets}")
        if not lines:
            arn = self.aws.rekognition.create_dataset(project, "TRAIN")
        else:
            manifest = folder / f"dataset-{self._datasets}.manifest"
            manifest.write_bytes(b"".join(line + b"\n" for line in lines))
            if self._datasets == 1:
                self.aws.s3.create_bucket(BUCKET)
            self.aws.s3.upload(manifest, BUCKET, "a.manifest", report=lambda _: None, cancel=CancelToken())
            arn = self.aws.rekognition.create_dataset(project, "TRAIN", manifest=f"s3://{BUCKET}/a.manifest")
        assert list(watch(self.aws, arn, cancel=self.token()))[-1].status == "CREATE_COMPLETE"
        return arn

    def lines(self, arn: str) -> list[bytes]:
        """What the dataset holds once nothing is in progress, as it is listed."""
        list(watch(self.aws, arn, cancel=self.token()))
        return [line.encode() for page in self.aws.rekognition.list_entries(arn) for line in page]


@pytest.fixture
def service(connection: Connection, clock: ManualClock) -> Iterator[Service]:
    with connect(connection) as aws:
        yield Service(aws, clock)


@pytest.fixture
def progress() -> list[str]:
    """The texts that were reported, by a test that reports to ``progress.append`` of them."""
    return []


@pytest.fixture
def pulled(service: Service, tmp_path: Path) -> Iterator[object]:
    """Makes a dataset of lines and a workspace by pulling it; closes the workspaces in the end."""
    opened: list[Workspace] = []

    def make(lines: list[bytes]) -> Workspace:
        arn = service.make(lines, tmp_path)
        workspace = create_workspace(
            tmp_path / f"{len(opened)}.truthline",
            Source(SourceKind.DATASET, arn),
            connection=service.aws.connection,
            cancel=service.token(),
        )
        opened.append(workspace)
        return workspace

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture
def report(progress: list[str]) -> object:
    """A `Report` that fills ``progress``."""

    def note(told: Progress) -> None:
        progress.append(progress_words(told))

    return note


@pytest.fixture
def labelled() -> object:
    """Makes a line with one class label, spelled as Truthline and this emulator both understand it."""

    def make(number: int, label: str = "oak", bucket: str = BUCKET) -> bytes:
        label_of = ground_truth.class_label(label, label)
        return ground_truth.dump(
            ground_truth.line(f"s3://{bucket}/images/{number:04}.jpg", label_of), compact=True
        )

    return make
