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
    Change,
    ChooseAttributes,
    Edit,
    EditAnnotation,
    EntryEdit,
    LongEdit,
    LongEdited,
    Made,
    ResolveConflicts,
    edit_entries,
    edit_uses,
    named,
    restored,
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
from truthline.workspace.workspace import Attributes, Entry, EntryId, LabelEdit, NewStep, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from truthline.manifest.annotation import Annotation, ImageFacts
    from truthline.manifest.merge.merge import Side
    from truthline.progress import CancelToken, Report
    from truthline.workspace.entry import Settlement
    from truthline.workspace.workspace import Edited, Label, Workspace

T = TypeVar("T")

_CANCELLED = "Cancelled. Nothing was changed."
_SOME_LABELS = LabelEdit(drop=("",))
"""Stands for an edit of the list of labels that the workspace's history holds."""
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
        steps = workspace.steps()
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
            self._edit_long(
                text, edit_entries(self.workspace, text, list(entry_ids), change, self.locked), whole=False
            )
            return True
        damaged: list[Damaged] = []
        before, after = dict[EntryId, bytes](), dict[EntryId, bytes]()
        one = Change(change, self.locked)
        for entry in map(self.entry, entry_ids):
            if entry.damaged:
                damaged.append(entry.damaged)
            elif (line := one(entry)) != entry.line:
                before[entry.id], after[entry.id] = entry.line, line
        if after:
            self.undo_stack.push(EditAnnotation(self, text, Made(before, after)))
            self._tell(text, len(after))
        self._tell_kept(one.kept, damaged)
        return bool(after)

    def edit_label(self, text: str, name: str, change: Edit, arrange: Arrange) -> bool:
        """Change every entry that uses or lists a label, and the list of labels, as one undoable gesture.

        It runs on the write lane, with progress and cancel, however few they are. False if a long edit is
        under way and this one has to wait for it.
        """
        if not self._is_free():
            return False
        self._edit_long(text, edit_uses(self.workspace, text, name, change, arrange, self.locked), whole=True)
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
            resolved = resolve(self.workspace, ids, side, seen=seen, report=report, cancel=token)
            if resolved.after:
                self.workspace.forget_undone()  # nothing leads back to it
            return resolved

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
        self.undo_stack.push(
            EditAnnotation(self, text, Made(labels_before=edit.inverse(labels), labels=edit))
        )
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
        before, after = _attributes_of(self.info), _attributes_of(chosen)
        if undoable:
            self.undo_stack.push(ChooseAttributes(self, before, after))
            return
        self._saves.run(
            lambda _token, _report: self.workspace.set_attributes(
                after.box_attribute, after.locked, hide_locked=after.hide_locked
            ),
            done=self.absorb,
            give_up=lambda: self._show_attributes(before),
            failed=lambda error, _behind: self.save_failed.emit(
                not_saved("Choose Attributes", error, self.entry)
            ),
        )
        self._show_attributes(after)

    def store_attributes(self, step: ChooseAttributes, chosen: Attributes, attempt: Attempt) -> None:
        """Keep which attributes are edited (what steps call)."""
        workspace = self.workspace

        def work(_token: CancelToken, _report: Report) -> Changes:
            if step.stored is None:
                edited = workspace.choose_attributes(NewStep(step.text), step.before, chosen)
                step.stored = edited.step
                return edited.changes
            return workspace.undo(step.stored) if attempt.move is Move.UNDO else workspace.redo(step.stored)

        shown = _attributes_of(self.info)
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

    def keep_undo(self, text: str, edited: Edited) -> None:
        """Take over an edit that was saved elsewhere, so that it can be undone like any other."""
        if edited.step is not None:
            self._push_saved(text, edited)
            self._tell(text, edited.entries)
        self.absorb(edited.changes)

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
        made = Made(labels_before=LabelEdit(drop=(name,)), labels=LabelEdit(add=(name,)))
        self.undo_stack.push(EditAnnotation(self, f"Add Label {name}", made))
        self.label_added.emit(name)

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
            return act(step.stored, report=named(report, step.text), cancel=token)

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

    def _push_saved(self, text: str, edited: Edited, *, only_lines: bool = True) -> None:
        step = EditAnnotation(self, text, stored=edited.step, count=edited.entries, only_lines=only_lines)
        self.undo_stack.push(step, saved=True)

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

    def _tell_kept(self, kept: int, damaged: Sequence[Damaged]) -> None:
        if kept:
            self.refused.emit(left_unchanged(kept))
        if damaged:
            self.refused.emit(left_out_words(damaged, what="left unchanged"))

    def _read_info(self, changes: Changes) -> None:
        if changes.info:
            self.info = _with_attributes(self.workspace.info, _attributes_of(self.info))

    def _edit_long(self, text: str, work: LongEdit, *, whole: bool) -> None:
        """Run a long edit; of one of a label as a ``whole`` Undo is offered however few images have it."""

        def done(outcome: LongEdited) -> None:
            self._end_long_edit()
            edited = outcome.edited
            if edited.changes:
                self._push_saved(text, edited, only_lines=not whole)
                self.absorb(edited.changes)
                self._tell(text, 2 if whole else edited.entries)
            self._tell_kept(outcome.kept, edited.damaged)

        self._run_long(text, work, done)

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


def _attributes_of(info: WorkspaceInfo) -> Attributes:
    return Attributes(info.box_attribute, info.locked, info.hide_locked)


def _with_attributes(info: WorkspaceInfo, chosen: Attributes) -> WorkspaceInfo:
    return replace(
        info, box_attribute=chosen.box_attribute, locked=chosen.locked, hide_locked=chosen.hide_locked
    )
