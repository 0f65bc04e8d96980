"""Every operation through boto3 and its paginators: what is documented, on projects made for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read(entry: str) -> dict[str, Any]:
    """An entry of a listing, without the service's own keys."""
    return {key: value for key, value in json.loads(entry).items() if not key.startswith("cl-")}


def by_source_ref(lines: Any) -> list[dict[str, Any]]:
    """In which order entries are listed is not documented."""
    return sorted(map(read, lines), key=lambda line: line["source-ref"])


def test_a_project_lives_and_is_deleted(
    rekognition: Any,
    make_project: Callable[..., Any],
    unique: Callable[..., Any],
    error_code: Callable[..., Any],
) -> None:
    name = unique("project")
    arn = make_project(name)
    assert error_code(rekognition.create_project, ProjectName=name) == "ResourceInUseException"
    (told,) = rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    assert (told["ProjectArn"], told["Status"], told["Feature"]) == (arn, "CREATED", "CUSTOM_LABELS")
    assert abs(told["CreationTimestamp"] - datetime.now(UTC)) < timedelta(days=1)
    assert rekognition.describe_project_versions(ProjectArn=arn)["ProjectVersionDescriptions"] == []
    assert rekognition.delete_project(ProjectArn=arn)["Status"] == "DELETING"
    found = rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    assert [told["Status"] for told in found] in ([], ["DELETING"])


def test_projects_come_over_all_pages(rekognition: Any, make_project: Callable[..., Any]) -> None:
    made = {make_project() for _ in range(4)}
    pages = rekognition.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 3})
    listed = [page["ProjectDescriptions"] for page in pages]
    found = [told["ProjectArn"] for page in listed for told in page]
    assert made <= set(found)
    assert len(found) == len(set(found))
    assert max(map(len, listed)) <= 3


def test_entries_are_stored_and_read_back(
    rekognition: Any, train: str, update: Callable[..., Any], line: Callable[..., Any]
) -> None:
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
    assert by_source_ref(entries) == by_source_ref([first, second])
    assert [json.loads(entry)["cl-metadata"] for entry in entries] == [{"is_labeled": True}] * 2


def test_an_entry_is_updated_by_its_source_ref(
    rekognition: Any, train: str, update: Callable[..., Any], line: Callable[..., Any]
) -> None:
    update(train, line("a.jpg"), line("b.jpg"))
    changed = line("a.jpg", **{"creation-date": "2023-01-02T03:04:05.006Z"})
    assert update(train, changed)["DatasetStats"]["TotalEntries"] == 2
    (entry,) = rekognition.list_dataset_entries(DatasetArn=train, SourceRefContains="a.jpg")["DatasetEntries"]
    assert read(entry) == json.loads(changed)


def test_entries_and_labels_come_over_all_pages_and_filters(
    rekognition: Any, train: str, update: Callable[..., Any], line: Callable[..., Any]
) -> None:
    bare = json.dumps({"source-ref": "s3://photos/bare.jpg"})
    update(train, *(line(f"{n}.jpg", f"label-{n}") for n in range(23)), bare)

    def names(**filters: Any) -> list[str]:
        pages = rekognition.get_paginator("list_dataset_entries").paginate(
            DatasetArn=train, PaginationConfig={"PageSize": 10}, **filters
        )
        lines = [json.loads(entry) for page in pages for entry in page["DatasetEntries"]]
        return sorted(
            found["source-ref"].removeprefix("s3://photos/").removesuffix(".jpg") for found in lines
        )

    numbers = sorted(str(n) for n in range(23))
    assert names() == [*numbers, "bare"]
    assert names(Labeled=True) == numbers
    assert names(Labeled=False) == ["bare"]
    assert names(HasErrors=True) == []
    assert len(names(HasErrors=False)) == 24
    assert names(ContainsLabels=["label-3", "label-17"]) == ["17", "3"]
    assert names(SourceRefContains="/1") == ["1", *(str(n) for n in range(10, 20))]
    pages = rekognition.get_paginator("list_dataset_labels").paginate(
        DatasetArn=train, PaginationConfig={"PageSize": 10}
    )
    labels = [label for page in pages for label in page["DatasetLabelDescriptions"]]
    assert sorted(label["LabelName"] for label in labels) == sorted(f"label-{n}" for n in range(23))
    assert {label["LabelStats"]["EntryCount"] for label in labels} == {1}
    assert all("BoundingBoxCount" not in label["LabelStats"] for label in labels)


