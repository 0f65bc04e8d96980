"""Where in S3 the images of a folder are, asked when that is needed for the first time."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from truthline.errors import TruthlineError
from truthline.manifest.line import split_prefix
from truthline.ui.kit.fitting import fit_width

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RULE: Final = (
    "Write s3://bucket/prefix. A bucket’s name has 3 to 63 small letters, digits, dots and hyphens."
)


class AddressDialog(QDialog):
    """Asks for an S3 prefix, and says why.

    Args:
        why: what cannot be done without it, as a sentence.
        folder: the folder whose images it is about.
        parent: the window it belongs to.

    """

    def __init__(self, why: str, folder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Where Are the Images in S3?")
        fit_width(self, 480)
        self.target = QLineEdit()
        self.target.setPlaceholderText("s3://bucket/prefix")
        self.target.textChanged.connect(self._update)
        form = QFormLayout()
        form.addRow("&Address of the folder", self.target)
        told = QLabel(
            f"{why} The address of an image is this prefix and the file’s path below the folder {folder}."
            " Images that are not in the bucket yet can be uploaded with the first push."
        )
        self.example = QLabel()
        for label in (told, self.example):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.example.setProperty("dim", True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setProperty("primary", True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(told)
        layout.addLayout(form)
        layout.addWidget(self.example)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self._update()

    @property
    def text(self) -> str:
        """The prefix, without blanks around it and a slash at its end."""
        return self.target.text().strip().rstrip("/")

    def _update(self) -> None:
        try:
            bucket, _ = split_prefix(self.text)
            fine = _BUCKET.fullmatch(bucket) is not None
        except TruthlineError:
            fine = False
        self.example.setText(f"A file a.jpg in it will be {self.text}/a.jpg" if fine else _RULE)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(fine)
