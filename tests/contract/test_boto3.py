"""Every operation through boto3 and its paginators."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError


def without_service_keys(text: str) -> dict[str, Any]:
    return {key: value for key, value in json.loads(text).items() if not key.startswith("cl-")}


@pytest.fixture
def project(rekognition) -> str:
    return str(rekognition.create_project(ProjectName="flowers")["ProjectArn"])


@pytest.fixture
def train(rekognition, project, settled) -> str:
    arn = rekognition.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    settled(arn)
    return str(arn)


@pytest.fixture
def update(rekognition, settled):
    def update(arn: str, *lines: str) -> dict[str, Any]:
        blob = "\n".join(lines).encode()
        rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": blob})
        return settled(arn)

    return update


def error_code(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value.response["Error"]["Code"])


def test_a_project_lives_and_is_deleted(rekognition) -> None:
    arn = rekognition.create_project(ProjectName="flowers")["ProjectArn"]
    assert error_code(rekognition.create_project, ProjectName="flowers") == "ResourceInUseException"
    (told,) = rekognition.describe_projects(ProjectNames=["flowers"])["ProjectDescriptions"]
    assert (told["ProjectArn"], told["Status"], told["Feature"]) == (arn, "CREATED", "CUSTOM_LABELS")
    assert abs(told["CreationTimestamp"] - datetime.now(UTC)) < timedelta(days=1)
    assert rekognition.describe_project_versions(ProjectArn=arn)["ProjectVersionDescriptions"] == []
    rekognition.delete_project(ProjectArn=arn)
    pages = rekognition.get_paginator("describe_projects").paginate()
    assert all(told["Status"] == "DELETING" for page in pages for told in page["ProjectDescriptions"])


def test_projects_come_over_all_pages(rekognition) -> None:
    names = [f"project-{number}" for number in range(7)]
    for name in names:
        rekognition.create_project(ProjectName=name)
    pages = rekognition.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 3})
    found = [told["ProjectArn"].split("/")[1] for page in pages for told in page["ProjectDescriptions"]]
    assert found == names


def test_entries_are_stored_read_back_and_replaced(rekognition, train, update, line) -> None:
    first, second = line("a.jpg"), line("日本 ♥.jpg", "größe")
    told = update(train, first, second)
    assert (told["Status"], told["StatusMessageCode"]) == ("UPDATE_COMPLETE", "SUCCESS")
    assert told["StatusMessage"]
    assert told["DatasetStats"] == {
        "LabeledEntries": 2,
        "TotalEntries": 2,
        "TotalLabels": 2,
        "ErrorEntries": 0,
    }
    entries = rekognition.list_dataset_entries(DatasetArn=train)["DatasetEntries"]
    assert [without_service_keys(entry) for entry in entries] == [json.loads(first), json.loads(second)]
    assert [json.loads(entry)["cl-metadata"] for entry in entries] == [{"is_labeled": True}] * 2
    update(train, line("a.jpg", "other"))
    entries = rekognition.list_dataset_entries(DatasetArn=train, SourceRefContains="a.jpg")["DatasetEntries"]
    assert [without_service_keys(entry) for entry in entries] == [json.loads(line("a.jpg", "other"))]


def test_entries_and_labels_come_over_all_pages_and_filters(rekognition, train, update, line) -> None:
    bare = json.dumps({"source-ref": "s3://photos/bare.jpg"})
    wrong = json.dumps({"source-ref": "s3://photos/wrong.jpg", "mine": 1})
    update(train, *(line(f"{n}.jpg", f"label-{n}") for n in range(23)), bare, wrong)

    def names(**filters: Any) -> list[str]:
        pages = rekognition.get_paginator("list_dataset_entries").paginate(
            DatasetArn=train, PaginationConfig={"PageSize": 10}, **filters
        )
        lines = [json.loads(entry) for page in pages for entry in page["DatasetEntries"]]
        return [found["source-ref"].removeprefix("s3://photos/").removesuffix(".jpg") for found in lines]

    numbers = [str(n) for n in range(23)]
    assert names() == [*numbers, "bare", "wrong"]
    assert names(Labeled=True) == numbers
    assert names(Labeled=False) == ["bare", "wrong"]
    assert names(HasErrors=True) == ["wrong"]
    assert len(names(HasErrors=False)) == 25
    assert names(ContainsLabels=["label-3", "label-17"]) == ["3", "17"]
    assert names(SourceRefContains="/1") == ["1", *numbers[10:20]]
    pages = rekognition.get_paginator("list_dataset_labels").paginate(
        DatasetArn=train, PaginationConfig={"PageSize": 10}
    )
    labels = [label for page in pages for label in page["DatasetLabelDescriptions"]]
    assert sorted(label["LabelName"] for label in labels) == sorted(f"label-{n}" for n in range(23))
    assert {label["LabelStats"]["EntryCount"] for label in labels} == {1}
    assert all("BoundingBoxCount" not in label["LabelStats"] for label in labels)


def test_errors_come_with_their_lines(rekognition, train, update) -> None:
    box = {"class_id": 0, "left": -5, "top": 0, "width": 9, "height": 9}
    line = {
        "source-ref": "s3://photos/a.jpg",
        "bb": {
            "image_size": [{"width": 640, "height": 480, "depth": 3}],
            "annotations": [box, box | {"left": 5}],
        },
        "bb-metadata": {
            "objects": [{"confidence": 1}, {"confidence": 1}],
            "class-map": {"0": "rose"},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2021-07-11T03:33:42.025Z",
        },
    }
    assert update(train, json.dumps(line))["DatasetStats"]["ErrorEntries"] == 1
    (entry,) = rekognition.list_dataset_entries(DatasetArn=train, HasErrors=True)["DatasetEntries"]
    (error,) = json.loads(entry)["bb"]["annotations"][0]["cl-errors"]
    assert error["code"] == "ERROR_INVALID_BOUNDING_BOX"
    assert error["message"]
    stats = rekognition.list_dataset_labels(DatasetArn=train)["DatasetLabelDescriptions"]
    assert stats == [{"LabelName": "rose", "LabelStats": {"EntryCount": 1, "BoundingBoxCount": 1}}]


def test_a_failed_update_says_why_and_stores_nothing(rekognition, train, update, line) -> None:
    told = update(train, line("a.jpg"), "no json")
    assert (told["Status"], told["StatusMessageCode"]) == ("UPDATE_FAILED", "CLIENT_ERROR")
    assert told["StatusMessage"] == "The manifest file has too many terminal errors."
    assert rekognition.list_dataset_entries(DatasetArn=train)["DatasetEntries"] == []


def test_datasets_are_made_from_a_manifest_copied_distributed_and_deleted(
    rekognition, s3, project, settled, line
) -> None:
    s3.create_bucket(Bucket="manifests")
    manifest = "\n".join(line(f"{n}.jpg") for n in range(10)).encode()
    s3.put_object(Bucket="manifests", Key="a folder/train.manifest", Body=manifest)
    place = {"S3Object": {"Bucket": "manifests", "Name": "a folder/train.manifest"}}
    train = rekognition.create_dataset(
        ProjectArn=project, DatasetType="TRAIN", DatasetSource={"GroundTruthManifest": place}
    )["DatasetArn"]
    told = settled(train)
    assert told["StatusMessage"] == "The dataset was successfully created from the manifest file."
    assert told["DatasetStats"]["TotalEntries"] == 10

    test = rekognition.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    settled(test)
    rekognition.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    assert settled(train)["DatasetStats"]["TotalEntries"] == 8
    assert settled(test)["DatasetStats"]["TotalEntries"] == 2

    other = rekognition.create_project(ProjectName="copy")["ProjectArn"]
    copy = rekognition.create_dataset(
        ProjectArn=other, DatasetType="TRAIN", DatasetSource={"DatasetArn": test}
    )["DatasetArn"]
    assert settled(copy)["DatasetStats"]["TotalEntries"] == 2

    create = rekognition.create_dataset
    code = error_code(create, ProjectArn=project, DatasetType="TRAIN")
    assert code == "ResourceAlreadyExistsException"
    missing = {"GroundTruthManifest": {"S3Object": {"Bucket": "manifests", "Name": "none.manifest"}}}
    code = error_code(create, ProjectArn=other, DatasetType="TEST", DatasetSource=missing)
    assert code == "InvalidS3ObjectException"

    rekognition.delete_dataset(DatasetArn=copy)
    with pytest.raises(rekognition.exceptions.ResourceNotFoundException):
        settled(copy)


def test_limits_that_boto3_lets_pass_are_validation_errors(rekognition, train) -> None:
    entries = rekognition.list_dataset_entries
    assert error_code(entries, DatasetArn=train, MaxResults=101) == "ValidationException"
    assert error_code(entries, DatasetArn=train, ContainsLabels=["x"] * 11) == "ValidationException"
    assert error_code(entries, DatasetArn=train, NextToken="x") == "InvalidPaginationTokenException"
    assert error_code(rekognition.create_project, ProjectName="a b") == "ValidationException"
    update = rekognition.update_dataset_entries
    blob = {"GroundTruth": b"x" * 5_242_881}
    assert error_code(update, DatasetArn=train, Changes=blob) == "ValidationException"


def test_files_go_to_s3_and_back(s3, tmp_path) -> None:
    s3.create_bucket(Bucket="photos")
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 40_000)
    key = "a b/100%+é/日本.bin"
    s3.upload_file(str(large), "photos", key)
    back = tmp_path / "back.bin"
    s3.download_file("photos", key, str(back))
    assert back.read_bytes() == large.read_bytes()
    assert s3.head_object(Bucket="photos", Key=key)["ContentLength"] == large.stat().st_size
    part = s3.get_object(Bucket="photos", Key=key, Range="bytes=254-257")["Body"]
    assert part.read() == bytes([254, 255, 0, 1])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="photos", Prefix="a b/")
    assert [found["Key"] for page in pages for found in page["Contents"]] == [key]
    assert error_code(s3.get_object, Bucket="photos", Key="none") == "NoSuchKey"
    assert error_code(s3.head_object, Bucket="photos", Key="none") == "404"
    assert error_code(s3.list_objects_v2, Bucket="nobody-has-this") == "NoSuchBucket"
