"""Which label is the current one: the next box gets it, and it stays when the list of labels changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truthline.ui.document.browser import Browser
    from truthline.ui.document.document import Document
    from truthline.ui.document.labelling import Labeller
    from truthline.ui.document.palette import LabelColours
    from truthline.ui.document.selection_commands import SelectionCommands
    from truthline.ui.labels.commands import LabelCommands


class CurrentLabel:
    """Keeps one label current, also where it is renamed, merged or deleted, and where that is undone.

    Args:
        document: new labels are added to it.
        colours: the list of labels.
        browser: its filter follows a label that has another name now.
        labeller: its next class is the current label.
        selection: gets a label that was just added.
        commands: know what became of labels that left the list.

    """

    def __init__(
        self,
        document: Document,
        colours: LabelColours,
        browser: Browser,
        labeller: Labeller,
        selection: SelectionCommands,
        commands: LabelCommands,
    ) -> None:
        self._document = document
        self._colours = colours
        self._browser = browser
        self._labeller = labeller
        self._selection = selection
        self._commands = commands
        self._names: list[str] = []
        self._added = ("", "")
        """The label that was added last, and the one that was current before."""

    def add(self, name: str) -> None:
        """Make a label, new or not, the current one, and give it to the boxes selected on the image."""
        self._added = (name, self._labeller.next_class)
        given = self._selection.give_to_boxes(name)
        if not given and name not in {label.name for label in self._colours.labels}:
            self._document.add_label(name)
        self._labeller.choose_class(name)

    def follow_list(self) -> None:
        """Where a label in use here left the list, go on with the one that took its place."""
        labeller, browser = self._labeller, self._browser
        before, self._names = self._names, [label.name for label in self._colours.labels]
        gone = set(before) - set(self._names)
        if labeller.next_class in gone:
            name = labeller.next_class
            added, former = self._added
            back = name == added and former in self._names  # its addition was undone
            labeller.choose_class(former if back else self._commands.successor(name, before.index(name)))
        filtered = browser.filter.label
        if filtered in gone and (heir := self._commands.heir(filtered)):
            browser.set_filter(replace(browser.filter, label=heir))
        if not labeller.next_class and self._names:
            labeller.choose_class(self._names[0])
