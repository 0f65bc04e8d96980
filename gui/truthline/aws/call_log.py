"""Each call to AWS in the log: which operation, how it ended, how long it took; nothing of its contents."""

from __future__ import annotations

import time
from typing import Any

from truthline import log

_BEGAN = "truthline_logged_from"


def log_calls(client: Any) -> None:
    """Write each of a client's calls to the log, for whoever looks for a mistake."""
    service = client.meta.service_model.service_id.hyphenize()

    def begin(context: dict[str, Any], **_: object) -> None:
        context[_BEGAN] = time.monotonic()

    def end(http_response: Any, model: Any, context: dict[str, Any], **_: object) -> None:
        log.debug("%s %s: %d%s", service, model.name, http_response.status_code, _took(context))

    def fail(exception: Exception, context: dict[str, Any], **_: object) -> None:
        log.debug("%s: %s%s", service, type(exception).__name__, _took(context))

    client.meta.events.register(f"before-call.{service}", begin)
    client.meta.events.register(f"after-call.{service}", end)
    client.meta.events.register(f"after-call-error.{service}", fail)


# The time is kept in the call's context and not here: calls of many threads run at the same time.
def _took(context: dict[str, Any]) -> str:
    return f", {time.monotonic() - context[_BEGAN]:.3f} s" if _BEGAN in context else ""
