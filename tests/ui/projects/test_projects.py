"""The dialog of projects and datasets: listed, made, split and deleted, with nothing lost by a slip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from truthline.aws.session import Aws, connect
from truthline.emulator import Emulator, Switches, SystemClock, faults
from truthline.progress import CancelToken
from truthline.ui.projects.dialog import DatasetChoice, ProjectsDialog
from truthline.ui.projects.questions import (
    DeleteDialog,
    NewDatasetDialog,
    NewProjectDialog,
    SplitDialog,
    name_problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.aws.connection import Connection
    from truthline.ui.kit.jobs import Jobs

BUCKET = "leaves"
URI = f"s3://{BUCKET}/a.manifest"


@pytest.fixture
def clock() -> SystemClock:
    """The waits of the window are real ones."""
    return SystemClock()


@pytest.fixture
def switches() -> Switches:
    return Switches(update_seconds=0, create_seconds=0, delete_seconds=0)


@pytest.fixture
def aws(connection: Connection) -> Iterator[Aws]:
    with connect(connection) as made:
        yield made


@pytest.fixture
def project(aws: Aws, line: Callable[..., bytes], tmp_path: Path) -> str:
    """The project oaks, with ten labelled images to train with; gives its ARN."""
    path = tmp_path / "a.manifest"
    path.write_bytes(
        b"".join(
            line(f"s3://{BUCKET}/{number}.jpg", ["oak" if number % 2 else "elm"]) + b"\n"
            for number in range(10)
        )
    )
    aws.s3.create_bucket(BUCKET)
    aws.s3.upload(path, BUCKET, "a.manifest", report=lambda _: None, cancel=CancelToken())
    arn = aws.rekognition.create_project("oaks")
    aws.rekognition.create_dataset(arn, "TRAIN", manifest=URI)
    return arn


@pytest.fixture
def open_dialog(
    qtbot: QtBot, jobs: Jobs, connection: Connection, settle: Callable[[], None]
) -> Iterator[Callable[..., ProjectsDialog]]:
    opened: list[ProjectsDialog] = []

    def make(where: Connection = connection) -> ProjectsDialog:
        dialog = ProjectsDialog(jobs, where)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(dialog)
        opened.append(dialog)
        with qtbot.waitExposed(dialog):
            dialog.show()
        settle()
        return dialog

    yield make
    for dialog in opened:
        dialog.done(0)


@pytest.fixture
def worked(qtbot: QtBot, settle: Callable[[], None]) -> Callable[[ProjectsDialog], str]:
    """Waits until the work has ended and the list is as of after it; gives what is said of it."""

    def wait(dialog: ProjectsDialog) -> str:
        qtbot.waitUntil(lambda: not dialog.work.busy, timeout=20_000)
        settle()
        return dialog.work.text.text()

    return wait


def listed(dialog: ProjectsDialog) -> list[list[str]]:
    """The texts of each row but the time of creation, with the rows below it behind it."""
    rows = []
    for number in range(dialog.tree.topLevelItemCount()):
        top = dialog.tree.topLevelItem(number)
        items = (top, *(top.child(child) for child in range(top.childCount())))  # type: ignore[union-attr]
        rows += [[item.text(column) for column in range(6)] for item in items]  # type: ignore[union-attr]
    return rows


def choose(dialog: ProjectsDialog, project: str, kind: str = "") -> None:
    found = next(each for each in dialog.tree.projects if each.arn == project)
    dataset = next((each.arn for each in found.datasets if each.kind == kind), "")
    dialog.tree.choose(dataset or project)


def held(aws: Aws, project: str) -> dict[str, int]:
    """How many images the project's datasets hold, by their kind."""
    found = next(each for each in aws.rekognition.describe_projects() if each.arn == project)
    return {one.kind: aws.rekognition.describe_dataset(one.arn).stats.total for one in found.datasets}


def test_projects_are_listed_with_status_and_numbers(
    project: str, open_dialog: Callable[..., ProjectsDialog]
) -> None:
    dialog = open_dialog()
    assert listed(dialog) == [
        ["oaks", "", "", "", "", ""],
        ["Training dataset", "Created", "10", "10", "2", "0"],
    ]


def test_the_filter_hides_other_names(
    aws: Aws, project: str, open_dialog: Callable[..., ProjectsDialog]
) -> None:
    aws.rekognition.create_project("elms")
    dialog = open_dialog()
    dialog.page.filter.setText("OA")
    hidden = [dialog.tree.topLevelItem(row).isHidden() for row in range(2)]  # type: ignore[union-attr]
    assert hidden == [True, False]
    dialog.page.filter.setText("beech")
    assert dialog.page.message.text() == "No project has “beech” in its name."
    dialog.page.filter.clear()
    assert dialog.page.pages.currentIndex() == 0


