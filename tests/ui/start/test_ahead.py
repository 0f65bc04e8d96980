"""Thumbnails of a folder are made ahead, those that a view waits for first, and never of images in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from truthline.images.source import FolderSource
from truthline.images.thumbnails import Thumbnails
from truthline.ui.document.document import Document
from truthline.ui.document.pictures import Pictures
from truthline.ui.start.ahead import ThumbnailsAhead
from truthline.workspace.workspace import NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.ui.kit.jobs import Jobs

TARGET = "s3://leaves/trees"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Thumbnails]:
    """An empty cache."""
    made = Thumbnails(tmp_path / "cache.sqlite")
    yield made
    made.close()


@pytest.fixture
def begin(
    tmp_path: Path, jobs: Jobs, cache: Thumbnails, line: Callable[..., bytes]
) -> Iterator[Callable[..., FolderSource]]:
    """Opens a workspace of 70 images, one of which is missing, and begins."""
    opened: list[Workspace] = []

    def make(*, local: bool = True) -> FolderSource:
        for number in range(69):
            Image.new("RGB", (40, 30), (number, 0, 0)).save(tmp_path / f"{number}.png")
        info = WorkspaceInfo("trees", images_dir=str(tmp_path) if local else "", target=TARGET)
        workspace = Workspace.create(tmp_path / "trees.truthline", info)
        opened.append(workspace)
        workspace.append(NewEntry(line(f"{TARGET}/{number}.png")) for number in range(70))
        document = Document(workspace, jobs)
        source = FolderSource(tmp_path, TARGET)
        pictures = Pictures(jobs, source, cache, document)
        ThumbnailsAhead(document, pictures, cache, document).start()
        return source

    yield make
    jobs.close()
    for workspace in opened:
        workspace.close()


def kept(cache: Thumbnails, source: FolderSource) -> int:
    refs = [f"{TARGET}/{number}.png" for number in range(70)]
    versions = [(ref, source.version(ref)) for ref in refs]
    return sum(version is not None and cache.get(ref, version) is not None for ref, version in versions)


def test_all_that_are_there_are_made(begin: Any, cache: Thumbnails, settle: Callable[[], None]) -> None:
    source = begin()
    settle()
    assert kept(cache, source) == 69


def test_images_in_s3_are_left_alone(begin: Any, cache: Thumbnails, settle: Callable[[], None]) -> None:
    source = begin(local=False)
    settle()
    assert kept(cache, source) == 0
