"""S3: the images' and manifests' objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from truthline.aws.content import digest, same_by_checksum
from truthline.aws.outgoing import unreadable
from truthline.aws.transfer import Transfer, Upload, failure_of_many, object_place
from truthline.aws.translate import member, translated
from truthline.errors import FaultError, NotFoundError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from truthline.aws.causes import Caller
    from truthline.progress import CancelToken, Report

# What GetBucketLocation says of buckets from before regions had names.
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
            with translated("look at the object", place=object_place(bucket, key), caller=self._caller):
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
            with translated("read the object", place=object_place(bucket, key), caller=self._caller):
                return _body(self._client.get_object(**wanted), ranged="Range" in wanted)
        except ServiceError as error:
            if error.code == "InvalidRange":  # also what S3 says of any range of an empty object
                return b""
            raise

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectFacts]:
        """The objects whose keys begin with ``prefix``, in the order of their keys' bytes."""
        wanted: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
        place = object_place(bucket, prefix)
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
                raise FaultError("Could not list the objects: the listing goes in a circle.", place=place)
            seen.add(token)
            wanted["ContinuationToken"] = token

    def upload(self, path: Path, bucket: str, key: str, *, report: Report, cancel: CancelToken) -> None:
        """Store a file as an object, in parts if it is large; S3 checks that all bytes arrived.

        ``report`` is called on this thread with bytes done and in total.

        Raises:
            UnreadableFileError: the file cannot be read, or changed while it was sent.
            UsageError: S3 cannot have such a key.
            CancelledError: the person cancelled; an object is never stored by halves.

        """
        try:
            size = path.stat().st_size
        except OSError:
            size = 0  # what is wrong with it is told when it is read
        transfer = Transfer(self._client, self._caller, 1, size, report=report, cancel=cancel)
        failures = transfer.run([Upload(path, bucket, key, size)])
        if failures:
            raise failures[0]

    def upload_all(self, uploads: Sequence[Upload], *, report: Report, cancel: CancelToken) -> None:
        """Store images, several at a time. One that cannot be read does not keep the others from being sent.

        ``report`` is called on this thread, at most about ten times a second, with bytes done and in total.
        What was stored before an error or a cancel stays.

        Raises:
            TruthlineError: some could not be sent, all others were: `UnreadableFileError`, `UsageError` or
                whatever the first one's problem was. It names how many and the first ones.
            ServiceError: S3 refused, or could not be asked; nothing more was sent.
            CancelledError: the person cancelled; an object is never stored by halves.

        """
        count, size = len(uploads), sum(upload.size for upload in uploads)
        transfer = Transfer(self._client, self._caller, count, size, report=report, cancel=cancel)
        failures = transfer.run(uploads)
        if failures:
            raise failure_of_many(failures, count)

    def has_content(self, bucket: str, facts: ObjectFacts, path: Path) -> bool:
        """Whether an object holds the same bytes as a file, as far as S3 tells without sending them.

        By the MD5 that the ETag is in most buckets, else by a checksum that S3 keeps. With neither, as of an
        object that was sent in parts without one, the equal size has to do.

        Raises:
            UnreadableFileError: the file cannot be read.

        """
        try:
            if path.stat().st_size != facts.size:
                return False
            if digest(path, "MD5").hex() == facts.etag:
                return True
            place = object_place(bucket, facts.key)
            with translated("look at the object", place=place, caller=self._caller):
                kept = self._client.head_object(Bucket=bucket, Key=facts.key, ChecksumMode="ENABLED")
            return same_by_checksum(path, kept)
        except OSError as error:
            raise unreadable(path) from error

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
                # Also a refusal names it, so that a person without the permission hears of the wrong region.
                region = _region_in(error)
                if not region:
                    raise
            if region:
                return region
            answer: Mapping[str, Any] = self._client.get_bucket_location(Bucket=bucket)
            named = answer.get("LocationConstraint") or ""
            return _OLD_REGION_NAMES.get(named, named)


def _facts(key: str, told: Mapping[str, Any], size: int) -> ObjectFacts:
    return ObjectFacts(
        key, size, str(told.get("ETag", "")).strip('"'), member(told, "LastModified", datetime)
    )


def _body(answer: Mapping[str, Any], *, ranged: bool) -> bytes:
    """All that the answer promises."""
    # No ``with``: its context manager gives a stream that skips the check of the length.
    stream = answer["Body"]
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
