"""The table of keys, and that the README and the list in the window say what it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QTreeWidget

from present import present
from truthline.ui.kit.key_list import KeysDialog
from truthline.ui.kit.keys import DIGITS, DIGITS_NOTE, KEYS, Key, Where, key_name, keys_of
from truthline.ui.window.actions import ACTIONS

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

README = Path(__file__).parents[3] / "README.md"
HEAD = "| where | key | what it does |\n|---|---|---|\n"
IN_THE_WINDOW = [Where.ANYWHERE, Where.IMAGE]


def test_no_two_commands_have_the_same_key() -> None:
    for places in ([Where.ANYWHERE, Where.GALLERY], IN_THE_WINDOW, [Where.CONFLICTS], [Where.PROJECTS]):
        written = Counter(
            QKeySequence(key).toString() for one in KEYS if one.where in places for key in one.keys
        )
        assert "" not in written
        assert [key for key, uses in written.items() if uses > 1] == []


def test_each_command_stands_in_the_table_once() -> None:
    assert [name for name, uses in Counter(key.command for key in KEYS).items() if uses > 1] == []
    assert all(key.keys or key.shown for key in KEYS)


def test_what_the_menus_show_works_on_every_keyboard() -> None:
    """A sign may stand in the digits' row, where it is a digit."""
    for key in KEYS:
        if not key.shown and key.where in IN_THE_WINDOW:
            assert key.keys[0][-1].isalnum() or key.keys[0].startswith("Ctrl+"), key.command


def test_every_digit_has_its_keys() -> None:
    assert "".join(keys_of("label_images").keys) == "".join(keys_of("label_boxes").keys) == DIGITS
    assert keys_of("label_image").keys == tuple(f"Shift+{digit}" for digit in DIGITS)


def test_keys_are_told_as_people_know_them() -> None:
    assert key_name("push") == keys_of("push").names == QKeySequence("Ctrl+Enter").toString()
    assert keys_of("find").names == "Ctrl+F, /"
    assert key_name("pan") == "Space+drag"
    assert keys_of("about").keys == ()
    assert {spec.name for spec in ACTIONS} >= {"draw", "keys"}


def test_the_list_of_keys_shows_every_key(qtbot: QtBot) -> None:
    dialog = KeysDialog()
    qtbot.addWidget(dialog)
    tree = dialog.findChild(QTreeWidget)
    shown = []
    for group in range(present(tree).topLevelItemCount()):
        parent = present(tree).topLevelItem(group)
        rows = [present(parent).child(row) for row in range(present(parent).childCount())]
        shown += [(present(parent).text(0), present(row).text(0), row.text(1)) for row in rows]  # type: ignore[union-attr]
    assert sorted(shown) == sorted((key.where.value, key.words, key.names) for key in KEYS)
    assert DIGITS_NOTE in [label.text() for label in dialog.findChildren(QLabel)]


def test_the_readme_has_the_table_of_keys() -> None:
    wanted = HEAD + "".join(row(key) for where in Where for key in KEYS if key.where is where)
    section = README.read_text("utf-8").partition("\n## Keys\n")[2].partition("\n## ")[0]
    assert wanted in section, f"The README's table of keys should be:\n\n{wanted}"
    assert DIGITS_NOTE in " ".join(section.split())


def row(key: Key) -> str:
    return f"| {key.where.value} | {', '.join(map(quoted, key.written))} | {key.words} |\n"


def quoted(key: str) -> str:
    return f"`{key}`" if not key[-1].isalnum() else key
