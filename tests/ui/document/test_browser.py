"""One list, one selection, one current entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QStringListModel

from truthline.manifest.line import parse_line
from truthline.ui.document.browser import Browser
from truthline.ui.document.selection import Flag, RowSelection, joined, runs_of
from truthline.workspace.workspace import EntryId, Filter, Kind, NewEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.ui.document.document import Document
    from truthline.ui.document.entry_model import EntryModel


@pytest.fixture
def document(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    """Ten entries; the even ones have the label oak."""
    return make_document(line(f"s3://leaves/{n}.jpg", ["oak"] if n % 2 == 0 else []) for n in range(1, 11))


@pytest.fixture
def browser(
    document: Document, make_model: Callable[[Document], EntryModel], settle: Callable[[], None]
) -> Browser:
    made = Browser(document, make_model(document), document)
    made.set_filter(Filter())
    settle()
    return made


def listed(browser: Browser) -> list[int]:
    return [browser.model.id_at(row) for row in range(browser.model.rowCount())]


def select(browser: Browser, *ids: int) -> None:
    for entry_id in ids:
        row = browser.model.row_of(EntryId(entry_id))
        assert row is not None
        browser.selection.setCurrentIndex(browser.model.index(row), QItemSelectionModel.SelectionFlag.Select)


def test_a_new_list_begins_with_its_first_entry(browser: Browser) -> None:
    assert listed(browser) == list(range(1, 11))
    assert browser.current == 1
    assert browser.selected == [1]


def test_a_filter_keeps_the_current_entry_and_the_selection(
    browser: Browser, settle: Callable[[], None]
) -> None:
    browser.selection.clearSelection()
    select(browser, 3, 8, 4)
    browser.set_filter(Filter(label="oak"))
    settle()
    assert listed(browser) == [2, 4, 6, 8, 10]
    assert browser.current == 4
    assert browser.selected == [4, 8]
    browser.set_filter(Filter())
    settle()
    assert browser.current == 4
    assert browser.selected == [4, 8]


def test_a_filter_that_hides_the_current_entry_goes_to_the_first(
    browser: Browser, settle: Callable[[], None]
) -> None:
    browser.go_to(EntryId(5))
    browser.set_filter(Filter(label="oak"))
    settle()
    assert browser.current == 2
    assert browser.selected == [2]


def test_a_selection_survives_a_filter_that_hides_the_current_entry(
    browser: Browser, settle: Callable[[], None]
) -> None:
    browser.selection.clearSelection()
    select(browser, 4, 8, 3)
    assert browser.current == 3
    browser.set_filter(Filter(label="oak"))
    settle()
    assert browser.selected == [4, 8]
    assert browser.current == 4  # the first of those that are still selected


@pytest.mark.parametrize(
    "wanted", [Filter(), Filter(label="oak"), Filter(text="1"), Filter(label="oak", text="1")]
)
def test_what_came_in_behind_is_listed_if_it_passes(
    browser: Browser, wanted: Filter, line: Callable[..., bytes], settle: Callable[[], None]
) -> None:
    browser.set_filter(wanted)
    settle()
    select(browser, browser.model.id_at(0))
    browser._document.workspace.append(
        NewEntry(line(f"s3://leaves/{n}.jpg", ["oak"] if n % 2 == 0 else [])) for n in range(11, 21)
    )
    browser.extend()
    settle()
    assert listed(browser) == list(browser._document.workspace.ids(wanted))
    assert browser.model.rowCount() > 1
    assert browser.selected == [browser.model.id_at(0)]
    browser.extend()
    settle()
    assert listed(browser) == list(browser._document.workspace.ids(wanted))


def test_a_filter_that_lets_nothing_through(browser: Browser, settle: Callable[[], None]) -> None:
    told: list[object] = []
    browser.current_changed.connect(lambda: told.append(browser.current))
    browser.set_filter(Filter(text="elm"))
    settle()
    assert listed(browser) == []
    assert browser.current is None
    assert browser.selected == []
    assert told[-1] is None
    browser.step(1)
    browser.select_all()
    assert browser.current is None


def test_going_to_a_hidden_entry_lists_everything(browser: Browser, settle: Callable[[], None]) -> None:
    filters: list[Filter] = []
    browser.listed.connect(filters.append)
    browser.set_filter(Filter(label="oak"))
    settle()
    browser.go_to(EntryId(7))
    settle()
    assert browser.current == 7
    assert browser.selected == [7]
    assert listed(browser) == list(range(1, 11))
    assert filters == [Filter(label="oak"), Filter()]


def test_going_to_a_hidden_entry_leaves_the_selection_there(
    browser: Browser, settle: Callable[[], None]
) -> None:
    browser.set_filter(Filter(label="oak"))
    settle()
    select(browser, 4, 8)
    browser.go_to(EntryId(7))
    settle()
    assert browser.current == 7
    assert browser.selected == [7]


def test_of_two_filters_the_newer_is_shown(browser: Browser, settle: Callable[[], None]) -> None:
    filters: list[Filter] = []
    browser.listed.connect(filters.append)
    browser.set_filter(Filter(text="1.jpg"))
    browser.set_filter(Filter(kind=Kind.UNLABELLED))
    settle()
    assert listed(browser) == [1, 3, 5, 7, 9]
    assert filters == [Filter(kind=Kind.UNLABELLED)]


def test_steps_stop_at_the_ends(browser: Browser) -> None:
    browser.step(3)
    assert browser.current == 4
    browser.step(-30)
    assert browser.current == 1
    browser.step(30)
    assert browser.current == 10


def test_select_all_keeps_the_current_entry(browser: Browser) -> None:
    browser.go_to(EntryId(6))
    counts: list[int] = []
    browser.selection_changed.connect(lambda: counts.append(browser.selection.count))
    browser.select_all()
    assert browser.selected == list(range(1, 11))
    assert browser.current == 6
    assert counts[-1] == 10


def test_what_stays_selected_is_no_range_a_row(browser: Browser, settle: Callable[[], None]) -> None:
    browser.select_all()
    browser.set_filter(Filter(text="leaves"))
    settle()
    assert browser.selected == list(range(1, 11))
    assert len(browser.selection.runs) == 1


def test_runs_are_joined_in_row_order() -> None:
    assert joined([]) == []
    assert joined([(7, 9), (0, 1), (2, 2), (8, 8), (4, 5)]) == [(0, 2), (4, 5), (7, 9)]
    assert runs_of({3, 4, 9, 10, 12}, [1, 3, 4, 5, 9, 10, 11, 12]) == [(1, 2), (4, 5), (7, 7)]
    assert runs_of(set(), [1, 2]) == []


ROWS = st.sets(st.integers(0, 40))
COMMANDS = [Flag.Select, Flag.Deselect, Flag.Toggle, Flag.ClearAndSelect, Flag.Clear, Flag.NoUpdate]


@given(st.lists(st.tuples(ROWS, st.sampled_from(COMMANDS)), max_size=8))
def test_any_commands_select_what_qt_would_select(commands: list[tuple[set[int], Flag]]) -> None:
    model = QStringListModel([str(number) for number in range(41)])
    ours, theirs = RowSelection(model, model), QItemSelectionModel(model, model)
    for rows, command in commands:
        selection = QItemSelection()
        for row in rows:
            selection.select(model.index(row, 0), model.index(row, 0))
        ours.select(selection, command)
        theirs.select(selection, command)
    expected = sorted({index.row() for index in theirs.selectedIndexes()})
    assert [row for first, last in ours.runs for row in range(first, last + 1)] == expected
    assert ours.runs == joined(ours.runs)
    assert ours.count == len(expected)
    assert ours.hasSelection() == theirs.hasSelection()
    assert [row for row in range(41) if ours.isSelected(model.index(row, 0))] == expected


def test_an_edit_takes_no_entry_out_of_the_list(
    browser: Browser, settle: Callable[[], None], document: Document, line: Callable[..., bytes]
) -> None:
    browser.set_filter(Filter(kind=Kind.UNLABELLED))
    settle()
    document.edit("Label elm", EntryId(3), lambda _: parse_line(line("s3://leaves/3.jpg", ["elm"])))
    settle()
    assert listed(browser) == [1, 3, 5, 7, 9]
    browser.set_filter(browser.filter)
    settle()
    assert listed(browser) == [1, 5, 7, 9]
