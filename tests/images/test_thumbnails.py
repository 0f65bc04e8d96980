"""The cache of thumbnails: what it keeps, what it lets go, and that nothing breaks it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from typing_extensions import override

from present import present
from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.errors import OfflineError
from truthline.images.source import FolderSource, S3Source
from truthline.images.thumbnails import Thumbnail, Thumbnails
from truthline.manifest.annotation import ImageFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BOUND = 2**20


class Album(FolderSource):
    """A folder that counts how often an image is read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.reads: list[Any] = []

    @override
    def read(self, ref: str) -> bytes:
        self.reads.append(ref)
        return super().read(ref)

    def add(self, name: str, data: bytes) -> str:
        (self.folder / name).write_bytes(data)
        return f"s3://b/{name}"


@pytest.fixture
def album(tmp_path: Path) -> Album:
    folder = tmp_path / "images"
    folder.mkdir()
    return Album(folder)


@pytest.fixture
def cache_path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "thumbnails.sqlite"


@pytest.fixture
def open_cache(cache_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens caches and closes them at the end."""
    opened = []

    def make(max_bytes: int = 2**25, side: int = 256, path: Path = cache_path) -> Thumbnails:
        opened.append(Thumbnails(path, max_bytes, side))
        return opened[-1]

    yield make
    for cache in opened:
        cache.close()


@pytest.fixture
def noise(album: Album, encode: Callable[..., Any]) -> Callable[..., Any]:
    """Adds so many images whose thumbnails take much room."""

    def add(count: int, side: int = 200) -> list[str]:
        data = encode(Image.effect_noise((side, side), 90).convert("RGB"))
        return [album.add(f"noise{n}.png", data) for n in range(count)]

    return add


def kept(cache: Thumbnails, album: Album, refs: list[str]) -> list[str]:
    """Those of the source-refs that the cache holds."""
    versions = ((ref, album.version(ref)) for ref in refs)
    return [ref for ref, version in versions if version is not None and cache.get(ref, version) is not None]


@pytest.mark.parametrize(
    ("size", "orientation", "thumbnail"),
    [
        ((1000, 500), 1, (256, 128)),
        ((1000, 500), 6, (128, 256)),
        ((40, 30), 1, (40, 30)),
        ((3000, 2), 1, (256, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_thumbnail_is_upright_and_keeps_the_aspect(
    open_cache: Callable[..., Any],
    album: Album,
    picture: Callable[..., Any],
    encode: Callable[..., Any],
    kind: str,
    size: tuple[Any, ...],
    orientation: int,
    thumbnail: tuple[Any, ...],
) -> None:
    data = encode(picture(*size), kind, orientation)
    ref = album.add("a.image", data)
    upright = size if orientation == 1 else size[::-1]
    for _ in range(2):
        loaded = open_cache().load(ref, album)
        assert (loaded.pixels.width, loaded.pixels.height) == thumbnail
        assert loaded.facts == ImageFacts(*upright, kind, len(data))  # type: ignore[call-arg]
    assert album.reads == [ref]


def test_what_is_kept_looks_like_the_image(
    open_cache: Callable[..., Any], album: Album, picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    ref = album.add("a.png", encode(picture(400, 200)))
    fresh = open_cache().load(ref, album).pixels
    again = open_cache().get(ref, album.version(ref))
    assert (again.width, again.height, again.stride) == (fresh.width, fresh.height, fresh.stride)
    centre = again.stride * 32 + 4 * 64
    assert all(
        abs(one - other) < 6
        for one, other in zip(again.data[centre : centre + 4], fresh.data[centre : centre + 4], strict=True)
    )


def test_another_version_of_the_image_takes_the_place_of_the_first(
    open_cache: Callable[..., Any], album: Album, picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    cache = open_cache()
    ref = album.add("a.png", encode(picture(400, 200)))
    cache.load(ref, album)
    before = album.version(ref)
    album.add("a.png", encode(picture(100, 200)))
    assert cache.get(ref, album.version(ref)) is None
    assert cache.load(ref, album).facts.width == 100
    assert cache.get(ref, album.version(ref)).width == 100
    assert cache.get(ref, before) is None


def test_sides_are_kept_apart(
    open_cache: Callable[..., Any], album: Album, picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    ref = album.add("a.png", encode(picture(400, 200)))
    assert open_cache(side=256).load(ref, album).pixels.width == 256
    assert open_cache(side=64).load(ref, album).pixels.width == 64
    assert open_cache(side=256).get(ref, album.version(ref)).width == 256


@pytest.mark.parametrize(
    ("name", "words", "width"),
    [
        ("gone.png", "no file", 0),
        ("empty.png", "empty", 0),
        ("text.png", "no PNG or JPEG", 0),
        ("cut.jpg", "cut off or damaged", 300),
        ("head.jpg", "header does not end", 0),
    ],
)
def test_broken_images_give_facts_with_a_problem_and_are_not_kept(
    open_cache: Callable[..., Any],
    album: Album,
    encode: Callable[..., Any],
    name: str,
    words: str,
    width: int,
) -> None:
    jpeg = encode(Image.effect_noise((300, 200), 80), "JPEG")
    album.add("empty.png", b"")
    album.add("text.png", b"Not Found")
    album.add("cut.jpg", jpeg[: len(jpeg) // 2])
    album.add("head.jpg", jpeg[:50])
    cache = open_cache()
    ref = f"s3://b/{name}"
    loaded = cache.load(ref, album)
    assert loaded.pixels is None
    assert words in loaded.facts.problem
    assert loaded.facts.width == width
    assert not kept(cache, album, [ref]) or album.version(ref) is None
    album.add(name, jpeg)
    assert cache.load(ref, album).facts == ImageFacts(300, 200, "JPEG", len(jpeg))


def test_an_image_of_too_many_bytes_is_not_read_but_its_facts_are(
    open_cache: Callable[..., Any],
    album: Album,
    picture: Callable[..., Any],
    encode: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ref = album.add("a.png", encode(picture()))
    size = album.size(ref)
    for module in ("limits", "thumbnails"):
        monkeypatch.setattr(f"truthline.images.{module}.MAX_BYTES", size - 1)
    loaded = open_cache().load(ref, album)
    assert loaded.pixels is None
    assert (loaded.facts.width, loaded.facts.size) == (48, size)
    assert "bytes" in loaded.facts.problem
    assert album.reads == []


def test_an_unreachable_service_is_told_as_such(open_cache: Callable[..., Any], album: Album) -> None:
    def fail(_ref: str) -> None:
        raise OfflineError("The endpoint cannot be reached.")

    album.version = fail  # type: ignore[assignment, method-assign]
    with pytest.raises(OfflineError):
        open_cache().load("s3://b/k", album)


def test_the_file_stays_within_its_bound(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any], cache_path: Path
) -> None:
    cache = open_cache(BOUND)
    refs = noise(200)
    sizes = []
    for ref in refs:
        assert cache.load(ref, album).pixels is not None
        sizes.append(cache_path.stat().st_size)
    assert max(sizes) <= BOUND
    log = cache_path.with_name(cache_path.name + "-wal")
    assert log.stat().st_size < 3 * 2**20
    cache.close()
    assert BOUND // 2 < cache_path.stat().st_size <= BOUND
    assert not log.exists()


def test_what_was_used_longest_ago_goes_first(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any]
) -> None:
    cache = open_cache(BOUND)
    refs = noise(120)
    favourite = refs[0]
    for ref in refs:
        cache.load(ref, album)
        assert cache.get(favourite, album.version(favourite)) is not None
    held = kept(cache, album, refs)
    assert held == [favourite, *refs[-len(held) + 1 :]]
    assert 20 < len(held) < 120


def test_uses_are_remembered_after_a_restart(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any], cache_path: Path
) -> None:
    refs = noise(120)
    cache = open_cache(BOUND)
    for ref in refs[:20]:
        cache.load(ref, album)
    assert kept(cache, album, refs[:5]) == refs[:5]
    cache.close()
    cache = open_cache(BOUND)
    evicted = set()
    for ref in refs[20:]:
        cache.load(ref, album)
        with closing(sqlite3.connect(cache_path)) as db:
            evicted = set(refs[:20]) - {ref for (ref,) in db.execute("SELECT ref FROM thumbnails")}
        if evicted:
            break
    assert evicted
    assert evicted < set(refs[5:20])


def test_a_lowered_bound_shrinks_the_file(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any], cache_path: Path
) -> None:
    cache = open_cache(4 * BOUND)
    refs = noise(150)
    for ref in refs:
        cache.load(ref, album)
    cache.close()
    assert cache_path.stat().st_size > BOUND
    cache = open_cache(BOUND)
    held = kept(cache, album, refs)  # it opens the file when it is first asked
    assert cache_path.stat().st_size <= BOUND
    assert held == refs[-len(held) :]
    assert held


def test_a_bound_too_small_for_anything_keeps_nothing(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any]
) -> None:
    cache = open_cache(10_000)
    (ref,) = noise(1)
    assert cache.load(ref, album).pixels is not None
    assert kept(cache, album, [ref]) == []


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "zeros in the middle", "another schema", "newer"])
def test_a_damaged_file_is_made_anew(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any], cache_path: Path, damage: str
) -> None:
    refs = noise(30)
    cache = open_cache()
    for ref in refs:
        cache.load(ref, album)
    cache.close()
    content = cache_path.read_bytes()
    if damage in {"another schema", "newer"}:
        db = sqlite3.connect(cache_path)
        db.execute(
            "ALTER TABLE thumbnails DROP COLUMN format"
            if damage == "another schema"
            else "PRAGMA user_version = 9"
        )
        db.close()
    else:
        cache_path.write_bytes(
            {
                "text": b"not a database at all, but long enough to look like one" * 100,
                "empty": b"",
                "cut": content[: len(content) // 3],
                "zeros in the middle": content[:8192] + bytes(len(content) - 16_384) + content[-8192:],
            }[damage]
        )
    cache = open_cache()
    for _ in range(2):
        for ref in refs:
            assert cache.load(ref, album).pixels is not None
    assert kept(cache, album, refs) == refs
    cache.close()
    assert kept(open_cache(), album, refs) == refs


def test_a_damaged_thumbnail_is_made_anew(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any], cache_path: Path
) -> None:
    (ref,) = noise(1)
    open_cache().load(ref, album)
    with closing(sqlite3.connect(cache_path)) as db, db:
        db.execute("UPDATE thumbnails SET jpeg = ?", (b"\xff\xd8\xff nonsense",))
    cache = open_cache()
    assert cache.get(ref, album.version(ref)) is None
    assert cache.load(ref, album).pixels is not None
    assert kept(cache, album, [ref]) == [ref]


def test_it_works_without_a_file_where_none_can_be_made(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any], tmp_path: Path
) -> None:
    (ref,) = noise(1)
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file" / "cache.sqlite", tmp_path):
        cache = open_cache(path=path)
        assert cache.load(ref, album).pixels is not None
        assert kept(cache, album, [ref]) == []


@pytest.mark.skipif(sys.platform != "linux", reason="file names are valid Unicode there")
def test_a_name_that_is_not_unicode_is_shown_though_not_kept(
    open_cache: Callable[..., Any], album: Album, picture: Callable[..., Any], encode: Callable[..., Any]
) -> None:
    ref = album.add("\udc80.png", encode(picture()))
    cache = open_cache()
    assert cache.load(ref, album).pixels.width == 48
    assert kept(cache, album, [ref]) == []


def test_a_closed_cache_holds_nothing(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any]
) -> None:
    (ref,) = noise(1)
    cache = open_cache()
    cache.load(ref, album)
    cache.close()
    assert kept(cache, album, [ref]) == []
    assert cache.load(ref, album).pixels is not None


def test_a_file_that_another_holds_is_waited_for_and_else_done_without(
    open_cache: Callable[..., Any],
    album: Album,
    noise: Callable[..., Any],
    cache_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("truthline.images.thumbnails._BUSY_SECONDS", 0.05)
    cache = open_cache()
    first, second = noise(2)
    assert kept(cache, album, [first]) == []
    other = sqlite3.connect(cache_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert cache.load(first, album).pixels is not None
    assert kept(cache, album, [first]) == []
    other.execute("ROLLBACK")
    other.close()
    cache.load(second, album)
    assert kept(cache, album, [first, second]) == [second]


def test_many_threads_share_it(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any]
) -> None:
    cache = open_cache(BOUND)
    refs = noise(60)
    problems = []

    def work(start: int) -> None:
        for ref in refs[start:] + refs[:start]:
            loaded = cache.load(ref, album)
            if loaded.pixels is None or loaded.facts.width != 200:
                problems.append(loaded.facts)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(0, 60, 10)))
    assert problems == []
    held = kept(cache, album, refs)
    assert held


def test_threads_that_ask_while_it_closes_get_their_thumbnails(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any]
) -> None:
    cache = open_cache()
    refs = noise(20)
    begun = threading.Event()

    def work(ref: str) -> bool:
        begun.set()
        return cache.load(ref, album).pixels is not None

    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(work, ref) for ref in refs]
        begun.wait()
        cache.close()
        assert all(result.result() for result in results)


OTHER_PROCESS = """
import sys
from pathlib import Path
from truthline.images.source import FolderSource
from truthline.images.thumbnails import Thumbnails
path, folder, count, bound = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
source, refs = FolderSource(folder), [f"s3://b/noise{n}.png" for n in range(count)]
sys.stdin.readline()
cache = Thumbnails(path, bound)
assert all(cache.load(ref, source).pixels is not None for ref in refs * 2)
print(sum(cache.get(ref, source.version(ref)) is not None for ref in refs))
cache.close()
"""


@pytest.mark.parametrize("bound", [2**25, BOUND])
def test_processes_share_it_from_the_start(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any], cache_path: Path, bound: int
) -> None:
    refs = noise(80)
    command = [sys.executable, "-W", "error", "-c", OTHER_PROCESS, cache_path, album.folder, "80", str(bound)]
    others = [
        subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for other in others:
        present(other.stdin).write("go\n")
        present(other.stdin).flush()
    answers = [int(other.communicate()[0]) for other in others]
    assert [other.returncode for other in others] == [0, 0, 0]
    assert cache_path.stat().st_size <= bound
    held = kept(open_cache(bound), album, refs)
    if bound == BOUND:
        assert all(answers)
        assert held
    else:
        assert answers == [80, 80, 80]
        assert held == refs


def test_thumbnails_of_objects_in_s3(
    open_cache: Callable[..., Any],
    picture: Callable[..., Any],
    encode: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulator_module = pytest.importorskip("truthline.emulator")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    data = encode(picture(600, 400), "JPEG", 6)
    ref = "s3://bucket/some prefix/ü+%20.jpg"
    with emulator_module.Emulator() as emulator:
        aws = connect(Connection(region="us-east-1", endpoint_url=emulator.endpoint_url))
        try:
            client = aws.s3._client
            client.create_bucket(Bucket="bucket")
            client.put_object(Bucket="bucket", Key="some prefix/ü+%20.jpg", Body=data)
            source = S3Source(aws.s3)
            assert source.head_bytes(ref, 10) == data[:10]
            cache = open_cache()
            loaded = cache.load(ref, source)
            assert (loaded.pixels.width, loaded.pixels.height) == (171, 256)
            assert loaded.facts == ImageFacts(400, 600, "JPEG", len(data))
            assert cache.get(ref, S3Source(aws.s3).version(ref)) is not None
            missing = cache.load("s3://bucket/missing.jpg", source)
            assert missing == Thumbnail(None, ImageFacts(0, 0, "", 0, missing.facts.problem))
            assert "no such object" in missing.facts.problem
        finally:
            aws.close()
        assert emulator.unplanned_errors == []


# Made ahead


def test_what_is_prepared_is_kept_and_not_read_again(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any]
) -> None:
    (ref,) = noise(1)
    cache = open_cache()
    cache.prepare(ref, album)
    cache.prepare(ref, album)
    assert cache.load(ref, album).pixels is not None
    assert album.reads == [ref]
    assert cache.has_room


def test_a_missing_image_is_no_reason_to_stop(open_cache: Callable[..., Any], album: Album) -> None:
    open_cache().prepare("s3://bucket/gone.jpg", album)


def test_a_full_cache_has_no_room(
    open_cache: Callable[..., Any], album: Album, noise: Callable[..., Any]
) -> None:
    cache = open_cache(max_bytes=300_000)
    for ref in noise(30):
        if not cache.has_room:
            break
        cache.prepare(ref, album)
    assert not cache.has_room
