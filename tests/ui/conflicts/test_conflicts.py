"""The conflict view: what it shows, how keys and clicks drive it, and what the workspace holds then."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QModelIndex, QPointF, Qt
from PySide6.QtGui import QFont, QKeyEvent, QShortcut
from PySide6.QtWidgets import QApplication

from present import present
from truthline.images.source import FolderSource
from truthline.images.thumbnails import Thumbnails
from truthline.images.workspace_source import NoImages
from truthline.manifest.annotation import ImageFacts
from truthline.manifest.edit import add_class_label
from truthline.manifest.merge.merge import MergeConflict, Side
from truthline.ui.canvas.overlays import OverlayItem, Version
from truthline.ui.conflicts.dialog import ConflictsDialog
from truthline.ui.conflicts.words import in_words, told
from truthline.ui.document.entry_model import EntryModel
from truthline.ui.document.palette import LabelColours
from truthline.ui.document.pictures import Pictures
from truthline.ui.document.steps.carrier import AT_ONCE
from truthline.ui.document.steps.gestures import Applied
from truthline.ui.gallery.filters import FilterPanel
from truthline.ui.kit import keyboard
from truthline.workspace.changes import Changes
from truthline.workspace.entry import Settlement
from truthline.workspace.workspace import EntryId, Filter, Kind, NewEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PySide6.QtCore import QObject
    from pytestqt.qtbot import QtBot

    from truthline.images.source import ImageSource
    from truthline.ui.document.document import Document

Box = tuple[str, tuple[int, int, int, int]]
ONE, TWO, THREE = EntryId(1), EntryId(2), EntryId(3)


@pytest.fixture
def thumbnails(tmp_path: Path) -> Iterator[Thumbnails]:
    made = Thumbnails(tmp_path / "cache.sqlite")
    yield made
    made.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """1.jpg to 3.jpg, 640 × 480."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(1, 4):
        Image.new("RGB", (640, 480), "#557755").save(folder / f"{number}.jpg")
    return folder


@dataclass
class View:
    """The dialog as a test drives it."""

    qtbot: QtBot
    document: Document
    dialog: ConflictsDialog
    resolved: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: self.document.jobs.idle)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        focus = QApplication.focusWidget() or self.dialog
        self.qtbot.keyClick(focus, key, modifier)
        self.settle()

    def undo(self) -> None:
        self.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def state(self, entry_id: EntryId) -> tuple[bytes, bytes | None, bytes | None]:
        entry = self.document.workspace.entry(entry_id)
        return entry.line, entry.base, entry.theirs

    def frames(self, entry_id: EntryId) -> list[tuple[int, int]]:
        boxes = json.loads(self.document.workspace.entry(entry_id).line)["parts_BB"]["annotations"]
        return [(box["left"], box["top"]) for box in boxes]

    def cells(self, row: int = 0) -> list[str]:
        table = self.dialog.table
        return [present(table.item(row, column)).text() for column in range(table.columnCount())]

    @property
    def names(self) -> list[str]:
        model = self.dialog.list.model()
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    @property
    def left(self) -> list[int]:
        return list(self.document.workspace.ids(Filter(kind=Kind.CONFLICTS)))

    @property
    def overlays(self) -> list[OverlayItem]:
        return self.dialog.picture.view.shown


@pytest.fixture
def conflicting(
    make_document: Callable[..., Document],
) -> Callable[..., Document]:
    """`conflicting(*(base, mine, theirs))`: a document whose entries are in these conflicts."""

    def make(*lines: tuple[bytes | None, bytes, bytes]) -> Document:
        document: Document = make_document(NewEntry(mine, base=base) for base, mine, _ in lines)
        document.workspace.settle(
            {
                EntryId(number): Settlement(mine, mine, base, theirs)
                for number, (base, mine, theirs) in enumerate(lines, 1)
            }
        )
        return document

    return make


@pytest.fixture
def open_view(qtbot: QtBot, thumbnails: Thumbnails) -> Callable[..., View]:
    def open_(document: Document, source: ImageSource | None = None) -> View:
        pictures = Pictures(document.jobs, source or NoImages(), thumbnails, document)
        dialog = ConflictsDialog(document, pictures, LabelColours(document))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(dialog)
        view = View(qtbot, document, dialog)
        dialog.resolved.connect(view.resolved.append)
        document.refused.connect(view.refused.append)
        dialog.show()
        dialog.activateWindow()
        qtbot.waitUntil(dialog.isActiveWindow)
        view.settle()
        return view

    return open_


