"""The causes of failed calls to AWS and how each is told: tables from codes and classes to a `ServiceError`.

`translate` looks a failure up here. Codes are the service's own; classes are botocore's, by name, since
importing botocore costs half a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from truthline.errors import (
    BusyError,
    ClockError,
    DeniedError,
    FaultError,
    InvalidRequestError,
    NotFoundError,
    NotFromAwsError,
    OfflineError,
    RegionError,
    ServiceError,
    SignInError,
    ThrottledError,
)
from truthline.reasons import reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Teller = Callable[["Failure"], ServiceError]

NEEDED_PART = 'pip install "botocore[crt]"'
"""Installs what `aws login` needs beyond boto3; Truthline's own dependencies contain it."""

PROGRAM = "custom-process"
"""Botocore's word for a profile's ``credential_process``."""

REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id")
LONGEST_MESSAGE = 500
_S3_PERMISSIONS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "AssumeRole": "sts:AssumeRole",
    "CompleteMultipartUpload": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "GetBucketLocation": "s3:GetBucketLocation",
    "GetObject": "s3:GetObject",
    "GetRoleCredentials": "sso:GetRoleCredentials",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as a person must be told: never a key, a secret or a token.

    ``credentials`` says in words where the profile takes its credentials from, such as a file's name;
    ``sign_in`` is the command that signs it in, where that is not the usual one, and ``remedy`` what to do
    where no command does. ``doubt`` is called when AWS refused the credentials.
    """

    profile: str = ""
    region: str = ""
    credentials: str = ""
    sign_in: str = ""
    remedy: str = ""
    doubt: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    @property
    def sign_in_command(self) -> str:
        """What to type into a terminal to sign in again."""
        return self.sign_in or "aws sso login" + (f" --profile {self.profile}" if self.profile else "")

    @property
    def advice(self) -> str:
        """What to do about credentials that do not hold, as a sentence begins."""
        return self.remedy or f"Run `{self.sign_in_command}`"

    @property
    def named(self) -> str:
        """The profile as it is put behind what belongs to it."""
        return f" for the profile {self.profile}" if self.profile else ""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call: what was tried, by whom, and what came of it."""

    error: Exception
    action: str
    place: str
    caller: Caller
    code: str = ""
    message: str = ""
    operation: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    def told(self, kind: type[ServiceError], why: str, detail: str = "", **more: str) -> ServiceError:
        """The same in a person's words: ``why`` ends the sentence that "Could not …:" begins."""
        code = self.code or type(self.error).__name__
        title, reason = f"Could not {self.action}: {why}.", f"{why[:1].upper()}{why[1:]}."
        return kind(title, detail=detail, place=self.place, code=code, reason=reason, **more)

    @property
    def from_aws(self) -> bool:
        """Whether AWS itself answered; an error without an answer counts as AWS's."""
        return not self.headers or any(name in self.headers for name in REQUEST_ID_HEADERS)


def _throttled(failure: Failure) -> ServiceError:
    return failure.told(
        ThrottledError, "the service gets too many requests at the moment", "Trying again later helps."
    )


def _busy(failure: Failure) -> ServiceError:
    return failure.told(
        BusyError,
        "another update of the dataset is still running",
        "Wait until that is complete, then try again.",
    )


def _in_use(failure: Failure) -> ServiceError:
    if failure.operation == "CreateProject":
        return _taken(failure)
    return _busy(failure)


def _limit(failure: Failure) -> ServiceError:
    if failure.operation in {"UpdateDatasetEntries", "DeleteDataset"}:
        return _busy(failure)
    return failure.told(InvalidRequestError, "a limit of the AWS account is reached", failure.message)


def _taken(failure: Failure) -> ServiceError:
    detail = "Choose another name, or use the one that exists."
    return failure.told(InvalidRequestError, "there is one already", detail)


def _not_found(failure: Failure) -> ServiceError:
    here = f" in the region {failure.caller.region}" if failure.caller.region else ""
    return failure.told(
        NotFoundError, f"it was not found{here}", "Check the name, the region and the account."
    )


