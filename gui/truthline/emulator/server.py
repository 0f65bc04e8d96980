"""The HTTP/1.1 server: loopback only, one thread a connection, connections kept alive.

It is the standard library's, not werkzeug's: that one closes the connection after every answer, waits 10 ms
for more input before it does, and leaves no way to break off an answer on purpose.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
import traceback
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from truthline.emulator.dispatch import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.emulator.dispatch import Dispatcher
    from truthline.emulator.faults import Fault
    from truthline.emulator.wire import Answer

_log = logging.getLogger(__name__)


class Server(ThreadingMixIn, TCPServer):
    """Listens on 127.0.0.1; port 0 takes any that is free.

    Raises:
        OSError: the port is taken.

    """

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    # On Windows the option would let a second server share the port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, port: int, dispatcher: Dispatcher, stopping: threading.Event) -> None:
        self.dispatcher = dispatcher
        self.stopping = stopping
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def stop(self) -> None:
        """Stop taking requests, break off open connections and wait for their threads."""
        self.shutdown()
        self.stopping.set()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        self.dispatcher.record_unplanned("A connection", traceback.format_exc())


class _BrokenOffError(Exception):
    """The connection ends here: on purpose, or because the client went away."""


class _Handler(BaseHTTPRequestHandler):
    """One connection. The base class answers ``Expect: 100-continue`` before the body is read."""

    protocol_version = "HTTP/1.1"
    # Nagle's algorithm would hold back the last packet of a large answer.
    disable_nagle_algorithm = True
    server: Server

    @override
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, _BrokenOffError):
            super().handle()

    def answer_request(self) -> None:
        """Answer one request."""
        request = Request(self.command, self.path, self.headers, self._read_body())
        answer, fault = self.server.dispatcher.answer(request)
        if answer is None:
            self._break_off(fault)
        else:
            self._send(answer, fault)

    # The names are those that the base class looks for.
    do_GET = do_PUT = do_POST = answer_request  # noqa: N815
    do_HEAD = do_DELETE = do_OPTIONS = answer_request  # noqa: N815

    def _read_body(self) -> bytes:
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                return b"".join(self._read_chunks())
            return self._read_exactly(int(self.headers.get("Content-Length") or 0))
        except ValueError:  # a length that is no number: nobody knows where the next request begins
            raise _BrokenOffError from None

    def _read_chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            yield self._read_exactly(size)
            self.rfile.readline()
        while self.rfile.readline() not in {b"\r\n", b"\n", b""}:
            pass  # trailers say nothing that is used here

    def _read_exactly(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) < size:
            raise _BrokenOffError
        return content

    def _break_off(self, fault: Fault | None) -> None:
        if fault and fault.hangs:
            self.server.stopping.wait()
        raise _BrokenOffError

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        sent, told = answer.body, len(answer.body)
        if fault:
            sent = sent[: int(told * fault.share_sent)]
            told = told if fault.tells_length else len(sent)
        is_cut = len(sent) < told
        if self.command == "HEAD":
            sent = b""
        skew = fault.date_skew if fault else 0.0
        headers = {"Date": formatdate(time.time() + skew, usegmt=True)}
        if answer.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(told)
        head = [f"{self.protocol_version} {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        head += [f"{name}: {value}" for name, value in (headers | answer.headers).items()]
        # In one write: two small ones would wait for the client's delayed acknowledgement.
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + sent)
        _log.debug("%s %s: %s", self.command, self.path, answer.status)
        if is_cut:
            raise _BrokenOffError

    @override
    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)
