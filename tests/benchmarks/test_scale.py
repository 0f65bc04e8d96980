"""What a person does at 1,000 to 250,000 images: as ratios to orjson on the same lines in the same run.

``pytest -m benchmark tests/benchmarks/test_scale.py`` prints the table, with the longest time for which the
window did not answer, in milliseconds as a person feels it. A smaller one runs with the other tests, with
limits that no busy machine reaches: they tell that something grows which did not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SIZES = (1_000, 20_000, 100_000, 250_000)
TESTS = Path(__file__).parents[1]

MOST_TIMES_ORJSON = {
    "open: the rest": 45,  # by itself, 24
    "a digit on all": 70,  # 50
    "undo it": 42,  # 30
    "redo it": 42,
}
MOST_MEGABYTES = 300
MOST_MORE_MEGABYTES = 60
"""After a label was given to all, undone and done again."""


def run(folder: Path, lines: int, *steps: str) -> dict[str, Any]:
    """One run in a process of its own; its rows, with the seconds that orjson took."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale_run", str(folder), str(lines), *steps],
        cwd=TESTS,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    rows = found["rows"]
    if "open: all there" in rows:
        rest = rows["open: all there"]["seconds"] - rows["open: first page"]["seconds"]
        rows["open: the rest"] = {"seconds": rest}
    return found


def told(found: dict[str, Any]) -> str:
    floor = found["orjson"]
    lines = [f"{found['lines']:,} images; orjson takes {floor:.3f} s"]
    for name, row in found["rows"].items():
        ratio = row["seconds"] / floor
        rest = "".join(f"  {key} {row[key]:.0f}" for key in ("block_ms", "mb", "more_mb") if key in row)
        lines.append(f"  {name:<34}{row['seconds']:>9.3f} s{ratio:>8.1f} x{rest}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where manifests and workspaces of a size are kept for the runs that follow."""
    return tmp_path_factory.mktemp("scale")


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = {size: run(folder, size) for size in SIZES}
    with capsys.disabled():
        for found in runs.values():
            print(f"\n{told(found)}")  # noqa: T201
    large = runs[SIZES[-1]]
    rows, floor = large["rows"], large["orjson"]
    assert {
        name: rows[name]["seconds"] / floor
        for name, most in MOST_TIMES_ORJSON.items()
        if rows[name]["seconds"] > most * floor
    } == {}
    assert max(row.get("mb", 0) for row in rows.values()) <= MOST_MEGABYTES
    small = runs[SIZES[0]]["rows"]
    # The first page and a push's plan do not know how large the rest is.
    assert rows["open: first page"]["seconds"] <= 2 * small["open: first page"]["seconds"]
    assert rows["plan a push of ten"]["seconds"] <= 2 * small["plan a push of ten"]["seconds"]


def test_twenty_thousand(folder: Path) -> None:
    found = run(folder, 20_000, "open", "select", "edit")
    rows, floor = found["rows"], found["orjson"]
    limits = {name: 4 * most for name, most in MOST_TIMES_ORJSON.items()}
    assert {name: rows[name] for name, most in limits.items() if rows[name]["seconds"] > most * floor} == {}
    assert rows["redo it"]["mb"] - rows["open: all there"]["mb"] <= MOST_MORE_MEGABYTES
