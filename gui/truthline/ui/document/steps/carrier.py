"""Steps carried out: saved, undone and done again on the write lane, with what is on its way shown already.

Between a gesture and the moment in which it is on disk, `StepCarrier.entry` answers with the new line, so
that the next gesture builds on it. Whatever fails to be saved leaves stack, views and file as they were
before it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from truthline.errors import CancelledError, TruthlineError, WorkspaceError
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken, Progress, Report
from truthline.sync.pull.conflicts import Resolved, settle_again
from truthline.ui.document.steps.gestures import (
    Applied,
    ChooseAttributes,
    EditAnnotation,
    Made,
    named,
    restored,
)
from truthline.ui.document.steps.saving import Saves, Unsaved
from truthline.ui.document.steps.undo_stack import MOST_STEPS, Attempt, Move, UndoStack
from truthline.ui.document.steps.words import left_alone, not_saved
from truthline.ui.kit.jobs import Job, Jobs, Lane, Work
from truthline.ui.kit.raw_text import RawText
from truthline.workspace.changes import Changes
from truthline.workspace.damage import Damaged
from truthline.workspace.entry import removed_entry
from truthline.workspace.reading import damaged_entry
from truthline.workspace.workspace import Attributes, Entry, EntryId, LabelEdit, NewStep, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from truthline.manifest.annotation import Annotation
    from truthline.progress import CancelToken, Report
    from truthline.workspace.entry import Settlement
    from truthline.workspace.workspace import Workspace

T = TypeVar("T")

_CANCELLED = "Cancelled. Nothing was changed."
_SOME_LABELS = LabelEdit(drop=("",))
"""Stands for an edit of the list of labels that the workspace's history holds."""
AT_ONCE = 64
"""Edits of more entries than this are computed on the write lane, with progress and cancel."""


