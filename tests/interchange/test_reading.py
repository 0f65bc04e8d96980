"""How names in files become refs of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from truthline.errors import CancelledError, OfflineError
from truthline.interchange.findings import Code
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import Reading, read_images
from truthline.progress import CancelToken, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]


def read(put: Put, *names: str, lookup: ImageLookup, target: str = "") -> Reading:
    content = "image,label\n" + "".join(f"{name},cat\n" for name in names)
    return read_images(put({"t.csv": content}) / "t.csv", FORMATS["csv"], lookup=lookup, target=target)


def test_a_target_stands_before_the_names(put: Put) -> None:
    reading = read(put, "x/a.jpg", "s3://other/b.jpg", lookup=ImageLookup(), target="s3://bucket/p/")
    assert [image.ref for image in reading.images] == ["s3://bucket/p/x/a.jpg", "s3://other/b.jpg"]


def test_unknown_and_ambiguous_images_are_named(put: Put) -> None:
    lookup = ImageLookup(["s3://b/x/a.jpg", "s3://b/y/a.jpg"])
    reading = read(put, "a.jpg", "c.jpg", "y/a.jpg", lookup=lookup, target="s3://b")
    assert [image.ref for image in reading.images] == ["s3://b/y/a.jpg"]
    assert [(found.code, found.place) for found in reading.findings] == [
        (Code.NO_IMAGE, "t.csv, line 2"),
        (Code.NO_IMAGE, "t.csv, line 3"),
    ]
    assert "2 images could be meant" in reading.findings[0].message
    assert reading.unmatched == ("a.jpg", "c.jpg")


def test_unknown_images_are_new_where_more_may_come(put: Put) -> None:
    lookup = ImageLookup(["s3://b/p/a.jpg"], complete=False)
    reading = read(put, "a.jpg", "new.jpg", lookup=lookup, target="s3://b/p")
    assert [image.ref for image in reading.images] == ["s3://b/p/a.jpg", "s3://b/p/new.jpg"]
    assert reading.unmatched == ()


def test_a_name_alone_is_taken_with_a_warning_and_only_once(put: Put) -> None:
    lookup = ImageLookup(["s3://b/photos/a.jpg"])
    reading = read(put, "train/a.jpg", "val/a.jpg", lookup=lookup)
    assert [(image.ref, image.labels) for image in reading.images] == [("s3://b/photos/a.jpg", ("cat",))]
    assert [found.code for found in reading.findings] == [Code.NAME_ALONE, Code.NO_IMAGE]
    assert reading.unmatched == ("val/a.jpg",)


def test_a_name_alone_takes_no_image_from_its_own_name(put: Put) -> None:
    lookup = ImageLookup(["s3://b/photos/a.jpg"])
    reading = read(put, "train/a.jpg", "photos/a.jpg", lookup=lookup)
    assert [found.place for found in reading.findings] == ["t.csv, line 2"]
    assert reading.unmatched == ("train/a.jpg",)


def test_a_name_alone_does_not_count_where_more_images_may_come(put: Put) -> None:
    lookup = ImageLookup(["s3://b/photos/a.jpg"], complete=False)
    reading = read(put, "train/a.jpg", lookup=lookup, target="s3://b")
    assert [image.ref for image in reading.images] == ["s3://b/train/a.jpg"]


@pytest.mark.parametrize(
    ("written", "names", "found"),
    [
        ("a.jpg", ["a.png"], ["a.png"]),
        ("x/a.jpg", ["x/a.png", "y/a.png"], ["x/a.png"]),
        ("x/a.jpg", ["y/a.png"], ["y/a.png"]),
        ("a.jpg", ["a.png", "a.jpeg"], []),
        ("a.jpg", ["b.png"], []),
        ("../out/a.jpg", ["a.png"], ["a.png"]),
        ("C:\\photos\\a.jpg", ["x/a.jpg", "b.jpg"], ["x/a.jpg"]),
        ("/etc/a.jpg", ["x/a.jpg", "y/a.jpg"], []),
        ("https://somewhere/a.jpg", ["x/a.jpg"], ["x/a.jpg"]),
        ("../..", ["a.jpg"], []),
    ],
)
def test_a_part_of_a_name_counts_if_it_is_that_of_one_image(
    put: Put, written: str, names: list[str], found: list[str]
) -> None:
    reading = read(put, written, lookup=ImageLookup(names))
    assert [image.ref for image in reading.images] == found
    assert [one.left_out for one in reading.findings] == [not found]  # taken or not, it is said


def test_an_image_with_another_ending_is_taken_where_more_images_may_come(put: Put) -> None:
    lookup = ImageLookup(["s3://b/p/a.png"], complete=False)
    reading = read(put, "a.jpg", lookup=lookup, target="s3://b/p")
    assert [image.ref for image in reading.images] == ["s3://b/p/a.png"]
    assert [found.code for found in reading.findings] == [Code.NAME_ALONE]


def test_images_that_are_not_listed_do_not_stop_the_others_where_s3_cannot_be_asked(put: Put) -> None:
    asked = []

    def size_of(ref: str) -> tuple[int, int]:
        asked.append(ref)
        if ref == "s3://b/p/a.jpg":
            return 64, 48
        raise OfflineError("There is no connection.")

    lookup = ImageLookup(["s3://b/p/a.jpg"], complete=False, size_of=size_of)
    reading = read(put, "new.jpg", "a.jpg", "other.jpg", lookup=lookup, target="s3://b/p")
    assert [image.ref for image in reading.images] == [
        f"s3://b/p/{name}.jpg" for name in ("new", "a", "other")
    ]
    assert asked == ["s3://b/p/new.jpg", "s3://b/p/a.jpg"]
    assert ["no connection" in found.message for found in reading.findings] == [True]
    listed = ImageLookup(["s3://b/p/new.jpg"], size_of=size_of)
    with pytest.raises(OfflineError):
        read(put, "new.jpg", lookup=listed, target="s3://b/p")


def test_progress_and_cancel(put: Put) -> None:
    folder = put({"t.csv": "".join(f"{number}.jpg,cat\n" for number in range(1000))})
    told: list[Progress] = []
    read_images(folder / "t.csv", FORMATS["csv"], report=told.append)
    assert [one.done for one in told] == [0, 200, 400, 600, 800]
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done:
            cancel.cancel()

    with pytest.raises(CancelledError):
        read_images(folder / "t.csv", FORMATS["csv"], report=stop, cancel=cancel)
