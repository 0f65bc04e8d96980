"""A folder for each class label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from truthline.errors import UnreadableFileError, UsageError
from truthline.interchange.conversion import convert
from truthline.interchange.findings import Code, Loss, LossKind
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import read_images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[..., Path]

FOLDERS = FORMATS["folders"]


def test_the_first_folder_is_the_label(put: Put) -> None:
    folder = put(
        {
            "dog, big/1.jpg": b"",
            "cat/deep/2.PNG": b"",
            "cat/3.webp": b"",
            "loose.jpg": b"",
            ".hidden/4.jpg": b"",
            "cat/notes.txt": b"",
        }
    )
    reading = read_images(folder, FOLDERS, target="s3://b/p")
    assert {image.ref: image.labels for image in reading.images} == {
        "s3://b/p/cat/deep/2.PNG": ("cat",),
        "s3://b/p/dog, big/1.jpg": ("dog, big",),
    }
    assert [(found.code, found.place) for found in reading.findings] == [(Code.LABEL, "loose.jpg")]
    assert reading.losses == (Loss(1, "images that are no PNG or JPEG", LossKind.LEFT_OUT, "cat/3.webp"),)


def test_an_image_in_two_folders_has_both_labels(put: Put) -> None:
    folder = put({"cat/1.jpg": b"", "night/1.jpg": b""})
    reading = read_images(folder, FOLDERS, lookup=ImageLookup(["s3://b/photos/1.jpg"]))
    assert [(image.ref, image.labels) for image in reading.images] == [
        ("s3://b/photos/1.jpg", ("cat", "night"))
    ]
    assert reading.findings == ()


def test_images_are_copied_into_the_folders(
    put: Put, lookup_of: Callable[..., ImageLookup], jpeg: Callable[..., bytes]
) -> None:
    folder = put({"t.csv": "x/1.jpg,cat\n2.jpg,dog\n3.jpg,\n"})
    pictures = {name: jpeg(8, 9 + index) for index, name in enumerate(["x/1.jpg", "2.jpg", "3.jpg"])}
    done = convert(folder / "t.csv", folder / "out", "csv", "folders", images=lookup_of(pictures))
    files = {path.relative_to(folder / "out").as_posix() for path in (folder / "out").rglob("*.*")}
    assert files == {"cat/x/1.jpg", "dog/2.jpg"}
    assert (folder / "out/cat/x/1.jpg").read_bytes() == pictures["x/1.jpg"]
    assert done.losses == (Loss(1, "images without a class label", LossKind.LEFT_OUT),)


def test_without_the_images_nothing_is_written(put: Put, lookup_of: Callable[..., ImageLookup]) -> None:
    folder = put({"t.csv": "1.jpg,cat\n"})
    with pytest.raises(UsageError, match="images themselves"):
        convert(folder / "t.csv", folder / "out", "csv", "folders")
    lookup = ImageLookup(read=lookup_of({}).read)
    with pytest.raises(UnreadableFileError, match=r"1\.jpg"):
        convert(folder / "t.csv", folder / "out", "csv", "folders", images=lookup)
    assert [path.name for path in folder.iterdir()] == ["t.csv"]


def test_a_file_is_no_folder(put: Put) -> None:
    with pytest.raises(UnreadableFileError, match="not a folder"):
        read_images(put({"t.csv": ""}) / "t.csv", FOLDERS)
