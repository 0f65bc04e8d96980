"""How this installation is added to, by the kinds of installation that there are."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest

from truthline import __version__, installation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHECKOUT = {"url": "file:///home/ann/my%20checkout", "dir_info": {"editable": True}}
WHEEL = {"url": "file:///tmp/truthline-1.whl", "archive_info": {}}
GIT = {"url": "https://example.org/truthline.git", "vcs_info": {"vcs": "git"}}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths and quotes are others there")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """The line's words for an installation from ``source``, in a prefix that holds the file ``mark``."""

    class Distribution:
        def __init__(self, source: Any) -> None:
            self.source = source

        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(self.source) if self.source else None

    def words(source: Any = None, mark: str = "", *, pip: bool = True) -> list[str]:
        if mark:
            (tmp_path / mark).write_text("")
        monkeypatch.setattr(installation.metadata, "distribution", lambda _: Distribution(source))  # type: ignore[attr-defined]
        monkeypatch.setattr(installation.importlib.util, "find_spec", lambda _: object() if pip else None)  # type: ignore[attr-defined]
        monkeypatch.setattr(installation.sys, "prefix", str(tmp_path))  # type: ignore[attr-defined]
        told = installation.how_to_add("emulator")
        assert told.startswith("Run: ")
        return shlex.split(told.removeprefix("Run: "))

    return words


PIP = [sys.executable, "-m", "pip", "install"]
UV = ["uv", "pip", "install", "--python", sys.executable]


@pytest.mark.parametrize(
    ("source", "mark", "pip", "expected"),
    [
        (None, "", True, [*PIP, "truthline[emulator]"]),
        (CHECKOUT, "", True, [*PIP, "--editable", "/home/ann/my checkout[emulator]"]),
        (WHEEL, "", True, [*PIP, "/tmp/truthline-1.whl[emulator]"]),
        (GIT, "", True, [*PIP, "truthline[emulator] @ git+https://example.org/truthline.git"]),
        (CHECKOUT, "", False, [*UV, "--editable", "/home/ann/my checkout[emulator]"]),
        (None, "pipx_metadata.json", False, ["pipx", "install", "--force", "truthline[emulator]"]),
        (None, "uv-receipt.toml", False, ["uv", "tool", "install", "--force", "truthline[emulator]"]),
    ],
)
def test_the_line_is_that_of_this_installation(
    installed: Callable[..., list[str]], source: Any, mark: str, pip: bool, expected: list[str]
) -> None:
    assert installed(source, mark, pip=pip) == expected


def test_nothing_is_added_to_an_app_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "Run:" not in installation.how_to_add("emulator")


def test_the_versions_are_those_of_what_is_installed() -> None:
    told = installation.versions()
    assert told["Truthline"] == __version__
    assert "unknown" not in told.values()
