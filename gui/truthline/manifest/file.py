"""Manifest files: streamed line by line, and written whole or not at all.

Any regular file can be a manifest, whatever its name ends in. Only a line feed ends a line; a carriage
return before it belongs to the ending, and anywhere else to the line, as do other characters that some
programs take for line breaks.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from truthline.errors import UnreadableFileError
from truthline.reasons import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BOM: Final = b"\xef\xbb\xbf"


class ManifestLine(
    Struct, frozen=True, gc=False
):  # made for every line: a dataclass takes five times as long
    r"""One line of a file.

    ``number`` counts from 1; ``raw`` is without the line ending, and in line 1 without a byte order mark;
    ``ending`` is ``b"\n"``, ``b"\r\n"``, or ``b""`` where the file ends without one.
    """

    number: int
    raw: bytes
    ending: bytes


def read_manifest(path: str | Path) -> Iterator[ManifestLine]:
    """Stream a manifest's lines; one of them at a time is held in memory.

    Raises:
        UnreadableFileError: when the first line is asked for or later, if the file cannot be read.

    """
    with _readable(path) as file:
        for number, line in enumerate(_without_bom(file), 1):
            yield _split_ending(number, line)


def read_raw_lines(path: str | Path) -> Iterator[bytes]:
    """Stream the ``raw`` of a manifest's lines, in half the time that `read_manifest` takes.

    Raises:
        UnreadableFileError: as `read_manifest`.

    """
    with _readable(path) as file:
        for line in _without_bom(file):
            if line.endswith(b"\r\n"):
                yield line[:-2]
            else:
                yield line[:-1] if line.endswith(b"\n") else line


def has_bom(path: str | Path) -> bool:
    """Whether the file begins with a UTF-8 byte order mark.

    Raises:
        UnreadableFileError: the file cannot be read.

    """
    with _readable(path) as file:
        return file.read(len(BOM)) == BOM


def write_manifest(path: str | Path, lines: Iterable[bytes], *, bom: bool = False) -> None:
    """Write a file of lines that hold their endings.

    The file appears whole or stays as it was, also if the power goes or ``lines`` raises. An existing file
    keeps its permissions, and a link keeps pointing at the file it names.

    Raises:
        UnreadableFileError: the file cannot be written.

    """
    target = Path(path)
    try:
        target = target.resolve()
        if target.exists() and not target.is_file():
            raise _not_regular(path)
        # The name is short whatever the target's is, since that may have all the length a name can have.
        draft = target.with_name(f".truthline-{secrets.token_hex(8)}.tmp")
        try:
            _write_draft(draft, target, lines, bom=bom)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        _flush_folder(target.parent)
    except OSError as error:
        raise UnreadableFileError(
            "The file cannot be written.",
            detail=f"{reason(error)}. Check the folder's permissions and free space.",
            place=str(path),
        ) from error


@contextlib.contextmanager
def _readable(path: str | Path) -> Iterator[BinaryIO]:
    target = Path(path)
    try:
        if target.exists() and not target.is_file():  # opening a pipe would wait for a writer
            raise _not_regular(path)
        with target.open("rb") as file:
            yield file
    except OSError as error:
        raise UnreadableFileError(
            "The file cannot be read.",
            detail=f"{reason(error)}. Check that it exists and that you may read it.",
            place=str(path),
        ) from error


def _without_bom(file: BinaryIO) -> Iterator[bytes]:
    first = file.readline().removeprefix(BOM)
    if first:
        yield first
    yield from file


def _split_ending(number: int, line: bytes) -> ManifestLine:
    if line.endswith(b"\r\n"):
        return ManifestLine(number, line[:-2], b"\r\n")
    if line.endswith(b"\n"):
        return ManifestLine(number, line[:-1], b"\n")
    return ManifestLine(number, line, b"")


def _write_draft(draft: Path, target: Path, lines: Iterable[bytes], *, bom: bool) -> None:
    with draft.open("xb") as file:
        if bom:
            file.write(BOM)
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    if target.exists():
        shutil.copymode(target, draft)


def _flush_folder(folder: Path) -> None:
    """Make the new name durable. Some file systems cannot; the file itself is whole by now."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _not_regular(path: str | Path) -> UnreadableFileError:
    return UnreadableFileError(
        "This is not a regular file.", detail="Choose a manifest file.", place=str(path)
    )
