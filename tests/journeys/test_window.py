"""The window itself: images that cannot be shown, text from data, what is remembered, the sample."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMessageBox, QWidget

import ground_truth_lines as ground_truth
from truthline import demo
from truthline.ui.connect.wish import Wish
from truthline.ui.kit import theme
from truthline.workspace.workspace import EntryId, Filter, Kind

if TYPE_CHECKING:
    from pathlib import Path

SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier

HOSTILE = (
    "<img src=x>", "nuts & bolts", "a\nb\tc", "\u202eright to left", "מספריים", "x" * 10_000,
)  # fmt: skip


def open_lines(user: Any, folder: Path, lines: list[bytes], images: str = "") -> Any:
    manifest = folder / "lines.manifest"
    manifest.write_bytes(b"".join(line + b"\n" for line in lines))
    user.window.open_wish(Wish(str(manifest), images_dir=images))
    return user.opened()


def labelled(ref: str, *labels: str) -> bytes:
    return ground_truth.dump(ground_truth.line(ref, ground_truth.class_labels(labels)))


# Images


def png_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_images_that_cannot_be_shown_say_why(user: Any, tmp_path: Path, photos: Path) -> None:
    whole = (photos / "fig.jpg").read_bytes()
    broken = {
        "text.jpg": b"Dear Sir or Madam", "cut.jpg": whole[:3_000], "empty.png": b"",
        "huge.png": png_of(60_000, 60_000), "long.png": png_of(60_000, 1),
        "noise.jpg": b"\xff\xd8\xff" + whole[9_000:],
    }  # fmt: skip
    for name, content in broken.items():
        (photos / name).write_bytes(content)
    names = [*broken, "missing.jpg", "fig.jpg"]
    lines = [labelled(f"s3://leaves/{name}", "oak") for name in names]
    bench = open_lines(
        user, tmp_path, [*lines, b'{"source-ref":"s3://leaves/../../etc/passwd"}'], str(photos)
    )
    model = bench.browser.model

    def shown(row: int) -> Any:
        card = model.card(row)
        return bench.pictures.thumbnail(card.entry_id, card.source_ref)

    user.wait(lambda: all(shown(row).pixmap or shown(row).problem for row in range(len(names) + 1)))
    problems = {model.card(row).name: shown(row).problem for row in range(model.rowCount())}
    assert problems.pop("fig.jpg") == ""
    assert all(problems.values()), problems
    bench.gallery.grab()

    for row in range(model.rowCount()):
        bench.browser.go_to(model.id_at(row))
        bench.show_image()
        user.settle()
        canvas = bench.image.canvas
        if model.card(row).name == "fig.jpg":
            assert canvas.has_image
        else:
            assert not canvas.has_image
            assert [text for text in canvas._message.findChildren(QLabel) if text.text()]
            user.key(Qt.Key.Key_B)
            user.drag((10, 10), (50, 50))
            user.key(Qt.Key.Key_Delete)
            user.key(Qt.Key.Key_B)
            user.key(user.digit_of("oak"), SHIFT)  # labels can be given all the same
            assert user.class_labels(model.id_at(row)) in ([], ["oak"])
            user.key(Qt.Key.Key_Z, CTRL)
    user.settle()
    assert bench.document.undo_stack.index() == 0


def test_an_image_that_comes_back_is_shown(user: Any, tmp_path: Path, photos: Path) -> None:
    fig = (photos / "fig.jpg").read_bytes()
    (photos / "fig.jpg").unlink()
    bench = open_lines(
        user, tmp_path, [labelled("s3://leaves/fig.jpg", "oak"), labelled("s3://leaves/cat.png")], str(photos)
    )
    bench.show_image()
    user.settle()
    assert not bench.image.canvas.has_image
    (photos / "fig.jpg").write_bytes(fig)
    bench.browser.step(1)
    user.settle()
    bench.browser.step(-1)
    user.wait(lambda: bench.image.canvas.has_image)


# Labels and boxes


def test_a_box_drawn_before_there_is_a_class_waits_for_its_name(user: Any, photos: Path) -> None:
    user.window.open_wish(Wish(str(photos), target="s3://leaves/photos"))
    bench = user.opened()
    assert not bench.colours.labels
    fig = user.open_image("fig.jpg")
    user.key(Qt.Key.Key_B)
    user.drag((100, 100), (300, 250))
    assert QApplication.focusWidget() is bench.labels.field
    user.qtbot.keyClicks(bench.labels.field, "fig")
    user.key(Qt.Key.Key_Return)
    user.wait(lambda: user.boxes(fig))
    ((label, frame),) = user.boxes(fig)
    assert label == "fig"
    assert frame == pytest.approx((100, 100, 200, 150), abs=3)


def test_a_problem_of_an_image_that_the_filter_hides(
    user: Any, tmp_path: Path, manifest: Path, photos: Path
) -> None:
    bench = open_lines(user, tmp_path, manifest.read_bytes().splitlines(), str(photos))
    bench.browser.set_filter(Filter(kind=Kind.UNLABELLED))
    user.settle()
    problem = next(one for one in bench.problems.problems if one.code == "ERROR_INVALID_BOUNDING_BOX")
    assert bench.browser.model.row_of(problem.entry_id) is None
    bench.go_to_problem(problem)
    user.wait(bench.image.canvas.selected_boxes)
    assert bench.browser.current == problem.entry_id
    assert [box.index for box in bench.image.canvas.selected_boxes()] == [7]
    assert "1551" in bench.json_line.text.textCursor().selectedText()


def test_a_problem_is_gone_to_before_its_image_is_loaded(
    user: Any, tmp_path: Path, manifest: Path, photos: Path
) -> None:
    """The size of an image may be known from nowhere but the image."""
    line = json.loads(next(raw for raw in manifest.read_bytes().splitlines() if b"dandelions" in raw))
    line["sample_BB"]["annotations"][7]["width"] = -5
    lines = [*manifest.read_bytes().splitlines()[:7], json.dumps(line).encode()]
    bench = open_lines(user, tmp_path, lines, str(photos))
    bench.pictures._kept.clear()
    problem = next(
        one for one in bench.problems.problems if one.entry_id == 8 and "/annotations/7" in one.pointer
    )
    bench.go_to_problem(problem)
    user.wait(bench.image.canvas.selected_boxes)
    assert [box.index for box in bench.image.canvas.selected_boxes()] == [7]


def test_labels_of_very_many_images_at_once(user: Any, tmp_path: Path) -> None:
    """Given, taken away and undone without holding the window up."""
    bench = open_lines(
        user, tmp_path, [labelled(f"s3://leaves/{n}.jpg", *(["elm"] if not n else [])) for n in range(1_500)]
    )
    bench.gallery.setFocus()

    def with_label() -> int:
        return len(bench.document.workspace.ids(Filter(label="elm")))

    user.trigger("select_all")
    for expected, act in (
        (1_500, lambda: user.key(Qt.Key.Key_1)),
        (0, lambda: user.key(Qt.Key.Key_1)),
        (1_500, lambda: user.key(Qt.Key.Key_Z, CTRL)),
        (1, lambda: user.key(Qt.Key.Key_Z, CTRL)),
    ):
        act()  # type: ignore[no-untyped-call]
        user.wait(lambda expected=expected: with_label() == expected and not bench.document.saving)
        user.settle()
    assert with_label() == 1


# Text from data


def may_be_rich(text: str) -> bool:
    """Whether Qt, where it guesses, could take the text for HTML."""
    return "<" in text and not text.startswith("<qt>")


def plainly_shown(window: QWidget) -> list[str]:
    """What the window's labels show; each must take its text as it is where the text may be anything."""
    wrong = []
    for label in window.findChildren(QLabel):
        guessed = label.textFormat() == Qt.TextFormat.AutoText
        if guessed and may_be_rich(label.text()):
            wrong.append(label.text())
    return wrong


