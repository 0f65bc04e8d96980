"""What a reader of a format works with: the source, and where it says what it could not take from it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from truthline.errors import UnreadableFileError
from truthline.interchange.files import files_under, read_file
from truthline.interchange.findings import Code, FileFinding, Loss, LossKind
from truthline.interchange.frames import Frame, bounds_of_turned, fault_of, plain, put_in_order
from truthline.interchange.tally import Tally
from truthline.manifest.annotation import Box, Level
from truthline.progress import CancelToken, Doing, Report, counted_in, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_KEPT: Final = 1_000
"""Findings of one code that are worth keeping; a file that is wrong throughout has millions."""
_STRIDE: Final = 200
"""At each single item, reports cost more than reading it."""
SWAPPED: Final = "boxes whose corners were swapped, which were put in order"


class Intake:
    """One reading of a file or folder.

    Args:
        path: the file or folder.
        report: is told how far the work is.
        cancel: stops it.
        labels: names of the classes, for formats whose files may number them only.

    """

    def __init__(
        self,
        path: Path,
        *,
        report: Report = ignore_progress,
        cancel: CancelToken | None = None,
        labels: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.labels = labels
        self.root = path if path.is_dir() else path.parent
        self._count = counted_in(Doing.READING_LABELS, _STRIDE, report=report, cancel=cancel)
        self._findings: list[FileFinding] = []
        self._counts: Counter[tuple[Code, bool]] = Counter()
        self.tally = Tally()
        self._forms: set[str] = set()

    def found(
        self, code: Code, message: str, place: str, level: Level = Level.WARNING, *, left_out: bool = True
    ) -> None:
        """Note a finding; ``left_out`` unless everything came along all the same."""
        self._counts[code, left_out] += 1
        if self._counts[code, left_out] <= _KEPT:
            self._findings.append(FileFinding(code, level, message, place, left_out))

    def remark(self, code: Code, message: str, place: str, level: Level = Level.INFO) -> None:
        """Note a finding for which nothing was left out."""
        self.found(code, message, place, level, left_out=False)

    def form(self, message: str, place: str) -> None:
        """Note once what was taken for the form of the files, which they do not say themselves."""
        if message not in self._forms:
            self._forms.add(message)
            self.remark(Code.FORM, message, place)

    def lost(self, what: str, count: int = 1) -> None:
        """Note that something is not taken over."""
        self.tally.add(what, count)

    def left_out(self, what: str, place: str) -> None:
        """Note that an object is left out, for a reason that ``what`` tells."""
        self.tally.add(what, kind=LossKind.LEFT_OUT, place=place)

    @property
    def findings(self) -> tuple[FileFinding, ...]:
        """All findings; those of one code beyond a thousand as a number."""
        more = [
            FileFinding(
                code, Level.WARNING, f"There are {count - _KEPT:,} more of these.", self.path.name, left_out
            )
            for (code, left_out), count in self._counts.items()
            if count > _KEPT
        ]
        return (*self._findings, *more)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """What is not taken over as it is."""
        return self.tally.losses

    def step(self, total: int | None = None) -> None:
        """Tell that one more thing of ``total`` is being read; raises `CancelledError`."""
        self._count(total)

    def files(self, *suffixes: str) -> list[str]:
        """Relative paths of the source's files with these endings; of a single file, its name."""
        return files_under(self.path, *suffixes)

    def each_file(self, *suffixes: str, limit: int) -> Iterator[tuple[str, bytes]]:
        """Relative path and bytes of the source's files with these endings.

        Raises:
            UnreadableFileError: there is none, or one cannot be read.

        """
        names = self.files(*suffixes)
        if not names:
            raise no_files(self.path, suffixes[0])
        for name in names:
            self.step(len(names))
            yield name, read_file(self.root / name, limit)

    def box(
        self,
        place: str,
        label: str,
        frame: Frame,
        confidence: float | None = None,
    ) -> Box | None:
        """A box of left, top, width and height, put in order; None, and a finding, if these are no box."""
        if not label:
            self.found(Code.LABEL, "The box has no label. It was left out.", place)
            return None
        left, top, width, height = self.in_order(frame, place)
        if fault := fault_of(left, top, width, height):
            self.found(Code.BOX, f"The box {fault}. It was left out.", place)
            return None
        usable = confidence if confidence is not None and 0 <= confidence <= 1 else None
        return Box(label, plain(left), plain(top), plain(width), plain(height), confidence=usable)

    def upright(self, frame: Frame, degrees: float, place: str) -> Frame:
        """The rectangle around a frame that is turned about its centre, which is counted."""
        if not math.isfinite(degrees) or not degrees % 360:
            return frame
        self.tally.add("rotated boxes, of which the bounding rectangle is kept", place=place)
        return bounds_of_turned(frame, degrees)

    def in_order(self, frame: Frame, place: str) -> Frame:
        """The frame with its corners in order, which is counted where they were not."""
        left, width = put_in_order(frame[0], frame[2])
        top, height = put_in_order(frame[1], frame[3])
        swapped = (left, top, width, height) != frame and not any(map(math.isnan, frame))
        self.tally.add(SWAPPED, swapped, kind=LossKind.CHANGED, place=place)
        return left, top, width, height


def no_files(path: Path, suffix: str) -> UnreadableFileError:
    """The error for a folder that holds no file of a format."""
    return UnreadableFileError(
        f"No file in this folder has a name that ends in {suffix}.",
        detail="Choose another folder, or another format.",
        place=str(path),
    )
