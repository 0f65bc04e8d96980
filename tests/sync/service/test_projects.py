"""Datasets and projects are made, split and deleted to the end, whatever becomes of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import Emulator, Limits, Switches, faults
from truthline.errors import (
    BusyError,
    CancelledError,
    InvalidRequestError,
    NotFoundError,
    OfflineError,
    ServiceError,
    ThrottledError,
    UsageError,
)
from truthline.progress import CancelToken
from truthline.sync.service.projects import (
    CREATE_FAILED,
    create_dataset,
    delete_dataset,
    delete_project,
    distribute,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.clock import ManualClock
    from truthline.emulator.faults import Fault

BUCKET = "manifests"
LOST = [
    pytest.param(faults.reply_lost(), id="lost"),
    pytest.param(faults.html(carried_out=True), id="portal"),
    pytest.param(faults.empty_body(carried_out=True), id="empty"),
    pytest.param(faults.truncated_body(), id="cut"),
]


@pytest.fixture
def project(service: Service) -> str:
    return service.aws.rekognition.create_project("oaks")


@pytest.fixture
def stored(service: Service, tmp_path: Path) -> Callable[..., Any]:
    """Puts lines into the bucket as a manifest; gives its address."""
    service.aws.s3.create_bucket(BUCKET)

    def store(lines: list[bytes], key: str = "a.manifest") -> str:
        path = tmp_path / "stored.manifest"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        service.aws.s3.upload(path, BUCKET, key, report=lambda _: None, cancel=CancelToken())
        return f"s3://{BUCKET}/{key}"

    return store


@pytest.fixture
def create(service: Service, report: Callable[..., Any], project: str) -> Callable[..., Any]:
    def make(**more: Any) -> str | None:
        more = {"kind": "TRAIN", "cancel": service.token(), "report": report} | more
        return create_dataset(service.aws, project, more.pop("kind"), **more)  # type: ignore[arg-type]

    return make


def datasets(service: Service, project: str) -> list[Any] | list[tuple[Any, ...]] | None:
    found = [each for each in service.aws.rekognition.describe_projects() if each.arn == project]
    return [(dataset.kind, dataset.status) for dataset in found[0].datasets] if found else None


def calls(emulator: Emulator, operation: str) -> int:
    return sum(record.operation == operation for record in emulator.requests)


class TestCreating:
    def test_empty(
        self, service: Service, create: Callable[..., Any], project: str, progress: list[Any]
    ) -> None:
        arn = create(kind="TEST")
        assert datasets(service, project) == [("TEST", "CREATE_COMPLETE")]
        assert service.lines(arn) == []
        assert progress == ["Creating the dataset", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]

    def test_from_manifest(
        self,
        service: Service,
        create: Callable[..., Any],
        stored: Callable[..., Any],
        labelled: Callable[..., Any],
    ) -> None:
        arn = create(manifest=stored([labelled(n) for n in range(3)]))
        assert service.aws.rekognition.describe_dataset(arn).stats.total == 3

    def test_from_another_dataset_that_is_still_being_made(
        self,
        service: Service,
        create: Callable[..., Any],
        project: str,
        stored: Callable[..., Any],
        labelled: Callable[..., Any],
    ) -> None:
        uri = stored([labelled(n) for n in range(3)])
        source = service.aws.rekognition.create_dataset(project, "TRAIN", manifest=uri)
        copy = create(kind="TEST", source_arn=source)
        assert service.lines(copy) == service.lines(source)

    def test_failed(
        self, create: Callable[..., Any], stored: Callable[..., Any], service: Service, project: str
    ) -> None:
        uri = stored([b"not a line", b"{}"])
        with pytest.raises(ServiceError, match="too many terminal errors") as raised:
            create(manifest=uri)
        assert raised.value.code == CREATE_FAILED
        assert "delete the failed dataset" in raised.value.detail
        delete_dataset(service.aws, raised.value.place, cancel=service.token())
        assert datasets(service, project) == []

    def test_manifest_that_is_not_there(
        self, create: Callable[..., Any], service: Service, project: str
    ) -> None:
        with pytest.raises(InvalidRequestError, match="manifest"):
            create(manifest="s3://nowhere/a.manifest")
        assert datasets(service, project) == []

    def test_second_of_a_kind(self, create: Callable[..., Any]) -> None:
        create()
        with pytest.raises(InvalidRequestError, match="one already"):
            create()

    def test_waits_until_the_old_one_is_gone(self, create: Callable[..., Any], service: Service) -> None:
        old = create()
        service.aws.rekognition.delete_dataset(old)
        assert create() != old

    def test_no_such_project(self, service: Service, project: str) -> None:
        with pytest.raises(NotFoundError):
            create_dataset(service.aws, project[:-1] + "x", "TRAIN", cancel=service.token())

    @pytest.mark.parametrize("fault", LOST)
    def test_lost_answer(
        self, create: Callable[..., Any], emulator: Emulator, service: Service, fault: Fault
    ) -> None:
        emulator.faults.add("CreateDataset", fault)
        arn = create()
        assert service.aws.rekognition.describe_dataset(arn).status == "CREATE_COMPLETE"
        assert calls(emulator, "CreateDataset") == 1

    def test_lost_request(
        self, create: Callable[..., Any], emulator: Emulator, service: Service, project: str
    ) -> None:
        emulator.faults.add("CreateDataset", faults.closed())
        with pytest.raises(OfflineError):
            create()
        assert calls(emulator, "CreateDataset") == 1
        assert datasets(service, project) == []

    def test_lost_answer_where_one_was_there(self, create: Callable[..., Any], emulator: Emulator) -> None:
        create()
        emulator.faults.add("CreateDataset", faults.closed())
        with pytest.raises(OfflineError):
            create()

    def test_throttled(self, create: Callable[..., Any], emulator: Emulator, progress: list[Any]) -> None:
        emulator.faults.add("CreateDataset", faults.throttled(), times=3)
        emulator.faults.add("Describe*", faults.throttled(), times=5)
        assert create()
        assert sum("Trying again" in text for text in progress) >= 3

    def test_cancelled_while_waiting(
        self, create: Callable[..., Any], service: Service, project: str
    ) -> None:
        token = service.token()
        token.cancel_at = 1
        with pytest.raises(CancelledError):
            create(cancel=token)
        assert datasets(service, project) == [("TRAIN", "CREATE_IN_PROGRESS")]


class TestDeleting:
    def test_waits_until_it_is_gone(
        self,
        create: Callable[..., Any],
        service: Service,
        project: str,
        progress: list[Any],
        report: Callable[..., Any],
    ) -> None:
        arn = create()
        progress.clear()
        delete_dataset(service.aws, arn, cancel=service.token(), report=report)
        assert datasets(service, project) == []
        assert progress == ["DELETE_IN_PROGRESS"]

    def test_unknown(self, create: Callable[..., Any], service: Service) -> None:
        with pytest.raises(NotFoundError):
            delete_dataset(service.aws, create()[:-3] + "999", cancel=service.token())

    @pytest.mark.parametrize("fault", LOST)
    def test_lost_answer(
        self, create: Callable[..., Any], service: Service, project: str, emulator: Emulator, fault: Fault
    ) -> None:
        arn = create()
        emulator.faults.add("DeleteDataset", fault)
        delete_dataset(service.aws, arn, cancel=service.token())
        assert datasets(service, project) == []
        assert calls(emulator, "DeleteDataset") == 1

    def test_lost_request(
        self, create: Callable[..., Any], service: Service, project: str, emulator: Emulator
    ) -> None:
        arn = create()
        emulator.faults.add("DeleteDataset", faults.closed())
        with pytest.raises(OfflineError):
            delete_dataset(service.aws, arn, cancel=service.token())
        assert datasets(service, project) == [("TRAIN", "CREATE_COMPLETE")]

    def test_waits_for_an_update_that_runs(
        self,
        create: Callable[..., Any],
        service: Service,
        project: str,
        labelled: Callable[..., Any],
        report: Callable[..., Any],
        progress: list[Any],
    ) -> None:
        arn = create()
        service.aws.rekognition.update_entries(arn, labelled(0))
        delete_dataset(service.aws, arn, cancel=service.token(), report=report)
        assert datasets(service, project) == []
        assert "UPDATE_IN_PROGRESS" in progress

    def test_being_deleted_already(self, create: Callable[..., Any], service: Service, project: str) -> None:
        arn = create()
        service.aws.rekognition.delete_dataset(arn)
        delete_dataset(service.aws, arn, cancel=service.token())
        assert datasets(service, project) == []

    def test_busy_for_ever(self, create: Callable[..., Any], service: Service, emulator: Emulator) -> None:
        arn = create()
        emulator.faults.add(
            "DeleteDataset", faults.service_error("ResourceInUseException", "In use."), times=None
        )
        with pytest.raises(BusyError):
            delete_dataset(service.aws, arn, cancel=service.token())
        emulator.faults.clear()

    def test_throttled_for_ever(
        self, create: Callable[..., Any], service: Service, emulator: Emulator
    ) -> None:
        arn = create()
        emulator.faults.add("DeleteDataset", faults.throttled(), times=None)
        with pytest.raises(ThrottledError):
            delete_dataset(service.aws, arn, cancel=service.token())
        emulator.faults.clear()


class TestStaleStatus:
    @pytest.fixture
    def switches(self) -> Switches:
        return Switches(stale_status_seconds=10.0, second_update="LimitExceededException")

    def test_update_that_is_not_described_yet(
        self, create: Callable[..., Any], service: Service, project: str, labelled: Callable[..., Any]
    ) -> None:
        arn = create()
        service.aws.rekognition.update_entries(arn, labelled(0))
        delete_dataset(service.aws, arn, cancel=service.token())
        assert datasets(service, project) == []

    def test_distribution(
        self,
        create: Callable[..., Any],
        service: Service,
        stored: Callable[..., Any],
        labelled: Callable[..., Any],
    ) -> None:
        train = create(manifest=stored([labelled(n) for n in range(10)]))
        test = create(kind="TEST")
        distribute(service.aws, train, test, cancel=service.token())
        assert (len(service.lines(train)), len(service.lines(test))) == (8, 2)


class TestProjects:
    def test_with_its_datasets(
        self,
        create: Callable[..., Any],
        service: Service,
        project: str,
        stored: Callable[..., Any],
        labelled: Callable[..., Any],
        progress: list[Any],
        report: Callable[..., Any],
    ) -> None:
        create(manifest=stored([labelled(0)]))
        create(kind="TEST")
        delete_project(service.aws, project, cancel=service.token(), report=report)
        assert datasets(service, project) is None
        assert "Deleting the TRAIN dataset" in progress
        assert "Deleting the TEST dataset" in progress

    def test_with_trained_models(
        self, create: Callable[..., Any], service: Service, project: str, emulator: Emulator
    ) -> None:
        create()
        version = {
            "ProjectVersionArn": project.replace(":project/oaks/", ":project/oaks/version/one/"),
            "CreationTimestamp": 1.0,
            "Status": "TRAINING_COMPLETED",
        }
        emulator.add_project_version(project, version)
        with pytest.raises(UsageError, match="1 trained model,"):
            delete_project(service.aws, project, cancel=service.token())
        assert datasets(service, project) == [("TRAIN", "CREATE_COMPLETE")]

    def test_unknown(self, service: Service, project: str) -> None:
        with pytest.raises(NotFoundError):
            delete_project(service.aws, project + "0", cancel=service.token())

    @pytest.mark.parametrize("fault", LOST)
    def test_lost_answer(self, service: Service, project: str, emulator: Emulator, fault: Fault) -> None:
        emulator.faults.add("DeleteProject", fault)
        delete_project(service.aws, project, cancel=service.token())
        assert datasets(service, project) is None
        assert calls(emulator, "DeleteProject") == 1

    def test_lost_request(self, service: Service, project: str, emulator: Emulator) -> None:
        emulator.faults.add("DeleteProject", faults.closed())
        with pytest.raises(OfflineError):
            delete_project(service.aws, project, cancel=service.token())
        assert datasets(service, project) == []

    def test_in_use_for_a_while(self, service: Service, project: str, emulator: Emulator) -> None:
        emulator.faults.add(
            "DeleteProject", faults.service_error("ResourceInUseException", "In use."), times=3
        )
        delete_project(service.aws, project, cancel=service.token())
        assert datasets(service, project) is None

    def test_in_use_for_ever(self, service: Service, project: str, emulator: Emulator) -> None:
        emulator.faults.add(
            "DeleteProject", faults.service_error("ResourceInUseException", "In use."), times=None
        )
        with pytest.raises(BusyError, match="in use"):
            delete_project(service.aws, project, cancel=service.token())
        emulator.faults.clear()


class TestDistributing:
    @pytest.fixture
    def pair(
        self, create: Callable[..., Any], stored: Callable[..., Any], labelled: Callable[..., Any]
    ) -> tuple[Any, ...]:
        return create(manifest=stored([labelled(n) for n in range(10)])), create(kind="TEST")

    def test_moves_a_fifth(
        self, service: Service, pair: tuple[Any, ...], report: Callable[..., Any], progress: list[str]
    ) -> None:
        progress.clear()
        distribute(service.aws, *pair, cancel=service.token(), report=report)
        assert [len(service.lines(arn)) for arn in pair] == [8, 2]
        assert progress.count("UPDATE_COMPLETE") == 2

    @pytest.mark.parametrize("fault", LOST)
    def test_lost_answer(
        self, service: Service, pair: tuple[Any, ...], emulator: Emulator, fault: Fault
    ) -> None:
        emulator.faults.add("DistributeDatasetEntries", fault)
        distribute(service.aws, *pair, cancel=service.token())
        assert [len(service.lines(arn)) for arn in pair] == [8, 2]
        assert calls(emulator, "DistributeDatasetEntries") == 1

    def test_lost_request(self, service: Service, pair: tuple[Any, ...], emulator: Emulator) -> None:
        emulator.faults.add("DistributeDatasetEntries", faults.closed())
        with pytest.raises(OfflineError):
            distribute(service.aws, *pair, cancel=service.token())
        assert [len(service.lines(arn)) for arn in pair] == [10, 0]

    def test_too_few_images_of_a_label(
        self,
        service: Service,
        create: Callable[..., Any],
        stored: Callable[..., Any],
        labelled: Callable[..., Any],
    ) -> None:
        train = create(manifest=stored([labelled(0, "oak"), labelled(1, "elm")]))
        test = create(kind="TEST")
        with pytest.raises(ServiceError, match="enough labeled images") as raised:
            distribute(service.aws, train, test, cancel=service.token())
        assert raised.value.place == train

    def test_one_that_was_never_made(
        self, service: Service, create: Callable[..., Any], stored: Callable[..., Any]
    ) -> None:
        uri = stored([b"not a line"])
        with pytest.raises(ServiceError) as raised:
            create(manifest=uri)
        test = create(kind="TEST")
        with pytest.raises(ServiceError, match="never made"):
            distribute(service.aws, raised.value.place, test, cancel=service.token())


@pytest.mark.usefixtures("aws_environment")
class TestLimits:
    @pytest.fixture
    def emulator(self, switches: Switches, clock: ManualClock) -> Iterator[Emulator]:
        with Emulator(switches, clock=clock, limits=Limits(rows=2)) as running:
            yield running

    def test_too_many_lines(
        self, create: Callable[..., Any], stored: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        uri = stored([labelled(n) for n in range(3)])
        with pytest.raises(ServiceError, match="too many rows"):
            create(manifest=uri)
