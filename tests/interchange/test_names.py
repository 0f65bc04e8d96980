"""Names in files that somebody else wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.interchange.names import KnownImages, UnsafeNameError, is_portable, name_of, normalise, stem


@pytest.mark.parametrize(
    ("folder", "written", "expected"),
    [
        ("", "a.jpg", "a.jpg"),
        ("train", "./a.jpg", "train/a.jpg"),
        ("train/labels", "../images/a.jpg", "train/images/a.jpg"),
        ("", "x\\y\\a.jpg", "x/y/a.jpg"),
        ("", "x//a.jpg", "x/a.jpg"),
        ("", "a..b.jpg", "a..b.jpg"),
    ],
)
def test_a_name_within_the_folder(folder: str, written: str, expected: str) -> None:
    assert normalise(folder, written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "..",
        "/",
        "a/..",
        "../a.jpg",
        "x/../../a.jpg",
        "..\\a.jpg",
        "/etc/passwd",
        "\\\\server\\share\\a.jpg",
        "C:a.jpg",
        "file:///a.jpg",
        "https://x/a.jpg",
        "a\0.jpg",
        "a\n.jpg",
        "a/... /b.jpg",
        "folder/",
    ],
)
def test_a_name_that_leads_out_or_is_none(written: str) -> None:
    with pytest.raises(UnsafeNameError):
        normalise("", written)


@given(st.text("./\\a: \0", max_size=12), st.sampled_from(["", "f", "f/g"]))
def test_no_name_leads_out(written: str, folder: str) -> None:
    try:
        name = normalise(folder, written)
    except UnsafeNameError:
        return
    assert not name.startswith("/")
    assert not any(part.strip(". ") == "" for part in name.split("/"))


@pytest.mark.parametrize(
    ("ref", "target", "expected"),
    [
        ("s3://b/p/x/a.jpg", "s3://b/p", "x/a.jpg"),
        ("s3://b/p/x/a.jpg", "s3://b/other", "p/x/a.jpg"),
        ("s3://b/pp/a.jpg", "s3://b/p", "pp/a.jpg"),
        ("x/a.jpg", "s3://b/p", "x/a.jpg"),
    ],
)
def test_what_other_formats_call_an_image(ref: str, target: str, expected: str) -> None:
    assert name_of(ref, target) == expected


@pytest.mark.parametrize("key", ["../a.jpg", "/a.jpg", "a//b.jpg", "a\\b.jpg", "./a.jpg", "a/", "a\nb.jpg"])
def test_keys_that_are_no_relative_paths(key: str) -> None:
    with pytest.raises(UnsafeNameError):
        name_of(f"s3://b/{key}", "")


@pytest.mark.parametrize("name", ["a b/ü.jpg", "a.b.c", "конь/1"])
def test_portable(name: str) -> None:
    assert is_portable(name)


@pytest.mark.parametrize(
    "name", ["", "a//b", "a:b", "con", "x/NUL.txt", "a.", "a ", ".hidden", "a?b", "a\\b", "ü" * 121, "a/../b"]
)
def test_not_portable(name: str) -> None:
    assert not is_portable(name)


@pytest.mark.parametrize(
    ("name", "expected"), [("a/b.c.jpg", "a/b.c"), ("a.b/c", "a.b/c"), ("a/.b", "a/.b"), ("x.", "x")]
)
def test_stem(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_images_are_found_by_more_or_less_of_their_path() -> None:
    known = KnownImages(["s3://b/p/x/a.jpg", "s3://b/p/y/a.jpg", "s3://b/p/c.jpg", "c.jpg"], "s3://b/p")
    assert known.find(["x/a.jpg"], any_suffix=False) == ["s3://b/p/x/a.jpg"]
    assert known.find(["p/x/a.jpg"], any_suffix=False) == ["s3://b/p/x/a.jpg"]
    assert known.find(["x/a"], any_suffix=True) == ["s3://b/p/x/a.jpg"]
    assert known.find(["a.jpg"], any_suffix=False) == ["s3://b/p/x/a.jpg", "s3://b/p/y/a.jpg"]
    assert known.find(["z/a.jpg"], any_suffix=False) == []
    assert known.find(["z/a.jpg", "y/a.jpg"], any_suffix=False) == ["s3://b/p/y/a.jpg"]
    assert known.find(["a"], any_suffix=False) == []
