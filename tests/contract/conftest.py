"""The endpoint that the contract is checked against, and clients that nobody here wrote.

A different service can be put under the same tests by overriding ``endpoint_url``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from truthline.emulator import Emulator, Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REGION = "us-east-1"
AT_ONCE = {"create_seconds": 0.0, "update_seconds": 0.0, "delete_seconds": 0.0}
DIALECTS = {
    "usual": Switches(**AT_ONCE),
    "other": Switches(**AT_ONCE, last_page_token="empty", listing="normalised", repeated_source_ref="last"),
}


@pytest.fixture(autouse=True)
def _no_aws_of_this_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=DIALECTS)
def endpoint_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with Emulator(DIALECTS[request.param]) as emulator:
        yield emulator.endpoint_url
        assert emulator.unplanned_errors == []


@pytest.fixture
def rekognition(endpoint_url: str) -> Iterator[Any]:
    client = boto3.client("rekognition", endpoint_url=endpoint_url)
    yield client
    client.close()


@pytest.fixture
def s3(endpoint_url: str) -> Iterator[Any]:
    client = boto3.client("s3", endpoint_url=endpoint_url)
    yield client
    client.close()


@pytest.fixture
def aws(endpoint_url: str) -> Callable[..., str]:
    """Run the AWS CLI and give what it says."""
    environment = os.environ | {"AWS_ENDPOINT_URL": endpoint_url, "PYTHONUTF8": "1"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "awscli", *arguments, "--output", "json"]
        done = subprocess.run(
            command, check=False, env=environment, capture_output=True, encoding="utf-8", timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def settled(rekognition: Any) -> Callable[[str], dict[str, Any]]:
    """Ask for a dataset until nothing is in progress."""

    def wait(arn: str) -> dict[str, Any]:
        while True:
            told: dict[str, Any] = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
            if not told["Status"].endswith("_IN_PROGRESS"):
                return told

    return wait


@pytest.fixture
def line() -> Callable[..., str]:
    """Make a JSON line with one class label, in the key order of the API reference's own example."""

    def make(name: str, label: str = "with_leaves") -> str:
        metadata = {
            "confidence": 1,
            "job-name": f"labeling-job/{label}",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": "2021-07-11T03:33:42.025Z",
            "type": "groundtruth/image-classification",
        }
        members = {"source-ref": f"s3://photos/{name}", label: 1, f"{label}-metadata": metadata}
        return json.dumps(members, ensure_ascii=False)

    return make
