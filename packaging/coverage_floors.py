"""Which folder is covered how far by the last run of all tests, and whether that is less than it was.

    .venv/bin/python packaging/coverage_floors.py           the table; fails where a floor is not reached
    .venv/bin/python packaging/coverage_floors.py --raise   writes higher floors down; none is ever lowered

The floors stand in `coverage_floors.toml`, in percent of statements; every folder has one.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path

from coverage import Coverage

HERE = Path(__file__).parent
FLOORS = HERE / "coverage_floors.toml"
PACKAGE = HERE.parent / "gui" / "truthline"
MARGIN = 2
"""Percent that a floor lies below what was measured: Pythons count differently, and races run some lines."""
_SPLIT = {"manifest", "sync", "ui"}
"""The rooms whose folders count for themselves."""


def folder_of(path: Path) -> str:
    """The room of a module, such as ``workspace`` or ``ui/labels``; ``.`` for those beside the rooms."""
    parts = path.relative_to(PACKAGE).parts[:-1]
    return "/".join(parts[: 2 if parts[:1] and parts[0] in _SPLIT else 1]) or "."


def measured(coverage: Coverage) -> dict[str, tuple[int, int]]:
    """Of each folder its statements, and those of them that were run."""
    statements: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for file in coverage.get_data().measured_files():
        path = Path(file)
        if not path.is_relative_to(PACKAGE):
            continue
        _, lines, _, missed, _ = coverage.analysis2(file)
        statements[folder_of(path)] += len(lines)
        missing[folder_of(path)] += len(missed)
    return {folder: (count, count - missing[folder]) for folder, count in sorted(statements.items())}


def below(percent: dict[str, float], floors: dict[str, int]) -> list[str]:
    """What is wrong, in a sentence each."""
    return [
        *(f"{name} has no floor yet; add one with --raise." for name in percent if name not in floors),
        *(
            f"{name} is covered to {percent[name]:.1f} %, and was to {floor} % at least."
            for name, floor in floors.items()
            if name in percent and percent[name] < floor
        ),
        *(f"{name} has a floor and no module." for name in floors if name not in percent),
    ]


def raised(percent: dict[str, float], floors: dict[str, int]) -> dict[str, int]:
    """The floors, higher where more is covered now; those of folders that are gone go too."""
    return {name: max(floors.get(name, 0), int(now - MARGIN)) for name, now in percent.items()}


def main(arguments: list[str]) -> int:
    """Print the table, and check or raise the floors."""
    coverage = Coverage(config_file=str(HERE.parent / "pyproject.toml"))
    coverage.load()
    counts = measured(coverage)
    floors: dict[str, int] = tomllib.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    percent = {name: 100 * run / count if count else 100.0 for name, (count, run) in counts.items()}
    for name, (count, _) in counts.items():
        floor = floors.get(name, 0)
        print(f"{name:22}{count:6} statements {percent[name]:6.1f} %   floor {floor:3} %")  # noqa: T201
    if arguments == ["--raise"]:
        lines = [f'"{name}" = {floor}\n' for name, floor in raised(percent, floors).items()]
        FLOORS.write_text("# Written by coverage_floors.py --raise\n" + "".join(lines), encoding="utf-8")
        return 0
    problems = below(percent, floors)
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
