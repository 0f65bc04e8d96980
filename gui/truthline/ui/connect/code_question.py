"""The code of an MFA device."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit

from truthline.ui.kit.questions import QuestionDialog

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_CODE = re.compile(r"\d{6}", re.ASCII)


class CodeDialog(QuestionDialog):
    """Asks for the six digits that a device shows now."""

    def __init__(self, role: str, device: str, parent: QWidget | None) -> None:
        sentences = (
            f"To sign in, AWS asks for the code that this MFA device shows now:\n{device}",
            f"It is for the role:\n{role}",
        )
        super().__init__("Code of the MFA Device", sentences, "Sign In", parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Six digits")
        self.field.setAccessibleName("Code")
        self.content.addWidget(self.field)
        self.field.textChanged.connect(lambda _text: self._update())
        self.field.setFocus()
        self._update()

    @property
    def code(self) -> str:
        """What was typed, without the gap that some devices show in the middle."""
        return "".join(self.field.text().split())

    def _update(self) -> None:
        self.need("" if _CODE.fullmatch(self.code) else "The code has six digits.")
