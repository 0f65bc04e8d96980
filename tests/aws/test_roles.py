"""Roles: codes of MFA devices, and the cache that is the AWS CLI's."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import botocore.credentials
import botocore.session
import pytest
from typing_extensions import override

from present import present
from truthline.aws import renewal
from truthline.aws.connection import CodeAsker, Connection
from truthline.aws.session import Aws, connect
from truthline.errors import CancelledError, DeniedError, SignInError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws.conftest import Script

ROLE = "arn:aws:iam::123456789012:role/label"
BOSS = "arn:aws:iam::123456789012:role/boss"
DEVICE = "arn:aws:iam::123456789012:mfa/frog"
CONFIG = (
    "[profile keys]\naws_access_key_id=AKIDKEYS\naws_secret_access_key=hush\n"
    f"[profile pond]\nregion=eu-west-1\nrole_arn={ROLE}\nsource_profile=keys\nmfa_serial={DEVICE}\n"
    f"[profile lake]\nregion=eu-west-1\nrole_arn={BOSS}\nsource_profile=pond\nexternal_id=xx\n"
    "role_session_name=frog\nduration_seconds=1800\n"
)
PROJECTS = '{"ProjectDescriptions": []}'


class Person(CodeAsker):
    """Answers with the codes that it has, then does not want to."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.asked: list[Any] = []

    @override
    def ask(self, role: str, device: str) -> str | None:  # type: ignore[override]
        self.asked.append((role, device))
        if not self.codes:
            raise SignInError("No.")
        return self.codes.pop(0)


@pytest.fixture(autouse=True)
def roles(aws_files: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    """The profiles, and the scripted server as the service that gives out roles."""
    aws_files(CONFIG)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", script.url)


@pytest.fixture
def give(script: Script) -> Callable[..., Any]:
    """Answer as STS does, with temporary credentials of that access key."""

    def give(key: str, hours: float = 1.0) -> None:
        until = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        script.json(
            "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId>"
            "<Arn>arn:aws:sts::123456789012:assumed-role/label/b</Arn></AssumedRoleUser><Credentials>"
            f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>"
            f"<SessionToken>quiet</SessionToken><Expiration>{until}</Expiration></Credentials>"
            "</AssumeRoleResult></AssumeRoleResponse>"
        )

    return give


def at(script: Script, person: Any, profile: str = "pond") -> Aws:
    return connect(Connection(profile=profile, endpoint_url=script.url, asker=person))


def signed_by(script: Script) -> list[str]:
    return [
        headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        for operation, _, headers, _ in script.requests
        if operation == "DescribeProjects"
    ]


def roles_taken(script: Script) -> list[dict[str, list[Any]]]:
    return [parse_qs(body.decode()) for _, _, _, body in script.requests if b"Action=AssumeRole" in body]


def cached() -> list[Path]:
    return sorted(Path("~/.aws/cli/cache").expanduser().glob("*.json"))


def test_the_code_is_asked_for_with_role_and_device(script: Script, give: Callable[..., Any]) -> None:
    person = Person("123456")
    give("ASIAPOND")
    script.json(PROJECTS)
    with at(script, person) as aws:
        assert aws.rekognition.describe_projects() == []
    assert person.asked == [(ROLE, DEVICE)]
    (asked,) = roles_taken(script)
    assert (asked["RoleArn"], asked["SerialNumber"], asked["TokenCode"]) == ([ROLE], [DEVICE], ["123456"])
    assert signed_by(script) == ["ASIAPOND"]
    assert all("Truthline/" in headers["User-Agent"] for _, _, headers, _ in script.requests)


def test_the_role_by_which_another_is_taken_is_named(script: Script, give: Callable[..., Any]) -> None:
    person = Person("123456")
    give("ASIAPOND")
    give("ASIALAKE")
    script.json(PROJECTS)
    with at(script, person, "lake") as aws:
        aws.rekognition.describe_projects()
    assert person.asked == [(ROLE, DEVICE)]
    assert signed_by(script) == ["ASIALAKE"]


def test_what_was_signed_in_once_asks_no_more(script: Script, give: Callable[..., Any]) -> None:
    give("ASIAPOND")
    script.json(PROJECTS)
    with at(script, Person("123456")) as aws:
        aws.rekognition.describe_projects()
    nobody = Person()
    script.json(PROJECTS)
    with at(script, nobody) as aws:
        aws.rekognition.describe_projects()
    assert nobody.asked == []
    assert signed_by(script) == ["ASIAPOND", "ASIAPOND"]


@pytest.mark.parametrize("profile", ["pond", "lake"])
def test_the_cache_is_the_one_of_the_aws_cli(script: Script, give: Callable[..., Any], profile: str) -> None:
    """What its own botocore, set up as it does that, keeps is found here, and the other way round."""
    core = botocore.session.Session(profile=profile)
    theirs = core.get_component("credential_provider").get_provider("assume-role")
    theirs.cache = botocore.credentials.JSONFileCache(str(Path("~/.aws/cli/cache").expanduser()))  # type: ignore[attr-defined]
    theirs._prompter = lambda _: "123456"
    give("ASIAPOND")
    if profile == "lake":
        give("ASIALAKE")
    used = present(core.get_credentials()).get_frozen_credentials().access_key
    before = cached()
    assert len(before) == (2 if profile == "lake" else 1)
    nobody = Person()
    script.json(PROJECTS)
    with at(script, nobody, profile) as aws:
        aws.rekognition.describe_projects()
    assert (nobody.asked, signed_by(script), cached()) == ([], [used], before)
    for file in before:
        file.unlink()
    give("ASIAPOND")
    if profile == "lake":
        give("ASIALAKE")
    script.json(PROJECTS)
    with at(script, Person("123456"), profile) as aws:
        aws.rekognition.describe_projects()
    assert cached() == before


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"Credentials": 1}', '{"Credentials": {"AccessKeyId": "A"}}']
)
def test_a_broken_file_in_the_cache_counts_as_none(
    script: Script, give: Callable[..., Any], text: str
) -> None:
    give("ASIAPOND")
    script.json(PROJECTS)
    with at(script, Person("123456")) as aws:
        aws.rekognition.describe_projects()
    (file,) = cached()
    file.write_text(text, encoding="utf-8")
    again = Person("654321")
    give("ASIANEW")
    script.json(PROJECTS)
    with at(script, again) as aws:
        aws.rekognition.describe_projects()
    assert again.asked == [(ROLE, DEVICE)]
    assert json.loads(file.read_text(encoding="utf-8"))["Credentials"]["AccessKeyId"] == "ASIANEW"


