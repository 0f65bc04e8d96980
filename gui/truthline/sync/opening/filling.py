"""A source on its way into its workspace: read and stored in chunks, so that work begins with the first.

A note in the workspace says how far it came, and is written in the transaction of each chunk. So whatever
ends the program, the next start goes on behind the last chunk, and while the note stands nobody takes the
workspace for whole.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from truthline.aws.session import connect
from truthline.errors import UsageError
from truthline.manifest.edit import new_annotation
from truthline.manifest.forms import read_entries
from truthline.manifest.line import split_prefix
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress
from truthline.sync.opening.folder import FolderWalk, write_left_out
from truthline.sync.opening.sources import Source, SourceKind, has_image_suffix
from truthline.words import counted
from truthline.workspace.workspace import NewEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.aws.connection import Connection
    from truthline.workspace.workspace import WorkspaceInfo

Reaching = Callable[["WorkspaceInfo"], "Connection"]
"""As whom and where a workspace asks S3; raises what `Reach.connection` does."""

_NOTE: Final = "filling"
_FIRST: Final = 500
"""Entries in the first chunk: more than a window shows, and stored in 15 ms."""
_CHUNK: Final = 2_000
"""Entries in the others. They are stored in 50 ms, for which a gesture may have to wait."""


class _Note(msgspec.Struct, frozen=True):
    """How far it came: ``done`` entries, the last of which was made of the line, name or key ``last``.

    ``stamp`` is the manifest's size and time of change; a line's number means nothing in another file.
    """

    kind: SourceKind
    text: str
    values: bool = False
    last: str = ""
    done: int = 0
    stamp: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was read, and not stored yet. ``last`` is the line, name or key of its last entry."""

    entries: Sequence[NewEntry]
    last: str
    is_end: bool