def test_errors_come_with_their_lines(
    rekognition: Any,
    train: str,
    update: Callable[..., Any],
    line: Callable[..., Any],
    box_line: Callable[..., Any],
) -> None:
    told = update(train, box_line("wrong.jpg", -5, 5), line("right.jpg"))
    assert told["DatasetStats"]["ErrorEntries"] == 1
    (entry,) = rekognition.list_dataset_entries(DatasetArn=train, HasErrors=True)["DatasetEntries"]
    assert read(entry)["source-ref"] == "s3://photos/wrong.jpg"
    assert "ERROR_INVALID_BOUNDING_BOX" in entry
    found = rekognition.list_dataset_labels(DatasetArn=train)["DatasetLabelDescriptions"]
    stats = {label["LabelName"]: label["LabelStats"] for label in found}
    assert stats["rose"] == {"EntryCount": 1, "BoundingBoxCount": 1}


def test_datasets_are_made_from_a_manifest_copied_and_distributed(
    rekognition: Any,
    s3: Any,
    project: str,
    make_project: Callable[..., Any],
    make_bucket: Callable[..., Any],
    settled: Callable[..., Any],
    line: Callable[..., Any],
    error_code: Callable[..., Any],
) -> None:
    bucket = make_bucket()
    manifest = "\n".join(line(f"{n}.jpg") for n in range(10)).encode()
    s3.put_object(Bucket=bucket, Key="a folder/train.manifest", Body=manifest)
    place = {"S3Object": {"Bucket": bucket, "Name": "a folder/train.manifest"}}
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

    other = make_project()
    copy = rekognition.create_dataset(
        ProjectArn=other, DatasetType="TRAIN", DatasetSource={"DatasetArn": test}
    )["DatasetArn"]
    assert settled(copy)["DatasetStats"]["TotalEntries"] == 2

    create = rekognition.create_dataset
    code = error_code(create, ProjectArn=project, DatasetType="TRAIN")
    assert code == "ResourceAlreadyExistsException"
    missing = {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": "none.manifest"}}}
    code = error_code(create, ProjectArn=other, DatasetType="TEST", DatasetSource=missing)
    assert code == "InvalidS3ObjectException"


def test_a_deleted_dataset_is_gone(rekognition: Any, train: str, settled: Callable[..., Any]) -> None:
    rekognition.delete_dataset(DatasetArn=train)
    with pytest.raises(rekognition.exceptions.ResourceNotFoundException):
        settled(train)


def test_files_go_to_s3_and_back(
    s3: Any, make_bucket: Callable[..., Any], tmp_path: Path, error_code: Callable[..., Any]
) -> None:
    bucket = make_bucket()
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 40_000)
    key = "a b/100%+é/日本.bin"
    s3.upload_file(str(large), bucket, key)
    back = tmp_path / "back.bin"
    s3.download_file(bucket, key, str(back))
    assert back.read_bytes() == large.read_bytes()
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == large.stat().st_size
    part = s3.get_object(Bucket=bucket, Key=key, Range="bytes=254-257")["Body"]
    assert part.read() == bytes([254, 255, 0, 1])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="a b/")
    assert [found["Key"] for page in pages for found in page["Contents"]] == [key]
    assert error_code(s3.get_object, Bucket=bucket, Key="none") == "NoSuchKey"
    assert error_code(s3.head_object, Bucket=bucket, Key="none") == "404"
    assert error_code(s3.list_objects_v2, Bucket="truthline-contract-nobody-has-this") == "NoSuchBucket"
