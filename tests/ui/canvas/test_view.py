from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip

from present import present
from truthline.ui.canvas.view import Canvas, Frame
from truthline.ui.kit.theme import LABEL_COLOURS, apply_theme, readable_on, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from ui.canvas.conftest import Hand

RED = "#ff0000"


def filled(width: int, height: int, colour: str = "#808080") -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def turn_wheel(
    canvas: Canvas,
    at: QPoint,
    *,
    angle: int = 0,
    pixels: int = 0,
    phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
    modifiers: Qt.KeyboardModifier | None = None,
) -> None:
    event = QWheelEvent(
        QPointF(at),
        canvas.viewport().mapToGlobal(QPointF(at)),
        QPoint(0, pixels),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        modifiers or Qt.KeyboardModifier.NoModifier,
        phase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)


def colours(canvas: Canvas, points: list[tuple[Any, ...]]) -> list[str]:
    shown = canvas.viewport().grab().toImage()
    return [shown.pixelColor(canvas.view_point(point).toPoint()).name() for point in points]


# Zoom and pan


def test_the_image_is_shown_as_large_as_fits_and_stays_so(canvas: Canvas) -> None:
    before = canvas.zoom
    assert 400 * before <= canvas.viewport().width()
    assert 300 * before <= canvas.viewport().height()
    canvas.resize(404, 504)
    assert canvas.zoom < before
    assert canvas.fitted
    middle = canvas.view_point((200, 150)) - QPointF(canvas.viewport().rect().center())
    assert middle.manhattanLength() <= 2


def test_a_zoom_by_hand_survives_a_resize(canvas: Canvas) -> None:
    canvas.zoom_to(1)
    canvas.resize(404, 504)
    assert canvas.zoom == 1
    canvas.resize(1200, 900)
    canvas.centre_on((0, 0))
    assert canvas.view_point((0, 0)).toPoint() == canvas.viewport().rect().center()
    canvas.fit()
    assert canvas.fitted


@pytest.mark.parametrize("modifiers", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier])
def test_the_wheel_zooms_to_the_cursor(canvas: Canvas, hand: Hand, modifiers: Qt.KeyboardModifier) -> None:
    at = QPoint(200, 170)
    before, under = canvas.zoom, canvas.image_point(at)
    for _ in range(4):
        turn_wheel(canvas, at, angle=120, modifiers=modifiers)
    assert canvas.zoom > before * 1.5
    assert canvas.image_point(at) == pytest.approx(under, abs=1.5)
    assert hand.told["zoom_changed"][-1] == canvas.zoom
    for _ in range(4):
        turn_wheel(canvas, at, angle=-120)
    assert canvas.zoom == pytest.approx(before)


def test_a_touch_pad_zooms_by_small_steps_and_does_not_run_on(canvas: Canvas) -> None:
    before = canvas.zoom
    turn_wheel(canvas, QPoint(100, 100), angle=8, pixels=4, phase=Qt.ScrollPhase.ScrollUpdate)
    assert before < canvas.zoom < before * 1.05
    after = canvas.zoom
    turn_wheel(canvas, QPoint(100, 100), angle=80, pixels=40, phase=Qt.ScrollPhase.ScrollMomentum)
    assert canvas.zoom == after


def test_zoom_has_limits(canvas: Canvas) -> None:
    fit = canvas.zoom
    canvas.zoom_to(1000)
    assert canvas.zoom == 40
    canvas.zoom_to(0.0001)
    assert canvas.zoom == pytest.approx(fit / 2)


def test_one_to_one_is_within_the_limits_of_a_small_image(canvas: Canvas) -> None:
    canvas.show_image(filled(20, 20), QSize(20, 20))
    assert canvas.zoom > 10
    canvas.zoom_to(1.0)
    assert canvas.zoom == 1.0


