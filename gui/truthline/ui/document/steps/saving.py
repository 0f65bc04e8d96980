"""Saves that build on one another: where one fails, those behind it are not carried out either.

A gesture is made on the line that the one before it left, before that is on disk. If its save came through
where the earlier one's did not, the file would hold what no person ever saw.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from truthline.errors import CancelledError
from truthline.ui.kit.jobs import Job, Jobs, Lane, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from truthline.progress import CancelToken, Progress, Report
    from truthline.workspace.workspace import Entry, EntryId, LabelEdit

T = TypeVar("T")


class _Chain:
    """Saves under way, oldest first; ``broken``, which the write lane sets, once one of them failed."""

    def __init__(self) -> None:
        self.broken = False
        self.give_ups: list[Callable[[], object]] = []


class Saves:
    """Runs saves on the write lane in their order."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._chain = _Chain()

    def run(
        self,
        work: Work[T],
        *,
        done: Callable[[T], object],
        give_up: Callable[[], object],
        failed: Callable[[Exception, int], object],
        progress: Callable[[Progress], None] | None = None,
    ) -> Job:
        """Queue a save, and return its handle.

        ``done`` is called when it is on disk. If it fails, ``give_up`` is called of every save behind it and
        of itself, newest first, to show again what was there before; then ``failed``, of it alone, with the
        error and the number of those behind it.
        """
        chain = self._chain
        chain.give_ups.append(give_up)

        def linked(token: CancelToken, report: Report) -> T:
            # Looked at on the lane: a save may be queued long before the one that it builds on fails.
            if chain.broken:
                raise CancelledError
            try:
                return work(token, report)
            except Exception:
                chain.broken = True
                raise

        def saved(result: T) -> None:
            chain.give_ups.remove(give_up)
            done(result)

        def broke(error: Exception) -> None:
            if chain is self._chain:  # else one before it failed, and all was told
                self._chain = _Chain()
                for one in reversed(chain.give_ups):
                    one()
                failed(error, len(chain.give_ups) - 1)

        return self._jobs.run(Lane.WRITE, linked, done=saved, failed=broke, progress=progress)


class Unsaved:
    """What gestures made of lines and of the list of labels that is not on disk yet; false if nothing.

    ``lists`` counts the edits of the list of labels.
    """

    def __init__(self) -> None:
        self.lists = 0
        self._lines: dict[EntryId, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self._lines) or self.lists > 0

    def over(self, entry: Entry) -> Entry:
        """The entry with its newest line."""
        line = self._lines.get(entry.id)
        return entry if line is None else replace(entry, line=line)

    def begin(self, lines: Mapping[EntryId, bytes], labels: LabelEdit) -> None:
        """A save is under way."""
        self._lines.update(lines)
        self.lists += bool(labels)

    def end(self, lines: Mapping[EntryId, bytes], labels: LabelEdit) -> None:
        """A save is on disk, or given up; lines of a later one stay."""
        self.lists -= bool(labels)
        for entry_id, line in lines.items():
            if self._lines.get(entry_id) is line:  # by identity: a later gesture may have made an equal line
                del self._lines[entry_id]
