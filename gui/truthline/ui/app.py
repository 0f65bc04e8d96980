"""Builds everything once and passes it down."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog

from truthline import __version__, log
from truthline.errors import TruthlineError
from truthline.settings import Settings
from truthline.ui.kit import theme
from truthline.ui.kit.jobs import Jobs
from truthline.ui.kit.mistakes.alarm import Alarm
from truthline.ui.kit.posix_signals import EndSignals
from truthline.ui.kit.qt_messages import logged_messages
from truthline.ui.window.main_window import MainWindow

if TYPE_CHECKING:
    from truthline.aws.connection import Connection
    from truthline.images.thumbnails import Thumbnails


class App:
    """The application: one window with what it needs.

    Args:
        settings: what is remembered.
        cache: the folder of the thumbnail cache.
        given: what the command line said of AWS.

    """

    def __init__(self, settings: Settings, cache: Path, given: Connection | None = None) -> None:
        self.settings = settings
        self.jobs = Jobs()
        self._cache = cache
        self._thumbnails: Thumbnails | None = None
        self.dress()
        self.window = MainWindow(self.jobs, settings, self.thumbnails, given)
        self.window.appearance_wanted.connect(self._change_appearance)
        self.alarm = Alarm(self.window)
        self.jobs.failed_unexpectedly.connect(self._tell)

    def thumbnails(self) -> Thumbnails:
        """The disk cache; opened when it is first wanted, as it needs the image decoders."""
        if self._thumbnails is None:
            from truthline.images.thumbnails import Thumbnails

            self._thumbnails = Thumbnails(self._cache / "thumbnails.sqlite")
        return self._thumbnails

    def dress(self) -> None:
        """Apply the appearance that was chosen, or the desktop's."""
        wanted = self.settings.get("appearance")
        dark = theme.system_prefers_dark() if wanted == "system" else wanted == "dark"
        theme.apply_theme(_application(), dark=dark)

    def close(self) -> None:
        """Close the window; end the emulator and all threads, which is waited for."""
        self.window.end()
        self.window.sample.stop()
        self.jobs.close()
        if self._thumbnails is not None:
            self._thumbnails.close()

    def _tell(self, error: Exception) -> None:
        if isinstance(error, TruthlineError):
            self.window.complain(error)
        else:
            self.alarm.tell(error)

    def _change_appearance(self, dark: bool) -> None:  # noqa: FBT001 - a slot
        self.settings.set("appearance", "dark" if dark else "light")
        self.dress()
        self.window.restyle()


def run(source: str, connection: Connection, *, sample: bool = False) -> int:
    """Open the window and return when it is closed: the exit code.

    Args:
        source: what to open in it, "" for the welcome page.
        connection: how to reach AWS, whatever is opened.
        sample: open the sample dataset instead.

    """
    application = QApplication([sys.argv[0]])
    application.setApplicationName("Truthline")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("truthline")
    app = App(Settings(), Path(platformdirs.user_cache_dir("truthline")), connection)
    signals = EndSignals(app.window)
    signals.received.connect(lambda _number: _end(app.window))
    app.window.show()
    if sample:
        QTimer.singleShot(0, app.window.open_sample)
    elif source:
        QTimer.singleShot(0, lambda: app.window.open(source))
    try:
        with logged_messages(), log.telling(app.alarm.tell):
            return application.exec()
    finally:
        app.close()
        signals.close()


def _end(window: MainWindow) -> None:
    """Close the window, whatever question is open: nobody is there to answer it."""
    for dialog in window.findChildren(QDialog):
        dialog.reject()
    window.end()
    QApplication.exit(0)


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)  # noqa: S101 - there is no window without one
    return application