@pytest.mark.parametrize("way", ["middle button", "space"])
def test_the_image_is_panned(canvas: Canvas, hand: Hand, way: str) -> None:
    canvas.zoom_to(4)
    before = canvas.view_point((200, 150))
    button = Qt.MouseButton.MiddleButton if way == "middle button" else Qt.MouseButton.LeftButton
    if way == "space":
        hand.key_down(Qt.Key.Key_Space)
        assert canvas.viewport().cursor().shape() == Qt.CursorShape.OpenHandCursor
    view = canvas.viewport()
    hand.qtbot.mousePress(view, button, pos=QPoint(300, 200))
    hand.qtbot.mouseMove(view, QPoint(340, 180))
    hand.qtbot.mouseRelease(view, button, pos=QPoint(340, 180))
    assert canvas.view_point((200, 150)) - before == QPointF(40, -20)
    if way == "space":
        hand.key_up(Qt.Key.Key_Space)
    hand.qtbot.mouseMove(view, QPoint(100, 100))
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor
    assert canvas.view_point((200, 150)) - before == QPointF(40, -20)


def test_zooming_in_the_middle_of_a_drag_keeps_its_start(canvas: Canvas, hand: Hand) -> None:
    canvas.zoom_to(1)
    canvas.set_drawing(True)
    hand.press(100, 100)
    hand.move(150, 150)
    turn_wheel(canvas, hand.at(150, 150), angle=240)
    hand.move(160, 170)
    hand.release(160, 170)
    (frame,) = hand.told["box_drawn"]
    assert (frame.left, frame.top) == (100, 100)
    assert abs(frame.right - 160) <= 1
    assert abs(frame.bottom - 170) <= 1


# Images


def test_the_full_image_replaces_its_preview_without_a_move(canvas: Canvas) -> None:
    canvas.show_image(filled(40, 30), QSize(400, 300))
    canvas.zoom_to(3, QPointF(100, 100))
    zoom, corner = canvas.zoom, canvas.view_point((0, 0))
    canvas.show_image(filled(400, 300, RED), QSize(400, 300), keep_view=True)
    assert (canvas.zoom, canvas.view_point((0, 0))) == (zoom, corner)
    assert colours(canvas, [(100, 100)]) == [RED]


def test_a_preview_is_stretched_over_the_whole_image(canvas: Canvas) -> None:
    canvas.show_image(filled(40, 30, RED), QSize(400, 300))
    assert colours(canvas, [(2, 2), (397, 297)]) == [RED, RED]


@pytest.mark.parametrize(("zoom", "sharp"), [(1.0, False), (2.0, False), (6.0, True)])
def test_pixels_are_shown_as_squares_close_up_only(canvas: Canvas, zoom: float, sharp: bool) -> None:
    image = filled(400, 300, "#000000")
    image.setPixelColor(200, 150, QColor("#ffffff"))
    canvas.show_image(image, QSize(400, 300))
    canvas.zoom_to(zoom)
    mode = canvas._picture.transformationMode()
    assert (mode == Qt.TransformationMode.FastTransformation) is sharp
    if sharp:
        canvas.centre_on((200, 150))
        assert colours(canvas, [(200.2, 150.2), (200.8, 150.8)]) == ["#ffffff", "#ffffff"]


def test_an_image_whose_pixels_are_still_to_come_can_be_drawn_on(canvas: Canvas, hand: Hand) -> None:
    canvas.show_image(None, QSize(400, 300))
    canvas.zoom_to(1)
    canvas.set_drawing(True)
    hand.drag((10, 10), (60, 50))
    assert hand.told["box_drawn"] == [Frame(10, 10, 50, 40)]


def test_a_message_is_plain_text_and_stops_gestures(canvas: Canvas, hand: Hand) -> None:
    canvas.set_drawing(True)
    canvas.show_message("This image cannot be shown", "<b>bolt</b>.png ends after 12 of 40 rows.")
    labels = [canvas._message._title, canvas._message._detail]
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)
    assert canvas._message.isVisible()
    assert canvas.hint == ""
    hand.drag((10, 10), (60, 50))
    assert hand.told["box_drawn"] == []
    canvas.show_image(filled(400, 300, RED), QSize(400, 300))
    assert not canvas._message.isVisible()
    assert colours(canvas, [(200, 150)]) == [RED]


