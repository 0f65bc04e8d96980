"""Amazon S3, as moto emulates it, without a server of moto's own.

moto keeps its state in the process. Each `Storage` has an account of its own there, and its own register of
bucket names, so that emulators in one process do not see each other and one that closes takes nothing but its
own objects along.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import threading
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from truthline.emulator.wire import Answer, ServiceError, request_id, xml_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from botocore.awsrequest import AWSPreparedRequest

UNREADABLE = "Unable to get object metadata from S3. Check object key, region and/or access permissions."
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_HOST = "s3.amazonaws.com"
# One request at a time: the register of bucket names is swapped for each, and moto keeps every object in a
# file with one position that its readers share.
_moto_lock = threading.Lock()
_accounts = itertools.count(100_000_000_001)


class Storage:
    """The buckets of one emulator. moto is imported at the first request."""

    def __init__(self) -> None:
        self._account = str(next(_accounts))
        self._stubber: Any = None
        self._bucket_names: dict[str, tuple[str, str]] = {}

    def answer(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """Pass one request on to moto.

        ``target`` is the path and query as they came, with their percent-encoding. moto keeps checksums
        without looking at them, so a body that is not what its headers say is refused here.
        """
        headers = list(headers)
        if method in {"PUT", "POST"} and (refusal := _damage(headers, body)):
            return xml_error(refusal, request_id())
        passed = [item for item in headers if item[0].lower() not in _HOP_BY_HOP]
        passed += [("Host", _HOST), ("x-moto-account-id", self._account), ("Content-Length", str(len(body)))]
        request = _prepare(method, f"http://{_HOST}{target}", passed, body)
        with _moto_lock:
            status, answered, content = self._moto().process_request(request)
        if isinstance(content, str):
            content = content.encode()
        kept = {name: str(value) for name, value in answered.items() if name.lower() not in _OURS}
        if method == "HEAD":
            lengths = [value for name, value in answered.items() if name.lower() == "content-length"]
            kept["Content-Length"] = str(lengths[0] if lengths else len(content))
            content = b""
        return Answer(int(status), kept, content)

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """Read an object.

        Raises:
            ServiceError: InvalidS3ObjectException, with the service's text, if there is none.

        """
        query = f"?versionId={quote(version)}" if version else ""
        answer = self.answer("GET", f"/{quote(bucket)}/{quote(key)}{query}", [_SIGNED], b"")
        if answer.status != 200:
            raise ServiceError("InvalidS3ObjectException", UNREADABLE)
        return answer.body

    def holds_image(self, source_ref: str) -> bool:
        """Tell whether there is a PNG or JPEG at ``s3://bucket/key``, by its first bytes."""
        bucket, _, key = source_ref.removeprefix("s3://").partition("/")
        try:
            return self.read(bucket, key).startswith(_MAGIC)
        except ServiceError:
            return False

    def close(self) -> None:
        """Throw away all buckets and close the files in which moto keeps objects."""
        if self._stubber is None:
            return
        from moto.s3.models import FakeKey, FakeMultipart, s3_backends  # noqa: PLC0415  imported by then

        with _moto_lock:
            models: tuple[Any, ...] = (FakeMultipart, FakeKey)
            for model in models:
                # moto tracks every instance that it made until its own reset, which is for the whole process.
                tracked = model.instances_tracked
                for item in [item for item in tracked if item.account_id == self._account]:
                    item.dispose()
                tracked[:] = [item for item in tracked if item.account_id != self._account]
            s3_backends.pop(self._account, None)
            self._stubber = None

    def _moto(self) -> Any:
        """Give moto's front door, with this storage's bucket names laid out behind it."""
        from moto.core.botocore_stubber import BotocoreStubber  # noqa: PLC0415  costs 0.3 s
        from moto.s3.models import s3_backends  # noqa: PLC0415  as above

        s3_backends.bucket_accounts = self._bucket_names
        if self._stubber is None:
            self._stubber = BotocoreStubber()
        return self._stubber


def _damage(headers: Iterable[tuple[str, str]], body: bytes) -> ServiceError | None:
    """What S3 says if the body is another one than the headers promise; None if it is the right one."""
    given = {name.lower(): value for name, value in headers}
    if given.get("content-encoding", "").startswith("aws-chunked"):
        return None  # the checksum comes behind the body, and moto takes it off
    signed = given.get("x-amz-content-sha256", "")
    if len(signed) == _SHA256_DIGITS and signed != hashlib.sha256(body).hexdigest():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        return ServiceError("XAmzContentSHA256Mismatch", message)
    for header, (name, compute) in _CHECKSUMS.items():
        if header in given and given[header] != base64.b64encode(compute(body)).decode():
            return ServiceError("BadDigest", f"The {name} you specified did not match what we received.")
    return None


def _prepare(method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> AWSPreparedRequest:
    from botocore.awsrequest import AWSPreparedRequest  # noqa: PLC0415  slow, and only S3 needs it
    from botocore.compat import HTTPHeaders  # noqa: PLC0415  as above

    message = HTTPHeaders()
    for name, value in headers:
        message[name] = value
    return AWSPreparedRequest(method=method, url=url, headers=message, body=body, stream_output=False)


_SHA256_DIGITS = 64
_CHECKSUMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "content-md5": ("Content-MD5", lambda body: hashlib.md5(body, usedforsecurity=False).digest()),
    "x-amz-checksum-crc32": ("CRC32", lambda body: zlib.crc32(body).to_bytes(4, "big")),
    "x-amz-checksum-sha1": ("SHA1", lambda body: hashlib.sha1(body, usedforsecurity=False).digest()),
    "x-amz-checksum-sha256": ("SHA256", lambda body: hashlib.sha256(body).digest()),
}
_HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding", "expect", "x-moto-account-id"}
_OURS = {"content-length", "date", "connection", "transfer-encoding"}
_SIGNED = (
    "Authorization",
    "AWS4-HMAC-SHA256 Credential=emulator/20240101/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=0",
)
