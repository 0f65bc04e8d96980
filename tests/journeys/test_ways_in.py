"""Open each kind of source, and what is said where one cannot be opened."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QLabel

from truthline.aws.connection import Connection
from truthline.manifest.line import parse_line
from truthline.manifest.placing import UNPLACED
from truthline.ui.connect.connection import ConnectionDialog
from truthline.ui.connect.wish import Wish
from truthline.ui.start.address import AddressDialog
from truthline.ui.start.left_out import LeftOutDialog
from truthline.workspace.workspace import Workspace, WorkspaceInfo

OK = QDialogButtonBox.StandardButton.Ok


def thumbnails_shown(user: Any) -> bool:
    bench = user.bench
    cards = [bench.browser.model.card(row) for row in range(bench.browser.model.rowCount())]
    return all(bench.pictures.thumbnail(card.entry_id, card.source_ref).pixmap is not None for card in cards)


def fill(user: Any, field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    user.qtbot.keyClicks(field, text)


def open_folder(user: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    user.trigger("open_folder")
    return user.opened()


def test_a_folder_opens_without_an_address(user: Any, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = open_folder(user, photos, monkeypatch)
    assert bench.browser.model.rowCount() == 17
    assert bench.document.workspace.info.target == UNPLACED
    assert user.window.windowTitle() == "photos — Truthline"
    assert "Not connected" in user.status
    user.wait(lambda: thumbnails_shown(user))
    assert bench.document.workspace.path == photos.parent / "photos.truthline"
    assert {one.code for one in bench.document.workspace.problem_counts()} == {"WARNING_UNANNOTATED_RECORD"}


def test_no_folder_chosen(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    user.trigger("open_folder")
    assert user.window.bench is None
    assert not user.window.opener.busy


def test_the_address_is_asked_for_when_a_manifest_is_exported(
    user: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_folder(user, photos, monkeypatch)
    fig = user.open_image("fig.jpg")
    bench.labels.field.setFocus()
    user.qtbot.keyClicks(bench.labels.field, "fruit")
    user.key(Qt.Key.Key_Return)
    user.settle()
    bench.image.canvas.setFocus()
    user.key(Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier)
    user.wait(lambda: user.class_labels(fig) == ["fruit"])
    out = tmp_path / "out.manifest"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))

    user.trigger("export")
    dialog = user.dialog(AddressDialog)
    button = dialog.buttons.button(OK)
    assert not button.isEnabled()
    assert "manifest" in said(dialog)
    for wrong in ("leaves/photos", "s3://Bad_Bucket/photos", "s3://my bucket"):
        fill(user, dialog.target, wrong)
        assert not button.isEnabled()
        assert "A bucket’s name has" in dialog.example.text()
    fill(user, dialog.target, "s3://leaves/photos/")
    assert "s3://leaves/photos/a.jpg" in dialog.example.text()
    user.click(button)
    user.wait(out.exists)
    user.settle()
    refs = [parse_line(raw).source_ref for raw in out.read_bytes().splitlines()]
    assert "s3://leaves/photos/fig.jpg" in refs
    assert all(ref.startswith("s3://leaves/photos/") for ref in refs)
    assert bench.image.canvas.has_image
    assert user.class_labels(fig) == ["fruit"]

    user.trigger("undo")  # of what was done before there was an address
    user.wait(lambda: user.class_labels(fig) == [])
    user.settle()
    assert user.annotation(fig).source_ref == "s3://leaves/photos/fig.jpg"
    user.trigger("redo")
    user.wait(lambda: user.class_labels(fig) == ["fruit"])
    user.settle()
    assert user.annotation(fig).source_ref == "s3://leaves/photos/fig.jpg"


def test_a_mistyped_address_is_put_right(user: Any, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = open_folder(user, photos, monkeypatch)
    fig = user.go_to("fig.jpg")
    for typed in ("s3://leaves/fotos", "s3://leaves/photos"):
        user.trigger("address")
        dialog = user.dialog(AddressDialog)
        fill(user, dialog.target, typed)
        user.click(dialog.buttons.button(OK))
        user.wait(lambda typed=typed: bench.document.workspace.info.target == typed)
        user.settle()
        user.activate()
    assert user.annotation(fig).source_ref == "s3://leaves/photos/fig.jpg"
    user.wait(lambda: thumbnails_shown(user))


def test_the_address_is_asked_for_before_a_dataset_is_connected(
    user: Any, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_folder(user, photos, monkeypatch)
    user.click(user.bench.bar.connect_button)
    user.dialog(AddressDialog).reject()
    assert not [one for one in user.window.findChildren(ConnectionDialog) if one.isVisible()]
    user.trigger("connect")
    dialog = user.dialog(AddressDialog)
    assert "dataset" in said(dialog)
    fill(user, dialog.target, "s3://leaves/photos")
    user.click(dialog.buttons.button(OK))
    user.dialog(ConnectionDialog).reject()


def said(dialog: Any) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


def test_files_left_out_are_counted_and_listed(
    user: Any, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "notes.txt").write_text("no image")
    (photos / "b<i>roken.png").write_bytes(b"")
    bench = open_folder(user, photos, monkeypatch)
    user.wait(lambda: user.toast() == "2 files were left out of the folder.")
    user.click(bench.toast.button)
    dialog = user.dialog(LeftOutDialog)
    model = dialog.view.model()
    rows = [[model.index(row, column).data() for column in range(2)] for row in range(model.rowCount())]
    assert rows == [
        ["b<i>roken.png", "called like an image, but is no PNG or JPEG"],
        ["notes.txt", "not a PNG or JPEG file by its name"],
    ]
    dialog.reject()

    user.trigger("close")
    user.open(str(photos))
    user.settle()
    assert user.toast() == ""  # told once, and there to be looked up
    user.trigger("left_out")
    assert user.dialog(LeftOutDialog).view.model().rowCount() == 2


def test_a_folder_on_a_disk_that_can_only_be_read(
    user: Any, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != photos.parent and access(path, mode))
    bench = open_folder(user, photos, monkeypatch)
    path = bench.document.workspace.path
    assert path.parent == Path(platformdirs.user_documents_dir()) / "Truthline"
    user.trigger("close")
    assert user.open(str(photos)).document.workspace.path == path  # it is found again


def test_a_folder_without_images(user: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    user.window.open_wish(Wish(str(tmp_path / "empty"), target="s3://bucket"))
    user.wait(lambda: "There is no PNG or JPEG image in this folder." in user.toast())
    assert not (tmp_path / "empty.truthline").exists()


def test_a_manifest_with_images_from_a_folder(
    user: Any, photos: Path, manifest: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.window.open_wish(Wish(str(copied), images_dir=str(photos)))
    bench = user.opened()
    assert bench.browser.model.rowCount() == 17
    assert [label.name for label in bench.colours.labels][:1] == ["building"]
    user.wait(lambda: thumbnails_shown(user))
    user.settle()
    assert bench.problems.problems
    assert bench.document.workspace.counts().problems > 0


def test_a_manifest_by_the_file_dialog_and_then_its_workspace(
    user: Any, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    chosen = [str(copied)]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen[0], ""))
    user.trigger("open_file")
    bench = user.opened()
    entry_id = user.go_to("fig.jpg")
    user.key(user.digit_of("outdoor"))
    user.settle()
    user.trigger("close")
    assert user.window.bench is None
    assert user.window.windowTitle() == "Truthline"

    for text in (str(tmp_path / "parts.truthline"), str(copied)):  # the manifest finds its workspace again
        chosen[0] = text
        user.trigger("open_file")
        bench = user.opened()
        assert user.class_labels(entry_id) == ["outdoor"]
        assert bench.document.workspace.path == tmp_path / "parts.truthline"
        user.trigger("close")


def test_nothing_chosen_in_the_file_dialog(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    user.trigger("open_file")
    assert user.window.bench is None
    assert not user.window.opener.busy


def test_an_s3_prefix(user: Any, service: Any, dataset: str) -> None:
    user.trigger("open_prefix")
    dialog = user.dialog(ConnectionDialog)
    fill(user, dialog.address, "s3://truthline-sample/photos/")
    fill(user, dialog.region, "us-east-1")
    fill(user, dialog.endpoint, service.connection.endpoint_url)
    with user.qtbot.waitSignal(dialog.checked) as checked:
        user.click(dialog.check_button)
    assert checked.args == ["The bucket can be read, and holds objects with this prefix."]
    user.click(dialog.buttons.button(OK))
    bench = user.opened()
    assert bench.browser.model.rowCount() == 17
    user.wait(lambda: thumbnails_shown(user))
    assert bench.document.workspace.info.target == "s3://truthline-sample/photos"


def test_a_dataset_by_the_dialog_and_again(user: Any, service: Any, dataset: str) -> None:
    user.trigger("open_dataset")
    dialog = user.dialog(ConnectionDialog)
    fill(user, dialog.address, dataset)
    fill(user, dialog.endpoint, service.connection.endpoint_url)
    user.click(dialog.buttons.button(OK))
    bench = user.opened()
    path = bench.document.workspace.path
    assert bench.document.workspace.info.dataset_arn == dataset
    user.wait(lambda: "17 images" in user.status)
    entry_id = user.go_to("fig.jpg")
    user.key(user.digit_of("outdoor"))
    user.settle()

    user.window.open(dataset, service.connection)  # which is open
    user.settle()
    assert user.bench is bench
    assert user.toast() == ""
    user.trigger("close")
    user.open(dataset, service.connection)
    assert user.bench is not bench
    assert user.bench.document.workspace.path == path
    assert user.class_labels(entry_id) == ["outdoor"]
    user.wait(lambda: user.bench.bar.changes.text() == "1 change")


def test_what_was_opened_lately_is_offered(user: Any, start: Any, manifest: Path, tmp_path: Path) -> None:
    copied = tmp_path / "nuts & bolts.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.open(str(copied))
    workspace = str(tmp_path / "nuts & bolts.truthline")
    menu = user.window.actions_by_name["recent"].menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == [workspace.replace("&", "&&")]
    user.trigger("close")
    buttons = [b for b in user.window.welcome.findChildren(type(user.window.welcome._cancel)) if b.isFlat()]
    user.wait(buttons[-1].isVisible)
    user.click(buttons[-1])
    user.opened()
    assert str(user.bench.document.workspace.path) == workspace


def test_a_workspace_that_is_open_elsewhere_tells_who_has_it(
    user: Any, manifest: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.open(str(copied))
    user.trigger("close")
    with Workspace.open(tmp_path / "parts.truthline"):
        user.window.open(str(tmp_path / "parts.truthline"))
        user.wait(lambda: "Another running Truthline has this workspace open." in user.toast())
        assert "It was opened by" in user.toast()
    assert user.window.bench is None
    user.open(str(tmp_path / "parts.truthline"))


def test_a_broken_manifest_opens_with_findings(user: Any, tmp_path: Path) -> None:
    lines = [
        b'{"source-ref":"s3://leaves/a.jpg"}', b"not json", b"", b'{"a":1}',
        b'{"source-ref":"a.jpg"}', b"\xff\xfe", b'{"source-ref":"s3://leaves/b.jpg"',
    ]  # fmt: skip
    broken = tmp_path / "broken.manifest"
    broken.write_bytes(b"\n".join(lines))
    bench = user.open(str(broken))
    assert bench.browser.model.rowCount() == len(lines)
    assert {problem.entry_id for problem in bench.problems.problems} >= {2, 3, 4, 5, 6, 7}
    for row in range(len(lines)):  # each can be looked at in both modes
        bench.browser.go_to(bench.browser.model.id_at(row))
        bench.show_image()
        assert bench.json_line.text.toPlainText() or not lines[row]
    user.settle()
    assert [raw for raw, _ in bench.document.workspace.lines()] == lines


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no such file", "There is no such file or folder."),
        ("arn:aws:rekognition:nonsense", "ARN"),
        ("s3://", "This is not an S3 address."),
    ],
)
def test_what_cannot_be_opened_is_told(user: Any, text: str, told: str) -> None:
    user.window.open(text)
    assert told in user.toast()
    assert user.window.bench is None


def test_a_dataset_that_does_not_exist(user: Any, service: Any, dataset: str, tmp_path: Path) -> None:
    missing = dataset.rsplit("/", 1)[0] + "/1234567890123"
    user.window.open(missing, service.connection)
    user.wait(lambda: user.toast() != "")
    assert "dataset" in user.toast()
    assert list((tmp_path / "Documents").rglob("*.truthline")) == []


def test_opening_another_while_one_is_open(user: Any, manifest: Path, tmp_path: Path) -> None:
    """What was labelled a moment before is saved, and nothing of the first comes up in the second."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.manifest").write_bytes(manifest.read_bytes())
    user.open(str(tmp_path / "one.manifest"))
    entry_id = user.go_to("fig.jpg")
    user.key(user.digit_of("outdoor"))
    user.open(str(tmp_path / "two.manifest"))
    assert user.window.windowTitle() == "two — Truthline"
    assert user.toast() == ""
    assert user.class_labels(entry_id) == []
    user.open(str(tmp_path / "one.truthline"))
    assert user.class_labels(entry_id) == ["outdoor"]


