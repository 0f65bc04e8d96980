"""What works on the whole dataset: fix all, import, export, and the checks of all lines together."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from typing_extensions import override

from present import present
from truthline.errors import ImageError
from truthline.images.source import FolderSource
from truthline.images.workspace_source import NoImages
from truthline.ui.exchange.dialogs import ExportDialog, ImportDialog
from truthline.ui.kit.jobs import Lane
from truthline.ui.problems.fix_all import FixAllDialog
from truthline.ui.problems.readiness import ReadinessPanel
from truthline.workspace.workspace import EntryId, Filter, Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.ui.document.document import Document
    from truthline.ui.kit.jobs import Jobs

OUTSIDE = "ERROR_INVALID_BOUNDING_BOX"


class NoSuchImages(NoImages):
    """A source that has nothing and never will."""

    @override
    def head_bytes(self, ref: str, length: int) -> bytes:
        raise ImageError("There is no such image.", place=ref)


@pytest.fixture
def images() -> NoSuchImages:
    return NoSuchImages()


@pytest.fixture
def flawed(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    """Two entries with a box over the right edge of 640 px, and a sound one."""
    return make_document(
        [
            line("s3://leaves/1.jpg", boxes=[("oak", (600, 10, 60, 20))]),
            line("s3://leaves/2.jpg", boxes=[("oak", (10, 10, 60, 20))]),
            line("s3://leaves/3.jpg", boxes=[("elm", (630, 10, 60, 20))]),
        ]
    )


def outside(document: Document) -> list[int]:
    return list(document.workspace.ids(Filter(code=OUTSIDE)))


def test_fix_all_shows_what_changes_and_changes_nothing_before(
    qtbot: QtBot, flawed: Document, settle: Callable[[], None]
) -> None:
    dialog = FixAllDialog(flawed, OUTSIDE)
    dialog.open()
    settle()
    assert dialog.preview.topLevelItemCount() == 2
    row = dialog.preview.topLevelItem(0)
    assert [present(row).text(column) for column in range(3)] == ["1.jpg", '"width": 60', '"width": 40']
    assert dialog.fix_button.text() == "Fix 2 images"
    assert outside(flawed) == [1, 3]
    with qtbot.waitSignal(dialog.fix_wanted) as wanted:
        dialog.fix_button.click()
    assert wanted.args == [[1, 3]]


def test_fix_all_can_be_closed_while_it_still_looks(flawed: Document, settle: Callable[[], None]) -> None:
    dialog = FixAllDialog(flawed, OUTSIDE)
    dialog.open()
    dialog.reject()
    settle()
    assert outside(flawed) == [1, 3]


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Labels for 1.jpg, and for an image that nobody has."""
    path = tmp_path / "labels.json"
    content = {
        "images": [
            {"id": 4, "file_name": "1.jpg", "width": 640, "height": 480},
            {"id": 5, "file_name": "9.jpg", "width": 640, "height": 480},
        ],
        "categories": [{"id": 7, "name": "ash"}],
        "annotations": [{"id": 1, "image_id": 4, "category_id": 7, "bbox": [5, 6, 70, 80]}],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def bare(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    return make_document(
        [line("s3://leaves/1.jpg", boxes=[("oak", (1, 2, 30, 40))]), line("s3://leaves/2.jpg")]
    )


def previewed(qtbot: QtBot, dialog: ImportDialog | ExportDialog, format_: str, path: Path) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(format_))
    dialog.place.setText(str(path))
    qtbot.waitUntil(dialog.go_button.isEnabled)


def test_an_import_is_previewed_then_saved_and_undone(
    qtbot: QtBot, bare: Document, images: NoSuchImages, coco: Path, settle: Callable[[], None], jobs: object
) -> None:
    dialog = ImportDialog(bare, images)
    dialog.open()
    previewed(qtbot, dialog, "coco", coco)
    before = bare.entry(EntryId(1)).line
    assert "1 box" in dialog.summary.text()
    assert "New labels: ash." in dialog.summary.text()
    details = [
        present(dialog.details.topLevelItem(row)).text(0) for row in range(dialog.details.topLevelItemCount())
    ]
    assert any(text.startswith("9.jpg") for text in details)
    with qtbot.waitSignal(dialog.imported):
        dialog.go_button.click()
    assert bare.annotation(EntryId(1)).labels == {"oak", "ash"}
    bare.undo_stack.undo()
    settle()
    assert bare.workspace.entry(EntryId(1)).line == before
    assert [label.name for label in bare.workspace.labels()] == ["oak"]
    bare.undo_stack.redo()
    settle()
    assert bare.annotation(EntryId(1)).labels == {"oak", "ash"}


def test_an_import_that_fails_can_be_tried_again(
    qtbot: QtBot, bare: Document, images: NoSuchImages, coco: Path, settle: Callable[[], None]
) -> None:
    dialog = ImportDialog(bare, images)
    dialog.open()
    previewed(qtbot, dialog, "coco", coco)
    before = list(bare.workspace.lines())
    writer = bare.workspace._database._writer
    writer.execute("PRAGMA query_only = ON")
    qtbot.mouseClick(dialog.go_button, Qt.MouseButton.LeftButton)
    settle()
    assert "The workspace file cannot be written." in dialog.summary.text()
    assert list(bare.workspace.lines()) == before
    assert bare.undo_stack.count() == 0
    writer.execute("PRAGMA query_only = OFF")
    with qtbot.waitSignal(dialog.imported):
        qtbot.mouseClick(dialog.go_button, Qt.MouseButton.LeftButton)
    assert bare.annotation(EntryId(1)).labels == {"oak", "ash"}


def test_leaving_an_import_that_is_on_disk_already_keeps_its_undo(
    qtbot: QtBot, bare: Document, images: NoSuchImages, coco: Path, settle: Callable[[], None], jobs: Jobs
) -> None:
    dialog = ImportDialog(bare, images)
    dialog.open()
    previewed(qtbot, dialog, "coco", coco)
    before = bare.entry(EntryId(1)).line
    qtbot.mouseClick(dialog.go_button, Qt.MouseButton.LeftButton)
    jobs._executors[Lane.WRITE].submit(lambda: None).result()  # it is stored, which nobody was told yet
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    settle()
    assert bare.annotation(EntryId(1)).labels == {"oak", "ash"}
    assert bare.undo_stack.undo_text == "Import labels"
    bare.undo()
    settle()
    assert bare.workspace.entry(EntryId(1)).line == before


def test_leaving_an_import_before_it_stores_anything_leaves_all_as_it_was(
    qtbot: QtBot, bare: Document, images: NoSuchImages, coco: Path, settle: Callable[[], None], jobs: Jobs
) -> None:
    dialog = ImportDialog(bare, images)
    dialog.open()
    previewed(qtbot, dialog, "coco", coco)
    before = list(bare.workspace.lines())
    gate = threading.Event()
    jobs.run(Lane.WRITE, lambda *_: gate.wait(10))
    qtbot.mouseClick(dialog.go_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        gate.set()
    settle()
    assert list(bare.workspace.lines()) == before
    assert bare.undo_stack.count() == 0


def test_new_images_come_in_where_their_place_is_known(
    qtbot: QtBot, bare: Document, images: NoSuchImages, coco: Path
) -> None:
    dialog = ImportDialog(bare, images)
    dialog.open()
    dialog.target.setText("s3://leaves")
    previewed(qtbot, dialog, "coco", coco)
    assert "1 image new to it" in dialog.summary.text()
    with qtbot.waitSignal(dialog.imported):
        dialog.go_button.click()
    assert bare.workspace.find("s3://leaves/9.jpg") is not None


def test_a_file_of_another_kind_is_told_and_cannot_be_imported(
    qtbot: QtBot, bare: Document, images: NoSuchImages, tmp_path: Path, settle: Callable[[], None]
) -> None:
    (tmp_path / "x.json").write_text("no JSON", encoding="utf-8")
    dialog = ImportDialog(bare, images)
    dialog.open()
    dialog.format.setCurrentIndex(dialog.format.findData("coco"))
    dialog.place.setText(str(tmp_path / "x.json"))
    qtbot.waitUntil(lambda: "x.json" in dialog.summary.text())
    assert not dialog.go_button.isEnabled()
    dialog.reject()
    settle()


def test_an_export_lists_what_is_lost_and_writes(
    qtbot: QtBot, flawed: Document, images: NoSuchImages, tmp_path: Path
) -> None:
    dialog = ExportDialog(flawed, images)
    dialog.open()
    previewed(qtbot, dialog, "coco", tmp_path / "out.json")
    assert present(dialog.details.topLevelItem(0)).text(0).startswith("Lost: ")
    assert not (tmp_path / "out.json").exists()
    with qtbot.waitSignal(dialog.exported):
        dialog.go_button.click()
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert sorted(one["file_name"] for one in written["images"]) == ["1.jpg", "2.jpg", "3.jpg"]
    assert len(written["annotations"]) == 3


@pytest.fixture
def readiness(
    qtbot: QtBot, make_document: Callable[..., Document], line: Callable[..., bytes]
) -> ReadinessPanel:
    """Of a dataset with a repeated source-ref."""
    document = make_document(
        [
            line("s3://leaves/1.jpg", ["oak"]),
            line("s3://leaves/2.jpg", ["elm"]),
            line("s3://leaves/1.jpg", ["oak"]),
        ]
    )
    panel = ReadinessPanel(document, NoSuchImages)
    qtbot.addWidget(panel)
    return panel


def test_the_whole_dataset_is_checked_when_the_panel_is_seen(qtbot: QtBot, readiness: ReadinessPanel) -> None:
    readiness.show()
    qtbot.waitUntil(lambda: "3 lines checked" in readiness.summary.text())
    assert "TRUTHLINE_REPEATED_SOURCE_REF" in {finding.code for finding in readiness.findings}


def test_a_finding_lists_its_images(qtbot: QtBot, readiness: ReadinessPanel) -> None:
    readiness.check()
    qtbot.waitUntil(lambda: bool(readiness.findings))
    places = [finding.code for finding in readiness.findings]
    index = readiness.view.model().index(places.index("TRUTHLINE_REPEATED_SOURCE_REF"), 0)
    readiness.show()
    with qtbot.waitSignal(readiness.entries_wanted) as wanted:
        readiness.view.setCurrentIndex(index)
        readiness.view.setFocus()
        qtbot.keyClick(readiness.view, Qt.Key.Key_Return)
    assert wanted.args[0].kind is Kind.ALL
    assert 1 in wanted.args[0].entries


def test_train_and_test_are_checked_together(
    qtbot: QtBot, readiness: ReadinessPanel, line: Callable[..., bytes], tmp_path: Path
) -> None:
    other = tmp_path / "test.manifest"
    other.write_bytes(line("s3://leaves/2.jpg", ["ash"]) + b"\n")
    readiness.compare_with(str(other))
    qtbot.waitUntil(lambda: "together with test.manifest" in readiness.summary.text())
    assert "TRUTHLINE_IMAGE_IN_BOTH_DATASETS" in {finding.code for finding in readiness.findings}
    assert "ERROR_INSUFFICIENT_LABEL_OVERLAP" in {finding.code for finding in readiness.findings}


def test_headers_are_read_and_judged(
    qtbot: QtBot,
    make_document: Callable[..., Document],
    line: Callable[..., bytes],
    tmp_path: Path,
    settle: Callable[[], None],
) -> None:
    Image.new("RGB", (640, 480)).save(tmp_path / "1.jpg")
    Image.new("RGB", (40, 40)).save(tmp_path / "2.png")
    document = make_document([line(f"s3://leaves/{name}", ["oak"]) for name in ("1.jpg", "2.png", "3.jpg")])
    panel = ReadinessPanel(document, lambda: FolderSource(tmp_path))
    qtbot.addWidget(panel)
    panel.headers_button.click()
    settle()
    assert panel.summary.text() == "All image headers were read. 1 image could not be found."
    facts = [document.entry(EntryId(number)).facts for number in (1, 2, 3)]
    assert [(one.width, one.height) if one else None for one in facts] == [(640, 480), (40, 40), None]
    assert list(document.workspace.ids(Filter(code="ERROR_INVALID_IMAGE"))) == [2]
