from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import botocore.parsers
import pytest

from truthline.aws.causes import CLASSES, Caller
from truthline.aws.translate import ForeignAnswerError, translated
from truthline.errors import (
    BusyError,
    CancelledError,
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws.conftest import Script
    from truthline.aws.session import Aws

TRAIN = "arn:aws:rekognition:eu-west-1:123456789012:project/pond/dataset/train/1700000000001"
PROJECT = "arn:aws:rekognition:eu-west-1:123456789012:project/pond/1700000000000"
POND = Caller(profile="pond", region="eu-west-1", credentials="~/.aws/config")


def told(
    error: Any, action: str = "read the dataset's status", place: str = TRAIN, caller: Caller = POND
) -> Any:
    """What leaves `translated` when ``error`` is raised inside."""
    with pytest.raises(ServiceError) as caught, translated(action, place=place, caller=caller):
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.place == place
    return caught.value


def refusal(
    code: str, message: str = "", operation: str = "DescribeDataset", status: int = 400, **headers: str
) -> Any:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"x-amzn-requestid": "1", **headers}}
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return botocore.exceptions.ClientError(response, operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ThrottlingException", ThrottledError),
        ("ProvisionedThroughputExceededException", ThrottledError),
        ("ResourceInUseException", BusyError),
        ("ResourceNotReadyException", BusyError),
        ("ResourceNotFoundException", NotFoundError),
        ("AccessDeniedException", DeniedError),
        ("ExpiredTokenException", SignInError),
        ("UnrecognizedClientException", SignInError),
        ("IncompleteSignature", SignInError),
        ("InvalidSignatureException", SignInError),
        ("ValidationException", InvalidRequestError),
        ("InvalidParameterException", InvalidRequestError),
        ("InvalidPaginationTokenException", InvalidRequestError),
        ("InvalidS3ObjectException", InvalidRequestError),
        ("ResourceAlreadyExistsException", InvalidRequestError),
        ("LimitExceededException", InvalidRequestError),
        ("SomethingNewException", FaultError),
    ],
)
def test_each_code_of_rekognition_over_the_wire(aws: Aws, script: Script, code: str, kind: type[Any]) -> None:
    tries = 3 if kind is ThrottledError or code == "LimitExceededException" else 1
    for _ in range(tries):
        script.error(code, "What it says.")
    with pytest.raises(ServiceError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.place == TRAIN
    assert caught.value.title.startswith("Could not read the dataset's status: ")
    assert caught.value.title.endswith(".")
    assert caught.value.detail.endswith(".")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("request_id", [True, False])
def test_a_fault_of_the_service_or_of_a_gateway(
    aws: Aws, script: Script, status: int, request_id: bool
) -> None:
    for _ in range(3):
        script.json("<html>Bad Gateway</html>", status=status, request_id=request_id)
    with pytest.raises(ServiceError, match="a fault of its own") as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert type(caught.value) is FaultError
    assert "html" not in str(caught.value)


def test_throttling_in_its_form_with_500(aws: Aws, script: Script) -> None:
    for _ in range(3):
        script.error("ThrottlingException", status=500)
    with pytest.raises(ThrottledError):
        aws.rekognition.describe_dataset(TRAIN)


def test_a_limit_means_busy_while_an_update_runs_and_a_quota_elsewhere(aws: Aws, script: Script) -> None:
    script.error("LimitExceededException", "Too many.")
    with pytest.raises(BusyError):
        aws.rekognition.update_entries(TRAIN, b"{}")
    script.error("LimitExceededException", "Too many.")
    with pytest.raises(InvalidRequestError) as caught:
        aws.rekognition.create_project("pond")
    assert caught.value.detail == "Too many."


def test_a_projects_name_in_use_is_not_a_running_update(aws: Aws, script: Script) -> None:
    script.error("ResourceInUseException")
    with pytest.raises(InvalidRequestError, match="there is one already"):
        aws.rekognition.create_project("pond")


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        (lambda aws: aws.rekognition.describe_dataset(TRAIN), "rekognition:DescribeDataset"),
        (lambda aws: list(aws.rekognition.list_entries(TRAIN)), "rekognition:ListDatasetEntries"),
        (lambda aws: aws.rekognition.update_entries(TRAIN, b"{}"), "rekognition:UpdateDatasetEntries"),
        (lambda aws: aws.rekognition.create_dataset(PROJECT, "TEST"), "rekognition:CreateDataset"),
    ],
)
def test_a_missing_permission_of_rekognition_is_named(
    aws: Aws, script: Script, call: Callable[..., Any], permission: str
) -> None:
    script.error("AccessDeniedException", "User is not authorized.")
    with pytest.raises(DeniedError, match=f"the permission {permission} is missing"):
        call(aws)


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        (lambda aws: aws.s3.read("pond", "frog"), "s3:GetObject"),
        (lambda aws: list(aws.s3.list("pond")), "s3:ListBucket"),
        (lambda aws: aws.s3.head("pond", "frog"), "s3:GetObject"),
    ],
)
def test_a_missing_permission_of_s3_is_named(
    aws: Aws, script: Script, call: Callable[..., Any], permission: str
) -> None:
    script.s3_error("AccessDenied", "Access Denied", status=403)
    with pytest.raises(DeniedError, match=f"the permission {permission} is missing"):
        call(aws)


