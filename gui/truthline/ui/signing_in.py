"""The clients of a workspace's connection, made once, by whichever lane needs them first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from truthline.aws.connection import Connection
from truthline.aws.session import Aws, connect
from truthline.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.workspace.workspace import Workspace


class SignIn:
    """Holds the `Aws` of a workspace; ``made`` is told of the first one, on the lane that made it."""

    def __init__(self, workspace: Workspace, made: Callable[[Aws], None]) -> None:
        self._workspace = workspace
        self._made = made
        self._lock = threading.Lock()
        self._closed = False
        self.aws: Aws | None = None

    def clients(self) -> Aws:
        """The clients; slow at first, so it is called on the network and watch lanes.

        Raises:
            SignInError: there is no such profile, or AWS's configuration cannot be read.
            CancelledError: this is closed.

        """
        with self._lock:
            if self.aws is None and not self._closed:
                info = self._workspace.info
                connection = Connection(info.profile, info.region, info.endpoint_url)
                self.aws = sign_in(connection.for_arn(info.dataset_arn) if info.dataset_arn else connection)
                self._made(self.aws)
            if self.aws is not None and not self._closed:
                return self.aws
            if self.aws is not None:
                self.aws.close()
            raise CancelledError

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
