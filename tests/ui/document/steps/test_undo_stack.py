"""The stack moves at once, and goes back where a save fails."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from truthline.errors import WorkspaceError
from truthline.ui.document.steps.saving import Saves
from truthline.ui.document.steps.undo_stack import Attempt, Move, Step, UndoStack
from truthline.ui.kit.jobs import Jobs, Lane
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable


class Noted(Step):
    """Keeps what it was asked for."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.attempts: list[Attempt] = []

    @override
    def redo(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    @override
    def undo(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)


@pytest.fixture
def stack(qtbot: Any) -> UndoStack:
    return UndoStack()


def state(stack: UndoStack) -> tuple[str, str, int, int]:
    return stack.undo_text, stack.redo_text, stack.index(), stack.count()


def test_steps_go_back_and_forth(stack: UndoStack) -> None:
    moved: list[int] = []
    stack.moved.connect(lambda: moved.append(stack.index()))
    one, two = Noted("one"), Noted("two")
    stack.push(one)
    stack.push(two, saved=True)
    assert state(stack) == ("two", "", 2, 2)
    stack.undo()
    assert state(stack) == ("one", "two", 1, 2)
    stack.undo()
    stack.undo()  # there is none left
    assert state(stack) == ("", "one", 0, 2)
    stack.redo()
    assert [attempt.move for attempt in one.attempts] == [Move.DO, Move.UNDO, Move.REDO]
    assert [attempt.move for attempt in two.attempts] == [Move.UNDO]
    assert moved == [1, 2, 1, 0, 1]
    stack.push(Noted("three"))
    assert state(stack) == ("three", "", 2, 2)


@pytest.mark.parametrize("act", [UndoStack.undo, UndoStack.redo, lambda stack: stack.push(Noted("new"))])
def test_what_fails_leaves_the_stack_as_it_was(stack: UndoStack, act: Callable[[UndoStack], None]) -> None:
    steps = [Noted(text) for text in ("one", "two", "three")]
    for step in steps:
        stack.push(step)
    stack.undo()
    before = state(stack)
    assert before == ("two", "three", 2, 3)
    taken_back: list[Attempt] = []
    for step in steps:
        step.attempts.clear()
    act(stack)
    assert state(stack) != before
    for step in (*steps, stack.newest):  # type: ignore[assignment]
        taken_back += step.attempts if isinstance(step, Noted) else []
    taken_back[-1].failed()
    assert state(stack) == before
    stack.redo()
    assert state(stack) == ("three", "", 3, 3)


def test_a_failure_that_comes_after_the_stack_was_cleared_brings_nothing_back(stack: UndoStack) -> None:
    step = Noted("one")
    stack.push(step)
    stack.push(Noted("two"))
    stack.clear()
    step.attempts[0].failed()
    assert state(stack) == ("", "", 0, 0)


def test_what_was_carried_out_is_told_if_it_changed_anything(stack: UndoStack) -> None:
    told: list[Attempt] = []
    stack.carried_out.connect(told.append)
    step = Noted("one")
    stack.push(step)
    step.attempts[-1].saved(Changes(info=True))
    assert told == []
    stack.undo()
    step.attempts[-1].saved(Changes())
    assert told == []
    stack.redo()
    step.attempts[-1].saved(Changes(info=True))
    assert [(attempt.step, attempt.move) for attempt in told] == [(step, Move.REDO)]


# Saves that build on one another


@pytest.fixture
def events() -> list[Any]:
    return []


@pytest.fixture
def save(jobs: Jobs, events: list[Any]) -> Callable[..., None]:
    saves = Saves(jobs)

    def run(name: str, error: Exception | None = None) -> None:
        def work(_token: object, _report: object) -> str:
            events.append(f"work {name}")
            if error is not None:
                raise error
            return name

        saves.run(
            work,
            done=lambda result: events.append(f"done {result}"),
            give_up=lambda: events.append(f"give up {name}"),
            failed=lambda error, behind: events.append((name, str(error), behind)),
        )

    return run


def test_a_save_that_fails_takes_those_behind_it_along(
    jobs: Jobs, save: Callable[..., None], events: list[Any], settle: Callable[[], None]
) -> None:
    gate = threading.Event()
    jobs.run(Lane.WRITE, lambda *_: gate.wait(10))
    save("one")
    save("two", WorkspaceError("full"))
    save("three")
    save("four", WorkspaceError("full still"))
    gate.set()
    settle()
    assert events == [
        "work one", "work two", "done one",
        "give up four", "give up three", "give up two", ("two", "full", 2),
    ] or events == [
        "work one", "done one", "work two",
        "give up four", "give up three", "give up two", ("two", "full", 2),
    ]  # fmt: skip
    events.clear()
    save("again")
    settle()
    assert events == ["work again", "done again"]
