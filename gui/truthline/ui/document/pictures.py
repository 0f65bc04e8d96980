"""Thumbnails and full images for views: read and decoded on the decode lane, kept within bounds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from truthline import log
from truthline.errors import TruthlineError, UnforeseenError
from truthline.ui.document.full_images import FullImages, to_image
from truthline.ui.kit.jobs import Jobs, Lane

if TYPE_CHECKING:
    from truthline.images.source import ImageSource
    from truthline.images.thumbnails import Thumbnails
    from truthline.manifest.annotation import ImageFacts
    from truthline.progress import CancelToken, Report
    from truthline.workspace.workspace import EntryId

_KEPT_BYTES = 192 * 2**20
"""Of decoded thumbnails: about 1,000 of 256 × 192 pixels."""
_WAITING = 256
"""Thumbnails asked for and not begun; the oldest gives way, as it has been scrolled out of view."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """What is there of a thumbnail; neither pixmap nor problem while it is on its way."""

    pixmap: QPixmap | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ThumbnailChange:
    """Which entry's; in a signal of ``int`` the 64 bits of a number from a workspace file would not fit."""

    entry_id: EntryId


@dataclass(frozen=True, slots=True)
class FoundFacts:
    """What the header of an entry's image says."""

    entry_id: EntryId
    facts: ImageFacts


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of reading a thumbnail from ``source``."""

    entry_id: EntryId
    source: ImageSource
    image: QImage | None = None
    facts: ImageFacts | None = None
    problem: str = ""


class Pictures(QObject):
    """The images of one document.

    Args:
        jobs: whose decode lane is used.
        source: where images are read; replaced by `set_source` when it becomes reachable.
        thumbnails: the disk cache.

    """

    thumbnail_changed = Signal(ThumbnailChange)
    """The thumbnail of an entry can be shown now."""
    facts_found = Signal(FoundFacts)
    """The header of an image was read."""

    def __init__(
        self, jobs: Jobs, source: ImageSource, thumbnails: Thumbnails, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.source = source
        self._cache = thumbnails
        self._kept: OrderedDict[EntryId, Thumbnail] = OrderedDict()
        self._kept_bytes = 0
        self._waiting: OrderedDict[EntryId, str] = OrderedDict()
        self._waiting_lock = threading.Lock()
        self._begun: set[EntryId] = set()
        self.full = FullImages(jobs, source)

    def set_source(self, source: ImageSource) -> None:
        """Read from elsewhere from now on, and try again what failed."""
        self.source = source
        failed = [entry_id for entry_id, kept in self._kept.items() if kept.pixmap is None]
        for entry_id in failed:
            self._kept_bytes -= _bytes_of(self._kept.pop(entry_id))
            self.thumbnail_changed.emit(ThumbnailChange(entry_id))
        self.full.set_source(source)

    @property
    def waiting(self) -> bool:
        """Whether a view waits for a thumbnail; may be asked on any thread."""
        with self._waiting_lock:
            return bool(self._waiting)

    def clear(self) -> None:
        """Let go of everything decoded."""
        self._kept.clear()
        self.full.clear()
        self._kept_bytes = 0

    def thumbnail(self, entry_id: EntryId, source_ref: str) -> Thumbnail:
        """The thumbnail as far as it is there; `thumbnail_changed` tells when there is more."""
        kept = self._kept.get(entry_id)
        if kept is not None:
            self._kept.move_to_end(entry_id)
            return kept
        if not source_ref:
            return Thumbnail(problem="This line names no image.")
        if entry_id not in self._begun:
            self._ask(entry_id, source_ref)
        return Thumbnail()

    def _ask(self, entry_id: EntryId, source_ref: str) -> None:
        with self._waiting_lock:
            known = entry_id in self._waiting
            self._waiting[entry_id] = source_ref
            self._waiting.move_to_end(entry_id)
            if len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)
        if not known:
            self._jobs.run(Lane.DECODE, self._work_newest, done=self._keep)

    def _work_newest(self, token: CancelToken, _report: Report) -> _Outcome | None:
        """The thumbnail asked for last: what is in view now comes before what has been scrolled past."""
        with self._waiting_lock:
            if not self._waiting:
                return None
            entry_id, source_ref = self._waiting.popitem()
            self._begun.add(entry_id)
        token.check()
        source = self.source
        try:
            loaded = self._cache.load(source_ref, source)
        except TruthlineError as error:
            return _Outcome(entry_id, source, problem=error.title)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said in the place of the image
            log.unforeseen(error)
            return _Outcome(entry_id, source, problem=UnforeseenError().title)
        image = to_image(loaded.pixels) if loaded.pixels is not None else None
        problem = "" if image is not None else loaded.facts.problem
        return _Outcome(entry_id, source, image, loaded.facts, problem)

    def _keep(self, outcome: _Outcome | None) -> None:
        if outcome is None:
            return
        entry_id, image, facts = outcome.entry_id, outcome.image, outcome.facts
        self._begun.discard(entry_id)
        if image is None and outcome.source is not self.source:
            self.thumbnail_changed.emit(
                ThumbnailChange(entry_id)
            )  # the view asks again, and the new source is read
            return
        pixmap = QPixmap.fromImage(image) if image is not None else None
        self._kept[entry_id] = Thumbnail(pixmap, outcome.problem)
        self._kept_bytes += _bytes_of(self._kept[entry_id])
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._kept_bytes -= _bytes_of(gone)
        if facts is not None:
            self.facts_found.emit(FoundFacts(entry_id, facts))
        self.thumbnail_changed.emit(ThumbnailChange(entry_id))


def _bytes_of(thumbnail: Thumbnail) -> int:
    pixmap = thumbnail.pixmap
    return 256 if pixmap is None else pixmap.width() * pixmap.height() * 4
