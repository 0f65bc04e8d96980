from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from truthline.errors import UsageError
from truthline.manifest import edit
from truthline.manifest.annotation import Annotation, Box, ImageSize
from truthline.manifest.check.rules import check_line
from truthline.manifest.line import parse_line

NOW = datetime(2021, 7, 11, 3, 33, 42, 25_999, tzinfo=UTC)
SIZE = ImageSize(640, 480, 3)

GOLDEN = (
    '{"source-ref":"s3://custom-labels-console-us-east-1-111111111/assets/flowers_1_test_dataset/'
    'mediterranean_spurge4.jpg","mediterranean_spurge":1,"mediterranean_spurge-metadata":{"confidence":1,'
    '"job-name":"labeling-job/mediterranean_spurge","class-name":"mediterranean_spurge",'
    '"human-annotated":"yes",'
    '"creation-date":"2021-07-11T03:33:42.025Z","type":"groundtruth/image-classification"},"with_leaves":1,'
    '"with_leaves-metadata":{"confidence":1,"job-name":"labeling-job/with_leaves","class-name":"with_leaves",'
    '"human-annotated":"yes","creation-date":"2021-07-11T03:33:42.025Z","type":"groundtruth/image-classification"}}'
)

# Boxes with all that a gesture must leave alone: odd spacing, number spellings, escapes and unknown keys.
BOXES = (
    '{ "note" : "caf\\u00e9", "bb": {"annotations":[{"class_id": 0 ,"left":95.39999999999998,"top":1.0, '
    '"width":1e2,"height":20,"by":"me"},{"left":1,"top":2,"width":3,"height":4,"class_id":1}], "extra":[1.0],'
    '"image_size":[{"width":640,"height":480,"depth":3}]},"bb-metadata":{"objects":[{"confidence":0.90,"x":1},'
    '{"confidence":1}],"class-map":{"0":"d\\u006fg","1":"cat","7":"never used"},'
    '"type":"groundtruth/object-detection",'
    '"human-annotated":"yes","creation-date":"2020-10-16","n":0.10},"source-ref":"s3://b/k.jpg"}  '
)


@pytest.fixture
def boxes() -> Annotation:
    return parse_line(BOXES.encode())


@pytest.fixture
def plain() -> Annotation:
    return edit.new_annotation("s3://b/k.jpg")


def members(annotation: Annotation) -> Any:
    return json.loads(annotation.raw)


def test_the_golden_line() -> None:
    annotation = edit.new_annotation(json.loads(GOLDEN)["source-ref"])
    for label in ("mediterranean_spurge", "with_leaves"):
        annotation = edit.add_class_label(annotation, label, NOW)
    assert annotation.raw == GOLDEN.encode()
    assert [label.name for label in annotation.class_labels] == ["mediterranean_spurge", "with_leaves"]
    assert check_line(annotation) == ()


def test_dates_are_in_utc(plain: Annotation) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    annotation = edit.add_class_label(plain, "dog", there)
    assert members(annotation)["dog-metadata"]["creation-date"] == "2021-07-11T03:33:42.025Z"


def test_a_label_that_is_there_is_not_added_again(plain: Annotation) -> None:
    once = edit.add_class_label(plain, "dog", NOW)
    assert edit.add_class_label(once, "dog", NOW) is once


def test_labels_hold_any_characters(plain: Annotation) -> None:
    annotation = plain
    labels = [
        "größe 大 ",
        "source-ref",
        "x-metadata",
        "cl-errors",
        '"quoted"\\',
        "<img src=x>",
        "a",
        "\x00\u2028",
    ]
    for label in labels:
        annotation = edit.add_class_label(annotation, label, NOW)
    assert [label.name for label in annotation.class_labels] == labels
    assert annotation.findings == ()
    assert "größe 大 ".encode() in annotation.raw


def test_a_class_label_is_removed_with_its_twin() -> None:
    annotation = parse_line(GOLDEN.replace(",", ", ", 1).encode())
    removed = edit.remove_class_label(annotation, "mediterranean_spurge")
    assert removed.raw.startswith(b'{"source-ref":"s3://')
    assert list(members(removed)) == ["source-ref", "with_leaves", "with_leaves-metadata"]
    last = edit.remove_class_label(removed, "with_leaves")
    assert list(members(last)) == ["source-ref"]


def test_adding_and_removing_a_label_gives_the_line_back(boxes: Annotation) -> None:
    added = edit.add_class_label(boxes, "dog", NOW)
    assert added.raw != boxes.raw
    assert edit.remove_class_label(added, "dog").raw == boxes.raw


def test_the_first_box_makes_its_attribute_as_the_console_does(plain: Annotation) -> None:
    annotation = edit.add_box(plain, "flowers_BB", Box("dog", 10.4, 20.5, 30.2, 40), SIZE, NOW)
    assert annotation.raw.decode() == (
        '{"source-ref":"s3://b/k.jpg","flowers_BB":{"annotations":[{"left":10,"top":21,"width":31,"height":40,'
        '"class_id":0}],"image_size":[{"width":640,"height":480,"depth":3}]},"flowers_BB-metadata":{'
        '"job-name":"labeling-job/flowers_BB","class-map":{"0":"dog"},"human-annotated":"yes",'
        '"objects":[{"confidence":1}],"creation-date":"2021-07-11T03:33:42.025Z",'
        '"type":"groundtruth/object-detection"}}'
    )
    assert check_line(annotation) == ()


