"""What goes into a workspace and what comes out of it, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from truthline.manifest.line import parse_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truthline.manifest.annotation import Annotation, Finding, ImageFacts, Level, RemoteError
    from truthline.workspace.damage import Damaged
    from truthline.workspace.ids import EntryId


@dataclass(frozen=True, slots=True)
class WorkspaceInfo:
    """What is known of the workspace as a whole.

    ``target`` is where new images go (``s3://bucket/prefix``, `UNPLACED` while nobody has said it),
    ``images_dir`` the folder that images are read from, "" if they are read from S3. ``bom`` tells whether
    the manifest began with a UTF-8 byte order mark, so that an export writes it back. ``box_attribute`` names
    the label attribute that new boxes go into, "" while none was chosen. ``locked`` names the label
    attributes that no edit may change; ``hide_locked`` tells whether they are left out of what is shown.
    ``seen_updated`` is the dataset's time of last update, in ISO format, up to which all updates are
    accounted for: they were read, or are ours, or are told of by ``others_updated``; "" if the dataset was
    never read whole. ``others_updated`` is when somebody else updated it since then, "" if nobody did;
    ``in_doubt`` tells whether an update of ours was sent whose end was not seen, so that a later one may be
    ours or not.
    """

    name: str
    dataset_arn: str = ""
    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    target: str = ""
    images_dir: str = ""
    bom: bool = False
    box_attribute: str = ""
    locked: tuple[str, ...] = ()
    hide_locked: bool = False
    seen_updated: str = ""
    others_updated: str = ""
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry on its way into a workspace; bytes as in `Entry`."""

    line: bytes
    ending: bytes = b"\n"
    base: bytes | None = None
    remote_errors: tuple[RemoteError, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    r"""One image of the dataset and its JSON line.

    ``position`` counts from 1 in the order in which entries came in; removed ones leave gaps. ``line`` and
    ``base`` are bytes without a line ending; ``ending`` is ``b"\n"``, ``b"\r\n"``, or ``b""`` for a last line
    without one. ``base`` is None if the service was never known to hold this entry. ``changed`` tells whether
    line and base line differ as values. ``source_ref`` is "" if the line names no image. ``sent`` is the line
    that the service was given where it holds another one, the base line, that means the same; a line that
    says what ``sent`` says is not changed. ``training_errors`` are what the last verdict of a training said.
    ``theirs`` is the remote line while the entry is in conflict, because somebody else and this workspace
    changed the same thing; else None. ``damaged`` says what is known of an entry that is not as it was
    stored, and None of every other; its line is then empty, and it has one finding.
    """

    id: EntryId
    position: int
    source_ref: str
    line: bytes
    ending: bytes
    base: bytes | None
    changed: bool
    findings: tuple[Finding, ...]
    remote_errors: tuple[RemoteError, ...]
    facts: ImageFacts | None
    sent: bytes | None = None
    training_errors: tuple[RemoteError, ...] = ()
    theirs: bytes | None = None
    damaged: Damaged | None = None

    @property
    def annotation(self) -> Annotation:
        """The line, read; parsed anew at each call."""
        return parse_line(self.line)


def removed_entry(entry_id: EntryId) -> Entry:
    """What an entry that was taken out reads as while something still shows it: an empty line."""
    return Entry(
        entry_id, entry_id, "", b"{}", b"\n", None, changed=False, findings=(), remote_errors=(), facts=None
    )


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of an entry whose remote line is not its base line.

    It was decided on ``expected``, the line the entry had then: if it has another one by now, the entry is
    left alone. ``line`` and ``base`` are its line and base line from now on. ``theirs`` is the remote line of
    a conflict that is open, None if there is none; ``remote_errors`` stay as they are if None.
    """

    expected: bytes
    line: bytes
    base: bytes | None
    theirs: bytes | None = None
    remote_errors: tuple[RemoteError, ...] | None = None


class Kind(Enum):
    """Which entries a `Filter` lets through, beside its text and label."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    """neither a class label nor a box"""
    CHANGED = "changed"
    PROBLEMS = "problems"
    """at least one finding of any level, or one remote error"""
    CONFLICTS = "conflicts"
    """somebody else changed the same thing in the dataset; see `Entry.theirs`"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Lets an entry through if all that is set holds.

    ``text`` is part of the source-ref, in upper or lower case; ``label`` is the whole name of a label that
    a class label or a box uses; ``code`` that of a finding or remote error. ``entries`` names the entries
    themselves, if it is not empty.
    """

    text: str = ""
    label: str = ""
    kind: Kind = Kind.ALL
    code: str = ""
    entries: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of entries; the kinds are those of `Kind`."""

    total: int
    unlabelled: int
    changed: int
    with_findings: int
    with_remote_errors: int
    problems: int
    conflicts: int = 0


class Origin(StrEnum):
    """Who sees a problem: our rules, the service in the dataset, or a training."""

    FINDING = "finding"
    REMOTE = "remote"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class ProblemCount:
    """How many findings (or remote errors) of one code and level there are, and in how many entries."""

    origin: Origin
    code: str
    level: Level
    problems: int
    entries: int


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many entries use a label as class label, how many in boxes, and in how many boxes."""

    name: str
    class_entries: int
    box_entries: int
    boxes: int


@dataclass(frozen=True, slots=True)
class Label:
    """A label that entries use or that a person added before its first use.

    ``position`` (from 1; some may be left out) and ``colour_index`` (from 0) stay as they are while the
    label is in the list, also when others leave it, unless a `LabelEdit` says otherwise. ``entries`` counts
    those that use it.
    """

    name: str
    position: int
    colour_index: int
    entries: int = 0


@dataclass(frozen=True, slots=True)
class LabelEdit:
    """What a gesture does to the list of labels.

    Each label of ``put`` gets that position and colour, and is added if it is not in the list. Then the names
    in ``drop`` leave the list, but for those that entries use, and those in ``add`` that are not in it go to
    its end.
    """

    put: tuple[Label, ...] = ()
    drop: tuple[str, ...] = ()
    add: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.put or self.drop or self.add)

    def inverse(self, labels: Iterable[Label]) -> LabelEdit:
        """What undoes this edit of ``labels``, the list before it."""
        touched = {label.name for label in self.put} | {*self.drop, *self.add}
        before = tuple(label for label in labels if label.name in touched)
        return LabelEdit(before, tuple(sorted(touched - {label.name for label in before})))


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding or a remote error together with its entry.

    ``ordinal`` counts from 0 the problems of one origin in one entry. The service gives no level: it is
    a warning if its code begins with WARNING, else an error.
    """

    entry_id: EntryId
    position: int
    source_ref: str
    origin: Origin
    ordinal: int
    code: str
    level: Level
    message: str
    pointer: str
