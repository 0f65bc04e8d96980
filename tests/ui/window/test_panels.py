"""The panels around the image: labels, this image, filters, problems, the JSON line."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QLabel, QMenu

from truthline.manifest.annotation import Finding, ImageFacts, Level, RemoteError
from truthline.ui.document.palette import LabelColours
from truthline.ui.entry.json_line import JsonLinePanel
from truthline.ui.entry.panel import EntryPanel
from truthline.ui.gallery.filters import FilterPanel
from truthline.ui.labels.panel import LabelPanel
from truthline.ui.problems.panel import ProblemsPanel
from truthline.workspace.workspace import (
    Counts,
    Entry,
    EntryId,
    Filter,
    Kind,
    Label,
    NewEntry,
    Origin,
    Problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from truthline.ui.document.document import Document


def plain(tip: str) -> str:
    """What a person reads in a tool tip that Qt takes for HTML."""
    assert tip.startswith("<qt>"), "Qt would guess whether this is HTML"
    inside = tip.removeprefix("<qt>").removesuffix("</qt>").replace("<br>", "\n")
    assert "<" not in inside
    return html.unescape(inside)


def texts(view: QAbstractItemView, column: int = 0, parent: QModelIndex | None = None) -> list[str]:
    model = view.model()
    parent = parent or QModelIndex()
    found = []
    for row in range(model.rowCount(parent)):
        found.append(str(model.index(row, column, parent).data()))
        found += texts(view, column, model.index(row, 0, parent))
    return found


def click(qtbot: QtBot, view: QAbstractItemView, text: str) -> None:
    model = view.model()
    (index,) = model.match(
        model.index(0, 0), Qt.ItemDataRole.DisplayRole, text, 1,
        Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive,
    )  # fmt: skip
    view.scrollTo(index)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())


def labels_named(*names: str) -> list[Label]:
    return [Label(name, place + 1, place, 10 * place) for place, name in enumerate(names)]


# Labels


@pytest.fixture
def label_panel(qtbot: QtBot) -> LabelPanel:
    made = LabelPanel()
    qtbot.addWidget(made)
    made.resize(240, 500)
    made.show()
    return made


def test_labels_are_listed_in_their_order_with_ten_digits(label_panel: LabelPanel) -> None:
    names = [f"label {number}" for number in range(12)]
    label_panel.show_labels(labels_named(*names))
    model = label_panel.list.model()
    assert texts(label_panel.list) == names
    spoken = [model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in (0, 9, 10)]
    assert spoken == [
        "label 0, key 1, 0 images",
        "label 9, key 0, 90 images",
        "label 10, key none, 100 images",
    ]
    label_panel.grab()


def test_a_click_chooses_a_label_and_the_field_adds_one(qtbot: QtBot, label_panel: LabelPanel) -> None:
    chosen: list[str] = []
    added: list[str] = []
    label_panel.label_chosen.connect(chosen.append)
    label_panel.label_added.connect(added.append)
    label_panel.show_labels(labels_named("oak", "elm"))
    click(qtbot, label_panel.list, "elm")
    label_panel.focus_field()
    qtbot.keyClicks(label_panel.field, "  ash  ")
    qtbot.keyClick(label_panel.field, Qt.Key.Key_Return)
    qtbot.keyClicks(label_panel.field, "   ")
    qtbot.keyClick(label_panel.field, Qt.Key.Key_Return)
    assert chosen == ["elm"]
    assert added == ["ash"]
    assert label_panel.field.text().strip() == ""


def test_the_chosen_row_stays_when_labels_are_shown_anew(qtbot: QtBot, label_panel: LabelPanel) -> None:
    label_panel.show_labels(labels_named("oak", "elm"))
    click(qtbot, label_panel.list, "elm")
    label_panel.show_labels(labels_named("oak", "elm", "ash"))
    assert label_panel.list.currentIndex().data() == "elm"


def test_without_labels_the_panel_says_how_to_get_one(label_panel: LabelPanel) -> None:
    label_panel.show_labels([])
    assert label_panel.list.isHidden()
    label_panel.show_labels(labels_named("oak"))
    assert not label_panel.list.isHidden()


def test_any_label_can_be_shown_and_chosen(qtbot: QtBot, label_panel: LabelPanel, hostile: str) -> None:
    chosen: list[str] = []
    label_panel.label_chosen.connect(chosen.append)
    label_panel.show_labels(labels_named(hostile, "elm"))
    label_panel.show_current(hostile)
    assert texts(label_panel.list) == [hostile, "elm"]
    tip = label_panel.list.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert plain(tip).startswith(hostile)
    click(qtbot, label_panel.list, hostile)
    assert chosen == [hostile]
    label_panel.grab()


# This image


@pytest.fixture
def entry_panel(
    qtbot: QtBot, make_document: Callable[..., Document], line: Callable[..., bytes], hostile_line: bytes
) -> tuple[EntryPanel, Document]:
    raw = line("s3://leaves/a.jpg", ["oak", "elm"], [("bolt", (1, 2, 30, 40)), ("nut", (5, 6, 70, 80))])
    document = make_document([raw, hostile_line])
    made = EntryPanel(LabelColours(document))
    qtbot.addWidget(made)
    made.resize(260, 500)
    made.show()
    return made, document


@pytest.fixture
def hostile_line() -> bytes:
    return b"{}"


def test_labels_and_boxes_are_listed(entry_panel: tuple[EntryPanel, Document]) -> None:
    panel, document = entry_panel
    document.workspace.store_facts(EntryId(1), ImageFacts(640, 480, "JPEG", 250_000))
    panel.show_entry(document.entry(EntryId(1)))
    assert texts(panel.tree) == ["2 image-level labels", "oak", "elm", "2 boxes", "bolt", "nut"]
    assert [text.strip() for text in texts(panel.tree, 1)] == ["", "", "", "", "30 × 40", "70 × 80"]
    panel.show_entry(document.entry(EntryId(2)))
    assert texts(panel.tree) == ["No image-level labels", "No boxes"]
    panel.show_entry(None)
    assert texts(panel.tree) == []


def test_chosen_boxes_are_told_and_stay_chosen(
    qtbot: QtBot, entry_panel: tuple[EntryPanel, Document]
) -> None:
    panel, document = entry_panel
    panel.show_entry(document.entry(EntryId(1)))
    told: list[Any] = []
    panel.boxes_selected.connect(told.append)
    click(qtbot, panel.tree, "nut")
    assert told[-1] == [("parts_BB", 1)]
    told.clear()
    panel.show_entry(document.entry(EntryId(1)))
    assert panel.selected_boxes() == [("parts_BB", 1)]
    panel.select_boxes({("parts_BB", 0), ("parts_BB", 1), ("other", 3)})
    assert panel.selected_boxes() == [("parts_BB", 0), ("parts_BB", 1)]
    assert told == []  # only what a person chose is told


def menu_of(panel: EntryPanel) -> dict[str, Any]:
    panel.tree.customContextMenuRequested.emit(panel.tree.rect().center())
    menu = panel.findChildren(QMenu)[-1]
    menu.close()
    return {action.text(): action for action in menu.actions()}


def test_the_context_menu_names_what_it_removes(
    qtbot: QtBot, entry_panel: tuple[EntryPanel, Document]
) -> None:
    panel, document = entry_panel
    panel.show_entry(document.entry(EntryId(1)))
    boxes: list[Any] = []
    labels: list[str] = []
    panel.boxes_deleted.connect(boxes.append)
    panel.class_label_removed.connect(labels.append)
    assert [(text, action.isEnabled()) for text, action in menu_of(panel).items()] == [
        ("Nothing to Remove", False)
    ]
    panel.tree.selectAll()
    menu = menu_of(panel)
    assert list(menu) == [
        "Delete 2 Boxes\tDel",
        "Remove “oak” from This Image",
        "Remove “elm” from This Image",
    ]
    menu["Remove “elm” from This Image"].trigger()
    menu["Delete 2 Boxes\tDel"].trigger()
    assert labels == ["elm"]
    assert boxes == [[("parts_BB", 0), ("parts_BB", 1)]]


def test_no_key_removes_an_image_level_label(qtbot: QtBot, entry_panel: tuple[EntryPanel, Document]) -> None:
    panel, document = entry_panel
    panel.show_entry(document.entry(EntryId(1)))
    told: list[Any] = []
    panel.boxes_deleted.connect(told.append)
    panel.class_label_removed.connect(told.append)
    panel.tree.selectAll()
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        qtbot.keyClick(panel.tree, key)
    assert told == []


def test_boxes_of_another_image_are_not_selected(
    qtbot: QtBot, entry_panel: tuple[EntryPanel, Document], line: Callable[..., bytes]
) -> None:
    panel, document = entry_panel
    document.workspace.append([NewEntry(line("s3://leaves/b.jpg", [], [("nut", (1, 2, 3, 4))]))])
    panel.show_entry(document.entry(EntryId(1)))
    panel.select_boxes({("parts_BB", 0)})
    panel.show_entry(document.entry(EntryId(3)))
    assert panel.selected_boxes() == []


def test_any_text_can_be_listed(
    qtbot: QtBot, make_document: Callable[..., Document], line: Callable[..., bytes], hostile: str
) -> None:
    raw = line(f"s3://leaves/{hostile}", [hostile], [(hostile, (1, 2, 30, 40))])
    document = make_document([raw])
    panel = EntryPanel(LabelColours(document))
    qtbot.addWidget(panel)
    panel.show()
    panel.show_entry(document.entry(EntryId(1)))
    assert texts(panel.tree)[1] == texts(panel.tree)[3] == hostile
    for group in range(2):
        tip = panel.tree.topLevelItem(group).child(0).toolTip(0)  # type: ignore[union-attr]
        assert plain(tip).startswith(hostile)
    panel.grab()


# Filters


@pytest.fixture
def filter_panel(qtbot: QtBot) -> FilterPanel:
    made = FilterPanel()
    qtbot.addWidget(made)
    made.resize(220, 500)
    made.show()
    return made


def test_filters_are_offered_with_counts(filter_panel: FilterPanel) -> None:
    filter_panel.show_labels([*labels_named("oak", "elm"), Label("unused", 3, 2, 0)])
    listed = texts(filter_panel.tree)
    assert listed[:4] == ["All", "Unlabelled", "Changed", "Problems"]
    assert "elm" in listed
    assert "unused" not in listed
    filter_panel.show_counts(Counts(1204, 88, 7, 2, 0, 2))
    assert texts(filter_panel.tree, 1)[:4] == ["1,204", "88", "7", "2"]


def test_a_click_chooses_a_filter_and_it_stays_marked(qtbot: QtBot, filter_panel: FilterPanel) -> None:
    chosen: list[Filter] = []
    filter_panel.filter_chosen.connect(chosen.append)
    filter_panel.show_labels(labels_named("oak", "elm"))
    click(qtbot, filter_panel.tree, "Changed")
    click(qtbot, filter_panel.tree, "elm")
    assert chosen == [Filter(kind=Kind.CHANGED), Filter(label="elm")]
    filter_panel.show_labels(labels_named("oak", "elm", "ash"))
    assert filter_panel.tree.currentIndex().data() == "elm"
    filter_panel.show_filter(Filter(kind=Kind.PROBLEMS))
    assert filter_panel.tree.currentIndex().data() == "Problems"


def test_any_label_can_be_a_filter(qtbot: QtBot, filter_panel: FilterPanel, hostile: str) -> None:
    chosen: list[Filter] = []
    filter_panel.filter_chosen.connect(chosen.append)
    filter_panel.show_labels([Label(hostile, 1, 0, 3)])
    index = filter_panel.tree.model().index(filter_panel.tree.model().rowCount() - 1, 0)
    assert index.data() == hostile
    assert plain(index.data(Qt.ItemDataRole.ToolTipRole)) == hostile
    click(qtbot, filter_panel.tree, hostile)
    assert chosen == [Filter(label=hostile)]
    filter_panel.grab()


# Problems


def problem(
    entry_id: int, origin: Origin, level: Level, message: str = "", code: str = "", pointer: str = "/a/b"
) -> Problem:
    ref = f"s3://leaves/{entry_id}.jpg"
    code = code or f"CODE_{level.upper()}"
    return Problem(EntryId(entry_id), entry_id, ref, origin, 0, code, level, message or f"{level}", pointer)


@pytest.fixture
def problems_panel(qtbot: QtBot) -> ProblemsPanel:
    made = ProblemsPanel()
    qtbot.addWidget(made)
    made.resize(1000, 300)
    made.show()
    return made


def listed(panel: ProblemsPanel) -> list[int]:
    return [one.entry_id for one in panel.problems]


def test_problems_are_grouped_by_code_errors_first(problems_panel: ProblemsPanel) -> None:
    given = [
        problem(1, Origin.FINDING, Level.WARNING),
        problem(2, Origin.FINDING, Level.ERROR),
        problem(4, Origin.REMOTE, Level.ERROR),
        problem(3, Origin.REMOTE, Level.WARNING),
        problem(5, Origin.FINDING, Level.INFO),
    ]
    problems_panel.show_problems(given)
    assert listed(problems_panel) == [4, 2, 3, 1, 5]  # in each group the service's come first
    assert [group.key for group in problems_panel.groups] == ["CODE_ERROR", "CODE_WARNING", "CODE_INFO"]
    problems_panel.grouping.setCurrentIndex(1)
    assert [len(group.problems) for group in problems_panel.groups] == [1] * 5
    problems_panel.grab()


def test_levels_and_words_narrow_the_list(qtbot: QtBot, problems_panel: ProblemsPanel) -> None:
    problems_panel.show_problems(
        [problem(1, Origin.FINDING, Level.WARNING), problem(2, Origin.FINDING, Level.ERROR, "Too wide.")]
    )
    problems_panel.level_buttons[Level.WARNING].setChecked(False)
    assert listed(problems_panel) == [2]
    problems_panel.level_buttons[Level.WARNING].setChecked(True)
    qtbot.keyClicks(problems_panel.search, "WIDE")
    assert listed(problems_panel) == [2]
    qtbot.keyClicks(problems_panel.search, "r")
    assert listed(problems_panel) == []
    problems_panel.step(1)
    problems_panel.search.clear()
    assert listed(problems_panel) == [2, 1]


def test_a_click_goes_to_a_problem_and_steps_go_round(qtbot: QtBot, problems_panel: ProblemsPanel) -> None:
    chosen: list[int] = []
    problems_panel.problem_chosen.connect(lambda one: chosen.append(one.entry_id))
    problems_panel.step(1)
    problems_panel.show_problems([problem(n, Origin.FINDING, Level.ERROR, f"{n}!") for n in (1, 2, 3)])
    click(qtbot, problems_panel.view, "2!")
    for steps in (1, 1, -1):
        problems_panel.step(steps)
    assert chosen == [2, 3, 1, 3]


def test_the_chosen_problem_stays_when_they_are_shown_anew(
    qtbot: QtBot, problems_panel: ProblemsPanel
) -> None:
    three = [problem(n, Origin.FINDING, Level.ERROR, f"{n}!") for n in (1, 2, 3)]
    problems_panel.show_problems(three)
    click(qtbot, problems_panel.view, "2!")
    problems_panel.show_problems(three[1:])
    assert problems_panel.view.currentIndex().data() == "2!"
    assert problems_panel.explanation.problem == three[1]


def test_what_our_rules_and_the_service_both_report_is_told_once(problems_panel: ProblemsPanel) -> None:
    ours = problem(1, Origin.FINDING, Level.ERROR, "12 px over the edge.")
    theirs = problem(1, Origin.REMOTE, Level.ERROR, "Over the edge.")
    problems_panel.show_problems([ours, theirs, problem(1, Origin.FINDING, Level.ERROR, pointer="/c")])
    assert [(one.origin, one.message) for one in problems_panel.problems] == [
        (Origin.REMOTE, "12 px over the edge."),
        (Origin.FINDING, "error"),
    ]


def test_findings_and_remote_errors_are_told_apart_in_words(problems_panel: ProblemsPanel) -> None:
    first = problem(1, Origin.REMOTE, Level.ERROR, "Over the edge.")
    problems_panel.show_problems([first, problem(2, Origin.FINDING, Level.ERROR, "No.")])
    tree = problems_panel._tree
    rows = [tree.index_of(one) for one in problems_panel.problems]
    tips = [plain(row.data(Qt.ItemDataRole.ToolTipRole)) for row in rows]
    assert tips[0] == "Reported by the service: Over the edge.\nCODE_ERROR\ns3://leaves/1.jpg"
    assert tips[1].startswith("Found by Truthline: No.")
    spoken = rows[0].data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Reported by the service, error: Over the edge."


def test_any_text_can_be_a_problem(problems_panel: ProblemsPanel, hostile: str) -> None:
    ref = f"s3://leaves/{hostile}"
    shown = Problem(EntryId(1), 1, ref, Origin.REMOTE, 0, hostile, Level.ERROR, hostile, "/a")
    problems_panel.show_problems([shown])
    for grouping in (0, 1):
        problems_panel.grouping.setCurrentIndex(grouping)
        index = problems_panel._tree.index_of(shown)
        problems_panel.view.setCurrentIndex(index)
        assert index.data() == hostile
        assert hostile in plain(index.data(Qt.ItemDataRole.ToolTipRole))
        plain(index.parent().data(Qt.ItemDataRole.ToolTipRole))
        for label in problems_panel.explanation.findChildren(QLabel):
            assert label.textFormat() == Qt.TextFormat.PlainText
        problems_panel.grab()
    assert problems_panel.width() == 1000


# JSON Line


@pytest.fixture
def json_panel(qtbot: QtBot) -> JsonLinePanel:
    made = JsonLinePanel()
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.show()
    return made


def entry_of(
    line: bytes,
    base: bytes | None = None,
    findings: tuple[Finding, ...] = (),
    remote: tuple[RemoteError, ...] = (),
) -> Entry:
    changed = base is None or json.loads(base) != json.loads(line)
    return Entry(EntryId(1), 1, "s3://leaves/a.jpg", line, b"\n", base, changed, findings, remote, None)


def marked(panel: JsonLinePanel) -> list[str]:
    return [selection.cursor.selectedText() for selection in panel.text.extraSelections()]


def test_a_line_is_laid_out_and_copied_as_it_is(qtbot: QtBot, json_panel: JsonLinePanel) -> None:
    raw = b'{"a":1,  "b":[1.50]}'
    json_panel.show_entry(entry_of(raw, raw))
    assert json_panel.text.toPlainText() == '{\n  "a": 1,\n  "b": [1.50]\n}'
    assert json_panel.text.isReadOnly()
    qtbot.mouseClick(json_panel.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == raw.decode()


def test_what_changed_is_marked(json_panel: JsonLinePanel) -> None:
    json_panel.show_entry(
        entry_of(
            b'{"\xf0\x9f\x94\xa9":"\xf0\x9f\x94\xa9","b":2}', b'{"\xf0\x9f\x94\xa9":"\xf0\x9f\x94\xa9","b":1}'
        )
    )
    assert marked(json_panel) == ['"b": 2']


def test_what_is_wrong_is_marked_and_told_on_hover(json_panel: JsonLinePanel) -> None:
    raw = '{"é🔩":0,"boxes":{"left":-5}}'.encode()
    finding = Finding("ERROR_INVALID_BOUNDING_BOX", Level.ERROR, "It lies outside.", "/boxes/left")
    remote = RemoteError("ERROR_X", "The service says so.", "/boxes")
    json_panel.show_entry(entry_of(raw, raw, (finding,), (remote,)))
    assert marked(json_panel) == ['"left": -5', '"boxes": {"left": -5}']
    at = json_panel.text.toPlainText().index('"left"') + 1
    assert json_panel.tip_at(at + 1) == (
        "It lies outside.\nERROR_INVALID_BOUNDING_BOX\nThe service says so.\nERROR_X"
    )
    assert json_panel.tip_at(0) == ""


def test_go_to_selects_the_place(json_panel: JsonLinePanel) -> None:
    json_panel.show_entry(entry_of('{"🔩":"🔩","boxes":{"left":-5}}'.encode(), None))
    json_panel.go_to("/boxes/left/deeper")
    assert json_panel.text.textCursor().selectedText() == '"left": -5'


def test_going_nowhere_is_fine(json_panel: JsonLinePanel) -> None:
    json_panel.go_to("/a")
    json_panel.show_entry(entry_of(b'"x"', b'"x"'))
    json_panel.go_to("/a")
    json_panel.show_entry(None)
    assert json_panel.text.toPlainText() == ""
    assert not json_panel.copy_button.isEnabled()


def test_the_place_in_the_text_stays_while_the_entry_does(json_panel: JsonLinePanel) -> None:
    def long(value: int) -> bytes:
        return json.dumps({f"key{number}": value if number == 150 else 0 for number in range(200)}).encode()

    json_panel.show_entry(entry_of(long(0), None))
    json_panel.text.verticalScrollBar().setValue(100)
    json_panel.show_entry(entry_of(long(1), long(0)))
    assert json_panel.text.verticalScrollBar().value() == 100


def test_any_line_can_be_shown(json_panel: JsonLinePanel, hostile: str) -> None:
    raw = json.dumps({hostile: {hostile: hostile}}, ensure_ascii=False).encode()
    remote = RemoteError(hostile, hostile, f"/{hostile}")
    json_panel.show_entry(entry_of(raw, raw, (), (remote,)))
    shown = json_panel.text.toPlainText()
    assert json.dumps(hostile, ensure_ascii=False) in shown
    assert hostile in json_panel.tip_at(shown.index(":"))
    json_panel.grab()
