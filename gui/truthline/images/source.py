"""Where images are read: a folder that stands for an S3 prefix, S3 itself, or one before the other.

A source-ref comes from a file that somebody else may have written, so its S3 key never becomes a file's name
unchecked: see `FolderSource`.
"""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from truthline.errors import ImageError
from truthline.images.limits import MAX_BYTES, check_size
from truthline.manifest.line import split_source_ref
from truthline.reasons import reason

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_KEPT: Final = 65_536
"""A quarter of the largest dataset: more than a person scrolls past, and a few megabytes."""
_UNSAFE_NAME: Final = re.compile(r"[. ]*|[A-Za-z]:.*|.*[\\\0].*", re.DOTALL)
"""Nothing but dots and spaces (Windows drops those at a name's end), a drive, a backslash or NUL."""
_Facts = TypeVar("_Facts")


class ImageSource(Protocol):
    """Reads images by source-ref, from any thread.

    Every method but `version` raises `ImageError` where the image is not here, and all of them `ServiceError`
    where S3 cannot be asked.
    """

    def version(self, ref: str) -> str | None:
        """A text that changes when the image does; None if the image is not here."""

    def size(self, ref: str) -> int:
        """How many bytes the image has."""

    def head_bytes(self, ref: str, length: int) -> bytes:
        """The first ``length`` bytes, fewer if the image has no more."""

    def read(self, ref: str) -> bytes:
        """The whole image; `ImageError` if it has more than `MAX_BYTES`, which is looked at first."""


class FolderSource:
    """Images in a folder and below it.

    With a ``target`` such as ``s3://bucket/prefix`` the folder stands for that prefix: what follows it in a
    source-ref is the file's place below the folder, and source-refs elsewhere are not here. Without one, the
    longest ending of the S3 key that exists below the folder is taken: of ``a/b/c.jpg`` first ``a/b/c.jpg``,
    then ``b/c.jpg``, then ``c.jpg``. What was found once is kept as long as it exists.

    Keys with a segment that is empty, of dots or spaces only, begins like a Windows drive or holds a
    backslash or NUL are refused on every system, so none leads out of the folder. Symbolic links are
    followed, also out of it: only the person who owns the folder can put one there.
    """

    def __init__(self, images_dir: Path, target: str = "") -> None:
        self._dir = images_dir
        self._prefix = f"{target.rstrip('/')}/" if target else ""
        self._found: dict[str, Path] = {}

    def find(self, ref: str) -> Path:
        """The image's file, or `ImageError` if there is none."""
        return self._find(ref)[0]

    def version(self, ref: str) -> str | None:
        """From the file's time and size."""
        try:
            facts = self._find(ref)[1]
        except ImageError:
            return None
        return f"{facts.st_mtime_ns}-{facts.st_size}"

    def size(self, ref: str) -> int:
        """The file's size in bytes."""
        return self._find(ref)[1].st_size

    def head_bytes(self, ref: str, length: int) -> bytes:
        """The file's first bytes."""
        path = self.find(ref)
        try:
            with path.open("rb") as file:
                return file.read(length)
        except OSError as error:
            raise ImageError(
                "The file cannot be read.", detail=f"{reason(error)}. It is {path}.", place=ref
            ) from error

    def read(self, ref: str) -> bytes:
        """The file's bytes."""
        check_size(self.size(ref), ref)
        data = self.head_bytes(ref, MAX_BYTES + 1)
        check_size(len(data), ref)  # it may have grown in between
        return data

    def _find(self, ref: str) -> tuple[Path, os.stat_result]:
        names = self._names(ref)
        for path in self._candidates(ref, names):
            facts = _regular_file(path)
            if facts is not None:
                _keep(self._found, ref, path)
                return path, facts
        detail = f"Look for {'/'.join(names)} there, or choose the folder that holds it."
        raise ImageError(f"There is no file for this image in {self._dir}.", detail=detail, place=ref)

    def _candidates(self, ref: str, names: Sequence[str]) -> Iterator[Path]:
        if self._prefix:
            yield self._dir.joinpath(*names)
            return
        if (kept := self._found.get(ref)) is not None:
            yield kept
        # The longest first: of two files of one name, that in folders of the same names is meant.
        for start in range(len(names)):
            yield self._dir.joinpath(*names[start:])

    def _names(self, ref: str) -> list[str]:
        """The names of the folders and the file that the source-ref leads through."""
        _, key = _split(ref)
        if self._prefix and not ref.startswith(self._prefix):
            raise ImageError(
                f"The image lies outside {self._prefix}, which the folder {self._dir} stands for.",
                detail="Open it from S3, or choose the folder that holds it.",
                place=ref,
            )
        names = (ref.removeprefix(self._prefix) if self._prefix else key).split("/")
        for name in names:
            if _UNSAFE_NAME.fullmatch(name):
                raise ImageError(
                    f"The name {name!r} in this source-ref cannot be that of a local file.",
                    detail="Give the image another S3 key, or open it from S3.",
                    place=ref,
                )
        return names


