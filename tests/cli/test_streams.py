"""``-``: standard input and standard output in place of a file."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Puts bytes on standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


CSV = "image,label,left,top,width,height\na.jpg,oak,1,2,3,4\n"


def test_check_reads_standard_input(
    run: Callable[..., Any], given: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    given(labelled(1) + b"\n{\n")
    checked = run("check", "-", "--format", "json")
    assert checked.code == 1
    assert checked.json["lines"] == 2
    given(b"")
    assert "whole dataset: error ERROR_EMPTY_MANIFEST" in run("check", "-").out


def test_one_of_a_projects_two_manifests_may_come_in(
    run: Callable[..., Any], given: Callable[..., Any], labelled: Callable[..., Any], tmp_path: Path
) -> None:
    test = tmp_path / "test"
    test.write_bytes(labelled(1) + b"\n")
    given(b"{\n")
    checked = run("check", "--train", "-", "--test", test)
    assert "-: line 1: error ERROR_INVALID_JSON_LINE" in checked.out
    assert run("check", "--train", "-", "--test", "-").code == 2


def test_export_writes_to_standard_output_and_tells_on_the_other(
    run: Callable[..., Any], labelled: Callable[..., Any], tmp_path: Path
) -> None:
    lines = labelled(1) + b"\r\n" + labelled(2)
    (tmp_path / "m").write_bytes(lines)
    run("new", tmp_path / "w.truthline", "--from", tmp_path / "m")
    exported = run("export", tmp_path / "w.truthline", "-")
    assert (exported.code, exported.out.encode()) == (0, lines)
    assert "-: 2 lines." in exported.err
    exported = run("export", tmp_path / "w.truthline", "-", "--format", "json")
    assert exported.out.encode() == lines
    assert json.loads(exported.err) == {"version": 1, "manifest": "-", "lines": 2, "left_out": []}


def test_convert_reads_one_and_writes_the_other(run: Callable[..., Any], given: Callable[..., Any]) -> None:
    given(CSV.encode())
    converted = run("convert", "-", "-", "--from", "csv", "--to", "csv")
    assert (converted.code, converted.out.replace("\r\n", "\n")) == (0, CSV)
    assert "1 images" in converted.err
    given(CSV.encode())
    dry = run("convert", "-", "-", "--from", "csv", "--to", "csv", "--dry-run")
    assert (dry.code, dry.out) == (0, "")


@pytest.mark.parametrize("places", [("-", "out"), ("in", "-")])
def test_a_format_that_is_a_folder_has_no_stream(run: Callable[..., Any], places: tuple[Any, ...]) -> None:
    refused = run("convert", *places, "--from", "voc", "--to", "voc")
    assert refused.code == 2
    assert "Name the folder." in refused.err


def test_push_reads_standard_input(
    run: Callable[..., Any],
    given: Callable[..., Any],
    endpoint: tuple[Any, ...],
    make_dataset: Callable[..., Any],
    labelled: Callable[..., Any],
) -> None:
    arn = make_dataset(labelled(1))
    given(labelled(1, "ash") + b"\n" + labelled(2) + b"\n")
    pushed = run("push", "-", "--dataset", arn, *endpoint, "--format", "json")
    assert (pushed.code, pushed.json["pushed"]) == (0, 2)


def test_a_workspace_is_not_pushed_from_a_copy(
    run: Callable[..., Any],
    given: Callable[..., Any],
    endpoint: tuple[Any, ...],
    labelled: Callable[..., Any],
    tmp_path: Path,
) -> None:
    (tmp_path / "m").write_bytes(labelled(1))
    run("new", tmp_path / "w.truthline", "--from", tmp_path / "m")
    given((tmp_path / "w.truthline").read_bytes())
    refused = run("push", "-", *endpoint)
    assert refused.code == 2
    assert refused.err.startswith("truthline: standard input: This is a workspace")


def test_pull_writes_to_standard_output(
    run: Callable[..., Any],
    endpoint: tuple[Any, ...],
    make_dataset: Callable[..., Any],
    labelled: Callable[..., Any],
) -> None:
    arn = make_dataset(labelled(1))
    pulled = run("pull", arn, "-", *endpoint)
    assert (pulled.code, pulled.out.encode()) == (0, labelled(1) + b"\n")


def test_an_error_names_standard_input_and_no_temporary_file(
    run: Callable[..., Any], given: Callable[..., Any]
) -> None:
    given(b"not a table")
    refused = run("convert", "-", "-", "--from", "coco", "--to", "csv")
    assert refused.code == 2
    assert "standard input" in refused.err
    assert "truthline-" not in refused.err


def test_without_standard_input_a_file_is_asked_for(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert "Name a file." in run("check", "-").err
