"""Images leave a dataset by losing their labels, by a rebuild, or only here; and a first push by manifest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from truthline.aws.session import Aws, connect
from truthline.emulator import Emulator, Switches, SystemClock, faults
from truthline.errors import ServiceError
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import Source, SourceKind
from truthline.sync.rebuild.rebuild import first_push_route, unfinished_rebuild
from truthline.sync.service.projects import CREATE_FAILED
from truthline.ui.document.document import Document
from truthline.ui.rebuild.first_push import ManifestPushDialog
from truthline.ui.rebuild.removal import ContinueRebuildDialog, RemovalDialog
from truthline.workspace.workspace import EntryId, NewEntry, Settlement, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.aws.connection import Connection
    from truthline.ui.kit.jobs import Jobs
    from truthline.ui.rebuild.rebuilding import RebuildingDialog

BUCKET = "leaves"
NAMES = ("1.jpg", "2.jpg", "3.jpg")
SECOND = EntryId(2)


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
def lines(line: Callable[..., bytes]) -> list[bytes]:
    return [line(f"s3://{BUCKET}/{name}", ["oak"], [("leaf", (1, 2, 30, 40))]) for name in NAMES]


@pytest.fixture
def dataset(aws: Aws, lines: list[bytes], tmp_path: Path) -> str:
    """The training dataset of the project oaks, with three labelled images."""
    path = tmp_path / "a.manifest"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    aws.s3.create_bucket(BUCKET)
    aws.s3.upload(path, BUCKET, "a.manifest", report=lambda _: None, cancel=CancelToken())
    project = aws.rekognition.create_project("oaks")
    return aws.rekognition.create_dataset(project, "TRAIN", manifest=f"s3://{BUCKET}/a.manifest")


@pytest.fixture
def document(dataset: str, connection: Connection, jobs: Jobs, tmp_path: Path) -> Iterator[Document]:
    """The dataset, pulled."""
    workspace = create_workspace(
        tmp_path / "oaks.truthline",
        Source(SourceKind.DATASET, dataset),
        connection=connection,
        cancel=CancelToken(),
    )
    yield Document(workspace, jobs)
    jobs.close()
    workspace.close()


@pytest.fixture
def shown(qtbot: QtBot, settle: Callable[[], None]) -> Iterator[Callable[..., None]]:
    """Shows a dialog, and waits until it knows what it asks for."""
    opened: list[RebuildingDialog] = []

    def show(dialog: RebuildingDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(dialog)
        opened.append(dialog)
        dialog.show()
        settle()

    yield show
    for dialog in opened:
        dialog.done(0)


@pytest.fixture
def removal(document: Document, aws: Aws, shown: Callable[..., None]) -> Callable[..., RemovalDialog]:
    """`removal(ids)`: the dialog for these entries."""

    def make(ids: tuple[EntryId, ...] = (SECOND,)) -> RemovalDialog:
        dialog = RemovalDialog(document, ids, lambda: aws)
        shown(dialog)
        return dialog

    return make


@pytest.fixture
def worked(qtbot: QtBot, settle: Callable[[], None]) -> Callable[[RebuildingDialog], str]:
    """Waits until the work has ended; gives what is said of it."""

    def wait(dialog: RebuildingDialog) -> str:
        qtbot.waitUntil(lambda: not dialog.work.busy, timeout=20_000)
        settle()
        return dialog.work.text.text()

    return wait


def held(aws: Aws, arn: str) -> list[str]:
    """The names of the images that a dataset holds."""
    pages = aws.rekognition.list_entries(arn)
    return [parse_line(line.encode()).source_ref.rpartition("/")[2] for page in pages for line in page]


def names(document: Document) -> list[str]:
    workspace = document.workspace
    entries = workspace.entries([EntryId(one) for one in workspace.ids()])
    return [entry.source_ref.rpartition("/")[2] for entry in entries]


def agree(dialog: RemovalDialog) -> None:
    """Choose the rebuild and type the name."""
    dialog.ways["rebuild"].setChecked(True)
    dialog.confirm.field.setText("oaks")


def test_it_says_that_the_service_cannot_and_offers_two_ways(
    removal: Callable[..., RemovalDialog],
) -> None:
    dialog = removal()
    assert "cannot remove single images" in dialog.summary.text()
    assert "2.jpg" in dialog.summary.text()
    assert [way for way, button in dialog.ways.items() if not button.isHidden()] == ["unlabel", "rebuild"]
    assert dialog.way == "unlabel"


def test_labels_taken_off_are_an_edit_that_undo_brings_back(
    document: Document, lines: list[bytes], removal: Callable[..., RemovalDialog], settle: Callable[[], None]
) -> None:
    dialog = removal((EntryId(1), SECOND))
    dialog.go_button.click()
    settle()
    assert not dialog.isVisible()
    assert [document.annotation(EntryId(number)).labels for number in (1, 2, 3)] == [
        frozenset(),
        frozenset(),
        {"oak", "leaf"},
    ]
    assert names(document) == list(NAMES)
    assert document.workspace.counts().changed == 2
    document.undo()
    settle()
    assert document.workspace.entry(SECOND).line == lines[1]
    assert document.workspace.counts().changed == 0


@pytest.mark.parametrize("typed", ["", "oak", "Oaks", "oaks/train"])
def test_a_rebuild_waits_for_the_projects_name(removal: Callable[..., RemovalDialog], typed: str) -> None:
    dialog = removal()
    dialog.ways["rebuild"].setChecked(True)
    dialog.confirm.field.setText(typed)
    assert not dialog.go_button.isEnabled()


def test_a_rebuild_waits_for_a_place_in_s3(removal: Callable[..., RemovalDialog]) -> None:
    dialog = removal()
    agree(dialog)
    assert dialog.place_field.text() == f"s3://{BUCKET}/truthline"
    assert dialog.go_button.isEnabled()
    dialog.place_field.setText("somewhere")
    assert not dialog.go_button.isEnabled()


def test_a_rebuild_ends_without_the_image_here_and_there(
    qtbot: QtBot,
    document: Document,
    dataset: str,
    aws: Aws,
    removal: Callable[..., RemovalDialog],
    worked: Callable[..., str],
) -> None:
    dialog = removal()
    agree(dialog)
    with qtbot.waitSignal(dialog.rebuilt, timeout=20_000) as rebuilt:
        dialog.go_button.click()
        dialog.reject()
        assert dialog.isVisible()
    worked(dialog)
    result = rebuilt.args[0]
    assert result.arn != dataset
    assert document.workspace.info.dataset_arn == result.arn
    assert held(aws, result.arn) == ["1.jpg", "3.jpg"]
    assert names(document) == ["1.jpg", "3.jpg"]
    assert result.before is not None
    assert len(result.before.read_bytes().splitlines()) == 3
    assert str(result.before) in dialog.outcome.text()
    assert result.manifest in dialog.outcome.text()
    steps = [dialog.steps.item(row).text() for row in range(dialog.steps.count())]
    assert "Deleting the old dataset" in steps
    assert "Creating the dataset" in steps


def test_a_refusal_says_that_nothing_was_changed(
    document: Document,
    dataset: str,
    aws: Aws,
    emulator: Emulator,
    removal: Callable[..., RemovalDialog],
    worked: Callable[..., str],
) -> None:
    emulator.faults.add("DeleteDataset", faults.access_denied())
    dialog = removal()
    agree(dialog)
    dialog.go_button.click()
    said = worked(dialog)
    assert said.startswith("Could not delete the dataset")
    assert said.endswith("Nothing was changed in the dataset or the workspace.")
    assert held(aws, dataset) == list(NAMES)
    assert names(document) == list(NAMES)
    assert dialog.go_button.isEnabled()  # to try again


def test_one_that_broke_off_is_continued_in_the_same_dialog(
    qtbot: QtBot,
    document: Document,
    aws: Aws,
    emulator: Emulator,
    removal: Callable[..., RemovalDialog],
    worked: Callable[..., str],
) -> None:
    emulator.faults.add("CreateDataset", faults.access_denied())
    dialog = removal()
    agree(dialog)
    dialog.go_button.click()
    said = worked(dialog)
    assert "The old state is in" in said
    assert dialog.go_button.text() == "C&ontinue"
    with qtbot.waitSignal(dialog.rebuilt, timeout=20_000) as rebuilt:
        dialog.go_button.click()
    assert held(aws, rebuilt.args[0].arn) == ["1.jpg", "3.jpg"]
    assert names(document) == ["1.jpg", "3.jpg"]


def test_one_that_broke_off_is_continued_later(
    qtbot: QtBot,
    document: Document,
    aws: Aws,
    emulator: Emulator,
    removal: Callable[..., RemovalDialog],
    shown: Callable[..., None],
    worked: Callable[..., str],
) -> None:
    emulator.faults.add("CreateDataset", faults.access_denied())
    dialog = removal()
    agree(dialog)
    dialog.go_button.click()
    worked(dialog)
    dialog.reject()
    again = removal()
    assert not again.ways["rebuild"].isEnabled()
    assert "an earlier one is not finished" in again.told["rebuild"].text()
    again.reject()
    later = ContinueRebuildDialog(document, lambda: aws)
    shown(later)
    assert unfinished_rebuild(document.workspace) in later.summary.text()
    with qtbot.waitSignal(later.rebuilt, timeout=20_000) as rebuilt:
        later.go_button.click()
    assert held(aws, rebuilt.args[0].arn) == ["1.jpg", "3.jpg"]
    assert unfinished_rebuild(document.workspace) == ""


def test_the_old_state_made_again_is_told_with_its_new_arn(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    document: Document,
    dataset: str,
    removal: Callable[..., RemovalDialog],
    worked: Callable[..., str],
) -> None:
    arn = f"{dataset[:-1]}{(int(dataset[-1]) + 1) % 10}"

    def fail(workspace: Workspace, *_: object, **__: Any) -> None:
        workspace.set_info(replace(workspace.info, dataset_arn=arn))
        raise ServiceError("It holds what it held before, under a new ARN.", code=CREATE_FAILED)

    monkeypatch.setattr("truthline.ui.rebuild.removal.rebuild_without", fail)
    dialog = removal()
    agree(dialog)
    with qtbot.waitSignal(dialog.arn_changed) as changed:
        dialog.go_button.click()
    assert changed.args == [arn]
    assert worked(dialog) == "It holds what it held before, under a new ARN."
    assert document.info.dataset_arn == arn
    assert dialog.go_button.isHidden()


def test_nothing_to_continue_is_told(document: Document, aws: Aws, shown: Callable[..., None]) -> None:
    dialog = ContinueRebuildDialog(document, lambda: aws)
    shown(dialog)
    assert dialog.summary.text() == "There is nothing to continue."
    assert dialog.go_button.isHidden()


def test_conflicts_come_first(
    document: Document, line: Callable[..., bytes], removal: Callable[..., RemovalDialog]
) -> None:
    entry = document.workspace.entry(SECOND)
    theirs = line(entry.source_ref, ["elm"])
    document.workspace.settle({SECOND: Settlement(entry.line, entry.line, entry.base, theirs)})
    dialog = removal()
    assert not dialog.ways["rebuild"].isEnabled()
    assert "in conflict" in dialog.told["rebuild"].text()


def test_a_push_comes_first(document: Document, dataset: str, removal: Callable[..., RemovalDialog]) -> None:
    workspace = document.workspace
    workspace.begin_push(dataset, datetime.now(UTC), lines=1)
    dialog = removal()
    assert not dialog.ways["rebuild"].isEnabled()
    assert "a push is not finished" in dialog.told["rebuild"].text()


def test_images_that_only_the_workspace_has_are_taken_out_of_it(
    qtbot: QtBot,
    document: Document,
    dataset: str,
    aws: Aws,
    line: Callable[..., bytes],
    removal: Callable[..., RemovalDialog],
) -> None:
    document.workspace.append([NewEntry(line(f"s3://{BUCKET}/4.jpg"))])
    dialog = removal((EntryId(4),))
    assert not dialog.ways["unlabel"].isEnabled()
    assert dialog.ways["rebuild"].isHidden()
    assert dialog.way == "forget"
    with qtbot.waitSignal(dialog.removed):
        dialog.go_button.click()
    assert names(document) == list(NAMES)
    assert held(aws, dataset) == list(NAMES)


@pytest.fixture
def first_push(
    aws: Aws,
    connection: Connection,
    jobs: Jobs,
    lines: list[bytes],
    tmp_path: Path,
    shown: Callable[..., None],
) -> Iterator[ManifestPushDialog]:
    """The dialog of a workspace whose dataset is empty."""
    aws.s3.create_bucket(BUCKET)
    arn = aws.rekognition.create_dataset(aws.rekognition.create_project("elms"), "TRAIN")
    info = WorkspaceInfo("elms", arn, region=connection.region, endpoint_url=connection.endpoint_url)
    with Workspace.create(tmp_path / "elms.truthline", info) as workspace:
        workspace.append(NewEntry(line) for line in lines)
        route = first_push_route(12_000, 60_000_000, 0)
        dialog = ManifestPushDialog(Document(workspace, jobs), route, lambda: aws)
        shown(dialog)
        yield dialog
        jobs.close()


def test_a_first_push_is_made_as_one_manifest(qtbot: QtBot, aws: Aws, first_push: ManifestPushDialog) -> None:
    assert first_push.by_manifest.isChecked()
    assert first_push.place_field.text() == f"s3://{BUCKET}/truthline"
    with qtbot.waitSignal(first_push.created, timeout=20_000) as created:
        first_push.go_button.click()
    assert held(aws, created.args[0].arn) == list(NAMES)
    assert created.args[0].manifest in first_push.outcome.text()


def test_updates_can_be_had_all_the_same(
    qtbot: QtBot, emulator: Emulator, first_push: ManifestPushDialog
) -> None:
    first_push.by_updates.setChecked(True)
    assert first_push.by_updates.text() == "&Send 1 update"
    with qtbot.waitSignal(first_push.updates_wanted):
        first_push.go_button.click()
    assert not first_push.isVisible()
    assert all(request.operation != "DeleteDataset" for request in emulator.requests)


def test_a_bucket_that_is_not_there_leaves_the_empty_dataset(
    aws: Aws, first_push: ManifestPushDialog, worked: Callable[..., str]
) -> None:
    first_push.place_field.setText("s3://nowhere/at-all")
    first_push.go_button.click()
    assert worked(first_push).endswith("Nothing was changed in the dataset or the workspace.")
    assert first_push.place_field.isVisible()
