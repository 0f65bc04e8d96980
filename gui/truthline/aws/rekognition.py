"""Rekognition Custom Labels: projects, datasets and their entries.

Reads are tried three times by botocore. Whatever changes something is sent exactly once: a request whose
answer was lost may have been carried out, and the caller must look before it sends again.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from truthline.aws.failed_update import Cause, cause_of
from truthline.aws.translate import member, translated
from truthline.errors import FaultError, UsageError
from truthline.manifest.line import split_source_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import DatasetSourceTypeDef

    from truthline.aws.causes import Caller

Kind = Literal["TRAIN", "TEST"]
Page = tuple[list[Any], str]
"""The members of one page of a listing, and the token of the next, "" after the last."""

_PAGE = 100  # the most that the service gives
_KINDS: dict[str, Kind] = {"train": "TRAIN", "test": "TEST"}
_DATASET_ARN = re.compile(
    r"arn:([a-z\d-]+):rekognition:([a-z\d-]+):(\d{12}):project/([\w.-]{1,255})/dataset/(train|test)/(\d+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class DatasetArn:
    """A dataset's ARN, read; ``text`` gives it back. ``number`` is its creation in epoch milliseconds."""

    partition: str
    region: str
    account: str
    project: str
    kind: Kind
    number: int

    @property
    def text(self) -> str:
        """The ARN as AWS writes it."""
        owner = f"arn:{self.partition}:rekognition:{self.region}:{self.account}"
        return f"{owner}:project/{self.project}/dataset/{self.kind.lower()}/{self.number}"