@pytest.fixture
def moved(line: Callable[..., bytes]) -> Callable[[int], tuple[bytes, bytes, bytes]]:
    """`moved(n)`: image n, whose one box both moved."""

    def make(number: int) -> tuple[bytes, bytes, bytes]:
        base, mine, theirs = (
            line(f"s3://leaves/{number}.jpg", boxes=[("oak", (left, 20, 50, 40))]) for left in (10, 11, 30)
        )
        return base, mine, theirs

    return make


@pytest.fixture
def view(
    conflicting: Callable[..., Document], moved: Any, open_view: Callable[..., View], photos: Path
) -> View:
    """Three images, each in one conflict."""
    return open_view(conflicting(*map(moved, (1, 2, 3))), FolderSource(photos))


def test_it_lists_the_images_in_conflict_and_says_how_many_are_left(view: View) -> None:
    assert view.names == ["1.jpg", "2.jpg", "3.jpg"]
    assert view.dialog.count.text() == "3 of 3 left"
    assert view.dialog.list.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole).count("s3://leaves/1.jpg")
    assert view.dialog.entry is not None
    assert view.dialog.entry.id == ONE
    assert not view.dialog.isModal()


def test_it_compares_in_words(view: View) -> None:
    assert view.cells() == [
        "Box 1 (oak)",
        "oak, 50×40 at 30, 20",
        "oak, 50×40 at 11, 20",
        "oak, 50×40 at 10, 20",
    ]


def test_the_keys_decide_image_after_image(view: View) -> None:
    theirs = view.state(ONE)[2]
    view.press(Qt.Key.Key_M)
    assert view.frames(ONE) == [(11, 20)]
    assert view.state(ONE)[1:] == (theirs, None)
    assert view.dialog.entry is not None
    assert view.dialog.entry.id == TWO
    assert view.dialog.count.text() == "2 of 3 left"
    view.press(Qt.Key.Key_T)
    assert view.frames(TWO) == [(30, 20)]
    assert view.left == [THREE]
    assert view.resolved == [1, 1]
    assert not view.document.workspace.entry(TWO).changed


def test_a_held_key_decides_one_image_only(view: View) -> None:
    deciding = [one for one in view.dialog.findChildren(QShortcut) if one.key().toString() in ("M", "T")]
    assert len(deciding) == 2
    assert not any(one.autoRepeat() for one in deciding)


def test_up_and_down_move_between_the_images(view: View) -> None:
    view.press(Qt.Key.Key_Down)
    assert view.dialog.entry is not None
    assert view.dialog.entry.id == TWO
    view.press(Qt.Key.Key_Down)
    view.press(Qt.Key.Key_T)
    assert view.frames(THREE) == [(30, 20)]
    assert view.dialog.entry.id == TWO  # none after it, so the one before
    view.press(Qt.Key.Key_Up)
    assert view.dialog.entry.id == ONE


def test_buttons_do_what_the_keys_do(view: View) -> None:
    view.qtbot.mouseClick(view.dialog.decide[Side.THEIRS], Qt.MouseButton.LeftButton)
    view.settle()
    assert view.frames(ONE) == [(30, 20)]
    view.qtbot.mouseClick(view.dialog.decide[Side.MINE], Qt.MouseButton.LeftButton)
    view.settle()
    assert view.frames(TWO) == [(11, 20)]


def test_enter_decides_nothing(view: View) -> None:
    view.press(Qt.Key.Key_Return)
    assert view.left == [1, 2, 3]
    assert view.dialog.isVisible()


def test_undo_brings_back_line_base_and_conflict(view: View) -> None:
    before = view.state(ONE)
    view.press(Qt.Key.Key_T)
    after = view.state(ONE)
    assert "1.jpg" in view.dialog.notice.text()
    view.undo()
    assert view.state(ONE) == before
    assert view.names == ["1.jpg", "2.jpg", "3.jpg"]
    assert view.dialog.count.text() == "3 of 3 left"
    view.document.redo()
    view.settle()
    assert view.state(ONE) == after


