"""RULES: every code that the service documents for a line, and what it drops in silence, as one table.

Each rule is a pure function of a line, and of the image's facts where they are known. All findings are given
at once; the service stops at the first of some codes. Codes of ours begin with ``TRUTHLINE_``.

Source of the codes: Custom Labels Developer Guide, "Debugging a failed model training".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from truthline.manifest.annotation import Annotation, Finding, ImageFacts, Level
from truthline.manifest.check import box_checks, image_checks, line_checks
from truthline.manifest.check.glance import plain_source_ref
from truthline.manifest.check.limits import MAX_LINE_CHARACTERS
from truthline.manifest.line import parse_line

__all__ = ["MAX_LINE_CHARACTERS", "RULES", "RULES_VERSION", "Rule", "check_line", "check_raw"]

RULES_VERSION: Final = 1
"""Of what the rules find. A workspace stores it with its findings, and is checked again by others."""

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
    Rule("TRUTHLINE_IMAGE_NOT_FOUND", Level.WARNING),
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


def check_raw(raw: bytes, facts: ImageFacts | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with a line that is not read yet; most lines are not read for it."""
    if facts is None and plain_source_ref(raw):
        return ()
    return check_line(parse_line(raw), facts)


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
