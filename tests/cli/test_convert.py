"""`truthline convert`."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from truthline.cli import parser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
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


def test_yolo_to_a_manifest_that_has_no_fault(run: Callable[..., Any], tmp_path: Path, dataset: Path) -> None:
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
                "left_out": True,
            }
        ],
    }
    assert run("check", out, "--images", dataset).code == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["source-ref"] for line in lines] == ["s3://b/p/images/a.jpg", "s3://b/p/images/b.jpg"]
    assert [line["birds_BB"]["image_size"][0]["width"] for line in lines] == [80, 64]


def test_losses_come_before_the_result(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,label\na.jpg,night\n")
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
        "lost: 1 × class labels",
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
def test_wrong_usage_is_told(
    run: Callable[..., Any], tmp_path: Path, options: tuple[Any, ...], words: str
) -> None:
    (tmp_path / "t.csv").write_text("a.jpg,night\n")
    done = run("convert", tmp_path / "t.csv", tmp_path / "out", "--from", "csv", *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert not (tmp_path / "out").exists()


FROM_CSV = ("--from", "csv", "--to", "csv")


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        ("image,label,left,top,width,height\na.jpg,cat,1,2,30,40\n", 0, []),
        ("a.jpg,1,2,31,42,cat\n", 0, ["info TRUTHLINE_IMPORT_FORM: Without a header, read as path,x1,y1"]),
        ("image,label,left,top,width,height\na.png,cat,1,2,30,40\n", 0, ["a.png was taken for a.jpg"]),
        (
            "image,label,left,top,width,height\na.jpg,cat,60,2,30,40\n",
            0,
            ["changed: 1 × boxes that reached past"],
        ),
        (
            "image,label,left,top,width,height\na.jpg,cat,31,2,-30,40\n",
            0,
            ["changed: 1 × boxes whose corners"],
        ),
        (
            "image,label,left,top,width,height\na.jpg,cat,99,2,30,40\n",
            1,
            ["left out: 1 × boxes that lie outside"],
        ),
        ("image,label,left,top,width,height\nb.jpg,cat,1,2,30,40\n", 1, ["There is no such image"]),
        ("image,label,left,top,width,height\na.jpg,cat,1,2,3,x\n", 1, ["not four numbers"]),
    ],
)
def test_only_what_is_left_out_makes_the_exit_code_1(
    run: Callable[..., Any], tmp_path: Path, table: str, code: int, words: list[Any] | list[str]
) -> None:
    (tmp_path / "t.csv").write_text(table)
    Image.new("L", (64, 64)).save(tmp_path / "a.jpg")
    done = run("convert", tmp_path / "t.csv", tmp_path / "o.csv", *FROM_CSV, "--images", tmp_path)
    assert (done.code, done.err) == (code, "")
    assert all(word in done.out for word in words)
    assert (tmp_path / "o.csv").exists()


def test_the_first_box_is_told_where_the_form_was_inferred(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a.jpg,1,2,31,42,cat\n")
    Image.new("L", (64, 64)).save(tmp_path / "a.jpg")
    done = run("convert", tmp_path / "t.csv", tmp_path / "o.csv", *FROM_CSV, "--images", tmp_path)
    assert "“cat”, 30 wide and 40 high at 1, 2, on an image of 64 by 64 pixels" in done.out


def test_a_header_that_is_not_understood_stops_the_conversion(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("image,label,a,b,c,d\na.jpg,dog,100,50,300,200\n")
    done = run("convert", tmp_path / "t.csv", tmp_path / "o.csv", *FROM_CSV)
    assert (done.code, done.out) == (2, "")
    assert "Its columns are “image”, “label”, “a”, “b”, “c”, “d”." in done.err
    assert not (tmp_path / "o.csv").exists()


def test_names_of_classes(run: Callable[..., Any], tmp_path: Path, dataset: Path) -> None:
    (dataset / "data.yaml").unlink()
    words = ("convert", dataset, tmp_path / "o.csv", "--from", "yolo", "--to", "csv")
    done = run(*words)
    assert done.code == 0
    assert "the labels are class 0, class 1, class 7" in done.out
    assert run(*words, "--labels", "crow, rook").code == 1  # there is no name for class 7
    assert "images/a.jpg,crow," in (tmp_path / "o.csv").read_text()
    done = run("convert", tmp_path / "o.csv", tmp_path / "p.csv", *FROM_CSV, "--labels", "crow")
    assert done.code == 2
    assert "Names of classes are of no use here" in done.err


def test_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["convert", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "Exit code 0: written, also where remarks are told" in told
    assert "1: written, but an image, a label or a box was left out" in told
