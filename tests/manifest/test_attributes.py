"""The label attributes of a dataset, and edits that leave the locked ones alone."""

from __future__ import annotations

from typing import Any

import pytest

import ground_truth_lines as ground_truth
from truthline.errors import CancelledError
from truthline.manifest.attributes import (
    AttributeKind,
    FoundAttribute,
    box_attribute_for,
    keeps_attributes,
    list_attributes,
    proposed_attribute,
)
from truthline.manifest.labels import remove_label, rename_label
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken

DATE = "2021-07-11T03:33:42.025Z"


def boxes(name: str, labels: list[str]) -> dict[str, Any]:
    return ground_truth.boxes(name, [(label, (1, 2, 30, 40)) for label in labels])


def class_label(attribute: str, name: str) -> dict[str, Any]:
    return ground_truth.class_label(attribute, name, job_name=...)


def line(*parts: dict[str, object]) -> bytes:
    return ground_truth.dump(ground_truth.line("s3://b/a.jpg", *parts))


def test_attributes_are_listed_by_kind_the_commonest_first() -> None:
    mask = {"mask-ref": "s3://b/m.png", "mask-ref-metadata": {"type": "groundtruth/semantic-segmentation"}}
    lines = [
        line(boxes("old", ["bolt"]), class_label("sort", "ok")),
        line(boxes("new", ["bolt"]), boxes("old", []), mask),  # type: ignore[arg-type]
        line(boxes("new", ["bolt"])),
        line(boxes("new", ["nut"])),
        b"{}",
        b"not json",
        line({"odd": 1, "odd-metadata": 7}),
    ]
    assert list_attributes(lines) == [
        FoundAttribute("new", AttributeKind.BOXES, "labeling-job/new", 3),
        FoundAttribute("old", AttributeKind.BOXES, "labeling-job/old", 2),
        FoundAttribute("sort", AttributeKind.CLASS_LABEL, "", 1),
        FoundAttribute("mask-ref", AttributeKind.OTHER, "", 1),
        FoundAttribute("odd", AttributeKind.OTHER, "", 1),
    ]
    assert proposed_attribute(list_attributes(lines)) == "new"
    assert proposed_attribute(list_attributes([line(class_label("sort", "ok"))])) == ""


def test_listing_reports_and_can_be_cancelled() -> None:
    reports: list[Any] = []
    list_attributes([line()] * 3, total=3, report=reports.append)
    assert reports[0].total == 3
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        list_attributes([line()], cancel=token)


@pytest.mark.parametrize(
    ("parts", "locked", "expected"),
    [
        ([], [], "bb"),
        ([boxes("bb", ["bolt"])], [], "bb"),
        ([boxes("bb", ["bolt"])], ["bb"], "bb-2"),
        ([{"bb": 1}], [], "bb-2"),
        ([{"bb": 1}, boxes("bb-2", ["bolt"])], [], "bb-2"),
        ([{"bb": 1}, boxes("bb-2", ["bolt"])], ["bb-2"], "bb-3"),
        ([], ["bb-2"], "bb"),
    ],
)
def test_new_boxes_never_go_into_a_locked_attribute(
    parts: Any, locked: list[Any] | list[str], expected: str
) -> None:
    assert box_attribute_for(parse_line(line(*parts)), "bb", locked) == expected


def test_attributes_are_kept_byte_for_byte() -> None:
    before = parse_line(line(boxes("a", ["bolt"]), boxes("b", ["bolt"])))
    spaced = parse_line(before.raw.replace(b'"left": 1', b'"left":  1', 1))
    assert keeps_attributes(before, spaced, ["b"])
    assert not keeps_attributes(before, spaced, ["a"])
    assert not keeps_attributes(before, parse_line(line(boxes("a", ["bolt"]))), ["b"])
    assert not keeps_attributes(parse_line(line()), before, ["b"])
    nameless = before.raw.replace(b"source-ref", b"source")
    moved = nameless.replace(b'"left": 1', b'"left": 5')
    assert not keeps_attributes(parse_line(nameless), parse_line(moved), ["a"])


def test_renaming_leaves_locked_attributes() -> None:
    raw = line(
        boxes("a", ["bolt", "nut"]), boxes("b", ["bolt"]), class_label("c", "bolt"), class_label("d", "bolt")
    )
    renamed = rename_label(parse_line(raw), "bolt", "screw", ["b", "d"])
    assert keeps_attributes(parse_line(raw), renamed, ["b", "d"])
    assert [[box.label for box in one.boxes] for one in renamed.box_attributes] == [
        ["screw", "nut"],
        ["bolt"],
    ]
    assert [(one.attribute, one.name) for one in renamed.class_labels] == [("c", "screw"), ("d", "bolt")]


def test_removing_leaves_locked_attributes() -> None:
    raw = line(
        boxes("a", ["bolt", "nut"]), boxes("b", ["bolt"]), class_label("c", "bolt"), class_label("d", "bolt")
    )
    removed = remove_label(parse_line(raw), "bolt", ["b", "d"])
    assert keeps_attributes(parse_line(raw), removed, ["b", "d"])
    assert [[box.label for box in one.boxes] for one in removed.box_attributes] == [["nut"], ["bolt"]]
    assert [(one.attribute, one.name) for one in removed.class_labels] == [("d", "bolt")]


def test_where_all_uses_are_locked_nothing_changes() -> None:
    annotation = parse_line(line(boxes("b", ["bolt"]), class_label("d", "bolt")))
    assert rename_label(annotation, "bolt", "screw", ["b", "d"]) is annotation
    assert remove_label(annotation, "bolt", ["b", "d"]) is annotation
