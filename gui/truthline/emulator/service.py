"""The emulator in one piece: both services on one port, in this process, on threads of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from truthline.emulator.clock import Clock, SystemClock
from truthline.emulator.dispatch import Dispatcher, RequestRecord
from truthline.emulator.faults import Faults
from truthline.emulator.operations import Rekognition
from truthline.emulator.s3 import Storage
from truthline.emulator.server import Server
from truthline.emulator.switches import Limits, Switches

if TYPE_CHECKING:
    from types import TracebackType

_POLL_SECONDS = 0.02


class Emulator:
    """Amazon Rekognition's datasets and Amazon S3 on 127.0.0.1, as a context manager.

    Args:
        switches: how it behaves where nobody documents it.
        clock: where it takes the time from; the computer's own clock if None.
        port: 0 for any that is free.
        limits: the documented quotas.
        keep_requests: whether `requests` is kept; it grows with every request.

    Attributes:
        faults: the script of what shall go wrong.
        requests: every request so far.
        unplanned_errors: what went wrong without a script; a test asserts that it is empty.

    """

    def __init__(
        self,
        switches: Switches | None = None,
        *,
        clock: Clock | None = None,
        port: int = 0,
        limits: Limits | None = None,
        keep_requests: bool = True,
    ) -> None:
        self.switches = switches or Switches()
        self.clock = clock or SystemClock()
        self.faults = Faults()
        self._storage = Storage()
        self._rekognition = Rekognition(
            self.switches, limits or Limits(), self.clock, self._storage.read, self._storage.holds_image
        )
        self._stopping = threading.Event()
        self._dispatcher = Dispatcher(
            self._rekognition, self._storage, self.faults, self._stopping.wait, keep_requests
        )
        self._port = port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def endpoint_url(self) -> str:
        """The address of both services; only while it runs."""
        if self._server is None:
            raise RuntimeError("The emulator is not running.")
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request so far, in the order they were answered."""
        return self._dispatcher.requests

    @property
    def unplanned_errors(self) -> list[str]:
        """Each answer of 500 or more that no fault asked for, with its traceback."""
        return self._dispatcher.unplanned_errors

    def add_project_version(self, project_arn: str, description: dict[str, Any]) -> None:
        """Script a version for DescribeProjectVersions; see `Rekognition.add_project_version`."""
        self._rekognition.add_project_version(project_arn, description)

    def start(self) -> None:
        """Listen and serve; returns when requests can come.

        Raises:
            OSError: the port is taken.

        """
        self._server = Server(self._port, self._dispatcher, self._stopping)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="emulator-server"
        )
        self._thread.start()

    def stop(self) -> None:
        """Break off what is running and forget everything; no thread or socket stays behind."""
        if self._server and self._thread:
            self._server.stop()
            self._thread.join()
        self._server = self._thread = None
        self._rekognition.close()
        self._storage.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()
