"""Lines and workspaces for the tests beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.workspace.workspace import Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def _line(source_ref: str | None, classes: Iterable[str] = (), boxes: Iterable[str] = ()) -> bytes:
    line: dict[str, Any] = {} if source_ref is None else {"source-ref": source_ref}
    for number, name in enumerate(classes):
        line[f"class{number}"] = 1
        line[f"class{number}-metadata"] = {
            "confidence": 1,
            "job-name": f"labeling-job/class{number}",
            "class-name": name,
            "human-annotated": "yes",
            "creation-date": "2021-07-11T03:33:42.025Z",
            "type": "groundtruth/image-classification",
        }
    labels = list(boxes)
    if labels:
        names = sorted(set(labels))
        line["boxes_BB"] = {
            "annotations": [
                {"left": 10 + n, "top": 20, "width": 30, "height": 40, "class_id": names.index(name)}
                for n, name in enumerate(labels)
            ],
            "image_size": [{"width": 640, "height": 480, "depth": 3}],
        }
        line["boxes_BB-metadata"] = {
            "job-name": "labeling-job/boxes_BB",
            "class-map": {str(n): name for n, name in enumerate(names)},
            "human-annotated": "yes",
            "objects": [{"confidence": 1} for _ in labels],
            "creation-date": "2021-07-11T03:33:42.025Z",
            "type": "groundtruth/object-detection",
        }
    return json.dumps(line, ensure_ascii=False).encode()


@pytest.fixture(scope="session")
def line() -> Callable[..., bytes]:
    """`line(source_ref, classes, boxes)`: a sound line with these class labels, and a box for each label."""
    return _line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the workspace of a test lies."""
    return tmp_path / "Leaves & Bäume #1%20.truthline"


@pytest.fixture
def workspace(path: Path) -> Iterator[Workspace]:
    """A workspace without entries."""
    with Workspace.create(path, WorkspaceInfo("leaves")) as made:
        yield made
