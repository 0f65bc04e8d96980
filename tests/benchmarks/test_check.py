"""``truthline check`` on the largest manifest that the service takes, against orjson on the same lines."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson
import pytest

if TYPE_CHECKING:
    from pathlib import Path

LINES = 250_000
RUNS = 3
MOST_TIMES_ORJSON = 5
MOST_MEGABYTES = 150

LABELS = [f"label {number}" for number in range(40)]
DATE = "2021-07-11T03:33:42.025Z"
FOLDER = "s3://custom-labels-console-eu-west-1-0123456789/assets/photos-of-everything/2021"


def class_labels(rnd: random.Random) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for label in rnd.sample(LABELS, rnd.randint(1, 3)):
        line[label] = 1
        line[f"{label}-metadata"] = {
            "confidence": 1,
            "job-name": f"labeling-job/{label}",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": DATE,
            "type": "groundtruth/image-classification",
        }
    return line


def boxes(rnd: random.Random) -> dict[str, Any]:
    wide, high = rnd.choice([(4000, 3000), (1920, 1080), (640, 480)])
    frames = []
    for _ in range(rnd.randint(1, 10)):
        width, height = rnd.randint(20, wide // 2), rnd.randint(20, high // 2)
        left, top = rnd.randint(0, wide - width), rnd.randint(0, high - height)
        frame = {"class_id": rnd.randrange(3), "left": left, "top": top, "width": width, "height": height}
        frames.append(frame)
    names = rnd.sample(LABELS, 3)
    return {
        "photos_BB": {"image_size": [{"width": wide, "height": high, "depth": 3}], "annotations": frames},
        "photos_BB-metadata": {
            "objects": [{"confidence": 1} for _ in frames],
            "class-map": {str(one): names[one] for one in sorted({frame["class_id"] for frame in frames})},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": DATE,
            "job-name": "labeling-job/photos_BB",
        },
    }


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A third of the lines have class labels, two thirds 1 to 10 boxes: about 209 MB."""
    path = tmp_path_factory.mktemp("check") / "large.manifest"
    rnd = random.Random(7)  # noqa: S311
    with path.open("w") as file:
        for number in range(LINES):
            ref = {"source-ref": f"{FOLDER}/{number:08d}-image-of-something.jpg"}
            file.write(json.dumps(ref | (boxes(rnd) if number % 3 else class_labels(rnd))) + "\n")
    return path


def seconds_of_orjson(path: Path) -> float:
    start = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)
    return time.perf_counter() - start


def checked(path: Path) -> tuple[float, float]:
    """Run the command; gives its seconds, Python's start included, and its peak memory in MB.

    It is one process: a second one would appear among the children that the runner counts.
    """
    runner = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-m', 'truthline', 'check', *sys.argv[1:]], check=False)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, file=sys.stderr)\n"
        "sys.exit(done.returncode)\n"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", runner, str(path)], check=False, capture_output=True, text=True, timeout=250
    )
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stdout
    assert f"{LINES} lines, " in done.stdout
    return seconds, float(done.stderr.split()[-1])


@pytest.mark.benchmark
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in other units elsewhere")
def test_check_of_the_largest_manifest(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    floors, runs = [], []
    for _ in range(RUNS):  # in turns, so that a busy moment hits both
        floors.append(seconds_of_orjson(manifest))
        runs.append(checked(manifest))
    floor, seconds = median(floors), median(run[0] for run in runs)
    memory = max(run[1] for run in runs)
    with capsys.disabled():
        size = manifest.stat().st_size / 1e6
        print(f"\n{LINES} lines, {size:.0f} MB: orjson {floor:.2f} s, check {seconds:.2f} s,", end=" ")  # noqa: T201
        print(f"{seconds / floor:.2f} times; {memory:.0f} MB")  # noqa: T201
    assert seconds <= MOST_TIMES_ORJSON * floor
    assert memory <= MOST_MEGABYTES
