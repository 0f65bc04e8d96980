"""FORMATS: every format that labels are read from and written to, as one table.

============ ============ ===== ========== ========== =========
format       class labels boxes confidence image size fractions
============ ============ ===== ========== ========== =========
manifest     yes          yes   yes        yes        kept where a line was read, else rounded
coco         no           yes   when read  yes        yes
yolo         no           yes   when read  no         yes, to 1e-8 pixels
voc, voc-1   no           yes   no         yes        rounded
labelme      yes          yes   no         yes        yes
csv          yes          yes   no         no         yes
folders      one          no    no         no         no boxes
============ ============ ===== ========== ========== =========
"""

from __future__ import annotations

from typing import Final

from truthline.errors import UsageError
from truthline.interchange import class_folders, coco, ground_truth, labelme, table, voc, yolo
from truthline.interchange.fit import MANIFEST
from truthline.interchange.model import Format

FORMATS: Final[dict[str, Format]] = {
    found.name: found
    for found in (
        Format(
            MANIFEST,
            "Ground Truth manifest",
            ground_truth.read,
            ground_truth.write,
            suffix=".manifest",
            class_labels=True,
            confidence=True,
            needs_size=False,
            fractions=False,
        ),
        Format("coco", "COCO (instances JSON)", coco.read, coco.write, suffix=".json"),
        Format(
            "yolo",
            "YOLO (labels and data.yaml)",
            yolo.read,
            yolo.write,
            file_suffix=".txt",
            numbers_classes=True,
        ),
        Format(
            "voc",
            "Pascal VOC, edges from 0",
            voc.reader(0),
            voc.writer(0),
            file_suffix=".xml",
            fractions=False,
            spells=voc.spells,
        ),
        Format(
            "voc-1",
            "Pascal VOC, pixels from 1",
            voc.reader(1),
            voc.writer(1),
            file_suffix=".xml",
            fractions=False,
            spells=voc.spells,
        ),
        Format(
            "labelme", "labelme JSON", labelme.read, labelme.write, file_suffix=".json", class_labels=True
        ),
        Format(
            "csv", "CSV table", table.read, table.write, suffix=".csv", class_labels=True, needs_size=False
        ),
        Format(
            "folders",
            "A folder for each class label",
            class_folders.read,
            class_folders.write,
            file_suffix="",
            class_labels=True,
            one_label=True,
            boxes=False,
            needs_size=False,
            spells=class_folders.spells,
        ),
    )
}
"""By name."""


def find_format(name: str) -> Format:
    """The format of that name, or `UsageError`."""
    if name not in FORMATS:
        raise UsageError(f"There is no format {name!r}.", detail=f"Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
