"""The workspace at 250,000 images: as ratios to orjson on the same lines, or to reading the lines alone."""

from __future__ import annotations

import sqlite3
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from benchmarks.test_check import LINES, manifest
from truthline.manifest.file import read_raw_lines
from truthline.sync.opening.opening import export_manifest
from truthline.workspace.workspace import NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

__all__ = ["manifest"]

MOST_INGEST = 24.0
"""Times orjson: parsing, checking and storing with all indexes."""
MOST_EXPORT = 2.5
"""Times reading the lines out of SQLite and writing them to a file."""
MOST_CHECK = 5.0
"""Times orjson."""
MOST_FILL = 4.0
"""Times orjson: the checksums of an older file."""
ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def decode(path: Path) -> None:
    for line in read_raw_lines(path):
        orjson.loads(line)


@pytest.fixture(scope="module")
def stored(manifest: Path) -> tuple[Path, float]:
    """A workspace of the manifest, and how many times as long as orjson it took."""
    path = manifest.with_name("large.truthline")
    floor = median(seconds(lambda: decode(manifest)) for _ in range(ROUNDS))
    with Workspace.create(path, WorkspaceInfo("large")) as workspace:
        taken = seconds(lambda: workspace.append(NewEntry(raw, base=raw) for raw in read_raw_lines(manifest)))
    return path, taken / floor


def told(what: str, ratio: float, most: float) -> None:
    sys.stderr.write(f"{what}: {ratio:.2f}, at most {most}\n")
    assert ratio <= most


def test_ingest(stored: tuple[Path, float]) -> None:
    told("ingest over orjson", stored[1], MOST_INGEST)


def test_export(stored: tuple[Path, float], tmp_path: Path) -> None:
    path, _ = stored

    def bare() -> None:
        connection = sqlite3.connect(path)
        with (tmp_path / "bare").open("wb") as file:
            rows = connection.execute("SELECT line, ending FROM lines ORDER BY id")
            file.writelines(line + ending for line, ending in rows)
        connection.close()

    with Workspace.open(path) as workspace:
        ratios = []
        for _ in range(ROUNDS):
            floor = seconds(bare)
            ratios.append(seconds(lambda: export_manifest(workspace, tmp_path / "out")) / floor)
    assert (tmp_path / "out").read_bytes() == (tmp_path / "bare").read_bytes()
    told("export over reading and writing the lines", median(ratios), MOST_EXPORT)


def test_check_again(stored: tuple[Path, float], manifest: Path) -> None:
    path, _ = stored
    floor = median(seconds(lambda: decode(manifest)) for _ in range(ROUNDS))
    with Workspace.open(path) as workspace:
        workspace.set_note("rules", "other")
        taken = seconds(workspace.check_again)
        assert not workspace.aged
    told("checking again over orjson", taken / floor, MOST_CHECK)


def test_checksums_of_an_older_file(stored: tuple[Path, float], manifest: Path) -> None:
    path, _ = stored
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in (
        "ALTER TABLE entries DROP COLUMN line_sum",
        "ALTER TABLE entries DROP COLUMN base_sum",
        "ALTER TABLE pushes DROP COLUMN broken_off",
        "DROP TABLE undo_blocks",
        "DROP TABLE undo_steps",
        "PRAGMA user_version = 1",
    ):
        connection.execute(statement)
    connection.close()
    floor = median(seconds(lambda: decode(manifest)) for _ in range(ROUNDS))
    reports: list[Any] = []
    taken = seconds(lambda: Workspace.open(path, report=reports.append).close())
    assert len(reports) > LINES // 10_000
    told("filling in checksums over orjson", taken / floor, MOST_FILL)
