"""What each format cannot carry is counted before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from truthline.interchange.findings import Loss, LossKind
from truthline.interchange.fit import fit, losses
from truthline.interchange.formats import FORMATS
from truthline.interchange.ground_truth import labelled_image
from truthline.interchange.model import LabelledImage
from truthline.manifest.annotation import Box, ImageSize
from truthline.manifest.line import parse_line

SIZE = ImageSize(640, 480)


def image(ref: str = "s3://b/a.jpg", **changes: Any) -> LabelledImage:
    return LabelledImage(ref, **{"size": SIZE} | changes)


def told(name: str, *images: LabelledImage) -> dict[str, int]:
    return {loss.what: loss.count for loss in losses(images, FORMATS[name])}


def test_nothing_is_lost_of_nothing_special() -> None:
    plain = image(boxes=(Box("cat", 1, 2, 3, 4, confidence=1),))
    assert all(told(name, plain) == {} for name in FORMATS if name != "folders")


@pytest.mark.parametrize("name", ["coco", "yolo", "voc", "voc-1"])
def test_class_labels(name: str) -> None:
    assert told(name, image(labels=("cat", "dog"))) == {"class labels": 2}


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"manifest", "folders"}])
def test_confidences(name: str) -> None:
    boxes = tuple(Box("cat", 1, 2, 3, 4, confidence=number) for number in (None, 1, 0.5))
    assert told(name, image(boxes=boxes)) == {"confidences other than 1": 1}


@pytest.mark.parametrize("name", FORMATS)
def test_parts_of_pixels(name: str) -> None:
    fitted = fit([image(labels=("x",), boxes=(Box("cat", 1.5, 2.4, 3, 4.2),))], FORMATS[name])
    rounded = Loss(1, "boxes with parts of pixels, which are rounded")
    assert (rounded in fitted.losses) == (name in {"manifest", "voc", "voc-1"})
    if rounded in fitted.losses:
        assert fitted.images[0].boxes == (Box("cat", 2, 2, 3, 5),)


@pytest.mark.parametrize(
    ("name", "label", "spelt"),
    [
        ("folders", "a/b", False),
        ("folders", "..", False),
        ("folders", "a\\b", False),
        ("folders", "con", False),
        ("folders", "dog, big", True),
        ("voc", "a\0b", False),
        ("voc", "a\nb", True),
        ("voc", "\na", False),
        ("csv", 'a,\n"b', True),
    ],
)
def test_labels_that_cannot_be_spelt(name: str, label: str, spelt: bool) -> None:
    one = image(labels=(label,)) if FORMATS[name].class_labels else image(boxes=(Box(label, 1, 2, 3, 4),))
    assert any(label.__repr__() in what for what in told(name, one)) != spelt


def test_a_folder_holds_one_label_of_an_image_and_no_box() -> None:
    images = [
        image(labels=("cat", "dog", "night")),
        image("s3://b/b.jpg", boxes=(Box("cat", 1, 2, 3, 4),)),
    ]
    fitted = fit(images, FORMATS["folders"])
    assert [(one.name, one.labels) for one in fitted.images] == [("a.jpg", ("cat",))]
    assert fitted.losses == (
        Loss(2, "class labels of images that have several, of which only the first is kept"),
        Loss(1, "boxes"),
        Loss(1, "images without a class label", LossKind.LEFT_OUT),
    )


def test_folders_that_some_systems_take_for_one() -> None:
    images = [image(f"s3://b/{label}.jpg", labels=(label,)) for label in ("Cat", "cat", "dog")]
    fitted = fit(images, FORMATS["folders"])
    assert [one.labels[0] for one in fitted.images] == ["Cat", "dog"]
    assert fitted.losses == (
        Loss(1, "images whose label differs from another only in upper and lower case", LossKind.LEFT_OUT),
    )


@pytest.mark.parametrize("name", ["yolo", "voc", "labelme"])
def test_files_that_would_have_one_name(name: str) -> None:
    images = [image("s3://b/a.jpg"), image("s3://b/A.png"), image("s3://b/b.jpg")]
    fitted = fit(images, FORMATS[name])
    assert [one.name for one in fitted.images] == ["a.jpg", "b.jpg"]
    assert fitted.losses == (
        Loss(1, "images whose file would have the name of another's", LossKind.LEFT_OUT),
    )


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"manifest", "folders"}])
def test_keys_that_lead_out_are_never_written(name: str) -> None:
    fitted = fit([image("s3://b/../../etc/cron.d/a.jpg"), image("s3://b//a.jpg")], FORMATS[name])
    assert fitted.images == ()
    assert fitted.losses == (Loss(2, "images whose S3 key cannot be a relative path", LossKind.LEFT_OUT),)


@pytest.mark.parametrize("name", FORMATS)
def test_unknown_sizes(name: str) -> None:
    lost = told(name, image(size=None, labels=("cat",), boxes=(Box("cat", 1, 2, 3, 4),)))
    assert ("images whose size is not known" in lost) == FORMATS[name].needs_size
    assert ("boxes in images whose size is not known" in lost) == (name == "manifest")


LINE = b"""{"source-ref":"s3://b/a.jpg","night":1,"night-metadata":{"confidence":0.5,"job-name":"j",
"class-name":"night","human-annotated":"yes","creation-date":"2020","type":"groundtruth/image-classification"},
"one":{"annotations":[{"left":1,"top":2,"width":3,"height":4,"class_id":0},
{"left":1,"top":2,"width":3,"height":4,"class_id":9}],"image_size":[{"width":640,"height":480,"depth":3}]},
"one-metadata":{"objects":[{"confidence":1},{"confidence":1}],"class-map":{"0":"cat"},"human-annotated":"yes",
"creation-date":"2020","type":"groundtruth/object-detection"},
"two":{"annotations":[],"image_size":[{"width":640,"height":480,"depth":3}]},
"two-metadata":{"objects":[],"class-map":{},"human-annotated":"yes","creation-date":"2020",
"type":"groundtruth/object-detection"},"mine":{"a":1}}"""


def test_what_a_line_holds_beside_labels_and_frames() -> None:
    one = labelled_image(parse_line(LINE))
    assert (one.labels, one.boxes) == (("night",), (Box("cat", 1, 2, 3, 4, confidence=1),))
    assert told("labelme", one) == {
        "label attributes' dates and job names": 3,
        "class labels' confidences other than 1": 1,
        "images with boxes in several label attributes, which are put together": 1,
        "other keys of lines": 1,
    }
    assert told("manifest", one) == {}
    assert fit([one], FORMATS["manifest"]).images == (one,)


def test_a_manifest_needs_addresses() -> None:
    assert told("manifest", image("a.jpg")) == {"images without an address in S3": 1}
