from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage

from truthline.ui.canvas.view import Canvas, CanvasBox, Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

SIGNALS = (
    "box_drawn",
    "boxes_reframed",
    "boxes_deleted",
    "selection_changed",
    "pointer_moved",
    "zoom_changed",
)


@dataclass
class Hand:
    """Works the canvas as a person does, with points given in image pixels."""

    qtbot: QtBot
    canvas: Canvas
    told: dict[str, list[Any]] = field(default_factory=dict)
    left: int = 0

    def count_leaving(self) -> None:
        self.left += 1

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.view_point((x, y)).toPoint()

    def press(
        self,
        x: float,
        y: float,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    ) -> None:
        self.qtbot.mousePress(self.canvas.viewport(), button, modifiers, self.at(x, y))

    def move(self, x: float, y: float) -> None:
        self.qtbot.mouseMove(self.canvas.viewport(), self.at(x, y))

    def release(
        self,
        x: int,
        y: int,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    ) -> None:
        self.qtbot.mouseRelease(self.canvas.viewport(), button, modifiers, self.at(x, y))

    def click(self, x: int, y: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.press(x, y, modifiers)
        self.release(x, y, modifiers)

    def drag(
        self,
        start: tuple[Any, ...],
        end: tuple[Any, ...],
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        self.press(*start, modifiers)  # type: ignore[call-arg]
        self.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.move(*end)
        self.release(*end, modifiers)  # type: ignore[call-arg]

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.canvas, key, modifiers)

    def key_down(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyPress(self.canvas, key, modifiers)

    def key_up(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyRelease(self.canvas, key, modifiers)

    @property
    def selected(self) -> list[int]:
        return [box.index for box in self.canvas.selected_boxes()]

    @property
    def reframed(self) -> list[list[tuple[int, Frame]]]:
        return [[(box.index, frame) for box, frame in change] for change in self.told["boxes_reframed"]]


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(704, 504)
    made.show()
    made.activateWindow()
    made.setFocus()
    qtbot.waitUntil(made.hasFocus)
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("#808080"))
    made.show_image(image, QSize(400, 300))
    return made


@pytest.fixture
def hand(qtbot: QtBot, canvas: Canvas) -> Hand:
    made = Hand(qtbot, canvas)
    canvas.pointer_left.connect(made.count_leaving)
    for name in SIGNALS:
        made.told[name] = []
        getattr(canvas, name).connect(made.told[name].append)
    return made


@pytest.fixture
def box() -> Callable[..., CanvasBox]:
    def make(
        index: int, frame: tuple[float, float, float, float], label: str = "bolt", **more: Any
    ) -> CanvasBox:
        return CanvasBox("boxes", index, label, QColor("#E69F00"), Frame(*frame), **more)

    return make
