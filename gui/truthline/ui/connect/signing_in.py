"""The clients of a workspace's connection, made once, by whichever lane needs them first."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from truthline.aws.session import Aws, connect
from truthline.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.aws.connection import Connection
    from truthline.sync.service.endpoints import Reach
    from truthline.workspace.workspace import Workspace


class SignIn:
    """Holds the `Aws` of a workspace; ``made`` is told of the first one, on the lane that made it."""

    def __init__(self, workspace: Workspace, reach: Reach, made: Callable[[Aws], None]) -> None:
        self._workspace = workspace
        self._reach = reach
        self._made = made
        self._lock = threading.Lock()
        self._closed = False
        self.aws: Aws | None = None

    def clients(self) -> Aws:
        """The clients; slow at first, so it is called on the network and watch lanes.

        Raises:
            SignInError: there is no such profile, or AWS's configuration cannot be read.
            UnknownEndpointError: the person was not asked about the workspace's endpoint, or said no.
            CancelledError: this is closed.

        """
        with self._lock:
            if self.aws is None and not self._closed:
                self.aws = sign_in(self._reach.connection(self._workspace.info))
                self._made(self.aws)
            if self.aws is not None and not self._closed:
                return self.aws
            if self.aws is not None:
                self.aws.close()
            raise CancelledError

    @property
    def unknown_endpoint(self) -> str:
        """The endpoint that must be asked about before anything is sent, "" if there is none."""
        return "" if self.aws is not None else self._reach.unknown(self._workspace.info)

    @property
    def connection(self) -> Connection:
        """As whom and where the workspace is served; of an endpoint that is not agreed to, nothing."""
        if self.aws is not None:
            return self.aws.connection
        info = self._workspace.info
        return self._reach.connection(replace(info, endpoint_url="") if self.unknown_endpoint else info)

    def choose(self, url: str) -> None:
        """Have that endpoint asked from now on, and remember that."""
        self._reach.endpoints.choose(url)

    def ask_again(self) -> None:
        """A person asks for work, and will answer what signing in takes."""
        self._reach.over.asker.ask_again()

    def replace(self, aws: Aws) -> None:
        """Use other clients from now on."""
        if self.aws is not None:
            self.aws.close()
        self.aws = aws

    def close(self) -> None:
        """Close the clients without waiting; whoever is signing in finds this closed."""
        self._closed = True
        if self.aws is not None:
            self.aws.close()


def sign_in(connection: Connection) -> Aws:
    """Sign in, and make the client for images here and not on the GUI thread, for which it takes too long.

    Raises:
        ServiceError: as `connect`, and for a missing region.

    """
    aws = connect(connection)
    try:
        _ = aws.s3
    except BaseException:
        aws.close()
        raise
    return aws
