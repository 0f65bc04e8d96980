"""Each fix on a line that needs it; what holds for all of them is in test_fix_properties.py."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from truthline.manifest.annotation import Annotation, ImageFacts
from truthline.manifest.check.codes.table import CODES
from truthline.manifest.check.fixes import FIXES, fix_all, fixes_for
from truthline.manifest.check.rules import RULES, check_line
from truthline.manifest.line import parse_line

NOW = datetime(2024, 5, 14, 9, 12, 37, 137_000, tzinfo=UTC)
DATE = "2024-05-14T09:12:37.137Z"
OLD_DATE = "2021-07-11T03:33:42.025Z"


def class_pair(name: str = "dog", **changes: Any) -> dict[str, Any]:
    metadata = {
        "class-name": name,
        "confidence": 1,
        "type": "groundtruth/image-classification",
        "human-annotated": "yes",
        "creation-date": OLD_DATE,
    }
    return {name: 1, f"{name}-metadata": changed(metadata, changes)}


def box_pair(
    *boxes: tuple[Any, ...], size: tuple[Any, ...] = (640, 480), **changes: object
) -> dict[str, Any]:
    keys = ("left", "top", "width", "height", "class_id")
    metadata = {
        "objects": [{"confidence": 1}] * len(boxes),
        "class-map": {"0": "dog"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": OLD_DATE,
    }
    value = {
        "image_size": [{"width": size[0], "height": size[1], "depth": 3}],
        "annotations": [dict(zip(keys, (*box, 0)[:5], strict=True)) for box in boxes],
    }
    return {"bb": value, "bb-metadata": changed(metadata, changes)}


def changed(metadata: dict[str, Any], changes: Any) -> dict[str, Any] | dict[str, str]:
    changes = {key.replace("_", "-"): value for key, value in changes.items()}
    return {key: value for key, value in (metadata | changes).items() if value is not ...}


def annotation(*pairs: object) -> Annotation:
    line = {"source-ref": "s3://b/k.jpg"}
    for pair in pairs:
        line |= pair  # type: ignore[call-overload]
    return parse_line(json.dumps(line).encode())


def fixed(code: str, before: Annotation, facts: ImageFacts | None = None) -> Any:
    """The line after all fixes of this code, decoded; it must have changed."""
    after = fix_all(before, code, facts, NOW)
    assert after is not before
    assert code not in {finding.code for finding in check_line(after, facts)}
    return json.loads(after.raw)


def frames(line: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(box[k] for k in ("left", "top", "width", "height")) for box in line["bb"]["annotations"]]


BOX = (10, 20, 30, 40)


@pytest.mark.parametrize(
    ("box", "clamped"),
    [
        ((630, 0, 22, 40), [BOX, (630, 0, 10, 40)]),
        ((-5, -6.5, 30, 40), [BOX, (0, 0, 25, 34)]),
        ((0, 0, 700, 500), [BOX, (0, 0, 640, 480)]),
        ((95.39999999999998, 470.5, 20.25, 20), [BOX, (95.39999999999998, 471, 20.25, 9)]),
        ((100, 20, -50, 40), [BOX, (50, 20, 50, 40)]),
        ((638.5, 0, 22, 40), [BOX]),
        ((638, 0, 22, 40), [BOX, (638, 0, 2, 40)]),
        ((700, 0, 22, 40), [BOX]),
        ((-50, 20, 30, -40), [BOX]),
    ],
)
def test_a_box_is_clamped_to_the_image_or_removed(
    box: tuple[Any, ...], clamped: list[tuple[Any, ...]]
) -> None:
    line = fixed("ERROR_INVALID_BOUNDING_BOX", annotation(box_pair(BOX, box)))
    assert frames(line) == clamped
    assert len(line["bb-metadata"]["objects"]) == len(clamped)


def test_a_clamped_box_that_training_would_make_too_small_is_removed() -> None:
    line = fixed("ERROR_INVALID_BOUNDING_BOX", annotation(box_pair(BOX, (2558, 0, 9, 9), size=(2560, 600))))
    assert frames(line) == [BOX]


def test_a_box_is_clamped_to_the_pixels_once_they_are_known() -> None:
    before = annotation(box_pair((500, 20, 140, 40)))
    assert fixes_for(before) == []
    facts = ImageFacts(600, 480, "JPEG", 9)
    assert frames(fixed("ERROR_INVALID_BOUNDING_BOX", before, facts)) == [(500, 20, 100, 40)]


def test_small_boxes_are_removed_with_the_classes_that_only_they_had() -> None:
    before = annotation(box_pair((1, 1, 1, 9), BOX, (2, 2, 0, 0, 1), class_map={"0": "dog", "1": "cat"}))
    line = fixed("ERROR_BOUNDING_BOX_TOO_SMALL", before)
    assert frames(line) == [BOX]
    assert line["bb-metadata"]["class-map"] == {"0": "dog"}


def test_metadata_of_a_class_label_is_completed() -> None:
    before = annotation(
        class_pair(confidence=..., type=..., human_annotated=..., creation_date=..., job_name="x")
    )
    assert fixed("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", before)["dog-metadata"] == {
        "class-name": "dog",
        "job-name": "x",
        "confidence": 1,
        "human-annotated": "yes",
        "creation-date": DATE,
        "type": "groundtruth/image-classification",
    }


def test_metadata_of_boxes_is_completed() -> None:
    before = annotation(box_pair(BOX, BOX, type=..., objects=..., creation_date=...))
    assert fixed("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", before)["bb-metadata"] == {
        "class-map": {"0": "dog"},
        "human-annotated": "yes",
        "objects": [{"confidence": 1}, {"confidence": 1}],
        "creation-date": DATE,
        "type": "groundtruth/object-detection",
    }


@pytest.mark.parametrize(
    "before",
    [
        class_pair(class_name=...),
        class_pair(type=..., class_name=...),
        class_pair(confidence="high"),
        class_pair(type="groundtruth/object-detection", confidence=...),
        box_pair(BOX, class_map=...),
        {"dog": "x", "dog-metadata": {}},
        {"dog": 1, "dog-metadata": 2},
        {"dog": True, "dog-metadata": {"class-name": "dog"}},
    ],
)
def test_what_only_a_person_can_know_is_not_made_up(before: dict[str, Any] | dict[str, int]) -> None:
    line = annotation(before)
    assert "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT" in {found.code for found in check_line(line)}
    assert fixes_for(line) == []


def test_an_empty_class_map_is_completed_where_there_is_no_box() -> None:
    line = fixed("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", annotation(box_pair(class_map=...)))
    assert line["bb-metadata"]["class-map"] == {}


def test_missing_confidences_are_padded() -> None:
    before = annotation(box_pair(BOX, BOX, BOX, objects=[{}, {"confidence": 0.5}]))
    line = fixed("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", before)
    assert line["bb-metadata"]["objects"] == [{"confidence": 1}, {"confidence": 0.5}, {"confidence": 1}]


def test_an_unused_class_is_dropped() -> None:
    before = annotation(box_pair(BOX, class_map={"0": "dog", "7": "cat"}))
    assert fixed("TRUTHLINE_UNUSED_CLASS", before)["bb-metadata"]["class-map"] == {"0": "dog"}


def test_a_bad_label_name_is_dropped_only_if_no_box_has_it() -> None:
    code = "ERROR_INVALID_LABEL_NAME_LENGTH"
    before = annotation(box_pair(BOX, class_map={"0": "dog", "7": ""}))
    assert fixed(code, before)["bb-metadata"]["class-map"] == {"0": "dog"}
    used = annotation(box_pair(BOX, class_map={"0": ""}), class_pair(class_name=""))
    assert fix_all(used, code, None, NOW) is used


def test_image_size_is_set_from_the_pixels() -> None:
    facts = ImageFacts(600, 400, "JPEG", 9)
    before = annotation(box_pair(BOX))
    line = fixed("TRUTHLINE_IMAGE_SIZE_MISMATCH", before, facts)
    assert line["bb"]["image_size"] == [{"width": 600, "height": 400, "depth": 3}]
    assert fix_all(before, "TRUTHLINE_IMAGE_SIZE_MISMATCH", None, NOW) is before


@pytest.mark.parametrize(
    ("size", "depth"), [(..., 3), ([], 3), (None, 3), ([{"depth": 1}], 1), ([{"width": 9, "depth": "x"}], 3)]
)
def test_a_malformed_image_size_is_set_from_the_pixels(size: Any, depth: int) -> None:
    pair = box_pair(BOX)
    if size is ...:
        del pair["bb"]["image_size"]
    else:
        pair["bb"]["image_size"] = size
    facts = ImageFacts(600, 400, "JPEG", 9)
    line = fixed("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", annotation(pair), facts)
    assert line["bb"]["image_size"] == [{"width": 600, "height": 400, "depth": depth}]
    assert fixes_for(annotation(pair)) == []


MULTI = {
    "jobs": [2, 0, 2],
    "jobs-metadata": {
        "class-map": {"0": "with_leaves", "2": "größe"},
        "confidence-map": {"0": 0.5},
        "job-name": "labeling-job/jobs",
        "type": "groundtruth/image-classification-multilabel",
        "human-annotated": "no",
        "creation-date": OLD_DATE,
    },
}


def test_a_multi_label_attribute_is_split_into_pairs() -> None:
    line = fixed("ERROR_UNSUPPORTED_USE_CASE_TYPE", annotation(MULTI, {"jobs0": "taken", "note": [1]}))
    assert line["note"] == [1]
    assert "jobs" not in line
    assert "jobs-metadata" not in line
    assert (line["jobs1"], line["jobs2"]) == (2, 0)
    assert line["jobs2-metadata"] == {
        "confidence": 0.5,
        "job-name": "labeling-job/jobs",
        "class-name": "with_leaves",
        "human-annotated": "no",
        "creation-date": OLD_DATE,
        "type": "groundtruth/image-classification",
    }
    assert line["jobs1-metadata"]["class-name"] == "größe"
    assert line["jobs1-metadata"]["confidence"] == 1


def test_a_split_gives_no_label_twice() -> None:
    before = annotation(class_pair("größe"), MULTI)
    after = fix_all(before, "ERROR_UNSUPPORTED_USE_CASE_TYPE", None, NOW)
    assert sorted(label.name for label in after.class_labels) == ["größe", "with_leaves"]


@pytest.mark.parametrize("change", [{"jobs": [9]}, {"jobs": "2"}, {"jobs": [True]}])
def test_a_multi_label_attribute_with_an_unknown_id_is_left_alone(change: Any) -> None:
    assert fixes_for(annotation(MULTI | change)) == []


def test_a_change_of_a_finding_that_is_gone_changes_nothing() -> None:
    before = annotation(box_pair(BOX, (1, 1, 1, 9)))
    ((finding, fix),) = fixes_for(before)
    after = fix.change(before, finding, None, NOW)
    assert after.boxes == 1
    assert fix.change(after, finding, None, NOW) is after


def test_what_is_not_json_or_has_no_fix_is_left_alone() -> None:
    for raw in (b"", b"{", b"\xff", b"[]", b'{"source-ref":"x"}'):
        line = parse_line(raw)
        assert fixes_for(line) == []
        for code in [*FIXES, "ERROR_INVALID_JSON_LINE"]:
            assert fix_all(line, code, None, NOW) is line


def test_fixes_have_short_titles_and_codes_that_lines_can_show() -> None:
    assert FIXES.keys() <= {rule.code for rule in RULES} & CODES.keys()
    assert all(len(fix.title) <= 45 for fix in FIXES.values())
