"""Every operation that the emulator has, asked by each of AWS's own clients.

``pytest -m clients`` runs this; it needs the AWS CLI in version 2 and node with npm.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

import ground_truth_lines as ground_truth
from truthline.emulator import faults
from truthline.emulator.model import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.conftest import Client
    from truthline.emulator.service import Emulator

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]


def line(name: str, label: str = "oak", **changes: Any) -> str:
    label_of = ground_truth.class_label(label, label, **changes)
    return ground_truth.dump(ground_truth.line(f"s3://leaves/{name}.jpg", label_of)).decode()


def names(entries: list[str]) -> list[str]:
    found = [json.loads(entry)["source-ref"] for entry in entries]
    return [ref.removeprefix("s3://leaves/").removesuffix(".jpg") for ref in found]


def moment(told: Any) -> datetime:
    """A timestamp: version 1 of the command line gives the wire's number, the others a date."""
    return datetime.fromtimestamp(told, UTC) if isinstance(told, float) else datetime.fromisoformat(told)


@pytest.fixture
def manifest(emulator: Emulator) -> dict[str, Any]:
    """A manifest of ten lines in S3, as CreateDataset names it."""
    s3 = boto3.client("s3", endpoint_url=emulator.endpoint_url)
    s3.create_bucket(Bucket="leaves")
    body = "".join(line(str(n)) + "\n" for n in range(10)).encode()
    s3.put_object(Bucket="leaves", Key="a folder/träin.manifest", Body=body)
    s3.close()
    return {"GroundTruthManifest": {"S3Object": {"Bucket": "leaves", "Name": "a folder/träin.manifest"}}}


@pytest.fixture
def create(client: Client) -> Callable[..., str]:
    def create(project: str, kind: str, **source: Any) -> str:
        answer = client.call("CreateDataset", ProjectArn=project, DatasetType=kind, **source)
        return str(answer["DatasetArn"])

    return create


def test_projects(client: Client, refusal: Callable[..., str]) -> None:
    made = [client.call("CreateProject", ProjectName=f"leaves-{n}")["ProjectArn"] for n in range(5)]
    assert refusal("CreateProject", ProjectName="leaves-0") == "ResourceInUseException"
    found = client.collect("DescribeProjects", "ProjectDescriptions", 2)
    assert [told["ProjectArn"] for told in found] == made
    assert {told["Status"] for told in found} == {"CREATED"}
    named = client.call("DescribeProjects", ProjectNames=["leaves-1", "leaves-3"])["ProjectDescriptions"]
    assert [told["ProjectArn"] for told in named] == [made[1], made[3]]
    page = client.call("DescribeProjects", MaxResults=2)
    assert page.get("NextToken")
    assert client.call("DeleteProject", ProjectArn=made[0]) == {"Status": "DELETING"}
    assert len(client.collect("DescribeProjects", "ProjectDescriptions", 100)) == 4
    assert refusal("DeleteProject", ProjectArn=made[0]) == "ResourceNotFoundException"


def test_project_versions(client: Client, emulator: Emulator) -> None:
    project = client.call("CreateProject", ProjectName="leaves")["ProjectArn"]
    assert client.call("DescribeProjectVersions", ProjectArn=project)["ProjectVersionDescriptions"] == []
    for number in range(3):
        arn = f"{project.rpartition('/')[0]}/version/v{number}/1620000000000"
        summary = {"S3Object": {"Bucket": "leaves", "Name": f"evaluation/v{number}/manifest_summary.json"}}
        version = {"ProjectVersionArn": arn, "CreationTimestamp": 1620000000.5, "Status": "TRAINING_FAILED"}
        emulator.add_project_version(project, version | {"ManifestSummary": summary})
    found = client.collect("DescribeProjectVersions", "ProjectVersionDescriptions", 2, ProjectArn=project)
    assert [told["ProjectVersionArn"].split("/")[3] for told in found] == ["v2", "v1", "v0"]
    assert found[0]["ManifestSummary"]["S3Object"]["Name"] == "evaluation/v2/manifest_summary.json"
    (told,) = client.call("DescribeProjectVersions", ProjectArn=project, VersionNames=["v1"])[
        "ProjectVersionDescriptions"
    ]
    assert told["Status"] == "TRAINING_FAILED"


