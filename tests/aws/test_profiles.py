"""What is told of AWS's profiles, without asking AWS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha1, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache, LoginTokenLoader, SSOTokenLoader, get_login_token_cache_directory
from typing_extensions import override

from truthline.aws import profiles as module
from truthline.aws.profiles import Profile, ProfileKind, chosen, profiles
from truthline.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Callable

SSO = (
    "[profile pond]\nregion=eu-west-1\nsso_session=work\nsso_account_id=123456789012\nsso_role_name=label\n"
    "[sso-session work]\nsso_region=eu-west-1\nsso_start_url=https://example.invalid/start\n"
)
OLD_SSO = (
    "[profile pond]\nsso_start_url=https://example.invalid/start\nsso_region=eu-west-1\n"
    "sso_account_id=123456789012\nsso_role_name=label\n"
)
LOGIN = "[profile lake]\nlogin_session=arn:aws:iam::123456789012:user/frog\nregion=eu-north-1\n"
SOON = datetime.now(UTC) + timedelta(days=400)
BEFORE = datetime.now(UTC) - timedelta(days=2)


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def local(time: datetime) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M")


def only() -> Profile:
    (profile,) = profiles()
    return profile


@pytest.fixture
def save_sso(aws_files: Callable[..., Any]) -> Callable[..., Any]:
    """Write what `aws sso login` saves; gives the file."""

    def save(text: dict[str, str] | str, config: str = SSO, name: str = "work") -> Any:
        cache = aws_files(config) / "sso" / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        file = cache / f"{sha1(name.encode(), usedforsecurity=False).hexdigest()}.json"
        file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return file

    return save


@pytest.fixture
def save_login(aws_files: Callable[..., Any]) -> Callable[..., Any]:
    """Write what `aws login` saves."""

    def save(until: datetime, **more: Any) -> None:
        cache = aws_files(LOGIN) / "login" / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        name = sha256(b"arn:aws:iam::123456789012:user/frog").hexdigest()
        token = {"accessKeyId": "AKIDHUSH", "secretAccessKey": "hush", "sessionToken": "hush"}
        saved = {"accessToken": {**token, "expiresAt": stamp(until)}, "dpopKey": "hush", **more}
        (cache / f"{name}.json").write_text(json.dumps(saved), encoding="utf-8")

    return save


def test_profiles_come_in_the_order_of_the_files_even_when_the_chosen_one_is_missing(
    aws_files: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_files("[default]\nregion=eu-west-1\n[profile pond]\n", credentials="[lake]\naws_access_key_id=x\n")
    monkeypatch.setenv("AWS_PROFILE", "gone")
    assert [(each.name, each.region) for each in profiles()] == [
        ("default", "eu-west-1"),
        ("pond", ""),
        ("lake", ""),
    ]


def test_no_configuration_has_no_profiles() -> None:
    assert profiles() == []


def test_a_broken_configuration_says_which_file(aws_files: Callable[..., Any]) -> None:
    folder = aws_files("this is not an ini file")
    with pytest.raises(SignInError) as caught:
        profiles()
    assert str(folder / "config") in caught.value.detail


@pytest.mark.parametrize(("config", "name"), [(SSO, "work"), (OLD_SSO, "https://example.invalid/start")])
def test_a_valid_sso_sign_in_says_until_when(save_sso: Callable[..., Any], config: str, name: str) -> None:
    file = save_sso({"accessToken": "hush", "expiresAt": stamp(SOON)}, config, name)
    profile = only()
    assert profile.kind is ProfileKind.SSO
    assert profile.signed_in is True
    assert profile.state == f"Signed in until {local(SOON)}."
    assert profile.command == "aws sso login --profile pond"
    assert profile.source == str(file)


@pytest.mark.parametrize(
    ("start_url", "session"),
    [
        ("https://example.invalid/start", None),
        ("https://example.invalid/start", "work"),
        ("https://example.invalid/start", "arbeit-für-alle"),
        ("https://bücher.invalid/start#/", None),
    ],
)
def test_a_saved_sign_in_is_looked_for_where_botocore_has_it(
    aws_files: Callable[..., Any], start_url: str, session: str | None
) -> None:
    """Its own classes name folder and file, for sessions and for the older form."""
    old = f"sso_start_url={start_url}\nsso_region=eu-west-1\n"
    aws_files(
        "[profile pond]\nsso_account_id=123456789012\nsso_role_name=label\n"
        + (f"sso_session={session}\n[sso-session {session}]\n{old}" if session else old)
    )
    provider = SSOTokenProvider if session else SSOProvider
    # Botocore looks for the home folder only once, when it is imported.
    tail = Path(*Path(provider._SSO_TOKEN_CACHE_DIR).parts[-3:])  # type: ignore[union-attr]
    assert tail == Path(".aws", "sso", "cache")
    token = {"accessToken": "hush", "expiresAt": stamp(SOON)}
    folder = Path.home() / tail
    SSOTokenLoader(JSONFileCache(str(folder))).save_token(start_url, token, session_name=session)  # type: ignore[arg-type]
    (saved,) = folder.iterdir()
    assert only().source == str(saved)
    assert only().signed_in is True


def test_a_saved_aws_login_is_looked_for_where_botocore_has_it(aws_files: Callable[..., Any]) -> None:
    aws_files(LOGIN)
    folder = get_login_token_cache_directory()
    LoginTokenLoader(JSONFileCache(folder)).save_token("arn:aws:iam::123456789012:user/frog", {})  # type: ignore[arg-type]
    (saved,) = Path(folder).iterdir()
    assert only().source == str(saved)


def test_a_sign_in_that_ends_today_is_told_by_the_clock_alone(
    save_sso: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime.now().astimezone().replace(hour=12, minute=30, second=0)

    class Noon(datetime):
        @classmethod
        @override
        def now(cls, tz: timezone | None = None) -> datetime:  # type: ignore[override]
            return noon.astimezone(tz) if tz else noon.replace(tzinfo=None)

    monkeypatch.setattr(module, "datetime", Noon)
    save_sso({"accessToken": "hush", "expiresAt": stamp(noon.astimezone(UTC) + timedelta(hours=1))})
    assert only().state == "Signed in until 13:30."


@pytest.mark.parametrize(
    "ends",
    [stamp(BEFORE), BEFORE.strftime("%Y-%m-%dT%H:%M:%SUTC"), "2001-01-01T00:00:00"],
    ids=["Z", "UTC", "no zone"],
)
def test_an_expired_sso_sign_in_gives_the_command(save_sso: Callable[..., Any], ends: str) -> None:
    save_sso({"accessToken": "hush", "expiresAt": ends})
    profile = only()
    assert profile.signed_in is False
    assert profile.state == "The sign-in has expired. Run: aws sso login --profile pond"


def test_what_can_be_renewed_is_not_called_expired(save_sso: Callable[..., Any]) -> None:
    save_sso({"accessToken": "hush", "refreshToken": "hush", "expiresAt": stamp(BEFORE)})
    profile = only()
    assert profile.signed_in is None
    assert local(BEFORE) in profile.state
    assert "renewed when it is used" in profile.state


def test_never_signed_in(aws_files: Callable[..., Any]) -> None:
    aws_files(SSO)
    profile = only()
    assert profile.signed_in is False
    assert profile.state == "Never signed in on this computer. Run: aws sso login --profile pond"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        '"x"',
        "{}",
        '{"accessToken": "hush"}',
        '{"accessToken": "hush", "expiresAt": "soon"}',
        '{"accessToken": "hush", "expiresAt": null}',
        '{"accessToken": {}, "expiresAt": "2999-01-01T00:00:00Z"}',
    ],
)
def test_a_broken_sign_in_is_named_and_not_raised(save_sso: Callable[..., Any], text: str) -> None:
    file = save_sso(text)
    profile = only()
    assert profile.signed_in is False
    assert str(file) in profile.state
    assert "aws sso login --profile pond" in profile.state


def test_a_sign_in_that_is_no_text_is_broken_too(save_sso: Callable[..., Any]) -> None:
    save_sso("x").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in only().state


def test_a_missing_sso_session_is_named(aws_files: Callable[..., Any]) -> None:
    aws_files(SSO.partition("[sso-session")[0])
    profile = only()
    assert profile.signed_in is False
    assert "sso-session work" in profile.state


def test_aws_login(save_login: Callable[..., Any]) -> None:
    save_login(SOON)
    profile = only()
    assert (profile.kind, profile.region, profile.signed_in) == (ProfileKind.LOGIN, "eu-north-1", True)
    assert profile.state == f"Signed in until {local(SOON)}."
    assert profile.command == "aws login --profile lake"


def test_aws_login_expired_renewable_and_never(
    save_login: Callable[..., Any], aws_files: Callable[..., Any]
) -> None:
    save_login(BEFORE)
    assert only().state == "The sign-in has expired. Run: aws login --profile lake"
    save_login(BEFORE, refreshToken="hush")
    assert only().signed_in is None


def test_aws_login_in_a_folder_of_its_own(
    aws_files: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_files(LOGIN)
    monkeypatch.setenv("AWS_LOGIN_CACHE_DIRECTORY", str(tmp_path / "elsewhere"))
    assert only().source.startswith(str(tmp_path / "elsewhere"))
    assert only().state.startswith("Never signed in")


def test_what_aws_login_needs_is_named_where_it_is_missing(
    save_login: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login(SOON)
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    profile = only()
    assert profile.signed_in is False
    assert 'pip install "botocore[crt]"' in profile.state


@pytest.mark.parametrize(
    ("config", "kind", "words"),
    [
        ("aws_access_key_id=AKIDHUSH\naws_secret_access_key=hush", ProfileKind.KEYS, "Access keys"),
        ("aws_access_key_id=AKIDHUSH\naws_session_token=hush", ProfileKind.KEYS, "Temporary access keys"),
        ("credential_process=give --password hush", ProfileKind.PROCESS, "program"),
        ("region=eu-west-1", ProfileKind.OTHER, "no credentials of its own"),
        ("role_arn=arn:x\ncredential_source=Environment", ProfileKind.ROLE, "Environment"),
        ("role_arn=arn:x\nweb_identity_token_file=/hush", ProfileKind.ROLE, "web identity"),
        (
            "role_arn=arn:x\nsource_profile=pond\naws_access_key_id=AKIDHUSH",
            ProfileKind.ROLE,
            "own access keys",
        ),
    ],
)
def test_the_other_kinds_cannot_be_told_without_asking(
    aws_files: Callable[..., Any], config: str, kind: ProfileKind, words: str
) -> None:
    aws_files(f"[profile pond]\n{config}\n")
    profile = only()
    assert profile.kind is kind
    assert profile.signed_in is None
    assert words in profile.state
    assert "hush" not in repr(profile).casefold()


def test_a_role_is_as_signed_in_as_the_profile_that_takes_it(save_sso: Callable[..., Any]) -> None:
    role = "[profile boss]\nrole_arn=arn:x\nsource_profile=pond\nmfa_serial=arn:y\n"
    save_sso({"accessToken": "hush", "expiresAt": stamp(BEFORE)}, SSO + role)
    boss = profiles()[1]
    assert (boss.kind, boss.signed_in) == (ProfileKind.ROLE, False)
    assert boss.command == "aws sso login --profile pond"
    assert "by the profile pond. The sign-in has expired." in boss.state
    assert "asks for a code" in boss.state


@pytest.mark.parametrize("source", ["gone", "b"])
def test_a_role_that_nobody_can_take(aws_files: Callable[..., Any], source: str) -> None:
    aws_files(
        f"[profile a]\nrole_arn=arn:x\nsource_profile={source}\n"
        "[profile b]\nrole_arn=arn:x\nsource_profile=a\n"
    )
    assert profiles()[0].signed_in is False


def test_no_secret_is_kept(save_sso: Callable[..., Any], save_login: Callable[..., Any]) -> None:
    save_sso(
        {"accessToken": "hush", "refreshToken": "hush", "clientSecret": "hush", "expiresAt": stamp(SOON)}
    )
    assert "hush" not in repr(profiles())
    save_login(SOON, refreshToken="hush")
    assert "hush" not in repr(profiles()).casefold()


def test_the_default_is_what_the_variables_say(
    aws_files: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_files("[default]\nregion=eu-west-1\n[profile pond]\nregion=eu-north-1\n")
    found = profiles()
    assert chosen("pond", found).name == "pond"
    assert chosen("", found).name == "default"
    monkeypatch.setenv("AWS_PROFILE", "pond")
    assert chosen("", found).name == "pond"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDHUSH")
    assert chosen("", found).kind is ProfileKind.KEYS
    assert "AKIDHUSH" not in repr(chosen("", found))
    assert chosen("pond", found).region == "eu-north-1"


def test_a_profile_that_is_not_there_and_no_default() -> None:
    assert chosen("gone", []).signed_in is False
    assert "gone" in chosen("gone", []).state
    assert chosen("", []).signed_in is None
    assert "aws configure sso" in chosen("", []).state