def test_a_cache_that_cannot_be_written_costs_nothing_else(script: Script, give: Callable[..., Any]) -> None:
    Path("~/.aws/cli").expanduser().write_text("no folder", encoding="utf-8")
    give("ASIAPOND")
    script.json(PROJECTS)
    with at(script, Person("123456")) as aws:
        assert aws.rekognition.describe_projects() == []


def test_what_aws_refuses_is_not_taken_from_the_cache_again(
    script: Script, give: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "PATIENCE_SECONDS", -1.0)
    person = Person("123456", "654321")
    give("ASIAOLD")
    script.error("ExpiredTokenException")
    with at(script, person) as aws:
        with pytest.raises(SignInError):
            aws.rekognition.describe_projects()
        give("ASIANEW")
        script.json(PROJECTS)
        aws.rekognition.describe_projects()
    assert signed_by(script) == ["ASIAOLD", "ASIANEW"]


def test_credentials_that_run_out_are_asked_for_again(script: Script, give: Callable[..., Any]) -> None:
    person = Person("123456", "654321")
    give("ASIASHORT", hours=0.1)
    script.json(PROJECTS)
    with at(script, person) as aws:
        aws.rekognition.describe_projects()
        give("ASIALONG")
        script.json(PROJECTS)
        aws.rekognition.describe_projects()
    assert signed_by(script) == ["ASIASHORT", "ASIALONG"]


def test_after_a_refusal_to_answer_the_person_can_be_asked_again(
    script: Script, give: Callable[..., Any]
) -> None:
    person = Person()
    with at(script, person) as aws:
        for _ in range(2):
            with pytest.raises(SignInError, match=r"^No\.$"):
                aws.rekognition.describe_projects()
        person.codes.append("123456")
        give("ASIAPOND")
        script.json(PROJECTS)
        assert aws.rekognition.describe_projects() == []
    assert len(person.asked) == 3


def test_a_cancel_leaves_as_it_is(script: Script) -> None:
    class Cancelling(CodeAsker):
        @override
        def ask(self, *_: str) -> None:  # type: ignore[override]
            raise CancelledError

    with at(script, Cancelling()) as aws, pytest.raises(CancelledError):
        aws.rekognition.describe_projects()


def test_where_nobody_can_be_asked_that_is_said(script: Script) -> None:
    with (
        connect(Connection(profile="pond", endpoint_url=script.url)) as aws,
        pytest.raises(SignInError) as caught,
    ):
        aws.rekognition.describe_projects()
    assert ROLE in caught.value.title
    assert DEVICE in caught.value.title


def test_a_wrong_code_is_no_missing_permission(script: Script) -> None:
    message = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    script.raw(
        f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>",
        status=403,
        x_amzn_RequestId="1",
    )
    with at(script, Person("123456")) as aws, pytest.raises(SignInError, match="was not accepted") as caught:
        aws.rekognition.describe_projects()
    assert "next one" in caught.value.detail


def test_a_role_that_may_not_be_taken_is_still_one(script: Script) -> None:
    script.raw(
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: x is not authorized to perform:"
        " sts:AssumeRole on resource: y</Message></Error></ErrorResponse>",
        status=403,
        x_amzn_RequestId="1",
    )
    with at(script, Person("123456")) as aws, pytest.raises(DeniedError, match="sts:AssumeRole"):
        aws.rekognition.describe_projects()


def test_two_sign_ins_at_once_ask_for_one_code(script: Script, give: Callable[..., Any]) -> None:
    """A code can be used once, so the second takes what the first got."""
    both = threading.Barrier(2)
    person = Person("123456")

    def work(_number: int) -> list[Any]:
        with at(script, person) as aws:
            clients = aws.rekognition
            both.wait()
            return clients.describe_projects()

    give("ASIAPOND")
    script.json(PROJECTS)
    script.json(PROJECTS)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, range(2))) == [[], []]
    assert person.asked == [(ROLE, DEVICE)]


def test_many_threads_that_are_refused_a_code_are_all_told_why(script: Script) -> None:
    """Each may ask, and none finds a session that another has used up."""
    together = threading.Barrier(6)

    def work(aws: Aws) -> None:
        together.wait()
        with pytest.raises(SignInError, match=r"^No\.$"):
            aws.rekognition.describe_projects()

    with at(script, Person()) as aws, ThreadPoolExecutor(6) as pool:
        assert aws.rekognition
        list(pool.map(work, [aws] * 6))


def test_the_asker_goes_along_with_a_connection_and_shows_in_nothing(script: Script) -> None:
    person = Person()
    connection = Connection(profile="p", asker=person)
    arn = "arn:aws:rekognition:eu-central-1:123456789012:project/pond/1700000000000"
    assert connection.for_arn(arn).asker is person
    assert replace(connection, region="x").over(Connection(endpoint_url="y")).asker is person
    assert "asker" not in repr(connection)
    assert connection == Connection(profile="p")
