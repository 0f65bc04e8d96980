"""Long work with the service as a dialog shows it: what it does now, for how long, and how it ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from truthline.errors import CancelledError, TruthlineError
from truthline.progress import Doing, Progress
from truthline.ui.kit import theme
from truthline.ui.kit.jobs import Job, Jobs, Lane, Work
from truthline.ui.kit.times import minutes
from truthline.words import REMARKS, activity_words, status_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.progress import Report

_TICK_MS = 500
"""Seconds are counted, and must not be skipped."""
_ICONS = {"good": "done", "error": "error", "warning": "warning", "busy": "more", "dim": "info"}


class WorkLine(QWidget):
    """Runs one piece of work at a time, on the network lane, and tells of it in words.

    Args:
        jobs: on whose lanes it runs.
        parent: the widget it belongs to.

    """

    busy_changed = Signal(bool)
    """Whether work is under way."""
    told = Signal(str)
    """Each new thing that the work does, in words."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._began = 0.0
        self._until = 0.0
        self._title = ""
        self._doing = ""
        self._icon = QLabel()
        self._icon.setFixedSize(16, 16)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.elapsed = QLabel()
        self.elapsed.setTextFormat(Qt.TextFormat.PlainText)
        self.elapsed.setProperty("dim", True)
        self.elapsed.setAccessibleName("Time since it began")
        self.cancel_button = QPushButton("Cancel &Waiting")
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.cancel)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.hint = QLabel("This is still under way. Wait until it has ended, or cancel the waiting first.")
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.hide()
        self._ticking = QTimer(self)
        self._ticking.setInterval(_TICK_MS)
        self._ticking.timeout.connect(self._tick)
        self._build()
        self._show_busy()

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return self._job is not None

    def run(
        self,
        text: str,
        work: Work[Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] = lambda _error: None,
        after_saving: bool = False,
    ) -> None:
        """Begin; ``done`` or ``failed`` is called in the end, after an error was shown here.

        ``text`` says what begins; the reports of the work follow it. With ``after_saving``, gestures of a
        moment ago are saved first. Nothing begins while other work is under way.
        """
        if self.busy:
            return

        def begin() -> None:
            # Cancelled while the gestures before it were being saved.
            if self._job is not None and self._job.token.cancelled:
                self._fail(CancelledError(), failed)
                return
            self._job = self._jobs.run(
                Lane.NETWORK,
                lambda token, report: work(token, self._noting(report)),
                done=lambda result: self._finish(result, done),
                failed=lambda error: self._fail(error, failed),
                progress=self._advance,
            )

        self._title = text
        self._began = time.monotonic()
        if after_saving:
            self._job = self._jobs.run(
                Lane.WRITE, _nothing, done=lambda _: begin(), failed=lambda error: self._fail(error, failed)
            )
        else:
            begin()
        asked = Progress(Doing.ASKED, about=text)
        self._note(asked)
        self._advance(asked)
        self._show_busy()
        self.busy_changed.emit(True)

    def cancel(self) -> None:
        """Ask the work to stop waiting; what the service has begun it carries on."""
        if self._job is not None:
            self._job.cancel()
            self.cancel_button.setEnabled(False)

    def hold(self) -> bool:
        """Whether a dialog must stay open, since what becomes of the work would be told nowhere; says so."""
        if self.busy:
            self.hint.show()
            self.cancel_button.setFocus()
        return self.busy

    def say(self, text: str, kind: str = "dim") -> None:
        """Show a sentence; ``kind`` is good, warning, error, busy or dim."""
        self.text.setText(text)
        colour = getattr(theme.tokens(), kind)
        self.text.setStyleSheet("" if kind in {"dim", "busy"} else f"color: {colour}")
        self._icon.setPixmap(theme.icon(_ICONS[kind], colour).pixmap(16, 16))
        self._icon.setVisible(bool(text))
        beside = Qt.AlignmentFlag.AlignVCenter if self.busy else Qt.AlignmentFlag.AlignTop
        self._row.setAlignment(self._icon, beside)

    def _build(self) -> None:
        row = self._row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.text, 1)
        row.addWidget(self.elapsed, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        layout.addWidget(self.hint)
        self._icon.hide()

    def _noting(self, report: Report) -> Report:
        """Reports as ``report`` does, but no step is passed over when several come at once."""
        last: tuple[object, ...] = ()

        def note(progress: Progress) -> None:
            nonlocal last
            # `Jobs` shows the newest report only, and a list of steps must miss none.
            if progress.step != last:
                last = progress.step
                self._jobs.post(lambda: self._note(progress))
            report(progress)

        return note

    def _note(self, progress: Progress) -> None:
        doing = activity_words(progress)
        if progress.doing is Doing.STATUS:
            doing = f"{self._title}: {status_words(progress.about).lower()}"
        elif not progress.wait and progress.doing not in REMARKS:
            self._title = doing
        if doing != self._doing:
            self._doing = doing
            self.told.emit(doing)
        self._tick()

    def _advance(self, progress: Progress) -> None:
        self._until = time.monotonic() + progress.wait if progress.wait else 0.0
        self.progress.setRange(0, progress.total or 0)
        self.progress.setValue(progress.done)
        self._tick()

    def _tick(self) -> None:
        now = time.monotonic()
        again = f" Trying again in {minutes(max(self._until - now, 0))}." if self._until else ""
        self.say(f"{self._doing}{again}", "busy")
        self.elapsed.setText(minutes(now - self._began))

    def _finish(self, result: Any, done: Callable[[Any], None]) -> None:
        self._end()
        self.say("")
        done(result)

    def _fail(self, error: Exception, failed: Callable[[Exception], None]) -> None:
        self._end()
        cancelled = isinstance(error, CancelledError)
        self.say(error_words(error), "warning" if cancelled else "error")
        failed(error)

    def _end(self) -> None:
        self._job = None
        self._doing = ""
        self.hint.hide()
        self._show_busy()
        self.busy_changed.emit(False)

    def _show_busy(self) -> None:
        self.cancel_button.setEnabled(self.busy)
        for widget in (self.cancel_button, self.progress, self.elapsed):
            widget.setVisible(self.busy)
        if self.busy:
            self._ticking.start()
        else:
            self._ticking.stop()


def error_words(error: Exception) -> str:
    """What happened, and what to do next."""
    if isinstance(error, CancelledError):
        return "You stopped waiting. What the service has begun it carries on."
    if isinstance(error, TruthlineError):
        return f"{error.title} {error.detail}".strip()
    return f"This failed unexpectedly: {error}"


def _nothing(_token: object, _report: object) -> None:
    """Work for the sake of its place in a lane."""
