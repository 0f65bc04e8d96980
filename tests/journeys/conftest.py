"""The real main window, a dataset in the emulator, and a watchdog over the GUI thread."""

from __future__ import annotations

import functools
import gc
import json
import shutil
import sys
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import platformdirs
import pytest
from botocore.retries import standard
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qt_compat import qt_api
from pytestqt.qtbot import QtBot
from typing_extensions import override

from truthline.aws.session import Aws, connect
from truthline.emulator import ManualClock, Switches
from truthline.manifest.line import parse_line, split_source_ref
from truthline.progress import CancelToken
from truthline.resources import resource
from truthline.settings import Settings
from truthline.sync.service.watch import watch
from truthline.ui.app import App
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QAbstractItemView, QWidget

    from truthline.aws.connection import Connection
    from truthline.emulator import Emulator
    from truthline.manifest.annotation import Annotation
    from truthline.ui.window.workbench import Workbench

BUCKET = "truthline-sample"
PYTESTQT = "pytestqt"


# The watchdog


class Watchdog:
    """Notes every time the GUI thread was blocked in the event loop for longer than ``limit`` seconds.

    A thread looks at the GUI thread's clock every few milliseconds. What counts is time since the loop last
    turned (a timer tells that) that the GUI thread either spent computing, or spent waiting for something
    while it was not waiting for a processor: so a busy computer blocks nobody. The test's own code is left
    out: only what the loop, or an event that the test sends by pytest-qt, called is looked at.
    """

    every = 0.01
    """Seconds between two looks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, limit: float = 0.1) -> None:
        self.limit = limit
        self.blocks: list[str] = []
        self._gui = threading.main_thread().ident or 0
        self._clock = time.pthread_getcpuclockid(self._gui)
        self._depth = self._visits = self._turns = 0
        self._timer = QTimer()
        self._timer.timeout.connect(self._turned)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog")
        monkeypatch.setattr(qt_api, "exec", self._within(qt_api.exec))
        for name in ("Click", "DClick", "Move", "Press", "Release"):
            self._patch(monkeypatch, f"mouse{name}")
        for name in ("Click", "Clicks", "Press", "Release"):
            self._patch(monkeypatch, f"key{name}")

    def start(self) -> None:
        self._timer.start(10)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._timer.stop()

    def _patch(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setattr(QtBot, name, staticmethod(self._within(getattr(QtBot, name))))

    def _within(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, which turns the event loop or sends an event, so that it is known to be under way."""

        @functools.wraps(call)
        def entered(*args: Any, **more: Any) -> Any:
            self._visits += 1
            self._depth += 1
            try:
                return call(*args, **more)
            finally:
                self._depth -= 1
                self._visits += 1

        return entered

    def _turned(self) -> None:
        self._turns += 1

    def _watch(self) -> None:
        # No frame of the GUI thread is looked at before it is blocked: one in hand keeps its variables alive,
        # such as a painter, and Qt's objects must not end in this thread.
        turn: tuple[int, int] | None = None
        begun = last = self._look()
        waited, told = 0.0, False
        while not self._stopped.wait(self.every):
            now = self._look()
            here = (self._visits, self._turns) if self._depth else None
            if here is None or here != turn:
                turn, begun, waited, told = here, now, 0.0, False
            elif not told:
                # A look that comes late tells that this computer is busy, not that the GUI thread waits.
                passed = min(now.at - last.at, 2 * self.every) - max(now.queued - last.queued, 0.0)
                # And while other threads compute they may hold what Python has only one of.
                passed -= now.elsewhere - last.elsewhere
                waited = 0.0 if now.computed - last.computed > 0.001 else waited + max(passed, 0.0)
                if max(now.computed - begun.computed, waited) > self.limit:
                    told = True
                    self._tell(now, begun)
            last = now

    def _tell(self, now: _Look, begun: _Look) -> None:
        stack = traceback.extract_stack(sys._current_frames().get(self._gui))
        places = [number for number, place in enumerate(stack) if f"/{PYTESTQT}/" in place.filename]
        inside = stack[places[-1] + 1 :] if places else stack
        if not inside and now.computed - begun.computed <= self.limit:
            return  # nothing of ours waits: a page that has to come from the disk, or a sleeping computer
        lines = "".join(traceback.format_list(inside)) or "  (in Qt itself)\n"
        spent = f"{1000 * (now.computed - begun.computed):.0f} ms computing"
        self.blocks.append(
            f"blocked for {1000 * (now.at - begun.at):.0f} ms, {spent}, and still at:\n{lines}"
        )

    def _look(self) -> _Look:
        computed = time.clock_gettime(self._clock)
        return _Look(time.perf_counter(), computed, self._queued(), time.process_time() - computed)

    @staticmethod
    def _queued() -> float:
        """Seconds for which this process's threads were ready and had to wait for a processor.

        All of them count: one that waits for a processor may hold what the GUI thread waits for.
        """
        seconds = 0.0
        with suppress(OSError):
            for task in Path("/proc/self/task").iterdir():
                with suppress(OSError, ValueError, IndexError):  # it has just ended
                    seconds += int((task / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
        return seconds


class _Look(NamedTuple):
    at: float
    computed: float
    queued: float
    elsewhere: float
    """What other threads of this process computed."""


@pytest.fixture
def new_watchdog(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Watchdog]:
    """For the tests of it."""
    return lambda: Watchdog(monkeypatch)


@pytest.fixture(autouse=True)
def watched(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a journey in which the GUI thread was blocked."""
    if not hasattr(time, "pthread_getcpuclockid"):  # no thread can read another's clock there
        yield
        return
    gc.collect()
    gc.freeze()  # what a test before left behind is not looked through again and again
    dog = Watchdog(monkeypatch)
    dog.start()
    yield
    dog.stop()
    gc.unfreeze()
    if dog.blocks:
        pytest.fail("The GUI thread was " + "\n".join(dog.blocks), pytrace=False)


# The service


class RunningClock(ManualClock):
    """The computer's time, and ahead of it as far as a test says."""

    def __init__(self) -> None:
        super().__init__(0.0)

    @override
    def now(self) -> float:
        return time.time() + super().now()


@pytest.fixture
def clock() -> ManualClock:
    """Unlike elsewhere the emulator's clock runs: pushes wait for it off the GUI thread."""
    return RunningClock()


@pytest.fixture
def switches() -> Switches:
    return Switches(create_seconds=0.0, update_seconds=0.0, delete_seconds=0.0)


class Service:
    """The emulator as a test looks into it."""

    def __init__(self, emulator: Emulator, aws: Aws, connection: Connection) -> None:
        self.emulator = emulator
        self.aws = aws
        self.connection = connection

    def upload(self, path: Path, key: str, bucket: str = BUCKET) -> None:
        self.aws.s3.upload(path, bucket, key, report=lambda _: None, cancel=CancelToken())

    def make_dataset(self, manifest: Path, name: str = "sample") -> str:
        """Make a dataset of a manifest; returns its ARN."""
        self.upload(manifest, f"{name}.manifest")
        project = self.aws.rekognition.create_project(name)
        arn = self.aws.rekognition.create_dataset(project, "TRAIN", manifest=f"s3://{BUCKET}/{name}.manifest")
        list(watch(self.aws, arn, cancel=CancelToken()))
        return arn

    def lines(self, arn: str) -> dict[str, Any]:
        """What the dataset holds, by the image's name, without the service's own keys."""
        found = {}
        for page in self.aws.rekognition.list_entries(arn):
            for text in page:
                line = {key: value for key, value in json.loads(text).items() if not key.startswith("cl-")}
                found[line["source-ref"].rsplit("/", 1)[-1]] = _without_service_keys(line)
        return found

    def keys(self, prefix: str = "", bucket: str = BUCKET) -> set[str]:
        return {facts.key for facts in self.aws.s3.list(bucket, prefix)}


def _without_service_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_service_keys(v) for k, v in value.items() if not k.startswith("cl-")}
    if isinstance(value, list):
        return [_without_service_keys(item) for item in value]
    return value


@pytest.fixture
def service(emulator: Emulator, connection: Connection) -> Iterator[Service]:
    """The emulator with an empty bucket."""
    with connect(connection) as aws:
        aws.s3.create_bucket(BUCKET)
        gc.freeze()  # this side of the wire is not what the window has to look through
        yield Service(emulator, aws, connection)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of the sample's photos."""
    return Path(shutil.copytree(resource("sample/images"), tmp_path / "photos"))


@pytest.fixture
def manifest() -> Path:
    return resource("sample/sample.manifest")


@pytest.fixture
def dataset(service: Service, manifest: Path) -> str:
    """The ARN of the sample dataset, with its photos in the bucket."""
    for raw in manifest.read_bytes().splitlines():
        bucket, key = split_source_ref(parse_line(raw).source_ref)
        service.upload(resource("sample/images") / key.rpartition("/")[2], key, bucket)
    return service.make_dataset(manifest)


# The window


class User:
    """Works the window as a person does: keys, mouse, and looking at what it says."""

    def __init__(self, qtbot: QtBot, app: App) -> None:
        self.qtbot = qtbot
        self.app = app
        self.window = app.window

    @property
    def bench(self) -> Workbench:
        assert self.window.bench is not None
        return self.window.bench

    @property
    def status(self) -> str:
        """What the bar at the bottom says."""
        return self.bench.bar.status.text()

    def wait(self, condition: Callable[[], object], seconds: float = 20) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=int(1000 * seconds))

    def settled(self) -> bool:
        document = self.window.bench.document if self.window.bench else None
        return self.app.jobs.idle and not (document and (document.saving or document.growing))

    def settle(self) -> None:
        self.wait(self.settled)

    def open(self, text: str, connection: Connection | None = None) -> Workbench:
        self.window.open(text, connection)
        return self.opened()

    def opened(self) -> Workbench:
        self.wait(lambda: self.window.bench is not None and not self.window.opener.busy)
        self.settle()
        self.wait(lambda: self.bench.browser.model.rowCount() or not self.bench.document.workspace.ids())
        self.activate()
        return self.bench

    def activate(self) -> None:
        """What a desktop does when a dialog is closed."""
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)

    def trigger(self, name: str) -> None:
        action = self.window.actions_by_name[name]
        assert action.isEnabled()
        action.trigger()

    def key(self, key: Any, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        target = QApplication.focusWidget() or self.window
        self.qtbot.keyClick(target, key, modifiers)

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible()
        assert widget.isEnabled()
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def click_row(self, view: QAbstractItemView, index: Any) -> None:
        view.scrollTo(index)
        self.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())

    def dialog(self, kind: type[QDialog]) -> Any:
        """The dialog of that kind that is open."""
        self.wait(lambda: [d for d in self.window.findChildren(kind) if d.isVisible()])
        return next(d for d in self.window.findChildren(kind) if d.isVisible())

    def toast(self) -> str:
        return self.bench.toast.text if self.window.bench else self.window._toast.text

    def go_to(self, name: str) -> EntryId:
        """Make the image of that name current."""
        ids = [EntryId(one) for one in self.bench.document.workspace.ids()]
        entry = next(
            e for e in self.bench.document.workspace.entries(ids) if e.source_ref.endswith(f"/{name}")
        )
        self.bench.browser.go_to(entry.id)
        self.wait(lambda: self.bench.browser.current == entry.id)
        return entry.id

    def open_image(self, name: str) -> EntryId:
        """Show the image of that name on the canvas."""
        entry_id = self.go_to(name)
        self.bench.gallery.setFocus()
        self.key(Qt.Key.Key_Return)
        self.wait(lambda: self.bench.in_image_mode and not self.bench.image.image_size.isEmpty())
        self.settle()
        return entry_id

    def annotation(self, entry_id: EntryId) -> Annotation:
        return self.bench.document.annotation(entry_id)

    def class_labels(self, entry_id: EntryId) -> list[str]:
        return [label.name for label in self.annotation(entry_id).class_labels]

    def boxes(self, entry_id: EntryId) -> list[tuple[str, tuple[float, ...]]]:
        return [
            (box.label, (box.left, box.top, box.width, box.height))
            for attribute in self.annotation(entry_id).box_attributes
            for box in attribute.boxes
        ]

    def at(self, x: float, y: float) -> QPoint:
        return self.bench.image.canvas.view_point((x, y)).toPoint()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag on the canvas, from and to image pixels."""
        port = self.bench.image.canvas.viewport()
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=self.at(*start))
        self.qtbot.mouseMove(port, self.at(*middle))
        self.qtbot.mouseMove(port, self.at(*end))
        self.qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=self.at(*end))

    def click_canvas(self, x: float, y: float) -> None:
        port = self.bench.image.canvas.viewport()
        self.qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=self.at(x, y))

    def choose_label(self, label: str) -> None:
        """Click a label in the panel."""
        view = self.bench.labels.list
        names = [one.name for one in self.bench.colours.labels]
        self.click_row(view, view.model().index(names.index(label), 0))

    def digit_of(self, label: str) -> Qt.Key:
        digit = self.bench.colours.digit(label)
        assert digit
        return Qt.Key(ord(digit))


@contextmanager
def _running(qtbot: QtBot, folder: Path, given: Connection | None = None) -> Iterator[User]:
    app = App(Settings(folder / "settings.json"), folder / "cache", given)
    unexpected: list[Exception] = []
    app.jobs.failed_unexpectedly.connect(unexpected.append)
    app.window.resize(1280, 820)
    app.window.show()
    app.window.activateWindow()
    qtbot.waitUntil(app.window.isActiveWindow)
    try:
        yield User(qtbot, app)
    finally:
        app.close()
        app.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    assert unexpected == []


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``with start(given) as user``: the application, started anew on the same settings and cache.

    Whatever names no endpoint asks the emulator too, so that no test reaches out of this computer.
    """
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)  # botocore's own retries
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    documents = tmp_path / "Documents"
    monkeypatch.setattr(platformdirs, "user_documents_dir", lambda: str(documents))
    return lambda given=None: _running(qtbot, tmp_path / "config", given)


@pytest.fixture
def user(start: Any) -> Iterator[User]:
    """Somebody at the window, which shows the welcome page."""
    with start() as somebody:
        yield somebody
