"""Going on with a rebuild that was broken off when the program ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from truthline.sync.rebuild.rebuild import unfinished_rebuild
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Lane
from truthline.ui.kit.questions import plain_label
from truthline.ui.rebuild.rebuilding import RebuildingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.aws.session import Aws
    from truthline.ui.document.document import Document


class ContinueRebuildDialog(RebuildingDialog):
    """Offers to go on with a rebuild that an earlier run of the program began.

    Args:
        document: whose dataset it is.
        aws: gives the service's clients; called off the GUI thread.
        parent: the window it belongs to.

    """

    def __init__(self, document: Document, aws: Callable[[], Aws], parent: QWidget | None = None) -> None:
        super().__init__(document, aws, "Continue the Rebuild", parent)
        fit_window(self, 640, 320)
        self.summary = plain_label()
        layout = QVBoxLayout(self.form)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.summary)
        layout.addStretch(1)
        self.go_button.setText("C&ontinue")
        self.close_button.setText("Later")
        self.go_button.setEnabled(False)
        workspace = document.workspace
        self._looking = document.jobs.run(
            Lane.READ, lambda _token, _report: unfinished_rebuild(workspace), done=self._show_sentence
        )

    @override
    def go(self) -> None:
        self._go_on()

    def _show_sentence(self, sentence: str) -> None:
        self._looking = None
        if not sentence:
            self.summary.setText("There is nothing to continue.")
            self._close_only()
            return
        self.summary.setText(
            f"{sentence}\n\nContinue does the steps that are left. Until then, neither push nor pull: the"
            " dataset may not be there, or may hold something else than this workspace."
        )
        self.go_button.setEnabled(True)
        self.go_button.setFocus()

    @override
    def _update(self) -> None:
        super()._update()
        if not self.work.busy:
            self.go_button.setEnabled(True)
