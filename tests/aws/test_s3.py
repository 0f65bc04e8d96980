from __future__ import annotations

import threading
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import md5, sha1, sha256
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
from s3transfer.manager import TransferConfig, TransferCoordinatorController

from present import present
from truthline.aws.s3 import ObjectFacts
from truthline.errors import (
    CancelledError,
    DeniedError,
    NotFoundError,
    NotFromAwsError,
    OfflineError,
    ServiceError,
    SignInError,
    UnreadableFileError,
)
from truthline.progress import CancelToken, Progress, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aws.conftest import Handler, Script
    from truthline.aws.session import Aws

PORTAL = "<html><body>Welcome to the hotel</body></html>"
XHTML = "<?xml version='1.0'?><html><body>Welcome</body></html>"
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
LISTED = (
    "<?xml version='1.0'?><ListBucketResult><IsTruncated>{more}</IsTruncated>{token}"
    "<Contents><Key>{key}</Key><Size>3</Size><ETag>&quot;e&quot;</ETag>"
    "<LastModified>2015-10-21T07:28:00.000Z</LastModified></Contents></ListBucketResult>"
)


def png(path: Path, size: int = 100) -> Path:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * (size - 8))
    return path


def upload(
    aws: Aws, path: Path, report: Callable[..., Any] = ignore_progress, cancel: CancelToken | None = None
) -> None:
    aws.s3.upload(path, "pond", "a b.png", report=report, cancel=cancel or CancelToken())


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return png(tmp_path / "frog.png")


def test_read(aws: Aws, script: Script) -> None:
    script.s3(b"abc")
    assert aws.s3.read("pond", "a/żaba 1+2.png") == b"abc"
    method, path, headers, _ = script.requests[0]
    assert (method, path) == ("GET", "/pond/a/%C5%BCaba%201%2B2.png")
    assert "Range" not in headers


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        ({"start": 3}, "bytes=3-"),
        ({"length": 4}, "bytes=0-3"),
        ({"start": 10, "length": 5}, "bytes=10-14"),
    ],
)
def test_read_a_part(aws: Aws, script: Script, part: dict[str, int], sent: str) -> None:
    script.s3(b"abcd", status=206, Content_Range="bytes 3-6/9")
    assert aws.s3.read("pond", "frog", **part) == b"abcd"
    assert script.requests[0][2]["Range"] == sent


def test_there_is_nothing_past_the_end(aws: Aws, script: Script) -> None:
    script.s3_error("InvalidRange", status=416)
    assert aws.s3.read("pond", "frog", start=100) == b""
    assert aws.s3.read("pond", "frog", length=0) == b""


@pytest.mark.parametrize("part", [{}, {"start": 1}])
@pytest.mark.parametrize("body", [PORTAL, XHTML, ""])
def test_a_portals_page_is_never_an_image(
    aws: Aws, script: Script, body: str, part: dict[str, Any] | dict[str, int]
) -> None:
    script.raw(body, Content_Range="bytes 0-1/2", Content_Type="image/png")
    with pytest.raises(NotFromAwsError):
        aws.s3.read("pond", "frog", **part)


def test_a_whole_object_is_not_taken_for_a_part(aws: Aws, script: Script) -> None:
    script.s3(b"abcdefgh")
    with pytest.raises(NotFromAwsError):
        aws.s3.read("pond", "frog", start=4)


def test_an_object_without_a_length_could_be_cut_and_is_refused(aws: Aws, script: Script) -> None:
    script.answers.append(b"HTTP/1.1 200 OK\r\nx-amz-request-id: 1\r\n\r\nabc")
    with pytest.raises(NotFromAwsError):
        aws.s3.read("pond", "frog")


def test_half_an_object_is_never_given(aws: Aws, script: Script) -> None:
    script.s3(b"abc", length=6)
    with pytest.raises(OfflineError, match="broke off"):
        aws.s3.read("pond", "frog")