@pytest.mark.parametrize("hostile", HOSTILE, ids=("html", "ampersand", "newline", "override", "rtl", "long"))
def test_text_from_data_is_shown_as_it_is(user: Any, tmp_path: Path, photos: Path, hostile: str) -> None:
    ref = f"s3://leaves/{hostile}.jpg"
    bench = open_lines(
        user,
        tmp_path,
        [labelled(ref, hostile), *(labelled(f"s3://leaves/{n}.jpg") for n in "ab")],
        str(photos),
    )
    user.settle()
    assert [label.name for label in bench.colours.labels] == [hostile]
    bench.gallery.setFocus()
    user.trigger("select_all")
    user.key(Qt.Key.Key_1)
    user.settle()
    assert " ".join(hostile.split())[:40] in user.toast()
    room = bench.pages.rect()
    assert room.contains(bench.toast.geometry()), (room, bench.toast.geometry())
    undo = user.window.actions_by_name["undo"]
    assert len(undo.text()) < 200
    assert "&" not in undo.text().replace("&&", "").removeprefix("&")
    assert undo.toolTip().startswith("<qt>")
    tip = QTextDocument()
    tip.setHtml(undo.toolTip())
    assert "\ufffc" not in tip.toPlainText()  # an image
    bench.show_image()
    user.settle()
    bench.drawer.setCurrentWidget(bench.json_line)
    user.window.grab()
    assert plainly_shown(user.window) == []
    for widget in user.window.findChildren(QWidget):
        assert not may_be_rich(widget.toolTip()) or widget.toolTip().startswith("<qt>")
        assert widget.width() <= user.window.width()
    assert user.window.width() == 1280
    user.window.opener.failed.emit(FileNotFoundError(hostile))
    assert " ".join(hostile.split())[:40] in user.toast()
    assert room.contains(bench.toast.geometry())


