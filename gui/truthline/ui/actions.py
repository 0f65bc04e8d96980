"""Every command of the window in one table, from which menus, the toolbar and the keys' list are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

from truthline.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QMainWindow, QMenuBar


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One command.

    ``keys`` are portable key sequences, the first of which the menu shows. ``needs`` says when it can be
    used: "" always, "document" with an open workspace, "entry" with a current entry, "image" in image mode,
    "boxes" if boxes that may be changed are selected there, "selection" if entries are selected, "label" if
    there is a current label, "labels" if there are others too. ``name`` "-" draws a separator.
    """

    name: str
    menu: str
    text: str = ""
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: str = ""
    checkable: bool = False
    tip: str = ""


_SEPARATOR = "-"

DIGITS = "1234567890"
"""The keys of the first ten labels, in their order."""

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_folder", "&File", "Open &Folder of Images…", ("Ctrl+Shift+O",)),
    ActionSpec("open_file", "&File", "&Open Manifest or Workspace…", ("Ctrl+O",)),
    ActionSpec("open_prefix", "&File", "Open S3 &Prefix…", ()),
    ActionSpec("open_dataset", "&File", "Open &Dataset…", ("Ctrl+Shift+D",)),
    ActionSpec("open_sample", "&File", "Open the &Sample", ()),
    ActionSpec("recent", "&File", "Open &Recent"),
    ActionSpec(_SEPARATOR, "&File"),
    ActionSpec("export", "&File", "&Export Manifest…", ("Ctrl+E",), needs="document"),
    ActionSpec("import_labels", "&File", "&Import Labels…", ("Ctrl+I",), needs="document"),
    ActionSpec("export_labels", "&File", "Export &Labels…", ("Ctrl+Shift+E",), needs="document"),
    ActionSpec("left_out", "&File", "Files &Left Out…", needs="document"),
    ActionSpec("close", "&File", "&Close Workspace", ("Ctrl+W",), needs="document"),
    ActionSpec(_SEPARATOR, "&File"),
    ActionSpec("quit", "&File", "&Quit", ("Ctrl+Q",)),
    ActionSpec("undo", "&Edit", "&Undo", ("Ctrl+Z",), "undo", "document"),
    ActionSpec("redo", "&Edit", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", "document"),
    ActionSpec(_SEPARATOR, "&Edit"),
    ActionSpec("select_all", "&Edit", "Select &All", ("Ctrl+A",), needs="document"),
    ActionSpec("delete_boxes", "&Edit", "&Delete Selected Boxes", ("Del", "Backspace"), needs="boxes"),
    ActionSpec(_SEPARATOR, "&Edit"),
    ActionSpec("find", "&Edit", "&Find Images…", ("Ctrl+F", "/"), needs="document"),
    ActionSpec("show_gallery", "&View", "&Gallery", ("G",), "gallery", "document", checkable=True),
    ActionSpec("show_image", "&View", "&Image", (), "image", "entry", checkable=True),
    ActionSpec(_SEPARATOR, "&View"),
    ActionSpec("zoom_in", "&View", "&Zoom In", ("+", "="), needs="document"),
    ActionSpec("zoom_out", "&View", "Zoom &Out", ("-",), needs="document"),
    ActionSpec("zoom_fit", "&View", "&Fit Image to Window", ("F",), needs="image"),
    ActionSpec("zoom_actual", "&View", "&Actual Size", ("Z",), needs="image"),
    ActionSpec(_SEPARATOR, "&View"),
    ActionSpec("toggle_filters", "&View", "Filte&rs", ("F6",), checkable=True),
    ActionSpec("toggle_side", "&View", "&Labels and Boxes", ("F7",), checkable=True),
    ActionSpec("toggle_drawer", "&View", "&Problems and JSON Line", ("F8",), checkable=True),
    ActionSpec(_SEPARATOR, "&View"),
    ActionSpec("dark", "&View", "&Dark Appearance", (), checkable=True),
    ActionSpec("next", "&Image", "&Next Image", ("D", "PgDown"), needs="entry"),
    ActionSpec("previous", "&Image", "&Previous Image", ("A", "PgUp"), needs="entry"),
    ActionSpec("next_unlabelled", "&Image", "Next &Unlabelled Image", ("U",), needs="document"),
    ActionSpec(_SEPARATOR, "&Image"),
    ActionSpec("draw", "&Image", "&Draw Boxes", ("B", "N"), "box", "image", checkable=True),
    ActionSpec("select_tool", "&Image", "&Select Boxes", ("V",), "select", "image", checkable=True),
    ActionSpec("next_problem", "&Image", "Next P&roblem", ("F4",), needs="document"),
    ActionSpec("previous_problem", "&Image", "Previous Pro&blem", ("Shift+F4",), needs="document"),
    ActionSpec("add_label", "&Labels", "&Add Label…", ("L",), needs="document"),
    ActionSpec(_SEPARATOR, "&Labels"),
    ActionSpec("rename_label", "&Labels", "&Rename Label…", ("F2",), needs="label"),
    ActionSpec("merge_label", "&Labels", "&Merge Label into…", needs="labels"),
    ActionSpec("colour_label", "&Labels", "Change Label &Colour…", needs="label"),
    ActionSpec("delete_label", "&Labels", "&Delete Label from All Images…", needs="label"),
    ActionSpec(_SEPARATOR, "&Labels"),
    ActionSpec("attributes", "&Labels", "A&ttributes…", needs="document"),
    ActionSpec("push", "&Dataset", "&Push Changes", ("Ctrl+Return", "Ctrl+Enter"), needs="document"),
    ActionSpec("pull", "&Dataset", "Pu&ll Others' Changes", ("Ctrl+L",), needs="document"),
    ActionSpec("resolve", "&Dataset", "Resolve &Conflicts…", ("F9",), needs="document"),
    ActionSpec("refresh", "&Dataset", "&Refresh Status", ("F5",), needs="document"),
    ActionSpec("history", "&Dataset", "&History of Pushes", ("Ctrl+H",), needs="document"),
    ActionSpec(_SEPARATOR, "&Dataset"),
    ActionSpec("remove_images", "&Dataset", "Remove &Images…", needs="selection"),
    ActionSpec("training", "&Dataset", "&Training Results…", (), needs="document"),
    ActionSpec("connect", "&Dataset", "Co&nnect to a Dataset…", (), needs="document"),
    ActionSpec("projects", "&Dataset", "Proj&ects and Datasets…", ("Ctrl+Shift+P",)),
    ActionSpec("keys", "&Help", "&Keys", ("F1", "?")),
    ActionSpec("about", "&Help", "&About Truthline"),
)


class Actions:
    """The table's commands as `QAction`s of one window, called by name."""

    def __init__(self, window: QMainWindow, handlers: Mapping[str, Callable[[], object]]) -> None:
        self._specs = {spec.name: spec for spec in ACTIONS if spec.name != _SEPARATOR}
        self._actions: dict[str, QAction] = {}
        for spec in self._specs.values():
            action = QAction(spec.text, window)
            action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(spec.checkable)
            keys = (
                f" ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})"
                if spec.keys
                else ""
            )
            action.setToolTip(spec.text.replace("&", "").rstrip("…") + keys)
            if spec.name in handlers:
                action.triggered.connect(lambda _checked=False, name=spec.name: handlers[name]())
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
