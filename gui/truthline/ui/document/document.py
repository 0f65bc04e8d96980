"""The open workspace as the window sees it: lines as they stand now, gestures as steps of an undo stack.

Data flows one way: a gesture becomes an `EditAnnotation`, which saves on the write lane; when the workspace
has it on disk, `Document.changed` says which entries to show anew. How steps get there is `StepCarrier`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from truthline.errors import TruthlineError
from truthline.progress import CancelToken, Report
from truthline.sync.pull.conflicts import Resolved, resolve
from truthline.ui.document.steps.carrier import AT_ONCE, StepCarrier, attributes_of
from truthline.ui.document.steps.gestures import (
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
)
from truthline.ui.document.steps.words import left_unchanged, not_saved
from truthline.ui.kit.jobs import Lane
from truthline.workspace.changes import Changes
from truthline.workspace.damage import Damaged, left_out_words
from truthline.workspace.workspace import Entry, EntryId, LabelEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from truthline.manifest.annotation import ImageFacts
    from truthline.manifest.merge.merge import Side
    from truthline.progress import CancelToken, Report
    from truthline.workspace.workspace import Edited, Label


class Document(StepCarrier):
    """An open workspace, and what gestures do to it."""

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
        if self.growing:
            self.refused.emit("The images are still being read. Wait until all are there.")
            return False
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
        before, after = attributes_of(self.info), attributes_of(chosen)
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

    def _push_saved(self, text: str, edited: Edited, *, only_lines: bool = True) -> None:
        step = EditAnnotation(self, text, stored=edited.step, count=edited.entries, only_lines=only_lines)
        self.undo_stack.push(step, saved=True)

    def _tell(self, text: str, count: int) -> None:
        if count > 1:
            self.applied.emit(Applied(text, count))

    def _tell_kept(self, kept: int, damaged: Sequence[Damaged]) -> None:
        if kept:
            self.refused.emit(left_unchanged(kept))
        if damaged:
            self.refused.emit(left_out_words(damaged, what="left unchanged"))

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
