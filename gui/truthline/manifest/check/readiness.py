"""Checks of a dataset as a whole: what only shows when all its lines are seen together.

A `Summary` of each dataset is looked at for what it means for an import, an update or a training.

Source: Custom Labels Developer Guide, "Guidelines and quotas" and "Debugging a failed model training".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from truthline.manifest.annotation import Level
from truthline.manifest.check.codes.table import CODES, warning_code
from truthline.manifest.check.limits import (
    MAX_LABELS,
    MAX_LINES,
    MAX_LINES_ON_REQUEST,
    MAX_MANIFEST_BYTES,
    MAX_TEST_IMAGES_PER_LABEL,
    MAX_UNUSABLE_SHARE,
    MIN_COMMON_LABELS_SHARE,
)
from truthline.manifest.check.summary import NAMED_AT_MOST, Entries, Summary
from truthline.manifest.labels import similar_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = ["NAMED_AT_MOST", "DatasetFinding", "Summary", "check_datasets"]

_SHOWN: Final = 5  # labels that a message names


@dataclass(frozen=True, slots=True)
class DatasetFinding:
    """One problem of a dataset as a whole.

    ``entries`` are line numbers, or whatever numbers `Summary` was given: of ``count`` entries at most
    `NAMED_AT_MOST`. ``labels`` are those concerned. ``is_test`` tells that it is about the test dataset.
    """

    code: str
    level: Level
    message: str
    entries: tuple[int, ...] = ()
    count: int = 0
    labels: tuple[str, ...] = ()
    is_test: bool = False


def check_datasets(train: Summary, test: Summary | None = None) -> list[DatasetFinding]:
    """What is wrong with a dataset as a whole, and with the two of a project together.

    What surely fails an import or an update is an error. What fails a training is an error once both
    datasets are known, and a warning as long as one of them stands alone, since nobody has said yet that it
    is complete.
    """
    fatal = Level.WARNING if test is None else Level.ERROR
    found = [*_of_one(train, fatal)]
    if test is None:
        found += _too_few_to_split(train)
    else:
        found += [replace(finding, is_test=True) for finding in _of_one(test, fatal)]
        found += [replace(finding, is_test=True) for finding in _of_both(train, test)]
    return [_named_by_level(finding) for finding in found]


def _named_by_level(finding: DatasetFinding) -> DatasetFinding:
    """With a code of ours where the service's own, which begins with ERROR, says too much."""
    if finding.level is Level.ERROR:
        return finding
    return replace(finding, code=warning_code(finding.code))


def _of_one(one: Summary, fatal: Level) -> Iterator[DatasetFinding]:
    if not one.lines:
        yield _finding("ERROR_EMPTY_MANIFEST", "There is no line, so there is no image.")
        return
    yield from _quotas(one)
    yield from _invalid_lines(one, fatal)
    yield from _label_counts(one, fatal)
    if one.other_buckets.count:
        yield _about(
            "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS",
            f"{_entries(one.other_buckets)} in another bucket than the first, {one.bucket!r}. "
            "All images of a dataset must lie in one bucket.",
            one.other_buckets,
            level=fatal,
        )
    yield from _hints(one)


def _quotas(one: Summary) -> Iterator[DatasetFinding]:
    if one.bytes > MAX_MANIFEST_BYTES:
        message = f"The manifest has {one.bytes:,} bytes; at most {MAX_MANIFEST_BYTES:,} (1 GB) are allowed."
        yield _finding("ERROR_MANIFEST_SIZE_TOO_LARGE", message)
    if one.lines > MAX_LINES:
        more = "" if one.with_boxes else f" For class labels AWS allows {MAX_LINES_ON_REQUEST:,} on request."
        message = f"There are {one.lines:,} lines; at most {MAX_LINES:,} are allowed.{more}"
        yield _finding("ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM", message)
    labels = one.labels
    if len(labels) > MAX_LABELS:
        message = f"There are {len(labels)} labels; at most {MAX_LABELS} are allowed."
        yield _finding("ERROR_MANIFEST_TOO_MANY_LABELS", message, labels)


def _invalid_lines(one: Summary, fatal: Level) -> Iterator[DatasetFinding]:
    repeated = Entries()
    for number, _last in one.repeated():
        repeated.add(number)
    if repeated.count:
        yield _about(
            "TRUTHLINE_REPEATED_SOURCE_REF",
            f"{_entries(repeated)} followed by another of the same source-ref. A dataset holds an image once:"
            " the service drops the others and says nothing.",
            repeated,
        )
    dropped = one.unusable.count + repeated.count
    limit = f"more than {MAX_UNUSABLE_SHARE:.0%} of those fail"
    if dropped > MAX_UNUSABLE_SHARE * one.lines:
        message = f"{dropped:,} of {one.lines:,} lines would not be stored; {limit} an import or an update."
        lost = one.unusable if one.unusable.count else repeated
        yield _about("ERROR_TOO_MANY_RECORDS_IN_ERROR", message, lost)
    if one.invalid.count > MAX_UNUSABLE_SHARE * one.lines:
        message = f"{one.invalid.count:,} of {one.lines:,} lines have errors; {limit} a training."
        yield _about("ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", message, one.invalid, level=fatal)


