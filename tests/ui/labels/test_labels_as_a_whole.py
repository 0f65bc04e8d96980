"""Labels renamed, merged, deleted, recoloured and reordered in the whole dataset."""

from __future__ import annotations

import json
import threading
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QLabel
from typing_extensions import override

from truthline.images.thumbnails import Thumbnails
from truthline.progress import Doing, Progress
from truthline.settings import Settings
from truthline.ui.document.steps.carrier import AT_ONCE
from truthline.ui.kit.edit_bar import EditBar
from truthline.ui.kit.jobs import Jobs, Lane
from truthline.ui.labels.panel import LabelPanel, MergeWish
from truthline.ui.labels.questions import (
    ColourDialog,
    DeleteDialog,
    LabelDialog,
    MergeDialog,
    RenameDialog,
    shortened,
    told_kept,
    told_uses,
)
from truthline.ui.labels.rows import NAME, SIMILAR
from truthline.ui.window.main_window import MainWindow
from truthline.workspace.changes import Changes
from truthline.workspace.label_uses import LabelUses
from truthline.workspace.workspace import EntryId, Filter, Label, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.ui.window.workbench import Workbench

FRAME = (10, 20, 100, 80)


@pytest.fixture
def window(qtbot: QtBot, jobs: Jobs, tmp_path: Path) -> Iterator[MainWindow]:
    thumbnails = Thumbnails(tmp_path / "thumbnails.sqlite")
    made = MainWindow(jobs, Settings(tmp_path / "settings.json"), lambda: thumbnails)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.close_workspace()
    jobs.close()
    thumbnails.close()


@pytest.fixture
def open_lines(
    window: MainWindow, tmp_path: Path, settle: Callable[[], None]
) -> Callable[[list[bytes]], Workbench]:
    def open_them(lines: list[bytes]) -> Workbench:
        workspace = Workspace.create(tmp_path / "parts.truthline", WorkspaceInfo("parts"))
        workspace.append(NewEntry(raw, base=raw) for raw in lines)
        window.show_workspace(workspace)
        settle()
        assert window.bench is not None
        return window.bench

    return open_them


@pytest.fixture
def bench(open_lines: Callable[[list[bytes]], Workbench], line: Callable[..., bytes]) -> Workbench:
    """Labels in this order: ok, bolt, nut, crack."""
    return open_lines(
        [
            line("s3://b/1.jpg", ["ok"], [("bolt", FRAME), ("nut", FRAME)]),
            line("s3://b/2.jpg", ["bolt"], [("bolt", FRAME), ("bolt", FRAME)]),
            line("s3://b/3.jpg", ["crack"]),
        ]
    )


def names(bench: Workbench) -> list[str]:
    return [label.name for label in bench.document.workspace.labels()]


def lines(bench: Workbench) -> list[bytes]:
    return [raw for raw, _ in bench.document.workspace.lines()]


def used(bench: Workbench) -> list[set[str]]:
    ids = [EntryId(one) for one in bench.document.workspace.ids()]
    return [set(bench.document.annotation(one).labels) for one in ids]


def press(qtbot: QtBot, dialog: LabelDialog) -> None:
    qtbot.waitUntil(dialog.go.isEnabled)
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)


# Rename


def test_a_rename_says_what_it_touches_and_then_does_it(
    qtbot: QtBot, bench: Workbench, settle: Callable[[], None]
) -> None:
    before, original = bench.document.workspace.labels(), lines(bench)
    dialog = bench.commands.ask_rename("bolt")
    settle()
    assert dialog.touches.text() == "This changes 2 images: 1 image-level label and 3 boxes."
    assert not dialog.go.isEnabled()  # the name is still the old one
    qtbot.keyClicks(dialog.field, "screw")
    assert lines(bench) == original
    press(qtbot, dialog)
    settle()
    assert names(bench) == ["ok", "screw", "nut", "crack"]
    assert used(bench) == [{"ok", "screw", "nut"}, {"screw"}, {"crack"}]
    after = bench.document.workspace.labels()
    assert (after[1].position, after[1].colour_index) == (before[1].position, before[1].colour_index)
    assert bench.colours.at_digit("2") == "screw"
    assert bench.toast.text == "Rename bolt to screw."
    bench.toast.button.click()
    settle()
    assert lines(bench) == original
    assert bench.document.workspace.labels() == before
    bench.document.redo()
    settle()
    assert names(bench) == ["ok", "screw", "nut", "crack"]


