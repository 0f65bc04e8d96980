"""From a dataset to a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.aws.rekognition import parse_dataset_arn
from truthline.manifest.file import write_manifest
from truthline.progress import ignore_progress
from truthline.sync.reading import DatasetReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report


def pull_manifest(
    aws: Aws, arn: str, out: Path, *, cancel: CancelToken, report: Report = ignore_progress
) -> int:
    """Write the dataset's lines, without the service's own keys, to a manifest; return how many.

    The file appears whole or not at all, and replaces one that is there.

    Raises:
        UsageError: that is not the ARN of a dataset.
        ServiceError: the dataset could not be read.
        UnreadableFileError: the manifest could not be written.

    """
    arn = parse_dataset_arn(arn).text
    count = 0
    with DatasetReader(aws, arn, report=report, cancel=cancel).entries() as entries:

        def lines() -> Iterator[bytes]:
            nonlocal count
            for entry in entries:
                count += 1
                yield entry.line + b"\n"

        write_manifest(out, lines())
    return count