def test_boxes_reuse_the_id_of_their_label_or_take_the_lowest_free_one(boxes: Annotation) -> None:
    for label, class_id in (("cat", 1), ("dog", 0), ("bird", 2), ("never used", 7), ("", 2)):
        added = edit.add_box(boxes, "bb", Box(label, 1, 2, 30, 40), SIZE, NOW)
        value, metadata = members(added)["bb"], members(added)["bb-metadata"]
        assert value["annotations"][-1] == {
            "left": 1,
            "top": 2,
            "width": 30,
            "height": 40,
            "class_id": class_id,
        }
        assert metadata["class-map"][str(class_id)] == label
        assert metadata["objects"][2:] == [{"confidence": 1}]


def test_an_id_that_a_box_uses_without_an_entry_gets_no_meaning_by_the_way(boxes: Annotation) -> None:
    raw = boxes.raw.replace(b'"1":"cat",', b"").replace(b'"0":"d\\u006fg",', b"")
    added = edit.add_box(parse_line(raw), "bb", Box("bird", 1, 2, 30, 40), SIZE, NOW)
    assert members(added)["bb-metadata"]["class-map"] == {"7": "never used", "2": "bird"}


def test_adding_a_box_changes_nothing_else(boxes: Annotation) -> None:
    added = edit.add_box(boxes, "bb", Box("bird", 1, 2, 30, 40), SIZE, NOW).raw.decode()
    new_box = '{"left": 1, "top": 2, "width": 30, "height": 40, "class_id": 2}'
    expected = (
        BOXES.replace('"class_id":1}]', f'"class_id":1}},{new_box}]')
        .replace('{"confidence":1}]', '{"confidence":1},{"confidence": 1}]')
        .replace('"never used"}', '"never used","2":"bird"}')
    )
    assert added == expected


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ("[]", [{}, {}, {"confidence": 1}]),
        ('[{"confidence":0.5}]', [{"confidence": 0.5}, {}, {"confidence": 1}]),
        (
            '[{"confidence":0.5},{"confidence":0.6},{"confidence":0.7}]',
            [{"confidence": 0.5}, {"confidence": 0.6}, {"confidence": 1}, {"confidence": 0.7}],
        ),
    ],
)
def test_no_confidence_is_invented_and_each_stays_with_its_box(objects: str, expected: list[Any]) -> None:
    raw = BOXES.replace('[{"confidence":0.90,"x":1},{"confidence":1}]', objects)
    added = edit.add_box(parse_line(raw.encode()), "bb", Box("dog", 1, 2, 30, 40), SIZE, NOW)
    assert members(added)["bb-metadata"]["objects"] == expected
    assert added.box_attributes[0].boxes[2].confidence == 1


def test_a_box_keeps_the_confidence_it_comes_with(boxes: Annotation) -> None:
    added = edit.add_box(boxes, "bb", Box("dog", 1, 2, 30, 40, confidence=0.5), SIZE, NOW)
    assert added.box_attributes[0].boxes[-1].confidence == 0.5


def test_missing_parts_of_an_attribute_are_made_up_for(plain: Annotation) -> None:
    raw = b'{"source-ref":"s3://b/k","bb":{},"bb-metadata":{"type":"groundtruth/object-detection"}}'
    added = edit.add_box(parse_line(raw), "bb", Box("dog", 1, 2, 30, 40), SIZE, NOW)
    (attribute,) = added.box_attributes
    assert attribute.image_size == SIZE
    assert [box.label for box in attribute.boxes] == ["dog"]


def test_a_key_that_holds_something_else_is_left_alone(plain: Annotation) -> None:
    annotation = edit.add_class_label(plain, "bb", NOW)
    for _ in range(2):
        annotation = edit.add_box(annotation, "bb", Box("dog", 1, 2, 30, 40), SIZE, NOW)
    assert [(found.name, len(found.boxes)) for found in annotation.box_attributes] == [("bb-2", 2)]


def test_moving_a_box_changes_only_its_own_numbers(boxes: Annotation) -> None:
    moved = edit.set_box_frame(boxes, "bb", 0, 10.6, 1.0, 100, 20)
    assert moved.raw.decode() == BOXES.replace("95.39999999999998", "11")


def test_an_axis_that_stays_keeps_the_text_of_its_numbers(boxes: Annotation) -> None:
    resized = edit.set_box_frame(boxes, "bb", 0, 95.39999999999998, 5, 100, 7.2)
    assert resized.raw.decode() == BOXES.replace('"top":1.0', '"top":5').replace('"height":20', '"height":7')