class Filling:
    """The entries of a manifest, a folder or a prefix that their workspace does not hold yet.

    `read` and `store` may be called on different threads, each by one at a time.
    """

    def __init__(self, workspace: Workspace, note: _Note, reach: Reaching) -> None:
        self._workspace = workspace
        self._note = note
        self._reach = reach
        self._folder: FolderWalk | None = None
        self._bytes = 0
        self._entries = self._read()
        self._ended = False
        self.done = note.done

    @classmethod
    def of(
        cls, workspace: Workspace, source: Source, connection: Connection, *, values: bool = False
    ) -> Filling:
        """That of a workspace without entries."""
        stamp = _stamp(source.path) if source.kind is SourceKind.MANIFEST else None
        text = source.text if source.kind is SourceKind.S3_PREFIX else str(source.path.absolute())
        return cls(workspace, _Note(source.kind, text, values, stamp=stamp), lambda _info: connection)

    @classmethod
    def resumed(cls, workspace: Workspace, reach: Reaching) -> Filling | None:
        """That of a workspace which is not whole; None if it is. ``reach`` is asked before S3 is.

        Raises:
            UsageError: the manifest was changed or is gone, so that nobody knows where to go on.

        """
        note = _read_note(workspace)
        if note is None:
            return None
        if _is_other(note):
            happened = "was changed" if Path(note.text).exists() else "is gone"
            raise UsageError(
                f"The manifest {happened} since its first {counted(note.done, 'line')} were read into this"
                " workspace.",
                detail="Put it back as it was and open it again. Or take the workspace file away, with the"
                " labels that were made in it, and open the manifest anew.",
                place=note.text,
            )
        return cls(workspace, note, reach)

    @property
    def total(self) -> int | None:
        """About how many entries it will be; None if nobody knows."""
        if self._folder is not None:
            return self._folder.total
        if self._note.stamp is not None and self._bytes:
            return max(self.done, _rounded(self._note.stamp[0] * self.done / self._bytes))
        return None

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return Progress(Doing.FILLING, self.done, self.total, about=self._note.kind)

    def read(self, cancel: CancelToken | None = None) -> Chunk:
        """The next entries.

        Raises:
            CancelledError: cancelled.
            UnreadableFileError: the source cannot be read.
            ServiceError: S3 could not be asked.

        """
        entries: list[NewEntry] = []
        last = ""
        wanted = _CHUNK if self.done else _FIRST
        for place, entry in islice(self._entries, wanted):
            last = place
            if cancel is not None and len(entries) % 100 == 0:
                cancel.check()
            entries.append(entry)
        return Chunk(entries, last, len(entries) < wanted)

    def store(self, chunk: Chunk) -> None:
        """Store what was read, and how far that is, in one transaction."""
        self.done += len(chunk.entries)
        if chunk.is_end:
            if self._folder is not None:
                write_left_out(self._workspace, sorted(self._folder.left_out, key=lambda one: one.name))
            self._workspace.append_noted(chunk.entries, _NOTE, "")
            self._ended = True
            return
        note = msgspec.structs.replace(self._note, last=chunk.last, done=self.done)
        self._workspace.append_noted(chunk.entries, _NOTE, msgspec.json.encode(note).decode())

    def fill(
        self, *, report: Report = ignore_progress, cancel: CancelToken | None = None, first: bool = False
    ) -> None:
        """Read and store all that is left, or only the ``first`` chunk.

        Raises:
            UsageError: there is no image in the folder or below the prefix.

        """
        while not self._ended:
            chunk = self.read(cancel)
            self.store(chunk)
            report(self.progress)
            if chunk.is_end and not self.done:
                self._refuse_none()
            if first and self.done:
                return

    def close(self) -> None:
        """Let go of the source."""
        self._entries.close()

    def _refuse_none(self) -> None:
        if self._folder is not None:
            others = len(self._folder.left_out)
            raise UsageError(
                "There is no PNG or JPEG image in this folder.",
                detail=f"It holds {others:,} other files." if others else "",
                place=self._note.text,
            )
        if self._note.kind is SourceKind.S3_PREFIX:
            raise UsageError("There is no PNG or JPEG image under this address.", place=self._note.text)

    def _read(self) -> Generator[tuple[str, NewEntry], None, None]:
        match self._note.kind:
            case SourceKind.MANIFEST:
                return self._lines()
            case SourceKind.FOLDER:
                return self._images()
            case _:
                return self._objects()

    def _lines(self) -> Generator[tuple[str, NewEntry], None, None]:
        for number, line in enumerate(read_entries(self._note.text, values=self._note.values), 1):
            self._bytes += len(line.raw) + len(line.ending)
            if number > self._note.done:
                yield "", NewEntry(line.raw, ending=line.ending)

    def _images(self) -> Generator[tuple[str, NewEntry], None, None]:
        target = self._workspace.info.target
        self._folder = FolderWalk(Path(self._note.text))
        for name in self._folder.images():
            # What comes before is looked at again all the same, so that what is left out is known.
            if name > self._note.last or not self._note.done:
                yield name, NewEntry(new_annotation(f"{target}/{name}").raw)

    def _objects(self) -> Generator[tuple[str, NewEntry], None, None]:
        bucket, prefix = split_prefix(self._note.text)
        last = self._note.last.encode()
        with connect(self._reach(self._workspace.info)) as aws:
            for facts in aws.s3.list(bucket, prefix):  # in the order of their keys' bytes
                if has_image_suffix(facts.key) and facts.key.encode() > last:
                    yield facts.key, NewEntry(new_annotation(f"s3://{bucket}/{facts.key}").raw)


def _rounded(number: float) -> int:
    """To two digits: what is estimated from the lines until now is no better than that."""
    return int(round(number, 2 - len(str(int(number)))))


def is_whole(workspace: Workspace) -> bool:
    """Whether a workspace holds all of its source."""
    return _read_note(workspace) is None


def begins_anew(workspace: Workspace) -> bool:
    """Whether its manifest was changed while it was read, and nothing is lost if that is done again."""
    note = _read_note(workspace)
    return note is not None and _is_other(note) and not workspace.steps(1)


def _is_other(note: _Note) -> bool:
    """Whether the manifest is another one than it was."""
    return note.stamp is not None and _stamp(Path(note.text)) != note.stamp


def _read_note(workspace: Workspace) -> _Note | None:
    text = workspace.note(_NOTE)
    try:
        return msgspec.json.decode(text, type=_Note) if text else None
    except (msgspec.DecodeError, UnicodeError):  # nothing that we wrote
        return None


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return -1, -1  # it is told when it is read
    return found.st_size, found.st_mtime_ns
