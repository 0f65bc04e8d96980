"""The open workspace as the window sees it: lines as they stand now, gestures as undo commands.

Data flows one way: a gesture becomes an `EditAnnotation`, which saves on the write lane; when the workspace
has it on disk, `Document.changed` says which entries to show anew. Between the gesture and that moment
`Document.annotation` already answers with the new line, so that the next gesture builds on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from truthline.errors import CancelledError, WorkspaceError
from truthline.manifest.annotation import Annotation, ImageFacts
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken, Progress, Report
from truthline.sync.conflicts import Resolved, resolve, settle_again
from truthline.ui.gestures import ChooseAttributes, EditAnnotation, Edited, ResolveConflicts, edited_by
from truthline.ui.jobs import Job, Jobs, Lane, Work
from truthline.workspace.changes import Changes
from truthline.workspace.damage import Damaged, left_out_words
from truthline.workspace.label_uses import find_label
from truthline.workspace.reading import damaged_entry
from truthline.workspace.workspace import Entry, LabelEdit, WorkspaceInfo

if TYPE_CHECKING:
    from truthline.manifest.merge import Side
    from truthline.workspace.entry import Settlement
    from truthline.workspace.workspace import EntryId, Label, Workspace

T = TypeVar("T")

Edit = Callable[[Annotation], Annotation]
"""A pure change of one annotation; returns the same object where there is nothing to change."""
EntryEdit = Callable[[Entry], Annotation]
"""The same for changes that also need to know the entry, such as its image's facts."""

Arrange = Callable[[Sequence["Label"]], LabelEdit]
"""What becomes of the list of labels, by the list as it is."""

READ_ONLY = (
    "the change would touch an attribute that is read-only. See Labels > Attributes for what is edited."
)
"""Why locked attributes stop an edit, to follow a colon."""

AT_ONCE = 64
"""Edits of more entries than this are computed on the write lane, with progress and cancel."""
_NO_EDIT = LabelEdit()


