"""What a dataset that was made from a manifest holds, against that manifest and the workspace.

Only where the workspace knew the line of the manifest does the base line move to what was read back. Another
person may have changed an entry before or after the manifest was made; then the base line stays, so that the
next push or pull sees their change and merges it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from truthline.manifest.line import read_source_ref, same_value
from truthline.progress import Doing, Progress, in_blocks
from truthline.sync.push.compare import Outcome, compare
from truthline.sync.push.plan import Remark
from truthline.sync.rebuild.stored_manifest import fetched_lines
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from truthline.manifest.annotation import RemoteError
    from truthline.sync.service.projects import Work
    from truthline.sync.service.reading import RemoteEntry
    from truthline.workspace.workspace import Entry, Workspace

NOT_STORED: Final = "TRUTHLINE_NOT_STORED"
STORED_DIFFERENTLY: Final = "TRUTHLINE_STORED_DIFFERENTLY"

_NOT_STORED_MESSAGE: Final = (
    "The line was in the manifest, and the dataset made from it does not hold it; the service gives no"
    " reason. Check the line, then push it."
)
_DIFFERENT_MESSAGE: Final = (
    "The dataset holds another line for this image than its manifest did: the service changed it, or somebody"
    " else did. Pull to see it."
)

_Remote = tuple[EntryId, bytes | None, "Sequence[RemoteError]"]


@dataclass(slots=True)
class ReadBack:
    """How a dataset compares with the manifest that it was made from.

    ``held`` counts the dataset's entries, ``expected`` the manifest's lines, ``stored`` those that the
    dataset holds. ``updated`` is its time of last update as ISO text. ``known`` tells whether the workspace
    has each of its entries with that very base line.
    """

    updated: str
    held: int = 0
    expected: int = 0
    stored: int = 0
    known: bool = True
    remarks: list[Remark] = field(default_factory=list)


def read_back(
    work: Work, workspace: Workspace, arn: str, manifest: str, *, passed_over: Collection[EntryId], own: bool
) -> ReadBack:
    """Compare a dataset with its manifest in S3, and store what it holds in the workspace.

    Args:
        work: asks the service.
        workspace: whose base lines and remote errors are stored.
        arn: the dataset, complete.
        manifest: ``s3://bucket/key``.
        passed_over: entries that are left as they are.
        own: whether the manifest was made of the workspace's own lines. Then all of them get their base
            lines, and entries that the dataset does not hold lose theirs.

    Raises:
        ServiceError: the dataset or the manifest cannot be read.

    """
    work.report(Progress(Doing.READING_NEW))
    with work.reader(arn).entries() as entries, fetched_lines(work, manifest) as lines:
        found = ReadBack(entries.updated.isoformat())
        _Taking(workspace, frozenset(passed_over), found, own=own).store(_paired(lines, entries))
    return found


class _Taking:
    """Takes what was read back into the workspace."""

    def __init__(
        self, workspace: Workspace, passed_over: frozenset[EntryId], found: ReadBack, *, own: bool
    ) -> None:
        self._workspace = workspace
        self._passed_over = passed_over
        self._found = found
        self._own = own
        self._stored: set[EntryId] = set()

    def store(self, pairs: Iterator[tuple[str, bytes | None, RemoteEntry | None]]) -> None:
        for chunk in in_blocks(pairs):
            ids = self._workspace.find_many([source_ref for source_ref, _, _ in chunk if source_ref])
            wanted = [one for one in ids.values() if one not in self._passed_over]
            entries = {entry.source_ref: entry for entry in self._workspace.entries(wanted)}
            remote: list[_Remote] = []
            sent: dict[EntryId, bytes] = {}
            for source_ref, line, held in chunk:
                remote.extend(self._take(source_ref, line, held, entries.get(source_ref), sent))
            self._workspace.store_remote(remote, sent=sent)
        self._look_at_others()

    def _take(
        self,
        source_ref: str,
        line: bytes | None,
        held: RemoteEntry | None,
        entry: Entry | None,
        sent: dict[EntryId, bytes],
    ) -> Iterator[_Remote]:
        found = self._found
        found.held += held is not None
        found.expected += line is not None
        outcome = Outcome.DIFFERENT
        if line is not None:
            outcome = compare(line, held.line if held else None, None)
        if line is None or held is None or outcome is Outcome.DIFFERENT:
            found.known = False
            found.remarks.extend(_remarks(source_ref, line, held, entry))
            if held is None and line is not None and entry is not None and self._knew(entry, line):
                yield entry.id, None, ()
            return
        found.stored += 1
        if entry is None or not self._knew(entry, line):
            found.known = False
            return
        if entry.sent is not None and entry.base is not None and same_value(entry.base, held.line):
            sent[entry.id] = entry.sent
        elif outcome is Outcome.REDUCED:
            sent[entry.id] = line
        self._stored.add(entry.id)
        yield entry.id, held.line, held.errors

    def _knew(self, entry: Entry, line: bytes) -> bool:
        if self._own or same_value(entry.line, line):
            return True
        return entry.base is not None and same_value(entry.base, line)

    def _look_at_others(self) -> None:
        """Entries that were not stored but have a base line."""
        done = self._stored | self._passed_over
        others = [EntryId(one) for one in self._workspace.ids() if one not in done]
        for block in in_blocks(others):
            some = self._workspace.entries(block)
            held = [entry.id for entry in some if entry.base is not None or entry.remote_errors]
            if held and self._own:
                self._workspace.store_remote((entry_id, None, ()) for entry_id in held)
            elif held:
                self._found.known = False


def _remarks(
    source_ref: str, line: bytes | None, held: RemoteEntry | None, entry: Entry | None
) -> Iterator[Remark]:
    number = entry.position if entry else None
    if held is None:
        yield Remark(source_ref, NOT_STORED, _NOT_STORED_MESSAGE, number)
    elif line is not None:
        yield Remark(source_ref, STORED_DIFFERENTLY, _DIFFERENT_MESSAGE, number)


def _paired(
    lines: Iterable[bytes], entries: Iterable[RemoteEntry]
) -> Iterator[tuple[str, bytes | None, RemoteEntry | None]]:
    """Lines and entries by source-ref, those that only one side has last.

    Both usually come in the same order, so that few have to wait for their twin.
    """
    waiting_lines: dict[str, bytes] = {}
    waiting_entries: dict[str, RemoteEntry] = {}
    for line, entry in zip_longest(lines, entries):
        refs = []
        if line is not None:
            refs.append(read_source_ref(line))
            waiting_lines[refs[0]] = line
        if entry is not None:
            refs.append(entry.source_ref)
            waiting_entries[entry.source_ref] = entry
        for ref in refs:
            if ref in waiting_lines and ref in waiting_entries:
                yield ref, waiting_lines.pop(ref), waiting_entries.pop(ref)
    for ref, line in waiting_lines.items():
        yield ref, line, None
    for ref, entry in waiting_entries.items():
        yield ref, None, entry
