"""Tells somebody who is looking elsewhere that long work on the dataset has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from truthline.errors import TruthlineError
from truthline.ui.dataset.outcomes import pull_words, push_words
from truthline.ui.kit import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.ui.dataset.dataset import Dataset
    from truthline.ui.dataset.state import DatasetState

LONG_SECONDS = 10.0
"""Nobody leaves the window for less."""
_SHOWN_MS = 10_000


class Notifier(QObject):
    """Watches a dataset's work, and speaks up when a long push or pull ends while the window is not active.

    Where there is no tray to show a message from, the window alone asks for attention.

    Args:
        dataset: whose work is watched.
        window: which the person may have left.
        clock: gives seconds.

    """

    def __init__(
        self, dataset: Dataset, window: QWidget, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(dataset)
        self._window = window
        self._clock = clock
        self._began: float | None = None
        self._spent = 0.0
        self._tray: QSystemTrayIcon | None = None
        self._hide = QTimer(self)
        self._hide.setSingleShot(True)
        self._hide.timeout.connect(self._hide_tray)
        dataset.state_changed.connect(self._watch)
        dataset.pushed.connect(lambda result: self._end("Push", push_words(result)))
        dataset.pulled.connect(lambda result: self._end("Pull", pull_words(result)))
        dataset.push_queued.connect(lambda _: self._end("Push", "It goes on once the service answers again."))
        dataset.failed.connect(lambda error: self._end("Dataset", f"It failed. {_plain(error)}"))

    def tell(self, title: str, text: str) -> None:
        """Say it on the desktop, unless the window is in front anyway."""
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            self._show_message(title, text)

    def close(self) -> None:
        """Take away what is still shown."""
        self._hide_tray()

    def _watch(self, state: DatasetState) -> None:
        if state.activity is not None and self._began is None:
            self._began = self._clock()
        elif state.activity is None and self._began is not None:
            self._spent, self._began = self._clock() - self._began, None

    def _end(self, what: str, text: str) -> None:
        # Work ends in the state first, and is told of after it.
        spent, self._spent = self._spent, 0.0
        if spent > LONG_SECONDS:
            self.tell(f"Truthline: {what}", text)

    def _show_message(self, title: str, text: str) -> None:
        if self._tray is None:
            icon = self._window.windowIcon()
            self._tray = QSystemTrayIcon(theme.icon("dataset") if icon.isNull() else icon, self)
            self._tray.messageClicked.connect(self._come_forward)
        self._tray.show()
        self._tray.showMessage(title, text, self._tray.icon(), _SHOWN_MS)
        self._hide.start(_SHOWN_MS)

    def _come_forward(self) -> None:
        self._window.raise_()
        self._window.activateWindow()
        self._hide_tray()

    def _hide_tray(self) -> None:
        self._hide.stop()
        if self._tray is not None:
            self._tray.hide()


def _plain(error: object) -> str:
    return error.title if isinstance(error, TruthlineError) else str(error)