def test_datasets_of_all_three_kinds_of_source(
    client: Client, create: Callable[..., str], refusal: Callable[..., str], manifest: dict[str, Any]
) -> None:
    project = client.call("CreateProject", ProjectName="leaves")["ProjectArn"]
    train = create(project, "TRAIN", DatasetSource=manifest)
    told = client.call("DescribeDataset", DatasetArn=train)["DatasetDescription"]
    assert (told["Status"], told["StatusMessageCode"]) == ("CREATE_COMPLETE", "SUCCESS")
    assert told["StatusMessage"] == "The dataset was successfully created from the manifest file."
    assert told["DatasetStats"] == {
        "LabeledEntries": 10,
        "TotalEntries": 10,
        "TotalLabels": 1,
        "ErrorEntries": 0,
    }
    assert abs(moment(told["CreationTimestamp"]) - datetime.now(UTC)) < timedelta(hours=1)
    assert (
        refusal("CreateDataset", ProjectArn=project, DatasetType="TRAIN") == "ResourceAlreadyExistsException"
    )

    test = create(project, "TEST")
    assert (
        client.call("DescribeDataset", DatasetArn=test)["DatasetDescription"]["Status"] == "CREATE_COMPLETE"
    )
    assert client.call("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}]) == {}
    counts = {}
    for arn in (train, test):
        told = client.call("DescribeDataset", DatasetArn=arn)["DatasetDescription"]
        counts[arn] = told["Status"], told["DatasetStats"]["TotalEntries"]
    assert counts == {train: ("UPDATE_COMPLETE", 8), test: ("UPDATE_COMPLETE", 2)}

    other = client.call("CreateProject", ProjectName="copy")["ProjectArn"]
    copy = create(other, "TRAIN", DatasetSource={"DatasetArn": train})
    told = client.call("DescribeDataset", DatasetArn=copy)["DatasetDescription"]
    assert told["DatasetStats"]["TotalEntries"] == 8
    (found,) = client.call("DescribeProjects", ProjectNames=["leaves"])["ProjectDescriptions"]
    assert [(one["DatasetType"], one["DatasetArn"]) for one in found["Datasets"]] == [
        ("TRAIN", train),
        ("TEST", test),
    ]

    missing = {"GroundTruthManifest": {"S3Object": {"Bucket": "leaves", "Name": "none.manifest"}}}
    nowhere = {"ProjectArn": other, "DatasetType": "TEST", "DatasetSource": missing}
    assert refusal("CreateDataset", **nowhere) == "InvalidS3ObjectException"

    assert client.call("DeleteDataset", DatasetArn=copy) == {}
    assert refusal("DescribeDataset", DatasetArn=copy) == "ResourceNotFoundException"
    assert client.call("DeleteProject", ProjectArn=other) == {"Status": "DELETING"}


@pytest.fixture
def train(client: Client, create: Callable[..., str]) -> str:
    return create(client.call("CreateProject", ProjectName="leaves")["ProjectArn"], "TRAIN")


def test_entries_are_updated_and_listed_with_each_filter_and_over_pages(
    client: Client, train: str, refusal: Callable[..., str]
) -> None:
    bare = json.dumps({"source-ref": "s3://leaves/bare.jpg"})
    wrong = line("wrong", "elm", type="groundtruth/nonsense")
    lines = [*(line(str(n), f"größe-{n}") for n in range(7)), line("日本 ♥"), bare, wrong]
    changes = {"GroundTruth": "\n".join(lines)}
    assert client.call("UpdateDatasetEntries", DatasetArn=train, Changes=changes) == {}
    told = client.call("DescribeDataset", DatasetArn=train)["DatasetDescription"]
    assert (told["Status"], told["DatasetStats"]["TotalEntries"]) == ("UPDATE_COMPLETE", 10)

    def listed(**filters: Any) -> list[str]:
        found = client.call("ListDatasetEntries", DatasetArn=train, **filters)
        assert not found.get("NextToken")
        return names(found["DatasetEntries"])

    everything = [*map(str, range(7)), "日本 ♥", "bare", "wrong"]
    assert listed() == everything
    assert listed(ContainsLabels=["größe-2", "größe-5"]) == ["2", "5"]
    assert "bare" not in listed(Labeled=True)
    assert "bare" in listed(Labeled=False)
    assert listed(SourceRefContains="日本 ♥") == ["日本 ♥"]
    assert listed(HasErrors=True) == ["wrong"]
    assert listed(HasErrors=False) == everything
    pages = client.collect("ListDatasetEntries", "DatasetEntries", 3, DatasetArn=train)
    assert names(pages) == everything
    entries = {key: value for key, value in json.loads(pages[7]).items() if not key.startswith("cl-")}
    assert entries == json.loads(line("日本 ♥"))
    assert json.loads(pages[7])["cl-metadata"] == {"is_labeled": True}
    assert "ERROR_UNSUPPORTED_USE_CASE_TYPE" in pages[9]

    first = client.call("ListDatasetEntries", DatasetArn=train, MaxResults=8)
    then = client.call("ListDatasetEntries", DatasetArn=train, MaxResults=8, NextToken=first["NextToken"])
    assert names(first["DatasetEntries"] + then["DatasetEntries"]) == everything
    assert refusal("ListDatasetEntries", DatasetArn=train, MaxResults=101) == "ValidationException"
    wrong_token = {"DatasetArn": train, "MaxResults": 8, "NextToken": "x"}
    assert refusal("ListDatasetEntries", **wrong_token) == "InvalidPaginationTokenException"


def test_labels_are_listed_over_pages(client: Client, train: str) -> None:
    box = {"class_id": 0, "left": 1, "top": 1, "width": 9, "height": 9}
    boxes = {
        "source-ref": "s3://leaves/boxes.jpg",
        "bb": {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": [box, box]},
        "bb-metadata": {
            "objects": [{"confidence": 1}, {"confidence": 1}],
            "class-map": {"0": "acorn"},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2021-07-11T03:33:42.025Z",
        },
    }
    lines = [*(line(str(n), f"kind-{n % 5}") for n in range(10)), json.dumps(boxes)]
    client.call("UpdateDatasetEntries", DatasetArn=train, Changes={"GroundTruth": "\n".join(lines)})
    found = client.collect("ListDatasetLabels", "DatasetLabelDescriptions", 2, DatasetArn=train)
    stats = {label["LabelName"]: label["LabelStats"] for label in found}
    kinds = {f"kind-{n}": {"EntryCount": 2} for n in range(5)}
    assert stats == kinds | {"acorn": {"EntryCount": 1, "BoundingBoxCount": 1}}
    page = client.call("ListDatasetLabels", DatasetArn=train, MaxResults=2)
    assert len(page["DatasetLabelDescriptions"]) == 2


def test_a_second_update_is_refused_by_name(
    refusal: Callable[..., str], train: str, emulator: Emulator
) -> None:
    refused = "ResourceInUseException", "LimitExceededException", "ThrottlingException"
    for code in refused:
        emulator.faults.add("UpdateDatasetEntries", faults.service_error(code, "Slow down."))
        changes = {"GroundTruth": line("0")}
        assert refusal("UpdateDatasetEntries", DatasetArn=train, Changes=changes) == code


def test_no_operation_is_left_out() -> None:
    """The tests here ask for every operation there is by its name."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in OPERATIONS if f'"{name}"' not in text] == []
