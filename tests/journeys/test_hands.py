"""A command acts on what is highlighted, or not at all: Del, the current label, ranges, Esc, text fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel

from truthline.ui.gallery.search import SearchField
from truthline.ui.labels.questions import DeleteDialog, LabelDialog, RenameDialog

if TYPE_CHECKING:
    from pathlib import Path

    from truthline.ui.window.workbench import Workbench

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
BOXES = [("flower", (300, 200, 200, 150)), ("eye", (700, 500, 250, 200))]


@pytest.fixture
def bench(user: Any, manifest: Path, photos: Path, tmp_path: Path) -> Workbench:
    """The sample without a service, 17 images."""
    from truthline.ui.connect.wish import Wish  # noqa: PLC0415

    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.window.open_wish(Wish(str(copied), images_dir=str(photos)))
    return user.opened()  # type: ignore[no-any-return]


@pytest.fixture
def fig(user: Any, bench: Workbench) -> int:
    """An image on the canvas with two boxes drawn, none of them selected."""
    fig = user.open_image("fig.jpg")
    for label, (left, top, width, height) in BOXES:
        user.key(user.digit_of(label))
        user.key(Qt.Key.Key_B)
        user.drag((left, top), (left + width, top + height))
        user.key(Qt.Key.Key_V)
        user.key(Qt.Key.Key_Escape)
    user.settle()
    assert labels_of(user, fig) == ["flower", "eye"]
    assert bench.image.canvas.selected_boxes() == []
    return fig  # type: ignore[no-any-return]


def labels_of(user: Any, entry: Any) -> list[str]:
    return [label for label, _ in user.boxes(entry)]


def text(user: Any, name: str) -> str:
    return user.window.actions_by_name[name].text().replace("&&", "\0").replace("&", "").replace("\0", "&")  # type: ignore[no-any-return]


def shown_count(user: Any) -> str:
    texts = [label.text() for label in user.window.findChildren(QLabel)]
    (shown,) = [text for text in texts if re.match(r"[\d,]+ of [\d,]+ selected", text)]
    return shown  # type: ignore[no-any-return]


def click_tile(user: Any, row: int, modifiers: Qt.KeyboardModifier = NONE, view: Any = None) -> None:
    view = view or user.bench.gallery
    at = view.visualRect(user.bench.browser.model.index(row)).center()
    user.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifiers, at)


def selected_rows(user: Any) -> list[int]:
    model = user.bench.browser.model
    return [model.row_of(one) for one in user.bench.browser.selected]


# Del


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
@pytest.mark.parametrize("place", ["canvas", "labels", "entry", "filmstrip", "problems", "json", "filters"])
def test_delete_removes_the_selected_boxes_wherever_the_focus_is(
    user: Any, bench: Workbench, fig: int, place: str, key: Qt.Key
) -> None:
    labels = [label.name for label in bench.colours.labels]
    user.click_canvas(400, 275)
    assert text(user, "delete_boxes") == "Delete 1 Box"
    bench.drawer.setCurrentWidget(bench.json_line if place == "json" else bench.problems)
    {
        "canvas": bench.image.canvas,
        "labels": bench.labels.list,
        "entry": bench.entry.tree,
        "filmstrip": bench.image.filmstrip,
        "problems": bench.problems.view,
        "json": bench.json_line.text,
        "filters": bench.filters.tree,
    }[place].setFocus()
    user.key(key)
    assert labels_of(user, fig) == ["eye"]
    user.settle()
    assert bench.findChildren(DeleteDialog) == []
    assert [label.name for label in bench.colours.labels] == labels
    assert text(user, "delete_boxes") == "Delete Selected Boxes"
    user.key(key)
    user.settle()
    assert labels_of(user, fig) == ["eye"]
    assert bench.findChildren(LabelDialog) == []
    user.key(Qt.Key.Key_Z, CTRL)
    assert labels_of(user, fig) == ["flower", "eye"]


def test_delete_leaves_a_chosen_image_level_label_alone(user: Any, bench: Workbench, fig: int) -> None:
    user.key(user.digit_of("outdoor"), SHIFT)
    user.settle()
    tree = bench.entry.tree
    user.click_row(tree, tree.indexFromItem(tree.topLevelItem(0).child(0)))  # type: ignore[arg-type, union-attr]
    user.key(Qt.Key.Key_Delete)
    user.settle()
    assert user.class_labels(fig) == ["outdoor"]
    assert labels_of(user, fig) == ["flower", "eye"]


def test_delete_does_nothing_in_the_gallery(user: Any, bench: Workbench, fig: int) -> None:
    user.click_canvas(400, 275)
    user.key(Qt.Key.Key_G)
    assert not bench.in_image_mode
    before = bench.document.undo_stack.index()
    for view in (bench.gallery, bench.labels.list, bench.entry.tree, bench.filters.tree):
        view.setFocus()
        for key, modifiers in (
            (Qt.Key.Key_Delete, NONE),
            (Qt.Key.Key_Backspace, NONE),
            (Qt.Key.Key_Delete, CTRL),
        ):
            user.key(key, modifiers)
    user.settle()
    assert bench.document.undo_stack.index() == before
    assert not [
        window for window in QApplication.topLevelWidgets() if window.isVisible() and window.isModal()
    ]


def test_delete_in_the_middle_of_a_drag_waits_for_its_end(user: Any, bench: Workbench, fig: int) -> None:
    port = bench.image.canvas.viewport()
    user.qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=user.at(400, 275))
    user.qtbot.mouseMove(port, user.at(420, 285))
    user.qtbot.mouseMove(port, user.at(440, 295))
    user.key(Qt.Key.Key_Delete)
    user.qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=user.at(440, 295))
    user.settle()
    assert labels_of(user, fig) == ["flower", "eye"]
    assert user.boxes(fig)[0][1][0] > 320


# One current label


def highlighted(bench: Workbench) -> list[str]:
    """The labels that are drawn as chosen, by the accent at their left edge."""
    from PySide6.QtGui import QColor  # noqa: PLC0415

    from truthline.ui.kit import theme  # noqa: PLC0415

    view = bench.labels.list
    picture = view.viewport().grab().toImage()
    indexes = [view.model().index(row, 0) for row in range(view.model().rowCount())]
    middles = [(view.visualRect(index).center().y(), index.data()) for index in indexes]
    accent = QColor(theme.tokens().accent)
    return [
        name
        for middle, name in middles
        if 0 <= middle < picture.height() and picture.pixelColor(1, middle) == accent
    ]


def test_commands_on_a_label_are_about_the_one_highlighted(user: Any, bench: Workbench, fig: int) -> None:
    def all_say(label: str) -> None:
        assert highlighted(bench) == [label]
        assert bench.labeller.next_class == bench.labels.current == label
        assert text(user, "rename_label") == f"Rename “{label}”…"
        assert text(user, "merge_label") == f"Merge “{label}” into…"
        assert text(user, "colour_label") == f"Change Colour of “{label}”…"
        assert text(user, "delete_label") == f"Delete “{label}” from All Images…"

    all_say("eye")
    user.key(user.digit_of("flower"))
    all_say("flower")
    bench.labels.list.setFocus()
    user.key(Qt.Key.Key_Down)
    after = [label.name for label in bench.colours.labels]
    all_say(after[after.index("flower") + 1])
    user.choose_label("eye")
    all_say("eye")
    bench.image.canvas.setFocus()
    user.key(Qt.Key.Key_F2)
    dialog = user.dialog(RenameDialog)
    assert "“eye”" in dialog.question.text()
    dialog.field.setText("nuts & bolts " + "x" * 100)
    user.wait(dialog.go.isEnabled)
    user.click(dialog.go)
    user.settle()
    user.activate()
    assert highlighted(bench) == ["nuts & bolts " + "x" * 100]
    said = text(user, "rename_label")
    assert said.startswith("Rename “nuts & bolts ")
    assert len(said) < 60
    user.trigger("undo")
    user.settle()
    all_say("eye")
    user.key(Qt.Key.Key_G)
    user.key(user.digit_of("outdoor"))
    all_say("outdoor")


def test_without_labels_the_commands_on_them_are_disabled(user: Any, photos: Path) -> None:
    from truthline.ui.connect.wish import Wish  # noqa: PLC0415

    user.window.open_wish(Wish(str(photos), target="s3://leaves/photos"))
    bench = user.opened()
    names = ("rename_label", "merge_label", "colour_label", "delete_label")
    assert not any(user.window.actions_by_name[name].isEnabled() for name in names)
    assert text(user, "rename_label") == "Rename Label…"
    user.key(Qt.Key.Key_L)
    user.qtbot.keyClicks(QApplication.focusWidget(), "fig")
    user.key(Qt.Key.Key_Return)
    user.settle()
    enabled = [user.window.actions_by_name[name].isEnabled() for name in names]
    assert enabled == [True, False, True, True]  # there is none to merge it into
    assert highlighted(bench) == ["fig"]
    assert text(user, "rename_label") == "Rename “fig”…"


def test_a_group_of_problems_has_no_single_fix(user: Any, bench: Workbench) -> None:
    view = bench.problems.view
    code = next(
        place
        for place, group in enumerate(bench.problems.groups)
        if group.key == "ERROR_INVALID_BOUNDING_BOX"
    )
    group = view.model().index(code, 0)
    user.click_row(view, group)
    explained = bench.problems.explanation
    assert explained.fix_all_button.isVisible()
    assert not explained.fix_button.isVisible()
    view.setCurrentIndex(view.model().index(0, 0, group))
    assert explained.fix_button.isVisible()


# Ranges


def test_shift_selects_in_reading_order(user: Any, bench: Workbench) -> None:
    model = bench.browser.model
    tops = [bench.gallery.visualRect(model.index(row)).top() for row in range(model.rowCount())]
    columns = tops.count(tops[0])
    assert 2 < columns < 8
    assert shown_count(user) == "1 of 17 selected"
    click_tile(user, 1)
    click_tile(user, columns, SHIFT)
    assert selected_rows(user) == list(range(1, columns + 1))
    assert bench.browser.selection.runs == [(1, columns)]
    assert shown_count(user) == f"{columns} of 17 selected"
    click_tile(user, 3, SHIFT)  # from the same place, instead of what was
    assert selected_rows(user) == [1, 2, 3]
    click_tile(user, columns + 1, CTRL)
    click_tile(user, columns + 2, CTRL | SHIFT)
    assert selected_rows(user) == [1, 2, 3, columns + 1, columns + 2]
    assert text(user, "remove_images") == "Remove 5 Images…"
    click_tile(user, columns + 2)
    assert selected_rows(user) == [columns + 2]
    click_tile(user, columns, SHIFT)  # from the tile that was clicked, though it was current before
    assert selected_rows(user) == [columns, columns + 1, columns + 2]
    click_tile(user, 0)
    user.key(Qt.Key.Key_Down, SHIFT)
    assert selected_rows(user) == list(range(columns + 1))
    user.key(Qt.Key.Key_End, SHIFT)
    assert shown_count(user) == "17 of 17 selected"
    user.key(Qt.Key.Key_Up, SHIFT)
    assert bench.browser.selection.runs == [(0, 16 - columns)]
    user.key(Qt.Key.Key_Home, SHIFT)
    assert selected_rows(user) == [0]
    user.key(Qt.Key.Key_End, CTRL | SHIFT)
    user.key(Qt.Key.Key_Left, CTRL | SHIFT)
    assert shown_count(user) == "17 of 17 selected"
    assert len(bench.browser.selection.runs) == 1  # one range, not one a step


def test_a_shaking_hand_selects_no_rectangle(user: Any, bench: Workbench) -> None:
    click_tile(user, 1)
    port, model = bench.gallery.viewport(), bench.browser.model
    at = bench.gallery.visualRect(model.index(9)).center()
    user.qtbot.mousePress(port, Qt.MouseButton.LeftButton, SHIFT, at)
    user.qtbot.mouseMove(port, at + QPoint(3, 2))
    user.qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, SHIFT, at + QPoint(3, 2))
    assert selected_rows(user) == list(range(1, 10))


def test_the_count_of_the_selected_is_always_told(user: Any, bench: Workbench) -> None:
    corner = bench.gallery.visualRect(bench.browser.model.index(0)).topLeft()
    user.qtbot.mouseClick(bench.gallery.viewport(), Qt.MouseButton.LeftButton, pos=corner)
    assert shown_count(user) == "0 of 17 selected"
    assert text(user, "remove_images") == "Remove Images…"
    assert not user.window.actions_by_name["remove_images"].isEnabled()
    user.key(Qt.Key.Key_1)
    assert "No image is selected" in user.toast()
    assert bench.document.undo_stack.count() == 0
    user.key(Qt.Key.Key_A, CTRL)
    assert shown_count(user) == "17 of 17 selected"
    user.key(Qt.Key.Key_Return)
    assert bench.in_image_mode
    assert shown_count(user) == "17 of 17 selected"
    user.key(Qt.Key.Key_D)
    assert shown_count(user) == "1 of 17 selected"
    field = user.window.findChild(SearchField)
    user.trigger("find")
    user.qtbot.keyClicks(field, "fig")
    user.key(Qt.Key.Key_Return)
    user.wait(lambda: shown_count(user) == "1 of 1 selected · 17 in all")


def test_an_image_that_is_opened_is_what_is_selected(user: Any, bench: Workbench) -> None:
    click_tile(user, 2)
    click_tile(user, 4, CTRL)
    click_tile(user, 4, CTRL)  # taken away, and current
    assert selected_rows(user) == [2]
    user.key(Qt.Key.Key_Return)
    assert selected_rows(user) == [4]


def test_the_filmstrip_selects_ranges_too(user: Any, bench: Workbench) -> None:
    click_tile(user, 3)
    user.key(Qt.Key.Key_Return)
    user.settle()
    strip = bench.image.filmstrip
    click_tile(user, 6, SHIFT, strip)
    assert selected_rows(user) == [3, 4, 5, 6]
    assert bench.browser.current == bench.browser.model.id_at(6)
    assert shown_count(user) == "4 of 17 selected"
    strip.setFocus()
    user.key(Qt.Key.Key_Left, SHIFT)
    assert selected_rows(user) == [3, 4, 5]
    gap = QPoint(strip.visualRect(bench.browser.model.index(4)).left(), 40)
    user.qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=gap)
    assert selected_rows(user) == [3, 4, 5]


# Ctrl+A and Esc on the image


@pytest.mark.parametrize("place", ["canvas", "filmstrip", "labels"])
def test_select_all_on_the_image_selects_its_boxes(user: Any, bench: Workbench, fig: int, place: str) -> None:
    {
        "canvas": bench.image.canvas,
        "filmstrip": bench.image.filmstrip,
        "labels": bench.labels.list,
    }[place].setFocus()
    rows = selected_rows(user)
    user.key(Qt.Key.Key_A, CTRL)
    assert len(bench.image.canvas.selected_boxes()) == 2
    assert len(bench.entry.selected_boxes()) == 2
    assert selected_rows(user) == rows
    assert text(user, "select_all") == "Select All Boxes"
    assert text(user, "delete_boxes") == "Delete 2 Boxes"
    user.key(Qt.Key.Key_Delete)
    assert labels_of(user, fig) == []


@pytest.mark.parametrize("place", ["canvas", "filmstrip", "labels"])
def test_escape_ends_drawing_then_clears_the_selection_and_stays(
    user: Any, bench: Workbench, fig: int, place: str
) -> None:
    canvas = bench.image.canvas
    hint = bench.image._hint
    user.click_canvas(400, 275)
    user.key(Qt.Key.Key_B)
    assert "Esc ends drawing" in hint.text()
    {"canvas": canvas, "filmstrip": bench.image.filmstrip, "labels": bench.labels.list}[place].setFocus()
    user.key(Qt.Key.Key_Escape)
    assert not canvas.drawing
    assert len(canvas.selected_boxes()) == 1
    assert "Esc deselects" in hint.text()
    user.key(Qt.Key.Key_Escape)
    assert canvas.selected_boxes() == []
    user.key(Qt.Key.Key_Escape)
    user.key(Qt.Key.Key_Escape)
    assert bench.in_image_mode
    assert hint.text().startswith("G gallery")
    user.key(Qt.Key.Key_G)
    assert not bench.in_image_mode


def test_escape_gives_up_a_box_that_is_being_drawn(user: Any, bench: Workbench, fig: int) -> None:
    port = bench.image.canvas.viewport()
    user.key(Qt.Key.Key_B)
    user.qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=user.at(50, 50))
    user.qtbot.mouseMove(port, user.at(90, 90))
    user.qtbot.mouseMove(port, user.at(150, 150))
    user.key(Qt.Key.Key_Escape)
    assert bench.image.canvas.drawing
    user.qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=user.at(150, 150))
    assert labels_of(user, fig) == ["flower", "eye"]
    user.key(Qt.Key.Key_Escape)
    assert not bench.image.canvas.drawing
    assert bench.in_image_mode


# Adding a label, and other fields


def test_a_new_label_is_given_to_the_selected_boxes(user: Any, bench: Workbench, fig: int) -> None:
    user.click_canvas(400, 275)
    user.key(Qt.Key.Key_L)
    assert QApplication.focusWidget() is bench.labels.field
    user.qtbot.keyClicks(bench.labels.field, "leaf")
    user.key(Qt.Key.Key_Return)
    assert labels_of(user, fig) == ["leaf", "eye"]
    assert QApplication.focusWidget() is bench.image.canvas
    user.settle()
    assert bench.labels.current == "leaf"
    assert [box.label for box in bench.image.canvas.selected_boxes()] == ["leaf"]
    user.key(Qt.Key.Key_Z, CTRL)
    assert labels_of(user, fig) == ["flower", "eye"]
    user.key(Qt.Key.Key_L)  # one that there is already
    user.qtbot.keyClicks(bench.labels.field, "eye")
    user.key(Qt.Key.Key_Return)
    assert labels_of(user, fig) == ["eye", "eye"]


def test_a_new_label_is_the_current_one_where_no_box_is_selected(
    user: Any, bench: Workbench, fig: int
) -> None:
    user.key(Qt.Key.Key_L)
    user.qtbot.keyClicks(bench.labels.field, "leaf")
    user.key(Qt.Key.Key_Return)
    user.settle()
    assert labels_of(user, fig) == ["flower", "eye"]
    assert bench.labels.current == bench.labeller.next_class == "leaf"
    assert QApplication.focusWidget() is bench.image.canvas


@pytest.mark.parametrize("name", ["leaf", "outdoor"])
def test_adding_a_label_in_the_gallery_labels_no_image(user: Any, bench: Workbench, name: str) -> None:
    user.go_to("fig.jpg")
    bench.gallery.setFocus()
    user.key(user.digit_of("outdoor"))
    user.settle()
    fig = bench.browser.current
    user.key(Qt.Key.Key_L)
    user.qtbot.keyClicks(bench.labels.field, name)
    user.key(Qt.Key.Key_Return)
    user.settle()
    assert user.class_labels(fig) == ["outdoor"]
    assert bench.labels.current == name
    assert QApplication.focusWidget() is bench.gallery


@pytest.mark.parametrize("place", ["canvas", "entry", "labels"])
def test_escape_leaves_the_field_only(user: Any, bench: Workbench, fig: int, place: str) -> None:
    user.click_canvas(400, 275)
    was = {"canvas": bench.image.canvas, "entry": bench.entry.tree, "labels": bench.labels.list}[place]
    was.setFocus()
    for field, reach in (
        (bench.labels.field, lambda: user.key(Qt.Key.Key_L)),
        (user.window.findChild(SearchField), lambda: user.key(Qt.Key.Key_F, CTRL)),
        (
            bench.problems.search,
            lambda: user.qtbot.mouseClick(bench.problems.search, Qt.MouseButton.LeftButton),
        ),
    ):
        reach()  # type: ignore[no-untyped-call]
        assert QApplication.focusWidget() is field
        user.qtbot.keyClicks(field, "x")
        user.key(Qt.Key.Key_Escape)
        assert field.text() == ""  # type: ignore[union-attr]
        assert QApplication.focusWidget() is was
        assert len(bench.image.canvas.selected_boxes()) == 1
        assert bench.in_image_mode
    user.settle()
    assert "x" not in [label.name for label in bench.colours.labels]


def test_undo_in_an_empty_field_is_the_document_s(user: Any, bench: Workbench, fig: int) -> None:
    stack = bench.document.undo_stack
    for field in (bench.labels.field, user.window.findChild(SearchField), bench.problems.search):
        field.setFocus()
        user.qtbot.keyClicks(field, "ab")
        before = stack.index()
        user.key(Qt.Key.Key_Z, CTRL)
        assert stack.index() == before  # of what was typed
        assert field.text() == ""
        user.qtbot.keyClicks(field, "c")
        user.key(Qt.Key.Key_Backspace)
        user.key(Qt.Key.Key_Z, CTRL)
        assert stack.index() == before - 1
        assert field.text() == ""
        user.key(Qt.Key.Key_Z, CTRL | SHIFT)
        assert stack.index() == before
        user.key(Qt.Key.Key_Escape)
    bench.drawer.setCurrentWidget(bench.json_line)
    bench.json_line.text.setFocus()
    user.key(Qt.Key.Key_Z, CTRL)
    assert stack.index() == before - 1
