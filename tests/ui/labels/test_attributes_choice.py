"""Lines that hold several jobs: which attributes are edited, and that the others keep their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

import ground_truth_lines as ground_truth
from present import present
from truthline.images.thumbnails import Thumbnails
from truthline.manifest.annotation import ImageSize
from truthline.manifest.edit import set_box_frame
from truthline.manifest.line import parse_line
from truthline.settings import Settings
from truthline.ui.canvas.view import CanvasBox, Frame
from truthline.ui.document.labelling import Labeller
from truthline.ui.document.palette import LabelColours
from truthline.ui.entry.panel import EntryPanel
from truthline.ui.labels.attributes import AttributesDialog
from truthline.ui.labels.commands import LabelCommands
from truthline.ui.window.main_window import MainWindow
from truthline.workspace.workspace import EntryId, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PySide6.QtGui import QColor
    from pytestqt.qtbot import QtBot

    from truthline.ui.document.document import Document
    from truthline.ui.kit.jobs import Jobs
    from truthline.ui.window.workbench import Workbench

DATE = "2024-05-14T09:12:37.137Z"
FIRST = EntryId(1)
IMAGE = ImageSize(640, 480)


def boxes(attribute: str, *labels: str) -> dict[str, Any]:
    names = sorted(set(labels))
    return {
        attribute: {
            "image_size": [{"width": 640, "height": 480, "depth": 3}],
            "annotations": [
                {
                    "class_id": names.index(label),
                    "left": 10,
                    "top": 20,
                    "width": 95.39999999999998,
                    "height": 40,
                }
                for label in labels
            ],
        },
        f"{attribute}-metadata": {
            "objects": [{"confidence": 0.5} for _ in labels],
            "class-map": {str(number): label for number, label in enumerate(names)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": DATE,
            "job-name": f"labeling-job/{attribute}",
        },
    }


def class_label(attribute: str, name: str) -> dict[str, Any]:
    return ground_truth.class_label(attribute, name, job_name=...)


def chained(number: int, *parts: dict[str, Any]) -> bytes:
    return ground_truth.dump(ground_truth.line(f"s3://b/{number}.jpg", *parts))


LINES = [
    chained(1, boxes("job-a", "bolt", "nut"), boxes("job-b", "bolt"), class_label("sort", "ok")),
    chained(2, boxes("job-a", "bolt")),
    chained(3, class_label("sort", "bad")),
]


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
def bench(open_lines: Callable[[list[bytes]], Workbench]) -> Workbench:
    return open_lines(LINES)


def choice(bench: Workbench) -> tuple[str, tuple[str, ...], bool]:
    info = bench.document.workspace.info
    return info.box_attribute, info.locked, info.hide_locked


def frames(bench: Workbench, attribute: str, entry_id: EntryId = FIRST) -> list[tuple[str, float]]:
    annotation = bench.document.annotation(entry_id)
    return [
        (box.label, box.left)
        for one in annotation.box_attributes
        if one.name == attribute
        for box in one.boxes
    ]


# The proposal


def test_the_commonest_box_attribute_is_proposed_and_the_others_are_locked(bench: Workbench) -> None:
    assert choice(bench) == ("job-a", ("job-b",), False)
    assert bench.toast.text == (
        "Several jobs have drawn boxes here. New boxes go into job-a; the other is read-only."
    )
    assert bench.labels.note.isVisible()
    assert bench.labels.note.accessibleName() == "New boxes: job-a · 1 read-only"
    assert not bench.document.undo_stack.newest


def test_the_line_about_attributes_opens_the_dialog(bench: Workbench, settle: Callable[[], None]) -> None:
    bench.labels.note.click()
    (dialog,) = bench.findChildren(AttributesDialog)
    settle()
    dialog.reject()


def test_one_box_attribute_is_taken_without_a_word(
    open_lines: Callable[[list[bytes]], Workbench],
) -> None:
    bench = open_lines([chained(1, boxes("job-a", "bolt")), chained(2)])
    assert choice(bench) == ("job-a", (), False)
    assert bench.toast.text == ""
    assert bench.labels.note.isHidden()


def test_what_was_chosen_is_not_proposed_anew(
    window: MainWindow, tmp_path: Path, settle: Callable[[], None]
) -> None:
    workspace = Workspace.create(
        tmp_path / "parts.truthline", WorkspaceInfo("parts", box_attribute="job-b", locked=("sort",))
    )
    workspace.append(NewEntry(raw) for raw in LINES)
    window.show_workspace(workspace)
    settle()
    assert window.bench is not None
    assert choice(window.bench) == ("job-b", ("sort",), False)
    assert window.bench.toast.text == ""


def test_without_boxes_the_first_one_goes_where_the_console_puts_it(
    open_lines: Callable[[list[bytes]], Workbench], settle: Callable[[], None]
) -> None:
    bench = open_lines([chained(1)])
    assert choice(bench) == ("", (), False)
    bench.labeller.choose_class("bolt")
    bench.labeller.add_box(FIRST, Frame(1, 2, 30, 40), IMAGE)
    settle()
    assert frames(bench, "parts_BB") == [("bolt", 1)]


# Labelling


def test_where_the_chosen_attribute_cannot_be_read_a_box_still_finds_an_open_one(
    open_lines: Callable[[list[bytes]], Workbench], settle: Callable[[], None]
) -> None:
    bench = open_lines([chained(1, {"bb": 1}, boxes("bb-2", "bolt")), chained(2, boxes("bb", "bolt"))])
    bench.document.choose_attributes("bb", ["bb-2"], hide_locked=False)
    bench.labeller.choose_class("nut")
    bench.labeller.add_box(FIRST, Frame(1, 2, 30, 40), IMAGE)
    settle()
    assert frames(bench, "bb-2") == [("bolt", 10)]
    assert frames(bench, "bb-3") == [("nut", 1)]


def canvas_box(attribute: str, index: int, colour: QColor) -> CanvasBox:
    return CanvasBox(attribute, index, "", colour, Frame(0, 0, 1, 1))


def test_new_boxes_go_into_the_chosen_attribute_in_every_entry(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.labeller.choose_class("crack")
    for number in (1, 2, 3):
        bench.labeller.add_box(EntryId(number), Frame(1, 2, 30, 40), IMAGE)
    settle()
    assert frames(bench, "job-a")[-1] == ("crack", 1)
    assert frames(bench, "job-a", EntryId(3)) == [("crack", 1)]
    assert frames(bench, "job-b") == [("bolt", 10)]


def test_boxes_of_a_locked_attribute_cannot_be_changed_and_the_reason_is_told(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    colour = bench.colours.of("bolt")
    locked, free = canvas_box("job-b", 0, colour), canvas_box("job-a", 0, colour)
    labeller = bench.labeller
    labeller.remove_boxes(FIRST, [locked.key])
    assert bench.toast.text == (
        "The attribute job-b is read-only. Choose what is edited in Labels > Attributes."
    )
    labeller.set_box_class(FIRST, [locked.key], "nut")
    labeller.reframe_boxes(FIRST, [(locked.key, Frame(5, 5, 50, 50))])
    assert not bench.document.undo_stack.newest
    labeller.set_box_class(FIRST, [locked.key, free.key], "nut")
    labeller.reframe_boxes(FIRST, [(locked.key, Frame(5, 5, 50, 50)), (free.key, Frame(6, 6, 50, 50))])
    labeller.remove_boxes(FIRST, [locked.key, ("job-a", 1)])
    settle()
    assert frames(bench, "job-b") == [("bolt", 10)]
    assert frames(bench, "job-a") == [("nut", 6)]


def test_a_locked_image_level_label_stays_and_its_name_is_not_taken(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.document.choose_attributes("job-a", ["job-b", "sort"], hide_locked=False)
    bench.labeller.toggle_class_label("ok", [FIRST])
    assert "sort is read-only" in bench.toast.text
    bench.labeller.toggle_class_label("sort", [EntryId(2)])
    settle()
    assert [label.name for label in bench.document.annotation(FIRST).class_labels] == ["ok"]
    assert [label.attribute for label in bench.document.annotation(EntryId(2)).class_labels] == ["sort-2"]


def test_any_other_edit_is_stopped_at_locked_attributes(bench: Workbench, settle: Callable[[], None]) -> None:
    heard: list[str] = []
    bench.document.refused.connect(heard.append)
    assert not bench.document.edit("Fix", FIRST, lambda a: set_box_frame(a, "job-b", 0, 1, 1, 20, 20))
    (told,) = heard
    assert told.startswith(
        "1 image was left unchanged: the change would touch an attribute that is read-only."
    )
    assert not bench.document.undo_stack.newest


def test_label_edits_leave_locked_uses_and_say_how_many(bench: Workbench, settle: Callable[[], None]) -> None:
    dialog = bench.commands.ask_rename("bolt")
    settle()
    assert dialog.touches.text() == "This changes 2 images: 2 boxes."
    assert dialog.kept.text() == ("1 box in 1 image stays: job-b is read-only (see Labels > Attributes).")
    dialog.reject()
    original, before = [raw for raw, _ in bench.document.workspace.lines()], bench.document.workspace.labels()
    bench.commands.rename("bolt", "screw")
    settle()
    assert frames(bench, "job-a")[0] == ("screw", 10)
    assert frames(bench, "job-b") == [("bolt", 10)]
    assert [label.name for label in bench.document.workspace.labels()] == _renamed(before)
    bench.document.undo()
    settle()
    assert [raw for raw, _ in bench.document.workspace.lines()] == original
    assert bench.document.workspace.labels() == before


def _renamed(before: list[Any]) -> list[str]:
    """The new name stands in the old one's place, and the old one at the end, since it is still used."""
    return ["screw" if label.name == "bolt" else label.name for label in before] + ["bolt"]


