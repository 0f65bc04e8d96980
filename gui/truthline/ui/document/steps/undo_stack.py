"""The steps of a document in order, and how many of them are done.

A step is carried out by a save of its own, in either direction. The stack moves at once, so that the next key
finds it where the person does; a save that fails takes it back to where it was before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from truthline.workspace.changes import Changes
    from truthline.workspace.workspace import EntryId


MOST_STEPS = 1_000
"""Nobody goes back further one by one, and what steps hold in memory is bounded with them."""


class Move(Enum):
    """Which way a step is carried out; the value ends a sentence about it."""

    DO = "done"
    UNDO = "undone"
    REDO = "done again"


class Step(ABC):
    """One gesture; ``text`` is its name in the undo menu."""

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def count(self) -> int:
        """How many entries it changes."""
        return len(self.entries)

    @property
    def entries(self) -> Collection[EntryId]:
        """The entries that it changes; of very many only the first."""
        return ()

    @property
    def only_lines(self) -> bool:
        """Whether it changes nothing but labels and boxes of entries, which their images show."""
        return False

    def lines(self, entry_id: EntryId) -> tuple[bytes, bytes]:
        """An entry's line before and after it."""
        raise KeyError(entry_id)

    @abstractmethod
    def redo(self, attempt: Attempt) -> None:
        """Begin the save that does it."""

    @abstractmethod
    def undo(self, attempt: Attempt) -> None:
        """Begin the save that takes it back."""


@dataclass(frozen=True)
class Attempt:
    """A step on its way to the disk: exactly one of ``saved`` and ``failed`` is called in the end.

    Neither is called for one that was not tried, because a save before it failed.
    """

    step: Step
    move: Move
    saved: Callable[[Changes], object] = lambda _changes: None
    failed: Callable[[], object] = lambda: None


class UndoStack(QObject):
    """What was done, newest last, and then what was undone."""

    moved = Signal()
    """Other steps are done than before, or there are other steps."""
    carried_out = Signal(Attempt)
    """The `Attempt` of an undo or redo that is on disk, unless there was nothing left to change."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: list[Step] = []
        self._done = 0
        self._cleared = 0

    @property
    def newest(self) -> Step | None:
        """The step that undo would take back."""
        return self._steps[self._done - 1] if self._done else None

    @property
    def next(self) -> Step | None:
        """The step that redo would do again."""
        return self._steps[self._done] if self._done < len(self._steps) else None

    @property
    def undo_text(self) -> str:
        """The name of the step that undo would take back, "" if there is none."""
        return self.newest.text if self.newest is not None else ""

    @property
    def redo_text(self) -> str:
        """The name of the step that redo would do again, "" if there is none."""
        return self.next.text if self.next is not None else ""

    def count(self) -> int:
        """How many steps there are, done or undone."""
        return len(self._steps)

    def index(self) -> int:
        """How many steps are done."""
        return self._done

    def push(self, step: Step, *, saved: bool = False) -> None:
        """Put a step in place of those that were undone, and do it, unless it is ``saved`` already."""
        failed = self._way_back()
        steps = [*self._steps[: self._done], step][-MOST_STEPS:]
        self._move(steps, len(steps))
        if not saved:
            step.redo(Attempt(step, Move.DO, failed=failed))

    def undo(self) -> None:
        """Take the newest step back, if there is one."""
        step, failed = self.newest, self._way_back()
        if step is not None:
            self._move(self._steps, self._done - 1)
            step.undo(self._attempt(step, Move.UNDO, failed))

    def redo(self) -> None:
        """Do the step again that was undone last, if there is one."""
        step, failed = self.next, self._way_back()
        if step is not None:
            self._move(self._steps, self._done + 1)
            step.redo(self._attempt(step, Move.REDO, failed))

    def clear(self) -> None:
        """Forget every step."""
        self.restore([], 0)

    def restore(self, steps: list[Step], done: int) -> None:
        """Have these steps in place of all that were there, so many of them done."""
        self._cleared += 1
        self._move(steps, done)

    def _attempt(self, step: Step, move: Move, failed: Callable[[], object]) -> Attempt:
        def saved(changes: Changes) -> None:
            if changes:
                self.carried_out.emit(attempt)

        attempt = Attempt(step, move, saved, failed)
        return attempt

    def _way_back(self) -> Callable[[], object]:
        return partial(self._take_back, self._steps, self._done, self._cleared)

    def _take_back(self, steps: list[Step], done: int, cleared: int) -> None:
        if cleared == self._cleared:
            self._move(steps, done)

    def _move(self, steps: list[Step], done: int) -> None:
        self._steps, self._done = steps, done
        self.moved.emit()
