"""Projects and datasets move through their statuses with the clock, and refuse what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import Switches
from truthline.emulator.datasets import Dataset, Job, TerminalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conftest import Client
    from truthline.emulator.clock import ManualClock

NOWHERE = "arn:aws:rekognition:us-east-1:111122223333:project/no/dataset/train/1700000000000"
NO_PROJECT = "arn:aws:rekognition:us-east-1:111122223333:project/no/1700000000000"


def test_a_dataset_is_created_after_its_time(start: Callable[..., Any], clock: ManualClock) -> None:
    client = start(Switches(create_seconds=3))
    arn = client.result("CreateDataset", ProjectArn=client.project(), DatasetType="TRAIN")["DatasetArn"]
    assert arn == ("arn:aws:rekognition:us-east-1:111122223333:project/flowers/dataset/train/1700000000001")
    told = client.describe(arn)
    assert told["Status"] == "CREATE_IN_PROGRESS"
    assert told["StatusMessage"]
    clock.advance(2.9)
    assert client.describe(arn)["Status"] == "CREATE_IN_PROGRESS"
    clock.advance(0.2)
    assert client.describe(arn) == {
        "CreationTimestamp": 1_700_000_000.0,
        "LastUpdatedTimestamp": 1_700_000_003.0,
        "Status": "CREATE_COMPLETE",
        "StatusMessage": "The dataset was successfully created.",
        "StatusMessageCode": "SUCCESS",
        "DatasetStats": {"LabeledEntries": 0, "TotalEntries": 0, "TotalLabels": 0, "ErrorEntries": 0},
    }


def test_an_update_shows_in_progress_then_complete_with_its_entries(
    start: Callable[..., Any], clock: ManualClock, class_line: Callable[..., Any]
) -> None:
    client = start(Switches(update_seconds=10))
    arn = client.dataset()
    reply = client.update(arn, class_line())
    assert (reply.status, reply.body) == (200, {})
    assert client.describe(arn)["Status"] == "UPDATE_IN_PROGRESS"
    assert client.describe(arn)["DatasetStats"]["TotalEntries"] == 0
    clock.advance(10)
    told = client.describe(arn)
    assert (told["Status"], told["StatusMessageCode"]) == ("UPDATE_COMPLETE", "SUCCESS")
    assert told["DatasetStats"] == {
        "LabeledEntries": 1,
        "TotalEntries": 1,
        "TotalLabels": 1,
        "ErrorEntries": 0,
    }
    assert told["LastUpdatedTimestamp"] == clock.now()


def test_without_update_seconds_an_update_is_complete_at_once(
    start: Callable[..., Any], class_line: Callable[..., Any]
) -> None:
    client = start(Switches(update_seconds=0))
    arn = client.dataset()
    client.update(arn, class_line())
    assert client.describe(arn)["Status"] == "UPDATE_COMPLETE"
    assert len(client.entries(arn)) == 1


def test_the_status_from_before_an_update_may_linger(
    start: Callable[..., Any], clock: ManualClock, class_line: Callable[..., Any]
) -> None:
    client = start(Switches(stale_status_seconds=5, update_seconds=8))
    arn = client.dataset()
    before = client.describe(arn)
    client.update(arn, class_line())
    clock.advance(4.5)
    assert client.describe(arn) == before
    assert client.update(arn, class_line()).code == "ResourceInUseException"
    clock.advance(1)
    assert client.describe(arn)["Status"] == "UPDATE_IN_PROGRESS"
    assert client.describe(arn)["LastUpdatedTimestamp"] > before["LastUpdatedTimestamp"]
    clock.advance(5)
    assert client.describe(arn)["Status"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize("code", ["ResourceInUseException", "LimitExceededException"])
def test_a_second_update_is_refused(
    start: Callable[..., Any], class_line: Callable[..., Any], code: str
) -> None:
    client = start(Switches(second_update=code))  # type: ignore[arg-type]
    arn = client.dataset()
    client.update(arn, class_line("a.jpg"))
    reply = client.update(arn, class_line("b.jpg"))
    assert (reply.status, reply.code) == (400, code)
    client.clock.advance(60)
    assert len(client.entries(arn)) == 1


@pytest.mark.parametrize("code", ["ResourceInUseException", "ResourceNotReadyException"])
def test_listing_during_an_update_may_be_refused(
    start: Callable[..., Any], class_line: Callable[..., Any], code: str
) -> None:
    client = start(Switches(list_while_updating=code))  # type: ignore[arg-type]
    arn = client.dataset(class_line("a.jpg"))
    client.update(arn, class_line("b.jpg"))
    assert client.call("ListDatasetEntries", DatasetArn=arn).code == code
    assert client.call("ListDatasetLabels", DatasetArn=arn).code == code
    client.clock.advance(60)
    assert len(client.entries(arn)) == 2


def test_listing_during_an_update_gives_the_old_state_by_default(
    client: Client, class_line: Callable[..., Any]
) -> None:
    arn = client.dataset(class_line("a.jpg"))
    client.update(arn, class_line("b.jpg"))
    assert len(client.entries(arn)) == 1


def test_a_dataset_in_creation_can_be_neither_listed_updated_nor_deleted(
    client: Client, class_line: Callable[..., Any]
) -> None:
    arn = client.result("CreateDataset", ProjectArn=client.project(), DatasetType="TRAIN")["DatasetArn"]
    assert client.call("ListDatasetEntries", DatasetArn=arn).code == "ResourceNotReadyException"
    assert client.update(arn, class_line()).code == "ResourceInUseException"
    assert client.call("DeleteDataset", DatasetArn=arn).code == "ResourceInUseException"


def test_a_deleted_dataset_goes_after_its_time_and_can_be_made_again(
    start: Callable[..., Any], clock: ManualClock, class_line: Callable[..., Any]
) -> None:
    client = start(Switches(delete_seconds=4))
    project = client.project()
    arn = client.dataset(class_line(), project=project)
    assert client.result("DeleteDataset", DatasetArn=arn) == {}
    assert client.describe(arn)["Status"] == "DELETE_IN_PROGRESS"
    assert client.describe(arn)["StatusMessage"]
    assert client.call("ListDatasetEntries", DatasetArn=arn).code == "ResourceInUseException"
    clock.advance(4)
    assert client.call("DescribeDataset", DatasetArn=arn).code == "ResourceNotFoundException"
    again = client.dataset(project=project)
    assert again != arn
    assert client.entries(again) == []


def test_a_dataset_is_not_deleted_during_an_update(client: Client, class_line: Callable[..., Any]) -> None:
    arn = client.dataset()
    client.update(arn, class_line())
    assert client.call("DeleteDataset", DatasetArn=arn).code == "ResourceInUseException"


def test_a_project_has_one_dataset_of_each_type(client: Client) -> None:
    project = client.project()
    client.dataset(project=project)
    client.dataset(project=project, kind="TEST")
    reply = client.call("CreateDataset", ProjectArn=project, DatasetType="TRAIN")
    assert reply.code == "ResourceAlreadyExistsException"
    told = client.result("DescribeProjects")["ProjectDescriptions"][0]["Datasets"]
    assert [(dataset["DatasetType"], dataset["Status"]) for dataset in told] == [
        ("TRAIN", "CREATE_COMPLETE"),
        ("TEST", "CREATE_COMPLETE"),
    ]
    assert all(dataset["StatusMessage"] for dataset in told)


def test_a_project_name_is_taken_once_in_a_region(client: Client) -> None:
    client.project("flowers")
    assert client.call("CreateProject", ProjectName="flowers").code == "ResourceInUseException"
    assert client.call("CreateProject", ProjectName="flowers", region="eu-west-1").status == 200


def test_a_project_is_deleting_and_then_gone(start: Callable[..., Any], clock: ManualClock) -> None:
    client = start(Switches(delete_seconds=2))
    arn = client.project()
    assert client.result("DeleteProject", ProjectArn=arn) == {"Status": "DELETING"}
    assert client.result("DescribeProjects")["ProjectDescriptions"][0]["Status"] == "DELETING"
    assert client.call("DeleteProject", ProjectArn=arn).code == "ResourceInUseException"
    clock.advance(2)
    assert client.result("DescribeProjects")["ProjectDescriptions"] == []
    assert client.call("DeleteProject", ProjectArn=arn).code == "ResourceNotFoundException"


def test_a_project_with_versions_is_not_deleted(client: Client) -> None:
    arn = client.project()
    client.emulator.add_project_version(arn, {"ProjectVersionArn": version_arn(arn, "v1")})
    assert client.call("DeleteProject", ProjectArn=arn).code == "ResourceInUseException"


def test_projects_are_found_by_name_feature_and_region(client: Client) -> None:
    for name in ("a", "b", "c"):
        client.project(name)
    client.result("CreateProject", ProjectName="m", Feature="CONTENT_MODERATION", AutoUpdate="ENABLED")

    def names(**params: Any) -> list[str]:
        found = client.result("DescribeProjects", **params)["ProjectDescriptions"]
        return [project["ProjectArn"].split("/")[1] for project in found]

    assert names() == ["a", "b", "c"]
    assert names(ProjectNames=["c", "a", "z"]) == ["a", "c"]
    assert names(Features=["CONTENT_MODERATION"]) == ["m"]
    assert names(Features=["CONTENT_MODERATION", "CUSTOM_LABELS"]) == ["a", "b", "c", "m"]
    assert names(region="eu-west-1") == []


def test_what_is_not_there_is_not_found(client: Client, class_line: Callable[..., Any]) -> None:
    for operation in ("DescribeDataset", "ListDatasetEntries", "ListDatasetLabels", "DeleteDataset"):
        reply = client.call(operation, DatasetArn=NOWHERE)
        assert (reply.status, reply.code) == (400, "ResourceNotFoundException")
    assert client.update(NOWHERE, class_line()).code == "ResourceNotFoundException"
    for operation in ("DeleteProject", "DescribeProjectVersions"):
        assert client.call(operation, ProjectArn=NO_PROJECT).code == "ResourceNotFoundException"
    reply = client.call("CreateDataset", ProjectArn=NO_PROJECT, DatasetType="TRAIN")
    assert reply.code == "ResourceNotFoundException"


def test_a_dataset_of_another_region_is_not_found(client: Client) -> None:
    arn = client.dataset()
    reply = client.call("DescribeDataset", DatasetArn=arn, region="eu-west-1")
    assert reply.code == "ResourceNotFoundException"


def test_scripted_versions_are_described(client: Client) -> None:
    arn = client.project()
    assert client.result("DescribeProjectVersions", ProjectArn=arn) == {"ProjectVersionDescriptions": []}
    for name in ("v1", "v2"):
        client.emulator.add_project_version(
            arn, {"ProjectVersionArn": version_arn(arn, name), "Status": "TRAINING_FAILED"}
        )
    found = client.result("DescribeProjectVersions", ProjectArn=arn, VersionNames=["v1"])
    assert found["ProjectVersionDescriptions"] == [
        {"ProjectVersionArn": version_arn(arn, "v1"), "Status": "TRAINING_FAILED"}
    ]
    page = client.result("DescribeProjectVersions", ProjectArn=arn, MaxResults=1)
    assert page["ProjectVersionDescriptions"][0]["ProjectVersionArn"].split("/")[3] == "v2"
    assert page["NextToken"]


def test_calls_over_the_rate_are_throttled_until_time_goes_on(
    start: Callable[..., Any], clock: ManualClock
) -> None:
    client = start(Switches(throttle_rates={"DescribeProjects": 2}))
    assert [client.call("DescribeProjects").status for _ in range(3)] == [200, 200, 400]
    assert client.call("DescribeProjects").code == "ThrottlingException"
    assert client.call("CreateProject", ProjectName="a").status == 200
    clock.advance(0.5)
    assert [client.call("DescribeProjects").status for _ in range(2)] == [200, 400]


def test_a_job_that_is_not_ready_leaves_the_dataset_in_progress() -> None:
    answers = [TimeoutError(), TerminalError("It cannot be done.")]

    def carry_out() -> str:
        raise answers.pop(0)

    dataset = Dataset("arn", "TRAIN", 0.0, 0.0)
    dataset.start(Job("UPDATE", 5.0, carry_out), now=1.0)
    dataset.settle(6.0)
    assert dataset.describe(6.0).status == "UPDATE_IN_PROGRESS"
    dataset.settle(9.0)
    told = dataset.describe(9.0)
    assert (told.status, told.message, told.updated) == ("UPDATE_FAILED", "It cannot be done.", 5.0)


def version_arn(project: str, name: str) -> str:
    return f"{project.rpartition('/')[0]}/version/{name}/1700000000000"
