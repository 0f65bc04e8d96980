"""Every command of the window in one table, from which menus and the toolbar are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

from truthline import log
from truthline.ui.kit import theme
from truthline.ui.kit.keys import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QMainWindow, QMenuBar


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One command.

    Its keys stand in the table of keys. ``needs`` says when it can be used: "" always, "document" with an
    open workspace, "whole" with one that holds all of its source, "entry" with a current entry, "image" in
    image mode, "boxes" if boxes that may be changed are selected there, "selection" if entries are selected,
    "label" if there is a current label, "labels" if there are others too. ``name`` "-" draws a separator.
    """

    name: str
    menu: str
    text: str = ""
    icon: str = ""
    needs: str = ""
    checkable: bool = False
    tip: str = ""

    @property
    def plain_text(self) -> str:
        """The text without what menus need."""
        return self.text.replace("&", "").rstrip("…")


_SEPARATOR = "-"

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_folder", "&File", "Open &Folder of Images…"),
    ActionSpec("open_file", "&File", "&Open Manifest or Workspace…"),
    ActionSpec("open_prefix", "&File", "Open S3 &Prefix…"),
    ActionSpec("open_dataset", "&File", "Open &Dataset…"),
    ActionSpec("open_sample", "&File", "Open the &Sample"),
    ActionSpec("recent", "&File", "Open &Recent"),
    ActionSpec(_SEPARATOR, "&File"),
    ActionSpec("export", "&File", "&Export Manifest…", needs="whole"),
    ActionSpec("import_labels", "&File", "&Import Labels…", needs="whole"),
    ActionSpec("export_labels", "&File", "Export &Labels…", needs="whole"),
    ActionSpec("address", "&File", "S3 &Address of the Images…", needs="whole"),
    ActionSpec("left_out", "&File", "Files Left Ou&t…", needs="document"),
    ActionSpec("close", "&File", "&Close Workspace", needs="document"),
    ActionSpec(_SEPARATOR, "&File"),
    ActionSpec("quit", "&File", "&Quit"),
    ActionSpec("undo", "&Edit", "&Undo", "undo", "document"),
    ActionSpec("redo", "&Edit", "&Redo", "redo", "document"),
    ActionSpec(_SEPARATOR, "&Edit"),
    ActionSpec("select_all", "&Edit", "Select &All", needs="document"),
    ActionSpec("delete_boxes", "&Edit", "&Delete Selected Boxes", needs="boxes"),
    ActionSpec(_SEPARATOR, "&Edit"),
    ActionSpec("find", "&Edit", "&Find Images…", needs="document"),
    ActionSpec("show_gallery", "&View", "&Gallery", "gallery", "document", checkable=True),
    ActionSpec("show_image", "&View", "&Image", "image", "entry", checkable=True),
    ActionSpec(_SEPARATOR, "&View"),
    ActionSpec("zoom_in", "&View", "&Zoom In", needs="document"),
    ActionSpec("zoom_out", "&View", "Zoom &Out", needs="document"),
    ActionSpec("zoom_fit", "&View", "&Fit Image to Window", needs="image"),
    ActionSpec("zoom_actual", "&View", "&Actual Size", needs="image"),
    ActionSpec(_SEPARATOR, "&View"),
    ActionSpec("toggle_filters", "&View", "Filte&rs", checkable=True),
    ActionSpec("toggle_side", "&View", "&Labels and Boxes", checkable=True),
    ActionSpec("toggle_drawer", "&View", "&Problems and JSON Line", checkable=True),
    ActionSpec(_SEPARATOR, "&View"),
    ActionSpec("dark", "&View", "&Dark Appearance", checkable=True),
    ActionSpec("next", "&Image", "&Next Image", needs="entry"),
    ActionSpec("previous", "&Image", "&Previous Image", needs="entry"),
    ActionSpec("next_unlabelled", "&Image", "Next &Unlabelled Image", needs="document"),
    ActionSpec(_SEPARATOR, "&Image"),
    ActionSpec("draw", "&Image", "&Draw Boxes", "box", "image", checkable=True),
    ActionSpec("select_tool", "&Image", "&Select Boxes", "select", "image", checkable=True),
    ActionSpec("next_problem", "&Image", "Next P&roblem", needs="document"),
    ActionSpec("previous_problem", "&Image", "Previous Pro&blem", needs="document"),
    ActionSpec("add_label", "&Labels", "&Add Label…", needs="document"),
    ActionSpec(_SEPARATOR, "&Labels"),
    ActionSpec("rename_label", "&Labels", "&Rename Label…", needs="label"),
    ActionSpec("merge_label", "&Labels", "&Merge Label into…", needs="labels"),
    ActionSpec("colour_label", "&Labels", "Change Label &Colour…", needs="label"),
    ActionSpec("delete_label", "&Labels", "&Delete Label from All Images…", needs="label"),
    ActionSpec(_SEPARATOR, "&Labels"),
    ActionSpec("attributes", "&Labels", "A&ttributes…", needs="document"),
    ActionSpec("push", "&Dataset", "&Push Changes", needs="whole"),
    ActionSpec("pull", "&Dataset", "Pu&ll Others' Changes", needs="whole"),
    ActionSpec("resolve", "&Dataset", "Resolve &Conflicts…", needs="whole"),
    ActionSpec("refresh", "&Dataset", "&Refresh Status", needs="document"),
    ActionSpec("history", "&Dataset", "&History of Pushes", needs="document"),
    ActionSpec(_SEPARATOR, "&Dataset"),
    ActionSpec("remove_images", "&Dataset", "Remove &Images…", needs="selection"),
    ActionSpec("training", "&Dataset", "&Training Results…", needs="whole"),
    ActionSpec("connect", "&Dataset", "Co&nnect to a Dataset…", needs="whole"),
    ActionSpec("projects", "&Dataset", "Proj&ects and Datasets…"),
    ActionSpec("keys", "&Help", "&Keys"),
    ActionSpec("about", "&Help", "&About Truthline"),
)