@dataclass(frozen=True, slots=True)
class DatasetStats:
    """How many entries a dataset has, how many of them are labelled or have errors, and its labels."""

    total: int
    labeled: int
    labels: int
    errors: int


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """A dataset's state; ``status`` is such as UPDATE_COMPLETE, ``code`` such as CLIENT_ERROR."""

    status: str
    message: str
    code: str
    stats: DatasetStats
    created: datetime
    updated: datetime

    @property
    def cause(self) -> Cause:
        """Why its update failed, if it did."""
        return cause_of(self.code, self.message)


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label, the entries that use it, and those of them that use it on a box."""

    name: str
    entries: int
    entries_with_boxes: int


@dataclass(frozen=True, slots=True)
class ProjectDataset:
    """One of a project's two datasets."""

    arn: str
    kind: str
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its datasets; ``status`` is CREATING, CREATED or DELETING."""

    arn: str
    name: str
    status: str
    datasets: tuple[ProjectDataset, ...]


@dataclass(frozen=True, slots=True)
class ProjectVersion:
    """A trained model, or one whose training goes on or failed; ``status`` is such as TRAINING_FAILED.

    Training's validation results are addresses like ``s3://bucket/key``: manifests of either dataset, and a
    summary, "" if there is none.
    """

    arn: str
    name: str
    status: str
    message: str
    created: datetime
    training_manifests: tuple[str, ...]
    testing_manifests: tuple[str, ...]
    summary: str


def parse_dataset_arn(arn: str) -> DatasetArn:
    """Read a dataset's ARN.

    Raises:
        UsageError: that is not one.

    """
    match = _DATASET_ARN.fullmatch(arn.strip())
    if match is None:
        detail = (
            "It looks like arn:aws:rekognition:REGION:ACCOUNT:project/NAME/dataset/train/NUMBER, and"
            " stands in the console under the project's datasets."
        )
        raise UsageError("This is not the ARN of a dataset.", detail=detail, place=arn)
    partition, region, account, project, kind, number = match.groups()
    return DatasetArn(partition, region, account, project, _KINDS[kind], int(number))


class Rekognition:
    """The calls that Truthline makes. Every one raises `ServiceError`; all may be used from any thread."""

    def __init__(self, reads: RekognitionClient, writes: RekognitionClient, caller: Caller) -> None:
        self._reads = reads
        self._writes = writes
        self._caller = caller
        # A body in one piece must be on its way within the connect timeout, which 5 MB on a slow line are
        # not. Read piece by piece, that time counts for each piece.
        writes.meta.events.register("before-send.rekognition.UpdateDatasetEntries", _send_in_pieces)

    def close(self) -> None:
        """Close the connections."""
        self._reads.close()
        self._writes.close()

    def describe_dataset(self, arn: str) -> DatasetDescription:
        """The dataset's status and counts."""
        with translated("read the dataset's status", place=arn, caller=self._caller):
            answer = self._reads.describe_dataset(DatasetArn=arn)
            return _description(member(answer, "DatasetDescription", dict))

    def update_entries(self, arn: str, blob: bytes) -> None:
        """Send changed lines (JSON Lines) once. The service works on them after it has answered.

        Raises:
            BusyError: another update of the dataset is running.
            OfflineError: the answer was lost; the lines may have arrived all the same.

        """
        with translated("send the changes", place=arn, caller=self._caller):
            self._writes.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": blob})

    def list_entries(
        self,
        arn: str,
        *,
        contains: str = "",
        has_errors: bool | None = None,
        token: str = "",
        told: Callable[[str], None] = lambda _: None,
        ask: Callable[[Callable[[], Page]], Page] = lambda fetch: fetch(),
    ) -> Iterator[list[str]]:
        """Pages of at most 100 lines as the service holds them, with the errors that it attached.

        Args:
            arn: the dataset.
            contains: only entries whose source-ref contains this.
            has_errors: True for entries with errors only; the service knows no filter for the others.
            token: of the page to begin with, "" for the first.
            told: is given the token of the page behind each page, before that page, "" before the last.
            ask: fetches one page by calling its argument, several times if it likes.

        """
        filters: dict[str, Any] = {"DatasetArn": arn, "MaxResults": _PAGE}
        if contains:
            filters["SourceRefContains"] = contains
        if has_errors:  # False is not sent: what the service makes of it is not documented
            filters["HasErrors"] = True
        list_page = self._reads.list_dataset_entries
        for answer in self._pages(
            "read the dataset's entries", arn, list_page, filters, "DatasetEntries", ask, token, told
        ):
            yield [str(line) for line in answer]

    def list_labels(self, arn: str) -> list[LabelCount]:
        """The dataset's labels."""
        filters = {"DatasetArn": arn, "MaxResults": _PAGE}
        list_page = self._reads.list_dataset_labels
        name = "DatasetLabelDescriptions"
        pages = self._pages("read the dataset's labels", arn, list_page, filters, name)
        return [_label_count(label) for page in pages for label in page]

    def describe_projects(self) -> list[Project]:
        """The account's projects in this region, with their datasets."""
        list_page = self._reads.describe_projects
        pages = self._pages(
            "list the projects", self._caller.region, list_page, {"MaxResults": _PAGE}, "ProjectDescriptions"
        )
        return [_project(project) for page in pages for project in page]

    def describe_project_versions(self, project_arn: str) -> list[ProjectVersion]:
        """The versions that were trained in a project, the newest first."""
        filters = {"ProjectArn": project_arn, "MaxResults": _PAGE}
        list_page = self._reads.describe_project_versions
        name = "ProjectVersionDescriptions"
        pages = self._pages("list the project's versions", project_arn, list_page, filters, name)
        return [_project_version(version) for page in pages for version in page]

    def create_project(self, name: str) -> str:
        """Make an empty project; gives its ARN."""
        with translated("create the project", place=name, caller=self._caller):
            return member(self._writes.create_project(ProjectName=name), "ProjectArn", str)

    def create_dataset(
        self, project_arn: str, kind: Kind, *, manifest: str = "", source_arn: str = ""
    ) -> str:
        """Start making a dataset from a manifest in S3, from another dataset, or empty; gives its ARN.

        Args:
            project_arn: the project, which has at most one dataset of each kind.
            kind: "TRAIN" or "TEST".
            manifest: ``s3://bucket/key``.
            source_arn: the dataset to copy.

        Raises:
            UsageError: both sources are given, or ``manifest`` is not an S3 address.

        """
        source = _dataset_source(manifest, source_arn)
        with translated("create the dataset", place=project_arn, caller=self._caller):
            if source is None:
                answer = self._writes.create_dataset(ProjectArn=project_arn, DatasetType=kind)
            else:
                answer = self._writes.create_dataset(
                    ProjectArn=project_arn, DatasetType=kind, DatasetSource=source
                )
            return member(answer, "DatasetArn", str)

    def delete_dataset(self, arn: str) -> None:
        """Start deleting a dataset; it is gone when `describe_dataset` raises `NotFoundError`."""
        with translated("delete the dataset", place=arn, caller=self._caller):
            self._writes.delete_dataset(DatasetArn=arn)

    def delete_project(self, project_arn: str) -> None:
        """Start deleting a project, which must have no datasets."""
        with translated("delete the project", place=project_arn, caller=self._caller):
            member(self._writes.delete_project(ProjectArn=project_arn), "Status", str)

    def distribute(self, train_arn: str, test_arn: str) -> None:
        """Start moving a fifth of a train dataset into the empty test dataset of the same project."""
        with translated("split the dataset", place=train_arn, caller=self._caller):
            self._writes.distribute_dataset_entries(Datasets=[{"Arn": train_arn}, {"Arn": test_arn}])

    def _pages(
        self,
        action: str,
        place: str,
        list_page: Callable[..., Any],
        filters: dict[str, Any],
        name: str,
        ask: Callable[[Callable[[], Page]], Page] = lambda fetch: fetch(),
        token: str = "",
        told: Callable[[str], None] = lambda _: None,
    ) -> Iterator[list[Any]]:
        """The member ``name`` of every page, as long as the service gives another token."""
        seen: set[str] = set()

        def fetch() -> Page:
            with translated(action, place=place, caller=self._caller):
                answer = list_page(**filters, **({"NextToken": token} if token else {}))
                return member(answer, name, list), answer.get("NextToken", "")

        while True:
            page, token = ask(fetch)
            told(token or "")
            yield page
            if not token:
                return
            # Without an end a listing would go on for good, and look like a large dataset.
            if token in seen:
                raise FaultError(f"Could not {action}: the listing goes in a circle.", place=place)
            seen.add(token)


