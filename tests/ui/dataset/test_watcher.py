"""When the service is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import OfflineError, ThrottledError
from truthline.ui.dataset.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from truthline.ui.kit.jobs import Jobs


class Asked:
    """A watcher, how often it asked, and what it is told: a value, or an exception to raise."""

    def __init__(self, jobs: Jobs, settle: Callable[[], None]) -> None:
        self.times = 0
        self.reply: object = "fine"
        self.watcher = Watcher(jobs, self._question)
        self.told: list[object] = []
        self.watcher.answered.connect(self.told.append)
        self.watcher.unanswered.connect(self.told.append)
        self._settle = settle

    def _question(self) -> Any:
        self.times += 1
        reply = self.reply

        def ask(_token: object, _report: object) -> object:
            if isinstance(reply, Exception):
                raise reply
            return reply

        return ask

    def once(self, reply: object = "fine") -> int | None:
        """Ask once; how long it then waits."""
        self.reply = reply
        self.watcher.ask()
        self._settle()
        return self.watcher.waits_ms


@pytest.fixture
def asked(jobs: Jobs, settle: Callable[[], None]) -> Iterator[Asked]:
    made = Asked(jobs, settle)
    yield made
    made.watcher.stop()


def test_often_while_something_moves_else_seldom(asked: Asked) -> None:
    assert asked.once() == 20_000
    asked.watcher.quick = True
    assert asked.once() == 700
    asked.watcher.quick = False
    assert asked.once(OfflineError("No.")) == 5_000
    assert asked.once() == 20_000
    asked.watcher.needed = True
    assert asked.once() == 5_000
    assert asked.told == ["fine", "fine", asked.told[2], "fine", "fine"]


@pytest.mark.parametrize(
    ("quick", "pauses"),
    [
        (False, [40_000, 80_000, 120_000, 120_000]),
        (True, [1_400, 2_800, 5_600, 11_200, 22_400, 44_800, 89_600, 120_000]),
    ],
)
def test_throttled_it_waits_longer_each_time(asked: Asked, quick: bool, pauses: list[int]) -> None:
    asked.watcher.quick = quick
    usual = asked.once()
    assert [asked.once(ThrottledError("Too many.")) for _ in pauses] == pauses
    assert asked.once() == usual, "one answer, and all is as before"


def test_hidden_it_pauses_and_asks_at_once_when_seen_again(asked: Asked, settle: Callable[[], None]) -> None:
    asked.once()
    asked.watcher.set_visible(False)
    assert asked.watcher.waits_ms is None
    assert asked.once() is None, "an answer while hidden brings no further question"
    times = asked.times
    asked.watcher.set_visible(True)
    settle()
    assert asked.times == times + 1
    assert asked.watcher.waits_ms == 20_000
    asked.watcher.set_visible(True)
    settle()
    assert asked.times == times + 1, "it was visible already"


def test_hidden_it_goes_on_for_a_push(asked: Asked) -> None:
    asked.watcher.set_visible(False)
    asked.watcher.quick = asked.watcher.needed = True
    assert asked.once() == 700


def test_who_asks_while_an_answer_is_on_its_way_gets_a_newer_one(
    asked: Asked, settle: Callable[[], None]
) -> None:
    asked.watcher.ask()
    asked.reply = "newer"
    asked.watcher.ask()
    settle()
    assert asked.told == ["fine", "newer"]


def test_a_longer_pause_can_be_asked_for(asked: Asked) -> None:
    asked.watcher.answered.connect(lambda _: asked.watcher.ask_soon(at_least_ms=30_000))
    assert asked.once() == 30_000


def test_stopped_it_tells_nothing_more(asked: Asked, settle: Callable[[], None], qtbot: QtBot) -> None:
    asked.watcher.ask()
    asked.watcher.stop()
    settle()
    qtbot.waitUntil(lambda: asked.watcher.waits_ms is None)
    assert asked.told == []
