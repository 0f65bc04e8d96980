"""When to ask the service again: often while something moves, else seldom, and never unseen for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from truthline.errors import ThrottledError
from truthline.ui.dataset.state import Answer
from truthline.ui.kit.jobs import Job, Jobs, Lane, Work

if TYPE_CHECKING:
    from collections.abc import Callable

_FAST_MS = 700
"""As long as something moves, a person watches it."""
_SLOW_MS = 20_000
"""At rest only others can change anything, and every Truthline of a team asks."""
_TRYING_MS = 5_000
"""While no proper answer comes, or somebody waits for one: soon enough to notice it."""
_LONGEST_MS = 120_000
_MOST_DOUBLINGS = 10


class Watcher(QObject):
    """Asks a question over and over on the lane for that.

    Args:
        jobs: the lanes.
        question: gives what to ask now; called on the GUI thread each time.

    ``quick`` says that something moves and is worth asking often; ``needed`` that somebody waits for the
    answer also while the window is hidden.

    """

    answered = Signal(Answer)
    """What the question returned."""
    unanswered = Signal(Exception)
    """The exception that it raised."""

    def __init__(
        self, jobs: Jobs, question: Callable[[], Work[Answer]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._question = question
        self._asking: Job | None = None
        self._again = False
        self._visible = True
        self._throttled = 0
        self._failed = False
        self.quick = False
        self.needed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.ask)

    @property
    def waits_ms(self) -> int | None:
        """How long until the next question, None if none is planned."""
        return self._timer.interval() if self._timer.isActive() else None

    def ask(self) -> None:
        """Ask now; what is on its way may tell of a moment ago, so then once more after it."""
        self._timer.stop()
        self._again = self._asking is not None
        if self._asking is None:
            self._asking = self._jobs.run(
                Lane.WATCH, self._question(), done=self._answer, failed=self._no_answer
            )

    def ask_soon(self, *, at_least_ms: int = 0) -> None:
        """Ask after a pause that suits what goes on."""
        if self._asking is not None:
            return  # its answer brings the next
        if self._visible or self.needed:
            self._timer.start(max(self._pause_ms(), at_least_ms))
        else:
            self._timer.stop()

    def set_visible(self, visible: bool) -> None:  # noqa: FBT001 - its one argument
        """Pause while nobody can see the answer; ask at once when somebody can again."""
        if visible == self._visible:
            return
        self._visible = visible
        if visible:
            self.ask()
        elif not self.needed:
            self._timer.stop()

    def stop(self) -> None:
        """Ask nothing more."""
        self._timer.stop()
        if self._asking is not None:
            self._asking.drop()

    def _pause_ms(self) -> int:
        usual = _SLOW_MS
        if self.quick:
            usual = _FAST_MS
        elif (self._failed or self.needed) and not self._throttled:
            usual = _TRYING_MS
        return min(usual << min(self._throttled, _MOST_DOUBLINGS), _LONGEST_MS)

    def _answer(self, answer: Answer) -> None:
        self._asking, self._throttled, self._failed = None, 0, False
        self.answered.emit(answer)
        self._go_on()

    def _no_answer(self, error: Exception) -> None:
        self._asking, self._failed = None, True
        self._throttled = self._throttled + 1 if isinstance(error, ThrottledError) else 0
        self.unanswered.emit(error)
        self._go_on()

    def _go_on(self) -> None:
        """Plan the next question, unless whoever took the answer did."""
        if self._again:
            self.ask()
        elif self._asking is None and not self._timer.isActive():
            self.ask_soon()
