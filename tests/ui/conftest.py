"""Lines, workspaces and documents for the tests of the window's parts."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Any

import pytest

import model_testers
from truthline.ui.document.document import Document
from truthline.ui.document.entry_model import EntryModel
from truthline.ui.document.palette import LabelColours
from truthline.ui.kit.jobs import Jobs
from truthline.workspace.workspace import NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pytestqt.qtbot import QtBot

DATE = "2024-05-14T09:12:37.137Z"


def _line(
    source_ref: str, classes: Iterable[str] = (), boxes: Iterable[tuple[str, Sequence[int]]] = ()
) -> bytes:
    line: dict[str, Any] = {"source-ref": source_ref}
    for number, name in enumerate(classes):
        line[f"class{number}"] = 1
        line[f"class{number}-metadata"] = {
            "confidence": 1,
            "job-name": f"labeling-job/class{number}",
            "class-name": name,
            "human-annotated": "yes",
            "creation-date": DATE,
            "type": "groundtruth/image-classification",
        }
    drawn = list(boxes)
    if drawn:
        names = sorted({label for label, _ in drawn})
        line["parts_BB"] = {
            "annotations": [
                dict(zip(("left", "top", "width", "height"), frame, strict=True), class_id=names.index(label))
                for label, frame in drawn
            ],
            "image_size": [{"width": 640, "height": 480, "depth": 3}],
        }
        line["parts_BB-metadata"] = {
            "job-name": "labeling-job/parts_BB",
            "class-map": {str(number): name for number, name in enumerate(names)},
            "human-annotated": "yes",
            "objects": [{"confidence": 1} for _ in drawn],
            "creation-date": DATE,
            "type": "groundtruth/object-detection",
        }
    return json.dumps(line, ensure_ascii=False).encode()


@pytest.fixture(autouse=True)
def _garbage_is_collected_here() -> Iterator[None]:
    """Collect garbage in the GUI thread alone: a worker that did would destroy the widgets of earlier tests.

    Qt then hangs or crashes now and then, far from the test that left them behind.
    """
    gc.disable()
    yield
    gc.collect()
    gc.freeze()  # what is left is not looked through again and again
    gc.enable()


@pytest.fixture(autouse=True)
def _models_are_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt's tester is at every model of ours; not in journeys, where it would count as the window's time."""
    model_testers.attach(monkeypatch)


@pytest.fixture(scope="session")
def line() -> Callable[..., bytes]:
    """`line(source_ref, classes, boxes)`: a sound line; boxes are (label, (left, top, width, height))."""
    return _line


@pytest.fixture
def unexpected() -> list[Exception]:
    """The exceptions that nobody foresaw, or asked to be told of; a test takes out those that it expects."""
    return []


@pytest.fixture
def jobs(qtbot: QtBot, unexpected: list[Exception]) -> Iterator[Jobs]:
    """The lanes; an exception that no test expects fails it."""
    made = Jobs()
    made.failed_unexpectedly.connect(unexpected.append)
    yield made
    made.close()
    assert unexpected == []


@pytest.fixture
def settle(qtbot: QtBot, jobs: Jobs) -> Callable[[], None]:
    """Wait until no work is queued or under way and every outcome was delivered."""

    def wait() -> None:
        qtbot.waitUntil(lambda: jobs.idle)

    return wait


@pytest.fixture
def make_document(jobs: Jobs, tmp_path: Path) -> Iterator[Callable[..., Document]]:
    """`make_document(lines)`: a document of a new workspace with these lines."""
    opened: list[Workspace] = []
    documents: list[Document] = []

    def make(lines: Iterable[bytes | NewEntry]) -> Document:
        workspace = Workspace.create(tmp_path / f"parts{len(opened)}.truthline", WorkspaceInfo("parts"))
        opened.append(workspace)
        workspace.append(line if isinstance(line, NewEntry) else NewEntry(line) for line in lines)
        documents.append(Document(workspace, jobs))
        return documents[-1]

    yield make
    jobs.close()
    for workspace in opened:
        workspace.close()


@pytest.fixture
def make_model() -> Callable[[Document], EntryModel]:
    """A model of a document's entries that lists them all."""

    def make(document: Document) -> EntryModel:
        model = EntryModel(document, LabelColours(document))
        model.set_ids(document.workspace.ids())
        return model

    return make


HOSTILE = (
    "<img src=x>",
    "<b>bolt</b> &amp; nut",
    "nuts & bolts",
    "a\nb",
    "\u202eright to left",
    "מספריים",
    "🔩" * 40,
    "x" * 10_000,
)


@pytest.fixture(
    params=HOSTILE, ids=("html", "markup", "ampersand", "newline", "override", "rtl", "emoji", "long")
)
def hostile(request: pytest.FixtureRequest) -> str:
    """Text from data that must be shown as it is."""
    return str(request.param)
