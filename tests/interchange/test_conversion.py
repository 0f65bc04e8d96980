"""Conversions as a whole: written whole or not at all, and nothing overwritten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from truthline.errors import CancelledError, UnreadableFileError, UsageError
from truthline.interchange.conversion import Conversion, convert
from truthline.interchange.findings import Loss
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import read_images
from truthline.manifest.annotation import Box
from truthline.manifest.check.rules import check_line
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken, Doing, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[..., Path]

CSV = "image,label,left,top,width,height\na.jpg,night,,,,\na.jpg,cat,10,20,30,40\nx/b.jpg,dog,1,2,30,40\n"


@pytest.fixture
def source(put: Put) -> Path:
    return put({"t.csv": CSV}) / "t.csv"


@pytest.fixture
def images(jpeg: Callable[..., bytes], lookup_of: Callable[..., ImageLookup]) -> ImageLookup:
    return lookup_of({"a.jpg": jpeg(100, 80), "x/b.jpg": jpeg(100, 80, 6)})


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"manifest", "folders"}])
def test_there_and_back(source: Path, images: ImageLookup, name: str) -> None:
    convert(source, source.parent / "there", "csv", name, images=images)
    convert(source.parent / "there", source.parent / "back.csv", name, "csv", images=images)
    back = read_images(source.parent / "back.csv", FORMATS["csv"])
    assert {image.ref: image.boxes for image in back.images} == {
        "a.jpg": (Box("cat", 10, 20, 30, 40),),
        "x/b.jpg": (Box("dog", 1, 2, 30, 40),),
    }


def test_a_new_manifest_is_without_fault(source: Path, images: ImageLookup) -> None:
    out = source.parent / "leaves.manifest"
    target = "s3://bucket/photos"
    lookup = ImageLookup(
        size_of=lambda ref: images.size_of(ref.removeprefix(f"{target}/")) if images.size_of else (0, 0)
    )
    done = convert(source, out, "csv", "manifest", images=lookup, target=target)
    lines = out.read_bytes().splitlines()
    assert [check_line(parse_line(line)) for line in lines] == [(), ()]
    first, second = map(json.loads, lines)
    assert first["source-ref"] == "s3://bucket/photos/a.jpg"
    assert first["night"] == 1
    assert first["leaves_BB"]["image_size"] == [{"width": 100, "height": 80, "depth": 3}]
    assert second["leaves_BB"]["image_size"] == [{"width": 80, "height": 100, "depth": 3}]
    assert (done.images, done.class_labels, done.boxes, done.losses) == (2, 1, 2, ())


def test_a_manifest_needs_a_target(source: Path) -> None:
    with pytest.raises(UsageError, match="address in S3"):
        convert(source, source.parent / "o.manifest", "csv", "manifest")


def test_losses_are_told_before_anything_is_written(source: Path, images: ImageLookup) -> None:
    out = source.parent / "o.json"
    told: list[Conversion] = []

    def tell(conversion: Conversion) -> None:
        assert not out.exists()
        told.append(conversion)

    done = convert(source, out, "csv", "coco", images=images, tell=tell)
    assert told == [done]
    assert done.losses == (Loss(1, "class labels"),)
    assert out.exists()


def test_a_dry_run_writes_nothing(source: Path, images: ImageLookup) -> None:
    done = convert(source, source.parent / "o", "csv", "yolo", images=images, dry_run=True)
    assert done.boxes == 2
    assert [path.name for path in source.parent.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("name", ["voc", "coco"])
def test_a_cancelled_conversion_leaves_nothing(put: Put, name: str) -> None:
    lines = "".join(f"{number}.jpg,cat,1,2,3,4\n" for number in range(900))
    source = put({"t.csv": lines}) / "t.csv"
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.doing is Doing.WRITING_LABELS and progress.done:
            cancel.cancel()

    with pytest.raises(CancelledError):
        convert(
            source,
            source.parent / "o",
            "csv",
            name,
            images=ImageLookup(size_of=lambda _: (9, 9)),
            report=stop,
            cancel=cancel,
        )
    assert [path.name for path in source.parent.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("name", ["yolo", "voc", "labelme", "folders"])
def test_only_an_empty_folder_is_filled(source: Path, images: ImageLookup, name: str) -> None:
    out = source.parent / "out"
    out.mkdir()
    (out / "mine").touch()
    with pytest.raises(UsageError, match="already"):
        convert(source, out, "csv", name, images=images)
    assert [path.name for path in out.iterdir()] == ["mine"]
    (out / "mine").unlink()
    convert(source, out, "csv", name, images=images)
    assert any(out.iterdir())
    assert sorted(path.name for path in source.parent.iterdir()) == ["out", "t.csv"]


def test_what_cannot_be_done_is_said_at_once(source: Path, tmp_path: Path) -> None:
    for src, dst, words in [
        (source, source, "source would be overwritten"),
        (source.parent / "gone", tmp_path / "o.json", "no such file"),
        (source, tmp_path / "gone" / "o.json", "no such folder"),
        (source, tmp_path, "This is a folder"),
    ]:
        with pytest.raises(UsageError, match=words) as caught:
            convert(src, dst, "csv", "coco")
        assert caught.value.place
        assert caught.value.detail
    with pytest.raises(UsageError, match=r"no format 'cocoa'.*coco, yolo"):
        convert(source, tmp_path / "o", "csv", "cocoa")


def test_a_folder_that_cannot_be_written(
    source: Path, images: ImageLookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("truthline.interchange.labelme.write_new", full)
    with pytest.raises(UnreadableFileError, match="The disk is full"):
        convert(source, source.parent / "o", "csv", "labelme", images=images)
    assert [path.name for path in source.parent.iterdir()] == ["t.csv"]
