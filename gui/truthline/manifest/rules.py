"""RULES: every code that the service documents for a line, and what it drops in silence, as one table.

Each rule is a pure function of a line, and of the image's facts where they are known. All findings are given
at once; the service stops at the first of some codes. Codes of ours begin with ``TRUTHLINE_``.

Source of the codes: Custom Labels Developer Guide, "Debugging a failed model training".
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from truthline.manifest import box_checks, image_checks, line_checks
from truthline.manifest.annotation import Annotation, Finding, ImageFacts, Level
from truthline.manifest.file import read_manifest
from truthline.manifest.glance import plain_source_ref
from truthline.manifest.limits import MAX_LINE_CHARACTERS
from truthline.manifest.line import parse_line, read_source_ref, split_source_ref
from truthline.manifest.names import SOURCE_REF
from truthline.manifest.pointer import pointer_to
from truthline.progress import CancelToken, Progress, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from truthline.manifest.file import ManifestLine
    from truthline.progress import Report

__all__ = ["MAX_LINE_CHARACTERS", "RULES", "Rule", "check_line", "check_manifest"]

Check = Callable[[Annotation, ImageFacts | None], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One code, how bad it is, and the check that gives a pointer and a message for each place it is found.

    ``check`` is None where reading the line, or the file that it stands in, finds the code.
    """

    code: str
    level: Level
    check: Check | None = None


RULES: Final[tuple[Rule, ...]] = (
    Rule("TRUTHLINE_BLANK_LINE", Level.WARNING),
    Rule("ERROR_INVALID_JSON_LINE", Level.ERROR),
    Rule("ERROR_MISSING_SOURCE_REF", Level.ERROR),
    Rule("ERROR_INVALID_SOURCE_REF_FORMAT", Level.ERROR),
    Rule("TRUTHLINE_REPEATED_SOURCE_REF", Level.ERROR),
    Rule("TRUTHLINE_OTHER_BUCKET", Level.WARNING),
    Rule("TRUTHLINE_LINE_TOO_LONG", Level.ERROR, line_checks.line_too_long),
    Rule("ERROR_NO_LABEL_ATTRIBUTES", Level.ERROR, line_checks.no_label_attributes),
    Rule("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", Level.ERROR),
    Rule("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", Level.ERROR),
    Rule("ERROR_UNSUPPORTED_USE_CASE_TYPE", Level.ERROR),
    Rule("ERROR_NO_VALID_LABEL_ATTRIBUTES", Level.ERROR, line_checks.no_valid_label_attributes),
    Rule("TRUTHLINE_METADATA_ALONE", Level.WARNING, line_checks.metadata_alone),
    Rule("ERROR_INVALID_LABEL_NAME_LENGTH", Level.ERROR, line_checks.label_length),
    Rule("TRUTHLINE_TOO_MANY_LABELS", Level.ERROR, line_checks.too_many_labels),
    Rule("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", Level.ERROR, box_checks.missing_confidence),
    Rule("ERROR_MISSING_CLASS_MAP_ID", Level.ERROR, box_checks.missing_class),
    Rule("TRUTHLINE_UNUSED_CLASS", Level.INFO, box_checks.unused_class),
    Rule("ERROR_INVALID_BOUNDING_BOX", Level.ERROR, box_checks.invalid_box),
    Rule("ERROR_BOUNDING_BOX_TOO_SMALL", Level.ERROR, box_checks.box_too_small),
    Rule("ERROR_TOO_MANY_BOUNDING_BOXES", Level.ERROR, box_checks.too_many_boxes),
    Rule("ERROR_NO_VALID_ANNOTATIONS", Level.ERROR, box_checks.no_valid_boxes),
    Rule("ERROR_INVALID_IMAGE", Level.ERROR, image_checks.invalid_image),
    Rule("ERROR_INVALID_IMAGE_DIMENSION", Level.ERROR, image_checks.image_dimension),
    Rule("TRUTHLINE_IMAGE_SIZE_MISMATCH", Level.WARNING, image_checks.size_mismatch),
    Rule("WARNING_UNANNOTATED_RECORD", Level.WARNING, line_checks.unannotated),
    Rule("WARNING_NO_ANNOTATIONS", Level.WARNING, box_checks.no_annotations),
    Rule("WARNING_NO_ATTRIBUTE_ANNOTATIONS", Level.WARNING, box_checks.no_attribute_annotations),
)


