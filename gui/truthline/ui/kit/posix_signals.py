"""Ctrl-C in the terminal, and being asked to end: the window is closed as by its own button."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSocketNotifier, Signal

if TYPE_CHECKING:
    from types import FrameType

_ENDING: Final = ("SIGINT", "SIGTERM", "SIGHUP")


class EndSignals(QObject):
    """Notices the signals that ask a process to end.

    Python calls a handler between two steps of its own, and there is none while Qt waits for events. So the
    signal's number comes through a socket, which Qt watches.
    """

    received = Signal(int)
    """The signal's number."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._before = {
            number: signal.signal(number, _let_pass)
            for name in _ENDING
            if (number := getattr(signal, name, None)) is not None
        }
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(lambda _socket: self._read())

    def close(self) -> None:
        """Put everything back as it was."""
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _read(self) -> None:
        for number in self._reader.recv(64):
            if number in self._before:
                self.received.emit(number)


def _let_pass(_number: int, _frame: FrameType | None) -> None:
    """Keep Python from raising KeyboardInterrupt in the middle of a slot."""
