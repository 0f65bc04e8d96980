"""The images that go with a file or folder of labels, so that it can be converted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from truthline.errors import UsageError
from truthline.images.source import FolderSource
from truthline.interchange.model import ImageLookup
from truthline.manifest.line import is_s3_uri, split_prefix
from truthline.sync.opening.folder import images_in
from truthline.sync.opening.lookup import image_lookup

if TYPE_CHECKING:
    from truthline.images.source import ImageSource

_LOCAL: Final = "s3://local/images"
"""Stands before refs that are relative paths, so that they are checked as source-refs are."""


def source_lookup(source: Path, images_dir: str = "", target: str = "") -> ImageLookup:
    """Know the images of ``images_dir``, or else those that lie among the labels.

    Args:
        source: the file or folder of labels.
        images_dir: the folder of the images.
        target: the S3 prefix that this folder stands for; without it the images' refs are relative paths.

    Raises:
        UsageError: ``target`` is no S3 address, or there is no image in ``images_dir``.
        UnreadableFileError: a folder cannot be read.

    """
    if target:
        split_prefix(target)
    if images_dir:
        return folder_lookup(Path(images_dir), target)
    # Beside a single file lies anything; only a data.yaml is the middle of its folder.
    folder = source.parent if source.suffix in {".yaml", ".yml"} else source
    return folder_lookup(folder, target) if folder.is_dir() and images_in(folder) else ImageLookup()


def folder_lookup(images_dir: Path, target: str = "") -> ImageLookup:
    """Know the images of a folder; arguments and errors as those of `source_lookup`."""
    if not images_dir.is_dir():
        raise UsageError(
            "There is no such folder of images.", detail="Check its name.", place=str(images_dir)
        )
    names = images_in(images_dir)
    if not names:
        raise UsageError(
            "There is no PNG or JPEG image in this folder.",
            detail="Choose the one that holds the images.",
            place=str(images_dir),
        )
    target = target.rstrip("/")
    return image_lookup(
        _Folder(images_dir, target), [f"{target}/{name}" if target else name for name in names]
    )


class _Folder:
    """A folder of images whose refs may also be relative paths."""

    def __init__(self, images_dir: Path, target: str) -> None:
        self._named = FolderSource(images_dir, _LOCAL)
        self._addressed = FolderSource(images_dir, target)

    def version(self, ref: str) -> str | None:
        return self._source(ref).version(self._address(ref))

    def size(self, ref: str) -> int:
        return self._source(ref).size(self._address(ref))

    def head_bytes(self, ref: str, length: int) -> bytes:
        return self._source(ref).head_bytes(self._address(ref), length)

    def read(self, ref: str) -> bytes:
        return self._source(ref).read(self._address(ref))

    def _source(self, ref: str) -> ImageSource:
        return self._addressed if is_s3_uri(ref) else self._named

    @staticmethod
    def _address(ref: str) -> str:
        return ref if is_s3_uri(ref) else f"{_LOCAL}/{ref}"
