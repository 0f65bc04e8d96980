"""When the desktop is told that work has ended, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from truthline.errors import OfflineError
from truthline.progress import Doing, Progress
from truthline.sync.pull.pull import PullResult
from truthline.sync.push.plan import Remark
from truthline.sync.push.push import PushResult
from truthline.ui.dataset import notification
from truthline.ui.dataset.notification import Notifier, pull_words, push_words  # type: ignore[attr-defined]
from truthline.ui.dataset.state import DatasetState

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

RUNNING = DatasetState(activity=Progress(Doing.SENDING))
RESTING = DatasetState()


class Work(QObject):
    """What a dataset says."""

    state_changed = Signal(object)
    pushed = Signal(object)
    pulled = Signal(object)
    push_queued = Signal(object)
    failed = Signal(object)


class Desk:
    """A notifier by a clock of its own, and what it told."""

    def __init__(self, window: QWidget, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.work = Work()
        self.window = window
        self.told: list[tuple[str, str]] = []
        self.alerted: list[QWidget] = []
        made: Any = Notifier(self.work, window, clock=lambda: self.now)  # type: ignore[arg-type]
        self.notifier: Notifier = made
        monkeypatch.setattr(QApplication, "alert", self.alerted.append)
        monkeypatch.setattr(made, "_show_message", lambda *what: self.told.append(what))
        monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
        monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)

    def run(self, seconds: float) -> None:
        self.work.state_changed.emit(RUNNING)
        self.now += seconds
        self.work.state_changed.emit(RUNNING)
        self.work.state_changed.emit(RESTING)


@pytest.fixture
def desk(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Desk:
    window = QWidget()
    qtbot.addWidget(window)
    return Desk(window, monkeypatch)


def test_the_end_of_a_long_push_is_told(desk: Desk) -> None:
    desk.run(11)
    desk.work.pushed.emit(PushResult(pushed=20))
    assert desk.told == [("Truthline: Push", "20 lines are stored.")]
    assert desk.alerted == [desk.window]
    desk.work.pushed.emit(PushResult(pushed=20))
    assert len(desk.told) == 1, "the time was that of the push before"


def test_the_end_of_a_short_one_is_not(desk: Desk) -> None:
    desk.run(9)
    desk.work.pushed.emit(PushResult(pushed=20))
    assert (desk.told, desk.alerted) == ([], [])


def test_pulls_failures_and_waiting_pushes_are_told(desk: Desk) -> None:
    desk.run(60)
    desk.work.pulled.emit(PullResult(added=1))
    desk.run(60)
    desk.work.failed.emit(OfflineError("No connection.", detail="Check the network."))
    desk.run(60)
    desk.work.push_queued.emit(OfflineError("No connection."))
    assert [text for _, text in desk.told] == [
        "1 added, 0 changed, 0 merged.",
        "It failed. No connection.",
        "It goes on once the service answers again.",
    ]


def test_whoever_looks_at_the_window_is_not_told(desk: Desk, qtbot: QtBot) -> None:
    desk.window.show()
    desk.window.activateWindow()
    qtbot.waitUntil(desk.window.isActiveWindow)
    desk.run(60)
    desk.work.pushed.emit(PushResult(pushed=20))
    assert (desk.told, desk.alerted) == ([], [])


def test_without_a_tray_the_window_asks_for_attention(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    desk.run(60)
    desk.work.pushed.emit(PushResult(pushed=20))
    assert desk.told == []
    assert desk.alerted == [desk.window]


def test_the_tray_shows_an_icon_for_the_message_only(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bool] = []
    said: list[tuple[Any, ...]] = []
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda _: shown.append(True))
    monkeypatch.setattr(QSystemTrayIcon, "hide", lambda _: shown.append(False))
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _, *what: said.append(what))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    monkeypatch.setattr(notification, "_SHOWN_MS", 1)
    window = QWidget()
    qtbot.addWidget(window)
    work: Any = Work()
    notifier = Notifier(work, window)
    notifier.tell("Truthline: Push", "<b>")
    qtbot.waitUntil(lambda: shown == [True, False])
    assert said[0][:2] == ("Truthline: Push", "<b>")


def test_how_it_ended_in_words() -> None:
    lost = Remark("s3://parts/1.jpg", "X", "No.", 1)
    assert push_words(PushResult(pushed=1, dropped=(lost,))) == "1 line is stored. 1 line is not as sent."
    broken = OfflineError("No connection.")
    assert push_words(PushResult(error=broken)) == ("It was broken off. 0 lines are stored. No connection.")
    assert pull_words(PullResult(changed=2, conflicts=1, error=broken)) == (
        "It was broken off; what arrived is kept. 0 added, 2 changed, 0 merged. 1 image is in conflict."
        " No connection."
    )