def test_a_frame_that_does_not_change_gives_the_same_object(boxes: Annotation) -> None:
    assert edit.set_box_frame(boxes, "bb", 0, 95.39999999999998, 1, 100.0, 20) is boxes


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((0.4, 0.4, 0.2, 0.0), (0, 0, 1, 1)),
        ((629.6, 0, 10.4, 480), (630, 0, 10, 480)),
        ((10.5, 11.5, 101, 101), (11, 12, 101, 101)),
        ((-3.5, 1, 5.2, 5), (-3, 1, 5, 5)),
    ],
)
def test_frames_are_whole_pixels_at_least_one_wide_and_stay_inside(
    boxes: Annotation, frame: tuple[Any, ...], expected: tuple[Any, ...]
) -> None:
    box = edit.set_box_frame(boxes, "bb", 1, *frame).box_attributes[0].boxes[1]
    assert (box.left, box.top, box.width, box.height) == expected


def test_another_label_drops_only_the_id_that_became_unused(boxes: Annotation) -> None:
    changed = edit.set_box_label(boxes, "bb", [1], "bird")
    assert changed.raw.decode() == BOXES.replace('"class_id":1}', '"class_id":2}').replace(
        '"1":"cat","7":"never used"', '"7":"never used","2":"bird"'
    )
    same = edit.set_box_label(boxes, "bb", [0, 1], "cat")
    assert members(same)["bb-metadata"]["class-map"] == {"1": "cat", "7": "never used"}
    assert [box.label for box in same.box_attributes[0].boxes] == ["cat", "cat"]


def test_the_label_that_a_box_has_changes_nothing(boxes: Annotation) -> None:
    assert edit.set_box_label(boxes, "bb", [0], "dog") is boxes
    assert edit.set_box_label(boxes, "bb", [], "cat") is boxes


def test_removing_a_box_takes_its_confidence_and_its_id(boxes: Annotation) -> None:
    removed = edit.remove_boxes(boxes, "bb", [0])
    assert removed.raw.decode() == (
        BOXES.replace(BOXES[BOXES.index('{"class_id"') : BOXES.index('{"left":1,')], "")
        .replace('{"confidence":0.90,"x":1},', "")
        .replace('"0":"d\\u006fg",', "")
    )


def test_removing_all_boxes_leaves_the_pair(boxes: Annotation) -> None:
    removed = edit.remove_boxes(boxes, "bb", {0, 1})
    assert members(removed)["bb"] == {
        "annotations": [],
        "extra": [1.0],
        "image_size": members(boxes)["bb"]["image_size"],
    }
    assert members(removed)["bb-metadata"]["objects"] == []
    assert members(removed)["bb-metadata"]["class-map"] == {"7": "never used"}
    assert removed.box_attributes[0].boxes == ()
    assert edit.remove_boxes(removed, "bb", []) is removed


def test_new_members_take_the_style_of_the_line() -> None:
    spaced = parse_line(b'{"source-ref": "s3://b/k", "x": [1,2]}')
    added = edit.add_class_label(spaced, "dog", NOW).raw
    assert added.startswith(
        b'{"source-ref": "s3://b/k", "x": [1,2], "dog": 1, "dog-metadata": {"confidence": 1, "job'
    )


def test_attributes_with_odd_names_are_edited(plain: Annotation) -> None:
    annotation = edit.add_box(plain, 'a/b~"ü', Box("dog", 1, 2, 30, 40), SIZE, NOW)
    annotation = edit.set_box_label(annotation, 'a/b~"ü', [0], "cat")
    assert annotation.box_attributes[0].boxes[0].label == "cat"


def test_of_repeated_keys_the_one_that_counts_is_edited() -> None:
    box = '{"left":9,"top":2,"width":3,"height":4,"class_id":1,"left":1}'
    raw = BOXES.replace('{"left":1,"top":2,"width":3,"height":4,"class_id":1}', box).replace(
        "}  ", ',"bb":1,"bb":' + json.dumps(json.loads(BOXES)["bb"]) + "}"
    )
    moved = edit.set_box_frame(parse_line(raw.encode()), "bb", 1, 5, 2, 3, 4)
    assert [box.left for box in moved.box_attributes[0].boxes] == [95.39999999999998, 5]


def test_gestures_on_what_is_not_there_are_refused(boxes: Annotation, plain: Annotation) -> None:
    for gesture in (
        lambda: edit.remove_class_label(plain, "dog"),
        lambda: edit.remove_class_label(boxes, "bb"),
        lambda: edit.remove_boxes(boxes, "bb", [2]),
        lambda: edit.set_box_label(boxes, "bb", [-1], "dog"),
        lambda: edit.set_box_frame(boxes, "other", 0, 1, 1, 1, 1),
    ):
        with pytest.raises(UsageError):
            gesture()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("raw", [b"", b"not json", b"[1]"])
def test_lines_that_are_no_object_are_not_edited(raw: bytes) -> None:
    with pytest.raises(UsageError, match="not a JSON object"):
        edit.add_class_label(parse_line(raw), "dog", NOW)