@pytest.mark.parametrize("name", ["<img src=x>", "nuts & bolts", "[*] parts", "מספריים"])
def test_a_workspace_of_any_name(user: Any, tmp_path: Path, name: str) -> None:
    manifest = tmp_path / f"{name}.manifest"
    manifest.write_bytes(labelled("s3://leaves/a.jpg") + b"\n")
    user.open(str(manifest))
    title = user.window.windowTitle()
    assert title.startswith(name) or title.replace("[*][*]", "[*]").startswith(name)
    user.trigger("close")
    offered = [
        one
        for one in user.window.welcome.findChildren(QAbstractButton)
        if name in one.toolTip() or one.toolTip()
    ]
    assert len([one for one in offered if one.toolTip().startswith("<qt>")]) == 1


# What is remembered


def test_the_window_comes_back_as_it_was(start: Any, manifest: Path, tmp_path: Path) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    with start() as user:
        user.window.resize(790, 650)
        user.qtbot.waitUntil(lambda: user.window.size().toTuple() == (790, 650))
        bench = user.open(str(copied))
        bench.gallery.set_side(120)
        bench.columns.setSizes([0, 500, 290])
        sizes = bench.columns.sizes()
    with start() as user:
        assert user.app.settings.get("recent") == [str(tmp_path / "parts.truthline")]
        # The fixture gives each new window a size of its own; what was kept is what the window asked for.
        from PySide6.QtCore import QByteArray  # noqa: PLC0415

        assert user.window.restoreGeometry(QByteArray.fromBase64(user.app.settings.get("window").encode()))
        assert user.window.size().toTuple() == (790, 650)
        bench = user.open(str(copied))
        assert bench.gallery.side == 120
        assert bench.columns.sizes() == pytest.approx(sizes, abs=2)


def test_dark_and_light(user: Any, manifest: Path, tmp_path: Path) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    bench = user.open(str(copied))
    was = theme.tokens().dark
    pixels = []
    for dark in (not was, was):
        user.trigger("dark")
        assert theme.tokens().dark is dark
        assert user.app.settings.get("appearance") == ("dark" if dark else "light")
        assert user.window.actions_by_name["dark"].isChecked() is dark
        for mode in (bench.show_image, bench.show_gallery):
            mode()
            pixels.append(user.window.grab().toImage().pixelColor(3, user.window.height() - 3).lightness())
    assert (pixels[0] < 128) is not was
    assert (pixels[2] < 128) is was


def test_the_search_narrows_the_list_and_escape_leaves_it(user: Any, manifest: Path, tmp_path: Path) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    bench = user.open(str(copied))
    user.go_to("fig.jpg")
    bench.gallery.setFocus()
    user.trigger("find")
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    user.qtbot.keyClicks(field, "D1")  # no digit key, no command
    user.wait(lambda: bench.browser.model.rowCount() == 0)
    field.clear()
    user.qtbot.keyClicks(field, "FIG")
    user.wait(lambda: bench.browser.model.rowCount() == 1)
    assert bench.document.undo_stack.count() == 0
    user.key(Qt.Key.Key_Escape)
    user.wait(lambda: bench.browser.model.rowCount() == 17)
    assert user.window.findChild(QLineEdit).text() == "" or field.text() == ""
    assert QApplication.focusWidget() is bench.gallery


# The sample


def test_the_sample(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its real child process, which ends with the workspace; so does what it sets for AWS's software."""
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    class Noted(real):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            started.append(self)

    monkeypatch.setattr(demo.subprocess, "Popen", Noted)  # type: ignore[attr-defined]
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    user.trigger("open_sample")
    user.wait(lambda: user.window.bench is not None, 60)
    bench = user.opened()
    assert bench.browser.model.rowCount() == 17
    user.wait(lambda: "17 images" in user.status)
    folder = bench.document.workspace.path.parent
    fig = user.go_to("fig.jpg")
    user.key(user.digit_of("outdoor"))
    user.trigger("push")
    user.wait(lambda: "stored" in user.toast(), 60)
    user.settle()
    assert user.class_labels(fig) == ["outdoor"]
    assert user.app.settings.get("recent") == []

    user.trigger("close")
    box = user.dialog(QMessageBox)
    user.click(next(one for one in box.buttons() if "Discard" in one.text()))
    user.wait(lambda: started[0].poll() is not None)
    user.settle()
    assert not folder.exists()
    assert {name: value for name, value in os.environ.items() if name.startswith("AWS_")} == before

    user.trigger("open_sample")  # a fresh one
    user.wait(lambda: user.window.bench is not None, 60)
    bench = user.opened()
    assert user.class_labels(EntryId(fig)) == []
    folder = bench.document.workspace.path.parent
    user.window.close()
    user.wait(lambda: started[1].poll() is not None)
    user.settle()
    assert not folder.exists()
    assert {name: value for name, value in os.environ.items() if name.startswith("AWS_")} == before


def test_giving_up_the_sample_leaves_nothing(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    user.trigger("open_sample")
    user.wait(user.window.welcome._cancel.isVisible)
    user.click(user.window.welcome._cancel)
    user.wait(lambda: user.app.jobs.idle, 60)
    assert user.window.bench is None
    assert user.toast() == ""
    assert not user.window.welcome._cancel.isVisible()
    assert dict(os.environ) == before
