"""The list of keys, made from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
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

from truthline.ui.actions import ACTIONS

_GESTURES = (
    ("Gallery", "1 … 9, 0", "Give the selected images that image-level label, or take it away"),
    ("Gallery", "Enter", "Open the image"),
    (
        "Gallery",
        "Shift+click, Shift+arrows",
        "Select all from the last chosen image to this one",
    ),
    ("Gallery", "Ctrl+Shift+click", "Add such a range to what is selected"),
    ("Image", "1 … 9, 0", "Set the class of the selected boxes, else of the next box"),
    ("Image", "Shift+1 … Shift+0", "Give the image that image-level label, or take it away"),
    ("Image", "Tab, Shift+Tab", "Next box, previous box"),
    ("Image", "Arrows, Shift+Arrows", "Move the selected boxes by 1 px, by 10 px"),
    ("Image", "Ctrl+Arrows", "Resize the selected boxes"),
    ("Image", "Esc", "Give up a gesture, then put the draw tool down, then clear the selection of boxes"),
    ("Image", "Wheel; Space+drag", "Zoom at the pointer; move the image"),
)


class KeysDialog(QDialog):
    """Every key, by where it works."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(640, 620)
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setColumnCount(2)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        tree.setAccessibleName("Keys")
        groups: dict[str, QTreeWidgetItem] = {}
        rows = [(group, keys, text) for group, keys, text in _GESTURES]
        rows += [
            (spec.menu.replace("&", ""), _shown(spec.keys), spec.text.replace("&", "").rstrip("…"))
            for spec in ACTIONS
            if spec.keys
        ]
        for group, keys, text in rows:
            if group not in groups:
                groups[group] = QTreeWidgetItem(tree, [group])
                groups[group].setFirstColumnSpanned(True)
            QTreeWidgetItem(groups[group], [text, keys])
        tree.expandAll()
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(tree)
        layout.addWidget(buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


def _shown(keys: tuple[str, ...]) -> str:
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
