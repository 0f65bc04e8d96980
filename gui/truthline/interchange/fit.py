"""Fit images to what a format can carry, and count what is lost by it, before anything is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from truthline.interchange.findings import Loss, LossKind
from truthline.interchange.frames import is_whole, round_box
from truthline.interchange.names import UnsafeNameError, is_portable, name_of, stem
from truthline.manifest.line import is_s3_uri
from truthline.manifest.names import METADATA_SUFFIX, SOURCE_REF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truthline.interchange.model import Format, LabelledImage
    from truthline.manifest.annotation import Annotation, Box

MANIFEST = "manifest"
"""The name of the format that lines go through unchanged."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Images of which a format carries all, and what others had more."""

    images: tuple[LabelledImage, ...]
    losses: tuple[Loss, ...]


def losses(images: Iterable[LabelledImage], format_: Format, *, target: str = "") -> tuple[Loss, ...]:
    """List what the format cannot carry of these images; nothing is written."""
    return fit(images, format_, target=target).losses


def fit(images: Iterable[LabelledImage], format_: Format, *, target: str = "") -> Fitted:
    """Take away what a format cannot carry.

    Args:
        images: each with another ref.
        format_: where they go.
        target: ``s3://bucket/prefix`` that file names leave out.

    """
    fitting = _Fitting(format_, target.rstrip("/"))
    fitted = tuple(found for image in images if (found := fitting.image(image)) is not None)
    kinds = ((LossKind.LOST, fitting.lost), (LossKind.LEFT_OUT, fitting.left_out))
    counted = (Loss(count, what, kind) for kind, counts in kinds for what, count in counts.items() if count)
    return Fitted(fitted, tuple(counted))


class _Fitting:
    def __init__(self, format_: Format, target: str) -> None:
        self._format = format_
        self._target = target
        self._taken: set[str] = set()
        self._folders: dict[str, str] = {}
        self.lost: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()

    def image(self, image: LabelledImage) -> LabelledImage | None:
        if self._format.name == MANIFEST:
            return self._line(image)
        name = self._name(image.ref)
        if name is None:
            return None
        if image.annotation is not None:
            self._count_of_line(image.annotation)
        image = replace(
            image, name=name, annotation=None, labels=self._labels(image), boxes=self._boxes(image)
        )
        if image.size is None and self._format.needs_size:
            self.left_out["images whose size is not known"] += 1
            return None
        if self._format.one_label and not image.labels:
            self.left_out["images without a class label"] += 1
            return None
        return self._claim(image)

    def _line(self, image: LabelledImage) -> LabelledImage | None:
        if image.annotation is not None:
            return image
        if not is_s3_uri(image.ref):
            self.left_out["images without an address in S3"] += 1
            return None
        boxes = self._boxes(image)
        if boxes and image.size is None:
            self.left_out["boxes in images whose size is not known"] += len(boxes)
            boxes = ()
        return replace(image, labels=self._labels(image), boxes=boxes)

    def _name(self, ref: str) -> str | None:
        try:
            name = name_of(ref, self._target)
        except UnsafeNameError:
            self.left_out["images whose S3 key cannot be a relative path"] += 1
            return None
        if self._format.file_suffix is not None and not (is_portable(name) and is_portable(stem(name))):
            self.left_out["images whose name cannot be a visible file's on every system"] += 1
            return None
        return name

    def _claim(self, image: LabelledImage) -> LabelledImage | None:
        """Refuse an image that would be written where another one is."""
        place = image.name
        if self._format.file_suffix:
            place = stem(place).casefold() + self._format.file_suffix
        elif self._format.file_suffix is not None:
            label = image.labels[0]
            if self._folders.setdefault(label.casefold(), label) != label:
                self.left_out["images whose label differs from another only in upper and lower case"] += 1
                return None
            place = f"{label}/{place}".casefold()
        if place in self._taken:
            self.left_out["images whose file would have the name of another's"] += 1
            return None
        self._taken.add(place)
        return image

    def _labels(self, image: LabelledImage) -> tuple[str, ...]:
        if not self._format.class_labels:
            self.lost["class labels"] += len(image.labels)
            return ()
        labels = tuple(filter(self._spelt, image.labels))
        if self._format.one_label and len(labels) > 1:
            self.lost["class labels of images that have several, of which only the first is kept"] += (
                len(labels) - 1
            )
            labels = labels[:1]
        return labels

    def _boxes(self, image: LabelledImage) -> tuple[Box, ...]:
        if not self._format.boxes:
            self.lost["boxes"] += len(image.boxes)
            return ()
        return tuple(self._box(box) for box in image.boxes if self._spelt(box.label))

    def _spelt(self, label: str) -> bool:
        if self._format.spells(label):
            return True
        self.left_out[f"labels that {self._format.title} cannot spell, such as {label!r}"] += 1
        return False

    def _box(self, box: Box) -> Box:
        if not self._format.confidence:
            self.lost["confidences other than 1"] += box.confidence not in (None, 1)
            box = replace(box, confidence=None)
        if not self._format.fractions and not is_whole(box):
            self.lost["boxes with parts of pixels, which are rounded"] += 1
            box = round_box(box)
        return box

    def _count_of_line(self, annotation: Annotation) -> None:
        """Count what a line holds beside labels and frames."""
        labels, boxes = annotation.class_labels, annotation.box_attributes
        self.lost["label attributes' dates and job names"] += len(labels) + len(boxes)
        self.lost["class labels' confidences other than 1"] += sum(
            label.confidence not in (None, 1) for label in labels
        )
        self.lost["images with boxes in several label attributes, which are put together"] += len(boxes) > 1
        names = {SOURCE_REF} | {found.attribute for found in labels} | {found.name for found in boxes}
        own = names | {name + METADATA_SUFFIX for name in names}
        self.lost["other keys of lines"] += sum(key not in own for key in annotation.members)