class Document(QObject):
    """An open workspace, its undo history and what is being saved."""

    changed = Signal(object)
    """The `Changes` of a write: entries to show anew."""
    save_failed = Signal(object)
    """The exception by which a save failed; the lines stay as they were before it."""
    applied = Signal(object)
    """`(text, count)` after an edit of several entries, so that undo can be offered."""
    working = Signal(object)
    """`Progress` of a long edit, or None when it has ended."""
    refused = Signal(object)
    """Why a gesture was not carried out, or not everywhere, in words."""
    attributes_chosen = Signal(object)
    """The `WorkspaceInfo` that says which label attributes are edited from now on."""

    def __init__(self, workspace: Workspace, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.jobs = jobs
        self.undo_stack = QUndoStack(self)
        self._unsaved: dict[EntryId, bytes] = {}
        self._long_edit: Job | None = None
        self._long_text = ""
        self._settling = False
        self._saves_of_labels = 0
        self.info = workspace.info
        self.changed.connect(self._read_info)

    def entry(self, entry_id: EntryId) -> Entry:
        """The entry with its line as it stands now, saved or on its way.

        One that was removed reads as an empty line, until the views that still list it let go of it.
        """
        try:
            entry = self.workspace.entry(entry_id)
        except KeyError:
            return Entry(
                entry_id,
                entry_id,
                "",
                b"{}",
                b"\n",
                None,
                changed=False,
                findings=(),
                remote_errors=(),
                facts=None,
            )
        except WorkspaceError:  # asked for while something is painted: what is shown says it
            return damaged_entry(Damaged(entry_id, ""))
        line = self._unsaved.get(entry_id)
        return entry if line is None else replace(entry, line=line)

    def annotation(self, entry_id: EntryId) -> Annotation:
        """The entry's line, read."""
        return parse_line(self.entry(entry_id).line)

    @property
    def saving(self) -> bool:
        """Whether a gesture is not on disk yet."""
        return bool(self._unsaved) or self._long_edit is not None or self._settling or self.arranging

    @property
    def arranging(self) -> bool:
        """Whether an edit of the list of labels is not on disk yet."""
        return self._saves_of_labels > 0

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
        locked = self.locked

        def collect(token: CancelToken, report: Report) -> Edited:
            edited = Edited()
            for entry_id, annotation in find_label(
                self.workspace, name, text=text, left_out=edited.damaged, report=report, cancel=token
            ):
                edited.add(entry_id, annotation, change(annotation), locked)
            return edited

        self._edit_long(text, collect, arrange)
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
                self.undo_stack.push(ResolveConflicts(self, text, resolved))
                self._tell(text, len(resolved.after))
            self._tell_settled(resolved)
            if ended is not None:
                ended(resolved)

        self._run_long(text, work, done, shown=len(ids) > AT_ONCE)
        return True

    def settle_again(
        self, text: str, wanted: Mapping[EntryId, Settlement], undone: Mapping[EntryId, Settlement]
    ) -> None:
        """Put conflicts back, or decide them again (what undo commands call)."""
        self._long_text, self._settling = text, True

        def done(settled: Resolved) -> None:
            self._end_settling()
            self._tell_settled(settled)

        def failed(error: Exception) -> None:
            self._end_settling()
            self.save_failed.emit(error)

        self.jobs.run(
            Lane.WRITE,
            lambda _token, report: settle_again(self.workspace, wanted, undone, report=report),
            done=done,
            failed=failed,
            progress=self.working.emit if len(wanted) > AT_ONCE else None,
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
        if undoable:
            self.undo_stack.push(ChooseAttributes(self, self.info, chosen))
        else:
            self.store_attributes(chosen)

    def store_attributes(self, chosen: WorkspaceInfo) -> None:
        """Keep which attributes are edited (what undo commands call)."""
        self.info = _with_attributes_of(chosen, self.info)
        self._write(
            lambda _token, _report: self.workspace.set_attributes(
                chosen.box_attribute, chosen.locked, hide_locked=chosen.hide_locked
            )
        )
        self.attributes_chosen.emit(chosen)

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
            self.undo_stack.push(EditAnnotation(self, text, before, after, saved=True))
            self._tell(text, len(after))
        self.changed.emit(changes)

    def store_facts(self, entry_id: EntryId, facts: ImageFacts) -> None:
        """Keep what an image's header said; it is no gesture and not undone."""

        def work(_token: CancelToken, _report: Report) -> Changes:
            with suppress(KeyError):  # it was removed meanwhile
                return self.workspace.store_facts(entry_id, facts)
            return Changes()

        self._write(work)

    def add_label(self, name: str) -> None:
        """Add a label to the label panel before any entry uses it."""
        self._write(lambda _token, _report: self.workspace.add_label(name))

    def cancel_long_edit(self) -> None:
        """Stop an edit of many entries; nothing of it is kept."""
        if self._long_edit is not None:
            self._long_edit.cancel()

    def save(
        self,
        lines: Mapping[EntryId, bytes],
        made_from: Mapping[EntryId, bytes],
        labels: LabelEdit = _NO_EDIT,
    ) -> None:
        """Save lines, made from those, and the list of labels on the write lane (what undo commands call)."""
        self._unsaved.update(lines)
        self._saves_of_labels += bool(labels)
        touched = Changes.of_entries(lines.keys())

        def saved(changes: Changes) -> None:
            self._end_save(lines, labels)
            self.changed.emit(changes)

        def failed(error: Exception) -> None:
            self._end_save(lines, labels)
            self.changed.emit(touched | Changes(info=bool(labels)))
            self.save_failed.emit(error)

        self.jobs.run(
            Lane.WRITE,
            lambda _token, report: self.workspace.save_many(
                lines, made_from=made_from, labels=labels, report=report
            ),
            done=saved,
            failed=failed,
            progress=self.working.emit if len(lines) > AT_ONCE else None,
        )
        self.changed.emit(touched)

    def _end_save(self, lines: Mapping[EntryId, bytes], labels: LabelEdit) -> None:
        self._saves_of_labels -= bool(labels)
        for entry_id, line in lines.items():
            if self._unsaved.get(entry_id) is line:
                del self._unsaved[entry_id]
        if len(lines) > AT_ONCE:
            self.working.emit(None)

    def _write(self, work: Callable[[CancelToken, Report], Changes]) -> None:
        self.jobs.run(Lane.WRITE, work, done=self.changed.emit, failed=self.save_failed.emit)

    def _tell(self, text: str, count: int) -> None:
        if count > 1:
            self.applied.emit((text, count))

    def _end_settling(self) -> None:
        self._settling = False
        self.working.emit(None)

    def _tell_settled(self, settled: Resolved) -> None:
        if settled.changes:
            self.changed.emit(settled.changes)
        if settled.left == 1:
            self.refused.emit("1 image was left as it is: it was changed meanwhile. Look at it again.")
        elif settled.left:
            self.refused.emit(
                f"{settled.left:,} images were left as they are: they were changed meanwhile. Look again."
            )

    def _is_free(self) -> bool:
        busy = self._long_edit is not None or self._settling
        if busy:
            advice = "Wait until it is done." if self._settling else "Wait until it is done, or cancel it."
            self.refused.emit(f"“{self._long_text}” is still under way. {advice}")
        return not busy

    def _tell_kept(self, edited: Edited) -> None:
        if edited.kept:
            images = "1 image was" if edited.kept == 1 else f"{edited.kept:,} images were"
            self.refused.emit(f"{images} left unchanged: {READ_ONLY}")
        if edited.damaged:
            self.refused.emit(left_out_words(edited.damaged, what="left unchanged"))

    def _read_info(self, changes: Changes) -> None:
        if changes.info:
            self.info = _with_attributes_of(self.info, self.workspace.info)

    def _edit_on_lane(self, text: str, entry_ids: Sequence[EntryId], change: EntryEdit) -> None:
        locked = self.locked

        def entries(token: CancelToken, report: Report) -> Iterator[Entry]:
            for start in range(0, len(entry_ids), 500):
                token.check()
                report(Progress(text, start, len(entry_ids)))
                yield from self.workspace.entries(entry_ids[start : start + 500])

        self._edit_long(text, lambda token, report: edited_by(change, entries(token, report), locked), None)

    def _edit_long(
        self, text: str, collect: Callable[[CancelToken, Report], Edited], arrange: Arrange | None
    ) -> None:
        def work(token: CancelToken, report: Report) -> tuple[Edited, Changes]:
            edited = collect(token, report)
            if arrange is not None:
                labels = self.workspace.labels()
                edited.labels = arrange(labels)
                edited.labels_before = edited.labels.inverse(labels)
            changes = self.workspace.save_many(
                edited.after,
                made_from=edited.before,
                labels=edited.labels,
                report=lambda progress: report(replace(progress, text=f"{text}: saving")),
                cancel=token,
            )
            return edited, changes

        def done(outcome: tuple[Edited, Changes]) -> None:
            self._end_long_edit()
            edited, changes = outcome
            if changes:
                self.undo_stack.push(EditAnnotation.of_saved(self, text, edited))
                self.changed.emit(changes)
                self._tell(text, len(edited.after) if arrange is None else 2)
            self._tell_kept(edited)

        self._run_long(text, work, done)

    def _run_long(self, text: str, work: Work[T], done: Callable[[T], None], *, shown: bool = True) -> None:
        def failed(error: Exception) -> None:
            self._end_long_edit()
            if isinstance(error, CancelledError):
                self.refused.emit("Cancelled. Nothing was changed.")
            else:
                self.save_failed.emit(error)

        self._long_text = text
        self._long_edit = self.jobs.run(
            Lane.WRITE, work, done=done, failed=failed, progress=self.working.emit if shown else None
        )

    def _end_long_edit(self) -> None:
        self._long_edit = None
        self.working.emit(None)


def _with_attributes_of(chosen: WorkspaceInfo, info: WorkspaceInfo) -> WorkspaceInfo:
    return replace(
        info, box_attribute=chosen.box_attribute, locked=chosen.locked, hide_locked=chosen.hide_locked
    )