def test_what_undo_takes_back_is_said_only_while_it_is_the_newest(
    view: View, line: Callable[..., bytes]
) -> None:
    notice = view.dialog.notice
    view.press(Qt.Key.Key_T)
    assert "takes it back" in notice.text()
    view.document.edit("Label oak", THREE, lambda a: add_class_label(a, "oak", datetime.now(UTC)))
    view.settle()
    assert notice.text() == ""
    view.undo()
    assert notice.text() == "Undone on 3.jpg: Label oak."
    view.undo()
    assert notice.text() == "Undone on 1.jpg: Take theirs."
    view.document.redo()
    view.settle()
    assert notice.text() == "Done again on 1.jpg: Take theirs."


@pytest.mark.parametrize(("side", "left"), [(Side.MINE, 11), (Side.THEIRS, 30)])
def test_for_all_is_one_gesture(view: View, side: Side, left: int) -> None:
    button = view.dialog.decide_all[side]
    assert button.text() in ("Keep Mine for All 3", "Take Theirs for All 3")
    view.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    view.settle()
    assert [view.frames(one) for one in (ONE, TWO, THREE)] == [[(left, 20)]] * 3
    assert view.resolved == [3]
    assert view.left == []
    assert view.document.undo_stack.count() == 1
    view.undo()
    assert view.left == [1, 2, 3]
    assert [view.frames(one) for one in (ONE, TWO, THREE)] == [[(11, 20)]] * 3


def test_when_none_is_left_it_says_so_and_offers_nothing_else(view: View) -> None:
    for _ in range(3):
        view.press(Qt.Key.Key_M)
    shown = [one.text() for one in view.dialog.findChildren(type(view.dialog.notice)) if one.isVisible()]
    assert "No conflicts left. Push again to send your changes." in shown
    buttons = view.dialog.findChildren(type(view.dialog.close_button))
    assert [one.text() for one in buttons if one.isVisible()] == ["Close"]
    view.press(Qt.Key.Key_M)  # nothing there to decide
    assert view.resolved == [1, 1, 1]
    view.undo()
    assert view.dialog.list.isVisible()
    assert view.names == ["3.jpg"]


def test_the_last_one_is_not_offered_for_all(view: View) -> None:
    view.press(Qt.Key.Key_M)
    view.press(Qt.Key.Key_M)
    assert not any(button.isVisible() for button in view.dialog.decide_all.values())


def test_many_are_decided_with_progress(
    conflicting: Callable[..., Document], moved: Any, open_view: Callable[..., View]
) -> None:
    many = AT_ONCE + 6
    view = open_view(conflicting(*(moved(number) for number in range(1, many + 1))))
    told_so: list[Any] = []
    applied: list[Any] = []
    view.document.working.connect(told_so.append)
    view.document.worked.connect(lambda: told_so.append(None))
    view.document.applied.connect(applied.append)
    view.dialog.decide_all[Side.THEIRS].click()
    assert not view.document.edit("Anything", ONE, lambda annotation: annotation)
    assert view.refused  # it has to wait until the decision is carried out
    view.settle()
    assert view.left == []
    assert told_so[0].total == many
    assert told_so[-1] is None
    assert applied == [Applied(f"Take theirs in {many} images", many)]
    view.undo()
    assert len(view.left) == many


def test_what_changed_behind_the_view_is_left_alone_and_that_is_said(view: View, moved: Any) -> None:
    base, mine, _ = moved(1)
    newer = mine.replace(b'"top": 20', b'"top": 99')
    view.document.workspace.settle({ONE: Settlement(mine, mine, base, newer)})  # a pull; nobody told the view
    view.press(Qt.Key.Key_T)
    assert view.state(ONE) == (mine, base, newer)
    assert view.refused == ["1 image was left as it is: it was changed meanwhile. Look at it again."]
    assert view.dialog.notice.text() == view.refused[0]
    assert view.resolved == []


