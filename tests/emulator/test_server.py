"""The server under both services: HTTP/1.1 in full, on loopback only, gone without a trace."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import Emulator, ManualClock, SystemClock
from truthline.emulator.operations import Rekognition

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conftest import Client

HEADERS = {"X-Amz-Target": "RekognitionService.DescribeProjects"}


def connect(emulator: Emulator) -> socket.socket:
    port = int(emulator.endpoint_url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def test_it_listens_on_loopback_at_any_free_port() -> None:
    with Emulator() as one, Emulator() as two:
        assert one.endpoint_url.startswith("http://127.0.0.1:")
        assert one.endpoint_url != two.endpoint_url


def test_a_taken_port_is_an_error_and_leaves_nothing_behind() -> None:
    with Emulator() as one:
        port = int(one.endpoint_url.rpartition(":")[2])
        with pytest.raises(OSError, match=r"in use|denied|permitted"), Emulator(port=port):
            pass


def test_there_is_no_endpoint_unless_it_runs() -> None:
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.endpoint_url
    emulator.stop()


def test_one_connection_carries_many_requests(client: Client) -> None:
    with closing(http.client.HTTPConnection(client.host, timeout=20)) as connection:
        connection.request("GET", "/")
        first = connection.sock
        connection.getresponse().read()
        for _ in range(3):
            connection.request("POST", "/", b"{}", HEADERS)
            response = connection.getresponse()
            assert (response.status, response.version) == (200, 11)
            assert response.read() == b'{"ProjectDescriptions": []}'
        assert connection.sock is first


def test_a_client_that_expects_to_continue_is_told_so_before_it_sends(client: Client) -> None:
    with closing(connect(client.emulator)) as connection:
        head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        connection.sendall(f"{head}X-Amz-Target: RekognitionService.DescribeProjects\r\n\r\n".encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_body_may_come_in_chunks(client: Client) -> None:
    with closing(http.client.HTTPConnection(client.host, timeout=20)) as connection:
        parts = [b'{"MaxRes', b'ults": 101}']
        for _ in range(2):
            connection.request("POST", "/", iter(parts), HEADERS, encode_chunked=True)
            response = connection.getresponse()
            assert response.status == 400
            assert json.loads(response.read())["Code"] == "ValidationException"


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        (HEADERS, b"{", "SerializationException"),
        (HEADERS, b"[" * 100_000, "SerializationException"),
        (HEADERS, b"\xff", "SerializationException"),
        (HEADERS, b"[]", "SerializationException"),
        ({"X-Amz-Target": "RekognitionService.DetectFaces"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}", "UnknownOperationException"),
        ({}, b"{}", "UnknownOperationException"),
    ],
)
def test_nonsense_gets_a_documented_body_and_a_request_id(
    client: Client, headers: dict[str, Any] | dict[str, str], body: bytes, code: str
) -> None:
    reply = client.send("POST", "/", body, headers)
    told = json.loads(reply.body)
    assert (reply.status, told["__type"], told["Code"]) == (400, code, code)
    assert told["Message"]
    assert told["Logref"] == reply.headers["x-amzn-RequestId"]
    assert reply.headers["Content-Type"] == "application/x-amz-json-1.1"


def test_a_success_has_a_request_id_of_its_own_and_may_be_empty(
    client: Client, class_line: Callable[..., Any]
) -> None:
    arn = client.dataset()
    replies = [client.update(arn, class_line()), client.call("DescribeProjects")]
    assert len({reply.headers["x-amzn-RequestId"] for reply in replies}) == 2
    assert replies[0].headers["Content-Length"] == "0"


@pytest.mark.parametrize(
    "head", ["Content-Length: x", "Transfer-Encoding: chunked\r\n\r\nxyz", "Content-Length: 9"]
)
def test_a_broken_request_ends_the_connection_only(client: Client, head: str) -> None:
    with closing(connect(client.emulator)) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert client.call("DescribeProjects").status == 200


def test_an_error_of_its_own_is_answered_with_500_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Rekognition, "call", fail)
    with Emulator() as emulator:
        host = emulator.endpoint_url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=20)) as connection:
            connection.request("POST", "/", b"{}", HEADERS)
            response = connection.getresponse()
            assert response.status == 500
            assert json.loads(response.read())["Code"] == "InternalServerError"
        (error,) = emulator.unplanned_errors
        assert error.startswith("DescribeProjects: ")
        assert "ZeroDivisionError" in error


def test_nothing_is_left_of_it_though_connections_are_open() -> None:
    before = set(threading.enumerate())
    with Emulator() as emulator:
        connections = [connect(emulator) for _ in range(3)]
        idle = http.client.HTTPConnection(emulator.endpoint_url.removeprefix("http://"), timeout=20)
        idle.request("POST", "/", b"{}", HEADERS)
        idle.getresponse().read()
        url = emulator.endpoint_url
    assert set(threading.enumerate()) == before
    for connection in connections:
        assert connection.recv(1) == b""
        connection.close()
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20)


def test_requests_are_forgotten_where_nobody_reads_them(start: Callable[..., Any]) -> None:
    client = start(keep_requests=False)
    client.call("DescribeProjects")
    assert client.emulator.requests == []


def test_many_threads_update_and_list_at_once(client: Client, class_line: Callable[..., Any]) -> None:
    arns = [client.dataset(project=client.project(f"p{number}")) for number in range(4)]
    replies: list[Any] = []

    def work(arn: str) -> None:
        for number in range(10):
            replies.append(client.update(arn, class_line(f"{number}.jpg")))
            client.clock.advance(100)
            client.entries(arn)

    threads = [threading.Thread(target=work, args=(arn,)) for arn in arns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {reply.status for reply in replies} == {200}
    assert [len(client.entries(arn)) for arn in arns] == [10] * 4


def test_a_manual_clock_stands_still_and_never_turns_back() -> None:
    clock = ManualClock(5.0)
    clock.advance(2.5)
    assert clock.now() == 7.5
    with pytest.raises(ValueError, match="turned back"):
        clock.advance(-1)
    assert SystemClock().now() > 1_600_000_000
