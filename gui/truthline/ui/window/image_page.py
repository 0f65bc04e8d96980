"""Image mode: the current entry's image with its boxes, the keys that work now, and the filmstrip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from truthline.manifest.annotation import Annotation, Finding, ImageSize, RemoteError
from truthline.manifest.pointer import box_at
from truthline.ui.canvas.view import Canvas, CanvasBox, Frame
from truthline.ui.gallery.view import ThumbnailGrid
from truthline.ui.kit.elided import ElidedLabel
from truthline.ui.kit.keys import key_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QImage, QResizeEvent

    from truthline.ui.canvas.geometry import BoxKey
    from truthline.ui.document.browser import Browser
    from truthline.ui.document.document import Document
    from truthline.ui.document.full_images import FullImage
    from truthline.ui.document.labelling import Labeller
    from truthline.ui.document.palette import LabelColours
    from truthline.ui.document.pictures import Pictures
    from truthline.workspace.changes import Changes
    from truthline.workspace.workspace import Entry, EntryId

_COLOUR_CHANNELS = 3
_WAY_BACK = f"{key_name('show_gallery')} gallery"
_FILMSTRIP_FROM = 440
"""In a page less high the image needs the room more."""


class ImagePage(QWidget):
    """Shows one entry; its canvas's gestures become edits."""

    boxes_selected = Signal(list)
    """A list of `BoxKey`."""
    class_wanted = Signal()
    """A box was drawn before any class was chosen. It is kept until one is."""

    def __init__(
        self,
        document: Document,
        browser: Browser,
        pictures: Pictures,
        labeller: Labeller,
        colours: LabelColours,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._browser = browser
        self._pictures = pictures
        self._labeller = labeller
        self._colours = colours
        self._entry: Entry | None = None
        self._size = QSize()
        self._row = 0
        self._shown_part = 0.0
        """How many pixels are shown for each of the image's, in one direction; 0 while there are none."""
        self._refined = False
        self._stale = True
        self._sought: BoxKey | None = None
        self._waiting: Frame | None = None
        self.canvas = Canvas()
        self.filmstrip = ThumbnailGrid(pictures, strip=True)
        self.filmstrip.setModel(browser.model)
        self.filmstrip.setSelectionModel(browser.selection)
        self._hint = ElidedLabel()
        self._hint.show_text(_WAY_BACK)
        self._hint.setProperty("dim", True)
        self._hint.setProperty("small", True)
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._readout = QLabel()
        self._readout.setProperty("dim", True)
        self._readout.setProperty("small", True)
        self._readout.setMinimumWidth(150)
        self._readout.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout()
        line.setContentsMargins(12, 4, 12, 4)
        line.addWidget(self._hint, 1)
        line.addWidget(self._readout)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(line)
        layout.addWidget(self.filmstrip)
        self._connect()

    def _connect(self) -> None:
        canvas = self.canvas
        canvas.box_drawn.connect(self._draw)
        canvas.boxes_reframed.connect(self._reframe)
        canvas.boxes_deleted.connect(self._delete)
        canvas.selection_changed.connect(lambda boxes: self.boxes_selected.emit([box.key for box in boxes]))
        canvas.hint_changed.connect(self._show_hint)
        canvas.pointer_moved.connect(self._show_pointer)
        canvas.pointer_left.connect(self._show_pointer)
        canvas.zoom_changed.connect(lambda _zoom: self._show_pointer())
        canvas.zoom_changed.connect(lambda _zoom: self._refine())
        self._browser.current_changed.connect(lambda: self.show_entry(self._browser.current))
        self._document.changed.connect(self._refresh)
        self._document.attributes_chosen.connect(lambda _info: self._reload())
        self._colours.changed.connect(lambda _labels: self._recolour())
        self._labeller.next_class_changed.connect(lambda name: canvas.set_class(name, self._colours.of(name)))
        self._labeller.next_class_changed.connect(lambda _name: self._draw_waiting())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.filmstrip.setVisible(self.height() >= _FILMSTRIP_FROM)

    @property
    def image_size(self) -> QSize:
        """Pixels of the upright image, empty while it is not known."""
        return self._size

    def show_entry(self, entry_id: EntryId | None) -> None:
        """Show an entry, its thumbnail at first and then the whole image; waits until the page is seen."""
        self.canvas.finish_gesture()  # first: a nudge under way belongs to the image that is left
        self._sought = self._waiting = None
        self._entry = None if entry_id is None else self._document.entry(entry_id)
        self._stale = not self.isVisible()
        if not self._stale:
            self._show()

    def become_current(self) -> None:
        """The page is seen from now on."""
        self.canvas.setFocus()
        current = self._browser.current
        if self._stale or (self._entry.id if self._entry else None) != current:
            self._entry = None if current is None else self._document.entry(current)
            self._stale = False
            self._show()

    def show_box(self, key: BoxKey) -> None:
        """Select a box and let it blink, as soon as the image is there."""
        self._sought = key
        self._show_sought()

    def _show_sought(self) -> None:
        if self._sought is not None and self.canvas.has_image:
            self.canvas.select_boxes([self._sought])
            self.canvas.blink(self._sought)
            self._sought = None

    def _draw_waiting(self) -> None:
        """Draw the box for which a class had to be chosen first."""
        frame, self._waiting = self._waiting, None
        if frame is not None:
            self._draw(frame)

    def selected_boxes(self) -> list[BoxKey]:
        """The canvas's selection."""
        return [box.key for box in self.canvas.selected_boxes()]

    def boxes_of(self, keys: Sequence[BoxKey]) -> list[CanvasBox]:
        """The current entry's boxes with these keys."""
        entry = self._entry
        return [box for box in self._canvas_boxes(entry) if box.key in set(keys)] if entry else []

    def _show(self) -> None:
        entry = self._entry
        self._size, self._shown_part, self._refined = QSize(), 0.0, False
        self.canvas.set_boxes([])
        self.canvas.select_boxes([])
        if entry is None:
            self.canvas.show_message(
                "No image", "Choose one in the gallery, or list others with the filters."
            )
            return
        if entry.damaged:
            name = entry.source_ref.rpartition("/")[2] or f"Line {entry.position}"
            self.canvas.show_message(f"{name} is damaged", entry.damaged.finding.message)
            return
        if not entry.source_ref:
            self.canvas.show_message(
                "This line names no image", "Its source-ref is missing or cannot be read; see the JSON Line."
            )
            return
        # The thumbnail, stretched, stands in for the image: boxes can be seen and judged at once.
        size = _known_size(entry)
        thumbnail = self._pictures.thumbnail(entry.id, entry.source_ref).pixmap
        if size is not None and thumbnail is not None:
            self._show_image(thumbnail.toImage(), size, keep_view=False)
        else:
            self.canvas.show_message("Loading…", entry.source_ref.rsplit("/", 1)[-1])
        wanted = entry.id
        self._pictures.full.load(entry.source_ref, lambda loaded: self._loaded(wanted, loaded))

    def _loaded(self, entry_id: EntryId, loaded: FullImage) -> None:
        if self._entry is None or self._entry.id != entry_id:
            return
        if loaded.image is None:
            self._size = QSize()
            self.canvas.set_boxes([])
            self.canvas.show_message("This image cannot be shown", loaded.problem)
        else:
            previewed = not self._size.isEmpty() and self._size == loaded.size
            self._shown_part = loaded.image.width() / max(loaded.size.width(), 1)
            self._show_image(loaded.image, loaded.size, keep_view=previewed)
            self._refine()
        if loaded.facts is not None and loaded.facts != self._entry.facts:
            self._document.store_facts(entry_id, loaded.facts)
        self._prefetch()

    def _refine(self) -> None:
        """Have the image decoded in full once more of it is asked for than is there."""
        entry, part = self._entry, self._shown_part
        if (
            entry is None
            or self._refined
            or not part
            or self.canvas.zoom * self.canvas.devicePixelRatioF() <= part
        ):
            return
        self._refined = True
        if part < 1:
            wanted = entry.id
            self._pictures.full.refine(entry.source_ref, lambda loaded: self._loaded(wanted, loaded))

    def _show_image(self, image: QImage, size: QSize, *, keep_view: bool) -> None:
        self._size = size
        self.canvas.show_image(image, size, keep_view=keep_view)
        self._reload()
        self._show_sought()

    def _prefetch(self) -> None:
        row, model = self._browser.selection.currentIndex().row(), self._browser.model
        if row < 0:
            return
        ahead = -1 if row < self._row else 1
        self._row = row
        # Two ahead before the one behind: most people go one way, and some went one too far.
        rows = [row + ahead, row + 2 * ahead, row - ahead, row + 3 * ahead]
        refs = [model.card(one).source_ref for one in rows if 0 <= one < model.rowCount()]
        self._pictures.full.prefetch(refs)

    def _refresh(self, changes: Changes) -> None:
        if self._entry is None or not (changes.everything or self._entry.id in changes.entries):
            return
        before, self._entry = self._entry, self._document.entry(self._entry.id)
        if before.damaged == self._entry.damaged:
            self._reload()
        elif self.isVisible():
            self._show()
        else:
            self._stale = True

    def _recolour(self) -> None:
        name = self._labeller.next_class
        if name:
            self.canvas.set_class(name, self._colours.of(name))
        self._reload()

    def _reload(self) -> None:
        if self._entry is None or self._size.isEmpty():
            return
        self.canvas.set_boxes(self._canvas_boxes(self._entry))

    def _canvas_boxes(self, entry: Entry) -> list[CanvasBox]:
        wrong = _wrong_boxes([*entry.findings, *entry.remote_errors])
        info = self._document.info
        return [
            CanvasBox(
                attribute.name,
                index,
                box.label,
                self._colours.of(box.label),
                Frame(box.left, box.top, box.width, box.height),
                editable=attribute.name not in info.locked,
                wrong=wrong.get((attribute.name, index), ""),
            )
            for attribute in entry.annotation.box_attributes
            if not info.hide_locked or attribute.name not in info.locked
            for index, box in enumerate(attribute.boxes)
        ]

    def _draw(self, frame: Frame) -> None:
        if self._entry is None or self._size.isEmpty():
            return
        if not self._labeller.next_class:
            self._waiting = frame
            self.class_wanted.emit()
            return
        image = ImageSize(self._size.width(), self._size.height(), _COLOUR_CHANNELS)
        before = {box.key for box in self._canvas_boxes(self._entry)}
        self._labeller.add_box(self._entry.id, frame, image)
        after = {box.key for box in self._canvas_boxes(self._entry)} - before
        self.canvas.select_boxes(after)

    def _reframe(self, moves: list[tuple[CanvasBox, Frame]]) -> None:
        if self._entry is not None:
            self._labeller.reframe_boxes(self._entry.id, [(box.key, frame) for box, frame in moves])

    def _delete(self, boxes: list[CanvasBox]) -> None:
        if self._entry is not None:
            self._labeller.remove_boxes(self._entry.id, [box.key for box in boxes])

    def _show_hint(self, hint: str) -> None:
        self._hint.show_text(f"{_WAY_BACK} · {hint}" if hint else _WAY_BACK)

    def _show_pointer(self, pixel: QPoint | None = None) -> None:
        zoom = f"{100 * self.canvas.zoom:.0f} %"
        self._readout.setText(zoom if pixel is None else f"{pixel.x()}, {pixel.y()}  ·  {zoom}")


def _known_size(entry: Entry) -> QSize | None:
    facts = entry.facts
    if facts is not None and facts.width > 0 and facts.height > 0:
        return QSize(facts.width, facts.height)
    return _size_in_line(entry.annotation)


def _size_in_line(annotation: Annotation) -> QSize | None:
    sizes = [attribute.image_size for attribute in annotation.box_attributes if attribute.image_size]
    usable = [size for size in sizes if 0 < size.width <= 20_000 and 0 < size.height <= 20_000]
    return QSize(usable[0].width, usable[0].height) if usable else None


def _wrong_boxes(problems: Sequence[Finding | RemoteError]) -> dict[BoxKey, str]:
    """The message of the first problem at each box, by attribute and index."""
    found: dict[BoxKey, str] = {}
    for problem in problems:
        if (box := box_at(problem.pointer)) is not None:
            found.setdefault(box, problem.message)
    return found
