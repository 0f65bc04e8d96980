"""What the window shows while no workspace is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from truthline.ui.kit import theme
from truthline.ui.kit.raw_text import RawText
from truthline.words import progress_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.progress import Progress

_WAYS = (
    ("open_folder", "Folder of images", "folder"),
    ("open_file", "Manifest or workspace", "folder"),
    ("open_prefix", "S3 prefix", "folder"),
    ("open_dataset", "Dataset", "dataset"),
)


class Welcome(QWidget):
    """Ways in, what was open lately, and the progress of opening."""

    way_chosen = Signal(str)
    """The name of an action."""
    recent_chosen = Signal(RawText)
    """What to open again."""
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Truthline")
        font = title.font()
        font.setPixelSize(28)
        font.setWeight(font.Weight.DemiBold)
        title.setFont(font)
        what = QLabel("Label images for Amazon Rekognition Custom Labels.")
        what.setProperty("dim", True)
        ways = QHBoxLayout()
        ways.setSpacing(theme.GRID)
        for name, text, icon in _WAYS:
            button = QPushButton(theme.icon(icon), f" {text}")
            button.clicked.connect(lambda _checked=False, name=name: self.way_chosen.emit(name))
            ways.addWidget(button)
        ways.addStretch()
        sample = QPushButton("Try it on the sample dataset")
        sample.setProperty("primary", True)
        sample.clicked.connect(lambda: self.way_chosen.emit("open_sample"))
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._cancel = QPushButton("Cancel")
        self._cancel.clicked.connect(self.cancelled.emit)
        busy = QHBoxLayout()
        busy.addWidget(self._text)
        busy.addWidget(self._bar, 1)
        busy.addWidget(self._cancel)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(what)
        column.addSpacing(8)
        column.addLayout(ways)
        column.addWidget(sample, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(16)
        column.addLayout(self._recent)
        column.addLayout(busy)
        held = QWidget()
        held.setLayout(column)
        held.setMaximumWidth(720)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(held, 10)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addLayout(row)
        layout.addStretch(3)
        self.show_progress(None)

    def show_recent(self, recent: Sequence[str]) -> None:
        """Offer what was open lately."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        if recent:
            heading = QLabel("OPENED LATELY")
            heading.setProperty("heading", True)
            self._recent.addWidget(heading)
        for text in recent[:6]:
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, 640)
            button = QPushButton(shown.replace("&", "&&"))
            button.setFlat(True)
            button.setStyleSheet(
                "QPushButton { text-align: left; border: 0; background: transparent; padding: 4px 0; }"
            )
            button.setToolTip(theme.plain_tip(text))
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, text=text: self.recent_chosen.emit(text))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far opening is; None when it has ended."""
        for widget in (self._text, self._bar, self._cancel):
            widget.setVisible(progress is not None)
        if progress is not None:
            self._text.setText(progress_words(progress))
            self._bar.setRange(0, 1000 if progress.total else 0)
            if progress.total:
                self._bar.setValue(1000 * progress.done // progress.total)
