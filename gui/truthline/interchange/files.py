"""Files and folders that are read with limits, and folders that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.errors import UnreadableFileError, UsageError
from truthline.reasons import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT: Final = 4096
"""Enough to tell text from a picture or an archive."""


def read_file(path: Path, limit: int) -> bytes:
    """Read a file, without a UTF-8 byte order mark.

    Args:
        path: the file.
        limit: the most bytes that it may have.

    Raises:
        UnreadableFileError: it cannot be read, is no regular file or is larger.

    """
    try:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise UnreadableFileError("This is not a file.", detail="Choose a file.", place=str(path))
        with path.open("rb") as file:
            data = file.read(limit + 1)  # one more than allowed tells that it is more, without reading on
    except OSError as error:
        raise _unreadable(error, path) from error
    if len(data) > limit:
        raise UnreadableFileError(
            f"The file has more than {limit >> 20:,} MB.", detail="Split it into several.", place=str(path)
        )
    return data.removeprefix(BOM)


def read_text(path: Path, limit: int) -> str:
    """Read a UTF-8 file; raises as `read_file` does, and if it is not UTF-8."""
    data = read_file(path, limit)
    check_encoding(data, str(path))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(
            f"Line {line} is not UTF-8.", detail="Save the file as UTF-8.", place=str(path)
        ) from error


def check_encoding(data: bytes, place: str) -> None:
    """Raise `UnreadableFileError` if the file says that it is UTF-16, or begins as no text does."""
    if data.startswith(_UTF_16):
        raise UnreadableFileError("This is UTF-16 text.", detail="Save the file as UTF-8.", place=place)
    if data.count(0, 0, _LOOKED_AT) > min(len(data), _LOOKED_AT) // 4:  # a label may well be a NUL
        raise UnreadableFileError("This is no text.", detail="Choose another file.", place=place)


def decode_json(data: bytes, kind: Any, place: str) -> Any:
    """Decode JSON as a type of msgspec's.

    Raises:
        UnreadableFileError: it is empty, not JSON, nested too deeply, or not of that type; names line and
            column.

    """
    check_encoding(data, place)
    if not data.strip():
        raise UnreadableFileError("The file is empty.", detail="Export it again.", place=place)
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error) or "nested too deeply"
        _, _, byte = reason.partition("(byte ")
        if byte[:-1].isdecimal():
            offset = int(byte[:-1])
            line = data.count(b"\n", 0, offset) + 1
            column = offset - data.rfind(b"\n", 0, offset)
            reason = f"line {line}, column {column}: {reason.partition(' (byte')[0]}"
        raise UnreadableFileError(
            f"The JSON cannot be read ({reason}).", detail="Export the file again.", place=place
        ) from error


def files_under(root: Path, *suffixes: str) -> list[str]:
    """Relative paths, with ``/``, of the files whose names end so (in upper or lower case), sorted.

    Hidden files and folders are left out, and links to folders are not followed. ``root`` may be a file.

    Raises:
        UnreadableFileError: there is no such folder, or one in it cannot be read.

    """

    def failed(error: OSError) -> None:
        raise _unreadable(error, Path(str(error.filename))) from error

    if root.is_file():
        return [root.name]
    found: list[str] = []
    for folder, folders, names in os.walk(root, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        relative = Path(folder).relative_to(root)
        found += [
            (relative / name).as_posix()
            for name in names
            if name.lower().endswith(suffixes) and not name.startswith(".")
        ]
    return sorted(found)


def folder_of(name: str) -> str:
    """The folder of a relative path, "" if it has none."""
    return name.rpartition("/")[0]


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which takes the name ``path`` if the block succeeds, else vanishes.

    Raises:
        UsageError: there is something of that name, other than an empty folder.
        UnreadableFileError: it cannot be written.

    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow a link
    check_free(path)
    # Beside the target, so that it can be renamed; with a short name, since the target's may be long.
    draft = path.with_name(f".truthline-{secrets.token_hex(8)}.tmp")
    try:
        draft.mkdir()
        yield draft
        if path.is_dir():
            path.rmdir()
        draft.rename(path)
    except OSError as error:
        raise UnreadableFileError(
            "The folder cannot be written.",
            detail=f"{reason(error)}. Check the permissions and the free space.",
            place=str(path),
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_free(path: Path) -> None:
    """Raise `UsageError` unless there is nothing of that name, or an empty folder."""
    try:
        taken = os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir()))
    except OSError as error:
        raise _unreadable(error, path) from error
    if taken:
        raise UsageError(
            "There is something of that name already.",
            detail="Name a new folder, or an empty one.",
            place=str(path),
        )


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, with the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)


def _unreadable(error: OSError, path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        "It cannot be read.", detail=f"{reason(error)}. Check its permissions.", place=str(path)
    )
