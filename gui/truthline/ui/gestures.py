"""Gestures as undo commands of a `Document`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand
from typing_extensions import override

from truthline.manifest.attributes import keeps_attributes
from truthline.workspace.workspace import LabelEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from truthline.manifest.annotation import Annotation
    from truthline.sync.conflicts import Resolved
    from truthline.ui.document import Document
    from truthline.workspace.workspace import Damaged, Entry, EntryId, WorkspaceInfo

_NO_EDIT = LabelEdit()


class EditAnnotation(QUndoCommand):
    """One gesture: the lines before and after it, and what it did to the list of labels.

    Undo is another save. What somebody else's changes made of the line meanwhile stays in it.
    """

    def __init__(
        self,
        document: Document,
        text: str,
        before: Mapping[EntryId, bytes],
        after: Mapping[EntryId, bytes],
        *,
        labels: tuple[LabelEdit, LabelEdit] = (_NO_EDIT, _NO_EDIT),
        saved: bool = False,
    ) -> None:
        super().__init__(text)
        self._document = document
        self._before = before
        self._after = after
        self._labels_before, self._labels_after = labels
        self._saved = saved

    @classmethod
    def of_saved(cls, document: Document, text: str, edited: Edited) -> EditAnnotation:
        """A gesture that is on disk already."""
        labels = (edited.labels_before, edited.labels)
        return cls(document, text, edited.before, edited.after, labels=labels, saved=True)

    @override
    def redo(self) -> None:
        if self._saved:
            self._saved = False
            return
        self._document.save(self._after, self._before, self._labels_after)

    @override
    def undo(self) -> None:
        self._document.save(self._before, self._after, self._labels_before)


class ResolveConflicts(QUndoCommand):
    """Conflicts decided for one side, which is on disk already when this is made.

    Undo brings back line, base line and conflict of the entries that are still as they were decided.
    """

    def __init__(self, document: Document, text: str, resolved: Resolved) -> None:
        super().__init__(text)
        self._document = document
        self._resolved = resolved
        self._saved = True

    @override
    def redo(self) -> None:
        if self._saved:
            self._saved = False
            return
        self._document.settle_again(self.text(), self._resolved.after, self._resolved.before)

    @override
    def undo(self) -> None:
        self._document.settle_again(self.text(), self._resolved.before, self._resolved.after)


class ChooseAttributes(QUndoCommand):
    """Which label attributes are edited, before and after a person chose others."""

    def __init__(self, document: Document, before: WorkspaceInfo, after: WorkspaceInfo) -> None:
        super().__init__("Choose Attributes")
        self._document = document
        self._before = before
        self._after = after

    @override
    def redo(self) -> None:
        self._document.store_attributes(self._after)

    @override
    def undo(self) -> None:
        self._document.store_attributes(self._before)


@dataclass(slots=True)
class Edited:
    """What an edit makes of lines and labels.

    ``kept`` counts the entries that a locked attribute forbade, ``damaged`` are those with no line to edit.
    """

    before: dict[EntryId, bytes] = field(default_factory=dict)
    after: dict[EntryId, bytes] = field(default_factory=dict)
    kept: int = 0
    damaged: list[Damaged] = field(default_factory=list)
    labels: LabelEdit = _NO_EDIT
    labels_before: LabelEdit = _NO_EDIT

    def add(self, entry_id: EntryId, old: Annotation, changed: Annotation, locked: Collection[str]) -> None:
        """Take in what became of one entry's annotation."""
        if changed.raw == old.raw:
            return
        if locked and not keeps_attributes(old, changed, locked):
            self.kept += 1
            return
        self.before[entry_id] = old.raw
        self.after[entry_id] = changed.raw


def edited_by(
    change: Callable[[Entry], Annotation], entries: Iterable[Entry], locked: Collection[str]
) -> Edited:
    """What an edit makes of these entries."""
    edited = Edited()
    for entry in entries:
        if entry.damaged:
            edited.damaged.append(entry.damaged)
            continue
        changed = change(entry)
        if changed.raw != entry.line:
            edited.add(entry.id, entry.annotation, changed, locked)
    return edited
