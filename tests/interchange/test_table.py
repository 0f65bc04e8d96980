"""CSV tables with and without a header, and in the columns of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import Code
from truthline.interchange.reading import Reading, read_images
from truthline.manifest.annotation import Box, ImageSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]


def read(put: Put, content: str | bytes) -> Reading:
    return read_images(put({"t.csv": content}) / "t.csv", FORMATS["csv"])


@pytest.mark.parametrize(
    "content",
    [
        "image,label\na.jpg,cat\nb.jpg,dog\na.jpg,night\n",
        "a.jpg,cat\r\nb.jpg,dog\r\na.jpg,night",
        "\ufeffFile Name;Class Name\na.jpg;cat\n\nb.jpg;dog\na.jpg;night\na.jpg;night\n".replace(
            "File Name", "filename"
        ),
        'path\tlabel\n"a.jpg"\tcat\nb.jpg\tdog\na.jpg\tnight\n',
    ],
)
def test_class_labels(put: Put, content: str) -> None:
    reading = read(put, content)
    assert {image.ref: image.labels for image in reading.images} == {
        "a.jpg": ("cat", "night"),
        "b.jpg": ("dog",),
    }
    assert reading.findings == ()


def test_boxes_beside_class_labels_and_images_without_any(put: Put) -> None:
    reading = read(
        put, "image,label,left,top,width,height\na.jpg,night,,,,\na.jpg,cat,1,2.5,3,4\nb.jpg,,,,,\n"
    )
    first, second = reading.images
    assert (first.labels, first.boxes) == (("night",), (Box("cat", 1, 2.5, 3, 4),))
    assert (second.labels, second.boxes) == ((), ())


def test_the_columns_of_tensorflow_and_roboflow(put: Put) -> None:
    reading = read(put, "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,480,cat,10,20,110,70\n")
    (image,) = reading.images
    assert image.size == ImageSize(640, 480)
    assert image.boxes == (Box("cat", 10, 20, 100, 50),)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("a.jpg,cat,1,2,x,4", Code.BOX),
        ("a.jpg,cat,1,2,3,", Code.BOX),
        ("a.jpg,cat,1,2,3,0", Code.BOX),
        ("a.jpg,cat,1,2,3,inf", Code.BOX),
        ("a.jpg,,1,2,3,4", Code.LABEL),
        (",cat,1,2,3,4", Code.UNREADABLE),
        ("../a.jpg,cat,1,2,3,4", Code.UNSAFE_NAME),
    ],
)
def test_a_bad_line_is_named_and_left_out(put: Put, line: str, code: Code) -> None:
    reading = read(put, f"image,label,left,top,width,height\n{line}\nb.jpg,dog,1,2,3,4\n")
    assert [(found.code, found.place) for found in reading.findings] == [(code, "t.csv, line 2")]
    assert [box.label for image in reading.images for box in image.boxes] == ["dog"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"image,label\na.jpg,B\xe4r\n", "Line 2 is not UTF-8"),
        (b'image,label\na.jpg,"' + b"x" * 200_000, "field larger"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(put: Put, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        read(put, content)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not a file"):
        read_images(tmp_path, FORMATS["csv"])
