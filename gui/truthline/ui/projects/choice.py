"""What can be done with a chosen project or dataset, and what there is to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.ui.projects.tree import held_words, kind_words
from truthline.words import status_kind, status_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from truthline.aws.rekognition import DatasetDescription, Project, ProjectDataset

_KINDS = 2


def reasons(
    project: Project | None,
    dataset: ProjectDataset | None,
    known: Mapping[str, DatasetDescription],
    *,
    busy: bool,
    ready: bool,
) -> dict[str, str]:
    """Why an action is not possible now, by its name; "" or missing if it is."""
    if not ready:
        waiting = "The projects are not listed yet."
        return dict.fromkeys(("open", "new_project", "new_dataset", "split", "delete", "copy"), waiting)
    found = {
        "open": _open_reason(dataset),
        "new_dataset": _new_dataset_reason(project),
        "split": _split_reason(project, known),
        "delete": _delete_reason(project, dataset),
        "copy": "" if project is not None else "Choose a project or dataset first.",
    }
    if busy:
        for name in ("open", "new_project", "new_dataset", "split", "delete"):
            found[name] = "Something else is under way. Wait until it has ended."
    return found


def about(
    project: Project | None, dataset: ProjectDataset | None, known: Mapping[str, DatasetDescription]
) -> str:
    """The choice in words, with its ARN; a failed dataset tells why."""
    if project is None:
        return "Choose a project or dataset to see what can be done with it."
    if dataset is None:
        return f"{project.name}\n{project.arn}"
    parts = [f"{project.name}, {kind_words(dataset)}", status_words(dataset.status)]
    if dataset.message and status_kind(dataset.status) == "error":
        parts[-1] += f": {dataset.message}"
    parts.append(held_words(known.get(dataset.arn)))
    return f"{'  ·  '.join(part for part in parts if part)}\n{dataset.arn}"


def _open_reason(dataset: ProjectDataset | None) -> str:
    if dataset is None:
        return "Choose a dataset first."
    if dataset.status == "CREATE_FAILED":
        return "This dataset was never made. Delete it, and make it anew."
    return "This dataset is being deleted." if dataset.status.startswith("DELETE") else ""


def _new_dataset_reason(project: Project | None) -> str:
    if project is None:
        return "Choose a project first."
    if project.status != "CREATED":
        return f"The project is not ready: {status_words(project.status).lower()}."
    if len(project.datasets) >= _KINDS:
        return "The project has a training and a test dataset already."
    return ""


def _split_reason(project: Project | None, known: Mapping[str, DatasetDescription]) -> str:
    by_kind = {dataset.kind: dataset for dataset in project.datasets} if project is not None else {}
    train, test = by_kind.get("TRAIN"), by_kind.get("TEST")
    if train is None:
        return "Choose a project with a training dataset first."
    if status_kind(train.status) != "good":
        return f"The training dataset is not ready: {status_words(train.status).lower()}."
    if train.arn in known and not known[train.arn].stats.total:
        return "The training dataset is empty."
    if test is not None and test.arn in known and known[test.arn].stats.total:
        return "The test dataset holds images already; only an empty one can be split into."
    return ""


def _delete_reason(project: Project | None, dataset: ProjectDataset | None) -> str:
    chosen = dataset or project
    if chosen is None:
        return "Choose a project or dataset first."
    return "This is being deleted already." if chosen.status.startswith("DELET") else ""
