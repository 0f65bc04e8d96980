"""`Workspace`: a person's work on a dataset, in one file; the only door to SQL.

Whatever `Workspace.save` and its like return from is on the disk: a killed process or a power cut loses
nothing that was acknowledged. Reads from any thread go on while another one writes.
"""

from __future__ import annotations

import os
import sqlite3
from array import array
from contextlib import closing, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

import msgspec

from truthline.errors import MissingEntryError, UnreadableFileError, WorkspaceError
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress, in_blocks
from truthline.workspace import contents
from truthline.workspace import remote as remote_lines
from truthline.workspace.about import About, note
from truthline.workspace.aging import Aging
from truthline.workspace.changes import Changes
from truthline.workspace.damage import DAMAGED, Damaged
from truthline.workspace.database import Database
from truthline.workspace.editing import Edited, Editing
from truthline.workspace.entry import (
    Counts,
    Entry,
    Filter,
    Kind,
    Label,
    LabelCount,
    LabelEdit,
    NewEntry,
    Origin,
    Problem,
    ProblemCount,
    Settlement,
    WorkspaceInfo,
)
from truthline.workspace.holder import Hold
from truthline.workspace.ids import EntryId
from truthline.workspace.journal import (
    Batch,
    BatchId,
    BatchState,
    Push,
    PushId,
    PushJournal,
    PushRemark,
    RemarkKind,
)
from truthline.workspace.label_list import LabelBook, LabelList
from truthline.workspace.overviews import Overviews
from truthline.workspace.placing import Placing
from truthline.workspace.reading import conditions, find_entries, read_entries
from truthline.workspace.replacing import remove_entry, replace_facts
from truthline.workspace.steps import Attributes, NewStep, StepId, StoredStep, UndoHistory
from truthline.workspace.walking import Walking

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from truthline.manifest.annotation import ImageFacts, RemoteError

__all__ = [
    "DAMAGED",
    "SUFFIX",
    "Attributes",
    "Batch",
    "BatchId",
    "BatchState",
    "Counts",
    "Damaged",
    "Edited",
    "Entry",
    "EntryId",
    "Filter",
    "Kind",
    "Label",
    "LabelCount",
    "LabelEdit",
    "NewEntry",
    "NewStep",
    "Origin",
    "Problem",
    "ProblemCount",
    "Push",
    "PushId",
    "PushRemark",
    "RemarkKind",
    "Settlement",
    "StepId",
    "StoredStep",
    "Workspace",
    "WorkspaceInfo",
]

SUFFIX: Final = ".truthline"
"""How the name of a workspace file ends."""

_STORED_AT_ONCE: Final = 1_000
"""So many entries are held in memory while they are stored, since a line may have 100,000 characters."""

_EVERYONE: Final = """
    SELECT (SELECT min(id) FROM entries WHERE id > ?), (SELECT max(id) FROM entries WHERE id > ?),
        (SELECT count(*) FROM entries WHERE id > ?)"""
_WITH_LABEL: Final = """
    SELECT entry_id AS id FROM entry_labels
    WHERE label_id = (SELECT id FROM labels WHERE name = ?) AND entry_id > ? ORDER BY entry_id"""
"""As `conditions` has it, in a third of the time: the index by label holds the ids in their order."""
_HELD: Final = """
    SELECT source_ref FROM lines CROSS JOIN entries USING (id)
    WHERE (base_is_line = 1 OR base IS NOT NULL) AND source_ref != '' LIMIT 1"""