def check_line(annotation: Annotation, facts: ImageFacts | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with one line: what reading it found, then the rules in the table's order."""
    if facts is None and not annotation.findings and plain_source_ref(annotation.raw):
        return ()
    findings = list(annotation.findings)
    for rule in RULES:
        if rule.check is not None:
            found = rule.check(annotation, facts)
            findings += [Finding(rule.code, rule.level, message, pointer) for pointer, message in found]
    return tuple(findings)


_STRIDE: Final = 1000  # lines between two reports, and two looks at the cancel token


def check_manifest(
    path: str | Path, *, report: Report = ignore_progress, cancel: CancelToken | None = None
) -> Iterator[tuple[int, str, Finding]]:
    """Check a whole manifest; yields line number (from 1), source-ref and finding in line order.

    The file is read twice, since a repeated source-ref is told at every line but the last that has it.
    Memory grows by 8 bytes a line, and by what the repeated ones need.

    Raises:
        UnreadableFileError: the file cannot be read.
        CancelledError: ``cancel`` was called.

    """
    token = cancel or CancelToken()
    first_pass = _watched(path, "Looking for images that stand twice", None, report, token)
    hashes = array("q", (hash(read_source_ref(line.raw)) for line in first_pass))
    last_lines = _last_lines(hashes)
    bucket = ""
    for line in _watched(path, "Checking the lines", len(hashes), report, token):
        ref = plain_source_ref(line.raw)
        if not ref:
            annotation = parse_line(line.raw)
            ref = annotation.source_ref
            for finding in check_line(annotation):
                yield line.number, ref, finding
        if not ref:
            continue
        if last_lines and last_lines.get(hash(ref), 0) > line.number:
            yield line.number, ref, _repeated(last_lines[hash(ref)])
        if not bucket:
            bucket = _bucket(ref)
        elif not ref.startswith(f"s3://{bucket}/") and _bucket(ref):
            yield line.number, ref, _other_bucket(_bucket(ref), bucket)


def _watched(
    path: str | Path, text: str, total: int | None, report: Report, cancel: CancelToken
) -> Iterator[ManifestLine]:
    lines = read_manifest(path)
    done = 0
    while part := list(islice(lines, _STRIDE)):
        cancel.check()
        report(Progress(text, done, total))
        yield from part
        done += len(part)
    report(Progress(text, done, total))


def _last_lines(hashes: array[int]) -> dict[int, int]:
    """Line number of the last of each source-ref that stands repeatedly, by its hash.

    The hash is 64 bits wide and keyed anew in every process, so that two different source-refs do not meet.
    """
    ordered = sorted(hashes)
    repeated = {a for a, b in pairwise(ordered) if a == b} - {hash("")}
    if not repeated:
        return {}
    return {one: number for number, one in enumerate(hashes, 1) if one in repeated}


def _bucket(ref: str) -> str:
    try:
        return split_source_ref(ref)[0]
    except ValueError:
        return ""


def _repeated(last: int) -> Finding:
    message = (
        f"The same source-ref stands again, at last in line {last}. A dataset holds an image once: "
        "the service drops the others and says nothing."
    )
    return Finding("TRUTHLINE_REPEATED_SOURCE_REF", Level.ERROR, message, pointer_to(SOURCE_REF))


def _other_bucket(bucket: str, first: str) -> Finding:
    message = (
        f'This image lies in the bucket "{bucket}", the first one of the file in "{first}". '
        "All images of a dataset must lie in one bucket."
    )
    return Finding("TRUTHLINE_OTHER_BUCKET", Level.WARNING, message, pointer_to(SOURCE_REF))
