"""The check of lines of many kinds, and ``truthline check`` on the largest manifest that the service takes.

Both are measured against orjson on the same lines in the same run, since figures drift with the machine.
"""

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

from truthline.manifest.check.rules import check_raw
from truthline.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = 250_000
RUNS = 3
MOST_TIMES_ORJSON = 6
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


def boxes(rnd: random.Random, name: str = "photos_BB", unused: int = 0) -> dict[str, Any]:
    wide, high = rnd.choice([(4000, 3000), (1920, 1080), (640, 480)])
    frames = []
    for _ in range(rnd.randint(1, 10)):
        width, height = rnd.randint(20, wide // 2), rnd.randint(20, high // 2)
        left, top = rnd.randint(0, wide - width), rnd.randint(0, high - height)
        frame = {"class_id": rnd.randrange(3), "left": left, "top": top, "width": width, "height": height}
        frames.append(frame)
    names = rnd.sample(LABELS, 3 + unused)
    ids = [*sorted({frame["class_id"] for frame in frames}), *range(3, 3 + unused)]
    return {
        name: {"image_size": [{"width": wide, "height": high, "depth": 3}], "annotations": frames},
        f"{name}-metadata": {
            "objects": [{"confidence": 1} for _ in frames],
            "class-map": {str(one): names[one] for one in ids},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": DATE,
            "job-name": f"labeling-job/{name}",
        },
    }


def either(rnd: random.Random) -> dict[str, Any]:
    return boxes(rnd) if rnd.random() < 0.6 else class_labels(rnd)


def as_listed(rnd: random.Random) -> dict[str, Any]:
    labelled = rnd.random() < 0.8
    return (either(rnd) if labelled else {}) | {"cl-metadata": {"is_labeled": labelled}}


def adjusted(rnd: random.Random) -> dict[str, Any]:
    line = boxes(rnd, "job") | boxes(rnd, "adjusted-job")
    line["adjusted-job-metadata"]["adjustment-status"] = rnd.choice(["adjusted", "unadjusted"])
    return line


def foreign_in_metadata(rnd: random.Random) -> dict[str, Any]:
    line = either(rnd)
    for key in line:
        if key.endswith("-metadata"):
            line[key] |= {"worker": "abc", "notes": {"a": [1, {"x": None}]}, "reviewed": True, "score": 0.5}
    return line


def foreign_in_line(rnd: random.Random) -> dict[str, Any]:
    foreign = {"at": {"year": 2021, "by": [1, 2]}, "tags": ["a", "b"], "checked": True, "score": 0.5}
    return either(rnd) | foreign


def dates_alone(rnd: random.Random) -> dict[str, Any]:
    line = class_labels(rnd)
    for key in line:
        if key.endswith("-metadata"):
            line[key]["creation-date"] = f"2021-07-{rnd.randint(1, 31):02d}"
    return line


def of_a_job(rnd: random.Random) -> dict[str, Any]:
    """As a labelling job writes it: times without a zone, to the microsecond, each another."""
    at = f"2019-05-{rnd.randint(1, 31):02d}T20:{rnd.randint(10, 59)}:41.{rnd.randrange(10**6):06d}"
    return {
        "lab1-labeling-job": rnd.randrange(2),
        "lab1-labeling-job-metadata": {
            "confidence": rnd.choice([0.95, 0.68]),
            "job-name": "labeling-job/lab1-labeling-job",
            "class-name": rnd.choice(["RH", "LH"]),
            "human-annotated": "yes",
            "creation-date": at,
            "type": "groundtruth/image-classification",
        },
    }


def boxes_outside(rnd: random.Random) -> dict[str, Any]:
    line = boxes(rnd)
    line["photos_BB"]["annotations"][0]["left"] = 5000
    return line


def without_class(rnd: random.Random) -> dict[str, Any]:
    line = boxes(rnd)
    line["photos_BB-metadata"]["class-map"].popitem()
    return line


def segmentation(rnd: random.Random) -> dict[str, Any]:
    colours = {
        str(one): {"class-name": LABELS[one], "hex-color": "#fff", "confidence": 0} for one in range(3)
    }
    about = {"internal-color-map": colours, "type": "groundtruth/semantic-segmentation"}
    about |= {"human-annotated": "yes", "creation-date": DATE, "job-name": "labeling-job/s"}
    return {"s-ref": f"{FOLDER}/{rnd.randrange(99)}.png", "s-ref-metadata": about}


def without_confidence(rnd: random.Random) -> dict[str, Any]:
    line = of_a_job(rnd)
    del line["lab1-labeling-job-metadata"]["confidence"]
    return line


KINDS: dict[str, tuple[Callable[[random.Random], dict[str, Any]], float]] = {
    "class labels": (class_labels, 5),
    "boxes": (boxes, 5),
    "unlabelled": (lambda _: {}, 15),  # orjson takes 0.15 us for such a line, as long as two calls
    "as the service lists them": (as_listed, 6),
    "adjustment jobs": (adjusted, 5),
    "unused classes": (lambda rnd: boxes(rnd, unused=2), 6),
    "foreign keys in metadata": (foreign_in_metadata, 5),
    "foreign keys in the line": (foreign_in_line, 6),
    "dates without a time": (dates_alone, 6),
    "of a job": (of_a_job, 6),
    # Lines with findings.
    "boxes outside": (boxes_outside, 12),
    "no label for a class_id": (without_class, 10),
    "segmentation": (segmentation, 15),
    "no confidence": (without_confidence, 300),  # explained by the schemas
}
"""What such a line holds beside its source-ref; how many times as long as orjson its check may take."""

MIX = "a mix of all that are valid"
SAMPLE = "the sample dataset"
MOST = {kind: most for kind, (_, most) in KINDS.items()} | {MIX: 6, SAMPLE: 6}
SOUND = list(KINDS)[:10]


def lines_of(kind: str, count: int = 1_000) -> list[bytes]:
    if kind == SAMPLE:
        found = resource("sample/sample.manifest").read_bytes().splitlines()
        return (found * count)[:count]
    if kind == MIX:
        return [line for one in SOUND for line in lines_of(one, count // 10)]
    rnd = random.Random(7)  # noqa: S311
    make = KINDS[kind][0]
    refs = (f"{FOLDER}/{number:08d}-image-of-something.jpg" for number in range(count))
    return [json.dumps({"source-ref": ref} | make(rnd)).encode() for ref in refs]


def microseconds(work: Callable[[bytes], object], lines: list[bytes]) -> float:
    start = time.perf_counter()
    for line in lines:
        work(line)
    return (time.perf_counter() - start) / len(lines) * 1e6


@pytest.mark.benchmark
@pytest.mark.parametrize("kind", MOST)
def test_check_of_lines_of_each_kind(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(kind)
    pairs = [(microseconds(orjson.loads, lines), microseconds(check_raw, lines)) for _ in range(15)]
    floor, check = (min(one) for one in zip(*pairs, strict=True))  # the best of each: others were disturbed
    with capsys.disabled():
        print(f"\n{kind}: orjson {floor:.2f} us, check {check:.2f} us, {check / floor:.1f} times", end=" ")  # noqa: T201
    assert check <= MOST[kind] * floor


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
