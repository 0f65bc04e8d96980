"""Gestures as steps of a `Document`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from typing_extensions import override

from truthline.manifest.attributes import keeps_attributes
from truthline.progress import CancelToken, Doing, Report
from truthline.ui.document.steps.undo_stack import Attempt, Move, Step
from truthline.workspace.label_uses import find_label
from truthline.workspace.workspace import LabelEdit, NewStep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from truthline.manifest.annotation import Annotation
    from truthline.sync.pull.conflicts import Resolved
    from truthline.workspace.workspace import (
        Attributes,
        Damaged,
        Edited,
        Entry,
        EntryId,
        Label,
        Settlement,
        StepId,
        StoredStep,
        Workspace,
    )

Edit: TypeAlias = "Callable[[Annotation], Annotation]"
"""A pure change of one annotation; returns the same object where there is nothing to change."""
EntryEdit: TypeAlias = "Callable[[Entry], Annotation]"
"""The same for changes that also need to know the entry, such as its image's facts."""
Arrange: TypeAlias = "Callable[[Sequence[Label]], LabelEdit]"
"""What becomes of the list of labels, by the list as it is."""

_NO_EDIT = LabelEdit()
_KEPT_BYTES = 100_000
_NAMED_AT_MOST = 10_000
"""A filter names its entries one by one; more than these nobody looks through."""


class Saver(Protocol):
    """What carries steps out: the `Document`, which makes them, and so must not be known here."""

    workspace: Workspace

    def save(self, step: EditAnnotation, made: Made, attempt: Attempt) -> None:
        """Save what a new step made of few lines and of the list of labels."""

    def move(self, step: EditAnnotation, attempt: Attempt) -> None:
        """Undo a step of the workspace's history, or do it again."""

    def settle_again(
        self, wanted: Mapping[EntryId, Settlement], undone: Mapping[EntryId, Settlement], attempt: Attempt
    ) -> None:
        """Decide conflicts again, or put them back."""

    def store_attributes(self, step: ChooseAttributes, chosen: Attributes, attempt: Attempt) -> None:
        """Keep which attributes are edited."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a gesture makes of lines and of the list of labels: before it, and after it."""

    before: Mapping[EntryId, bytes] = field(default_factory=dict)
    after: Mapping[EntryId, bytes] = field(default_factory=dict)
    labels_before: LabelEdit = _NO_EDIT
    labels: LabelEdit = _NO_EDIT


class EditAnnotation(Step):
    """One gesture on lines and on the list of labels.

    Once it is on disk it lies in the workspace's history, under ``stored``; of an edit of 250,000 lines both
    sides took 400 MB in memory. What a small one did stays here too, as ``made``: it is shown at once when it
    is undone, and told of when it has left the history already, since another one was saved after it. Undo
    is another save. What somebody else's changes made of its lines meanwhile stays in them.
    """

    def __init__(
        self,
        document: Saver,
        text: str,
        made: Made | None = None,
        *,
        stored: StepId | None = None,
        count: int = 0,
        only_lines: bool = True,
    ) -> None:
        super().__init__(text)
        self._document = document
        self.made = made
        self.stored = stored
        self._count = count if made is None else len(made.after)
        # Kept of few, since a step that was undone leaves the history as soon as another one is saved.
        self._entries: tuple[EntryId, ...] = () if made is None else tuple(made.after)
        self._only_lines = only_lines if made is None else not made.labels

    @property
    @override
    def count(self) -> int:
        return self._count

    @property
    @override
    def entries(self) -> Collection[EntryId]:
        if self._entries or self.stored is None:
            return self._entries
        return self._document.workspace.step_entries(self.stored, _NAMED_AT_MOST)

    @property
    @override
    def only_lines(self) -> bool:
        return self._only_lines

    @override
    def lines(self, entry_id: EntryId) -> tuple[bytes, bytes]:
        if self.made is not None:
            return self.made.before[entry_id], self.made.after[entry_id]
        return self.stored_lines().get(entry_id, (b"", b""))

    def stored_lines(self) -> dict[EntryId, tuple[bytes, bytes]]:
        """The lines before it and after it, read from the workspace: for a step of few entries."""
        return {} if self.stored is None else self._document.workspace.step_lines(self.stored)

    def keep(self, edited: Edited) -> None:
        """It is on disk."""
        self.stored = edited.step
        if self.made is not None and sum(map(len, self.made.after.values())) > _KEPT_BYTES:
            self.made = None

    @override
    def redo(self, attempt: Attempt) -> None:
        if attempt.move is Move.DO and self.made is not None:
            self._document.save(self, self.made, attempt)
        else:
            self._document.move(self, attempt)

    @override
    def undo(self, attempt: Attempt) -> None:
        self._document.move(self, attempt)


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

    def __init__(
        self, document: Saver, before: Attributes, after: Attributes, stored: StepId | None = None
    ) -> None:
        super().__init__("Choose Attributes")
        self._document = document
        self.before = before
        self.after = after
        self.stored = stored

    @override
    def redo(self, attempt: Attempt) -> None:
        self._document.store_attributes(self, self.after, attempt)

    @override
    def undo(self, attempt: Attempt) -> None:
        self._document.store_attributes(self, self.before, attempt)


