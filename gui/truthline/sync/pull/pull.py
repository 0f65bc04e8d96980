"""From a dataset to a manifest, and into a workspace."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from truthline.aws.rekognition import parse_dataset_arn
from truthline.errors import BusyError, ServiceError, TruthlineError, UsageError
from truthline.manifest.file import write_manifest
from truthline.progress import Doing, Progress, ignore_progress, in_blocks
from truthline.sync.pull.candidates import candidate_of
from truthline.sync.pull.meeting import meet
from truthline.sync.service.reading import DatasetReader
from truthline.sync.service.retries import jittered
from truthline.workspace.workspace import EntryId, NewEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from truthline.aws.rekognition import DatasetDescription
    from truthline.aws.session import Aws
    from truthline.manifest.annotation import RemoteError
    from truthline.progress import CancelToken, Report
    from truthline.sync.service.reading import RemoteEntry
    from truthline.workspace.workspace import Entry, Settlement, Workspace

_NOTE: Final = "pull"
_READS: Final = 6
"""A dataset that others update without end is read so often, and then the person is told."""
_LONGEST_PAUSE: Final = 30.0
"""The pauses double up to this: who updates in a loop gets time to end."""


def pull_manifest(
    aws: Aws, arn: str, out: Path, *, cancel: CancelToken, report: Report = ignore_progress
) -> int:
    """Write the dataset's lines, without the service's own keys, to a manifest; return how many.

    The file appears whole or not at all, and replaces one that is there.

    Raises:
        UsageError: that is not the ARN of a dataset.
        ServiceError: the dataset could not be read.
        UnreadableFileError: the manifest could not be written.

    """
    arn = parse_dataset_arn(arn).text
    count = 0
    with DatasetReader(aws, arn, report=report, cancel=cancel).entries() as entries:

        def lines() -> Iterator[bytes]:
            nonlocal count
            for entry in entries:
                count += 1
                yield entry.line + b"\n"

        write_manifest(out, lines())
    return count


@dataclass(frozen=True, slots=True)
class PullResult:
    """What came into a workspace.

    ``read`` counts the entries of the dataset that were read: of them ``added`` are new here, ``changed`` got
    the dataset's line, ``merged`` hold the changes of both sides now, ``conflicts`` wait for a person, and
    ``unchanged`` were as they are here. ``gone`` are no longer in the dataset, and would be new to it.
    ``came`` names all but the unchanged. ``complete`` tells whether that was the whole dataset, as it was at
    one moment; if not, ``error`` says why, and the next pull goes on.
    """

    added: int = 0
    changed: int = 0
    merged: int = 0
    conflicts: int = 0
    unchanged: int = 0
    gone: int = 0
    read: int = 0
    came: tuple[EntryId, ...] = ()
    complete: bool = False
    error: TruthlineError | None = None


def pull(
    workspace: Workspace, aws: Aws, *, cancel: CancelToken, report: Report = ignore_progress
) -> PullResult:
    """Merge what the dataset holds into a workspace, by the rule of `meeting.meet`; reload damaged entries.

    Page by page: what has arrived stays, whatever ends the pull, and the next one goes on from there unless
    the dataset was updated meanwhile. Never raises a `TruthlineError`: the result carries it.
    """
    work = _Pull(workspace, aws, report=report, cancel=cancel)
    try:
        work.run()
    except TruthlineError as error:
        return work.result(error)
    return work.result(None)


@dataclass(slots=True)
class _Came:
    """By entry the last thing that this pull did to it: a later reading of it counts, not both."""

    by_id: dict[EntryId, str] = field(default_factory=dict)

    def count(self, what: str) -> int:
        return sum(one == what for one in self.by_id.values())


class _Pull:
    def __init__(self, workspace: Workspace, aws: Aws, *, report: Report, cancel: CancelToken) -> None:
        self._workspace = workspace
        self._arn = workspace.info.dataset_arn
        self._reader = DatasetReader(aws, self._arn, report=report, cancel=cancel)
        self._report = report
        self._cancel = cancel
        self._came = _Came()
        self._complete = False

    def result(self, error: TruthlineError | None) -> PullResult:
        count = self._came.count
        return PullResult(
            added=count("added"),
            changed=count("changed"),
            merged=count("merged"),
            conflicts=count("conflict"),
            unchanged=count("unchanged"),
            gone=count("gone"),
            read=len(self._came.by_id) - count("gone"),
            came=tuple(one for one, what in self._came.by_id.items() if what != "unchanged"),
            complete=self._complete,
            error=error,
        )

    def run(self) -> None:
        if not self._arn:
            raise UsageError(
                "This workspace belongs to no dataset.",
                detail="Choose the dataset to pull from, then pull again.",
            )
        # Pages of one listing may come from before and after an update. Nothing tells them apart but that the
        # dataset was the same before the first and after the last.
        pause = 1.0
        for _ in range(_READS):
            before = self._reader.settled()
            if self._read(before):
                after = self._reader.describe()
                if (before.status, before.updated) == (after.status, after.updated):
                    self._end(after)
                    return
            self._report(Progress(Doing.READING_AGAIN))
            self._cancel.wait(jittered(pause))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise BusyError(
            "The dataset was updated each time while it was read.",
            detail="What has arrived is in the workspace. Pull again when nobody else updates the dataset.",
            place=self._arn,
        )

    def _end(self, now: DatasetDescription) -> None:
        self._workspace.set_note(_NOTE, "")
        self._workspace.set_seen_updated(now.updated.isoformat())
        self._complete = True

    def _read(self, now: DatasetDescription) -> bool:
        """Read on from where an earlier pull of this state of the dataset ended; False if disturbed."""
        token, done = self._left_off(now)
        whole = not token
        following = ""

        def told(next_token: str) -> None:
            nonlocal following
            following = next_token

        try:
            for page in self._reader.pages(token=token, told=told, report_from=done, total=now.stats.total):
                self._take(page)
                done += len(page)
                # After the page is stored: killed in between, it is taken once more, which changes nothing.
                self._leave_off(now, following, done)
        except BusyError as error:
            self._report(Progress(Doing.BUSY, error=error))
            return False
        except ServiceError as error:
            if not token or "PaginationToken" not in error.code:
                raise
            self._workspace.set_note(_NOTE, "")  # the service no longer knows the page
            return self._read(now)
        # A pull that was taken up knows only the pages behind the break, and cannot tell what is gone.
        if whole:
            self._forget_what_is_gone()
        return True

    def _left_off(self, now: DatasetDescription) -> tuple[str, int]:
        try:
            note: dict[str, Any] = json.loads(self._workspace.note(_NOTE) or "{}")
        except ValueError:
            return "", 0
        if (note.get("arn"), note.get("updated")) != (self._arn, now.updated.isoformat()):
            return "", 0
        return str(note.get("token", "")), int(note.get("done", 0))

    def _leave_off(self, now: DatasetDescription, token: str, done: int) -> None:
        if token:
            note = {"arn": self._arn, "updated": now.updated.isoformat(), "token": token, "done": done}
            self._workspace.set_note(_NOTE, json.dumps(note))

    def _take(self, page: list[RemoteEntry]) -> None:
        """Bring one page together with the workspace."""
        known = self._workspace.find_many([remote.source_ref for remote in page if remote.source_ref])
        entries = {entry.id: entry for entry in self._workspace.entries(list(known.values()))}
        settlements: dict[EntryId, Settlement] = {}
        did: dict[EntryId, str] = {}
        errors = []
        reloaded: dict[EntryId, tuple[bytes, tuple[RemoteError, ...]]] = {}
        for remote in page:
            entry = entries.get(known.get(remote.source_ref, EntryId(0)))
            if entry is None:
                continue
            if entry.damaged:
                reloaded[entry.id] = (remote.line, remote.errors)
                did[entry.id] = "changed"
                continue
            met = meet(candidate_of(entry), remote.line)
            if met.settlement is None:
                did[entry.id] = "unchanged"
                if entry.remote_errors != remote.errors:
                    errors.append((entry.id, entry.base, remote.errors))
                continue
            settlements[entry.id] = replace(met.settlement, remote_errors=remote.errors)
            did[entry.id] = _what(entry, met.settlement)
        if settlements:
            applied = self._workspace.settle(settlements).entries
            # Edited in this very moment: the next pull or push brings these together.
            did = {one: what for one, what in did.items() if one in applied or one not in settlements}
        if errors:
            self._workspace.store_remote(errors)
        if reloaded:
            self._workspace.reload(reloaded)
        self._came.by_id.update(did)
        new = [remote for remote in page if remote.source_ref and remote.source_ref not in known]
        if new:
            added = self._workspace.append(
                NewEntry(remote.line, base=remote.line, remote_errors=remote.errors) for remote in new
            )
            self._came.by_id.update(dict.fromkeys(added.entries, "added"))

    def _forget_what_is_gone(self) -> None:
        """Entries that the dataset held once, and not any more, have no base line."""
        ids = [EntryId(one) for one in self._workspace.ids() if one not in self._came.by_id]
        for block in in_blocks(ids):
            some = self._workspace.entries(block)
            gone = [entry.id for entry in some if entry.base is not None]
            if gone:
                self._workspace.store_remote((one, None, ()) for one in gone)
                self._came.by_id.update(dict.fromkeys(gone, "gone"))


def _what(entry: Entry, settlement: Settlement) -> str:
    if settlement.theirs is not None:
        return "conflict"
    if settlement.line == entry.line:
        return "unchanged"
    return "merged" if entry.changed else "changed"
