"""Roles: the AWS CLI's cache of their credentials, and codes of MFA devices. Importing imports botocore."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.utils import JSONFileCache, parse_timestamp
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    import botocore.session

    from truthline.aws.connection import CodeAsker

_OF_ROLES = ("assume-role", "assume-role-with-web-identity")
"""The providers of credentials that the AWS CLI gives its cache to."""


class RoleCache(JSONFileCache):
    """The files in which the AWS CLI keeps the temporary credentials of roles.

    Truthline has no store of its own: with the same files nobody is asked for a code twice.

    Args:
        refused: access keys that AWS did not accept, though their time is not over.

    """

    def __init__(self, refused: Collection[str] = ()) -> None:
        super().__init__(str(Path("~/.aws/cli/cache").expanduser()))
        self._refused = refused

    @override
    def __contains__(self, cache_key: str) -> bool:
        """Whether there is something to use: a file that is broken counts as none."""
        try:
            found = self[cache_key]["Credentials"]
            parse_timestamp(found["Expiration"])
            usable = bool(found["SecretAccessKey"] and found["SessionToken"])
            return usable and found["AccessKeyId"] not in self._refused
        except (KeyError, TypeError, ValueError):
            return False

    @override
    def __setitem__(self, cache_key: str, value: Any) -> None:
        with suppress(OSError):  # a folder that cannot be written costs only the memory
            super().__setitem__(cache_key, value)


def prepare_roles(core: botocore.session.Session, asker: CodeAsker, refused: Collection[str]) -> None:
    """Let a session take roles as the AWS CLI does, and ask ``asker`` for the codes."""
    resolver = core.get_component("credential_provider")
    for provider in resolver.providers:
        if provider.METHOD in _OF_ROLES:
            # botocore's default cache lives as long as the process, and would ask for a code at every start.
            provider.cache = RoleCache(refused)
    # There is no other way to it than botocore's own name for it.
    resolver.get_provider("assume-role")._prompter = _prompter(core, asker)  # noqa: SLF001


def _prompter(core: botocore.session.Session, asker: CodeAsker) -> Callable[[str], str]:
    """What botocore calls with "Enter MFA code for DEVICE: ", which does not say for what."""
    profile = str(core.profile or "default")

    def prompt(text: str) -> str:
        device = text.removeprefix("Enter MFA code for ").rstrip(": ")
        role = next((role for role, serial in _roles(core.full_config, profile) if serial == device), profile)
        return asker.ask(role, device)

    return prompt


def _roles(configured: dict[str, Any], profile: str) -> Iterator[tuple[str, str]]:
    """Role and MFA device of a profile, and of those that it takes its role by."""
    seen: set[str] = set()
    while profile and profile not in seen:
        seen.add(profile)
        settings = configured.get("profiles", {}).get(profile, {})
        yield str(settings.get("role_arn", "")), str(settings.get("mfa_serial", ""))
        profile = str(settings.get("source_profile", ""))
