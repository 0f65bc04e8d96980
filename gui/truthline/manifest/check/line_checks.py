"""Checks of a line as a whole and of its labels; each gives pointer and message of each place it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.manifest.check import box_checks
from truthline.manifest.check.limits import MAX_LABEL_CHARACTERS, MAX_LABELS_PER_IMAGE, MAX_LINE_CHARACTERS
from truthline.manifest.names import METADATA_SUFFIX, SOURCE_REF, label_pairs, service_keys
from truthline.manifest.pointer import pointer_to, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.manifest.annotation import Annotation, ImageFacts

    Places = Iterator[tuple[str, str]]


def line_too_long(annotation: Annotation, _: ImageFacts | None) -> Places:
    """More characters than the service reads; a line has no more characters than bytes."""
    if len(annotation.raw) <= MAX_LINE_CHARACTERS:
        return
    characters = len(annotation.raw.decode(errors="replace"))
    if characters > MAX_LINE_CHARACTERS:
        limit = f"The service drops lines of more than {MAX_LINE_CHARACTERS:,} and says nothing."
        yield "", f"This line has {characters:,} characters. {limit}"


def no_label_attributes(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Keys, but no complete pair of a label attribute and its twin."""
    if _own_keys(annotation) and not label_pairs(annotation.members):
        yield "", "This line has keys, but none of them is a label attribute with its -metadata twin."


def no_valid_label_attributes(annotation: Annotation, facts: ImageFacts | None) -> Places:
    """Label attributes, and something is wrong with each of them as a whole."""
    names = label_pairs(annotation.members)
    if not names:
        return
    places = [finding.pointer for finding in annotation.findings]
    for check in (
        label_length,
        box_checks.missing_confidence,
        box_checks.missing_class,
        box_checks.too_many_boxes,
        box_checks.no_valid_boxes,
    ):
        places += [pointer for pointer, _ in check(annotation, facts)]
    refused = {steps[0] for steps in map(steps_of, places) if steps}
    if all({name, name + METADATA_SUFFIX} & refused for name in names):
        count = f"its {len(names)} label attributes" if len(names) > 1 else "its only label attribute"
        yield "", f"This line has no valid label attribute: something is wrong with {count}."


def metadata_alone(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Metadata whose twin has another name, so that the service sees no label there."""
    for key in _own_keys(annotation):
        name = key.removesuffix(METADATA_SUFFIX)
        if name != key and name not in annotation.members:
            missing = f'"{key}" needs a label attribute "{name}", which this line does not have.'
            yield pointer_to(key), f"{missing} The service does not see this label."


def unannotated(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Nothing but a source-ref."""
    if SOURCE_REF in annotation.members and not _own_keys(annotation):
        yield "", "This image has no labels yet."


def too_many_labels(annotation: Annotation, _: ImageFacts | None) -> Places:
    """More different labels than an image may have."""
    count = len(annotation.labels)
    if count > MAX_LABELS_PER_IMAGE:
        yield "", f"This image has {count} labels; at most {MAX_LABELS_PER_IMAGE} are allowed."


def label_length(annotation: Annotation, _: ImageFacts | None) -> Places:
    """Labels without a name or with too long a one, in class-names and class-maps."""
    for label in annotation.class_labels:
        yield from _bad_name(label.name, label.attribute + METADATA_SUFFIX, "class-name")
    for attribute in annotation.box_attributes:
        for class_id, name in attribute.class_map.items():
            yield from _bad_name(name, attribute.name + METADATA_SUFFIX, "class-map", class_id)


def _bad_name(name: str, *place: str | int) -> Places:
    if not name:
        yield pointer_to(*place), "This label has no name."
    elif len(name) > MAX_LABEL_CHARACTERS:
        limit = f"at most {MAX_LABEL_CHARACTERS} are allowed"
        yield pointer_to(*place), f'The label "{name[:20]}…" has {len(name)} characters; {limit}.'


def _own_keys(annotation: Annotation) -> list[str]:
    """Keys other than the source-ref and what the service adds."""
    foreign = service_keys(annotation.members) | {SOURCE_REF}
    return [key for key in annotation.members if key not in foreign]
