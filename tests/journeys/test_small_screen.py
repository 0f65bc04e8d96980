"""The window and its dialogs on a small screen: 1024 × 700, and 1440 × 900 at twice the size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QHeaderView

from truthline.ui.connect.wish import Wish
from truthline.ui.kit import fitting

if TYPE_CHECKING:
    from pathlib import Path

SCREENS = {"1024 × 700": QSize(1024, 700), "1440 × 900 at 200 %": QSize(720, 450)}


@pytest.fixture(params=SCREENS.values(), ids=SCREENS.keys())  # type: ignore[call-overload, untyped-decorator]
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What such a screen leaves for a window; the platform's own screen stays as it is."""
    size = request.param - fitting._FRAME
    monkeypatch.setattr(fitting, "room_for", lambda _window: size)
    return size


def fits(widget: Any, room: QSize) -> bool:
    least = widget.minimumSizeHint().expandedTo(widget.minimumSize())
    return all(
        one.width() <= room.width() and one.height() <= room.height() for one in (widget.size(), least)
    )


@pytest.fixture
def small(user: Any, room: QSize, manifest: Path, photos: Path, tmp_path: Path) -> Any:
    """Somebody with the sample's images on that screen."""
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    user.window._restore_window()
    assert fits(user.window, room)
    user.window.open_wish(Wish(str(copied), images_dir=str(photos)))
    user.opened()
    return user


def test_everything_of_the_window_is_on_the_screen(small: Any, room: QSize) -> None:
    assert fits(small.window, room)
    small.open_image("fig.jpg")
    assert fits(small.window, room)
    bench = small.bench
    for widget in (bench.image.canvas, bench.bar.status, bench.labels.field):
        corner = widget.mapTo(small.window, widget.rect().bottomRight())
        assert small.window.rect().contains(corner), (widget, widget.geometry(), widget.isVisible())
    assert bench.image.canvas.width() * 2 >= small.window.width()


def test_no_column_of_problems_collapses(small: Any) -> None:
    problems = small.bench.problems
    small.bench.drawer.show()
    for grouping in (0, 1):
        problems.grouping.setCurrentIndex(grouping)
        for width in (300, 420, 560, 620, 900, 1300):
            problems.resize(width, 200)
            header: QHeaderView = problems.view.header()
            sizes = [header.sectionSize(n) for n in range(header.count()) if not header.isSectionHidden(n)]
            assert min(sizes) >= 40
            assert sizes[0] * 4 >= problems.view.viewport().width()


@pytest.mark.parametrize(
    "command",
    [
        "open_prefix", "open_dataset", "projects", "keys", "about", "connect", "attributes",
        "rename_label", "merge_label", "delete_label", "remove_images", "import_labels", "export_labels",
        "left_out", "training",
    ],
)  # fmt: skip
def test_every_dialog_fits(small: Any, room: QSize, command: str) -> None:
    small.go_to("pagoda.jpg")
    small.bench.gallery.setFocus()
    small.trigger(command)
    small.wait(lambda: [one for one in small.window.findChildren(QDialog) if one.isVisible()])
    (dialog,) = (one for one in small.window.findChildren(QDialog) if one.isVisible())
    small.settle()
    assert fits(dialog, room), (dialog.size(), dialog.minimumSizeHint(), dialog.minimumSize())
    dialog.reject()
