"""The sample dataset: every line names a picture that ships, is credited and has the size that is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from present import present

SAMPLE = Path(__file__).parents[2] / "resources" / "sample"
PICTURES = sorted((SAMPLE / "images").iterdir())
LINES = [json.loads(line) for line in (SAMPLE / "sample.manifest").read_bytes().splitlines()]
PREFIX = "s3://truthline-sample/photos/"


def picture_of(line: dict[Any, Any]) -> Any:
    assert line["source-ref"].startswith(PREFIX)
    return SAMPLE / "images" / line["source-ref"].removeprefix(PREFIX)


def upright(picture: Path) -> Image.Image:
    with Image.open(picture) as image:
        return ImageOps.exif_transpose(image)


def mistakes(line: dict[Any, Any]) -> list[str]:
    """The two mistakes that the sample holds on purpose, by their codes."""
    boxes, twin = line.get("sample_BB"), line.get("sample_BB-metadata")
    if boxes is None:
        return []
    (size,) = boxes["image_size"]
    found = []
    for box in boxes["annotations"]:
        right, bottom = box["left"] + box["width"], box["top"] + box["height"]
        if min(box["left"], box["top"]) < 0 or right > size["width"] or bottom > size["height"]:
            found.append("ERROR_INVALID_BOUNDING_BOX")
        if str(box["class_id"]) not in present(twin)["class-map"]:
            found.append("ERROR_MISSING_CLASS_MAP_ID")
    return found


def test_there_is_one_line_for_each_picture() -> None:
    named = [picture_of(line) for line in LINES]
    assert sorted(named) == PICTURES
    assert len(PICTURES) >= 12


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_every_picture_is_credited_and_decodes(picture: Path) -> None:
    rows = [row.split("|")[1:-1] for row in (SAMPLE / "CREDITS.md").read_text().splitlines()]
    (credit,) = [row for row in rows if row and row[0].strip() == picture.name]
    assert all(cell.strip() for cell in credit)
    assert any(word in credit[4] for word in ("public domain", "CC0", "CC BY"))
    with Image.open(picture) as image:
        image.load()
        assert image.format in {"PNG", "JPEG"}
        assert 64 <= min(image.size) <= max(image.size) <= 4096


def test_image_sizes_are_those_of_the_upright_pictures() -> None:
    boxed = [line for line in LINES if "sample_BB" in line]
    assert len(boxed) >= 5
    for line in boxed:
        image = upright(picture_of(line))
        size = {"width": image.width, "height": image.height, "depth": len(image.getbands())}
        assert line["sample_BB"]["image_size"] == [size]


def test_one_picture_is_stored_on_its_side() -> None:
    turned = []
    for picture in PICTURES:
        with Image.open(picture) as image:
            if image.getexif().get(0x0112, 1) != 1:
                turned.append((picture.name, image.size[::-1] == upright(picture).size))
    assert turned == [("dogs.jpg", True)]


def test_two_lines_hold_one_mistake_each() -> None:
    found = {picture_of(line).name: mistakes(line) for line in LINES if mistakes(line)}
    assert found == {
        "dandelions.jpg": ["ERROR_INVALID_BOUNDING_BOX"],
        "grace_hopper.jpg": ["ERROR_MISSING_CLASS_MAP_ID"],
    }


def test_the_sample_shows_every_kind_of_entry() -> None:
    kinds = [
        (
            "sample_BB" in line,
            any(key.endswith("-metadata") and not key.startswith("sample_BB") for key in line),
        )
        for line in LINES
    ]
    assert set(kinds) == {(False, False), (False, True), (True, False), (True, True)}
    assert kinds.count((False, False)) in {4, 5}


def test_the_sample_is_small() -> None:
    assert sum(picture.stat().st_size for picture in PICTURES) < 3_000_000
