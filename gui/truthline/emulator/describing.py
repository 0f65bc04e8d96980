"""Projects, datasets and labels in the members that the service's answers have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from truthline.emulator.datasets import Dataset, Project
    from truthline.emulator.entries import EntryStore


def describe_project(project: Project, now: float) -> dict[str, Any]:
    """Make a ProjectDescription."""
    told: dict[str, Any] = {
        "ProjectArn": project.arn,
        "CreationTimestamp": _timestamp(project.created),
        "Status": "DELETING" if project.is_going else "CREATED",
        "Datasets": [_dataset_metadata(dataset, now) for dataset in project.datasets.values()],
        "Feature": project.feature,
    }
    if project.auto_update:
        told["AutoUpdate"] = project.auto_update
    return told


def describe_dataset(dataset: Dataset, now: float) -> dict[str, Any]:
    """Make a DatasetDescription."""
    told = dataset.describe(now)
    return {
        "CreationTimestamp": _timestamp(dataset.created),
        "LastUpdatedTimestamp": _timestamp(told.updated),
        "Status": told.status,
        "StatusMessage": told.message,
        "StatusMessageCode": told.code,
        "DatasetStats": told.stats,
    }


def describe_label(label: str, store: EntryStore) -> dict[str, Any]:
    """Make a DatasetLabelDescription; a label without boxes has no BoundingBoxCount."""
    stats = {"EntryCount": store.used[label]}
    if store.boxed[label]:
        stats["BoundingBoxCount"] = store.boxed[label]
    return {"LabelName": label, "LabelStats": stats}


def _timestamp(seconds: float) -> float:
    """Round to milliseconds, as the service's timestamps are."""
    return round(seconds, 3)


def _dataset_metadata(dataset: Dataset, now: float) -> dict[str, Any]:
    told = dataset.describe(now)
    return {
        "CreationTimestamp": _timestamp(dataset.created),
        "DatasetType": dataset.kind,
        "DatasetArn": dataset.arn,
        "Status": told.status,
        "StatusMessage": told.message,
        "StatusMessageCode": told.code,
    }
