"""Lanes, and the way back to the GUI thread."""

from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import CancelledError, UnforeseenError, UsageError
from truthline.progress import Doing, Progress
from truthline.ui.kit.jobs import Jobs, Lane

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def test_the_outcome_comes_on_the_gui_thread(qtbot: QtBot, jobs: Jobs) -> None:
    seen: list[tuple[int, Any]] = []
    work_thread: list[threading.Thread] = []

    def work(_token: object, _report: object) -> int:
        work_thread.append(threading.current_thread())
        return 7

    jobs.run(Lane.READ, work, done=lambda value: seen.append((threading.get_ident(), value)))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(threading.main_thread().ident, 7)]
    assert work_thread[0] is not threading.main_thread()
    assert jobs.idle


@pytest.mark.parametrize("lane", [Lane.WRITE, Lane.READ, Lane.NETWORK, Lane.WATCH])
def test_a_lane_of_one_worker_keeps_the_order(lane: Lane, jobs: Jobs, settle: Callable[[], None]) -> None:
    steps: list[str] = []
    first_may_end = threading.Event()

    def first(*_: object) -> None:
        steps.append("first begins")
        first_may_end.wait(10)
        steps.append("first ends")

    jobs.run(lane, first)
    for number in range(20):
        jobs.run(lane, lambda *_, number=number: steps.append(f"{number}"))
    first_may_end.set()
    settle()
    assert steps == ["first begins", "first ends", *map(str, range(20))]


def test_lanes_do_not_wait_for_each_other(jobs: Jobs, settle: Callable[[], None]) -> None:
    both = threading.Barrier(2)
    reached: list[Lane] = []
    for lane in (Lane.NETWORK, Lane.WRITE):
        jobs.run(lane, lambda *_: both.wait(10), done=lambda _, lane=lane: reached.append(lane))  # type: ignore[misc]
    settle()
    assert set(reached) == {Lane.NETWORK, Lane.WRITE}


def test_a_cancelled_job_that_waits_is_not_begun(jobs: Jobs, settle: Callable[[], None]) -> None:
    gate = threading.Event()
    failures: list[Exception] = []
    jobs.run(Lane.WRITE, lambda *_: gate.wait(10))
    waiting = jobs.run(Lane.WRITE, lambda *_: pytest.fail("it ran"), failed=failures.append)
    waiting.cancel()
    gate.set()
    settle()
    assert [type(error) for error in failures] == [CancelledError]


def test_running_work_sees_the_cancel(jobs: Jobs, settle: Callable[[], None]) -> None:
    began = threading.Event()
    failures: list[Exception] = []

    def work(token: Any, _report: object) -> None:
        began.set()
        token.wait(60)

    job = jobs.run(Lane.NETWORK, work, failed=failures.append)
    assert began.wait(10)
    job.cancel()
    settle()
    assert [type(error) for error in failures] == [CancelledError]


def test_a_dropped_job_delivers_nothing(jobs: Jobs, settle: Callable[[], None]) -> None:
    told: list[object] = []
    job = jobs.run(
        Lane.READ,
        lambda _t, report: report(Progress(Doing.ASKED, about="half")),
        done=told.append,
        failed=told.append,
        progress=told.append,
    )
    job.drop()
    settle()
    assert told == []


def test_a_job_dropped_between_its_end_and_its_delivery_delivers_nothing(
    jobs: Jobs, settle: Callable[[], None]
) -> None:
    told: list[object] = []
    over = threading.Event()
    job = jobs.run(Lane.READ, lambda *_: 1, done=told.append)
    jobs.run(Lane.READ, lambda *_: over.set())
    assert over.wait(10)  # the first has ended, and this thread has not turned to its outcome yet
    job.drop()
    settle()
    assert told == []


def test_of_progress_in_one_turn_only_the_newest_is_shown(jobs: Jobs, settle: Callable[[], None]) -> None:
    shown: list[Progress] = []
    over = threading.Event()

    def work(_token: object, report: Any) -> None:
        for number in range(10_000):
            report(Progress(Doing.READING, number, 10_000))
        over.set()

    jobs.run(Lane.READ, work, progress=shown.append)
    assert over.wait(30)
    settle()
    assert len(shown) <= 1
    assert all(progress.done == 9_999 for progress in shown)


