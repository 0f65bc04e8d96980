"""The images in a folder, and the files in it that are none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from truthline.errors import UnreadableFileError
from truthline.reasons import reason
from truthline.sync.opening.sources import has_image_suffix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from truthline.workspace.workspace import Workspace

_NOTE: Final = "left out"
_REMEMBERED: Final = 1_000
"""What is listed beyond that nobody reads; the count is told all the same."""
_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_JPEG_MAGIC: Final = b"\xff\xd8\xff"


class Reason(StrEnum):
    """Why a file or folder was left out, in a person's words."""

    KIND = "not a PNG or JPEG file by its name"
    CONTENT = "called like an image, but is no PNG or JPEG"
    UNREADABLE = "cannot be read"
    FOLDER_LINK = "a link to a folder, which is not followed"
    BROKEN_LINK = "a link that leads nowhere"
    NO_FILE = "no regular file"
    NAME = "has a name that is not valid Unicode, so no S3 key can have it"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is no entry; ``name`` is its place below the folder that was opened."""

    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What is in a folder and below it: names relative to it, with ``/``, sorted.

    ``images`` are the PNG and JPEG files: they are called like that and begin like that. Hidden files and
    folders are in neither list.
    """

    images: list[str]
    left_out: list[LeftOut]


def look_into(folder: Path) -> FolderContents:
    """Go through a folder.

    Raises:
        UnreadableFileError: the folder itself cannot be read.

    """
    images: list[str] = []
    left_out: list[LeftOut] = []
    for path, known in _paths_in(folder):
        name = path.relative_to(folder).as_posix()
        reason = known or _why_no_image(path, name)
        if reason is None:
            images.append(name)
        else:
            left_out.append(LeftOut(name.encode(errors="backslashreplace").decode(), reason))
    return FolderContents(sorted(images), sorted(left_out, key=lambda one: one.name))


def images_in(folder: Path) -> list[str]:
    """The images of `look_into`."""
    return look_into(folder).images


class LeftOutFiles(msgspec.Struct, frozen=True):
    """What is remembered of the files that were left out: how many, and the first of them by name.

    ``told`` is true once somebody was told of them.
    """

    total: int = 0
    first: tuple[LeftOut, ...] = ()
    told: bool = False


def write_left_out(workspace: Workspace, left_out: Sequence[LeftOut]) -> None:
    """Remember in a workspace what its folder held beside its images."""
    if left_out:
        _write(workspace, LeftOutFiles(len(left_out), tuple(left_out[:_REMEMBERED])))


def read_left_out(workspace: Workspace) -> LeftOutFiles:
    """What `write_left_out` remembered."""
    note = workspace.note(_NOTE)
    try:
        return msgspec.json.decode(note, type=LeftOutFiles) if note else LeftOutFiles()
    except (msgspec.DecodeError, UnicodeError):  # it is a list to look at, and no reason to fail
        return LeftOutFiles()


def tell_left_out(workspace: Workspace) -> LeftOutFiles:
    """What `write_left_out` remembered, the first time; nothing later."""
    files = read_left_out(workspace)
    if not files.total or files.told:
        return LeftOutFiles()
    _write(workspace, msgspec.structs.replace(files, told=True))
    return files


def _write(workspace: Workspace, files: LeftOutFiles) -> None:
    workspace.set_note(_NOTE, msgspec.json.encode(files).decode())


def _paths_in(folder: Path) -> Iterator[tuple[Path, Reason | None]]:
    """Every file below a folder, and the folders that are not looked into, with the reason."""
    unreadable: list[Path] = []

    def failed(error: OSError) -> None:
        path = Path(error.filename)
        if path == folder:
            raise UnreadableFileError(
                "The folder cannot be read.", detail=f"{reason(error)}.", place=str(path)
            ) from error
        unreadable.append(path)

    for root, folders, files in os.walk(folder, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            path = Path(root, name)
            if path.is_symlink():
                yield path, Reason.FOLDER_LINK
        for name in files:
            if not name.startswith("."):
                yield Path(root, name), None
    yield from ((path, Reason.UNREADABLE) for path in unreadable)


def _why_no_image(path: Path, name: str) -> Reason | None:
    if not path.is_file():
        return Reason.BROKEN_LINK if path.is_symlink() else Reason.NO_FILE
    if not has_image_suffix(path.name):
        return Reason.KIND
    try:
        name.encode()
        with path.open("rb") as file:
            is_image = file.read(len(_PNG_MAGIC)).startswith((_PNG_MAGIC, _JPEG_MAGIC))
    except UnicodeEncodeError:
        return Reason.NAME
    except OSError:
        return Reason.UNREADABLE
    return None if is_image else Reason.CONTENT
