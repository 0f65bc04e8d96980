"""What a person can open: a manifest, a folder of images, an S3 prefix, a dataset, a workspace file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from truthline.errors import UnreadableFileError, UsageError
from truthline.reasons import reason

_SQLITE_MAGIC: Final = b"SQLite format 3\x00"
_IMAGE_SUFFIXES: Final = (".png", ".jpg", ".jpeg")


class SourceKind(StrEnum):
    """Kinds of sources, in a person's words."""

    MANIFEST = "manifest"
    FOLDER = "folder of images"
    WORKSPACE = "workspace"
    S3_PREFIX = "S3 prefix"
    DATASET = "dataset"


@dataclass(frozen=True, slots=True)
class Source:
    """Something that can be opened; ``text`` is its path, ``s3://`` address or ARN as it was given."""

    kind: SourceKind
    text: str

    @property
    def path(self) -> Path:
        """The file or folder."""
        return Path(self.text)

    @property
    def name(self) -> str:
        """A short name for it."""
        if self.kind is SourceKind.DATASET:
            return self.text.split(":project/")[1].split("/")[0]
        if self.kind is SourceKind.S3_PREFIX:
            return self.text.rstrip("/").rpartition("/")[2]
        return self.path.resolve().stem


def recognise(text: str) -> Source:
    """Tell what kind of source ``text`` names.

    Raises:
        UsageError: it is none of them; the detail says what is.
        UnreadableFileError: it is a file that cannot be read, or not a regular one.

    """
    if text.startswith("arn:"):
        # Told apart by a window that is not to wait for the service's clients to be loaded.
        from truthline.aws.rekognition import parse_dataset_arn  # noqa: PLC0415

        return Source(SourceKind.DATASET, parse_dataset_arn(text).text)
    if text.startswith("s3://"):
        from truthline.manifest.line import split_prefix  # noqa: PLC0415 - the first window needs it not

        split_prefix(text)
        return Source(SourceKind.S3_PREFIX, text)
    path = Path(text)
    if text and path.is_dir():
        return Source(SourceKind.FOLDER, text)
    if not text or not path.exists():
        raise UsageError(
            "There is no such file or folder.",
            detail="Give a manifest, a folder of images, a workspace, s3://bucket/prefix or a dataset's ARN.",
            place=text,
        )
    is_workspace = _first_bytes(path, len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    return Source(SourceKind.WORKSPACE if is_workspace else SourceKind.MANIFEST, text)


def has_image_suffix(name: str) -> bool:
    """Whether a file or key is called like a PNG or JPEG."""
    return name.lower().endswith(_IMAGE_SUFFIXES)


def _first_bytes(path: Path, count: int) -> bytes:
    if not path.is_file():
        raise UnreadableFileError("This is not a regular file.", place=str(path))
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise UnreadableFileError(
            "The file cannot be read.", detail=f"{reason(error)}.", place=str(path)
        ) from error
