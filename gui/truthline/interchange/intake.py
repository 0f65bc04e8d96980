"""What a reader of a format works with: the source, and where it says what it could not take from it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from truthline.interchange.files import files_under, read_file
from truthline.interchange.frames import fault_of, plain
from truthline.interchange.model import Code, FileFinding, Loss
from truthline.manifest.annotation import Box, Level
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEPT: Final = 1_000
"""Findings of one code that are worth keeping; a file that is wrong throughout has millions."""
_STRIDE: Final = 200


class Intake:
    """One reading of a file or folder.

    Args:
        path: the file or folder.
        report: is told how far the work is.
        cancel: stops it.

    """

    def __init__(
        self, path: Path, *, report: Report = ignore_progress, cancel: CancelToken | None = None
    ) -> None:
        self.path = path
        self.root = path if path.is_dir() else path.parent
        self._report = report
        self._cancel = cancel or CancelToken()
        self._findings: list[FileFinding] = []
        self._counts: Counter[Code] = Counter()
        self._losses: Counter[str] = Counter()
        self._steps = 0

    def found(self, code: Code, message: str, place: str, level: Level = Level.WARNING) -> None:
        """Note a finding."""
        self._counts[code] += 1
        if self._counts[code] <= _KEPT:
            self._findings.append(FileFinding(code, level, message, place))

    def lost(self, what: str, count: int = 1) -> None:
        """Note that something is not taken over."""
        self._losses[what] += count

    @property
    def findings(self) -> tuple[FileFinding, ...]:
        """All findings; those of one code beyond a thousand as a number."""
        more = [
            FileFinding(code, Level.WARNING, f"There are {count - _KEPT:,} more of these.", self.path.name)
            for code, count in self._counts.items()
            if count > _KEPT
        ]
        return (*self._findings, *more)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """What is not taken over."""
        return tuple(Loss(count, what) for what, count in self._losses.items() if count)

    def step(self, total: int | None = None) -> None:
        """Tell that one more thing of ``total`` is being read; raises `CancelledError`."""
        if self._steps % _STRIDE == 0:
            self._cancel.check()
            self._report(Progress(Doing.READING_LABELS, self._steps, total))
        self._steps += 1

    def files(self, *suffixes: str) -> list[str]:
        """Relative paths of the source's files with these endings; of a single file, its name."""
        return files_under(self.path, *suffixes)

    def each_file(self, *suffixes: str, limit: int) -> Iterator[tuple[str, bytes]]:
        """Relative path and bytes of the source's files with these endings."""
        names = self.files(*suffixes)
        for name in names:
            self.step(len(names))
            yield name, read_file(self.root / name, limit)

    def box(
        self,
        place: str,
        label: str,
        frame: tuple[float, float, float, float],
        confidence: float | None = None,
    ) -> Box | None:
        """A box of left, top, width and height; None, and a finding, if these are no box."""
        if not label:
            self.found(Code.LABEL, "The box has no label.", place)
            return None
        fault = fault_of(*frame)
        if fault:
            self.found(Code.BOX, f"The box {fault}. It was left out.", place)
            return None
        left, top, width, height = map(plain, frame)
        usable = confidence is not None and 0 <= confidence <= 1
        return Box(label, left, top, width, height, confidence=confidence if usable else None)
