"""Commands run in this process against the emulator, by the computer's clock and without delays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import ground_truth_lines as ground_truth
from truthline import cli
from truthline.aws.session import connect
from truthline.emulator import Switches, SystemClock
from truthline.progress import CancelToken
from truthline.sync.service.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from truthline.aws.connection import Connection


@dataclass
class Outcome:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document of the version that is told; without that."""
        document = json.loads(self.out)
        assert document.pop("version") == 1
        return document


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def switches() -> Switches:
    return Switches(update_seconds=0.0, create_seconds=0.0)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run a command; its arguments may be anything with a text."""

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        try:
            code = cli.main(cli.with_command([str(word) for word in words]))
        except SystemExit as ended:
            code = ended.code  # type: ignore[assignment]
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


@pytest.fixture
def endpoint(connection: Connection) -> tuple[str, str]:
    """The option that leads to the emulator."""
    return "--endpoint-url", connection.endpoint_url


@pytest.fixture
def make_dataset(connection: Connection, tmp_path: Path) -> Callable[..., Any]:
    """Makes a dataset of lines; returns its ARN."""

    def make(*lines: bytes) -> str:
        with connect(connection) as aws:
            project = aws.rekognition.create_project("leaves")
            arn = aws.rekognition.create_dataset(project, "TRAIN")
            list(watch(aws, arn, cancel=CancelToken()))
            if lines:
                aws.rekognition.update_entries(arn, b"".join(line + b"\n" for line in lines))
                list(watch(aws, arn, cancel=CancelToken()))
        return arn

    return make


@pytest.fixture
def labelled() -> Callable[..., Any]:
    """Makes a line with one class label."""

    def make(number: int, label: str = "oak", kind: str = "image-classification") -> bytes:
        label_of = ground_truth.class_label(label, label, type=f"groundtruth/{kind}")
        return ground_truth.dump(ground_truth.line(f"s3://leaves/{number}.jpg", label_of))

    return make