def test_a_rename_to_a_name_that_exists_is_a_merge_and_says_so(
    qtbot: QtBot, bench: Workbench, settle: Callable[[], None]
) -> None:
    original, before = lines(bench), bench.document.workspace.labels()
    dialog = bench.commands.ask_rename("bolt")
    settle()
    dialog.field.setText("nut")
    assert dialog.notice.isVisible()
    assert "already" in dialog.notice.text()
    assert dialog.go.text() == "Merge"
    press(qtbot, dialog)
    settle()
    assert names(bench) == ["ok", "nut", "crack"]
    assert used(bench) == [{"ok", "nut"}, {"nut"}, {"crack"}]
    bench.document.undo()
    settle()
    assert (lines(bench), bench.document.workspace.labels()) == (original, before)


@pytest.mark.parametrize("name", ["", "   ", "bolt", " bolt "])
def test_a_name_that_changes_nothing_cannot_be_agreed_to(
    bench: Workbench, settle: Callable[[], None], name: str
) -> None:
    dialog = bench.commands.ask_rename("bolt")
    settle()
    dialog.field.setText(name)
    assert not dialog.go.isEnabled()
    assert dialog.field.maxLength() == 255


def test_class_maps_that_only_list_the_label_are_renamed_too(
    open_lines: Callable[[list[bytes]], Workbench], line: Callable[..., bytes], settle: Callable[[], None]
) -> None:
    raw = json.loads(line("s3://b/2.jpg", [], [("nut", FRAME)]))
    raw["parts_BB-metadata"]["class-map"]["7"] = "bolt"
    bench = open_lines([line("s3://b/1.jpg", ["bolt"]), json.dumps(raw).encode()])
    dialog = bench.commands.ask_rename("bolt")
    settle()
    assert dialog.touches.text() == (
        "This changes 1 image: 1 image-level label."
        " 1 more image only lists it in a class-map; it is changed there too."
    )
    dialog.reject()
    bench.commands.rename("bolt", "screw")
    settle()
    assert json.loads(lines(bench)[1])["parts_BB-metadata"]["class-map"] == {"0": "nut", "7": "screw"}


