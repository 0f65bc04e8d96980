"""Our own updates of the dataset, told from those of other people.

The service says when a dataset was last updated, and not by whom. An update of ours is known by its batch,
which the workspace's journal holds before it is sent: it was the only one that was seen from then until it
had ended. Any other is somebody else's, and stays so until a pull, whatever we push meanwhile. Where the end
of a batch was not seen, because its answer got lost or Truthline was closed, the times tell nothing: then the
whole dataset is looked through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from truthline.manifest.line import same_value
from truthline.progress import Doing, Progress, in_blocks
from truthline.workspace.journal import UNENDED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truthline.aws.rekognition import DatasetDescription
    from truthline.progress import Report
    from truthline.sync.service.reading import DatasetReader, RemoteEntry
    from truthline.workspace.workspace import Entry, Workspace


class Whose(Enum):
    """Whose an update of the dataset was that the workspace has not read."""

    OTHERS = auto()
    UNKNOWN = auto()
    """perhaps ours, of a push that was broken off"""


@dataclass(frozen=True, slots=True)
class Unseen:
    """What the dataset may hold and the workspace does not show, since an update at ``updated``."""

    whose: Whose
    updated: datetime


def unseen_update(workspace: Workspace, now: DatasetDescription) -> Unseen | None:
    """Whether what the workspace shows is older than the dataset; ``now`` was read while no push ran.

    None also for a dataset that was never read whole: then nothing is known.
    """
    info = workspace.info
    if info.others_updated:
        return Unseen(Whose.OTHERS, datetime.fromisoformat(info.others_updated))
    # A description of a moment ago may be older than what is known.
    if not info.seen_updated or now.updated <= datetime.fromisoformat(info.seen_updated):
        return None
    return Unseen(Whose.UNKNOWN if _in_doubt(workspace) else Whose.OTHERS, now.updated)


class OwnUpdates:
    """Accounts for the updates that a push meets."""

    def __init__(self, workspace: Workspace, reader: DatasetReader, report: Report) -> None:
        self._workspace = workspace
        self._reader = reader
        self._report = report

    def notice(self, now: DatasetDescription) -> None:
        """Take in the dataset as it is between two updates of ours."""
        seen = self._workspace.info.seen_updated
        if seen and now.updated != datetime.fromisoformat(seen) and not _in_doubt(self._workspace):
            self._workspace.note_others_update(now.updated.isoformat())

    def settle(self, now: DatasetDescription) -> None:
        """Find out what is in doubt, once all that was sent is read back."""
        info = self._workspace.info
        if not info.seen_updated or not _in_doubt(self._workspace):
            self.notice(now)
        elif info.others_updated:
            self._workspace.note_others_update(now.updated.isoformat())
        else:
            self._look_through(now)

    def _look_through(self, now: DatasetDescription) -> None:
        updated = now.updated
        known = updated == datetime.fromisoformat(self._workspace.info.seen_updated)
        if not known:
            self._report(Progress(Doing.LOOKING_THROUGH))
            with self._reader.entries() as entries:
                known, updated = _all_known(self._workspace, entries), entries.updated
        if known:
            self._workspace.set_seen_updated(updated.isoformat())
        else:
            self._workspace.note_others_update(updated.isoformat())


def _in_doubt(workspace: Workspace) -> bool:
    """Whether an update of ours was sent whose end was not seen."""
    info = workspace.info
    if info.in_doubt:
        return True
    push = workspace.unfinished_push()
    if push is None or push.dataset_arn != info.dataset_arn:
        return False
    return any(batch.state in UNENDED for batch in workspace.batches(push.id))


def _all_known(workspace: Workspace, listed: Iterable[RemoteEntry]) -> bool:
    """Whether the dataset holds the base lines, and nothing else; what is damaged here tells nothing."""
    held: set[str] = set()
    for chunk in in_blocks(listed):
        lines = {one.source_ref: one.line for one in chunk}
        held |= lines.keys()
        ids = workspace.find_many(lines.keys() - {""})
        if len(ids) < len(lines):
            return False
        for entry in workspace.entries(list(ids.values())):
            if not entry.damaged and not _is_base(entry, lines[entry.source_ref]):
                return False
    held_once = (one for one in workspace.walk() if one.base is not None and not one.damaged)
    return all(entry.source_ref in held for entry in held_once)


def _is_base(entry: Entry, line: bytes) -> bool:
    return entry.base is not None and same_value(entry.base, line)