def test_an_undo_leaves_alone_what_was_edited_since(view: View, line: Callable[..., bytes]) -> None:
    view.press(Qt.Key.Key_M)
    edited = line("s3://leaves/1.jpg", boxes=[("elm", (1, 2, 3, 4))])
    view.document.workspace.save(ONE, edited)
    view.undo()
    assert view.state(ONE)[0] == edited
    assert view.state(ONE)[2] is None
    assert view.refused


def test_the_list_follows_what_others_do(view: View, moved: Any) -> None:
    base, mine, theirs = moved(2)
    view.press(Qt.Key.Key_Down)
    view.document.absorb(view.document.workspace.settle({TWO: Settlement(mine, theirs, theirs)}))
    view.settle()
    assert view.names == ["1.jpg", "3.jpg"]
    assert view.dialog.entry is not None
    assert view.dialog.entry.id == THREE
    view.document.absorb(view.document.workspace.remove([THREE]))
    view.settle()
    assert view.names == ["1.jpg"]
    assert base is not None


def test_an_edit_elsewhere_is_shown_at_once(view: View, moved: Any) -> None:
    from truthline.manifest.edit import set_box_frame  # noqa: PLC0415

    view.document.edit("Move", ONE, lambda one: set_box_frame(one, "parts_BB", 0, 77, 20, 50, 40))
    view.settle()
    assert view.cells()[2] == "oak, 50×40 at 77, 20"
    view.press(Qt.Key.Key_M)
    assert view.frames(ONE) == [(77, 20)]


# The image


def by_version(view: View) -> dict[Version | None, list[tuple[str, float]]]:
    found: dict[Version | None, list[tuple[str, float]]] = {}
    for item in view.overlays:
        found.setdefault(item.overlay.version, []).append((item.tag, item.overlay.frame.left))
    return found


def test_the_three_versions_lie_over_the_image(view: View) -> None:
    assert view.dialog.picture.view.has_image
    assert by_version(view) == {
        Version.THEIRS: [("Theirs: oak", 30)],
        Version.MINE: [("Mine: oak", 11)],
        Version.BASE: [("Before: oak", 10)],
    }


def test_lines_tell_the_versions_apart_without_colour(view: View) -> None:
    styles = {
        item.overlay.version: (item.pen().style(), tuple(item.pen().dashPattern())) for item in view.overlays
    }
    assert len(set(styles.values())) == 3
    assert styles[Version.MINE][0] is Qt.PenStyle.SolidLine


def test_digit_keys_hide_and_show_versions(view: View) -> None:
    for key, version in zip((Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3), Version, strict=True):
        view.press(key)
        assert version not in by_version(view)
        assert not view.dialog.picture.toggles[version].isChecked()
        view.press(key)
        assert version in by_version(view)


def test_digits_go_by_their_place_and_letters_too_where_they_are_not_latin(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"&": "1", "À": "0", "Е": "t"}  # the last is Cyrillic
    monkeypatch.setattr(keyboard, "_place", lambda event: places[chr(event.key())])
    picture = view.dialog.picture.view
    fitted = picture.zoom
    picture.zoom_by(2)
    for typed in places:
        QApplication.sendEvent(
            QApplication.focusWidget() or view.dialog,
            QKeyEvent(QEvent.Type.KeyPress, ord(typed), Qt.KeyboardModifier.NoModifier, typed),
        )
        view.settle()
    assert Version.THEIRS not in by_version(view)
    assert picture.zoom == fitted
    assert view.resolved == [1]


def test_equal_boxes_are_thin_and_belong_to_nobody(
    conflicting: Callable[..., Document],
    line: Callable[..., bytes],
    open_view: Callable[..., View],
    photos: Path,
) -> None:
    def boxes(left: int, extra: int) -> bytes:
        shared: list[Box] = [
            ("elm", (300, 300, 40, 40)),
            ("oak", (left, 20, 50, 40)),
            ("elm", (extra, 9, 8, 7)),
        ]
        return line("s3://leaves/1.jpg", boxes=shared)

    view = open_view(conflicting((boxes(10, 5), boxes(11, 5), boxes(30, 6))), FolderSource(photos))
    shown = by_version(view)
    assert shown[None] == [("", 300)]
    assert shown[Version.THEIRS] == [("Theirs: oak", 30), ("", 6)]  # the second merges by itself: no tag
    assert shown[Version.MINE] == [("Mine: oak", 11), ("", 5)]
    assert view.dialog.merging.text() == "1 other change merges by itself (theirs)."
    widths = {
        item.overlay.version: item.pen().widthF()
        for item in view.overlays
        if item.tag or not item.overlay.version
    }
    assert widths[None] < min(widths[version] for version in Version)


