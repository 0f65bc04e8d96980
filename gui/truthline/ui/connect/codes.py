"""Codes of MFA devices, asked for in the window on behalf of whichever thread signs in."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication
from typing_extensions import override

from truthline.aws.connection import CodeAsker
from truthline.errors import CancelledError, SignInError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from truthline.ui.connect.code_question import CodeDialog
    from truthline.ui.kit.jobs import Jobs


class CodePrompt(CodeAsker):
    """Shows a dialog for each code. Who cancels it is not asked again before asking for work.

    The window watches the dataset by itself, and a question that comes back every few seconds is none.

    Args:
        jobs: bring the question to the GUI thread.
        window: the dialogs belong to it, unless another one is open over it.

    """

    def __init__(self, jobs: Jobs, window: QWidget) -> None:
        self._jobs = jobs
        self._window = window
        self._lock = threading.Lock()
        self._answer: Future[str] | None = None
        self._unwanted: set[tuple[str, str]] = set()
        self._closed = False

    @override
    def ask(self, role: str, device: str) -> str:
        answer: Future[str] = Future()
        with self._lock:
            if self._closed:
                raise CancelledError
            if (role, device) in self._unwanted:
                raise _not_given(role, device)
            self._answer = answer
        self._jobs.post(lambda: self._show(role, device, answer))
        return answer.result()

    @override
    def ask_again(self) -> None:
        with self._lock:
            self._unwanted.clear()

    def close(self) -> None:
        """Ask nothing more; whoever waits for an answer is told that all is over."""
        with self._lock:
            self._closed = True
            waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(CancelledError())

    def _show(self, role: str, device: str, answer: Future[str]) -> None:
        from truthline.ui.connect.code_question import CodeDialog  # noqa: PLC0415 (few ever need it)

        if answer.done():
            return
        dialog = CodeDialog(role, device, QApplication.activeModalWidget() or self._window)
        dialog.accepted.connect(lambda: self._take(answer, dialog))
        dialog.rejected.connect(lambda: self._refuse(role, device, answer))
        dialog.destroyed.connect(lambda: self._refuse(role, device, answer))  # with the dialog below it
        dialog.open()

    @staticmethod
    def _take(answer: Future[str], dialog: CodeDialog) -> None:
        if not answer.done():
            answer.set_result(dialog.code)

    def _refuse(self, role: str, device: str, answer: Future[str]) -> None:
        if not answer.done():
            with self._lock:
                self._unwanted.add((role, device))
            answer.set_exception(_not_given(role, device))


def _not_given(role: str, device: str) -> SignInError:
    return SignInError(
        "Signing in needs the code of an MFA device.",
        detail=f"It is for the role {role}, and the device {device}. Dataset > Refresh Status asks again.",
    )
