"""Images that a push needs in the bucket and that lie only on this computer: find them, send them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from truthline.errors import ImageError
from truthline.images.source import FolderSource
from truthline.manifest.line import split_source_ref
from truthline.progress import Progress, ignore_progress
from truthline.workspace.workspace import EntryId, Filter, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from truthline.aws.s3 import S3
    from truthline.progress import CancelToken, Report
    from truthline.workspace.workspace import Workspace

_ASKED_ONE_BY_ONE: Final = 100
"""So many images are asked for one by one; for more, listing the bucket takes fewer calls."""
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Upload:
    """A local image and where it belongs; ``size`` counts bytes."""

    path: Path
    bucket: str
    key: str
    size: int


def missing_images(
    workspace: Workspace, s3: S3, *, cancel: CancelToken, report: Report = ignore_progress
) -> list[Upload]:
    """Images of changed entries that lie in the workspace's folder and not in the bucket.

    Empty for a workspace without a folder. An image that is neither here nor in the bucket is not named:
    the service reports it.

    Raises:
        ServiceError: the bucket cannot be asked.

    """
    if not workspace.info.images_dir:
        return []
    local = list(_local(workspace, cancel))
    report(Progress(f"Looking in the bucket for {len(local):,} images", 0, len(local)))
    if len(local) <= _ASKED_ONE_BY_ONE:
        return [upload for upload in local if not _in_bucket(s3, upload, cancel)]
    held = set(_listed(s3, local, cancel))
    return [upload for upload in local if (upload.bucket, upload.key) not in held]


def upload_images(
    uploads: Sequence[Upload], s3: S3, *, cancel: CancelToken, report: Report = ignore_progress
) -> None:
    """Send the images one after the other; those sent before a cancel or an error stay sent.

    Raises:
        UnreadableFileError: an image can no longer be read.
        ServiceError: the bucket refused one.

    """
    total = sum(upload.size for upload in uploads)
    sent = 0
    for number, upload in enumerate(uploads, 1):
        text = f"Uploading image {number:,} of {len(uploads):,}"

        def tell(progress: Progress, text: str = text, before: int = sent) -> None:
            report(Progress(text, before + progress.done, total))

        cancel.check()
        tell(Progress(text))
        s3.upload(upload.path, upload.bucket, upload.key, report=tell, cancel=cancel)
        sent += upload.size


def _in_bucket(s3: S3, upload: Upload, cancel: CancelToken) -> bool:
    cancel.check()
    return s3.head(upload.bucket, upload.key) is not None


def _listed(s3: S3, uploads: Iterable[Upload], cancel: CancelToken) -> Iterator[tuple[str, str]]:
    """What the buckets hold below the uploads' common prefixes."""
    keys: dict[str, list[str]] = {}
    for upload in uploads:
        keys.setdefault(upload.bucket, []).append(upload.key)
    for bucket, wanted in keys.items():
        for found in s3.list(bucket, _common_prefix(wanted)):
            cancel.check()
            yield bucket, found.key


def _common_prefix(keys: Sequence[str]) -> str:
    # S3's prefixes are of characters, not of folders; the first and last in order differ the most
    first, last = min(keys), max(keys)
    return next((first[:place] for place, char in enumerate(first) if last[place : place + 1] != char), first)


def _local(workspace: Workspace, cancel: CancelToken) -> Iterator[Upload]:
    folder = FolderSource(Path(workspace.info.images_dir), workspace.info.target)
    seen: set[str] = set()
    ids = [EntryId(entry_id) for entry_id in workspace.ids(Filter(kind=Kind.CHANGED))]
    for start in range(0, len(ids), _CHUNK):
        cancel.check()
        for entry in workspace.entries(ids[start : start + _CHUNK]):
            if entry.source_ref in seen:
                continue
            seen.add(entry.source_ref)
            try:
                bucket, key = split_source_ref(entry.source_ref)
                path = folder.find(entry.source_ref)
                yield Upload(path, bucket, key, path.stat().st_size)
            except (ValueError, ImageError, OSError):
                continue
