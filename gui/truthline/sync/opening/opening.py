"""Workspaces from sources, and manifests from workspaces: what the window and the commands both do."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from truthline.aws.session import connect
from truthline.errors import TruthlineError, UnreadableFileError, UsageError
from truthline.manifest.file import has_bom, read_raw_lines, write_manifest
from truthline.manifest.forms import check_form
from truthline.manifest.line import read_source_ref, split_prefix, strip_service_keys
from truthline.manifest.placing import UNPLACED
from truthline.progress import ignore_progress, in_blocks
from truthline.reasons import reason
from truthline.sync.opening.filling import Filling, begins_anew
from truthline.sync.opening.sources import SourceKind
from truthline.sync.service.reading import DatasetReader
from truthline.workspace.damage import left_out_words
from truthline.workspace.workspace import Damaged, EntryId, NewEntry, Settlement, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from truthline.aws.connection import Connection
    from truthline.aws.session import Aws
    from truthline.manifest.annotation import RemoteError
    from truthline.progress import CancelToken, Report
    from truthline.sync.opening.filling import Reaching
    from truthline.sync.opening.sources import Source
    from truthline.workspace.changes import Changes


def create_workspace(
    path: Path,
    source: Source,
    *,
    connection: Connection,
    cancel: CancelToken,
    target: str = "",
    images_dir: str = "",
    values: bool = False,
    report: Report = ignore_progress,
    first: bool = False,
) -> Workspace:
    """Make a workspace from any source but a workspace, and open it.

    Args:
        path: the new file, which appears whole or not at all.
        source: what it is made from.
        connection: how to reach AWS, now and later.
        cancel: stops the work.
        target: ``s3://bucket/prefix`` where a folder's images are, or will be; "" to say it later, by
            `Workspace.place`.
        images_dir: the folder in which a manifest's images lie on this computer; "" for S3.
        values: read a manifest that has no lines as one entry for each of its JSON values.
        report: is told how far the work is.
        first: of a source that can be read in chunks, store the first alone; see `Filling`.

    Raises:
        UsageError: the file exists already, the target is no address, or a folder comes without images.
        NotLinesError: the manifest has no lines, and ``values`` is not set.
        UnreadableFileError: the source cannot be read, or the workspace not be written.
        ServiceError: S3 or the dataset could not be read.

    """
    path = Path(path).absolute()
    if target:
        split_prefix(target)
    if path.exists():
        raise UsageError(
            "There is a file of that name already.", detail="Choose another name.", place=str(path)
        )
    info = WorkspaceInfo(
        name=path.stem,
        profile=connection.profile,
        region=connection.region,
        endpoint_url=connection.endpoint_url,
        target=target.rstrip("/"),
        images_dir=images_dir and str(Path(images_dir).absolute()),
    )
    with (
        appearing_whole(path) as hidden,
        Workspace.create(hidden, _described(source, info)) as workspace,
    ):
        if source.kind is SourceKind.DATASET:
            with connect(connection.for_arn(source.text)) as aws:
                attach(workspace, source.text, aws, add_missing=True, cancel=cancel, report=report)
        else:
            with closing(Filling.of(workspace, source, connection, values=values)) as filling:
                filling.fill(report=report, cancel=cancel, first=first)
    return Workspace.open(path)


def open_or_create(
    path: Path,
    source: Source,
    *,
    connection: Connection,
    cancel: CancelToken,
    target: str = "",
    images_dir: str = "",
    values: bool = False,
    report: Report = ignore_progress,
) -> Workspace:
    """Open the workspace that was made from a source earlier, or begin to make it now.

    It may hold the first entries alone, as `is_whole` tells: whoever shows it has the others read, by
    `Filling.resumed`. Else as `create_workspace`.
    """
    if path.exists():
        workspace = Workspace.open(path, report=report, cancel=cancel)
        if source.kind is SourceKind.WORKSPACE or not begins_anew(workspace):
            return workspace
        workspace.close()
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    return create_workspace(
        path,
        source,
        connection=connection,
        cancel=cancel,
        target=target,
        images_dir=images_dir,
        values=values,
        report=report,
        first=True,
    )


def open_whole(
    path: Path, reach: Reaching, *, cancel: CancelToken, report: Report = ignore_progress
) -> Workspace:
    """Open a workspace that exists, and read the rest of its source into it if that was broken off.

    Raises:
        UsageError: its manifest was changed meanwhile.
        UnreadableFileError: its source, or the workspace, cannot be read.
        ServiceError: S3 could not be asked.

    """
    workspace = Workspace.open(path)
    try:
        filling = Filling.resumed(workspace, reach)
        if filling is not None:
            with closing(filling):
                filling.fill(report=report, cancel=cancel)
    except BaseException:
        workspace.close()
        raise
    return workspace


def export_manifest(workspace: Workspace, out: Path) -> list[Damaged]:
    """Write every line, byte for byte and in the order they came in; the file appears whole or not at all.

    A line that came without a line ending gets one only if others follow it. Damaged lines are left out and
    returned.

    Raises:
        UsageError: the images have no address in S3 yet.
        UnreadableFileError: the manifest cannot be written.

    """
    check_placed(workspace)
    left_out: list[Damaged] = []
    write_manifest(out, _joined(workspace.lines(left_out)), bom=workspace.info.bom)
    return left_out


def export_in_words(workspace: Workspace, out: Path) -> str:
    """As `export_manifest`; tells in words which lines were left out, "" if none were."""
    return left_out_words(export_manifest(workspace, out))


def place(
    workspace: Workspace,
    target: str,
    *,
    cancel: CancelToken | None = None,
    report: Report = ignore_progress,
) -> Changes:
    """Give the images of a folder's workspace their addresses, below ``target``, or others.

    Raises:
        UsageError: a dataset or a manifest says already where they are, or the target is no address.

    """
    split_prefix(target)
    if not can_be_placed(workspace.info):
        raise UsageError(
            "The addresses of these images are those that their dataset or manifest names.",
            detail="Leave the address out.",
            place=str(workspace.path),
        )
    return workspace.place(target, report=report, cancel=cancel)


def can_be_placed(info: WorkspaceInfo) -> bool:
    """Whether a person says where in S3 the images are: they come from a folder, and from no dataset yet."""
    return bool(info.images_dir and info.target) and not info.dataset_arn


def check_placed(workspace: Workspace) -> None:
    """Raise `UsageError` if the images have no address in S3 yet: no manifest or dataset can name them."""
    if workspace.info.target == UNPLACED:
        raise UsageError(
            "The images of this workspace have no address in S3 yet.",
            detail="Say where they are, or will be uploaded to: --to s3://bucket/prefix.",
            place=str(workspace.path),
        )


def attach(
    workspace: Workspace,
    arn: str,
    aws: Aws,
    *,
    add_missing: bool,
    cancel: CancelToken,
    report: Report = ignore_progress,
) -> None:
    """Read the dataset and store what it holds as base lines, with the remote errors.

    Of entries with the same source-ref only the last gets a base line. With ``add_missing``, entries that
    only the dataset has are appended.

    Raises:
        ServiceError: the dataset could not be read; the workspace is then as it was.

    """
    check_placed(workspace)
    with DatasetReader(aws, arn, report=report, cancel=cancel).entries() as remote:
        updated = remote.updated.isoformat()
        found: set[EntryId] = set()

        def matching() -> Iterator[tuple[EntryId, bytes | None, tuple[RemoteError, ...]]]:
            for entry in remote:
                cancel.check()
                entry_id = workspace.find(entry.source_ref) if entry.source_ref else None
                if entry_id is not None:
                    found.add(entry_id)
                    yield entry_id, entry.line, entry.errors

        workspace.store_remote(matching())
        workspace.store_remote(_not_held(workspace, found))
        if add_missing:
            new = (entry for entry in remote if workspace.find(entry.source_ref) is None)
            workspace.append(
                (NewEntry(entry.line, base=entry.line, remote_errors=entry.errors) for entry in new),
                report=report,
                cancel=cancel,
            )
    connection = aws.connection
    workspace.set_dataset(
        arn,
        profile=connection.profile,
        region=connection.region,
        endpoint_url=connection.endpoint_url,
        seen_updated=updated,
    )


def belong_to(workspace: Workspace, arn: str, connection: Connection) -> None:
    """Make the workspace one of that dataset; base lines of another dataset say nothing of what it holds."""
    check_placed(workspace)
    if workspace.info.dataset_arn not in {"", arn}:
        ids = [EntryId(one) for one in workspace.ids()]
        for block in in_blocks(ids):
            some = workspace.entries(block)
            workspace.settle({one.id: Settlement(one.line, one.line, None, None, ()) for one in some})
    workspace.set_dataset(
        arn,
        profile=connection.profile,
        region=connection.region,
        endpoint_url=connection.endpoint_url,
        seen_updated="",
    )


def lay_base(workspace: Workspace, base: Path, *, cancel: CancelToken) -> None:
    """Make the lines of a manifest the base lines of the entries with the same source-refs.

    Raises:
        UnreadableFileError: the manifest cannot be read.

    """
    check_form(base)
    lines = (strip_service_keys(raw) for raw in read_raw_lines(base))
    for chunk in in_blocks(lines, cancel=cancel):
        by_ref = {read_source_ref(line).encode(errors="replace").decode(): line for line in chunk}
        known = workspace.find_many([ref for ref in by_ref if ref])
        workspace.store_remote((entry_id, by_ref[ref], ()) for ref, entry_id in known.items())


def _not_held(
    workspace: Workspace, held: set[EntryId]
) -> Iterator[tuple[EntryId, bytes | None, tuple[RemoteError, ...]]]:
    ids = [EntryId(one) for one in workspace.ids() if one not in held]
    for block in in_blocks(ids):
        for entry in workspace.entries(block):
            if entry.base is not None or entry.remote_errors:
                yield entry.id, None, ()


def _described(source: Source, info: WorkspaceInfo) -> WorkspaceInfo:
    """What is known of a new workspace as a whole."""
    match source.kind:
        case SourceKind.MANIFEST:
            return replace(info, bom=has_bom(source.path))
        case SourceKind.FOLDER:
            return replace(info, images_dir=str(source.path.absolute()), target=info.target or UNPLACED)
        case SourceKind.S3_PREFIX:
            return replace(info, target=source.text.rstrip("/"))
        case SourceKind.DATASET:
            return info
        case SourceKind.WORKSPACE:
            raise UsageError(
                "This is a workspace already.",
                detail="Open it, or export a manifest from it and make a workspace from that.",
                place=source.text,
            )


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    unended = False
    for line, ending in lines:
        yield (b"\n" if unended else b"") + line + ending
        unended = ending == b""


@contextmanager
def appearing_whole(path: Path) -> Iterator[Path]:
    """A name beside ``path`` to build a workspace at; it takes the right name if the block succeeds."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        try:
            yield hidden
        except TruthlineError as error:
            error.place = str(path) if error.place == str(hidden.resolve()) else error.place
            raise
        try:
            # Unlike a rename, a second name does not take the place of a file that came meanwhile.
            os.link(hidden, path)
        except FileExistsError:
            raise UsageError(
                "There is a file of that name already.", detail="Choose another name.", place=str(path)
            ) from None
        except OSError:  # a disk without links
            hidden.rename(path)
    except OSError as error:
        raise UnreadableFileError(
            "The workspace cannot be written.", detail=f"{reason(error)}.", place=str(path)
        ) from error
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            hidden.with_name(hidden.name + ending).unlink(missing_ok=True)
