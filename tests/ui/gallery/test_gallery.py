"""The grid and the filmstrip, and the cards they draw."""

from __future__ import annotations

import html
from array import array
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import QApplication, QToolTip

from truthline.images.workspace_source import NoImages
from truthline.manifest.annotation import ImageFacts, Level, RemoteError
from truthline.ui.document.browser import Browser
from truthline.ui.document.entry_model import EntryModel
from truthline.ui.document.palette import LabelColours
from truthline.ui.document.pictures import Pictures, Thumbnail
from truthline.ui.gallery.cell import paint_cell
from truthline.ui.gallery.view import LARGEST, SMALLEST, ThumbnailGrid
from truthline.ui.kit.theme import LABEL_COLOURS, readable_on
from truthline.workspace.workspace import EntryId, Filter, NewEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.images.thumbnails import Thumbnails
    from truthline.ui.document.document import Document


@pytest.fixture
def thumbnails(tmp_path: Path) -> Iterator[Thumbnails]:
    from truthline.images.thumbnails import Thumbnails  # noqa: PLC0415

    made = Thumbnails(tmp_path / "cache.sqlite")
    yield made
    made.close()


class Gallery:
    """A gallery of 40 entries in a viewport for four to a line."""

    def __init__(self, qtbot: QtBot, document: Document, pictures: Pictures, *, strip: bool = False) -> None:
        self.document = document
        self.model = EntryModel(document, LabelColours(document))
        self.browser = Browser(document, self.model, document)
        self.view = ThumbnailGrid(pictures, strip=strip)
        self.view.setModel(self.model)
        self.view.setSelectionModel(self.browser.selection)
        qtbot.addWidget(self.view)
        self.view.resize(4 * (self.view.side + 16) + 60, 600)
        self.view.show()
        self.browser.set_filter(Filter())
        qtbot.waitUntil(lambda: document.jobs.idle)

    @property
    def row(self) -> int:
        return self.view.currentIndex().row()

    @property
    def columns(self) -> int:
        tops = [self.view.visualRect(self.model.index(row)).top() for row in range(8)]
        return tops.count(tops[0])


@pytest.fixture
def make_gallery(
    qtbot: QtBot, make_document: Callable[..., Document], line: Callable[..., bytes], thumbnails: Thumbnails
) -> Callable[..., Gallery]:
    def make(lines: Any = None, *, strip: bool = False) -> Gallery:
        document = make_document(lines or [line(f"s3://leaves/{n:03}.jpg") for n in range(40)])
        return Gallery(qtbot, document, Pictures(document.jobs, NoImages(), thumbnails), strip=strip)

    return make


@pytest.fixture
def gallery(make_gallery: Callable[..., Gallery]) -> Gallery:
    return make_gallery()


def press(qtbot: QtBot, gallery: Gallery, *keys: Qt.Key) -> int:
    for key in keys:
        qtbot.keyClick(gallery.view, key)
    return gallery.row


def test_cells_do_not_overlap_and_lie_where_they_are_found(gallery: Gallery) -> None:
    areas = [gallery.view.visualRect(gallery.model.index(row)) for row in range(40)]
    for row, area in enumerate(areas):
        assert not any(area.intersects(other) for other in areas[row + 1 :])
        if gallery.view.viewport().rect().contains(area.center()):
            assert gallery.view.indexAt(area.center()).row() == row


def test_nothing_lies_between_the_cells(gallery: Gallery) -> None:
    first = gallery.view.visualRect(gallery.model.index(0))
    assert not gallery.view.indexAt(first.topLeft()).isValid()
    below = gallery.view.visualRect(gallery.model.index(39)).bottomRight() + QPoint(40, 40)
    assert not gallery.view.indexAt(below).isValid()


def test_arrow_keys_move_in_the_grid(qtbot: QtBot, gallery: Gallery) -> None:
    columns = gallery.columns
    assert columns == 4
    assert press(qtbot, gallery, Qt.Key.Key_Right) == 1
    assert press(qtbot, gallery, Qt.Key.Key_Down) == 1 + columns
    assert press(qtbot, gallery, Qt.Key.Key_Left) == columns
    assert press(qtbot, gallery, Qt.Key.Key_Left) == columns - 1  # on to the line before
    assert press(qtbot, gallery, Qt.Key.Key_Up) == columns - 1  # there is no line above
    assert press(qtbot, gallery, Qt.Key.Key_End) == 39
    assert press(qtbot, gallery, Qt.Key.Key_Right) == 39
    assert press(qtbot, gallery, Qt.Key.Key_Home) == 0
    assert gallery.browser.selected == [1]


