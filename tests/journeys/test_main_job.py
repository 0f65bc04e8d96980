"""The main job: label, box, undo, push, see a remote error, fix it, push again, clean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from truthline.emulator import Switches
from truthline.workspace.workspace import Filter, Kind, Origin, Problem

if TYPE_CHECKING:
    from truthline.emulator import ManualClock
    from truthline.ui.window.workbench import Workbench

SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def lines(bench: Workbench) -> dict[str, Any]:
    """The workspace's lines by the image's name."""
    found = {}
    for raw, _ in bench.document.workspace.lines():
        line = json.loads(raw)
        found[line["source-ref"].rsplit("/", 1)[-1]] = line
    return found


@pytest.fixture
def switches() -> Switches:
    """Updates take an hour of the emulator's clock, which the test turns."""
    return Switches(create_seconds=0.0, update_seconds=3600.0)


def test_label_box_undo_push_fix_push(user: Any, service: Any, dataset: str, clock: ManualClock) -> None:
    bench = user.open(dataset, service.connection)
    assert bench.browser.model.rowCount() == 17
    user.wait(lambda: "Created" in user.status)
    statuses: list[str] = []
    bench.dataset.state_changed.connect(lambda _state: statuses.append(user.status))

    # Labels, in the gallery
    first, second = user.go_to("fig.jpg"), user.go_to("stream.jpg")
    user.go_to("fig.jpg")
    user.qtbot.mouseClick(
        bench.gallery.viewport(), Qt.MouseButton.LeftButton, CTRL,
        bench.gallery.visualRect(bench.browser.model.index(bench.browser.model.row_of(second))).center(),
    )  # fmt: skip
    user.key(user.digit_of("outdoor"))
    assert user.class_labels(first) == user.class_labels(second) == ["outdoor"]
    user.key(Qt.Key.Key_Z, CTRL)
    assert user.class_labels(first) == user.class_labels(second) == []
    user.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert user.class_labels(first) == user.class_labels(second) == ["outdoor"]
    user.key(user.digit_of("outdoor"))
    assert user.class_labels(first) == user.class_labels(second) == []
    user.key(Qt.Key.Key_Z, CTRL)
    user.wait(lambda: bench.bar.changes.text() == "2 changes")

    # A box, on the canvas
    fig = user.open_image("fig.jpg")
    user.key(user.digit_of("flower"))
    user.key(Qt.Key.Key_B)
    user.drag((424, 247), (717, 519))
    ((label, frame),) = user.boxes(fig)
    assert label == "flower"
    assert frame == pytest.approx((424, 247, 293, 272), abs=3)
    assert [box.label for box in bench.image.canvas.selected_boxes()] == ["flower"]
    user.key(user.digit_of("eye"))
    assert [label for label, _ in user.boxes(fig)] == ["eye"]
    user.key(user.digit_of("indoor"), SHIFT)
    assert user.class_labels(fig) == ["outdoor", "indoor"]
    user.key(Qt.Key.Key_Z, CTRL)
    user.key(Qt.Key.Key_Z, CTRL)
    assert user.class_labels(fig) == ["outdoor"]
    assert [label for label, _ in user.boxes(fig)] == ["flower"]
    user.key(Qt.Key.Key_Y, CTRL)
    assert [label for label, _ in user.boxes(fig)] == ["eye"]
    user.key(Qt.Key.Key_Escape)
    user.settle()

    # Push: the bar says what the service says
    assert bench.bar.changes.text() == "2 changes"
    user.key(Qt.Key.Key_Return, CTRL)
    user.wait(lambda: "Update in progress" in user.status)
    assert bench.bar.cancel_button.isVisible()
    clock.advance(3600)
    user.wait(lambda: "Update complete" in user.status and not bench.dataset.busy)
    user.settle()
    assert bench.bar.changes.text() == "No changes"
    assert bench.browser.model.card(bench.browser.model.row_of(fig)).changed is False
    assert service.lines(dataset) == lines(bench)

    # What the service found
    reported = [one for one in bench.problems.problems if one.origin is Origin.REMOTE]
    assert len({one.entry_id for one in reported}) == 2
    assert "problems on 2 images" in user.toast()
    move_the_box_inside(user, reported)
    give_the_box_a_class(user, reported)
    user.settle()
    assert bench.bar.changes.text() == "2 changes"
    user.key(Qt.Key.Key_Return, CTRL)
    user.wait(lambda: "Update in progress" in user.status)
    clock.advance(3600)
    user.wait(lambda: "Update complete" in user.status and not bench.dataset.busy)
    user.settle()
    assert [one for one in bench.problems.problems if one.origin is Origin.REMOTE] == []
    assert "stored" in user.toast()
    assert "problems" not in user.toast()
    assert "0 errors" in user.status
    assert service.lines(dataset) == lines(bench)
    assert bench.document.workspace.ids(Filter(kind=Kind.CHANGED)).tolist() == []


def click_problem(user: Any, problem: Problem) -> None:
    bench = user.bench
    bench.drawer.setCurrentWidget(bench.problems)
    user.click_row(bench.problems.view, bench.problems._tree.index_of(problem))
    user.wait(lambda: bench.browser.current == problem.entry_id)


def move_the_box_inside(user: Any, reported: list[Problem]) -> None:
    """The box that reaches over the edge is shown by a click on the problem, and dragged back."""
    bench = user.bench
    problem = next(one for one in reported if one.code == "ERROR_INVALID_BOUNDING_BOX")
    click_problem(user, problem)
    user.wait(lambda: bench.in_image_mode and bench.image.canvas.selected_boxes())
    (box,) = bench.image.canvas.selected_boxes()
    assert f"/{box.attribute}/annotations/{box.index}" == problem.pointer
    assert box.wrong
    assert "1551" in bench.json_line.text.textCursor().selectedText()
    user.settle()
    user.key(Qt.Key.Key_V)
    user.drag((1580, 390), (1540, 390))
    (_, (left, _, width, _)) = user.boxes(problem.entry_id)[box.index]
    assert left + width <= 1600
    user.settle()
    assert bench.document.workspace.entry(problem.entry_id).findings == ()


def give_the_box_a_class(user: Any, reported: list[Problem]) -> None:
    """The box whose class has no name is chosen in the list, and gets one by a click on a label."""
    bench = user.bench
    problem = next(one for one in reported if one.code == "ERROR_MISSING_CLASS_MAP_ID")
    click_problem(user, problem)
    boxes = bench.entry.tree.topLevelItem(1)
    (unnamed,) = [
        boxes.child(row) for row in range(boxes.childCount()) if boxes.child(row).text(0) == "(no label)"
    ]
    user.click_row(bench.entry.tree, bench.entry.tree.indexFromItem(unnamed))
    user.wait(lambda: bench.in_image_mode and bench.image.canvas.selected_boxes())
    user.choose_label("person")  # too far down the list for a digit
    assert [label for label, _ in user.boxes(problem.entry_id)] == ["person", "hat", "person"]
    user.settle()
    assert bench.document.workspace.entry(problem.entry_id).findings == ()
