"""Windows that fit the screen: they are as large as is comfortable, and never larger than there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_FRAME: Final = QSize(16, 48)
"""What a desktop puts around a window, at most."""


def room_for(window: QWidget) -> QSize:
    """The size, in logical pixels, of the largest window that the screen shows whole, with its frame."""
    return window.screen().availableSize() - _FRAME


def fit_window(window: QWidget, width: int, height: int) -> None:
    """Give a window a size, or what there is room for."""
    window.resize(QSize(width, height).boundedTo(room_for(window)))


def fit_width(window: QWidget, width: int) -> None:
    """Let a window, whose layout knows its height, be so wide, or what there is room for."""
    window.setMinimumWidth(min(width, room_for(window).width()))
