"""COCO instances as tools write them, oddities included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.findings import Code, Loss, LossKind
from truthline.interchange.formats import FORMATS
from truthline.interchange.reading import Reading, read_images
from truthline.manifest.annotation import Box, ImageSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]

COCO = FORMATS["coco"]
TARGET = "s3://bucket/photos"


def document(**changes: Any) -> dict[str, Any]:
    """A sound file with one image and one box."""
    return {
        "info": {"year": "2024", "description": "Exported from roboflow.com"},
        "licenses": [{"id": 1, "url": "", "name": "CC BY 4.0"}],
        "categories": [
            {"id": 0, "name": "birds", "supercategory": "none"},
            {"id": 7, "name": "crow", "supercategory": "birds"},
        ],
        "images": [
            {
                "id": 0,
                "license": 1,
                "file_name": "a_jpg.rf.1f.jpg",
                "height": 416,
                "width": 640,
                "date_captured": "",
            }
        ],
        "annotations": [
            {
                "id": 0,
                "image_id": 0,
                "category_id": 7,
                "bbox": [95.39999999999998, 20, 40.5, 31],
                "area": 1255.5,
                "segmentation": [],
                "iscrowd": 0,
            }
        ],
    } | changes


def read(put: Put, content: Any, *, name: str = "instances.json") -> Reading:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    return read_images(put({name: text}) / name, COCO, target=TARGET)


def annotation(**changes: Any) -> dict[str, Any]:
    return {"id": 5, "image_id": 0, "category_id": 7, "bbox": [1, 2, 3, 4]} | changes


def test_fractions_and_category_numbers_from_anywhere(put: Put) -> None:
    reading = read(put, document())
    (image,) = reading.images
    assert image.ref == f"{TARGET}/a_jpg.rf.1f.jpg"
    assert image.size == ImageSize(640, 416)
    assert image.boxes == (Box("crow", 95.39999999999998, 20, 40.5, 31),)
    assert reading.findings == ()
    assert reading.losses == ()


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"annotations": [annotation(image_id=9)]}, Code.NO_IMAGE, "instances.json, annotations[0]"),
        ({"annotations": [annotation(category_id=1)]}, Code.LABEL, "instances.json, annotations[0]"),
        (
            {"annotations": [annotation(), annotation(bbox=[1, 2, 3])]},
            Code.BOX,
            "instances.json, annotations[1]",
        ),
        ({"annotations": [annotation(bbox=[])]}, Code.BOX, "instances.json, annotations[0]"),
        ({"annotations": [annotation(bbox=None)]}, Code.BOX, "instances.json, annotations[0]"),
        ({"annotations": [annotation(bbox=[1, 2, 0, 4])]}, Code.BOX, "instances.json, annotations[0]"),
        ({"annotations": [annotation(bbox=[1e300, 2, 3, 4])]}, Code.BOX, "instances.json, annotations[0]"),
        ({"annotations": [annotation(bbox="1 2 3 4")]}, Code.UNREADABLE, "instances.json, annotations[0]"),
        ({"annotations": [7]}, Code.UNREADABLE, "instances.json, annotations[0]"),
        (
            {"annotations": [{"image_id": 0, "caption": "A crow."}]},
            Code.UNREADABLE,
            "instances.json, annotations[0]",
        ),
        (
            {"images": [{"id": 0, "file_name": "../../etc/passwd"}]},
            Code.UNSAFE_NAME,
            "instances.json, images[0]",
        ),
        ({"images": [{"id": 0, "file_name": "/data/a.jpg"}]}, Code.UNSAFE_NAME, "instances.json, images[0]"),
        (
            {"images": [{"id": 0, "file_name": "C:\\data\\a.jpg"}]},
            Code.UNSAFE_NAME,
            "instances.json, images[0]",
        ),
        (
            {"images": [{"id": 0, "file_name": "http://x/a.jpg"}]},
            Code.UNSAFE_NAME,
            "instances.json, images[0]",
        ),
        ({"images": [{"id": 0, "file_name": ""}]}, Code.UNSAFE_NAME, "instances.json, images[0]"),
        ({"images": [{"id": 0}]}, Code.UNREADABLE, "instances.json, images[0]"),
        (
            {"images": [{"id": 0, "file_name": "a.jpg"}, {"id": 0, "file_name": "b.jpg"}]},
            Code.REPEATED,
            "instances.json, images[1]",
        ),
        (
            {"categories": [{"id": 7, "name": "crow"}, {"id": 7, "name": "rook"}]},
            Code.REPEATED,
            "instances.json, categories[1]",
        ),
    ],
)
def test_what_is_wrong_is_named_and_left_out(
    put: Put, changes: dict[str, Any], code: Code, place: str
) -> None:
    reading = read(put, document(**changes))
    assert (code, place) in {(found.code, found.place) for found in reading.findings}
    assert len(reading.images) <= 1


def test_an_image_named_twice_gets_the_boxes_of_both(put: Put) -> None:
    images = [{"id": number, "file_name": "a.jpg", "width": 64, "height": 64} for number in (1, 2)]
    annotations = [annotation(image_id=1), annotation(image_id=2), annotation(image_id=2, bbox=[9, 9, 9, 9])]
    reading = read(put, document(images=images, annotations=annotations))
    (image,) = reading.images
    assert image.boxes == (Box("crow", 1, 2, 3, 4), Box("crow", 9, 9, 9, 9))
    assert [found.code for found in reading.findings] == [Code.REPEATED]


def test_ids_may_be_texts_and_repeated_among_annotations(put: Put) -> None:
    images = [{"id": "0", "file_name": "a.jpg", "width": "64", "height": 48.0}]
    reading = read(put, document(images=images, annotations=[annotation(), annotation(bbox=[5, 5, 5, 5])]))
    (image,) = reading.images
    assert image.size == ImageSize(64, 48)
    assert len(image.boxes) == 2
    assert reading.findings == ()


def test_outlines_and_keypoints_are_listed_as_lost(put: Put) -> None:
    polygon = [[10, 20, 30, 20.5, 30, 60]]
    annotations = [
        annotation(segmentation=polygon, num_keypoints=17, score=0.5),
        {"image_id": 0, "category_id": 7, "segmentation": polygon},
        {"image_id": 0, "category_id": 7, "segmentation": {"counts": "abc", "size": [416, 640]}},
    ]
    reading = read(put, document(annotations=annotations))
    assert reading.images[0].boxes == (Box("crow", 1, 2, 3, 4, confidence=0.5), Box("crow", 10, 20, 20, 40))
    assert [found.code for found in reading.findings] == [Code.BOX]  # the mask
    assert reading.losses == (
        Loss(3, "outlines (segmentations), of which the bounding box is kept"),
        Loss(1, "keypoints"),
    )


def test_a_folder_holds_one_file_for_each_split(put: Put) -> None:
    files: dict[str, str | bytes] = {
        f"{split}/_annotations.coco.json": json.dumps(document()) for split in ("train", "valid")
    }
    reading = read_images(put(files | {"train/other.json": "{}"}), COCO, target=TARGET)
    assert [image.ref for image in reading.images] == [
        f"{TARGET}/train/a_jpg.rf.1f.jpg",
        f"{TARGET}/valid/a_jpg.rf.1f.jpg",
    ]
    assert [(found.code, found.place) for found in reading.findings] == [
        (Code.UNREADABLE, "train/other.json")
    ]


def test_many_findings_of_a_kind_are_counted(put: Put) -> None:
    reading = read(put, document(annotations=[annotation(image_id=9)] * 1500))
    assert len(reading.findings) == 1001
    assert reading.findings[-1].message == "There are 500 more of these."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "Expected `object`"),
        ("{", "truncated"),
        ('{"images": [],\n "annotations": [NaN]}', "line 2, column 18"),
        ('{"images": ' + "[" * 100_000, "recursion|truncated"),  # as Python's version has it
        ('{"images": [], "annotations": []}', "no categories"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("{}".encode("utf-16"), "UTF-16"),
        ("{\0}", "no text"),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(put: Put, content: str, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words) as caught:
        read(put, content)
    assert caught.value.place.endswith("instances.json")
    assert caught.value.detail


def test_a_part_that_is_no_list_is_named(put: Put) -> None:
    with pytest.raises(UnreadableFileError, match="Expected `array`") as caught:
        read(put, document(images=7))
    assert caught.value.place.endswith("instances.json, images")


def test_one_object_where_a_list_belongs_is_a_list_of_one(put: Put) -> None:
    lists = document()
    reading = read(
        put, document(**{part: lists[part][-1] for part in ("images", "annotations", "categories")})
    )
    assert reading.images == read(put, lists).images
    assert [(found.code, found.place, found.left_out) for found in reading.findings[:3]] == [
        (Code.FORM, f"instances.json, {part}", False) for part in ("images", "annotations", "categories")
    ]


@pytest.mark.parametrize("mark", [1, True, "1"])
def test_a_crowd_is_left_out_and_told_as_what_it_is(put: Put, mark: object) -> None:
    crowd = annotation(iscrowd=mark, segmentation={"counts": [1, 2], "size": [416, 640]})
    reading = read(put, document(annotations=[crowd, annotation(), crowd]))
    assert [image.boxes for image in reading.images] == [(Box("crow", 1, 2, 3, 4),)]
    what = "crowds (iscrowd), which are regions of many objects and no boxes"
    assert reading.losses == (Loss(2, what, LossKind.LEFT_OUT, "instances.json, annotations[0]"),)
    assert reading.findings == ()


def test_a_turned_box_of_cvat_becomes_the_rectangle_around_it(put: Put) -> None:
    def turned(degrees: object) -> dict[str, Any]:
        return annotation(bbox=[100, 100, 40, 20], attributes={"occluded": False, "rotation": degrees})

    reading = read(put, document(annotations=[turned(90.0), turned(0), turned("no number"), turned(45)]))
    first, second, third, fourth = (
        (box.left, box.top, box.width, box.height) for box in reading.images[0].boxes
    )
    assert first == pytest.approx((110, 90, 20, 40))
    assert second == third == (100, 100, 40, 20)
    side = 60 / 2**0.5
    assert fourth == pytest.approx((120 - side / 2, 110 - side / 2, side, side))
    what = "rotated boxes, of which the bounding rectangle is kept"
    assert reading.losses == (Loss(2, what, place="instances.json, annotations[0]"),)


def test_not_utf_8(put: Put) -> None:
    content = json.dumps(document()).encode().replace(b"a_jpg", b"\xff_jpg")
    reading = read_images(put({"x.json": content}) / "x.json", COCO, target=TARGET)
    assert (Code.UNREADABLE, "x.json, images[0]") in {(found.code, found.place) for found in reading.findings}
    assert reading.images == ()
