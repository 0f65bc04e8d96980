"""A disk that is full between an edit and its undo: a real one where mounting is allowed, else a limit.

All of it happens in a child process, so that the limit holds for nobody else and a mount ends with it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from truthline.workspace.workspace import EntryId, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and mounts are POSIX's")

CHILD = """
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from truthline.manifest.edit import add_class_label
from truthline.ui.document.document import Document
from truthline.ui.kit.jobs import Jobs
from truthline.workspace.workspace import EntryId, NewEntry, Workspace, WorkspaceInfo

folder, flavour, end = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
ballast = folder / "ballast"
FIRST, NOW = EntryId(1), datetime(2024, 5, 14, tzinfo=UTC)

def fill():
    if flavour == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass

def free():
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    ballast.unlink(missing_ok=True)

app = QCoreApplication([])
jobs = Jobs()
workspace = Workspace.create(folder / "parts.truthline", WorkspaceInfo("parts"))
workspace.append([NewEntry(b'{"source-ref":"s3://leaves/1.jpg"}')])
document = Document(workspace, jobs)
told = []
document.save_failed.connect(lambda error: told.append(str(error)))

def edit(name):
    document.edit(f"Label {name}", FIRST, lambda annotation: add_class_label(annotation, name, NOW))

def step(call):
    call()
    while not jobs.idle:
        app.processEvents()
    stack = document.undo_stack
    print(json.dumps({
        "shown": [label.name for label in document.annotation(FIRST).class_labels],
        "stored": [label.name for label in workspace.entry(FIRST).annotation.class_labels],
        "labels": [label.name for label in workspace.labels()],
        "undo": stack.undo_text, "redo": stack.redo_text, "told": told,
    }), flush=True)
    told.clear()

step(lambda: edit("oak"))
fill()
step(document.undo)
step(document.undo)
step(lambda: edit("elm"))
step(lambda: document.add_label("ash"))
if end == "wait":
    sys.stdin.readline()
free()
step(document.undo)
fill()
step(document.redo)
free()
step(document.redo)
step(lambda: document.add_label("ash"))
workspace.close()
jobs.close()
"""


def command(folder: Path, flavour: str, end: str = "go on") -> list[str]:
    return [sys.executable, "-c", CHILD, str(folder), flavour, end]


def in_a_small_file_system(folder: Path, call: Sequence[str]) -> list[str] | None:
    """The call in a name space of its own with 1 MB at ``folder``; None where mounting is not allowed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    mount = f'mount -t tmpfs -o size=1m tmpfs "{folder}" && exec "$@"'
    for flags in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        inside = [unshare, *flags, "sh", "-c", mount, "sh"]
        if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode == 0:
            return [*inside, *call]
    return None


def state(shown: list[str], undo: str, redo: str, labels: list[str]) -> dict[str, Any]:
    return {"shown": shown, "stored": shown, "labels": labels, "undo": undo, "redo": redo}


WITH_OAK = state(["oak"], "Label oak", "", ["oak"])
BARE = state([], "", "Label oak", [])


@pytest.mark.parametrize("flavour", ["limit", "mount"])
def test_a_full_disk_loses_no_step(tmp_path: Path, flavour: str) -> None:
    call: list[str] | None = command(tmp_path, flavour)
    if flavour == "mount":
        call = in_a_small_file_system(tmp_path, command(tmp_path, flavour))
        if call is None:
            pytest.skip("mounting is not allowed here")
    done = subprocess.run(call or [], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    told = [step.pop("told") for step in steps]
    assert steps == [
        WITH_OAK,
        *[WITH_OAK] * 4,  # twice undo, an edit, a label: none came through
        BARE,
        BARE,  # a redo that did not come through
        WITH_OAK,
        state(["oak"], "Add Label ash", "", ["oak", "ash"]),
    ]
    titles = [[text.split(". ")[0] for text in texts] for texts in told]
    assert titles == [
        [],
        ["“Label oak” on 1.jpg was not undone"],
        ["“Label oak” on 1.jpg was not undone"],
        ["“Label elm” on 1.jpg was not done"],
        ["“Add Label ash” was not done"],
        [],
        ["“Label oak” on 1.jpg was not done again"],
        [],
        [],
    ]
    if flavour == "mount":
        assert all("The disk is full: the last change was not saved." in texts[0] for texts in told if texts)
        assert all("Free some space, then do it again." in texts[0] for texts in told if texts)


def test_a_kill_after_an_undo_that_failed_leaves_the_edit(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(tmp_path, "limit", "wait"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        steps = [json.loads(child.stdout.readline()) for _ in range(5)]
        os.kill(child.pid, signal.SIGKILL)
    assert steps[-1]["told"]
    path = tmp_path / "parts.truthline"
    with Workspace.open(path) as workspace:
        names = [one.name for one in workspace.entry(EntryId(1)).annotation.class_labels]
        assert names == steps[-1]["stored"] == ["oak"]
        assert [label.name for label in workspace.labels()] == ["oak"]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