def test_down_from_above_a_short_last_line_goes_to_its_end(
    qtbot: QtBot, make_gallery: Callable[..., Gallery], line: Callable[..., bytes]
) -> None:
    gallery = make_gallery([line(f"s3://leaves/{n}.jpg") for n in range(6)])
    press(qtbot, gallery, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert press(qtbot, gallery, Qt.Key.Key_Down) == 5


def test_pages_move_by_whole_screens(qtbot: QtBot, gallery: Gallery) -> None:
    down = press(qtbot, gallery, Qt.Key.Key_PageDown)
    assert down > 0
    assert down % gallery.columns == 0
    assert press(qtbot, gallery, Qt.Key.Key_PageUp) == 0


def test_the_current_entry_is_brought_into_view(qtbot: QtBot, gallery: Gallery) -> None:
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_PageDown, Qt.Key.Key_PageDown):
        press(qtbot, gallery, key)
        cell = gallery.view.visualRect(gallery.view.currentIndex())
        assert gallery.view.viewport().rect().intersected(cell).height() >= cell.height() - 8


def test_shift_and_arrows_select_a_range(qtbot: QtBot, gallery: Gallery) -> None:
    for _ in range(2):
        qtbot.keyClick(gallery.view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert gallery.browser.selected == [1, 2, 3]


def test_ctrl_click_adds_and_takes_away(qtbot: QtBot, gallery: Gallery) -> None:
    def click(row: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        where = gallery.view.visualRect(gallery.model.index(row)).center()
        qtbot.mouseClick(gallery.view.viewport(), Qt.MouseButton.LeftButton, modifier, where)

    click(1)
    click(5, Qt.KeyboardModifier.ControlModifier)
    assert gallery.browser.selected == [2, 6]
    click(1, Qt.KeyboardModifier.ControlModifier)
    assert gallery.browser.selected == [6]
    click(7, Qt.KeyboardModifier.ShiftModifier)
    assert len(gallery.browser.selected) > 1
    click(3)
    assert gallery.browser.selected == [4]


def drag(qtbot: QtBot, view: ThumbnailGrid, start: QPoint, end: QPoint) -> None:
    port = view.viewport()
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(port, (start + end) / 2)
    qtbot.mouseMove(port, end)
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)


def test_a_rubber_band_selects_what_it_touches(qtbot: QtBot, gallery: Gallery) -> None:
    view = gallery.view
    first, sixth = (view.visualRect(gallery.model.index(row)) for row in (0, 5))
    drag(qtbot, view, first.topLeft(), sixth.center())
    assert gallery.browser.selected == [1, 2, 5, 6]
    assert len(gallery.browser.selection.runs) == 2  # one range a line


def test_a_rubber_band_goes_by_what_is_scrolled_into_view(qtbot: QtBot, gallery: Gallery) -> None:
    view = gallery.view
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    wanted = [row for row in range(40) if view.visualRect(gallery.model.index(row)).top() > 40][:2]
    start = view.visualRect(gallery.model.index(wanted[0])).topLeft()
    end = view.visualRect(gallery.model.index(wanted[1])).center()
    drag(qtbot, view, start, end)
    assert gallery.browser.selected == [row + 1 for row in wanted]


def test_a_click_on_nothing_gives_the_selection_up(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.browser.select_all()
    corner = gallery.view.visualRect(gallery.model.index(0)).topLeft()
    qtbot.mouseClick(gallery.view.viewport(), Qt.MouseButton.LeftButton, pos=corner)
    assert not gallery.browser.selection.hasSelection()


def test_enter_and_double_click_open(qtbot: QtBot, gallery: Gallery) -> None:
    opened: list[int] = []
    gallery.view.activated.connect(lambda index: opened.append(index.row()))
    press(qtbot, gallery, Qt.Key.Key_Return)
    where = gallery.view.visualRect(gallery.model.index(2)).center()
    qtbot.mouseClick(gallery.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(gallery.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert opened == [0, 2]


def test_letters_and_digits_do_not_search(qtbot: QtBot, gallery: Gallery) -> None:
    qtbot.keyClicks(gallery.view, "031")
    assert gallery.row == 0


def test_the_size_stays_within_bounds_and_the_current_entry_in_view(gallery: Gallery) -> None:
    gallery.browser.go_to(EntryId(38))
    for side in (10_000, 1, 150):
        gallery.view.set_side(side)
        assert SMALLEST <= gallery.view.side <= LARGEST
        cell = gallery.view.visualRect(gallery.view.currentIndex())
        assert gallery.view.viewport().rect().intersects(cell)


def test_a_narrow_view_still_shows_one_column(gallery: Gallery) -> None:
    gallery.view.resize(90, 300)
    assert [gallery.view.visualRect(gallery.model.index(row)).left() for row in range(3)] == [
        gallery.view.visualRect(gallery.model.index(0)).left()
    ] * 3


def test_the_filmstrip_is_one_row_that_centres_the_current_entry(
    qtbot: QtBot, make_gallery: Callable[..., Gallery]
) -> None:
    strip = make_gallery(strip=True)
    tops = {strip.view.visualRect(strip.model.index(row)).top() for row in range(40)}
    assert len(tops) == 1
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down):  # both go on by one
        press(qtbot, strip, key)
    assert strip.row == 2
    strip.browser.go_to(EntryId(20))
    strip.view.scrollTo(strip.view.currentIndex())
    cell = strip.view.visualRect(strip.view.currentIndex())
    assert abs(cell.center().x() - strip.view.viewport().rect().center().x()) <= 1


def test_a_quarter_million_entries_are_listed_without_reading_them(
    gallery: Gallery, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The full count is known, and only cards in view are read."""
    read: list[int] = []
    sample = gallery.document.workspace.entry(EntryId(1))
    monkeypatch.setattr(gallery.document, "entry", lambda entry_id: read.append(entry_id) or sample)  # type: ignore[func-returns-value]
    gallery.model.set_ids(array("q", range(1, 250_001)))
    gallery.browser.step(1)
    assert gallery.model.rowCount() == 250_000
    qtbot.keyClick(gallery.view, Qt.Key.Key_End)
    gallery.view.grab()
    assert gallery.row == 249_999
    assert gallery.model.row_of(EntryId(123_456)) == 123_455
    assert 0 < len(read) < 200
    qtbot.keyClick(gallery.view, Qt.Key.Key_Home)
    qtbot.keyClick(gallery.view, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert gallery.browser.selection.runs == [(0, 249_999)]
    gallery.browser.select_all()
    assert len(gallery.browser.selected) == 250_000
    gallery.view.grab()
    assert len(read) < 200


def test_an_empty_list_says_why(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.model.set_ids(array("q"))
    blank = gallery.view.grab().toImage()
    gallery.view.set_empty_text("Nothing has changed since the last push.")
    assert gallery.view.grab().toImage() != blank
    assert press(qtbot, gallery, Qt.Key.Key_Down) == -1


# Cards


def test_a_card_tells_what_an_entry_has(
    make_document: Callable[..., Document], line: Callable[..., bytes], make_model: Any
) -> None:
    raw = line("s3://leaves/a/b.jpg", ["oak"], [("bolt", (64, 48, 320, 240)), ("nut", (0, 0, 64, 48))])
    document = make_document(
        [raw, NewEntry(line("s3://leaves/c.jpg", ["elm"]), base=line("s3://leaves/c.jpg", ["elm"]))]
    )
    model = make_model(document)
    card = model.card(0)
    assert (card.name, card.source_ref, card.position) == ("b.jpg", "s3://leaves/a/b.jpg", 1)
    assert [name for name, _ in card.labels] == ["oak"]
    assert [name for name, _ in card.box_labels] == ["bolt", "nut"]
    fractions = [rectangle.getRect() for rectangle, _ in card.boxes]
    assert fractions[0] == pytest.approx((0.1, 0.1, 0.5, 0.5))
    assert card.changed
    assert not model.card(1).changed
    assert model.data(model.index(0), Qt.ItemDataRole.DisplayRole) == "b.jpg"
    assert "oak; 2 boxes" in model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole)


def test_boxes_are_fractions_of_the_image_and_not_of_what_the_line_says(
    make_document: Callable[..., Document], line: Callable[..., bytes], make_model: Any
) -> None:
    document = make_document([line("s3://leaves/a.jpg", [], [("bolt", (100, 100, 100, 100))])])
    document.workspace.store_facts(EntryId(1), ImageFacts(1000, 500, "JPEG", 10))
    rectangle, _ = make_model(document).card(0).boxes[0]
    assert rectangle.getRect() == pytest.approx((0.1, 0.2, 0.1, 0.2))


def test_a_label_has_the_same_colour_everywhere(
    make_document: Callable[..., Document], line: Callable[..., bytes], make_model: Any
) -> None:
    document = make_document([line("s3://leaves/a.jpg", ["oak"], [("oak", (1, 1, 50, 50))])])
    card = make_model(document).card(0)
    assert card.labels[0][1] == card.boxes[0][1] == QColor(LABEL_COLOURS[0])


@pytest.mark.parametrize(
    ("errors", "level"),
    [((RemoteError("ERROR_INVALID_BOUNDING_BOX", "Over the edge."),), Level.ERROR), ((), None)],
)
def test_a_card_tells_what_is_wrong(
    make_document: Callable[..., Document],
    line: Callable[..., bytes],
    make_model: Any,
    errors: tuple[RemoteError, ...],
    level: Level | None,
) -> None:
    raw = line("s3://leaves/a.jpg", ["oak"])
    document = make_document([NewEntry(raw, base=raw, remote_errors=errors)])
    card = make_model(document).card(0)
    assert card.problem is level
    assert card.remote is bool(errors)
    assert ("The service reported errors" in card.spoken) is bool(errors)


def test_a_line_without_an_image_has_a_name(make_document: Callable[..., Document], make_model: Any) -> None:
    card = make_model(make_document([b"not json", b""])).card(0)
    assert card.name == "Line 1"
    assert card.source_ref == ""
    assert card.problem is Level.ERROR


def test_only_entries_that_changed_are_read_anew(
    make_document: Callable[..., Document],
    line: Callable[..., bytes],
    make_model: Any,
    settle: Callable[[], None],
) -> None:
    document = make_document([line("s3://leaves/a.jpg"), line("s3://leaves/b.jpg")])
    model = make_model(document)
    told: list[int] = []
    model.dataChanged.connect(lambda first, last: told.extend(range(first.row(), last.row() + 1)))
    before = model.card(0), model.card(1)
    document.workspace.save(EntryId(2), line("s3://leaves/b.jpg", ["oak"]))
    model.refresh([EntryId(2), EntryId(99)])
    assert model.card(0) is before[0]
    assert model.card(1) is not before[1]
    assert told == [1]


# Text from data


def test_a_tool_tip_shows_data_as_it_is(
    qtbot: QtBot, make_gallery: Callable[..., Gallery], line: Callable[..., bytes], hostile: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    gallery = make_gallery([line(f"s3://leaves/{hostile}.jpg", [hostile])])
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _at, text, *_: shown.append(text))
    where = gallery.view.visualRect(gallery.model.index(0)).center()
    event = QHelpEvent(QEvent.Type.ToolTip, where, gallery.view.viewport().mapToGlobal(where))
    QApplication.sendEvent(gallery.view.viewport(), event)
    (text,) = shown
    plain = html.unescape(text.replace("<br>", "\n").removeprefix("<qt>").removesuffix("</qt>"))
    assert hostile in plain
    assert "<" not in text.replace("<br>", "").removeprefix("<qt>").removesuffix("</qt>")
    gallery.view.grab()


def test_cells_of_any_content_can_be_painted(
    qtbot: QtBot,
    make_document: Callable[..., Document],
    line: Callable[..., bytes],
    make_model: Any,
    hostile: str,
) -> None:
    labels = [f"{hostile}{number}" for number in range(20)]
    boxes = [(hostile, (-50, -50, 5_000, 5_000)), (hostile, (0, 0, 0, 0))]
    card = make_model(make_document([line(f"s3://leaves/{hostile}", labels, boxes)])).card(0)
    canvas = QImage(200, 200, QImage.Format.Format_RGB32)
    painter = QPainter(canvas)
    picture = gallery_pixmap()
    for thumbnail in (Thumbnail(), Thumbnail(problem=hostile), picture):
        for area in (QRect(0, 0, 180, 200), QRect(0, 0, 40, 40)):
            for caption in (0, 20):
                paint_cell(
                    painter, area, card, thumbnail, caption=caption, selected=True, current=True, focused=True
                )
    painter.end()


def gallery_pixmap() -> Thumbnail:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(QColor("#808080"))
    from PySide6.QtGui import QPixmap  # noqa: PLC0415

    return Thumbnail(QPixmap.fromImage(image))


@pytest.mark.parametrize("colour", LABEL_COLOURS)
def test_chips_can_be_read(colour: str) -> None:
    """At least 4.5:1 of the text to the chip (WCAG 2, AA)."""

    def luminance(one: QColor) -> float:
        parts = [
            value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
            for value in (one.redF(), one.greenF(), one.blueF())
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(QColor(colour)), luminance(readable_on(QColor(colour)))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
