"""Where a digit key becomes a label: what a person can do with the boxes or images that are selected now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.ui.canvas.geometry import BoxKey
    from truthline.ui.document.browser import Browser
    from truthline.ui.document.labelling import Labeller

NOTHING_SELECTED = "No image is selected. Click one, or select all with Ctrl+A, then give it the label."


class Shown(Protocol):
    """What a person has before them. What is shown is what the commands act on."""

    @property
    def in_image_mode(self) -> bool:
        """Whether one image is shown with its boxes, and not the gallery."""

    def selected_boxes(self) -> Sequence[BoxKey]:
        """The boxes selected on that image."""

    def visible_boxes(self, keys: Sequence[BoxKey]) -> Sequence[BoxKey]:
        """Those of these boxes that the current image has and shows."""


class SelectionCommands:
    """The commands of labelling on a selection. No widget is known here: keys, menus and panels all end here.

    Args:
        browser: the listed entries, which of them are selected, and the current one.
        labeller: carries a gesture out on entries and boxes.
        shown: says whether boxes or images are meant.

    """

    def __init__(self, browser: Browser, labeller: Labeller, shown: Shown) -> None:
        self._browser = browser
        self._labeller = labeller
        self._shown = shown

    def give(self, name: str) -> None:
        """What a digit or a click on a label does: toggle it in the gallery, set the class on the canvas."""
        if self._shown.in_image_mode:
            self.give_to_boxes(name)
        else:
            self._toggle_on_selected(name)
        self._labeller.choose_class(name)

    def toggle_here(self, name: str) -> None:
        """Toggle an image-level label on the selection, in the image mode on the current entry."""
        current = self._browser.current
        if self._shown.in_image_mode and current is not None:
            self._labeller.toggle_class_label(name, [current])
        else:
            self._toggle_on_selected(name)

    def give_to_boxes(self, name: str) -> bool:
        """Whether there were boxes selected on the image that have another label now."""
        if not self._shown.in_image_mode:
            return False
        current, boxes = self._browser.current, self._shown.selected_boxes()
        return current is not None and bool(boxes) and self._labeller.set_box_class(current, boxes, name)

    def delete_boxes(self, keys: Sequence[BoxKey]) -> None:
        """Delete boxes of the current entry."""
        current, boxes = self._browser.current, self._shown.visible_boxes(keys)
        if current is not None and boxes:
            self._labeller.remove_boxes(current, boxes)

    def remove_class_label(self, name: str) -> None:
        """Take an image-level label from the current entry."""
        current = self._browser.current
        if current is not None:
            self._labeller.remove_class_label(name, [current])

    def _toggle_on_selected(self, name: str) -> None:
        selected = self._browser.selected
        if selected:
            self._labeller.toggle_class_label(name, selected)
        elif self._browser.model.rowCount():
            self._labeller.refused.emit(NOTHING_SELECTED)
