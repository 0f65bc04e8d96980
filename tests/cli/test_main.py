"""Window or command: what `truthline` decides."""

from __future__ import annotations

from typing import Any

import pytest

from truthline import __main__ as program
from truthline import cli


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked of the window and of the commands, in place of both."""
    asked = []
    monkeypatch.setattr(program, "_open_window", lambda given: asked.append(("window", given)) or 0)  # type: ignore[func-returns-value]
    monkeypatch.setattr(cli, "main", lambda words: asked.append(("command", words)) or 0)  # type: ignore[func-returns-value]
    return asked


@pytest.mark.parametrize(
    ("words", "source"),
    [([], ""), (["a.manifest"], "a.manifest"), (["--region", "x", "s3://b/p"], "s3://b/p"), (["demo"], None)],
)
def test_a_source_and_the_demo_open_the_window(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, words: list[Any] | list[str], source: str | None
) -> None:
    monkeypatch.setattr(program, "has_window", lambda: True)
    assert program.main(words) == 0
    ((where, arguments),) = asked
    assert where == "window"
    assert getattr(arguments, "source", None) == source


@pytest.mark.parametrize(
    "words", [["demo", "--headless"], ["check", "m"], ["--format", "json", "check", "m"]]
)
def test_commands_need_no_window(asked: list[Any], monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setattr(program, "has_window", lambda: True)
    program.main(words)
    assert asked == [("command", words)]


def test_without_a_window_the_commands_are_asked(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "has_window", lambda: False)
    program.main(["a.manifest"])
    assert asked == [("command", ["open", "a.manifest"])]


def test_linux_needs_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program.sys, "platform", "linux")  # type: ignore[attr-defined]
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert not program.has_window()
    monkeypatch.setenv("DISPLAY", ":0")
    assert program.has_window()
    monkeypatch.setattr(program.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    assert not program.has_window()
