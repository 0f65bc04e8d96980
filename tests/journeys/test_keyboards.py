"""Every key of eleven keyboards, pressed in the real window: which command each of them gives.

The tables below are facts of xkeyboard-config, read out with libxkbcommon: for each layout what the four rows
of character keys give without and with Shift. A dot stands for a dead key.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import shiboken6
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit

from present import present
from truthline.ui.connect.wish import Wish
from truthline.ui.kit import keyboard
from truthline.ui.kit.keys import DIGITS, KEYS, Where, keys_of

if TYPE_CHECKING:
    from pathlib import Path

DEAD = "·"
KEYCODES = (
    *range(10, 22),
    *range(24, 36),
    *(*range(38, 49), 51),
    *(94, *range(52, 62)),
)
DIGIT_ROW = range(10, 20)
LETTERS = dict(
    zip((*range(24, 34), *range(38, 47), *range(52, 59)), "qwertyuiopasdfghjklzxcvbnm", strict=True)
)
"""What a US keyboard has there."""
LAYOUTS = {
    "us": (
        "1234567890-= qwertyuiop[] asdfghjkl;'\\ <zxcvbnm,./",
        '!@#$%^&*()_+ QWERTYUIOP{} ASDFGHJKL:"| >ZXCVBNM<>?',
    ),
    "de": (
        "1234567890ß· qwertzuiopü+ asdfghjklöä# <yxcvbnm,.-",
        "!\"§$%&/()=?· QWERTZUIOPÜ* ASDFGHJKLÖÄ' >YXCVBNM;:_",
    ),
    "fr": (
        "&é\"'(-è_çà)= azertyuiop·$ qsdfghjklmù* <wxcvbn,;:!",
        "1234567890°+ AZERTYUIOP·£ QSDFGHJKLM%µ >WXCVBN?./§",
    ),
    "be": (
        "&é\"'(§è!çà)- azertyuiop·$ qsdfghjklmùµ <wxcvbn,;:=",
        "1234567890°_ AZERTYUIOP·* QSDFGHJKLM%£ >WXCVBN?./+",
    ),
    "es": (
        "1234567890'¡ qwertyuiop·+ asdfghjklñ·ç <zxcvbnm,.-",
        '!"·$%&/()=?¿ QWERTYUIOP·* ASDFGHJKLÑ·Ç >ZXCVBNM;:_',
    ),
    "it": (
        "1234567890'ì qwertyuiopè+ asdfghjklòàù <zxcvbnm,.-",
        '!"£$%&/()=?^ QWERTYUIOPé* ASDFGHJKLç°§ >ZXCVBNM;:_',
    ),
    "no": (
        "1234567890+\\ qwertyuiopå· asdfghjkløæ' <zxcvbnm,.-",
        '!"#¤%&/()=?· QWERTYUIOPÅ· ASDFGHJKLØÆ* >ZXCVBNM;:_',
    ),
    "ch": (
        "1234567890'· qwertzuiopü· asdfghjklöä$ <yxcvbnm,.-",
        '+"*ç%&/()=?· QWERTZUIOPè! ASDFGHJKLéà£ >YXCVBNM;:_',
    ),
    "pt": (
        "1234567890'« qwertyuiop+· asdfghjklçº· <zxcvbnm,.-",
        '!"#$%&/()=?» QWERTYUIOP*· ASDFGHJKLÇª· >ZXCVBNM;:_',
    ),
    "ru": (
        "1234567890-= йцукенгшщзхъ фывапролджэ\\ /ячсмитьбю.",
        '!"№;%:?*()_+ ЙЦУКЕНГШЩЗХЪ ФЫВАПРОЛДЖЭ/ |ЯЧСМИТЬБЮ,',
    ),
    "jp": (
        "1234567890-^ qwertyuiop@[ asdfghjkl;:] <zxcvbnm,./",
        "!\"#$%&'()~=~ QWERTYUIOP`{ ASDFGHJKL+*} >ZXCVBNM<>?",
    ),
}
NONE, SHIFT, CONTROL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
SIGNS = {"/": "find", "?": "keys", "+": "zoom_in", "=": "zoom_in", "-": "zoom_out"}
IN_THE_WINDOW = [
    key for key in KEYS if key.where in (Where.ANYWHERE, Where.IMAGE) and not key.command.startswith("label_")
]
BY_LETTER = {
    sequence.lower(): key.command for key in IN_THE_WINDOW for sequence in key.keys if len(sequence) == 1
}


class Pressed(NamedTuple):
    """One key of a layout."""

    code: int
    plain: str
    shifted: str


def keys_on(layout: str) -> list[Pressed]:
    plain, shifted = (level.replace(" ", "") for level in LAYOUTS[layout])
    return [Pressed(*key) for key in zip(KEYCODES, plain, shifted, strict=True)]


def meant(key: Pressed, modifiers: Qt.KeyboardModifier) -> list[str]:
    """The command that a key is to give, or none."""
    command = command_of(key, shifted=bool(modifiers & SHIFT))
    return [command] if command else []


def command_of(key: Pressed, *, shifted: bool) -> str:
    if key.code in DIGIT_ROW:
        return f"{'here' if shifted else 'use'} {DIGITS[key.code - DIGIT_ROW[0]]}"
    character = key.shifted if shifted else key.plain
    if character in SIGNS:
        return SIGNS[character]
    letter = LETTERS.get(key.code, "") if "а" <= character <= "я" else character
    return "" if shifted else BY_LETTER.get(letter, "")


def from_outside(event: QKeyEvent) -> None:
    """Mark an event as one of the window system: for others Qt asks once more, without the key's place."""
    (address,) = shiboken6.getCppPointer(event)
    ctypes.c_bool.from_address(address + 11).value = True
    assert event.spontaneous()


