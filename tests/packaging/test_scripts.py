"""The scripts that ready a checkout, against a Python that only writes down what it is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ["packaging/start", "packaging/test", "packaging/checks", "packaging/setup.sh", ".ci/run"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts need bash")

FAKE_PYTHON = """#!/usr/bin/env bash
# Knows no Python: makes environments of itself, and keeps a diary of what is installed and run.
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo "venv" >>"$DIARY" ;;
    *"pip install"*) echo "install ${*: -1}" >>"$DIARY" && exit "${PIP_STATUS:-0}" ;;
    "-m truthline"*) echo "run ${*:2}" >>"$DIARY" ;;
    *) echo 3.12 ;;
esac
"""


class Checkout:
    """A copy of the scripts with the fake Python."""

    def __init__(self, root: Path) -> None:
        self.root = root / "check out"
        self.diary = root / "diary"
        self.python = root / "python3.12"
        self.python.write_text(FAKE_PYTHON)
        self.python.chmod(0o755)
        shutil.copytree(ROOT / "packaging", self.root / "packaging")
        shutil.copy(ROOT / "pyproject.toml", self.root)

    @property
    def state(self) -> Path:
        return self.root / ".venv" / "truthline-setup"

    def run(self, script: str, *arguments: str, **environment: Any) -> subprocess.CompletedProcess[str]:
        """Run a script with PYTHON set to the fake one, from a folder elsewhere."""
        names = {"DIARY": str(self.diary), "PYTHON": str(self.python), "PATH": os.environ["PATH"]}
        command = ["bash", str(self.root / "packaging" / script), *arguments]
        return subprocess.run(
            command,
            cwd=self.root.parent,
            env=names | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def read_diary(self) -> list[str]:
        """What happened since the last time, with the checkout's path left out."""
        lines = self.diary.read_text().replace(str(self.root), "").splitlines() if self.diary.exists() else []
        self.diary.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_bash(script: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


@pytest.mark.parametrize("script", [name for name in SCRIPTS if not name.endswith(".sh")])
def test_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


def test_the_first_start_installs_and_the_second_does_not(checkout: Checkout) -> None:
    assert checkout.run("start", "--headless", "--port", "1").returncode == 0
    assert checkout.read_diary() == ["venv", "install [emulator]", "run truthline demo --headless --port 1"]
    checkout.run("start", "--headless")
    assert checkout.read_diary() == ["run truthline demo --headless"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whether there is a display")
def test_without_a_display_it_starts_headless(checkout: Checkout) -> None:
    done = checkout.run("start")
    assert "no display" in done.stderr
    assert checkout.read_diary()[-1] == "run truthline demo --headless"


def test_start_after_test_keeps_what_test_installed(checkout: Checkout) -> None:
    checkout.run("start", "--headless")
    checkout.read_diary()
    checkout.run("test")
    assert "install [dev]" in checkout.read_diary()
    checkout.run("start", "--headless")
    assert checkout.read_diary() == ["run truthline demo --headless"]
    with (checkout.root / "packaging" / "constraints.txt").open("a") as constraints:
        constraints.write("another==1.0\n")
    checkout.run("start", "--headless")
    assert checkout.read_diary() == ["install [dev]", "run truthline demo --headless"]


@pytest.mark.parametrize("damage", ["unfinished", "no python", "empty", "moved"])
def test_a_broken_environment_is_made_anew(checkout: Checkout, damage: str) -> None:
    checkout.run("start", "--headless")
    checkout.read_diary()
    if damage == "unfinished":
        checkout.state.write_text(f"unfinished\n{checkout.root}\n\n")
    elif damage == "no python":
        (checkout.root / ".venv" / "bin" / "python").unlink()
    elif damage == "empty":
        shutil.rmtree(checkout.root / ".venv")
        (checkout.root / ".venv").mkdir()
    else:
        checkout.root = checkout.root.rename(checkout.root.parent / "elsewhere")
    checkout.run("start", "--headless")
    assert checkout.read_diary() == ["venv", "install [emulator]", "run truthline demo --headless"]


def test_an_installation_that_failed_is_told_and_tried_again(checkout: Checkout) -> None:
    done = checkout.run("start", "--headless", PIP_STATUS="1")
    assert done.returncode != 0
    assert "Run this again" in done.stderr
    assert not any(line.startswith("run") for line in checkout.read_diary())
    assert checkout.run("start", "--headless").returncode == 0
    assert "install [emulator]" in checkout.read_diary()


def test_an_update_that_failed_keeps_the_environment(checkout: Checkout) -> None:
    checkout.run("start", "--headless")
    (checkout.root / "pyproject.toml").write_text("# changed")
    checkout.run("start", "--headless", PIP_STATUS="1")
    checkout.read_diary()
    checkout.run("start", "--headless")
    assert checkout.read_diary() == ["install [emulator]", "run truthline demo --headless"]


def test_a_python_that_does_not_suit_is_told(checkout: Checkout) -> None:
    done = checkout.run("start", "--headless", PYTHON="false")
    assert done.returncode != 0
    assert "PYTHON is set to false" in done.stderr
    assert checkout.read_diary() == []


def test_every_check_runs_and_those_that_failed_are_named(checkout: Checkout) -> None:
    done = checkout.run("test")
    assert done.returncode != 0
    (summary,) = [line for line in done.stderr.splitlines() if line.startswith("These checks failed")]
    assert {"ruff", "format", "mypy", "imports"} <= set(summary.split())
