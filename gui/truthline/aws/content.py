"""Whether a file and an object hold the same bytes, told by what S3 keeps of the object."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PIECE: Final = 2**20
_CHECKSUMS: Final = ("SHA256", "SHA1", "CRC32")
"""Those of S3's that Python has; an object has one at most."""


def digest(path: Path, name: str) -> bytes:
    """The file's MD5, SHA1, SHA256 or CRC32, in the order of bytes that S3 uses."""
    with path.open("rb") as file:
        if name != "CRC32":
            return hashlib.file_digest(file, lambda: hashlib.new(name, usedforsecurity=False)).digest()
        value = 0
        while piece := file.read(_PIECE):
            value = zlib.crc32(piece, value)
        return value.to_bytes(4, "big")


def same_by_checksum(path: Path, kept: Mapping[str, object]) -> bool:
    """Compare a file with an object of the same size whose ETag is not the file's MD5.

    ``kept`` is S3's answer to HeadObject with ChecksumMode. True where it tells nothing of the bytes: the
    ETag of an object that was sent in parts, or is encrypted with a key of the account's, is not their MD5.
    """
    for name in _CHECKSUMS:
        value = str(kept.get(f"Checksum{name}", ""))
        # A composite one is the checksum of the parts' checksums, and the parts' sizes are not known here.
        if value and "-" not in value and kept.get("ChecksumType") != "COMPOSITE":
            return base64.b64encode(digest(path, name)).decode() == value
    etag_is_md5 = (
        "-" not in str(kept.get("ETag", "-"))
        and kept.get("ServerSideEncryption", "AES256") == "AES256"
        and "SSECustomerAlgorithm" not in kept
    )
    return not etag_is_md5
