"""One run of the window at one size, as a process of its own; prints what it took as JSON.

``python -m benchmarks.scale_run FOLDER LINES``, from the folder of the tests. `test_scale` makes the table.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import orjson
from PIL import Image
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from truthline.manifest.file import read_raw_lines
from truthline.settings import Settings
from truthline.sync.pull.candidates import candidates
from truthline.sync.push.plan import plan
from truthline.ui.app import App
from truthline.workspace.workspace import EntryId, Filter, Kind, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from truthline.ui.window.workbench import Workbench

LABELS = [f"label {number}" for number in range(20)]


def make_manifest(path: Path, count: int) -> None:
    """Nine in ten lines are labelled: all with one label of the image, half of them with boxes too."""
    rnd = random.Random(11)  # noqa: S311
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            line: dict[str, object] = {"source-ref": f"s3://scale-bucket/photos/{number:07d}.jpg"}
            if number % 10:
                label = LABELS[0] if number % 3 else rnd.choice(LABELS)
                line["kind"] = 1
                line["kind-metadata"] = {
                    "confidence": 1,
                    "job-name": "labeling-job/kind",
                    "class-name": label,
                    "human-annotated": "yes",
                    "creation-date": "2024-05-14T09:12:37.137Z",
                    "type": "groundtruth/image-classification",
                }
            if number % 10 > 6:
                boxes = [
                    {"class_id": rnd.randrange(2), "left": 5 * n, "top": 7, "width": 40, "height": 30}
                    for n in range(rnd.randint(1, 4))
                ]
                line["bb"] = {
                    "image_size": [{"width": 640, "height": 480, "depth": 3}],
                    "annotations": boxes,
                }
                line["bb-metadata"] = {
                    "objects": [{"confidence": 1} for _ in boxes],
                    "class-map": {"0": "nut", "1": "bolt"},
                    "type": "groundtruth/object-detection",
                    "human-annotated": "yes",
                    "creation-date": "2024-05-14T09:12:37.137Z",
                    "job-name": "labeling-job/bb",
                }
            file.write(json.dumps(line) + "\n")


def make_folder(folder: Path, count: int) -> None:
    """Small JPEG files of 20 contents."""
    if folder.exists():
        return
    folder.mkdir()
    bodies = []
    for _ in range(20):
        body = BytesIO()
        Image.effect_noise((640, 480), 60).convert("RGB").save(body, "JPEG", quality=60)
        bodies.append(body.getvalue())
    for number in range(count):
        (folder / f"{number:06d}.jpg").write_bytes(bodies[number % len(bodies)])


def seconds_of_orjson(path: Path) -> float:
    begun = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)
    return time.perf_counter() - begun


class Heartbeat:
    """The longest time for which the event loop did not turn, whatever it waited for."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(5)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def begin(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()


