"""Where the images of the open workspace are read: in its folder, in S3, or nowhere yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from truthline.errors import ImageError
from truthline.images.source import FirstOf, FolderSource, ImageSource, S3Source

if TYPE_CHECKING:
    from truthline.aws.session import Aws
    from truthline.workspace.workspace import WorkspaceInfo


class NoImages:
    """An `ImageSource` without any image: S3 has to be signed in to first."""

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


def source_of(info: WorkspaceInfo, aws: Aws | None) -> ImageSource:
    """Where images are read by what a workspace says, and S3 too once somebody is signed in.

    The folder comes first: it costs nothing, and a person who opened it expects to see its files.
    """
    sources: list[ImageSource] = []
    if info.images_dir:
        sources.append(FolderSource(Path(info.images_dir), info.target))
    if aws is not None:
        sources.append(S3Source(aws.s3))
    if not sources:
        return NoImages()
    return sources[0] if len(sources) == 1 else FirstOf(*sources)
