"""CSV tables with and without a header, and in the columns of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.findings import Code
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
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
    assert {found.code for found in reading.findings} <= {Code.FORM}


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


DOG = Box("dog", 100, 50, 200, 150)


def told(reading: Reading) -> list[str]:
    """What is said of the form that was taken, and of the first box by it."""
    assert not any(found.left_out for found in reading.findings)
    return [found.message for found in reading.findings if found.code is Code.FORM]


@pytest.mark.parametrize(
    "header",
    [
        "image_name,label_name,x1,y1,x2,y2",
        "filename,class,xmin,ymin,xmax,ymax",
        "Image Name,Label,X_Min,Y_Min,X_Max,Y_Max",
        "path,category,left,top,right,bottom",
        "source-ref,ClassName,x-min,y-min,x-max,y-max",
    ],
)
def test_corners_by_many_names(put: Put, header: str) -> None:
    reading = read(put, f"{header}\na.jpg,dog,100,50,300,200\n")
    assert reading.images[0].boxes == (DOG,)
    form, first = told(reading)
    assert form.startswith(f"Read by its header: “{header.partition(',')[0]}” as the image")
    assert "“dog”, 200 wide and 150 high at 100, 50" in first


@pytest.mark.parametrize(
    "header",
    ["image,label,x,y,w,h", "file,name,x_min,y_min,width,height", "img,class,bbox_x,bbox_y,bbox_w,bbox_h"],
)
def test_sizes_by_many_names(put: Put, header: str) -> None:
    assert read(put, f"{header}\na.jpg,dog,100,50,200,150\n").images[0].boxes == (DOG,)


@pytest.mark.parametrize("header", ["image,label,x_center,y_center,width,height", "image,label,cx,cy,w,h"])
def test_centres(put: Put, header: str) -> None:
    assert read(put, f"{header}\na.jpg,dog,200,125,200,150\n").images[0].boxes == (DOG,)


def test_our_own_header_is_not_remarked_upon(put: Put) -> None:
    assert read(put, "image,label,left,top,width,height\na.jpg,dog,.5,.5,.5,.5\n").findings == ()
    assert read(put, "image,label\na.jpg,dog\n").findings == ()


def test_columns_that_are_not_read_are_named(put: Put) -> None:
    reading = read(put, "split,filename,label,x1,y1,x2,y2,note\ntrain,a.jpg,dog,100,50,300,200,fine\n")
    assert reading.images[0].boxes == (DOG,)
    assert told(reading)[0].endswith("Not read: “split”, “note”.")


@pytest.mark.parametrize(
    "header",
    [
        "image,label,bbox",
        "image,label,a,b,c,d",
        "image,label,x1,y1,x2",
        "image,x1,y1,x2,y2",
        "picture,kind",
        "label,x1,y1,x2,y2",
        "image,label,x1,y1,width",
    ],
)
def test_a_header_that_is_not_understood_stops_the_reading(put: Put, header: str) -> None:
    with pytest.raises(UnreadableFileError, match="header is not understood") as caught:
        read(put, f"{header}\na.jpg,dog,100,50,300,200\n")
    assert all(f"“{name}”" in caught.value.title for name in header.split(","))
    assert caught.value.place.endswith("t.csv, line 1")
    assert caught.value.detail


@pytest.mark.parametrize(
    "content",
    ["a.jpg,sunrise\nb.jpg,sun set,water\n", "a.jpg, sunrise\nb.jpg,sun set, water,\n"],
)
def test_many_labels_of_an_image(put: Put, content: str) -> None:
    reading = read(put, content)
    assert [image.labels for image in reading.images] == [("sunrise",), ("sun set", "water")]
    assert "image,label,label…" in told(reading)[0]


@pytest.mark.parametrize("header", ["filename, dog, cat", "image,dog,cat"])
def test_a_column_for_each_label(put: Put, header: str) -> None:
    reading = read(put, f"{header}\na.jpg, 1, 0\nb.jpg,1,1\nc.jpg,0,\n")
    assert [image.labels for image in reading.images] == [("dog",), ("dog", "cat"), ()]
    assert told(reading) == ["Read as a column for each label, with a 1 where an image has it: dog, cat."]


def test_labels_that_are_digits(put: Put) -> None:
    assert [image.labels for image in read(put, "a.jpg,7\nb.jpg,0\n").images] == [("7",), ("0",)]
    assert [image.labels for image in read(put, "image,0,1\na.jpg,0,1\n").images] == [("1",)]


def test_the_form_of_retinanet(put: Put) -> None:
    reading = read(put, "b.jpg,,,,,\na.jpg,100,50,300,200,dog\n")
    assert [image.boxes for image in reading.images] == [(), (DOG,)]
    assert "path,x1,y1,x2,y2,class" in told(reading)[0]


def test_our_own_form_without_a_header(put: Put) -> None:
    reading = read(put, "a.jpg,dog,100,50,200,150\na.jpg,night\nb.jpg\n")
    assert [(image.labels, image.boxes) for image in reading.images] == [(("night",), (DOG,)), ((), ())]
    assert "image,label,left,top,width,height" in told(reading)[0]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a.jpg,7,1,2,3,4\n", 1),
        ("a.jpg,dog\nb.jpg,1,2,3,4,7\n", 2),
        ("a.jpg,dog,1,2,x,4\n", 1),
        ("a.jpg,1,2,3,4\n", 1),
        ("a.jpg,dog,1,2,3,4\nb.jpg,1,2,3,4,dog\n", 1),
        ("a.jpg,dog,1,2,3,4,0.9\n", 1),
    ],
)
def test_lines_that_can_be_meant_in_two_ways_stop_the_reading(put: Put, content: str, line: int) -> None:
    with pytest.raises(UnreadableFileError, match="no header") as caught:
        read(put, content)
    assert caught.value.place.endswith(f"t.csv, line {line}")


def test_shares_of_the_image_are_told(put: Put) -> None:
    folder = put({"t.csv": "ImageID,LabelName,XMin,XMax,YMin,YMax\na,dog,0.15625,0.46875,0.125,0.5\n"})
    lookup = ImageLookup(["a.jpg"], size_of=lambda _: (640, 400))
    reading = read_images(folder / "t.csv", FORMATS["csv"], lookup=lookup)
    assert reading.images[0].boxes == (DOG,)
    assert any("shares of the image" in message for message in told(reading))


def test_later_lines_of_another_form_are_named(put: Put) -> None:
    reading = read(put, "a.jpg,100,50,300,200,dog\na.jpg,cat\n")
    assert [(found.code, found.place) for found in reading.findings if found.left_out] == [
        (Code.BOX, "t.csv, line 2")
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "empty"), ("\n\r\n", "empty"), ("a.jpg,cat".encode("utf-16"), "UTF-16"), (b"\0\1", "no text")],
)
def test_files_that_hold_no_table(put: Put, content: str | bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words) as caught:
        read(put, content)
    assert caught.value.place.endswith("t.csv")
