"""`truthline convert`."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image


@pytest.fixture
def dataset(tmp_path):
    """A YOLO folder with a plain image and one that is stored on its side."""
    folder = tmp_path / "birds"
    for name, orientation, line in (
        ("a", 1, "0 0.5 0.5 0.5 0.5\n7 0.5 0.5 1 1\n"),
        ("b", 6, "1 0.5 0.5 1 1\n"),
    ):
        exif = Image.Exif()
        exif[0x0112] = orientation
        stream = io.BytesIO()
        Image.new("RGB", (80, 64)).save(stream, "JPEG", exif=exif)
        for place, data in ((f"images/{name}.jpg", stream.getvalue()), (f"labels/{name}.txt", line.encode())):
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    (folder / "data.yaml").write_text("names: [crow, rook]\n")
    return folder


def test_yolo_to_a_manifest_that_has_no_fault(run, tmp_path, dataset):
    out = tmp_path / "birds.manifest"
    done = run(
        "convert",
        dataset,
        out,
        "--from",
        "yolo",
        "--to",
        "manifest",
        "--target",
        "s3://b/p",
        "--format",
        "json",
    )
    assert (done.code, done.err) == (1, "")
    assert done.json == {
        "destination": str(out),
        "images": 2,
        "class_labels": 0,
        "boxes": 2,
        "losses": [],
        "findings": [
            {
                "place": "labels/a.txt, line 2",
                "code": "TRUTHLINE_IMPORT_LABEL",
                "level": "warning",
                "message": "There is no class 7: data.yaml names 2. It was left out.",
            }
        ],
    }
    assert run("check", out, "--images", dataset).code == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["source-ref"] for line in lines] == ["s3://b/p/images/a.jpg", "s3://b/p/images/b.jpg"]
    assert [line["birds_BB"]["image_size"][0]["width"] for line in lines] == [80, 64]


def test_losses_come_before_the_result(run, tmp_path):
    (tmp_path / "t.csv").write_text("a.jpg,night\n")
    Image.new("L", (64, 64)).save(tmp_path / "a.jpg")
    words = (
        "convert",
        tmp_path / "t.csv",
        tmp_path / "o.json",
        "--from",
        "csv",
        "--to",
        "coco",
        "--images",
        tmp_path,
    )
    tried = run(*words, "--dry-run")
    assert (tried.code, (tmp_path / "o.json").exists()) == (0, False)
    assert tried.out.splitlines() == [
        "lost: 1 class labels",
        f"{tmp_path / 'o.json'}: 1 images, 0 class labels, 0 boxes would be written.",
    ]
    assert run(*words).code == 0
    assert json.loads((tmp_path / "o.json").read_text())["images"][0]["width"] == 64


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--to", "manifest"), "address in S3"),
        (("--to", "coco", "--target", "bucket"), "not an S3 address"),
        (("--to", "coco", "--images", "no such folder"), "no such folder of images"),
        (("--to", "excel"), "invalid choice: 'excel'"),
    ],
)
def test_wrong_usage_is_told(run, tmp_path, options, words):
    (tmp_path / "t.csv").write_text("a.jpg,night\n")
    done = run("convert", tmp_path / "t.csv", tmp_path / "out", "--from", "csv", *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert not (tmp_path / "out").exists()
