"""Manifests in S3: sent and looked at, and fetched again."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from truthline.errors import DeniedError, RegionError, ServiceError
from truthline.manifest.file import read_raw_lines
from truthline.manifest.line import split_prefix, split_source_ref
from truthline.progress import Doing, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.sync.service.projects import Work

_PART_BYTES: Final = 8 * 1024 * 1024
"""Read in parts, so that a gigabyte can be cancelled and is never held in memory."""


def manifest_uri(place: str, name: str) -> str:
    """The address of a manifest of that name in ``s3://bucket/prefix``.

    Raises:
        UsageError: ``place`` is not an S3 address.

    """
    bucket, prefix = split_prefix(place)
    folder = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    return f"s3://{bucket}/{folder}{name.replace('/', '_')}"


def check_region(work: Work, place: str, region: str) -> None:
    """Look whether the bucket lies in the region in which the service is to read it.

    Raises:
        NotFoundError: there is no such bucket.
        RegionError: it lies in another one.

    """
    bucket, _ = split_prefix(place)
    try:
        found = work.patience.read(lambda: work.aws.s3.bucket_region(bucket))
    except DeniedError:  # who may write into a bucket need not be allowed to ask that
        return
    if found and found != region:
        raise RegionError(
            f"The bucket {bucket} lies in {found}, and the dataset in {region}.",
            detail="The service reads a manifest only from a bucket in its own region. Choose another one.",
            place=place,
        )


def send_manifest(work: Work, path: Path, uri: str) -> None:
    """Upload a manifest, and look whether it arrived whole.

    Raises:
        ServiceError: it cannot be uploaded, or another size is there then.
        UnreadableFileError: the file cannot be read.

    """
    bucket, key = split_source_ref(uri)
    size = path.stat().st_size
    work.patience.read(
        lambda: work.aws.s3.upload(path, bucket, key, report=work.report, cancel=work.cancel)
    )  # sending it once more does no harm
    found = work.patience.read(lambda: work.aws.s3.head(bucket, key))
    if found is None or found.size != size:
        held = f"{found.size:,} bytes of it" if found else "nothing"
        raise ServiceError(
            f"The manifest did not arrive whole: the bucket holds {held}.",
            detail=f"It has {size:,} bytes. Try again.",
            place=uri,
        )


@contextmanager
def fetched_lines(work: Work, uri: str) -> Iterator[Iterator[bytes]]:
    """The lines of a manifest in S3, without their endings; fetched whole before the first.

    Raises:
        ServiceError: it is not there, or cannot be read.

    """
    bucket, key = split_source_ref(uri)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fetched.manifest")
        with path.open("wb") as file:
            done = 0
            while part := work.patience.read(
                lambda start=done: work.aws.s3.read(bucket, key, start=start, length=_PART_BYTES)  # type: ignore[misc]
            ):
                work.cancel.check()
                file.write(part)
                done += len(part)
                work.report(Progress(Doing.FETCHING_MANIFEST, done))
                if len(part) < _PART_BYTES:
                    break
        yield read_raw_lines(path)