@pytest.fixture
def two(
    conflicting: Callable[..., Document],
    line: Callable[..., bytes],
    open_view: Callable[..., View],
    photos: Path,
) -> View:
    """One image in two conflicts; of the second box they only changed the label."""

    def boxes(left: int, label: str) -> bytes:
        return line("s3://leaves/1.jpg", boxes=[("oak", (left, 20, 50, 40)), (label, (400, 300, 60, 60))])

    return open_view(
        conflicting((boxes(10, "elm"), boxes(11, "ash"), boxes(30, "fir"))), FolderSource(photos)
    )


def test_a_conflict_chosen_in_the_list_is_highlighted(two: View) -> None:
    assert {item.tag for item in two.overlays} == {"Theirs: oak", "Mine: oak", "Before: oak", "T", "M", "B"}
    two.dialog.table.setFocus()
    two.press(Qt.Key.Key_Down)
    assert {item.tag for item in two.overlays} == {"Theirs: fir", "Mine: ash", "Before: elm", "T", "M", "B"}
    bold = {run.text for run in told_runs(two, 1, 1) if run.bold}
    assert bold == {"fir"}


def told_runs(view: View, row: int, column: int) -> Any:
    return present(view.dialog.table.item(row, column)).data(Qt.ItemDataRole.UserRole)