def test_a_label_that_only_locked_attributes_use_cannot_be_deleted(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.document.choose_attributes("parts_BB", ["job-a", "job-b"], hide_locked=False)
    dialog = bench.commands.ask_delete("nut")
    settle()
    assert not dialog.go.isEnabled()
    dialog.reject()


# What is shown


def test_locked_boxes_are_shown_read_only_or_not_at_all(
    qtbot: QtBot, bench: Workbench, settle: Callable[[], None]
) -> None:
    bench.browser.go_to(FIRST)
    keys = [("job-a", 0), ("job-a", 1), ("job-b", 0)]
    assert [box.editable for box in bench.image.boxes_of(keys)] == [True, True, False]
    assert len(bench.browser.model.card(0).boxes) == 3
    bench.document.choose_attributes("job-a", ["job-b"], hide_locked=True)
    assert [box.key for box in bench.image.boxes_of(keys)] == keys[:2]
    assert len(bench.browser.model.card(0).boxes) == 2
    settle()
    bench.document.undo()
    settle()
    assert choice(bench) == ("job-a", ("job-b",), False)
    assert len(bench.image.boxes_of(keys)) == 3


@pytest.fixture
def entry_panel(qtbot: QtBot, make_document: Callable[..., Document]) -> tuple[EntryPanel, Document]:
    document = make_document(LINES)
    made = EntryPanel(LabelColours(document))
    qtbot.addWidget(made)
    made.show()
    return made, document


def rows(panel: EntryPanel) -> dict[str, list[str]]:
    found = {}
    for group in range(panel.tree.topLevelItemCount()):
        parent = panel.tree.topLevelItem(group)
        assert parent is not None
        found[parent.text(0)] = [present(parent.child(row)).text(0) for row in range(parent.childCount())]
    return found


def remove_by_menu(panel: EntryPanel) -> str:
    """Choose the only entry of the context menu; returns its text."""
    panel.tree.customContextMenuRequested.emit(panel.tree.rect().center())
    menu = panel.findChildren(QMenu)[-1]
    menu.close()
    (action,) = menu.actions()
    action.trigger()
    return action.text()


def test_locked_rows_say_why_they_cannot_be_deleted(
    qtbot: QtBot, entry_panel: tuple[EntryPanel, Document]
) -> None:
    panel, document = entry_panel
    deleted: list[Any] = []
    panel.boxes_deleted.connect(deleted.append)
    panel.class_label_removed.connect(deleted.append)
    panel.set_locked(["job-b", "sort"], hide=False)
    panel.show_entry(document.entry(FIRST))
    assert rows(panel) == {"1 image-level label": ["ok"], "3 boxes": ["bolt", "nut", "bolt"]}
    panel.select_boxes({("job-b", 0)})
    (item,) = panel.tree.selectedItems()
    assert "The attribute job-b is read-only" in item.toolTip(0)
    assert item.data(0, Qt.ItemDataRole.AccessibleTextRole) == "bolt, read-only"
    assert remove_by_menu(panel) == "Nothing to Remove"
    assert deleted == []
    panel.tree.selectAll()
    assert remove_by_menu(panel).startswith("Delete 2 Boxes")
    assert deleted == [[("job-a", 0), ("job-a", 1)]]
    panel.set_locked(["job-b", "sort"], hide=True)
    panel.show_entry(document.entry(FIRST))
    assert rows(panel) == {"No image-level labels": [], "2 boxes": ["bolt", "nut"]}


# The dialog


def items(dialog: AttributesDialog) -> dict[str, Any]:
    found: dict[Any, Any] = {}
    for group in range(dialog.tree.topLevelItemCount()):
        parent = dialog.tree.topLevelItem(group)
        assert parent is not None
        found |= {present(parent.child(row)).text(0): parent.child(row) for row in range(parent.childCount())}
    return found


def test_all_attributes_are_listed_with_kind_job_and_images(
    bench: Workbench, settle: Callable[[], None]
) -> None:
    dialog = bench.commands.ask_attributes()
    assert not dialog.tree.isEnabled()
    settle()
    assert [present(dialog.tree.topLevelItem(row)).text(0) for row in range(2)] == [
        "Boxes",
        "Image-level labels",
    ]
    listed = {name: (item.text(1), item.text(2)) for name, item in items(dialog).items()}
    assert listed == {
        "job-a": ("labeling-job/job-a", "2"),
        "job-b": ("labeling-job/job-b", "1"),
        "sort": ("", "2"),
    }
    ticked = {name: item.checkState(0) is Qt.CheckState.Checked for name, item in items(dialog).items()}
    assert ticked == {"job-a": True, "job-b": False, "sort": True}
    dialog.grab()
    dialog.reject()


def test_another_choice_is_stored_shown_and_undone(bench: Workbench, settle: Callable[[], None]) -> None:
    dialog = bench.commands.ask_attributes()
    settle()
    dialog.target.setCurrentIndex(dialog.target.findData("job-b"))
    assert items(dialog)["job-b"].checkState(0) is Qt.CheckState.Checked
    assert not items(dialog)["job-b"].flags() & Qt.ItemFlag.ItemIsUserCheckable
    items(dialog)["job-a"].setCheckState(0, Qt.CheckState.Unchecked)
    items(dialog)["sort"].setCheckState(0, Qt.CheckState.Unchecked)
    dialog.shown.setChecked(False)
    dialog.accept()
    settle()
    assert choice(bench) == ("job-b", ("job-a", "sort"), True)
    assert bench.labels.note.accessibleName() == "New boxes: job-b · 2 read-only"
    assert bench.document.undo_stack.undo_text == "Choose Attributes"
    bench.document.undo()
    settle()
    assert choice(bench) == ("job-a", ("job-b",), False)


def test_accepting_without_a_change_is_no_gesture(bench: Workbench, settle: Callable[[], None]) -> None:
    dialog = bench.commands.ask_attributes()
    settle()
    dialog.accept()
    settle()
    assert not bench.document.undo_stack.newest
    assert choice(bench) == ("job-a", ("job-b",), False)


def test_a_new_attribute_for_boxes_can_be_chosen(bench: Workbench, settle: Callable[[], None]) -> None:
    dialog = bench.commands.ask_attributes()
    settle()
    assert [dialog.target.itemData(row) for row in range(dialog.target.count())] == [
        "job-a",
        "job-b",
        "parts_BB",
    ]
    dialog.target.setCurrentIndex(2)
    dialog.accept()
    bench.labeller.choose_class("bolt")
    bench.labeller.add_box(FIRST, Frame(1, 2, 30, 40), IMAGE)
    settle()
    assert frames(bench, "parts_BB") == [("bolt", 1)]


def test_other_attributes_are_listed_and_cannot_be_ticked(
    open_lines: Callable[[list[bytes]], Workbench], settle: Callable[[], None]
) -> None:
    mask = {"mask-ref": "s3://b/m.png", "mask-ref-metadata": {"type": "groundtruth/semantic-segmentation"}}
    bench = open_lines([chained(1, mask, boxes("<b>", "bolt"), boxes("job-b", "bolt"))])
    dialog = bench.commands.ask_attributes()
    settle()
    assert not items(dialog)["mask-ref"].flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert "&lt;b&gt;" in items(dialog)["<b>"].toolTip(0)
    dialog.accept()
    settle()


def test_closing_the_dialog_stops_the_search(bench: Workbench, settle: Callable[[], None]) -> None:
    before = choice(bench)
    dialog = bench.commands.ask_attributes()
    dialog.reject()
    settle()
    assert choice(bench) == before


# Whatever is done


NAMES = ["bolt", "nut", "job-b", "sort", "ok"]
gestures = st.lists(
    st.one_of(
        st.tuples(st.just("toggle"), st.sampled_from(NAMES)),
        st.tuples(st.just("draw"), st.sampled_from(NAMES)),
        st.tuples(st.just("set"), st.sampled_from(NAMES)),
        st.tuples(st.just("move"), st.integers(1, 300)),
        st.tuples(st.just("remove"), st.integers(0, 3)),
        st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("delete"), st.sampled_from(NAMES)),
        st.tuples(st.just("undo")),
        st.tuples(st.just("redo")),
    ),
    max_size=12,
)


