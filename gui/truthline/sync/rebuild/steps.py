"""The steps by which a dataset is made anew, each written down in the workspace before it is done.

What is written down holds all that the next steps need, so that whoever takes a broken-off rebuild up has
only to look at the service: does the old dataset still exist, and is there a new one?
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

import msgspec

from truthline.errors import BusyError, NotFoundError, ServiceError, TruthlineError, UsageError
from truthline.manifest.file import write_manifest
from truthline.progress import Doing, Progress
from truthline.sync.pull.meeting import Candidate
from truthline.sync.push.plan import Remark, bucket_of, plan
from truthline.sync.rebuild.note import HARMLESS, Note, Rebuilt, Step, drop_note, read_note, write_note
from truthline.sync.rebuild.readback import ReadBack, read_back
from truthline.sync.rebuild.stored_manifest import send_manifest
from truthline.sync.service.projects import (
    CREATE_FAILED,
    create_dataset,
    delete_dataset,
    delete_unless_updated,
    wait_created,
)
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.progress import CancelToken, Report
    from truthline.sync.service.projects import Work
    from truthline.workspace.workspace import Workspace

_STARTS: Final = 5
"""How often the dataset may be updated between being read and being deleted."""


class _Waiting(TypedDict):
    cancel: CancelToken
    report: Report


class Rebuild:
    """Carries out the step of ``note`` and those after it."""

    def __init__(self, workspace: Workspace, work: Work, note: Note) -> None:
        self._workspace = workspace
        self._work = work
        self._note = note
        self._waiting: _Waiting = {"cancel": work.cancel, "report": work.report}

    def run(self) -> Rebuilt:
        """Go on to the end.

        Raises:
            TruthlineError: it broke off. What was written down is removed if nothing has changed yet.

        """
        try:
            return self._run()
        except TruthlineError as error:
            if self._note.step in HARMLESS:
                self._abandon()
            if isinstance(error, ServiceError) and self._is_between():
                raise self._with_places(error) from error
            raise

    def _run(self) -> Rebuilt:
        self._write()
        for _ in range(_STARTS):
            if self._note.step in HARMLESS:
                needed = self._prepare_own() if self._note.own else self._prepare()
                if not needed:
                    return self._remove_here()
                self._delete()
            elif self._note.step is Step.DELETE:
                self._delete()
            if self._note.step is Step.CREATE:
                self._create()
            if self._note.step is Step.RESTORE:
                raise self._restored()
            if self._note.step is Step.STORE and (rebuilt := self._store()):
                return rebuilt
        raise BusyError(
            "The dataset was updated each time before it could be rebuilt.",
            detail="Wait until nobody else updates it, then try again.",
            place=self._note.old,
        )

    def _write(self, **changes: object) -> None:
        self._note = msgspec.structs.replace(self._note, **changes)
        write_note(self._workspace, self._note)

    def _say(self, doing: Doing) -> None:
        self._work.report(Progress(doing))

    # Manifests of before and after

    def _prepare(self) -> bool:
        """Store what the dataset holds, here and in S3; False if it holds none of the entries."""
        note = self._note
        with self._work.reader(note.old).entries() as entries:
            before = Path(note.before)
            if note.step is Step.READ and before.exists():
                # Killed right before it was written down, or somebody else's: neither is overwritten.
                before = _free_name(before)
            held = _Counting(entry.line for entry in entries)
            write_manifest(before, held)
            self._write(step=Step.UPLOAD, before=str(before), updated=entries.updated.isoformat())
            refs = self._refs_to_remove()
            kept = (entry.line for entry in entries if entry.source_ref not in refs)
            with _written(kept) as (path, lines):
                if lines == held.count:
                    return False
                if not lines:
                    raise UsageError(
                        "No entry would be left in the dataset.",
                        detail="Keep at least one, or delete the whole dataset.",
                        place=note.old,
                    )
                self._say(Doing.SENDING_MANIFESTS)
                send_manifest(self._work, before, note.before_uri)
                send_manifest(self._work, path, note.manifest)
        return True

    def _refs_to_remove(self) -> set[str]:
        """Source-refs that no entry stands for any more once the entries are removed."""
        # Killed at the very end, a rebuild that had nothing to do is begun again without them.
        ids = {EntryId(one) for one in frozenset(self._note.ids).intersection(self._workspace.ids())}
        refs = {entry.source_ref for entry in self._workspace.entries(list(ids))}
        standing = self._workspace.find_many(refs - {""})
        return {source_ref for source_ref, entry_id in standing.items() if entry_id in ids}

    def _prepare_own(self) -> bool:
        """Store the workspace's lines in S3; looks that no entry of the dataset would be lost."""
        note = self._note
        standing = self._work.dataset(note.project, note.kind)
        updated = ""
        if standing is not None:
            state = self._work.reader(standing.arn).settled()
            if state.stats.total:
                held = "an entry" if state.stats.total == 1 else f"{state.stats.total:,} entries"
                raise UsageError(
                    f"The project's {note.kind} dataset holds {held} already.",
                    detail="Push to it, or choose another project.",
                    place=standing.arn,
                )
            updated = state.updated.isoformat()
        everyone = list(self._candidates())
        found = plan(everyone, bucket=bucket_of(everyone), strict=False)
        if not found.lines:
            raise UsageError(
                "No line of the workspace can be sent.", detail="Correct the problems that it lists first."
            )
        self._write(
            old=standing.arn if standing else "",
            updated=updated,
            refused=tuple((one.source_ref, one.code, one.message, one.line) for one in found.refused),
        )
        with _written(one.line for batch in found.batches for one in batch) as (path, _):
            self._say(Doing.SENDING_MANIFEST)
            send_manifest(self._work, path, note.manifest)
        return True

    def _candidates(self) -> Iterator[Candidate]:
        for entry in self._workspace.walk():
            self._work.cancel.check()
            findings = entry.findings if entry.damaged else None
            yield Candidate(entry.id, entry.position, entry.source_ref, entry.line, None, findings=findings)

    def _remove_here(self) -> Rebuilt:
        """Finish where the dataset holds none of the entries: it stays as it is."""
        total = self._work.reader(self._note.old).describe().stats.total
        self._workspace.remove([EntryId(one) for one in self._note.ids])
        self._abandon()
        return Rebuilt(self._note.old, total, None, "")

    # The service

    def _delete(self) -> None:
        """Delete the old dataset; if it was updated since it was read, the next step is to read it again."""
        note = self._note
        if not note.old:
            self._write(step=Step.CREATE)
            return
        self._say(Doing.DELETING_OLD)
        try:
            gone = delete_unless_updated(
                self._work.aws,
                note.old,
                datetime.fromisoformat(note.updated),
                before_sending=lambda: self._write(step=Step.DELETE),
                **self._waiting,
            )
        except NotFoundError:
            gone = True
        except ServiceError as error:
            if not error.outcome_unknown:
                self._give_up_if_nothing_changed()
            raise
        if not gone:
            self._say(Doing.UPDATED_MEANWHILE)
        self._write(step=Step.CREATE if gone else Step.UPLOAD)

    def _give_up_if_nothing_changed(self) -> None:
        with suppress(ServiceError):
            if not self._work.reader(self._note.old).describe().status.startswith("DELETE"):
                drop_note(self._workspace)

    def _create(self) -> None:
        """Make the new dataset, or wait for the one that is being made."""
        note = self._note
        standing = self._work.dataset(note.project, note.kind)
        if standing is not None and standing.arn == note.old:
            self._write(step=Step.DELETE)
            return
        try:
            if standing is not None:
                arn = standing.arn
                wait_created(self._work.aws, arn, **self._waiting)
            else:
                arn = create_dataset(
                    self._work.aws, note.project, note.kind, manifest=note.manifest, **self._waiting
                )
        except ServiceError as error:
            if error.code == CREATE_FAILED:
                message = self._work.reader(error.place).describe().message
                self._write(step=Step.RESTORE, failure=message or "The service gave no reason.")
                return
            if not note.old and not error.outcome_unknown:
                drop_note(self._workspace)
            raise
        self._write(step=Step.STORE, new=arn)

    def _restored(self) -> ServiceError:
        """Take the failed dataset away and make the old one again; gives the error that tells of it."""
        note = self._note
        self._say(Doing.RESTORING)
        standing = self._work.dataset(note.project, note.kind)
        if standing and self._work.reader(standing.arn).settled().status == CREATE_FAILED:
            delete_dataset(self._work.aws, standing.arn, **self._waiting)
            standing = None
        arn = standing.arn if standing else ""
        if note.old and not arn:
            arn = create_dataset(
                self._work.aws, note.project, note.kind, manifest=note.before_uri, **self._waiting
            )
        updated, lost = "", 0
        if note.before_uri:
            found = read_back(self._work, self._workspace, arn, note.before_uri, passed_over=(), own=False)
            self._check_made_by_us(found, arn)
            updated, lost = found.updated if found.known else "", found.expected - found.stored
        if note.old and self._workspace.info.dataset_arn == note.old:
            self._belong_to(arn, updated)
        drop_note(self._workspace)
        return self._failed(arn, lost)

    def _failed(self, arn: str, lost: int) -> ServiceError:
        note = self._note
        after = "It holds what it held before, under a new ARN." if arn else "There is no dataset, as before."
        if lost:
            after = f"It was restored, but for {lost:,} of its lines, which it does not hold as they were."
        if note.own and arn:
            after = "It is empty, as before."
        return ServiceError(
            f"The dataset could not be made from the manifest. {after}",
            detail=f"The service said: {note.failure} {self._places()}",
            place=arn or note.project,
            code=CREATE_FAILED,
        )

    # The workspace

    def _store(self) -> Rebuilt | None:
        """Read back and take it into the workspace; None if the new dataset is gone again."""
        note = self._note
        ids = [EntryId(one) for one in note.ids]
        try:
            found = read_back(
                self._work, self._workspace, note.new, note.manifest, passed_over=ids, own=note.own
            )
        except NotFoundError:
            standing = self._work.dataset(note.project, note.kind)
            if standing is not None and standing.arn == note.new:
                raise
            self._write(step=Step.CREATE, new="")
            return None
        self._check_made_by_us(found, note.new)
        self._belong_to(note.new, found.updated if found.known else "")
        self._workspace.remove(ids)
        drop_note(self._workspace)
        return Rebuilt(
            note.new,
            found.held,
            Path(note.before) if note.before else None,
            note.manifest,
            tuple(Remark(*one) for one in note.refused),
            tuple(found.remarks),
        )

    def _check_made_by_us(self, found: ReadBack, arn: str) -> None:
        if found.expected and not found.stored:
            raise ServiceError(
                f"The project has another {self._note.kind} dataset than the one to be made.",
                detail="Somebody else seems to have made it. Delete it if it is not wanted, then continue."
                f" {self._places()}",
                place=arn,
            )

    def _belong_to(self, arn: str, seen_updated: str) -> None:
        connection = self._work.aws.connection
        self._workspace.set_dataset(
            arn,
            profile=connection.profile,
            region=connection.region,
            endpoint_url=connection.endpoint_url,
            seen_updated=seen_updated,
        )

    def _abandon(self) -> None:
        """Forget a rebuild that has changed nothing, and the manifest of a state that is still there."""
        if self._note.step is Step.UPLOAD and self._note.before:
            Path(self._note.before).unlink(missing_ok=True)
        drop_note(self._workspace)

    # Words

    def _is_between(self) -> bool:
        """Whether the old dataset is deleted and this is still to be continued."""
        note = self._note
        return (
            bool(note.old)
            and note.step in {Step.CREATE, Step.RESTORE}
            and read_note(self._workspace) is not None
        )

    def _with_places(self, error: ServiceError) -> ServiceError:
        detail = f"{error.detail} The old dataset is deleted; continue once that is put right."
        return error.with_detail(f"{detail.strip()} {self._places()}")

    def _places(self) -> str:
        note = self._note
        new = f"The manifest is {note.manifest}."
        return f"The old state is in {note.before} and {note.before_uri}. {new}" if note.before_uri else new


class _Counting:
    """Lines with their endings, counted as they go through."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.count = 0
        self._lines = lines

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line + b"\n"


@contextmanager
def _written(lines: Iterator[bytes]) -> Iterator[tuple[Path, int]]:
    """A manifest of these lines in a folder that goes again, and how many they are."""
    counting = _Counting(lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "new.manifest")
        write_manifest(path, counting)
        yield path, counting.count


def _free_name(path: Path) -> Path:
    """A name like this one that no file has."""
    number = 2
    while (free := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return free
