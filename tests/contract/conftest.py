"""The place that the contract is checked at, and clients that nobody here wrote.

Without options that is the emulator, once in each of two dialects of what nobody documents. With
``--endpoint-url`` it is any other service, asked with the credentials that AWS's own tools would use; with
``--dataset`` only the tests run that are safe on a dataset that exists already. AWS itself is asked only with
``-m aws``. What is marked ``assumption`` is known of the emulator alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ground_truth_lines as ground_truth
from truthline.emulator import Emulator, Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "us-east-1"
AT_ONCE = Switches(create_seconds=0.0, update_seconds=0.0, delete_seconds=0.0)
DIALECTS = {
    "usual": AT_ONCE,
    "other": replace(AT_ONCE, last_page_token="empty", listing="normalised", repeated_source_ref="last"),
}
FIRST_PAUSE, LONGEST_PAUSE, GRACE, PATIENCE = 0.2, 10.0, 30.0, 1800.0
"""Seconds: between two looks at a status, at first and at most; for which the status from before an update
may go on being told; and that an operation may take in all."""


def is_elsewhere(config: pytest.Config) -> bool:
    """Whether something else than our own emulators is checked."""
    return bool(config.getoption("endpoint_url") or config.getoption("dataset") or is_aws_asked_for(config))


def is_aws_asked_for(config: pytest.Config) -> bool:
    return str(config.option.markexpr).strip() == "aws"


def is_aws(config: pytest.Config) -> bool:
    """Whether AWS itself is checked."""
    host = urlsplit(config.getoption("endpoint_url")).hostname or "amazonaws.com"
    return is_elsewhere(config) and host.endswith(("amazonaws.com", "amazonaws.com.cn"))


def pytest_report_header(config: pytest.Config) -> str:
    if not is_elsewhere(config):
        return ""
    if is_aws(config) and not is_aws_asked_for(config):
        return "contract: nothing is asked of AWS itself without -m aws"
    return f"contract: checked at {config.getoption('endpoint_url') or 'AWS'}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "place" not in metafunc.fixturenames:
        return
    places: list[Any] = list(DIALECTS)
    if is_elsewhere(metafunc.config):
        of_aws = is_aws(metafunc.config) or is_aws_asked_for(metafunc.config)
        marks = [pytest.mark.timeout(2 * PATIENCE), *([pytest.mark.aws] if of_aws else [])]
        places = [pytest.param("elsewhere", marks=marks)]
    metafunc.parametrize("place", places, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not is_elsewhere(config):
        return
    here = Path(__file__).parent
    left_out = [
        item
        for item in items
        if here in item.path.parents and not _is_checked(item, config.getoption("dataset"))
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_checked(item: pytest.Item, dataset: str) -> bool:
    if "place" not in getattr(item, "fixturenames", ()) or item.get_closest_marker("assumption"):
        return False
    return not dataset or item.get_closest_marker("dataset") is not None


@dataclass(frozen=True)
class Place:
    """What is checked: ``endpoint_url`` is "" for AWS's own addresses."""

    session: boto3.Session
    endpoint_url: str
    elsewhere: bool

    def client(self, service: str) -> Any:
        # Other people may be working with a service that is not ours: be slow to call it broken.
        config = Config(retries={"mode": "standard", "total_max_attempts": 8 if self.elsewhere else 3})
        return self.session.client(service, endpoint_url=self.endpoint_url or None, config=config)  # type: ignore[call-overload]


@pytest.fixture
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Place]:
    if request.param == "elsewhere":
        yield _place_elsewhere(request.config)
        return
    _hide_aws_of_this_computer(monkeypatch, tmp_path)
    with Emulator(DIALECTS[request.param]) as emulator:
        yield Place(boto3.Session(), emulator.endpoint_url, elsewhere=False)
        assert emulator.unplanned_errors == []


def _place_elsewhere(config: pytest.Config) -> Place:
    arn = config.getoption("dataset")
    region = config.getoption("region") or (arn.split(":")[3] if arn else None)
    session = boto3.Session(profile_name=config.getoption("profile") or None, region_name=region)
    return Place(session, config.getoption("endpoint_url"), elsewhere=True)


