"""The first box of what is to be imported, on its image: it shows whether the files were understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from truthline.errors import TruthlineError
from truthline.images.decode import decode
from truthline.ui.document.full_images import to_image
from truthline.ui.kit import theme

if TYPE_CHECKING:
    from truthline.images.source import ImageSource
    from truthline.interchange.model import LabelledImage

_SIDE = 220
_EDGES = ((4, "#000000"), (2, "#ffffff"))
"""Width and colour: a light line within a dark one is seen on every image."""


@dataclass(frozen=True, slots=True)
class Example:
    """An image with its first box drawn on it, or why there is no picture; ``caption`` says what it is."""

    caption: str
    image: QImage | None = None
    problem: str = ""


def draw_example(found: LabelledImage, images: ImageSource) -> Example:
    """Read an image that has boxes and draw the first of them; not for the GUI thread."""
    box, name = found.boxes[0], found.ref.rpartition("/")[2]
    caption = f"First box: “{box.label}” on {name}"
    try:
        image = to_image(decode(images.read(found.ref), max_side=_SIDE))
    except TruthlineError as error:
        return Example(caption, problem=f"The image cannot be shown. {error.title}")
    if found.size is None:
        return Example(caption, problem="The image's size is not known.")
    across, down = image.width() / found.size.width, image.height() / found.size.height
    painter = QPainter(image)
    for width, colour in _EDGES:
        painter.setPen(QPen(QColor(colour), width))
        painter.drawRect(QRectF(box.left * across, box.top * down, box.width * across, box.height * down))
    painter.end()
    return Example(caption, image)


class FirstBox(QWidget):
    """Shows an `Example`; hidden without one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setFixedWidth(_SIDE)
        self.picture.setWordWrap(True)
        self.picture.setTextFormat(Qt.TextFormat.PlainText)
        self.caption = QLabel()
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setWordWrap(True)
        self.caption.setFixedWidth(_SIDE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.picture)
        layout.addWidget(self.caption)
        layout.addStretch(1)
        self.hide()

    def show_example(self, example: Example | None) -> None:
        """Show it, or nothing."""
        self.setVisible(example is not None)
        if example is None:
            return
        if example.image is not None:
            self.picture.setPixmap(QPixmap.fromImage(example.image))
        else:
            self.picture.setText(example.problem)
        self.picture.setAccessibleName(example.caption)
        self.caption.setText(theme.shortened(example.caption, 120))
        self.caption.setToolTip(theme.plain_tip(example.caption))