class StepCarrier(QObject):
    """An open workspace, its undo history and what is being saved; `Document` adds the gestures."""

    changed = Signal(Changes)
    """The `Changes` of a write: entries to show anew."""
    save_failed = Signal(Exception)
    """The exception that tells what was not saved, and why; all is as it was before it."""
    applied = Signal(Applied)
    """An edit of several entries, so that undo can be offered."""
    working = Signal(Progress)
    """How far a long edit is."""
    worked = Signal()
    """A long edit has ended."""
    refused = Signal(str)
    """Why a gesture was not carried out, or not everywhere, in words."""
    label_added = Signal(RawText)
    """The name of a label that is on its way into the list."""
    attributes_chosen = Signal(WorkspaceInfo)
    """The `WorkspaceInfo` that says which label attributes are edited from now on."""

    def __init__(self, workspace: Workspace, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.jobs = jobs
        self.undo_stack = UndoStack(self)
        self._saves = Saves(jobs)
        self._unsaved = Unsaved()
        self._long_edit: Job | None = None
        self._long_text = ""
        self._settling = False
        self.growing = False
        """Whether entries of its source still come in, so that an edit of all of them would miss some."""
        self.info = workspace.info
        self.changed.connect(self._read_info)
        steps = workspace.steps(MOST_STEPS)
        self.undo_stack.restore([restored(self, one) for one in steps], sum(one.done for one in steps))

    def absorb(self, changes: Changes) -> Changes:
        """Take in what was written, also by others than gestures, and tell every view; gives it back.

        The one door: pulls, rebuilds, verdicts and upkeep write into the workspace by themselves and hand
        over here what they touched. So nothing changes what is shown without the document knowing it.
        """
        self.changed.emit(changes)
        return changes

    def entry(self, entry_id: EntryId) -> Entry:
        """The entry with its line as it stands now, saved or on its way.

        One that was removed reads as an empty line, until the views that still list it let go of it.
        """
        try:
            entry = self.workspace.entry(entry_id)
        except KeyError:
            return removed_entry(entry_id)
        except WorkspaceError:  # asked for while something is painted: what is shown says it
            return damaged_entry(Damaged(entry_id, ""))
        return self._unsaved.over(entry)

    def entries(self, entry_ids: Sequence[EntryId]) -> list[Entry]:
        """As `entry`, of several at once."""
        try:
            return [self._unsaved.over(entry) for entry in self.workspace.entries(entry_ids)]
        except (KeyError, WorkspaceError):  # one of them is gone, or cannot be read
            return [self.entry(entry_id) for entry_id in entry_ids]

    def annotation(self, entry_id: EntryId) -> Annotation:
        """The entry's line, read."""
        return parse_line(self.entry(entry_id).line)

    @property
    def saving(self) -> bool:
        """Whether a gesture is not on disk yet."""
        return bool(self._unsaved) or self._long_edit is not None or self._settling

    @property
    def arranging(self) -> bool:
        """Whether an edit of the list of labels is not on disk yet."""
        return self._unsaved.lists > 0

    @property
    def can_cancel(self) -> bool:
        """Whether a long edit is under way that can still be stopped."""
        return self._long_edit is not None

    @property
    def locked(self) -> tuple[str, ...]:
        """The label attributes that no edit may change."""
        return self.info.locked

    def settle_again(
        self, wanted: Mapping[EntryId, Settlement], undone: Mapping[EntryId, Settlement], attempt: Attempt
    ) -> None:
        """Put conflicts back, or decide them again (what steps call)."""
        self._long_text, self._settling = attempt.step.text, True

        def done(settled: Resolved) -> Changes:
            self._end_settling()
            self._tell_settled(settled)
            return Changes() if settled.left else settled.changes  # what was left alone is told instead

        self._carry_out(
            attempt,
            lambda _token, report: settle_again(self.workspace, wanted, undone, report=report),
            done=done,
            give_up=self._end_settling,
            shown=len(wanted) > AT_ONCE,
        )

    def store_attributes(self, step: ChooseAttributes, chosen: Attributes, attempt: Attempt) -> None:
        """Keep which attributes are edited (what steps call)."""
        workspace = self.workspace

        def work(_token: CancelToken, _report: Report) -> Changes:
            if step.stored is None:
                edited = workspace.choose_attributes(NewStep(step.text), step.before, chosen)
                step.stored = edited.step
                return edited.changes
            return workspace.undo(step.stored) if attempt.move is Move.UNDO else workspace.redo(step.stored)

        shown = attributes_of(self.info)
        self._carry_out(attempt, work, done=self.absorb, give_up=lambda: self._show_attributes(shown))
        self._show_attributes(chosen)

    def undo(self) -> None:
        """Undo the last gesture, unless a long edit is under way."""
        if self._is_free():
            self.undo_stack.undo()

    def redo(self) -> None:
        """Do again what was undone, unless a long edit is under way."""
        if self._is_free():
            self.undo_stack.redo()

    def cancel_long_edit(self) -> None:
        """Stop an edit of many entries; nothing of it is kept."""
        if self._long_edit is not None:
            self._long_edit.cancel()

    def forget_steps(self) -> None:
        """Forget the undo history, because entries were removed: nothing is left to change."""
        self.undo_stack.clear()
        workspace = self.workspace

        def work(_token: CancelToken, _report: Report) -> None:
            with suppress(TruthlineError):  # undo passes over entries that are gone
                workspace.forget_steps()

        self.jobs.run(Lane.WRITE, work)

    def save(self, step: EditAnnotation, made: Made, attempt: Attempt) -> None:
        """Save what a new step made of few lines and of the list of labels (what steps call)."""

        def work(_token: CancelToken, _report: Report) -> Changes:
            new = NewStep(step.text, made.labels_before)
            edited = self.workspace.save_step(new, made.after, made_from=made.before, labels=made.labels)
            step.keep(edited)  # here, since an undo may be queued behind it already
            return edited.changes

        self._save_shown(made.after, made.labels, work, attempt)

    def move(self, step: EditAnnotation, attempt: Attempt) -> None:
        """Undo a step of the workspace's history, or do it again (what steps call)."""
        undoing = attempt.move is Move.UNDO
        if step.count > AT_ONCE:
            self._move_long(step, attempt)
            return
        # Few lines are shown at once as they will be; of a step that is still on its way they are in memory.
        made = step.made
        lines = (
            {one: (made.before[one], line) for one, line in made.after.items()}
            if made is not None
            else step.stored_lines()
        )
        shown = {one: before if undoing else after for one, (before, after) in lines.items()}
        labels = _SOME_LABELS if not step.only_lines else LabelEdit()
        self._save_shown(shown, labels, self._moving(step, attempt.move), attempt)

    def _moving(self, step: EditAnnotation, move: Move) -> Work[Changes]:
        def work(token: CancelToken, report: Report) -> Changes:
            if step.stored is None:
                return Changes()  # it changed nothing
            act = self.workspace.undo if move is Move.UNDO else self.workspace.redo
            told = named(report, f"{'Undo' if move is Move.UNDO else 'Redo'} “{step.text}”")
            return act(step.stored, report=told, cancel=token)

        return work

    def _move_long(self, step: EditAnnotation, attempt: Attempt) -> None:
        def done(changes: Changes) -> Changes:
            self._end_long_edit()
            return self.absorb(changes)

        self._long_text = step.text
        self._long_edit = self._carry_out(
            attempt, self._moving(step, attempt.move), done=done, give_up=self._end_long_edit, shown=True
        )

    def _save_shown(
        self, lines: Mapping[EntryId, bytes], labels: LabelEdit, work: Work[Changes], attempt: Attempt
    ) -> None:
        """Save few lines, which are shown as they will be from now on."""
        self._unsaved.begin(lines, labels)
        touched = Changes.of_entries(lines.keys())

        def end(changes: Changes) -> Changes:
            self._unsaved.end(lines, labels)
            return self.absorb(changes)

        self._carry_out(attempt, work, done=end, give_up=lambda: end(touched | Changes(info=bool(labels))))
        self.absorb(touched)

    def _carry_out(
        self,
        attempt: Attempt,
        work: Work[T],
        *,
        done: Callable[[T], Changes],
        give_up: Callable[[], object],
        shown: bool = False,
    ) -> Job:
        def failed(error: Exception, behind: int) -> None:
            attempt.failed()
            if isinstance(error, CancelledError):
                self.refused.emit(_CANCELLED)
                return
            told = not_saved(attempt.step, error, self.entry, move=attempt.move, behind=behind)
            self.save_failed.emit(told)

        return self._saves.run(
            work,
            done=lambda result: attempt.saved(done(result)),
            give_up=give_up,
            failed=failed,
            progress=self.working.emit if shown else None,
        )

    def _show_attributes(self, chosen: Attributes) -> None:
        self.info = _with_attributes(self.info, chosen)
        self.attributes_chosen.emit(self.info)

    def _end_settling(self) -> None:
        self._settling = False
        self.worked.emit()

    def _tell_settled(self, settled: Resolved) -> None:
        if settled.changes:
            self.absorb(settled.changes)
        if settled.left:
            self.refused.emit(left_alone(settled.left))

    def _is_free(self) -> bool:
        busy = self._long_edit is not None or self._settling
        if busy:
            advice = "Wait until it is done." if self._settling else "Wait until it is done, or cancel it."
            self.refused.emit(f"“{self._long_text}” is still under way. {advice}")
        return not busy

    def _read_info(self, changes: Changes) -> None:
        if changes.info:
            self.info = _with_attributes(self.workspace.info, attributes_of(self.info))

    def _run_long(self, text: str, work: Work[T], done: Callable[[T], None], *, shown: bool = True) -> None:
        def failed(error: Exception) -> None:
            self._end_long_edit()
            if isinstance(error, CancelledError):
                self.refused.emit(_CANCELLED)
            else:
                self.save_failed.emit(not_saved(text, error, self.entry))

        self._long_text = text
        self._long_edit = self.jobs.run(
            Lane.WRITE, work, done=done, failed=failed, progress=self.working.emit if shown else None
        )

    def _end_long_edit(self) -> None:
        self._long_edit = None
        self.worked.emit()


def attributes_of(info: WorkspaceInfo) -> Attributes:
    """Which label attributes are edited, as a step of the history has it."""
    return Attributes(info.box_attribute, info.locked, info.hide_locked)


def _with_attributes(info: WorkspaceInfo, chosen: Attributes) -> WorkspaceInfo:
    return replace(
        info, box_attribute=chosen.box_attribute, locked=chosen.locked, hide_locked=chosen.hide_locked
    )
