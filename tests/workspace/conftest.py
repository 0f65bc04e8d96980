"""Lines and workspaces for the tests beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import ground_truth_lines as ground_truth
from truthline.workspace.workspace import Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def _line(source_ref: str | None, classes: Iterable[str] = (), boxes: Iterable[str] = ()) -> bytes:
    drawn = [(label, (10 + n, 20, 30, 40)) for n, label in enumerate(boxes)]
    parts = [ground_truth.class_labels(classes)] + ([ground_truth.boxes("boxes_BB", drawn)] if drawn else [])
    return ground_truth.dump(ground_truth.line(source_ref, *parts))


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
