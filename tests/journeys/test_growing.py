"""A large manifest: work begins with its first page, and goes on while the rest comes in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from truthline.manifest.line import parse_line
from truthline.sync.opening import filling

if TYPE_CHECKING:
    from pathlib import Path

    from truthline.ui.window.workbench import Workbench

CTRL = Qt.KeyboardModifier.ControlModifier
LINES = 6_000


def write(path: Path, count: int = LINES) -> Path:
    path.write_bytes(
        b"".join(json.dumps({"source-ref": f"s3://leaves/{n}.jpg"}).encode() + b"\n" for n in range(count))
    )
    return path


@pytest.fixture
def growing(user: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """The window as soon as the first page is there."""
    monkeypatch.setattr(filling, "_CHUNK", 100)  # so that there is time to see it
    user.window.open(str(write(tmp_path / "large.manifest")))
    user.wait(lambda: user.window.bench is not None and user.bench.browser.model.rowCount())
    bench: Workbench = user.bench
    assert bench.document.growing
    return bench


def test_a_label_given_while_the_rest_comes_in_is_there_in_the_end(user: Any, growing: Workbench) -> None:
    assert growing.browser.model.rowCount() < LINES
    growing.current_label.add("oak")
    growing.gallery.setFocus()
    user.key(Qt.Key.Key_1)
    user.wait(lambda: growing.filler.bar.text.startswith("Reading the manifest"))
    assert growing.filler.bar.text.endswith("images")
    current = growing.browser.current
    user.settle()
    assert growing.filler.bar.isHidden()
    assert growing.browser.model.rowCount() == LINES
    assert growing.browser.current == current
    assert growing.counts is not None
    assert (growing.counts.total, growing.counts.unlabelled) == (LINES, LINES - 1)
    lines = [line for line, _ in growing.document.workspace.lines()]
    assert [parse_line(line).source_ref for line in lines] == [f"s3://leaves/{n}.jpg" for n in range(LINES)]
    assert parse_line(lines[0]).labels == {"oak"}


def test_what_needs_all_images_waits_for_them(user: Any, growing: Workbench) -> None:
    actions = user.window.actions_by_name
    user.wait(lambda: not actions["export"].isEnabled())
    assert not actions["connect"].isEnabled()
    user.wait(lambda: not growing.bar.connect_button.isEnabled())
    assert actions["undo"] is not None
    assert not growing.document.edit_label("Rename", "oak", lambda one: one, lambda _labels: None)  # type: ignore[arg-type, return-value]
    assert user.toast() == "The images are still being read. Wait until all are there."
    user.settle()
    user.wait(actions["export"].isEnabled)
    user.wait(growing.bar.connect_button.isEnabled)


def test_closed_half_way_it_goes_on_when_it_is_opened_again(user: Any, growing: Workbench) -> None:
    path = growing.document.workspace.path
    user.wait(lambda: 500 < growing.browser.model.rowCount() < LINES or not growing.document.growing)
    user.window.close_workspace()
    again: Workbench = user.open(str(path))
    user.settle()
    assert again.browser.model.rowCount() == LINES
    assert not again.document.growing


def test_a_filter_lists_what_comes_in_only_if_it_passes(user: Any, growing: Workbench) -> None:
    user.window._toolbar.search.setText("99.jpg")
    user.settle()
    names = [growing.browser.model.card(row).name for row in range(growing.browser.model.rowCount())]
    assert len(names) == LINES // 100
    assert all(name.endswith("99.jpg") for name in names)


def test_a_manifest_that_was_changed_meanwhile_is_told(user: Any, tmp_path: Path, growing: Workbench) -> None:
    growing.current_label.add("oak")
    growing.gallery.setFocus()
    user.key(Qt.Key.Key_1)
    user.wait(lambda: not growing.document.saving)
    path = growing.document.workspace.path
    user.window.close_workspace()
    write(tmp_path / "large.manifest", 7)
    user.window.open(str(path))
    user.wait(lambda: user.window.bench is not None and "changed since" in user.toast())
    assert user.bench.browser.model.rowCount() >= 500
    assert not user.window.actions_by_name["export"].isEnabled()
