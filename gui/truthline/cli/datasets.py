"""Commands that ask the service: status, pull, push."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from truthline.aws.rekognition import parse_dataset_arn
from truthline.aws.session import connect
from truthline.cli.connecting import reach_of
from truthline.cli.run import FINE, FLAWED, Json, Run
from truthline.cli.streams import STREAM, read_from, written_to
from truthline.errors import ServiceError, UnknownEndpointError, UsageError
from truthline.sync.opening.opening import attach, create_workspace, lay_base, open_whole
from truthline.sync.opening.sources import SourceKind, recognise
from truthline.sync.pull.candidates import candidates
from truthline.sync.pull.meeting import OnConflict
from truthline.sync.pull.pull import pull, pull_manifest
from truthline.sync.push.plan import plan
from truthline.sync.push.push import PushResult, push
from truthline.sync.service.watch import watch
from truthline.workspace.workspace import EntryId, Filter, Kind, Workspace

if TYPE_CHECKING:
    from truthline.aws.rekognition import DatasetDescription
    from truthline.aws.session import Aws
    from truthline.progress import Report
    from truthline.sync.opening.sources import Source
    from truthline.sync.pull.meeting import Conflict
    from truthline.sync.push.plan import Remark


def status(run: Run) -> int:
    """Tell a dataset's status, once or until nothing is in progress any more."""
    arn = parse_dataset_arn(run.arguments.arn).text
    with connect(run.connection.for_arn(arn)) as aws:
        if not run.arguments.watch:
            _tell_status(run, aws.rekognition.describe_dataset(arn))
            return FINE
        for state in watch(aws, arn, cancel=run.cancel):
            _tell_status(run, state)
    return FINE


def _tell_status(run: Run, state: DatasetDescription) -> None:
    stats = state.stats
    run.say(f"{state.status} {state.message}".strip())
    run.say(
        f"  {stats.total} entries, {stats.labeled} labelled, {stats.errors} with errors;"
        f" {stats.labels} labels; updated {state.updated.astimezone():%Y-%m-%d %H:%M:%S}"
    )
    run.document(
        {
            "status": state.status,
            "message": state.message,
            "code": state.code,
            "stats": {
                "total": stats.total,
                "labeled": stats.labeled,
                "labels": stats.labels,
                "errors": stats.errors,
            },
            "updated": state.updated.isoformat(),
        }
    )


def pull_lines(run: Run) -> int:
    """Write a dataset's lines to a manifest, or merge them into a workspace."""
    given = run.arguments
    if not given.arn.startswith("arn:"):
        return _pull_into_workspace(run)
    arn = parse_dataset_arn(given.arn).text
    if not given.manifest:
        raise UsageError("A manifest to write is missing.", detail="Write: truthline pull ARN OUT.manifest")
    with (
        written_to(run, given.manifest) as manifest,
        connect(run.connection.for_arn(arn)) as aws,
        run.progress() as report,
    ):
        count = pull_manifest(aws, arn, manifest, report=report, cancel=run.cancel)
    run.say(f"{given.manifest}: {count} lines.")
    run.document({"manifest": given.manifest, "lines": count})
    return FINE


def _pull_into_workspace(run: Run) -> int:
    given = run.arguments
    if given.manifest:
        raise UsageError(
            "A workspace is pulled into, and no manifest is written.",
            detail="Write: truthline pull WORKSPACE.truthline, then truthline export.",
        )
    with open_whole(Path(given.arn), reach_of(run).connection, cancel=run.cancel) as workspace:
        with _connected(run, workspace) as aws, run.progress() as report:
            result = pull(workspace, aws, report=report, cancel=run.cancel)
        in_conflict = [EntryId(one) for one in workspace.ids(Filter(kind=Kind.CONFLICTS))]
        conflicts = [
            {"source_ref": entry.source_ref, "line": entry.position}
            for entry in workspace.entries(in_conflict)
        ]
    counts = {name: getattr(result, name) for name in ("added", "changed", "merged", "unchanged", "gone")}
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    run.say(f"{result.read} entries read: {told}, {result.conflicts} with new conflicts.")
    for one in conflicts:
        run.say(f"conflict: line {one['line']}: {one['source_ref']}")
    run.document({"read": result.read, **counts, "conflicts": conflicts, "complete": result.complete})
    if result.error:
        return run.fail(result.error)
    return FLAWED if conflicts else FINE


def _connected(run: Run, workspace: Workspace) -> Aws:
    """Sign in for a workspace's dataset; the command line counts before what the workspace knows."""
    info = workspace.info
    if not info.dataset_arn:
        raise UsageError("This workspace belongs to no dataset.", detail="Name one with --dataset ARN.")
    reach = reach_of(run)
    if unknown := reach.unknown(info):
        raise UnknownEndpointError(
            f"This workspace is served by {unknown}, which is not AWS and was not chosen on this computer:"
            " to allow it, give that address with --endpoint-url.",
            place=str(workspace.path),
        )
    return connect(reach.connection(info))


