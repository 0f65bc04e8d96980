"""What the alarm says was being done."""

from __future__ import annotations

from pathlib import Path

import pytest

import truthline
from truthline.log import Unforeseen
from truthline.ui.kit.mistakes.alarm import _ROOMS, _doing


@pytest.mark.parametrize(("room", "words"), _ROOMS)
def test_the_place_in_the_window_is_told_where_nothing_was_noted(room: str, words: str) -> None:
    assert (Path(truthline.__file__).parents[1] / room).is_dir(), "it has moved"
    told = f"ValueError\n  truthline/ui/app.py:1 run\n  {room}view.py:7 View.mousePressEvent"
    assert _doing(Unforeseen("", "ValueError", told)) == words
    assert _doing(Unforeseen("during “Keys”", "ValueError", told)) == "during “Keys”"


def test_elsewhere_it_is_the_window() -> None:
    assert _doing(Unforeseen("", "ValueError", "ValueError\n  truthline/ui/app.py:1 run")) == "in the window"
