"""Which endpoints are asked: AWS's own, and those that were chosen on this computer.

A workspace is a file that somebody else may have made, and the endpoint in it gets signed requests. So this
is the one place that makes a `Connection` of what a workspace says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from truthline.aws.addresses import is_aws, origin_of
from truthline.aws.connection import Connection
from truthline.errors import UnknownEndpointError

if TYPE_CHECKING:
    from truthline.settings import Settings
    from truthline.workspace.workspace import WorkspaceInfo


class Endpoints:
    """The endpoints that may be asked.

    Args:
        settings: remember those that were chosen.

    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lent: set[str] = set()

    def choose(self, url: str) -> None:
        """Remember that a person chose this endpoint here: by an option, in a dialog, or when asked."""
        origin = origin_of(url)
        if origin and not is_aws(url) and origin not in self._lent:
            self._settings.choose_endpoint(origin)

    def lend(self, url: str) -> None:
        """Allow an endpoint as long as this program runs: that of an emulator of its own."""
        self._lent.add(origin_of(url))

    def allows(self, url: str) -> bool:
        """Whether requests may go there; "" is AWS, or what AWS's variables and profiles say here."""
        if not url or is_aws(url):
            return True
        origin = origin_of(url)
        return bool(origin) and (origin in self._lent or origin in self._settings.get("endpoints"))


@dataclass(frozen=True, slots=True)
class Reach:
    """How a workspace reaches AWS; ``over`` counts before what the workspace says."""

    endpoints: Endpoints
    over: Connection = field(default_factory=Connection)

    def unknown(self, info: WorkspaceInfo) -> str:
        """The endpoint that must be asked about first, "" if there is none."""
        url = self._connection(info).endpoint_url
        return "" if self.endpoints.allows(url) else url

    def connection(self, info: WorkspaceInfo) -> Connection:
        """As whom and where to ask, in the region of the workspace's dataset if nothing names another.

        Raises:
            UnknownEndpointError: the workspace names an endpoint that was not chosen here.

        """
        connection = self._connection(info)
        if not self.endpoints.allows(connection.endpoint_url):
            raise UnknownEndpointError(
                f"The workspace wants to be served by {connection.endpoint_url}, which is not AWS and was not"
                " chosen on this computer. Nothing was sent there.",
                detail="Work goes on offline; Dataset > Refresh Status asks whether it may be used.",
            )
        return connection.for_arn(info.dataset_arn) if info.dataset_arn else connection

    def _connection(self, info: WorkspaceInfo) -> Connection:
        return self.over.over(Connection(info.profile, info.region, info.endpoint_url))
