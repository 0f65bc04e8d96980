"""Whole images: the one that a person looks at, and its neighbours, decoded ahead within a bound.

An image is decoded as large as a window shows it, and in full once somebody zooms in. At 12 megapixels the
first takes a third of the second's time, and a quarter of its memory. What is larger than the service takes
is never decoded in full: a photo of 63 megapixels took 1 GB while that was done.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from truthline.errors import TruthlineError
from truthline.images.decode import Pixels, decode, read_facts
from truthline.ui.kit.jobs import Job, Jobs, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from truthline.images.source import ImageSource
    from truthline.manifest.annotation import ImageFacts
    from truthline.progress import CancelToken

_VIEW_SIDE: Final = 2_048
"""Longest side in pixels of an image that is looked at as a whole; more than most windows have room for."""
_WHOLE_SIDE: Final = 4_096
"""Of one that is zoomed in: the service takes no longer one."""
_KEPT_BYTES: Final = 96 * 2**20
"""Eight images as they are looked at, or two as they are zoomed in."""


@dataclass(frozen=True, slots=True)
class FullImage:
    """A decoded image with its facts, or the reason why there is none.

    ``image`` may be smaller than the upright image, whose pixels ``size`` tells.
    """

    image: QImage | None
    facts: ImageFacts | None
    problem: str = ""

    @property
    def size(self) -> QSize:
        """Pixels of the upright image."""
        if self.facts is not None and self.facts.width and self.facts.height:
            return QSize(self.facts.width, self.facts.height)
        return self.image.size() if self.image is not None else QSize()


_Key = tuple[str, int]
"""A source-ref, and the longest side that was asked for."""


class FullImages:
    """The whole images of one document; see `Pictures`, whose part it is."""

    def __init__(self, jobs: Jobs, source: ImageSource) -> None:
        self._jobs = jobs
        self._source = source
        self._kept: OrderedDict[_Key, FullImage] = OrderedDict()
        self._kept_bytes = 0
        self._loading: dict[_Key, Job] = {}
        self._ahead: Sequence[str] = ()
        self._wanted: tuple[_Key, Callable[[FullImage], None]] | None = None

    def set_source(self, source: ImageSource) -> None:
        """Read from elsewhere from now on, what somebody waits for included."""
        self._source = source
        self.clear()
        for key in list(self._loading):
            self._loading.pop(key).drop()
        if self._wanted is not None:
            self._read(self._wanted[0])

    def clear(self) -> None:
        """Let go of everything decoded."""
        self._kept.clear()
        self._kept_bytes = 0

    def load(self, source_ref: str, done: Callable[[FullImage], None]) -> None:
        """Hand an image to ``done``, at once if it is kept; an earlier ``done`` is forgotten."""
        whole = (source_ref, _WHOLE_SIDE)
        self._load(whole if whole in self._kept else (source_ref, _VIEW_SIDE), done)

    def refine(self, source_ref: str, done: Callable[[FullImage], None]) -> None:
        """Hand it over as large as the service takes it."""
        self._load((source_ref, _WHOLE_SIDE), done)

    def prefetch(self, source_refs: Sequence[str]) -> None:
        """Have images ready before they are asked for, the first of them first; no others."""
        self._ahead = source_refs
        self._drop_others()
        for source_ref in source_refs:
            if source_ref:
                self._read((source_ref, _VIEW_SIDE))

    def _load(self, key: _Key, done: Callable[[FullImage], None]) -> None:
        kept = self._kept.get(key)
        self._wanted = None if kept is not None else (key, done)
        if kept is not None:
            self._kept.move_to_end(key)
            done(kept)
            return
        self._drop_others()
        self._read(key)

    def _drop_others(self) -> None:
        """Break off what nobody waits for any more, and nobody will soon."""
        wanted = self._wanted[0] if self._wanted is not None else None
        for key in [key for key in self._loading if key != wanted and key[0] not in self._ahead]:
            self._loading.pop(key).drop()

    def _read(self, key: _Key) -> None:
        if key in self._kept or key in self._loading:
            return
        source = self._source
        self._loading[key] = self._jobs.run(
            Lane.DECODE,
            lambda token, _report: _read_full(source, *key, token),
            done=lambda image: self._keep(key, image),
            failed=lambda error: self._keep(key, FullImage(None, None, str(error))),
        )

    def _keep(self, key: _Key, image: FullImage) -> None:
        self._loading.pop(key, None)
        if image.image is not None:  # what failed is tried again when it is next asked for
            self._kept[key] = image
            self._kept_bytes += image.image.sizeInBytes()
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._kept_bytes -= gone.image.sizeInBytes() if gone.image is not None else 0
        if self._wanted is not None and self._wanted[0] == key:
            done, self._wanted = self._wanted[1], None
            done(image)


def to_image(pixels: Pixels) -> QImage:
    """Pixels as a `QImage` that owns its bytes."""
    return QImage(pixels.data, pixels.width, pixels.height, pixels.stride, QImage.Format.Format_RGB32).copy()


def _read_full(source: ImageSource, source_ref: str, side: int, token: CancelToken) -> FullImage:
    try:
        data = source.read(source_ref)
        token.check()
        facts = read_facts(data, len(data))
        return FullImage(to_image(decode(data, max_side=side)), facts)
    except TruthlineError as error:
        return FullImage(None, None, str(error))
