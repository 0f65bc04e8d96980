"""What other people's formats need to know of images: their names, sizes, orientations and bytes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from truthline.images.decode import fetch_header
from truthline.interchange.model import ImageLookup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from truthline.images.header import Header
    from truthline.images.source import ImageSource
    from truthline.workspace.workspace import Workspace

_HEADERS_KEPT: Final = 65_536
"""A header is asked for by size and by orientation, and read once."""


def image_lookup(
    images: ImageSource, names: Collection[str] | None = None, *, complete: bool = True
) -> ImageLookup:
    """A lookup that reads each image's header once.

    Args:
        images: where images are read.
        names: the source-refs that there are, None if nobody knows.
        complete: whether an image with another name is no image.

    """

    @lru_cache(maxsize=_HEADERS_KEPT)
    def header(ref: str) -> Header:
        return fetch_header(ref, images)

    return ImageLookup(
        names=names,
        complete=complete,
        size_of=lambda ref: header(ref).upright_size,
        orientation_of=lambda ref: header(ref).orientation,
        read=images.read,
    )


def source_refs(workspace: Workspace) -> Iterator[str]:
    """The source-refs of a workspace's entries, by position."""
    return (entry.source_ref for entry in workspace.walk())
