"""The house as it is laid out: no circle of imports, and nothing that grew past what can be taken in."""

from __future__ import annotations

import re
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gui" / "truthline"
LINES_OF_A_MODULE = 450
LINES_OF_A_FOLDER = 2_200


def test_no_import_closes_a_circle() -> None:
    """The contracts in pyproject.toml are about folders; this is about every module."""
    graph = grimp.build_graph("truthline")
    left = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    while free := {module for module, imported in left.items() if not imported & left.keys()}:
        left = {module: imported for module, imported in left.items() if module not in free}
    assert sorted(left) == [], "these import each other, or import some that do"


def test_the_tour_names_modules_that_there_are() -> None:
    """A reader who is sent to a file that was renamed is worse off than without a tour."""
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tour = text[text.index("## A tour") : text.index("## The words")]
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    named = {
        one for one in re.findall(r"`([a-z_]+(?:/[a-z_]+)+)(?:\.py)?`", tour) if one.split("/")[0] in rooms
    }
    assert len(named) > 20
    gone = [one for one in named if not (PACKAGE / one).is_dir() and not (PACKAGE / f"{one}.py").exists()]
    assert gone == []


def test_no_module_is_longer_than_anybody_wants_to_read() -> None:
    lengths = {str(path.relative_to(PACKAGE)): path.read_text().count("\n") for path in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > LINES_OF_A_MODULE} == {}


def test_no_folder_of_the_layout_by_subject_has_grown_into_a_room() -> None:
    folders = [
        path for room in ("ui", "sync", "manifest") for path in (PACKAGE / room).rglob("*") if path.is_dir()
    ]
    lengths = {
        str(folder.relative_to(PACKAGE)): sum(path.read_text().count("\n") for path in folder.glob("*.py"))
        for folder in folders
    }
    assert {name: length for name, length in lengths.items() if length > LINES_OF_A_FOLDER} == {}
