"""What the commands would act on now, in their own words: “Delete 3 Boxes”, and how much is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.ui.kit import theme
from truthline.ui.kit.keys import keys_of
from truthline.ui.kit.words import in_menu
from truthline.words import counted

if TYPE_CHECKING:
    from truthline.ui.document.steps.undo_stack import UndoStack
    from truthline.ui.window.actions import Actions
    from truthline.ui.window.workbench import Workbench

_GESTURE = 80
"""The characters of a gesture's name that a menu shows."""


def states_of(bench: Workbench | None) -> frozenset[str]:
    """What there is for commands to act on; see `ActionSpec.needs`."""
    if bench is None:
        return frozenset()
    whole = not bench.document.growing
    there = {
        "document": True,
        "whole": whole,
        "entry": bench.browser.current is not None,
        "image": bench.in_image_mode,
        "boxes": bench.in_image_mode and bool(bench.image.canvas.deletable_boxes()),
        "label": whole and bool(bench.labels.current),
        "labels": whole and bool(bench.labels.current) and len(bench.colours.labels) > 1,
        "selection": whole and bench.browser.selection.hasSelection(),
    }
    return frozenset(state for state, so in there.items() if so)


def check_commands(actions: Actions, bench: Workbench | None) -> None:
    """Check the commands whose mode, tool or panel is on."""
    on = {
        "show_gallery": bench is not None and not bench.in_image_mode,
        "show_image": bench is not None and bench.in_image_mode,
        "draw": bench is not None and bench.image.canvas.drawing,
        "select_tool": bench is not None and not bench.image.canvas.drawing,
        "toggle_filters": bench is not None and not bench.filters.isHidden(),
        "toggle_side": bench is not None and not bench.side.isHidden(),
        "toggle_drawer": bench is not None and not bench.drawer.isHidden(),
    }
    for name, checked in on.items():
        actions[name].setChecked(checked)


def name_commands(actions: Actions, bench: Workbench | None) -> None:
    """Let the commands say what they would act on; those that act on nothing have their usual names."""
    texts = _name_undo(actions, bench.document.undo_stack if bench is not None else None)
    if bench is not None:
        texts |= _on_selection(bench) | _on_label(bench.labels.current)
    actions.set_texts(texts)


def _on_selection(bench: Workbench) -> dict[str, str]:
    texts = {"select_all": "Select &All Boxes" if bench.in_image_mode else "Select &All Images"}
    boxes = len(bench.image.canvas.deletable_boxes()) if bench.in_image_mode else 0
    images = bench.browser.selection.count
    if boxes:
        texts["delete_boxes"] = f"&Delete {counted(boxes, 'Box', 'Boxes')}"
    if images:
        texts["remove_images"] = f"Remove {counted(images, '&Image')}…"
    return texts


def _on_label(label: str) -> dict[str, str]:
    quoted = in_menu(label)
    return (
        {}
        if not label
        else {
            "rename_label": f"&Rename {quoted}…",
            "merge_label": f"&Merge {quoted} into…",
            "colour_label": f"Change &Colour of {quoted}…",
            "delete_label": f"&Delete {quoted} from All Images…",
        }
    )


def _name_undo(actions: Actions, stack: UndoStack | None) -> dict[str, str]:
    texts = {}
    for name, gesture in (
        ("undo", stack.undo_text if stack is not None else ""),
        ("redo", stack.redo_text if stack is not None else ""),
    ):
        text = theme.shortened(gesture, _GESTURE)
        actions[name].setEnabled(bool(gesture))
        texts[name] = f"&{name.capitalize()}" + (f" “{text.replace('&', '&&')}”" if text else "")
        tip = f"{name.capitalize()} {text}".strip() + f" ({keys_of(name).name})"
        actions[name].setToolTip(theme.plain_tip(tip))
    return texts


def told_selection(selected: int, listed: int, total: int) -> str:
    """How many of the listed images are selected, and of how many in all where the filter hides some."""
    if not total:
        return "No images"
    if not listed:
        return f"None of {counted(total, 'image')} listed"
    rest = "" if listed == total else f" · {total:,} in all"
    return f"{selected:,} of {listed:,} selected{rest}"
