"""Names as files have them, through signals."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from truthline.ui.kit.raw_text import RawText


class Speaker(QObject):
    named = Signal(RawText)


def test_half_a_character_comes_through() -> None:
    """As JSON may hold one, and a file name that is no UTF-8."""
    speaker, heard = Speaker(), list[str]()
    speaker.named.connect(heard.append)
    speaker.named.emit("b\ud800lt")
    assert heard == ["b\ud800lt"]
