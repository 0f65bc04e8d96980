"""Edits: other lines for one entry or for all of them, stored as one gesture that can be undone.

An edit is one transaction: all of it, or nothing. Within it the entries pass by in blocks; each line is read
once, changed, checked and written, and the step that undoes it all is recorded beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from truthline.manifest.edit import new_annotation
from truthline.manifest.line import read_source_ref
from truthline.progress import BLOCK, CancelToken, Doing, Progress, Report, ignore_progress, in_blocks
from truthline.workspace import contents
from truthline.workspace.about import check_attributes
from truthline.workspace.changes import Changes
from truthline.workspace.label_list import LabelBook, edit_labels
from truthline.workspace.placing import Placer
from truthline.workspace.replacing import Replaced, Replacement, replace_lines, stored
from truthline.workspace.steps import NO_EDIT, Attributes, NewStep, Recorder, StepId, set_attributes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from truthline.workspace.damage import Damaged
    from truthline.workspace.database import Database
    from truthline.workspace.entry import Entry, LabelEdit, NewEntry
    from truthline.workspace.ids import EntryId


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did. ``step`` undoes it, None if it changed nothing; ``entries`` counts those it changed.

    ``damaged`` are those that have no line to edit.
    """

    changes: Changes
    step: StepId | None = None
    entries: int = 0
    damaged: Sequence[Damaged] = ()


@dataclass(slots=True)
class _Editing:
    """One edit under way; ``recorder`` is None where nobody wants to undo it."""

    connection: sqlite3.Connection
    book: LabelBook
    recorder: Recorder | None
    saved: list[EntryId] = field(default_factory=list)

    @classmethod
    def of(cls, connection: sqlite3.Connection, step: NewStep | None) -> _Editing:
        recorder = Recorder(connection, step.text) if step is not None else None
        return cls(connection, LabelBook(connection), recorder)

    def take(self, replaced: Sequence[Replaced]) -> None:
        self.saved += [one.entry_id for one in replaced]
        if self.recorder is not None:
            self.recorder.add([one for one in replaced if one.before != one.after])

    def end(self, step: NewStep | None, labels: LabelEdit, damaged: Sequence[Damaged] = ()) -> Edited:
        self.book.flush()
        listed = edit_labels(self.connection, labels)
        changes = Changes.of_entries(self.saved) | Changes(info=listed, listed=tuple(self.book.listed))
        step_id = None
        if self.recorder is not None and step is not None:
            if changes:
                step_id = self.recorder.end(step.labels_before, labels, self.book.listed)
            else:
                self.recorder.drop()
        entries = self.recorder.entries if self.recorder is not None else len(self.saved)
        return Edited(changes, step_id, entries, damaged)


class Editing:
    """The part of a workspace that edits lines; `Workspace` inherits it."""

    _database: Database

    def edit(
        self,
        ids: Sequence[EntryId],
        change: Callable[[Entry], bytes],
        step: NewStep,
        *,
        labels: LabelEdit = NO_EDIT,
        report: Report = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Edited:
        """Change the lines of entries, edit the list of labels with them: all or none, durably.

        Other writes wait until it is done, reads go on. Entries that are gone are passed over.

        Args:
            ids: the entries.
            change: gives an entry's line as it shall be, the same bytes where there is nothing to change; is
                called on the thread of the caller. What rules and service found is not in its entry.
            step: how the edit is called in the history.
            labels: what becomes of the list of labels.
            report: is told how far it is.
            cancel: stops it.

        Raises:
            CancelledError: cancelled, and nothing was changed.

        """
        damaged: list[Damaged] = []
        with self._database.writing() as connection:
            editing = _Editing.of(connection, step)
            placer = Placer(connection)
            doing = Progress(Doing.STORING)
            for block in in_blocks(ids, BLOCK, step=doing, report=report, cancel=cancel):
                known = stored(connection, block)
                wanted = []
                for entry_id in block:
                    row = known.get(entry_id)
                    if row is None:
                        continue
                    if row.damaged is not None:
                        damaged.append(row.damaged)
                        continue
                    line = change(row.entry)
                    if line != row.line:
                        wanted.append(Replacement(entry_id, placer.line(line)))
                editing.take(replace_lines(connection, editing.book, wanted, known=known))
            if cancel is not None:
                cancel.check()  # the last moment at which nothing has happened
            return editing.end(step, labels, damaged)

    def save(self, entry_id: EntryId, line: bytes) -> Changes:
        """Store another line of an entry, durably; false if it has that line already."""
        return self.save_many({entry_id: line})

    def save_many(
        self,
        lines: Mapping[EntryId, bytes],
        *,
        made_from: Mapping[EntryId, bytes] = MappingProxyType({}),
        new: Sequence[NewEntry] = (),
        labels: LabelEdit = NO_EDIT,
        report: Report = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Changes:
        """Store other lines of entries, add ``new`` ones, edit the list of labels: all or none, durably.

        ``made_from`` are the lines that these were made from. An entry that has another one by now, because
        a push or pull merged somebody else's changes in, gets both; where they differ, this one counts.

        Raises:
            CancelledError: cancelled, and nothing was stored.

        """
        return self._save(None, lines, made_from, new, labels, report, cancel).changes

    def save_step(
        self,
        step: NewStep,
        lines: Mapping[EntryId, bytes],
        *,
        made_from: Mapping[EntryId, bytes] = MappingProxyType({}),
        new: Sequence[NewEntry] = (),
        labels: LabelEdit = NO_EDIT,
        report: Report = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Edited:
        """As `save_many`, and it goes into the history. Undone, new entries lose their labels, and stay."""
        return self._save(step, lines, made_from, new, labels, report, cancel)

    def choose_attributes(self, step: NewStep, before: Attributes, chosen: Attributes) -> Edited:
        """Store which label attributes are edited in place of those ``before``, as a step of the history.

        Raises:
            UsageError: new boxes are to go into an attribute that is locked.

        """
        check_attributes(chosen.box_attribute, chosen.locked)
        with self._database.writing() as connection:
            recorder = Recorder(connection, step.text)
            set_attributes(connection, chosen)
            return Edited(Changes(info=True), recorder.end(attributes=(before, chosen)))

    def _save(
        self,
        step: NewStep | None,
        lines: Mapping[EntryId, bytes],
        made_from: Mapping[EntryId, bytes],
        new: Sequence[NewEntry],
        labels: LabelEdit,
        report: Report,
        cancel: CancelToken | None,
    ) -> Edited:
        with self._database.writing() as connection:
            editing = _Editing.of(connection, step)
            placer = Placer(connection)
            doing = Progress(Doing.STORING)
            for block in in_blocks(lines, BLOCK, step=doing, report=report, cancel=cancel):
                wanted = [_placed(one, lines[one], made_from.get(one), placer) for one in block]
                editing.take(replace_lines(connection, editing.book, wanted))
            editing.book.flush()
            for added in in_blocks(new, cancel=cancel):
                ids = contents.append_all(connection, added, editing.book)
                made = zip(ids, added, strict=True)
                editing.take([Replaced(one, _bare(entry.line), entry.line) for one, entry in made])
            return editing.end(step, labels)


def _placed(entry_id: EntryId, line: bytes, made_from: bytes | None, placer: Placer) -> Replacement:
    return Replacement(entry_id, placer.line(line), None if made_from is None else placer.line(made_from))


def _bare(line: bytes) -> bytes:
    """The line of the same image without labels."""
    return new_annotation(read_source_ref(line)).raw
