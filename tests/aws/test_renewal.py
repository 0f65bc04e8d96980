"""Signing in again: clients that were made before go on with what is found then."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any

import botocore.credentials
import botocore.tokens
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from truthline.aws import renewal
from truthline.aws.connection import Connection
from truthline.aws.renewal import RenewableCredentials
from truthline.aws.session import Aws, connect
from truthline.emulator import faults
from truthline.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aws.conftest import Script
    from truthline.emulator.service import Emulator

SSO = (
    "[profile pond]\nregion=eu-west-1\nsso_session=work\nsso_account_id=123456789012\nsso_role_name=label\n"
    "[sso-session work]\nsso_region=eu-west-1\nsso_start_url=https://example.invalid/start\n"
)
LOGIN = "[profile pond]\nregion=eu-west-1\nlogin_session=arn:aws:iam::123456789012:user/frog\n"
PROJECTS = '{"ProjectDescriptions": []}'
SOON = datetime.now(UTC) + timedelta(hours=3)
BEFORE = datetime.now(UTC) - timedelta(hours=3)


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def keys(key: str, until: datetime | None = None, **more: Any) -> dict[str, Any]:
    found = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": "hush", "SessionToken": "quiet", **more}
    return found | ({"Expiration": stamp(until)} if until else {})


def signed_by(script: Script) -> list[str]:
    """The access key of each request that Rekognition got."""
    return [
        headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        for operation, _, headers, _ in script.requests
        if operation == "DescribeProjects"
    ]


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused sign-in is looked up again at once."""
    monkeypatch.setattr(renewal, "PATIENCE_SECONDS", -1.0)


@pytest.fixture
def process(aws_files: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """A credential_process that gives what was last handed to this function."""
    answer = tmp_path / "answer.json"
    program = tmp_path / "give.py"
    program.write_text(f"print(open({str(answer)!r}).read())", encoding="utf-8")
    aws_files(f'[profile pond]\nregion=eu-west-1\ncredential_process="{sys.executable}" "{program}"\n')

    def give(found: dict[str, Any]) -> None:
        answer.write_text(json.dumps(found), encoding="utf-8")

    return give


@pytest.fixture
def pond(script: Script) -> Iterator[Aws]:
    """The profile pond at the scripted server."""
    with connect(Connection(profile="pond", endpoint_url=script.url)) as aws:
        yield aws


def test_keys_that_a_program_gave_are_asked_for_again(
    process: Callable[..., Any], pond: Aws, script: Script
) -> None:
    process(keys("AKIDOLD"))
    script.error("ExpiredTokenException")
    with pytest.raises(SignInError) as caught:
        pond.rekognition.describe_projects()
    assert "the credential_process that ~/.aws/config names" in caught.value.detail
    held = pond.rekognition
    process(keys("AKIDNEW"))
    pond.renew()
    script.json(PROJECTS)
    assert held.describe_projects() == []
    assert signed_by(script) == ["AKIDOLD", "AKIDNEW"]


def test_a_program_that_gave_expired_keys_says_sign_in_again(
    process: Callable[..., Any], pond: Aws, script: Script
) -> None:
    process(keys("AKIDOLD", BEFORE))
    with pytest.raises(SignInError, match="not valid any more") as caught:
        pond.rekognition.describe_projects()
    assert "the credential_process that ~/.aws/config names" in caught.value.detail
    assert "sso" not in caught.value.detail
    process(keys("AKIDNEW", SOON))
    script.json(PROJECTS)
    assert pond.rekognition.describe_projects() == []
    assert signed_by(script) == ["AKIDNEW"]


def test_after_a_refusal_the_next_call_looks_by_itself(
    process: Callable[..., Any], pond: Aws, script: Script, no_patience: None
) -> None:
    process(keys("AKIDOLD"))
    script.error("ExpiredTokenException")
    with pytest.raises(SignInError):
        pond.rekognition.describe_projects()
    process(keys("AKIDNEW"))
    script.json(PROJECTS)
    assert pond.rekognition.describe_projects() == []
    assert signed_by(script) == ["AKIDOLD", "AKIDNEW"]


def test_what_was_looked_up_just_now_is_not_looked_up_for_every_refusal(
    process: Callable[..., Any], pond: Aws, script: Script
) -> None:
    process(keys("AKIDOLD"))
    for _ in range(2):
        script.error("ExpiredTokenException")
        with pytest.raises(SignInError):
            pond.rekognition.describe_projects()
        process(keys("AKIDNEW"))
    assert signed_by(script) == ["AKIDOLD", "AKIDOLD"]


def test_other_errors_leave_the_sign_in_alone(
    process: Callable[..., Any], pond: Aws, script: Script, no_patience: None
) -> None:
    process(keys("AKIDOLD"))
    script.error("ResourceNotFoundException")
    with pytest.raises(Exception, match="not found"):
        pond.rekognition.describe_projects()
    process(keys("AKIDNEW"))
    script.json(PROJECTS)
    pond.rekognition.describe_projects()
    assert signed_by(script) == ["AKIDOLD", "AKIDOLD"]


def test_keys_that_were_replaced_in_the_file(aws_files: Callable[..., Any], script: Script) -> None:
    pair = "[pond]\naws_access_key_id={}\naws_secret_access_key=hush\n"
    aws_files("[profile pond]\nregion=eu-west-1\n", credentials=pair.format("AKIDOLD"))
    with connect(Connection(profile="pond", endpoint_url=script.url)) as aws:
        for key in ("AKIDOLD", "AKIDNEW"):
            aws_files("[profile pond]\nregion=eu-west-1\n", credentials=pair.format(key))
            aws.renew()
            script.json(PROJECTS)
            aws.rekognition.describe_projects()
    assert signed_by(script) == ["AKIDOLD", "AKIDNEW"]


@pytest.fixture
def save_token(
    aws_files: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, script: Script
) -> Callable[..., Any]:
    """Write what `aws sso login` saves; the scripted server is the sign-in service too."""
    cache = aws_files(SSO) / "sso" / "cache"
    cache.mkdir(parents=True)
    for provider in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
        # botocore looks for the home folder only once, when it is imported.
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(cache))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", script.url)

    def save(token: str, until: datetime) -> None:
        name = sha1(b"work", usedforsecurity=False).hexdigest()
        text = json.dumps({"accessToken": token, "expiresAt": stamp(until)})
        (cache / f"{name}.json").write_text(text, encoding="utf-8")

    return save


