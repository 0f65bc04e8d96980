"""Files of other tools and other forms: what was taken for what is seen before anything is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMessageBox

from present import present
from truthline.aws.connection import Connection
from truthline.progress import CancelToken
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import recognise
from truthline.ui.exchange.dialogs import ImportDialog
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from pathlib import Path

VALUES = [{"source-ref": "s3://b/a.jpg", "n": 1}, {"source-ref": "s3://b/c.jpg"}]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two images in the sizes of which the tables below speak."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        image = QImage(640, 480, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.darkGreen)
        assert image.save(str(folder / name))
    return folder


def importing(user: Any, pictures: Path, table: str) -> ImportDialog:
    """The import dialog over a workspace of the pictures, with a table chosen by keys."""
    made = create_workspace(
        pictures.parent / "w.truthline",
        recognise(str(pictures)),
        connection=Connection(),
        cancel=CancelToken(),
        target="s3://b/p",
    )
    made.close()
    user.open(str(made.path))
    (pictures.parent / "l.csv").write_text(table, encoding="utf-8")
    user.trigger("import_labels")
    dialog: ImportDialog = user.dialog(ImportDialog)
    dialog.target.clear()  # no image but those of the folder
    dialog.format.setFocus()
    user.qtbot.keyClicks(dialog.format, "CSV")
    dialog.place.setFocus()
    user.qtbot.keyClicks(dialog.place, str(pictures.parent / "l.csv"))
    return dialog


def test_the_first_box_is_seen_on_its_image_with_the_form_that_was_taken(user: Any, pictures: Path) -> None:
    dialog = importing(user, pictures, "a.jpg,100,120,540,360,dog\nb.jpg,,,,,\n")
    user.wait(dialog.go_button.isEnabled)
    assert "read as path,x1,y1,x2,y2,class, as RetinaNet writes it" in dialog.summary.text()
    assert dialog.first_box.isVisible()
    assert dialog.first_box.caption.text() == "First box: “dog” on a.jpg"
    picture = dialog.first_box.picture.pixmap().toImage()
    across, down = picture.width() / 640, picture.height() / 480
    inside, edge = (
        picture.pixelColor(int(320 * across), int(240 * down)),
        picture.pixelColor(int(320 * across), round(120 * down)),
    )
    assert inside.lightness() < 100 < edge.lightness()  # the box is drawn where its corners are
    user.click(dialog.go_button)
    user.wait(lambda: user.boxes(EntryId(1)))
    assert user.boxes(EntryId(1)) == [("dog", (100, 120, 440, 240))]


def test_a_header_that_is_not_understood_stops_the_import_and_names_its_columns(
    user: Any, pictures: Path
) -> None:
    dialog = importing(user, pictures, "image,label,a,b,c,d\na.jpg,dog,100,50,300,200\n")
    user.wait(lambda: "header is not understood" in dialog.summary.text())
    assert "“image”, “label”, “a”, “b”, “c”, “d”" in dialog.summary.text()
    assert not dialog.go_button.isEnabled()
    assert not dialog.first_box.isVisible()


def test_boxes_past_the_image_are_counted_before_anything_is_done(user: Any, pictures: Path) -> None:
    dialog = importing(
        user,
        pictures,
        "image,label,left,top,width,height\na.jpg,dog,-5,10,705,80\na.jpg,cat,300,200,-200,-150\n"
        "b.jpg,owl,700,0,9,9\n",
    )
    user.wait(dialog.go_button.isEnabled)
    rows = range(dialog.details.topLevelItemCount())
    told = [
        (present(dialog.details.topLevelItem(row)).text(0), present(dialog.details.topLevelItem(row)).text(1))
        for row in rows
    ]
    assert told == [
        ("Changed: 1 × boxes whose corners were swapped, which were put in order", "l.csv, line 3"),
        ("Changed: 1 × boxes that reached past their image, which were clipped to it", "l.csv, line 2"),
        ("Left out: 1 × boxes that lie outside their image", "l.csv, line 4"),
    ]
    user.click(dialog.go_button)
    user.wait(lambda: user.boxes(EntryId(1)))
    assert user.boxes(EntryId(1)) == [("dog", (0, 10, 640, 80)), ("cat", (100, 50, 200, 150))]


@pytest.mark.parametrize(
    "text", [json.dumps(VALUES), "\n".join(json.dumps(value, indent=2) for value in VALUES)]
)
def test_a_manifest_without_lines_is_asked_about_and_read_as_entries(
    user: Any, tmp_path: Path, text: str
) -> None:
    manifest = tmp_path / "m.manifest"
    manifest.write_text(text, encoding="utf-8")
    user.window.open(str(manifest))
    box = user.dialog(QMessageBox)
    assert box.text().startswith("m.manifest: The file ")
    user.click(next(button for button in box.buttons() if button.text() == "Read as Entries"))
    bench = user.opened()
    assert bench.browser.model.rowCount() == 2
    assert bench.document.annotation(EntryId(2)).source_ref == "s3://b/c.jpg"
    assert manifest.read_text(encoding="utf-8") == text


def test_a_manifest_without_lines_is_left_alone_on_cancel(user: Any, tmp_path: Path) -> None:
    (tmp_path / "m.manifest").write_text(json.dumps(VALUES), encoding="utf-8")
    user.window.open(str(tmp_path / "m.manifest"))
    box = user.dialog(QMessageBox)
    user.click(box.button(QMessageBox.StandardButton.Cancel))
    user.settle()
    assert user.window.bench is None
    assert [path.name for path in tmp_path.glob("m.*")] == ["m.manifest"]


def test_a_file_that_is_no_manifest_is_told_once(user: Any, tmp_path: Path) -> None:
    (tmp_path / "m.manifest").write_text("image,label\na.jpg,cat\nb.jpg,dog\n", encoding="utf-8")
    user.window.open(str(tmp_path / "m.manifest"))
    user.wait(lambda: "holds no JSON" in user.toast())
    assert user.window.bench is None
