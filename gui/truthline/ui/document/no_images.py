"""Images that cannot be read yet: S3 has to be signed in to first."""

from __future__ import annotations

from truthline.errors import ImageError


class NoImages:
    """An `ImageSource` without any image."""

    def version(self, ref: str) -> str | None:  # noqa: ARG002 - as the protocol has it
        """None: nothing is here."""
        return None

    def size(self, ref: str) -> int:
        """Always raises `ImageError`."""
        raise _not_yet(ref)

    def head_bytes(self, ref: str, length: int) -> bytes:  # noqa: ARG002
        """Always raises `ImageError`."""
        raise _not_yet(ref)

    def read(self, ref: str) -> bytes:
        """Always raises `ImageError`."""
        raise _not_yet(ref)


def _not_yet(ref: str) -> ImageError:
    return ImageError("Not reachable yet.", detail="Images are read as soon as S3 answers.", place=ref)