def role_keys(key: str) -> str:
    found = {"accessKeyId": key, "secretAccessKey": "hush", "sessionToken": "quiet"}
    return json.dumps({"roleCredentials": {**found, "expiration": int(SOON.timestamp() * 1000)}})


def tokens_shown(script: Script) -> list[str]:
    """The SSO tokens that the sign-in service was shown."""
    return [
        headers["x-amz-sso_bearer_token"]
        for _, path, headers, _ in script.requests
        if path.startswith("/federation/credentials")
    ]


def test_an_expired_sso_token_then_a_new_one(
    save_token: Callable[..., Any], pond: Aws, script: Script
) -> None:
    save_token("old", BEFORE)
    with pytest.raises(SignInError, match="not valid any more") as caught:
        pond.rekognition.describe_projects()
    assert "`aws sso login --profile pond`" in caught.value.detail
    save_token("new", SOON)
    script.json(role_keys("AKIDNEW"))
    script.json(PROJECTS)
    assert pond.rekognition.describe_projects() == []
    assert (tokens_shown(script), signed_by(script)) == (["new"], ["AKIDNEW"])


def test_an_sso_session_that_was_ended_elsewhere(
    save_token: Callable[..., Any], pond: Aws, script: Script
) -> None:
    save_token("old", SOON)
    script.error("UnauthorizedException", status=401, x_amzn_ErrorType="UnauthorizedException")
    with pytest.raises(SignInError) as caught:
        pond.rekognition.describe_projects()
    assert "`aws sso login --profile pond`" in caught.value.detail
    save_token("new", SOON)
    script.json(role_keys("AKIDNEW"))
    script.json(PROJECTS)
    assert pond.rekognition.describe_projects() == []
    assert tokens_shown(script) == ["old", "new"]


def test_role_keys_that_the_service_refuses_are_fetched_anew(
    save_token: Callable[..., Any], pond: Aws, script: Script, no_patience: None
) -> None:
    save_token("old", SOON)
    script.json(role_keys("AKIDOLD"))
    script.error("ExpiredTokenException")
    with pytest.raises(SignInError):
        pond.rekognition.describe_projects()
    save_token("new", SOON)
    script.json(role_keys("AKIDNEW"))
    script.json(PROJECTS)
    assert pond.rekognition.describe_projects() == []
    assert (tokens_shown(script), signed_by(script)) == (["old", "new"], ["AKIDOLD", "AKIDNEW"])


def test_signing_in_the_first_time_ever(save_token: Callable[..., Any], pond: Aws, script: Script) -> None:
    with pytest.raises(SignInError) as caught:
        pond.rekognition.describe_projects()
    assert "`aws sso login --profile pond`" in caught.value.detail
    save_token("new", SOON)
    script.json(role_keys("AKIDNEW"))
    script.json(PROJECTS)
    assert pond.rekognition.describe_projects() == []


