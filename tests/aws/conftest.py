"""A server whose every answer is scripted, byte for byte, in an environment without AWS settings."""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from botocore.retries import quota, standard
from typing_extensions import override

from truthline.aws.connection import Connection
from truthline.aws.session import Aws, connect

if TYPE_CHECKING:
    from pathlib import Path

Answer = bytes | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Script:
    """The answers still to give, and the requests that came: (operation or method, path, headers, body)."""

    url: str = ""
    slow_line: bool = False
    answers: deque[Answer] = field(default_factory=deque)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def json(self, body: str | bytes, *, status: int = 200, request_id: bool = True, **headers: Any) -> None:
        """Answer as Rekognition does, unless told otherwise."""
        if request_id:
            headers["x_amzn_RequestId"] = "11111111-2222-3333-4444-555555555555"
        self.raw(body, status=status, **headers)

    def error(self, code: str, message: str = "", *, status: int = 400, **headers: Any) -> None:
        """Refuse as Rekognition does."""
        body = f'{{"__type": "{code}", "Code": "{code}", "Message": "{message}"}}'
        self.json(body, status=status, **headers)

    def s3(self, body: str | bytes = b"", *, status: int = 200, **headers: Any) -> None:
        """Answer as S3 does."""
        self.raw(body, status=status, x_amz_request_id="ABCDEF", **headers)

    def s3_error(
        self, code: str, message: str = "", *, status: int = 400, more: str = "", **headers: str
    ) -> None:
        """Refuse as S3 does."""
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
        self.s3(body, status=status, **headers)

    def raw(self, body: str | bytes, *, status: int = 200, length: int | None = None, **headers: Any) -> None:
        """Answer with just these headers; ``length`` is what Content-Length claims."""
        content = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} Said", "Connection: close"]
        lines.append(f"Content-Length: {len(content) if length is None else length}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.answers.append("\r\n".join([*lines, "", ""]).encode() + content)

    def close_connection(self) -> None:
        """Take the request and hang up."""
        self.answers.append(b"")

    @property
    def operations(self) -> list[str]:
        """What was asked for, in order."""
        return [operation for operation, _, _, _ in self.requests]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def answer(self) -> None:
        body = b"".join(self.pieces(int(self.headers.get("Content-Length") or 0)))
        operation = self.headers.get("X-Amz-Target", self.command).rpartition(".")[2]
        self.script.requests.append((operation, self.path, dict(self.headers), body))
        answer = self.script.answers.popleft()
        if callable(answer):
            answer(self)
        elif self.command == "HEAD":
            self.wfile.write(answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        else:
            self.wfile.write(answer)
        self.close_connection = True

    def pieces(self, size: int) -> Iterator[bytes]:
        """The request's body; over a slow line it arrives with pauses."""
        while size:
            piece = self.rfile.read(min(size, 65536))
            size -= len(piece) or size
            yield piece
            if self.script.slow_line:
                threading.Event().wait(0.04)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815

    @override
    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them

    @override
    def server_bind(self) -> None:
        # A slow line is slow for the sender only once the buffers are full.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        super().server_bind()

    @override
    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the tests."""


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret-at-all")


@pytest.fixture
def aws_files(tmp_path: Path) -> Callable[..., Path]:
    """Write the AWS configuration's files; gives their folder."""

    def write(config: str = "", **others: Any) -> Path:
        folder = tmp_path / "home" / ".aws"
        (folder / "config").write_text(config, encoding="utf-8")
        for name, text in others.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def scripted_server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def script(scripted_server: Server) -> Iterator[Script]:
    """A server that answers what the test tells it to, in that order."""
    script = Script(f"http://127.0.0.1:{scripted_server.server_address[1]}")
    Handler.script = script
    yield script
    assert not script.answers, "the test scripted answers that nobody asked for"


@pytest.fixture(scope="session")
def scripted_aws(scripted_server: Server) -> Iterator[Aws]:
    """Making clients takes longer than all else here."""
    url = f"http://127.0.0.1:{scripted_server.server_address[1]}"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret-at-all")
        monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
        aws = connect(Connection(region="eu-west-1", endpoint_url=url))
        assert aws.rekognition
        assert aws.s3
    with aws:
        yield aws


@pytest.fixture
def aws(script: Script, scripted_aws: Aws, fast_retries: None) -> Aws:
    """A sign-in to the scripted server."""
    return scripted_aws


@pytest.fixture
def fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's tries follow each other at once, and the failures of other tests do not use them up."""
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(quota.RetryQuota, "acquire", lambda *_: True)


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
