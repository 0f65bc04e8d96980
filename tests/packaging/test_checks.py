"""What the checks themselves see: a folder that is covered less, and what a wheel must and must not hold."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from types import ModuleType

PACKAGING = Path(__file__).parents[2] / "packaging"


def load(name: str) -> ModuleType:
    """A script of ``packaging``, which is no package."""
    spec = importlib.util.spec_from_file_location(name, PACKAGING / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


floors: Any = load("coverage_floors")
wheels: Any = load("try_wheel")


def test_a_folder_that_is_covered_less_is_told() -> None:
    assert floors.below({"aws": 92.0}, {"aws": 92}) == []
    (told,) = floors.below({"aws": 91.9}, {"aws": 92})
    assert "91.9" in told
    assert "92" in told


def test_each_folder_has_a_floor_and_each_floor_a_folder() -> None:
    assert len(floors.below({"new": 100.0}, {})) == 1
    assert len(floors.below({}, {"gone": 10})) == 1


def test_a_floor_only_rises() -> None:
    assert floors.raised({"aws": 99.5, "cli": 50.0, "new": 80.2}, {"aws": 90, "cli": 70, "gone": 5}) == {
        "aws": 97,
        "cli": 70,
        "new": 78,
    }


@pytest.mark.parametrize(
    ("module", "folder"),
    [
        ("words.py", "."),
        ("aws/s3.py", "aws"),
        ("ui/app.py", "ui"),
        ("ui/labels/panel.py", "ui/labels"),
        ("manifest/check/codes/table.py", "manifest/check"),
    ],
)
def test_rooms_and_their_folders_count_for_themselves(module: str, folder: str) -> None:
    assert floors.folder_of(floors.PACKAGE / module) == folder


def test_every_folder_of_the_package_has_a_floor() -> None:
    folders = {floors.folder_of(module) for module in floors.PACKAGE.rglob("*.py")}
    assert folders == set(floors.tomllib.loads(floors.FLOORS.read_text(encoding="utf-8")))


def test_what_a_wheel_lacks_or_should_not_hold_is_told(tmp_path: Path) -> None:
    path = tmp_path / "truthline-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*wheels.EXPECTED, "truthline-1.data/data/share/man/man1/truthline.1"):
            archive.writestr(name, "")
        archive.writestr("truthline-1.dist-info/licenses/LICENSE", "")
    assert wheels.wrong_in(path) == []
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tests/test_main.py", "")
        archive.writestr("truthline/made.py", f"HERE = {str(wheels.ROOT)!r}")
    told = wheels.wrong_in(path)
    assert len([one for one in told if "lacks" in one]) == len(wheels.EXPECTED) + 2
    assert any("holds tests/test_main.py" in one for one in told)
    assert any("made.py" in one for one in told)


def test_a_commit_runs_the_same_checks_as_the_tests() -> None:
    config = yaml.safe_load((PACKAGING.parent / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = {hook["entry"] for repo in config["repos"] for hook in repo["hooks"]}
    script = (PACKAGING / "test").read_text(encoding="utf-8")
    (named,) = [line for line in script.splitlines() if line.startswith("for name in ")]
    quick = named.removeprefix("for name in ").removesuffix("; do").split()
    assert hooks == {f"packaging/checks {name}" for name in quick if name != "wheel"}
