"""Thumbnails and full images: newest first, within bounds, and what is broken says why."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage
from typing_extensions import override

from truthline.errors import ImageError, OfflineError, UnforeseenError
from truthline.images.thumbnails import Thumbnails
from truthline.images.workspace_source import NoImages
from truthline.resources import resource
from truthline.ui.document import full_images
from truthline.ui.document import pictures as pictures_module
from truthline.ui.document.pictures import Pictures
from truthline.ui.kit.jobs import Jobs, Lane
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.ui.document.full_images import FullImage


class Shelf:
    """An `ImageSource` of bytes by source-ref."""

    def __init__(self) -> None:
        self.images: dict[str, bytes] = {}
        self.read_refs: list[str] = []
        self.error: Exception | None = None

    def version(self, ref: str) -> str | None:
        return "1" if ref in self.images else None

    def size(self, ref: str) -> int:
        return len(self._bytes(ref))

    def head_bytes(self, ref: str, length: int) -> bytes:
        return self._bytes(ref)[:length]

    def read(self, ref: str) -> bytes:
        self.read_refs.append(ref)
        return self._bytes(ref)

    def _bytes(self, ref: str) -> bytes:
        if self.error is not None:
            raise self.error
        if ref not in self.images:
            raise ImageError("There is no such object in S3.", place=ref)
        return self.images[ref]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def fig() -> bytes:
    return resource("sample/images/fig.jpg").read_bytes()


@pytest.fixture
def pictures(jobs: Jobs, shelf: Shelf, tmp_path: Path) -> Iterator[Pictures]:
    cache = Thumbnails(tmp_path / "cache.sqlite")
    yield Pictures(jobs, shelf, cache)
    jobs.close()
    cache.close()


def hold(jobs: Jobs) -> threading.Event:
    """Keep both decoders busy until the event is set."""
    gate = threading.Event()
    for _ in range(Lane.DECODE.value[1]):
        jobs.run(Lane.DECODE, lambda *_: gate.wait(10))
    return gate


def test_a_thumbnail_comes_when_it_is_decoded(
    pictures: Pictures, shelf: Shelf, fig: bytes, settle: Callable[[], None]
) -> None:
    shelf.images["s3://leaves/fig.jpg"] = fig
    told: list[Any] = []
    facts: list[Any] = []
    pictures.thumbnail_changed.connect(lambda change: told.append(change.entry_id))
    pictures.facts_found.connect(facts.append)
    assert pictures.thumbnail(EntryId(1), "s3://leaves/fig.jpg").pixmap is None
    settle()
    pixmap = pictures.thumbnail(EntryId(1), "s3://leaves/fig.jpg").pixmap
    assert told == [1]
    assert pixmap is not None
    assert max(pixmap.width(), pixmap.height()) == 256
    (told_facts,) = facts
    found = told_facts.facts
    assert (told_facts.entry_id, found.width, found.height, found.format) == (1, 1024, 693, "JPEG")


def test_it_is_asked_for_once_however_often_it_is_painted(
    pictures: Pictures, shelf: Shelf, fig: bytes, jobs: Jobs, settle: Callable[[], None]
) -> None:
    shelf.images["a"] = fig
    gate = hold(jobs)
    for _ in range(50):
        pictures.thumbnail(EntryId(1), "a")
    gate.set()
    settle()
    pictures.thumbnail(EntryId(1), "a")
    settle()
    assert shelf.read_refs == ["a"]


def test_what_was_asked_for_last_comes_first(
    pictures: Pictures, shelf: Shelf, fig: bytes, jobs: Jobs, settle: Callable[[], None]
) -> None:
    order: list[int] = []
    pictures.thumbnail_changed.connect(lambda change: order.append(change.entry_id))
    gate = hold(jobs)
    for number in range(8):
        shelf.images[str(number)] = fig
        pictures.thumbnail(EntryId(number), str(number))
    pictures.thumbnail(EntryId(3), "3")  # painted again: it is in view
    gate.set()
    settle()
    assert shelf.read_refs[0] == "3"
    assert sorted(shelf.read_refs[:2] + shelf.read_refs[2:]) == [str(n) for n in range(8)]
    assert set(shelf.read_refs[-2:]) <= {"0", "1", "2"}


def test_what_was_scrolled_past_gives_way(
    pictures: Pictures, shelf: Shelf, jobs: Jobs, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures_module, "_WAITING", 5)
    told: list[int] = []
    pictures.thumbnail_changed.connect(lambda change: told.append(change.entry_id))
    gate = hold(jobs)
    for number in range(20):
        pictures.thumbnail(EntryId(number), str(number))
    gate.set()
    settle()
    assert sorted(told) == [15, 16, 17, 18, 19]
    pictures.thumbnail(EntryId(2), "2")  # in view again
    settle()
    assert told[-1] == 2


def test_thumbnails_are_kept_within_a_bound(
    pictures: Pictures, shelf: Shelf, fig: bytes, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = 256 * 174 * 4
    monkeypatch.setattr(pictures_module, "_KEPT_BYTES", 3 * one)
    for number in range(6):
        shelf.images[str(number)] = fig
        pictures.thumbnail(EntryId(number), str(number))
        settle()
    kept = [n for n in range(6) if pictures.thumbnail(EntryId(n), str(n)).pixmap is not None]
    assert len(kept) <= 3
    assert 5 in kept
    settle()


@pytest.mark.parametrize("what", ["not an image", "cut", "missing", "huge"])
def test_what_cannot_be_shown_says_why(
    what: str, pictures: Pictures, shelf: Shelf, fig: bytes, settle: Callable[[], None]
) -> None:
    content = {"not an image": b"Dear Sir or Madam", "cut": fig[:2_000], "huge": _png_of(60_000, 60_000)}
    if what in content:
        shelf.images["a"] = content[what]
    pictures.thumbnail(EntryId(1), "a")
    loaded: list[FullImage] = []
    pictures.full.load("a", loaded.append)
    settle()
    thumbnail = pictures.thumbnail(EntryId(1), "a")
    assert thumbnail.pixmap is None
    assert thumbnail.problem
    assert loaded[0].image is None
    assert loaded[0].problem


def _png_of(width: int, height: int) -> bytes:
    import struct  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_line_without_an_image_says_so(pictures: Pictures) -> None:
    assert pictures.thumbnail(EntryId(1), "").problem == "This line names no image."


def test_no_connection_is_told_in_the_place_of_the_image(
    pictures: Pictures, shelf: Shelf, settle: Callable[[], None]
) -> None:
    shelf.error = OfflineError("S3 cannot be reached.")
    pictures.thumbnail(EntryId(1), "a")
    settle()
    assert "S3 cannot be reached." in pictures.thumbnail(EntryId(1), "a").problem


def test_what_failed_is_tried_again_from_another_source(
    jobs: Jobs, shelf: Shelf, fig: bytes, settle: Callable[[], None], tmp_path: Path
) -> None:
    shelf.images["a"] = fig
    cache = Thumbnails(tmp_path / "cache.sqlite")
    pictures = Pictures(jobs, NoImages(), cache)
    told: list[int] = []
    pictures.thumbnail_changed.connect(lambda change: told.append(change.entry_id))
    pictures.thumbnail(EntryId(1), "a")
    settle()
    assert pictures.thumbnail(EntryId(1), "a").problem
    pictures.set_source(shelf)
    assert told == [1, 1]  # the second: look again
    pictures.thumbnail(EntryId(1), "a")
    settle()
    assert pictures.thumbnail(EntryId(1), "a").pixmap is not None
    jobs.close()
    cache.close()


class Slow(NoImages):
    """Finds nothing, after a while."""

    def __init__(self) -> None:
        self.asked, self.answer = threading.Event(), threading.Event()

    @override
    def version(self, ref: str) -> str | None:
        self.asked.set()
        self.answer.wait(10)
        return None

    @override
    def read(self, ref: str) -> bytes:
        self.asked.set()
        self.answer.wait(10)
        return super().read(ref)


def test_an_answer_from_the_earlier_source_is_not_believed(
    jobs: Jobs, shelf: Shelf, fig: bytes, settle: Callable[[], None], tmp_path: Path
) -> None:
    shelf.images["a"] = fig
    cache = Thumbnails(tmp_path / "cache.sqlite")
    slow = Slow()
    pictures = Pictures(jobs, slow, cache)
    pictures.thumbnail_changed.connect(lambda change: pictures.thumbnail(change.entry_id, "a"))
    pictures.thumbnail(EntryId(1), "a")
    assert slow.asked.wait(10)
    pictures.set_source(shelf)
    slow.answer.set()
    settle()
    assert pictures.thumbnail(EntryId(1), "a").pixmap is not None
    jobs.close()
    cache.close()


def test_a_full_image_on_its_way_from_the_earlier_source_is_asked_for_again(
    jobs: Jobs, shelf: Shelf, fig: bytes, settle: Callable[[], None], tmp_path: Path
) -> None:
    shelf.images["a"] = fig
    cache = Thumbnails(tmp_path / "cache.sqlite")
    slow = Slow()
    pictures = Pictures(jobs, slow, cache)
    loaded: list[FullImage] = []
    pictures.full.load("a", lambda _image: None)
    assert slow.asked.wait(10)
    pictures.set_source(shelf)
    pictures.full.load("a", loaded.append)
    slow.answer.set()
    settle()
    assert [image.image is not None for image in loaded] == [True]
    jobs.close()
    cache.close()


# Full images


def test_a_full_image_is_upright_and_kept(
    pictures: Pictures, shelf: Shelf, fig: bytes, settle: Callable[[], None]
) -> None:
    shelf.images["a"] = fig
    loaded: list[FullImage] = []
    pictures.full.load("a", loaded.append)
    settle()
    pictures.full.load("a", loaded.append)  # at once
    assert [(one.image.width(), one.image.height()) for one in loaded if one.image] == [(1024, 693)] * 2
    assert shelf.read_refs == ["a"]


def test_an_image_that_failed_is_tried_again_when_it_is_opened_again(
    pictures: Pictures, shelf: Shelf, fig: bytes, settle: Callable[[], None]
) -> None:
    shelf.images["a"] = fig
    shelf.error = OfflineError("S3 cannot be reached.")
    loaded: list[FullImage] = []
    pictures.full.load("a", loaded.append)
    settle()
    shelf.error = None
    pictures.full.load("a", loaded.append)
    settle()
    assert [one.image is not None for one in loaded] == [False, True]


def test_only_the_image_asked_for_last_is_delivered(
    pictures: Pictures, shelf: Shelf, fig: bytes, jobs: Jobs, settle: Callable[[], None]
) -> None:
    for name in "abc":
        shelf.images[name] = fig
    delivered: list[str] = []
    gate = hold(jobs)
    for name in "abc":
        pictures.full.load(name, lambda _image, name=name: delivered.append(name))  # type: ignore[misc]
    gate.set()
    settle()
    assert delivered == ["c"]
    assert shelf.read_refs == ["c"]


def test_coming_back_to_an_image_while_it_loads(
    pictures: Pictures, shelf: Shelf, fig: bytes, jobs: Jobs, settle: Callable[[], None]
) -> None:
    for name in "ab":
        shelf.images[name] = fig
    delivered: list[str] = []
    gate = hold(jobs)
    for name in "aba":
        pictures.full.load(name, lambda _image, name=name: delivered.append(name))  # type: ignore[misc]
    gate.set()
    settle()
    assert delivered == ["a"]


def test_a_prefetched_image_is_there_at_once(
    pictures: Pictures, shelf: Shelf, fig: bytes, settle: Callable[[], None]
) -> None:
    shelf.images["a"] = fig
    pictures.full.prefetch(["a"])
    settle()
    loaded: list[FullImage] = []
    pictures.full.load("a", loaded.append)
    assert loaded
    assert shelf.read_refs == ["a"]


def test_full_images_are_kept_within_a_bound(
    pictures: Pictures,
    shelf: Shelf,
    fig: bytes,
    settle: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(full_images, "_KEPT_BYTES", 3 * 1024 * 693 * 4)
    for number in range(5):
        shelf.images[str(number)] = fig
        pictures.full.load(str(number), lambda _image: None)
        settle()
    shelf.read_refs.clear()
    for number in (4, 3, 2):
        pictures.full.load(str(number), lambda _image: None)
    assert shelf.read_refs == []
    pictures.full.load("0", lambda _image: None)
    settle()
    assert shelf.read_refs == ["0"]


def test_neighbours_are_read_ahead_and_others_given_up(
    pictures: Pictures, shelf: Shelf, fig: bytes, jobs: Jobs, settle: Callable[[], None]
) -> None:
    for name in "abcdef":
        shelf.images[name] = fig
    gate = hold(jobs)
    pictures.full.prefetch(["a", "b", "c"])
    pictures.full.load("b", lambda _image: None)
    pictures.full.prefetch(["c", "d", "", "e"])  # a person went on
    gate.set()
    settle()
    assert sorted(shelf.read_refs) == ["b", "c", "d", "e"]


def test_an_image_is_decoded_as_large_as_it_is_looked_at(
    pictures: Pictures, shelf: Shelf, settle: Callable[[], None]
) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (6_000, 3_000), "green").save(stream, "JPEG")
    shelf.images["a"] = stream.getvalue()
    loaded: list[FullImage] = []
    pictures.full.load("a", loaded.append)
    settle()
    pictures.full.refine("a", loaded.append)
    settle()
    pictures.full.load("a", loaded.append)  # the better one is there
    assert [(one.size.width(), one.size.height()) for one in loaded] == [(6_000, 3_000)] * 3
    sizes = [(one.image.width(), one.image.height()) for one in loaded if one.image]
    assert sizes == [(2_048, 1_024), (4_096, 2_048), (4_096, 2_048)]


def test_what_breaks_in_an_unforeseen_way_says_so_in_its_place(
    pictures: Pictures, shelf: Shelf, settle: Callable[[], None], unexpected: list[Exception]
) -> None:
    shelf.error = RuntimeError("out of luck")
    loaded: list[FullImage] = []
    pictures.full.load("a", loaded.append)
    pictures.thumbnail(EntryId(1), "a")
    settle()
    assert loaded[0].problem == str(UnforeseenError())
    assert pictures.thumbnail(EntryId(1), "a").problem == UnforeseenError().title
    assert unexpected.pop() is shelf.error  # of the whole image, for which somebody waits


def test_pixels_become_an_image_of_its_own() -> None:
    from truthline.images.decode import Pixels  # noqa: PLC0415

    data = bytes([1, 2, 3, 255] * 6)
    image = full_images.to_image(Pixels(3, 2, data, 12))
    del data
    assert image.format() == QImage.Format.Format_RGB32
    assert image.pixelColor(2, 1) == QColor(3, 2, 1)
