"""The pushes, their batches and remarks, and the lines as they were sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from truthline.progress import Doing, Progress
from truthline.ui.dataset.history import History
from truthline.ui.dataset.sent_lines import SentLinesDialog
from truthline.ui.dataset.state import DatasetState
from truthline.ui.kit.times import about, clock_time, minutes
from truthline.workspace.changes import Changes
from truthline.workspace.workspace import BatchState, EntryId, PushRemark, RemarkKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.ui.document.document import Document

ARN = "arn:aws:rekognition:eu-west-1:111122223333:project/parts/dataset/train/1690474772815"
NOT_STORED = PushRemark(
    RemarkKind.NOT_STORED, "s3://parts/3.jpg", "TRUTHLINE_NOT_STORED", "It was left out.", 3
)
LOST = PushRemark(RemarkKind.ERROR, "", "Offline", "No connection.", None)


class Seen:
    """The panel as a person sees it."""

    def __init__(self, document: Document, qtbot: QtBot, settle: Callable[[], None]) -> None:
        self.document = document
        self.panel = History(document)
        self.wanted: list[object] = []
        self.panel.entry_wanted.connect(self.wanted.append)
        qtbot.addWidget(self.panel)
        self.panel.resize(900, 300)
        self._settle = settle

    def show(self) -> None:
        self.panel.show()
        self._settle()

    def push(
        self,
        outcome: str = "2 lines are stored.",
        remarks: Sequence[PushRemark] = (),
        *,
        state: BatchState = BatchState.VERIFIED,
        planned: int = 2,
        broken_off: bool = False,
    ) -> None:
        """Record a push of two lines; of an empty outcome, it is not over."""
        workspace = self.document.workspace
        push_id = workspace.begin_push(ARN, datetime.now(UTC), lines=planned)
        ids = [EntryId(one) for one in workspace.ids()][:2]
        batch = workspace.add_batch(push_id, [(one, workspace.entry(one).line) for one in ids])
        workspace.set_batch(batch.id, state, status="UPDATE_COMPLETE", message="", sent=datetime.now(UTC))
        if outcome:
            workspace.finish_push(push_id, outcome, remarks, broken_off=broken_off)
        self.document.absorb(Changes(pushes=True))
        self._settle()

    def index(self, row: int, part: int | None = None) -> QModelIndex:
        model = self.panel.view.model()
        top = model.index(row, 0)
        return top if part is None else model.index(part, 0, top)

    def texts(self, row: int, part: int | None = None) -> list[str]:
        index = self.index(row, part)
        return [str(index.siblingAtColumn(column).data()) for column in range(4)]

    def click(self, qtbot: QtBot, row: int, part: int | None = None) -> None:
        view, index = self.panel.view, self.index(row, part)
        view.expand(self.index(row))
        view.scrollTo(index)
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())

    def dialog(self, settle: Callable[[], None]) -> SentLinesDialog:
        settle()
        (found,) = self.panel.findChildren(SentLinesDialog)
        return found


@pytest.fixture
def seen(
    make_document: Callable[..., Document],
    line: Callable[..., bytes],
    qtbot: QtBot,
    settle: Callable[[], None],
) -> Seen:
    document = make_document([line(f"s3://parts/{number}.jpg", ["bolt"]) for number in range(1, 4)])
    return Seen(document, qtbot, settle)


def test_an_empty_history_says_what_would_be_here(seen: Seen) -> None:
    seen.show()
    assert seen.panel.pages.currentIndex() == 0
    seen.push()
    assert seen.panel.pages.currentIndex() == 1


def test_pushes_are_listed_newest_first_with_their_batches(seen: Seen) -> None:
    seen.push()
    seen.push("It was broken off; 1 of its 5 lines were stored.", planned=5, broken_off=True)
    seen.show()
    now = clock_time(datetime.now(UTC))
    assert [seen.texts(row)[1:] for row in (0, 1)] == [
        ["2 of 5", "1", "Broken off  ·  It was broken off; 1 of its 5 lines were stored."],
        ["2", "1", "Done  ·  2 lines are stored."],
    ]
    assert seen.texts(1)[0] <= now
    when, lines, _, result = seen.texts(1, 0)
    assert when.startswith("Batch 1, ")
    assert lines == "2"
    assert result.startswith("Sent and read back  ·  Update complete  ·  ")
    assert seen.index(0, 0).siblingAtColumn(3).data(Qt.ItemDataRole.DecorationRole) is not None


@pytest.mark.parametrize(
    ("outcome", "remarks", "said"),
    [
        ("1 of 2 lines is stored.", [NOT_STORED], "Done, with 1 remark  ·  1 of 2 lines is stored."),
        ("No connection.", [LOST, NOT_STORED], "Broken off  ·  No connection."),
        ("", [], "Broken off. The next push looks how far it came, and goes on from there."),
    ],
)
def test_what_came_of_a_push_is_said_plainly(
    seen: Seen, outcome: str, remarks: list[PushRemark], said: str
) -> None:
    seen.show()
    seen.push(outcome, remarks, state=BatchState.SENDING)
    assert seen.texts(0)[3] == said


def test_a_remark_leads_to_its_image(seen: Seen, qtbot: QtBot) -> None:
    seen.push("1 of 2 lines is stored.", [NOT_STORED, LOST])
    seen.show()
    assert seen.texts(0, 0) == ["3.jpg", "", "", "Not stored: It was left out."]
    assert seen.texts(0, 1) == ["The whole push", "", "", "Broken off: No connection."]
    seen.click(qtbot, 0, 0)
    assert seen.wanted == ["s3://parts/3.jpg"]
    seen.click(qtbot, 0, 1)
    assert seen.wanted == ["s3://parts/3.jpg"]


def test_text_from_the_service_is_plain(seen: Seen, hostile: str) -> None:
    seen.push(hostile, [PushRemark(RemarkKind.REMOTE_ERROR, f"s3://parts/{hostile}", "X", hostile, 1)])
    seen.show()
    assert hostile in seen.texts(0)[3]
    tip = str(seen.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert tip.startswith("<qt>")
    assert "<img" not in tip
    seen.panel.view.expandAll()
    seen.panel.grab()


def test_hidden_it_reads_nothing_and_then_everything(seen: Seen) -> None:
    seen.push()
    assert seen.panel.stories == ()
    seen.show()
    assert len(seen.panel.stories) == 1
    seen.panel.hide()
    seen.push()
    assert len(seen.panel.stories) == 1
    seen.show()
    assert len(seen.panel.stories) == 2


def test_a_push_under_way_is_followed(seen: Seen, settle: Callable[[], None]) -> None:
    seen.show()
    seen.push("", state=BatchState.SENDING)
    assert seen.texts(0)[3].startswith("Broken off")
    seen.panel.show_state(DatasetState(activity=Progress(Doing.SENDING, 0, 1)))
    settle()
    assert seen.texts(0)[3] == "Under way"
    assert "no answer yet" in seen.texts(0, 0)[3]
    workspace = seen.document.workspace
    (batch,) = workspace.batches(workspace.pushes()[0].id)
    workspace.set_batch(batch.id, BatchState.ACCEPTED)
    seen.panel.show_state(DatasetState(activity=Progress(Doing.STATUS, about="UPDATE_IN_PROGRESS")))
    settle()
    assert "Taken by the service" in seen.texts(0, 0)[3]
    seen.panel.show_state(DatasetState(activity=Progress(Doing.READING), pulling=True))
    settle()
    assert seen.texts(0)[3].startswith("Broken off"), "a pull is no push"


def test_what_is_open_stays_open(seen: Seen, qtbot: QtBot) -> None:
    seen.push("1 of 2 lines is stored.", [NOT_STORED])
    seen.show()
    seen.click(qtbot, 0, 1)
    assert seen.panel.lines_button.isEnabled()
    seen.push()
    assert not seen.panel.view.isExpanded(seen.index(0))
    assert seen.panel.view.isExpanded(seen.index(1))
    assert seen.panel.view.currentIndex() == seen.index(1, 1)
    assert seen.panel.lines_button.isEnabled()


# The lines as sent


def test_the_lines_of_a_batch_can_be_copied(seen: Seen, qtbot: QtBot, settle: Callable[[], None]) -> None:
    seen.push()
    seen.show()
    assert not seen.panel.lines_button.isEnabled()
    sent = [seen.document.workspace.entry(EntryId(one)).line for one in (1, 2)]
    seen.document.workspace.save(EntryId(1), b'{"source-ref":"s3://parts/1.jpg"}')  # labelling goes on
    seen.click(qtbot, 0, 0)
    qtbot.mouseClick(seen.panel.lines_button, Qt.MouseButton.LeftButton)
    dialog = seen.dialog(settle)
    assert [dialog.model.index(row, 0).data() for row in range(2)] == [one.decode() for one in sent]
    assert dialog.summary.text() == "2 lines, as they were sent."
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == b"\n".join(sent).decode()
    dialog.view.setCurrentIndex(dialog.model.index(1, 0))
    dialog.copy()
    assert QGuiApplication.clipboard().text() == sent[1].decode()
    dialog.grab()
    dialog.close()


def test_the_lines_of_a_batch_can_be_saved(
    seen: Seen, qtbot: QtBot, settle: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen.push()
    seen.show()
    seen.click(qtbot, 0, 0)
    view, shown = seen.panel.view, []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: shown.append(menu))
    view.customContextMenuRequested.emit(QPoint(view.visualRect(seen.index(0, 0)).center()))
    shown[0].actions()[0].trigger()
    dialog = seen.dialog(settle)
    out = tmp_path / "sent.manifest"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    settle()
    entries = seen.document.workspace.entries([EntryId(1), EntryId(2)])
    assert out.read_bytes() == b"".join(entry.line + b"\n" for entry in entries)
    assert dialog.summary.text() == "2 lines saved to sent.manifest."
    dialog.save_to(tmp_path / "no" / "sent.manifest")
    settle()
    assert "cannot be written" in dialog.summary.text()
    dialog.close()


def test_the_dialog_may_be_closed_before_the_lines_are_read(
    seen: Seen, qtbot: QtBot, settle: Callable[[], None]
) -> None:
    seen.push()
    seen.show()
    seen.click(qtbot, 0, 0)
    seen.panel.show_lines()
    (dialog,) = seen.panel.findChildren(SentLinesDialog)
    dialog.close()
    settle()


# Times


def test_times_in_words() -> None:
    now = datetime(2024, 5, 14, 14, 5).astimezone()
    cases: list[tuple[Any, str]] = [
        (now, "14:05"),
        (now - timedelta(days=1), "13 May, 14:05"),
        (datetime(2023, 12, 31, 9, 7).astimezone(), "31 Dec 2023, 09:07"),
    ]
    for time, words in cases:
        assert clock_time(time.astimezone(UTC), now=now) == words
    assert [minutes(one) for one in (7, 65, 3665)] == ["0:07", "1:05", "61:05"]
    assert [about(one) for one in (1, 42, 58, 2520, 10_000)] == ["5 s", "40 s", "1 min", "42 min", "3 h"]
