"""The operations of Amazon Rekognition that deal with projects and datasets, apart from any wire."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from truthline.emulator import datasets, updates
from truthline.emulator.datasets import Dataset, Job, Project
from truthline.emulator.describing import describe_dataset, describe_label, describe_project
from truthline.emulator.listing import Pager, format_entry, matches
from truthline.emulator.model import parse_request
from truthline.emulator.throttle import Throttle
from truthline.emulator.wire import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from truthline.emulator.clock import Clock
    from truthline.emulator.switches import Limits, Switches

ACCOUNT = "111122223333"
IN_USE = "Specified resource is in use."


class Rekognition:
    """The state of the emulated service and its operations; safe to call from several threads.

    ``read_manifest(bucket, name, version)`` reads an object from S3 and raises `ServiceError` if it cannot.
    """

    def __init__(
        self,
        switches: Switches,
        limits: Limits,
        clock: Clock,
        read_manifest: Callable[[str, str, str | None], bytes],
        can_read: Callable[[str], bool],
    ) -> None:
        self._switches = switches
        self._clock = clock
        self._read_manifest = read_manifest
        self._updates = updates.Updates(switches, limits, can_read)
        self._projects: dict[str, Project] = {}
        self._throttle = Throttle(switches.throttle_rates)
        self._last_stamp = 0
        self._lock = threading.RLock()

    def close(self) -> None:
        """Let go of the background reader."""
        self._updates.close()

    def call(self, operation: str, params: object, region: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Carry out one operation.

        Returns the parameters as they were understood, and the result.

        Raises:
            ServiceError: as documented for the operation, and for requests that the model forbids.

        """
        parsed = parse_request(operation, params)
        with self._lock:
            self._throttle.take(operation, self._clock.now())
            # Jobs end when somebody looks: so a clock that stands still keeps a status for a test.
            self._settle()
            method = getattr(self, _METHODS[operation])
            return parsed, method(parsed, region)

    def add_project_version(self, project_arn: str, description: dict[str, Any]) -> None:
        """Script a version for DescribeProjectVersions; training itself is not emulated.

        ``description`` has the members of the model's ProjectVersionDescription, in the wire's types.
        """
        with self._lock:
            self._projects[project_arn].versions.insert(0, description)

    def _create_project(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        name = params["ProjectName"]
        if any(project.name == name for project in self._in_region(region)):
            raise ServiceError("ResourceInUseException", IN_USE)
        arn = f"arn:aws:rekognition:{region}:{ACCOUNT}:project/{name}/{self._stamp()}"
        self._projects[arn] = Project(
            arn,
            name,
            self._clock.now(),
            params.get("Feature", "CUSTOM_LABELS"),
            params.get("AutoUpdate", ""),
        )
        return {"ProjectArn": arn}

    def _describe_projects(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        # The service documents CUSTOM_LABELS as what is listed if no feature is asked for.
        features = params.get("Features", ["CUSTOM_LABELS"])
        names = params.get("ProjectNames")
        found, more = self._page(
            "DescribeProjects",
            params,
            self._in_region(region),
            lambda project: project.feature in features and (not names or project.name in names),
        )
        now = self._clock.now()
        return {"ProjectDescriptions": [describe_project(project, now) for project in found], **more}

    def _delete_project(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        project = self._project(params["ProjectArn"], region)
        if project.versions or project.is_going:
            raise ServiceError("ResourceInUseException", IN_USE)
        project.gone_at = self._clock.now() + self._switches.delete_seconds
        return {"Status": "DELETING"}

    def _create_dataset(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        project = self._project(params["ProjectArn"], region)
        kind = params["DatasetType"]
        if kind in project.datasets:
            raise ServiceError("ResourceAlreadyExistsException", f"The project has a {kind} dataset already.")
        now = self._clock.now()
        arn = f"{project.arn.rpartition('/')[0]}/dataset/{kind.lower()}/{self._stamp()}"
        dataset = Dataset(arn, kind, now, now)
        carry_out = self._source(dataset, params.get("DatasetSource"), region)
        dataset.start(Job("CREATE", now + self._switches.create_seconds, carry_out), now)
        project.datasets[kind] = dataset
        return {"DatasetArn": arn}

    def _describe_dataset(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        dataset = self._dataset(params["DatasetArn"], region)
        return {"DatasetDescription": describe_dataset(dataset, self._clock.now())}

    def _update_dataset_entries(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        dataset = self._dataset(params["DatasetArn"], region)
        if dataset.job:
            second = dataset.job.verb == "UPDATE"
            code = self._switches.second_update if second else "ResourceInUseException"
            raise ServiceError(code, IN_USE)
        # Accepted at once, as by the service: what is wrong with the lines shows in the status, later.
        carry_out = self._updates.update(dataset, params["Changes"]["GroundTruth"])
        self._start_update(dataset, carry_out)
        return {}

    def _list_dataset_entries(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        dataset = self._readable(params["DatasetArn"], region)
        found, more = self._page(
            "ListDatasetEntries", params, dataset.store, lambda entry: matches(entry, params)
        )
        return {"DatasetEntries": [format_entry(entry, self._switches.listing) for entry in found], **more}

    def _list_dataset_labels(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        store = self._readable(params["DatasetArn"], region).store
        found, more = self._page("ListDatasetLabels", params, sorted(store.declared))
        return {"DatasetLabelDescriptions": [describe_label(label, store) for label in found], **more}

    def _distribute_dataset_entries(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        arns = [item["Arn"] for item in params["Datasets"]]
        pair = {dataset.kind: dataset for dataset in (self._dataset(arn, region) for arn in arns)}
        if len(pair) != 2 or len({arn.partition("/dataset/")[0] for arn in arns}) != 1:
            raise ServiceError(
                "InvalidParameterException", "Give a TRAIN and a TEST dataset of the same project."
            )
        train, test = pair["TRAIN"], pair["TEST"]
        if any(dataset.job or dataset.status == "CREATE_FAILED" for dataset in (train, test)):
            raise ServiceError("ResourceNotReadyException", "A dataset is not ready to be distributed.")
        if len(test.store) or not len(train.store):
            raise ServiceError(
                "InvalidParameterException", "The TRAIN dataset must hold entries and the TEST dataset none."
            )
        for dataset, carry_out in zip((train, test), updates.distribution(train, test), strict=True):
            self._start_update(dataset, carry_out)
        return {}

    def _delete_dataset(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        dataset = self._dataset(params["DatasetArn"], region)
        if dataset.job:
            raise ServiceError("ResourceInUseException", IN_USE)
        now = self._clock.now()
        dataset.start(Job("DELETE", now + self._switches.delete_seconds, lambda: ""), now)
        return {}

    def _describe_project_versions(self, params: dict[str, Any], region: str) -> dict[str, Any]:
        project = self._project(params["ProjectArn"], region)
        names = params.get("VersionNames")
        found, more = self._page(
            "DescribeProjectVersions",
            params,
            project.versions,
            lambda version: not names or version["ProjectVersionArn"].split("/")[3] in names,
        )
        return {"ProjectVersionDescriptions": found, **more}

    def _source(self, dataset: Dataset, source: dict[str, Any] | None, region: str) -> Callable[[], str]:
        """Tell how the dataset gets its first entries."""
        if source is None:
            return lambda: datasets.CREATED
        if len(source) != 1:
            raise ServiceError("InvalidParameterException", "Give a manifest or a dataset, not both.")
        if "DatasetArn" in source:
            original = self._dataset(source["DatasetArn"], region)
            if original.job or original.status == "CREATE_FAILED":
                raise ServiceError("InvalidParameterException", "The dataset to copy is not ready.")
            return updates.copy(dataset, original.store)
        place = source["GroundTruthManifest"].get("S3Object", {})
        if "Bucket" not in place or "Name" not in place:
            raise ServiceError("InvalidParameterException", "The manifest has no S3 bucket or no name.")
        manifest = self._read_manifest(place["Bucket"], place["Name"], place.get("Version"))
        return self._updates.creation(dataset, manifest, place["Name"])

    def _start_update(self, dataset: Dataset, carry_out: Callable[[], str]) -> None:
        now = self._clock.now()
        job = Job("UPDATE", now + self._switches.update_seconds, carry_out)
        dataset.start(job, now, stale_seconds=self._switches.stale_status_seconds)

    def _page(
        self,
        operation: str,
        params: dict[str, Any],
        items: Sequence[Any],
        keep: Callable[[Any], bool] = lambda _: True,
    ) -> tuple[list[Any], dict[str, str]]:
        ends_with_empty = self._switches.last_page_token == "empty"  # noqa: S105  a page token is no secret
        return Pager(operation, params, ends_with_empty=ends_with_empty).page(items, keep)

    def _in_region(self, region: str) -> list[Project]:
        return [project for project in self._projects.values() if project.region == region]

    def _project(self, arn: str, region: str) -> Project:
        project = self._projects.get(arn)
        if project is None or project.region != region:
            raise ServiceError("ResourceNotFoundException", f"There is no project {arn} in {region}.")
        return project

    def _dataset(self, arn: str, region: str) -> Dataset:
        for project in self._in_region(region):
            for dataset in project.datasets.values():
                if dataset.arn == arn:
                    return dataset
        raise ServiceError("ResourceNotFoundException", f"There is no dataset {arn} in {region}.")

    def _readable(self, arn: str, region: str) -> Dataset:
        """Give a dataset whose entries may be listed now."""
        dataset = self._dataset(arn, region)
        verb = dataset.job.verb if dataset.job else ""
        if verb == "CREATE":
            raise ServiceError("ResourceNotReadyException", "The dataset is being created.")
        if verb == "DELETE":
            raise ServiceError("ResourceInUseException", IN_USE)
        if verb and self._switches.list_while_updating != "old":
            raise ServiceError(self._switches.list_while_updating, "The dataset is being updated.")
        return dataset

    def _settle(self) -> None:
        now = self._clock.now()
        for project in list(self._projects.values()):
            project.settle(now)
            if now >= project.gone_at:
                del self._projects[project.arn]

    def _stamp(self) -> int:
        """Give the time in milliseconds for an ARN, never the same one twice."""
        self._last_stamp = max(self._last_stamp + 1, int(self._clock.now() * 1000))
        return self._last_stamp


_METHODS = {
    "CreateProject": "_create_project",
    "DescribeProjects": "_describe_projects",
    "DeleteProject": "_delete_project",
    "CreateDataset": "_create_dataset",
    "DescribeDataset": "_describe_dataset",
    "UpdateDatasetEntries": "_update_dataset_entries",
    "ListDatasetEntries": "_list_dataset_entries",
    "ListDatasetLabels": "_list_dataset_labels",
    "DistributeDatasetEntries": "_distribute_dataset_entries",
    "DeleteDataset": "_delete_dataset",
    "DescribeProjectVersions": "_describe_project_versions",
}
