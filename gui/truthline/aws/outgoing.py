"""A file on its way to S3, as s3transfer reads it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Final

from truthline.errors import UnreadableFileError

if TYPE_CHECKING:
    import threading
    from pathlib import Path

_CONTENT_TYPES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_LOOKED_AT_EACH: Final = 2**20
"""The parts that s3transfer sends are whole megabytes, so each part ends with a look."""
_BUFFER: Final = 2**20


class OutgoingFile:
    """Opened at its first byte, and refused once it is not what it was or ``stopped`` is set.

    So that S3 never stores half of one image and half of another: whenever a megabyte of it, or its end, was
    read, the file is looked at while the request still lacks those bytes. Parts are whole megabytes.
    ``problem`` is what was wrong with the file.
    """

    def __init__(self, path: Path, stopped: threading.Event) -> None:
        self._path = path
        self._stopped = stopped
        self._version = (0, 0)
        self._file: BinaryIO | None = None
        self._at = self._look_at = 0
        self._looked_at = -1
        self.problem: UnreadableFileError | None = None

    def look(self) -> tuple[int, str]:
        """How many bytes the file has, and what its first ones say it is; "" for anything but images."""
        try:
            self._version = _version(self._path)
            with self._path.open("rb", buffering=0) as file:
                first = file.read(8)
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
            raise self._spoilt(unreadable(self._path)) from error
        kind = next((name for magic, name in _CONTENT_TYPES.items() if first.startswith(magic)), "")
        return self._version[0], kind

    def readable(self) -> bool:
        """It is, as s3transfer asks."""
        return True

    def seekable(self) -> bool:
        """It is, as s3transfer asks."""
        return True

    def tell(self) -> int:
        """Where in the file it is, in bytes."""
        return self._at

    def seek(self, where: int, whence: int = 0) -> int:
        """Go elsewhere; an error once the file is spoilt or all is stopped."""
        # boto3 begins a try anew with this; without an error here it would try in vain a few times.
        self._check()
        try:
            self._move_to(self._opened().seek(where, whence))
        except OSError as error:
            raise self._spoilt(unreadable(self._path)) from error
        return self._at

    def read(self, amount: int = -1) -> bytes:
        """The next bytes; an error if they are not those of the file that was looked at."""
        # boto3 signs in pieces of 4 kB: what is done at each of them is most of this module's own time.
        try:
            content = (self._file or self._opened()).read(amount)
        except OSError as error:
            raise self._spoilt(unreadable(self._path)) from error
        self._at += len(content)
        if self._at >= self._look_at or len(content) < amount:
            self._look_again()
        return content

    def close(self) -> None:
        """Close it; reading opens it anew."""
        if self._file:
            self._file.close()
            self._file = None

    def _opened(self) -> BinaryIO:
        if self._file is None:
            # A small file is read at once: boto3 reads in small pieces, up to three times over.
            self._file = self._path.open("rb", buffering=max(8192, min(self._version[0], _BUFFER)))
            self._move_to(0)
        return self._file

    def _move_to(self, at: int) -> None:
        self._at = at
        self._looked_at = -1
        self._look_at = min(self._version[0], at - at % _LOOKED_AT_EACH + _LOOKED_AT_EACH)

    def _look_again(self) -> None:
        self._check()
        if self._at == self._looked_at and self._at >= self._version[0]:
            return  # there is nothing behind the end, however often it is read
        try:
            changed = _version(self._path) != self._version
        except OSError as error:
            raise self._spoilt(unreadable(self._path)) from error
        if changed:
            raise self._spoilt(_changed(self._path))
        self._move_to(self._at)
        self._looked_at = self._at

    def _check(self) -> None:
        if self.problem:
            raise self.problem
        if self._stopped.is_set():
            raise InterruptedError

    def _spoilt(self, problem: UnreadableFileError) -> UnreadableFileError:
        self.problem = problem
        return problem


def unreadable(path: Path) -> UnreadableFileError:
    """What a person is told of a file that is gone or may not be read."""
    detail = "Look whether it is still there and may be read."
    return UnreadableFileError("The file cannot be read.", detail=detail, place=str(path))


def _changed(path: Path) -> UnreadableFileError:
    detail = "Nothing of it was stored. Upload it again once it is complete."
    return UnreadableFileError("The file changed while it was sent.", detail=detail, place=str(path))


def _version(path: Path) -> tuple[int, int]:
    """The file's size in bytes and when it was changed."""
    facts = os.stat(path)  # noqa: PTH116 (several times for each of many small files)
    return facts.st_size, facts.st_mtime_ns
