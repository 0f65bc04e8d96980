"""Which folder of images, and where in S3 they belong."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from truthline.errors import TruthlineError
from truthline.sync.sources import split_prefix


class FolderDialog(QDialog):
    """Asks for a folder and the S3 prefix that it stands for."""

    def __init__(self, folder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open Folder of Images")
        self.setMinimumWidth(560)
        self.folder = QLineEdit(folder)
        self.folder.textChanged.connect(self._update)
        browse = QPushButton("&Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        self.target = QLineEdit()
        self.target.setPlaceholderText("s3://bucket/prefix")
        self.target.textChanged.connect(self._update)
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        label = QLabel("&Folder")
        label.setBuddy(self.folder)
        form.addRow(label, row)
        form.addRow("Its place in &S3", self.target)
        why = QLabel(
            "A dataset names images by their S3 address: this prefix and the file's path below the folder. "
            "Images that are not in the bucket yet can be uploaded with the first push."
        )
        why.setWordWrap(True)
        why.setProperty("dim", True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setProperty("primary", True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(why)
        layout.addWidget(self.buttons)
        self._update()

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of Images", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _update(self) -> None:
        try:
            split_prefix(self.target.text().strip())
            fine = Path(self.folder.text()).is_dir() and bool(self.folder.text())
        except (TruthlineError, OSError):
            fine = False
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(fine)