class Keyboard:
    """Presses keys as a window system tells of them, with the place of the key, and notes what they do."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.done: list[str] = []

    def record(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note the commands instead of carrying them out."""
        actions = self.user.window.actions_by_name
        for key in IN_THE_WINDOW:
            if key.command not in actions._specs:
                continue
            action = actions[key.command]
            action.triggered.disconnect()
            action.triggered.connect(lambda _=False, name=key.command: self.done.append(name))
        self.enable()
        bench = self.user.bench
        monkeypatch.setattr(bench.colours, "at_digit", str)
        monkeypatch.setattr(bench.selection, "give", lambda digit: self.done.append(f"use {digit}"))
        monkeypatch.setattr(bench.selection, "toggle_here", lambda digit: self.done.append(f"here {digit}"))

    def enable(self) -> None:
        for action in self.user.window.actions_by_name._actions.values():
            action.setEnabled(True)

    def press(
        self,
        key: Pressed,
        modifiers: Qt.KeyboardModifier = NONE,
        *,
        native: int = 0,
        again: bool = False,
    ) -> list[str]:
        """Press a key where the focus is; returns what it did."""
        self.done.clear()
        focus = QApplication.focusWidget()
        assert focus is not None
        character = key.shifted if modifiers & SHIFT else key.plain
        upper = character.upper()  # of a sharp s these are two
        code = (
            Qt.Key.Key_Dead_Grave.value if character == DEAD else ord(upper if len(upper) == 1 else character)
        )
        text = "" if character == DEAD else character
        rest = (code, modifiers, key.code, code, native, text, again)
        asked = QKeyEvent(QEvent.Type.ShortcutOverride, *rest)
        asked.ignore()
        QApplication.sendEvent(focus, asked)
        if not asked.isAccepted() and code < 128:  # this is how Qt's own shortcuts are asked
            self.user.qtbot.keyClick(focus, Qt.Key(code), modifiers)
            return list(self.done)
        pressed = QKeyEvent(QEvent.Type.KeyPress, *rest)
        from_outside(pressed)
        present(QApplication.instance()).notify(focus, pressed)
        return list(self.done)


@pytest.fixture
def at_the_keys(user: Any, photos: Path) -> Keyboard:
    """Somebody at the canvas with an image and no box."""
    user.window.open_wish(Wish(str(photos), target="s3://leaves/photos"))
    user.opened()
    user.open_image("fig.jpg")
    return Keyboard(user)


@pytest.fixture
def recorded(at_the_keys: Keyboard, monkeypatch: pytest.MonkeyPatch) -> Keyboard:
    at_the_keys.record(monkeypatch)
    return at_the_keys


@pytest.mark.parametrize("where", ["image", "labels", "gallery"])
def test_every_key_of_every_layout_gives_one_command_or_none(recorded: Keyboard, where: str) -> None:
    bench = recorded.user.bench
    if where == "gallery":
        bench.show_gallery()
        recorded.enable()
    {"image": bench.image.canvas, "labels": bench.labels.list, "gallery": bench.gallery}[where].setFocus()
    wrong = [
        (layout, key, modifiers, done)
        for layout in LAYOUTS
        for key in keys_on(layout)
        for modifiers in (NONE, SHIFT)
        if (done := recorded.press(key, modifiers)) != meant(key, modifiers)
    ]
    assert wrong == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_key_with_ctrl_means_two_commands(layout: str) -> None:
    """As Qt looks for shortcuts: the key's own character, and the shifted one with and without Shift."""
    commands = {QKeySequence(one): key.command for key in IN_THE_WINDOW for one in key.keys}
    for key in keys_on(layout):
        plain, shifted = key.plain.upper(), key.shifted.upper()
        asked = [f"Ctrl+{plain}"], [f"Ctrl+Shift+{plain}", f"Ctrl+Shift+{shifted}"]
        if shifted != plain:
            asked[1].append(f"Ctrl+{shifted}")
        for keys in asked:
            assert len({commands[one] for one in map(QKeySequence, keys) if one in commands}) <= 1, keys


