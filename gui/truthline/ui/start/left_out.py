"""The files of a folder that did not become entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.ui.kit.fitting import fit_window
from truthline.words import counted

if TYPE_CHECKING:
    from truthline.sync.opening.folder import LeftOutFiles

_ROOT = QModelIndex()
_COLUMNS = ("File", "Why")


class LeftOutDialog(QDialog):
    """Each file with the reason why it is no entry."""

    def __init__(self, files: LeftOutFiles, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Files Left Out")
        fit_window(self, 640, 420)
        self.summary = QLabel(in_words(files))
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self.view = QTableView()
        self.view.setModel(_Files(files, self))
        self.view.setAccessibleName("Files left out")
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setShowGrid(False)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.verticalHeader().hide()
        header = self.view.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.summary)
        layout.addWidget(self.view, 1)
        layout.addWidget(buttons)
        self.view.setVisible(files.total > 0)


def in_words(files: LeftOutFiles) -> str:
    """How many files were left out, in a sentence."""
    if not files.total:
        return "No file of the folder was left out."
    told = f"{counted(files.total, 'file was', 'files were')} left out of the folder."
    if files.total > len(files.first):
        told += f" These are the first {len(files.first):,}."
    return told


class _Files(QAbstractTableModel):
    def __init__(self, files: LeftOutFiles, parent: QDialog) -> None:
        super().__init__(parent)
        self._rows = [(one.name, one.reason.value) for one in files.first]

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    @override
    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> str | None:
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._rows[index.row()][index.column()]
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> str | None:
        shown = role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal
        return _COLUMNS[section] if shown else None
