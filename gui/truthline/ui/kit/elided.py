"""A line of text where there may be no room for the whole of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel
from typing_extensions import override

from truthline.ui.kit import theme


class ElidedLabel(QLabel):
    """One line of plain text, elided at its end, with the whole on hover."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)

    def show_text(self, text: str, detail: str = "") -> None:
        """Show another text; ``detail`` is more to say on hover."""
        self.setText(text)
        self.setToolTip(theme.plain_tip(f"{text}\n{detail}".strip()))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
