"""The dialog for an error that nobody foresaw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from truthline import log
from truthline.ui.kit import theme
from truthline.ui.kit.mistakes.about import versions_text

if TYPE_CHECKING:
    from truthline.log import Unforeseen

_ICON = 20


class UnforeseenDialog(QDialog):
    """Says what was being done, that the work is saved, and where the log is.

    Args:
        error: what happened; it holds no data, so its details may be given to anybody.
        doing: words that complete "Something went wrong …".
        is_repeated: it was told before, so whoever likes may hear of it no more.
        parent: the window that it lies over.

    """

    silenced = Signal()
    """It was closed, with the wish to hear of this one no more."""

    def __init__(
        self, error: Unforeseen, doing: str, *, is_repeated: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 400)
        self._others = 0
        self.headline = _label(f"Something went wrong {doing}.")
        self.headline.setStyleSheet("font-weight: 600;")
        self.details = QPlainTextEdit(f"{versions_text()}\nDoing: {doing}\n{error.told}")
        self.details.setReadOnly(True)
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setAccessibleName("Details")
        self.details.setTabChangesFocus(True)
        self.count = _label("")
        self.count.hide()
        self.silence = QCheckBox("Do not tell of this one again until the next start")
        self.silence.setVisible(is_repeated)
        self.finished.connect(lambda _: self.silenced.emit() if self.silence.isChecked() else None)
        layout = QVBoxLayout(self)
        layout.addLayout(_headed(self.headline))
        layout.addWidget(
            _label(
                "This is a mistake in Truthline, not yours. Truthline goes on, and every edit before this is"
                " saved in the workspace."
            )
        )
        layout.addWidget(self.count)
        layout.addWidget(self.details, 1)
        layout.addWidget(_where())
        layout.addWidget(self.silence)
        layout.addWidget(self._buttons())

    def count_another(self) -> None:
        """Say that something went wrong once more while this is open."""
        self._others += 1
        times = "once" if self._others == 1 else f"{self._others:,} times"
        self.count.setText(f"Since this was shown, something went wrong {times} more. The log tells of each.")
        self.count.show()

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = QPushButton("Copy details")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.details.toPlainText()))
        buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        self.open_folder = folder_button()
        buttons.addButton(self.open_folder, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        return buttons


def folder_button() -> QPushButton:
    """A button that shows the log's folder in the desktop's file manager."""
    button = QPushButton("Open log folder")
    button.setEnabled(log.folder().is_dir())
    button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log.folder()))))
    return button


def _where() -> QLabel:
    text = f"The log: {log.shown_path()}" if log.path().exists() else "No log could be written."
    label = _label(text)
    label.setProperty("dim", True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _headed(headline: QLabel) -> QHBoxLayout:
    icon = QLabel()
    icon.setPixmap(theme.icon("error", theme.tokens().error).pixmap(_ICON, _ICON))
    row = QHBoxLayout()
    row.addWidget(icon)
    row.addWidget(headline, 1)
    return row


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
