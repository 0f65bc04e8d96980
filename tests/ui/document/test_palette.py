"""Digits and colours of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truthline.ui.document.palette import LabelColours
from truthline.ui.kit import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.ui.document.document import Document


def test_the_first_ten_labels_have_digits(make_document: Callable[..., Document], line: Any) -> None:
    names = [f"label {number}" for number in range(12)]
    colours = LabelColours(make_document([line("s3://leaves/a.jpg", names)]))
    assert [colours.digit(name) for name in names] == [*"1234567890", "", ""]
    assert [colours.at_digit(digit) for digit in "1234567890"] == names[:10]
    assert colours.digit("unknown") == ""


def test_a_digit_beyond_the_last_label_means_none(make_document: Callable[..., Document], line: Any) -> None:
    colours = LabelColours(make_document([line("s3://leaves/a.jpg", ["oak"])]))
    assert [colours.at_digit(digit) for digit in "120"] == ["oak", "", ""]


def test_new_labels_come_at_the_end_and_leave_the_others_as_they_are(
    make_document: Callable[..., Document], line: Any, settle: Callable[[], None]
) -> None:
    document = make_document([line("s3://leaves/a.jpg", ["oak", "elm"])])
    colours = LabelColours(document)
    before = colours.of("oak"), colours.of("elm")
    told: list[Any] = []
    colours.changed.connect(told.append)
    document.add_label("ash")
    settle()
    assert [label.name for label in colours.labels] == ["oak", "elm", "ash"]
    assert len(told) == 1
    assert (colours.of("oak"), colours.of("elm")) == before
    assert colours.digit("ash") == "3"


def test_a_box_without_a_label_is_grey(make_document: Callable[..., Document], line: Any) -> None:
    colours = LabelColours(make_document([line("s3://leaves/a.jpg", ["oak"])]))
    assert colours.of("").name() == theme.tokens().dim
    assert colours.of("unknown").name() != theme.tokens().dim
