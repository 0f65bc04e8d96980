"""The bar at the bottom: which dataset, how it is, what waits, and the one Push button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from truthline.aws.rekognition import DatasetDescription, parse_dataset_arn
from truthline.errors import OfflineError, SignInError, ThrottledError, TruthlineError
from truthline.ui import theme
from truthline.ui.dataset import DatasetState

if TYPE_CHECKING:
    from truthline.workspace.workspace import Counts

_WORDS = {
    "CREATE_IN_PROGRESS": ("busy", "Being created"),
    "CREATE_COMPLETE": ("good", "Created"),
    "CREATE_FAILED": ("error", "Creation failed"),
    "UPDATE_IN_PROGRESS": ("busy", "Update in progress"),
    "UPDATE_COMPLETE": ("good", "Update complete"),
    "UPDATE_FAILED": ("error", "Update failed"),
    "DELETE_IN_PROGRESS": ("busy", "Being deleted"),
}
_CANCEL_AFTER_MS = 300


class DatasetBar(QWidget):
    """Always there. While something runs it shows the progress of that, with Cancel."""

    push_wanted = Signal(object)
    cancel_wanted = Signal(object)
    connect_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = DatasetState()
        self._counts: Counts | None = None
        self._saving = False
        self._since = QElapsedTimer()
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._render)
        self.dot = _Dot()
        self.status = _Elided()
        self.status.setAccessibleName("Dataset status")
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName("Progress")
        self.changes = QLabel()
        self.changes.setTextFormat(Qt.TextFormat.PlainText)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(lambda: self.cancel_wanted.emit(None))
        self.connect_button = QPushButton("Connect to a dataset…")
        self.connect_button.clicked.connect(lambda: self.connect_wanted.emit(None))
        self.push_button = QPushButton("Push")
        self.push_button.setProperty("primary", True)
        self.push_button.clicked.connect(lambda: self.push_wanted.emit(None))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(self.dot)
        layout.addWidget(self.status, 1)
        for widget in (
            self.progress,
            self.changes,
            self.cancel_button,
            self.connect_button,
            self.push_button,
        ):
            layout.addWidget(widget)
        self.setAutoFillBackground(True)
        self._render()

    def show_state(self, state: DatasetState) -> None:
        """Show the dataset's state."""
        if state.activity is not None and self._state.activity is None:
            self._since.start()
            self._tick.start()
        elif state.activity is None:
            self._tick.stop()
        self._state = state
        self._render()

    def show_counts(self, counts: Counts, *, saving: bool) -> None:
        """Show how many changes wait."""
        self._counts, self._saving = counts, saving
        self._render()

    def _render(self) -> None:
        state = self._state
        working = state.activity is not None
        self.progress.setVisible(working)
        self.cancel_button.setVisible(working)
        self.push_button.setVisible(not working and bool(state.arn))
        self.connect_button.setVisible(not working and not state.arn)
        self.changes.setVisible(not working)
        waiting = self._counts.changed if self._counts is not None else 0
        self.changes.setText(_waiting(waiting))
        self.push_button.setEnabled(waiting > 0 and not self._saving)
        self.push_button.setToolTip("Send the changes to the dataset (Ctrl+Enter)")
        if working:
            self._render_activity()
            return
        kind, words, detail = _told(state)
        self.dot.show_kind(kind)
        self.status.show_text("  ·  ".join([words, *_about(state)]), detail)

    def _render_activity(self) -> None:
        activity = self._state.activity
        if activity is None:
            return
        self.dot.show_kind("busy")
        seconds = self._since.elapsed() // 1000
        elapsed = f"  ·  {seconds // 60}:{seconds % 60:02}" if self._since.isValid() and seconds else ""
        # a push reports statuses as the service spells them
        text = _WORDS[activity.text][1] if activity.text in _WORDS else activity.text
        self.status.show_text(f"{text}{elapsed}", "")
        if activity.total:
            self.progress.setRange(0, 1000)
            self.progress.setValue(1000 * activity.done // activity.total)
        else:
            self.progress.setRange(0, 0)


def _told(state: DatasetState) -> tuple[str, str, str]:
    """(kind of dot, words, what stands in the tool tip)."""
    if not state.arn:
        return "none", "Not connected to a dataset. Labels are saved in the workspace.", ""
    if state.problem is not None:
        return _problem_kind(state.problem), state.problem.title, str(state.problem)
    if state.description is None:
        return "none", "Asking for the dataset's status…", ""
    kind, words = _WORDS.get(state.description.status, ("busy", state.description.status))
    message = state.description.message
    if kind == "error" and message:
        words = f"{words}: {message}"
    return kind, words, f"{state.description.status}\n{message}"


def _problem_kind(problem: TruthlineError) -> str:
    return "warning" if isinstance(problem, OfflineError | ThrottledError | SignInError) else "error"


def _about(state: DatasetState) -> list[str]:
    if not state.arn:
        return []
    arn = parse_dataset_arn(state.arn)
    parts = [f"{arn.project}/{arn.kind.lower()}", arn.region]
    if state.description is not None:
        parts.append(_statistics(state.description))
    return parts


def _statistics(description: DatasetDescription) -> str:
    stats = description.stats
    images = "1 image" if stats.total == 1 else f"{stats.total:,} images"
    errors = "1 error" if stats.errors == 1 else f"{stats.errors:,} errors"
    return f"{images}, {stats.labeled:,} labelled, {errors}"


def _waiting(count: int) -> str:
    if not count:
        return "No changes"
    return "1 change" if count == 1 else f"{count:,} changes"


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


class _Elided(QLabel):
    """One line of plain text, elided at its end, with the whole on hover."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._whole = ""

    def show_text(self, text: str, detail: str) -> None:
        self._whole = text
        self.setText(text)
        self.setToolTip(theme.plain_tip(f"{text}\n{detail}".strip()))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