class Run:
    """The window, and what each thing that was done in it took."""

    def __init__(self, folder: Path, lines: int) -> None:
        self.rows: dict[str, dict[str, float]] = {}
        self.lines = lines
        self.folder = folder
        self.manifest = folder / f"scale-{lines}.manifest"
        if not self.manifest.exists():
            make_manifest(self.manifest, lines)
        self.application = QApplication([])
        self.app = App(Settings(folder / "settings.json"), folder / "cache")
        self.window = self.app.window
        self.window.resize(1440, 900)
        self.window.show()
        self.heart = Heartbeat()

    @property
    def bench(self) -> Workbench:
        assert self.window.bench is not None
        return self.window.bench

    def until(self, reached: Callable[[], bool], limit: float = 900.0) -> float:
        begun = time.perf_counter()
        while not reached():
            # As a window waits: without a hold on the interpreter, until something happens.
            self.application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.perf_counter() - begun > limit:
                raise TimeoutError
        return time.perf_counter() - begun

    @contextmanager
    def row(self, name: str) -> Iterator[dict[str, float]]:
        self.heart.begin()
        begun = time.perf_counter()
        row: dict[str, float] = {}
        yield row
        row.setdefault("seconds", time.perf_counter() - begun)
        self.application.processEvents()
        row["block_ms"] = self.heart.longest * 1000
        row["mb"] = resident()
        self.rows[name] = row
        sys.stderr.write(f"{self.lines:>7} {name:<34} " + told(row) + "\n")

    @property
    def idle(self) -> bool:
        return self.app.jobs.idle and not self.bench.document.saving

    def settle(self) -> None:
        self.until(lambda: self.idle)
        for _ in range(5):
            self.application.processEvents()
        self.until(lambda: self.idle)

    # what is done

    def open(self) -> None:
        for file in self.folder.glob(f"*scale-{self.lines}*.truthline*"):
            file.unlink()
        begun = time.perf_counter()
        with self.row("open: first page") as row:
            self.window.open(str(self.manifest))
            self.until(lambda: self.window.bench is not None and self.bench.browser.model.rowCount() > 0)
            row["seconds"] = time.perf_counter() - begun
        with self.row("open: all there") as row:
            self.until(lambda: self.bench.browser.model.rowCount() == self.lines)
            row["seconds"] = time.perf_counter() - begun
            self.settle()

    def open_folder(self) -> None:
        """A folder of as many small JPEG files."""
        folder = self.folder / f"folder-{self.lines}"
        make_folder(folder, self.lines)
        for file in self.folder.glob(f"*folder-{self.lines}*.truthline*"):
            file.unlink()
        self.window.close_workspace()
        begun = time.perf_counter()
        with self.row("folder: first page") as row:
            self.window.open(str(folder))
            self.until(lambda: self.window.bench is not None and self.bench.browser.model.rowCount() > 0)
            row["seconds"] = time.perf_counter() - begun
        with self.row("folder: all there") as row:
            self.until(lambda: self.bench.browser.model.rowCount() == self.lines)
            row["seconds"] = time.perf_counter() - begun
            self.settle()

    def next_image(self) -> None:
        """From image to image with the key, as fast as they are shown."""
        bench = self.bench
        bench.show_image()
        self.settle()
        taken = []
        for _ in range(40):
            begun = time.perf_counter()
            bench.browser.step(1)
            self.until(lambda: bench.image.canvas.has_image)
            bench.image.canvas.viewport().repaint()
            taken.append(time.perf_counter() - begun)
            self.settle()
        with self.row("next image") as row:
            row["seconds"] = median(taken)
        self.rows["next image"]["worst"] = max(taken)
        bench.show_gallery()

    def list_with(self, name: str, wanted: Filter) -> None:
        """Set a filter, and wait until the first page is painted."""
        listed: list[Filter] = []
        connection = self.bench.browser.listed.connect(listed.append)
        with self.row(name):
            self.bench.browser.set_filter(wanted)
            self.until(lambda: bool(listed))
            self.bench.gallery.repaint()
        self.bench.browser.listed.disconnect(connection)
        self.settle()

    def select(self) -> None:
        with self.row("select all"):
            self.bench.select_all()
            self.settle()
        self.list_with("filter by a label that most have", Filter(label=LABELS[0]))
        self.list_with("show all again", Filter())
        with self.row("select all again"):
            self.bench.select_all()
            self.settle()
        self.list_with("filter by a label that few have", Filter(label=LABELS[7]))
        with self.row("select all that are listed"):
            self.bench.select_all()
            self.settle()
        self.list_with("all, with a few selected", Filter())

    def filter(self) -> None:
        self.list_with("filter by text", Filter(text="77"))
        self.list_with("filter by text that most hold", Filter(text="photos"))
        self.list_with("filter by kind", Filter(kind=Kind.UNLABELLED))
        self.list_with("filter by label", Filter(label=LABELS[0]))
        self.list_with("no filter", Filter())

    def edit(self) -> None:
        bench = self.bench
        bench.select_all()
        self.settle()
        label = next(one.name for one in bench.colours.labels if one.name == LABELS[3])
        acts: list[tuple[str, Callable[[], object]]] = [
            ("a digit on all", lambda: bench.selection.give(label)),
            ("undo it", bench.document.undo),
            ("redo it", bench.document.redo),
        ]
        for name, act in acts:
            before = resident()
            with self.row(name) as row:
                act()
                self.until(lambda: bench.document.saving)
                self.settle()
            row["more_mb"] = resident() - before

    def plan(self) -> None:
        """What a push of ten changes takes before it sends them, of a workspace that holds all."""
        path = self.folder / f"plan-{self.lines}.truthline"
        if not path.exists():
            with Workspace.create(path, WorkspaceInfo("plan")) as workspace:
                workspace.append(NewEntry(raw, base=raw) for raw in read_raw_lines(self.manifest))
                for number in range(10):
                    entry_id = EntryId(1 + number * (self.lines // 10))
                    line = workspace.entry(entry_id).line
                    workspace.save(entry_id, line[:-1] + b', "by": "me"}')
        with Workspace.open(path) as workspace:
            taken = []
            for _ in range(9):
                begun = time.perf_counter()
                planned = plan(candidates(workspace), bucket="scale-bucket", strict=False)
                taken.append(time.perf_counter() - begun)
        assert planned.lines == 10
        with self.row("plan a push of ten") as row:
            row["seconds"] = median(taken)

    def close(self) -> None:
        self.app.close()


def told(row: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:9.3f}" for name, value in row.items())


def resident() -> float:
    """Megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    run = Run(Path(sys.argv[1]), int(sys.argv[2]))
    wanted = sys.argv[3:] or ["open", "select", "filter", "edit", "plan"]
    floor = median(seconds_of_orjson(run.manifest) for _ in range(3))
    for name in wanted:
        getattr(run, name)()
    run.close()
    rows = run.rows
    sys.stdout.write(json.dumps({"lines": run.lines, "orjson": floor, "rows": rows}) + "\n")


if __name__ == "__main__":
    main()
