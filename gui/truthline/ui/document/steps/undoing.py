"""What a person is told of undo and redo, and the Undo that a toast offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from truthline.ui.document.steps.words import carried_out

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from truthline.ui.document.document import Document
    from truthline.ui.document.steps.undo_stack import Attempt, Step
    from truthline.ui.kit.toast import Toast
    from truthline.workspace.workspace import EntryId


class Undoing(QObject):
    """Tells of the steps of a document by one toast.

    The rule, for Ctrl+Z, Ctrl+Shift+Z, the menu and every toast alike: undo and redo never take a person away
    from where they are. What is changed in sight is seen and not told. Whatever is changed out of sight is
    told, what and where, with a button that goes there. It is told once it is on disk.

    A toast offers Undo only while the step that it tells of is the newest. With the next step, undo or redo,
    or when the step could not be saved, the toast is gone; so is one that told of an undo or redo.
    """

    place_wanted = Signal(tuple)
    """The `EntryId`s of what was changed, which a person wants to see."""

    def __init__(self, document: Document, toast: Toast, in_sight: Callable[[Step], bool]) -> None:
        super().__init__(document)
        self._document = document
        self._toast = toast
        self._in_sight = in_sight
        self._offered: Step | None = None
        self._changed: Collection[EntryId] = ()
        document.applied.connect(lambda applied: self.offer(f"{applied.text}."))
        document.undo_stack.moved.connect(self._withdraw)
        document.undo_stack.carried_out.connect(self._tell)

    def offer(self, text: str) -> None:
        """Say what the newest step did, and offer to undo it."""
        self._offered = self._document.undo_stack.newest
        self._toast.say(text, action="Undo", act=self._undo)

    def _go_there(self) -> None:
        self.place_wanted.emit(tuple(self._changed))

    def _undo(self) -> None:
        if self._offered is self._document.undo_stack.newest:
            self._document.undo()

    def _withdraw(self) -> None:
        self._toast.withdraw(self._go_there)
        if self._offered is not self._document.undo_stack.newest:
            self._offered = None
            self._toast.withdraw(self._undo)

    def _tell(self, attempt: Attempt) -> None:
        step = attempt.step
        if not self._in_sight(step):
            self._changed = step.entries
            text = carried_out(step, attempt.move, self._document.entry)
            self._toast.say(text, action="Go there" if step.count else "", act=self._go_there)
