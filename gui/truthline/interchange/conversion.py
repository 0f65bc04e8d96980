"""From one format to another: read, list what will be lost, write whole or not at all."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from truthline.errors import ImageError, UsageError
from truthline.interchange.files import check_free, whole_folder
from truthline.interchange.findings import FileFinding, Loss, LossKind
from truthline.interchange.fit import MANIFEST, fit
from truthline.interchange.formats import find_format
from truthline.interchange.model import Format, ImageLookup, LabelledImage, Outlet
from truthline.interchange.reading import read_images
from truthline.manifest.annotation import ImageSize
from truthline.manifest.line import is_s3_uri
from truthline.manifest.names import box_attribute_name
from truthline.progress import CancelToken, Doing, Report, counted_in, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_NOTHING_KNOWN: Final = ImageLookup()
_STRIDE: Final = 200


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was converted, or would be: counts of what is written, what was lost, and what was found."""

    images: int
    class_labels: int
    boxes: int
    losses: tuple[Loss, ...]
    findings: tuple[FileFinding, ...]

    @property
    def left_out(self) -> bool:
        """Whether an image, a label or a box is missing that the format could hold."""
        return any(one.left_out for one in self.findings) or any(
            loss.kind is LossKind.LEFT_OUT for loss in self.losses
        )


def convert(
    src: Path,
    dst: Path,
    from_: str,
    to: str,
    *,
    images: ImageLookup = _NOTHING_KNOWN,
    target: str = "",
    labels: Sequence[str] = (),
    dry_run: bool = False,
    tell: Callable[[Conversion], None] | None = None,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Conversion:
    """Convert labels from one format to another.

    Args:
        src: the file or folder to read.
        dst: the file or folder to write; it appears whole or not at all. A folder must be new or empty.
        from_: name of the source's format in `truthline.interchange.formats.FORMATS`.
        to: name of the other one.
        images: what is known of the images.
        target: ``s3://bucket/prefix`` of the images. Manifests need it; other formats leave it out of names.
        labels: names of the classes from 0 on, for files that only number them.
        dry_run: write nothing.
        tell: is told what will be written, lost and was found, before anything is written.
        report: is told how far the work is.
        cancel: stops it.

    Raises:
        UsageError: there is no such format, something is in the way at ``dst``, or a target or the images are
            missing.
        UnreadableFileError: the source cannot be read, or the destination not be written.
        CancelledError: ``cancel`` was called; nothing was written.
        ServiceError: the images are asked for in S3, which failed.

    """
    source, sink = find_format(from_), find_format(to)
    _check_places(src, dst, sink)
    cancel = cancel or CancelToken()
    reading = read_images(
        src, source, lookup=images, target=target, labels=labels, report=report, cancel=cancel
    )
    found = reading.images
    if sink.name == MANIFEST and any(not is_s3_uri(image.ref) for image in found):
        raise UsageError(
            "A manifest needs an address in S3 for each image.",
            detail="Say where they are, or will be uploaded to: s3://bucket/prefix.",
            place=str(src),
        )
    if sink.needs_size or sink.name == MANIFEST:
        found = _with_sizes(found, images, cancel)
    fitted = fit(found, sink, target=target)
    conversion = _summary(fitted.images, reading.losses + fitted.losses, reading.findings)
    if tell is not None:
        tell(conversion)
    if not dry_run:
        write_images(fitted.images, dst, sink, lookup=images, report=report, cancel=cancel)
    return conversion


def write_images(
    images: Sequence[LabelledImage],
    dst: Path,
    format_: Format,
    *,
    lookup: ImageLookup = _NOTHING_KNOWN,
    attribute: str = "",
    now: datetime | None = None,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write images that `truthline.interchange.fit.fit` gave for this format; whole or not at all.

    Args:
        images: what to write.
        dst: the file or folder.
        format_: the format.
        lookup: where the images themselves are read, for formats that hold them.
        attribute: the label attribute of boxes in a new manifest; by default it is called after ``dst``.
        now: creation date in a new manifest.
        report: is told how far the work is.
        cancel: stops it.

    Raises:
        UsageError, UnreadableFileError, CancelledError: as `convert`.

    """
    count = counted_in(Doing.WRITING_LABELS, _STRIDE, report=report, cancel=cancel)

    def step() -> None:
        count(len(images))

    outlet = Outlet(attribute or box_attribute_name(dst.stem), now or datetime.now(UTC), step, lookup.read)
    with nullcontext(dst) if format_.suffix else whole_folder(dst) as place:
        format_.write(images, place, outlet)


def _check_places(src: Path, dst: Path, sink: Format) -> None:
    """Refuse before anything slow is done."""
    if not src.exists():
        raise UsageError("There is no such file or folder.", detail="Check its name.", place=str(src))
    if dst.resolve() == src.resolve():
        raise UsageError("The source would be overwritten.", detail="Choose another name.", place=str(dst))
    if not dst.parent.is_dir():
        raise UsageError("There is no such folder.", detail="Choose one that exists.", place=str(dst.parent))
    if not sink.suffix:
        check_free(dst)
    elif dst.is_dir():
        detail = f"{sink.title} is one file: name one, such as labels{sink.suffix}."
        raise UsageError("This is a folder.", detail=detail, place=str(dst))


def _with_sizes(
    images: Iterable[LabelledImage], lookup: ImageLookup, cancel: CancelToken
) -> tuple[LabelledImage, ...]:
    def sized(image: LabelledImage) -> LabelledImage:
        cancel.check()
        if image.size is not None or lookup.size_of is None:
            return image
        try:
            return replace(image, size=ImageSize(*lookup.size_of(image.ref)))
        except ImageError:
            return image  # counted among what is lost

    return tuple(map(sized, images))


def _summary(
    images: Sequence[LabelledImage], losses: tuple[Loss, ...], findings: tuple[FileFinding, ...]
) -> Conversion:
    return Conversion(
        len(images),
        sum(len(image.labels) for image in images),
        sum(len(image.boxes) for image in images),
        losses,
        findings,
    )
