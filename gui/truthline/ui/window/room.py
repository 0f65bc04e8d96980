"""How the panels around the images share the window's room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray

if TYPE_CHECKING:
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QSplitter, QTabWidget, QWidget


class Room:
    """The columns of the workbench, and in them the images over the drawer, and the labels over the image.

    Args:
        columns: filters, images and side, from left to right.
        middle: the images over the drawer.
        side: the labels over what the image has.
        filters: the left column.
        drawer: what lies below the images.

    """

    def __init__(
        self, columns: QSplitter, middle: QSplitter, side: QSplitter, filters: QWidget, drawer: QTabWidget
    ) -> None:
        self._columns = columns
        self._middle = middle
        self._side = side
        self._filters = filters
        self._drawer = drawer

    def share(self) -> None:
        """Give each panel the room that it has until a person says otherwise."""
        self._side.setSizes([300, 300])
        self._side.setMinimumWidth(160)
        self._drawer.setMinimumSize(160, 60)  # what its pages would like is more than a small screen has
        self._filters.setMinimumWidth(140)
        self._middle.setStretchFactor(0, 1)
        self._middle.setSizes([560, 240])
        self._middle.setCollapsible(0, False)
        self._columns.setStretchFactor(1, 1)
        self._columns.setCollapsible(1, False)
        self._columns.setSizes([180, 900, 250])

    def saved(self) -> str:
        """The panels' sizes, for `restore`."""
        states = (splitter.saveState() for splitter in (self._columns, self._middle, self._side))
        return ",".join(bytes(state.toBase64().data()).decode("ascii") for state in states)

    def restore(self, saved: str) -> None:
        """Give the panels the sizes they had."""
        splitters = (self._columns, self._middle, self._side)
        for splitter, state in zip(splitters, saved.split(","), strict=False):
            splitter.restoreState(QByteArray.fromBase64(state.encode()))

    def fit(self, window: QSize, *, arranged: bool) -> None:
        """Leave room for the images in a small window; what a person ``arranged`` stays so."""
        self._filters.setVisible(window.width() >= 1100)
        if window.height() < 760 and not arranged:
            self._middle.setSizes([1000, 210])
            self._drawer.setVisible(window.height() >= 560)
