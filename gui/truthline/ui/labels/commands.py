"""What is done to labels as a whole, and to the choice of label attributes: dialogs first, then one edit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from truthline.manifest.attributes import AttributeKind, FoundAttribute, list_attributes, proposed_attribute
from truthline.manifest.labels import remove_label, rename_label
from truthline.ui.kit.jobs import Lane
from truthline.ui.labels.attributes import AttributesDialog
from truthline.ui.labels.questions import ColourDialog, DeleteDialog, MergeDialog, RenameDialog, shortened
from truthline.workspace.workspace import Label, LabelEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from truthline.ui.document.document import Document
    from truthline.ui.document.palette import LabelColours


class LabelCommands(QObject):
    """Commands on the labels of a document; dialogs are opened over ``host``."""

    def __init__(self, document: Document, colours: LabelColours, host: QWidget) -> None:
        super().__init__(host)
        self._document = document
        self._colours = colours
        self._host = host
        self._successors: dict[str, str] = {}

    # ask first

    def ask_rename(self, name: str) -> RenameDialog:
        """Ask for another name of a label."""
        dialog = RenameDialog(self._document, name, self._names(), self._host)
        dialog.agreed.connect(partial(self.rename, name))
        dialog.open()
        return dialog

    def ask_merge(self, name: str, into: str = "") -> MergeDialog:
        """Ask which label a label is merged into; ``into`` is suggested."""
        dialog = MergeDialog(self._document, name, self._names(), into, self._host)
        dialog.agreed.connect(partial(self.rename, name))
        dialog.open()
        return dialog

    def ask_delete(self, name: str) -> DeleteDialog:
        """Ask whether a label is to go with all its uses."""
        dialog = DeleteDialog(self._document, name, self._host)
        dialog.agreed.connect(self.delete)
        dialog.open()
        return dialog

    def ask_colour(self, name: str) -> ColourDialog | None:
        """Ask for another colour of a label; None if there is no such label any more."""
        label = self._label(name)
        if label is None:
            return None
        dialog = ColourDialog(label, self._colours.labels, self._host)
        dialog.agreed.connect(partial(self.recolour, name))
        dialog.open()
        return dialog

    def ask_attributes(self) -> AttributesDialog:
        """Ask which label attributes are edited."""
        dialog = AttributesDialog(self._document, self._host)
        dialog.open()
        return dialog

    # then do

    def rename(self, old: str, new: str) -> None:
        """Give a label another name everywhere; where there is such a label, both become one."""
        merging = self._label(new) is not None
        verb, to = ("Merge", "into") if merging else ("Rename", "to")
        locked = self._document.locked
        self._successors[old] = new
        self._document.edit_label(
            f"{verb} {shortened(old)} {to} {shortened(new)}",
            old,
            lambda annotation: rename_label(annotation, old, new, locked),
            lambda labels: _renamed(labels, old, new),
        )

    def delete(self, name: str) -> None:
        """Remove a label from every line and from the list."""
        locked = self._document.locked
        self._document.edit_label(
            f"Delete {shortened(name)}",
            name,
            lambda annotation: remove_label(annotation, name, locked),
            lambda _labels: LabelEdit(drop=(name,)),
        )

    def recolour(self, name: str, colour_index: int) -> None:
        """Give a label another colour."""
        self._arrange(
            f"Change Colour of {shortened(name)}",
            [
                replace(label, colour_index=colour_index) if label.name == name else label
                for label in self._colours.labels
            ],
        )

    def order(self, names: Sequence[str]) -> None:
        """Put the labels into this order, and so the digits on them."""
        by_name = {label.name: label for label in self._colours.labels}
        labels = [by_name.pop(name) for name in names if name in by_name] + list(by_name.values())
        positions = sorted(label.position for label in labels)
        if len(set(positions)) < len(positions):
            positions = list(range(1, len(positions) + 1))
        self._arrange(
            "Reorder Labels",
            [replace(label, position=place) for label, place in zip(labels, positions, strict=True)],
        )

    def propose_attributes(self, told: Callable[[str], object]) -> None:
        """Where no attribute was chosen for new boxes yet, choose the commonest and lock the others of boxes.

        ``told`` is called with a sentence about it if there were several.
        """
        if self._document.info.box_attribute:
            return
        workspace = self._document.workspace

        def propose(found: list[FoundAttribute]) -> None:
            name = proposed_attribute(found)
            if not name or self._document.info.box_attribute:
                return
            boxes = dict.fromkeys(one.name for one in found if one.kind is AttributeKind.BOXES)
            others = [one for one in boxes if one != name]
            self._document.choose_attributes(name, others, hide_locked=False, undoable=False)
            if others:
                rest = "the other is" if len(others) == 1 else f"the other {len(others)} are"
                told(
                    f"Several jobs have drawn boxes here. New boxes go into {shortened(name)};"
                    f" {rest} read-only."
                )

        self._document.jobs.run(
            Lane.READ,
            lambda token, report: list_attributes(
                (line for line, _ in workspace.lines()), report=report, cancel=token
            ),
            done=propose,
        )

    def heir(self, name: str) -> str:
        """The label that one which left the list was renamed to or merged into, "" if there is none."""
        heir = self._successors.get(name, "")
        return heir if heir in self._names() else ""

    def successor(self, name: str, place: int) -> str:
        """The label to go on with after one left the list, where it stood at ``place`` (from 0)."""
        names = self._names()
        return self.heir(name) or (names[min(place, len(names) - 1)] if names else "")

    def _arrange(self, text: str, labels: Sequence[Label]) -> None:
        before = self._colours.labels
        edit = LabelEdit(put=tuple(label for label in labels if label not in before))
        if self._document.arrange_labels(text, edit, before):
            self._colours.expect(list(labels))

    def _names(self) -> list[str]:
        return [label.name for label in self._colours.labels]

    def _label(self, name: str) -> Label | None:
        return next((label for label in self._colours.labels if label.name == name), None)


def _renamed(labels: Sequence[Label], old: str, new: str) -> LabelEdit:
    """The new name takes the old one's place and colour; an old one still in use goes to the end."""
    mine = next((label for label in labels if label.name == old), None)
    if mine is None or any(label.name == new for label in labels):
        return LabelEdit(drop=(old,))
    last = max(label.position for label in labels)
    return LabelEdit(
        put=(replace(mine, name=new), replace(mine, position=last + 1, colour_index=last)), drop=(old,)
    )
