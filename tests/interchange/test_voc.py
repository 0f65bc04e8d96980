"""Pascal VOC as labelImg, CVAT and the devkit write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.findings import Code
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import Reading, read_images
from truthline.interchange.xml_safe import XmlError, parse_xml
from truthline.manifest.annotation import Box, ImageSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]

LABEL_IMG = """<annotation verified="yes">
	<folder>photos</folder>
	<filename>IMG 1.jpg</filename>
	<path>/home/somebody/photos/IMG 1.jpg</path>
	<source>
		<database>Unknown</database>
	</source>
	<size>
		<width>640</width>
		<height>480</height>
		<depth>3</depth>
	</size>
	<segmented>0</segmented>
	<object>
		<name>cat</name>
		<pose>Unspecified</pose>
		<truncated>1</truncated>
		<difficult>0</difficult>
		<bndbox>
			<xmin>1</xmin>
			<ymin>10</ymin>
			<xmax>640</xmax>
			<ymax>60</ymax>
		</bndbox>
	</object>
</annotation>
"""


def read(put: Put, content: str, *, name: str = "a.xml", form: str = "voc") -> Reading:
    return read_images(put({name: content}), FORMATS[form])


def test_edges_from_0(put: Put) -> None:
    reading = read(put, LABEL_IMG)
    (image,) = reading.images
    assert image.ref == "IMG 1.jpg"
    assert image.size == ImageSize(640, 480)
    assert image.boxes == (Box("cat", 1, 10, 639, 50),)
    assert reading.findings == ()


def test_pixels_from_1(put: Put) -> None:
    reading = read(put, LABEL_IMG, form="voc-1")
    assert reading.images[0].boxes == (Box("cat", 0, 9, 640, 51),)
    assert reading.findings == ()


def test_a_file_of_the_challenge_is_pointed_out(put: Put) -> None:
    content = LABEL_IMG.replace("Unknown", "The VOC2007 Database")
    assert [found.code for found in read(put, content).findings] == [Code.ASSUMED]
    assert read(put, content, form="voc-1").findings == ()
    from_zero = read(put, LABEL_IMG.replace("<xmin>1<", "<xmin>0<"), form="voc-1")
    assert [(found.code, found.place) for found in from_zero.findings] == [(Code.ASSUMED, "a.xml, object 1")]


@pytest.mark.parametrize(
    ("name", "file_name", "image"),
    [
        ("VOC2007/Annotations/a.xml", "a.jpg", "VOC2007/JPEGImages/a.jpg"),
        ("Annotations/train/a.xml", "train/a.jpg", "train/a.jpg"),
        ("train/a.xml", "a.jpg", "train/a.jpg"),
        ("Annotations/a.xml", "a.jpg", "s3://bucket/photos/a.jpg"),
        ("Annotations/a.xml", "", "images/a.png"),
        ("Annotations/a.xml", "sub\\a.jpg", "sub/a.jpg"),
    ],
)
def test_the_image_of_a_file(put: Put, name: str, file_name: str, image: str) -> None:
    folder = put({name: LABEL_IMG.replace("IMG 1.jpg", file_name)})
    reading = read_images(folder, FORMATS["voc"], lookup=ImageLookup([image, "other/b.jpg"]))
    assert [found.ref for found in reading.images] == [image]
    assert reading.findings == ()


@pytest.mark.parametrize(
    ("before", "after", "code", "place"),
    [
        ("<xmax>640</xmax>", "", Code.BOX, "a.xml, object 1"),
        ("<xmax>640", "<xmax>x", Code.BOX, "a.xml, object 1"),
        ("<xmax>640", "<xmax>nan", Code.BOX, "a.xml, object 1"),
        ("<xmax>640", "<xmax>1", Code.BOX, "a.xml, object 1"),
        ("<name>cat</name>", "<name/>", Code.LABEL, "a.xml, object 1"),
        ("<filename>IMG 1", "<filename>../../IMG 1", Code.UNSAFE_NAME, "a.xml"),
        ("<filename>IMG 1", "<filename>/IMG 1", Code.UNSAFE_NAME, "a.xml"),
        ("</annotation>", "", Code.UNREADABLE, "a.xml"),
    ],
)
def test_what_is_wrong_is_named_and_left_out(
    put: Put, before: str, after: str, code: Code, place: str
) -> None:
    assert before in LABEL_IMG
    reading = read(put, LABEL_IMG.replace(before, after))
    assert [(found.code, found.place) for found in reading.findings] == [(code, place)]
    assert all(not image.boxes for image in reading.images)


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE a [<!ENTITY a "xxxxxxxx"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>',
        '<!DOCTYPE a [<!ENTITY % a SYSTEM "http://127.0.0.1:1/a.dtd"> %a;]><a/>',
        "<a>" * 51 + "</a>" * 51,
        "<a>" * 100_000,
        "<a>&undeclared;</a>",
        '<?xml version="1.0" encoding="no-such"?><a/>',
        "",
        "\x00",
    ],
)
def test_dangerous_and_broken_xml_is_refused(document: str, put: Put) -> None:
    with pytest.raises(XmlError):
        parse_xml(document.encode())
    folder = put({"a.xml": document})
    with pytest.raises(UnreadableFileError):
        read_images(folder / "a.xml", FORMATS["voc"])
    assert [found.code for found in read_images(folder, FORMATS["voc"]).findings] == [Code.UNREADABLE]


def test_other_encodings_and_pretty_printing() -> None:
    document = '<?xml version="1.0" encoding="latin-1"?><a><name>Bär</name></a>'.encode("latin-1")
    assert parse_xml(document).findtext("name") == "Bär"
    assert parse_xml(b"<!DOCTYPE annotation><annotation/>").tag == "annotation"


def test_a_turned_box_of_cvat_becomes_the_rectangle_around_it(put: Put) -> None:
    attributes = "<attributes><attribute><name>rotation</name><value>90.0</value></attribute></attributes>"
    content = LABEL_IMG.replace("<xmax>640", "<xmax>101").replace("</object>", f"{attributes}</object>")
    reading = read(put, content)
    (box,) = reading.images[0].boxes
    assert (box.width, box.height) == pytest.approx((50, 85))  # 100 high, of which 15 above the image
    assert {loss.what for loss in reading.losses} >= {
        "rotated boxes, of which the bounding rectangle is kept"
    }


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("<annotations><version>1.1</version><image id='0' name='a.jpg'/></annotations>", "CVAT's own XML"),
        ("<html/>", "<html> where Pascal VOC has <annotation>"),
        (" \n", "empty"),
    ],
)
def test_other_xml_is_told_once(put: Put, document: str, words: str) -> None:
    folder = put({"a.xml": document})
    with pytest.raises(UnreadableFileError, match=words):
        read_images(folder / "a.xml", FORMATS["voc"])
    (found,) = read_images(folder, FORMATS["voc"]).findings
    assert (found.code, found.place) == (Code.UNREADABLE, "a.xml")
    assert words in found.message


def test_a_folder_without_xml_is_refused(put: Put) -> None:
    with pytest.raises(UnreadableFileError, match=r"ends in \.xml"):
        read_images(put({"a.txt": ""}), FORMATS["voc"])


def test_pretty_printed_names(put: Put) -> None:
    reading = read(put, LABEL_IMG.replace("<name>cat</name>", "<name>\n\t\t\tcat \n</name>"))
    assert reading.images[0].boxes[0].label == "cat"
