"""The JSON 1.1 wire: answers, and the exceptions that become error bodies."""

from __future__ import annotations

import html
import json
import uuid
from dataclasses import dataclass, field

CONTENT_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response. ``headers`` leaves out Content-Length, Date and Connection."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class ServiceError(Exception):
    """An exception that the service is documented, or known, to answer with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def request_id() -> str:
    """Make the id of one request, as the service does: a UUID."""
    return str(uuid.uuid4())


def json_answer(result: dict[str, object], identity: str) -> Answer:
    """Wrap what an operation returned; a result without members is an empty body."""
    body = json.dumps(result).encode("ascii") if result else b""
    return Answer(200, _headers(identity), body)


def json_error(error: ServiceError, identity: str) -> Answer:
    """Wrap an exception with the four members that the service documents."""
    body = {"__type": error.code, "Code": error.code, "Message": error.message, "Logref": identity}
    return Answer(error.status, _headers(identity), json.dumps(body).encode("ascii"))


def xml_error(error: ServiceError, identity: str) -> Answer:
    """Wrap an exception as S3 does."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{html.escape(error.code)}</Code><Message>{html.escape(error.message)}</Message>"
        f"<RequestId>{identity}</RequestId></Error>"
    )
    headers = {"Content-Type": "application/xml", "x-amz-request-id": identity}
    return Answer(error.status, headers, body.encode())


def _headers(identity: str) -> dict[str, str]:
    return {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": identity}