@pytest.fixture
def save_login(aws_files: Callable[..., Any]) -> Callable[..., Any]:
    """Write what `aws login` saves."""

    def save(key: str, until: datetime) -> None:
        cache = aws_files(LOGIN) / "login" / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        token = {"accessKeyId": key, "secretAccessKey": "hush", "sessionToken": "quiet"}
        saved = {
            "accessToken": {**token, "accountId": "123456789012", "expiresAt": stamp(until)},
            "refreshToken": "again",
            "clientId": "arn:aws:signin:::devtools/same-device",
            "dpopKey": private.decode(),
        }
        name = sha256(b"arn:aws:iam::123456789012:user/frog").hexdigest()
        (cache / f"{name}.json").write_text(json.dumps(saved), encoding="utf-8")

    return save


def test_aws_login_works_with_what_is_shipped(
    save_login: Callable[..., Any], script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renewing it signs a proof with a private key, which botocore leaves to awscrt."""
    save_login("AKIDOLD", BEFORE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SIGNIN", script.url)
    token = {"accessKeyId": "AKIDNEW", "secretAccessKey": "hush", "sessionToken": "quiet"}
    more = {"tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4", "expiresIn": 7200}
    script.json(json.dumps({"accessToken": token, "refreshToken": "more", **more}))
    script.json(PROJECTS)
    with connect(Connection(profile="pond", endpoint_url=script.url)) as aws:
        assert aws.rekognition.describe_projects() == []
    assert script.requests[0][2]["DPoP"].count(".") == 2
    assert signed_by(script) == ["AKIDNEW"]


def test_aws_login_gives_its_own_command(save_login: Callable[..., Any], script: Script) -> None:
    save_login("AKIDOLD", SOON)
    script.error("ExpiredTokenException")
    with connect(Connection(profile="pond", endpoint_url=script.url)) as aws, pytest.raises(SignInError) as e:
        aws.rekognition.describe_projects()
    assert "`aws login --profile pond`" in e.value.detail


def test_a_missing_part_is_told_with_what_to_install(
    save_login: Callable[..., Any], script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login("AKIDOLD", SOON)
    monkeypatch.setattr(botocore.credentials, "EC", None)
    with (
        connect(Connection(profile="pond", endpoint_url=script.url)) as aws,
        pytest.raises(SignInError, match="a part that this kind of sign-in needs is not installed") as caught,
    ):
        aws.rekognition.describe_projects()
    assert '`pip install "botocore[crt]"`' in caught.value.detail


def test_an_expired_token_at_the_emulator(emulator: Emulator, connection: Connection) -> None:
    with connect(connection) as aws:
        held, images = aws.rekognition, aws.s3
        emulator.faults.add("DescribeProjects", faults.expired_token())
        with pytest.raises(SignInError, match="not valid any more"):
            held.describe_projects()
        aws.renew()
        assert held.describe_projects() == []
        images.create_bucket("pond")
        assert list(images.list("pond")) == []


class Found:
    """Credentials that were looked up; each lookup gives another key."""

    def __init__(self, key: int | str) -> None:
        self._key = key

    def get_credentials(self) -> Found:
        return self

    def get_frozen_credentials(self) -> int | str:
        return self._key


def test_many_threads_share_one_look_up() -> None:
    barrier = threading.Barrier(8)
    opened: list[Any] = []

    def open_session(_refused: set[Any]) -> Found:
        opened.append(len(opened))
        return Found(opened[-1])

    credentials = RenewableCredentials(open_session)  # type: ignore[arg-type]

    def use(_: int) -> Any:
        barrier.wait()
        return credentials.get_frozen_credentials()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(8))) == {0}
        credentials.renew()
        assert set(pool.map(use, range(8))) == {1}
    assert opened == [0, 1]


def test_a_renewal_while_one_looks_up_is_not_lost() -> None:
    keys_found = iter("ab")

    def open_session(_refused: set[Any]) -> Found:
        key = next(keys_found)
        if key == "a":
            credentials.renew()
        return Found(key)

    credentials = RenewableCredentials(open_session)  # type: ignore[arg-type]
    assert credentials.get_frozen_credentials() == "a"
    assert credentials.get_frozen_credentials() == "b"


def test_files_that_are_empty_for_a_moment_do_not_sign_out() -> None:
    class Nothing:
        def get_credentials(self) -> None:
            return None

    sessions = iter([Found("a"), Nothing()])
    credentials = RenewableCredentials(lambda _refused: next(sessions))  # type: ignore[arg-type, return-value]
    assert credentials.get_frozen_credentials() == "a"
    credentials.renew()
    assert credentials.get_frozen_credentials() == "a"
