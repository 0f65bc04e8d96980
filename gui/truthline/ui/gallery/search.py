"""The field in the toolbar that narrows the list of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QSizePolicy

from truthline.ui.kit.field import Field

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_DELAY_MS = 150
"""Letters of one word come faster than this, and each would list all images anew."""


class SearchField(Field):
    """Tells what is searched for: shortly after the last letter, with Enter at once."""

    searched = Signal(str)
    """The text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Search image addresses", parent)
        self.setMinimumWidth(120)
        self.setMaximumWidth(420)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._tell)
        self.textChanged.connect(lambda _text: self._timer.start())
        self.entered.connect(lambda _text: self._tell())

    def _tell(self) -> None:
        self._timer.stop()
        self.searched.emit(self.text())
