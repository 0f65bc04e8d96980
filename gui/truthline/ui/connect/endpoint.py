"""Whether an endpoint that a workspace names may be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from truthline.aws.addresses import origin_of

if TYPE_CHECKING:
    from PySide6.QtWidgets import QPushButton, QWidget

_WHY = (
    "It was not chosen on this computer. Whoever runs it gets requests that are signed with your AWS sign-in"
    " and carry its session token, and every line that you push. Use it only if you know whose it is.\n\n"
    "Otherwise you can work on the workspace offline; nothing is sent."
)
_UNREADABLE = "It cannot be read as an address, so nothing is sent there, and you work offline."


class EndpointQuestion(QMessageBox):
    """Names the address and what would go there; no answer is as good as no.

    Args:
        name: the workspace's.
        url: what it names as the service's address.
        parent: the window it belongs to.

    """

    def __init__(self, name: str, url: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Warning)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        origin = origin_of(url)
        self.setText(f"The workspace {name} is served by an address that is not AWS's:\n\n{origin or url}")
        self.setInformativeText(_WHY if origin else _UNREADABLE)
        self.allow_button: QPushButton | None = None
        if origin:
            self.allow_button = self.addButton("Use This Address", QMessageBox.ButtonRole.AcceptRole)
        offline = self.addButton("Work Offline", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(offline)
        self.setEscapeButton(offline)

    @property
    def allowed(self) -> bool:
        """Whether the answer was yes."""
        return self.allow_button is not None and self.clickedButton() is self.allow_button
