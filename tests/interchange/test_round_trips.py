"""Whatever a format says that it carries comes back from its files, to the pixel."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from present import present
from truthline.interchange.conversion import write_images
from truthline.interchange.fit import fit
from truthline.interchange.formats import FORMATS
from truthline.interchange.frames import is_whole
from truthline.interchange.lines import add_labels
from truthline.interchange.model import ImageLookup, LabelledImage
from truthline.interchange.reading import Reading, read_images
from truthline.manifest import edit
from truthline.manifest.annotation import Box, ImageSize
from truthline.manifest.check.rules import check_line
from truthline.manifest.line import parse_line

NOW = datetime(2024, 5, 14, 9, 12, 37, 137000, tzinfo=UTC)
TARGET = "s3://bucket/some folder"

plain_labels = st.sampled_from(
    ["cat", "dog, big", "Bäume", " space ", "no", "1.0", "~", "a: b", '"', "- x", "=1+1"]
)
labels = plain_labels | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
parts = st.sampled_from(["a", "b.c", "Ü 1", "x#y", "&<>"]) | st.text("abc .-_%é漢", min_size=1, max_size=6)
names = st.lists(parts, min_size=1, max_size=3).map(lambda some: "/".join(some) + ".jpg")


@st.composite
def boxes(draw: st.DrawFn, size: ImageSize, *, whole: bool) -> Box:
    if whole:
        left, top = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
        width, height = draw(st.integers(1, size.width - left)), draw(st.integers(1, size.height - top))
        return Box(draw(labels), left, top, width, height)
    left, top = draw(st.floats(0, size.width - 0.5)), draw(st.floats(0, size.height - 0.5))  # type: ignore[assignment]
    width = draw(st.floats(0.25, size.width - left))  # type: ignore[assignment]
    height = draw(st.floats(0.25, size.height - top))  # type: ignore[assignment]
    return Box(draw(labels), left, top, width, height, confidence=draw(st.none() | st.floats(0, 1)))


@st.composite
def images(draw: st.DrawFn, *, whole: bool = True) -> list[LabelledImage]:
    found = []
    for name in draw(st.lists(names, unique=True, max_size=4)):
        size = ImageSize(draw(st.integers(1, 5000)), draw(st.integers(1, 5000)))
        found.append(
            LabelledImage(
                f"{TARGET}/{name}",
                size,
                tuple(draw(st.lists(labels, unique=True, max_size=3))),
                tuple(draw(st.lists(boxes(size, whole=whole), max_size=4, unique=True))),
            )
        )
    return found


def round_trip(before: list[LabelledImage], name: str) -> tuple[tuple[LabelledImage, ...], Reading]:
    """What was written, and what was read of it."""
    format_ = FORMATS[name]
    fitted = fit(before, format_, target=TARGET).images
    sizes = {image.ref: image.size for image in before}
    lookup = ImageLookup(
        list(sizes),
        size_of=lambda ref: (present(sizes[ref]).width, present(sizes[ref]).height),
        read=lambda _: b"an image",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        write_images(fitted, path, format_, lookup=lookup, now=NOW)
        if name not in {"yolo", "folders"}:  # which do not say where the images are
            lookup = replace(lookup, names=None, size_of=None)
        if not fitted and not format_.suffix:  # a folder without any file is refused
            return fitted, Reading(())
        return fitted, read_images(path, format_, lookup=lookup, target=TARGET)


@pytest.mark.parametrize("name", FORMATS)
@given(before=images())
def test_whole_pixels_come_back_exactly(name: str, before: list[LabelledImage]) -> None:
    fitted, reading = round_trip(before, name)
    assert [found for found in reading.findings if "twice" not in found.message] == []
    sized = name in {"coco", "labelme", "voc", "voc-1"}

    def of(some: tuple[LabelledImage, ...]) -> dict[str, LabelledImage]:
        return {
            image.ref: replace(
                image,
                name="",
                annotation=None,
                size=image.size if sized or (name == "manifest" and image.boxes) else None,
                boxes=tuple(replace(box, class_id=-1, confidence=None) for box in image.boxes),
            )
            for image in some
        }

    assert of(reading.images) == of(fitted)


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.boxes and one.fractions])
@given(before=images(whole=False))
def test_fractions_come_back_within_a_millionth_of_a_pixel(name: str, before: list[LabelledImage]) -> None:
    fitted, reading = round_trip(before, name)
    read = {image.ref: image for image in reading.images}
    for image in fitted:
        if not image.boxes:
            continue
        found = read[image.ref]
        assert [box.label for box in found.boxes] == [box.label for box in image.boxes]
        for ours, theirs in zip(image.boxes, found.boxes, strict=True):
            expected = (ours.left, ours.top, ours.width, ours.height)
            assert (theirs.left, theirs.top, theirs.width, theirs.height) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", FORMATS)
@given(before=images(whole=False))
def test_what_fits_fits_without_further_loss(name: str, before: list[LabelledImage]) -> None:
    fitted = fit(before, FORMATS[name], target=TARGET)
    again = fit(fitted.images, FORMATS[name], target=TARGET)
    assert again.losses == ()
    assert again.images == fitted.images
    if not fitted.losses:
        assert [image.ref for image in fitted.images] == [image.ref for image in before]


@given(before=images(whole=False))
def test_rounded_boxes_are_whole_and_as_an_edit_would_round_them(before: list[LabelledImage]) -> None:
    for image in fit(before, FORMATS["manifest"]).images:
        assert all(is_whole(box) for box in image.boxes)
    for image in before:
        annotation = edit.new_annotation(image.ref)
        # one label for all, since labels that repeat a key of JSON are of no interest here
        for box in image.boxes:
            annotation = edit.add_box(annotation, "x_BB", box, image.size or ImageSize(1, 1), NOW)
        ours = add_labels(edit.new_annotation(image.ref), replace(image, labels=()), "x_BB", NOW, image.size)
        assert ours.raw == annotation.raw


@given(before=images())
def test_lines_are_what_the_rules_want(before: list[LabelledImage]) -> None:
    for drawn in before:
        boxes = tuple(box for box in drawn.boxes if box.width > 5 and box.height > 5)
        image = replace(drawn, boxes=boxes)
        line = add_labels(edit.new_annotation(image.ref), image, "x_BB", NOW, image.size)
        codes = {finding.code for finding in check_line(parse_line(line.raw))}
        assert codes <= {"WARNING_UNANNOTATED_RECORD", "ERROR_INVALID_IMAGE_DIMENSION"}
        added = reduce(
            lambda line, label: edit.add_class_label(line, label, NOW), image.labels, parse_line(line.raw)
        )
        assert added.raw == line.raw
