"""Which service a request is for, what goes wrong with it on purpose, and the answer that it gets."""

from __future__ import annotations

import json
import logging
import re
import traceback
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from truthline.emulator.wire import ServiceError, json_answer, json_error, request_id, xml_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

    from truthline.emulator.faults import Fault, Faults
    from truthline.emulator.operations import Rekognition
    from truthline.emulator.s3 import Storage
    from truthline.emulator.wire import Answer

TARGET_PREFIX = "RekognitionService."
_SCOPE = re.compile(r"Credential=([^/]*)/[^/]*/([^/]+)/")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: ``target`` is its path and query as they came, with their percent-encoding."""

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query and without percent-encoding."""
        return unquote(self.target.partition("?")[0])


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request that came in.

    ``operation`` is Rekognition's, or the method of an S3 request. ``params`` are the operation's as they
    were understood, or ``{"path", "query"}``; empty if the request was refused or not carried out.
    ``status`` is that of the answer, None if there was none; ``fault`` is the scripted one that it ran into.
    """

    service: str
    operation: str
    params: dict[str, Any]
    status: int | None
    fault: Fault | None = None


@dataclass(slots=True)
class Dispatcher:
    """Answers requests to both services; safe to call from several threads.

    ``wait(seconds)`` is what a delayed answer waits with, so that it can be cut short.
    """

    rekognition: Rekognition
    storage: Storage
    faults: Faults
    wait: Callable[[float], object]
    keep_requests: bool = True
    requests: list[RequestRecord] = field(default_factory=list)
    unplanned_errors: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> tuple[Answer | None, Fault | None]:
        """Answer a request, or give None where a fault leaves it without an answer."""
        operation = request.headers.get("X-Amz-Target", "").removeprefix(TARGET_PREFIX)
        if operation or (request.method == "POST" and request.path == "/"):
            return self._answer("rekognition", operation, operation, request)
        return self._answer("s3", request.method, f"{request.method} {request.path}", request)

    def record_unplanned(self, where: str, text: str) -> None:
        """Keep an error that nobody scripted."""
        self.unplanned_errors.append(f"{where}: {text}")
        _log.error("%s failed:\n%s", where, text)

    def _answer(
        self, service: str, operation: str, target: str, request: Request
    ) -> tuple[Answer | None, Fault | None]:
        fault = self.faults.take(target, _access_key(request))
        answer: Answer | None = None
        params: dict[str, Any] = {}
        if fault and fault.delay:
            self.wait(fault.delay)
        if fault is None or fault.carried_out:
            ask = self._ask_rekognition if service == "rekognition" else self._ask_s3
            answer, params = ask(operation, request)
        if fault:
            answer = _spoil(answer, fault, service)
        if self.keep_requests:
            status = answer.status if answer else None
            self.requests.append(RequestRecord(service, operation, params, status, fault))
        return answer, fault

    def _ask_rekognition(self, operation: str, request: Request) -> tuple[Answer, dict[str, Any]]:
        identity = request_id()
        try:
            given = _parse_json(request.body)
            params, result = self.rekognition.call(operation, given, _region(request))
            return json_answer(result, identity), params
        except ServiceError as refusal:
            return json_error(refusal, identity), {}
        except Exception:  # noqa: BLE001  recorded, so that a test fails of it
            self.record_unplanned(operation, traceback.format_exc())
            failure = ServiceError("InternalServerError", "Service Unavailable", 500)
            return json_error(failure, identity), {}

    def _ask_s3(self, operation: str, request: Request) -> tuple[Answer, dict[str, Any]]:
        params = {"path": request.path, "query": request.target.partition("?")[2]}
        where = f"{operation} {request.path}"
        try:
            answer = self.storage.answer(operation, request.target, request.headers.items(), request.body)
        except Exception:  # noqa: BLE001  recorded, so that a test fails of it
            self.record_unplanned(where, traceback.format_exc())
            return xml_error(ServiceError("InternalError", "Service Unavailable", 500), request_id()), params
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.record_unplanned(where, answer.body.decode(errors="replace"))
        return answer, params


def _spoil(answer: Answer | None, fault: Fault, service: str) -> Answer | None:
    """Put what the fault wants to be answered in the place of the real answer."""
    if fault.closes or fault.hangs:
        return None
    if fault.error:
        error_answer = json_error if service == "rekognition" else xml_error
        return error_answer(fault.error, request_id())
    return fault.answer or answer


def _parse_json(body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ServiceError("SerializationException", "The request is not JSON.") from None


def _region(request: Request) -> str:
    """Take the region from the signature's scope."""
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    return found[2] if found else "us-east-1"


def _access_key(request: Request) -> str:
    """Take from the signature's scope whose it is."""
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    return found[1] if found else ""
