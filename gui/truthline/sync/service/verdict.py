"""Training's verdict, from files or from S3, laid onto the entries of a workspace by source-ref."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from truthline.errors import NotFoundError, UsageError
from truthline.manifest.file import read_raw_lines
from truthline.manifest.line import split_source_ref
from truthline.manifest.verdict import TrainingSummary, ValidatedLine, read_summary, read_validation_manifest
from truthline.progress import CancelToken, Doing, Progress, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from truthline.aws.rekognition import ProjectVersion
    from truthline.aws.session import Aws
    from truthline.manifest.annotation import RemoteError
    from truthline.progress import Report
    from truthline.workspace.changes import Changes
    from truthline.workspace.workspace import EntryId, Workspace

_PIECE: Final = 8 * 1024**2
"""Read in parts, so that a gigabyte can be cancelled and is never held in memory."""
_SUMMARY_BYTES: Final = 64 * 1024**2  # a summary names line numbers at most


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a training's verdict.

    ``entries`` of the workspace got ``problems`` of theirs. ``elsewhere`` counts lines with problems that
    name an image of another workspace, mostly of the project's other dataset; ``unnamed`` are lines that
    name none. ``summary`` is None if there was none among the files.
    """

    changes: Changes
    entries: int
    problems: int
    elsewhere: int
    unnamed: tuple[ValidatedLine, ...]
    summary: TrainingSummary | None


def project_versions(aws: Aws, dataset_arn: str) -> list[ProjectVersion]:
    """The versions trained in the project that a dataset belongs to, the newest first.

    Raises:
        NotFoundError: no project has this dataset.
        ServiceError: the service could not be asked.

    """
    for project in aws.rekognition.describe_projects():
        if any(dataset.arn == dataset_arn for dataset in project.datasets):
            return aws.rekognition.describe_project_versions(project.arn)
    raise NotFoundError("No project has this dataset.", detail="It may have been deleted.", place=dataset_arn)


def open_verdict(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Verdict:
    """Load the verdict from files: validation manifests and the summary, in any order.

    It takes the place of the verdict that the workspace has.

    Raises:
        UnreadableFileError: a file cannot be read, or is called like a summary and is none.
        UsageError: no file was given.
        CancelledError: cancelled, and nothing was changed.

    """
    if not paths:
        raise UsageError("No file was given.", detail="Choose the manifests and the summary of a training.")
    summary: TrainingSummary | None = None
    manifests = []
    for path in paths:
        if path.suffix.lower() == ".json" and "summary" in path.name.lower():
            summary = read_summary(b"\n".join(read_raw_lines(path)))
        else:
            manifests.append(path)
    lines = (read_raw_lines(path) for path in manifests)
    return _lay(workspace, lines, summary, report, cancel or CancelToken())


def fetch_verdict(
    workspace: Workspace,
    aws: Aws,
    version: ProjectVersion,
    *,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Verdict:
    """Load the verdict of a version from S3.

    Raises:
        NotFoundError: the version has no validation results, or they are no longer in S3.
        ServiceError: they cannot be read.
        CancelledError: cancelled, and nothing was changed.

    """
    token = cancel or CancelToken()
    manifests = (*version.training_manifests, *version.testing_manifests)
    if not manifests and not version.summary:
        raise NotFoundError(
            "This version has no validation results.",
            detail="They are written when its training ends.",
            place=version.name,
        )
    summary = None
    if version.summary:
        bucket, key = split_source_ref(version.summary)
        summary = read_summary(aws.s3.read(bucket, key, length=_SUMMARY_BYTES))
    with ExitStack() as files:
        lines = [
            _lines_of(files.enter_context(_downloaded(aws, place, report, token))) for place in manifests
        ]
        return _lay(workspace, lines, summary, report, token)


@contextmanager
def _downloaded(aws: Aws, place: str, report: Report, cancel: CancelToken) -> Iterator[IO[bytes]]:
    """A temporary file with the content of an object, which may be large."""
    bucket, key = split_source_ref(place)
    facts = aws.s3.head(bucket, key)
    if facts is None:
        raise NotFoundError(
            "The validation results are no longer in S3.", detail="Train again to get new ones.", place=place
        )
    with tempfile.TemporaryFile() as file:
        for start in range(0, facts.size, _PIECE):
            cancel.check()
            report(Progress(Doing.READING_VALIDATION, start, facts.size))
            file.write(aws.s3.read(bucket, key, start=start, length=min(_PIECE, facts.size - start)))
        file.seek(0)
        yield file


def _lines_of(file: IO[bytes]) -> Iterator[bytes]:
    return (line.rstrip(b"\r\n") for line in file)


def _lay(
    workspace: Workspace,
    manifests: Iterable[Iterable[bytes]],
    summary: TrainingSummary | None,
    report: Report,
    cancel: CancelToken,
) -> Verdict:
    found: dict[EntryId, list[RemoteError]] = {}
    unnamed: list[ValidatedLine] = []
    elsewhere = 0
    for lines in manifests:
        for line in read_validation_manifest(lines):
            cancel.check()
            report(Progress(Doing.FINDING_IMAGES, len(found)))
            entry_id = workspace.find(line.source_ref) if line.source_ref else None
            if entry_id is not None:
                found.setdefault(entry_id, []).extend(line.errors)
            elif line.source_ref:
                elsewhere += 1
            else:
                unnamed.append(line)
    problems = sum(map(len, found.values()))
    changes = workspace.store_training(found)
    return Verdict(changes, len(found), problems, elsewhere, tuple(unnamed), summary)
