"""Labels and boxes of other formats added to a line, and which of them it has already."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from truthline.interchange.frames import round_box
from truthline.manifest import edit
from truthline.manifest.json_text import JsonText
from truthline.manifest.line import parse_line
from truthline.manifest.names import METADATA_SUFFIX, is_free, possible_names
from truthline.manifest.shapes import BOX_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truthline.interchange.model import LabelledImage
    from truthline.manifest.annotation import Annotation, Box, ImageSize

Frame = tuple[str, float, float, float, float]


def missing_labels(annotation: Annotation, image: LabelledImage) -> list[str]:
    """Class labels of the image that the line does not have."""
    present = {label.name for label in annotation.class_labels}
    return [label for label in image.labels if label not in present]


def missing_boxes(annotation: Annotation, image: LabelledImage) -> list[Box]:
    """Boxes of the image, in whole pixels, that the line has in none of its attributes."""
    present = {_frame(box) for attribute in annotation.box_attributes for box in attribute.boxes}
    return [round_box(box) for box in image.boxes if _frame(box) not in present]


def add_labels(
    annotation: Annotation, image: LabelledImage, attribute: str, now: datetime, size: ImageSize | None
) -> Annotation:
    """Add to a line what it lacks of an image's class labels and boxes; the same object if it lacks nothing.

    Boxes go into ``attribute`` in whole pixels, and are left out where ``size`` is None.
    """
    for label in missing_labels(annotation, image):
        annotation = edit.add_class_label(annotation, label, now)
    boxes = missing_boxes(annotation, image)
    if not boxes or size is None:
        return annotation
    if is_free(attribute, annotation.members) and next(possible_names(attribute)) == attribute:
        return _with_attribute(annotation, attribute, boxes, size, now)
    for box in boxes:
        annotation = edit.add_box(annotation, attribute, box, size, now)
    return annotation


def _with_attribute(
    annotation: Annotation, attribute: str, boxes: Sequence[Box], size: ImageSize, now: datetime
) -> Annotation:
    """What `edit.add_box` for each box would give, which takes a hundred times as long for fifty boxes.

    A property test holds the two together.
    """
    ids: dict[str, int] = {}
    for box in boxes:
        ids.setdefault(box.label, len(ids))
    value: dict[str, Any] = {
        "annotations": [
            {
                "left": box.left,
                "top": box.top,
                "width": box.width,
                "height": box.height,
                "class_id": ids[box.label],
            }
            for box in boxes
        ],
        "image_size": [{"width": size.width, "height": size.height, "depth": size.depth}],
    }
    metadata = {
        "job-name": f"labeling-job/{attribute}",
        "class-map": {str(class_id): label for label, class_id in ids.items()},
        "human-annotated": "yes",
        "objects": [{"confidence": 1 if box.confidence is None else box.confidence} for box in boxes],
        "creation-date": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": BOX_TYPE,
    }
    line = JsonText(annotation.raw)
    line.set(attribute, value)
    line.set(attribute + METADATA_SUFFIX, metadata)
    return parse_line(bytes(line))


def _frame(box: Box) -> Frame:
    whole = round_box(box)
    return whole.label, whole.left, whole.top, whole.width, whole.height
