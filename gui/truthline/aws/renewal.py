"""Credentials that are read anew while the clients that sign with them stay in use.

botocore looks up a sign-in once and keeps what it found, so keys that were replaced in AWS's files, or by the
program that gives them, would be seen only after a restart. Importing this imports botocore.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import RefreshWithMFAUnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import botocore.session

_ROLES = threading.Lock()
"""Of those who take a role at the same time, one asks for a code, and the others find what it got."""

PATIENCE_SECONDS = 5.0
"""What was looked up so recently is not looked up again just because a call was refused."""


class RenewableCredentials:
    """Stands where botocore expects a session's credentials and the provider that loads them.

    Args:
        open_session: makes a session that reads AWS's variables and files as they are now, but uses no
            access key that is among those it is given.

    """

    method = "renewable"

    def __init__(self, open_session: Callable[[Collection[str]], botocore.session.Session]) -> None:
        self._open_session = open_session
        self._lock = threading.Lock()
        self._current: Any = None
        self._stale = True
        self._looked_up = 0.0
        self._used = ""
        self._refused: set[str] = set()
        """Access keys that AWS did not accept."""

    def renew(self) -> None:
        """Look the sign-in up again at the next request. Requests under way keep theirs; never blocks."""
        # No lock: a worker may hold it for as long as a sign-in takes, and this is called on the GUI thread.
        self._stale = True

    def doubt(self) -> None:
        """The same after a refused request, unless the sign-in was looked up only just now."""
        self._refused.add(self._used)
        if time.monotonic() - self._looked_up > PATIENCE_SECONDS:
            self.renew()

    def load_credentials(self) -> RenewableCredentials:
        """What botocore calls when it makes a client; raises as `get_frozen_credentials` does."""
        self._look_up()
        return self

    def get_frozen_credentials(self) -> Any:
        """What one request is signed with; None if there are no credentials.

        Raises what botocore raises while it looks them up or renews them.
        """
        found = self._look_up()
        if getattr(found, "method", "") == "assume-role":
            with _ROLES:
                frozen = self._frozen_of_role()
        else:
            frozen = None if found is None else found.get_frozen_credentials()
        self._used = getattr(frozen, "access_key", "")
        return frozen

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        """How botocore asks for the account, which some services have in their address."""
        return lambda: getattr(self._look_up(), name, None)

    def _frozen_of_role(self) -> Any:
        found = self._look_up()
        try:
            return found.get_frozen_credentials()
        except RefreshWithMFAUnsupportedError:
            # Botocore asks for a code only once in the life of a session.
            return self._look_up(instead_of=found).get_frozen_credentials()

    def _look_up(self, instead_of: Any = None) -> Any:
        with self._lock:
            if self._stale or (instead_of is not None and instead_of is self._current):
                # Taken back before, so that a `renew` in between is not lost.
                self._stale = False
                self._looked_up = time.monotonic()
                try:
                    # AWS's files may be read while they are written anew: nothing is no reason to forget.
                    self._current = self._open_session(self._refused).get_credentials() or self._current
                except BaseException:
                    self._stale = True
                    raise
            return self._current
