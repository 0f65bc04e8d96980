"""The open workspace as the window sees it: lines as they stand now, gestures as undo commands.

Data flows one way: a gesture becomes an `EditAnnotation`, which saves on the write lane; when the workspace
has it on disk, `Document.changed` says which entries to show anew. Between the gesture and that moment
`Document.annotation` already answers with the new line, so that the next gesture builds on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from typing_extensions import override

from truthline.manifest.annotation import Annotation, ImageFacts
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken, Progress, Report
from truthline.ui.jobs import Job, Jobs, Lane
from truthline.workspace.changes import Changes

if TYPE_CHECKING:
    from truthline.workspace.workspace import Entry, EntryId, Workspace

Edit = Callable[[Annotation], Annotation]
"""A pure change of one annotation; returns the same object where there is nothing to change."""

AT_ONCE = 64
"""Edits of more entries than this are computed on the write lane, with progress and cancel."""


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

    def __init__(self, workspace: Workspace, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.jobs = jobs
        self.undo_stack = QUndoStack(self)
        self._unsaved: dict[EntryId, bytes] = {}
        self._long_edit: Job | None = None

    def entry(self, entry_id: EntryId) -> Entry:
        """The entry with its line as it stands now, saved or on its way."""
        entry = self.workspace.entry(entry_id)
        line = self._unsaved.get(entry_id)
        return entry if line is None else replace(entry, line=line)

    def annotation(self, entry_id: EntryId) -> Annotation:
        """The entry's line, read."""
        return parse_line(self.entry(entry_id).line)

    @property
    def saving(self) -> bool:
        """Whether a gesture is not on disk yet."""
        return bool(self._unsaved) or self._long_edit is not None

    def edit(self, text: str, entry_id: EntryId, change: Edit) -> bool:
        """Change one entry as one undoable gesture; False if there was nothing to change."""
        return self.edit_many(text, [entry_id], change)

    def edit_many(self, text: str, entry_ids: Sequence[EntryId], change: Edit) -> bool:
        """Change several entries as one undoable gesture, called ``text`` in the undo menu.

        False if nothing had to change, or a long edit is under way and this one has to wait for it. A long
        edit answers True at once and goes on by itself.
        """
        if self._long_edit is not None:
            return False
        if len(entry_ids) > AT_ONCE:
            self._edit_on_lane(text, list(entry_ids), change)
            return True
        lines = {entry_id: self.entry(entry_id).line for entry_id in entry_ids}
        before, after = _changed_lines(lines.items(), change)
        if after:
            self.undo_stack.push(EditAnnotation(self, text, before, after))
            self._tell(text, len(after))
        return bool(after)

    def store_facts(self, entry_id: EntryId, facts: ImageFacts) -> None:
        """Keep what an image's header said; it is no gesture and not undone."""
        self._write(lambda _token, _report: self.workspace.store_facts(entry_id, facts))

    def add_label(self, name: str) -> None:
        """Add a label to the label panel before any entry uses it."""
        self._write(lambda _token, _report: self.workspace.add_label(name))

    def cancel_long_edit(self) -> None:
        """Stop an edit of many entries; nothing of it is kept."""
        if self._long_edit is not None:
            self._long_edit.cancel()

    def save(self, lines: Mapping[EntryId, bytes]) -> None:
        """Save lines on the write lane (what undo commands call)."""
        self._unsaved.update(lines)

        def saved(changes: Changes) -> None:
            self._forget(lines)
            self.changed.emit(changes)

        def failed(error: Exception) -> None:
            self._forget(lines)
            self.changed.emit(Changes(entries=frozenset(lines)))
            self.save_failed.emit(error)

        self.jobs.run(
            Lane.WRITE, lambda _token, _report: self.workspace.save_many(lines), done=saved, failed=failed
        )
        self.changed.emit(Changes(entries=frozenset(lines)))

    def _forget(self, lines: Mapping[EntryId, bytes]) -> None:
        for entry_id, line in lines.items():
            if self._unsaved.get(entry_id) is line:
                del self._unsaved[entry_id]

    def _write(self, work: Callable[[CancelToken, Report], Changes]) -> None:
        self.jobs.run(Lane.WRITE, work, done=self.changed.emit, failed=self.save_failed.emit)

    def _tell(self, text: str, count: int) -> None:
        if count > 1:
            self.applied.emit((text, count))

    def _edit_on_lane(self, text: str, entry_ids: Sequence[EntryId], change: Edit) -> None:
        def work(
            token: CancelToken, report: Report
        ) -> tuple[dict[EntryId, bytes], dict[EntryId, bytes], Changes]:
            before: dict[EntryId, bytes] = {}
            after: dict[EntryId, bytes] = {}
            for start in range(0, len(entry_ids), 500):
                token.check()
                entries = self.workspace.entries(entry_ids[start : start + 500])
                old, new = _changed_lines(((entry.id, entry.line) for entry in entries), change)
                before.update(old)
                after.update(new)
                report(Progress(text, start, len(entry_ids)))
            return before, after, self.workspace.save_many(after)

        def done(outcome: tuple[dict[EntryId, bytes], dict[EntryId, bytes], Changes]) -> None:
            self._end_long_edit()
            before, after, changes = outcome
            if after:
                self.undo_stack.push(EditAnnotation(self, text, before, after, saved=True))
                self.changed.emit(changes)
                self._tell(text, len(after))

        def failed(error: Exception) -> None:
            self._end_long_edit()
            self.save_failed.emit(error)

        self._long_edit = self.jobs.run(
            Lane.WRITE, work, done=done, failed=failed, progress=self.working.emit
        )

    def _end_long_edit(self) -> None:
        self._long_edit = None
        self.working.emit(None)


class EditAnnotation(QUndoCommand):
    """One gesture: the lines before and after it. Undo is another save."""

    def __init__(
        self,
        document: Document,
        text: str,
        before: Mapping[EntryId, bytes],
        after: Mapping[EntryId, bytes],
        *,
        saved: bool = False,
    ) -> None:
        super().__init__(text)
        self._document = document
        self._before = before
        self._after = after
        self._saved = saved

    @override
    def redo(self) -> None:
        if self._saved:
            self._saved = False
            return
        self._document.save(self._after)

    @override
    def undo(self) -> None:
        self._document.save(self._before)


def _changed_lines(
    lines: Iterable[tuple[EntryId, bytes]], change: Edit
) -> tuple[dict[EntryId, bytes], dict[EntryId, bytes]]:
    before: dict[EntryId, bytes] = {}
    after: dict[EntryId, bytes] = {}
    for entry_id, line in lines:
        changed = change(parse_line(line)).raw
        if changed != line:
            before[entry_id] = line
            after[entry_id] = changed
    return before, after
