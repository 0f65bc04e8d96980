"""What a label is given to: by its digit, by a click on it, and when it is new."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from truthline.ui.window.workbench import Workbench

NOTHING_SELECTED = "No image is selected. Click one, or select all with Ctrl+A, then give it the label."


class LabelGiver(QObject):
    """Gives labels of one workbench to boxes and images, and keeps one of them current.

    The current label is the labeller's next class, and the one that the label panel highlights.
    """

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._labeller = bench.labeller
        self._names: list[str] = []
        self._added = ("", "")
        """The label that was added last, and the one that was current before."""

    def give(self, name: str) -> None:
        """What a digit or a click on a label does: toggle it in the gallery, set the class on the canvas."""
        if self._bench.in_image_mode:
            self._give_to_boxes(name)
        else:
            self._toggle_on_selected(name)
        self._labeller.choose_class(name)

    def toggle_here(self, name: str) -> None:
        """Toggle an image-level label on the selection, in the image mode on the current entry."""
        current = self._bench.browser.current
        if self._bench.in_image_mode and current is not None:
            self._labeller.toggle_class_label(name, [current])
        else:
            self._toggle_on_selected(name)

    def add(self, name: str) -> None:
        """Make a label, new or not, the current one, and give it to the boxes selected on the image."""
        bench = self._bench
        self._added = (name, self._labeller.next_class)
        given = bench.in_image_mode and self._give_to_boxes(name)
        if not given and name not in {label.name for label in bench.colours.labels}:
            bench.document.add_label(name)
        self._labeller.choose_class(name)

    def follow_list(self) -> None:
        """Where a label in use here left the list, go on with the one that took its place."""
        bench, labeller = self._bench, self._labeller
        before, self._names = self._names, [label.name for label in bench.colours.labels]
        gone = set(before) - set(self._names)
        if labeller.next_class in gone:
            name = labeller.next_class
            added, former = self._added
            back = name == added and former in self._names  # its addition was undone
            labeller.choose_class(former if back else bench.commands.successor(name, before.index(name)))
        filtered = bench.browser.filter.label
        if filtered in gone and (heir := bench.commands.heir(filtered)):
            bench.browser.set_filter(replace(bench.browser.filter, label=heir))
        if not labeller.next_class and self._names:
            labeller.choose_class(self._names[0])

    def _give_to_boxes(self, name: str) -> bool:
        """Whether there were boxes selected that have another label now."""
        current, boxes = self._bench.browser.current, self._bench.image.selected_boxes()
        if current is None or not boxes:
            return False
        return self._labeller.set_box_class(current, boxes, name)

    def _toggle_on_selected(self, name: str) -> None:
        selected = self._bench.browser.selected
        if selected:
            self._labeller.toggle_class_label(name, selected)
        elif self._bench.browser.model.rowCount():
            self._labeller.refused.emit(NOTHING_SELECTED)