def _denied(failure: Failure) -> ServiceError:
    if failure.operation == "AssumeRole" and "MultiFactorAuthentication failed" in failure.message:
        detail = "Each code can be used once: wait for the next one, then try again."
        return failure.told(SignInError, "the code of the MFA device was not accepted", detail)
    named = re.search(r"not authorized to perform: ([\w-]+:\w+)", failure.message)
    permission = named[1] if named else _S3_PERMISSIONS.get(failure.operation)
    permission = permission or f"rekognition:{failure.operation}"
    detail = "Ask whoever looks after the AWS account to grant it"
    detail += f" to the profile {failure.caller.profile}." if failure.caller.profile else "."
    if failure.operation in {"HeadObject", "GetObject"}:
        detail += " S3 says the same of an object that does not exist if s3:ListBucket is missing."
    why = f"the permission {permission} is missing"
    return failure.told(DeniedError, why, detail, permission=permission)


def sign_in_again(failure: Failure) -> ServiceError:
    """The sign-in has run out, or AWS does not take it any more."""
    detail = f"{failure.caller.advice}, then try again; what you labelled is kept."
    return _signed_out(failure, "the AWS sign-in is not valid any more, or was refused", detail)


def _signed_out(failure: Failure, why: str, detail: str) -> ServiceError:
    command = "" if failure.caller.remedy else failure.caller.sign_in_command
    return failure.told(SignInError, why, detail, command=command)


def _unexplained(failure: Failure) -> ServiceError:
    if not failure.operation.startswith("Head"):
        return refused(failure)
    if failure.headers.get("x-amz-bucket-region", failure.caller.region) != failure.caller.region:
        return _region(failure)
    detail = f"S3 gives no reason; most often it has expired. {failure.caller.advice}."
    return _signed_out(failure, "S3 did not accept the sign-in", detail)


def _no_credentials(failure: Failure) -> ServiceError:
    whose = f"the profile {failure.caller.profile} has" if failure.caller.profile else "there are"
    detail = f"Choose a profile, or run `{failure.caller.sign_in_command}`, then try again."
    return _signed_out(failure, f"{whose} no AWS credentials", detail)


def broken_sign_in(failure: Failure) -> ServiceError:
    """The saved sign-in, or the program that makes one, is broken."""
    broken_file = getattr(failure.error, "kwargs", {}).get("path", "")
    where = broken_file or failure.caller.credentials or "the AWS configuration"
    or_run = "" if failure.caller.remedy else f", or run `{failure.caller.sign_in_command}`"
    detail = f"It comes from {where}: mend that{or_run}, then try again."
    why = f"the saved AWS sign-in{failure.caller.named} is missing or broken"
    return _signed_out(failure, why, detail)


def _unretrieved(failure: Failure) -> ServiceError:
    by_program = getattr(failure.error, "kwargs", {}).get("provider") == PROGRAM
    return program_failed(failure) if by_program else broken_sign_in(failure)


def program_failed(failure: Failure) -> ServiceError:
    """The program that a profile names as its ``credential_process`` gave no credentials."""
    where = failure.caller.credentials or "the credential_process of the AWS configuration"
    detail = f"{_said_by_program(failure.error)} It is {where}: mend that, then try again."
    why = f"the program that gives the credentials{failure.caller.named} failed"
    return _signed_out(failure, why, detail)