def _hide_aws_of_this_computer(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": str(folder / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def rekognition(place: Place) -> Iterator[Any]:
    client = place.client("rekognition")
    yield client
    client.close()


@pytest.fixture
def s3(place: Place, request: pytest.FixtureRequest) -> Iterator[Any]:
    if is_aws(request.config):
        pytest.skip("On AWS this needs a bucket that Rekognition was allowed to read by hand.")
    client = place.client("s3")
    yield client
    client.close()


@pytest.fixture
def aws(place: Place) -> Callable[..., str]:
    """Run the AWS CLI and give what it says."""
    own = {"AWS_PAGER": "", "PYTHONUTF8": "1"}
    if place.endpoint_url:
        own["AWS_ENDPOINT_URL"] = place.endpoint_url
    if place.session.region_name:
        own["AWS_DEFAULT_REGION"] = place.session.region_name
    if place.elsewhere and place.session.profile_name != "default":
        own["AWS_PROFILE"] = place.session.profile_name

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "awscli", *arguments, "--output", "json"]
        done = subprocess.run(
            command, check=False, env=os.environ | own, capture_output=True, encoding="utf-8", timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


# Waiting


def looks(what: str) -> Iterator[float]:
    """Pause between looks at something that takes time; fail once it has taken too long.

    Gives the seconds waited by now.
    """
    waited, pause = 0.0, FIRST_PAUSE
    while waited < PATIENCE:
        yield waited
        threading.Event().wait(pause)
        waited += pause
        pause = min(1.5 * pause, LONGEST_PAUSE)
    pytest.fail(f"{what} is not done after {waited / 60:.0f} minutes.")


@pytest.fixture
def settled(rekognition: Any) -> Callable[[str], dict[str, Any]]:
    """Look at a dataset until nothing is in progress."""

    def wait(arn: str) -> dict[str, Any]:
        for _ in looks(arn):
            told: dict[str, Any] = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
            if not told["Status"].endswith("_IN_PROGRESS"):
                break
        return told

    return wait


@pytest.fixture
def update(place: Place, rekognition: Any) -> Callable[..., dict[str, Any]]:
    """Send lines, and look at the dataset until the update is over.

    For a while the status from before it may go on being told.
    """

    def update(arn: str, *lines: str) -> dict[str, Any]:
        before = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]["LastUpdatedTimestamp"]
        blob = "\n".join(lines).encode()
        rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": blob})
        least = GRACE if place.elsewhere else 0.0
        begun = False
        for waited in looks(arn):
            told: dict[str, Any] = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
            running = told["Status"].endswith("_IN_PROGRESS")
            begun = begun or running or told["LastUpdatedTimestamp"] != before
            if not running and (begun or waited >= least):
                break
        return told

    return update


# What the tests make, and take away again


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name that nobody else has."""
    return lambda name: f"truthline-contract-{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def make_project(rekognition: Any, settled: Any, unique: Any) -> Iterator[Callable[..., str]]:
    """Make a project, which is deleted in the end together with its datasets."""
    names: list[str] = []

    def make(name: str = "") -> str:
        names.append(name or unique("project"))
        return str(rekognition.create_project(ProjectName=names[-1])["ProjectArn"])

    yield make
    for name in names:
        for project in rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]:
            if project["Status"] != "DELETING":
                _delete(rekognition, settled, project)


def _delete(rekognition: Any, settled: Any, project: dict[str, Any]) -> None:
    for dataset in project["Datasets"]:
        with suppress(rekognition.exceptions.ResourceNotFoundException):
            settled(dataset["DatasetArn"])
            rekognition.delete_dataset(DatasetArn=dataset["DatasetArn"])
            for _ in looks(dataset["DatasetArn"]):
                rekognition.describe_dataset(DatasetArn=dataset["DatasetArn"])
    rekognition.delete_project(ProjectArn=project["ProjectArn"])


@pytest.fixture
def project(make_project: Callable[[], str]) -> str:
    return make_project()


@pytest.fixture
def train(rekognition: Any, project: str, settled: Any) -> str:
    """An empty train dataset of a project of its own."""
    arn = rekognition.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    settled(arn)
    return str(arn)


@pytest.fixture
def make_bucket(s3: Any, place: Place, unique: Any) -> Iterator[Callable[[], str]]:
    """Make a bucket, which is emptied and deleted in the end."""
    made: list[str] = []

    def make() -> str:
        made.append(unique("bucket"))
        region = place.session.region_name or REGION
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=made[-1], **({} if region == REGION else where))
        return made[-1]

    yield make
    for bucket in made:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", ()):
                s3.delete_object(Bucket=bucket, Key=found["Key"])
        s3.delete_bucket(Bucket=bucket)


@pytest.fixture
def line() -> Callable[..., str]:
    """Make a JSON line with one class label, in the key order of the API reference's own example."""

    def make(name: str, label: str = "with_leaves", bucket: str = "photos", **changes: Any) -> str:
        label_of = ground_truth.class_label(label, label, **changes)
        return ground_truth.dump(ground_truth.line(f"s3://{bucket}/{name}", label_of)).decode()

    return make


@pytest.fixture
def box_line() -> Callable[..., str]:
    """Make a JSON line with boxes of one class on an image of 640 × 480 pixels, each box by its left edge."""

    def make(name: str, *lefts: int, label: str = "rose", bucket: str = "photos") -> str:
        drawn = ground_truth.boxes("bb", [(label, (left, 0, 9, 9)) for left in lefts], labels=[label])
        return ground_truth.dump(ground_truth.line(f"s3://{bucket}/{name}", drawn)).decode()

    return make


@pytest.fixture
def error_code() -> Callable[..., str]:
    """Call something that must be refused; gives the code."""

    def code(call: Any, **params: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**params)
        return str(caught.value.response["Error"]["Code"])

    return code
