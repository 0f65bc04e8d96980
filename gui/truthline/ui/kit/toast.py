"""A line over the image that says what was done or went wrong, with one thing to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from truthline.ui.kit import theme

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOWN_MS = 6_000
"""Time to read two sentences and reach a button; a warning stays twice as long."""
_SHOWN_CHARACTERS = 500
_MARGIN = 16


class Toast(QFrame):
    """Lies over the lower edge of ``host``; goes away by itself, errors only when they are closed."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._act: Callable[[], object] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        self.button.clicked.connect(self._do)
        self._close = QToolButton()
        self._close.setToolTip("Close")
        self._close.clicked.connect(self.hide)
        for button in (self.button, self._close):  # a click takes no focus from what a person works in
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.button)
        layout.addWidget(self._close)
        host.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What is said, "" while hidden."""
        return self._text.text() if self.isVisible() else ""

    def say(self, text: str, *, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Say something for a few seconds; ``action`` names a button that calls ``act``."""
        self._show("done", theme.tokens().good, text, action, act)
        self._timer.start(_SHOWN_MS)

    def warn(self, text: str, *, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Say what needs attention, for a little longer."""
        self._show("warning", theme.tokens().warning, text, action, act)
        self._timer.start(2 * _SHOWN_MS)

    def complain(self, text: str, *, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Say what went wrong, until it is closed."""
        self._show("error", theme.tokens().error, text, action, act)
        self._timer.stop()

    def withdraw(self, act: Callable[[], object]) -> None:
        """Go away if the button shown is the one that calls ``act``."""
        if self._act == act:
            self.hide()

    def tell(self, done: str, wrong: str) -> None:
        """Say what was done; ``wrong`` is what was not, "" if all is well."""
        if wrong:
            self.complain(f"{done} {wrong}")
        else:
            self.say(done)

    def _show(self, icon: str, colour: str, text: str, action: str, act: Callable[[], object] | None) -> None:
        t = theme.tokens()
        self.setStyleSheet(
            f"Toast {{ background: {t.raised}; border: 1px solid {t.line}; border-left: 3px solid {colour};"
            " border-radius: 6px; }"
        )
        self._icon.setPixmap(theme.icon(icon, colour).pixmap(20, 20))
        self._close.setIcon(theme.icon("close"))
        shown = theme.shortened(text, _SHOWN_CHARACTERS)
        self._text.setText(shown)
        self._text.setToolTip("" if shown == text else theme.plain_tip(text))
        self._act = act
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self.show()
        self._place()
        self.raise_()

    def _do(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()

    def _place(self) -> None:
        width = min(560, self._host.width() - 2 * _MARGIN)
        self.setFixedWidth(width)
        height = max(self.heightForWidth(width), self.sizeHint().height())
        self.resize(width, height)
        self.move((self._host.width() - width) // 2, self._host.height() - height - _MARGIN)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
