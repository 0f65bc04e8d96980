"""Ways in which a window ends: by a signal, at a display that is not there, and out of the sample."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton

from truthline.ui import app as program
from truthline.ui.kit.posix_signals import EndSignals
from truthline.ui.start.sample import SAMPLE_NAME
from truthline.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

unix = pytest.mark.skipif(sys.platform == "win32", reason="signals are for Unix")


# signals


@pytest.fixture
def window_of_sample(tmp_path: Path, qtbot: QtBot) -> Iterator[subprocess.Popen[bytes]]:
    """The program as a process of its own, which shows the sample; its files lie in ``tmp_path``."""
    places = {name: str(tmp_path / name) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR")}
    for place in places.values():
        Path(place).mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "truthline", "demo"],
        env={**os.environ, **places, "QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        qtbot.waitUntil(lambda: list((tmp_path / "TMPDIR").glob("*/sample.truthline")) != [], timeout=60_000)
        yield child
        child.kill()


@unix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_window_as_closing_it_does(
    window_of_sample: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    window_of_sample.send_signal(number)
    _, said = window_of_sample.communicate(timeout=60)
    assert (window_of_sample.returncode, said) == (0, b"")
    assert list((tmp_path / "TMPDIR").iterdir()) == []
    assert [path.name for path in (tmp_path / "XDG_CONFIG_HOME").rglob("*") if path.is_file()] != []
    with pytest.raises(ProcessLookupError):  # the emulator's process has gone too
        os.killpg(window_of_sample.pid, 0)


@unix
def test_a_signal_ends_the_window_while_a_question_is_open(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(QApplication, "exit", codes.append)  # the real one would end all later loops too
    signals = EndSignals()
    signals.received.connect(lambda _number: program._end(user.window))
    try:
        open_sample(user)
        label_fig(user)
        user.window.close()
        user.dialog(QMessageBox)
        os.kill(os.getpid(), signal.SIGTERM)
        user.wait(lambda: user.window.bench is None and not user.window.isVisible())
        assert codes == [0]
    finally:
        signals.close()


@unix
def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    EndSignals().close()
    assert signal.getsignal(signal.SIGINT) is before


# a display that is not there


@pytest.mark.skipif(sys.platform != "linux", reason="displays are named on Linux")
@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_dead_display_is_told_in_one_sentence(name: str, tmp_path: Path) -> None:
    environment = {
        key: value for key, value in os.environ.items() if key not in {"DISPLAY", "QT_QPA_PLATFORM"}
    }
    ended = subprocess.run(
        [sys.executable, "-m", "truthline", "demo"],
        env={**environment, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), name: ":4242"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("truthline: ")
    assert "display" in line or "lacks a library" in line


# the sample


def open_sample(user: Any) -> Any:
    user.trigger("open_sample")
    user.wait(lambda: user.window.bench is not None, 60)
    return user.opened()


def label_fig(user: Any) -> Any:
    entry_id = user.go_to("fig.jpg")
    user.key(user.digit_of("outdoor"))
    user.settle()
    return entry_id


def answer(user: Any, words: str) -> None:
    box = user.dialog(QMessageBox)
    assert box.text() == "Keep what you did in the sample?"
    user.click(next(button for button in box.findChildren(QPushButton) if words in button.text()))


def test_a_sample_without_work_is_closed_without_a_question(user: Any) -> None:
    open_sample(user)
    assert user.window.windowTitle() == f"{SAMPLE_NAME} — Truthline"
    user.trigger("close")
    assert user.window.bench is None


@pytest.mark.parametrize("leaving", ["close", "open_sample", "quit"])
def test_what_was_done_in_the_sample_is_kept(
    user: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaving: str
) -> None:
    bench = open_sample(user)
    entry_id = label_fig(user)
    lines = [line for line, _ in bench.document.workspace.lines()]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    user.trigger(leaving)
    answer(user, "Keep")
    user.wait(lambda: user.window.bench is not bench, 60)
    user.settle()
    kept = tmp_path / "mine.truthline"
    assert str(kept) in user.app.settings.get("recent")
    with Workspace.open(kept) as workspace:
        assert [line for line, _ in workspace.lines()] == lines
        info = workspace.info
        assert (info.dataset_arn, info.endpoint_url, info.profile) == ("", "", "")
        assert workspace.counts().changed == workspace.counts().total  # no dataset holds any of it
        assert workspace.entry(entry_id).base is None
    if leaving == "close":
        bench = user.open(str(kept))
        user.wait(lambda: all_shown(bench))


def all_shown(bench: Any) -> bool:
    cards = [bench.browser.model.card(row) for row in range(bench.browser.model.rowCount())]
    return all(bench.pictures.thumbnail(card.entry_id, card.source_ref).pixmap is not None for card in cards)


def test_the_sample_s_work_can_be_discarded_or_gone_on_with(user: Any) -> None:
    bench = open_sample(user)
    label_fig(user)
    user.window.close()
    answer(user, "Cancel")
    user.settle()
    assert user.window.isVisible()
    assert user.window.bench is bench
    user.trigger("close")
    answer(user, "Discard")
    user.wait(lambda: user.window.bench is None)


def test_nothing_is_kept_in_the_folder_that_goes_with_the_sample(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_sample(user)
    label_fig(user)
    folder = bench.document.workspace.path.parent
    asked: list[str] = []

    def choose(_window: object, _title: str, suggested: str, *_: object) -> tuple[str, str]:
        asked.append(suggested)
        return str(folder / "mine"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    user.trigger("export")
    assert "goes with the sample" in user.toast()
    user.trigger("close")
    answer(user, "Keep")
    user.wait(lambda: len(asked) == 2)
    assert user.window.bench is bench
    assert "goes with the sample" in user.toast()
    assert [path.name for path in folder.iterdir() if path.suffix == ".manifest"] == []
    assert all(Path(one).parent.is_dir() and Path(one).parent != folder for one in asked)


def test_a_place_that_cannot_be_written_keeps_the_sample_open(
    user: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_sample(user)
    label_fig(user)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "mine"), ""))
    (tmp_path / "no").write_bytes(b"a file, not a folder")
    user.trigger("close")
    answer(user, "Keep")
    user.wait(lambda: "cannot be" in user.toast())
    assert user.window.bench is bench