class Workspace(About, Aging, Editing, LabelList, Overviews, Placing, PushJournal, UndoHistory, Walking):
    """One open workspace file. Every method may be called from any thread.

    Methods that take an `EntryId` raise KeyError for one that names no entry. All raise `WorkspaceError` or
    `UnreadableFileError` if the file cannot be read or written, and after `close`.
    """

    def __init__(self, path: Path, hold: Hold, database: Database) -> None:
        self._path = path
        self._hold = hold
        self._database = database

    @classmethod
    def create(cls, path: Path, info: WorkspaceInfo) -> Self:
        """Make a workspace without entries in a file that does not exist yet, and open it.

        Raises:
            WorkspaceError: there is such a file already.
            WorkspaceHeldError: another Truthline makes it at this moment.
            UnreadableFileError: the folder does not exist or cannot be written.

        """
        path = Path(path).resolve()
        if not path.parent.is_dir():
            raise UnreadableFileError(
                "There is no such folder.", detail="Choose a folder that exists.", place=str(path.parent)
            )
        hold = Hold(path)
        try:
            _check_free(path)
            return cls._create(path, info, hold)
        except BaseException:
            hold.release()
            raise

    @classmethod
    def _create(cls, path: Path, info: WorkspaceInfo, hold: Hold) -> Self:
        try:
            workspace = cls(path, hold, Database(path, new=True))
            try:
                workspace.set_info(info)
                workspace.note_checked()
            except BaseException:
                workspace.close()
                raise
        except BaseException:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        return workspace

    @classmethod
    def open(cls, path: Path, *, report: Report = ignore_progress, cancel: CancelToken | None = None) -> Self:
        """Open a workspace that exists, bringing an older format up to date.

        Raises:
            CancelledError: cancelled while it was brought up to date; it is as it was.
            WorkspaceHeldError: another running Truthline has it open; the detail says who.
            WorkspaceError: not a workspace, damaged, not all ours, or from a newer Truthline.
            UnreadableFileError: no such file, a folder, or not readable and writable.

        """
        path = Path(path).resolve()  # a link and what it points to have one lock
        _check_file(path)
        hold = Hold(path)
        try:
            workspace = cls(path, hold, Database(path, report=report, cancel=cancel))
        except BaseException:
            hold.release()
            raise
        try:
            workspace.info  # noqa: B018 - so that it fails here, and not where it is shown
        except BaseException:
            workspace.close()
            raise
        return workspace

    def close(self) -> None:
        """Wait for a write that runs, break off reads, fold everything into the one file and let it go."""
        self._database.close()
        self._hold.release()

    def copy(self, path: Path) -> Workspace:
        """Write all that it holds at this moment to a file that does not exist yet, and open that.

        Raises:
            UnreadableFileError: the file cannot be written.

        """
        with self._database.reading() as connection, closing(sqlite3.connect(path)) as copy:
            connection.backup(copy)
        return Workspace.open(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The workspace file."""
        return self._path

    # What goes in

    def append(
        self,
        entries: Iterable[NewEntry],
        *,
        report: Report = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Changes:
        """Add entries after those that are there: all of them, or none if this raises.

        Streams: a thousand are held in memory at a time. Other writes wait until the last entry is in, so
        read what comes over the network before. An entry's position is the number of its line if a
        manifest is appended, blank lines included, to a new workspace.

        Raises:
            CancelledError: cancelled, and nothing was added.
            ValueError: a line holds a line feed.

        """
        ids: list[EntryId] = []
        with self._database.writing() as connection:
            appender = contents.Appender(connection)
            for chunk in in_blocks(entries, _STORED_AT_ONCE, cancel=cancel):
                ids.extend(map(appender.add, chunk))
                appender.flush()
                report(Progress(Doing.STORING, done=len(ids)))
        return Changes.of_entries(ids)

    def append_noted(self, entries: Sequence[NewEntry], name: str, text: str) -> None:
        """Add entries, and write down how far that is as `set_note` does: both or neither."""
        with self._database.writing() as connection:
            appender = contents.Appender(connection)
            for entry in entries:
                appender.add(entry)
            appender.flush()
            note(connection, name, text)

    def store_remote(
        self,
        remote: Iterable[tuple[EntryId, bytes | None, Sequence[RemoteError]]],
        *,
        sent: Mapping[EntryId, bytes] = MappingProxyType({}),
    ) -> Changes:
        """Store what the service was read to hold: per entry its base line, and the remote errors.

        The base line is None for an entry that the service does not hold. ``sent`` names the entries whose
        base line is what the service made of that line, without any loss that matters: they count as
        unchanged while they say the same as it. A conflict with a remote line that is the base line now is
        over. All or none, durably.
        """
        ids: list[EntryId] = []
        with self._database.writing() as connection:
            for entry_id, base, errors in remote:
                remote_lines.replace_remote(connection, entry_id, base, errors, sent.get(entry_id))
                ids.append(entry_id)
            remote_lines.end_conflicts(connection, ids)
        return Changes.of_entries(ids)

    def settle(self, settlements: Mapping[EntryId, Settlement]) -> Changes:
        """Carry settlements out, durably, of those entries whose lines are as they were when it was decided.

        The changes name every entry that was settled, however many; the others were left alone.
        """
        settled: list[EntryId] = []
        with self._database.writing() as connection:
            book = LabelBook(connection)
            for entry_id, settlement in settlements.items():
                if remote_lines.settle(connection, book, entry_id, settlement):
                    settled.append(entry_id)
            book.flush()
        return Changes(entries=frozenset(settled))

    def reload(self, remote: Mapping[EntryId, tuple[bytes, Sequence[RemoteError]]]) -> Changes:
        """Put the dataset's lines, with their remote errors, in place of all that is stored of these entries.

        All or none, durably.
        """
        with self._database.writing() as connection:
            book = LabelBook(connection)
            for entry_id, (line, errors) in remote.items():
                remote_lines.reload(connection, book, entry_id, line, errors)
            book.flush()
        return Changes.of_entries(remote.keys())

    def remove(self, ids: Collection[EntryId]) -> Changes:
        """Take entries out for good, durably: all or none; those that are gone already are passed over.

        The other entries keep their positions, and no new one gets an id of these. What pushes sent of them
        stays in the journal.
        """
        with self._database.writing() as connection:
            book = LabelBook(connection)
            for entry_id in ids:
                remove_entry(connection, book, entry_id)
            book.flush()
        return Changes(everything=True)

    def store_facts(self, entry_id: EntryId, facts: ImageFacts) -> Changes:
        """Store what is known of an entry's image, and check its line against that."""
        with self._database.writing() as connection:
            stored = replace_facts(connection, entry_id, facts)
        return Changes.of_entries([entry_id] if stored else [])

    def store_training(self, errors: Mapping[EntryId, Sequence[RemoteError]]) -> Changes:
        """Store what a training said of its entries, in place of what an earlier one said: all or none."""
        with self._database.writing() as connection:
            before = connection.execute(
                "SELECT DISTINCT entry_id FROM problems WHERE origin = ?", (contents.TRAINING,)
            )
            ids = {EntryId(one) for (one,) in before.fetchall()} | errors.keys()
            for entry_id in ids:
                remote_lines.replace_training(connection, entry_id, errors.get(entry_id, ()))
        return Changes.of_entries(ids)

    # Entries

    def entry(self, entry_id: EntryId) -> Entry:
        """One entry."""
        return self.entries([entry_id])[0]

    def entries(self, ids: Sequence[EntryId]) -> list[Entry]:
        """These entries, in this order, as they are at one moment."""
        with self._database.reading() as connection:
            found = read_entries(connection, ids)
        for entry_id in ids:
            if entry_id not in found:
                raise MissingEntryError(
                    "The workspace does not hold this image, or no longer.",
                    detail="It was removed meanwhile, or the file is damaged: then make a new workspace.",
                    place=f"line {entry_id:,}",
                )
        return [found[entry_id] for entry_id in ids]

    def find(self, source_ref: str) -> EntryId | None:
        """The entry with this source-ref: the last one, if there are several."""
        return self.find_many([source_ref]).get(source_ref)

    def find_many(self, source_refs: Collection[str]) -> dict[str, EntryId]:
        """The entries with these source-refs: the last one of each; those that no entry has are left out."""
        with self._database.reading() as connection:
            return find_entries(connection, source_refs)

    def size_of_changes(self) -> tuple[int, int]:
        """How many lines have changed, and their bytes with one line feed each."""
        with self._database.reading() as connection:
            lines, size = connection.execute(
                "SELECT count(*), coalesce(sum(length(line) + 1), 0) FROM lines"
                " WHERE id IN (SELECT id FROM entries WHERE changed = 1)"
            ).fetchone()
        return int(lines), int(size)

    def held_source_ref(self) -> str:
        """The source-ref of some entry that has a base line, "" if none has."""
        with self._database.reading() as connection:
            found = connection.execute(_HELD).fetchone()
        return found[0] if found else ""

    def ids(self, only: Filter = Filter(), *, after: int = 0) -> array[int]:  # noqa: B008 - it is frozen
        """The ids of the entries that a filter lets through, by position; an array of type 'q'.

        With ``after``, only those behind that entry.
        """
        with self._database.reading() as connection:
            if only == Filter():
                first, last, count = connection.execute(_EVERYONE, (after, after, after)).fetchone()
                if count and count == last - first + 1:  # none was removed: no need to read them
                    return array("q", range(first, last + 1))
            found, values = conditions(only)
            ids = _WITH_LABEL
            if only != Filter(label=only.label) or not only.label:
                where = " AND ".join([*found, "id > ?"])
                ids = f"SELECT id FROM entries WHERE {where} ORDER BY id"  # noqa: S608 - made of constants
            # In one text: a row for each takes twice as long, and of 250,000 makes as many tuples.
            (text,) = connection.execute(
                f"SELECT json_group_array(id) FROM ({ids})",  # noqa: S608
                (*values, after),
            ).fetchone()
        return array("q", msgspec.json.decode(text, type=list[int]))


def _check_free(path: Path) -> None:
    if path.exists():
        raise WorkspaceError(
            "There is a file of that name already.",
            detail="Open it, or choose another name.",
            place=str(path),
        )


def _check_file(path: Path) -> None:
    if path.is_dir():
        title, detail = "This is a folder, not a workspace.", "Choose a workspace file in it."
    elif not path.exists():
        title, detail = "There is no such workspace.", "Check its name, or whether its disk is connected."
    elif not os.access(path, os.R_OK | os.W_OK):
        title = "The workspace file cannot be read and written."
        detail = "Change its permissions, or copy it to a folder of yours and open it there."
    else:
        return
    raise UnreadableFileError(title, detail=detail, place=str(path))
