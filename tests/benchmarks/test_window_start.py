"""How long the window takes to appear, against an empty window of Qt's in the same run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

RUNS = 9
FACTOR = 2.3
HEAVY = {
    "boto3",
    "botocore",
    "jsonschema",
    "msgspec",
    "PIL",
    "sqlite3",
    "yaml",
    "moto",
    "werkzeug",
    "hypothesis",
    "tqdm",
    "asyncio",
    "unittest",
}
"""What nobody needs before there is something to see."""

_PAINTED = """
import json, sys
from PySide6.QtCore import QEvent, QObject, QTimer

class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched is window:
            QTimer.singleShot(0, told)
        return False

def told():
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), flush=True)
    sys.stdin.readline()
    application.exit()

painted = Painted()
window.installEventFilter(painted)
window.show()
application.exec()
window.close()
if "app" in globals():
    app.close()
"""
EMPTY = """
from PySide6.QtWidgets import QApplication, QMainWindow

application = QApplication([])
window = QMainWindow()
window.resize(1280, 820)
"""
OURS = """
import sys
from pathlib import Path
from truthline.ui.app import App
from PySide6.QtWidgets import QApplication
from truthline.settings import Settings

application = QApplication([])
folder = Path(sys.argv[1])
app = App(Settings(folder / "settings.json"), folder / "cache")
window = app.window
"""


def first_paint(program: str, folder: Path) -> tuple[float, set[str]]:
    """Seconds from the start of a process to its first paint, and the modules it had imported by then."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            program + _PAINTED + ("app.close()\n" if "app = " in program else ""),
            str(folder),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    ) as process:
        assert process.stdout is not None
        said: Any = process.stdout.readline()
        took = time.perf_counter() - begun
        process.communicate(b"\n", timeout=60)
    assert process.returncode == 0
    return took, set(json.loads(said))


def test_nothing_heavy_is_imported_before_the_first_paint(tmp_path: Path) -> None:
    _, modules = first_paint(OURS, tmp_path)
    assert "truthline" in modules
    assert modules & HEAVY == set()


@pytest.mark.benchmark
def test_the_window_appears_soon_after_an_empty_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for program in (EMPTY, OURS):  # what is read from the disk for the first time is not what is measured
        first_paint(program, tmp_path)
    empty, ours = [], []
    for _ in range(RUNS):
        empty.append(first_paint(EMPTY, tmp_path)[0])
        ours.append(first_paint(OURS, tmp_path)[0])
    floor, taken = statistics.median(empty), statistics.median(ours)
    told = f"first paint: {1000 * taken:.0f} ms, an empty window {1000 * floor:.0f} ms"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}, {taken / floor:.2f} times as long\n")
    assert taken <= FACTOR * floor, told
