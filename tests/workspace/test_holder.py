"""One Truthline at a time, and who it is."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from subprocess import Popen
from typing import TYPE_CHECKING, Any

import pytest

from present import present
from truthline.errors import WorkspaceHeldError
from truthline.workspace.workspace import Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDING = """
import sys
from pathlib import Path
from truthline.workspace.workspace import Workspace
with Workspace.open(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
"""
TRYING = """
import sys
from pathlib import Path
from truthline.errors import WorkspaceHeldError
from truthline.workspace.workspace import Workspace
try:
    Workspace.open(Path(sys.argv[1])).close()
except WorkspaceHeldError as error:
    print(error.detail)
"""


@pytest.fixture
def holding(path: Path) -> Iterator[Popen[Any]]:
    """A process that has the workspace open; ended when the test ends."""
    Workspace.create(path, WorkspaceInfo("leaves")).close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert present(process.stdout).readline() == "open\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_holds_it(path: Path) -> None:
    with Workspace.create(path, WorkspaceInfo("leaves")):
        told = subprocess.run(
            [sys.executable, "-c", TRYING, str(path)], capture_output=True, text=True, check=True
        ).stdout
    assert f"process {os.getpid()}" in told
    assert platform.node() in told
    assert " since " in told


def test_it_is_told_who_the_second_process_is(path: Path, holding: Popen[Any]) -> None:
    with pytest.raises(WorkspaceHeldError) as caught:
        Workspace.open(path)
    assert f"process {holding.pid}" in caught.value.detail
    assert caught.value.place == str(path)
    holding.communicate("close\n")
    Workspace.open(path).close()


def test_a_killed_process_holds_nothing(path: Path, holding: Popen[Any]) -> None:
    holding.kill()
    holding.wait()
    with Workspace.open(path):
        with pytest.raises(WorkspaceHeldError) as caught:
            Workspace.open(path)
        assert f"process {os.getpid()}" in caught.value.detail
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_same_process_cannot_open_it_twice(path: Path) -> None:
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        for method in (Workspace.open, lambda where: Workspace.create(where, WorkspaceInfo("other"))):
            with pytest.raises(WorkspaceHeldError):
                method(path)
        assert workspace.info.name == "leaves"
        workspace.add_label("leaf")


def test_another_name_for_the_same_folder_is_the_same_workspace(path: Path) -> None:
    link = path.parent.with_name("link")
    try:
        link.symlink_to(path.parent, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    with Workspace.create(path, WorkspaceInfo("leaves")), pytest.raises(WorkspaceHeldError):
        Workspace.open(link / path.name)


def test_a_linked_file_is_the_same_workspace(path: Path) -> None:
    Workspace.create(path, WorkspaceInfo("leaves")).close()
    link = path.with_name("link.truthline")
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("this system lets nobody make links")
    with Workspace.open(path), pytest.raises(WorkspaceHeldError):
        Workspace.open(link)


@pytest.mark.parametrize("note", [b"", b"{}", b"\xff", b"[]", json.dumps({"since": "soon"}).encode()])
def test_an_unreadable_note_does_not_matter(path: Path, note: bytes) -> None:
    with Workspace.create(path, WorkspaceInfo("leaves")):
        path.with_name(path.name + ".holder").write_bytes(note)
        with pytest.raises(WorkspaceHeldError, match="Close it there"):
            Workspace.open(path)
