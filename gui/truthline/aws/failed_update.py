"""Why the service gave an update up, as far as its words tell: no code of its own says it."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

# By the words of the documented messages; none of these gets better by halving the batch.
_DATASET_WIDE: Final = (
    "too many labels",
    "too many rows",
    "permission",
    "access",
    "metadata from s3",
    "size",
)


class Cause(Enum):
    """What made an update fail."""

    UNKNOWN = auto()
    """perhaps single lines, perhaps all of them"""
    DATASET = auto()
    """the dataset or what surrounds it, if the words are meant as they are for all lines"""
    SERVICE = auto()
    """the service itself, whatever the lines are"""


def cause_of(code: str, message: str) -> Cause:
    """The cause by what `DescribeDataset` says of a dataset whose update failed."""
    if code == "SERVICE_ERROR":
        return Cause.SERVICE
    words = message.casefold()
    return Cause.DATASET if any(one in words for one in _DATASET_WIDE) else Cause.UNKNOWN
