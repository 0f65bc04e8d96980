"""Two people on one dataset, in the real window: conflicts, pulls, and a program that was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTreeView

from truthline.emulator import ManualClock, Switches
from truthline.manifest import edit
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import recognise
from truthline.sync.service.watch import watch
from truthline.ui.conflicts.dialog import ConflictsDialog
from truthline.ui.projects.dialog import ProjectsDialog
from truthline.ui.rebuild.removal import RemovalDialog
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 5, 14, tzinfo=UTC)
SLOW = Switches(create_seconds=0.0, update_seconds=3600.0)


def theirs(service: Any, dataset: str, name: str, change: Any) -> None:
    """Somebody else's update of one entry."""
    (line,) = [text for page in service.aws.rekognition.list_entries(dataset, contains=name) for text in page]
    held = json.dumps({key: value for key, value in json.loads(line).items() if not key.startswith("cl-")})
    changed = change(parse_line(held.encode()))
    service.aws.rekognition.update_entries(dataset, changed.raw + b"\n")
    list(watch(service.aws, dataset, cancel=CancelToken()))


def moved(by: int) -> Any:
    """Moves the first box."""

    def change(annotation: Any) -> Any:
        attribute = annotation.box_attributes[0]
        box = attribute.boxes[0]
        return edit.set_box_frame(
            annotation, attribute.name, 0, box.left + by, box.top, box.width, box.height
        )

    return change


def left(line: dict[str, Any]) -> Any:
    return next(
        value["annotations"][0]["left"]
        for value in line.values()
        if isinstance(value, dict) and "annotations" in value
    )


def open_dialogs() -> list[ConflictsDialog]:
    return [
        one for one in QApplication.topLevelWidgets() if isinstance(one, ConflictsDialog) and one.isVisible()
    ]


@pytest.mark.parametrize(("key", "by"), [(Qt.Key.Key_M, 7), (Qt.Key.Key_T, 30)], ids=["mine", "theirs"])
def test_a_conflict_is_shown_and_decided(user: Any, service: Any, dataset: str, key: Qt.Key, by: int) -> None:
    bench = user.open(dataset, service.connection)
    entry_id = user.go_to("dahlia.jpg")
    before = left(service.lines(dataset)["dahlia.jpg"])
    theirs(service, dataset, "dahlia.jpg", moved(30))
    bench.document.edit("Move Box", entry_id, moved(7))
    user.settle()
    user.trigger("push")
    user.wait(lambda: "1 image was changed by somebody else too and not sent" in user.toast())
    user.wait(bench.bar.resolve_button.isVisible)
    assert left(service.lines(dataset)["dahlia.jpg"]) == before + 30
    user.click(bench.bar.resolve_button)
    user.wait(open_dialogs)
    (dialog,) = open_dialogs()
    user.wait(lambda: dialog.list.model().rowCount() == 1)
    user.settle()
    user.qtbot.keyClick(dialog, key)
    user.wait(lambda: bench.counts.conflicts == 0)
    dialog.close()
    user.settle()
    assert bench.counts.changed == (1 if key == Qt.Key.Key_M else 0)
    if bench.counts.changed:
        user.trigger("push")
        user.wait(lambda: "1 line is stored." in user.toast())
    assert left(service.lines(dataset)["dahlia.jpg"]) == before + by
    assert left(json.loads(bench.document.entry(entry_id).line)) == before + by


def test_others_changes_are_offered_and_pulled(user: Any, service: Any, dataset: str) -> None:
    bench = user.open(dataset, service.connection)
    user.wait(lambda: "17 images" in user.status)
    theirs(service, dataset, "fig.jpg", lambda one: edit.add_class_label(one, "ripe", NOW))
    user.trigger("refresh")
    user.wait(lambda: "Somebody else updated the dataset" in user.status)
    assert "ripe" not in user.class_labels(user.go_to("fig.jpg"))
    user.click(bench.bar.pull_button)
    user.wait(lambda: "1 changed" in user.toast())
    assert "ripe" in user.class_labels(user.go_to("fig.jpg"))
    user.wait(lambda: "Somebody else" not in user.status)
    assert bench.bar.changes.text() == "No changes"


# The program, killed

