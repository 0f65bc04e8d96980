"""AWS's profiles on this computer: of which kind each is, and whether it is signed in.

Of a saved sign-in only its time and whether it can be renewed are looked at: no key, secret or token is kept,
logged or shown. Nothing is asked over the network.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha1, sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truthline.aws.causes import NEEDED_PART
from truthline.aws.translate import translated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Settings = Mapping[str, Any]


class ProfileKind(StrEnum):
    """How a profile comes to its credentials, in words."""

    SSO = "SSO"
    LOGIN = "aws login"
    KEYS = "access keys"
    ROLE = "role"
    PROCESS = "credential_process"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile, as far as a person must know it.

    ``state`` is a sentence or two. ``signed_in`` is None where that cannot be told without asking AWS.
    ``command`` is what to type into a terminal to sign in, "" if this kind has none; ``remedy`` is then what
    to do instead when the credentials do not hold, as a sentence begins. ``source`` says in words where they
    come from, such as a file's name.
    """

    name: str
    region: str
    kind: ProfileKind
    state: str
    signed_in: bool | None
    command: str = ""
    source: str = ""
    remedy: str = ""


def profiles() -> list[Profile]:
    """The configured profiles, in the order of AWS's files.

    Raises:
        SignInError: AWS's configuration cannot be read.

    """
    with translated("list the AWS profiles"):
        import botocore.session  # noqa: PLC0415 (slow)

        configured = botocore.session.Session().full_config
        return [describe(str(name), configured) for name in configured.get("profiles", {})]


def chosen(name: str, found: Sequence[Profile]) -> Profile:
    """The profile that applies when ``name`` is chosen; with "" AWS's variables decide, as for boto3."""
    if not name and os.environ.get("AWS_ACCESS_KEY_ID"):
        state = "The access keys of the variable AWS_ACCESS_KEY_ID are used."
        return Profile("", "", ProfileKind.KEYS, state, None, source="the variable AWS_ACCESS_KEY_ID")
    wanted = name or os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or "default"
    for profile in found:
        if profile.name == wanted:
            return profile
    if name or wanted != "default":
        state = f"There is no profile called {wanted}."
        return Profile(wanted, "", ProfileKind.OTHER, state, signed_in=False)
    state = "No default profile is configured. Choose a profile, or run: aws configure sso"
    return Profile("", "", ProfileKind.OTHER, state, None, "aws configure sso")


def describe(name: str, configured: Settings) -> Profile:
    """One profile of botocore's ``full_config``; its region is "" where the profile names none."""
    return _describe(name, configured, frozenset())


def _describe(name: str, configured: Settings, before: frozenset[str]) -> Profile:
    settings = configured.get("profiles", {}).get(name, {})
    # In the order in which botocore looks.
    if "role_arn" in settings:
        told = _role(name, settings, configured, before)
    elif "sso_account_id" in settings or "sso_role_name" in settings or "sso_session" in settings:
        told = _sso(name, settings, configured)
    elif "aws_access_key_id" in settings:
        told = _keys(name, settings)
    elif "login_session" in settings:
        told = _login(name, settings)
    elif "credential_process" in settings:
        state = "A program gives the credentials when they are needed."
        source = f"the credential_process that {_config_file()} names"
        remedy = f"See to it that {source} gives valid credentials"
        told = Profile(name, "", ProfileKind.PROCESS, state, None, source=source, remedy=remedy)
    else:
        state = "It has no credentials of its own."
        told = Profile(name, "", ProfileKind.OTHER, state, None, source=_both_files())
    return replace(told, region=str(settings.get("region", "")))


def _sso(name: str, settings: Settings, configured: Settings) -> Profile:
    command = f"aws sso login --profile {name}"
    session = settings.get("sso_session")
    saved = str(session or settings.get("sso_start_url", ""))
    # The name that AWS's tools give the file; nothing is kept secret by it.
    digest = sha1(saved.encode(), usedforsecurity=False).hexdigest()
    file = Path("~/.aws/sso/cache", f"{digest}.json").expanduser()
    if session and session not in configured.get("sso_sessions", {}):
        state: tuple[str, bool | None] = (
            f"It names the sso-session {session}, which {_config_file()} does not have.",
            False,
        )
    else:
        state = _saved_state(file, command)
    return Profile(name, "", ProfileKind.SSO, *state, command, str(file))


