"""S3 beside Rekognition: keys of any kind stay as they are, and one emulator's objects are its own."""

from __future__ import annotations

import re
from base64 import b64encode
from contextlib import ExitStack
from hashlib import md5, sha1, sha256
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.emulator.s3 import Storage
from truthline.emulator.wire import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.conftest import Client

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20240101/us-east-1/s3/aws4_request"}
ODD_KEYS = [
    "a b.jpg",
    "100%.jpg",
    "%41.jpg",
    "x+y.jpg",
    "q?x=1&y.jpg",
    "semi;colon#hash.jpg",
    "é/日本/♥.png",
    "e\u0301.png",
    "a//b.jpg",
    "/lead.jpg",
    "a/./b/../c.jpg",
    "trail.",
    "folder/",
    "zero\u200bwidth.jpg",
    "'quote\"<&>.jpg",
    "back\\slash.jpg",
    "x" * 1_024,
]


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    with ExitStack() as stack:
        storage = Storage()
        stack.callback(storage.close)
        assert storage.answer("PUT", "/photos", SIGNED.items(), b"").status == 200
        yield storage


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_stay_intact(storage: Storage, key: str) -> None:
    path = f"/photos/{quote(key)}"
    assert storage.answer("PUT", path, SIGNED.items(), key.encode()).status == 200
    assert storage.read("photos", key) == key.encode()
    listing = storage.answer("GET", f"/photos?list-type=2&prefix={quote(key, safe='')}", SIGNED.items(), b"")
    assert re.findall("<Key>(.*?)</Key>", unescape(listing.body.decode())) == [key]
    assert storage.answer("DELETE", path, SIGNED.items(), b"").status == 204


@given(key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_any_key_holds_its_own_object(storage: Storage, key: str) -> None:
    path = f"/photos/{quote(key, safe='')}"
    assert storage.answer("PUT", path, SIGNED.items(), key.encode()).status == 200
    assert storage.read("photos", key) == key.encode()


def test_a_range_and_a_head_and_an_absent_object(client: Client) -> None:
    client.put("/photos", b"")
    client.put("/photos/a.jpg", b"0123456789")
    part = client.send("GET", "/photos/a.jpg", headers={**SIGNED, "Range": "bytes=2-4"})
    assert (part.status, part.body) == (206, b"234")
    head = client.send("HEAD", "/photos/a.jpg", headers=SIGNED)
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "10", b"")
    assert client.send("HEAD", "/photos/b.jpg", headers=SIGNED).status == 404
    missing = client.send("GET", "/photos/b.jpg", headers=SIGNED)
    assert (missing.status, b"<Code>NoSuchKey</Code>" in missing.body) == (404, True)


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"),
        ("x-amz-checksum-sha1", "AAAAAA==", "BadDigest"),
        ("x-amz-checksum-sha256", "AAAAAA==", "BadDigest"),
        ("Content-MD5", "AAAAAA==", "BadDigest"),
        ("X-Amz-Content-SHA256", "0" * 64, "XAmzContentSHA256Mismatch"),
    ],
)
def test_a_body_that_is_not_what_its_headers_say_is_refused(
    client: Client, header: str, value: str, code: str
) -> None:
    client.put("/checked", b"")
    reply = client.send("PUT", "/checked/a.jpg", b"frog", {**SIGNED, header: value})
    assert (reply.status, f"<Code>{code}</Code>".encode() in reply.body) == (400, True)
    assert client.send("HEAD", "/checked/a.jpg", headers=SIGNED).status == 404


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-amz-checksum-crc32", b64encode(crc32(b"frog").to_bytes(4, "big")).decode()),
        ("x-amz-checksum-sha1", b64encode(sha1(b"frog", usedforsecurity=False).digest()).decode()),
        ("x-amz-checksum-sha256", b64encode(sha256(b"frog").digest()).decode()),
        ("Content-MD5", b64encode(md5(b"frog", usedforsecurity=False).digest()).decode()),
        ("X-Amz-Content-SHA256", sha256(b"frog").hexdigest()),
        ("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),
    ],
)
def test_a_body_that_is_what_its_headers_say_is_stored(client: Client, header: str, value: str) -> None:
    client.put("/right", b"")
    assert client.send("PUT", "/right/a.jpg", b"frog", {**SIGNED, header: value}).status == 200
    assert client.send("GET", "/right/a.jpg", headers=SIGNED).body == b"frog"


def test_neither_signature_nor_credentials_are_needed_for_rekognition(client: Client) -> None:
    headers = {"X-Amz-Target": "RekognitionService.DescribeProjects"}
    assert client.send("POST", "/", b"{}", headers).status == 200


def test_what_one_emulator_stored_the_next_does_not_hold() -> None:
    for _ in range(2):
        storage = Storage()
        with pytest.raises(ServiceError, match="InvalidS3ObjectException"):
            storage.read("again", "k")
        assert storage.answer("PUT", "/again", SIGNED.items(), b"").status == 200
        assert storage.answer("PUT", "/again/k", SIGNED.items(), b"x").status == 200
        assert storage.answer("PUT", "/again/k", SIGNED.items(), b"y").status == 200
        assert storage.read("again", "k") == b"y"
        storage.close()


def test_an_emulator_that_stops_leaves_the_objects_of_another_alone(client: Client) -> None:
    client.put("/kept", b"")
    client.put("/kept/k", b"x")
    other = Storage()
    assert other.answer("PUT", "/kept", SIGNED.items(), b"").status == 200
    assert other.answer("PUT", "/kept/k", SIGNED.items(), b"y").status == 200
    other.close()
    assert client.send("GET", "/kept/k", headers=SIGNED).body == b"x"


def test_an_older_version_of_an_object_can_be_read(storage: Storage) -> None:
    assert storage.answer("PUT", "/versions", SIGNED.items(), b"").status == 200
    body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert storage.answer("PUT", "/versions?versioning", SIGNED.items(), body).status == 200
    first = storage.answer("PUT", "/versions/k", SIGNED.items(), b"1").headers["x-amz-version-id"]
    storage.answer("PUT", "/versions/k", SIGNED.items(), b"2")
    assert storage.read("versions", "k", first) == b"1"
    assert storage.read("versions", "k") == b"2"
