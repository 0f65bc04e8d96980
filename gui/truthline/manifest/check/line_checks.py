"""Checks of a line as a whole and of its labels; each gives pointer and message of each place it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.manifest.check import box_checks
from truthline.manifest.check.limits import MAX_LABEL_CHARACTERS, MAX_LABELS_PER_IMAGE, MAX_LINE_CHARACTERS
from truthline.manifest.names import METADATA_SUFFIX, SOURCE_REF
from truthline.manifest.pointer import pointer_to, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.manifest.annotation import ImageFacts
    from truthline.manifest.check.decoded import DecodedLine

    Places = Iterator[tuple[str, str]]


def line_too_long(line: DecodedLine, _: ImageFacts | None) -> Places:
    """More characters than the service reads; a line has no more characters than bytes."""
    if len(line.raw) <= MAX_LINE_CHARACTERS:
        return
    characters = len(line.raw.decode(errors="replace"))
    if characters > MAX_LINE_CHARACTERS:
        limit = f"The service drops lines of more than {MAX_LINE_CHARACTERS:,} and says nothing."
        yield "", f"This line has {characters:,} characters. {limit}"


def no_label_attributes(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Keys, but no complete pair of a label attribute and its twin."""
    if not line.names and line.own_keys:
        yield "", "This line has keys, but none of them is a label attribute with its -metadata twin."


def no_valid_label_attributes(line: DecodedLine, facts: ImageFacts | None) -> Places:
    """Label attributes, and something is wrong with each of them as a whole."""
    if not line.names:
        return
    places = [finding.pointer for finding in line.findings]
    for check in _OF_ATTRIBUTES:
        places += [pointer for pointer, _ in check(line, facts)]
    refused = {steps[0] for steps in map(steps_of, places) if steps}
    if all({name, name + METADATA_SUFFIX} & refused for name in line.names):
        several = len(line.names) > 1
        count = f"its {len(line.names)} label attributes" if several else "its only label attribute"
        yield "", f"This line has no valid label attribute: something is wrong with {count}."


def metadata_alone(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Metadata whose twin has another name, so that the service sees no label there."""
    for key in line.own_keys:
        name = key.removesuffix(METADATA_SUFFIX)
        if name != key and name not in line.keys:
            missing = f'"{key}" needs a label attribute "{name}", which this line does not have.'
            yield pointer_to(key), f"{missing} The service does not see this label."


def unannotated(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Nothing but a source-ref."""
    if not line.names and SOURCE_REF in line.keys and not line.own_keys:
        yield "", "This image has no labels yet."


def too_many_labels(line: DecodedLine, _: ImageFacts | None) -> Places:
    """More different labels than an image may have."""
    most = len(line.class_labels)
    for attribute in line.boxes:
        most += len(attribute.used)
    if most <= MAX_LABELS_PER_IMAGE:
        return  # though some may have the same label
    count = len(line.labels)
    if count > MAX_LABELS_PER_IMAGE:
        yield "", f"This image has {count} labels; at most {MAX_LABELS_PER_IMAGE} are allowed."


def label_length(line: DecodedLine, _: ImageFacts | None) -> Places:
    """Labels without a name or with too long a one, in class-names and class-maps."""
    for name, label in line.class_labels:
        if not 0 < len(label) <= MAX_LABEL_CHARACTERS:
            yield pointer_to(name + METADATA_SUFFIX, "class-name"), _bad_name(label)
    for attribute in line.boxes:
        for class_id, label in attribute.class_map.items():
            if not 0 < len(label) <= MAX_LABEL_CHARACTERS:
                pointer = pointer_to(attribute.name + METADATA_SUFFIX, "class-map", class_id)
                yield pointer, _bad_name(label)


def _bad_name(label: str) -> str:
    if not label:
        return "This label has no name."
    limit = f"at most {MAX_LABEL_CHARACTERS} are allowed"
    return f'The label "{label[:20]}…" has {len(label)} characters; {limit}.'


_OF_ATTRIBUTES: Final = (
    label_length,
    box_checks.missing_confidence,
    box_checks.missing_class,
    box_checks.too_many_boxes,
    box_checks.no_valid_boxes,
)
