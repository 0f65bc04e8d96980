"""Keys that Qt's shortcuts cannot tell apart everywhere: digits, signs, and letters that are not Latin.

Shift and a key of the digits' row give another sign on each layout, and Qt takes such a key for the digit and
for the sign. Here the digits' row is known by its place, whatever is printed on it, and a sign by itself,
however it is typed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from truthline.ui.kit.keys import DIGITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QWidget

Act = Callable[[], object]

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_DIGITS: Final = frozenset(DIGITS)
_US: Final = "1234567890qwertyuiopasdfghjklzxcvbnm"
_PC: Final[dict[int, str]] = dict(
    zip((*range(2, 12), *range(16, 26), *range(30, 39), *range(44, 51)), _US, strict=True)
)
"""By the scan codes of Windows and of evdev."""
_X11: Final[dict[int, str]] = {code + 8: character for code, character in _PC.items()}
"""By the keycodes of X11, which Wayland's clients get as well."""
_MAC_CODES: Final = (
    *(18, 19, 20, 21, 23, 22, 26, 28, 25, 29),
    *(12, 13, 14, 15, 17, 16, 32, 34, 31, 35),
    *(0, 1, 2, 3, 5, 4, 38, 40, 37),
    *(6, 7, 8, 9, 11, 45, 46),
)
_MAC: Final[dict[int, str]] = dict(zip(_MAC_CODES, _US, strict=True))
"""By macOS's virtual key codes, which are places there."""
_ALT_GR: Final = 0x80
"""Among the native modifiers of X11 and Wayland: this is how the third character of a key is typed."""


class KeyFilter(QObject):
    """Gives a window those keys that Qt's shortcuts cannot tell apart, before they are asked.

    A widget that has a use for the key itself, such as a field of text, has it first.

    Args:
        window: whose keys these are; signs and letters are those of its own actions and shortcuts.
        digits: what the keys "1" and "Shift+1" do, and so on.

    """

    def __init__(self, window: QWidget, digits: Mapping[str, Act]) -> None:
        super().__init__(window)
        self._window = window
        self._digits = digits
        self._act: Act | None = None
        self._focus: QObject | None = None
        window.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                return self._claim(watched, event)
            if event.type() == QEvent.Type.KeyPress and self._act is not None:
                act = self._act
                self._let_go()
                act()
                return True
        return False

    def _claim(self, watched: QObject, event: QKeyEvent) -> bool:
        """Take a key that nobody below the window wanted; its press comes next, to whatever has the focus."""
        self._let_go()
        if watched is self._window:
            self._act = self._act_of(event)
        if self._act is None:
            return False
        self._focus = QApplication.focusWidget()
        if self._focus is not None and self._focus is not self._window:
            self._focus.installEventFilter(self)
        event.accept()
        return True

    def _let_go(self) -> None:
        focus, self._act, self._focus = self._focus, None, None
        if focus is not None and focus is not self._window:
            focus.removeEventFilter(self)

    def _act_of(self, event: QKeyEvent) -> Act | None:
        digit = digit_of(event)
        act = self._digits.get(f"Shift+{digit}" if event.modifiers() & _SHIFT else digit)
        if act is not None:
            return _nothing if event.isAutoRepeat() else act  # a digit held down would label and unlabel
        key = _sign(event) or _latin(event)
        return None if key is None else self._shortcut(QKeySequence(key), again=event.isAutoRepeat())

    def _shortcut(self, keys: QKeySequence, *, again: bool) -> Act | None:
        for action in self._window.actions():
            if action.isEnabled() and keys in action.shortcuts():
                return _nothing if again and not action.autoRepeat() else action.trigger
        here = Qt.FindChildOption.FindDirectChildrenOnly
        for shortcut in self._window.findChildren(QShortcut, options=here):
            if shortcut.isEnabled() and keys == shortcut.key():
                return _nothing if again and not shortcut.autoRepeat() else shortcut.activated.emit
        return None


def digit_of(event: QKeyEvent) -> str:
    """The digit that a key means, with or without Shift: by its place, else by its character; "" if none."""
    if event.modifiers() & ~(_SHIFT | _KEYPAD):
        return ""
    place = _place(event)
    return next((one for one in (place, _character(event)) if one in _DIGITS), "")


def _sign(event: QKeyEvent) -> QKeyCombination | None:
    """A sign without the Shift that it was typed with."""
    character = _character(event)
    if not character or event.modifiers() & ~(_SHIFT | _KEYPAD):
        return None
    sign = "!" <= character <= "~" and not character.isalnum()
    return QKeyCombination(Qt.Key(event.key())) if sign else None


def _latin(event: QKeyEvent) -> QKeyCombination | None:
    """The letter that a US keyboard has in the place of a letter that is not Latin."""
    character, place = _character(event), _place(event)
    if not (character.isalpha() and place.isalpha()):
        return None
    if unicodedata.name(character, "LATIN").startswith("LATIN"):
        return None
    return QKeyCombination(event.modifiers(), Qt.Key(ord(place.upper())))


def _character(event: QKeyEvent) -> str:
    """What the key types; "" for one that types nothing."""
    return chr(event.key()) if 0 < event.key() <= 0xFFFF else ""


def _place(event: QKeyEvent) -> str:
    """What a US keyboard has in the place of the key; "" for others, and where the place is not known."""
    platform = QGuiApplication.platformName()
    if platform == "windows":
        return _PC.get(event.nativeScanCode(), "")
    if platform == "cocoa":
        return _MAC.get(event.nativeVirtualKey(), "")
    if event.nativeModifiers() & _ALT_GR:
        return ""
    return _X11.get(event.nativeScanCode(), "")


def _nothing() -> None:
    """What a key does again while it is held down, if it does nothing then."""
