"""What the bar at the bottom and the toast say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget

from truthline.aws.rekognition import DatasetDescription, DatasetStats
from truthline.errors import DeniedError, NotFromAwsError, OfflineError, SignInError, ThrottledError
from truthline.progress import Doing, Progress
from truthline.sync.service.own_updates import Unseen, Whose
from truthline.ui.dataset.bar import DatasetBar
from truthline.ui.dataset.dataset import DatasetState
from truthline.ui.kit.toast import Toast
from truthline.workspace.workspace import Counts

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ARN = "arn:aws:rekognition:eu-west-1:111122223333:project/parts/dataset/train/1690474772815"
NOW = datetime(2024, 5, 14, tzinfo=UTC)


def described(status: str, message: str = "", stats: DatasetStats | None = None) -> DatasetState:
    stats = stats or DatasetStats(1204, 1116, 3, 2)
    return DatasetState(arn=ARN, description=DatasetDescription(status, message, "", stats, NOW, NOW))


@pytest.fixture
def bar(qtbot: QtBot) -> DatasetBar:
    made = DatasetBar()
    qtbot.addWidget(made)
    made.resize(1200, 44)
    made.show()
    return made


def test_a_dataset_in_words_and_numbers(bar: DatasetBar) -> None:
    bar.show_state(described("UPDATE_COMPLETE"))
    assert bar.status.text() == (
        "Update complete  ·  parts/train  ·  eu-west-1  ·  1,204 images, 1,116 labelled, 2 errors"
    )
    assert bar.push_button.isVisible()
    assert not bar.connect_button.isVisible()
    bar.show_state(described("CREATE_COMPLETE", stats=DatasetStats(1, 0, 0, 1)))
    assert bar.status.text().endswith("1 image, 0 labelled, 1 error")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("CREATE_IN_PROGRESS", "Being created"),
        ("UPDATE_IN_PROGRESS", "Update in progress"),
        ("UPDATE_FAILED", "Update failed: No."),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_every_status_is_said(bar: DatasetBar, status: str, words: str) -> None:
    bar.show_state(described(status, "No."))
    assert bar.status.text().startswith(words + "  ·")
    assert status in bar.status.toolTip()
    bar.grab()


def test_without_a_dataset_one_can_be_connected(bar: DatasetBar, qtbot: QtBot) -> None:
    wanted: list[object] = []
    bar.connect_wanted.connect(lambda: wanted.append(None))
    bar.show_state(DatasetState())
    assert "Not connected to a dataset." in bar.status.text()
    assert not bar.push_button.isVisible()
    qtbot.mouseClick(bar.connect_button, Qt.MouseButton.LeftButton)
    assert wanted == [None]


@pytest.mark.parametrize(
    ("count", "text", "enabled"),
    [(0, "No changes", False), (1, "1 change", True), (1234, "1,234 changes", True)],
)
def test_changes_wait_for_the_push(bar: DatasetBar, count: int, text: str, enabled: bool) -> None:
    bar.show_state(described("UPDATE_COMPLETE"))
    counts = Counts(*([2000, 0, count] + [0] * (len(Counts.__dataclass_fields__) - 3)))
    bar.show_counts(counts, saving=False)
    assert bar.changes.text() == text
    assert bar.push_button.isEnabled() is enabled
    bar.show_counts(counts, saving=True)
    assert not bar.push_button.isEnabled()


def test_what_runs_is_shown_with_its_progress_and_cancel(bar: DatasetBar, qtbot: QtBot) -> None:
    wanted: list[object] = []
    bar.cancel_wanted.connect(lambda: wanted.append(None))
    state = described("UPDATE_COMPLETE")
    bar.show_state(
        replace(state, activity=Progress(Doing.UPLOADING, 500, 1000, about="a.png", number=2, count=4))
    )
    assert bar.status.text().startswith("Uploading image 2 of 4")
    assert (bar.progress.isVisible(), bar.progress.value(), bar.progress.maximum()) == (True, 500, 1000)
    assert not bar.push_button.isVisible()
    qtbot.mouseClick(bar.cancel_button, Qt.MouseButton.LeftButton)
    assert wanted == [None]
    bar.show_state(replace(state, activity=Progress(Doing.STATUS, about="UPDATE_IN_PROGRESS")))
    assert bar.status.text().startswith("Update in progress")
    assert bar.progress.maximum() == 0
    bar.grab()
    bar.show_state(state)
    assert not bar.progress.isVisible()
    assert bar.push_button.isVisible()


@pytest.mark.parametrize("kind", [OfflineError, SignInError, ThrottledError, DeniedError])
def test_a_problem_is_said_in_its_own_words(bar: DatasetBar, kind: Any) -> None:
    problem = kind("It did not work.", detail="Try this <b>next</b>.")
    bar.show_state(replace(described("UPDATE_COMPLETE"), problem=problem))
    assert bar.status.text().startswith("It did not work.")
    assert "Try this &lt;b&gt;next&lt;/b&gt;." in bar.status.toolTip()
    bar.grab()


def test_text_of_the_service_is_plain(bar: DatasetBar, hostile: str) -> None:
    bar.show_state(described("UPDATE_FAILED", hostile))
    assert hostile in bar.status.text()
    assert bar.status.textFormat() == Qt.TextFormat.PlainText
    assert bar.status.toolTip().startswith("<qt>")
    bar.grab()
    assert bar.width() == 1200


# Without a connection


AT = datetime.now().astimezone().replace(hour=14, minute=5)
SIGNED_OUT = SignInError(
    "Could not read the dataset's status: the AWS sign-in is not valid any more.",
    detail="Run `aws sso login --profile parts`, then try again.",
    command="aws sso login --profile parts",
)


def counts(changed: int = 7, conflicts: int = 0) -> Counts:
    numbers = dict.fromkeys(Counts.__dataclass_fields__, 0)
    return Counts(**(numbers | {"total": 1204, "changed": changed, "conflicts": conflicts}))


def buttons(bar: DatasetBar) -> list[str]:
    """What can be pressed, from left to right."""
    found = (bar.copy_button, bar.resolve_button, bar.pull_button, bar.cancel_button, bar.push_button)
    return [button.text() for button in found if button.isVisible()]


@pytest.mark.parametrize("kind", [OfflineError, NotFromAwsError])
def test_offline_is_normal(bar: DatasetBar, qtbot: QtBot, kind: Any) -> None:
    pushes: list[object] = []
    bar.push_wanted.connect(lambda: pushes.append(None))
    bar.show_counts(counts(), saving=False)
    state = replace(described("UPDATE_COMPLETE"), problem=kind("No.", detail="Look."), offline_since=AT)
    bar.show_state(state)
    assert bar.status.text().startswith(
        "Offline since 14:05  ·  labels are saved on this computer  ·  7 changes wait  ·  parts/train"
    )
    assert not bar.changes.isVisible(), "that is said already"
    assert "No. Look." in bar.status.toolTip()
    assert buttons(bar) == ["Push when online"]
    qtbot.mouseClick(bar.push_button, Qt.MouseButton.LeftButton)
    assert pushes == [None]
    bar.show_counts(counts(changed=1), saving=False)
    assert "1 change waits" in bar.status.text()


def test_a_push_that_waits_can_be_cancelled(bar: DatasetBar, qtbot: QtBot) -> None:
    cancels: list[object] = []
    bar.cancel_wanted.connect(lambda: cancels.append(None))
    bar.show_counts(counts(), saving=False)
    state = replace(described("UPDATE_COMPLETE"), queued=True)
    bar.show_state(replace(state, problem=OfflineError("No."), offline_since=AT))
    assert bar.status.text().startswith("Offline since 14:05  ·  Push waits for the connection  ·  7 changes")
    assert buttons(bar) == ["Cancel"]
    qtbot.mouseClick(bar.cancel_button, Qt.MouseButton.LeftButton)
    assert cancels == [None]
    bar.show_state(state)
    assert bar.status.text().startswith("Push starts again in a moment")
    assert buttons(bar) == ["Cancel"]


def test_signed_out_it_gives_the_command(bar: DatasetBar, qtbot: QtBot) -> None:
    copied: list[object] = []
    bar.command_copied.connect(lambda: copied.append(None))
    bar.show_counts(counts(conflicts=2), saving=False)
    state = replace(described("UPDATE_COMPLETE"), problem=SIGNED_OUT, unseen=Unseen(Whose.OTHERS, AT))
    bar.show_state(state)
    assert bar.status.text().startswith("Sign in again: aws sso login --profile parts")
    assert buttons(bar) == ["Copy", "Push when signed in"]
    qtbot.mouseClick(bar.copy_button, Qt.MouseButton.LeftButton)
    assert len(copied) == 1
    assert QGuiApplication.clipboard().text() == "aws sso login --profile parts"
    bar.show_state(replace(state, queued=True))
    assert "Push waits for the sign-in" in bar.status.text()
    assert buttons(bar) == ["Copy", "Cancel"]


# Other people


def test_somebody_elses_update_can_be_pulled(bar: DatasetBar, qtbot: QtBot) -> None:
    pulls: list[object] = []
    bar.pull_wanted.connect(lambda: pulls.append(None))
    state = described("UPDATE_COMPLETE")
    bar.show_counts(counts(), saving=False)
    bar.show_state(replace(state, unseen=Unseen(Whose.OTHERS, AT)))
    assert "Update complete  ·  Somebody else updated the dataset at 14:05  ·" in bar.status.text()
    assert buttons(bar) == ["Pull", "Push"]
    qtbot.mouseClick(bar.pull_button, Qt.MouseButton.LeftButton)
    assert pulls == [None]
    bar.show_state(replace(state, unseen=Unseen(Whose.OTHERS, AT - timedelta(days=400))))
    assert f"on {(AT - timedelta(days=400)).day} " in bar.status.text()


def test_an_update_that_may_be_of_a_push_that_was_broken_off(bar: DatasetBar) -> None:
    bar.show_counts(counts(), saving=False)
    bar.show_state(replace(described("UPDATE_COMPLETE"), unseen=Unseen(Whose.UNKNOWN, AT)))
    assert "Updated at 14:05, after a push that was broken off" in bar.status.text()
    assert "Somebody" not in bar.status.text()
    assert buttons(bar) == ["Pull", "Push"]


def test_conflicts_come_first(bar: DatasetBar, qtbot: QtBot) -> None:
    wanted: list[object] = []
    bar.resolve_wanted.connect(lambda: wanted.append(None))
    bar.show_counts(counts(conflicts=2), saving=False)
    bar.show_state(replace(described("UPDATE_COMPLETE"), unseen=Unseen(Whose.OTHERS, AT)))
    assert "2 conflicts  ·  Somebody else" in bar.status.text()
    assert buttons(bar) == ["Resolve…", "Push"]
    qtbot.mouseClick(bar.resolve_button, Qt.MouseButton.LeftButton)
    assert wanted == [None]
    bar.show_counts(counts(), saving=False)
    assert buttons(bar) == ["Pull", "Push"]


def test_how_the_statistics_moved(bar: DatasetBar) -> None:
    state = described("UPDATE_COMPLETE")
    bar.show_state(replace(state, before=DatasetStats(1204, 1104, 3, 3)))
    assert bar.status.text().endswith("1,204 images, 1,116 labelled (+12), 2 errors (−1)")
    assert "signed numbers" in bar.status.toolTip()
    assert state.description is not None
    bar.show_state(replace(state, before=state.description.stats))
    assert bar.status.text().endswith("1,204 images, 1,116 labelled, 2 errors")
    assert "signed numbers" not in bar.status.toolTip()


# What runs, by a clock


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(qtbot: QtBot, clock: Clock) -> DatasetBar:
    made = DatasetBar(clock=clock)
    qtbot.addWidget(made)
    made.resize(1024, 44)
    made.show()
    return made


def running(progress: Progress, *, pulling: bool = False) -> DatasetState:
    return replace(described("UPDATE_COMPLETE"), activity=progress, pulling=pulling)


def test_throttled_it_counts_down(timed: DatasetBar, clock: Clock) -> None:
    title = "Could not send: the service gets too many requests at the moment."
    error = ThrottledError(title, reason="The service gets too many requests at the moment.")
    state = running(Progress(Doing.WAITING, wait=12.0, error=error))
    timed.show_state(state)
    said = "The service gets too many requests at the moment. Trying again"
    assert timed.status.text() == f"{said} in 0:12"
    assert buttons(timed) == ["Cancel"]
    assert timed._tick.isActive()
    clock.now += 3
    timed.show_state(replace(state, asked=AT))  # the watcher's news begin no new countdown
    assert timed.status.text() == f"{said} in 0:09"
    clock.now += 9
    timed._tick.timeout.emit()
    assert timed.status.text() == f"{said}…"
    timed.show_state(running(Progress(Doing.WAITING, wait=30.0, error=error)))
    assert timed.status.text() == f"{said} in 0:30"
    timed.show_state(described("UPDATE_COMPLETE"))
    assert not timed._tick.isActive()


def test_a_push_says_how_long_it_runs(timed: DatasetBar, clock: Clock) -> None:
    timed.show_state(running(Progress(Doing.SENDING, 0, 2)))
    clock.now += 74
    timed.show_state(running(Progress(Doing.SENDING, 1, 2)))
    assert timed.status.text() == "Sending batch 2 of 2  ·  1:14"


def test_a_pull_says_how_fast_it_is_and_how_long_it_takes(timed: DatasetBar, clock: Clock) -> None:
    timed.show_state(running(Progress(Doing.READING), pulling=True))
    assert timed.status.text() == "Reading the dataset"
    for done in range(0, 12_401, 100):
        timed.show_state(running(Progress(Doing.READING, done, 250_000), pulling=True))
        clock.now += 1.0
    assert timed.status.text() == "12,400 of 250,000 entries  ·  100 a second  ·  about 40 min left"
    for done in range(12_600, 22_400, 200):
        timed.show_state(running(Progress(Doing.READING, done, 250_000), pulling=True))
        clock.now += 1.0
    assert "200 a second" in timed.status.text(), "what counts is the last half minute"
    timed.show_state(running(Progress(Doing.READING, 100, 250_000), pulling=True))
    assert timed.status.text().startswith("100 of 250,000 entries"), "it was begun anew"
    assert "a second" not in timed.status.text()


def test_it_all_fits_a_small_window(timed: DatasetBar) -> None:
    """No button is pushed out, and what matters most is not cut."""
    timed.show_counts(counts(1234, conflicts=12), saving=False)
    state = described("UPDATE_COMPLETE")
    for shown, words in (
        (replace(state, problem=OfflineError("No."), offline_since=AT), "1,234 changes wait"),
        (replace(state, problem=SIGNED_OUT), "aws sso login --profile parts"),
        (replace(state, unseen=Unseen(Whose.OTHERS, AT)), "Somebody else updated the dataset at 14:05"),
        (replace(state, unseen=Unseen(Whose.UNKNOWN, AT)), "after a push that was broken off"),
    ):
        timed.show_state(shown)
        timed.grab()
        text = timed.status.text()
        needed = timed.fontMetrics().horizontalAdvance(text[: text.index(words) + len(words)])
        assert needed < timed.status.width(), text
        assert timed.push_button.geometry().right() < timed.width()


# The toast


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    return made


def test_a_toast_offers_one_thing_to_do(qtbot: QtBot, host: QWidget) -> None:
    toast, done = Toast(host), []
    toast.say("Label 3 images oak.", action="Undo", act=lambda: done.append(1))
    assert toast.text == "Label 3 images oak."
    assert toast.button.text() == "Undo"
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    assert done == [1]
    assert toast.text == ""
    toast.say("The line was copied.")
    assert toast.button.isHidden()


def test_what_went_wrong_stays_until_it_is_closed(qtbot: QtBot, host: QWidget) -> None:
    toast = Toast(host)
    toast.say("Done.")
    assert toast._timer.isActive()
    toast.complain("The disk is full.")
    assert not toast._timer.isActive()
    qtbot.mouseClick(toast._close, Qt.MouseButton.LeftButton)
    assert toast.text == ""


def test_a_toast_stays_in_its_host(host: QWidget, hostile: str) -> None:
    toast = Toast(host)
    for say in (toast.say, toast.complain, toast.warn):
        say(f"{hostile} " * 3, action="Undo", act=lambda: None)
        assert host.rect().contains(toast.geometry())
        for label in toast.findChildren(QLabel):
            if label.text():
                assert label.textFormat() == Qt.TextFormat.PlainText
        host.grab()
    host.resize(420, 380)
    assert host.rect().contains(toast.geometry())
