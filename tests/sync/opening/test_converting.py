"""Which images go with labels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from truthline.errors import ImageError, UsageError
from truthline.sync.opening.converting import folder_lookup, source_lookup

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """x/a.jpg is stored on its side behind a long comment; b.png; broken.jpg ends early; notes.txt."""
    images = tmp_path / "images"
    (images / "x").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.new("L", (48, 32)).save(stream, "JPEG", exif=exif)
    data = stream.getvalue()
    comment = b"\xff\xfe\xff\xff" + b" " * 65533
    (images / "x/a.jpg").write_bytes(data[:2] + comment * 2 + data[2:])
    (images / "broken.jpg").write_bytes(data[:20])
    Image.new("L", (10, 20)).save(images / "b.png")
    (images / "notes.txt").write_text("a")
    return images


@pytest.mark.parametrize(("target", "prefix"), [("", ""), ("s3://b/p/", "s3://b/p/")])
def test_a_folder(folder: Path, target: str, prefix: str) -> None:
    lookup = folder_lookup(folder, target)
    assert lookup.names == [f"{prefix}b.png", f"{prefix}broken.jpg", f"{prefix}x/a.jpg"]
    assert lookup.size_of is not None
    assert lookup.orientation_of is not None
    assert lookup.read is not None
    assert lookup.size_of(f"{prefix}x/a.jpg") == (32, 48)
    assert lookup.orientation_of(f"{prefix}x/a.jpg") == 6
    assert lookup.size_of(f"{prefix}b.png") == (10, 20)
    assert lookup.read(f"{prefix}b.png") == (folder / "b.png").read_bytes()
    for name in ("broken.jpg", "gone.jpg", "../images/b.png", "/etc/passwd"):
        with pytest.raises(ImageError):
            lookup.size_of(prefix + name)


def test_source_refs_are_found_by_the_end_of_their_key(folder: Path) -> None:
    lookup = folder_lookup(folder)
    assert lookup.size_of is not None
    assert lookup.size_of("s3://bucket/photos/x/a.jpg") == (32, 48)


def test_a_folder_without_images(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UsageError):
            folder_lookup(path)


def test_images_among_the_labels(folder: Path, tmp_path: Path) -> None:
    assert source_lookup(folder, "", "").names == ["b.png", "broken.jpg", "x/a.jpg"]
    (folder / "data.yaml").touch()
    assert source_lookup(folder / "data.yaml", "", "").names == ["b.png", "broken.jpg", "x/a.jpg"]
    assert source_lookup(folder / "notes.txt", "", "").names is None
    assert source_lookup(folder / "notes.txt", str(folder / "x"), "s3://b").names == ["s3://b/a.jpg"]
    (tmp_path / "empty").mkdir()
    assert source_lookup(tmp_path / "empty", "", "").names is None
    with pytest.raises(UsageError, match="not an S3 address"):
        source_lookup(folder, "", "bucket/prefix")