class Actions:
    """The table's commands as `QAction`s of one window, called by name."""

    def __init__(self, window: QMainWindow, handlers: Mapping[str, Callable[[], object]]) -> None:
        self._specs = {spec.name: spec for spec in ACTIONS if spec.name != _SEPARATOR}
        self._actions: dict[str, QAction] = {}
        for spec in self._specs.values():
            action = QAction(spec.text, window)
            keys = keys_of(spec.name)
            action.setShortcuts([QKeySequence(one) for one in keys.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(spec.checkable)
            action.setToolTip(spec.plain_text + (f" ({keys.name})" if keys.keys else ""))
            if spec.name in handlers:
                action.triggered.connect(partial(_carry_out, spec, handlers[spec.name]))
            window.addAction(action)
            self._actions[spec.name] = action
        self.refresh_icons()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def fill(self, bar: QMenuBar) -> None:
        """Add the table's menus to a menu bar."""
        menus = {title: bar.addMenu(title) for title in dict.fromkeys(spec.menu for spec in ACTIONS)}
        for spec in ACTIONS:
            if spec.name == _SEPARATOR:
                menus[spec.menu].addSeparator()
            else:
                menus[spec.menu].addAction(self._actions[spec.name])

    def refresh_icons(self) -> None:
        """Draw the icons anew in the colours of the current appearance."""
        for name, spec in self._specs.items():
            if spec.icon:
                self._actions[name].setIcon(theme.icon(spec.icon))
                self._actions[name].setIconVisibleInMenu(False)

    def set_texts(self, texts: Mapping[str, str]) -> None:
        """Give the commands these texts, by name, and the others what the table has for them."""
        for name, spec in self._specs.items():
            self._actions[name].setText(texts.get(name, spec.text))

    def enable(self, states: frozenset[str]) -> None:
        """Enable the commands whose need is among ``states``."""
        for name, spec in self._specs.items():
            self._actions[name].setEnabled(not spec.needs or spec.needs in states)


def _carry_out(spec: ActionSpec, handler: Callable[[], object], _checked: bool = False) -> None:  # noqa: FBT001, FBT002  # a slot
    with log.doing(f"during “{spec.plain_text}”"):
        handler()