def test_the_permission_that_the_service_names_comes_first() -> None:
    message = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: s3:GetObjectVersion on it"
    assert "the permission s3:GetObjectVersion is missing" in told(refusal("AccessDenied", message)).title


def test_a_refused_role_names_the_permission_of_signing_in() -> None:
    error = told(refusal("AccessDenied", operation="AssumeRole"))
    assert "sts:AssumeRole" in error.title
    assert "the profile pond" in error.detail


@pytest.mark.parametrize(
    "message", ["Signature expired: 20240101T000000Z is now earlier than", "Signature not yet current: it is"]
)
@pytest.mark.parametrize(("minutes", "words"), [(12, "12 minutes behind"), (-7, "7 minutes ahead")])
def test_a_wrong_clock_is_told_in_minutes(
    aws: Aws, script: Script, message: str, minutes: int, words: str
) -> None:
    there = datetime.now(UTC) + timedelta(minutes=minutes)
    script.error("InvalidSignatureException", message, Date=format_datetime(there, usegmt=True))
    with pytest.raises(ClockError, match=f"this computer's clock is {words}"):
        aws.rekognition.describe_dataset(TRAIN)


def test_a_wrong_clock_as_s3_tells_it(aws: Aws, script: Script) -> None:
    there = datetime.now(UTC) + timedelta(hours=2)
    script.s3_error("RequestTimeTooSkewed", status=403, Date=format_datetime(there, usegmt=True))
    with pytest.raises(ClockError, match="120 minutes behind"):
        aws.s3.read("pond", "frog")


@pytest.mark.parametrize("date", [None, "yesterday", "now"])
def test_a_wrong_clock_without_a_helpful_date(date: str | None) -> None:
    headers = {} if date is None else {"date": format_datetime(datetime.now(UTC)) if date == "now" else date}
    error = told(refusal("RequestTimeTooSkewed", **headers))  # type: ignore[arg-type]
    assert isinstance(error, ClockError)
    assert "clock is too far off" in error.title


@pytest.mark.parametrize(
    ("code", "status", "more", "headers"),
    [
        ("PermanentRedirect", 301, "<Endpoint>pond.s3.us-west-2.amazonaws.com</Endpoint>", True),
        ("AuthorizationHeaderMalformed", 400, "<Region>us-west-2</Region>", False),
        ("IllegalLocationConstraintException", 400, "", True),
        ("301", 301, "", True),
    ],
)
def test_a_bucket_elsewhere_names_both_regions(code: str, status: int, more: str, headers: bool) -> None:
    error = refusal(code, status=status, **({"x-amz-bucket-region": "us-west-2"} if headers else {}))
    if "<Region>" in more:
        error.response["Error"]["Region"] = "us-west-2"
    seen = told(error)
    assert isinstance(seen, RegionError)
    assert "us-west-2" in seen.title
    assert "eu-west-1" in seen.title


def test_a_bucket_in_an_unknown_region() -> None:
    seen = told(refusal("301", status=301), caller=Caller())
    assert isinstance(seen, RegionError)
    assert "another region" in seen.title