def _said_by_program(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"It cannot be started: {reason(error)}."
    told = getattr(error, "kwargs", {})
    if "error_msg" not in told:
        # What it wrote to standard output may be credentials, and is shown nowhere.
        return "What it gives is not credentials in JSON."
    # Of what it wrote to standard error, the end says most.
    said = " ".join(str(told["error_msg"]).split())[-LONGEST_MESSAGE:]
    return f"It says: “{said}”." if said else "It ended with an error and said nothing."


def _missing_part(failure: Failure) -> ServiceError:
    detail = (
        f"Run `{NEEDED_PART}` in the environment that Truthline runs in and start it again, or choose another"
        " profile."
    )
    return failure.told(SignInError, "a part that this kind of sign-in needs is not installed", detail)


def _partial(failure: Failure) -> ServiceError:
    told = getattr(failure.error, "kwargs", {})
    missing = f"{told.get('cred_var', 'a part')} is missing in {told.get('provider', 'the configuration')}"
    other = "" if failure.caller.remedy else f" with `{failure.caller.sign_in_command}`"
    detail = f"Complete it, or choose another profile{other}."
    return _signed_out(failure, f"the AWS credentials are incomplete: {missing}", detail)


def _no_profile(failure: Failure) -> ServiceError:
    profile = getattr(failure.error, "kwargs", {}).get("profile", failure.caller.profile)
    detail = f"Choose another profile, or add it with `aws configure sso --profile {profile}`."
    return failure.told(SignInError, f"there is no AWS profile called {profile}", detail)


def _offline(failure: Failure) -> ServiceError:
    url = str(getattr(failure.error, "kwargs", {}).get("endpoint_url", ""))
    host = urlsplit(url).hostname or ""
    signing_in = "the AWS sign-in service " if re.search(r"(^|\.)(sso|oidc|signin|sts)\.", host) else ""
    why = f"no connection to {signing_in}{host or 'AWS'}"
    return failure.told(OfflineError, why, "Check the network; what you labelled is kept on this computer.")


def _broken_off(failure: Failure) -> ServiceError:
    why = "the connection broke off before the answer was complete"
    return failure.told(OfflineError, why, "Check the network, then try again.")


def _proxy(failure: Failure) -> ServiceError:
    detail = "Check the proxy's address in HTTPS_PROXY, or the network."
    return failure.told(OfflineError, "the proxy cannot be reached", detail)


def _certificate(failure: Failure) -> ServiceError:
    detail = (
        "A proxy that inspects connections may stand between: set AWS_CA_BUNDLE to its certificate, or use"
        " another network."
    )
    return failure.told(OfflineError, "the server's certificate could not be verified", detail)


def _signature(failure: Failure) -> ServiceError:
    if re.search(r"signature (expired|not yet current)", failure.message, re.IGNORECASE):
        return _clock(failure)
    return sign_in_again(failure)


def _clock(failure: Failure) -> ServiceError:
    minutes = _minutes_ahead(failure.headers.get("date", ""))
    direction = "ahead" if minutes > 0 else "behind"
    off = f"{abs(minutes)} minutes {direction}" if minutes else "too far off"
    detail = "Set the clock, best automatically from the network, then try again."
    return failure.told(ClockError, f"this computer's clock is {off}", detail)


def _minutes_ahead(date: str) -> int:
    """How far the clock here is before the one that wrote an HTTP ``Date``; 0 if that cannot be read."""
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return 0
    return round((datetime.now(UTC) - there.astimezone(UTC)).total_seconds() / 60)


def _region(failure: Failure) -> ServiceError:
    response = getattr(failure.error, "response", {})
    there = failure.headers.get("x-amz-bucket-region") or response.get("Error", {}).get("Region", "")
    lies = f"it lies in the region {there}" if there else "it lies in another region"
    ours = f", not in {failure.caller.region}" if failure.caller.region else ""
    return failure.told(RegionError, lies + ours, "The bucket and the dataset must lie in the same region.")


def _no_region(failure: Failure) -> ServiceError:
    detail = "Choose the dataset's region in the connection, such as eu-west-1."
    return failure.told(RegionError, "no AWS region is chosen", detail)


def _bad_region(failure: Failure) -> ServiceError:
    why = f"the service cannot be found in the region {failure.caller.region or '(none)'}"
    return failure.told(RegionError, why, "Choose the dataset's region in the connection, such as eu-west-1.")


def invalid(failure: Failure) -> ServiceError:
    """The request breaks a rule or a limit of the service."""
    detail = failure.message or str(failure.error)[:LONGEST_MESSAGE]
    return failure.told(InvalidRequestError, "the request is not valid", detail)


def _unreadable_manifest(failure: Failure) -> ServiceError:
    detail = f"{failure.message} The bucket's policy must let Rekognition read it.".strip()
    return failure.told(InvalidRequestError, "the service cannot read the manifest in S3", detail)


def service_fault(failure: Failure) -> ServiceError:
    """The service failed; nothing is wrong with the request."""
    return failure.told(FaultError, "the service had a fault of its own", "Try again in a while.")


def refused(failure: Failure) -> ServiceError:
    """A refusal that no table knows."""
    return failure.told(FaultError, f"the service refused it ({failure.code})", failure.message)


def not_from_aws(failure: Failure) -> ServiceError:
    """Something between here and AWS answered."""
    detail = "A network's sign-in page or a proxy may have answered: open a web page to see, then try again."
    return failure.told(NotFromAwsError, "the answer did not come from AWS", detail)


def _other(failure: Failure) -> ServiceError:
    return failure.told(
        FaultError, "the AWS software reported a problem", str(failure.error)[:LONGEST_MESSAGE]
    )


def _table(*rows: tuple[Teller, str]) -> dict[str, Teller]:
    return {name: teller for teller, names in rows for name in names.split()}


CREDENTIAL_MODULES = {"botocore.configloader", "botocore.credentials", "botocore.tokens"}

STATUSES = _table(
    (_region, "301 302 307"),
    (_unexplained, "400"),
    (sign_in_again, "401"),
    (_denied, "403"),
    (_not_found, "404"),
    (invalid, "416"),
    (_throttled, "429"),
)

CODES = _table(
    (
        _throttled,
        (
            "BandwidthLimitExceeded ProvisionedThroughputExceededException RequestLimitExceeded"
            " RequestThrottled RequestThrottledException SlowDown Throttling ThrottledException"
            " ThrottlingException TooManyRequestsException"
        ),
    ),
    (_in_use, "ResourceInUseException"),
    (_busy, "ResourceNotReadyException OperationAborted ConflictException"),
    (_limit, "LimitExceededException ServiceQuotaExceededException"),
    (_taken, "ResourceAlreadyExistsException"),
    (_not_found, "ResourceNotFoundException NoSuchBucket NoSuchKey NoSuchUpload NotFound"),
    (
        _denied,
        (
            "AccessDenied AccessDeniedException AllAccessDisabled Forbidden ForbiddenException"
            " OptInRequired SubscriptionRequiredException UnauthorizedOperation"
        ),
    ),
    (
        sign_in_again,
        (
            "AuthFailure ExpiredToken ExpiredTokenException IncompleteSignature InvalidAccessKeyId"
            " InvalidClientTokenId InvalidGrantException InvalidToken MissingAuthenticationToken"
            " MissingAuthenticationTokenException TokenRefreshRequired UnauthorizedException"
            " UnrecognizedClientException"
        ),
    ),
    (_signature, "InvalidSignatureException SignatureDoesNotMatch"),
    (_clock, "RequestExpired RequestInTheFuture RequestTimeTooSkewed"),
    (_region, "AuthorizationHeaderMalformed IllegalLocationConstraintException PermanentRedirect Redirect"),
    (_region, "TemporaryRedirect IncorrectEndpoint"),
    (
        invalid,
        (
            "BadDigest EntityTooLarge ImageTooLargeException InvalidArgument InvalidBucketName"
            " InvalidImageFormatException InvalidPaginationTokenException InvalidParameterException"
            " InvalidParameterValue InvalidRange InvalidRequest KeyTooLongError"
            " MalformedPolicyDocumentException SerializationException UnknownOperationException"
            " ValidationError ValidationException"
        ),
    ),
    (_unreadable_manifest, "InvalidS3ObjectException InvalidManifestException"),
    (service_fault, "InternalError InternalFailure InternalServerError InternalServerException"),
    (service_fault, "ServiceUnavailable ServiceUnavailableException"),
)

CLASSES = _table(
    (not_from_aws, "ForeignAnswerError ResponseParserError"),
    (_certificate, "SSLError"),
    (_proxy, "ProxyConnectionError"),
    (_broken_off, "ConnectionClosedError ResponseStreamingError IncompleteReadError ChecksumError"),
    (_broken_off, "FlexibleChecksumError"),
    (_offline, "ConnectionError HTTPClientError CapacityNotAvailableError"),
    (_no_credentials, "NoCredentialsError NoAuthTokenError"),
    (_no_profile, "ProfileNotFound"),
    (_unretrieved, "CredentialRetrievalError"),
    (broken_sign_in, "ConfigParseError ConfigNotFound"),
    (_partial, "PartialCredentialsError"),
    (broken_sign_in, "InvalidConfigError UnknownCredentialError"),
    (_missing_part, "MissingDependencyException"),
    (broken_sign_in, "MetadataRetrievalError RefreshWithMFAUnsupportedError"),
    (broken_sign_in, "SSOTokenLoadError LoginTokenLoadError"),
    (sign_in_again, "SSOError TokenRetrievalError LoginError"),
    (_no_region, "NoRegionError"),
    (_bad_region, "BaseEndpointResolverError InvalidRegionError ServiceNotInRegionError UnknownRegionError"),
    (invalid, "ParamValidationError ValidationError EndpointProviderError InvalidEndpointConfigurationError"),
    (invalid, "UnsupportedS3ArnError UnsupportedS3ConfigurationError InvalidDNSNameError"),
    (invalid, "UnsupportedS3AccesspointConfigurationError InvalidHostLabelError"),
    (_other, "BotoCoreError Boto3Error ClientError"),
)