def test_a_click_on_a_box_chooses_its_conflict(two: View) -> None:
    picture = two.dialog.picture.view
    at = picture.view_point((430, 300)).toPoint()
    two.qtbot.mouseClick(picture.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert two.dialog.table.chosen == 1
    assert "Mine: ash" in {item.tag for item in two.overlays}


def test_keys_and_drags_move_the_image(two: View) -> None:
    picture = two.dialog.picture.view
    picture.setFocus()
    zoom = picture.zoom
    two.press(Qt.Key.Key_Plus)
    assert picture.zoom > zoom
    before = picture.view_point((0, 0))
    two.press(Qt.Key.Key_Right)
    assert picture.view_point((0, 0)).x() < before.x()
    two.press(Qt.Key.Key_0)
    assert picture.zoom == zoom
    middle = picture.viewport().rect().center()
    before = picture.view_point((0, 0))
    two.qtbot.mousePress(picture.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    two.qtbot.mouseMove(picture.viewport(), middle + QPointF(30, 10).toPoint())
    two.qtbot.mouseRelease(picture.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert picture.view_point((0, 0)) != before


def test_an_image_that_cannot_be_read_still_has_lists_and_boxes(
    conflicting: Callable[..., Document], moved: Any, open_view: Callable[..., View]
) -> None:
    view = open_view(conflicting(moved(1)))
    assert view.dialog.picture.note.isVisible()
    assert "cannot be shown" in view.dialog.picture.note.text()
    assert len(view.overlays) == 3
    view.press(Qt.Key.Key_M)
    assert view.left == []


def test_without_image_and_size_the_lists_still_work(
    conflicting: Callable[..., Document], line: Callable[..., bytes], open_view: Callable[..., View]
) -> None:
    mine = line("s3://leaves/1.jpg", ["oak"])
    theirs = mine.replace(b'"confidence": 1', b'"confidence": 0.5')
    base = mine.replace(b'"confidence": 1', b'"confidence": 0.25')
    view = open_view(conflicting((base, mine, theirs)))
    assert not view.dialog.picture.view.has_image
    assert view.cells()[1:] == ["oak; confidence 0.5", "oak; confidence 1", "oak; confidence 0.25"]
    view.press(Qt.Key.Key_T)
    assert b"0.5" in view.state(ONE)[0]


def test_an_image_is_read_again_once_its_source_is_there(
    conflicting: Callable[..., Document], moved: Any, qtbot: QtBot, thumbnails: Thumbnails, photos: Path
) -> None:
    document = conflicting(moved(1))
    document.workspace.store_facts(ONE, ImageFacts(640, 480, "JPEG", 100))
    pictures = Pictures(document.jobs, NoImages(), thumbnails, document)
    dialog = ConflictsDialog(document, pictures, LabelColours(document))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: document.jobs.idle)
    assert dialog.picture.note.isVisible()
    pictures.set_source(FolderSource(photos))
    qtbot.waitUntil(lambda: document.jobs.idle)
    assert not dialog.picture.note.isVisible()


# Words


def box(label: str = "crack", **more: Any) -> dict[str, Any]:
    return {"label": label, "left": 40, "top": 60, "width": 120, "height": 80, **more}


def said(base: Any, mine: Any, theirs: Any) -> dict[Version, str]:
    cells = told(MergeConflict("/x", "The thing", base, mine, theirs))
    return {
        version: "".join(f"*{run.text}*" if run.bold else run.text for run in runs).replace("\xa0", " ")
        for version, runs in cells.items()
    }


def test_a_deleted_box_is_said_so() -> None:
    assert said(box(), None, box(left=41)) == {
        Version.THEIRS: "crack, 120×80 *at 41, 60*",
        Version.MINE: "*deleted*",
        Version.BASE: "crack, 120×80 at 40, 60",
    }


def test_what_both_added_is_compared_with_the_other() -> None:
    assert said(None, box(), box("dent")) == {
        Version.THEIRS: "*dent*, 120×80 at 40, 60",
        Version.MINE: "*crack*, 120×80 at 40, 60",
        Version.BASE: "not there",
    }


def test_other_values_are_shown_as_json() -> None:
    assert said("a", 1, [True]) == {Version.THEIRS: "*[true]*", Version.MINE: "*1*", Version.BASE: "a"}


def test_a_whole_label_attribute_is_told_by_its_boxes() -> None:
    def attribute(*lefts: int) -> dict[str, Any]:
        boxes = [{"class_id": 0, "left": left, "top": 1, "width": 2, "height": 3} for left in lefts]
        value = {"annotations": boxes, "image_size": [{"width": 9, "height": 9, "depth": 3}]}
        about = {"class-map": {"0": "oak"}, "type": "groundtruth/object-detection"}
        return {"value": value, "metadata": about}

    cells = said(attribute(1), None, attribute(1, 5))
    assert cells[Version.THEIRS] == "oak, 2×3 at 1, 1; *oak*, *2×3* *at 5, 1*"
    assert cells[Version.MINE] == "*deleted*"
    assert said(attribute(1), None, attribute(1, 2, 3, 4))[Version.THEIRS] == "*4 boxes: 4 oak*"


def test_numbers_of_files_may_be_anything() -> None:
    cells = said(box(left=1e308), box(left=float("-1e308")), box(left=0.125))
    assert cells[Version.THEIRS].endswith("*at 0.125, 60*")


def test_text_from_data_stays_plain(
    conflicting: Callable[..., Document],
    line: Callable[..., bytes],
    open_view: Callable[..., View],
    hostile: str,
    photos: Path,
) -> None:
    def boxes(label: str) -> bytes:
        return line("s3://leaves/<b>1</b>.jpg", boxes=[(label, (10, 20, 50, 40))])

    view = open_view(conflicting((boxes("oak"), boxes(hostile), boxes("elm"))), FolderSource(photos))
    cell = view.dialog.table.item(0, 2)
    assert present(cell).text().startswith(" ".join(hostile.split())[:20].strip())
    assert "<qt>" in present(cell).toolTip()
    assert "<img" not in present(cell).toolTip().removeprefix("<qt>")
    assert view.names == ["b>.jpg"]  # what follows the last slash
    for label in view.dialog.findChildren(type(view.dialog.notice)):
        if label.text():
            assert label.textFormat() is Qt.TextFormat.PlainText or "<" not in label.text()
    view.dialog.grab()
    view.press(Qt.Key.Key_M)
    assert view.left == []


def test_words_of_a_cell_are_all_of_its_runs() -> None:
    cells = told(MergeConflict("/x", "Box 1", box(), box("dent"), None))
    assert in_words(cells[Version.MINE]).replace("\xa0", " ") == "dent, 120×80 at 40, 60"


# Fit, speech, and the rest of the window


def test_it_fits_a_small_screen_and_turns_beside_on_a_large_one(view: View) -> None:
    assert view.dialog.minimumSize().width() <= 900
    assert view.dialog.minimumSize().height() <= 560
    view.dialog.resize(900, 560)
    view.qtbot.waitUntil(lambda: view.dialog.width() == 900)
    assert (view.dialog.width(), view.dialog.height()) == (900, 560)
    assert view.dialog.work.orientation() is Qt.Orientation.Vertical
    view.dialog.resize(1600, 900)
    assert view.dialog.work.orientation() is Qt.Orientation.Horizontal


def test_everything_has_a_name_and_is_reached_by_tab(view: View) -> None:
    reached: set[QObject] = set()
    for _ in range(20):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.add(focus)
        view.qtbot.keyClick(focus, Qt.Key.Key_Tab)
    dialog = view.dialog
    wanted = [dialog.list, dialog.table, dialog.picture.view, *dialog.picture.toggles.values()]
    wanted += [*dialog.decide.values(), *dialog.decide_all.values(), dialog.close_button]
    assert reached >= set(wanted)
    for widget in (dialog.list, dialog.table, dialog.picture.view):
        assert widget.accessibleName()


def test_bold_runs_are_drawn_bold(view: View) -> None:
    from truthline.ui.conflicts.comparison import _laid_out  # noqa: PLC0415

    index = view.dialog.table.model().index(0, 1)
    layout = _laid_out(index, QFont(), view.dialog.table.visualRect(index))
    (one,) = [one for one in layout.formats() if one.format.fontWeight() == QFont.Weight.Bold]
    assert layout.text()[one.start : one.start + one.length] == "at\xa030,\xa020"


@pytest.mark.parametrize("listed", [False, True])
def test_closing_while_it_works_is_no_trouble(
    conflicting: Callable[..., Document],
    moved: Any,
    qtbot: QtBot,
    thumbnails: Thumbnails,
    photos: Path,
    listed: bool,
) -> None:
    document = conflicting(moved(1), moved(2))
    pictures = Pictures(document.jobs, FolderSource(photos), thumbnails, document)
    dialog = ConflictsDialog(document, pictures, LabelColours(document))
    dialog.show()
    if listed:
        qtbot.waitUntil(lambda: dialog.left == 2)
        dialog.decide_all[Side.MINE].click()
    dialog.close()
    document.absorb(Changes(everything=True))
    qtbot.waitUntil(lambda: document.jobs.idle)
    document.refused.emit("Nobody is there to say it.")
    assert document.workspace.counts().conflicts == (0 if listed else 2)


def test_the_filter_is_there_while_there_are_conflicts(
    qtbot: QtBot, conflicting: Callable[..., Document], moved: Any
) -> None:
    document = conflicting(moved(1))
    panel = FilterPanel()
    qtbot.addWidget(panel)
    row = [panel.tree.model().index(one, 0).data() for one in range(5)].index("Conflicts")
    assert panel.tree.isRowHidden(row, QModelIndex())
    panel.show_counts(document.workspace.counts())
    assert not panel.tree.isRowHidden(row, QModelIndex())
    assert panel.tree.model().index(row, 1).data() == "1"
    chosen: list[Filter] = []
    panel.filter_chosen.connect(chosen.append)
    panel.tree.activated.emit(panel.tree.model().index(row, 0))
    assert chosen == [Filter(kind=Kind.CONFLICTS)]
    panel.show_filter(chosen[0])
    document.resolve_conflicts("Keep mine", [ONE], Side.MINE)
    qtbot.waitUntil(lambda: document.jobs.idle)
    panel.show_counts(document.workspace.counts())
    assert not panel.tree.isRowHidden(row, QModelIndex())  # in use, it does not vanish under the pointer
    panel.show_filter(Filter())
    assert panel.tree.isRowHidden(row, QModelIndex())


def test_a_card_in_conflict_says_so(conflicting: Callable[..., Document], moved: Any) -> None:
    document = conflicting(moved(1))
    model = EntryModel(document, LabelColours(document))
    model.set_ids(document.workspace.ids())
    assert model.card(0).conflict
    assert "In conflict" in model.card(0).spoken
