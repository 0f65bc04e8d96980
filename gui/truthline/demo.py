"""The sample dataset in the embedded emulator.

The emulator runs as a child process that ends with this one, also when this one is killed: it watches its
standard input. Only the endpoint and the credentials tell it from AWS. The endpoint stands in the sample's
`Connection`; the credentials, which the emulator does not check, are put into this process's environment
while it runs (`ENVIRONMENT`), so that nobody's own are needed or used.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.errors import ServiceError, UsageError
from truthline.installation import how_to_add
from truthline.manifest.annotation import Box, ImageSize
from truthline.manifest.edit import add_box, add_class_label, box_attribute_name
from truthline.manifest.file import read_manifest
from truthline.manifest.line import parse_line, split_source_ref
from truthline.progress import Doing, Progress, ignore_progress
from truthline.resources import resource
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import Source, SourceKind
from truthline.sync.push.push import push
from truthline.sync.service.watch import watch
from truthline.words import progress_words
from truthline.workspace.workspace import EntryId, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report
    from truthline.sync.push.push import PushResult

BUCKET: Final = "truthline-sample"
PROJECT: Final = "truthline-sample"
REGION: Final = "us-east-1"
UPDATE_SECONDS: Final = 1.5
"""How long the emulator takes for an update: long enough to see it in progress."""

ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "truthline-emulator",
    "AWS_SECRET_ACCESS_KEY": "truthline-emulator",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}
"""What the process's environment says while the sample runs; AWS's other variables are taken away."""

_MANIFEST_KEY: Final = "sample.manifest"
_STOP_SECONDS: Final = 10.0
"""The emulator ends when its input closes; what hangs longer than this is killed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A running emulator that holds the sample dataset."""

    connection: Connection
    bucket: str
    dataset_arn: str


@contextmanager
def running_sample(
    *,
    cancel: CancelToken,
    report: Report = ignore_progress,
    port: int = 0,
    settings: Sequence[str] = (f"update_seconds={UPDATE_SECONDS}",),
) -> Iterator[Sample]:
    """Start the emulator and fill it with the sample; both are gone when the block ends.

    Args:
        cancel: stops the filling.
        report: is told how far it is.
        port: that the emulator listens on, 0 for any.
        settings: the emulator's switches, as ``NAME=VALUE``.

    Raises:
        UsageError: the emulator is not installed, or a switch is unknown.
        ServiceError: it could not be started.

    """
    with emulator_environment(), emulator_process(port, settings) as endpoint_url:
        connection = Connection(region=REGION, endpoint_url=endpoint_url)
        with connect(connection) as aws:
            dataset_arn = _fill(aws, report, cancel)
        yield Sample(connection, BUCKET, dataset_arn)


@contextmanager
def emulator_environment() -> Iterator[None]:
    """Let AWS's software sign requests for the emulator, whatever is configured on this computer."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def emulator_process(port: int, settings: Sequence[str]) -> Iterator[str]:
    """Run the emulator as a child process; gives its address."""
    if importlib.util.find_spec("moto") is None:
        raise UsageError("The emulator is not installed.", detail=how_to_add("emulator"))
    with subprocess.Popen(  # noqa: S603  # our own program
        _command(port, settings), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            ready = process.stdout.readline() if process.stdout else b""
            if not ready:
                raise ServiceError(
                    "The emulator did not start.", detail=f"It ended with exit code {process.wait()}."
                )
            yield json.loads(ready)["endpoint_url"]
        finally:
            _stop(process)


def _command(port: int, settings: Sequence[str]) -> list[str]:
    frozen = getattr(sys, "frozen", False)
    program = [sys.executable, "emulator"] if frozen else [sys.executable, "-m", "truthline.emulator"]
    switches = [word for setting in settings for word in ("--set", setting)]
    return [*program, "--until-stdin-closes", "--port", str(port), *switches]


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _fill(aws: Aws, report: Report, cancel: CancelToken) -> str:
    """Upload images and manifest, and make the dataset of them; return its ARN."""
    folder = resource("sample")
    manifest = folder / "sample.manifest"
    aws.s3.create_bucket(BUCKET)
    refs = [parse_line(line.raw).source_ref for line in read_manifest(manifest)]
    for number, ref in enumerate(refs):
        report(Progress(Doing.FILLING_SAMPLE, number, len(refs)))
        bucket, key = split_source_ref(ref)
        image = folder / "images" / key.rpartition("/")[2]
        aws.s3.upload(image, bucket, key, report=ignore_progress, cancel=cancel)
    aws.s3.upload(manifest, BUCKET, _MANIFEST_KEY, report=ignore_progress, cancel=cancel)
    project = aws.rekognition.create_project(PROJECT)
    arn = aws.rekognition.create_dataset(project, "TRAIN", manifest=f"s3://{BUCKET}/{_MANIFEST_KEY}")
    for state in watch(aws, arn, cancel=cancel, report=report):
        report(Progress(Doing.MAKING_SAMPLE, about=state.status))
    return arn


@contextmanager
def sample_workspace(
    sample: Sample, *, cancel: CancelToken, report: Report = ignore_progress
) -> Iterator[Path]:
    """A workspace file of the sample dataset in a temporary folder: fresh, because the emulator forgets."""
    with tempfile.TemporaryDirectory(prefix="truthline-demo-") as folder:
        source = Source(SourceKind.DATASET, sample.dataset_arn)
        path = Path(folder) / "sample.truthline"
        create_workspace(path, source, connection=sample.connection, report=report, cancel=cancel).close()
        yield path


def run_headless(say: Callable[[str], None], *, cancel: CancelToken) -> dict[str, Any]:
    """Do the main job on the sample without a window: pull, edit two entries, push, watch, read back.

    ``say`` is told each step, statuses as the service spells them. Returns what was done, for JSON.
    """
    with ExitStack() as stack:
        say("Starting the emulator with the sample dataset.")
        sample = stack.enter_context(running_sample(cancel=cancel))
        aws = stack.enter_context(connect(sample.connection))
        say(f"Pulling {sample.dataset_arn}")
        path = stack.enter_context(sample_workspace(sample, cancel=cancel))
        workspace = stack.enter_context(Workspace.open(path))
        say(f"{workspace.counts().total} entries, {workspace.counts().unlabelled} of them without a label.")
        edited = _edit(workspace, say)
        result, statuses = _push(workspace, aws, say, cancel)
        held = _read_back(workspace, aws, edited, say)
    return {
        "dataset_arn": sample.dataset_arn,
        "edited": edited,
        "statuses": statuses,
        "status": result.status,
        "pushed": result.pushed,
        "read_back": held,
        "remote_errors": [
            {"source_ref": one.source_ref, "code": one.code, "message": one.message, "line": one.line}
            for one in result.remote_errors
        ],
    }


def _edit(workspace: Workspace, say: Callable[[str], None]) -> list[str]:
    now = datetime.now(UTC)
    path = f"s3://{BUCKET}/photos/mountain_path.jpg"
    fig = f"s3://{BUCKET}/photos/fig.jpg"
    attribute = box_attribute_name(workspace.info.name)
    box = Box(label="fig", left=424, top=247, width=293, height=272)
    for source_ref, text in ((path, "adding the class label outdoor"), (fig, "drawing a box labelled fig")):
        entry_id = workspace.find(source_ref)
        if entry_id is None:
            raise UsageError("The sample lacks an image.", place=source_ref)
        say(f"{source_ref}: {text}.")
        before = workspace.entry(entry_id).annotation
        if source_ref == path:
            after = add_class_label(before, "outdoor", now)
        else:
            after = add_box(before, attribute, box, ImageSize(1024, 693), now)
        workspace.save(entry_id, after.raw)
    return [path, fig]


def _push(
    workspace: Workspace, aws: Aws, say: Callable[[str], None], cancel: CancelToken
) -> tuple[PushResult, list[str]]:
    statuses: list[str] = []

    def report(progress: Progress) -> None:
        if progress.doing is Doing.STATUS:
            statuses.append(progress.about)
        say(f"  {progress_words(progress)}")

    say(f"Pushing {workspace.counts().changed} changed entries.")
    result = push(workspace, aws, report=report, cancel=cancel)
    if result.error:
        raise result.error
    return result, statuses


def _read_back(
    workspace: Workspace, aws: Aws, edited: Sequence[str], say: Callable[[str], None]
) -> list[str]:
    """What the dataset now says of the edited entries, asked anew; and the remote errors of all."""
    held = []
    for source_ref in edited:
        for page in aws.rekognition.list_entries(workspace.info.dataset_arn, contains=source_ref):
            held += [line for line in page if parse_line(line.encode()).source_ref == source_ref]
    for line in held:
        say(f"The dataset holds {line}")
    remote = [
        entry for entry in workspace.entries([EntryId(one) for one in workspace.ids()]) if entry.remote_errors
    ]
    say(f"The service finds errors in {len(remote)} entries.")
    for entry in remote:
        for error in entry.remote_errors:
            say(f"  line {entry.position}, {entry.source_ref}: {error.code} {error.message}")
    return held