def test_closing_right_after_a_gesture_saves_it_and_complains_of_nothing(
    user: Any, manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.manifest").write_bytes(manifest.read_bytes())
    user.open(str(tmp_path / "one.manifest"))
    entry_id = user.go_to("fig.jpg")
    user.key(user.digit_of("outdoor"))
    user.trigger("close")
    user.settle()
    assert user.toast() == ""
    user.open(str(tmp_path / "one.truthline"))
    assert user.class_labels(entry_id) == ["outdoor"]


def test_giving_up_an_opening_leaves_nothing(user: Any, service: Any, dataset: str, tmp_path: Path) -> None:
    from truthline.emulator import faults  # noqa: PLC0415

    service.emulator.faults.add("ListDatasetEntries", faults.delayed(0.3), times=None)
    user.window.open(dataset, service.connection)
    user.wait(user.window.welcome._cancel.isVisible)
    user.click(user.window.welcome._cancel)
    user.wait(lambda: not user.window.opener.busy)
    assert user.window.bench is None
    assert user.toast() == ""
    assert list((tmp_path / "Documents").rglob("*")) in ([], [tmp_path / "Documents" / "Truthline"])


def test_closing_the_window_while_something_is_opened(start: Any, manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "one.manifest").write_bytes(manifest.read_bytes())
    with start() as user:
        user.window.open(str(tmp_path / "one.manifest"))
    for path in tmp_path.glob("one.truthline"):
        Workspace.open(path).close()  # nobody holds it
    assert list(tmp_path.glob("*.lock")) == []


# Connect


@pytest.fixture
def offline_workspace(user: Any, manifest: Path, tmp_path: Path) -> Any:
    """A workspace of a manifest that belongs to no dataset."""
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    return user.open(str(copied))


def asked(user: Any, arn: str, connection: Connection) -> Any:
    user.click(user.bench.bar.connect_button)
    dialog = user.dialog(ConnectionDialog)
    fill(user, dialog.address, arn)
    fill(user, dialog.region, connection.region)
    fill(user, dialog.endpoint, connection.endpoint_url)
    return dialog


def test_connect_to_a_dataset(user: Any, service: Any, dataset: str, offline_workspace: Any) -> None:
    bench = offline_workspace
    assert not bench.bar.push_button.isVisible()
    entry_id = user.go_to("fig.jpg")
    user.key(user.digit_of("outdoor"))
    dialog = asked(user, dataset, service.connection)
    with user.qtbot.waitSignal(dialog.checked, timeout=20_000) as checked:
        user.click(dialog.check_button)
    assert checked.args == ["The dataset can be read: 17 images, 13 of them labelled."]
    user.click(dialog.buttons.button(OK))
    user.wait(lambda: bench.document.workspace.info.dataset_arn == dataset and not bench.dataset.busy)
    user.settle()
    user.wait(lambda: "17 images" in user.status)
    assert bench.bar.changes.text() == "1 change"
    assert (
        bench.document.workspace.entry(entry_id).base
        == b'{"source-ref":"s3://truthline-sample/photos/fig.jpg"}'
    )
    user.wait(lambda: thumbnails_shown(user))  # from S3 now
    user.trigger("push")
    user.wait(lambda: "stored" in user.toast())
    user.settle()
    assert service.lines(dataset)["fig.jpg"] == json.loads(bench.document.workspace.entry(entry_id).line)


@pytest.mark.parametrize("text", ["", "arn:aws:s3:::bucket", "s3://bucket/prefix", "nonsense"])
def test_what_is_no_dataset_cannot_be_chosen(user: Any, offline_workspace: Any, text: str) -> None:
    dialog = asked(user, text, Connection())
    assert not dialog.check_button.isEnabled()
    assert not dialog.buttons.button(OK).isEnabled()
    dialog.reject()


def test_a_check_tells_that_there_is_no_such_dataset(
    user: Any, service: Any, dataset: str, offline_workspace: Any
) -> None:
    missing = dataset.rsplit("/", 1)[0] + "/1234567890123"
    dialog = asked(user, missing, service.connection)
    with user.qtbot.waitSignal(dialog.checked, timeout=20_000):
        user.click(dialog.check_button)
    assert "dataset" in dialog.outcome.text()
    assert dialog.outcome.textFormat() == Qt.TextFormat.PlainText
    user.click(dialog.buttons.button(OK))  # the person insists
    user.wait(lambda: not user.bench.dataset.busy and user.toast() != "")
    assert "dataset" in user.toast()
    assert user.bench.document.workspace.info.dataset_arn == ""


def test_a_check_tells_that_nobody_answers(
    user: Any, service: Any, dataset: str, offline_workspace: Any
) -> None:
    endpoint = service.connection.endpoint_url
    service.emulator.stop()
    dialog = asked(user, dataset, Connection(region="us-east-1", endpoint_url=endpoint))
    with user.qtbot.waitSignal(dialog.checked, timeout=60_000):
        user.click(dialog.check_button)
    assert dialog.outcome.text()
    assert dialog.check_button.isEnabled()
    dialog.reject()
    service.emulator.start()


def test_a_dialog_may_be_closed_while_it_asks(
    user: Any, service: Any, dataset: str, offline_workspace: Any
) -> None:
    dialog = asked(user, dataset, service.connection)
    user.click(dialog.check_button)
    dialog.reject()
    user.settle()
    user.wait(lambda: not user.window.findChildren(ConnectionDialog))


def test_a_dialog_may_be_closed_before_the_profiles_are_read(user: Any) -> None:
    user.window.actions_by_name["open_dataset"].trigger()
    user.window.findChild(ConnectionDialog).reject()
    user.settle()


@pytest.mark.parametrize("steps", range(4))
def test_a_workspace_that_is_closed_while_it_comes(user: Any, tmp_path: Path, steps: int) -> None:
    """It is shown in several turns of the event loop, and may be closed between any two."""
    path = tmp_path / "coming.truthline"
    user.window._receive(Workspace.create(path, WorkspaceInfo("coming")))
    for _ in range(steps):
        user.window._incoming.take_step()
    user.window.close_workspace()
    user.settle()
    assert user.window.bench is None
    Workspace.open(path).close()  # nobody holds it
