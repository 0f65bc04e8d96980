"""What a line says, as frozen data: the words that every other room speaks.

Coordinates are pixels of the upright image (after EXIF orientation), from its top left corner. They are
kept as they were read (int or float) and written as whole numbers where a gesture sets them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(msgspec.Struct, frozen=True):  # made four times as fast as a frozen dataclass
    """One problem that our rules see before a push.

    ``code`` is the service's where it has one, else ours (prefix ``TRUTHLINE_``). ``pointer`` is a JSON
    Pointer (RFC 6901) into the line, "" for the line as a whole.
    """

    code: str
    level: Level
    message: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class RemoteError:
    """One problem that the service attached to an entry; ``pointer`` as in `Finding`."""

    code: str
    message: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of an image's file.

    ``width`` and ``height`` are pixels of the upright image, 0 where the header cannot be read;
    ``format`` is "PNG", "JPEG" or another of Pillow's names, "" where unknown; ``size`` counts bytes;
    ``problem`` says in words why the image cannot be shown, "" if it can.
    """

    width: int
    height: int
    format: str
    size: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ImageSize:
    """A line's ``image_size``: pixels, and the number of colour channels."""

    width: int
    height: int
    depth: int = 3


@dataclass(frozen=True, slots=True)
class ClassLabel:
    """An image-level label: the attribute that holds it, and its ``class-name``."""

    attribute: str
    name: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A labelled rectangle. ``label`` is what the class-map calls ``class_id``, "" if it names none."""

    label: str
    left: float
    top: float
    width: float
    height: float
    class_id: int = -1
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class BoxAttribute:
    """One object-detection attribute with its boxes, in the line's order.

    ``human_annotated`` tells whether the metadata says that a person looked at the image.
    """

    name: str
    boxes: tuple[Box, ...]
    image_size: ImageSize | None
    class_map: Mapping[int, str]
    human_annotated: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line, read.

    ``raw`` is the line's bytes without its line ending, and is what two annotations are compared by.
    ``members`` holds every key in order with the bytes of its value, empty if the line is not a JSON
    object. ``source_ref`` is "" if the line has none that is a string. ``class_labels`` and
    ``box_attributes`` hold what could be understood; ``findings`` tells why the rest could not.
    """

    raw: bytes
    source_ref: str = field(default="", compare=False)
    class_labels: tuple[ClassLabel, ...] = field(default=(), compare=False)
    box_attributes: tuple[BoxAttribute, ...] = field(default=(), compare=False)
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    members: Mapping[str, msgspec.Raw] = field(default_factory=dict, compare=False)

    @property
    def boxes(self) -> int:
        """How many boxes the line has in all its attributes."""
        return sum(len(attribute.boxes) for attribute in self.box_attributes)

    @property
    def labels(self) -> frozenset[str]:
        """The labels that class labels and boxes use."""
        of_boxes = {box.label for attribute in self.box_attributes for box in attribute.boxes}
        return frozenset({label.name for label in self.class_labels} | of_boxes)