def _login(name: str, settings: Settings) -> Profile:
    command = f"aws login --profile {name}"
    folder = os.environ.get("AWS_LOGIN_CACHE_DIRECTORY", "~/.aws/login/cache")
    digest = sha256(str(settings["login_session"]).encode()).hexdigest()
    file = Path(os.path.expandvars(folder), f"{digest}.json").expanduser()
    state = _saved_state(file, command)
    if find_spec("awscrt") is None:
        state = (f"This kind of sign-in needs a part that is not installed. Run: {NEEDED_PART}", False)
    return Profile(name, "", ProfileKind.LOGIN, *state, command, str(file))


def _keys(name: str, settings: Settings) -> Profile:
    what = "Temporary access keys" if "aws_session_token" in settings else "Access keys"
    state = f"{what} are saved; whether they are valid shows when they are used."
    remedy = f"Put valid access keys of the profile {name} into {_both_files().replace(' and ', ' or ')}"
    return Profile(name, "", ProfileKind.KEYS, state, None, source=_both_files(), remedy=remedy)


def _role(name: str, settings: Settings, configured: Settings, before: frozenset[str]) -> Profile:
    base = str(settings.get("source_profile", ""))
    source = _both_files()
    if not base:
        by = settings.get("credential_source") or "a web identity"
        return Profile(name, "", ProfileKind.ROLE, f"A role, taken by {by}.", None, source=source)
    if base in before or base not in configured.get("profiles", {}):
        state = f"It takes its role by the profile {base}, which {_config_file()} does not have."
        return Profile(name, "", ProfileKind.ROLE, state, signed_in=False, source=source)
    if base == name:  # its own keys take the role
        state = "A role, taken by its own access keys."
        return Profile(name, "", ProfileKind.ROLE, state, None, source=source)
    first = _describe(base, configured, before | {name})
    state = f"A role, taken by the profile {base}. {first.state}"
    if "mfa_serial" in settings:
        state = f"It asks for a code of an MFA device. {state}"
    return Profile(
        name, "", ProfileKind.ROLE, state, first.signed_in, first.command, first.source, first.remedy
    )


def _saved_state(file: Path, command: str) -> tuple[str, bool | None]:
    """Whether a saved sign-in still holds, in words."""
    try:
        until, renewable = _saved_until(file)
    except FileNotFoundError:
        return f"Never signed in on this computer. Run: {command}", False
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return f"The saved sign-in cannot be read: {file}. Run: {command}", False
    if until > datetime.now(UTC):
        return f"Signed in until {_local(until)}.", True
    if renewable:
        return f"The sign-in ran out at {_local(until)}; it is renewed when it is used, if AWS allows.", None
    return f"The sign-in has expired. Run: {command}", False


def _saved_until(file: Path) -> tuple[datetime, bool]:
    """When a saved sign-in ends, and whether AWS's tools can renew it."""
    saved = json.loads(file.read_text(encoding="utf-8"))
    token = saved["accessToken"]
    # `aws login` keeps the time beside the keys, SSO beside the token.
    ends = token["expiresAt"] if isinstance(token, dict) else saved["expiresAt"]
    # Older tools wrote "UTC" for the zone.
    until = datetime.fromisoformat(str(ends).replace("UTC", "+00:00"))
    return until if until.tzinfo else until.replace(tzinfo=UTC), bool(saved.get("refreshToken"))


def _local(time: datetime) -> str:
    here = time.astimezone()
    today = here.date() == datetime.now().astimezone().date()
    return here.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


def _config_file() -> str:
    return os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")


def _both_files() -> str:
    return f"{_config_file()} and {os.environ.get('AWS_SHARED_CREDENTIALS_FILE', '~/.aws/credentials')}"