def test_an_object_damaged_on_its_way_is_never_given(aws: Aws, script: Script) -> None:
    script.s3(b"abc", x_amz_checksum_crc32="AAAAAA==")
    with pytest.raises(OfflineError):
        aws.s3.read("pond", "frog")


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket"])
def test_read_what_is_not_there(aws: Aws, script: Script, code: str) -> None:
    script.s3_error(code, status=404)
    with pytest.raises(NotFoundError) as caught:
        aws.s3.read("pond", "frog")
    assert (caught.value.place, caught.value.code) == ("s3://pond/frog", code)


def test_head(aws: Aws, script: Script) -> None:
    script.s3(length=77, Last_Modified=DATE, ETag='"abc"')
    facts = aws.s3.head("pond", "frog")
    assert (present(facts).key, present(facts).size, present(facts).etag) == ("frog", 77, "abc")
    assert present(facts).modified == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)


def test_head_of_what_is_not_there(aws: Aws, script: Script) -> None:
    script.s3(status=404)
    assert aws.s3.head("pond", "frog") is None


@pytest.mark.parametrize(("status", "kind"), [(403, DeniedError), (400, SignInError)])
def test_head_gives_only_a_number(aws: Aws, script: Script, status: int, kind: type[Any]) -> None:
    script.s3(status=status)
    if status == 400:
        script.s3(status=400)  # botocore asks in which region the bucket lies
    with pytest.raises(kind):
        aws.s3.head("pond", "frog")


@pytest.mark.parametrize("status", [200, 404, 403])
def test_head_answered_by_a_portal(aws: Aws, script: Script, status: int) -> None:
    script.raw(PORTAL, status=status, Last_Modified=DATE)
    with pytest.raises(NotFromAwsError):
        aws.s3.head("pond", "frog")


def test_head_without_its_members(aws: Aws, script: Script) -> None:
    script.s3(length=5)
    with pytest.raises(NotFromAwsError):
        aws.s3.head("pond", "frog")


def test_list_follows_the_tokens(aws: Aws, script: Script) -> None:
    token = "<NextContinuationToken>t 1</NextContinuationToken>"
    script.s3(LISTED.format(more="true", token=token, key="a"))
    script.s3(LISTED.format(more="false", token="", key="b"))
    assert [(facts.key, facts.size) for facts in aws.s3.list("pond", "im g/")] == [("a", 3), ("b", 3)]
    assert "prefix=im%20g%2F" in script.requests[0][1]
    assert "continuation-token=t%201" in script.requests[1][1]


def test_list_decodes_keys_only_when_they_come_encoded(aws: Aws, script: Script) -> None:
    script.s3(LISTED.format(more="false", token="", key="a%2Bb+c"))
    assert [facts.key for facts in aws.s3.list("pond")] == ["a%2Bb+c"]
    script.s3(LISTED.format(more="false", token="<EncodingType>url</EncodingType>", key="a%2Bb+c%20d"))
    assert [facts.key for facts in aws.s3.list("pond")] == ["a+b c d"]


@pytest.mark.parametrize("tokens", [["t", "t"], [""], ["t", "u", "t"]])
def test_a_listing_that_goes_in_a_circle_ends_in_an_error(
    aws: Aws, script: Script, tokens: list[str]
) -> None:
    for token in tokens:
        tag = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
        script.s3(LISTED.format(more="true", token=tag, key="a"))
    with pytest.raises(ServiceError, match="circle"):
        list(aws.s3.list("pond"))


def test_a_list_that_is_cut_gives_no_part_of_itself(aws: Aws, script: Script) -> None:
    whole = LISTED.format(more="false", token="", key="a")
    for _ in range(3):
        script.s3(whole[:-20])
    with pytest.raises(ServiceError):
        next(aws.s3.list("pond"))


@pytest.mark.parametrize("body", [PORTAL, XHTML, ""])
@pytest.mark.parametrize("request_id", [True, False])
def test_a_list_by_somebody_else(aws: Aws, script: Script, body: str, request_id: bool) -> None:
    (script.s3 if request_id else script.raw)(body)
    with pytest.raises(NotFromAwsError):
        list(aws.s3.list("pond"))


