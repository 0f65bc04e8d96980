"""A rebuild: a dataset made anew from a manifest, begun, and resumed where it was broken off.

It removes entries, which the service cannot do, and is one way of a first push.

What is going on is written down in the workspace before each step (see `note`). A rebuild that a
crash, a cancel or a lost connection broke off is taken up from there. From the moment in which the old
dataset is deleted until the new one is complete, all its lines are in a manifest on this computer and in
another in S3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from truthline.aws.rekognition import parse_dataset_arn
from truthline.errors import NotFoundError, UsageError
from truthline.progress import ignore_progress
from truthline.sync.push.route import Route, first_push_route
from truthline.sync.rebuild.note import HARMLESS, Note, Rebuilt, Step, read_note
from truthline.sync.rebuild.steps import Rebuild
from truthline.sync.rebuild.stored_manifest import check_region, manifest_uri
from truthline.sync.service.projects import Work

if TYPE_CHECKING:
    from collections.abc import Collection

    from truthline.aws.rekognition import Kind
    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report
    from truthline.workspace.workspace import EntryId, Workspace

__all__ = [
    "Rebuilt",
    "Route",
    "continue_rebuild",
    "create_from_workspace",
    "first_push_route",
    "rebuild_without",
    "unfinished_rebuild",
]


def rebuild_without(
    workspace: Workspace,
    aws: Aws,
    ids: Collection[EntryId],
    *,
    place: str,
    before: Path,
    cancel: CancelToken,
    report: Report = ignore_progress,
) -> Rebuilt:
    """Remove entries from the workspace and from its dataset, which is deleted and made anew without them.

    The new dataset gets what the old one holds of the others; changes of the workspace that were not pushed
    stay changes. The line of an entry stays in the dataset if another entry with the same source-ref, which
    comes later, stays in the workspace. If the dataset holds none of the entries, it stays as it is.

    Args:
        workspace: whose dataset it is. It keeps the ARN of the new one.
        aws: signed in for the dataset's region.
        ids: the entries.
        place: ``s3://bucket/prefix`` where the manifests of before and after are put, and stay.
        before: a new file on this computer: the manifest of what the dataset holds now.
        cancel: stops the work; `continue_rebuild` takes it up, unless nothing had been changed yet.
        report: is told how far it is, statuses as the service spells them.

    Raises:
        UsageError: no entry would be left, ``before`` exists, or an earlier rebuild is not finished.
        ServiceError: the service refused something; the detail tells where the manifests are.
        UnreadableFileError: ``before`` cannot be written.

    """
    _check_none_unfinished(workspace)
    before = Path(before).absolute()
    if before.exists():
        raise UsageError(
            "There is a file of that name already.", detail="Choose another name.", place=str(before)
        )
    arn = workspace.info.dataset_arn
    if not arn:
        raise UsageError("This workspace belongs to no dataset.", detail="Choose its dataset first.")
    work = Work(aws, report=report, cancel=cancel)
    dataset = parse_dataset_arn(arn)
    check_region(work, place, dataset.region)
    name = _name(workspace)
    note = Note(
        step=Step.READ,
        own=False,
        project=_project_with(work, arn),
        kind=dataset.kind,
        manifest=manifest_uri(place, f"{name}-without-{len(ids)}.manifest"),
        before_uri=manifest_uri(place, f"{name}-before.manifest"),
        before=str(before),
        ids=tuple(ids),
        old=arn,
    )
    return Rebuild(workspace, work, note).run()


def create_from_workspace(
    workspace: Workspace,
    aws: Aws,
    project_arn: str,
    kind: Kind,
    *,
    place: str,
    cancel: CancelToken,
    report: Report = ignore_progress,
) -> Rebuilt:
    """Make a dataset of all the workspace's lines at once; the workspace belongs to it from then on.

    An empty dataset of this kind is replaced. Lines that the service would drop in silence are left out, and
    listed as refused.

    Args:
        workspace: whose lines they are.
        aws: signed in for the project's region.
        project_arn: the project.
        kind: "TRAIN" or "TEST".
        place: ``s3://bucket/prefix`` where the manifest is put, and stays.
        cancel: as for `rebuild_without`.
        report: as for `rebuild_without`.

    Raises:
        UsageError: the project's dataset of this kind holds entries, no line may be sent, or an earlier
            rebuild is not finished.
        ServiceError: the service refused something, or gave the new dataset up.

    """
    _check_none_unfinished(workspace)
    work = Work(aws, report=report, cancel=cancel)
    check_region(work, place, project_arn.split(":")[3])
    uri = manifest_uri(place, f"{_name(workspace)}-{kind.lower()}.manifest")
    note = Note(step=Step.READ, own=True, project=project_arn, kind=kind, manifest=uri)
    return Rebuild(workspace, work, note).run()


def unfinished_rebuild(workspace: Workspace) -> str:
    """How far a rebuild came that was broken off, in a sentence or two; "" if there is none."""
    note = read_note(workspace)
    if note is None:
        return ""
    what = "Sending the workspace as a manifest" if note.own else "Rebuilding the dataset"
    while_doing = {
        Step.DELETE: "while the old dataset was being deleted",
        Step.CREATE: "while the new dataset was being made",
        Step.STORE: "before the new dataset was read back",
        Step.RESTORE: "while the old state was being restored",
    }.get(note.step, "before anything was changed")
    if note.step in HARMLESS or not note.before_uri:
        return f"{what} was broken off {while_doing}."
    return f"{what} was broken off {while_doing}. The old state is in {note.before} and {note.before_uri}."


def continue_rebuild(
    workspace: Workspace, aws: Aws, *, cancel: CancelToken, report: Report = ignore_progress
) -> Rebuilt:
    """Take up a rebuild, or a dataset made from a workspace, that was broken off; see `unfinished_rebuild`.

    Raises:
        UsageError: none was.
        ServiceError: as for what was broken off.

    """
    note = read_note(workspace)
    if note is None:
        raise UsageError("No rebuild of this workspace's dataset was broken off.")
    return Rebuild(workspace, Work(aws, report=report, cancel=cancel), note).run()


def _check_none_unfinished(workspace: Workspace) -> None:
    note = read_note(workspace)
    # One that had changed nothing yet may as well be given up.
    if note is not None and note.step not in HARMLESS:
        raise UsageError(unfinished_rebuild(workspace), detail="Continue it first.")


def _name(workspace: Workspace) -> str:
    return f"{workspace.info.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _project_with(work: Work, dataset_arn: str) -> str:
    """The ARN of the project whose dataset this is, which a dataset's own ARN does not hold."""
    projects = work.patience.read(work.aws.rekognition.describe_projects)
    for project in projects:
        if any(dataset.arn == dataset_arn for dataset in project.datasets):
            return project.arn
    raise NotFoundError(
        "No project has this dataset.",
        detail="Check the region and the account; somebody may have deleted it.",
        place=dataset_arn,
    )
