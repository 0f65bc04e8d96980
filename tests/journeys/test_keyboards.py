"""Every key of eleven keyboards, pressed in the real window: which command each of them gives.

The tables below are facts of xkeyboard-config, read out with libxkbcommon: for each layout what the four rows
of character keys give without and with Shift. A dot stands for a dead key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit

from truthline.ui import keyboard
from truthline.ui.keys import DIGITS, KEYS, Where, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conftest import User

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


def meant(key: Pressed, modifiers: Qt.KeyboardModifier) -> str:
    """The command that a key is to give, "" for none."""
    shifted = bool(modifiers & SHIFT)
    if key.code in DIGIT_ROW:
        return f"{'here' if shifted else 'use'} {DIGITS[key.code - DIGIT_ROW[0]]}"
    character = key.shifted if shifted else key.plain
    if character in SIGNS:
        return SIGNS[character]
    letter = LETTERS.get(key.code, "") if "а" <= character <= "я" else character
    return "" if shifted else BY_LETTER.get(letter, "")


class Keyboard:
    """Presses keys as a window system tells of them, with the place of the key, and notes what they do."""

    def __init__(self, user: User) -> None:
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
            action.setEnabled(True)
        bench = self.user.bench
        monkeypatch.setattr(bench.colours, "at_digit", str)
        monkeypatch.setattr(bench, "use_label", lambda digit: self.done.append(f"use {digit}"))
        monkeypatch.setattr(bench, "toggle_label_here", lambda digit: self.done.append(f"here {digit}"))

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
        code = Qt.Key.Key_Dead_Grave.value if character == DEAD else ord(character.upper())
        text = "" if character == DEAD else character
        rest = (code, modifiers, key.code, code, native, text, again, 1)
        asked = QKeyEvent(QEvent.Type.ShortcutOverride, *rest)
        asked.ignore()
        QApplication.sendEvent(focus, asked)
        if asked.isAccepted():
            QApplication.sendEvent(focus, QKeyEvent(QEvent.Type.KeyPress, *rest))
        else:  # this is how Qt's own shortcuts are asked
            self.user.qtbot.keyClick(focus, code, modifiers)
        return list(self.done)


@pytest.fixture
def keys(user: User, photos: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    """A keyboard at an image whose commands are only noted."""
    (photos / "sample.manifest").write_bytes(b"")
    user.window.open_wish_of(photos) if hasattr(user.window, "open_wish_of") else None
    yield Keyboard(user)
