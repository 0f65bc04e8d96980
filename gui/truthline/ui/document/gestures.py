"""Gestures as steps of a `Document`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from typing_extensions import override

from truthline.manifest.attributes import keeps_attributes
from truthline.progress import CancelToken, Doing, Progress, Report, in_blocks
from truthline.ui.document.undo_stack import Attempt, Step
from truthline.workspace.label_uses import find_label
from truthline.workspace.workspace import LabelEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from truthline.manifest.annotation import Annotation
    from truthline.sync.pull.conflicts import Resolved
    from truthline.workspace.changes import Changes
    from truthline.workspace.workspace import (
        Damaged,
        Entry,
        EntryId,
        Label,
        Settlement,
        Workspace,
        WorkspaceInfo,
    )

Edit: TypeAlias = "Callable[[Annotation], Annotation]"
"""A pure change of one annotation; returns the same object where there is nothing to change."""
EntryEdit: TypeAlias = "Callable[[Entry], Annotation]"
"""The same for changes that also need to know the entry, such as its image's facts."""
Arrange: TypeAlias = "Callable[[Sequence[Label]], LabelEdit]"
"""What becomes of the list of labels, by the list as it is."""

Collect: TypeAlias = "Callable[[CancelToken, Report], Edited]"
"""Reads and changes what a long edit is about; slow, and called on the write lane."""

_NO_EDIT = LabelEdit()


class Saver(Protocol):
    """What carries steps out: the `Document`, which makes them, and so must not be known here."""

    def save(
        self,
        lines: Mapping[EntryId, bytes],
        made_from: Mapping[EntryId, bytes],
        labels: LabelEdit,
        attempt: Attempt,
    ) -> None:
        """Save lines that were made from others, and the list of labels."""

    def settle_again(
        self, wanted: Mapping[EntryId, Settlement], undone: Mapping[EntryId, Settlement], attempt: Attempt
    ) -> None:
        """Decide conflicts again, or put them back."""

    def store_attributes(self, chosen: WorkspaceInfo, before: WorkspaceInfo, attempt: Attempt) -> None:
        """Keep which attributes are edited."""


class EditAnnotation(Step):
    """One gesture: the lines before and after it, and what it did to the list of labels.

    Undo is another save. What somebody else's changes made of the line meanwhile stays in it. Labels that
    came into the list with its lines leave it again, ``listed`` if it is on disk already.
    """

    def __init__(
        self,
        document: Saver,
        text: str,
        before: Mapping[EntryId, bytes],
        after: Mapping[EntryId, bytes],
        *,
        labels: tuple[LabelEdit, LabelEdit] = (_NO_EDIT, _NO_EDIT),
        listed: tuple[str, ...] = (),
    ) -> None:
        super().__init__(text)
        self._document = document
        self._before = before
        self._after = after
        self._labels_before, self._labels_after = labels
        self._listed = listed

    @classmethod
    def of(cls, document: Saver, text: str, edited: Edited, listed: tuple[str, ...]) -> EditAnnotation:
        """A gesture that is on disk already."""
        labels = (edited.labels_before, edited.labels)
        return cls(document, text, edited.before, edited.after, labels=labels, listed=listed)

    @property
    @override
    def entries(self) -> Collection[EntryId]:
        return self._after.keys()

    @property
    @override
    def only_lines(self) -> bool:
        return not self._labels_after

    @override
    def lines(self, entry_id: EntryId) -> tuple[bytes, bytes]:
        return self._before[entry_id], self._after[entry_id]

    @override
    def redo(self, attempt: Attempt) -> None:
        def saved(changes: Changes) -> None:
            self._listed = changes.listed
            attempt.saved(changes)

        self._document.save(self._after, self._before, self._labels_after, replace(attempt, saved=saved))

    @override
    def undo(self, attempt: Attempt) -> None:
        drop = tuple(dict.fromkeys(self._labels_before.drop + self._listed))
        labels = replace(self._labels_before, drop=drop)
        self._document.save(self._before, self._after, labels, attempt)


class ResolveConflicts(Step):
    """Conflicts decided for one side, which is on disk already when this is made.

    Undo brings back line, base line and conflict of the entries that are still as they were decided.
    """

    def __init__(self, document: Saver, text: str, resolved: Resolved) -> None:
        super().__init__(text)
        self._document = document
        self._resolved = resolved

    @property
    @override
    def entries(self) -> Collection[EntryId]:
        return self._resolved.after.keys()

    @override
    def lines(self, entry_id: EntryId) -> tuple[bytes, bytes]:
        return self._resolved.before[entry_id].line, self._resolved.after[entry_id].line

    @override
    def redo(self, attempt: Attempt) -> None:
        self._document.settle_again(self._resolved.after, self._resolved.before, attempt)

    @override
    def undo(self, attempt: Attempt) -> None:
        self._document.settle_again(self._resolved.before, self._resolved.after, attempt)


class ChooseAttributes(Step):
    """Which label attributes are edited, before and after a person chose others."""

    def __init__(self, document: Saver, before: WorkspaceInfo, after: WorkspaceInfo) -> None:
        super().__init__("Choose Attributes")
        self._document = document
        self._before = before
        self._after = after

    @override
    def redo(self, attempt: Attempt) -> None:
        self._document.store_attributes(self._after, self._before, attempt)

    @override
    def undo(self, attempt: Attempt) -> None:
        self._document.store_attributes(self._before, self._after, attempt)


@dataclass(frozen=True, slots=True)
class Applied:
    """An edit that was carried out: its name, and how many entries it changed."""

    text: str
    entries: int


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


def edited_by(change: EntryEdit, entries: Iterable[Entry], locked: Collection[str]) -> Edited:
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


def edited_uses(workspace: Workspace, name: str, text: str, change: Edit, locked: Collection[str]) -> Collect:
    """What finds the entries that a label is in, and makes of them what an edit called ``text`` does."""

    def collect(token: CancelToken, report: Report) -> Edited:
        def named(progress: Progress) -> None:
            report(replace(progress, doing=Doing.ASKED, about=text))

        edited = Edited()
        for entry_id, annotation in find_label(
            workspace, name, left_out=edited.damaged, report=named, cancel=token
        ):
            edited.add(entry_id, annotation, change(annotation), locked)
        return edited

    return collect


def save_edited(
    workspace: Workspace,
    text: str,
    collect: Collect,
    arrange: Arrange | None,
    *,
    report: Report,
    cancel: CancelToken,
) -> tuple[Edited, Changes]:
    """Collect what a long edit changes and store all of it at once, and the list of labels with it."""
    edited = collect(cancel, report)
    if arrange is not None:
        labels = workspace.labels()
        edited.labels = arrange(labels)
        edited.labels_before = edited.labels.inverse(labels)
    changes = workspace.save_many(
        edited.after,
        made_from=edited.before,
        labels=edited.labels,
        report=lambda progress: report(replace(progress, doing=Doing.ASKED, about=f"{text}: saving")),
        cancel=cancel,
    )
    return edited, changes


def stream_entries(
    workspace: Workspace, entry_ids: Sequence[EntryId], text: str, report: Report, cancel: CancelToken
) -> Iterator[Entry]:
    """Read very many entries, with progress."""
    step = Progress(Doing.ASKED, about=text)
    for block in in_blocks(entry_ids, step=step, report=report, cancel=cancel):
        yield from workspace.entries(block)
