"""How commands reach AWS: endpoints that stand in a workspace, and codes of MFA devices."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from truthline.cli import connecting
from truthline.settings import Settings
from truthline.workspace.workspace import NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import RoleService
    from truthline.emulator.service import Emulator


@pytest.fixture
def foreign(
    emulator: Emulator, make_dataset: Callable[..., Any], labelled: Callable[..., Any], tmp_path: Path
) -> Path:
    """A workspace from somebody else, with a change to push."""
    arn = make_dataset(labelled(1))
    path = tmp_path / "foreign.truthline"
    info = WorkspaceInfo("foreign", arn, region="us-east-1", endpoint_url=emulator.endpoint_url)
    with Workspace.create(path, info) as workspace:
        workspace.append([NewEntry(labelled(2))])
    emulator.requests.clear()
    return path


@pytest.mark.parametrize("command", [["push"], ["push", "--dry-run"], ["pull"]])
def test_an_endpoint_in_a_file_is_refused_with_the_option_that_allows_it(
    run: Callable[..., Any], foreign: Path, emulator: Emulator, command: list[str]
) -> None:
    ended = run(*command, foreign)
    assert ended.code == 3
    assert emulator.requests == []
    assert ended.err.count("\n") == 1
    assert emulator.endpoint_url in ended.err
    assert "--endpoint-url" in ended.err


def test_the_option_allows_it_for_good(
    run: Callable[..., Any], foreign: Path, endpoint: tuple[Any, ...], emulator: Emulator
) -> None:
    assert run("push", "--dry-run", *endpoint, foreign).code == 0
    assert run("push", "--dry-run", foreign).code == 0
    assert emulator.requests


def test_what_made_a_workspace_may_be_asked_again(
    run: Callable[..., Any],
    endpoint: tuple[Any, ...],
    make_dataset: Callable[..., Any],
    labelled: Callable[..., Any],
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.truthline"
    assert run("new", path, "--from", make_dataset(labelled(1)), *endpoint, "--region", "us-east-1").code == 0
    assert run("pull", path).code == 0


def test_another_endpoint_on_the_same_computer_is_not_the_one_that_was_chosen(
    run: Callable[..., Any], foreign: Path
) -> None:
    run("push", "--dry-run", "--endpoint-url", "http://127.0.0.1:1", foreign)
    assert run("push", "--dry-run", foreign).code == 3


def test_awss_own_endpoint_is_not_remembered(run: Callable[..., Any], tmp_path: Path) -> None:
    run("export", "--endpoint-url", "https://s3.eu-west-1.amazonaws.com", tmp_path / "no", tmp_path / "no2")
    assert Settings().get("endpoints") == []


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Codes that are typed, and what was asked."""
    asked = []

    def typed(*codes: str) -> list[Any]:
        left = list(codes)

        def answer(prompt: str) -> str | None:
            asked.append(prompt)
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(connecting, "_has_terminal", lambda: True)
        monkeypatch.setattr(connecting.getpass, "getpass", answer)  # type: ignore[attr-defined]
        return asked

    return typed


@pytest.fixture
def boss(
    make_dataset: Callable[..., Any],
    labelled: Callable[..., Any],
    endpoint: tuple[Any, ...],
    request: pytest.FixtureRequest,
) -> list[str]:
    """The words of a command that needs a code."""
    arn = make_dataset(labelled(1))
    request.getfixturevalue("roles")
    return ["status", arn, "--profile", "boss", *endpoint]


def test_a_code_is_asked_for_on_the_terminal(
    run: Callable[..., Any], boss: list[str], at_terminal: Callable[..., Any], roles: RoleService
) -> None:
    asked = at_terminal(" 123456\n")
    ended = run(*boss)
    assert (ended.code, ended.err) == (0, "")
    assert roles.codes == ["123456"]
    (prompt,) = asked
    assert "MFA device arn:aws:iam::123456789012:mfa/<b>frog</b>" in prompt
    assert "role arn:aws:iam::123456789012:role/boss" in prompt
    assert run(*boss).code == 0
    assert len(asked) == 1


def test_a_wrong_code_is_told_in_one_line(
    run: Callable[..., Any], boss: list[str], at_terminal: Callable[..., Any]
) -> None:
    at_terminal("000000")
    ended = run(*boss)
    assert ended.code == 3
    assert "was not accepted" in ended.err
    assert ended.err.count("\n") == 1


def test_no_code_cancels(run: Callable[..., Any], boss: list[str], at_terminal: Callable[..., Any]) -> None:
    at_terminal()
    assert run(*boss).code == 130


def test_without_a_terminal_that_is_the_error(
    run: Callable[..., Any], boss: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_has_terminal", lambda: False)
    ended = run(*boss)
    assert ended.code == 3
    assert "role/boss" in ended.err
    assert "terminal" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of Unix")
def test_a_real_terminal(boss: list[str], roles: RoleService) -> None:
    """Standard input and output may be files: the terminal is what is asked."""
    pty = pytest.importorskip("pty")
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - another process
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        os.execv(sys.executable, [sys.executable, "-m", "truthline", *boss])  # noqa: S606
    said = b""
    while b"role/boss: " not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, b"123456\n")
    try:
        while piece := os.read(terminal, 1000):
            said += piece
    except OSError:  # the terminal has gone with the process
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    os.close(terminal)
    assert b"123456\r" not in said
    assert roles.codes == ["123456"]