PUSHING = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from truthline.aws.connection import Connection
from truthline.settings import Settings
from truthline.sync.push import plan
from truthline.ui.app import App
from truthline.words import progress_words
plan.BATCH_BYTES = 1500
application = QApplication([])
folder, path, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
app = App(Settings(folder / "settings.json"), folder / "cache", Connection(endpoint_url=url))
def opened(bench):
    bench.dataset.state_changed.connect(
        lambda state: print(progress_words(state.activity) if state.activity else "", flush=True)
    )
    QTimer.singleShot(0, bench.dataset.push)
app.window.document_opened.connect(opened)
app.window.show()
app.window.open(path)
application.exec()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("switches", [SLOW], ids=["slow update"])
def test_the_program_killed_during_a_push(
    user: Any, service: Any, dataset: str, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "work.truthline"
    with create_workspace(
        path, recognise(dataset), connection=service.connection, cancel=CancelToken()
    ) as workspace:
        workspace.save_many(
            {
                entry.id: edit.add_class_label(entry.annotation, "checked", NOW).raw
                for entry in workspace.entries([EntryId(one) for one in workspace.ids()])
                if not entry.findings
            }
        )
        changed = workspace.counts().changed
    words = [str(tmp_path), str(path), service.connection.endpoint_url]
    with subprocess.Popen(
        [sys.executable, "-c", PUSHING, *words], stdout=subprocess.PIPE, env=os.environ
    ) as child:
        assert child.stdout is not None
        for said in child.stdout:
            if b"UPDATE_IN_PROGRESS" in said:
                break
        os.kill(child.pid, signal.SIGKILL)
    clock.advance(3600)
    service.emulator.requests.clear()
    bench = user.open(str(path), service.connection)
    user.wait(lambda: bench.bar.changes.text() == f"{changed} changes")
    user.wait(lambda: "after a push that was broken off" in user.status)
    assert "Somebody else" not in user.status
    user.trigger("push")
    while bench.dataset.busy or bench.counts.changed:
        user.qtbot.wait(20)
        clock.advance(3600)
    user.settle()
    user.wait(lambda: "Update complete" in user.status)
    assert "Somebody else" not in user.status
    assert "broken off" not in user.status
    held = service.lines(dataset)
    for entry in bench.document.workspace.entries(list(bench.document.workspace.ids())):
        assert held[entry.source_ref.rsplit("/", 1)[-1]] == json.loads(entry.line)
    sent = [
        line
        for one in service.emulator.requests
        if one.operation == "UpdateDatasetEntries"
        for line in one.params["Changes"]["GroundTruth"].splitlines()
    ]
    assert 0 < len(sent) < changed, "what had arrived is not sent again"
    user.trigger("history")
    view = bench.history.findChild(QTreeView)
    user.wait(lambda: view.model().rowCount() == 2)
    said = [str(view.model().index(row, column).data()) for row in (0, 1) for column in range(4)]  # type: ignore[assignment]
    assert any("broken off" in text for text in said), said  # type: ignore[operator]
    assert any("sent and read back" in text for text in said), said  # type: ignore[operator]


def test_an_image_is_removed_by_making_the_dataset_anew(user: Any, service: Any, dataset: str) -> None:
    bench = user.open(dataset, service.connection)
    user.wait(lambda: "17 images" in user.status)
    user.go_to("fig.jpg")
    user.trigger("remove_images")
    dialog = user.dialog(RemovalDialog)
    user.settle()
    dialog.ways["rebuild"].setChecked(True)
    dialog.confirm.field.setText("sample")
    user.wait(dialog.go_button.isEnabled)
    user.click(dialog.go_button)
    user.wait(lambda: bench.document.workspace.info.dataset_arn != dataset)
    user.wait(lambda: "created anew" in user.toast())
    dialog.close()
    user.activate()
    user.wait(lambda: "16 images" in user.status)
    assert bench.browser.model.rowCount() == 16
    assert "fig.jpg" not in service.lines(bench.document.workspace.info.dataset_arn)
    assert not bench.document.undo_stack.newest


def test_a_dataset_is_opened_from_the_list_of_projects(user: Any, service: Any, dataset: str) -> None:
    user.trigger("projects")
    dialog = user.dialog(ProjectsDialog)
    user.wait(lambda: len(dialog.tree.projects) == 1)
    dialog.tree.choose(dataset)
    user.wait(dialog.page.open_button.isEnabled)
    user.click(dialog.page.open_button)
    assert user.opened().document.workspace.info.dataset_arn == dataset