@pytest.mark.parametrize("headers", [{}, {"status": 403}, {"status": 301}])
def test_a_buckets_region_is_told_even_by_a_refusal(
    aws: Aws, script: Script, headers: dict[str, Any] | dict[str, int]
) -> None:
    script.s3(x_amz_bucket_region="us-west-2", **headers)
    if headers.get("status") == 301:
        # botocore follows the bucket to its region, and is told of it there.
        script.s3(x_amz_bucket_region="us-west-2")
    assert aws.s3.bucket_region("pond") == "us-west-2"


@pytest.mark.parametrize(
    ("constraint", "region"), [("", "us-east-1"), ("EU", "eu-west-1"), ("eu-north-1", "eu-north-1")]
)
def test_a_buckets_region_from_its_location(aws: Aws, script: Script, constraint: str, region: str) -> None:
    script.s3()
    script.s3(f"<?xml version='1.0'?><LocationConstraint>{constraint}</LocationConstraint>")
    assert aws.s3.bucket_region("pond") == region


def test_the_region_of_no_bucket(aws: Aws, script: Script) -> None:
    script.s3(status=404)
    with pytest.raises(NotFoundError):
        aws.s3.bucket_region("pond")


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b'{"s', None)],
)
def test_upload(aws: Aws, script: Script, tmp_path: Path, start: bytes, kind: str | None) -> None:
    path = tmp_path / "anything.dat"
    path.write_bytes(start + b"rest")
    script.s3()
    seen: list[Any] = []
    upload(aws, path, seen.append)
    method, target, headers, body = script.requests[0]
    assert (method, target) == ("PUT", "/pond/a%20b.png")
    assert start + b"rest" in body
    assert headers.get("Content-Type") == kind
    size = len(start) + 4
    assert (seen[-1].done, seen[-1].total) == (size, size)
    assert seen[-1].about.startswith("anything.dat")


def test_an_upload_carries_a_checksum_whatever_the_settings_say(
    aws: Aws, script: Script, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws.s3._client.meta.config, "request_checksum_calculation", "when_required")
    script.s3()
    upload(aws, picture)
    headers = {name.lower(): value for name, value in script.requests[0][2].items()}
    assert headers["x-amz-sdk-checksum-algorithm"] == "CRC32"
    assert b64decode(headers["x-amz-checksum-crc32"]) == crc32(picture.read_bytes()).to_bytes(4, "big")


def kept_crc32(content: bytes) -> str:
    return b64encode(crc32(content).to_bytes(4, "big")).decode()


PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 92
OTHER = b"\x89PNG\r\n\x1a\n" + b"y" * 92
MD5 = "0" * 32


@pytest.mark.parametrize(
    ("etag", "kept", "same"),
    [
        (MD5, {}, False),
        (MD5, {"x_amz_server_side_encryption": "AES256"}, False),
        (MD5, {"x_amz_server_side_encryption": "aws:kms"}, True),
        (MD5, {"x_amz_server_side_encryption_customer_algorithm": "AES256"}, True),
        (f"{MD5}-2", {}, True),
        (f"{MD5}-2", {"x_amz_checksum_crc32": f"{kept_crc32(OTHER)}-2"}, True),
        (f"{MD5}-2", {"x_amz_checksum_crc32": kept_crc32(OTHER), "x_amz_checksum_type": "COMPOSITE"}, True),
        (f"{MD5}-2", {"x_amz_checksum_crc32": kept_crc32(OTHER)}, False),
        (f"{MD5}-2", {"x_amz_checksum_crc32": kept_crc32(PNG)}, True),
        (MD5, {"x_amz_checksum_crc32": kept_crc32(PNG)}, True),
        (
            MD5,
            {"x_amz_checksum_sha1": b64encode(sha1(OTHER, usedforsecurity=False).digest()).decode()},
            False,
        ),
        (MD5, {"x_amz_checksum_sha256": b64encode(sha256(PNG).digest()).decode()}, True),
        (MD5, {"x_amz_checksum_sha256": b64encode(sha256(OTHER).digest()).decode()}, False),
    ],
)
def test_the_same_content_by_what_s3_keeps(
    aws: Aws, script: Script, picture: Path, etag: str, kept: dict[str, Any] | dict[str, str], same: bool
) -> None:
    script.s3(length=100, Last_Modified=DATE, ETag=f'"{etag}"', **kept)
    facts = ObjectFacts("frog", 100, etag, datetime(2015, 10, 21, tzinfo=UTC))
    assert aws.s3.has_content("pond", facts, picture) is same
    assert script.operations == ["HEAD"]


