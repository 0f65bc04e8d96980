"""Qt's own messages, which end in the log."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from truthline import log

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def logged_messages() -> Iterator[None]:
    """Have Qt's warnings written to the log, and to standard error as without it."""
    qInstallMessageHandler(_take)
    try:
        yield
    finally:
        qInstallMessageHandler(None)


def _take(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg}:
        return
    log.foreign(f"{context.category or 'qt'}: {text}")
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201  # as Qt itself does
