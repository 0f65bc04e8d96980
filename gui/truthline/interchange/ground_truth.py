"""Ground Truth manifests, those of multi-label jobs included, whose lines are split on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from truthline.interchange.clipping import clipped
from truthline.interchange.findings import Code
from truthline.interchange.lines import add_labels
from truthline.interchange.model import LabelledImage
from truthline.interchange.multilabel import split_multi_labels
from truthline.manifest.annotation import Level
from truthline.manifest.edit import new_annotation, remove_boxes, set_box_frame
from truthline.manifest.file import write_manifest
from truthline.manifest.forms import form_of, read_entries
from truthline.manifest.line import is_s3_uri, parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake
    from truthline.interchange.model import Outlet
    from truthline.manifest.annotation import Annotation, Box


def read(intake: Intake) -> Iterator[LabelledImage]:
    """Read a manifest. Of lines with the same source-ref the last counts, as it does for the service."""
    seen: set[str] = set()
    form = form_of(intake.path)
    word = "value" if form.has_values else "line"
    if form.has_values:
        message = f"{form.value} It was read as one image for each value."
        intake.form(message, intake.path.name)
    for line in read_entries(intake.path, values=True):
        intake.step()
        place = f"{intake.path.name}, {word} {line.number}"
        annotation = split_multi_labels(parse_line(line.raw))
        if not is_s3_uri(annotation.source_ref):
            for finding in annotation.findings:
                intake.found(Code.UNREADABLE, finding.message, place, Level.ERROR)
            continue
        if annotation.source_ref in seen:
            intake.found(Code.REPEATED, "The image stands twice. The last line was taken.", place)
        seen.add(annotation.source_ref)
        yield labelled_image(_within(annotation, intake, place), intake, place)


def _within(annotation: Annotation, intake: Intake, place: str) -> Annotation:
    """The line with its boxes brought within their images; the same object where they are, as a rule."""
    for attribute in annotation.box_attributes:
        gone = []
        for index, box in enumerate(attribute.boxes):
            where = f"{place}, {attribute.name}, box {index + 1}"
            frame = (box.left, box.top, box.width, box.height)
            if attribute.image_size is None or not box.width or not box.height:
                continue
            left, top, width, height = intake.in_order(frame, where)
            ordered = replace(box, left=left, top=top, width=width, height=height)
            inside = clipped([ordered], attribute.image_size, intake.tally, where)
            if not inside:
                gone.append(index)
            elif inside[0] != box:
                annotation = _with_frame(annotation, attribute.name, index, inside[0])
        annotation = remove_boxes(annotation, attribute.name, gone) if gone else annotation
    return annotation


def _with_frame(annotation: Annotation, attribute: str, index: int, box: Box) -> Annotation:
    return set_box_frame(annotation, attribute, index, box.left, box.top, box.width, box.height)


def labelled_image(annotation: Annotation, intake: Intake | None = None, place: str = "") -> LabelledImage:
    """What a line says; boxes whose label is missing, or that are none, become findings of ``intake``."""
    boxes = []
    for attribute in annotation.box_attributes:
        for index, box in enumerate(attribute.boxes):
            usable: Box | None = box if box.label else None
            if intake is not None:
                frame = (box.left, box.top, box.width, box.height)
                where = f"{place}, {attribute.name}, box {index + 1}"
                usable = intake.box(where, box.label, frame, box.confidence)
            if usable is not None:
                boxes.append(replace(usable, class_id=-1))
    size = next((found.image_size for found in annotation.box_attributes if found.image_size), None)
    labels = tuple(dict.fromkeys(label.name for label in annotation.class_labels if label.name))
    return LabelledImage(annotation.source_ref, size, labels, tuple(boxes), annotation)


def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
    """Write a manifest; an image that came from a line is written as that line."""

    def lines() -> Iterator[bytes]:
        for image in images:
            outlet.step()
            yield line_of(image, outlet).raw + b"\n"

    write_manifest(path, lines())


def line_of(image: LabelledImage, outlet: Outlet) -> Annotation:
    """The line of an image."""
    if image.annotation is not None:
        return image.annotation
    return add_labels(new_annotation(image.ref), image, outlet.attribute, outlet.now, image.size)
