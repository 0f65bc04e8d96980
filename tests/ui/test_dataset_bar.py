"""What the bar at the bottom and the toast say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from truthline.aws.rekognition import DatasetDescription, DatasetStats
from truthline.errors import DeniedError, OfflineError, SignInError, ThrottledError
from truthline.progress import Progress
from truthline.ui.dataset import DatasetState
from truthline.ui.panels.dataset_bar import DatasetBar
from truthline.ui.panels.toast import Toast
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
    bar.connect_wanted.connect(wanted.append)
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
    from dataclasses import replace  # noqa: PLC0415

    wanted: list[object] = []
    bar.cancel_wanted.connect(wanted.append)
    state = described("UPDATE_COMPLETE")
    bar.show_state(replace(state, activity=Progress("Uploading image 2 of 4", 500, 1000)))
    assert bar.status.text().startswith("Uploading image 2 of 4")
    assert (bar.progress.isVisible(), bar.progress.value(), bar.progress.maximum()) == (True, 500, 1000)
    assert not bar.push_button.isVisible()
    qtbot.mouseClick(bar.cancel_button, Qt.MouseButton.LeftButton)
    assert wanted == [None]
    bar.show_state(replace(state, activity=Progress("UPDATE_IN_PROGRESS")))
    assert bar.status.text().startswith("Update in progress")
    assert bar.progress.maximum() == 0
    bar.grab()
    bar.show_state(state)
    assert not bar.progress.isVisible()
    assert bar.push_button.isVisible()


@pytest.mark.parametrize("kind", [OfflineError, SignInError, ThrottledError, DeniedError])
def test_a_problem_is_said_in_its_own_words(bar: DatasetBar, kind: Any) -> None:
    from dataclasses import replace  # noqa: PLC0415

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
