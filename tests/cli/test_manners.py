"""What all commands have in common: how much they say, and how they say what is wrong."""

from __future__ import annotations

import errno
import logging
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from truthline import __main__ as program
from truthline import cli
from truthline.cli import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINE = b'{"source-ref":"s3://planted/planted.jpg"}\n'


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "m"
    path.write_bytes(LINE)
    return path


def test_quiet_says_nothing_but_errors_and_gives_the_document_that_is_asked_for(
    run: Callable[..., Any], manifest: Path, tmp_path: Path
) -> None:
    assert run("check", manifest, "-q") == run("-q", "check", manifest)
    quiet = run("check", manifest, "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert run("check", manifest, "--quiet", "--format", "json").json["lines"] == 1
    assert run("check", tmp_path / "none", "-q").err


def test_verbose_tells_each_step(run: Callable[..., Any], manifest: Path, tmp_path: Path) -> None:
    assert run("check", manifest).err == ""
    assert "truthline: Checking the lines\n" in run("check", manifest, "-v").err


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if name != "completion"])
def test_every_command_takes_them(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse([name, "--help"])
    told = capsys.readouterr().out
    assert all(option in told for option in ("--quiet", "--verbose", "--debug", "--format"))


@pytest.mark.parametrize(
    ("options", "level"),
    [([], None), (["-v"], logging.INFO), (["--debug"], logging.DEBUG), (["--debug", "-q"], None)],
)
def test_how_much_of_the_log_is_shown(options: list[Any] | list[str], level: int | None) -> None:
    assert cli.console_level(cli.parse(["check", "m", *options])) == level


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["chek", "m"], "no command and no file chek. Did you mean check?"),
        (["psuh"], "no command and no file psuh. Did you mean push?"),
        (["--region", "x", "statsu", "arn"], "Did you mean status?"),
        (["push", "m", "--datset", "x"], "there is no option --datset. Did you mean --dataset?"),
        (["check", "m", "--formt=json"], "there is no option --formt. Did you mean --format?"),
        (["check", "m", "--regio", "x"], "there is no option --regio. Did you mean --region?"),
        (["check", "m", "--xyzzy"], "there is no option --xyzzy. truthline check --help tells more."),
        (["check", "m", "more"], "unrecognized arguments: more. truthline --help tells more."),
        (["convert", "a"], "required: DST, --from, --to. truthline convert --help tells more."),
    ],
)
def test_what_was_mistyped_is_told_in_a_line(run: Callable[..., Any], words: list[str], told: str) -> None:
    refused = run(*words)
    assert refused.code == 2
    assert refused.out == ""
    assert told in refused.err
    assert refused.err.count("\n") == 1


@pytest.mark.parametrize("word", ["chek", "./chek", "check.manifest", "s3://push", "photos"])
def test_what_may_be_a_file_is_none_mistyped(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chek").write_text("")
    assert cli.parse(cli.with_command([word])).source == word


@pytest.mark.skipif(sys.platform == "win32", reason="made by permissions that Windows has not")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none", "There is no such file or folder"),
        ("m/inside", "A part of the path is a file, not a folder"),
        ("n" * 300, "The name is too long for this disk"),
    ],
)
def test_what_the_system_refuses_is_a_line_without_a_number(
    run: Callable[..., Any], manifest: Path, tmp_path: Path, name: str, told: str
) -> None:
    refused = run("check", tmp_path / name)
    assert refused.code == 2
    assert told in refused.err
    assert refused.err.count("\n") == 1
    assert "Errno" not in refused.err


def test_a_refusal_that_nobody_foresaw_is_one_too(
    run: Callable[..., Any], manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Path, **_more: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/some/where")

    monkeypatch.setattr(files, "ManifestCheck", fail)
    refused = run("check", manifest)
    assert refused.code == 2
    assert refused.err == (
        "truthline: /some/where: A file or folder cannot be read or written. You have no permission for it.\n"
    )


def test_a_mistake_of_ours_is_a_line_the_log_and_an_exit_code(
    run: Callable[..., Any], manifest: Path, monkeypatch: pytest.MonkeyPatch, running_log: Path
) -> None:
    def fail(*_: Path, **_more: Any) -> None:
        raise ValueError(LINE)

    monkeypatch.setattr(files, "ManifestCheck", fail)
    broken = run("check", manifest)
    assert broken.code == 4
    assert broken.err.count("\n") == 1
    assert "ValueError at test_manners.py:" in broken.err
    assert str(running_log) in broken.err
    written = running_log.read_text(encoding="utf-8")
    assert "truthline/cli/files.py:" in written
    assert "planted" not in written + broken.err


def test_the_log_is_as_talkative_as_option_and_setting_say(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(program.log, "start", lambda level, console: started.append((level, console)))  # type: ignore[attr-defined]
    monkeypatch.setattr(cli, "main", lambda _words: 0)
    settings = {"log_level": "info"}
    monkeypatch.setattr(program, "Settings", lambda: settings)
    program.main(["check", "m"])
    program.main(["check", "m", "--debug"])
    settings["log_level"] = "debug"
    program.main(["check", "m"])
    assert started == [("info", None), ("debug", logging.DEBUG), ("debug", None)]


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_is_helped_to_complete(run: Callable[..., Any], shell: str) -> None:
    script = run("completion", shell)
    assert script.code == 0
    assert all(name in script.out for name in cli.COMMANDS)
    assert "--on-conflict" in script.out


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_understands_it(run: Callable[..., Any]) -> None:
    script = run("completion", "bash").out
    asked = script + '\nCOMP_WORDS=(truthline pu); COMP_CWORD=1; _shtab_truthline; echo "${COMPREPLY[@]}"'
    answered = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False)
    assert answered.stdout.split() == ["pull", "push"]
