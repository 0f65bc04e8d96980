"""A dataset's status over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.progress import Doing, Progress, ignore_progress
from truthline.sync.service.retries import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.aws.rekognition import DatasetDescription
    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report

_FIRST_PAUSE: Final = 0.2
"""A small update is over within a second; a large one takes minutes, and DescribeDataset has a quota."""
_LONGEST_PAUSE: Final = 5.0
_STUCK_SECONDS: Final = 900.0
"""An update takes seconds to minutes; of one that takes so long a person should hear."""
_STUCK_PAUSE: Final = 15.0


def in_progress(description: DatasetDescription) -> bool:
    """Whether the dataset is being created, updated or deleted."""
    return description.status.endswith("_IN_PROGRESS")


def polls(
    aws: Aws, arn: str, *, patience: Patience, report: Report, cancel: CancelToken
) -> Iterator[tuple[DatasetDescription, float]]:
    """The dataset's description over and over, with the seconds waited since the first.

    The pause between two grows from 0.2 to 5 s, and to 15 s once an update has run for 15 minutes.
    """
    waited, pause = 0.0, _FIRST_PAUSE
    while True:
        description = patience.read(lambda: aws.rekognition.describe_dataset(arn))
        yield description, waited
        if waited >= _STUCK_SECONDS:
            report(Progress(Doing.STUCK, about=description.status, count=int(waited // 60)))
        cancel.wait(pause)
        waited += pause
        pause = _STUCK_PAUSE if waited >= _STUCK_SECONDS else min(1.5 * pause, _LONGEST_PAUSE)


def watch(
    aws: Aws, arn: str, *, cancel: CancelToken, report: Report = ignore_progress
) -> Iterator[DatasetDescription]:
    """Each new state of the dataset, the present one first, until nothing is in progress any more."""
    last = None
    patience = Patience(report, cancel)
    for description, _ in polls(aws, arn, patience=patience, report=report, cancel=cancel):
        if description != last:
            yield description
        if not in_progress(description):
            return
        last = description
