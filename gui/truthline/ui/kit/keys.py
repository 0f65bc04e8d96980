"""Every key in one table, which shortcuts, menus, hints, the list of keys and the README come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from PySide6.QtGui import QKeySequence

DIGITS: Final = "1234567890"
"""The keys of the first ten labels, in their order. They go by their place on the keyboard."""

DIGITS_NOTE: Final = (
    "Digits are the keys in the row above the letters, whatever is printed on them, and those of the keypad. "
    "A sign in that row, such as / on a German keyboard, is a digit here too: use the command's other key."
)


class Where(Enum):
    """Where a key holds; the value is the name for people."""

    GALLERY = "Gallery"
    IMAGE = "Image"
    ANYWHERE = "Anywhere"
    LABELS = "List of labels"
    CONFLICTS = "Conflicts"
    PROJECTS = "Projects and datasets"


@dataclass(frozen=True, slots=True)
class Key:
    """The keys of one command.

    ``keys`` are portable key sequences, the first of which menus and hints show: letters and signs by
    character, digits by position. ``words`` say what they do. ``shown`` is how people read the keys, where
    that is not the sequences themselves.
    """

    command: str
    where: Where
    keys: tuple[str, ...]
    words: str
    shown: str = ""

    @property
    def name(self) -> str:
        """The first key as this computer writes it."""
        return self.shown or native(self.keys[0])

    @property
    def names(self) -> str:
        """All keys as this computer writes them."""
        return self.shown or ", ".join(map(native, self._told))

    @property
    def written(self) -> tuple[str, ...]:
        """All keys as a page for every computer writes them."""
        return (self.shown,) if self.shown else self._told

    @property
    def _told(self) -> tuple[str, ...]:
        # Enter is two keys, of the letters and of the keypad, to Qt and one to people.
        return tuple(key for key in self.keys if "Return" not in key)


KEYS: Final = (
    Key(
        "label_images",
        Where.GALLERY,
        tuple(DIGITS),
        "Give the selected images that label, or take it away",
        shown="1 … 9, 0",
    ),
    Key(
        "select_range",
        Where.GALLERY,
        (),
        "Select all from the last chosen image to this one",
        shown="Shift+click, Shift+Arrows",
    ),
    Key("add_range", Where.GALLERY, (), "Add such a range to what is selected", shown="Ctrl+Shift+click"),
    Key("open_image", Where.GALLERY, ("Enter", "Return"), "Open the image"),
    Key(
        "label_boxes",
        Where.IMAGE,
        tuple(DIGITS),
        "Set the class of the selected boxes, else of the next box",
        shown="1 … 9, 0",
    ),
    Key(
        "label_image",
        Where.IMAGE,
        tuple(f"Shift+{digit}" for digit in DIGITS),
        "Give the image that image-level label, or take it away",
        shown="Shift+1 … Shift+0",
    ),
    Key("draw", Where.IMAGE, ("B", "N"), "Draw boxes, or back to selecting"),
    Key("select_tool", Where.IMAGE, ("V",), "Select boxes"),
    Key("delete_boxes", Where.IMAGE, ("Del", "Backspace"), "Delete the selected boxes"),
    Key("next_box", Where.IMAGE, ("Tab",), "Next box"),
    Key("previous_box", Where.IMAGE, ("Shift+Tab",), "Previous box"),
    Key("leave_boxes", Where.IMAGE, ("Ctrl+Tab",), "Leave the boxes for the next panel"),
    Key("nudge", Where.IMAGE, (), "Move the selected boxes by 1 px", shown="Arrows"),
    Key("nudge_far", Where.IMAGE, (), "Move the selected boxes by 10 px", shown="Shift+Arrows"),
    Key("resize", Where.IMAGE, (), "Resize the selected boxes", shown="Ctrl+Arrows"),
    Key("give_up", Where.IMAGE, ("Esc",), "End a gesture, then drawing, then deselect"),
    Key("zoom_fit", Where.IMAGE, ("F",), "Fit the image to the window"),
    Key("zoom_actual", Where.IMAGE, ("Z",), "Actual size"),
    Key("zoom_wheel", Where.IMAGE, (), "Zoom at the pointer", shown="Wheel"),
    Key("pan", Where.IMAGE, (), "Move the image", shown="Space+drag"),
    Key("keys", Where.ANYWHERE, ("F1", "?"), "Show every key"),
    Key("next", Where.ANYWHERE, ("D", "PgDown"), "Next image"),
    Key("previous", Where.ANYWHERE, ("A", "PgUp"), "Previous image"),
    Key("next_unlabelled", Where.ANYWHERE, ("U",), "Next image without labels"),
    Key("next_problem", Where.ANYWHERE, ("F4",), "Next problem"),
    Key("previous_problem", Where.ANYWHERE, ("Shift+F4",), "Previous problem"),
    Key("show_gallery", Where.ANYWHERE, ("G",), "Go to the gallery"),
    Key("find", Where.ANYWHERE, ("Ctrl+F", "/"), "Find images"),
    Key("select_all", Where.ANYWHERE, ("Ctrl+A",), "Select all images; on the image, all boxes"),
    Key("undo", Where.ANYWHERE, ("Ctrl+Z",), "Undo"),
    Key("redo", Where.ANYWHERE, ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo"),
    Key("add_label", Where.ANYWHERE, ("L",), "Add a label"),
    Key("rename_label", Where.ANYWHERE, ("F2",), "Rename the label"),
    Key("zoom_in", Where.ANYWHERE, ("Ctrl++", "Ctrl+=", "+", "="), "Zoom in; larger tiles in the gallery"),
    Key("zoom_out", Where.ANYWHERE, ("Ctrl+-", "-"), "Zoom out; smaller tiles in the gallery"),
    Key("toggle_filters", Where.ANYWHERE, ("F6",), "Show or hide the filters"),
    Key("toggle_side", Where.ANYWHERE, ("F7",), "Show or hide labels and boxes"),
    Key("toggle_drawer", Where.ANYWHERE, ("F8",), "Show or hide problems and JSON line"),
    Key("push", Where.ANYWHERE, ("Ctrl+Enter", "Ctrl+Return"), "Push changes"),
    Key("pull", Where.ANYWHERE, ("Ctrl+L",), "Pull others' changes"),
    Key("resolve", Where.ANYWHERE, ("F9",), "Resolve conflicts"),
    Key("refresh", Where.ANYWHERE, ("F5",), "Ask for the dataset's status"),
    Key("history", Where.ANYWHERE, ("Ctrl+H",), "History of pushes"),
    Key("projects", Where.ANYWHERE, ("Ctrl+Shift+P",), "Projects and datasets"),
    Key("open_folder", Where.ANYWHERE, ("Ctrl+Shift+O",), "Open a folder of images"),
    Key("open_file", Where.ANYWHERE, ("Ctrl+O",), "Open a manifest or workspace"),
    Key("open_dataset", Where.ANYWHERE, ("Ctrl+Shift+D",), "Open a dataset"),
    Key("export", Where.ANYWHERE, ("Ctrl+E",), "Export the manifest"),
    Key("import_labels", Where.ANYWHERE, ("Ctrl+I",), "Import labels"),
    Key("export_labels", Where.ANYWHERE, ("Ctrl+Shift+E",), "Export labels"),
    Key("close", Where.ANYWHERE, ("Ctrl+W",), "Close the workspace"),
    Key("quit", Where.ANYWHERE, ("Ctrl+Q",), "Quit"),
    Key("move_up", Where.LABELS, ("Alt+Up",), "Move the label up"),
    Key("move_down", Where.LABELS, ("Alt+Down",), "Move the label down"),
    Key("take_theirs", Where.CONFLICTS, ("T",), "Take theirs"),
    Key("keep_mine", Where.CONFLICTS, ("M",), "Keep mine"),
    Key("show_version", Where.CONFLICTS, ("1", "2", "3"), "Show or hide that version's boxes"),
    Key("fit_conflict", Where.CONFLICTS, ("0",), "Fit the image to its frame"),
    Key("pan_conflict", Where.CONFLICTS, (), "Move the image", shown="Arrows"),
    Key("new_project", Where.PROJECTS, ("Ctrl+N",), "New project"),
    Key("new_dataset", Where.PROJECTS, ("Ctrl+Shift+N",), "New dataset"),
    Key("split_dataset", Where.PROJECTS, ("Ctrl+Shift+S",), "Split a dataset"),
    Key("delete_project", Where.PROJECTS, ("Del",), "Delete what is chosen"),
    Key("copy_arn", Where.PROJECTS, ("Ctrl+C",), "Copy the ARN"),
    Key("list_projects", Where.PROJECTS, ("F5",), "List them again"),
    Key("filter_projects", Where.PROJECTS, ("Ctrl+F",), "Find a project"),
)

_BY_COMMAND: Final = {key.command: key for key in KEYS}
_NONE: Final = Key("", Where.ANYWHERE, (), "")


def keys_of(command: str) -> Key:
    """The keys of a command; one without any for what has none."""
    return _BY_COMMAND.get(command, _NONE)


def key_name(command: str) -> str:
    """The first key of a command that has one, as this computer writes it.

    Raises:
        KeyError: the table has no such command.

    """
    return _BY_COMMAND[command].name


def native(sequence: str) -> str:
    """A portable key sequence as this computer writes it."""
    return QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)
