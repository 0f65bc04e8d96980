"""S3: the images' and manifests' objects."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from truthline.aws.translate import member, translated
from truthline.errors import NotFoundError, ServiceError, UnreadableFileError
from truthline.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from s3transfer.subscribers import BaseSubscriber

    from truthline.aws.causes import Caller
    from truthline.progress import CancelToken, Report

_CONTENT_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_LOOK_SECONDS = 0.1
_OLD_REGION_NAMES = {"": "us-east-1", "EU": "eu-west-1"}


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What S3 knows of an object: ``size`` in bytes, ``etag`` without its quotes."""

    key: str
    size: int
    etag: str
    modified: datetime


class S3:
    """The calls that Truthline makes. Every one raises `ServiceError`; all may be used from any thread.

    Keys are passed and given exactly as they are, whatever characters they hold.
    """

    def __init__(self, client: S3Client, caller: Caller) -> None:
        self._client = client
        self._caller = caller

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def head(self, bucket: str, key: str) -> ObjectFacts | None:
        """The object's facts, or None if there is no such object or bucket."""
        try:
            with translated("look at the object", place=_place(bucket, key), caller=self._caller):
                answer = self._client.head_object(Bucket=bucket, Key=key)
                return _facts(key, answer, member(answer, "ContentLength", int))
        except NotFoundError:
            return None

    def read(self, bucket: str, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """The object's bytes from ``start`` on, ``length`` of them or up to its end.

        Past the end there are none. Half an object is never given.

        Raises:
            OfflineError: the connection broke off; reading again may help.

        """
        wanted: dict[str, Any] = {"Bucket": bucket, "Key": key}
        if length == 0:
            return b""
        if start or length is not None:
            end = "" if length is None else start + length - 1
            wanted["Range"] = f"bytes={start}-{end}"
        try:
            with translated("read the object", place=_place(bucket, key), caller=self._caller):
                return _body(self._client.get_object(**wanted), ranged="Range" in wanted)
        except ServiceError as error:
            if error.code == "InvalidRange":
                return b""
            raise

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectFacts]:
        """The objects whose keys begin with ``prefix``, in the order of their keys' bytes."""
        wanted: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
        place = _place(bucket, prefix)
        seen: set[str] = set()
        while True:
            with translated("list the objects", place=place, caller=self._caller):
                answer = self._client.list_objects_v2(**wanted)
                page = [
                    _facts(each["Key"], each, member(each, "Size", int))
                    for each in answer.get("Contents", ())
                ]
                more = member(answer, "IsTruncated", bool)
                token = answer.get("NextContinuationToken", "")
            yield from page
            if not more:
                return
            if not token or token in seen:
                raise ServiceError("Could not list the objects: the listing goes in a circle.", place=place)
            seen.add(token)
            wanted["ContinuationToken"] = token

    def upload(self, path: Path, bucket: str, key: str, *, report: Report, cancel: CancelToken) -> None:
        """Store a file as an object, in parts if it is large.

        ``report`` is called on this thread with bytes done and in total.

        Raises:
            UnreadableFileError: the file cannot be read.
            CancelledError: the person cancelled; the object is then as it was before.

        """
        cancel.check()
        content_type = _content_type(path)
        place = _place(bucket, key)
        with translated("upload the file", place=place, caller=self._caller):
            try:
                self._upload(path, bucket, key, content_type, report, cancel)
            except (FileNotFoundError, PermissionError) as error:
                raise _unreadable(path) from error

    def create_bucket(self, bucket: str) -> None:
        """Make a bucket in the region of this connection."""
        region = self._client.meta.region_name
        elsewhere: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with translated("create the bucket", place=f"s3://{bucket}", caller=self._caller):
            self._client.create_bucket(Bucket=bucket, **({} if region == "us-east-1" else elsewhere))

    def bucket_region(self, bucket: str) -> str:
        """The region in which the bucket lies."""
        with translated("find the bucket's region", place=f"s3://{bucket}", caller=self._caller):
            try:
                region = self._client.head_bucket(Bucket=bucket).get("BucketRegion", "")
            except Exception as error:
                region = _region_in(error)
                if not region:
                    raise
            if region:
                return region
            answer: Mapping[str, Any] = self._client.get_bucket_location(Bucket=bucket)
            named = answer.get("LocationConstraint") or ""
            return _OLD_REGION_NAMES.get(named, named)

    def _upload(
        self, path: Path, bucket: str, key: str, content_type: str, report: Report, cancel: CancelToken
    ) -> None:
        from s3transfer.manager import TransferManager  # noqa: PLC0415 (slow to import)

        size = path.stat().st_size
        more = {"ContentType": content_type} if content_type else {}
        watch = _Watch()
        # Leaving this block with an error, such as a cancel, stops the transfer and removes its parts.
        with TransferManager(self._client) as manager:
            subscribers = [cast("BaseSubscriber", watch)]
            future = manager.upload(str(path), bucket, key, extra_args=more, subscribers=subscribers)
            _follow(watch, path.name, size, report, cancel)
            future.result()
        report(Progress(f"Uploading {path.name}", size, size))


class _Watch:
    """s3transfer's subscriber: counts the bytes sent and knows when all is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.sent = 0
        self._lock = threading.Lock()

    def on_progress(self, bytes_transferred: int, **_: object) -> None:
        """Count; bytes that must be sent again come as a negative number."""
        with self._lock:
            self.sent += bytes_transferred

    def on_done(self, **_: object) -> None:
        """Wake whoever waits, whether the upload succeeded or failed."""
        self.over.set()


def _follow(watch: _Watch, name: str, size: int, report: Report, cancel: CancelToken) -> None:
    """Report how far an upload is until it is over, or raise as soon as the person cancels."""
    reported = -1
    while not watch.over.wait(_LOOK_SECONDS):
        cancel.check()
        if watch.sent != reported:
            reported = watch.sent
            report(Progress(f"Uploading {name}", reported, size))


def _facts(key: str, told: Mapping[str, Any], size: int) -> ObjectFacts:
    return ObjectFacts(
        key, size, str(told.get("ETag", "")).strip('"'), member(told, "LastModified", datetime)
    )


def _body(answer: Mapping[str, Any], *, ranged: bool) -> bytes:
    """All that the answer promises."""
    stream = answer[
        "Body"
    ]  # no ``with``: its context manager gives a stream that skips the check of the length
    try:
        member(answer, "ContentLength", int)
        if ranged:
            member(answer, "ContentRange", str)
        content: bytes = stream.read()
    finally:
        stream.close()
    return content


def _region_in(error: Exception) -> str:
    """The region that S3 names even while it refuses."""
    metadata = getattr(error, "response", {}).get("ResponseMetadata", {})
    return str(metadata.get("HTTPHeaders", {}).get("x-amz-bucket-region", ""))


def _content_type(path: Path) -> str:
    """What the file's first bytes say it is; "" for anything but the two kinds of images."""
    try:
        with path.open("rb") as file:
            first = file.read(8)
    except OSError as error:
        raise _unreadable(path) from error
    return next((name for magic, name in _CONTENT_TYPES.items() if first.startswith(magic)), "")


def _unreadable(path: Path) -> UnreadableFileError:
    detail = "Look whether it is still there and may be read."
    return UnreadableFileError("The file cannot be read.", detail=detail, place=str(path))


def _place(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"