def test_a_canvas_without_an_image_bears_every_gesture(qtbot: QtBot) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.show()
    canvas.fit()
    canvas.zoom_to(1)
    canvas.zoom_by(2)
    canvas.select_next(1)
    canvas.blink(("boxes", 0))
    canvas.show_image(None, QSize())
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton)
    assert not canvas.has_image


def test_the_pointer_is_told_in_image_pixels(canvas: Canvas, hand: Hand) -> None:
    canvas.zoom_to(10)
    canvas.centre_on((10, 10))
    hand.move(10.4, 12.6)
    hand.move(10.6, 12.4)
    hand.move(-3, 5)
    assert hand.told["pointer_moved"] == [QPoint(10, 12)]
    assert hand.left == 1
    hand.move(3, 5)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    QApplication.sendEvent(canvas.viewport(), QEvent(QEvent.Type.Leave))
    assert hand.left == 2


# Boxes


def test_selection_lives_on_through_new_boxes(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50)), box(1, (100, 10, 50, 50))])
    canvas.select_boxes([("boxes", 1)])
    item = canvas._items["boxes", 1]
    canvas.set_boxes([box(1, (90, 20, 50, 50), "nut"), box(0, (10, 10, 50, 50)), box(2, (0, 0, 5, 5))])
    assert canvas._items["boxes", 1] is item
    assert [chosen.label for chosen in canvas.selected_boxes()] == ["nut"]
    assert len(hand.told["selection_changed"]) == 1
    canvas.set_boxes([box(0, (10, 10, 50, 50))])
    assert hand.told["selection_changed"][-1] == []


def test_selecting_the_same_again_tells_nothing(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (10, 10, 50, 50))])
    canvas.select_boxes([("boxes", 0)])
    canvas.select_boxes([("boxes", 0), ("boxes", 7)])
    assert len(hand.told["selection_changed"]) == 1


def test_frames_of_files_are_drawn_as_they_are(canvas: Canvas, box: Callable[..., Any]) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (-30.5, -20, 100.25, 60), "", wrong="")])
    assert canvas._items["boxes", 0].frame == Frame(-30.5, -20, 100.25, 60)
    assert colours(canvas, [(-30, 20)]) == ["#e69f00"]


