"""The list of keys, made from the table of keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.keys import DIGITS_NOTE, KEYS, Where
from truthline.ui.kit.questions import plain_label


class KeysDialog(QDialog):
    """Every key, by where it holds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        fit_window(self, 640, 620)
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setColumnCount(2)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        tree.setAccessibleName("Keys")
        for where in Where:
            group = QTreeWidgetItem(tree, [where.value])
            group.setFirstColumnSpanned(True)
            group.addChildren([QTreeWidgetItem([key.words, key.names]) for key in KEYS if key.where is where])
        tree.expandAll()
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(tree)
        layout.addWidget(plain_label(DIGITS_NOTE))
        layout.addWidget(buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
