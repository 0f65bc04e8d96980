"""Where a label stands in the lines of a workspace, and what an edit of it as a whole would touch.

The workspace's own counts leave out labels that only a class-map names, and do not tell which attribute a use
is in. The service counts the first, and an edit leaves locked attributes alone, so the lines are asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from truthline.manifest.labels import declared_labels
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress, in_blocks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from truthline.manifest.annotation import Annotation
    from truthline.workspace.damage import Damaged
    from truthline.workspace.ids import EntryId
    from truthline.workspace.workspace import Workspace

__all__ = ["LabelUses", "find_label", "label_uses"]

_LINES_A_REPORT: Final = 2_000


@dataclass(slots=True)
class LabelUses:
    """How a label is used.

    ``images`` counts entries that use it in attributes that may be edited: in ``class_labels`` image-level
    labels and ``boxes`` boxes. ``listed`` counts other entries that only name it in such a class-map.
    ``kept_images``, ``kept_class_labels`` and ``kept_boxes`` count the uses in locked attributes, whose names
    are ``kept_attributes``.
    """

    images: int = 0
    class_labels: int = 0
    boxes: int = 0
    listed: int = 0
    kept_images: int = 0
    kept_class_labels: int = 0
    kept_boxes: int = 0
    kept_attributes: set[str] = field(default_factory=set)


def find_label(
    workspace: Workspace,
    name: str,
    *,
    left_out: list[Damaged] | None = None,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Iterator[tuple[EntryId, Annotation]]:
    """The entries that use a label or only name it in a class-map, by position; streams.

    Damaged ones are left out, and added to ``left_out`` if that is given.

    Raises:
        CancelledError: cancelled.

    """
    spelled = json.dumps(name, ensure_ascii=False)[1:-1].encode("utf-8", "replace")
    total = workspace.counts().total
    blocks = in_blocks(
        workspace.lines_by_id(left_out),
        _LINES_A_REPORT,
        step=Progress(Doing.FINDING_LABEL),
        total=total,
        report=report,
        cancel=cancel,
    )
    for entry_id, line in chain.from_iterable(blocks):
        # a line may spell any character as an escape; else the name stands in it as it is
        if spelled in line or b"\\" in line:
            annotation = parse_line(line)
            if name in declared_labels(annotation):
                yield entry_id, annotation


def label_uses(
    workspace: Workspace,
    name: str,
    locked: Collection[str] = (),
    *,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> LabelUses:
    """Count what an edit of a label would touch and what it would leave.

    Raises:
        CancelledError: cancelled.

    """
    uses = LabelUses()
    for _, annotation in find_label(workspace, name, report=report, cancel=cancel):
        _count(uses, annotation, name, locked)
    return uses


def _count(uses: LabelUses, annotation: Annotation, name: str, locked: Collection[str]) -> None:
    class_labels, boxes, listed = [0, 0], [0, 0], False  # of open attributes, of locked ones
    for label in annotation.class_labels:
        if label.name == name:
            class_labels[label.attribute in locked] += 1
            uses.kept_attributes |= {label.attribute} & set(locked)
    for attribute in annotation.box_attributes:
        if name not in attribute.class_map.values():
            continue
        closed = attribute.name in locked
        boxes[closed] += sum(box.label == name for box in attribute.boxes)
        listed = listed or not closed
        uses.kept_attributes |= {attribute.name} if closed else set()
    uses.class_labels += class_labels[0]
    uses.boxes += boxes[0]
    uses.images += bool(class_labels[0] or boxes[0])
    uses.listed += listed and not (class_labels[0] or boxes[0])
    uses.kept_class_labels += class_labels[1]
    uses.kept_boxes += boxes[1]
    uses.kept_images += bool(class_labels[1] or boxes[1])
