"""Which colour and which digit key each label has, the same in every view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from truthline.ui.kit import theme
from truthline.ui.kit.jobs import Lane
from truthline.ui.kit.keys import DIGITS
from truthline.workspace.workspace import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.ui.document.document import Document
    from truthline.workspace.changes import Changes


class LabelColours(QObject):
    """The workspace's labels in the order of the label panel, kept up to date."""

    changed = Signal(list)
    """The new list of `Label`."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._by_name: dict[str, Label] = {}
        self.labels: Sequence[Label] = ()
        self._read(document.workspace.labels())
        document.changed.connect(self._refresh)
        document.label_added.connect(self._add)

    def of(self, name: str) -> QColor:
        """The label's colour; grey for a box whose class_id names no label."""
        label = self._by_name.get(name)
        if label is None:
            return QColor(theme.tokens().dim) if not name else theme.label_colour(len(self._by_name))
        return theme.label_colour(label.colour_index)

    def digit(self, name: str) -> str:
        """The digit key of a label, "" from the eleventh on."""
        for digit, label in zip(DIGITS, self.labels, strict=False):
            if label.name == name:
                return digit
        return ""

    def at_digit(self, digit: str) -> str:
        """The label that a digit key means, "" if there are not so many."""
        place = DIGITS.index(digit)
        return self.labels[place].name if place < len(self.labels) else ""

    def expect(self, labels: Sequence[Label]) -> None:
        """Show the list as a gesture leaves it, before that is stored."""
        self._show(labels)

    def _add(self, name: str) -> None:
        last = max((label.position for label in self.labels), default=0)
        self._show([*self.labels, Label(name, last + 1, last)])

    def _refresh(self, changes: Changes) -> None:
        if changes:
            self._document.jobs.run(
                Lane.READ, lambda _token, _report: self._document.workspace.labels(), done=self._read
            )

    def _read(self, labels: Sequence[Label]) -> None:
        if not self._document.arranging:  # else it may be older than what is shown, and is read again soon
            self._show(labels)

    def _show(self, labels: Sequence[Label]) -> None:
        if list(labels) != list(self.labels):
            self.labels = labels
            self._by_name = {label.name: label for label in labels}
            self.changed.emit(labels)
