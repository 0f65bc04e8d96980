from __future__ import annotations

import subprocess
import sys
import traceback
from dataclasses import FrozenInstanceError
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import botocore.credentials
import botocore.tokens
import pytest

from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.errors import InvalidRequestError, OfflineError, RegionError, SignInError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aws.conftest import Script

TRAIN = "arn:aws:rekognition:eu-central-1:123456789012:project/pond/dataset/train/1700000000000"
PROJECT = "arn:aws:rekognition:eu-central-1:123456789012:project/pond/1700000000000"
SSO = (
    "[profile pond]\nregion=eu-west-1\nsso_session=work\nsso_account_id=123456789012\nsso_role_name=label\n"
    "[sso-session work]\nsso_region=eu-west-1\nsso_start_url=https://example.invalid/start\n"
)


def test_importing_imports_no_boto3() -> None:
    program = (
        "import sys; import truthline.aws.session, truthline.aws.translate, truthline.aws.rekognition,"
        " truthline.aws.s3, truthline.aws.profiles, truthline.aws.policy;"
        " slow = ('awscrt', 'boto3', 'botocore', 's3transfer');"
        " print([name for name in sys.modules if name.partition('.')[0] in slow])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_connection_is_frozen_and_shows_only_what_it_was_given() -> None:
    connection = Connection(profile="pond", region="eu-west-1")
    with pytest.raises(FrozenInstanceError):
        connection.region = "us-east-1"  # type: ignore[misc]
    assert repr(connection) == "Connection(profile='pond', region='eu-west-1', endpoint_url='')"


@pytest.mark.parametrize("arn", [TRAIN, PROJECT])
def test_an_arn_gives_the_region_that_the_connection_leaves_open(arn: str) -> None:
    assert Connection(profile="p").for_arn(arn) == Connection(profile="p", region="eu-central-1")
    assert Connection(region="us-east-1").for_arn(arn) == Connection(region="us-east-1")


def test_for_arn_refuses_what_is_no_arn() -> None:
    with pytest.raises(UsageError) as caught:
        Connection().for_arn("s3://bucket/key")
    assert caught.value.place == "s3://bucket/key"


def test_a_missing_profile_is_named() -> None:
    with pytest.raises(SignInError, match="no AWS profile called pond") as caught:
        connect(Connection(profile="pond"))
    assert "pond" in caught.value.detail


def test_no_region_comes_before_no_credentials() -> None:
    with connect(Connection()) as aws, pytest.raises(RegionError, match="no AWS region is chosen"):
        aws.rekognition  # noqa: B018


@pytest.mark.parametrize("region", ["nowhere!", "eu west"])
def test_an_impossible_region_is_a_region_error(region: str) -> None:
    with connect(Connection(region=region)) as aws, pytest.raises(RegionError):
        aws.rekognition  # noqa: B018


def test_an_endpoint_that_is_no_address_is_an_invalid_request(credentials: None) -> None:
    with (
        connect(Connection(region="eu-west-1", endpoint_url="local host")) as aws,
        pytest.raises(InvalidRequestError) as caught,
    ):
        aws.rekognition  # noqa: B018
    assert "local host" in caught.value.detail


def test_no_credentials_at_call_time() -> None:
    with connect(Connection(region="eu-west-1")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "no AWS credentials" in caught.value.title
    assert "`aws sso login`" in caught.value.detail


def test_half_credentials_say_which_half_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    with connect(Connection(region="eu-west-1")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "AWS_SECRET_ACCESS_KEY is missing" in caught.value.title


def test_an_expired_sso_sign_in_gives_the_command_to_copy(aws_files: Callable[..., Any]) -> None:
    aws_files(SSO)
    with connect(Connection(profile="pond")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "`aws sso login --profile pond`" in caught.value.detail


@pytest.fixture
def sso_token(aws_files: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Write what signing in saves; gives the file's path."""
    cache = aws_files(SSO) / "sso" / "cache"
    cache.mkdir(parents=True)
    for provider in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
        # botocore looks for the home folder only once, when it is imported.
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(cache))

    def write(text: str) -> Any:
        file = cache / f"{sha1(b'work', usedforsecurity=False).hexdigest()}.json"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize(
    "text",
    [
        '{"accessToken": "t"}',
        '{"expiresAt": "2999-01-01T00:00:00Z"}',
        "[]",
        '{"accessToken": "t", "expiresAt": "soon"}',
        '{"accessToken": "t", "expiresAt": null}',
    ],
)
def test_a_broken_sso_cache_names_its_file_and_the_profile(sso_token: Callable[..., Any], text: str) -> None:
    file = sso_token(text)
    with connect(Connection(profile="pond")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "the profile pond" in caught.value.title
    assert str(file) in caught.value.detail
    assert "`aws sso login --profile pond`" in caught.value.detail


@pytest.mark.parametrize(
    "text", ["", "not json", '{"accessToken": "t", "expiresAt": "2001-01-01T00:00:00Z"}']
)
def test_an_unusable_or_old_sso_token_says_sign_in_again(sso_token: Callable[..., Any], text: str) -> None:
    sso_token(text)
    with connect(Connection(profile="pond")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "`aws sso login --profile pond`" in caught.value.detail


def test_an_unreachable_sso_service_is_offline_and_not_sign_in_again(
    sso_token: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    sso_token('{"accessToken": "t", "expiresAt": "2999-01-01T00:00:00Z"}')
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", f"http://127.0.0.1:{unused_port}")
    with connect(Connection(profile="pond")) as aws, pytest.raises(OfflineError):
        aws.rekognition.describe_dataset(TRAIN)


@pytest.mark.parametrize(
    "program", ["echo nonsense", "false", "echo '{}'", "echo '{\"Version\": 1}'", "/no/such/program"]
)
def test_a_bad_credential_process_names_itself_and_the_profile(
    aws_files: Callable[..., Any], program: str
) -> None:
    aws_files(f"[profile pond]\nregion=eu-west-1\ncredential_process={program}\n")
    with connect(Connection(profile="pond")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "profile pond" in caught.value.title
    assert "credential_process" in caught.value.detail
    assert "sso" not in caught.value.detail


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo 'Your ticket is too old.' >&2; echo '{\"SecretAccessKey\": \"hush\"}'; exit 3",
            "ticket is too old",
        ),
        ("printf '\\n\\n  a\\n\\tb\\n' >&2; exit 1", "“a b”"),
        ("exit 1", "said nothing"),
        ('echo \'{"SecretAccessKey": "hush"\'', "not credentials in JSON"),
        ("echo '[\"hush\"]'", "not credentials in JSON"),
        ("printf '\\377' >&2; exit 1", "not credentials in JSON"),
        ('echo \'{"Version": 1, "SecretAccessKey": "hush"}\'', "AccessKeyId"),
    ],
)
def test_a_credential_process_that_fails_is_told_in_its_own_words(
    aws_files: Callable[..., Any], tmp_path: Path, script: str, said: str
) -> None:
    program = tmp_path / "give"
    program.write_text(script, encoding="utf-8")
    aws_files(f"[profile pond]\nregion=eu-west-1\ncredential_process=sh {program}\n")
    with connect(Connection(profile="pond")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert said in caught.value.detail
    assert "aws sso" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_credential_process_that_cannot_be_started_says_why(aws_files: Callable[..., Any]) -> None:
    aws_files("[profile pond]\nregion=eu-west-1\ncredential_process=/no/such/program\n")
    with connect(Connection(profile="pond")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "There is no such file" in caught.value.detail


def test_a_role_that_is_taken_by_such_a_program_tells_the_same(aws_files: Callable[..., Any]) -> None:
    aws_files(
        "[profile base]\ncredential_process=sh -c 'echo Locked. >&2; exit 1'\n"
        "[profile pond]\nregion=eu-west-1\nrole_arn=arn:aws:iam::123456789012:role/x\nsource_profile=base\n"
    )
    with connect(Connection(profile="pond")) as aws, pytest.raises(SignInError) as caught:
        aws.rekognition.describe_dataset(TRAIN)
    assert "Locked." in caught.value.detail
    assert "aws sso" not in str(caught.value)


def test_no_secret_shows_in_an_error(aws_files: Callable[..., Any]) -> None:
    aws_files(
        "[profile pond]\nregion=eu-west-1\nendpoint_url=http://127.0.0.1:9\n",
        credentials="[pond]\naws_access_key_id=AKIDPOND\naws_secret_access_key=hush\naws_session_token=quiet\n",
    )
    with connect(Connection(profile="pond")) as aws:
        with pytest.raises(OfflineError) as caught:
            aws.rekognition.update_entries(TRAIN, b"{}")
        shown = "".join(traceback.format_exception(caught.value)) + repr(aws) + repr(aws.rekognition)
    assert not any(word in shown for word in ("AKIDPOND", "hush", "quiet"))


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_usual_variables_apply(
    script: Script, credentials: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", script.url)
    monkeypatch.setenv(name, "ap-south-1")
    script.json('{"ProjectDescriptions": []}')
    with connect(Connection()) as aws:
        assert aws.rekognition.describe_projects() == []
    assert "/ap-south-1/rekognition/" in script.requests[0][2]["Authorization"]


def test_each_service_may_have_its_own_endpoint(
    script: Script, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", script.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", script.url)
    script.json('{"ProjectDescriptions": []}')
    script.s3(b"abc")
    with connect(Connection(region="eu-west-1")) as aws:
        assert aws.rekognition.describe_projects() == []
        assert aws.s3.read("pond", "frog") == b"abc"
    assert script.requests[1][1] == "/pond/frog"


@pytest.mark.parametrize("from_variable", [True, False])
def test_a_server_by_name_gets_the_bucket_in_the_path(
    credentials: None, monkeypatch: pytest.MonkeyPatch, from_variable: bool
) -> None:
    url = "https://storage.example.invalid:9000"
    if from_variable:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with connect(Connection(region="eu-west-1", endpoint_url="" if from_variable else url)) as aws:
        asked = aws.s3._client.generate_presigned_url("get_object", Params={"Bucket": "pond", "Key": "frog"})
    assert asked.startswith(f"{url}/pond/frog?")


def test_the_profile_gives_region_and_keys(script: Script, aws_files: Callable[..., Any]) -> None:
    aws_files(
        f"[profile pond]\nregion=eu-north-1\nendpoint_url={script.url}\n",
        credentials="[pond]\naws_access_key_id=AKIDPOND\naws_secret_access_key=hush\n",
    )
    script.json('{"ProjectDescriptions": []}')
    with connect(Connection(profile="pond")) as aws:
        aws.rekognition.describe_projects()
    assert "Credential=AKIDPOND/" in script.requests[0][2]["Authorization"]
    assert "/eu-north-1/rekognition/" in script.requests[0][2]["Authorization"]
