"""The border: what boto3 raises on one side, `truthline.errors.ServiceError` on the other.

Every call to AWS runs inside `translated`. Errors are recognised by the service's code, by the name of
botocore's exception class, by the HTTP status and, for what botocore lets through untouched, by the module
that raised it; `causes` says how each is told.

An answer without AWS's request id did not come from AWS, whatever its HTTP status says: a sign-in portal's
"200 OK" looks like success to boto3. `refuse_foreign_answers` installs that check on a client.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from truthline.aws.causes import (
    CLASSES,
    CODES,
    CREDENTIAL_MODULES,
    LONGEST_MESSAGE,
    REQUEST_ID_HEADERS,
    STATUSES,
    Caller,
    Failure,
    broken_sign_in,
    invalid,
    not_from_aws,
    program_failed,
    refused,
    service_fault,
    sign_in_again,
)
from truthline.errors import ServiceError, SignInError, TruthlineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from truthline.aws.causes import Teller

Member = TypeVar("Member")

_ERROR_STATUS = 300
_OWN_FAULT = 500
_NETWORK_SIGN_IN_STATUS = 511  # RFC 6585: said by what stands between us and AWS, never by AWS


class ForeignAnswerError(Exception):
    """Something answered "success" that AWS did not say; it leaves this package as `NotFromAwsError`."""


@contextmanager
def translated(action: str, *, place: str = "", caller: Caller | None = None) -> Iterator[None]:
    """Run a call to AWS; whatever it raises leaves as a `ServiceError`.

    Args:
        action: what is tried, as it follows "Could not": "read the dataset's status".
        place: the dataset, bucket or object concerned.
        caller: whose profile and region the texts should name.

    Raises:
        ServiceError: one of its subclasses, chained to what boto3 raised.

    """
    try:
        yield
    except TruthlineError:
        raise
    except Exception as error:
        told = _translate(error, action, place, caller or Caller())
        if told is None:
            raise
        if caller and isinstance(told, SignInError):
            caller.doubt()
        raise told from error


def refuse_foreign_answers(client: Any) -> None:
    """Let ``client`` raise `ForeignAnswerError` for every success that carries no AWS request id."""
    client.meta.events.register(
        f"after-call.{client.meta.service_model.service_id.hyphenize()}", _check_answer
    )


def member(answer: Mapping[str, Any], name: str, kind: type[Member]) -> Member:
    """A member that every answer of AWS has; botocore gives none for a body that it cannot read."""
    value = answer.get(name)
    if not isinstance(value, kind):
        raise ForeignAnswerError(f"the answer has no {name}")
    return value


def _check_answer(http_response: Any, **_: object) -> None:
    if http_response.status_code >= _ERROR_STATUS:
        return
    if not any(http_response.headers.get(name) for name in REQUEST_ID_HEADERS):
        # A stream that nobody will read would keep its connection open.
        http_response.raw.close()
        raise ForeignAnswerError("the answer has no request id")


def _translate(error: Exception, action: str, place: str, caller: Caller) -> ServiceError | None:
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _by_code(_failure_of(error, response, action, place, caller))
    failure = Failure(error, action, place, caller)
    # The class first: where the error was raised says more only if its class says nothing.
    teller = _by_class(error) or _by_origin(error)
    return teller(failure) if teller else None


def _failure_of(
    error: Exception, response: Mapping[str, Any], action: str, place: str, caller: Caller
) -> Failure:
    metadata = response.get("ResponseMetadata", {})
    told = response["Error"]
    return Failure(
        error,
        action,
        place,
        caller,
        code=str(told.get("Code", "")),
        message=str(told.get("Message", ""))[:LONGEST_MESSAGE],
        operation=str(getattr(error, "operation_name", "")),
        status=int(metadata.get("HTTPStatusCode", 0)),
        headers={str(name).lower(): str(value) for name, value in metadata.get("HTTPHeaders", {}).items()},
    )


def _by_code(failure: Failure) -> ServiceError:
    teller = CODES.get(failure.code)
    if teller:
        return teller(failure)
    if not failure.from_aws and (failure.status < _OWN_FAULT or failure.status == _NETWORK_SIGN_IN_STATUS):
        return not_from_aws(failure)
    if failure.status >= _OWN_FAULT:
        return service_fault(failure)
    # A number for a code means that there is no text at all, as in every answer to a HEAD request.
    teller = STATUSES.get(failure.code)
    return teller(failure) if teller else refused(failure)


def _by_class(error: Exception) -> Teller | None:
    for kind in type(error).__mro__:
        if kind.__module__.partition(".")[0] in {
            "botocore",
            "boto3",
            "s3transfer",
            __name__.partition(".")[0],
        }:
            teller = CLASSES.get(kind.__name__)
            if teller:
                return teller
    return None


def _by_origin(error: Exception) -> Teller | None:
    """Tell a bare KeyError or ValueError by who raised it: a broken sign-in file, or a garbled answer."""
    modules, names = [], []
    trace = error.__traceback__
    while trace:
        modules.append(str(trace.tb_frame.f_globals.get("__name__", "")))
        names.append(trace.tb_frame.f_code.co_qualname)
        trace = trace.tb_next
    if any(name.startswith("ProcessProvider.") for name in names):
        return program_failed
    if any(module in CREDENTIAL_MODULES for module in modules):
        # botocore has no class of its own for credentials that are given and have run out already.
        run_out = isinstance(error, RuntimeError) and "expired" in str(error)
        return sign_in_again if run_out else broken_sign_in
    if "botocore.parsers" in modules:
        return not_from_aws
    if modules[-1:] == ["botocore.endpoint"]:
        # Its only check is that of the address; what else fails there stumbles over a garbled answer.
        return invalid if isinstance(error, ValueError) else not_from_aws
    return None
