"""The image of an entry in conflict with the boxes of all three versions, each of which can be hidden."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from truthline.errors import TruthlineError
from truthline.images.decode import decode
from truthline.manifest.line import parse_line
from truthline.ui.canvas.overlays import Overlay, OverlayView, Version, version_icon
from truthline.ui.conflicts.entry_list import short_name
from truthline.ui.conflicts.words import COLUMNS, boxes_in, boxes_of, value_of
from truthline.ui.document.full_images import to_image
from truthline.ui.kit.jobs import Job, Lane
from truthline.ui.kit.keys import key_name, keys_of
from truthline.ui.kit.theme import plain_tip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QColor, QImage

    from truthline.images.source import ImageSource
    from truthline.manifest.merge.merge import MergeConflict
    from truthline.ui.document.document import Document
    from truthline.ui.document.pictures import Pictures, ThumbnailChange
    from truthline.workspace.workspace import Entry, EntryId

_HINT = f"{key_name('zoom_wheel')} zooms  ·  drag moves  ·  {key_name('fit_conflict')} fits"
_LARGEST = 20_000
"""A line that claims a larger image is not believed; pixels."""


class ConflictImage(QWidget):
    """The picture with its legend, whose check boxes show and hide the versions.

    Args:
        document: whose lanes the image is read on.
        pictures: where images are read from, and thumbnails that are there already.
        parent: the widget it is in.

    """

    def __init__(self, document: Document, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._pictures = pictures
        self._source: ImageSource | None = None
        self._entry: Entry | None = None
        self._job: Job | None = None
        self._failed = False
        self.view = OverlayView()
        versions = dict(zip(keys_of("show_version").keys, COLUMNS, strict=True))
        self.toggles = {version: self._toggle(version, key) for key, version in versions.items()}
        self.digits = {key: self.toggles[version].click for key, version in versions.items()}
        """What digits do in the window that this is in."""
        self.digits |= dict.fromkeys(keys_of("fit_conflict").keys, self.view.fit)
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.hide()
        hint = QLabel(_HINT)
        hint.setProperty("dim", True)
        hint.setProperty("small", True)
        hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        legend = QHBoxLayout()
        legend.setContentsMargins(0, 0, 0, 0)
        legend.setSpacing(16)
        for toggle in self.toggles.values():
            legend.addWidget(toggle)
        legend.addWidget(hint, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(legend)
        layout.addWidget(self.note)
        layout.addWidget(self.view, 1)
        pictures.thumbnail_changed.connect(self._try_again)

    def show_entry(self, entry: Entry, overlays: Sequence[Overlay]) -> None:
        """Show an entry; its image is read unless it is shown already."""
        # Decisions change the lines of an entry while its image stays, and so do zoom and place.
        same = self._entry is not None and self._entry.id == entry.id
        self._entry = entry
        self.toggles[Version.BASE].setEnabled(entry.base is not None)
        if not same:
            self._read(entry)
        self.view.set_overlays(overlays)

    def clear(self) -> None:
        """Show nothing, and stop reading."""
        self._entry = None
        if self._job is not None:
            self._job.drop()
            self._job = None
        self.view.set_overlays([])

    def _toggle(self, version: Version, key: str) -> QCheckBox:
        toggle = QCheckBox(f"{version.value} ({key})")
        toggle.setIcon(version_icon(version, 28, self.devicePixelRatioF()))
        toggle.setIconSize(QSize(28, 16))
        toggle.setChecked(True)
        toggle.setToolTip(plain_tip(f"Show or hide this version's boxes, marked {version.letter}."))
        toggle.toggled.connect(lambda _: self._hide())
        return toggle

    def _hide(self) -> None:
        self.view.hide_versions({version for version, one in self.toggles.items() if not one.isChecked()})

    def _read(self, entry: Entry) -> None:
        self._failed = False
        self._show_preview(entry)
        if self._job is not None:
            self._job.drop()
            self._job = None
        if not entry.source_ref:
            self._fail(entry.id, "This line names no image.")
            return
        source = self._source = self._pictures.source
        self._job = self._document.jobs.run(
            Lane.DECODE,
            lambda _token, _report: to_image(decode(source.read(entry.source_ref))),
            done=partial(self._show, entry.id),
            failed=lambda error: self._fail(entry.id, _reason(error)),
        )

    def _show_preview(self, entry: Entry) -> None:
        size = _known_size(entry)
        preview = self._pictures.thumbnail(entry.id, entry.source_ref).pixmap
        self._say("")
        if size is None:
            self.view.show_message("Loading…", short_name(entry))
        else:
            self.view.show_image(preview.toImage() if preview is not None else None, size)

    def _show(self, entry_id: EntryId, image: QImage) -> None:
        self._job = None
        if self._entry is not None and self._entry.id == entry_id:
            size = _known_size(self._entry)
            self.view.show_image(image, image.size(), keep_view=size == image.size())

    def _fail(self, entry_id: EntryId, reason: str) -> None:
        self._job = None
        if self._entry is None or self._entry.id != entry_id:
            return
        self._failed = True
        size = _known_size(self._entry)
        if size is None:
            self.view.show_message("This image cannot be shown", f"{reason} You can decide by the lists.")
        else:
            self.view.show_image(None, size)
            self._say(f"This image cannot be shown, only the boxes. {reason}")

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _try_again(self, _change: ThumbnailChange) -> None:
        if self._entry is not None and self._failed and self._source is not self._pictures.source:
            self._read(self._entry)


def overlays_of(
    entry: Entry, conflicts: Sequence[MergeConflict], colour: Callable[[str], QColor]
) -> list[Overlay]:
    """All boxes of an entry's three versions: what conflicts, what all share, and the rest."""
    versions = {Version.THEIRS: entry.theirs, Version.MINE: entry.line, Version.BASE: entry.base}
    boxes = {version: Counter(boxes_of(line)) for version, line in versions.items()}
    found = []
    for number, conflict in enumerate(conflicts):
        for version in COLUMNS:
            for box in boxes_in(value_of(conflict, version)):
                boxes[version][box] -= 1
                found.append(Overlay(version, *box, colour(box[0]), number))
    shared = boxes[Version.THEIRS] & boxes[Version.MINE]
    found += [Overlay(None, *box, colour(box[0])) for box in shared.elements()]
    for version in COLUMNS:
        rest = +boxes[version] - shared
        found += [Overlay(version, *box, colour(box[0])) for box in rest.elements()]
    return found


def _known_size(entry: Entry) -> QSize | None:
    """The image's width and height in pixels, by its file or by what the lines say."""
    facts = entry.facts
    if facts is not None and facts.width > 0 and facts.height > 0:
        return QSize(facts.width, facts.height)
    for line in (entry.line, entry.theirs, entry.base):
        for attribute in parse_line(line).box_attributes if line else ():
            size = attribute.image_size
            if size and 0 < size.width <= _LARGEST and 0 < size.height <= _LARGEST:
                return QSize(size.width, size.height)
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, TruthlineError):
        return f"{error.title} {error.detail}".strip()
    return str(error)
