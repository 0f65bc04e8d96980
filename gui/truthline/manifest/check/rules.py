"""RULES: what is looked at in every line, as one table; `codes` says how bad it is and explains it.

Each rule is a pure function of a line, and of the image's facts where they are known. All findings are given
at once; the service stops at the first of some codes. Codes of ours begin with ``TRUTHLINE_``.

Source of the codes: Custom Labels Developer Guide, "Debugging a failed model training".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from truthline.manifest.annotation import Annotation, Finding, ImageFacts, Level
from truthline.manifest.check import box_checks, image_checks, line_checks
from truthline.manifest.check.codes.table import CODES
from truthline.manifest.check.decoded import DecodedLine, decode_line, of_annotation
from truthline.manifest.check.limits import MAX_LINE_CHARACTERS

__all__ = [
    "MAX_LINE_CHARACTERS",
    "RULES",
    "RULES_VERSION",
    "Rule",
    "check_decoded",
    "check_line",
    "check_raw",
]

RULES_VERSION: Final = 1
"""Of what the rules find. A workspace stores it with its findings, and is checked again by others."""

Check = Callable[[DecodedLine, ImageFacts | None], Iterable[tuple[str, str]]]


class About(IntFlag):
    """What a rule is about. It is not asked of lines in which it could find nothing.

    That saves time and decides nothing: a check is right whichever line it is asked of. A call that finds
    nothing costs a tenth of what decoding a short line does.
    """

    ANY_LINE = 0
    NO_LABELS = 1
    """no label attribute"""
    LABELS = 2
    """label attributes"""
    OTHER_KEYS = 4
    """keys beside the source-ref and the label attributes"""
    BOXES = 8
    """boxes"""
    EMPTY = 16
    """attributes for boxes that have none"""
    MISFITS = 32
    """boxes that do not fit their image"""
    CLASSES = 64
    """a class-map that does not have just the classes of its boxes"""
    IMAGE = 128
    """an image whose facts are known"""
    ERRORS = 256
    """an error that reading or another rule found; asked last"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One code, how bad it is, and the check that gives a pointer and a message for each place it is found.

    ``check`` is None where reading the line, or the file that it stands in, finds the code.
    """

    code: str
    level: Level
    check: Check | None = None
    subject: About = About.ANY_LINE


def _rule(code: str, check: Check | None = None, subject: About = About.ANY_LINE) -> Rule:
    return Rule(code, CODES[code].level, check, subject)


RULES: Final[tuple[Rule, ...]] = (
    _rule("TRUTHLINE_BLANK_LINE"),
    _rule("ERROR_INVALID_JSON_LINE"),
    _rule("ERROR_MISSING_SOURCE_REF"),
    _rule("ERROR_INVALID_SOURCE_REF_FORMAT"),
    _rule("TRUTHLINE_REPEATED_SOURCE_REF"),
    _rule("TRUTHLINE_OTHER_BUCKET"),
    _rule("TRUTHLINE_IMAGE_NOT_FOUND"),
    _rule("TRUTHLINE_LINE_TOO_LONG", line_checks.line_too_long),
    _rule("ERROR_NO_LABEL_ATTRIBUTES", line_checks.no_label_attributes, About.OTHER_KEYS),
    _rule("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"),
    _rule("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"),
    _rule("ERROR_UNSUPPORTED_USE_CASE_TYPE"),
    _rule("ERROR_NO_VALID_LABEL_ATTRIBUTES", line_checks.no_valid_label_attributes, About.ERRORS),
    _rule("TRUTHLINE_METADATA_ALONE", line_checks.metadata_alone, About.OTHER_KEYS),
    _rule("ERROR_INVALID_LABEL_NAME_LENGTH", line_checks.label_length, About.LABELS),
    _rule("TRUTHLINE_TOO_MANY_LABELS", line_checks.too_many_labels, About.LABELS),
    _rule("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", box_checks.missing_confidence, About.BOXES),
    _rule("ERROR_MISSING_CLASS_MAP_ID", box_checks.missing_class, About.CLASSES),
    _rule("TRUTHLINE_UNUSED_CLASS", box_checks.unused_class, About.CLASSES),
    _rule("ERROR_INVALID_BOUNDING_BOX", box_checks.invalid_box, About.MISFITS),
    _rule("ERROR_BOUNDING_BOX_TOO_SMALL", box_checks.box_too_small, About.MISFITS),
    _rule("ERROR_TOO_MANY_BOUNDING_BOXES", box_checks.too_many_boxes, About.BOXES),
    _rule("ERROR_NO_VALID_ANNOTATIONS", box_checks.no_valid_boxes, About.MISFITS),
    _rule("ERROR_INVALID_IMAGE", image_checks.invalid_image, About.IMAGE),
    _rule("ERROR_INVALID_IMAGE_DIMENSION", image_checks.image_dimension, About.BOXES),
    _rule("TRUTHLINE_IMAGE_SIZE_MISMATCH", image_checks.size_mismatch, About.IMAGE),
    _rule("WARNING_UNANNOTATED_RECORD", line_checks.unannotated, About.NO_LABELS),
    _rule("WARNING_NO_ANNOTATIONS", box_checks.no_annotations, About.EMPTY),
    _rule("WARNING_NO_ATTRIBUTE_ANNOTATIONS", box_checks.no_attribute_annotations, About.EMPTY),
)


def by_subject(rules: Sequence[Rule]) -> Sequence[tuple[Rule, ...]]:
    """The rules to ask of a line, in their order: at the number that `About` makes of what it has."""
    asking = [rule for rule in rules if rule.check is not None]
    return tuple(
        tuple(rule for rule in asking if rule.subject & has == rule.subject) for has in range(About.ERRORS)
    )


ASKED = by_subject(RULES)
_LAST: Final = tuple(rule for rule in RULES if rule.subject is About.ERRORS)
_ERROR: Final = Level.ERROR
_PLACES: Final = {rule.code: place for place, rule in enumerate(RULES)}


def check_raw(raw: bytes, facts: ImageFacts | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with a line that is not read yet."""
    return check_decoded(decode_line(raw), facts)


