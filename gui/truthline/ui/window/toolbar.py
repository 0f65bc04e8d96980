"""The toolbar: the two modes, the tools of the canvas, the search field, and how much is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from truthline.ui.gallery.search import SearchField

if TYPE_CHECKING:
    from truthline.ui.window.actions import Actions


class Toolbar(QToolBar):
    """One row, which cannot be moved: the same place for the same command in every window."""

    def __init__(self, actions: Actions) -> None:
        super().__init__("Toolbar")
        self.search = SearchField()
        self._count = QLabel()
        self._count.setProperty("dim", True)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for name in ("show_gallery", "show_image"):
            self.addAction(actions[name])
            button = self.widgetForAction(actions[name])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addSeparator()
        for name in ("select_tool", "draw"):
            self.addAction(actions[name])
        self.addWidget(self.search)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self.addWidget(self._count)
        for name in ("undo", "redo"):
            self.addAction(actions[name])

    def show_count(self, text: str) -> None:
        """Say how much is selected, "" for nothing."""
        self._count.setText(text)
