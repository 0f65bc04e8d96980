"""Each code that dataset operations attach to a line, where it hangs, and what comes along with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.emulator.lines import MESSAGES, Problem, read_line

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"
METADATA_FORMAT = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
NO_VALID = Problem("ERROR_NO_VALID_LABEL_ATTRIBUTES")


def problems(line: dict[str, Any]) -> list[Problem]:
    return list(read_line(line).problems)


def test_a_class_label_is_understood(class_line: Callable[..., Any]) -> None:
    reading = read_line(class_line(label="rose"))
    assert (reading.is_labeled, reading.labels, reading.boxed, reading.problems) == (  # type: ignore[comparison-overlap]
        True,
        {"rose"},
        set(),
        (),
    )


def test_boxes_are_understood_and_unused_labels_are_declared_only(box_line: Callable[..., Any]) -> None:
    reading = read_line(box_line(**{"class-map": {"0": "tulip", "7": "unused"}}))
    assert (reading.labels, reading.boxed, reading.declared) == ({"tulip"}, {"tulip"}, {"tulip", "unused"})  # type: ignore[comparison-overlap]
    assert reading.problems == ()


def test_a_line_with_nothing_but_its_source_ref_is_unlabeled_and_without_error() -> None:
    reading = read_line({"source-ref": "s3://photos/a.jpg"})
    assert (reading.is_labeled, reading.problems) == (False, ())


def test_an_attribute_without_boxes_is_no_error_and_no_label(box_line: Callable[..., Any]) -> None:
    reading = read_line(box_line(boxes=(), **{"class-map": {}}))
    assert (reading.is_labeled, reading.problems) == (False, ())


@pytest.mark.parametrize("date", ["2013-11-18T02:53:27", "2018-10-18T22:18:13.527256", "2013-11-18 02:53:27"])
def test_dates_in_the_forms_that_real_files_hold_are_right(class_line: Callable[..., Any], date: str) -> None:
    assert problems(class_line(**{"creation-date": date})) == []


def test_boxes_with_fractions_are_right(box_line: Callable[..., Any]) -> None:
    assert problems(box_line(boxes=((95.39999999999998, 0.0, 30.5, 40.25),))) == []


def test_no_label_attributes(class_line: Callable[..., Any]) -> None:
    line = class_line()
    del line["label-metadata"]
    assert problems(line) == [Problem("ERROR_NO_LABEL_ATTRIBUTES")]


def test_an_unsupported_type_leaves_no_valid_attribute_and_the_line_still_counts_as_labeled(
    box_line: Callable[..., Any],
) -> None:
    reading = read_line(box_line(type="groundtruth/wrongtype"))
    assert list(reading.problems) == [Problem("ERROR_UNSUPPORTED_USE_CASE_TYPE", ("bb-metadata",)), NO_VALID]
    assert reading.is_labeled


def test_an_unsupported_type_beside_a_valid_attribute_stands_alone(
    class_line: Callable[..., Any], box_line: Callable[..., Any]
) -> None:
    line = class_line() | box_line(type="groundtruth/semantic-segmentation")
    assert problems(line) == [Problem("ERROR_UNSUPPORTED_USE_CASE_TYPE", ("bb-metadata",))]


@pytest.mark.parametrize("value", ["1", 1.5, True, None, [0], {}])
def test_the_identifier_of_a_class_label_must_be_a_whole_number(
    class_line: Callable[..., Any], value: object
) -> None:
    assert problems(class_line() | {"label": value}) == [Problem(FORMAT, ("label",))]


@pytest.mark.parametrize(
    "value",
    [
        7,
        {"annotations": []},
        {"image_size": [], "annotations": []},
        {"image_size": [{"width": 640, "height": 480}], "annotations": []},
        {"image_size": [{"width": 640, "height": 480, "depth": 3}]},
        {"image_size": [{"width": 0, "height": 480, "depth": 3}], "annotations": []},
        {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": [{"left": 1}]},
        {
            "image_size": [{"width": 640, "height": 480, "depth": 3}],
            "annotations": [{"class_id": "0", "left": 1, "top": 1, "width": 9, "height": 9}],
        },
    ],
)
def test_image_size_and_annotations_must_be_right(box_line: Callable[..., Any], value: object) -> None:
    assert problems(box_line() | {"bb": value}) == [Problem(FORMAT, ("bb",))]


@pytest.mark.parametrize(
    "change",
    [
        {"type": None},
        {"class-name": 5},
        {"confidence": None},
        {"confidence": 1.5},
        {"confidence": "high"},
        {"human-annotated": "maybe"},
        {"creation-date": "yesterday"},
        {"creation-date": None},
    ],
)
def test_the_metadata_of_a_class_label_must_be_complete(
    class_line: Callable[..., Any], change: dict[str, object]
) -> None:
    assert problems(class_line(**change)) == [Problem(METADATA_FORMAT, ("label-metadata",))]


@pytest.mark.parametrize(
    "change",
    [
        {"objects": None},
        {"objects": [1]},
        {"class-map": []},
        {"class-map": {"a": "x"}},
        {"class-map": {"0": 1}},
    ],
)
def test_the_metadata_of_boxes_must_be_complete(
    box_line: Callable[..., Any], change: dict[str, object]
) -> None:
    assert problems(box_line(**change)) == [Problem(METADATA_FORMAT, ("bb-metadata",))]


def test_each_box_needs_a_confidence(box_line: Callable[..., Any]) -> None:
    line = box_line(boxes=((1, 1, 9, 9), (2, 2, 9, 9)), objects=[{"confidence": 1}])
    assert problems(line) == [Problem("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", ("bb-metadata",))]
    line = box_line(objects=[{}])
    assert problems(line) == [Problem("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", ("bb-metadata",))]


def test_each_class_id_needs_an_entry_in_the_class_map(box_line: Callable[..., Any]) -> None:
    line = box_line(**{"class-map": {"1": "tulip"}})
    assert problems(line) == [Problem("ERROR_MISSING_CLASS_MAP_ID", ("bb-metadata",))]


@pytest.mark.parametrize(
    "box", [(-1, 0, 9, 9), (0, -0.5, 9, 9), (0, 0, -9, 9), (632, 0, 9, 9), (0, 472, 9, 9)]
)
def test_a_box_over_the_edge_hangs_at_its_annotation(
    box_line: Callable[..., Any], box: tuple[float, ...]
) -> None:
    line = box_line(boxes=((1, 1, 9, 9), box))
    assert problems(line) == [Problem("ERROR_INVALID_BOUNDING_BOX", ("bb", "annotations", 1))]


def test_a_box_that_touches_the_edges_is_right(box_line: Callable[..., Any]) -> None:
    assert problems(box_line(boxes=((0, 0, 640, 480),))) == []


@pytest.mark.parametrize(
    ("box", "size", "is_small"),
    [
        ((1, 1, 1, 9), (640, 480), True),
        ((1, 1, 9, 0), (640, 480), True),
        ((1, 1, 1.5, 2), (640, 480), False),
        ((1, 1, 2, 9), (2560, 480), True),
        ((1, 1, 3, 9), (2560, 480), False),
    ],
)
def test_a_box_must_stay_wider_than_a_pixel_when_training_scales_it(
    box_line: Callable[..., Any], box: tuple[Any, ...], size: tuple[Any, ...], is_small: bool
) -> None:
    line = box_line(boxes=((1, 1, 99, 99), box), size=size)
    expected = [Problem("ERROR_BOUNDING_BOX_TOO_SMALL", ("bb", "annotations", 1))] if is_small else []
    assert problems(line) == expected


def test_without_a_valid_box_the_attribute_and_the_line_are_invalid_too(box_line: Callable[..., Any]) -> None:
    assert problems(box_line(boxes=((1, 1, 1, 1),))) == [
        Problem("ERROR_BOUNDING_BOX_TOO_SMALL", ("bb", "annotations", 0)),
        Problem("ERROR_NO_VALID_ANNOTATIONS", ("bb",)),
        NO_VALID,
    ]


def test_fifty_boxes_are_right_and_fifty_one_are_too_many(box_line: Callable[..., Any]) -> None:
    assert problems(box_line(boxes=((1, 1, 9, 9),) * 50)) == []
    assert problems(box_line(boxes=((1, 1, 9, 9),) * 51)) == [
        Problem("ERROR_TOO_MANY_BOUNDING_BOXES", ("bb",)),
        NO_VALID,
    ]


@pytest.mark.parametrize("size", [(63, 480), (640, 63), (4097, 480), (640, 4097)])
def test_an_image_with_boxes_must_keep_to_the_dimensions(
    box_line: Callable[..., Any], size: tuple[int, int]
) -> None:
    line = box_line(boxes=((1, 1, 40, 40),), size=size)
    assert problems(line) == [Problem("ERROR_INVALID_IMAGE_DIMENSION")]


@pytest.mark.parametrize("size", [(64, 64), (4096, 4096)])
def test_the_bounds_of_the_dimensions_are_allowed(
    box_line: Callable[..., Any], size: tuple[int, int]
) -> None:
    assert problems(box_line(boxes=((1, 1, 40, 40),), size=size)) == []


@pytest.mark.parametrize("label", ["", "x" * 256])
def test_a_label_name_has_1_to_255_characters(
    class_line: Callable[..., Any], box_line: Callable[..., Any], label: str
) -> None:
    code = "ERROR_INVALID_LABEL_NAME_LENGTH"
    assert problems(class_line(label=label)) == [Problem(code, ("label-metadata",)), NO_VALID]
    assert problems(box_line(label=label)) == [Problem(code, ("bb-metadata",)), NO_VALID]
    assert read_line(box_line(label=label)).declared == frozenset()


def test_the_check_stops_at_a_format_error_and_keeps_what_it_found_before(
    class_line: Callable[..., Any], box_line: Callable[..., Any]
) -> None:
    small = box_line(boxes=((1, 1, 1, 1), (1, 1, 9, 9)))
    broken = class_line(confidence=None)
    assert problems(small | broken) == [
        Problem("ERROR_BOUNDING_BOX_TOO_SMALL", ("bb", "annotations", 0)),
        Problem(METADATA_FORMAT, ("label-metadata",)),
    ]
    assert problems(broken | small) == [Problem(METADATA_FORMAT, ("label-metadata",))]


def test_there_are_thirteen_codes() -> None:
    assert len(MESSAGES) == 13


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=12,
)
KINDS = st.sampled_from(["groundtruth/image-classification", "groundtruth/object-detection", "other"])


@given(value=json_values, metadata=st.dictionaries(st.text(max_size=9), json_values), kind=KINDS)
def test_any_line_can_be_read_and_every_code_has_a_message(value: Any, metadata: Any, kind: str) -> None:
    line = {"source-ref": "s3://b/k", "x": value, "x-metadata": metadata | {"type": kind}}
    for problem in read_line(line).problems:
        assert MESSAGES[problem.code]
        assert problem.place in {(), ("x",), ("x-metadata",)}
