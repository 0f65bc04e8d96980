"""From what a file says to labelled images: names become refs, boxes become upright pixels.

Two assumptions are made, since few formats say what they mean. A size in the file that is the image's turned
on its side means that its tool ignored EXIF orientation: the boxes are then turned, by the orientation that
the image has. Everything else is taken for upright, also where width and height are equal or the orientation
only mirrors, for then nothing in the file could tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from truthline.errors import ImageError, ServiceError, UsageError
from truthline.interchange.clipping import clipped
from truthline.interchange.findings import Code, FileFinding, Loss
from truthline.interchange.frames import turn_upright
from truthline.interchange.intake import Intake
from truthline.interchange.model import FileImage, Format, ImageLookup, LabelledImage
from truthline.interchange.names import KnownImages, UnsafeNameError, last_part, normalise
from truthline.manifest.annotation import Box, ImageSize, Level
from truthline.manifest.line import is_s3_uri
from truthline.progress import CancelToken, Report, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_NOTHING_KNOWN = ImageLookup()
_ON_ITS_SIDE = 5
"""EXIF orientations from here on swap width and height."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading other people's files: each image once, in the files' order.

    ``unmatched`` names the images that were not found. ``losses`` tells what the files hold and Truthline
    does not take.
    """

    images: tuple[LabelledImage, ...]
    findings: tuple[FileFinding, ...] = ()
    losses: tuple[Loss, ...] = ()
    unmatched: tuple[str, ...] = ()

    @property
    def example(self) -> LabelledImage | None:
        """The first image with boxes: whoever looks at it sees whether the files were understood."""
        return next((image for image in self.images if image.boxes), None)


def read_images(
    path: Path,
    format_: Format,
    *,
    lookup: ImageLookup = _NOTHING_KNOWN,
    target: str = "",
    labels: Sequence[str] = (),
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Reading:
    """Read a file or folder of a format.

    Args:
        path: the file or folder.
        format_: one of `truthline.interchange.formats.FORMATS`.
        lookup: what is known of the images.
        target: ``s3://bucket/prefix`` below which images lie whose names the lookup does not know.
        labels: names of the classes from 0 on, for files that only number them.
        report: is told how far the work is.
        cancel: stops it.

    Raises:
        UnreadableFileError: nothing of it can be read as this format.
        UsageError: the format needs to know something that ``lookup`` does not.
        CancelledError: ``cancel`` was called.
        ServiceError: ``lookup`` asks S3 for an image that it knows of, which failed.

    """
    if labels and not format_.numbers_classes:
        raise UsageError(
            "Names of classes are of no use here.",
            detail=f"Leave them out: files of {format_.title} name them.",
            place=str(path),
        )
    intake = Intake(path, report=report, cancel=cancel, labels=labels)
    settler = _Settler(intake, lookup, target.rstrip("/"))
    reading = Reading(settler.settle(format_.read(intake)))
    if reading.example is not None and any(found.code is Code.FORM for found in intake.findings):
        intake.remark(Code.FORM, first_box_in_words(reading.example), reading.example.ref)
    return replace(
        reading, findings=intake.findings, losses=intake.losses, unmatched=tuple(settler.unmatched)
    )


def first_box_in_words(image: LabelledImage) -> str:
    """The first box of an image, so that a person can tell whether it is right."""
    box = image.boxes[0]
    of = f" of {image.size.width} by {image.size.height} pixels" if image.size else ""
    frame = f"{box.width:g} wide and {box.height:g} high at {box.left:g}, {box.top:g}"
    return f"The first box that was read: “{box.label}”, {frame}, on an image{of}."


class _Settler:
    def __init__(self, intake: Intake, lookup: ImageLookup, target: str) -> None:
        self._intake = intake
        self._lookup = lookup
        self._target = target
        self._known = None if lookup.names is None else KnownImages(lookup.names, target)
        self._settled: dict[str, LabelledImage] = {}
        # Whose name fits only in part; see `settle`.
        self._alike: list[tuple[str, FileImage, str]] = []
        self._unreachable = False
        self.unmatched: list[str] = []

    def settle(self, images: Iterable[FileImage | LabelledImage]) -> tuple[LabelledImage, ...]:
        for image in images:
            if isinstance(image, LabelledImage):
                self._settled[image.ref] = image
            elif (ref := self._ref(image)) is not None:
                self._take(ref, image)
        for ref, image, how in self._alike:  # at last, so that they take no image from its own name
            self._take_by_name(ref, image, how)
        return tuple(self._settled.values())

    def _take(self, ref: str, image: FileImage) -> None:
        size, boxes = self._upright(image, ref)
        boxes = clipped(boxes, size, self._intake.tally, image.place)
        found = LabelledImage(ref, size, image.labels, boxes)
        self._settled[ref] = self._merged(self._settled.get(ref), found, image.place)

    def _take_by_name(self, ref: str, image: FileImage, how: str) -> None:
        name = image.names[0][1]
        if ref in self._settled:
            self._missing(name, "The one image of that name has labels from another place.", image.place)
            return
        message = f"{name} was taken for {ref} by its name alone, as the {how} differ."
        self._intake.remark(Code.NAME_ALONE, message, image.place, Level.WARNING)
        self._take(ref, image)

    def _merged(self, before: LabelledImage | None, found: LabelledImage, place: str) -> LabelledImage:
        if before is None:
            return found
        if before.boxes and found.boxes and before.size != found.size:
            message = "The image stands twice, with different sizes. The first was taken."
            self._intake.found(Code.REPEATED, message, place)
            return before
        labels = tuple(dict.fromkeys((*before.labels, *found.labels)))
        boxes = before.boxes + tuple(box for box in found.boxes if box not in before.boxes)
        if boxes or labels == before.labels:  # several folders or lines with one label each are no surprise
            message = "The image stands twice. The labels of both places were put together."
            self._intake.remark(Code.REPEATED, message, place, Level.WARNING)
        return replace(before, size=before.size or found.size, labels=labels, boxes=boxes)

    # Which image

    def _ref(self, image: FileImage) -> str | None:
        names: list[str] = []
        for folder, written in image.names:
            if is_s3_uri(written):
                return written
            try:
                names.append(normalise(folder, written))
            except UnsafeNameError:
                continue
        if not names:
            self._led_out(image)
            return None
        if self._known is not None:
            refs = self._known.find(names, any_suffix=image.any_suffix)
            if len(refs) == 1:
                return refs[0]
            if refs:
                self._missing(names[0], _several(refs), image.place)
                return None
            if self._lookup.complete or image.any_suffix:
                self._defer(names[0], image, *self._known.alike(names[0], any_suffix=image.any_suffix))
                return None
            if len(renamed := self._known.find_renamed(names[0])) == 1:
                self._defer(names[0], image, renamed, "endings")
                return None
        elif image.any_suffix:
            self._missing(names[0], "Its file's ending is not known: give the folder of images.", image.place)
            return None
        return f"{self._target}/{names[0]}" if self._target else names[0]

    def _led_out(self, image: FileImage) -> None:
        """Nothing of such a name is opened; its last part may be that of an image that there is."""
        written = image.names[0][1]
        last = last_part(written)
        if self._known is not None and last:
            refs, how = self._known.alike(last, any_suffix=image.any_suffix)
            if refs:
                self._defer(last, image, refs, how)
                return
        message = f"The image's name {written!r} is absolute or leads out of the folder. It was left out."
        self._intake.found(Code.UNSAFE_NAME, message, image.place)

    def _defer(self, name: str, image: FileImage, refs: Sequence[str], how: str) -> None:
        """Keep for later an image that only a part of its name is known of."""
        if len(refs) == 1:
            self._alike.append((refs[0], image, how))
        elif refs:
            self._missing(name, _several(refs), image.place)
        else:
            self._missing(name, "There is no such image.", image.place)

    def _missing(self, name: str, why: str, place: str) -> None:
        self.unmatched.append(name)
        self._intake.found(Code.NO_IMAGE, f"{name}: {why} It was left out.", place)

    # Which pixels

    def _upright(self, image: FileImage, ref: str) -> tuple[ImageSize | None, tuple[Box, ...]]:
        claimed, actual = image.size, self._size(ref, image.place)
        if image.boxes_in is not None:
            if actual is None:
                self._intake.found(Code.IMAGE_SIZE, f"{_UNKNOWN} {_NO_BOXES}", image.place)
                return None, ()
            return actual, image.boxes_in(actual.width, actual.height)
        if (
            actual is None
            or claimed is None
            or (claimed.width, claimed.height) == (actual.width, actual.height)
        ):
            size = actual if claimed is None else claimed
            return size, image.boxes
        actual = replace(actual, depth=claimed.depth)
        return actual, self._turned(image, ref, claimed, actual) if image.boxes else ()

    def _turned(self, image: FileImage, ref: str, claimed: ImageSize, actual: ImageSize) -> tuple[Box, ...]:
        told = (
            f"{claimed.width} by {claimed.height} pixels in the file, "
            f"{actual.width} by {actual.height} in fact"
        )
        orientation = 1
        if (claimed.width, claimed.height) != (actual.height, actual.width):
            message = f"The image has {told}. {_NO_BOXES}"
        else:
            orientation = self._orientation(ref, image.place)
            message = f"The image has {told}, and its EXIF orientation does not tell why. {_NO_BOXES}"
        if orientation < _ON_ITS_SIDE:
            self._intake.found(Code.IMAGE_SIZE, message, image.place)
            return ()
        return tuple(turn_upright(box, orientation, claimed.width, claimed.height) for box in image.boxes)

    def _size(self, ref: str, place: str) -> ImageSize | None:
        is_listed = self._known is None or ref in self._known.find_loosely(ref, any_suffix=False)
        if self._lookup.size_of is None or (self._unreachable and not is_listed):
            return None
        try:
            return ImageSize(*self._lookup.size_of(ref))
        except ImageError as error:
            self._intake.remark(Code.NO_IMAGE, f"The image's size cannot be read: {error}", place)
        except ServiceError as error:
            if is_listed:
                raise
            self._unreachable = True  # and asking for each of the others could take minutes
            message = f"Sizes of images that are not listed here cannot be read: {error}"
            self._intake.remark(Code.NO_IMAGE, message, place, Level.WARNING)
        return None

    def _orientation(self, ref: str, place: str) -> int:
        if self._lookup.orientation_of is None:
            return 1
        try:
            return self._lookup.orientation_of(ref)
        except ImageError as error:
            self._intake.remark(Code.NO_IMAGE, f"The image cannot be read: {error}", place)
            return 1


def _several(refs: Sequence[str]) -> str:
    return f"{len(refs)} images could be meant, such as {refs[0]} and {refs[1]}."


_UNKNOWN = "The image's size is not known, and the boxes are given in shares of it."
_NO_BOXES = "Its boxes were left out."
