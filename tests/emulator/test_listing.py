"""How entries and labels come back: filters, pages, forms, and the service's own keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.emulator import Limits, Switches
from truthline.emulator.entries import read_upload
from truthline.emulator.listing import format_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conftest import Client


def formatted(text: str, form: str = "verbatim") -> str:
    (entry,) = read_upload(text.encode(), Switches(), Limits()).entries
    return format_entry(entry, form)


def test_a_line_comes_back_verbatim_with_the_services_metadata() -> None:
    line = '{"source-ref":"s3://b/k",  "n": 1.50, "z":1e2, "é":"\\u00e9","mine":{"a":[]}}'
    assert formatted(line) == (
        line[:-1]
        + ', "cl-metadata": {"is_labeled": false}, "cl-errors": '
        + '[{"code": "ERROR_NO_LABEL_ATTRIBUTES", '
        + '"message": "The line has no attribute with a metadata twin."}]}'
    )


def test_errors_hang_at_the_line_the_attribute_the_annotation_and_the_metadata(
    box_line: Callable[..., Any], class_line: Callable[..., Any]
) -> None:
    line = box_line(boxes=((1, 1, 1, 1), (-1, 0, 9, 9))) | class_line(type="other")
    told = json.loads(formatted(json.dumps(line)))

    def codes(place: dict[str, Any]) -> list[str]:
        return [error["code"] for error in place["cl-errors"]]

    assert codes(told) == ["ERROR_NO_VALID_LABEL_ATTRIBUTES"]
    assert codes(told["bb"]) == ["ERROR_NO_VALID_ANNOTATIONS"]
    assert codes(told["bb"]["annotations"][0]) == ["ERROR_BOUNDING_BOX_TOO_SMALL"]
    assert codes(told["bb"]["annotations"][1]) == ["ERROR_INVALID_BOUNDING_BOX"]
    assert codes(told["label-metadata"]) == ["ERROR_UNSUPPORTED_USE_CASE_TYPE"]
    assert told["cl-metadata"] == {"is_labeled": True}


def test_an_error_of_an_attribute_that_is_no_object_hangs_at_the_line(class_line: Callable[..., Any]) -> None:
    told = json.loads(formatted(json.dumps(class_line() | {"label": "one"})))
    assert [error["code"] for error in told["cl-errors"]] == ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]


def test_the_services_keys_in_a_line_that_is_pushed_are_not_kept(box_line: Callable[..., Any]) -> None:
    first = formatted(json.dumps(box_line(boxes=((1, 1, 1, 1),))))
    assert formatted(first) == first
    mended = json.loads(first)
    mended["bb"]["annotations"][0].update(width=9, height=9)
    assert json.loads(formatted(json.dumps(mended))) == box_line(boxes=((1, 1, 9, 9),)) | {
        "cl-metadata": {"is_labeled": True}
    }


def test_a_users_own_errors_stay(class_line: Callable[..., Any]) -> None:
    told = json.loads(formatted(json.dumps(class_line() | {"errors": [1], "warnings": "x"})))
    assert (told["errors"], told["warnings"]) == ([1], "x")


def test_a_line_may_come_back_normalised() -> None:
    told = formatted('{"source-ref": "s3://b/k", "n": 1.0, "a": 95.39999999999998}', "normalised")
    assert told.startswith('{"a":95.39999999999998,"n":1,"source-ref":"s3://b/k"')


def test_a_line_may_come_back_without_unknown_keys(
    box_line: Callable[..., Any], class_line: Callable[..., Any]
) -> None:
    line = box_line() | class_line()
    known = json.loads(formatted(json.dumps(line), "known_keys"))
    line["mine"] = {"kept": False}
    line["bb"]["mine"] = line["bb"]["annotations"][0]["mine"] = line["bb-metadata"]["mine"] = 1
    line["label-metadata"]["mine"] = 1
    assert json.loads(formatted(json.dumps(line), "known_keys")) == known
    assert set(known) == {"source-ref", "bb", "bb-metadata", "label", "label-metadata", "cl-metadata"}
    assert known["bb"] == box_line()["bb"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=9,
)


@given(
    mine=st.dictionaries(texts.filter(lambda key: not key.startswith("cl-")), values, max_size=4),
    indent=st.sampled_from([None, "  "]),
    is_ascii=st.booleans(),
    boxes=st.lists(st.tuples(*[st.integers(-2, 99)] * 4), max_size=4),
)
def test_every_character_of_a_line_comes_back_in_order(
    box_line: Callable[..., Any],
    mine: Any,
    indent: str | None,
    is_ascii: bool,
    boxes: list[Any] | list[tuple[Any, ...]],
) -> None:
    line = mine | box_line(boxes=tuple(boxes))
    text = json.dumps(line, indent=indent, ensure_ascii=is_ascii).replace("\n", "\t")
    if '"cl-' in text:
        return
    told = formatted(text)
    rest = iter(told)
    assert all(character in rest for character in text)
    stripped = json.loads(told, object_hook=without_service_keys)
    assert stripped == json.loads(text)


def without_service_keys(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if not key.startswith("cl-")}


@pytest.fixture
def mixed(client: Client, class_line: Callable[..., Any], box_line: Callable[..., Any]) -> tuple[Any, str]:
    """A dataset of a good class label, a bad box, an entry without labels and two labels in one line."""
    two = box_line("two.jpg", label="rose") | class_line("two.jpg", "tulip")
    lines = (
        class_line("rose.jpg", "rose"),
        box_line("bad.jpg", boxes=((-1, 0, 9, 9), (1, 1, 9, 9)), label="tulip"),
        {"source-ref": "s3://photos/none.png"},
        two,
    )
    return client, client.dataset(*lines)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "rose bad none two"),
        ({"ContainsLabels": ["rose"]}, "rose two"),
        ({"ContainsLabels": ["rose", "tulip"]}, "rose bad two"),
        ({"ContainsLabels": ["daisy"]}, ""),
        ({"Labeled": True}, "rose bad two"),
        ({"Labeled": False}, "none"),
        ({"HasErrors": True}, "bad"),
        ({"HasErrors": False}, "rose bad none two"),
        ({"SourceRefContains": ".jpg"}, "rose bad two"),
        ({"SourceRefContains": "photos/n"}, "none"),
        ({"SourceRefContains": "*"}, ""),
        ({"ContainsLabels": ["tulip"], "HasErrors": True, "Labeled": True}, "bad"),
    ],
)
def test_filters(mixed: tuple[Any, ...], filters: dict[str, Any], expected: str) -> None:
    client, arn = mixed
    found = [json.loads(line)["source-ref"] for line in client.entries(arn, **filters)]
    assert [ref.removeprefix("s3://photos/").partition(".")[0] for ref in found] == expected.split()


def test_labels_are_counted_by_images(mixed: tuple[Any, ...]) -> None:
    client, arn = mixed
    assert client.result("ListDatasetLabels", DatasetArn=arn)["DatasetLabelDescriptions"] == [
        {"LabelName": "rose", "LabelStats": {"EntryCount": 2, "BoundingBoxCount": 1}},
        {"LabelName": "tulip", "LabelStats": {"EntryCount": 2, "BoundingBoxCount": 1}},
    ]


def test_a_label_without_boxes_has_no_box_count_and_one_without_use_is_listed(
    client: Client, class_line: Callable[..., Any], box_line: Callable[..., Any]
) -> None:
    boxes = box_line("b.jpg", **{"class-map": {"0": "tulip", "1": "unused"}})
    arn = client.dataset(class_line("a.jpg", "rose"), boxes)
    assert client.result("ListDatasetLabels", DatasetArn=arn)["DatasetLabelDescriptions"] == [
        {"LabelName": "rose", "LabelStats": {"EntryCount": 1}},
        {"LabelName": "tulip", "LabelStats": {"EntryCount": 1, "BoundingBoxCount": 1}},
        {"LabelName": "unused", "LabelStats": {"EntryCount": 0}},
    ]
    assert client.describe(arn)["DatasetStats"]["TotalLabels"] == 3


@pytest.mark.parametrize(("last", "expected"), [("absent", None), ("empty", "")])
def test_pages_follow_each_other_and_the_last_one_says_so(
    start: Callable[..., Any], class_line: Callable[..., Any], last: str, expected: Any
) -> None:
    client = start(Switches(last_page_token=last))  # type: ignore[arg-type]
    arn = client.dataset(*(class_line(f"{n}.jpg") for n in range(205)))
    sizes, token = [], {}  # type: ignore[var-annotated]
    while True:
        page = client.result("ListDatasetEntries", DatasetArn=arn, **token)
        sizes.append(len(page["DatasetEntries"]))
        if not page.get("NextToken"):
            assert page.get("NextToken") == expected
            break
        token = {"NextToken": page["NextToken"]}
    assert sizes == [100, 100, 5]


def test_a_full_last_page_has_no_successor(client: Client, class_line: Callable[..., Any]) -> None:
    arn = client.dataset(*(class_line(f"{n}.jpg", "a" if n < 4 else "b") for n in range(9)))
    page = client.result("ListDatasetEntries", DatasetArn=arn, ContainsLabels=["a"], MaxResults=4)
    assert len(page["DatasetEntries"]) == 4
    assert "NextToken" not in page


def test_a_token_is_good_for_its_own_question_only(client: Client, class_line: Callable[..., Any]) -> None:
    arn = client.dataset(class_line("a.jpg"), class_line("b.jpg", "tulip"))
    token = client.result("ListDatasetEntries", DatasetArn=arn, MaxResults=1)["NextToken"]
    for operation, params in (
        ("ListDatasetEntries", {"NextToken": "nonsense"}),
        ("ListDatasetEntries", {"NextToken": token[:-4]}),
        ("ListDatasetEntries", {"NextToken": token, "HasErrors": True}),
        ("ListDatasetLabels", {"NextToken": token}),
    ):
        reply = client.call(operation, DatasetArn=arn, **params)
        assert (reply.code, reply.body["Message"]) == (
            "InvalidPaginationTokenException",
            "Invalid Pagination Token",
        )


def test_labels_and_projects_come_in_pages_too(client: Client, class_line: Callable[..., Any]) -> None:
    arn = client.dataset(*(class_line(f"{n}.jpg", f"label-{n:03}") for n in range(130)))
    first = client.result("ListDatasetLabels", DatasetArn=arn)
    rest = client.result("ListDatasetLabels", DatasetArn=arn, NextToken=first["NextToken"])
    names = [label["LabelName"] for page in (first, rest) for label in page["DatasetLabelDescriptions"]]
    assert names == [f"label-{n:03}" for n in range(130)]
    client.project("other")
    first = client.result("DescribeProjects", MaxResults=1)
    rest = client.result("DescribeProjects", MaxResults=1, NextToken=first["NextToken"])
    assert len(first["ProjectDescriptions"]) == len(rest["ProjectDescriptions"]) == 1
    assert "NextToken" not in rest


def test_an_update_between_two_pages_does_not_lose_an_entry(
    client: Client, class_line: Callable[..., Any]
) -> None:
    arn = client.dataset(*(class_line(f"{n}.jpg") for n in range(6)))
    first = client.result("ListDatasetEntries", DatasetArn=arn, MaxResults=3)
    changed = [class_line(f"{n}.jpg", "tulip") for n in (4, 8, 0, 6, 2, 7, 1, 5, 3)]
    client.update(arn, *changed)
    client.clock.advance(60)
    rest = client.result("ListDatasetEntries", DatasetArn=arn, MaxResults=100, NextToken=first["NextToken"])
    refs = [json.loads(line)["source-ref"] for page in (first, rest) for line in page["DatasetEntries"]]
    assert sorted(refs) == sorted(f"s3://photos/{n}.jpg" for n in range(9))