@pytest.mark.parametrize(("content", "same"), [(PNG, True), (PNG + b"x", False)])
def test_the_same_md5_or_another_size_need_no_request(
    aws: Aws, script: Script, tmp_path: Path, content: bytes, same: bool
) -> None:
    path = tmp_path / "frog.png"
    path.write_bytes(content)
    facts = ObjectFacts(
        "frog", 100, md5(PNG, usedforsecurity=False).hexdigest(), datetime(2015, 10, 21, tzinfo=UTC)
    )
    assert aws.s3.has_content("pond", facts, path) is same
    assert script.requests == []


def test_the_content_of_a_file_that_is_gone(aws: Aws, tmp_path: Path) -> None:
    facts = ObjectFacts("frog", 100, MD5, datetime(2015, 10, 21, tzinfo=UTC))
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        aws.s3.has_content("pond", facts, tmp_path / "gone.png")


def test_an_upload_that_a_portal_took_is_no_upload(aws: Aws, script: Script, picture: Path) -> None:
    script.raw(PORTAL)
    with pytest.raises(NotFromAwsError):
        upload(aws, picture)


def test_an_upload_is_tried_again_after_a_lost_answer(aws: Aws, script: Script, picture: Path) -> None:
    script.close_connection()
    script.s3()
    upload(aws, picture)
    assert script.operations == ["PUT", "PUT"]


def test_an_upload_that_is_refused_names_the_permission(aws: Aws, script: Script, picture: Path) -> None:
    script.s3_error("AccessDenied", status=403)
    with pytest.raises(DeniedError, match="s3:PutObject") as caught:
        upload(aws, picture)
    assert caught.value.place == "s3://pond/a b.png"


def test_a_file_that_is_not_there_cannot_be_uploaded(aws: Aws, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        upload(aws, tmp_path / "gone.png")
    assert caught.value.place == str(tmp_path / "gone.png")


def test_an_upload_cancelled_before_it_starts_sends_nothing(aws: Aws, script: Script, picture: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        upload(aws, picture, cancel=cancel)
    assert script.requests == []


def test_an_upload_in_parts_is_cancelled_and_its_parts_removed(
    aws: Aws, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel, cancelled = CancelToken(), threading.Event()
    stop_parts = TransferCoordinatorController.cancel

    def stop_and_tell(*args: object) -> None:
        stop_parts(*args)  # type: ignore[arg-type]
        cancelled.set()

    def take_part(handler: Handler) -> None:
        cancel.cancel()
        cancelled.wait()
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-amz-request-id: 1\r\nETag: e\r\nContent-Length: 0\r\n\r\n")

    monkeypatch.setattr(TransferCoordinatorController, "cancel", stop_and_tell)
    script.s3("<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
    script.answers.append(take_part)  # type: ignore[arg-type]
    script.s3(status=204)
    config = TransferConfig(max_request_concurrency=1)
    monkeypatch.setattr("s3transfer.manager.TransferConfig", lambda **_: config)
    with pytest.raises(CancelledError):
        upload(aws, png(tmp_path / "large.png", 20 * 2**20), cancel=cancel)
    assert script.operations == ["POST", "PUT", "DELETE"]


def test_a_report_that_fails_stops_the_upload(aws: Aws, script: Script, picture: Path) -> None:
    script.s3()

    def report(progress: Progress) -> None:
        if progress.done:
            raise KeyError

    with pytest.raises(KeyError):
        upload(aws, picture, report)
