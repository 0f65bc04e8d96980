"""Sending many images, against s3transfer alone with the same files, server and number of connections."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from s3transfer.manager import TransferConfig, TransferManager

from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.progress import CancelToken, ignore_progress
from truthline.sync.push.upload import Upload, upload_images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = 1_000
SIZE = 300_000
ROUNDS = 6
LEAST_SHARE = 0.9

# Takes objects and forgets them: a server that is much faster than any client of it in Python.
SERVER = r"""
import socketserver, sys, threading
ANSWER = b"HTTP/1.1 200 OK\r\nx-amz-request-id: 1\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n"

class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    def handle(self):
        space = memoryview(bytearray(1 << 18))
        while self.rfile.readline():
            length, taken, expects = 0, 0, False
            while (line := self.rfile.readline().lower()) not in (b"\r\n", b""):
                if line.startswith(b"content-length:"):
                    length = int(line[15:])
                expects = expects or line.startswith(b"expect:")
            if expects:
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            while length:
                got = self.rfile.readinto1(space[:length])
                if not got:
                    return
                length -= got
                taken += got
            with LOCK:
                COUNTED[0] += taken
            self.wfile.write(ANSWER)

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

COUNTED, LOCK = [0], threading.Lock()
server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
for _ in sys.stdin:
    print(COUNTED[0], flush=True)
    COUNTED[0] = 0
"""


class Server:
    """The server as a child process; it ends with its input."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{self._line()}"

    def taken(self) -> int:
        """How many bytes it took since it was asked last."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@pytest.fixture
def server() -> Iterator[Server]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Server(process)


@pytest.fixture
def uploads(tmp_path: Path) -> list[Upload]:
    body = b"\xff\xd8\xff\xe0" + bytes(SIZE - 8)
    found = []
    for number in range(FILES):
        path = tmp_path / f"{number:04}.jpg"
        path.write_bytes(body + number.to_bytes(4, "big"))
        found.append(Upload(path, "ponds", f"images/{path.name}", SIZE))
    return found


def seconds_of_s3transfer(client: Any, uploads: list[Upload]) -> float:
    start = time.perf_counter()
    with TransferManager(client, TransferConfig()) as manager:
        futures = [manager.upload(str(each.path), each.bucket, each.key) for each in uploads]
        for future in futures:
            future.result()
    return time.perf_counter() - start


def seconds_of_truthline(s3: Any, uploads: list[Upload]) -> float:
    start = time.perf_counter()
    upload_images(uploads, s3, cancel=CancelToken(), report=ignore_progress)
    return time.perf_counter() - start


@pytest.mark.benchmark
def test_upload_of_a_thousand_images(
    server: Server, uploads: list[Upload], aws_environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=server.url)
    shares, rates = [], []
    with connect(Connection(region="us-east-1", endpoint_url=server.url)) as aws:
        seconds_of_s3transfer(client, uploads[:50])  # connections and imports are made
        seconds_of_truthline(aws.s3, uploads[:50])
        server.taken()
        for _ in range(ROUNDS):
            seconds = {seconds_of_s3transfer: 0.0, seconds_of_truthline: 0.0}
            # each twice and in this order, so that a machine that gets busier or idler hits both
            for side in (*seconds, *reversed(seconds)):
                seconds[side] += side(client if side is seconds_of_s3transfer else aws.s3, uploads)
                assert server.taken() == FILES * SIZE
            floor, ours = seconds.values()
            shares.append(floor / ours)
            rates.append(2 * FILES / ours)
    client.close()
    share = median(shares)
    with capsys.disabled():
        told = ", ".join(f"{each:.2f}" for each in sorted(shares))
        print(f"\n{FILES} files of {SIZE // 1000} kB: {share:.2f} of s3transfer's rate ({told});", end=" ")  # noqa: T201
        print(f"{median(rates):.0f} files a second")  # noqa: T201
    assert share >= LEAST_SHARE
