"""YOLO folders as Ultralytics, Roboflow, labelImg and CVAT lay them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.findings import Code, Loss
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import Reading, read_images
from truthline.manifest.annotation import Box

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]

YOLO = FORMATS["yolo"]
NAMES = "names: [cat, dog]\n"


def read(folder: Path, *names: str, size: tuple[int, int] = (640, 480)) -> Reading:
    return read_images(folder, YOLO, lookup=ImageLookup(names, size_of=lambda _: size))


@pytest.mark.parametrize(
    "content",
    [
        "names: ['cat', 'dog']\nnc: 2\ntrain: ../train/images\nroboflow:\n  license: CC BY 4.0\n",
        "path: coco8\nnames:\n  0: cat\n  1: dog\n\ndownload: |\n  import os\n",
        "names:\n- cat\n- dog\n",
        "names: {1: dog, 0: cat}\n",
    ],
)
def test_names_as_list_or_numbers(put: Put, content: str) -> None:
    reading = read(put({"data.yaml": content, "labels/a.txt": "1 0.5 0.5 0.25 0.25\n"}), "images/a.jpg")
    assert reading.images[0].boxes == (Box("dog", 240, 180, 160, 120),)


def test_a_class_called_no_stays_no(put: Put) -> None:
    reading = read(put({"data.yaml": "names: [no, 1.0]\n", "a.txt": "0 .5 .5 .5 .5\n1 .5 .5 .5 .5"}), "a.jpg")
    assert [box.label for box in reading.images[0].boxes] == ["no", "1.0"]


@pytest.mark.parametrize(
    ("label_file", "image"),
    [
        ("labels/train/a.txt", "images/train/a.jpg"),
        ("train/labels/a.txt", "train/images/a.JPG"),
        ("labels/a.txt", "a.png"),
        ("obj_train_data/a.txt", "obj_train_data/a.jpg"),
        ("labels/train/a.b.txt", "s3://bucket/photos/train/a.b.jpeg"),
    ],
)
def test_the_image_of_a_label_file(put: Put, label_file: str, image: str) -> None:
    files: dict[str, str | bytes] = {
        "data.yaml": NAMES,
        label_file: "0 0.5 0.5 1 1",
        "README.roboflow.txt": "x",
        "classes.txt": "cat",
    }
    reading = read(put(files), image, "other/b.jpg")
    assert [found.ref for found in reading.images] == [image]
    assert reading.findings == ()


@pytest.mark.parametrize("decimals", [5, 6, 8, 16])
def test_whole_pixels_survive_the_decimals_of_other_tools(put: Put, decimals: int) -> None:
    width, height = 4032, 3024
    frames = [
        (left, top, 37, 1 + left // 7)
        for left, top in zip(range(1, 4000, 97), range(3, 2400, 61), strict=False)
    ]
    lines = [
        f"0 {(x + w / 2) / width:.{decimals}f} {(y + h / 2) / height:.{decimals}f} "
        f"{w / width:.{decimals}f} {h / height:.{decimals}f}"
        for x, y, w, h in frames
    ]
    reading = read(put({"data.yaml": NAMES, "a.txt": "\n".join(lines)}), "a.jpg", size=(width, height))
    assert [(box.left, box.top, box.width, box.height) for box in reading.images[0].boxes] == frames


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2 0.5 0.5 0.1 0.1", Code.LABEL),
        ("-1 0.5 0.5 0.1 0.1", Code.LABEL),
        ("0.5 0.5 0.5 0.1 0.1", Code.LABEL),
        ("nan 0.5 0.5 0.1 0.1", Code.LABEL),
        ("0 0.5 0.5 0.1", Code.UNREADABLE),
        ("0 0.5 0.5 0.1 0.1 0.2 0.3 0.4", Code.UNREADABLE),
        ("cat 0.5 0.5 0.1 0.1", Code.UNREADABLE),
        ("0 0.5 0.5 0 0.1", Code.BOX),
        ("0 0.5 nan 0.1 0.1", Code.BOX),
        ("0 0.5 0.5 inf 0.1", Code.BOX),
    ],
)
def test_a_bad_line_is_named_and_left_out(put: Put, line: str, code: Code) -> None:
    reading = read(put({"data.yaml": NAMES, "a.txt": f"\n{line}\n1 0.5 0.5 1 1\n"}), "a.jpg")
    assert [(found.code, found.place) for found in reading.findings] == [(code, "a.txt, line 2")]
    assert reading.images[0].boxes == (Box("dog", 0, 0, 640, 480),)


def test_outlines_and_confidences(put: Put) -> None:
    text = "0 0.5 0.5 0.5 0.5 0.75\n1 0.25 0.25 0.75 0.25 0.75 0.5\n"
    reading = read(put({"data.yaml": NAMES, "a.txt": text}), "a.jpg")
    assert reading.images[0].boxes == (
        Box("cat", 160, 120, 320, 240, confidence=0.75),
        Box("dog", 160, 120, 320, 120),
    )
    assert reading.losses == (Loss(1, "outlines (segmentations), of which the bounding box is kept"),)


def test_keypoints_where_data_yaml_says_so(put: Put) -> None:
    files: dict[str, str | bytes] = {
        "data.yaml": f"{NAMES}kpt_shape: [2, 3]\n",
        "a.txt": "0 0.5 0.5 0.5 0.5 .1 .1 2 .9 .9 2",
    }
    reading = read(put(files), "a.jpg")
    assert reading.images[0].boxes == (Box("cat", 160, 120, 320, 240),)
    assert reading.losses == (Loss(1, "keypoints"),)


def test_an_empty_file_is_an_image_without_boxes(put: Put) -> None:
    reading = read(put({"data.yaml": NAMES, "labels/a.txt": ""}), "images/a.jpg")
    assert [(image.ref, image.boxes) for image in reading.images] == [("images/a.jpg", ())]


def test_classes_txt_in_place_of_data_yaml(put: Put) -> None:
    reading = read(put({"classes.txt": "cat\ndog\n", "a.txt": "1 0.5 0.5 1 1"}), "a.jpg")
    assert reading.images[0].boxes[0].label == "dog"


@pytest.mark.parametrize(
    "content",
    ["names: 3\n", "names: [[a]]\n", "names: {x: cat}\n", "{", "names: &a [*a]\n", "[" * 5000],
)
def test_names_that_are_none_stop_the_reading(put: Put, content: str) -> None:
    folder = put({"a.txt": "0 0.5 0.5 1 1", "data.yaml": content})
    with pytest.raises(UnreadableFileError) as caught:
        read(folder, "a.jpg")
    assert caught.value.detail
    assert str(folder) in caught.value.place


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"classes.txt": "\n"}, "classes.txt names no class"),
        ({"x/obj.names": ""}, "x/obj.names names no class"),
        ({"data.yaml": "names: []"}, "data.yaml names no class"),
        ({}, "There is no data.yaml or classes.txt"),
    ],
)
def test_classes_that_nothing_names_are_called_by_their_numbers(
    put: Put, files: dict[str, str | bytes], words: str
) -> None:
    reading = read(put({"a.txt": "3 .5 .5 .5 .5\n0 .5 .5 1 1\n-1 .5 .5 1 1"} | files), "a.jpg")  # type: ignore[operator]
    assert [box.label for box in reading.images[0].boxes] == ["class 3", "class 0"]
    left_out, made_up, example = reading.findings
    assert left_out.code is Code.LABEL
    assert (made_up.code, made_up.left_out) == (Code.FORM, False)
    assert made_up.message.startswith(f"{words}, so the labels are class 0, class 3.")
    assert "“class 3”, 320 wide and 240 high at 160, 120" in example.message


def test_names_that_a_person_gives_count(put: Put) -> None:
    folder = put({"data.yaml": NAMES + "kpt_shape: [1, 3]\n", "a.txt": "1 .5 .5 .5 .5 .1 .1 2"})
    lookup = ImageLookup(["a.jpg"], size_of=lambda _: (640, 480))
    reading = read_images(folder, YOLO, lookup=lookup, labels=["ash", "oak"])
    assert reading.images[0].boxes == (Box("oak", 160, 120, 320, 240),)
    assert reading.findings == ()


def test_the_file_that_names_too_few_classes_is_named(put: Put) -> None:
    reading = read(put({"x/classes.txt": "cat", "a.txt": "2 .5 .5 .5 .5"}), "a.jpg")
    assert reading.findings[0].message == "There is no class 2: x/classes.txt names 1. It was left out."


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("imagesource:x\ngsd:0.1\n160 120 480 120 480 360 160 360 cat 0\n", "pixels"),
        (".25 .25 .75 .25 .75 .75 .25 .75 cat 1\n", "shares"),
        (".5 .25 .75 .5 .5 .75 .25 .5 cat\n", "shares"),
    ],
)
def test_four_corners_and_a_name(put: Put, text: str, unit: str) -> None:
    reading = read(put({"a.txt": text}), "a.jpg")
    assert reading.images[0].boxes == (Box("cat", 160, 120, 320, 240),)
    assert reading.losses == (Loss(1, "rotated boxes (YOLO-OBB), of which the bounding rectangle is kept"),)
    assert [found.code for found in reading.findings] == [Code.FORM] * 2
    assert unit in reading.findings[0].message


def test_four_corners_of_a_class(put: Put) -> None:
    reading = read(put({"data.yaml": NAMES, "a.txt": "1 .5 .25 .75 .5 .5 .75 .25 .5"}), "a.jpg")
    assert reading.images[0].boxes == (Box("dog", 160, 120, 320, 240),)
    assert "rotated boxes of four corners" in reading.losses[0].what


def test_a_sixth_number_that_is_no_confidence_is_told(put: Put) -> None:
    reading = read(put({"data.yaml": NAMES, "a.txt": "1 .5 .5 .5 .5 87.3"}), "a.jpg")
    assert reading.images[0].boxes == (Box("dog", 160, 120, 320, 240),)
    assert "no confidence" in reading.losses[0].what


@pytest.mark.parametrize("content", [b"\xff\xfe0\0", b"\0\1\2", b"1 \xe4"])
def test_a_label_file_that_is_no_text_is_told_once_and_left_out(put: Put, content: bytes) -> None:
    reading = read(put({"data.yaml": NAMES, "b.txt": content, "a.txt": "1 .5 .5 .5 .5"}), "a.jpg", "b.jpg")
    assert [image.ref for image in reading.images] == ["a.jpg"]
    assert [(found.code, found.place) for found in reading.findings] == [(Code.UNREADABLE, "b.txt")]


def test_another_text_is_told_once_and_left_out(put: Put) -> None:
    notes = "".join(f"Photo {number} was taken by the river.\n" for number in range(50))
    reading = read(put({"data.yaml": NAMES, "notes.txt": notes, "a.txt": "1 .5 .5 .5 .5"}), "a.jpg")
    assert [image.ref for image in reading.images] == ["a.jpg"]
    assert [(found.code, found.place) for found in reading.findings] == [(Code.UNREADABLE, "notes.txt")]


def test_a_folder_without_label_files_is_refused(put: Put) -> None:
    with pytest.raises(UnreadableFileError, match=r"ends in \.txt"):
        read(put({"data.yaml": NAMES}), "a.jpg")


def test_nothing_in_yaml_is_carried_out(put: Put, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    content = f"names: !!python/object/apply:os.mkdir ['{trap}']\n"
    with pytest.raises(UnreadableFileError):
        read(put({"data.yaml": content + "x", "a.txt": ""}), "a.jpg")
    assert not trap.exists()


def test_images_that_nobody_knows(put: Put) -> None:
    folder = put({"data.yaml": NAMES, "labels/a.txt": "0 0.5 0.5 1 1"})
    reading = read_images(folder, YOLO)
    assert reading.images == ()
    assert reading.unmatched == ("images/a",)
    assert "give the folder of images" in reading.findings[0].message


def test_an_image_whose_size_nobody_knows(put: Put) -> None:
    folder = put({"data.yaml": NAMES, "labels/a.txt": "0 0.5 0.5 1 1"})
    reading = read_images(folder, YOLO, lookup=ImageLookup(["images/a.jpg"]))
    assert reading.images[0].boxes == ()
    assert [found.code for found in reading.findings] == [Code.IMAGE_SIZE]
