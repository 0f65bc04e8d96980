"""Images that a push needs in the bucket and that lie only on this computer: find them, send them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from truthline.aws.transfer import Upload
from truthline.errors import ImageError, UnreadableFileError
from truthline.images.source import FolderSource
from truthline.manifest.line import split_source_ref
from truthline.progress import Doing, Progress, ignore_progress, in_blocks
from truthline.workspace.workspace import Filter, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from truthline.aws.s3 import S3, ObjectFacts
    from truthline.progress import CancelToken, Report
    from truthline.workspace.workspace import Workspace

__all__ = ["Comparison", "Upload", "compare_images", "upload_images"]

_ASKED_ONE_BY_ONE: Final = 100
"""So many images are asked for one by one; for more, listing the bucket takes fewer calls."""
_AT_A_TIME: Final = 8
"""Requests wait for the network and not for this computer."""
_COMPARED_AT_ONCE: Final = 200
"""So many futures wait at a time, and a cancel is heeded after as many."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The images of changed entries that are in the workspace's folder and not, or otherwise, in the bucket.

    ``different`` are those whose key has other bytes in the bucket. The dataset means the bucket's, and they
    may be somebody else's: nothing but a person may decide to replace them.
    """

    missing: list[Upload]
    different: list[Upload]


@dataclass(slots=True)
class ImageAnswers:
    """What a person said of images, so that a push that is resumed asks nothing twice.

    ``agreed`` are the source-refs of those to be uploaded, ``kept`` of those for which the bucket's count.
    """

    agreed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    def open(self, found: Comparison) -> Comparison:
        """What nobody has said anything of yet."""
        return replace(found, different=[one for one in found.different if one.source_ref not in self.kept])

    def agreed_of(self, found: Comparison) -> list[Upload]:
        """Those that shall be uploaded, of those that still have to be."""
        both = (*found.missing, *found.different)
        return [upload for upload in both if upload.source_ref in self.agreed]


def compare_images(
    workspace: Workspace, s3: S3, *, cancel: CancelToken, report: Report = ignore_progress
) -> Comparison:
    """Compare the local images of changed entries with the bucket's, by their size, then by their content.

    Nothing to be done for a workspace without a folder. An image that is neither here nor in the bucket is
    not named: the service reports it. Neither is one whose bytes cannot be read while the bucket has one of
    its size. Where S3 keeps nothing by which the content could be told, the equal size has to do.

    Raises:
        ServiceError: the bucket cannot be asked.

    """
    if not workspace.info.images_dir:
        return Comparison([], [])
    local = list(_local(workspace, cancel))
    report(Progress(Doing.LISTING_IMAGES, 0, len(local)))
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        held = _asked(s3, local, cancel, pool) if len(local) <= _ASKED_ONE_BY_ONE else None
        if held is None:
            held = _listed(s3, local, cancel)
        missing = [upload for upload in local if (upload.bucket, upload.key) not in held]
        both = [
            (upload, facts)
            for upload in local
            if (facts := held.get((upload.bucket, upload.key))) is not None
        ]
        return Comparison(missing, list(_different(s3, both, cancel, report, pool)))


def upload_images(
    uploads: Sequence[Upload], s3: S3, *, cancel: CancelToken, report: Report = ignore_progress
) -> None:
    """Send the images, several at a time; those sent before a cancel or an error stay sent.

    To go on after that, compare again: what is in the bucket is not missing any more.

    Raises:
        TruthlineError: some could not be read or have no possible key; all others are sent.
        ServiceError: the bucket refused, or could not be reached.

    """
    s3.upload_all(uploads, report=report, cancel=cancel)


def _asked(
    s3: S3, uploads: Sequence[Upload], cancel: CancelToken, pool: ThreadPoolExecutor
) -> dict[tuple[str, str], ObjectFacts]:
    def ask(upload: Upload) -> ObjectFacts | None:
        cancel.check()
        return s3.head(upload.bucket, upload.key)

    asked = zip(uploads, pool.map(ask, uploads), strict=True)
    return {(upload.bucket, upload.key): facts for upload, facts in asked if facts is not None}


def _listed(s3: S3, uploads: Sequence[Upload], cancel: CancelToken) -> dict[tuple[str, str], ObjectFacts]:
    """Those of the uploads that are among what the buckets hold below their common prefixes."""
    keys: dict[str, set[str]] = {}
    for upload in uploads:
        keys.setdefault(upload.bucket, set()).add(upload.key)
    held = {}
    for bucket, wanted in keys.items():
        for found in s3.list(bucket, _common_prefix(wanted)):
            cancel.check()
            if found.key in wanted:
                held[bucket, found.key] = found
    return held


def _different(
    s3: S3,
    both: Sequence[tuple[Upload, ObjectFacts]],
    cancel: CancelToken,
    report: Report,
    pool: ThreadPoolExecutor,
) -> Iterator[Upload]:
    def differs(one: tuple[Upload, ObjectFacts]) -> bool:
        upload, facts = one
        cancel.check()
        if upload.size != facts.size:
            return True
        try:
            return not s3.has_content(upload.bucket, facts, upload.path)
        except UnreadableFileError:
            return False

    for some in in_blocks(both, _COMPARED_AT_ONCE, step=Progress(Doing.COMPARING_IMAGES), report=report):
        yield from (one[0] for one, told in zip(some, pool.map(differs, some), strict=True) if told)


def _common_prefix(keys: Collection[str]) -> str:
    # S3's prefixes are of characters, not of folders; the first and last in order differ the most
    first, last = min(keys), max(keys)
    return next((first[:place] for place, char in enumerate(first) if last[place : place + 1] != char), first)


def _local(workspace: Workspace, cancel: CancelToken) -> Iterator[Upload]:
    folder = FolderSource(Path(workspace.info.images_dir), workspace.info.target)
    seen: set[str] = set()
    for entry in workspace.walk(Filter(kind=Kind.CHANGED)):
        cancel.check()
        if entry.source_ref in seen or entry.damaged:
            continue
        seen.add(entry.source_ref)
        try:
            bucket, key = split_source_ref(entry.source_ref)
            path = folder.find(entry.source_ref)
            yield Upload(path, bucket, key, path.stat().st_size)
        except (ValueError, ImageError, OSError):
            continue
