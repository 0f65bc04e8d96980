"""A line of text in the window, which takes no more than its own keys and gives the focus back when done."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from shiboken6 import isValid
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_UNDOES = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


class Field(QLineEdit):
    """Enter tells the text, Esc empties the field; both give the focus back to where it was.

    While it is empty, undo and redo are the document's.
    """

    entered = Signal(str)
    """The text, when Enter was pressed."""

    def __init__(self, prompt: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fallback: Callable[[], QWidget | None] = lambda: None
        """What gets the focus where that which had it is gone."""
        self._before: QWidget | None = None
        self.setPlaceholderText(prompt)
        self.setAccessibleName(prompt)
        self.setClearButtonEnabled(True)
        cast("QApplication", QApplication.instance()).focusChanged.connect(self._note_focus)

    def take_focus(self) -> None:
        """Put the cursor here; what is written would replace the text."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def give_focus_back(self) -> None:
        """Let the keys go on where they went before."""
        before = self._before
        seen = before is not None and isValid(before) and before.isVisible() and before.isEnabled()
        target = before if seen else self.fallback()
        if target is None:
            self.clearFocus()
        else:
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is self and old is not None:
            self._before = old

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
            if not self.text() and any(event.matches(key) for key in _UNDOES):
                event.ignore()  # else it would undo what was written here
                return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.give_focus_back()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & ~_KEYPAD:
            self.give_focus_back()
            self.entered.emit(self.text())
        else:
            super().keyPressEvent(event)
