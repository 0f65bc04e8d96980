"""What is known of the dataset at one moment, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthline.errors import NotFromAwsError, OfflineError, SignInError

if TYPE_CHECKING:
    from datetime import datetime

    from truthline.aws.rekognition import DatasetDescription, DatasetStats
    from truthline.errors import TruthlineError
    from truthline.progress import Progress
    from truthline.sync.push.push import PushResult
    from truthline.sync.service.own_updates import Unseen


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What is known of the dataset now; times are local.

    ``arn`` is "" while the workspace belongs to none. ``description`` is what the service said last, at
    ``asked``; ``problem`` why it could not be asked since. ``activity`` is what the work under way is doing,
    None if none runs; ``pulling`` tells whether that is a pull, whose progress counts entries.

    ``offline_since`` is when the connection was lost, None while there is one. ``queued`` tells whether a
    push waits for the connection or the sign-in. ``unseen`` is an update of the dataset that the workspace
    does not show yet, None if there is none. ``before`` are the statistics before the last push, or those
    first seen.
    """

    arn: str = ""
    description: DatasetDescription | None = None
    problem: TruthlineError | None = None
    activity: Progress | None = None
    asked: datetime | None = None
    result: PushResult | None = None
    pulling: bool = False
    offline_since: datetime | None = None
    queued: bool = False
    unseen: Unseen | None = None
    before: DatasetStats | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said, and of the moment when it was asked: the last queued push, and what was begun.

    ``ticket`` and ``begun`` are those of `sync.push.machine.Now`; ``begun`` is None while something was busy.
    """

    description: DatasetDescription | None
    unseen: Unseen | None
    ticket: int
    begun: int | None


def is_offline(error: Exception | None) -> bool:
    """Whether AWS could not be reached."""
    return isinstance(error, OfflineError | NotFromAwsError)


def waits_for(error: Exception | None) -> bool:
    """Whether a push that fails so goes through later by itself: with a connection, or a sign-in."""
    return is_offline(error) or isinstance(error, SignInError)
