from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from truthline.errors import UsageError
from truthline.manifest.labels import declared_labels, remove_label, rename_label, similar_labels
from truthline.manifest.line import parse_line

if TYPE_CHECKING:
    from truthline.manifest.annotation import Annotation

LINE = (
    b'{"source-ref": "s3://b/k", "dog": 1, "dog-metadata": {"class-name":"dog", "confidence": 0.50,'
    b' "type": "groundtruth/image-classification", "human-annotated": "yes", "creation-date": "2021-07-11"},'
    b' "bb": {"annotations": [{"class_id": 3,"left":1.50,"top":2,"width":30,"height":40},'
    b' {"class_id": 1,"left":5,"top":2,"width":30,"height":40}], "image_size":'
    b' [{"width":640,"height":480,"depth":3}]}, "bb-metadata": {"objects":[{"confidence":1},'
    b' {"confidence":1}], "class-map": {"1":"cat" , "3":"dog", "5":"dog"},'
    b' "type": "groundtruth/object-detection", "human-annotated": "yes", "creation-date": "2021-07-11"}}'
)


@pytest.fixture
def annotation() -> Annotation:
    return parse_line(LINE)


def test_a_label_is_renamed_at_every_place_and_nothing_else_changes(annotation: Annotation) -> None:
    renamed = rename_label(annotation, "dog", "größe")
    expected = LINE.replace(b'"class-name":"dog"', '"class-name":"größe"'.encode())
    expected = expected.replace(b'"3":"dog", "5":"dog"', '"3":"größe"'.encode())
    assert renamed.raw == expected


def test_a_label_is_merged_into_one_that_the_line_has(annotation: Annotation) -> None:
    line = json.loads(rename_label(annotation, "cat", "dog").raw)
    assert line["bb-metadata"]["class-map"] == {"3": "dog", "5": "dog"}
    assert [box["class_id"] for box in line["bb"]["annotations"]] == [3, 3]
    assert line["dog-metadata"] == json.loads(LINE)["dog-metadata"]


def test_two_class_labels_never_come_to_have_one_name(annotation: Annotation) -> None:
    line = json.loads(LINE)
    line["cat-key"] = 7
    line["cat-key-metadata"] = line["dog-metadata"] | {"class-name": "cat", "confidence": 1}
    merged = rename_label(parse_line(json.dumps(line).encode()), "cat", "dog")
    assert [(label.attribute, label.confidence) for label in merged.class_labels] == [("dog", 0.5)]
    line["dog-metadata"]["class-name"] = "cat"
    merged = rename_label(parse_line(json.dumps(line).encode()), "cat", "bird")
    assert [(label.attribute, label.name) for label in merged.class_labels] == [("dog", "bird")]


def test_a_removed_label_takes_its_boxes_along(annotation: Annotation) -> None:
    removed = remove_label(annotation, "dog")
    line = json.loads(removed.raw)
    assert removed.class_labels == ()
    assert line.keys() == {"source-ref", "bb", "bb-metadata"}
    assert [box["class_id"] for box in line["bb"]["annotations"]] == [1]
    assert line["bb-metadata"]["class-map"] == {"1": "cat"}
    assert len(line["bb-metadata"]["objects"]) == 1
    assert declared_labels(remove_label(removed, "cat")) == frozenset()


def test_what_changes_nothing_gives_the_same_object(annotation: Annotation) -> None:
    assert rename_label(annotation, "bird", "dog") is annotation
    assert rename_label(annotation, "dog", "dog") is annotation
    assert remove_label(annotation, "bird") is annotation
    for raw in (b"", b"{", b"[]"):
        line = parse_line(raw)
        assert rename_label(line, "dog", "cat") is remove_label(line, "dog") is line


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_a_name_that_no_label_can_have_is_refused(annotation: Annotation, name: str) -> None:
    with pytest.raises(UsageError):
        rename_label(annotation, "dog", name)


def test_labels_that_look_alike_are_grouped() -> None:
    names = [
        "Dog",
        "cat",
        "dog ",
        "do\u200bg",
        "gro\u0308ße",
        "größe",
        "GRÖSSE",
        "fire truck",
        "firetruck",
        "cat",
    ]
    assert similar_labels(names) == [
        ("Dog", "dog ", "do\u200bg"),
        ("gro\u0308ße", "größe", "GRÖSSE"),
        ("fire truck", "firetruck"),
    ]
    assert similar_labels(["a", "b", "a_b", "a-b"]) == []