def _send_in_pieces(request: Any, **_: object) -> None:
    request.body = io.BytesIO(request.body)


def _description(told: Mapping[str, Any]) -> DatasetDescription:
    stats = member(told, "DatasetStats", dict)
    return DatasetDescription(
        status=member(told, "Status", str),
        message=told.get("StatusMessage", ""),
        code=told.get("StatusMessageCode", ""),
        stats=DatasetStats(
            total=stats.get("TotalEntries", 0),
            labeled=stats.get("LabeledEntries", 0),
            labels=stats.get("TotalLabels", 0),
            errors=stats.get("ErrorEntries", 0),
        ),
        created=member(told, "CreationTimestamp", datetime),
        updated=member(told, "LastUpdatedTimestamp", datetime),
    )


def _label_count(told: Mapping[str, Any]) -> LabelCount:
    stats = told.get("LabelStats", {})
    # The service leaves the count of boxes out for a label without any.
    return LabelCount(
        member(told, "LabelName", str), stats.get("EntryCount", 0), stats.get("BoundingBoxCount", 0)
    )


def _project(told: Mapping[str, Any]) -> Project:
    arn = member(told, "ProjectArn", str)
    datasets = tuple(
        ProjectDataset(
            member(each, "DatasetArn", str),
            each.get("DatasetType", ""),
            each.get("Status", ""),
            each.get("StatusMessage", ""),
        )
        for each in told.get("Datasets", ())
    )
    return Project(arn, arn.partition(":project/")[2].partition("/")[0], told.get("Status", ""), datasets)


def _project_version(told: Mapping[str, Any]) -> ProjectVersion:
    arn = member(told, "ProjectVersionArn", str)
    return ProjectVersion(
        arn,
        arn.partition("/version/")[2].partition("/")[0],
        told.get("Status", ""),
        told.get("StatusMessage", ""),
        member(told, "CreationTimestamp", datetime),
        _validation_manifests(told.get("TrainingDataResult", {})),
        _validation_manifests(told.get("TestingDataResult", {})),
        _s3_address(told.get("ManifestSummary", {})),
    )


def _validation_manifests(told: Mapping[str, Any]) -> tuple[str, ...]:
    assets = told.get("Validation", {}).get("Assets", ())
    found = (_s3_address(asset.get("GroundTruthManifest", {})) for asset in assets)
    return tuple(address for address in found if address)


def _s3_address(told: Mapping[str, Any]) -> str:
    place = told.get("S3Object", {})
    bucket, key = place.get("Bucket", ""), place.get("Name", "")
    return f"s3://{bucket}/{key}" if bucket and key else ""


def _dataset_source(manifest: str, source_arn: str) -> DatasetSourceTypeDef | None:
    if manifest and source_arn:
        raise UsageError("A dataset is made from a manifest or from another dataset, not from both.")
    if source_arn:
        return {"DatasetArn": source_arn}
    if not manifest:
        return None
    try:
        bucket, key = split_source_ref(manifest)
    except ValueError as error:
        detail = "A manifest in S3 is named like s3://bucket/folder/train.manifest."
        raise UsageError(
            "This is not the address of a manifest in S3.", detail=detail, place=manifest
        ) from error
    return {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": key}}}
