"""`Workspace`: a person's work on a dataset, in one file; the only door to SQL.

Whatever `Workspace.save` and its like return from is on the disk: a killed process or a power cut loses
nothing that was acknowledged. Reads from any thread go on while another one writes.
"""

from __future__ import annotations

import json
import os
from array import array
from contextlib import suppress
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

from truthline.errors import UnreadableFileError, UsageError, WorkspaceError
from truthline.manifest.annotation import Finding, ImageFacts, RemoteError
from truthline.progress import CancelToken, Progress, Report, ignore_progress
from truthline.workspace import contents
from truthline.workspace.changes import Changes
from truthline.workspace.database import HOLDS, Database
from truthline.workspace.entry import (
    Counts,
    Entry,
    EntryId,
    Filter,
    Kind,
    Label,
    LabelCount,
    LabelEdit,
    NewEntry,
    Origin,
    Problem,
    ProblemCount,
    WorkspaceInfo,
)
from truthline.workspace.holder import Hold
from truthline.workspace.journal import Batch, BatchId, BatchState, Push, PushId, PushJournal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "SUFFIX",
    "Batch",
    "BatchId",
    "BatchState",
    "Counts",
    "Entry",
    "EntryId",
    "Filter",
    "Kind",
    "Label",
    "LabelCount",
    "LabelEdit",
    "NewEntry",
    "Origin",
    "Problem",
    "ProblemCount",
    "Push",
    "PushId",
    "Workspace",
    "WorkspaceInfo",
]

SUFFIX: Final = ".truthline"
"""How the name of a workspace file ends."""

_CHUNK: Final = 1_000
_IDS_A_QUERY: Final = 500
_FLAGS: Final = frozenset({"bom", "hide_locked"})

_ENTRIES: Final = """
    SELECT id, source_ref, changed, worst_finding, remote_errors, line, ending, base, base_is_line, sent,
        image_facts.id, width, height, format, size, problem
    FROM entries JOIN lines USING (id) LEFT JOIN image_facts USING (id)
    WHERE id IN ({})"""
_PROBLEMS_OF: Final = """
    SELECT entry_id, origin, code, level, message, pointer FROM problems
    WHERE entry_id IN ({}) ORDER BY entry_id, origin, ordinal"""
_PROBLEMS: Final = """
    SELECT entry_id, source_ref, origin, ordinal, code, level, message, pointer
    FROM problems JOIN entries ON entries.id = entry_id
    WHERE (entry_id, origin, ordinal) > (?, ?, ?) ORDER BY entry_id, origin, ordinal LIMIT ?"""
_KINDS: Final = {
    Kind.ALL: "",
    Kind.UNLABELLED: "class_labels = 0 AND boxes = 0",
    Kind.CHANGED: "changed = 1",
    Kind.PROBLEMS: "id IN (SELECT id FROM entries WHERE worst_finding > 0"
    " UNION SELECT id FROM entries WHERE remote_errors > 0)",
}
_ORIGINS: Final = (Origin.FINDING, Origin.REMOTE, Origin.TRAINING)