def test_an_account_without_projects_is_told_what_would_be_here(
    emulator: Emulator, open_dialog: Callable[..., ProjectsDialog]
) -> None:
    assert open_dialog().page.message.text().startswith("No projects here yet.")


def test_a_project_and_its_dataset_are_made(
    aws: Aws,
    emulator: Emulator,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    dialog = open_dialog()
    dialog.page.actions["new_project"].trigger()
    assert isinstance(dialog.question, NewProjectDialog)
    assert not dialog.question.go_button.isEnabled()
    dialog.question.name_field.setText("my leaves")
    assert "not a space" in dialog.question.problem.text()
    assert not dialog.question.go_button.isEnabled()
    dialog.question.name_field.setText("my-leaves")
    dialog.question.go_button.click()
    assert "my-leaves was created" in worked(dialog)
    assert dialog.tree.project is not None
    assert dialog.tree.project.name == "my-leaves"
    dialog.page.actions["new_dataset"].trigger()
    assert isinstance(dialog.question, NewDatasetDialog)
    dialog.question.go_button.click()
    worked(dialog)
    assert dialog.tree.dataset is not None
    assert held(aws, dialog.tree.project.arn) == {"TRAIN": 0}


def test_a_dataset_is_made_from_a_manifest_and_copied(
    aws: Aws,
    project: str,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    other = aws.rekognition.create_project("elms")
    dialog = open_dialog()
    choose(dialog, other)
    dialog.page.actions["new_dataset"].trigger()
    question = dialog.question
    assert isinstance(question, NewDatasetDialog)
    question.origins["manifest"].setChecked(True)
    assert not question.go_button.isEnabled()
    question.manifest_field.setText(URI)
    question.go_button.click()
    worked(dialog)
    dialog.page.actions["new_dataset"].trigger()
    question = dialog.question
    assert isinstance(question, NewDatasetDialog)
    assert question.kind == "TEST"
    question.origins["copy"].setChecked(True)
    assert not question.go_button.isEnabled()
    question.sources.setCurrentItem(question.sources.topLevelItem(1).child(0))  # type: ignore[arg-type, union-attr]
    question.go_button.click()
    worked(dialog)
    assert held(aws, other) == {"TRAIN": 10, "TEST": 10}
    assert "already" in dialog.page.actions["new_dataset"].toolTip()


def test_a_manifest_that_is_not_there_is_told_and_nothing_is_made(
    aws: Aws,
    project: str,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    dialog = open_dialog()
    choose(dialog, project)
    dialog.page.actions["new_dataset"].trigger()
    assert isinstance(dialog.question, NewDatasetDialog)
    dialog.question.origins["manifest"].setChecked(True)
    dialog.question.manifest_field.setText("s3://nowhere/b.manifest")
    dialog.question.go_button.click()
    assert worked(dialog).startswith("Could not create the dataset")
    assert held(aws, project) == {"TRAIN": 10}


def test_splitting_is_explained_then_done(
    aws: Aws,
    project: str,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    dialog = open_dialog()
    choose(dialog, project, "TRAIN")
    dialog.page.actions["split"].trigger()
    assert isinstance(dialog.question, SplitDialog)
    assert "20 %" in dialog.question.explanation.text()
    assert held(aws, project) == {"TRAIN": 10}
    dialog.question.go_button.click()
    assert "fifth" in worked(dialog)
    assert held(aws, project) == {"TRAIN": 8, "TEST": 2}
    assert [row[2] for row in listed(dialog)] == ["", "8", "2"]
    assert not dialog.page.actions["split"].isEnabled()


@pytest.mark.parametrize("typed", ["", "oaks", "oaks/Train", "oaks/train x"])
def test_a_dataset_is_not_deleted_before_its_name_stands_there(
    aws: Aws, project: str, open_dialog: Callable[..., ProjectsDialog], typed: str
) -> None:
    dialog = open_dialog()
    choose(dialog, project, "TRAIN")
    dialog.page.actions["delete"].trigger()
    question = dialog.question
    assert isinstance(question, DeleteDialog)
    assert "10 images" in question.explanation.text()
    question.confirm.field.setText(typed)
    assert not question.go_button.isEnabled()
    question.reject()
    assert dialog.question is None
    assert held(aws, project) == {"TRAIN": 10}


def test_a_dataset_is_deleted(
    aws: Aws,
    project: str,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    dialog = open_dialog()
    choose(dialog, project, "TRAIN")
    dialog.page.actions["delete"].trigger()
    assert isinstance(dialog.question, DeleteDialog)
    dialog.question.confirm.field.setText("oaks/train")
    dialog.question.go_button.click()
    assert "was deleted" in worked(dialog)
    assert listed(dialog) == [["oaks", "No datasets yet", "", "", "", ""]]


def test_a_project_is_deleted_with_the_datasets_that_were_named(
    aws: Aws,
    project: str,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    dialog = open_dialog()
    choose(dialog, project)
    dialog.page.actions["delete"].trigger()
    assert isinstance(dialog.question, DeleteDialog)
    assert "the training dataset (10 images" in dialog.question.explanation.text()
    dialog.question.confirm.field.setText("oaks")
    dialog.question.go_button.click()
    assert dialog.work.busy
    dialog.reject()
    assert dialog.isVisible()  # its outcome is told here
    worked(dialog)
    assert aws.rekognition.describe_projects() == []
    assert dialog.page.message.text().startswith("No projects here yet.")


def test_a_refusal_is_told_and_what_was_there_stays_listed(
    aws: Aws,
    emulator: Emulator,
    project: str,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    emulator.faults.add("DeleteDataset", faults.access_denied())
    dialog = open_dialog()
    choose(dialog, project, "TRAIN")
    dialog.page.actions["delete"].trigger()
    assert isinstance(dialog.question, DeleteDialog)
    dialog.question.confirm.field.setText("oaks/train")
    dialog.question.go_button.click()
    assert worked(dialog).startswith("Could not delete the dataset")
    assert len(listed(dialog)) == 2
    assert dialog.page.actions["delete"].isEnabled()


def test_waiting_can_be_given_up_while_the_service_goes_on(
    qtbot: QtBot,
    aws: Aws,
    emulator: Emulator,
    project: str,
    open_dialog: Callable[..., ProjectsDialog],
    worked: Callable[[ProjectsDialog], str],
) -> None:
    dialog = open_dialog()
    emulator.faults.add("DescribeDataset", faults.throttled(), times=None)
    choose(dialog, project, "TRAIN")
    dialog.page.actions["delete"].trigger()
    assert isinstance(dialog.question, DeleteDialog)
    dialog.question.confirm.field.setText("oaks/train")
    dialog.question.go_button.click()
    qtbot.waitUntil(lambda: "Trying again in" in dialog.work.text.text(), timeout=20_000)
    dialog.work.cancel_button.click()
    assert "stopped waiting" in worked(dialog)
    emulator.faults.clear()


def test_a_dataset_in_progress_is_looked_at_again(
    qtbot: QtBot, aws: Aws, project: str, open_dialog: Callable[..., ProjectsDialog]
) -> None:
    dialog = open_dialog()
    dialog._poll.setInterval(0)
    aws.rekognition.create_dataset(project, "TEST")
    dialog._poll.start()
    qtbot.waitUntil(lambda: [row[:3] for row in listed(dialog)][2:] == [["Test dataset", "Created", "0"]])


def test_the_chosen_dataset_is_opened(
    qtbot: QtBot, project: str, connection: Connection, open_dialog: Callable[..., ProjectsDialog]
) -> None:
    dialog = open_dialog()
    choose(dialog, project)
    assert not dialog.page.open_button.isEnabled()
    choose(dialog, project, "TRAIN")
    arn = dialog.tree.dataset.arn if dialog.tree.dataset else ""
    dialog.page.actions["copy"].trigger()
    assert QGuiApplication.clipboard().text() == arn
    with qtbot.waitSignal(dialog.dataset_chosen) as chosen:
        qtbot.keyClick(dialog.tree, Qt.Key.Key_Return)
    assert chosen.args == [DatasetChoice(arn, connection)]
    assert not dialog.isVisible()


def test_without_a_connection_it_says_what_to_do(
    aws_environment: None,
    project: str,
    connection: Connection,
    emulator: Emulator,
    open_dialog: Callable[..., ProjectsDialog],
    settle: Callable[[], None],
) -> None:
    emulator.faults.add("DescribeProjects", faults.expired_token(), times=None)
    dialog = open_dialog()
    assert dialog.page.message.text().startswith("Could not list the projects")
    assert not dialog.page.profile_state.isHidden()
    emulator.faults.clear()
    dialog.page.again_button.click()
    settle()
    assert len(listed(dialog)) == 2


def test_another_region_is_asked_at_once(
    qtbot: QtBot, project: str, open_dialog: Callable[..., ProjectsDialog], settle: Callable[[], None]
) -> None:
    dialog = open_dialog()
    dialog.page.region.setFocus()
    dialog.page.region.setText("eu-west-1")
    qtbot.keyClick(dialog.page.region, Qt.Key.Key_Return)
    settle()
    assert dialog._clients.connection.region == "eu-west-1"
    assert dialog.isVisible()


@pytest.mark.parametrize(
    ("name", "fine"),
    [("a", True), ("A_b.c-9", True), ("x" * 255, True), ("x" * 256, False), ("ä", False), ("a/b", False)],
)
def test_names_follow_the_services_rule(name: str, fine: bool) -> None:
    assert (name_problem(name, {"taken"}) == "") is fine


def test_a_name_is_given_once() -> None:
    assert name_problem("taken", {"taken"}) == "There is a project of that name already."
