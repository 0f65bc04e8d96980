from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit

from truthline.ui.canvas.geometry import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.ui.canvas.view import Canvas
    from ui.canvas.conftest import Hand

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(params=[None, 1.0, 3.0])
def zoomed(request: pytest.FixtureRequest, canvas: Canvas) -> Canvas:
    """The same gestures fitted, at one to one, and close up."""
    if request.param:
        canvas.zoom_to(request.param)
        canvas.centre_on((120, 100))
    return canvas


# Drawing


@pytest.mark.parametrize(
    ("start", "end"),
    [((60, 50), (150, 120)), ((150, 120), (60, 50)), ((60, 120), (150, 50))],
    ids=["down", "up", "across"],
)
def test_a_drag_with_the_draw_tool_draws(
    zoomed: Canvas, hand: Hand, start: tuple[Any, ...], end: tuple[Any, ...]
) -> None:
    zoomed.set_drawing(True)
    hand.drag(start, end)
    (frame,) = hand.told["box_drawn"]
    assert abs(frame.left - 60) <= 1
    assert abs(frame.top - 50) <= 1
    assert abs(frame.width - 90) <= 2
    assert abs(frame.height - 70) <= 2
    assert all(isinstance(value, int) for value in (frame.left, frame.top, frame.width, frame.height))


def test_close_up_a_drag_sets_the_very_pixels(canvas: Canvas, hand: Hand) -> None:
    canvas.zoom_to(8)
    canvas.centre_on((100, 100))
    canvas.set_drawing(True)
    hand.drag((90, 95), (103, 107))
    assert hand.told["box_drawn"] == [Frame(90, 95, 13, 12)]


def test_drawing_over_the_edge_stops_at_the_edge(canvas: Canvas, hand: Hand) -> None:
    canvas.zoom_to(1)
    canvas.set_drawing(True)
    hand.drag((350, 250), (480, 340))
    hand.drag((-30, -30), (20, 25))
    assert hand.told["box_drawn"] == [Frame(350, 250, 50, 50), Frame(0, 0, 20, 25)]


def test_drawing_outside_the_image_draws_nothing(canvas: Canvas, hand: Hand) -> None:
    canvas.zoom_to(1)
    canvas.set_drawing(True)
    hand.drag((-60, 10), (-20, 100))
    assert hand.told["box_drawn"] == []


def test_a_drag_under_three_pixels_is_a_click(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 100, 100))])
    canvas.set_drawing(True)
    view, at = canvas.viewport(), hand.at(80, 80)
    hand.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    hand.qtbot.mouseMove(view, at + QPoint(2, 2))
    hand.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + QPoint(2, 2))
    assert hand.told["box_drawn"] == []
    assert hand.selected == [0]


def test_a_drag_that_comes_back_draws_nothing(canvas: Canvas, hand: Hand) -> None:
    canvas.set_drawing(True)
    hand.press(50, 50)
    hand.move(150, 150)
    hand.move(50, 50)
    hand.release(50, 50)
    assert hand.told["box_drawn"] == []


def test_the_draw_tool_draws_over_boxes_too(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (20, 20, 300, 250))])
    canvas.set_drawing(True)
    hand.drag((60, 60), (160, 140))
    assert len(hand.told["box_drawn"]) == 1
    assert hand.told["boxes_reframed"] == []


def test_escape_gives_up_a_box_being_drawn_but_keeps_the_tool(canvas: Canvas, hand: Hand) -> None:
    canvas.set_drawing(True)
    hand.press(50, 50)
    hand.move(150, 150)
    hand.key(Qt.Key.Key_Escape)
    hand.release(150, 150)
    assert hand.told["box_drawn"] == []
    assert canvas.drawing


