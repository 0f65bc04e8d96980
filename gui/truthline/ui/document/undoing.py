"""What a person is told of undo and redo, and the Undo that a toast offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from truthline.ui.document.step_words import carried_out
from truthline.ui.window.sight import in_sight
from truthline.workspace.workspace import Filter

if TYPE_CHECKING:
    from collections.abc import Collection

    from truthline.ui.document.undo_stack import Attempt, Step
    from truthline.ui.window.workbench import Workbench
    from truthline.workspace.workspace import EntryId

_LISTED_AT_MOST = 10_000


class Undoing(QObject):
    """Tells of the steps of one workbench.

    The rule, for Ctrl+Z, Ctrl+Shift+Z, the menu and every toast alike: undo and redo never take a person away
    from where they are. What is changed in sight is seen and not told. Whatever is changed out of sight is
    told, what and where, with a button that goes there. It is told once it is on disk.

    A toast offers Undo only while the step that it tells of is the newest. With the next step, undo or redo,
    or when the step could not be saved, the toast is gone; so is one that told of an undo or redo.
    """

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._offered: Step | None = None
        self._changed: Collection[EntryId] = ()
        bench.document.applied.connect(lambda applied: self.offer(f"{applied[0]}."))
        bench.document.undo_stack.moved.connect(lambda _done: self._withdraw())
        bench.document.undo_stack.carried_out.connect(self._tell)

    def offer(self, text: str) -> None:
        """Say what the newest step did, and offer to undo it."""
        self._offered = self._bench.document.undo_stack.newest
        self._bench.toast.say(text, action="Undo", act=self._undo)

    def _go_there(self) -> None:
        """Show what was changed: one image in the view that is open, several as the list of the gallery."""
        bench = self._bench
        if len(self._changed) > 1:
            bench.show_gallery()
            bench.browser.set_filter(Filter(entries=tuple(self._changed)[:_LISTED_AT_MOST]))
            return
        (entry_id,) = self._changed
        bench.browser.go_to(entry_id)
        if bench.in_image_mode:
            bench.image.canvas.fit()
        else:
            bench.gallery.scrollTo(bench.browser.selection.currentIndex())

    def _undo(self) -> None:
        if self._offered is self._bench.document.undo_stack.newest:
            self._bench.document.undo()

    def _withdraw(self) -> None:
        self._bench.toast.withdraw(self._go_there)
        if self._offered is not self._bench.document.undo_stack.newest:
            self._offered = None
            self._bench.toast.withdraw(self._undo)

    def _tell(self, attempt: Attempt) -> None:
        step = attempt.step
        if not in_sight(self._bench, step):
            self._changed = step.entries
            text = carried_out(step, attempt.move, self._bench.document)
            self._bench.toast.say(text, action="Go there" if step.entries else "", act=self._go_there)