def check_line(annotation: Annotation, facts: ImageFacts | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with a line that was parsed."""
    return check_decoded(of_annotation(annotation), facts)


def check_decoded(line: DecodedLine, facts: ImageFacts | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with a line: what reading it found, then the rules in the table's order."""
    found = _ask(ASKED[_subjects(line, facts)], line, facts)
    if line.findings or (found and _ERROR in [one.level for one in found]):
        last = _ask(_LAST, line, facts)
        if last:
            found = sorted([*found, *last], key=_place)
    return (*line.findings, *found)


def _subjects(line: DecodedLine, facts: ImageFacts | None) -> int:
    """What the line has, as numbers of `About`; whole numbers, since flags are slow to add."""
    has = _LABELS if line.names else _NO_LABELS
    if not line.source_ref or len(line.keys) != 1 + 2 * len(line.names):
        has |= _OTHER_KEYS
    if facts is not None:
        has |= _IMAGE
    for attribute in line.boxes:
        has |= _BOXES if attribute.boxes else _EMPTY
        if attribute.used != attribute.class_map.keys():
            has |= _CLASSES
        if attribute.boxes and box_checks.find_misfits(attribute, facts):
            has |= _MISFITS
    return has


_NO_LABELS, _LABELS, _OTHER_KEYS, _BOXES, _EMPTY, _MISFITS, _CLASSES, _IMAGE, _ = (
    one.value for one in About if one
)


def _ask(rules: Iterable[Rule], line: DecodedLine, facts: ImageFacts | None) -> list[Finding]:
    found = []
    for rule in rules:
        for pointer, message in rule.check(line, facts):  # type: ignore[misc]  # `by_subject` left out None
            found.append(Finding(rule.code, rule.level, message, pointer))
    return found


def _place(finding: Finding) -> int:
    return _PLACES.get(finding.code, len(_PLACES))