def test_size_and_class_are_written_at_the_pointer(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    canvas.set_class("bolt <b>", box(0, (0, 0, 1, 1)).colour)
    canvas.set_drawing(True)
    hand.move(50, 50)
    assert canvas._feedback.readout == "bolt <b>"
    assert canvas._feedback.crosshair
    hand.press(50, 50)
    hand.move(178, 146)
    assert canvas._feedback.readout == "bolt <b> · 128 \N{MULTIPLICATION SIGN} 96 px"
    hand.release(178, 146)
    canvas.set_drawing(False)
    assert canvas._feedback.readout == ""
    assert not canvas._feedback.crosshair


# Selecting


def test_a_click_selects_the_smallest_and_the_next_clicks_go_round(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes(
        [
            box(0, (0, 0, 300, 250)),
            box(1, (50, 50, 60, 60)),
            box(2, (40, 40, 120, 120)),
            box(3, (350, 10, 9, 9)),
        ]
    )
    seen = []
    for _ in range(4):
        hand.click(80, 80)
        seen += hand.selected
    assert seen == [1, 2, 0, 1]


def test_two_quick_clicks_go_round_as_well(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (0, 0, 300, 250)), box(1, (50, 50, 60, 60))])
    hand.click(80, 80)
    hand.qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=hand.at(80, 80))
    hand.release(80, 80)
    assert hand.selected == [0]


@pytest.mark.parametrize("modifier", [SHIFT, CONTROL])
def test_a_click_with_a_modifier_toggles(
    canvas: Canvas, hand: Hand, box: Callable[..., Any], modifier: Qt.KeyboardModifier
) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50)), box(1, (100, 10, 50, 50))])
    hand.click(30, 30)
    hand.click(120, 30, modifier)
    assert hand.selected == [0, 1]
    hand.click(30, 30, modifier)
    assert hand.selected == [1]


def test_a_click_beside_the_boxes_clears_the_selection(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50))])
    hand.click(30, 30)
    hand.click(300, 200)
    assert hand.selected == []


def test_a_rubber_band_selects_what_it_touches(zoomed: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    zoomed.set_boxes([box(0, (70, 60, 30, 30)), box(1, (120, 60, 30, 30)), box(2, (300, 200, 30, 30))])
    hand.drag((60, 110), (130, 80))
    assert hand.selected == [0, 1]


def test_a_rubber_band_with_shift_adds_even_from_within_a_box(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (0, 0, 300, 280)), box(1, (100, 100, 20, 20)), box(2, (350, 10, 30, 30))])
    canvas.select_boxes([("boxes", 2)])
    hand.drag((90, 90), (150, 150), SHIFT)
    assert hand.selected == [1, 2]
    assert hand.told["boxes_reframed"] == []


def test_escape_gives_up_a_rubber_band(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50)), box(1, (100, 10, 50, 50))])
    canvas.select_boxes([("boxes", 0)])
    hand.press(200, 200)
    hand.move(90, 5)
    assert hand.selected == [1]
    hand.key(Qt.Key.Key_Escape)
    hand.release(90, 5)
    assert hand.selected == [0]


def test_tab_walks_the_boxes_round_and_round(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(index, (20 * index, 10, 10, 10)) for index in range(3)])
    seen = []
    for _ in range(4):
        hand.key(Qt.Key.Key_Tab)
        seen += hand.selected
    hand.key(Qt.Key.Key_Backtab, SHIFT)
    assert seen + hand.selected == [0, 1, 2, 0, 2]


def test_backwards_from_nothing_is_the_last(canvas: Canvas, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(index, (20 * index, 10, 10, 10)) for index in range(3)])
    canvas.select_next(-1)
    assert canvas.selected_boxes()[0].index == 2


def test_escape_clears_the_selection_and_then_goes_up(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50))])
    canvas.select_boxes([("boxes", 0)])
    hand.key(Qt.Key.Key_Escape)
    assert hand.selected == []
    assert not took(canvas, Qt.Key.Key_Escape)


def test_escape_puts_the_draw_tool_down_before_it_clears_the_selection(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50))])
    canvas.select_all()
    canvas.set_drawing(True)
    assert "Esc ends drawing" in canvas.hint
    hand.key(Qt.Key.Key_Escape)
    assert not canvas.drawing
    assert hand.selected == [0]
    assert "Esc deselects" in canvas.hint
    hand.key(Qt.Key.Key_Escape)
    assert hand.selected == []


def test_the_right_button_selects_for_a_menu_but_keeps_a_selection_it_hits(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50)), box(1, (100, 10, 50, 50))])
    hand.press(30, 30, button=Qt.MouseButton.RightButton)
    assert hand.selected == [0]
    canvas.select_boxes([("boxes", 0), ("boxes", 1)])
    hand.press(120, 30, button=Qt.MouseButton.RightButton)
    assert hand.selected == [0, 1]


# Moving and resizing


