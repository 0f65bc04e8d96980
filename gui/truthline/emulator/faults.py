"""Faults that a test scripts: what goes wrong with a request on a real socket.

A `Fault` is made by one of the functions here and added for a target with `Faults.add`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from truthline.emulator.wire import Answer, ServiceError, request_id, xml_error

_PORTAL = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to the network.</body></html>"
)
_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong.

    Args:
        carried_out: whether the request takes effect.
        delay: seconds of real time before anything else.
        answer: sent instead of the real answer.
        error: sent instead of the real answer, in the wire form of the service that was asked.
        share_sent: how much of the body is sent, from 0 to 1.
        tells_length: whether Content-Length still tells of the whole body; then the connection closes early.
        closes: the connection is closed without an answer.
        hangs: no answer comes, and the connection stays open until the emulator stops.
        date_skew: seconds by which the Date header is ahead of this computer's clock.

    """

    carried_out: bool = False
    delay: float = 0.0
    answer: Answer | None = None
    error: ServiceError | None = None
    share_sent: float = 1.0
    tells_length: bool = True
    closes: bool = False
    hangs: bool = False
    date_skew: float = 0.0


def reply_lost() -> Fault:
    """The request is accepted and carried out, then the connection closes without an answer."""
    return Fault(carried_out=True, closes=True)


def closed() -> Fault:
    """The connection closes before the request is carried out."""
    return Fault(closes=True)


def html(*, carried_out: bool = False) -> Fault:
    """HTTP 200 with a portal's sign-in page, and no request id."""
    return Fault(carried_out=carried_out, answer=Answer(200, {"Content-Type": "text/html"}, _PORTAL))


def empty_body(*, carried_out: bool = False) -> Fault:
    """HTTP 200 with nothing in it, and no request id."""
    return Fault(carried_out=carried_out, answer=Answer(200))


def truncated_body(share_sent: float = 0.5, *, tells_length: bool = True) -> Fault:
    """The real answer, cut. With ``tells_length`` false its Content-Length agrees with what is sent."""
    return Fault(carried_out=True, share_sent=share_sent, tells_length=tells_length)


def internal_error() -> Fault:
    """HTTP 500 InternalServerError."""
    return service_error("InternalServerError", "Service Unavailable", status=500)


def bad_gateway() -> Fault:
    """HTTP 502 with a proxy's page."""
    return Fault(answer=Answer(502, {"Content-Type": "text/html"}, _BAD_GATEWAY))


def throttled(*, status: int = 400) -> Fault:
    """ThrottlingException, in its form with HTTP 400 or with 500."""
    return service_error(
        "ThrottlingException", "Slow down; sudden increase in rate of requests.", status=status
    )


def throughput_exceeded() -> Fault:
    """ProvisionedThroughputExceededException."""
    return service_error("ProvisionedThroughputExceededException", "Provisioned Rate exceeded.")


def expired_token() -> Fault:
    """ExpiredTokenException: the sign-in has run out."""
    return service_error("ExpiredTokenException", "The security token included in the request is expired")


def access_denied(message: str = "User is not authorized to perform this action.") -> Fault:
    """AccessDeniedException."""
    return service_error("AccessDeniedException", message)


def bucket_elsewhere(region: str, *, code: str = "PermanentRedirect", status: int = 301) -> Fault:
    """S3's refusal of a request for a bucket that lies in ``region``.

    AuthorizationHeaderMalformed, with HTTP 400, is the other form of it.
    """
    refusal = ServiceError(code, "The bucket must be addressed in the region where it lies.", status)
    answer = xml_error(refusal, request_id())
    headers = answer.headers | {"x-amz-bucket-region": region}
    body = answer.body.replace(b"</Error>", f"<Region>{region}</Region></Error>".encode())
    return Fault(answer=Answer(status, headers, body))


def clock_off(seconds: float = 600.0, *, code: str = "InvalidSignatureException", status: int = 400) -> Fault:
    """An expired signature, and a Date header ``seconds`` ahead of this computer's clock.

    S3 calls it RequestTimeTooSkewed, with HTTP 403.
    """
    message = "Signature expired: the request was signed at a time too far from the service's."
    return replace(service_error(code, message, status=status), date_skew=seconds)


def half_open() -> Fault:
    """The request is taken and never answered; the connection stays open until the emulator stops."""
    return Fault(hangs=True)


def delayed(seconds: float) -> Fault:
    """The right answer, late by so many seconds of real time."""
    return Fault(carried_out=True, delay=seconds)


def service_error(code: str, message: str, *, status: int = 400) -> Fault:
    """Any exception, which the service answers with instead of carrying the request out."""
    return Fault(error=ServiceError(code, message, status))


@dataclass(slots=True)
class _Script:
    target: str
    fault: Fault
    times: int | None
    signed_by: str


class Faults:
    """The faults still to come, in the order they were added. Safe to use from several threads."""

    def __init__(self) -> None:
        self._scripts: list[_Script] = []
        self._lock = threading.Lock()

    def add(self, target: str, fault: Fault, *, times: int | None = 1, signed_by: str = "") -> None:
        """Let the next ``times`` requests to ``target`` go wrong, or all of them if ``times`` is None.

        ``target`` is an operation ("UpdateDatasetEntries"), or an S3 request as its method and path ("GET
        /bucket/images/a.jpg", the key without percent-encoding). Both may hold the wildcards ``*``, ``?``
        and ``[…]``: "*Dataset*" for operations, "* /bucket/*" for S3. With ``signed_by`` only requests that
        are signed with this access key meet it.
        """
        with self._lock:
            self._scripts.append(_Script(target, fault, times, signed_by))

    @property
    def pending(self) -> int:
        """How many scripts are not used up yet; one for all requests never is."""
        with self._lock:
            return len(self._scripts)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._scripts.clear()

    def take(self, target: str, access_key: str = "") -> Fault | None:
        """Give the fault that the next request to ``target`` runs into, and count it off."""
        with self._lock:
            for script in self._scripts:
                if script.signed_by not in {"", access_key}:
                    continue
                # An operation's name holds no blank, so "*" alone must not reach S3 requests.
                if (" " in script.target) == (" " in target) and fnmatchcase(target, script.target):
                    return self._use(script)
        return None

    def _use(self, script: _Script) -> Fault:
        if script.times is not None:
            script.times -= 1
            if not script.times:
                self._scripts.remove(script)
        return script.fault
