"""What the questions about projects and datasets have in common: sentences, a field, a button that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_width

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH = 560


class QuestionDialog(QDialog):
    """Sentences, what the person fills in, and a button that is enabled once that makes sense.

    Args:
        title: the window's title.
        sentences: what is asked, or what will happen; one paragraph each.
        verb: on the button.
        parent: the window it belongs to.

    """

    def __init__(self, title: str, sentences: Iterable[str], verb: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        fit_width(self, _WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.explanation = plain_label("\n\n".join(sentences))
        self.content = QVBoxLayout()
        self.content.setSpacing(8)
        self.problem = plain_label()
        self.problem.setProperty("dim", True)
        self.problem.setMinimumHeight(36)
        self.problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go_button = self.buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        self.go_button.setProperty("primary", True)
        self.go_button.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.explanation)
        layout.addLayout(self.content)
        layout.addWidget(self.problem)
        layout.addStretch(1)
        layout.addWidget(self.buttons)

    def need(self, problem: str) -> None:
        """Say what is missing before it can be done; "" if nothing is."""
        self.problem.setText(problem)
        self.go_button.setEnabled(not problem)


class ConfirmField(QWidget):
    """Asks for a name to be typed, so that nothing is lost by one key too many."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.field = QLineEdit()
        label = plain_label(f"Type the name to confirm: {name}")
        self.field.setAccessibleName(label.text())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label)
        layout.addWidget(self.field)

    @property
    def confirmed(self) -> bool:
        """Whether the name stands there, letter by letter."""
        return bool(self._name) and self.field.text().strip() == self._name


def radio_button(text: str) -> QRadioButton:
    """One of several ways; the style's own mark is hard to see on a dark window while it is not chosen."""
    button = QRadioButton(text)
    t = theme.tokens()
    button.setStyleSheet(
        f"QRadioButton::indicator {{ width: 12px; height: 12px; border-radius: 7px; background: {t.panel};"
        f" border: 1px solid {t.dim}; }}"
        "QRadioButton::indicator:checked { width: 6px; height: 6px; border-width: 4px;"
        f" border-color: {t.accent}; }}"
        f"QRadioButton::indicator:disabled {{ border-color: {t.line}; }}"
        f"QRadioButton:focus {{ color: {t.accent}; }} QRadioButton:disabled {{ color: {t.dim}; }}"
    )
    return button


def plain_label(text: str = "", *, dim: bool = False) -> QLabel:
    """A label for sentences, which wrap, and for text from data, which is shown as it is."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("dim", dim)
    return label