def test_each_sign_has_another_key_that_is_the_same_on_every_layout() -> None:
    """For the layouts that have the sign in the row of digits."""
    for command in set(SIGNS.values()):
        assert keys_of(command).keys[0] in {"Ctrl+F", "F1", "Ctrl++", "Ctrl+-"}


def test_ctrl_and_a_sign_in_the_digits_row_is_the_sign(recorded: Keyboard) -> None:
    minus = next(key for key in keys_on("fr") if key.plain == "-")
    assert minus.code in DIGIT_ROW
    assert recorded.press(minus) == ["use 6"]
    assert recorded.press(minus, CONTROL) == ["zoom_out"]


def test_letters_that_are_not_latin_work_with_ctrl_as_well(recorded: Keyboard) -> None:
    of_z, of_slash = (next(key for key in keys_on("ru") if key.plain == letter) for letter in "яю")
    assert recorded.press(of_z, CONTROL) == ["undo"]
    assert recorded.press(of_z, CONTROL | SHIFT) == ["redo"]
    assert recorded.press(of_slash) == []


def test_labels_are_given_by_the_row_of_digits(at_the_keys: Keyboard) -> None:
    user = at_the_keys.user
    names = [f"label {digit}" for digit in DIGITS]
    for name in names:
        user.bench.document.add_label(name)
    user.wait(lambda: [label.name for label in user.bench.colours.labels] == names)
    fig = user.bench.browser.current
    for layout, place, shifted in (("fr", 1, "2"), ("de", 6, "/"), ("ch", 0, "+"), ("no", 9, "=")):
        user.bench.show_image()
        key = keys_on(layout)[place]
        assert key.shifted == shifted
        at_the_keys.press(key, SHIFT)
        assert user.class_labels(fig) == [names[place]]
        at_the_keys.press(key)
        assert user.bench.labeller.next_class == names[place]
        user.bench.show_gallery()
        at_the_keys.press(key)
        assert user.class_labels(fig) == []


def test_the_keypad_has_the_digits_too(recorded: Keyboard) -> None:
    keypad = Qt.KeyboardModifier.KeypadModifier
    assert recorded.press(Pressed(87, "1", "1"), keypad) == ["use 1"]
    assert recorded.press(Pressed(86, "+", "+"), keypad) == ["zoom_in"]
    assert recorded.press(Pressed(106, "/", "/"), keypad) == ["find"]


def test_the_third_character_of_a_key_is_no_digit(recorded: Keyboard) -> None:
    alt_gr = 0x80
    assert recorded.press(Pressed(16, "{", "{"), native=alt_gr) == []
    assert recorded.press(Pressed(11, "2", "2"), native=alt_gr) == ["use 2"]


def test_a_digit_held_down_labels_once(recorded: Keyboard) -> None:
    keys = keys_on("us")
    assert recorded.press(keys[0]) == ["use 1"]
    assert recorded.press(keys[0], again=True) == []
    plus = keys[KEYCODES.index(21)]
    assert recorded.press(plus, SHIFT) == recorded.press(plus, SHIFT, again=True) == ["zoom_in"]


def test_a_field_has_its_keys_first(recorded: Keyboard) -> None:
    user = recorded.user
    user.trigger("find")  # only noted
    field = user.window.findChild(QLineEdit)
    field.setFocus()
    for key in keys_on("fr")[:3]:
        assert recorded.press(key) == []
    assert field.text() == '&é"'
    user.bench.image.canvas.setFocus()
    assert recorded.press(keys_on("fr")[0]) == ["use 1"]


@pytest.mark.parametrize(("platform", "code", "virtual"), [("windows", 3, 0x32), ("cocoa", 1, 19)])
def test_other_windows_number_the_places_otherwise(
    monkeypatch: pytest.MonkeyPatch, platform: str, code: int, virtual: int
) -> None:
    monkeypatch.setattr(keyboard.QGuiApplication, "platformName", lambda: platform)  # type: ignore[attr-defined]
    event = QKeyEvent(QEvent.Type.KeyPress, ord("É"), NONE, code, virtual, 0, "é")
    assert keyboard.digit_of(event) == "2"
    assert keyboard.digit_of(QKeyEvent(QEvent.Type.KeyPress, ord("É"), NONE, 41, 50, 0, "é")) == ""


def test_the_hint_and_the_canvas_agree_about_the_tools(at_the_keys: Keyboard) -> None:
    canvas, user = at_the_keys.user.bench.image.canvas, at_the_keys.user
    assert "B draws" in canvas.hint
    for key in keys_of("draw").keys:
        user.key(key)
        assert canvas.drawing
        assert "V select tool" in canvas.hint
        user.key("v")
        assert not canvas.drawing
