"""Ground Truth JSON lines for tests: the one place that knows how a sound one is spelled.

Parts are dictionaries that are merged into a line, so that a test can leave out, add or spoil a member::

    dump(line("s3://b/1.jpg", class_label("sort", "oak"), boxes("bb", [("nut", (1, 2, 30, 40))])))
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Line = dict[str, Any]

DATE = "2024-05-14T09:12:37.137Z"
CLASS_TYPE = "groundtruth/image-classification"
BOX_TYPE = "groundtruth/object-detection"
SIDES = ("left", "top", "width", "height", "class_id")


def line(source_ref: str | None, *parts: Mapping[str, Any], **more: Any) -> Line:
    """A line of these parts; without a source-ref if that is None."""
    made: Line = {} if source_ref is None else {"source-ref": source_ref}
    for part in (*parts, more):
        made |= part
    return made


def class_label(attribute: str, label: str, value: Any = 1, **changes: Any) -> Line:
    """An image-level label; ``changes`` are of its metadata, see `changed`."""
    metadata = {
        "confidence": 1,
        "job-name": f"labeling-job/{attribute}",
        "class-name": label,
        "human-annotated": "yes",
        "creation-date": DATE,
        "type": CLASS_TYPE,
    }
    return {attribute: value, f"{attribute}-metadata": changed(metadata, changes)}


def class_labels(labels: Iterable[str], attribute: str = "class{}") -> Line:
    """Several image-level labels, each in an attribute of its own."""
    return line(None, *(class_label(attribute.format(n), label) for n, label in enumerate(labels)))


def boxes(
    attribute: str,
    drawn: Iterable[tuple[str, Sequence[float]]],
    *,
    labels: Sequence[str] = (),
    size: tuple[float, float] = (640, 480),
    **changes: Any,
) -> Line:
    """Boxes, each ``(label, (left, top, width, height))``; the class-map has ``labels``, or those in use."""
    found = list(drawn)
    names = list(labels) or sorted({label for label, _ in found})
    places = [(*frame, names.index(label)) for label, frame in found]
    return numbered_boxes(
        attribute, places, labels={str(n): name for n, name in enumerate(names)}, size=size, **changes
    )


def numbered_boxes(
    attribute: str,
    places: Iterable[Sequence[float]],
    *,
    labels: Mapping[str, str],
    size: tuple[float, float] = (640, 480),
    **changes: Any,
) -> Line:
    """Boxes, each ``(left, top, width, height[, class_id])``, and the class-map as it is."""
    annotations = [dict(zip(SIDES, (*place, 0)[:5], strict=True)) for place in places]
    metadata = {
        "job-name": f"labeling-job/{attribute}",
        "class-map": dict(labels),
        "human-annotated": "yes",
        "objects": [{"confidence": 1} for _ in annotations],
        "creation-date": DATE,
        "type": BOX_TYPE,
    }
    value = {
        "annotations": annotations,
        "image_size": [{"width": size[0], "height": size[1], "depth": 3}],
    }
    return {attribute: value, f"{attribute}-metadata": changed(metadata, changes)}


def changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> Line:
    """Other values, with ``_`` for ``-`` in the names; ``...`` takes a member away."""
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in ({**members, **named}).items() if value is not ...}


def dump(made: Mapping[str, Any], *, compact: bool = False) -> bytes:
    """The line's bytes."""
    return json.dumps(made, ensure_ascii=False, separators=(",", ":") if compact else None).encode()
