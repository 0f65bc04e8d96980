"""Where images are read, and where they must never be read."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from truthline.errors import ImageError, OfflineError
from truthline.images import limits
from truthline.images import source as source_module
from truthline.images.source import FirstOf, FolderSource, S3Source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of images, with a file beside it that none of its source-refs may reach."""
    images = tmp_path / "images"
    for name in ("a/b/c.jpg", "b/c.jpg", "c.jpg", "x y/ü%20+.png"):
        path = images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    return images


@dataclass(frozen=True)
class Facts:
    size: int
    etag: str


class Store:
    """As much of S3 as a source takes; counts what is asked."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.asked: list[str] = []
        self.lock = threading.Lock()

    def head(self, bucket: str, key: str) -> Facts | None:
        with self.lock:
            self.asked.append("head")
        body = self.objects.get(f"{bucket}/{key}")
        return None if body is None else Facts(len(body), str(hash(body)))

    def read(self, bucket: str, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        with self.lock:
            self.asked.append(f"read {start} {length}")
        body = self.objects[f"{bucket}/{key}"]
        return body[start:] if length is None else body[start : start + length]


@pytest.mark.parametrize("target", ["s3://bucket/some/prefix", "s3://bucket/some/prefix/"])
def test_a_source_ref_leads_to_the_file_at_its_place_below_the_target(folder: Path, target: str) -> None:
    source = FolderSource(folder, target)
    assert source.read("s3://bucket/some/prefix/a/b/c.jpg") == b"a/b/c.jpg"
    assert source.find("s3://bucket/some/prefix/c.jpg") == folder / "c.jpg"
    assert source.read("s3://bucket/some/prefix/x y/ü%20+.png") == "x y/ü%20+.png".encode()
    assert source.size("s3://bucket/some/prefix/c.jpg") == 5
    assert source.head_bytes("s3://bucket/some/prefix/c.jpg", 2) == b"c."
    assert source.head_bytes("s3://bucket/some/prefix/c.jpg", 99) == b"c.jpg"


def test_a_bucket_alone_may_be_the_target(folder: Path) -> None:
    assert FolderSource(folder, "s3://bucket").read("s3://bucket/b/c.jpg") == b"b/c.jpg"


@pytest.mark.parametrize(
    "ref",
    [
        "s3://bucket/some/prefix2/c.jpg",
        "s3://bucket/some/c.jpg",
        "s3://other/some/prefix/c.jpg",
        "s3://bucket/some/prefix/z/c.jpg",
        "s3://bucket/some/prefix/a/b",
    ],
)
def test_source_refs_outside_the_target_are_not_here(folder: Path, ref: str) -> None:
    source = FolderSource(folder, "s3://bucket/some/prefix")
    assert source.version(ref) is None
    with pytest.raises(ImageError) as raised:
        source.read(ref)
    assert raised.value.place == ref


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("s3://any/a/b/c.jpg", "a/b/c.jpg"),
        ("s3://any/long/prefix/a/b/c.jpg", "a/b/c.jpg"),
        ("s3://any/z/b/c.jpg", "b/c.jpg"),
        ("s3://any/z/c.jpg", "c.jpg"),
        ("s3://any/c.jpg", "c.jpg"),
    ],
)
def test_without_a_target_the_longest_ending_that_exists_is_taken(folder: Path, ref: str, found: str) -> None:
    source = FolderSource(folder)
    for _ in range(2):
        assert source.read(ref) == found.encode()


def test_what_was_found_and_is_gone_is_looked_for_again(folder: Path) -> None:
    source = FolderSource(folder)
    assert source.read("s3://any/z/b/c.jpg") == b"b/c.jpg"
    (folder / "b/c.jpg").unlink()
    assert source.read("s3://any/z/b/c.jpg") == b"c.jpg"


HOSTILE = [
    "../secret.jpg",
    "a/../../secret.jpg",
    "a/../c.jpg",
    "./c.jpg",
    "/etc/passwd",
    "a//b/c.jpg",
    "a/b/",
    "..\\secret.jpg",
    "a\\b\\c.jpg",
    "C:/Windows/win.ini",
    "C:secret.jpg",
    "a/c:stream",
    "c.jpg\0.png",
    ".. /secret.jpg",
    ".../secret.jpg",
    "\\\\host\\share\\c.jpg",
]


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize("target", ["", "s3://bucket/p"])
def test_keys_that_could_lead_elsewhere_are_refused(folder: Path, key: str, target: str) -> None:
    source = FolderSource(folder, target)
    ref = f"s3://bucket/p/{key}"
    assert source.version(ref) is None
    for ask in (source.read, source.size, source.find, lambda ref: source.head_bytes(ref, 1)):
        with pytest.raises(ImageError, match="cannot be that of a local file"):
            ask(ref)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    names=st.lists(
        st.one_of(
            st.sampled_from(
                ["..", ".", "", "a", "b", "c.jpg", "secret.jpg", "C:", "C:\\", "~", "...", ".. "]
            ),
            st.text(max_size=8),
        ),
        min_size=1,
        max_size=6,
    ),
    separator=st.sampled_from(["/", "\\", "//", "/../"]),
    target=st.sampled_from(["", "s3://bucket/p", "s3://bucket"]),
)
def test_no_source_ref_leaves_the_folder(folder: Path, names: list[str], separator: str, target: str) -> None:
    source = FolderSource(folder, target)
    ref = "s3://bucket/p/" + separator.join(names)
    try:
        path = source.find(ref)
    except ImageError:
        assert source.version(ref) is None
        return
    assert folder.resolve() in path.resolve().parents
    assert source.read(ref) != b"secret"


@pytest.mark.parametrize("ref", ["", "c.jpg", "s3://", "s3://bucket", "file:///etc/passwd", "S3://b/c.jpg"])
def test_what_is_no_source_ref_is_refused(folder: Path, ref: str) -> None:
    for source in (FolderSource(folder), S3Source(Store({}))):
        assert source.version(ref) is None
        with pytest.raises(ImageError, match="no S3 address"):
            source.read(ref)


@pytest.mark.parametrize("name", ["x" * 5000, "\ud800.jpg"])
def test_names_that_the_file_system_cannot_have_are_not_here(folder: Path, name: str) -> None:
    with pytest.raises(ImageError, match="no file"):
        FolderSource(folder).read(f"s3://b/{name}")


@pytest.mark.skipif(sys.platform == "win32", reason="making symbolic links takes a right there")
def test_links_in_the_folder_are_followed(folder: Path) -> None:
    (folder / "link.jpg").symlink_to(folder.parent / "secret.jpg")
    (folder / "gone.jpg").symlink_to(folder.parent / "nothing")
    source = FolderSource(folder)
    assert source.read("s3://b/link.jpg") == b"secret"
    assert source.version("s3://b/gone.jpg") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_folders_are_no_images(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    for name in ("pipe.jpg", "a"):
        with pytest.raises(ImageError, match="no file"):
            FolderSource(folder).read(f"s3://b/{name}")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="every file can be read")
def test_a_file_without_the_right_to_read_it_says_so(folder: Path) -> None:
    (folder / "c.jpg").chmod(0)
    with pytest.raises(ImageError, match=r"cannot be read\. You have no permission for it"):
        FolderSource(folder).read("s3://b/c.jpg")


def test_a_files_version_changes_with_the_file(folder: Path) -> None:
    source = FolderSource(folder)
    before = source.version("s3://b/c.jpg")
    assert before == source.version("s3://b/c.jpg")
    (folder / "c.jpg").write_bytes(b"longer than it was")
    longer = source.version("s3://b/c.jpg")
    os.utime(folder / "c.jpg", ns=(1, 1))
    assert len({before, longer, source.version("s3://b/c.jpg")}) == 3


def test_too_large_files_and_objects_are_refused_unread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", 5)
    store = Store({"b/large": b"x" * 6, "b/small": b"x" * 5})
    assert FolderSource(folder).read("s3://b/c.jpg") == b"c.jpg"
    with pytest.raises(ImageError, match="6 bytes"):
        S3Source(store).read("s3://b/large")
    assert store.asked == ["head"]
    assert S3Source(store).read("s3://b/small") == b"x" * 5
    with pytest.raises(ImageError, match="9 bytes"):
        FolderSource(folder).read("s3://b/a/b/c.jpg")


def test_an_object_is_read_by_its_source_ref() -> None:
    store = Store({"b/p/ü ?#.png": b"0123456789", "b/empty": b""})
    source = S3Source(store)
    ref = "s3://b/p/ü ?#.png"
    assert source.version(ref) == source.version(ref)
    assert source.size(ref) == 10
    assert source.read(ref) == b"0123456789"
    assert source.head_bytes(ref, 3) == b"012"
    assert store.asked == ["head", "read 0 11", "read 0 3"]
    assert source.read("s3://b/empty") == b""


def test_a_missing_object_is_asked_for_again() -> None:
    store = Store({})
    source = S3Source(store)
    assert source.version("s3://b/k") is None
    with pytest.raises(ImageError, match="no such object"):
        source.read("s3://b/k")
    store.objects["b/k"] = b"uploaded"
    assert source.read("s3://b/k") == b"uploaded"


@pytest.mark.parametrize("now", [b"much longer", b"no"])
def test_an_object_that_was_replaced_is_read_anew(now: bytes) -> None:
    store = Store({"b/k": b"before"})
    source = S3Source(store)
    before = source.version("s3://b/k")
    store.objects["b/k"] = now
    assert source.read("s3://b/k") == now
    assert source.version("s3://b/k") != before


def test_an_object_that_keeps_changing_is_refused() -> None:
    store = Store({"b/k": b""})
    read = store.read

    def grow(bucket: str, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        store.objects["b/k"] += b"more"
        return read(bucket, key, start=start, length=length)

    store.read = grow  # type: ignore[method-assign]
    with pytest.raises(ImageError, match="changed while"):
        S3Source(store).read("s3://b/k")


def test_an_unreachable_service_is_no_image_error() -> None:
    store = Store({})

    def fail(*_: object) -> None:
        raise OfflineError("The endpoint cannot be reached.")

    store.head = fail  # type: ignore[assignment, method-assign]
    for source in (S3Source(store), FirstOf(FolderSource(Path("nowhere")), S3Source(store))):
        with pytest.raises(OfflineError):
            source.version("s3://b/k")


def test_the_folder_is_asked_before_s3(folder: Path) -> None:
    store = Store({"b/p/c.jpg": b"from S3", "b/p/far.jpg": b"far", "b/p/../k": b"odd"})
    source = FirstOf(FolderSource(folder, "s3://b/p"), S3Source(store))
    assert source.read("s3://b/p/c.jpg") == b"c.jpg"
    assert source.version("s3://b/p/c.jpg")
    assert store.asked == []
    assert source.read("s3://b/p/far.jpg") == b"far"
    assert source.size("s3://b/p/far.jpg") == 3
    assert source.head_bytes("s3://b/p/far.jpg", 1) == b"f"
    assert source.read("s3://b/p/../k") == b"odd"
    assert source.version("s3://b/nowhere") is None
    with pytest.raises(ImageError, match="no such object"):
        source.read("s3://b/nowhere")


def test_what_is_kept_stays_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_KEPT", 3)
    store = Store({f"b/{n}": str(n).encode() for n in range(10)})
    source = S3Source(store)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(source.read, (f"s3://b/{n}" for n in range(10)))) == [
            str(n).encode() for n in range(10)
        ]
    assert store.asked.count("head") == 10
    source.size("s3://b/0")
    assert store.asked.count("head") == 11
