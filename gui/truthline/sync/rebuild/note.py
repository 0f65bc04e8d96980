"""What is written down of a rebuild, so that it can be resumed, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from truthline.aws.rekognition import Kind  # noqa: TC001  msgspec reads the annotation

if TYPE_CHECKING:
    from pathlib import Path

    from truthline.sync.push.plan import Remark
    from truthline.workspace.workspace import Workspace

_NAME: Final = "rebuild"


class Step(StrEnum):
    """What a rebuild is doing; up to UPLOAD nothing has changed at the service."""

    READ = "read"
    UPLOAD = "upload"
    """the same work, with the manifest of the state before on this computer already"""
    DELETE = "delete"
    CREATE = "create"
    STORE = "store"
    RESTORE = "restore"
    """the new dataset could not be made"""


HARMLESS: Final = frozenset({Step.READ, Step.UPLOAD})


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is written down.

    ``own`` tells that the manifest is made of the workspace's own lines, else it is the dataset's without
    the entries ``ids``. ``old`` is the ARN of the dataset that is replaced, "" if there is none;
    ``updated`` is its time of last update when it was read. ``failure`` is what the service said of a new
    one that failed.
    """

    step: Step
    own: bool
    project: str
    kind: Kind
    manifest: str
    before_uri: str = ""
    before: str = ""
    ids: tuple[int, ...] = ()
    old: str = ""
    updated: str = ""
    new: str = ""
    failure: str = ""
    refused: tuple[tuple[str, str, str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A dataset made anew, and read back.

    ``arn`` is the new one's, ``entries`` the number of its entries. ``before`` is the manifest of what the
    old one held, None if it held nothing; ``manifest`` the address of the one that the new one was made
    from, "" if the dataset held none of the entries and so stayed as it is. ``refused`` are lines that were
    not sent, ``different`` those that were and that the dataset does not hold as they are.
    """

    arn: str
    entries: int
    before: Path | None
    manifest: str
    refused: tuple[Remark, ...] = ()
    different: tuple[Remark, ...] = ()


def read_note(workspace: Workspace) -> Note | None:
    """What is written down of a rebuild that is not finished."""
    text = workspace.note(_NAME)
    return msgspec.json.decode(text, type=Note) if text else None


def write_note(workspace: Workspace, note: Note) -> None:
    """Write down, durably, what is done next."""
    workspace.set_note(_NAME, msgspec.json.encode(note).decode())


def drop_note(workspace: Workspace) -> None:
    """Forget what was written down: the rebuild is over."""
    workspace.set_note(_NAME, "")
