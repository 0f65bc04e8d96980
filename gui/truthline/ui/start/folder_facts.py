"""What is known, and what is asked, about the folder that a workspace was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from truthline.manifest.placing import UNPLACED
from truthline.sync.opening.folder import LeftOutFiles, read_left_out, tell_left_out
from truthline.sync.opening.opening import can_be_placed, place
from truthline.ui.kit.jobs import Lane
from truthline.ui.start.address import AddressDialog
from truthline.ui.start.left_out import LeftOutDialog, in_words
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from truthline.progress import CancelToken, Report
    from truthline.ui.document.document import Document
    from truthline.ui.kit.toast import Toast


class FolderFacts(QObject):
    """Asks where in S3 the images are when that is needed, and shows which files were left out.

    Args:
        document: the open workspace.
        toast: says what was left out, once.
        window: what the dialogs belong to.

    """

    placed = Signal(Changes)
    """The `Changes` by which all images got their addresses."""
    failed = Signal(Exception)
    """The exception by which they did not."""

    def __init__(self, document: Document, toast: Toast, window: QWidget) -> None:
        super().__init__(document)
        self._document = document
        self._toast = toast
        self._window = window

    def with_address(self, why: str, then: Callable[[], object]) -> None:
        """Do what needs the images' addresses, as soon as they have some; ``why`` says so in a sentence."""
        if self._document.info.target != UNPLACED:
            then()
            return
        self._ask(why, then)

    def change_address(self) -> None:
        """Ask for another address, which is possible until the workspace belongs to a dataset."""
        info = self._document.info
        if can_be_placed(info):
            self._ask("A mistyped address can be put right here.", lambda: None)
        else:
            self._toast.say("The addresses of these images are those that their dataset or manifest names.")

    def _ask(self, why: str, then: Callable[[], object]) -> None:
        info = self._document.info
        dialog = AddressDialog(why, info.images_dir, self._window)
        if info.target != UNPLACED:
            dialog.target.setText(info.target)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._place(dialog.text, then))
        dialog.open()

    def _place(self, target: str, then: Callable[[], object]) -> None:
        workspace = self._document.workspace

        def work(token: CancelToken, report: Report) -> Changes:
            return place(workspace, target, report=report, cancel=token)

        def done(changes: Changes) -> None:
            self.placed.emit(changes)
            then()

        self._toast.say("The images get their addresses in S3…")
        # Behind the gestures of a moment ago, whose lines have the old addresses still.
        self._document.jobs.run(Lane.WRITE, work, done=done, failed=self.failed.emit)

    def tell(self) -> None:
        """Say how many files were left out, unless that was said before."""
        workspace = self._document.workspace

        def told(files: LeftOutFiles) -> None:
            if files.total:
                self._toast.say(in_words(files), action="Show them…", act=self.show_left_out)

        self._document.jobs.run(Lane.WRITE, lambda _token, _report: tell_left_out(workspace), done=told)

    def show_left_out(self) -> None:
        """List them."""
        workspace = self._document.workspace

        def show(files: LeftOutFiles) -> None:
            dialog = LeftOutDialog(files, self._window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

        self._document.jobs.run(Lane.READ, lambda _token, _report: read_left_out(workspace), done=show)
