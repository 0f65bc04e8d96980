"""Mistakes in Truthline itself: the person is told once, the log says where, and the window goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel
from shiboken6 import isValid

from truthline import __version__, log
from truthline.ui.kit.jobs import Lane
from truthline.ui.kit.key_list import KeysDialog
from truthline.ui.kit.mistakes.about import AboutDialog
from truthline.ui.kit.mistakes.unforeseen import UnforeseenDialog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = '{"source-ref": "s3://planted-bucket/planted.jpg", "planted_label": 1}'


def break_down(*_: object) -> None:
    raise ValueError(LINE)


@pytest.fixture
def hooked(running_log: Path, user: Any) -> Iterator[Path]:
    """The log's file, while errors that end in it are told in the window as in the program."""
    with log.telling(user.app.alarm.tell):
        yield running_log


def texts(dialog: UnforeseenDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def close(user: Any, dialog: Any) -> None:
    user.click(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close))
    user.wait(lambda: not isValid(dialog) or not dialog.isVisible())


def test_an_error_in_a_command_is_told_once_and_the_window_goes_on(
    user: Any, hooked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeysDialog, "__init__", break_down)
    user.key(Qt.Key.Key_F1)
    dialog = user.dialog(UnforeseenDialog)
    assert dialog.headline.text() == "Something went wrong during “Keys”."
    said = texts(dialog)
    assert "every edit before this is saved" in said
    assert log.shown_path() in said
    assert not dialog.count.isVisible()
    assert not dialog.silence.isVisible()
    thread = threading.Thread(target=break_down)
    thread.start()
    thread.join()
    user.wait(lambda: "once more" in dialog.count.text())
    with pytest.raises(ValueError, match="planted") as caught:
        break_down()
    user.app.alarm.tell(caught.value)
    user.wait(lambda: "2 times more" in dialog.count.text())
    assert len(user.window.findChildren(UnforeseenDialog)) == 1
    user.click(dialog.copy)
    copied = QApplication.clipboard().text()
    assert copied == dialog.details.toPlainText()
    assert f"Truthline: {__version__}" in copied
    assert "Doing: during “Keys”" in copied
    assert "test_mistakes.py" in copied
    assert "planted" not in copied + said + hooked.read_text()
    assert hooked.read_text().count("ValueError") == 2  # the one that was only told was not logged
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    user.click(dialog.open_folder)
    assert opened == [str(hooked.parent)]
    close(user, dialog)
    monkeypatch.undo()
    user.activate()
    user.key(Qt.Key.Key_F1)
    user.dialog(KeysDialog).close()


def test_one_that_comes_again_and_again_can_be_silenced(
    user: Any, hooked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeysDialog, "__init__", break_down)
    user.key(Qt.Key.Key_F1)
    close(user, user.dialog(UnforeseenDialog))
    user.activate()
    user.key(Qt.Key.Key_F1)
    dialog = user.dialog(UnforeseenDialog)
    user.click(dialog.silence)
    close(user, dialog)
    user.activate()
    user.key(Qt.Key.Key_F1)
    QApplication.processEvents()
    assert not [one for one in user.window.findChildren(UnforeseenDialog) if one.isVisible()]
    assert hooked.read_text(encoding="utf-8").count("again, during “Keys”") == 2


def test_an_error_in_a_job_says_what_the_job_was_about(
    user: Any, hooked: Path, monkeypatch: pytest.MonkeyPatch, manifest: Path
) -> None:
    monkeypatch.setattr("truthline.ui.start.opener._open", break_down)
    # The fixture fails a test in which something unforeseen happens; here it is meant to.
    user.app.jobs.failed_unexpectedly.disconnect()
    user.app.jobs.failed_unexpectedly.connect(user.app._tell)
    user.window.open(str(manifest))
    dialog = user.dialog(UnforeseenDialog)
    assert dialog.headline.text() == "Something went wrong while working with the service."
    assert "planted" not in texts(dialog) + user.toast() + dialog.details.toPlainText()
    close(user, dialog)
    monkeypatch.undo()
    user.open(str(manifest))
    user.app.jobs.run(Lane.WRITE, break_down)
    dialog = user.dialog(UnforeseenDialog)
    assert dialog.headline.text() == "Something went wrong while saving to the workspace."
    close(user, dialog)


def test_one_that_went_with_the_dialog_below_it_is_no_hindrance(user: Any, hooked: Path) -> None:
    below = QDialog(user.window)
    below.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    below.open()
    user.wait(lambda: QApplication.activeModalWidget() is below)
    user.app.alarm.tell(KeyError(LINE))
    user.wait(lambda: below.findChildren(UnforeseenDialog))
    below.close()
    user.wait(lambda: not isValid(below))
    user.app.alarm.tell(ValueError(LINE))
    dialog = user.dialog(UnforeseenDialog)
    assert dialog.parent() is user.window
    close(user, dialog)


def test_about_tells_the_versions_and_copies_them(user: Any) -> None:
    user.trigger("about")
    dialog = user.dialog(AboutDialog)
    user.click(dialog.copy)
    copied = dict(line.split(": ", 1) for line in QApplication.clipboard().text().splitlines())
    assert copied["Truthline"] == __version__
    assert list(copied) == ["Truthline", "Python", "PySide6", "boto3", "Pillow", "Qt", "Platform"]
    assert all(copied.values())
    shown = {label.text() for label in dialog.findChildren(QLabel)}
    assert set(copied.values()) <= shown
    dialog.close()


PROGRAM = """
import sys, threading
from PySide6.QtCore import QTimer, qWarning
from PySide6.QtWidgets import QApplication
from truthline import log
from truthline.aws.connection import Connection
from truthline.ui import app as program
from truthline.ui.kit.mistakes.unforeseen import UnforeseenDialog

def break_down():
    raise ValueError("planted")

def act():
    QTimer.singleShot(0, break_down)
    threading.Thread(target=break_down).start()
    window = next(one for one in QApplication.topLevelWidgets() if one.windowTitle() == "Truthline")
    qWarning("the label 'planted' is odd")
    look = QTimer(window)
    look.timeout.connect(lambda: end(window))
    look.start(10)

def end(window):
    dialogs = window.findChildren(UnforeseenDialog)
    if dialogs and "once more" in dialogs[0].count.text():
        dialogs[0].close()
        window.close()

log.start("debug")
make = program.App.__init__

def made(self, *given):
    make(self, *given)
    QTimer.singleShot(0, act)

program.App.__init__ = made
sys.exit(program.run("", Connection()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the folders are not told by variables there")
def test_all_hooks_of_the_program_itself(tmp_path: Path) -> None:
    places = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("STATE", "CONFIG", "CACHE")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | places,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (written,) = tmp_path.rglob("truthline.log")
    told = written.read_text()
    assert told.count("ValueError") == 2
    assert "WARNING: default: the label" in told
    assert "planted" not in told