class Workspace(PushJournal):
    """One open workspace file. Every method may be called from any thread.

    Methods that take an `EntryId` raise KeyError for one that this workspace never gave. All raise
    `WorkspaceError` or `UnreadableFileError` if the file cannot be read or written, and after `close`.
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
            except BaseException:
                workspace.close()
                raise
        except BaseException:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        return workspace

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a workspace that exists, bringing an older format up to date.

        Raises:
            WorkspaceHeldError: another running Truthline has it open; the detail says who.
            WorkspaceError: not a workspace, damaged, or from a newer Truthline.
            UnreadableFileError: no such file, a folder, or not readable and writable.

        """
        path = Path(path).resolve()  # a link and what it points to have one lock
        _check_file(path)
        hold = Hold(path)
        try:
            return cls(path, hold, Database(path))
        except BaseException:
            hold.release()
            raise

    def close(self) -> None:
        """Wait for a write that runs, break off reads, fold everything into the one file and let it go."""
        self._database.close()
        self._hold.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The workspace file."""
        return self._path

    @property
    def info(self) -> WorkspaceInfo:
        """What is known of the workspace as a whole."""
        with self._database.reading() as connection:
            stored: dict[str, Any] = dict(connection.execute("SELECT key, value FROM info"))
        for name in _FLAGS:
            stored[name] = stored[name] == "1"
        stored["locked"] = tuple(json.loads(stored["locked"]))
        return WorkspaceInfo(**stored)

    def set_info(self, info: WorkspaceInfo) -> Changes:
        """Store another `WorkspaceInfo`."""
        self._store_info(asdict(info))
        return Changes(info=True)

    def set_attributes(
        self, box_attribute: str, locked: Collection[str], *, hide_locked: bool = False
    ) -> Changes:
        """Store which label attributes are edited, and no other part of the info; see `WorkspaceInfo`.

        Raises:
            UsageError: new boxes are to go into an attribute that is locked.

        """
        if box_attribute in locked:
            raise UsageError(
                f"New boxes cannot go into {box_attribute}, which is read-only.",
                detail="Choose another attribute for them, or let this one be edited.",
            )
        self._store_info(
            {"box_attribute": box_attribute, "locked": tuple(locked), "hide_locked": hide_locked}
        )
        return Changes(info=True)

    def _store_info(self, values: Mapping[str, Any]) -> None:
        texts = dict(values)
        for name in texts.keys() & _FLAGS:
            texts[name] = "1" if texts[name] else "0"
        if "locked" in texts:
            texts["locked"] = json.dumps(texts["locked"])
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO info VALUES (?, ?)", texts.items())

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
        manifest is appended, blank lines included, to an empty workspace.

        Raises:
            CancelledError: cancelled, and nothing was added.
            ValueError: a line holds a line feed.

        """
        ids: list[EntryId] = []
        source = iter(entries)
        with self._database.writing() as connection:
            appender = contents.Appender(connection)
            while chunk := list(islice(source, _CHUNK)):
                if cancel is not None:
                    cancel.check()
                ids.extend(map(appender.add, chunk))
                appender.flush()
                report(Progress("Storing the entries.", done=len(ids)))
        return Changes.of_entries(ids)

    def save(self, entry_id: EntryId, line: bytes) -> Changes:
        """Store another line of an entry, durably; false if it has that line already."""
        return self.save_many({entry_id: line})

    def save_many(
        self,
        lines: Mapping[EntryId, bytes],
        *,
        labels: LabelEdit = LabelEdit(),  # noqa: B008 - it is frozen
        report: Report = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Changes:
        """Store other lines of several entries and edit the list of labels: all or none, durably.

        Raises:
            CancelledError: cancelled, and nothing was stored.

        """
        saved: list[EntryId] = []
        with self._database.writing() as connection:
            book = contents.LabelBook(connection)
            for done, (entry_id, line) in enumerate(lines.items()):
                if done % _CHUNK == 0:
                    if cancel is not None:
                        cancel.check()
                    report(Progress("Storing the entries.", done, len(lines)))
                if contents.replace_line(connection, book, entry_id, line):
                    saved.append(entry_id)
            book.flush()
            listed = contents.edit_labels(connection, labels)
        return Changes.of_entries(saved) | Changes(info=listed)

    def store_remote(
        self,
        remote: Iterable[tuple[EntryId, bytes | None, Sequence[RemoteError]]],
        *,
        sent: Mapping[EntryId, bytes] = MappingProxyType({}),
    ) -> Changes:
        """Store what the service was read to hold: per entry its base line, and the remote errors.

        The base line is None for an entry that the service does not hold. ``sent`` names the entries whose
        base line is what the service made of that line, without any loss that matters: they count as
        unchanged while they say the same as it. All or none, durably.
        """
        ids: list[EntryId] = []
        with self._database.writing() as connection:
            for entry_id, base, errors in remote:
                contents.replace_remote(connection, entry_id, base, errors, sent.get(entry_id))
                ids.append(entry_id)
        return Changes.of_entries(ids)

    def store_facts(self, entry_id: EntryId, facts: ImageFacts) -> Changes:
        """Store what is known of an entry's image, and check its line against that."""
        with self._database.writing() as connection:
            stored = contents.replace_facts(connection, entry_id, facts)
        return Changes.of_entries([entry_id] if stored else [])

    def store_training(self, errors: Mapping[EntryId, Sequence[RemoteError]]) -> Changes:
        """Store what a training said of its entries, in place of what an earlier one said: all or none."""
        with self._database.writing() as connection:
            before = connection.execute(
                "SELECT DISTINCT entry_id FROM problems WHERE origin = ?", (contents.TRAINING,)
            )
            ids = {EntryId(one) for (one,) in before.fetchall()} | errors.keys()
            for entry_id in ids:
                contents.replace_training(connection, entry_id, errors.get(entry_id, ()))
        return Changes.of_entries(ids)

    # Entries

    def entry(self, entry_id: EntryId) -> Entry:
        """One entry."""
        return self.entries([entry_id])[0]

    def entries(self, ids: Sequence[EntryId]) -> list[Entry]:
        """These entries, in this order, as they are at one moment."""
        found: dict[int, Entry] = {}
        with self._database.reading() as connection:
            for start in range(0, len(ids), _IDS_A_QUERY):
                some = ids[start : start + _IDS_A_QUERY]
                marks = ",".join("?" * len(some))
                rows = connection.execute(_ENTRIES.format(marks), some).fetchall()
                flawed = [row[0] for row in rows if row[3] or row[4]]
                problems: dict[int, list[tuple[Any, ...]]] = {entry_id: [] for entry_id in flawed}
                if flawed:
                    marks = ",".join("?" * len(flawed))
                    for entry_id, *problem in connection.execute(_PROBLEMS_OF.format(marks), flawed):
                        problems[entry_id].append(tuple(problem))
                found.update((row[0], _entry(row, problems.get(row[0], ()))) for row in rows)
        return [found[entry_id] for entry_id in ids]

    def find(self, source_ref: str) -> EntryId | None:
        """The entry with this source-ref: the last one, if there are several."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT max(id) FROM entries WHERE source_ref = ?", (source_ref,)
            ).fetchone()
        return None if row[0] is None else EntryId(row[0])

    def ids(self, only: Filter = Filter()) -> array[int]:  # noqa: B008 - it is frozen
        """The ids of the entries that a filter lets through, by position; an array of type 'q'."""
        conditions, values = _conditions(only)
        where = " WHERE " + " AND ".join(conditions) if conditions else ""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT id FROM entries{where} ORDER BY id", values).fetchall()  # noqa: S608
        return array("q", chain.from_iterable(rows))

    def lines(self) -> Iterator[tuple[bytes, bytes]]:
        """Every line and its line ending by position, as they are at the first step; streams."""
        with self._database.reading() as connection:
            cursor = connection.execute("SELECT line, ending FROM lines ORDER BY id")
            try:
                yield from cursor
            finally:
                cursor.close()

    # Overviews

    def counts(self) -> Counts:
        """How many entries there are of each kind."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM entries),"
                "(SELECT count(*) FROM entries WHERE class_labels = 0 AND boxes = 0),"
                "(SELECT count(*) FROM entries WHERE changed = 1),"
                "(SELECT count(*) FROM entries WHERE worst_finding > 0),"
                "(SELECT count(*) FROM entries WHERE remote_errors > 0),"
                "(SELECT count(*) FROM entries WHERE worst_finding > 0 OR remote_errors > 0)"
            ).fetchone()
        return Counts(*row)

    def problem_counts(self) -> list[ProblemCount]:
        """How many problems there are of each code, whoever sees them, by code."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT origin, code, level, count(*), count(DISTINCT entry_id) FROM problems"
                " GROUP BY code, origin, level"
            ).fetchall()
        return [
            ProblemCount(_ORIGINS[origin], code, contents.LEVELS[level - 1], problems, entries)
            for origin, code, level, problems, entries in rows
        ]

    def problems(self, *, after: Problem | None = None, limit: int | None = None) -> Iterator[Problem]:
        """Findings and remote errors of all entries by position, as they are at the first step; streams.

        Args:
            after: begin behind this one, which came from an earlier call.
            limit: give at most so many.

        """
        key = (after.entry_id, _ORIGINS.index(after.origin), after.ordinal) if after else (0, 0, 0)
        with self._database.reading() as connection:
            cursor = connection.execute(_PROBLEMS, (*key, -1 if limit is None else limit))
            try:
                for entry_id, source_ref, origin, ordinal, code, level, message, pointer in cursor:
                    yield Problem(
                        EntryId(entry_id),
                        entry_id,
                        source_ref,
                        _ORIGINS[origin],
                        ordinal,
                        code,
                        contents.LEVELS[level - 1],
                        message,
                        pointer,
                    )
            finally:
                cursor.close()

    # Labels

    def labels(self) -> list[Label]:
        """The labels in the order of their positions, whether entries use them or not.

        A new one goes to the end.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name, position, colour_index, entries FROM labels ORDER BY position, id"
            ).fetchall()
        return [Label(*row) for row in rows]

    def label_counts(self) -> list[LabelCount]:
        """The uses of each label, in the order of `labels`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name, class_entries, box_entries, boxes FROM labels ORDER BY position, id"
            )
            return [LabelCount(*row) for row in rows]

    def add_label(self, name: str) -> Changes:
        """Put a label at the end of the list before any entry uses it; false if it is there.

        Raises:
            UsageError: the name is empty.

        """
        if not name:
            raise UsageError("A label needs a name.", detail="Type one, then add it.")
        with self._database.writing() as connection:
            added = contents.list_label(connection, name)
        return Changes(info=added)

    def remove_label(self, name: str) -> Changes:
        """Take a label that no entry uses off the list; the others keep their positions.

        Raises:
            UsageError: entries use it, or there is none of that name.

        """
        with self._database.writing() as connection:
            removed = connection.execute(
                "DELETE FROM labels WHERE name = ? AND entries = 0", (name,)
            ).rowcount
            if not removed:
                raise UsageError(
                    f"The label {name} cannot be removed.",
                    detail="Entries use it: take it off them first, or rename it.",
                )
        return Changes(info=True)


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


def _conditions(only: Filter) -> tuple[list[str], list[str]]:
    """SQL conditions made of constants alone, and the values of their marks."""
    conditions, values = [], []
    if only.kind is not Kind.ALL:
        conditions.append(_KINDS[only.kind])
    if only.label:
        conditions.append(
            "id IN (SELECT entry_id FROM entry_labels"
            " WHERE label_id = (SELECT id FROM labels WHERE name = ?))"
        )
        values.append(only.label)
    if only.code:
        conditions.append("id IN (SELECT entry_id FROM problems WHERE code = ?)")
        values.append(only.code)
    if only.entries:
        conditions.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(only.entries))
    if only.text.isascii() and only.text:
        conditions.append(r"source_ref LIKE ? ESCAPE '\'")
        values.append("%" + only.text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%")
    elif only.text:
        conditions.append(f"{HOLDS}(source_ref, ?)")
        values.append(only.text.casefold())
    return conditions, values


def _entry(row: Sequence[Any], problems: Iterable[Sequence[Any]]) -> Entry:
    entry_id, source_ref, changed, _, _, line, ending, base, base_is_line, sent, known, *facts = row
    findings: list[Finding] = []
    reported: dict[int, list[RemoteError]] = {contents.REMOTE: [], contents.TRAINING: []}
    for origin, code, level, message, pointer in problems:
        if origin == contents.FINDING:
            findings.append(Finding(code, contents.LEVELS[level - 1], message, pointer))
        else:
            reported[origin].append(RemoteError(code, message, pointer))
    return Entry(
        id=EntryId(entry_id),
        position=entry_id,
        source_ref=source_ref,
        line=line,
        ending=ending,
        base=line if base_is_line else base,
        sent=sent,
        changed=bool(changed),
        findings=tuple(findings),
        remote_errors=tuple(reported[contents.REMOTE]),
        training_errors=tuple(reported[contents.TRAINING]),
        facts=ImageFacts(*facts) if known else None,
    )