def test_a_drag_moves_a_box_and_tells_it_once(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    hand.drag((70, 70), (95, 60))
    assert hand.reframed == [[(0, Frame(75, 40, 60, 40))]]
    (change,) = hand.told["boxes_reframed"]
    assert change[0][0].frame == Frame(50, 50, 60, 40)
    assert canvas.selected_boxes()[0].frame == Frame(75, 40, 60, 40)


def test_a_box_stops_at_the_edge(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    hand.drag((70, 70), (-200, 600))
    assert hand.reframed == [[(0, Frame(0, 260, 60, 40))]]


def test_selected_boxes_move_together_without_the_read_only_ones(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes(
        [box(0, (50, 50, 20, 20)), box(1, (100, 50, 20, 20)), box(2, (150, 50, 20, 20), editable=False)]
    )
    canvas.select_boxes([("boxes", index) for index in range(3)])
    hand.drag((60, 60), (70, 75))
    assert hand.reframed == [[(0, Frame(60, 65, 20, 20)), (1, Frame(110, 65, 20, 20))]]


def test_a_drag_on_an_unselected_box_moves_that_one_only(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 20, 20)), box(1, (100, 50, 20, 20))])
    canvas.select_boxes([("boxes", 0)])
    hand.drag((110, 60), (120, 60))
    assert hand.reframed == [[(1, Frame(110, 50, 20, 20))]]


def test_a_drag_moves_the_selected_box_from_under_a_smaller_one(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (20, 20, 200, 200)), box(1, (100, 100, 40, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.drag((115, 115), (120, 120))
    assert hand.reframed == [[(0, Frame(25, 25, 200, 200))]]


def test_a_read_only_box_stays(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 60), editable=False)])
    hand.drag((70, 70), (120, 120))
    hand.key(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_Delete)
    assert hand.selected == [0]
    assert hand.told["boxes_reframed"] == hand.told["boxes_deleted"] == []


def test_escape_puts_a_moved_box_back(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50.5, 50, 60, 40))])
    hand.press(70, 70)
    hand.move(120, 120)
    assert canvas._items["boxes", 0].frame != Frame(50.5, 50, 60, 40)
    hand.key(Qt.Key.Key_Escape)
    hand.move(140, 140)
    hand.release(140, 140)
    assert canvas._items["boxes", 0].frame == Frame(50.5, 50, 60, 40)
    assert hand.told["boxes_reframed"] == []
    assert hand.selected == [0]


def test_a_drag_to_where_it_was_tells_nothing(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    hand.press(70, 70)
    hand.move(120, 120)
    hand.move(70, 70)
    hand.release(70, 70)
    assert hand.told["boxes_reframed"] == []


@pytest.mark.parametrize(
    ("grip", "to", "frame"),
    [
        ((110, 90), (130, 100), Frame(50, 50, 80, 50)),
        ((50, 50), (40, 30), Frame(40, 30, 70, 60)),
        ((80, 50), (0, 40), Frame(50, 40, 60, 50)),
        ((110, 70), (99, 0), Frame(50, 50, 49, 40)),
        ((110, 90), (30, 20), Frame(30, 20, 20, 30)),
        ((110, 70), (20, 70), Frame(20, 50, 30, 40)),
        ((110, 90), (900, 900), Frame(50, 50, 350, 250)),
    ],
    ids=["corner", "other corner", "top", "right", "turned over", "turned over sideways", "to the edge"],
)
def test_a_handle_resizes(
    canvas: Canvas,
    hand: Hand,
    box: Callable[..., Any],
    grip: tuple[Any, ...],
    to: tuple[Any, ...],
    frame: Frame,
) -> None:
    canvas.zoom_to(2)
    canvas.centre_on((100, 80))
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.drag(grip, to)
    assert hand.reframed == [[(0, frame)]]


def test_a_handle_keeps_its_distance_from_the_pointer(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.drag((114, 93), (124, 103))
    assert hand.reframed == [[(0, Frame(50, 50, 70, 50))]]


@pytest.mark.parametrize(
    ("at", "shape"),
    [
        ((50, 50), Qt.CursorShape.SizeFDiagCursor),
        ((110, 50), Qt.CursorShape.SizeBDiagCursor),
        ((80, 50), Qt.CursorShape.SizeVerCursor),
        ((50, 70), Qt.CursorShape.SizeHorCursor),
        ((75, 65), Qt.CursorShape.SizeAllCursor),
        ((300, 200), Qt.CursorShape.ArrowCursor),
    ],
)
def test_the_cursor_says_what_a_press_would_do(
    canvas: Canvas, hand: Hand, box: Callable[..., Any], at: tuple[Any, ...], shape: Qt.CursorShape
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.move(*at)
    assert canvas.viewport().cursor().shape() == shape


def test_several_selected_boxes_have_no_handles(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 60, 40)), box(1, (150, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0), ("boxes", 1)])
    hand.drag((110, 90), (120, 95))
    assert hand.reframed == [[(0, Frame(60, 55, 60, 40)), (1, Frame(160, 55, 60, 40))]]


# Keys


@pytest.mark.parametrize(
    ("key", "modifiers", "frame"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, Frame(49, 50, 60, 40)),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, Frame(50, 51, 60, 40)),
        (Qt.Key.Key_Right, SHIFT, Frame(60, 50, 60, 40)),
        (Qt.Key.Key_Right, CONTROL, Frame(50, 50, 61, 40)),
        (Qt.Key.Key_Up, CONTROL | SHIFT, Frame(50, 50, 60, 30)),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.KeypadModifier, Frame(49, 50, 60, 40)),
    ],
)
def test_arrows_nudge_and_resize(
    canvas: Canvas,
    hand: Hand,
    box: Callable[..., Any],
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier,
    frame: Frame,
) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.key(key, modifiers)
    assert hand.reframed == [[(0, frame)]]