EXCEPTIONS = [
    (
        botocore.exceptions.EndpointConnectionError(endpoint_url="https://x.invalid/"),
        OfflineError,
        "x.invalid",
    ),
    (botocore.exceptions.ConnectTimeoutError(endpoint_url="https://x.invalid/"), OfflineError, "x.invalid"),
    (botocore.exceptions.ReadTimeoutError(endpoint_url="https://x.invalid/"), OfflineError, "x.invalid"),
    (botocore.exceptions.ReadTimeoutError(endpoint_url=None), OfflineError, "no connection to AWS"),  # type: ignore[arg-type]
    (
        botocore.exceptions.EndpointConnectionError(
            endpoint_url="https://portal.sso.eu-west-1.amazonaws.com/"
        ),
        OfflineError,
        "the AWS sign-in service portal.sso.",
    ),
    (
        botocore.exceptions.EndpointConnectionError(
            endpoint_url="https://oidc.eu-west-1.amazonaws.com/token"
        ),
        OfflineError,
        "the AWS sign-in service oidc.",
    ),
    (botocore.exceptions.ConnectionClosedError(endpoint_url="https://x.invalid/"), OfflineError, "broke off"),
    (botocore.exceptions.ResponseStreamingError(error="x"), OfflineError, "broke off"),
    (botocore.exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), OfflineError, "broke off"),
    (botocore.exceptions.FlexibleChecksumError(error_msg="x"), OfflineError, "broke off"),
    (botocore.exceptions.SSLError(endpoint_url="https://x.invalid/", error="x"), OfflineError, "certificate"),  # type: ignore[arg-type]
    (botocore.exceptions.ProxyConnectionError(proxy_url="http://me:hush@p.invalid"), OfflineError, "proxy"),
    (botocore.exceptions.HTTPClientError(error="x"), OfflineError, "no connection"),
    (botocore.exceptions.NoCredentialsError(), SignInError, "no AWS credentials"),
    (botocore.exceptions.ProfileNotFound(profile="lake"), SignInError, "no AWS profile called lake"),
    (
        botocore.exceptions.CredentialRetrievalError(provider="process", error_msg="hush"),
        SignInError,
        "missing or broken",
    ),
    (
        botocore.exceptions.PartialCredentialsError(provider="env", cred_var="X"),
        SignInError,
        "X is missing in env",
    ),
    (botocore.exceptions.SSOTokenLoadError(error_msg="x"), SignInError, "missing or broken"),
    (
        botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="x"),
        SignInError,
        "not valid any more",
    ),
    (botocore.exceptions.UnauthorizedSSOTokenError(), SignInError, "not valid any more"),
    (botocore.exceptions.LoginRefreshRequired(), SignInError, "not valid any more"),
    (botocore.exceptions.LoginTokenLoadError(error_msg="x"), SignInError, "missing or broken"),
    (botocore.exceptions.NoRegionError(), RegionError, "no AWS region"),
    (botocore.exceptions.InvalidRegionError(region_name="!"), RegionError, "cannot be found in the region"),
    (
        botocore.exceptions.UnknownEndpointError(service_name="s3", region_name="x"),
        RegionError,
        "cannot be found in the region",
    ),
    (botocore.exceptions.ParamValidationError(report="Too short."), InvalidRequestError, "not valid"),
    (botocore.parsers.ResponseParserError("<html>"), NotFromAwsError, "did not come from AWS"),
    (ForeignAnswerError("x"), NotFromAwsError, "did not come from AWS"),
    (botocore.exceptions.DataNotFoundError(data_path="x"), FaultError, "the AWS software"),
]


@pytest.mark.parametrize(("error", "kind", "words"), EXCEPTIONS, ids=lambda it: type(it).__name__)
def test_each_exception_of_botocore(error: Any, kind: type[Any], words: str) -> None:
    seen = told(error)
    assert type(seen) is kind
    assert words in seen.title
    assert seen.code == type(error).__name__
    assert seen.title.endswith(".")
    assert seen.detail
    assert "hush" not in str(seen)
    if kind is SignInError:
        assert "--profile" in seen.detail


