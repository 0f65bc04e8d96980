"""Tells of errors that nobody foresaw, one dialog at a time, so that the person can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from truthline import log
from truthline.log import Unforeseen

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from truthline.ui.kit.mistakes.unforeseen import UnforeseenDialog

_ROOMS = (
    ("truthline/ui/canvas/", "while working on the image"),
    ("truthline/ui/gallery/", "in the gallery"),
    ("truthline/ui/labels/", "in the list of labels"),
    ("truthline/ui/entry/", "in the panels of the image"),
    ("truthline/ui/problems/", "in the problems"),
    ("truthline/ui/conflicts/", "in the conflicts"),
    ("truthline/ui/rebuild/", "while a dataset was to be made anew"),
    ("truthline/ui/projects/", "in the projects"),
    ("truthline/ui/exchange/", "while labels were brought in or out"),
    ("truthline/ui/dataset/", "while working with the dataset"),
    ("truthline/ui/connect/", "while connecting"),
    ("truthline/ui/start/", "while opening"),
)


class Alarm(QObject):
    """Shows a dialog for an unforeseen error; those that come while it is open are counted in it.

    The dialog may also go with the one that it lies over.
    """

    _raised = Signal(Unforeseen)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._told: set[str] = set()
        self._silenced: set[str] = set()
        self.dialog: UnforeseenDialog | None = None
        # Later, and on the GUI thread: it may be raised while something is painted, or by any thread.
        self._raised.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def tell(self, error: BaseException) -> None:
        """Tell of an error, from whatever thread."""
        self._raised.emit(log.describe(error))

    def _tell(self, error: Unforeseen) -> None:
        from truthline.ui.kit.mistakes.unforeseen import UnforeseenDialog  # noqa: PLC0415  # rarely needed

        if self.dialog is not None and isValid(self.dialog) and self.dialog.isVisible():
            self.dialog.count_another()
            return
        if error.place in self._silenced:
            return
        dialog = self.dialog = UnforeseenDialog(
            error,
            _doing(error),
            is_repeated=error.place in self._told,
            parent=QApplication.activeModalWidget() or self._window,
        )
        self._told.add(error.place)
        dialog.silenced.connect(lambda: self._silenced.add(error.place))
        dialog.open()


def _doing(error: Unforeseen) -> str:
    """What was being done: as it was noted, else by the place in the window where it began."""
    return error.doing or next((words for room, words in _ROOMS if room in error.told), "in the window")
