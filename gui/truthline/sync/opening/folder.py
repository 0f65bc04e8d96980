"""The images in a folder, and the files in it that are none."""

from __future__ import annotations

import os
import stat
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
_AT_ONCE: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""To open a pipe that nobody writes into would wait for ever."""


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


class FolderWalk:
    """A folder gone through: first all names, then each file's first bytes when its turn comes.

    Names alone take 20,000 files 40 ms; to open each of them takes ten times as long.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.total: int | None = None
        """How many files are called like images; None before they were listed."""
        self.left_out: list[LeftOut] = []
        """What is no image, as far as it was looked at."""

    def images(self) -> Iterator[str]:
        """The names of images, sorted; streams.

        Raises:
            UnreadableFileError: the folder itself cannot be read.

        """
        names: list[str] = []
        for name, known in _names_in(self._folder):
            if known is not None:
                self._leave_out(name, known)
            elif has_image_suffix(name):
                names.append(name)
            else:
                self._leave_out(name, _why_no_file(self._folder / name) or Reason.KIND)
        self.total = len(names)
        for name in sorted(names):
            reason = _why_no_image(self._folder / name, name)
            if reason is None:
                yield name
            else:
                self._leave_out(name, reason)

    def _leave_out(self, name: str, reason: Reason) -> None:
        self.left_out.append(LeftOut(name.encode(errors="backslashreplace").decode(), reason))


def look_into(folder: Path) -> FolderContents:
    """Go through a folder.

    Raises:
        UnreadableFileError: the folder itself cannot be read.

    """
    walk = FolderWalk(folder)
    images = list(walk.images())
    return FolderContents(images, sorted(walk.left_out, key=lambda one: one.name))


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


def _names_in(folder: Path) -> Iterator[tuple[str, Reason | None]]:
    """Every file below a folder, and the folders that are not looked into, with the reason."""
    unreadable: list[str] = []
    start = len(str(folder)) + (not str(folder).endswith(os.sep))

    def name_of(path: str) -> str:
        return path[start:].replace(os.sep, "/")

    def failed(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise UnreadableFileError(
                "The folder cannot be read.", detail=f"{reason(error)}.", place=str(folder)
            ) from error
        unreadable.append(name_of(error.filename))

    for root, folders, files in os.walk(folder, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        within = f"{name_of(root)}/" if len(root) > start else ""
        for name in folders:
            if Path(root, name).is_symlink():
                yield within + name, Reason.FOLDER_LINK
        for name in files:
            if not name.startswith("."):
                yield within + name, None
    yield from ((name, Reason.UNREADABLE) for name in unreadable)


def _why_no_file(path: Path) -> Reason | None:
    if path.is_file():
        return None
    return Reason.BROKEN_LINK if path.is_symlink() else Reason.NO_FILE


def _why_no_image(path: Path, name: str) -> Reason | None:
    try:
        name.encode()
        file = os.open(path, _AT_ONCE)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return Reason.NO_FILE
            is_image = os.read(file, len(_PNG_MAGIC)).startswith((_PNG_MAGIC, _JPEG_MAGIC))
        finally:
            os.close(file)
    except UnicodeEncodeError:
        return Reason.NAME
    except OSError:
        return _why_no_file(path) or Reason.UNREADABLE
    return None if is_image else Reason.CONTENT
