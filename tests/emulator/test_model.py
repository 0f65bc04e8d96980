"""The service's own model is enforced: also the maxima, patterns and enums that botocore lets pass."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from botocore.loaders import Loader

from truthline.emulator.model import OPERATIONS, load_shapes, parse_request
from truthline.emulator.wire import ServiceError

PROJECT = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1700000000000"
DATASET = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/dataset/train/1700000000000"


def refusal(operation: str, params: object) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        parse_request(operation, params)
    return caught.value


@pytest.mark.parametrize(
    ("operation", "params", "told"),
    [
        (
            "CreateProject",
            {},
            "Value 'null' at 'projectName' failed to satisfy constraint: Member must not be null",
        ),
        ("CreateProject", {"ProjectName": None}, "must not be null"),
        ("CreateProject", {"ProjectName": ""}, "length greater than or equal to 1"),
        ("CreateProject", {"ProjectName": "x" * 256}, "length less than or equal to 255"),
        ("CreateProject", {"ProjectName": "a b"}, "regular expression"),
        ("CreateProject", {"ProjectName": "a\n"}, "regular expression"),
        ("CreateProject", {"ProjectName": "a", "Feature": "OTHER"}, "enum value set"),
        ("CreateProject", {"ProjectName": "a", "Tags": {"aws:x": "y"}}, "regular expression"),
        ("CreateProject", {"ProjectName": "a", "Tags": {str(n): "" for n in range(201)}}, "equal to 200"),
        ("DescribeProjects", {"MaxResults": 0}, "value greater than or equal to 1"),
        ("DescribeProjects", {"MaxResults": 101}, "value less than or equal to 100"),
        ("DescribeProjects", {"ProjectNames": []}, "length greater than or equal to 1"),
        ("DescribeProjects", {"ProjectNames": ["a"] * 11}, "length less than or equal to 10"),
        ("DescribeProjects", {"ProjectNames": ["a", "b c"]}, "'projectNames.2.member'"),
        ("DescribeProjects", {"NextToken": "x" * 1025}, "length less than or equal to 1024"),
        ("DeleteProject", {"ProjectArn": "x" * 30}, "regular expression"),
        ("CreateDataset", {"ProjectArn": PROJECT, "DatasetType": "VALIDATION"}, "[TRAIN, TEST]"),
        ("DescribeDataset", {"DatasetArn": PROJECT}, "regular expression"),
        ("UpdateDatasetEntries", {"DatasetArn": DATASET, "Changes": {}}, "'changes.groundTruth'"),
        ("UpdateDatasetEntries", {"DatasetArn": DATASET, "Changes": {"GroundTruth": ""}}, "equal to 1"),
        ("ListDatasetEntries", {"DatasetArn": DATASET, "ContainsLabels": ["x"] * 11}, "equal to 10"),
        ("ListDatasetEntries", {"DatasetArn": DATASET, "SourceRefContains": "  "}, "regular expression"),
        ("DistributeDatasetEntries", {"Datasets": [{"Arn": DATASET}]}, "length greater than or equal to 2"),
    ],
)
def test_a_limit_of_the_model_is_a_validation_error(operation: str, params: object, told: str) -> None:
    error = refusal(operation, params)
    assert (error.code, error.status) == ("ValidationException", 400)
    assert re.match(r"\d validation errors? detected: ", error.message)
    assert told in error.message


def test_all_violations_are_told_at_once() -> None:
    assert refusal("CreateDataset", {}).message.startswith("2 validation errors detected: ")


def test_a_blob_holds_5242880_bytes_and_not_one_more() -> None:
    def params(size: int) -> dict[str, Any]:
        return {"DatasetArn": DATASET, "Changes": {"GroundTruth": base64.b64encode(b"x" * size).decode()}}

    assert (
        len(parse_request("UpdateDatasetEntries", params(5_242_880))["Changes"]["GroundTruth"]) == 5_242_880
    )
    assert "5242880" in refusal("UpdateDatasetEntries", params(5_242_881)).message


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateProject", []),
        ("CreateProject", {"ProjectName": 1}),
        ("DescribeProjects", {"MaxResults": "5"}),
        ("DescribeProjects", {"MaxResults": True}),
        ("DescribeProjects", {"ProjectNames": "a"}),
        ("ListDatasetEntries", {"DatasetArn": DATASET, "Labeled": "yes"}),
        ("UpdateDatasetEntries", {"DatasetArn": DATASET, "Changes": {"GroundTruth": "no base64"}}),
    ],
)
def test_a_value_of_the_wrong_kind_is_a_serialization_error(operation: str, params: object) -> None:
    assert refusal(operation, params).code == "SerializationException"


def test_what_the_model_allows_comes_through_and_unknown_members_do_not() -> None:
    params = {"ProjectName": "a", "Tags": {"Größe 1": "é/x"}, "Later": 1}
    assert parse_request("CreateProject", params) == {"ProjectName": "a", "Tags": {"Größe 1": "é/x"}}


def test_an_unknown_operation_is_refused() -> None:
    assert refusal("StartProjectVersion", {}).code == "UnknownOperationException"


def test_every_shape_that_a_request_can_hold_has_a_check() -> None:
    model = Loader().load_service_model("rekognition", "service-2")
    todo = [model["operations"][operation]["input"]["shape"] for operation in OPERATIONS]
    kinds = set()
    while todo:
        shape = load_shapes()[todo.pop()]
        kinds.add(shape["type"])
        todo += [member["shape"] for member in shape.get("members", {}).values()]
        todo += [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]
    assert kinds <= {"structure", "list", "map", "string", "blob", "integer", "boolean"}