class ObjectFacts(Protocol):
    """What S3 knows of an object."""

    @property
    def size(self) -> int:
        """How many bytes."""

    @property
    def etag(self) -> str:
        """Changes with the content."""


class ObjectStore(Protocol):
    """As much of `truthline.aws.s3.S3` as reading images takes."""

    def head(self, bucket: str, key: str) -> ObjectFacts | None:
        """The object's facts, None if there is none."""

    def read(self, bucket: str, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """``length`` of its bytes from ``start`` on, fewer if it has no more."""


class S3Source:
    """Images in S3.

    An object is asked for its facts once and then believed until its size turns out to be another, so a
    gallery costs one request an image; a new source asks again. Objects that are missing are asked for each
    time, as an upload may bring them.
    """

    def __init__(self, s3: ObjectStore) -> None:
        self._s3 = s3
        self._facts: dict[str, ObjectFacts] = {}

    def version(self, ref: str) -> str | None:
        """The object's ETag."""
        try:
            return self._head(ref).etag
        except ImageError:
            return None

    def size(self, ref: str) -> int:
        """The object's size in bytes."""
        return self._head(ref).size

    def head_bytes(self, ref: str, length: int) -> bytes:
        """The object's first bytes, by a ranged GET."""
        bucket, key = _split(ref)
        return self._s3.read(bucket, key, length=length)

    def read(self, ref: str) -> bytes:
        """The object's bytes."""
        for _ in range(2):  # once more if the object has changed since it was asked for
            size = self.size(ref)
            check_size(size, ref)
            # One byte more than expected tells whether it has grown.
            data = self._s3.read(*_split(ref), length=size + 1)
            if len(data) == size:
                return data
            self._facts.pop(ref, None)
        raise ImageError("The image changed while it was read.", detail="Open it again.", place=ref)

    def _head(self, ref: str) -> ObjectFacts:
        kept = self._facts.get(ref)
        if kept is not None:
            return kept
        facts = self._s3.head(*_split(ref))
        if facts is None:
            raise ImageError(
                "There is no such object in S3.",
                detail="Upload the image, or look whether its source-ref is right.",
                place=ref,
            )
        _keep(self._facts, ref, facts)
        return facts


class FirstOf:
    """Several sources in order: an image is read where it is found first, so that local files spare S3."""

    def __init__(self, *sources: ImageSource) -> None:
        self._before = sources[:-1]
        self._last = sources[-1]

    def version(self, ref: str) -> str | None:
        """As the source that has the image says."""
        return self._holder(ref).version(ref)

    def size(self, ref: str) -> int:
        """As the source that has the image says."""
        return self._holder(ref).size(ref)

    def head_bytes(self, ref: str, length: int) -> bytes:
        """From the source that has the image."""
        return self._holder(ref).head_bytes(ref, length)

    def read(self, ref: str) -> bytes:
        """From the source that has the image."""
        return self._holder(ref).read(ref)

    def _holder(self, ref: str) -> ImageSource:
        """The first source that has it, else the last, whose error then tells that it is nowhere."""
        return next((source for source in self._before if source.version(ref) is not None), self._last)


def _split(ref: str) -> tuple[str, str]:
    try:
        return split_source_ref(ref)
    except ValueError as error:
        raise ImageError(
            "The source-ref is no S3 address.", detail="It must look like s3://bucket/key.", place=ref
        ) from error


def _regular_file(path: Path) -> os.stat_result | None:
    """The file's facts; None if it is missing, unreachable, or a folder, device or pipe."""
    try:
        facts = path.stat()
    except (OSError, ValueError):  # ValueError: a name that this system cannot have
        return None
    return facts if stat.S_ISREG(facts.st_mode) else None


def _keep(kept: dict[str, _Facts], ref: str, value: _Facts) -> None:
    """Keep within a bound; starting over now and then is cheaper than counting uses."""
    if len(kept) >= _KEPT:
        kept.clear()
    kept[ref] = value
