"""How this window reaches AWS: what the command line said, what is remembered, what a person answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from truthline.aws.connection import Connection
from truthline.sync.service.endpoints import Endpoints, Reach
from truthline.ui.connect.codes import CodePrompt
from truthline.ui.connect.wish import Wish

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from truthline.settings import Settings
    from truthline.ui.kit.jobs import Jobs


class Access:
    """Gives every part of the window its `Connection`.

    Args:
        settings: remember profile and region, and the endpoints that were chosen.
        given: what the command line said, which holds for whatever is opened.
        jobs: bring questions to the GUI thread.
        window: the questions belong to it.

    """

    def __init__(self, settings: Settings, given: Connection | None, jobs: Jobs, window: QWidget) -> None:
        self._settings = settings
        self.codes = CodePrompt(jobs, window)
        self._given = self._asking(given or Connection())
        self._endpoints = Endpoints(settings)
        self._endpoints.choose(self._given.endpoint_url)

    def connection(self) -> Connection:
        """How to reach AWS where nothing else is known."""
        return self._given.over(Connection(self._settings.get("profile"), self._settings.get("region")))

    def reach(self, over: Connection | None = None) -> Reach:
        """How an opened workspace reaches AWS; what the command line said counts unless ``over`` does."""
        return Reach(self._endpoints, self._given if over is None else self._asking(over))

    def wish(self, text: str, chosen: Connection | None = None) -> Wish:
        """To open something; ``chosen`` is what a person chose for just this, in a dialog."""
        if chosen is None:
            return Wish(text, connection=self.connection(), over=self._given)
        return Wish(text, connection=chosen, chosen=True)

    def remembered(self, wish: Wish) -> Wish:
        """The same wish, after what was chosen for it was kept for the next one."""
        self.codes.ask_again()
        self._settings.set("profile", wish.connection.profile)
        self._settings.set("region", wish.connection.region)
        self._endpoints.choose(wish.connection.endpoint_url)
        return replace(wish, connection=self._asking(wish.connection))

    def lent(self, wish: Wish) -> Wish:
        """The same wish, after its endpoint was allowed until this program ends."""
        self._endpoints.lend(wish.connection.endpoint_url)
        return wish

    def _asking(self, connection: Connection) -> Connection:
        """The same, with this window to ask for codes."""
        return replace(connection, asker=self.codes)
