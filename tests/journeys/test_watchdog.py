"""The watchdog over the GUI thread can fail a journey, and only for what blocks it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.skipif(
    not hasattr(time, "pthread_getcpuclockid"), reason="one thread cannot read another's clock here"
)


@pytest.fixture(autouse=True)
def watched() -> None:
    """In place of the watchdog over all journeys, which these tests would fail."""


@pytest.fixture
def dog(new_watchdog: Any, qapp: object) -> Iterator[Any]:
    made = new_watchdog()
    made.start()
    yield made
    made.stop()


def compute(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def turn(qtbot: QtBot, call: Any) -> None:
    """Have the event loop call something, and wait for it."""
    called = threading.Event()
    QTimer.singleShot(0, lambda: (call(), called.set()))  # type: ignore[func-returns-value]
    qtbot.waitUntil(called.is_set, timeout=20_000)
    qtbot.wait(1)


def test_computing_in_the_event_loop_is_noticed_with_its_stack(qtbot: QtBot, dog: Any) -> None:
    turn(qtbot, lambda: compute(0.4))
    dog.stop()
    (block,) = dog.blocks
    assert "in compute" in block
    assert "test_watchdog.py" in block
    assert "ms computing" in block


def test_waiting_in_the_event_loop_is_noticed(qtbot: QtBot, dog: Any) -> None:
    turn(qtbot, lambda: threading.Event().wait(1.0))
    dog.stop()
    (block,) = dog.blocks
    assert "in wait" in block


def test_what_an_event_of_the_test_calls_is_noticed(qtbot: QtBot, dog: Any) -> None:
    from PySide6.QtCore import Qt  # noqa: PLC0415

    button = QPushButton()
    qtbot.addWidget(button)
    button.clicked.connect(lambda: compute(0.4))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dog.stop()
    assert len(dog.blocks) == 1


def test_the_test_s_own_work_is_not(qtbot: QtBot, dog: Any) -> None:
    qtbot.wait(20)
    compute(0.3)
    qtbot.waitUntil(lambda: compute(0.15) or True)  # type: ignore[func-returns-value]
    turn(qtbot, lambda: None)
    dog.stop()
    assert dog.blocks == []


def test_many_short_turns_are_not(qtbot: QtBot, dog: Any) -> None:
    turns: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: (compute(0.02), turns.append(1)))  # type: ignore[func-returns-value]
    timer.start(0)
    qtbot.waitUntil(lambda: len(turns) > 15, timeout=20_000)
    timer.stop()
    dog.stop()
    assert dog.blocks == []


def test_other_threads_that_compute_are_not(qtbot: QtBot, dog: Any) -> None:
    """As on a busy computer: the GUI thread waits its turn, and does little when it comes."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            compute(0.01)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    turns: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: (compute(0.005), turns.append(1)))  # type: ignore[func-returns-value]
    timer.start(0)
    qtbot.waitUntil(lambda: len(turns) > 20, timeout=60_000)
    timer.stop()
    stop.set()
    for thread in threads:
        thread.join()
    dog.stop()
    assert dog.blocks == []


def test_an_idle_loop_is_not(qtbot: QtBot, dog: Any) -> None:
    qtbot.wait(300)
    dog.stop()
    assert dog.blocks == []