def test_numbers_too_large_for_a_screen_are_borne(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.set_boxes(
        [box(0, (-1e300, 5, 1e308, 1e308)), box(1, (1e200, 1e200, 5, 5)), box(2, (50, 50, -20, -20))]
    )
    canvas.select_boxes([("boxes", 1)])
    canvas.blink(("boxes", 0))
    hand.key(Qt.Key.Key_Right)
    hand.move(10, 10)
    canvas.zoom_to(40)
    assert not canvas.viewport().grab().isNull()
    assert hand.reframed == [[(1, Frame(395, 295, 5, 5))]]


def in_the_window(canvas: Canvas) -> QImage:
    shown = QApplication.primaryScreen().grabWindow(canvas.winId()).toImage()
    return shown.convertToFormat(QImage.Format.Format_RGB32)


def painted_afresh(canvas: Canvas) -> QImage:
    return canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


@pytest.mark.parametrize("zoom", [0.09, 0.15, 0.31, 1.0, 2.7])
def test_gestures_leave_no_trails(canvas: Canvas, hand: Hand, box: Callable[..., Any], zoom: float) -> None:
    """What the partial repaints left in the window is what a full repaint shows."""
    canvas.show_image(filled(4000, 3000), QSize(4000, 3000))
    canvas.zoom_to(zoom)
    far = 100 / zoom
    canvas.centre_on((2000, 1500))
    canvas.set_boxes(
        [
            box(0, (2000, 1500, far, far), wrong="Too small."),
            box(1, (2000 - far, 1500, far, far), editable=False),
        ]
    )
    canvas.set_class("nut", QColor(RED))
    QApplication.processEvents()
    for drawing in (False, True):
        canvas.set_drawing(drawing)
        hand.press(2000 + far / 2, 1500 + far / 2)
        for step in range(12):
            hand.move(2000 + far / 2 + far * step / 17, 1500 + far / 2 - far * step / 13)
            QApplication.processEvents()
        assert in_the_window(canvas) == painted_afresh(canvas)
        canvas.zoom_by(1.1)
        QApplication.processEvents()
        for _ in range(3):
            hand.move(2000, 1500)
            canvas.pan_by(7, -5)
            QApplication.processEvents()
        assert in_the_window(canvas) == painted_afresh(canvas)
        hand.key(Qt.Key.Key_Escape)


@pytest.mark.parametrize(("zoom", "shown"), [(1.0, True), (0.2, False)])
def test_tags_of_boxes_tiny_on_the_screen_are_left_out(
    canvas: Canvas, box: Callable[..., Any], zoom: float, shown: bool
) -> None:
    canvas.show_image(None, QSize(2000, 1500))
    canvas.zoom_to(zoom)
    canvas.set_boxes([box(0, (100, 100, 60, 60))])
    assert (canvas._items["boxes", 0].tag is not None) is shown
    canvas.select_boxes([("boxes", 0)])
    assert canvas._items["boxes", 0].tag is not None


def test_in_a_crowd_only_those_that_matter_have_tags(
    canvas: Canvas, hand: Hand, box: Callable[..., Any]
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(index, (2 * (index % 150), 100 * (index // 150), 60, 60)) for index in range(201)])
    assert not any(item.tag for item in canvas._items.values())
    canvas.select_boxes([("boxes", 3)])
    assert canvas._items["boxes", 3].tag is not None
    canvas.set_boxes([box(0, (10, 10, 60, 60)), box(1, (90, 10, 60, 60))])
    assert all(item.tag for item in canvas._items.values())


@pytest.mark.parametrize(("top", "inside"), [(0, True), (100, False)])
def test_a_tag_is_above_its_box_or_inside_where_there_is_no_room(
    canvas: Canvas, box: Callable[..., Any], top: int, inside: bool
) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, top, 80, 60))])
    tag = canvas._items["boxes", 0].tag
    assert (present(tag).rect().top() > 0) is inside
    assert (present(tag).rect().bottom() < 0) is not inside


def test_a_tag_at_the_right_edge_stays_on_the_image(canvas: Canvas, box: Callable[..., Any]) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (380, 100, 15, 60), "a rather long label")])
    tag = canvas._items["boxes", 0].tag
    assert 380 + present(tag).rect().right() <= 400


def test_labels_are_shown_as_they_are_on_one_line(canvas: Canvas, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (50, 50, 80, 60), "<i>nut</i>\n& bolt")])
    assert present(canvas._items["boxes", 0].tag).text == "<i>nut</i> & bolt"


