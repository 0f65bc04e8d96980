"""A slim bar over the images while an edit of many entries is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from truthline.progress import Doing
from truthline.ui.kit import theme
from truthline.words import progress_words

if TYPE_CHECKING:
    from truthline.progress import Progress

_SHOWN_AFTER_MS = 300
"""What is over sooner needs no bar, which would only flash."""


class EditBar(QWidget):
    """Says what is being changed and how far that is, with Cancel where it can still be stopped."""

    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_AFTER_MS)
        self._timer.timeout.connect(self.show)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName("Progress of the edit")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.progress)
        layout.addWidget(self.cancel_button)
        self.hide()

    @property
    def text(self) -> str:
        """What is said."""
        return self._text.text()

    def show_progress(self, progress: Progress | None, *, can_cancel: bool) -> None:
        """Show how far the edit is; None hides the bar."""
        if progress is None:
            self._timer.stop()
            self.hide()
            return
        if self.isHidden() and not self._timer.isActive():
            self.cancel_button.setEnabled(True)
            self._timer.start()
        self.cancel_button.setVisible(can_cancel)
        count = f"  ·  {progress.done:,} of {progress.total:,}" if progress.total else ""
        if progress.doing is Doing.FILLING:  # nobody counts a file's lines before they are read
            of = f" of about {progress.total:,}" if progress.total else ""
            count = f"  ·  {progress.done:,}{of} images"
        words = progress_words(progress)
        self._text.setText(f"{words}{count}")
        self._text.setToolTip(theme.plain_tip(words))
        self.progress.setRange(0, 1000 if progress.total else 0)
        if progress.total:
            self.progress.setValue(1000 * progress.done // progress.total)

    def _cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        self._text.setText("Cancelling…")
        self.cancel_wanted.emit()