def restored(document: Saver, step: StoredStep) -> Step:
    """A step of an earlier session, or of another part of the program."""
    if step.attributes is not None:
        return ChooseAttributes(document, *step.attributes, stored=step.id)
    return EditAnnotation(document, step.text, stored=step.id, count=step.entries, only_lines=step.only_lines)


@dataclass(frozen=True, slots=True)
class Applied:
    """An edit that was carried out: its name, and how many entries it changed."""

    text: str
    entries: int


class Change:
    """An edit as the workspace carries it out: it keeps out of locked attributes, and counts where it had to.

    ``kept`` counts the entries that a locked attribute forbade.
    """

    def __init__(self, change: EntryEdit, locked: Collection[str]) -> None:
        self._change = change
        self._locked = locked
        self.kept = 0

    def __call__(self, entry: Entry) -> bytes:
        """The entry's line as it shall be."""
        changed = self._change(entry)
        if changed.raw == entry.line:
            return entry.line
        if self._locked and not keeps_attributes(entry.annotation, changed, self._locked):
            self.kept += 1
            return entry.line
        return changed.raw


@dataclass(frozen=True, slots=True)
class LongEdited:
    """What an edit of many entries did; ``kept`` as in `Change`."""

    edited: Edited
    kept: int


LongEdit: TypeAlias = "Callable[[CancelToken, Report], LongEdited]"
"""Reads, changes and saves what a long edit is about; called on the write lane."""


def edit_entries(
    workspace: Workspace, text: str, ids: Sequence[EntryId], change: EntryEdit, locked: Collection[str]
) -> LongEdit:
    """The edit of these entries, called ``text``."""

    def work(token: CancelToken, report: Report) -> LongEdited:
        one = Change(change, locked)
        edited = workspace.edit(ids, one, NewStep(text), report=named(report, text), cancel=token)
        return LongEdited(edited, one.kept)

    return work


def edit_uses(
    workspace: Workspace, text: str, name: str, change: Edit, arrange: Arrange, locked: Collection[str]
) -> LongEdit:
    """The edit of every entry that a label is in, and of the list of labels."""

    def work(token: CancelToken, report: Report) -> LongEdited:
        damaged: list[Damaged] = []
        told = named(report, text)
        uses = find_label(workspace, name, left_out=damaged, report=told, cancel=token)
        ids = [entry_id for entry_id, _ in uses]
        labels = workspace.labels()
        arranged = arrange(labels)
        one = Change(lambda entry: change(entry.annotation), locked)
        step = NewStep(text, arranged.inverse(labels))
        edited = workspace.edit(ids, one, step, labels=arranged, report=told, cancel=token)
        return LongEdited(replace(edited, damaged=(*damaged, *edited.damaged)), one.kept)

    return work


def named(report: Report, text: str) -> Report:
    """The report of a long edit, which is told by its name in the undo menu."""
    return lambda progress: report(replace(progress, doing=Doing.ASKED, about=text))
