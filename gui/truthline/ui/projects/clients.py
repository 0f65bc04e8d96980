"""The sign-in of a dialog that belongs to no workspace."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from truthline.aws.session import connect
from truthline.errors import CancelledError

if TYPE_CHECKING:
    from truthline.aws.connection import Connection
    from truthline.aws.session import Aws


class Clients:
    """Holds the `Aws` of one connection at a time; it is made by the lane that first needs it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._lock = threading.Lock()
        self._aws: Aws | None = None
        self._closing = threading.Event()

    def aws(self) -> Aws:
        """The clients; slow at first, so it is not called on the GUI thread.

        Raises:
            SignInError: there is no such profile, or AWS's configuration cannot be read.
            RegionError: no region is chosen.
            CancelledError: this is closed.

        """
        with self._lock:
            if self._closing.is_set():
                raise CancelledError
            if self._aws is None:
                aws = connect(self.connection)
                try:
                    _ = aws.rekognition
                except BaseException:
                    aws.close()
                    raise
                self._aws = aws
            aws = self._aws
        if self._closing.is_set():  # meanwhile
            aws.close()
            raise CancelledError
        return aws

    def renewed(self, connection: Connection) -> Clients:
        """What is to be used from now on for another connection, or after signing in anew."""
        self.close()
        return Clients(connection)

    def close(self) -> None:
        """Close the connections without waiting: whoever is signing in closes what it made."""
        self._closing.set()
        if self._lock.acquire(blocking=False):
            try:
                if self._aws is not None:
                    self._aws.close()
            finally:
                self._lock.release()
