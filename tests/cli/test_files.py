"""Commands that need no service: new, export, check, and wrong usage."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from truthline import cli

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def manifest(tmp_path: Path, labelled: Callable[..., Any]) -> Path:
    path = tmp_path / "a manifest"
    path.write_bytes(
        b"\xef\xbb\xbf"
        + labelled(1)
        + b"\r\n\n{broken\n\xff\n"
        + labelled(2, kind="nonsense")
        + b"  \n"
        + labelled(1)
    )
    return path


def test_new_and_export_give_back_every_byte(run: Callable[..., Any], tmp_path: Path, manifest: Path) -> None:
    workspace = tmp_path / "w.truthline"
    made = run("new", workspace, "--from", manifest, "--format", "json")
    assert (made.code, made.err) == (0, "")
    assert made.json == {"workspace": str(workspace), "entries": 6, "findings": 4, "left_out": 0}
    exported = run("export", workspace, tmp_path / "out")
    assert exported.code == 0
    assert "6 lines" in exported.out
    assert (tmp_path / "out").read_bytes() == manifest.read_bytes()


def test_a_folder_s_address_is_said_when_it_is_needed(run: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "notes.txt").write_text("no image")
    workspace, out = tmp_path / "w.truthline", tmp_path / "out"
    made = run("new", workspace, "--from", folder, "--format", "json")
    assert (made.code, made.json["entries"], made.json["left_out"]) == (0, 1, 1)
    assert made.err == "Left out: notes.txt: not a PNG or JPEG file by its name.\n"
    refused = run("export", workspace, out)
    assert refused.code == 2
    assert "no address in S3 yet" in refused.err
    assert "--to s3:" in refused.err
    assert not out.exists()
    assert run("export", workspace, out, "--to", "s3://leaves/in").code == 0
    assert out.read_bytes() == b'{"source-ref":"s3://leaves/in/a.png"}\n'


def test_check_lists_findings_by_line(run: Callable[..., Any], manifest: Path) -> None:
    checked = run("check", manifest, "--format", "json")
    assert checked.code == 1
    assert checked.json["lines"] == 6
    for finding in checked.json["findings"]:
        assert list(finding) == ["line", "source_ref", "code", "level", "pointer", "message"]
    found = {(one["line"], one["code"], one["level"]) for one in checked.json["findings"]}
    assert (1, "TRUTHLINE_REPEATED_SOURCE_REF", "error") in found
    assert (3, "ERROR_INVALID_JSON_LINE", "error") in found
    assert (4, "ERROR_INVALID_JSON_LINE", "error") in found
    assert (5, "ERROR_UNSUPPORTED_USE_CASE_TYPE", "error") in found
    assert 6 not in {line for line, _, _ in found}


def test_check_without_errors_is_fine(
    run: Callable[..., Any], tmp_path: Path, labelled: Callable[..., Any]
) -> None:
    path = tmp_path / "m"
    path.write_bytes(labelled(1) + b"\n" + b'{"source-ref":"s3://leaves/2.jpg"}\n')
    checked = run("check", path)
    assert checked.code == 0
    assert "line 2: warning WARNING_UNANNOTATED_RECORD" in checked.out
    assert "whole dataset: warning TRUTHLINE_MANIFEST_TOO_FEW_LABELS" in checked.out
    assert "2 lines, 3 findings, 0 of them errors." in checked.out


def test_check_tells_of_the_dataset_as_a_whole_in_line_0(
    run: Callable[..., Any], tmp_path: Path, labelled: Callable[..., Any]
) -> None:
    path = tmp_path / "m"
    path.write_bytes(labelled(1) + b"\n" + labelled(2) + b"\n")
    checked = run("check", path, "--format", "json")
    assert checked.code == 0
    ((found,), lines) = (checked.json["findings"], checked.json["lines"])
    assert lines == 2
    assert (found["line"], found["source_ref"], found["pointer"]) == (0, "", "")
    assert (found["code"], found["level"]) == ("TRUTHLINE_MANIFEST_TOO_FEW_LABELS", "warning")
    assert "manifest" not in found


def test_check_takes_both_datasets_and_says_which_manifest_is_meant(
    run: Callable[..., Any], tmp_path: Path, labelled: Callable[..., Any]
) -> None:
    train, test = tmp_path / "train", tmp_path / "test"
    train.write_bytes(b"".join(labelled(n, label) + b"\n" for n, label in enumerate(["oak", "elm", "oak"])))
    test.write_bytes(labelled(2, "oak") + b"\n{\n")
    checked = run("check", "--train", train, "--test", test, "--format", "json")
    assert checked.code == 1
    assert checked.json["lines"] == 5
    found = {(one["manifest"], one["line"], one["code"]) for one in checked.json["findings"]}
    assert found == {
        (str(test), 2, "ERROR_INVALID_JSON_LINE"),
        (str(test), 0, "ERROR_TOO_MANY_RECORDS_IN_ERROR"),
        (str(test), 0, "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"),
        (str(test), 0, "ERROR_MANIFEST_TOO_FEW_LABELS"),
        (str(test), 0, "TRUTHLINE_IMAGE_IN_BOTH_DATASETS"),
        (str(test), 0, "TRUTHLINE_LABEL_NOT_TESTED"),
    }
    assert f"{test}: line 2: error" in run("check", train, "--test", test).out


def test_check_reads_the_images_of_a_folder(
    run: Callable[..., Any], tmp_path: Path, labelled: Callable[..., Any]
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (640, 480)).save(folder / "1.jpg")
    Image.new("RGB", (63, 480)).save(folder / "2.jpg")
    (folder / "3.jpg").write_bytes(b"GIF89a and more")
    path = tmp_path / "m"
    path.write_bytes(b"".join(labelled(n, f"label {n % 2}") + b"\n" for n in range(1, 5)))
    checked = run("check", path, "--images", folder, "--format", "json")
    assert checked.code == 1
    assert [(one["line"], one["code"]) for one in checked.json["findings"] if one["line"]] == [
        (2, "ERROR_INVALID_IMAGE"),
        (3, "ERROR_INVALID_IMAGE"),
        (4, "TRUTHLINE_IMAGE_NOT_FOUND"),
    ]
    assert run("check", path).code == 0


def test_check_gives_one_json_document_of_many_findings(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"{\n" * 20_000)
    checked = run("check", path, "--format", "json")
    assert len([one for one in checked.json["findings"] if one["line"]]) == 20_000


def test_what_cannot_be_read_is_told_in_one_sentence(
    run: Callable[..., Any], tmp_path: Path, manifest: Path
) -> None:
    for words in (
        ("check", tmp_path / "nowhere"),
        ("check", tmp_path),
        ("check",),
        ("check", manifest, "--train", manifest),
        ("check", "--test", manifest),
        ("check", manifest, "--images", tmp_path / "nowhere"),
        ("new", tmp_path / "w.truthline", "--from", tmp_path / "nowhere"),
        ("new", manifest, "--from", manifest),
        ("export", tmp_path / "nowhere", tmp_path / "out"),
        ("export", manifest, tmp_path / "out"),
        ("push", tmp_path / "nowhere", "--dataset", "arn:x"),
        ("status", "arn:aws:s3:::x"),
        ("pull", "leaves", tmp_path / "out"),
        (tmp_path / "nowhere",),
        (manifest,),
        ("new", tmp_path / "w.truthline"),
        ("emulator", "--set", "nonsense=1"),
        ("--format", "yaml", "check", manifest),
        ("-x",),
    ):
        failed = run(*words)
        assert failed.code == 2, words
        assert failed.out == ""
        assert "Traceback" not in failed.err
        assert failed.err


def test_control_characters_of_data_do_not_reach_the_terminal(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "m"
    path.write_bytes(b'{"source-ref":"\\u001b[31mred"}\n')
    assert "\x1b" not in run("check", path).out
    assert "\x1b" not in run("check", path, "--format", "json").out


def test_a_source_ref_that_no_encoding_can_hold(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b'{"source-ref":"\\ud800"}\n')
    assert run("check", path, "--format", "json").json["lines"] == 1
    assert run("check", path).code == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check", "x"], ["check", "x"]),
        ([], ["open"]),
        (["--region", "check"], ["--region", "check", "open"]),
        (["--region", "push", "a.manifest"], ["--region", "push", "open", "a.manifest"]),
        (["--region=x", "check"], ["--region=x", "check"]),
        (["./check"], ["open", "./check"]),
        (["--help"], ["--help"]),
    ],
)
def test_a_source_may_stand_where_a_command_does(words: list[Any] | list[str], expected: list[str]) -> None:
    assert cli.with_command(words) == expected


def test_options_count_before_and_after_the_command() -> None:
    parse = cli.parser().parse_args
    before = parse(["--region", "x", "--format", "json", "check", "m"])
    after = parse(["--region", "y", "check", "m", "--region", "x", "--format", "json"])
    assert (before.region, before.format) == (after.region, after.format) == ("x", "json")
    assert parse(["check", "m"]).format == "text"


def test_the_help_names_every_command(run: Callable[..., Any]) -> None:
    printed = run("--help")
    assert printed.code == 0
    assert all(f"  {name} " in printed.out for name in cli.COMMANDS)


def test_a_reader_that_has_gone_is_no_error(manifest: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    arguments = [sys.executable, "-m", "truthline", "check", str(manifest)]
    ended = subprocess.run(arguments, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (cli.BROKEN_PIPE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_an_output_that_cannot_be_written_is_told(manifest: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        arguments = [sys.executable, "-m", "truthline", "check", str(manifest)]
        ended = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"truthline: The output cannot be written.")
    assert b"Traceback" not in ended.stderr


def test_a_terminal_that_knows_few_characters(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes('{"source-ref":"s3://leaves/1.jpg","é":1,"é-metadata":{"type":"ü"}}\n'.encode())
    arguments = [sys.executable, "-m", "truthline", "check", str(path)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(arguments, capture_output=True, check=False, env=environment)
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert b"\\xe9-metadata" in ended.stdout


def test_an_export_names_what_it_left_out(
    run: Callable[..., Any], tmp_path: Path, labelled: Callable[..., Any]
) -> None:
    manifest, workspace = tmp_path / "m", tmp_path / "w.truthline"
    manifest.write_bytes(b"".join(labelled(n) + b"\n" for n in range(3)))
    assert run("new", workspace, "--from", manifest).code == 0
    connection = sqlite3.connect(workspace, isolation_level=None)
    connection.execute("UPDATE lines SET line = x'7b7d' WHERE id = 2")
    connection.close()
    exported = run("export", workspace, tmp_path / "out")
    assert exported.code == 1
    assert "2 lines" in exported.out
    assert "left out, since the workspace file is damaged there: line 2" in exported.out
    assert (tmp_path / "out").read_bytes() == labelled(0) + b"\n" + labelled(2) + b"\n"
    told = run("export", workspace, tmp_path / "out", "--format", "json").json
    assert [one["line"] for one in told["left_out"]] == [2]


PRETTY = '{\n  "source-ref": "s3://b/a.jpg",\n  "n": 1.50\n}\n'
ARRAY = '[\n{"source-ref":"s3://b/a.jpg"},\n{"source-ref":"s3://b/a.jpg"}\n]\n'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PRETTY * 3, "spread over lines"),
        (ARRAY, "one JSON array"),
        ("a,b\n" * 9, "holds no JSON"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "no text"),
    ],
)
def test_check_tells_a_file_that_has_no_lines_once(
    run: Callable[..., Any], tmp_path: Path, content: bytes | str, words: str
) -> None:
    path = tmp_path / "m"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    checked = run("check", path, "--format", "json")
    assert checked.code == 1
    (found,) = checked.json["findings"]
    assert (found["line"], found["code"], found["level"]) == (0, "TRUTHLINE_FILE_FORM", "error")
    assert words in found["message"]


def test_check_takes_values_as_entries_if_told_so(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "m").write_text(ARRAY)
    checked = run("check", "--values", tmp_path / "m", "--format", "json")
    assert checked.json["lines"] == 2
    codes = {(found["line"], found["code"]) for found in checked.json["findings"]}
    assert (1, "TRUTHLINE_REPEATED_SOURCE_REF") in codes
    assert not any(code == "TRUTHLINE_FILE_FORM" for _, code in codes)


@pytest.mark.parametrize(("content", "count"), [(PRETTY * 3, 3), (ARRAY, 2)])
def test_new_takes_values_as_entries_if_told_so(
    run: Callable[..., Any], tmp_path: Path, content: str, count: int
) -> None:
    (tmp_path / "m").write_text(content)
    words = ("new", tmp_path / "w.truthline", "--from", tmp_path / "m")
    refused = run(*words)
    assert (refused.code, refused.out) == (2, "")
    assert "truthline new --values" in refused.err
    assert not (tmp_path / "w.truthline").exists()
    assert run(*words, "--values").code == 0
    assert run("export", tmp_path / "w.truthline", tmp_path / "out").code == 0
    lines = (tmp_path / "out").read_text().splitlines()
    assert len(lines) == count
    assert all(line.startswith('{"source-ref":') for line in lines)
