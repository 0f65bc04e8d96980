"""The open workspace as the window sees it: lines as they stand now, gestures as steps of an undo stack.

Data flows one way: a gesture becomes an `EditAnnotation`, which saves on the write lane; when the workspace
has it on disk, `Document.changed` says which entries to show anew. Between the gesture and that moment
`Document.annotation` already answers with the new line, so that the next gesture builds on it. Whatever fails
to be saved leaves stack, views and file as they were before it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from truthline.errors import CancelledError, TruthlineError, WorkspaceError
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken, Progress, Report
from truthline.sync.pull.conflicts import Resolved, resolve, settle_again
from truthline.ui.document.gestures import (
    Applied,
    Arrange,
    ChooseAttributes,
    Collect,
    Edit,
    EditAnnotation,
    Edited,
    EntryEdit,
    ResolveConflicts,
    edited_by,
    edited_uses,
    save_edited,
    stream_entries,
)
from truthline.ui.document.saving import Saves, Unsaved
from truthline.ui.document.step_words import left_alone, left_unchanged, not_saved
from truthline.ui.document.undo_stack import Attempt, Move, UndoStack
from truthline.ui.kit.jobs import Job, Jobs, Lane, Work
from truthline.ui.kit.raw_text import RawText
from truthline.workspace.changes import Changes
from truthline.workspace.damage import Damaged, left_out_words
from truthline.workspace.entry import removed_entry
from truthline.workspace.reading import damaged_entry
from truthline.workspace.workspace import Entry, LabelEdit, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from truthline.manifest.annotation import Annotation, ImageFacts
    from truthline.manifest.merge.merge import Side
    from truthline.progress import CancelToken, Report
    from truthline.workspace.entry import Settlement
    from truthline.workspace.workspace import EntryId, Label, Workspace

T = TypeVar("T")

AT_ONCE = 64
"""Edits of more entries than this are computed on the write lane, with progress and cancel."""


class Document(QObject):
    """An open workspace, its undo history and what is being saved."""

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
        self.info = workspace.info
        self.changed.connect(self._read_info)

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

    def edit(self, text: str, entry_id: EntryId, change: Edit) -> bool:
        """Change one entry as one undoable gesture; False if there was nothing to change."""
        return self.edit_many(text, [entry_id], change)

    def edit_many(self, text: str, entry_ids: Sequence[EntryId], change: Edit) -> bool:
        """Change several entries by their annotations alone; as `edit_entries`."""
        return self.edit_entries(text, entry_ids, lambda entry: change(entry.annotation))

    def edit_entries(self, text: str, entry_ids: Sequence[EntryId], change: EntryEdit) -> bool:
        """Change several entries as one undoable gesture, called ``text`` in the undo menu.

        False if nothing had to change, or a long edit is under way and this one has to wait for it. A long
        edit answers True at once and goes on by itself. An entry in which a locked attribute would change is
        left as it is.
        """
        if not self._is_free():
            return False
        if len(entry_ids) > AT_ONCE:
            self._edit_on_lane(text, list(entry_ids), change)
            return True
        edited = edited_by(change, map(self.entry, entry_ids), self.locked)
        if edited.after:
            self.undo_stack.push(EditAnnotation(self, text, edited.before, edited.after))
            self._tell(text, len(edited.after))
        self._tell_kept(edited)
        return bool(edited.after)

    def edit_label(self, text: str, name: str, change: Edit, arrange: Arrange) -> bool:
        """Change every entry that uses or lists a label, and the list of labels, as one undoable gesture.

        It runs on the write lane, with progress and cancel, however few they are. False if a long edit is
        under way and this one has to wait for it.
        """
        if not self._is_free():
            return False
        self._edit_long(text, edited_uses(self.workspace, name, text, change, self.locked), arrange)
        return True

    def resolve_conflicts(
        self,
        text: str,
        entry_ids: Sequence[EntryId],
        side: Side,
        *,
        seen: Entry | None = None,
        ended: Callable[[Resolved], None] | None = None,
    ) -> bool:
        """Decide all conflicts of these entries for one side, as one undoable gesture on the write lane.

        An entry that is not as it was ``seen`` is left alone, and that is said. Cancelled, it keeps what was
        decided until then. ``ended`` is told what was carried out. False if a long edit is under way and this
        one has to wait for it.
        """
        if not self._is_free():
            return False
        ids = list(entry_ids)

        def work(token: CancelToken, report: Report) -> Resolved:
            return resolve(self.workspace, ids, side, seen=seen, report=report, cancel=token)

        def done(resolved: Resolved) -> None:
            self._end_long_edit()
            if resolved.after:
                self.undo_stack.push(ResolveConflicts(self, text, resolved), saved=True)
                self._tell(text, len(resolved.after))
            self._tell_settled(resolved)
            if ended is not None:
                ended(resolved)

        self._run_long(text, work, done, shown=len(ids) > AT_ONCE)
        return True

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

    def arrange_labels(self, text: str, edit: LabelEdit, labels: Sequence[Label]) -> bool:
        """Change nothing but the list of labels, which is ``labels`` now, as one undoable gesture."""
        if not edit or not self._is_free():
            return False
        self.undo_stack.push(EditAnnotation(self, text, {}, {}, labels=(edit.inverse(labels), edit)))
        return True

    def choose_attributes(
        self, box_attribute: str, locked: Collection[str], *, hide_locked: bool, undoable: bool = True
    ) -> None:
        """Say which label attribute new boxes go into, and which ones no edit may change.

        A person's choice is undone with the other gestures: those before it may have edited what is locked
        now.
        """
        chosen = replace(
            self.info, box_attribute=box_attribute, locked=tuple(locked), hide_locked=hide_locked
        )
        if chosen == self.info:
            return
        step = ChooseAttributes(self, self.info, chosen)
        if undoable:
            self.undo_stack.push(step)
        else:
            step.redo(Attempt(step, Move.DO))

    def store_attributes(self, chosen: WorkspaceInfo, before: WorkspaceInfo, attempt: Attempt) -> None:
        """Keep which attributes are edited, in place of those ``before`` (what steps call)."""
        self._carry_out(
            attempt,
            lambda _token, _report: self.workspace.set_attributes(
                chosen.box_attribute, chosen.locked, hide_locked=chosen.hide_locked
            ),
            done=self.absorb,
            give_up=lambda: self._show_attributes(before),
        )
        self._show_attributes(chosen)

    def undo(self) -> None:
        """Undo the last gesture, unless a long edit is under way."""
        if self._is_free():
            self.undo_stack.undo()

    def redo(self) -> None:
        """Do again what was undone, unless a long edit is under way."""
        if self._is_free():
            self.undo_stack.redo()

    def keep_undo(
        self, text: str, before: Mapping[EntryId, bytes], after: Mapping[EntryId, bytes], changes: Changes
    ) -> None:
        """Take over an edit that was saved elsewhere, so that it can be undone like any other."""
        if after:
            self.undo_stack.push(EditAnnotation(self, text, before, after, listed=changes.listed), saved=True)
            self._tell(text, len(after))
        self.absorb(changes)

    def store_facts(self, entry_id: EntryId, facts: ImageFacts) -> None:
        """Keep what an image's header said; it is no gesture and not undone.

        That it could not be kept is not told: nothing of a person's is lost, and it is found anew whenever
        the image is shown. A complaint of it would take the place of one that matters.
        """

        def work(_token: CancelToken, _report: Report) -> Changes:
            with suppress(KeyError, TruthlineError):  # it was removed meanwhile, or the disk is full
                return self.workspace.store_facts(entry_id, facts)
            return Changes()

        self.jobs.run(Lane.WRITE, work, done=self.absorb)

    def add_label(self, name: str) -> None:
        """Put a new label at the end of the list before any entry uses it, as one undoable gesture."""
        labels = (LabelEdit(drop=(name,)), LabelEdit(add=(name,)))
        self.undo_stack.push(EditAnnotation(self, f"Add Label {name}", {}, {}, labels=labels))
        self.label_added.emit(name)

    def cancel_long_edit(self) -> None:
        """Stop an edit of many entries; nothing of it is kept."""
        if self._long_edit is not None:
            self._long_edit.cancel()

    def save(
        self,
        lines: Mapping[EntryId, bytes],
        made_from: Mapping[EntryId, bytes],
        labels: LabelEdit,
        attempt: Attempt,
    ) -> None:
        """Save lines, made from those, and the list of labels on the write lane (what steps call)."""
        self._unsaved.begin(lines, labels)
        touched, shown = Changes.of_entries(lines.keys()), len(lines) > AT_ONCE

        def end(changes: Changes) -> Changes:
            self._unsaved.end(lines, labels)
            if shown:
                self.worked.emit()
            return self.absorb(changes)

        self._carry_out(
            attempt,
            lambda _token, report: self.workspace.save_many(
                lines, made_from=made_from, labels=labels, report=report
            ),
            done=end,
            give_up=lambda: end(touched | Changes(info=bool(labels))),
            shown=shown,
        )
        self.absorb(touched)

    def _carry_out(
        self,
        attempt: Attempt,
        work: Work[T],
        *,
        done: Callable[[T], Changes],
        give_up: Callable[[], object],
        shown: bool = False,
    ) -> None:
        def failed(error: Exception, behind: int) -> None:
            attempt.failed()
            step = attempt.step
            told = not_saved(step.text, error, self.entry, step.entries, move=attempt.move, behind=behind)
            self.save_failed.emit(told)

        self._saves.run(
            work,
            done=lambda result: attempt.saved(done(result)),
            give_up=give_up,
            failed=failed,
            progress=self.working.emit if shown else None,
        )

    def _show_attributes(self, chosen: WorkspaceInfo) -> None:
        self.info = _with_attributes_of(chosen, self.info)
        self.attributes_chosen.emit(chosen)

    def _tell(self, text: str, count: int) -> None:
        if count > 1:
            self.applied.emit(Applied(text, count))

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

    def _tell_kept(self, edited: Edited) -> None:
        if edited.kept:
            self.refused.emit(left_unchanged(edited.kept))
        if edited.damaged:
            self.refused.emit(left_out_words(edited.damaged, what="left unchanged"))

    def _read_info(self, changes: Changes) -> None:
        if changes.info:
            self.info = _with_attributes_of(self.info, self.workspace.info)

    def _edit_on_lane(self, text: str, entry_ids: Sequence[EntryId], change: EntryEdit) -> None:
        workspace, locked = self.workspace, self.locked

        def collect(token: CancelToken, report: Report) -> Edited:
            return edited_by(change, stream_entries(workspace, entry_ids, text, report, token), locked)

        self._edit_long(text, collect, None)

    def _edit_long(self, text: str, collect: Collect, arrange: Arrange | None) -> None:
        workspace = self.workspace

        def work(token: CancelToken, report: Report) -> tuple[Edited, Changes]:
            return save_edited(workspace, text, collect, arrange, report=report, cancel=token)

        def done(outcome: tuple[Edited, Changes]) -> None:
            self._end_long_edit()
            edited, changes = outcome
            if changes:
                self.undo_stack.push(EditAnnotation.of(self, text, edited, changes.listed), saved=True)
                self.absorb(changes)
                self._tell(text, len(edited.after) if arrange is None else 2)
            self._tell_kept(edited)

        self._run_long(text, work, done)

    def _run_long(self, text: str, work: Work[T], done: Callable[[T], None], *, shown: bool = True) -> None:
        def failed(error: Exception) -> None:
            self._end_long_edit()
            if isinstance(error, CancelledError):
                self.refused.emit("Cancelled. Nothing was changed.")
            else:
                self.save_failed.emit(not_saved(text, error, self.entry))

        self._long_text = text
        self._long_edit = self.jobs.run(
            Lane.WRITE, work, done=done, failed=failed, progress=self.working.emit if shown else None
        )

    def _end_long_edit(self) -> None:
        self._long_edit = None
        self.worked.emit()


def _with_attributes_of(chosen: WorkspaceInfo, info: WorkspaceInfo) -> WorkspaceInfo:
    return replace(
        info, box_attribute=chosen.box_attribute, locked=chosen.locked, hide_locked=chosen.hide_locked
    )