@pytest.mark.parametrize("colour", [*LABEL_COLOURS, "#000000", "#ffffff", "#777777"])
def test_text_on_tags_is_readable(colour: str) -> None:
    def luminance(name: QColor | str) -> float:
        def linear(part: float) -> float:
            return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

        c = QColor(name)
        return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF())

    low, high = sorted((luminance(colour), luminance(readable_on(QColor(colour)))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


@pytest.mark.qt_log_ignore("does not support raise")
def test_a_wrong_box_is_marked_and_says_why_in_plain_text(
    canvas: Canvas, hand: Hand, box: Callable[..., Any], qtbot: QtBot
) -> None:
    canvas.set_boxes([box(0, (50, 50, 80, 60), wrong="Reaches <u>outside</u> & beyond.")])
    assert canvas._items["boxes", 0].mark is not None
    at = hand.at(60, 60)
    QApplication.sendEvent(
        canvas.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, canvas.viewport().mapToGlobal(at))
    )
    qtbot.waitUntil(QToolTip.isVisible)
    assert QToolTip.text() == "<qt>bolt: Reaches &lt;u&gt;outside&lt;/u&gt; &amp; beyond.</qt>"
    QToolTip.hideText()
    canvas.set_boxes([box(0, (50, 50, 80, 60))])
    assert canvas._items["boxes", 0].mark is None


def test_a_box_blinks_once_and_is_brought_into_view(
    canvas: Canvas, box: Callable[..., Any], qtbot: QtBot
) -> None:
    canvas.set_boxes([box(0, (10, 10, 20, 20)), box(1, (300, 200, 20, 20))])
    canvas.zoom_to(20)
    canvas.centre_on((20, 20))
    canvas._blink.setDuration(60)
    with qtbot.waitSignal(canvas._blink.finished):
        canvas.blink(("boxes", 1))
        assert canvas._items["boxes", 1].flashing
        assert canvas.viewport().rect().contains(canvas.view_point((310, 210)).toPoint())
    assert not canvas._items["boxes", 1].flashing


def test_a_blinking_box_may_go(canvas: Canvas, box: Callable[..., Any], qtbot: QtBot) -> None:
    canvas.set_boxes([box(0, (10, 10, 20, 20))])
    canvas._blink.setDuration(60)
    with qtbot.waitSignal(canvas._blink.finished):
        canvas.blink(("boxes", 0))
        canvas.set_boxes([])


def test_the_box_under_the_pointer_is_hinted_at(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    canvas.set_boxes([box(0, (10, 10, 200, 200)), box(1, (50, 50, 50, 50))])
    hand.move(70, 70)
    assert canvas._hovered == ("boxes", 1)
    hand.move(300, 250)
    assert canvas._hovered is None


# Words and looks


def test_the_hint_follows_what_can_be_done(canvas: Canvas, hand: Hand, box: Callable[..., Any]) -> None:
    told: list[Any] = []
    canvas.hint_changed.connect(told.append)
    canvas.set_boxes([box(0, (50, 50, 80, 60)), box(1, (200, 50, 80, 60), editable=False)])
    canvas.select_boxes([("boxes", 0)])
    assert "Arrows nudge" in canvas.hint
    canvas.select_boxes([("boxes", 1)])
    assert canvas.hint.startswith("Read-only")
    canvas.select_boxes([])
    canvas.set_drawing(True)
    assert canvas.hint.startswith("Drag to draw")
    hand.press(10, 10)
    hand.move(40, 40)
    assert "Esc cancels" in canvas.hint
    assert told[-1] == canvas.hint
    assert len(told) == len([a for a, b in zip(told, [None, *told], strict=False) if a != b])


def test_screen_readers_are_told_what_is_selected(canvas: Canvas, box: Callable[..., Any]) -> None:
    assert canvas.accessibleName() == "Image canvas"
    canvas.set_boxes([box(0, (50, 50, 80, 60), wrong="Too small."), box(1, (9, 9, 9, 9))])
    assert canvas.accessibleDescription() == "2 boxes."
    canvas.select_boxes([("boxes", 0)])
    assert canvas.accessibleDescription() == "Box 1 of 2: bolt, 80 by 60 pixels at 50, 50. Too small."
    canvas.select_boxes([("boxes", 0), ("boxes", 1)])
    assert canvas.accessibleDescription() == "2 of 2 boxes selected."


def test_the_focus_is_visible(canvas: Canvas, qtbot: QtBot) -> None:
    def edge() -> str:
        return canvas.grab().toImage().pixelColor(0, canvas.height() // 2).name()

    assert edge() == tokens().accent
    canvas.clearFocus()
    assert edge() == tokens().canvas


def test_the_surround_follows_the_theme(canvas: Canvas, qapp: QApplication) -> None:
    style, sheet, palette, font = qapp.style().name(), qapp.styleSheet(), qapp.palette(), qapp.font()
    try:
        for dark in (False, True):
            apply_theme(qapp, dark=dark)
            shown = canvas.viewport().grab().toImage()
            assert shown.pixelColor(2, 2).name() == tokens().canvas
    finally:
        qapp.setStyleSheet(sheet)
        qapp.setStyle(style)
        qapp.setPalette(palette)
        qapp.setFont(font)


def test_colours_of_boxes_can_change(canvas: Canvas, box: Callable[..., Any]) -> None:
    canvas.zoom_to(1)
    canvas.set_boxes([box(0, (50, 50, 80, 60))])
    canvas.set_boxes([replace(box(0, (50, 50, 80, 60)), colour=QColor(RED))])
    assert colours(canvas, [(50, 80)]) == [RED]
