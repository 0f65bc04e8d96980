"""What the emulator's tests share: a clock that stands still, and a client without boto3."""

from __future__ import annotations

import base64
import http.client
import json
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import ground_truth_lines as ground_truth
from truthline.emulator import Emulator, ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATE = "2021-07-11T03:33:42.025Z"


@pytest.fixture(autouse=True)
def _no_aws_of_this_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["__type"])


class Client:
    """Speaks to one emulator with the standard library alone, on a new connection for each request."""

    def __init__(self, emulator: Emulator, clock: ManualClock) -> None:
        self.emulator = emulator
        self.clock = clock
        self.host = emulator.endpoint_url.removeprefix("http://")

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        with closing(http.client.HTTPConnection(self.host, timeout=20)) as connection:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def call(self, operation: str, *, region: str = "us-east-1", **params: Any) -> Reply:
        headers = {
            "X-Amz-Target": f"RekognitionService.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20240101/{region}/rekognition/aws4_request",
        }
        reply = self.send("POST", "/", json.dumps(params).encode(), headers)
        reply.body = json.loads(reply.body) if reply.body else {}
        return reply

    def result(self, operation: str, **params: Any) -> Any:
        reply = self.call(operation, **params)
        assert reply.status == 200, reply.body
        return reply.body

    def put(self, path: str, body: bytes) -> None:
        """Put an object at /bucket/key, or make a bucket."""
        assert (
            self.send("PUT", quote(path), body, {"Authorization": "AWS4 test/1/us-east-1/s3/"}).status == 200
        )

    def project(self, name: str = "flowers") -> str:
        return str(self.result("CreateProject", ProjectName=name)["ProjectArn"])

    def dataset(self, *lines: object, kind: str = "TRAIN", project: str = "") -> str:
        """Create a dataset that holds these lines."""
        arn = self.result("CreateDataset", ProjectArn=project or self.project(), DatasetType=kind)[
            "DatasetArn"
        ]
        self.clock.advance(60)
        if lines:
            self.update(arn, *lines)
            self.clock.advance(60)
        return str(arn)

    def update(self, arn: str, *lines: object) -> Reply:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        blob = base64.b64encode(text.encode()).decode()
        return self.call("UpdateDatasetEntries", DatasetArn=arn, Changes={"GroundTruth": blob})

    def describe(self, arn: str) -> Any:
        return self.result("DescribeDataset", DatasetArn=arn)["DatasetDescription"]

    def entries(self, arn: str, **filters: Any) -> list[str]:
        """List all entries over all pages."""
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self.result("ListDatasetEntries", DatasetArn=arn, **filters, **token)
            found += page["DatasetEntries"]
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def start(clock: ManualClock) -> Iterator[Callable[..., Client]]:
    """Start emulators that end, without an unplanned error, with the test."""
    with ExitStack() as stack:
        started: list[Emulator] = []

        def start(*args: Any, **options: Any) -> Client:
            emulator = stack.enter_context(Emulator(*args, clock=clock, **options))
            started.append(emulator)
            return Client(emulator, clock)

        yield start
        assert [emulator.unplanned_errors for emulator in started if emulator.unplanned_errors] == []


@pytest.fixture
def client(start: Callable[..., Client]) -> Client:
    return start()


@pytest.fixture(scope="session")
def class_line() -> Callable[..., dict[str, Any]]:
    """Make a line with one class label."""

    def make(name: str = "a.jpg", label: str = "rose", **metadata: Any) -> dict[str, Any]:
        job = {"job-name": f"labeling-job/{label}", "creation-date": DATE}
        label_of = ground_truth.class_label("label", label, **job | metadata)
        return ground_truth.line(f"s3://photos/{name}", label_of)

    return make


@pytest.fixture(scope="session")
def box_line() -> Callable[..., dict[str, Any]]:
    """Make a line with boxes, each (left, top, width, height), all of one class."""

    def make(
        name: str = "a.jpg",
        boxes: tuple[tuple[float, ...], ...] = ((1, 2, 30, 40),),
        size: tuple[float, float] = (640, 480),
        label: str = "tulip",
        **metadata: Any,
    ) -> dict[str, Any]:
        changes = {"job_name": ..., "creation-date": DATE} | metadata
        drawn = ground_truth.numbered_boxes("bb", boxes, labels={"0": label}, size=size, **changes)
        return ground_truth.line(f"s3://photos/{name}", drawn)

    return make
