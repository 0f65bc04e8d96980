"""Pushing 20,000 changed lines, as a ratio to bare boto3 making the same calls: list, updates, list.

The emulator runs as a process of its own, as it does for people.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from present import present
from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.progress import CancelToken
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import Source, SourceKind
from truthline.sync.push.plan import BATCH_BYTES
from truthline.sync.push.push import push
from truthline.sync.service.watch import watch
from truthline.workspace.workspace import EntryId, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mypy_boto3_rekognition import RekognitionClient

pytestmark = pytest.mark.benchmark

LINES = 20_000
ROUNDS = 3
LIMIT = 1.5


def line(number: int, label: str) -> bytes:
    boxes = [
        {"class_id": 0, "left": 10 * n, "top": 20 * n, "width": 30 + n, "height": 40 + n}
        for n in range(number % 5 + 1)
    ]
    return json.dumps(
        {
            "source-ref": f"s3://parts/images/{number:06}.jpg",
            "parts_BB": {
                "image_size": [{"width": 1280, "height": 960, "depth": 3}],
                "annotations": boxes,
            },
            "parts_BB-metadata": {
                "objects": [{"confidence": 1}] * len(boxes),
                "class-map": {"0": label},
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2026-05-14T09:12:37.137Z",
                "job-name": "labeling-job/parts_BB",
            },
        },
        separators=(",", ":"),
    ).encode()


@pytest.fixture
def endpoint_url(aws_environment: None) -> Iterator[str]:
    command = [sys.executable, "-m", "truthline.emulator", "--until-stdin-closes"]
    command += ["--set", "update_seconds=0", "--set", "create_seconds=0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        yield json.loads(present(child.stdout).readline())["endpoint_url"]
        present(child.stdin).close()


def settled(client: RekognitionClient, arn: str) -> None:
    while True:
        told = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        if not told["Status"].endswith("_IN_PROGRESS"):
            return


def bare(client: RekognitionClient, arn: str, lines: Sequence[bytes]) -> float:
    """What boto3 alone takes: list all, send all, wait, list all."""
    started = time.perf_counter()
    listed(client, arn)
    blob = b""
    for one in [*lines, None]:
        if one is None or len(blob) + len(one) + 1 >= BATCH_BYTES:
            client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": blob})
            settled(client, arn)
            blob = b""
        blob += (one or b"") + b"\n"
    listed(client, arn)
    return time.perf_counter() - started


def listed(client: RekognitionClient, arn: str) -> None:
    pages = client.get_paginator("list_dataset_entries").paginate(
        DatasetArn=arn, PaginationConfig={"PageSize": 100}
    )
    assert sum(len(page["DatasetEntries"]) for page in pages) == LINES


def test_20_000_changed_lines(
    endpoint_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    connection = Connection(region="us-east-1", endpoint_url=endpoint_url)
    config = Config(region_name="us-east-1", retries={"total_max_attempts": 1})
    client = boto3.client("rekognition", endpoint_url=endpoint_url, config=config)
    with connect(connection) as aws:
        project = aws.rekognition.create_project("parts")
        arn = aws.rekognition.create_dataset(project, "TRAIN")
        list(watch(aws, arn, cancel=CancelToken()))
        bare_seconds(client, arn, "first")
        workspace = create_workspace(
            tmp_path / "parts.truthline",
            Source(SourceKind.DATASET, arn),
            connection=connection,
            cancel=CancelToken(),
        )
        with workspace:
            ratios = []
            for number in range(ROUNDS):
                floor = bare(client, arn, [line(n, f"bare{number}") for n in range(LINES)])
                # What bare boto3 wrote is ours too, so that there is no conflict to look into.
                settle(workspace, f"bare{number}", f"push{number}")
                started = time.perf_counter()
                result = push(workspace, aws, cancel=CancelToken())
                ours = time.perf_counter() - started
                assert result.flawless
                assert result.pushed == LINES
                record_property(f"round {number}", f"bare boto3 {floor:.2f} s, push {ours:.2f} s")
                ratios.append(ours / floor)
    client.close()
    told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    sys.stderr.write(f"push over bare boto3: {told}\n")
    assert statistics.median(ratios) <= LIMIT, told


def bare_seconds(client: RekognitionClient, arn: str, label: str) -> None:
    blob = b""
    for number in range(LINES):
        blob += line(number, label) + b"\n"
        if len(blob) > 4_000_000 or number == LINES - 1:
            client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": blob})
            settled(client, arn)
            blob = b""


def settle(workspace: Workspace, base: str, changed: str) -> None:
    ids = [EntryId(one) for one in workspace.ids()]
    workspace.store_remote((one, line(one - 1, base), ()) for one in ids)
    workspace.save_many({one: line(one - 1, changed) for one in ids})
