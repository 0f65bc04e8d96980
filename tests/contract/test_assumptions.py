"""What the emulator does where nobody documents what the service does; see its switches for the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.assumption


def listed(rekognition: Any, arn: str, **filters: Any) -> list[dict[str, Any]]:
    found = rekognition.list_dataset_entries(DatasetArn=arn, **filters)["DatasetEntries"]
    return [json.loads(entry) for entry in found]


def names(lines: list[dict[str, Any]]) -> list[str]:
    return [line["source-ref"].removeprefix("s3://photos/") for line in lines]


def test_projects_and_entries_come_in_the_order_they_were_made(
    rekognition: Any,
    make_project: Callable[..., Any],
    train: str,
    update: Callable[..., Any],
    line: Callable[..., Any],
) -> None:
    made = [make_project() for _ in range(7)]
    pages = rekognition.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 3})
    assert [told["ProjectArn"] for page in pages for told in page["ProjectDescriptions"]][-7:] == made
    update(train, *(line(f"{n}.jpg") for n in (3, 1, 2)))
    update(train, line("1.jpg", "other"), line("0.jpg"))
    assert names(listed(rekognition, train)) == ["3.jpg", "1.jpg", "2.jpg", "0.jpg"]


def test_an_update_replaces_the_whole_line(
    rekognition: Any, train: str, update: Callable[..., Any], line: Callable[..., Any]
) -> None:
    update(train, line("a.jpg"))
    update(train, line("a.jpg", "other"))
    (entry,) = listed(rekognition, train)
    del entry["cl-metadata"]
    assert entry == json.loads(line("a.jpg", "other"))


def test_a_line_without_a_pair_of_keys_is_unlabelled_and_has_an_error(
    rekognition: Any, train: str, update: Callable[..., Any], line: Callable[..., Any]
) -> None:
    update(train, line("a.jpg"), json.dumps({"source-ref": "s3://photos/wrong.jpg", "mine": 1}))
    assert names(listed(rekognition, train, Labeled=False)) == ["wrong.jpg"]
    assert names(listed(rekognition, train, HasErrors=True)) == ["wrong.jpg"]


def test_an_error_hangs_at_its_box(
    rekognition: Any, train: str, update: Callable[..., Any], box_line: Callable[..., Any]
) -> None:
    update(train, box_line("a.jpg", -5, 5))
    (entry,) = listed(rekognition, train)
    (error,) = entry["bb"]["annotations"][0]["cl-errors"]
    assert error["code"] == "ERROR_INVALID_BOUNDING_BOX"
    assert error["message"]
    assert "cl-errors" not in entry["bb"]["annotations"][1]


def test_a_failed_update_says_why_and_stores_nothing(
    rekognition: Any, train: str, update: Callable[..., Any], line: Callable[..., Any]
) -> None:
    told = update(train, line("a.jpg"), "no json")
    assert (told["Status"], told["StatusMessageCode"]) == ("UPDATE_FAILED", "CLIENT_ERROR")
    assert told["StatusMessage"] == "The manifest file has too many terminal errors."
    assert listed(rekognition, train) == []


def test_limits_that_boto3_lets_pass_are_validation_errors(
    rekognition: Any, train: str, error_code: Callable[..., Any]
) -> None:
    entries = rekognition.list_dataset_entries
    assert error_code(entries, DatasetArn=train, ContainsLabels=["x"] * 11) == "ValidationException"
    assert error_code(rekognition.create_project, ProjectName="a b") == "ValidationException"
    update = rekognition.update_dataset_entries
    blob = {"GroundTruth": b"x" * 5_242_881}
    assert error_code(update, DatasetArn=train, Changes=blob) == "ValidationException"