def _label_counts(one: Summary, fatal: Level) -> Iterator[DatasetFinding]:
    least, kind = (1, "one label on a box") if one.with_boxes else (2, "two different class labels")
    used, usable = sorted(one.uses), one.usable_labels
    if len(used) < least:
        message = f"{_labels(used) or 'No label'} is used; a training needs at least {kind}."
        yield _finding("ERROR_MANIFEST_TOO_FEW_LABELS", message, used, fatal)
    elif len(usable) < least:
        lost = [name for name in used if name not in usable]
        message = f"{_labels(lost)} is only on lines with errors; a training needs at least {kind}."
        yield _finding("ERROR_MANIFEST_TOO_FEW_USABLE_LABELS", message, lost, fatal)


def _hints(one: Summary) -> Iterator[DatasetFinding]:
    if one.with_boxes and one.with_class_labels:
        # Which of the two wins is not documented; that boxes do is our assumption.
        message = (
            f"{one.with_boxes:,} images have boxes, {one.with_class_labels:,} have class labels. A model is"
            " trained of one kind, most likely for boxes; it then learns nothing of the class labels."
        )
        yield _finding("TRUTHLINE_MIXED_KINDS", message)
    for group in similar_labels(one.labels):
        message = f"{_labels(group)} differ only by case, spaces or Unicode form. The service takes them for"
        yield _finding("TRUTHLINE_SIMILAR_LABELS", f"{message} different labels.", group)
    if one.twins.count:
        message = f"{_entries(one.twins, 'has', 'have')} two boxes of one label at nearly the same place."
        yield _about("TRUTHLINE_DUPLICATE_BOXES", message, one.twins)


def _too_few_to_split(train: Summary) -> Iterator[DatasetFinding]:
    few = {name: use.first for name, use in sorted(train.uses.items(), key=itemgetter(0)) if use.images == 1}
    if few:
        entries = Entries()
        for number in sorted(set(few.values())):
            entries.add(number)
        yield _about(
            "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT",
            f"Only one image has {_labels(few)}. A split into training and test takes two a label.",
            entries,
            few,
            Level.WARNING,
        )


def _of_both(train: Summary, test: Summary) -> Iterator[DatasetFinding]:
    shared = test.shared_with(train)
    if shared.count:
        message = f"{_entries(shared)} in the training dataset too. A test must use images of its own."
        yield _about("TRUTHLINE_IMAGE_IN_BOTH_DATASETS", message, shared)
    yield from _overlap(train, test)
    alone = sorted(test.uses.keys() - train.uses.keys())
    if alone:
        message = f"{_labels(alone)} is in the test dataset, but not in the training dataset."
        yield _finding("TRUTHLINE_LABEL_NOT_TRAINED", f"{message} No model learns it.", alone)
    untested = sorted(train.uses.keys() - test.uses.keys())
    if untested:
        message = (
            f"No image of the test dataset has {_labels(untested)}, so nobody learns how well that went."
        )
        yield _finding("TRUTHLINE_LABEL_NOT_TESTED", message, untested)
    many = sorted(name for name, use in test.uses.items() if use.images > MAX_TEST_IMAGES_PER_LABEL)
    if many:
        limit = f"more than {MAX_TEST_IMAGES_PER_LABEL:,} images of the test dataset, which is the limit"
        yield _finding("TRUTHLINE_TOO_MANY_TEST_IMAGES", f"{_labels(many)} is on {limit}.", many)


def _overlap(train: Summary, test: Summary) -> Iterator[DatasetFinding]:
    usable = train.usable_labels
    for code, needed, tested, lines in (
        ("ERROR_INSUFFICIENT_LABEL_OVERLAP", train.uses.keys(), test.uses.keys(), "the test dataset"),
        (
            "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP",
            usable,
            test.usable_labels,
            "lines without errors of the test dataset",
        ),
    ):
        common = needed & tested
        if len(common) < MIN_COMMON_LABELS_SHARE * len(needed):
            share = f"{len(common)} of the {len(needed)} labels of the training dataset"
            message = f"Only {share} are in {lines}; at least half of them must be."
            yield _finding(code, message, sorted(needed - tested))
            return


def _about(
    code: str, message: str, entries: Entries, labels: Iterable[str] = (), level: Level | None = None
) -> DatasetFinding:
    level = level or CODES[code].level
    return DatasetFinding(code, level, message, tuple(entries.named), entries.count, tuple(labels))


def _finding(
    code: str, message: str, labels: Iterable[str] = (), level: Level | None = None
) -> DatasetFinding:
    return DatasetFinding(code, level or CODES[code].level, message, labels=tuple(labels))


def _entries(some: Entries, one: str = "is", several: str = "are") -> str:
    return f"One image {one}" if some.count == 1 else f"{some.count:,} images {several}"


def _labels(names: Collection[str]) -> str:
    shown = ", ".join(f'"{name[:60]}"' for name in list(names)[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
