"""What the operating system's refusals mean, in words.

Python spells an `OSError` as "[Errno 13] Permission denied: '/home/…'", which says to nobody what to do.
"""

from __future__ import annotations

import errno
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from truthline.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "EACCES": "You have no permission for it",
        "EPERM": "You have no permission for it",
        "ENOENT": "There is no such file or folder",
        "EEXIST": "There is something of that name already",
        "EISDIR": "It is a folder, not a file",
        "ENOTDIR": "A part of the path is a file, not a folder",
        "ENOTEMPTY": "The folder is not empty",
        "ENOSPC": "The disk is full",
        "EDQUOT": "Your share of the disk is used up",
        "EFBIG": "The file is too large for this disk",
        "EROFS": "The disk can only be read",
        "EIO": "The disk does not answer as it should; it may be damaged",
        "ENAMETOOLONG": "The name is too long for this disk",
        "EINVAL": "This disk cannot have such a file",
        "ELOOP": "A link leads back to itself",
        "EXDEV": "It cannot be moved to another disk",
        "EMFILE": "Too many files are open",
        "ENFILE": "Too many files are open on this computer",
        "EBUSY": "Another program is using it",
        "ETXTBSY": "Another program is using it",
        "ENOLCK": "This disk cannot lock files",
        "ESTALE": "The network drive has gone away",
        "ENODEV": "The drive has gone away",
        "ENXIO": "The drive has gone away",
        "ENOTCONN": "The network drive has gone away",
        "EHOSTDOWN": "The network drive does not answer",
        "ETIMEDOUT": "It did not answer in time",
        "EPIPE": "Whoever read it has gone",
        "ENOMEM": "There is not enough memory",
        "EADDRINUSE": "Another program uses that port",
        "EADDRNOTAVAIL": "This computer has no such address",
        "ECONNREFUSED": "The other side refused the connection",
        "ECONNRESET": "The other side broke the connection off",
        "ENETUNREACH": "There is no connection to the network",
        "EHOSTUNREACH": "There is no way to that computer",
    }
)
"""By the name of each kind of refusal that a person may meet: a sentence without its full stop."""

_USED_BY_ANOTHER: Final = {32, 33}
"""Windows's own numbers for files that another program holds; Python takes them for a lack of permission."""


def reason(error: OSError) -> str:
    """Why the operating system refused, as a sentence without its full stop."""
    if getattr(error, "winerror", None) in _USED_BY_ANOTHER:
        return "Another program is using it"
    # Windows has names of its own for what befalls connections: WSAECONNREFUSED.
    told = REASONS.get(errno.errorcode.get(error.errno or 0, "").removeprefix("WSA"))
    if told is None and isinstance(error, TimeoutError):
        told = REASONS["ETIMEDOUT"]
    # Without a number it is a library's own, such as Pillow's, which says it in words.
    return told or error.strerror or ("" if error.errno else str(error)) or "The operating system refused"


def as_ours(error: OSError) -> UnreadableFileError:
    """An error that a person can read, of one that nobody foresaw at the place where it happened."""
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return UnreadableFileError(
        "A file or folder cannot be read or written.", detail=f"{reason(error)}.", place=" → ".join(names)
    )
