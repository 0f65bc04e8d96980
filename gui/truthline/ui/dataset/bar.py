"""The bar at the bottom: which dataset, how it is, what waits, and the one Push button."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from truthline.ui.dataset.state import DatasetState, is_offline, waits_for
from truthline.ui.dataset.words import SEPARATOR, Rate, sign_in_command, tell
from truthline.ui.kit import theme
from truthline.ui.kit.elided import ElidedLabel
from truthline.ui.kit.keys import key_name
from truthline.ui.kit.times import minutes
from truthline.words import activity_words, counted, progress_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.progress import Progress
    from truthline.workspace.workspace import Counts


class DatasetBar(QWidget):
    """Always there. While something runs it shows the progress of that, with Cancel.

    Args:
        clock: gives seconds, for what counts up or down.

    """

    push_wanted = Signal()
    cancel_wanted = Signal()
    """Stop what runs, or take back a push that waits."""
    connect_wanted = Signal()
    pull_wanted = Signal()
    resolve_wanted = Signal()
    """Show the entries in conflict."""
    command_copied = Signal()
    """The sign-in command, after it went to the clipboard."""

    def __init__(self, parent: QWidget | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._state = DatasetState()
        self._counts: Counts | None = None
        self._saving = False
        self._began = self._told = 0.0
        self._rate = Rate()
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._render)
        self._build()
        self._arrange()
        self._render()

    def _build(self) -> None:
        self.dot = _Dot()
        self.status = ElidedLabel()
        self.status.setAccessibleName("Dataset status")
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName("Progress")
        self.changes = QLabel()
        self.changes.setTextFormat(Qt.TextFormat.PlainText)
        self.cancel_button = _button("Cancel", self.cancel_wanted.emit)
        self.connect_button = _button("Connect to a dataset…", self.connect_wanted.emit)
        self.copy_button = _button("Copy", self._copy_command)
        self.resolve_button = _button("Resolve…", self.resolve_wanted.emit)
        self.resolve_button.setToolTip("Decide what becomes of what somebody else changed differently")
        self.pull_button = _button("Pull", self.pull_wanted.emit)
        self.pull_button.setToolTip("Merge what the dataset holds now into this workspace")
        self.push_button = _button("Push", self.push_wanted.emit)
        self.push_button.setProperty("primary", True)

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(self.dot)
        layout.addWidget(self.status, 1)
        for widget in (
            self.progress,
            self.changes,
            self.copy_button,
            self.resolve_button,
            self.pull_button,
            self.cancel_button,
            self.connect_button,
            self.push_button,
        ):
            layout.addWidget(widget)
        self.setAutoFillBackground(True)

    def show_state(self, state: DatasetState) -> None:
        """Show the dataset's state."""
        activity, earlier = state.activity, self._state.activity
        if activity is not None and earlier is None:
            self._began = self._clock()
            self._rate.forget()
            self._tick.start()
        elif activity is None:
            self._tick.stop()
        if activity is not None and activity is not earlier:
            self._told = self._clock()
            if state.pulling and activity.total:
                self._rate.note(activity, self._told)
        self._state = state
        self._render()

    def show_counts(self, counts: Counts, *, saving: bool, growing: bool = False) -> None:
        """Show how many changes and conflicts wait."""
        self.connect_button.setEnabled(not growing)
        waits = "The images are still being read. Connect once all are there."
        self.connect_button.setToolTip(waits if growing else "")
        self._counts, self._saving = counts, saving
        self._render()

    @property
    def _waiting(self) -> int:
        return self._counts.changed if self._counts is not None else 0

    @property
    def _conflicts(self) -> int:
        if self._counts is not None:
            return self._counts.conflicts
        result = self._state.result
        return len({one.source_ref for one in result.conflicts}) if result is not None else 0

    def _render(self) -> None:
        state = self._state
        self._show_widgets(state)
        if state.activity is not None:
            self._render_activity(state.activity)
            return
        told = tell(state, changes=self._waiting, conflicts=self._conflicts)
        self.dot.show_kind(told.kind)
        self.status.show_text(SEPARATOR.join(told.parts), told.detail)

    def _show_widgets(self, state: DatasetState) -> None:
        working, cut_off = state.activity is not None, waits_for(state.problem)
        resting = bool(state.arn) and not working
        self.progress.setVisible(working)
        self.cancel_button.setVisible(working or state.queued)
        self.cancel_button.setToolTip("" if working else "Do not push when the service answers again")
        self.push_button.setVisible(resting and not state.queued)
        self.connect_button.setVisible(not working and not state.arn)
        # one button at most beside Push, the most urgent one
        command = sign_in_command(state.problem)
        self.copy_button.setVisible(resting and bool(command))
        self.copy_button.setToolTip(theme.plain_tip(f"Copy: {command}"))
        resolve = resting and self._conflicts > 0 and not command
        self.resolve_button.setVisible(resolve)
        outdated = state.unseen is not None and state.problem is None
        self.pull_button.setVisible(resting and outdated and not resolve)
        self.changes.setVisible(not working and not cut_off)  # else the sentence says it
        self.changes.setText(counted(self._waiting, "change") if self._waiting else "No changes")
        self.push_button.setEnabled(self._waiting > 0 and not self._saving)
        self._name_push(state)

    def _name_push(self, state: DatasetState) -> None:
        if not waits_for(state.problem):
            self.push_button.setText("Push")
            self.push_button.setToolTip(f"Send the changes to the dataset ({key_name('push')})")
            return
        there_is = "a connection" if is_offline(state.problem) else "a valid sign-in"
        self.push_button.setText(f"Push when {'online' if is_offline(state.problem) else 'signed in'}")
        self.push_button.setToolTip(f"Send the changes as soon as there is {there_is} ({key_name('push')})")

    def _render_activity(self, activity: Progress) -> None:
        self.dot.show_kind("warning" if activity.wait else "busy")
        now = self._clock()
        parts = self._activity_words(activity, now)
        elapsed = int(now - self._began)
        if elapsed and not activity.wait and len(parts) == 1:  # else it says how long it will take
            parts.append(minutes(elapsed))
        self.status.show_text(SEPARATOR.join(parts), progress_words(activity) if activity.wait else "")
        if activity.total:
            self.progress.setRange(0, 1000)
            self.progress.setValue(1000 * activity.done // activity.total)
        elif not activity.wait:
            self.progress.setRange(0, 0)

    def _activity_words(self, activity: Progress, now: float) -> list[str]:
        if activity.wait:
            left = math.ceil(activity.wait - (now - self._told))
            again = f"Trying again in {minutes(left)}" if left > 0 else "Trying again…"
            return [f"{activity_words(activity)} {again}"]
        if not self._state.pulling or not activity.total:
            return [activity_words(activity)]
        rate = self._rate.words(now)
        return [f"{activity.done:,} of {activity.total:,} entries", *([rate] if rate else [])]

    def _copy_command(self) -> None:
        command = sign_in_command(self._state.problem)
        QGuiApplication.clipboard().setText(command)
        self.command_copied.emit()


def _button(text: str, pressed: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.clicked.connect(lambda _checked: pressed())
    return button


class _Dot(QWidget):
    """The status as a coloured shape: disc, ring, triangle or square; colour never tells alone."""

    def __init__(self) -> None:
        super().__init__()
        self._kind = "none"
        self.setFixedSize(QSize(16, 16))

    def show_kind(self, kind: str) -> None:
        self._kind = kind
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        colour = QColor(
            {"good": t.good, "busy": t.busy, "error": t.error, "warning": t.warning}.get(self._kind, t.dim)
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(colour if self._kind in {"good", "error", "warning"} else Qt.BrushStyle.NoBrush)
        if self._kind == "error":
            painter.drawRect(4, 4, 8, 8)
        elif self._kind == "warning":
            painter.drawPolygon(QPolygonF([QPointF(8, 3), QPointF(13.5, 13), QPointF(2.5, 13)]))
        elif self._kind == "busy":
            painter.drawArc(3, 3, 10, 10, 30 * 16, 280 * 16)
        else:
            painter.drawEllipse(3, 3, 10, 10)