def repeat(canvas: Canvas, key: Qt.Key) -> None:
    for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
        event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "", True)
        QApplication.sendEvent(canvas, event)


def took(
    canvas: Canvas, key: Qt.Key | int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> bool:
    event = QKeyEvent(QEvent.Type.KeyPress, key, modifiers)
    event.ignore()
    canvas.keyPressEvent(event)
    return event.isAccepted()


def test_a_burst_of_nudges_is_told_when_the_last_key_is_up(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.key_down(Qt.Key.Key_Right)
    for _ in range(5):
        repeat(canvas, Qt.Key.Key_Right)
    hand.key_down(Qt.Key.Key_Down)
    hand.key_up(Qt.Key.Key_Right)
    assert hand.reframed == []
    assert canvas._feedback.readout == "60 \N{MULTIPLICATION SIGN} 40 px at 56, 51"
    hand.key_up(Qt.Key.Key_Down)
    assert hand.reframed == [[(0, Frame(56, 51, 60, 40))]]


def test_losing_the_focus_ends_a_burst(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.key_down(Qt.Key.Key_Right)
    canvas.clearFocus()
    assert hand.reframed == [[(0, Frame(51, 50, 60, 40))]]


def test_escape_takes_a_burst_back(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.key_down(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_Escape)
    hand.key_up(Qt.Key.Key_Right)
    assert hand.reframed == []
    assert canvas._items["boxes", 0].frame == Frame(50, 50, 60, 40)


@pytest.mark.parametrize("key", [Qt.Key.Key_PageDown, Qt.Key.Key_1, Qt.Key.Key_Delete])
def test_another_key_ends_a_burst_first(
    canvas: Canvas, hand: Hand, box: Callable[..., Any], key: Qt.Key
) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.key_down(Qt.Key.Key_Right)
    hand.key_down(key)
    assert hand.reframed == [[(0, Frame(51, 50, 60, 40))]]


def test_finishing_from_outside_keeps_nudges_and_gives_up_drags(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    hand.key_down(Qt.Key.Key_Right)
    canvas.finish_gesture()
    assert hand.reframed == [[(0, Frame(51, 50, 60, 40))]]
    hand.press(70, 70)
    hand.move(90, 90)
    canvas.finish_gesture()
    hand.release(90, 90)
    assert len(hand.reframed) == 1


def test_a_shortcut_of_the_window_ends_a_burst_first(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    seen = []
    action = QAction(canvas)
    action.setShortcut(QKeySequence(Qt.Key.Key_PageDown))
    action.triggered.connect(lambda: seen.extend(hand.reframed))
    canvas.addAction(action)
    hand.key_down(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_PageDown)
    assert seen == [[(0, Frame(51, 50, 60, 40))]]


def test_the_canvas_comes_before_shortcuts_of_the_window_while_it_has_use_for_the_key(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    seen = []
    action = QAction(canvas)
    action.setShortcut(QKeySequence(Qt.Key.Key_Right))
    action.triggered.connect(lambda: seen.append("next image"))
    canvas.addAction(action)
    hand.key(Qt.Key.Key_Right)
    canvas.select_boxes([("boxes", 0)])
    hand.key(Qt.Key.Key_Right)
    assert seen == ["next image"]
    assert len(hand.reframed) == 1


def test_tab_waits_for_the_end_of_a_drag(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40)), box(1, (200, 50, 60, 40))])
    hand.press(70, 70)
    hand.move(90, 90)
    hand.key(Qt.Key.Key_Tab)
    assert hand.selected == [0]
    assert canvas.hasFocus()


def test_control_and_tab_leave_the_canvas(hand: Hand, canvas: Canvas, box: Callable[..., Any]) -> None:
    inside = QLineEdit(canvas)
    inside.show()
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    hand.key(Qt.Key.Key_Tab)
    assert canvas.hasFocus()
    hand.key(Qt.Key.Key_Tab, CONTROL)
    assert inside.hasFocus()


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_tells_once_and_selects_no_neighbour(
    canvas: Canvas, hand: Hand, box: Callable[..., Any], key: Qt.Key
) -> None:
    boxes = [box(index, (20 * index, 10, 10, 10)) for index in range(3)]
    canvas.set_boxes(boxes)
    canvas.select_boxes([("boxes", 1)])
    hand.key(key)
    canvas.set_boxes([boxes[0], replace(boxes[2], index=1)])
    hand.key(key)
    assert hand.told["boxes_deleted"] == [[boxes[1]]]
    assert hand.selected == []


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [
        (Qt.Key.Key_1, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_1, SHIFT),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_N, CONTROL),
        (0x0416, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_keys_without_use_go_up(canvas: Canvas, key: Qt.Key | int, modifiers: Qt.KeyboardModifier) -> None:
    assert not took(canvas, key, modifiers)


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier),
        (Qt.Key.Key_Escape, SHIFT),
        (Qt.Key.Key_Delete, CONTROL),
        (Qt.Key.Key_5, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_other_keys_go_up_even_with_a_selection(
    canvas: Canvas, box: Callable[..., Any], key: Qt.Key, modifiers: Qt.KeyboardModifier
) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    assert not took(canvas, key, modifiers)


def test_no_key_is_taken_while_there_is_no_image(canvas: Canvas, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    canvas.select_boxes([("boxes", 0)])
    canvas.show_message("Loading", "")
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Right, Qt.Key.Key_N, Qt.Key.Key_Space, Qt.Key.Key_Escape):
        assert not took(canvas, key)


# Gestures and new data


def test_boxes_that_come_in_the_middle_of_a_drag_leave_it_alone(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    boxes = [box(0, (50, 50, 60, 40)), box(1, (200, 50, 20, 20))]
    canvas.set_boxes(boxes)
    hand.press(70, 70)
    hand.move(90, 90)
    canvas.set_boxes([replace(boxes[0], wrong="Too small."), boxes[1]])
    assert canvas._items["boxes", 0].frame == Frame(70, 70, 60, 40)
    hand.release(90, 90)
    assert hand.reframed == [[(0, Frame(70, 70, 60, 40))]]


def test_a_drag_ends_when_its_box_is_changed_from_elsewhere(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    hand.press(70, 70)
    hand.move(90, 90)
    canvas.set_boxes([box(0, (10, 10, 60, 40))])
    hand.release(90, 90)
    assert hand.reframed == []
    assert canvas._items["boxes", 0].frame == Frame(10, 10, 60, 40)


def test_a_drag_ends_when_its_box_is_gone(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 60, 40))])
    hand.press(70, 70)
    hand.move(90, 90)
    canvas.set_boxes([])
    hand.move(100, 100)
    hand.release(100, 100)
    assert hand.reframed == []


def test_another_image_ends_a_drag_and_the_full_one_does_not(canvas: Canvas, hand: Hand) -> None:
    canvas.set_drawing(True)
    hand.press(50, 50)
    hand.move(150, 150)
    canvas.show_image(None, QSize(400, 300), keep_view=True)
    hand.move(160, 150)
    hand.release(160, 150)
    assert len(hand.told["box_drawn"]) == 1
    hand.press(50, 50)
    hand.move(150, 150)
    canvas.show_image(None, QSize(400, 300))
    hand.release(150, 150)
    assert len(hand.told["box_drawn"]) == 1
