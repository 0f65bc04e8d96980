"""Lines, workspaces and documents for the tests of the window's parts."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

import ground_truth_lines as ground_truth
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
    drawn = list(boxes)
    parts = [ground_truth.class_labels(classes)] + ([ground_truth.boxes("parts_BB", drawn)] if drawn else [])
    return ground_truth.dump(ground_truth.line(source_ref, *parts))


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
