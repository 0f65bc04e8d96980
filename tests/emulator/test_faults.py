"""Scripted faults, seen on a real socket by a client that hides nothing."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conftest import Client
    from truthline.emulator.faults import Fault


@pytest.fixture
def dataset(client: Client, class_line: Callable[..., Any]) -> str:
    return str(client.dataset(class_line("a.jpg")))


def entries_after(client: Any, dataset: str) -> int:
    client.emulator.faults.clear()
    client.clock.advance(60)
    return len(client.entries(dataset))


def test_a_lost_reply_leaves_the_update_done(
    client: Client, dataset: str, class_line: Callable[..., Any]
) -> None:
    client.emulator.faults.add("UpdateDatasetEntries", faults.reply_lost())
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.update(dataset, class_line("b.jpg"))
    assert client.describe(dataset)["Status"] == "UPDATE_IN_PROGRESS"
    assert client.update(dataset, class_line("c.jpg")).code == "ResourceInUseException"
    assert entries_after(client, dataset) == 2


def test_a_connection_closed_before_leaves_nothing_done(
    client: Client, dataset: str, class_line: Callable[..., Any]
) -> None:
    client.emulator.faults.add("UpdateDatasetEntries", faults.closed())
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.update(dataset, class_line("b.jpg"))
    assert client.update(dataset, class_line("b.jpg")).status == 200
    assert entries_after(client, dataset) == 2


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("fault", [faults.html, faults.empty_body])
def test_a_200_that_is_not_from_the_service_has_no_request_id(
    client: Client, dataset: str, class_line: Callable[..., Any], fault: Callable[..., Any], is_done: bool
) -> None:
    client.emulator.faults.add("UpdateDatasetEntries", fault(carried_out=is_done))
    body = json.dumps({"DatasetArn": dataset, "Changes": {"GroundTruth": "e30="}}).encode()
    headers = {"X-Amz-Target": "RekognitionService.UpdateDatasetEntries"}
    reply = client.send("POST", "/", body, headers)
    assert reply.status == 200
    assert "x-amzn-RequestId" not in reply.headers
    assert reply.body == b"" or reply.body.startswith(b"<!DOCTYPE html>")
    status = client.describe(dataset)["Status"]
    assert status == ("UPDATE_IN_PROGRESS" if is_done else "UPDATE_COMPLETE")


def test_a_truncated_body_ends_early(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.truncated_body(0.5))
    with pytest.raises(http.client.IncompleteRead):
        client.call("DescribeDataset", DatasetArn=dataset)


def test_a_truncated_body_may_tell_its_true_length(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.truncated_body(0.5, tells_length=False))
    headers = {"X-Amz-Target": "RekognitionService.DescribeDataset"}
    reply = client.send("POST", "/", json.dumps({"DatasetArn": dataset}).encode(), headers)
    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.internal_error(), 500, "InternalServerError"),
        (faults.throttled(), 400, "ThrottlingException"),
        (faults.throttled(status=500), 500, "ThrottlingException"),
        (faults.throughput_exceeded(), 400, "ProvisionedThroughputExceededException"),
        (faults.expired_token(), 400, "ExpiredTokenException"),
        (faults.access_denied(), 400, "AccessDeniedException"),
        (
            faults.service_error("LimitExceededException", "Too much.", status=418),
            418,
            "LimitExceededException",
        ),
    ],
)
def test_exceptions_have_the_documented_body(
    client: Client, dataset: str, class_line: Callable[..., Any], fault: Fault, status: int, code: str
) -> None:
    client.emulator.faults.add("UpdateDatasetEntries", fault)
    reply = client.update(dataset, class_line("b.jpg"))
    assert (reply.status, reply.code) == (status, code)
    assert set(reply.body) == {"__type", "Code", "Message", "Logref"}
    assert reply.body["Logref"] == reply.headers["x-amzn-RequestId"]
    assert entries_after(client, dataset) == 1
    assert client.emulator.unplanned_errors == []


def test_a_bad_gateway_is_a_proxys_page(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.bad_gateway())
    reply = client.send("POST", "/", b"{}", {"X-Amz-Target": "RekognitionService.DescribeDataset"})
    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")


def test_a_clock_that_is_off_shows_in_the_date(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.clock_off(1_800))
    reply = client.call("DescribeDataset", DatasetArn=dataset)
    assert reply.code == "InvalidSignatureException"
    ahead = parsedate_to_datetime(reply.headers["Date"]) - datetime.now(UTC)
    assert timedelta(minutes=28) < ahead < timedelta(minutes=32)


def test_a_half_open_connection_says_nothing_until_the_emulator_stops(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.half_open())
    host, _, port = client.host.partition(":")
    body = json.dumps({"DatasetArn": dataset})
    with closing(socket.create_connection((host, int(port)))) as connection:
        connection.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: RekognitionService.DescribeDataset\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(20)
        client.emulator.stop()
        assert connection.recv(1) == b""


def test_a_delayed_answer_is_the_right_one(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.delayed(0.05))
    assert client.describe(dataset)["Status"] == "UPDATE_COMPLETE"


def test_a_delay_ends_when_the_emulator_stops(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.delayed(3_600))
    outcome: list[object] = []

    def ask() -> None:
        try:
            outcome.append(client.describe(dataset))
        except (http.client.HTTPException, OSError) as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while client.emulator.faults.pending:
        assert asking.is_alive()
    client.emulator.stop()
    asking.join(20)
    assert len(outcome) == 1


def test_faults_come_in_order_and_as_often_as_asked(client: Client, dataset: str) -> None:
    client.emulator.faults.add("DescribeDataset", faults.throttled(), times=2)
    client.emulator.faults.add("Describe*", faults.expired_token())
    codes = [client.call("DescribeDataset", DatasetArn=dataset).body.get("Code") for _ in range(4)]
    assert codes == ["ThrottlingException", "ThrottlingException", "ExpiredTokenException", None]
    client.emulator.faults.add("*", faults.throttled(), times=None)
    assert {client.call("DescribeProjects").status for _ in range(5)} == {400}
    client.put("/photos", b"")
    client.emulator.faults.clear()
    assert client.call("DescribeProjects").status == 200


def test_a_fault_meets_its_own_operation_only(client: Client, dataset: str) -> None:
    client.emulator.faults.add("ListDatasetEntries", faults.closed())
    assert client.describe(dataset)


def test_s3_requests_are_named_by_method_and_path(client: Client) -> None:
    client.put("/photos", b"")
    client.put("/photos/a b/é.jpg", b"image")
    client.emulator.faults.add("GET /photos/a b/é.jpg", faults.html())
    client.emulator.faults.add("GET /photos/*", faults.service_error("SlowDown", "Slow <down>.", status=503))
    client.emulator.faults.add("* /photos/*", faults.truncated_body(0.4))
    path = "/photos/a%20b/%C3%A9.jpg"
    signed = {"Authorization": "AWS4 test/1/us-east-1/s3/"}
    assert client.send("PUT", "/photos/other", b"x", signed).status == 200
    assert client.send("GET", path, headers=signed).body.startswith(b"<!DOCTYPE html>")
    refused = client.send("GET", path, headers=signed)
    assert (refused.status, refused.headers["Content-Type"]) == (503, "application/xml")
    assert b"<Code>SlowDown</Code><Message>Slow &lt;down&gt;.</Message>" in refused.body
    assert client.send("GET", path, headers=signed).body == b"image"
    client.emulator.faults.add("HEAD /photos/*", faults.service_error("403", "Forbidden", status=403))
    head = client.send("HEAD", path, headers=signed)
    assert (head.status, head.body) == (403, b"")


def test_requests_are_recorded_with_what_became_of_them(
    client: Client, dataset: str, class_line: Callable[..., Any]
) -> None:
    client.emulator.requests.clear()
    fault = faults.reply_lost()
    client.emulator.faults.add("UpdateDatasetEntries", fault)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.update(dataset, class_line("b.jpg"))
    client.call("DescribeDataset", DatasetArn=dataset)
    client.call("DescribeDataset")
    client.put("/photos", b"")
    update, describe, invalid, bucket = client.emulator.requests
    assert (update.operation, update.status, update.fault) == ("UpdateDatasetEntries", None, fault)
    assert json.loads(update.params["Changes"]["GroundTruth"]) == class_line("b.jpg")
    assert (describe.operation, describe.params, describe.status) == (
        "DescribeDataset",
        {"DatasetArn": dataset},
        200,
    )
    assert (invalid.params, invalid.status) == ({}, 400)
    assert (bucket.service, bucket.operation, bucket.params) == (
        "s3",
        "PUT",
        {"path": "/photos", "query": ""},
    )


def test_a_fault_may_meet_only_what_is_signed_with_one_key(client: Client, dataset: str) -> None:
    client.emulator.faults.add("*", faults.expired_token(), times=None, signed_by="old")
    assert client.call("DescribeProjects").status == 200
    client.emulator.faults.add("*", faults.throttled(), signed_by="test")
    assert client.call("DescribeProjects").code == "ThrottlingException"
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=old/20240101/us-east-1/rekognition/aws4_request"}
    headers = {"X-Amz-Target": "RekognitionService.DescribeProjects"} | signed
    assert b"ExpiredTokenException" in client.send("POST", "/", b"{}", headers).body


def test_a_bucket_elsewhere_names_its_region_in_header_and_body(client: Client) -> None:
    client.emulator.faults.add("GET /photos/*", faults.bucket_elsewhere("eu-west-1"))
    reply = client.send("GET", "/photos/a.jpg")
    assert (reply.status, reply.headers["x-amz-bucket-region"]) == (301, "eu-west-1")
    assert b"<Code>PermanentRedirect</Code>" in reply.body
    assert b"<Region>eu-west-1</Region>" in reply.body
