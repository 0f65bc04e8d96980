"""The table of commands, and what each of them needs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from truthline.resources import resource
from truthline.settings import Settings
from truthline.ui.app import App
from truthline.ui.window.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

NAMED = [spec for spec in ACTIONS if spec.name != "-"]


@pytest.fixture
def app(qtbot: QtBot, tmp_path: Path) -> Iterator[App]:
    made = App(Settings(tmp_path / "settings.json"), tmp_path / "cache")
    qtbot.addWidget(made.window)
    yield made
    made.close()


def test_names_are_unique_and_icons_ship() -> None:
    assert len({spec.name for spec in NAMED}) == len(NAMED)
    for spec in NAMED:
        if spec.icon:
            assert resource(f"icons/{spec.icon}.svg").is_file()


def test_no_menu_has_the_same_letter_twice() -> None:
    for menu in {spec.menu for spec in NAMED}:
        texts = [spec.text for spec in NAMED if spec.menu == menu]
        letters = Counter(text[text.index("&") + 1].lower() for text in texts if "&" in text)
        assert [letter for letter, uses in letters.items() if uses > 1] == [], menu


def test_every_command_does_something(app: App) -> None:
    handlers = app.window._handlers()
    missing = {spec.name for spec in NAMED} - handlers.keys() - {"recent"}
    assert missing == set()
    assert handlers.keys() <= {spec.name for spec in NAMED}
    assert app.window.actions_by_name["recent"].menu() is not None


def test_without_a_workspace_only_the_ways_in_can_be_used(app: App) -> None:
    for spec in NAMED:
        if spec.name not in {"undo", "redo"}:
            assert app.window.actions_by_name[spec.name].isEnabled() is (not spec.needs), spec.name
    assert not app.window.actions_by_name["undo"].isEnabled()
    assert not app.window.actions_by_name["redo"].isEnabled()


def test_commands_without_a_workspace_do_no_harm(app: App) -> None:
    own = {"open_folder", "open_file", "open_prefix", "open_dataset", "open_sample", "quit", "about", "keys"}
    for name, handler in app.window._handlers().items():
        if name not in own:
            handler()