def perform(
    document: Document, labeller: Labeller, commands: LabelCommands, gesture: tuple[Any, ...]
) -> None:
    colour = LabelColours(document).of("bolt")
    annotation = document.annotation(FIRST)
    every = [
        canvas_box(one.name, index, colour)
        for one in annotation.box_attributes
        for index in range(len(one.boxes))
    ]
    match gesture:
        case ("toggle", name):
            labeller.toggle_class_label(name, [FIRST])
        case ("draw", name):
            labeller.choose_class(name)
            labeller.add_box(FIRST, Frame(3, 4, 50, 60), IMAGE)
        case ("set", name):
            labeller.set_box_class(FIRST, [box.key for box in every], name)
        case ("move", left):
            labeller.reframe_boxes(FIRST, [(box.key, Frame(left, 5, 50, 60)) for box in every])
        case ("remove", index):
            labeller.remove_boxes(FIRST, [box.key for box in every if box.index == index])
        case ("rename", old, new) if old != new:
            commands.rename(old, new)
        case ("delete", name):
            commands.delete(name)
        case ("undo",):
            document.undo()
        case ("redo",):
            document.redo()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gestures=gestures, locked=st.sets(st.sampled_from(["job-a", "job-b", "sort", "bolt"]), min_size=1))
def test_locked_attributes_keep_their_bytes_whatever_is_done(
    gestures: list[tuple[Any, ...]],
    locked: set[str],
    make_document: Callable[..., Document],
    settle: Callable[[], None],
    host: QWidget,
) -> None:
    raw = chained(
        1,
        boxes("job-a", "bolt", "nut"),
        boxes("job-b", "bolt"),
        class_label("sort", "ok"),
        class_label("bolt", "bolt"),
    ).replace(b": ", b" :  ")
    document = make_document([raw])
    target = next(name for name in ("job-a", "job-b", "mine_BB") if name not in locked)
    document.choose_attributes(target, sorted(locked), hide_locked=False, undoable=False)
    labeller, commands = Labeller(document), LabelCommands(document, LabelColours(document), host)
    for gesture in gestures:
        perform(document, labeller, commands, gesture)
        settle()
    before, after = parse_line(raw).members, document.annotation(FIRST).members
    for name in locked:
        for key in (name, f"{name}-metadata"):
            assert bytes(after[key]) == bytes(before[key])


def test_closing_right_after_a_choice_keeps_it_and_complains_of_nothing(
    window: MainWindow, bench: Workbench, settle: Callable[[], None]
) -> None:
    path = bench.document.workspace.path
    bench.document.choose_attributes("job-b", ["job-a"], hide_locked=True)
    bench.document.add_label("dent")
    bench.commands.recolour("bolt", 9)
    window.close_workspace()
    settle()
    with Workspace.open(path) as again:
        assert (again.info.box_attribute, again.info.locked) == ("job-b", ("job-a",))
        assert [label.colour_index for label in again.labels() if label.name == "bolt"] == [9]


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made