def test_a_certificate_error_tells_of_proxies() -> None:
    error = botocore.exceptions.SSLError(endpoint_url="https://x.invalid/", error="x")  # type: ignore[arg-type]
    assert "AWS_CA_BUNDLE" in told(error).detail


def test_a_missing_part_of_the_aws_software_is_told_with_what_installs_it() -> None:
    seen = told(botocore.exceptions.MissingDependencyException(msg="You need awscrt."))
    assert isinstance(seen, SignInError)
    assert '`pip install "botocore[crt]"`' in seen.detail


def test_the_command_that_signs_in_is_the_one_of_the_profile() -> None:
    lake = Caller(profile="lake", sign_in="aws login --profile lake")
    assert "`aws login --profile lake`" in told(refusal("ExpiredTokenException"), caller=lake).detail
    assert "`aws sso login --profile pond`" in told(refusal("ExpiredTokenException")).detail
    assert "`aws sso login`" in told(refusal("ExpiredTokenException"), caller=Caller()).detail


def test_only_a_refused_sign_in_is_doubted() -> None:
    doubts = []
    caller = Caller(profile="pond", doubt=lambda: doubts.append(1))
    for code in ("ThrottlingException", "AccessDeniedException", "ResourceNotFoundException"):
        told(refusal(code), caller=caller)
    assert doubts == []
    told(refusal("ExpiredTokenException"), caller=caller)
    assert doubts == [1]


def test_every_exception_of_botocore_is_told_as_something() -> None:
    for name, kind in vars(botocore.exceptions).items():
        if isinstance(kind, type) and issubclass(kind, botocore.exceptions.BotoCoreError):
            assert isinstance(told(kind.__new__(kind)), ServiceError), name


def test_the_table_names_no_exception_that_does_not_exist() -> None:
    elsewhere = {"ForeignAnswerError", "ResponseParserError", "Boto3Error"}
    known = set(vars(botocore.exceptions))
    assert CLASSES.keys() - elsewhere <= known


@pytest.mark.parametrize("status", ["301", "400", "401", "403", "404", "416", "429", "418"])
def test_a_refused_head_request_has_only_a_number(status: str) -> None:
    kinds = {
        "301": RegionError,
        "400": SignInError,
        "401": SignInError,
        "403": DeniedError,
        "404": NotFoundError,
        "416": InvalidRequestError,
        "429": ThrottledError,
        "418": FaultError,
    }
    error = refusal(status, operation="HeadObject", status=int(status))
    assert type(told(error)) is kinds[status]


def test_an_unexplained_400_elsewhere_says_nothing_of_signing_in() -> None:
    assert type(told(refusal("400"))) is FaultError


def test_codes_are_known_even_without_metadata() -> None:
    error = botocore.exceptions.ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
    assert isinstance(told(error), ThrottledError)


def test_our_own_errors_and_bugs_pass_untouched() -> None:
    for error in (CancelledError(), ThrottledError("x"), KeyError("x"), ValueError("x"), OSError("x")):
        with pytest.raises(type(error)) as caught, translated("do something"):
            raise error
        assert caught.value is error


def test_a_builtin_exception_is_not_taken_for_botocores_of_the_same_name() -> None:
    with pytest.raises(ConnectionError) as caught, translated("do something"):
        raise ConnectionError
    assert type(caught.value) is ConnectionError


def test_translated_serves_as_a_decorator() -> None:
    @translated("do something")
    def work() -> None:
        raise botocore.exceptions.NoCredentialsError

    with pytest.raises(SignInError, match="Could not do something"):
        work()


def test_a_long_message_is_cut() -> None:
    assert len(told(refusal("ValidationException", "x" * 9000)).detail) == 500


def test_a_signature_that_does_not_match_never_shows_what_was_signed() -> None:
    message = "The Canonical String should have been 'x-amz-security-token:hush'"
    assert "hush" not in str(told(refusal("InvalidSignatureException", message)))


def test_a_json_answer_that_is_no_object_is_not_from_aws(aws: Aws, script: Script) -> None:
    script.json(json.dumps(["DatasetDescription"]))
    with pytest.raises(NotFromAwsError):
        aws.rekognition.describe_dataset(TRAIN)
