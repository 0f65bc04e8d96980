"""What is remembered; a damaged file costs a preference and never a start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.settings import RECENT, SETTINGS, Settings
from truthline.ui.app import App

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def test_settings_come_back(tmp_path: Path) -> None:
    path = tmp_path / "not there yet" / "settings.json"
    first = Settings(path)
    assert {name: first.get(name) for name in SETTINGS} == SETTINGS
    first.set("appearance", "dark")
    first.set("thumbnail_size", 99)
    first.remember("/a/é")
    first.save()
    again = Settings(path)
    assert (again.get("appearance"), again.get("thumbnail_size"), again.get("recent")) == (
        "dark",
        99,
        ["/a/é"],
    )
    assert [one.name for one in path.parent.iterdir()] == ["settings.json"]


def test_two_users_of_the_table_share_nothing(tmp_path: Path) -> None:
    one, other = Settings(tmp_path / "1"), Settings(tmp_path / "2")
    one.get("recent").append("x")
    assert other.get("recent") == []
    assert SETTINGS["recent"] == []


def test_the_newest_comes_first_and_few_are_kept(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    for number in range(RECENT + 5):
        settings.remember(f"{number}")
    settings.remember("7")
    recent = settings.get("recent")
    assert recent[:2] == ["7", f"{RECENT + 4}"]
    assert len(recent) == len(set(recent)) == RECENT


@pytest.mark.parametrize("value", [1, "1", True, None, 1.5])
def test_a_setting_takes_one_kind_of_value(tmp_path: Path, value: Any) -> None:
    settings = Settings(tmp_path / "settings.json")
    if type(value) is int:
        settings.set("thumbnail_size", value)
    else:
        with pytest.raises(TypeError):
            settings.set("thumbnail_size", value)


DAMAGED = (
    "", "{", "[]", "null", '"x"', "\x00\x01", '{"thumbnail_size": "large", "recent": 7, "window": {}}',
    '{"thumbnail_size": true}', '{"unknown": 1}', '{"recent": ["a", 1, null, {}]}',
)  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_falls_back_to_the_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="utf-8")
    settings = Settings(path)
    expected = SETTINGS | ({"recent": ["a"]} if "recent" in text and "null" in text else {})
    assert {name: settings.get(name) for name in SETTINGS} == expected
    settings.set("region", "eu-west-1")
    settings.save()
    assert json.loads(path.read_bytes())["region"] == "eu-west-1"


def test_a_file_that_is_not_text_falls_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert Settings(path).get("region") == ""


def test_a_folder_in_its_place_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    settings = Settings(tmp_path / "settings.json")
    settings.save()
    assert settings.get("appearance") == "system"


@pytest.mark.parametrize(
    "values",
    [
        {"window": "é", "layout": "é,,ß", "thumbnail_size": -5, "appearance": "purple"},
        {"window": "AAAA", "layout": "AAAA", "thumbnail_size": 10**9},
        {"recent": ["<img src=x>", "x" * 10_000, "a\nb", ""]},
    ],
)
def test_the_window_starts_with_any_values(qtbot: QtBot, tmp_path: Path, values: dict[str, Any]) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    app = App(Settings(path), tmp_path / "cache")
    qtbot.addWidget(app.window)
    app.window.show()
    app.window.grab()
    manifest = tmp_path / "a.manifest"
    manifest.write_bytes(b'{"source-ref":"s3://leaves/a.jpg"}\n')
    app.window.open(str(manifest))
    qtbot.waitUntil(lambda: app.window.bench is not None)
    app.close()
