"""A folder for each class label, with the images that have it: ``DIR/<label>/image.jpg``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.errors import ImageError, UnreadableFileError, UsageError
from truthline.interchange.files import write_new
from truthline.interchange.findings import Code, LossKind
from truthline.interchange.model import FileImage, LabelledImage, Outlet
from truthline.interchange.names import is_portable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from truthline.interchange.intake import Intake

_SUFFIXES: Final = (".png", ".jpg", ".jpeg")
_OTHERS: Final = (".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".avif")


def read(intake: Intake) -> Iterator[FileImage]:
    """Read a folder; the name of the first folder within it is the label, also of images deeper down."""
    if not intake.path.is_dir():
        raise UnreadableFileError(
            "This is not a folder.",
            detail="Choose the one that holds a folder for each label.",
            place=str(intake.path),
        )
    others = intake.files(*_OTHERS)
    intake.tally.add(
        "images that are no PNG or JPEG",
        len(others),
        kind=LossKind.LEFT_OUT,
        place=others[0] if others else "",
    )
    names = intake.files(*_SUFFIXES)
    for name in names:
        intake.step(len(names))
        label, _, inside = name.partition("/")
        if not inside:
            message = "It lies in no folder, so it has no label. It was left out."
            intake.found(Code.LABEL, message, name)
            continue
        # Elsewhere the image need not lie in a folder of that name.
        yield FileImage((("", name), ("", inside)), name, labels=(label,))


def write(images: Sequence[LabelledImage], path: Path, outlet: Outlet) -> None:
    """Copy each image into the folder of its label.

    Raises:
        UsageError: the images cannot be read from anywhere.
        UnreadableFileError: one of them cannot be read.

    """
    if outlet.read is None:
        raise UsageError(
            "Folders of images are made of the images themselves.", detail="Give the folder that they are in."
        )
    for image in images:
        outlet.step()
        try:
            data = outlet.read(image.ref)
        except ImageError as error:
            raise UnreadableFileError(
                "An image cannot be copied, so nothing was written.", detail=str(error), place=image.ref
            ) from error
        write_new(path / image.labels[0] / image.name, data)


def spells(label: str) -> bool:
    """Whether a folder can be called so on every system."""
    return is_portable(label) and "/" not in label
