"""A workspace that is damaged, or was checked by other rules, in the real window."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from truthline.manifest.annotation import Level
from truthline.manifest.check import rules
from truthline.manifest.labels import rename_label
from truthline.ui.exchange.dialogs import ExportDialog
from truthline.ui.rebuild.removal import RemovalDialog
from truthline.workspace import aging
from truthline.workspace.workspace import EntryId, LabelEdit, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from pathlib import Path

CTRL = Qt.KeyboardModifier.ControlModifier


def harm(path: Path, *names: str) -> None:
    """Flip a bit in the lines of these images, which nobody has open."""
    connection = sqlite3.connect(path, isolation_level=None)
    for name in names:
        changed = connection.execute(
            "UPDATE lines SET line = CAST(replace(line, 'source-ref', 'source-rfe') AS BLOB)"
            " WHERE id = (SELECT id FROM entries WHERE source_ref LIKE ?)",
            (f"%/{name}",),
        )
        assert changed.rowcount == 1
    connection.close()


@pytest.fixture
def damaged(start: Any, service: Any, dataset: str) -> Any:
    """The workspace of the dataset, damaged at one image."""
    with start() as user:
        path = user.open(dataset, service.connection).document.workspace.path
    harm(path, "fig.jpg")
    return path


def test_a_damaged_image_is_shown_as_damaged_and_a_pull_reloads_it(
    user: Any, service: Any, damaged: Path, tmp_path: Path
) -> None:
    bench = user.open(str(damaged), service.connection)
    total = bench.browser.model.rowCount()
    fig = user.go_to("fig.jpg")
    card = bench.browser.model.card(bench.browser.model.row_of(fig))
    assert card.damaged
    assert "Damaged" in card.spoken

    # On the canvas: a sentence in place of boxes that may be wrong
    bench.gallery.setFocus()
    user.key(Qt.Key.Key_Return)
    user.wait(lambda: bench.in_image_mode)
    user.settle()
    assert not bench.image.canvas.has_image
    user.key(user.digit_of("outdoor"), Qt.KeyboardModifier.ShiftModifier)
    user.settle()
    assert "1 image was left unchanged" in user.toast()
    assert "fig.jpg" in user.toast()
    user.bench.show_gallery()

    # Every other image is labelled and exported as ever
    stream = user.go_to("stream.jpg")
    user.key(user.digit_of("outdoor"))
    user.settle()
    assert user.class_labels(stream) == ["outdoor"]
    user.window.files.export_to(tmp_path / "out.manifest")
    user.settle()
    assert "1 image was left out" in user.toast()
    assert "fig.jpg" in user.toast()
    assert len((tmp_path / "out.manifest").read_bytes().splitlines()) == total - 1
    user.trigger("export_labels")
    dialog = user.dialog(ExportDialog)
    dialog.place.setText(str(tmp_path / "out.json"))
    user.wait(dialog.details.topLevelItemCount)
    assert "fig.jpg" in dialog.details.topLevelItem(dialog.details.topLevelItemCount() - 1).text(0)
    dialog.reject()
    user.activate()

    # A pull brings back what the dataset holds
    bench.dataset.pull()
    user.wait(lambda: not bench.dataset.busy)
    user.settle()
    assert not bench.document.entry(fig).damaged
    assert not bench.browser.model.card(bench.browser.model.row_of(fig)).damaged


def test_a_push_names_the_damaged_images_that_it_leaves_out(start: Any, service: Any, dataset: str) -> None:
    with start() as user:
        bench = user.open(dataset, service.connection)
        for name in ("fig.jpg", "stream.jpg"):
            user.go_to(name)
            user.key(user.digit_of("outdoor"))
        user.settle()
        path = bench.document.workspace.path
    harm(path, "fig.jpg")
    with start() as user:
        bench = user.open(str(path), service.connection)
        user.key(Qt.Key.Key_Return, CTRL)
        user.wait(lambda: "stored" in user.toast() and not bench.dataset.busy)
        assert "1 line is stored." in user.toast()
        assert "1 image was not sent, because the workspace file is damaged there" in user.toast()
        assert "fig.jpg" in user.toast()
    held = {name.rpartition("/")[2]: line for name, line in service.lines(dataset).items()}
    assert "outdoor" in str(held["stream.jpg"])
    assert "outdoor" not in str(held["fig.jpg"])


def test_an_edit_of_a_label_names_the_damaged_images_that_it_leaves(
    user: Any, service: Any, damaged: Path
) -> None:
    bench = user.open(str(damaged), service.connection)
    assert bench.document.edit_label(
        "Rename flower",
        "flower",
        lambda one: rename_label(one, "flower", "bloom"),
        lambda _labels: LabelEdit(),
    )
    user.settle()
    assert "1 image was left unchanged" in user.toast()
    assert "fig.jpg" in user.toast()


def test_a_damaged_image_is_removed(user: Any, service: Any, damaged: Path) -> None:
    bench = user.open(str(damaged), service.connection)
    total = bench.browser.model.rowCount()
    user.go_to("fig.jpg")
    user.trigger("remove_images")
    dialog = user.dialog(RemovalDialog)
    user.wait(dialog.go_button.isEnabled)
    assert dialog.way == "forget"
    assert "damaged" in dialog.told["forget"].text()
    user.click(dialog.go_button)
    user.wait(lambda: bench.browser.model.rowCount() == total - 1)


@pytest.fixture
def aged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose findings are of rules without the newest one."""
    path = tmp_path / "aged.truthline"
    with Workspace.create(path, WorkspaceInfo("aged")) as workspace:
        workspace.append(NewEntry(b'{"source-ref":"s3://b/%d.jpg"}' % n) for n in range(30))
    newest = rules.Rule("ERROR_INVALID_BOUNDING_BOX", Level.ERROR, lambda _a, _f: [("", "Found anew.")])
    monkeypatch.setattr(rules, "ASKED", rules.by_subject((*rules.RULES, newest)))
    monkeypatch.setattr(aging, "RULES_VERSION", rules.RULES_VERSION + 1)
    monkeypatch.setattr(aging, "_BLOCK", 10)
    return path


def test_an_aged_workspace_is_checked_again_while_it_is_open(user: Any, aged: Path) -> None:
    bench = user.open(str(aged))
    user.wait(lambda: not bench.upkeep.busy)
    user.settle()
    assert all("Found anew." in {one.message for one in entry.findings} for entry in everything(bench))
    assert "30" in bench.drawer.tabText(0) or "60" in bench.drawer.tabText(0)
    assert not bench.document.workspace.aged


def test_the_check_can_be_cancelled_and_goes_on_at_the_next_start(
    start: Any, aged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    check_block = aging._check_block

    def slowly(connection: Any, position: int) -> Any:
        if position:
            goes_on.wait(20)
        return check_block(connection, position)

    monkeypatch.setattr(aging, "_check_block", slowly)
    with start() as user:
        user.window.open(str(aged), None)
        user.wait(lambda: user.window.bench is not None and user.bench.upkeep.bar.isVisible())
        bar = user.bench.upkeep.bar
        assert "rules" in bar.text
        user.click(bar.cancel_button)
        goes_on.set()
        user.wait(lambda: not user.bench.upkeep.busy)
        user.settle()
        assert user.bench.document.workspace.aged
        assert not bar.isVisible()
    with start() as user:
        bench = user.open(str(aged))
        user.wait(lambda: not bench.upkeep.busy)
        assert not bench.document.workspace.aged


def everything(bench: Any) -> Any:
    workspace = bench.document.workspace
    return workspace.entries([EntryId(one) for one in workspace.ids()])
