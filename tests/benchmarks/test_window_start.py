"""The window's start against an empty window's: whole processes, up to the first paint."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.benchmark

RUNS = 9
AT_MOST = 2.0

_EMPTY = """
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.resize(1280, 820)
"""
_TRUTHLINE = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from truthline.settings import Settings
from truthline.ui.app import App
application = QApplication([])
window = App(Settings(Path(sys.argv[1]) / "settings.json"), Path(sys.argv[1])).window
"""
# The process ends as soon as the first paint has been flushed: closing is no part of the start.
_PAINTED = """
import os
from PySide6.QtCore import QEvent, QObject
class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched is window:
            os._exit(0)
        return False
seen = Painted()
application.installEventFilter(seen)
window.show()
application.exec()
"""


def seconds(program: str, folder: Path) -> float:
    """From the start of a process to its first paint."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", program + _PAINTED, str(folder)], check=True, timeout=60)
    return time.perf_counter() - begun


def test_the_window_is_there_in_twice_the_time_of_an_empty_one(tmp_path: Path) -> None:
    pairs = [(seconds(_EMPTY, tmp_path), seconds(_TRUTHLINE, tmp_path)) for _ in range(RUNS)]
    floor, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"empty window {floor:.3f} s, Truthline {ours:.3f} s, {ours / floor:.2f} times")  # noqa: T201
    assert ours <= AT_MOST * floor
