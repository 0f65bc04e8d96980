"""What training says of its datasets: two validation manifests and a summary, read.

The manifests are copies of the datasets with ``errors`` and ``warnings`` at the line, an attribute, a box or
an attribute's metadata. A line that was no JSON is replaced by one that holds only errors.

Source: Custom Labels Developer Guide, "Debugging a failed model training".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from truthline.errors import UnreadableFileError
from truthline.manifest.annotation import RemoteError
from truthline.manifest.line import read_source_ref, remote_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["DatasetVerdict", "TrainingSummary", "ValidatedLine", "read_summary", "read_validation_manifest"]


@dataclass(frozen=True, slots=True)
class ValidatedLine:
    """A line of which training says something; ``number`` counts from 1.

    ``source_ref`` is "" where the line holds nothing but its errors.
    """

    number: int
    source_ref: str
    errors: tuple[RemoteError, ...]


@dataclass(frozen=True, slots=True)
class DatasetVerdict:
    """What training counted in one dataset; ``ignored`` lines are valid ones without annotations.

    ``use_case`` is IMAGE_LEVEL_LABELS, OBJECT_LOCALIZATION or NOT_DETERMINED. ``error_lines`` are the indices
    of lines with errors as the service gives them, ``errors`` concern the dataset as a whole.
    """

    use_case: str = ""
    total: int = 0
    valid: int = 0
    invalid: int = 0
    ignored: int = 0
    error_lines: tuple[int, ...] = ()
    errors: tuple[RemoteError, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What training says of both datasets; ``errors`` concern all of it."""

    training: DatasetVerdict = DatasetVerdict()
    testing: DatasetVerdict = DatasetVerdict()
    errors: tuple[RemoteError, ...] = ()


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Statistics(msgspec.Struct):
    use_case: str = ""
    total_json_lines: int = 0
    valid_json_lines: int = 0
    invalid_json_lines: int = 0
    ignored_json_lines: int = 0
    error_json_line_indices: list[int] = msgspec.field(default_factory=list)
    errors: list[_Error] = msgspec.field(default_factory=list)


class _Both(msgspec.Struct):
    training: _Statistics = msgspec.field(default_factory=_Statistics)
    testing: _Statistics = msgspec.field(default_factory=_Statistics)


class _Summary(msgspec.Struct):
    statistics: _Both
    errors: list[_Error] = msgspec.field(default_factory=list)


_SUMMARY: Final = msgspec.json.Decoder(_Summary, strict=False)


def read_validation_manifest(lines: Iterable[bytes]) -> Iterator[ValidatedLine]:
    """The lines with errors or warnings, of all lines without their endings; streams."""
    for number, raw in enumerate(lines, 1):
        errors = remote_errors(raw)
        if errors:
            yield ValidatedLine(number, read_source_ref(raw), errors)


def read_summary(raw: bytes) -> TrainingSummary:
    """Read a ``manifest_summary.json``.

    Raises:
        UnreadableFileError: it is something else.

    """
    try:
        told = _SUMMARY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFileError(
            "This is no summary of a training.", detail="It is called manifest_summary.json."
        ) from error
    both = told.statistics
    return TrainingSummary(_dataset(both.training), _dataset(both.testing), _errors(told.errors))


def _dataset(told: _Statistics) -> DatasetVerdict:
    return DatasetVerdict(
        told.use_case,
        told.total_json_lines,
        told.valid_json_lines,
        told.invalid_json_lines,
        told.ignored_json_lines,
        tuple(told.error_json_line_indices),
        _errors(told.errors),
    )


def _errors(told: list[_Error]) -> tuple[RemoteError, ...]:
    return tuple(RemoteError(error.code, error.message) for error in told if error.code)
