"""Pushes that are not the plain case: images to upload, cancel, a closed window, no connection."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from truthline.emulator import ManualClock, Switches, faults
from truthline.progress import CancelToken
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import recognise
from truthline.sync.push import push, route
from truthline.ui.connect.wish import Wish
from truthline.ui.rebuild.first_push import ManifestPushDialog

CTRL = Qt.KeyboardModifier.ControlModifier
stopped = pytest.mark.qt_no_exception_capture  # see tests/aws/test_transfer.py
slow = pytest.mark.parametrize(
    "switches", [Switches(create_seconds=0.0, update_seconds=3600.0)], ids=["slow update"]
)


def held(user: Any) -> dict[str, Any]:
    """The workspace's lines by the image's name."""
    found = {}
    for raw, _ in user.bench.document.workspace.lines():
        line = json.loads(raw)
        found[line["source-ref"].rsplit("/", 1)[-1]] = line
    return found


def label(user: Any, name: str, with_label: str = "outdoor") -> int:
    entry_id: int = user.go_to(name)
    user.bench.gallery.setFocus()
    user.key(user.digit_of(with_label))
    user.settle()
    return entry_id


# Local images


@pytest.fixture
def folder(user: Any, service: Any, photos: Path, tmp_path: Path) -> str:
    """A folder of photos, open in the window and connected to an empty dataset; gives its ARN."""
    for name in photos.glob("*"):
        if name.name not in {"fig.jpg", "cat.png", "dogs.jpg"}:
            name.unlink()
    empty = tmp_path / "empty.manifest"
    empty.write_bytes(b"")
    project = service.aws.rekognition.create_project("folder")
    arn: str = service.aws.rekognition.create_dataset(project, "TRAIN")
    user.window.open_wish(
        Wish(str(photos), target="s3://truthline-sample/new", connection=service.connection)
    )
    bench = user.opened()
    bench.dataset.connect_to(service.connection, arn)
    user.wait(lambda: bench.document.workspace.info.dataset_arn == arn and not bench.dataset.busy)
    bench.labels.label_added.emit("outdoor")
    user.wait(lambda: bench.colours.labels)
    user.settle()
    return arn


def asked(user: Any, button: str) -> None:
    box = user.dialog(QMessageBox)
    assert box.textFormat() == Qt.TextFormat.PlainText
    user.click(next(one for one in box.buttons() if one.text().replace("&", "") == button))
    user.activate()


def test_local_images_are_uploaded_and_pushed(user: Any, service: Any, folder: str) -> None:
    bench = user.bench
    assert bench.bar.changes.text() == "3 changes"
    for name in ("fig.jpg", "cat.png", "dogs.jpg"):
        label(user, name)
    user.trigger("push")
    box = user.dialog(QMessageBox)
    assert "3 images are on this computer and not in the bucket truthline-sample." in box.text()
    asked(user, "Upload and Push")
    user.wait(lambda: "3 lines are stored." in user.toast())
    user.settle()
    assert service.keys("new/") == {"new/fig.jpg", "new/cat.png", "new/dogs.jpg"}
    assert (
        service.aws.s3.read("truthline-sample", "new/cat.png")
        == (Path(bench.document.workspace.info.images_dir) / "cat.png").read_bytes()
    )
    assert service.lines(folder) == held(user)
    assert bench.bar.changes.text() == "No changes"

    label(user, "fig.jpg")  # takes it away again: nothing is left to upload, so nothing is asked
    user.trigger("push")
    user.wait(lambda: "1 line is stored." in user.toast())


def test_a_push_may_go_without_the_images(user: Any, service: Any, folder: str) -> None:
    label(user, "fig.jpg")
    user.trigger("push")
    asked(user, "Push Without Them")
    user.wait(lambda: "stored" in user.toast())
    assert service.keys("new/") == set()
    assert set(service.lines(folder)) == {"fig.jpg", "cat.png", "dogs.jpg"}


def test_the_question_may_be_answered_with_cancel(user: Any, service: Any, folder: str) -> None:
    label(user, "fig.jpg")
    user.trigger("push")
    asked(user, "Cancel")
    user.settle()
    assert service.keys("new/") == set()
    assert service.lines(folder) == {}
    assert user.bench.bar.push_button.isVisible()
    assert user.bench.bar.push_button.isEnabled()


@pytest.mark.parametrize("by_manifest", [True, False])
def test_a_large_first_push_is_offered_as_a_manifest_after_its_images(
    user: Any, service: Any, folder: str, monkeypatch: pytest.MonkeyPatch, by_manifest: bool
) -> None:
    monkeypatch.setattr(route, "_FEW_UPDATES", 0)
    bench = user.bench
    user.wait(lambda: "0 images" in user.status)
    label(user, "fig.jpg")
    user.trigger("push")
    asked(user, "Upload and Push")
    dialog = user.dialog(ManifestPushDialog)
    assert service.keys("new/") == {"new/fig.jpg", "new/cat.png", "new/dogs.jpg"}
    assert not bench.dataset.busy
    if not by_manifest:
        dialog.by_updates.setChecked(True)
    user.wait(dialog.go_button.isEnabled)
    user.click(dialog.go_button)
    user.wait(lambda: bench.bar.changes.text() == "No changes" and not bench.dataset.busy)
    user.wait(lambda: user.toast() != "")
    if by_manifest:
        dialog.close()
    user.activate()
    user.settle()
    arn = bench.document.workspace.info.dataset_arn
    assert (arn != folder) == by_manifest
    assert service.lines(arn) == held(user)


@pytest.mark.parametrize(("button", "replaced"), [("Keep and Push", False), ("Replace and Push", True)])
def test_an_image_that_the_bucket_has_otherwise_is_asked_about(
    user: Any, service: Any, folder: str, photos: Path, button: str, replaced: bool
) -> None:
    service.upload(photos / "cat.png", "new/fig.jpg")
    for name in ("cat.png", "dogs.jpg"):
        service.upload(photos / name, f"new/{name}")
    before = service.aws.s3.read("truthline-sample", "new/fig.jpg")
    label(user, "fig.jpg")
    user.trigger("push")
    assert "fig.jpg" in user.dialog(QMessageBox).text()
    asked(user, button)
    user.wait(lambda: "stored" in user.toast())
    held = service.aws.s3.read("truthline-sample", "new/fig.jpg")
    assert held == ((photos / "fig.jpg").read_bytes() if replaced else before)
    label(user, "cat.png")  # what was answered is not asked again
    user.trigger("push")
    user.wait(lambda: user.bench.bar.changes.text() == "No changes" and not user.bench.dataset.busy)
    assert service.aws.s3.read("truthline-sample", "new/fig.jpg") == held


@stopped
def test_an_upload_can_be_cancelled(user: Any, service: Any, folder: str) -> None:
    for name in ("fig.jpg", "cat.png", "dogs.jpg"):
        label(user, name)
    late = replace(faults.closed(), delay=0.3)
    service.emulator.faults.add("PUT *dogs.jpg", late, times=None)
    user.trigger("push")
    asked(user, "Upload and Push")
    user.wait(lambda: "Uploading image" in user.status)
    assert user.bench.bar.progress.isVisible()
    user.click(user.bench.bar.cancel_button)
    user.wait(lambda: not user.bench.dataset.busy)
    user.settle()
    assert "new/dogs.jpg" not in service.keys("new/")
    assert service.lines(folder) == {}
    assert user.toast() == ""
    service.emulator.faults.clear()
    user.trigger("push")  # goes on with what is missing
    asked(user, "Upload and Push")
    user.wait(lambda: "3 lines are stored." in user.toast())
    assert len(service.keys("new/")) == 3


@stopped
def test_an_upload_that_fails_says_why(user: Any, service: Any, folder: str) -> None:
    label(user, "fig.jpg")
    denied = faults.service_error("AccessDenied", "Access Denied", status=403)
    service.emulator.faults.add("PUT *", denied, times=None)
    user.trigger("push")
    asked(user, "Upload and Push")
    user.wait(lambda: user.toast() != "")
    assert "permission" in user.toast().lower() or "allowed" in user.toast().lower()
    assert service.lines(folder) == {}
    assert not user.bench.dataset.busy


# Cancel, close, go on


@slow
def test_a_push_can_be_cancelled_and_is_finished_by_the_next(
    user: Any, service: Any, dataset: str, clock: ManualClock
) -> None:
    bench = user.open(dataset, service.connection)
    label(user, "fig.jpg")
    user.trigger("push")
    user.wait(lambda: "Update in progress" in user.status)
    user.click(bench.bar.cancel_button)
    user.wait(lambda: not bench.dataset.busy)
    assert "Nothing had to be sent" not in user.toast()
    assert bench.bar.changes.text() == "1 change"
    clock.advance(3600)
    user.trigger("push")
    user.wait(lambda: not bench.dataset.busy and bench.bar.changes.text() == "No changes")
    user.settle()
    assert service.lines(dataset) == held(user)


@slow
def test_closing_the_window_during_a_push(start: Any, service: Any, dataset: str, clock: ManualClock) -> None:
    with start() as user:
        user.open(dataset, service.connection)
        label(user, "fig.jpg")
        user.trigger("push")
        user.wait(lambda: "Update in progress" in user.status)
        user.window.close()
        assert not user.window.isVisible()
    with start() as user:
        user.open(dataset, service.connection)
        user.wait(lambda: user.bench.bar.changes.text() == "1 change")
        clock.advance(3600)
        user.trigger("push")
        user.wait(lambda: not user.bench.dataset.busy and user.bench.bar.changes.text() == "No changes")
        user.settle()
        assert service.lines(dataset) == held(user)
        assert user.class_labels(user.go_to("fig.jpg")) == ["outdoor"]


@slow
def test_closing_the_workspace_during_a_push(
    user: Any, service: Any, dataset: str, clock: ManualClock
) -> None:
    user.open(dataset, service.connection)
    label(user, "fig.jpg")
    user.trigger("push")
    user.wait(lambda: "Update in progress" in user.status)
    user.trigger("close")
    clock.advance(3600)
    user.open(dataset, service.connection)
    user.trigger("push")
    user.wait(lambda: not user.bench.dataset.busy and user.bench.bar.changes.text() == "No changes")
    user.settle()
    assert service.lines(dataset) == held(user)


@slow
def test_labelling_goes_on_during_a_push(user: Any, service: Any, dataset: str, clock: ManualClock) -> None:
    bench = user.open(dataset, service.connection)
    label(user, "fig.jpg")
    user.trigger("push")
    user.wait(lambda: "Update in progress" in user.status)
    entry_id = user.go_to("stream.jpg")
    user.key(user.digit_of("outdoor"))
    fig = user.go_to("fig.jpg")
    user.key(user.digit_of("indoor"))
    user.wait(lambda: not bench.document.saving)
    assert user.class_labels(entry_id) == ["outdoor"]
    clock.advance(3600)
    user.wait(lambda: not bench.dataset.busy)
    user.settle()
    assert bench.bar.changes.text() == "2 changes"
    assert user.class_labels(fig) == ["outdoor", "indoor"]
    clock.advance(3600)
    user.trigger("push")
    user.wait(lambda: "Update in progress" in user.status)
    clock.advance(3600)
    user.wait(lambda: not bench.dataset.busy)
    user.settle()
    assert service.lines(dataset) == held(user)


def test_a_service_that_hangs_does_not_hold_the_window(user: Any, service: Any, dataset: str) -> None:
    """The workspace is closed at once, and can be opened again; the answer comes too late for anybody."""
    user.open(dataset, service.connection)
    path = str(user.bench.document.workspace.path)
    label(user, "fig.jpg")
    service.emulator.faults.add("UpdateDatasetEntries", faults.delayed(2.0))
    user.trigger("push")
    user.wait(lambda: service.emulator.faults.pending == 0)
    user.trigger("close")
    assert not Path(f"{path}.lock").exists()
    user.open(path)
    user.wait(lambda: user.bench.bar.changes.text() == "1 change")
    user.trigger("push")
    user.wait(lambda: not user.bench.dataset.busy and user.bench.bar.changes.text() == "No changes")
    user.settle()
    assert service.lines(dataset) == held(user)


# Offline


def test_without_a_connection_labelling_goes_on_and_the_bar_says_so(
    user: Any, service: Any, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "_UNANSWERED_SECONDS", 0.0)
    bench = user.open(dataset, service.connection)
    user.wait(lambda: "17 images" in user.status)
    service.emulator.faults.add("*", faults.closed(), times=None)
    service.emulator.faults.add("* /*", faults.closed(), times=None)
    user.trigger("refresh")
    user.wait(lambda: "Offline since" in user.status)
    entry_id = label(user, "fig.jpg")
    assert user.class_labels(entry_id) == ["outdoor"]
    user.wait(lambda: "1 change waits" in user.status)
    user.trigger("push")
    user.wait(lambda: "Push waits for the connection" in user.status)
    service.emulator.faults.clear()
    user.trigger("refresh")  # the push starts by itself
    user.wait(lambda: bench.bar.changes.text() == "No changes" and not bench.dataset.busy)
    user.settle()
    assert service.lines(dataset) == held(user)


def test_opening_a_workspace_without_a_connection(
    user: Any, service: Any, dataset: str, tmp_path: Path
) -> None:
    path = tmp_path / "sample.truthline"
    create_workspace(path, recognise(dataset), connection=service.connection, cancel=CancelToken()).close()
    service.emulator.faults.add("*", faults.closed(), times=None)
    service.emulator.faults.add("* /*", faults.closed(), times=None)
    bench = user.open(str(path), service.connection)
    assert bench.browser.model.rowCount() == 17
    user.wait(lambda: "Asking" not in user.status)
    entry_id = label(user, "fig.jpg")
    assert user.class_labels(entry_id) == ["outdoor"]


def test_an_expired_sign_in_is_said_in_the_bar(user: Any, service: Any, dataset: str) -> None:
    user.open(dataset, service.connection)
    user.wait(lambda: "17 images" in user.status)
    service.emulator.faults.add("DescribeDataset", faults.expired_token(), times=None)
    user.trigger("refresh")
    user.wait(lambda: "Created" not in user.status)
    assert "expired" in user.bench.bar.status.toolTip().lower() or "sign" in user.status.lower()


# Ways out


def test_export(user: Any, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied, out = tmp_path / "parts.manifest", tmp_path / "out.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.open(str(copied))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    user.trigger("export")
    user.wait(lambda: f"Exported to {out}." in user.toast())
    assert out.read_bytes() == manifest.read_bytes()

    user.go_to("fig.jpg")
    user.bench.gallery.setFocus()
    user.key(user.digit_of("outdoor"))
    user.trigger("export")  # at once: what is being saved comes first
    user.wait(lambda: out.read_bytes() != manifest.read_bytes())
    before, after = manifest.read_bytes().splitlines(), out.read_bytes().splitlines()
    changed = [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert changed == [4]
    assert json.loads(after[4])["outdoor"] == 1


def test_an_export_that_cannot_be_written_says_so(
    user: Any, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.open(str(copied))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "x.manifest"), ""))
    user.trigger("export")
    user.wait(lambda: "cannot be written" in user.toast())
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    user.trigger("export")
    user.settle()