def test_the_filter_and_the_next_boxs_label_follow_a_rename_and_its_undo(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.labeller.choose_class("bolt")
    bench.browser.set_filter(Filter(label="bolt"))
    settle()
    bench.commands.rename("bolt", "screw")
    settle()
    assert bench.labeller.next_class == "screw"
    assert bench.browser.filter == Filter(label="screw")
    assert bench.browser.model.rowCount() == 2
    bench.document.undo()
    settle()
    assert bench.labeller.next_class == "bolt"


def test_after_a_merge_the_next_box_gets_the_label_merged_into(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.labeller.choose_class("ok")
    bench.commands.rename("ok", "crack")
    settle()
    assert bench.labeller.next_class == "crack"


# Merge, delete


def test_merging_asks_for_the_other_label(qtbot: QtBot, bench: Workbench, settle: Callable[[], None]) -> None:
    dialog = bench.commands.ask_merge("crack", "nut")
    settle()
    assert [dialog.choice.itemData(row) for row in range(dialog.choice.count())] == ["ok", "bolt", "nut"]
    assert dialog.chosen() == "nut"
    press(qtbot, dialog)
    settle()
    assert names(bench) == ["ok", "bolt", "nut"]
    assert used(bench)[2] == {"nut"}


def test_deleting_takes_labels_and_boxes_and_undo_brings_them_back(
    qtbot: QtBot, bench: Workbench, settle: Callable[[], None]
) -> None:
    original, before = lines(bench), bench.document.workspace.labels()
    bench.labeller.choose_class("bolt")
    dialog = bench.commands.ask_delete("bolt")
    press(qtbot, dialog)
    settle()
    assert names(bench) == ["ok", "nut", "crack"]
    assert used(bench) == [{"ok", "nut"}, set(), {"crack"}]
    assert bench.labeller.next_class == "nut"
    assert bench.toast.text == "Delete bolt."
    bench.document.undo()
    settle()
    assert (lines(bench), bench.document.workspace.labels()) == (original, before)


def test_a_label_that_nothing_uses_is_deleted_and_brought_back(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.document.add_label("dent")
    settle()
    dialog = bench.commands.ask_delete("dent")
    settle()
    assert dialog.touches.text() == "No image uses it."
    dialog.accept()
    settle()
    assert "dent" not in names(bench)
    bench.document.undo()
    settle()
    assert names(bench)[-1] == "dent"


def test_nothing_happens_without_consent(bench: Workbench, settle: Callable[[], None]) -> None:
    original = lines(bench)
    for ask in (bench.commands.ask_rename, bench.commands.ask_merge, bench.commands.ask_delete):
        ask("bolt").reject()
    settle()
    assert lines(bench) == original
    assert bench.document.undo_stack.count() == 0


def test_undo_of_several_changes_of_labels_comes_back_step_by_step(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    states = []
    for step in (
        lambda: bench.commands.rename("bolt", "screw"),
        lambda: bench.commands.recolour("screw", 9),
        lambda: bench.commands.order(["crack", "screw", "ok", "nut"]),
        lambda: bench.commands.rename("screw", "nut"),
        lambda: bench.commands.delete("nut"),
    ):
        settle()
        states.append((bench.document.workspace.labels(), lines(bench)))
        step()  # type: ignore[no-untyped-call]
    settle()
    for labels, stored in reversed(states):
        bench.document.undo()
        settle()
        assert (bench.document.workspace.labels(), lines(bench)) == (labels, stored)
    assert not bench.document.undo_stack.newest
    assert bench.counts is not None
    assert bench.counts.changed == 0


# Colour and order


def test_another_colour_is_shown_at_once_kept_and_undone(
    qtbot: QtBot, bench: Workbench, settle: Callable[[], None]
) -> None:
    dialog = bench.commands.ask_colour("nut")
    assert dialog is not None
    assert dialog.swatches[2].accessibleName() == "Colour 3, chosen"
    assert dialog.swatches[0].accessibleName() == "Colour 1, also of ok"
    qtbot.mouseClick(dialog.swatches[11], Qt.MouseButton.LeftButton)
    assert bench.colours.of("nut").name() == "#ee8866"
    settle()
    assert bench.colours.of("nut").name() == "#ee8866"
    assert bench.document.workspace.labels()[2] == Label("nut", 3, 11, 1)
    bench.document.undo()
    settle()
    assert bench.document.workspace.labels()[2].colour_index == 2
    assert bench.commands.ask_colour("nobody") is None


def test_what_a_gesture_did_to_the_list_is_not_taken_back_by_an_older_read(
    qtbot: QtBot, bench: Workbench, jobs: Jobs, settle: Callable[[], None]
) -> None:
    gate = threading.Event()
    jobs.run(Lane.WRITE, lambda *_: gate.wait(10))
    bench.commands.recolour("nut", 9)
    bench.document.absorb(Changes(info=True))
    read: list[None] = []
    jobs.run(Lane.READ, lambda *_: None, done=read.append)
    qtbot.waitUntil(lambda: bool(read))
    shown = {label.name: label.colour_index for label in bench.colours.labels}
    gate.set()
    settle()
    assert shown["nut"] == 9
    assert bench.document.workspace.labels()[2].colour_index == 9


def test_alt_with_arrows_moves_a_label_and_so_its_digit(
    qtbot: QtBot, bench: Workbench, settle: Callable[[], None]
) -> None:
    view = bench.labels.list
    view.setCurrentIndex(view.model().index(1, 0))
    for _ in range(3):  # once too often, without waiting for what is stored
        qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [label.name for label in bench.colours.labels] == ["ok", "nut", "crack", "bolt"]
    settle()
    assert names(bench) == ["ok", "nut", "crack", "bolt"]
    assert bench.colours.at_digit("4") == "bolt"
    assert view.currentIndex().data(NAME) == "bolt"
    qtbot.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    settle()
    assert names(bench) == ["ok", "nut", "bolt", "crack"]
    assert [label.colour_index for label in bench.document.workspace.labels()] == [0, 2, 1, 3]


def test_a_label_is_dragged_to_another_place(bench: Workbench, settle: Callable[[], None]) -> None:
    view = bench.labels.list
    for row, onto, below, expected in (
        (0, 2, True, ["bolt", "nut", "ok", "crack"]),
        (3, 0, False, ["crack", "bolt", "nut", "ok"]),
        (1, 1, True, ["crack", "bolt", "nut", "ok"]),
    ):
        view.setCurrentIndex(view.model().index(row, 0))
        area = view.visualRect(view.model().index(onto, 0))
        at = QPointF(area.center().x(), area.bottom() - 2 if below else area.top() + 2)
        event = _Drop(view, at)
        view.dropEvent(event)
        settle()
        assert names(bench) == expected


class _Drop(QDropEvent):
    """A drop that comes from the list itself."""

    def __init__(self, source: Any, at: QPointF) -> None:
        self._mime = QMimeData()
        action, button = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
        super().__init__(at, action, self._mime, button, Qt.KeyboardModifier.NoModifier)
        self._source = source

    @override
    def source(self) -> Any:
        return self._source


# The panel


def shown(*labels: str) -> list[Label]:
    return [Label(name, place, place - 1, 1) for place, name in enumerate(labels, 1)]


@pytest.fixture
def panel(qtbot: QtBot) -> LabelPanel:
    made = LabelPanel()
    qtbot.addWidget(made)
    made.resize(240, 500)
    made.show()
    return made


def test_labels_that_look_alike_are_pointed_out(panel: LabelPanel) -> None:
    composed, apart = "Bl\u00e4tter", unicodedata.normalize("NFD", "Bl\u00e4tter")
    panel.show_labels(shown("bolt", "Bolt", "nut", "b olt", composed, apart))
    model = panel.list.model()
    similar = [model.index(row, 0).data(SIMILAR) for row in range(6)]
    assert similar == [("Bolt", "b olt"), ("bolt", "b olt"), (), ("bolt", "Bolt"), (apart,), (composed,)]
    tip = model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Looks like “bolt”, “b olt”" in tip
    assert "Looks like" not in model.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)
    menu = panel.make_menu(model.index(1, 0))
    wanted: list[MergeWish] = []
    panel.merge_wanted.connect(wanted.append)
    (offer,) = [action for action in menu.actions() if action.text() == "Merge “Bolt” into “bolt”…"]
    offer.trigger()
    assert wanted == [MergeWish("Bolt", "bolt")]
    panel.grab()


def test_the_menu_offers_what_can_be_done(panel: LabelPanel) -> None:
    panel.show_labels(shown("bolt", "nut"))
    heard: list[tuple[str, Any]] = []
    for name in ("rename", "merge", "colour", "delete", "order"):
        getattr(panel, f"{name}_wanted").connect(lambda value, name=name: heard.append((name, value)))
    menu = panel.make_menu(panel.list.model().index(0, 0))
    actions = {action.text().split("\t")[0]: action for action in menu.actions() if action.text()}
    assert not actions["Move Up"].isEnabled()
    for text in (
        "Rename “bolt”…",
        "Merge “bolt” into…",
        "Change Colour of “bolt”…",
        "Move Down",
        "Delete “bolt” from All Images…",
    ):
        actions[text].trigger()
    assert heard == [
        ("rename", "bolt"),
        ("merge", MergeWish("bolt", "")),
        ("colour", "bolt"),
        ("order", ["nut", "bolt"]),
        ("delete", "bolt"),
    ]


def test_the_button_for_more_opens_the_menu_and_does_not_choose(qtbot: QtBot, panel: LabelPanel) -> None:
    panel.show_labels(shown("bolt", "nut"))
    chosen: list[str] = []
    asked: list[QPoint] = []
    panel.label_chosen.connect(chosen.append)
    panel.list.menu_wanted.disconnect()
    panel.list.menu_wanted.connect(asked.append)
    spot = panel.list.more_area(panel.list.model().index(1, 0)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert (chosen, len(asked)) == ([], 1)
    assert panel.current == "nut"
    reason = QContextMenuEvent.Reason.Keyboard
    panel.list.contextMenuEvent(QContextMenuEvent(reason, QPoint(0, 0), QPoint(0, 0)))
    assert len(asked) == 2


def test_no_key_in_the_list_removes_a_label(qtbot: QtBot, panel: LabelPanel) -> None:
    panel.show_labels(shown("bolt", "nut"))
    wanted: list[str] = []
    panel.delete_wanted.connect(wanted.append)
    panel.list.setCurrentIndex(panel.list.model().index(1, 0))
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        override = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        override.ignore()
        panel.list.event(override)
        assert not override.isAccepted()
        qtbot.keyClick(panel.list, key)
    assert wanted == []


def test_the_list_stays_where_it_was_scrolled_to(panel: LabelPanel) -> None:
    many = shown(*(f"label {number}" for number in range(60)))
    panel.show_labels(many)
    panel.list.verticalScrollBar().setValue(500)
    where = panel.list.verticalScrollBar().value()
    assert where > 0
    panel.show_labels([replace(label, entries=2) for label in many])
    assert panel.list.verticalScrollBar().value() == where


def test_the_menu_of_the_window_is_about_the_row_with_the_cursor(
    qtbot: QtBot, window: MainWindow, bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.labels.list.setCurrentIndex(bench.labels.list.model().index(2, 0))
    window.actions_by_name["delete_label"].trigger()
    (dialog,) = bench.findChildren(DeleteDialog)
    assert "“nut”" in dialog.question.text()
    dialog.reject()
    for name, kind in (
        ("rename_label", RenameDialog),
        ("merge_label", MergeDialog),
        ("colour_label", ColourDialog),
    ):
        window.actions_by_name[name].trigger()
        (opened,) = bench.findChildren(kind)
        opened.reject()
    settle()


def test_without_labels_the_commands_cannot_be_used(
    window: MainWindow, open_lines: Callable[[list[bytes]], Workbench], line: Callable[..., bytes]
) -> None:
    bench = open_lines([line("s3://b/1.jpg")])
    assert not window.actions_by_name["rename_label"].isEnabled()
    assert window.actions_by_name["attributes"].isEnabled()
    assert bench.labels.current == ""


# Text from data


def test_any_name_is_shown_as_it_is(
    open_lines: Callable[[list[bytes]], Workbench],
    line: Callable[..., bytes],
    settle: Callable[[], None],
    hostile: str,
) -> None:
    bench = open_lines([line("s3://b/1.jpg", [hostile, "nut"])])
    for dialog in (
        bench.commands.ask_rename(hostile),
        bench.commands.ask_merge(hostile),
        bench.commands.ask_delete(hostile),
        bench.commands.ask_colour(hostile),
    ):
        assert dialog is not None
        settle()
        assert any(shortened(hostile) in label.text() for label in dialog.findChildren(QLabel))
        assert all(label.textFormat() == Qt.TextFormat.PlainText for label in dialog.findChildren(QLabel))
        dialog.grab()
        dialog.reject()
    bench.commands.rename(hostile, "screw")
    settle()
    assert names(bench) == ["screw", "nut"]
    bench.document.undo()
    settle()
    assert names(bench) == [hostile, "nut"]


def test_counts_are_told_in_sentences() -> None:
    assert told_uses(LabelUses(1, 0, 1)) == "This changes 1 image: 1 box."
    assert told_uses(LabelUses(1204, 1200, 3000)) == (
        "This changes 1,204 images: 1,200 image-level labels and 3,000 boxes."
    )
    assert told_uses(LabelUses(listed=2)) == "2 images only list it in a class-map; it is changed there too."
    assert told_kept(LabelUses(1, 1)) == ""
    kept = LabelUses(kept_images=2, kept_boxes=3, kept_attributes={"old"})
    assert told_uses(kept) == "No image that can be edited uses it."
    assert told_kept(kept) == "3 boxes in 2 images stay: old is read-only (see Labels > Attributes)."


# Edits of very many entries


@pytest.fixture
def large(open_lines: Callable[[list[bytes]], Workbench], line: Callable[..., bytes]) -> Workbench:
    return open_lines([line(f"s3://b/{number}.jpg", ["bolt"]) for number in range(3 * AT_ONCE)])


def test_a_long_edit_shows_its_progress_and_can_be_cancelled(
    large: Workbench, jobs: Jobs, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    original, labels = lines(large), large.document.workspace.labels()
    reached, go_on = threading.Event(), threading.Event()
    edit = Workspace.edit

    def slow(workspace: Workspace, *given: Any, **rest: Any) -> Any:
        reached.set()
        assert go_on.wait(10)
        return edit(workspace, *given, **rest)

    monkeypatch.setattr(Workspace, "edit", slow)
    large.commands.rename("bolt", "screw")
    assert reached.wait(10)
    large.edit_bar.show_progress(
        Progress(Doing.ASKED, 0, 192, about="Rename bolt to screw: saving"),
        can_cancel=large.document.can_cancel,
    )
    assert not large.edit_bar.cancel_button.isHidden()
    large.selection.give("bolt")
    assert "still under way" in large.toast.text
    large.document.undo()
    large.edit_bar.cancel_button.click()
    go_on.set()
    settle()
    assert large.edit_bar.isHidden()
    assert large.toast.text == "Cancelled. Nothing was changed."
    assert (lines(large), large.document.workspace.labels()) == (original, labels)
    assert large.document.undo_stack.count() == 0


def test_undoing_a_long_edit_reports_progress_too(large: Workbench, settle: Callable[[], None]) -> None:
    original = lines(large)
    large.commands.rename("bolt", "screw")
    settle()
    heard: list[Progress | None] = []
    large.document.working.connect(heard.append)
    large.document.worked.connect(lambda: heard.append(None))
    large.document.undo()
    settle()
    assert lines(large) == original
    assert heard[-1] is None
    assert any(one is not None and one.total == 3 * AT_ONCE for one in heard)


def test_labels_drawn_while_the_write_lane_is_busy_are_renamed_too(
    bench: Workbench, jobs: Jobs, settle: Callable[[], None]
) -> None:
    gate = threading.Event()
    jobs.run(Lane.WRITE, lambda *_: gate.wait(10))
    bench.labeller.toggle_class_label("bolt", [EntryId(3)])
    bench.commands.rename("bolt", "screw")
    gate.set()
    settle()
    assert used(bench)[2] == {"crack", "screw"}


def test_the_bar_comes_only_when_an_edit_takes_a_while(qtbot: QtBot) -> None:
    bar = EditBar()
    qtbot.addWidget(bar)
    bar.show_progress(Progress(Doing.ASKED, 1, 10, about="Rename a to b"), can_cancel=True)
    assert bar.isHidden()
    bar.show_progress(None, can_cancel=False)
    assert bar.isHidden()
    bar.show_progress(Progress(Doing.ASKED, 1_000, 2_000, about="Rename <b>"), can_cancel=False)
    qtbot.waitUntil(bar.isVisible)
    assert bar.text == "Rename <b>  ·  1,000 of 2,000"
    assert bar.cancel_button.isHidden()
    assert bar.progress.value() == 500
    bar.show_progress(Progress(Doing.ASKED, about="Storing"), can_cancel=True)
    assert bar.progress.maximum() == 0
    cancelled: list[object] = []
    bar.cancel_wanted.connect(lambda: cancelled.append(None))
    bar.cancel_button.click()
    assert len(cancelled) == 1
    assert not bar.cancel_button.isEnabled()