def test_progress_is_shown_while_work_goes_on(qtbot: QtBot, jobs: Jobs, settle: Callable[[], None]) -> None:
    shown: list[str] = []
    seen = threading.Event()

    def work(_token: object, report: Any) -> None:
        report(Progress(Doing.ASKED, about="one"))
        assert seen.wait(10)
        report(Progress(Doing.ASKED, about="two"))

    jobs.run(Lane.READ, work, progress=lambda progress: shown.append(progress.about))
    qtbot.waitUntil(lambda: shown == ["one"])
    seen.set()
    settle()
    assert shown[0] == "one"


def test_a_failure_goes_to_the_one_who_asked(jobs: Jobs, settle: Callable[[], None]) -> None:
    def work(*_: object) -> None:
        raise UsageError("No.")

    failures: list[Exception] = []
    done: list[object] = []
    jobs.run(Lane.READ, work, done=done.append, failed=failures.append)
    settle()
    assert [str(error) for error in failures] == ["No."]
    assert done == []


def test_a_failure_that_nobody_asked_for_is_told_all_the_same(qtbot: QtBot) -> None:
    jobs = Jobs()
    told: list[Exception] = []
    jobs.failed_unexpectedly.connect(told.append)
    jobs.run(Lane.READ, lambda *_: 1 // 0)
    qtbot.waitUntil(lambda: bool(told))
    jobs.close()
    assert [type(error) for error in told] == [ZeroDivisionError]


def test_what_nobody_foresaw_is_told_as_a_mistake_and_its_words_go_nowhere(
    jobs: Jobs, settle: Callable[[], None], unexpected: list[Exception], running_log: Path
) -> None:
    def work(*_: object) -> None:
        raise ValueError("planted")

    failures: list[Exception] = []
    jobs.run(Lane.WRITE, work, failed=failures.append)
    jobs.run(Lane.READ, work)
    settle()
    assert [type(error) for error in failures] == [UnforeseenError]
    assert [type(unexpected.pop()) for _ in range(2)] == [ValueError, ValueError]
    written = running_log.read_text()
    assert "unforeseen, while saving to the workspace" in written
    assert "while reading the workspace" in written
    assert "planted" not in written + str(failures[0])


def test_what_the_system_refuses_is_told_in_words(jobs: Jobs, settle: Callable[[], None]) -> None:
    def work(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/there/it is")

    failures: list[Exception] = []
    jobs.run(Lane.READ, work, failed=failures.append)
    settle()
    assert [str(error) for error in failures] == [
        "/there/it is: A file or folder cannot be read or written. You have no permission for it."
    ]


def test_a_dropped_job_that_breaks_is_only_logged(
    jobs: Jobs, settle: Callable[[], None], running_log: Path
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(*_: object) -> None:
        begun.set()
        assert ended.wait(10)
        raise ValueError

    job = jobs.run(Lane.READ, work)
    assert begun.wait(10)
    job.drop()
    ended.set()
    settle()  # the fixture fails the test if it was told
    assert "ValueError" in running_log.read_text()


def test_a_cancel_that_nobody_asked_for_is_no_failure(jobs: Jobs, settle: Callable[[], None]) -> None:
    jobs.run(Lane.READ, lambda *_: 1).cancel()
    settle()  # the fixture fails the test if it was told


def test_close_cancels_waits_and_leaves_no_thread(qtbot: QtBot) -> None:
    jobs = Jobs()
    before = set(threading.enumerate())
    began = threading.Event()
    ended: list[bool] = []
    told: list[object] = []

    def work(token: Any, _report: object) -> None:
        began.set()
        try:
            token.wait(60)
        finally:
            ended.append(True)

    for lane in Lane:
        jobs.run(lane, lambda *_: None)
    jobs.run(Lane.NETWORK, work, done=told.append, failed=told.append)
    jobs.run(Lane.NETWORK, lambda *_: told.append("begun after the close"))
    assert began.wait(10)
    jobs.close()
    assert ended == [True]
    assert [thread for thread in threading.enumerate() if thread not in before] == []
    assert jobs.idle
    qtbot.wait(1)  # turns the event loop once
    assert told == []


def test_finish_carries_out_what_is_queued(jobs: Jobs, settle: Callable[[], None]) -> None:
    written: list[int] = []
    for number in range(50):
        jobs.run(Lane.WRITE, lambda *_, number=number: written.append(number))
    jobs.finish(Lane.WRITE)
    assert written == list(range(50))
    jobs.run(Lane.WRITE, lambda *_: written.append(50))
    settle()
    assert written[-1] == 50
