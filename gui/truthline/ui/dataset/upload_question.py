"""The question before a push whose images are not in the bucket, or differ from those on this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.sync.push.upload import Comparison, Upload
    from truthline.ui.dataset.dataset import Dataset

_NAMED = 5


def ask_for_upload(found: Comparison, folder: str, dataset: Dataset, window: QWidget) -> None:
    """Ask what becomes of images that the push needs; ``dataset`` goes on with the answer."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(_on_images(found))
    box.setInformativeText(_on_uploading(found, folder))
    upload = box.addButton(
        "Upload and Push" if found.missing else "Replace and Push", QMessageBox.ButtonRole.AcceptRole
    )
    without = box.addButton(
        "Push Without Them" if found.missing else "Keep and Push", QMessageBox.ButtonRole.DestructiveRole
    )
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(upload if found.missing else without)
    replace_too = QCheckBox(f"Replace {counted(len(found.different), 'image')} in the bucket")
    if found.missing and found.different:
        box.setCheckBox(replace_too)

    def chosen(button: object) -> None:
        if button is upload:
            replacing = replace_too.isChecked() or not found.missing
            dataset.keep_in_bucket([] if replacing else found.different)
            dataset.upload_and_push(found.missing + (found.different if replacing else []))
        elif button is without:
            dataset.keep_in_bucket(found.different)
            dataset.go_on()

    box.buttonClicked.connect(chosen)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def _on_images(found: Comparison) -> str:
    sentences = []
    if found.missing:
        images = counted(len(found.missing), "image is", "images are")
        sentences.append(f"{images} on this computer and not in {_buckets(found.missing)}.")
    if found.different:
        images = counted(len(found.different), "image has", "images have")
        names = ", ".join(upload.path.name for upload in found.different[:_NAMED])
        more = f" and {len(found.different) - _NAMED:,} more" if len(found.different) > _NAMED else ""
        where = _buckets(found.different)
        sentences.append(f"{images} other content in {where} under the same name: {names}{more}.")
    return " ".join(sentences)


def _on_uploading(found: Comparison, folder: str) -> str:
    """Folder and bucket come from the workspace, which somebody else may have made: both are named."""
    uploads = found.missing or found.different
    size = f"{sum(upload.size for upload in uploads) / 1e6:,.1f} MB"
    way = f"from the folder {folder} to {_buckets(uploads)}"
    if found.missing:
        return f"The service reads images from the bucket. Upload them first, {way} ({size})?"
    return (
        "The labels are of the images on this computer, the dataset shows those in the bucket, and others may"
        f" use them. Replace them there, {way} ({size}), or keep them?"
    )


def _buckets(uploads: Sequence[Upload]) -> str:
    names = sorted({upload.bucket for upload in uploads})
    return f"the bucket{'s' if len(names) > 1 else ''} {', '.join(names)}"
