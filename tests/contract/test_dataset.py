"""What is safe on a dataset that people work with: nothing is deleted, and no entry of theirs is touched.

The tests add a few entries below ``truthline-contract/`` in the dataset's bucket, always the same ones. The
service cannot remove them again, so name a dataset that may keep them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.dataset

PREFIX = "truthline-contract/"
LABEL = "truthline_contract"


@pytest.fixture
def dataset(request: pytest.FixtureRequest) -> str:
    """The dataset that was named, else a new one."""
    named = request.config.getoption("dataset")
    return str(named or request.getfixturevalue("train"))


@pytest.fixture
def bucket(rekognition: Any, dataset: str) -> str:
    """The one that the dataset's images are in: all lie in the same."""
    found = rekognition.list_dataset_entries(DatasetArn=dataset, MaxResults=1)["DatasetEntries"]
    return str(json.loads(found[0])["source-ref"].split("/")[2]) if found else "photos"


@pytest.fixture
def ours(rekognition: Any, dataset: str) -> Any:
    """Read back what the dataset holds of our entries: names to lines, filtered as wanted."""

    def read(page_size: int = 100, **filters: Any) -> dict[str, dict[str, Any]]:
        pages = rekognition.get_paginator("list_dataset_entries").paginate(
            DatasetArn=dataset,
            PaginationConfig={"PageSize": page_size},
            **{"SourceRefContains": PREFIX} | filters,
        )
        lines = [json.loads(entry) for page in pages for entry in page["DatasetEntries"]]
        return {line["source-ref"].partition(PREFIX)[2]: line for line in lines}

    return read


@pytest.fixture
def labelled(line: Any, bucket: str) -> Any:
    """Make a line of ours, which says when it was made."""

    def make(name: str) -> str:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return str(line(PREFIX + name, LABEL, bucket, **{"creation-date": now}))

    return make


def without_service_keys(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if not key.startswith("cl-")}


def test_it_is_described(rekognition: Any, dataset: str) -> None:
    told = rekognition.describe_dataset(DatasetArn=dataset)["DatasetDescription"]
    assert told["Status"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED", "UPDATE_IN_PROGRESS"}
    assert told["StatusMessage"]
    assert told["StatusMessageCode"] in {"SUCCESS", "CLIENT_ERROR", "SERVICE_ERROR"}
    assert set(told["DatasetStats"]) == {"LabeledEntries", "TotalEntries", "TotalLabels", "ErrorEntries"}
    assert told["CreationTimestamp"] <= told["LastUpdatedTimestamp"] <= datetime.now(UTC)


def test_its_project_names_it(rekognition: Any, dataset: str) -> None:
    name = dataset.split("/")[1]
    (project,) = rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    (told,) = [found for found in project["Datasets"] if found["DatasetArn"] == dataset]
    assert told["DatasetType"].lower() == dataset.split("/")[3]
    assert told["Status"]


def test_lines_are_stored_updated_and_read_back(
    rekognition: Any,
    dataset: str,
    update: Callable[..., Any],
    ours: Callable[..., Any],
    labelled: Callable[..., Any],
) -> None:
    names = [f"{n}.jpg" for n in range(5)]
    lines = [labelled(name) for name in names]
    told = update(dataset, *lines)
    assert told["Status"] == "UPDATE_COMPLETE"
    held = ours()
    assert [without_service_keys(held[name]) for name in names] == list(map(json.loads, lines))
    assert all(held[name]["cl-metadata"] == {"is_labeled": True} for name in names)

    again = labelled("0.jpg")
    total = told["DatasetStats"]["TotalEntries"]
    assert update(dataset, again)["DatasetStats"]["TotalEntries"] == total
    held = ours()
    assert [without_service_keys(held[name]) for name in names] == list(map(json.loads, [again, *lines[1:]]))


def test_entries_come_over_pages_and_filters(
    rekognition: Any,
    dataset: str,
    update: Callable[..., Any],
    ours: Callable[..., Any],
    labelled: Callable[..., Any],
    bucket: str,
) -> None:
    bare = json.dumps({"source-ref": f"s3://{bucket}/{PREFIX}bare.jpg"})
    update(dataset, *(labelled(f"{n}.jpg") for n in range(5)), bare)
    names = {f"{n}.jpg" for n in range(5)}
    assert ours(page_size=2) == ours()
    assert names | {"bare.jpg"} <= ours().keys()
    assert ours(SourceRefContains=f"{PREFIX}3.jpg").keys() == {"3.jpg"}
    assert ours(ContainsLabels=[LABEL]).keys() == names
    assert ours(ContainsLabels=[f"{LABEL}-that-nobody-has"]) == {}
    assert names <= ours(Labeled=True).keys()
    assert "bare.jpg" not in ours(Labeled=True)
    assert names.isdisjoint(ours(Labeled=False))
    assert "bare.jpg" in ours(Labeled=False)
    assert names | {"bare.jpg"} <= ours(HasErrors=False).keys()
    first = rekognition.list_dataset_entries(DatasetArn=dataset, MaxResults=2)
    then = rekognition.list_dataset_entries(DatasetArn=dataset, MaxResults=2, NextToken=first["NextToken"])
    assert len(first["DatasetEntries"]) == len(then["DatasetEntries"]) == 2
    assert not set(first["DatasetEntries"]) & set(then["DatasetEntries"])


def test_its_labels_are_counted(
    rekognition: Any, dataset: str, update: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    update(dataset, *(labelled(f"{n}.jpg") for n in range(5)))
    pages = rekognition.get_paginator("list_dataset_labels").paginate(
        DatasetArn=dataset, PaginationConfig={"PageSize": 1}
    )
    labels = [label for page in pages for label in page["DatasetLabelDescriptions"]]
    stats = {label["LabelName"]: label["LabelStats"] for label in labels}
    assert stats[LABEL] == {"EntryCount": 5}


def test_an_error_comes_with_its_line_and_goes_with_it(
    dataset: str,
    update: Callable[..., Any],
    ours: Callable[..., Any],
    box_line: Callable[..., Any],
    labelled: Callable[..., Any],
    bucket: str,
) -> None:
    name = "boxes.jpg"
    # Alone it might be too large a share of the update.
    others = [labelled(f"{n}.jpg") for n in range(5)]
    update(dataset, box_line(PREFIX + name, -5, label="truthline_box", bucket=bucket), *others)
    assert "ERROR_INVALID_BOUNDING_BOX" in json.dumps(ours(HasErrors=True)[name])
    right = box_line(PREFIX + name, 5, label="truthline_box", bucket=bucket)
    update(dataset, right, *others)
    assert name not in ours(HasErrors=True)
    assert without_service_keys(ours()[name]) == json.loads(right)


def test_what_cannot_be_asked_is_refused_with_its_code(
    rekognition: Any, dataset: str, labelled: Callable[..., Any], error_code: Callable[..., Any]
) -> None:
    entries, update = rekognition.list_dataset_entries, rekognition.update_dataset_entries
    assert error_code(entries, DatasetArn=dataset, MaxResults=101) == "ValidationException"
    assert error_code(entries, DatasetArn=dataset, NextToken="x") == "InvalidPaginationTokenException"
    missing = dataset.rpartition("/")[0] + "/1600000000000"
    changes = {"GroundTruth": labelled("0.jpg").encode()}
    assert error_code(update, DatasetArn=missing, Changes=changes) == "ResourceNotFoundException"
    for ask in (rekognition.describe_dataset, entries, rekognition.list_dataset_labels):
        assert error_code(ask, DatasetArn=missing) == "ResourceNotFoundException"
