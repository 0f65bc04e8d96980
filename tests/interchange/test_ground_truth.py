"""Manifests, and multi-label Ground Truth jobs in particular."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from truthline.errors import UnreadableFileError
from truthline.interchange.conversion import convert
from truthline.interchange.findings import Code
from truthline.interchange.formats import FORMATS
from truthline.interchange.multilabel import split_multi_labels
from truthline.interchange.reading import read_images
from truthline.manifest.check.rules import check_line
from truthline.manifest.line import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[dict[str, str | bytes]], Path]

MULTI = (
    '{"source-ref": "s3://bucket/example_image.jpg", "species": [0,2], "species-metadata": {"job-name": '
    '"labeling-job/species", "class-map": {"0": "dog", "2": "bird, small"}, "human-annotated": "yes", '
    '"creation-date": "2018-10-18T22:18:13.527256", "confidence-map": {"0": 0.64, "2": 1}, '
    '"type": "groundtruth/image-classification-multilabel"}, "mine": 1.50}'
)
SPLIT = (
    '{"source-ref": "s3://bucket/example_image.jpg", "mine": 1.50, '
    '"species0": 0, "species0-metadata": {"class-name": "dog", "confidence": 0.64, '
    '"type": "groundtruth/image-classification", "job-name": "labeling-job/species", '
    '"human-annotated": "yes", '
    '"creation-date": "2018-10-18T22:18:13.527256"}, '
    '"species1": 1, "species1-metadata": {"class-name": "bird, small", "confidence": 1, '
    '"type": "groundtruth/image-classification", "job-name": "labeling-job/species", '
    '"human-annotated": "yes", '
    '"creation-date": "2018-10-18T22:18:13.527256"}}'
)


def test_the_pairs_that_custom_labels_takes() -> None:
    before = parse_line(MULTI.encode())
    assert check_line(before)
    after = split_multi_labels(before)
    assert after.raw.decode() == SPLIT
    assert check_line(after) == ()
    assert split_multi_labels(after) is after


def test_taken_names_and_repeated_ids() -> None:
    line = json.loads(MULTI)
    line |= {"species": [2, 2, 0], "species0": "mine"}
    after = split_multi_labels(parse_line(json.dumps(line).encode()))
    assert [(label.attribute, label.name) for label in after.class_labels] == [
        ("species0-2", "bird, small"),
        ("species1", "dog"),
    ]
    assert bytes(after.members["species0"]) == b'"mine"'


def test_no_label_was_chosen() -> None:
    line = json.loads(MULTI) | {"species": []}
    assert json.loads(split_multi_labels(parse_line(json.dumps(line).encode())).raw) == {
        "source-ref": "s3://bucket/example_image.jpg",
        "mine": 1.5,
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("species", [7]),
        ("species", "0"),
        ("species", [0.5]),
        ("species-metadata", {"type": "groundtruth/image-classification-multilabel"}),
        ("species-metadata", {"type": "groundtruth/text-classification-multilabel", "class-map": {"0": "a"}}),
    ],
)
def test_what_cannot_be_split_stays(key: str, value: object) -> None:
    line = parse_line(json.dumps(json.loads(MULTI) | {key: value}).encode())
    assert split_multi_labels(line) is line
    assert check_line(line)


def test_a_missing_confidence_is_not_invented() -> None:
    line = json.loads(MULTI)
    del line["species-metadata"]["confidence-map"]["2"]
    after = split_multi_labels(parse_line(json.dumps(line).encode()))
    codes = {(finding.code, finding.pointer) for finding in check_line(after)}
    assert ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", "/species1-metadata") in codes


def test_a_manifest_converted_to_a_manifest_keeps_all_else(put: Put) -> None:
    other = '{"source-ref":"s3://bucket/b.jpg",  "x": 1.0}'
    folder = put({"in.manifest": f"\ufeff{MULTI}\r\n\r\nnot json\r\n{other}"})
    done = convert(folder / "in.manifest", folder / "out.manifest", "manifest", "manifest")
    assert (folder / "out.manifest").read_text(encoding="utf-8") == f"{SPLIT}\n{other}\n"
    assert (done.images, done.class_labels, done.losses) == (2, 2, ())
    assert [(found.code, found.place) for found in done.findings] == [
        (Code.UNREADABLE, "in.manifest, line 2"),
        (Code.UNREADABLE, "in.manifest, line 3"),
    ]


def test_of_repeated_images_the_last_line_counts(put: Put) -> None:
    folder = put({"a": '{"source-ref":"s3://b/a","x":1}\n{"source-ref":"s3://b/a","x":2}\n'})
    reading = read_images(folder / "a", FORMATS["manifest"])
    (image,) = reading.images
    assert image.annotation is not None
    assert image.annotation.raw.endswith(b'"x":2}')
    assert [(found.code, found.place) for found in reading.findings] == [(Code.REPEATED, "a, line 2")]


@pytest.mark.parametrize(
    "content",
    [
        '[\n{"source-ref":"s3://b/a"},\n {"source-ref":"s3://b/c"}]',
        '{\n"source-ref":"s3://b/a"\n}\n{"source-ref":"s3://b/c"}',
    ],
)
def test_values_of_a_file_without_lines_are_read_and_told(put: Put, content: str) -> None:
    reading = read_images(put({"a": content}) / "a", FORMATS["manifest"])
    assert [image.ref for image in reading.images] == ["s3://b/a", "s3://b/c"]
    assert [(found.code, found.left_out) for found in reading.findings] == [(Code.FORM, False)]
    assert reading.findings[0].message.endswith("It was read as one image for each value.")


def test_a_file_that_is_no_manifest_is_refused_once(put: Put) -> None:
    with pytest.raises(UnreadableFileError, match="holds no JSON"):
        read_images(put({"a": "x\ny\nz\n"}) / "a", FORMATS["manifest"])


def test_a_line_with_a_box_past_its_image_keeps_all_else(put: Put) -> None:
    box = '{"left": %d, "top": 1, "width": %d, "height": 40, "class_id": 0}'
    line = (
        '{"source-ref":"s3://b/a",  "mine": 1.50, "x": {"annotations": [%s, %s, %s], "image_size": '
        '[{"width": 64, "height": 64, "depth": 3}]}, "x-metadata": {"class-map": {"0": "cat"}, "objects": '
        '[{"confidence": 1}, {"confidence": 1}, {"confidence": 1}], "type": "groundtruth/object-detection"}}'
    )
    content = line % (box % (60, 20), box % (10, 20), box % (90, 9))
    (image,) = read_images(put({"a": content}) / "a", FORMATS["manifest"]).images
    assert image.annotation is not None
    assert image.annotation.raw.startswith(b'{"source-ref":"s3://b/a",  "mine": 1.50, ')
    assert [(one.left, one.width) for one in image.boxes] == [(60, 4), (10, 20)]
    assert image.annotation.boxes == 2
