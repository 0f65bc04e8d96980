"""Undo and redo by key and mouse: what is undone, where that is told, and what a full disk does to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from truthline.ui.connect.wish import Wish
from truthline.ui.problems.fix_all import FixAllDialog
from truthline.workspace.workspace import EntryId, Filter, Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from truthline.ui.window.workbench import Workbench

SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def undo(user: Any) -> None:
    user.key(Qt.Key.Key_Z, CTRL)
    user.settle()


def redo(user: Any) -> None:
    user.key(Qt.Key.Key_Z, CTRL | SHIFT)
    user.settle()


def press_toast(user: Any, text: str) -> None:
    assert user.bench.toast.button.text() == text
    user.click(user.bench.toast.button)
    user.settle()


def labels_of(bench: Workbench) -> list[str]:
    model = bench.labels.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


@pytest.fixture
def bench(user: Any, tmp_path: Path, manifest: Path, photos: Path) -> Workbench:
    """The sample's 17 images, opened from a manifest."""
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.window.open_wish(Wish(str(copied), images_dir=str(photos)))
    opened: Workbench = user.opened()
    opened.gallery.setFocus()
    return opened


@pytest.fixture
def many(user: Any, tmp_path: Path) -> Workbench:
    """300 images, of which the gallery shows some."""
    path = tmp_path / "many.manifest"
    path.write_bytes(
        b"".join(json.dumps({"source-ref": f"s3://leaves/{n}.jpg"}).encode() + b"\n" for n in range(300))
    )
    opened: Workbench = user.open(str(path))
    opened.gallery.setFocus()
    add_label(user, "oak")
    return opened


def add_label(user: Any, name: str) -> None:
    user.click(user.bench.labels.field)
    user.qtbot.keyClicks(user.bench.labels.field, name)
    user.key(Qt.Key.Key_Return)
    user.settle()
    user.bench.gallery.setFocus()


