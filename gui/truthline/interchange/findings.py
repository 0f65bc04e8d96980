"""What is wrong in files of other formats, and what of them does not come along."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truthline.manifest.annotation import Level


class Code(StrEnum):
    """Kinds of findings in other people's files."""

    UNREADABLE = "TRUTHLINE_IMPORT_UNREADABLE"
    """a file or a part of one is not of the format"""
    UNSAFE_NAME = "TRUTHLINE_IMPORT_UNSAFE_NAME"
    """an image's name is absolute, or leads out of the folder"""
    NO_IMAGE = "TRUTHLINE_IMPORT_NO_IMAGE"
    """there is no such image, or several could be meant"""
    NAME_ALONE = "TRUTHLINE_IMPORT_NAME_ALONE"
    """the image was found by its file name, though the folders differ"""
    REPEATED = "TRUTHLINE_IMPORT_REPEATED"
    """an image or an id stands twice"""
    LABEL = "TRUTHLINE_IMPORT_LABEL"
    """a label is missing, empty or unknown"""
    BOX = "TRUTHLINE_IMPORT_BOX"
    """numbers that are no rectangle"""
    IMAGE_SIZE = "TRUTHLINE_IMPORT_IMAGE_SIZE"
    """the image's size is unknown, or not the one in the file"""
    ASSUMED = "TRUTHLINE_IMPORT_ASSUMED"
    """the file can be meant in two ways"""
    FORM = "TRUTHLINE_IMPORT_FORM"
    """what the file does not say of its own form, and what was taken for it"""


@dataclass(frozen=True, slots=True)
class FileFinding:
    """One problem in a file of another format; ``place`` is the file and the line or element in it.

    ``left_out`` tells that an image, a label or a box is missing because of it; else it is a remark.
    """

    code: Code
    level: Level
    message: str
    place: str
    left_out: bool = False


class LossKind(StrEnum):
    """What became of something that does not come along as it is."""

    LOST = "lost"
    """a format has no place for it"""
    LEFT_OUT = "left out"
    """an image, a label or a box is missing for another reason"""
    CHANGED = "changed"
    """it came along, put right"""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that does not come along as it is: how many of what, such as ``3`` ``"class labels"``.

    ``place`` is where the first of them stands, "" where that says nothing.
    """

    count: int
    what: str
    kind: LossKind = LossKind.LOST
    place: str = ""

    @property
    def told(self) -> str:
        """``3 × class labels``: right for one too, since what is lost may be a sentence in the plural."""
        return f"{self.count:,} × {self.what}"
