"""What goes into a workspace and what comes out of it, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, NewType

from truthline.manifest.line import parse_line

if TYPE_CHECKING:
    from truthline.manifest.annotation import Annotation, Finding, ImageFacts, Level, RemoteError

EntryId = NewType("EntryId", int)
"""Names an entry within its workspace, for as long as the workspace exists."""


@dataclass(frozen=True, slots=True)
class WorkspaceInfo:
    """What is known of the workspace as a whole.

    ``target`` is where new images go (``s3://bucket/prefix``), ``images_dir`` the folder that images are
    read from, "" if they are read from S3. ``bom`` tells whether the manifest began with a UTF-8 byte
    order mark, so that an export writes it back.
    """

    name: str
    dataset_arn: str = ""
    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    target: str = ""
    images_dir: str = ""
    bom: bool = False


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

    ``position`` counts from 1 in the order in which entries came in. ``line`` and ``base`` are bytes without
    a line ending; ``ending`` is ``b"\n"``, ``b"\r\n"``, or ``b""`` for a last line without one. ``base``
    is None if the service was never known to hold this entry. ``changed`` tells whether line and base line
    differ as values. ``source_ref`` is "" if the line names no image. ``sent`` is the line that the service
    was given where it holds another one, the base line, that means the same; a line that says what ``sent``
    says is not changed.
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

    @property
    def annotation(self) -> Annotation:
        """The line, read; parsed anew at each call."""
        return parse_line(self.line)


class Kind(Enum):
    """Which entries a `Filter` lets through, beside its text and label."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    """neither a class label nor a box"""
    CHANGED = "changed"
    PROBLEMS = "problems"
    """at least one finding of any level, or one remote error"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Lets an entry through if all that is set holds.

    ``text`` is part of the source-ref, in upper or lower case; ``label`` is the whole name of a label that
    a class label or a box uses.
    """

    text: str = ""
    label: str = ""
    kind: Kind = Kind.ALL


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of entries; the kinds are those of `Kind`."""

    total: int
    unlabelled: int
    changed: int
    with_findings: int
    with_remote_errors: int
    problems: int


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

    ``position`` (from 1) and ``colour_index`` (from 0) never change while the label is in the list, also
    when others leave it. ``entries`` counts those that use it.
    """

    name: str
    position: int
    colour_index: int
    entries: int


class Origin(StrEnum):
    """Who sees a problem: our rules, or the service."""

    FINDING = "finding"
    REMOTE = "remote"


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