def push_lines(run: Run) -> int:
    """Push a workspace's changes, or make a dataset hold a manifest's lines."""
    given = run.arguments
    with read_from(given.source) as path:
        result = _push_source(run, recognise(str(path) if given.source == STREAM else given.source))
    _tell_result(run, result)
    if result.error:
        return run.fail(result.error)
    return FINE if result.flawless else FLAWED


def _push_source(run: Run, source: Source) -> PushResult:
    if source.kind is SourceKind.WORKSPACE and run.arguments.source != STREAM:
        return _push_workspace(run, source)
    if source.kind is SourceKind.MANIFEST:
        return _push_manifest(run, source)
    raise UsageError(
        f"This is a {source.kind}; a manifest or the file of a workspace can be pushed.",
        detail="Push a manifest or a workspace.",
        place=source.text,
    )


def _push_workspace(run: Run, source: Source) -> PushResult:
    given = run.arguments
    if given.base:
        raise UsageError("A workspace knows its base lines.", detail="Leave --base out.", place=source.text)
    with (
        open_whole(source.path, reach_of(run).connection, cancel=run.cancel) as workspace,
        run.progress() as report,
    ):
        if given.dataset:
            _set_dataset(workspace, parse_dataset_arn(given.dataset).text)
        with _connected(run, workspace) as aws:
            return push(
                workspace,
                aws,
                strict=given.strict,
                dry_run=given.dry_run,
                on_conflict=OnConflict(given.on_conflict),
                report=report,
                cancel=run.cancel,
            )


def _set_dataset(workspace: Workspace, arn: str) -> None:
    known = workspace.info.dataset_arn
    if known and known != arn:
        raise UsageError(
            "This workspace belongs to another dataset.",
            detail="Leave --dataset out, or export a manifest from it and push that.",
            place=known,
        )
    workspace.set_info(replace(workspace.info, dataset_arn=arn))


def _push_manifest(run: Run, source: Source) -> PushResult:
    given = run.arguments
    if not given.dataset:
        raise UsageError("It is not said which dataset to push to.", detail="Name it with --dataset ARN.")
    arn = parse_dataset_arn(given.dataset).text
    with tempfile.TemporaryDirectory(prefix="truthline-push-") as folder, run.progress() as report:
        path = Path(folder) / "push.truthline"
        with create_workspace(
            path, source, connection=run.connection, report=report, cancel=run.cancel
        ) as workspace:
            if given.base:
                lay_base(workspace, Path(given.base), cancel=run.cancel)
                workspace.set_info(replace(workspace.info, dataset_arn=arn))
            return _push_temporary(run, workspace, arn, report)


def _push_temporary(run: Run, workspace: Workspace, arn: str, report: Report) -> PushResult:
    given = run.arguments
    try:
        with connect(run.connection.for_arn(arn)) as aws:
            if not given.base:  # the lines are what the dataset shall hold
                attach(workspace, arn, aws, add_missing=False, report=report, cancel=run.cancel)
            return push(
                workspace,
                aws,
                strict=given.strict,
                dry_run=given.dry_run,
                on_conflict=OnConflict(given.on_conflict) if given.base else None,
                report=report,
                cancel=run.cancel,
            )
    except ServiceError as error:
        # What is refused for its own sake is known without the dataset.
        known = plan(candidates(workspace), bucket="", strict=given.strict)
        return PushResult(refused=known.refused, error=error)


def _tell_result(run: Run, result: PushResult) -> None:
    lists = {
        "refused": result.refused,
        "dropped": result.dropped,
        "stored_differently": result.stored_differently,
        "remote_errors": result.remote_errors,
    }
    would = "would be " if run.arguments.dry_run else ""
    run.say(
        f"{result.pushed} lines {would}pushed in {result.batches} batches, {result.unchanged} unchanged."
        + (f" {result.status} {result.message}".rstrip() if result.status else "")
    )
    for name, remarks in lists.items():
        for remark in remarks:
            run.say(f"{name.replace('_', ' ')}: line {remark.line}: {remark.code}: {remark.message}")
    for one in result.conflicts:
        run.say(f"conflict: line {one.line}: {one.source_ref}: {one.what} was changed by somebody else too")
    run.document(
        {
            "pushed": result.pushed,
            "unchanged": result.unchanged,
            "batches": result.batches,
            "status": result.status,
            **{name: [_item(remark) for remark in remarks] for name, remarks in lists.items()},
            "conflicts": [_conflict(one) for one in result.conflicts],
        }
    )


def _conflict(one: Conflict) -> Json:
    return {
        "source_ref": one.source_ref,
        "line": one.line,
        "pointer": one.pointer,
        "base": one.base,
        "mine": one.mine,
        "theirs": one.theirs,
    }


def _item(remark: Remark) -> Json:
    return {
        "source_ref": remark.source_ref,
        "code": remark.code,
        "message": remark.message,
        "line": remark.line,
    }
