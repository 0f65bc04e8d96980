"""The words that every format shares: what a file says of one image, what it could not say, what gets lost.

Coordinates are pixels of the upright image (after EXIF orientation), from its top left corner: ``left`` and
``top`` are the edges of the first pixel of a box, ``left + width`` is the edge behind its last one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from truthline.interchange.intake import Intake
    from truthline.manifest.annotation import Annotation, Box, ImageSize


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image with its class labels and boxes: what stands between any two formats.

    ``ref`` is a source-ref or, where no S3 prefix is known, a path relative to the folder of the images, with
    ``/``. ``annotation`` is the line that this was read from, if it was a manifest's, and then holds more
    than the rest. ``name`` is the relative path by which a format that is written calls the image, filled in
    by `truthline.interchange.fit`. Boxes have no ``class_id``.
    """

    ref: str
    size: ImageSize | None = None
    labels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    annotation: Annotation | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class FileImage:
    """What a file says of one image, before the image is looked up.

    ``names`` are pairs of a folder, relative to what is read, and a name as it was written there: the
    spellings to try, best first. With ``any_suffix`` the name has no ending such as ``.jpg``. ``size`` is
    what the file claims, and ``boxes`` are in its pixels; ``boxes_in`` makes them for formats that count in
    shares of the image's width and height, which it is called with.
    """

    names: tuple[tuple[str, str], ...]
    place: str
    size: ImageSize | None = None
    labels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    boxes_in: Callable[[int, int], tuple[Box, ...]] | None = None
    any_suffix: bool = False


@dataclass(frozen=True, slots=True)
class ImageLookup:
    """What can be learned of the images themselves. All callables take a ref and raise `ImageError`.

    ``names`` are the refs of the images that there are, None if nobody knows. Unless ``complete``, an image
    with another name is a new one. ``size_of`` gives width and height upright, ``orientation_of`` the EXIF
    orientation (1 to 8), ``read`` the image's bytes.
    """

    names: Collection[str] | None = None
    complete: bool = True
    size_of: Callable[[str], tuple[int, int]] | None = None
    orientation_of: Callable[[str], int] | None = None
    read: Callable[[str], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Outlet:
    """What a format's writer needs beside the images.

    ``attribute`` names the label attribute of boxes in manifests, ``now`` is their creation date. ``step`` is
    called before each image and raises `CancelledError`.
    """

    attribute: str
    now: datetime
    step: Callable[[], None]
    read: Callable[[str], bytes] | None = None


Read = Callable[["Intake"], "Iterator[FileImage | LabelledImage]"]
Write = Callable[[Sequence[LabelledImage], "Path", Outlet], None]


def any_label(_: str) -> bool:
    """For formats that can spell every label."""
    return True


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is read and written, and what it carries.

    ``suffix`` is what the name of a written file ends in, "" for a folder. ``file_suffix`` is that of the
    file that each image gets in such a folder, "" if the images themselves are written, None if there is only
    one file. ``needs_size`` means that nothing can be written of an image whose size is unknown,
    ``fractions`` that parts of a pixel are kept. ``spells`` tells whether a label can be
    written so that it is read again as it was. ``numbers_classes`` means that its files may hold only numbers
    of labels, so that a person may have to name them.
    """

    name: str
    title: str
    read: Read
    write: Write
    suffix: str = ""
    file_suffix: str | None = None
    class_labels: bool = False
    one_label: bool = False
    boxes: bool = True
    confidence: bool = False
    needs_size: bool = True
    fractions: bool = True
    spells: Callable[[str], bool] = any_label
    numbers_classes: bool = False