def draw(user: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    user.key(Qt.Key.Key_B)
    user.drag(start, end)
    user.key(Qt.Key.Key_B)
    user.settle()


def drawn(bench: Workbench) -> list[Any]:
    """What the canvas shows of boxes."""
    return list(bench.image.canvas._items)


def in_view(bench: Workbench, entry_id: EntryId) -> bool:
    row = bench.browser.model.row_of(entry_id)
    assert row is not None
    rectangle = bench.gallery.visualRect(bench.browser.model.index(row))
    return bench.gallery.viewport().rect().contains(rectangle.center())


# What is changed out of sight is told


def test_undo_on_another_image_says_where_and_goes_there(user: Any, bench: Workbench) -> None:
    fig = user.open_image("fig.jpg")
    draw(user, (100, 100), (300, 250))
    (label, _frame) = user.boxes(fig)[-1]
    count = len(user.boxes(fig))
    undo(user)
    assert len(user.boxes(fig)) == count - 1
    assert user.toast() == ""  # it was seen
    redo(user)
    assert user.toast() == ""

    elsewhere = user.open_image("stream.jpg")
    undo(user)
    assert len(user.boxes(fig)) == count - 1
    assert bench.browser.current == elsewhere
    assert user.toast() == f"Undone on fig.jpg: Draw {label}."
    redo(user)
    assert user.toast() == f"Done again on fig.jpg: Draw {label}."
    assert bench.browser.current == elsewhere
    press_toast(user, "Go there")
    assert bench.browser.current == fig
    assert bench.in_image_mode
    assert len(drawn(bench)) == count


def test_undo_of_a_box_that_is_zoomed_out_of_view_is_told(user: Any, bench: Workbench) -> None:
    user.open_image("fig.jpg")
    draw(user, (5, 5), (60, 60))
    canvas = bench.image.canvas
    canvas.zoom_to(8.0)
    canvas.horizontalScrollBar().setValue(canvas.horizontalScrollBar().maximum())
    canvas.verticalScrollBar().setValue(canvas.verticalScrollBar().maximum())
    undo(user)
    assert user.toast().startswith("Undone on fig.jpg: Draw ")
    zoom = canvas.zoom
    press_toast(user, "Go there")
    assert canvas.zoom < zoom
    redo(user)
    assert user.toast() == ""


def test_undo_scrolled_away_in_the_gallery_is_told(user: Any, many: Workbench) -> None:
    first = many.browser.model.id_at(0)
    user.key(Qt.Key.Key_Home)
    user.key(Qt.Key.Key_1)
    user.settle()
    assert user.class_labels(first) == ["oak"]
    undo(user)
    assert user.toast() == ""
    redo(user)
    assert user.toast() == ""
    user.key(Qt.Key.Key_End)
    assert not in_view(many, first)
    undo(user)
    assert user.class_labels(first) == []
    assert user.toast() == "Undone on 0.jpg: Label 1 image oak."
    assert not in_view(many, first)
    press_toast(user, "Go there")
    assert in_view(many, first)
    assert many.browser.current == first
    many.gallery.verticalScrollBar().setValue(many.gallery.verticalScrollBar().maximum())
    redo(user)
    press_toast(user, "Go there")  # though it is current already
    assert in_view(many, first)


def test_undo_on_many_images_lists_them(user: Any, many: Workbench) -> None:
    user.trigger("select_all")
    user.key(Qt.Key.Key_1)
    user.settle()
    user.key(Qt.Key.Key_Home)
    undo(user)
    assert user.toast() == "Undone: Label 300 images oak."
    redo(user)
    assert user.toast() == "Done again: Label 300 images oak."
    many.browser.set_filter(Filter(kind=Kind.UNLABELLED))
    user.settle()
    press_toast(user, "Go there")
    assert many.browser.model.rowCount() == 300
    assert not many.in_image_mode


def test_undo_of_what_the_filter_hides_is_told(user: Any, many: Workbench) -> None:
    first = many.browser.model.id_at(0)
    user.key(Qt.Key.Key_Home)
    user.key(Qt.Key.Key_1)
    user.settle()
    many.browser.set_filter(Filter(kind=Kind.UNLABELLED))
    user.settle()
    assert many.browser.model.row_of(first) is None
    undo(user)
    assert user.toast() == "Undone on 0.jpg: Label 1 image oak."
    press_toast(user, "Go there")
    assert many.browser.current == first
    assert in_view(many, first)


# A toast's Undo


def test_a_toasts_undo_is_gone_with_the_next_edit(user: Any, many: Workbench) -> None:
    ids = [many.browser.model.id_at(row) for row in range(3)]
    user.key(Qt.Key.Key_Home)
    user.key(Qt.Key.Key_Right, SHIFT)
    user.key(Qt.Key.Key_Right, SHIFT)
    user.key(Qt.Key.Key_1)
    user.settle()
    assert user.toast() == "Label 3 images oak."
    press_toast(user, "Undo")
    assert [user.class_labels(one) for one in ids] == [[], [], []]

    redo(user)
    user.key(Qt.Key.Key_1)  # takes them off again
    user.settle()
    assert user.toast() == "Remove oak from 3 images."
    button = many.toast.button
    user.click_row(many.gallery, many.browser.model.index(4))
    user.key(Qt.Key.Key_1)
    user.settle()
    newest = many.document.undo_stack.newest
    assert newest is not None
    assert newest.text == "Label 1 image oak"
    assert user.toast() == ""
    assert not button.isVisible()


@pytest.mark.parametrize("after", ["undo", "redo"])
def test_a_toasts_undo_is_gone_with_the_next_undo_or_redo(user: Any, many: Workbench, after: str) -> None:
    user.key(Qt.Key.Key_Home)
    user.key(Qt.Key.Key_Right, SHIFT)
    user.key(Qt.Key.Key_1)
    user.settle()
    assert user.toast() == "Label 2 images oak."
    undo(user)
    assert user.toast() == ""
    if after == "redo":
        redo(user)
        assert user.toast() == ""
    assert not many.toast.button.isVisible()


def test_every_toast_with_an_undo_keeps_to_its_own_step(user: Any, bench: Workbench) -> None:
    """A fix tells by itself, a fix of all of a kind where it changes several; a label is another step."""
    problem = next(one for one in bench.problems.problems if one.code == "ERROR_INVALID_BOUNDING_BOX")
    bench.problems.fix_wanted.emit(problem)
    user.settle()
    assert user.toast().endswith(": done.")
    add_label(user, "dent")
    assert user.toast() == ""
    undo(user)
    assert user.toast() == "Undone: Add Label dent."
    assert not bench.toast.button.isVisible()  # there is no image to go to
    line = bench.document.entry(problem.entry_id).line
    undo(user)
    assert bench.document.entry(problem.entry_id).line != line

    code = "ERROR_INVALID_BOUNDING_BOX"
    bench.problems.fix_all_wanted.emit(code)
    dialog = user.dialog(FixAllDialog)
    user.wait(dialog.fix_button.isEnabled)
    user.click(dialog.fix_button)
    user.settle()
    user.activate()
    assert user.toast() == ""  # one image, which the dialog had shown
    add_label(user, "dent")
    user.trigger("select_all")
    user.choose_label("dent")
    user.settle()
    assert user.toast() == "Label 17 images dent."
    add_label(user, "crack")
    assert user.toast() == ""


# Labels


def test_adding_a_label_is_undone_in_order_with_the_edits(user: Any, many: Workbench) -> None:
    first = many.browser.model.id_at(0)
    user.key(Qt.Key.Key_Home)
    user.key(Qt.Key.Key_1)
    add_label(user, "elm")
    assert labels_of(many) == ["oak", "elm"]
    user.key(Qt.Key.Key_2)
    user.settle()
    assert user.class_labels(first) == ["oak", "elm"]
    undo(user)
    assert labels_of(many) == ["oak", "elm"]
    undo(user)
    assert labels_of(many) == ["oak"]
    assert user.toast() == "Undone: Add Label elm."
    assert many.labeller.next_class == "oak"
    undo(user)
    assert user.class_labels(first) == []
    undo(user)
    assert labels_of(many) == []
    for _ in range(4):
        redo(user)
    assert labels_of(many) == ["oak", "elm"]
    assert user.class_labels(first) == ["oak", "elm"]


def test_a_new_label_given_to_boxes_is_one_step(user: Any, bench: Workbench) -> None:
    cat = user.open_image("cat.png")
    before, listed = user.boxes(cat), labels_of(bench)
    user.trigger("select_all")
    user.click(bench.labels.field)
    user.qtbot.keyClicks(bench.labels.field, "dent")
    user.key(Qt.Key.Key_Return)
    user.settle()
    assert {label for label, _ in user.boxes(cat)} == {"dent"}
    assert labels_of(bench) == [*listed, "dent"]
    undo(user)
    assert user.boxes(cat) == before
    assert labels_of(bench) == listed
    redo(user)
    assert {label for label, _ in user.boxes(cat)} == {"dent"}
    assert labels_of(bench) == [*listed, "dent"]


# What cannot be saved


@pytest.fixture
def refuse() -> Callable[[Workbench, bool], None]:
    """Have every write of the workspace fail, as on a disk that was mounted read-only, or not any more."""

    def switch(bench: Workbench, on: bool) -> None:
        state = "ON" if on else "OFF"
        bench.document.workspace._database._writer.execute(f"PRAGMA query_only = {state}")

    return switch


def test_what_cannot_be_saved_is_told_changes_nothing_and_can_be_tried_again(
    user: Any, bench: Workbench, refuse: Any
) -> None:
    fig = user.open_image("fig.jpg")
    before = user.boxes(fig)
    action, shown = user.window.actions_by_name["undo"], len(drawn(bench))

    refuse(bench, True)
    draw(user, (100, 100), (300, 250))
    assert "on fig.jpg was not done. " in user.toast()
    assert user.boxes(fig) == before
    assert len(drawn(bench)) == shown
    assert not action.isEnabled()

    refuse(bench, False)
    draw(user, (100, 100), (300, 250))
    assert len(user.boxes(fig)) == len(drawn(bench)) == shown + 1
    name = action.text()

    refuse(bench, True)
    for _ in range(2):
        undo(user)
        assert "on fig.jpg was not undone. " in user.toast()
        assert len(user.boxes(fig)) == len(drawn(bench)) == shown + 1
        assert action.isEnabled()
        assert action.text() == name
        assert not user.window.actions_by_name["redo"].isEnabled()

    refuse(bench, False)
    undo(user)
    assert user.boxes(fig) == before
    assert len(drawn(bench)) == shown

    refuse(bench, True)
    redo(user)
    assert "on fig.jpg was not done again. " in user.toast()
    assert user.boxes(fig) == before
    assert user.window.actions_by_name["redo"].isEnabled()
    refuse(bench, False)
    redo(user)
    assert len(drawn(bench)) == shown + 1


def test_a_label_that_cannot_be_saved_is_not_in_the_list(user: Any, many: Workbench, refuse: Any) -> None:
    refuse(many, True)
    add_label(user, "elm")
    assert user.toast().startswith("“Add Label elm” was not done. ")
    assert labels_of(many) == ["oak"]
    assert many.labeller.next_class == "oak"
    refuse(many, False)
    add_label(user, "elm")
    assert labels_of(many) == ["oak", "elm"]
    refuse(many, True)
    undo(user)
    assert labels_of(many) == ["oak", "elm"]
    refuse(many, False)
    undo(user)
    assert labels_of(many) == ["oak"]


def test_many_images_that_cannot_be_saved(user: Any, many: Workbench, refuse: Any) -> None:
    user.trigger("select_all")
    refuse(many, True)
    user.key(Qt.Key.Key_1)
    user.settle()
    assert user.toast().startswith("“Label 300 images oak” was not done. ")
    refuse(many, False)
    user.key(Qt.Key.Key_1)
    user.settle()
    assert len(many.document.workspace.ids(Filter(label="oak"))) == 300
    refuse(many, True)
    undo(user)
    assert user.toast().startswith("“Label 300 images oak” was not undone. ")
    assert len(many.document.workspace.ids(Filter(label="oak"))) == 300
    assert user.class_labels(many.browser.model.id_at(0)) == ["oak"]
    assert many.edit_bar.isHidden()
    refuse(many, False)
    undo(user)
    assert len(many.document.workspace.ids(Filter(label="oak"))) == 0


def test_what_cannot_be_saved_as_the_workspace_closes_is_told(
    user: Any, bench: Workbench, refuse: Any
) -> None:
    user.open_image("fig.jpg")
    refuse(bench, True)
    user.key(Qt.Key.Key_B)
    user.drag((100, 100), (300, 250))
    user.trigger("close")
    assert user.window.bench is None
    assert "on fig.jpg was not done. " in user.toast()


def test_a_toast_lies_over_whatever_is_shown_and_takes_no_focus(user: Any, bench: Workbench) -> None:
    user.go_to("pagoda.jpg")
    bench.gallery.setFocus()
    user.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    user.key(user.digit_of("building"))
    user.wait(lambda: user.toast() != "")
    user.key(Qt.Key.Key_Return)
    user.wait(lambda: bench.in_image_mode)
    user.settle()
    middle = bench.toast.mapTo(user.window, bench.toast.button.geometry().center())
    assert user.window.childAt(middle) is bench.toast.button
    bench.image.canvas.setFocus()
    user.click(bench.toast.button)
    user.settle()
    assert QApplication.focusWidget() is bench.image.canvas


def test_undoing_a_new_label_makes_the_former_one_current_again(user: Any, bench: Workbench) -> None:
    user.open_image("fig.jpg")
    user.choose_label("outdoor")
    assert bench.labels.current == "outdoor"
    add_label(user, "brand new")
    user.wait(lambda: bench.labels.current == "brand new")
    user.settle()
    index = bench.labels.list.currentIndex()
    assert bench.labels.list.viewport().rect().contains(bench.labels.list.visualRect(index))
    undo(user)
    user.wait(lambda: bench.labels.current == "outdoor")


# The history outlives the window


def test_what_was_done_before_the_window_was_closed_can_be_undone(user: Any, many: Workbench) -> None:
    path, digit = many.document.workspace.path, user.digit_of("oak")
    user.key(Qt.Key.Key_A, CTRL)
    user.key(digit)  # all 300
    user.settle()
    first = user.go_to("0.jpg")
    user.key(digit)  # and taken from one again
    user.settle()
    assert many.document.undo_stack.undo_text == "Remove oak from 1 image"
    user.window.close_workspace()

    again: Workbench = user.open(str(path))
    again.gallery.setFocus()
    assert user.class_labels(first) == []
    undo(user)
    assert user.class_labels(first) == ["oak"]
    assert again.document.undo_stack.undo_text == "Label 300 images oak"
    undo(user)
    assert again.document.workspace.counts().unlabelled == 300
    undo(user)  # the label itself
    assert labels_of(again) == []
    user.window.close_workspace()

    once_more: Workbench = user.open(str(path))
    once_more.gallery.setFocus()
    assert once_more.document.undo_stack.undo_text == ""
    redo(user)
    redo(user)
    assert once_more.document.workspace.counts().unlabelled == 0
    assert labels_of(once_more) == ["oak"]


def test_undoing_very_many_can_be_cancelled(user: Any, many: Workbench) -> None:
    user.key(Qt.Key.Key_A, CTRL)
    user.key(user.digit_of("oak"))
    user.settle()
    user.key(Qt.Key.Key_Z, CTRL)
    assert many.document.can_cancel
    many.document.cancel_long_edit()
    user.settle()
    assert many.document.workspace.counts().unlabelled in {0, 300}  # it may have been done already
    told = many.document.workspace.counts().unlabelled == 0
    assert many.document.undo_stack.undo_text == ("Label 300 images oak" if told else "Add Label oak")
    assert (user.toast() == "Cancelled. Nothing was changed.") == told
