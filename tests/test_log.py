"""The log: everything ends in it, and nothing of anybody's data."""

from __future__ import annotations

import errno
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from truthline import log
from truthline.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from truthline.emulator.service import Emulator

KEY, SECRET, TOKEN = "AKIAPLANTEDPLANTED00", "planted/secret+key", "planted+session/token"
PROFILE_KEY, PROFILE_SECRET, PROFILE_TOKEN = "AKIAPLANTEDPROFILE00", "profile/secret", "profile+token"
LABEL, IMAGE = "planted_label", "planted_image"
LINE = json.dumps({"source-ref": f"s3://planted-bucket/{IMAGE}.jpg", LABEL: 1})
PLANTED = (
    *(KEY, SECRET, TOKEN, PROFILE_KEY, PROFILE_SECRET, PROFILE_TOKEN),
    *(LABEL, IMAGE, "planted-bucket", "planted", "Authorization", "x-amz-", "Signature"),
)


def assert_clean(text: str) -> None:
    assert [one for one in PLANTED if one.lower() in text.lower()] == []


class OfOthersError(Exception):
    """An exception whose attributes hold data."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.name = self.code = line


def raised(error: BaseException) -> BaseException:
    """The error as it is caught, with a local variable that holds a line on the way."""
    line = LINE
    try:
        try:
            raise RuntimeError(line)  # noqa: TRY301
        except RuntimeError:
            raise error  # noqa: B904  # an error that follows from another
    except BaseException as caught:  # noqa: BLE001
        return caught


ERRORS = (
    ValueError(LINE),
    KeyError(LABEL),
    OfOthersError(LINE),
    AttributeError(f"no {LABEL}"),
    FileNotFoundError(errno.ENOENT, "No such file", f"/home/planted/{IMAGE}.jpg"),
    UnicodeDecodeError("utf-8", LINE.encode(), 0, 1, "invalid start byte"),
    UsageError(f'"{LABEL}" is no label.', place=f"s3://planted-bucket/{IMAGE}.jpg", detail=SECRET),
    ServiceError("Refused.", code=f"{LABEL} {KEY}"),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_an_error_says_is_left_out_and_where_it_was_stays(running_log: Path, error: Exception) -> None:
    error.add_note(LINE)
    with pytest.raises(type(error)), log.doing("while testing"):
        raise raised(error)
    described = log.unforeseen(error)
    written = running_log.read_text()
    assert described.told in written
    assert_clean(written + described.told + described.place + described.doing)
    assert type(error).__name__ in described.place
    assert "test_log.py:" in described.place
    assert "after RuntimeError" in described.told
    assert described.doing == "while testing"


def test_what_cannot_be_data_is_told(running_log: Path) -> None:
    with pytest.raises(AttributeError) as caught:
        _ = running_log.no_such_thing  # type: ignore[attr-defined]
    assert log.describe(caught.value).place.startswith("AttributeError (no_such_thing) at ")
    full = log.describe(OSError(errno.ENOSPC, "No space left on device", LABEL))
    assert full.place == "OSError (ENOSPC)"
    throttled = log.describe(ServiceError("Too many.", code="ThrottlingException"))
    assert throttled.place == "truthline.errors.ServiceError (ThrottlingException)"


def test_an_error_that_comes_again_takes_a_line(running_log: Path) -> None:
    for _ in range(3):
        log.unforeseen(raised(ValueError(LINE)))
    told = [line for line in running_log.read_text().splitlines() if "ValueError" in line]
    assert len(told) == 3
    assert [line.count("again") for line in told] == [0, 1, 1]


def test_errors_of_threads_and_of_del_end_there_and_the_listener_is_told(
    running_log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError(LINE)

    def fail() -> None:
        raise KeyError(LABEL)

    told: list[BaseException] = []
    with log.telling(told.append):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        Broken()
        sys.excepthook(ValueError, ValueError(LINE), None)
    assert [type(error) for error in told] == [KeyError, ValueError]
    assert capsys.readouterr().err == ""
    sys.excepthook(ValueError, ValueError(LINE), None)  # before there is a window, or after it
    said = capsys.readouterr().err
    assert said.startswith("truthline: Something went wrong that Truthline did not foresee: ValueError.")
    assert_clean(said.replace(str(running_log), ""))
    written = running_log.read_text()
    assert written.count("unforeseen") == 3
    assert "__del__" in written
    assert_clean(written)


def test_other_libraries_and_the_emulator_do_not_write_there(running_log: Path) -> None:
    for name in ("botocore.endpoint", "urllib3.connectionpool", "truthline.emulator.server", "truthline"):
        logging.getLogger(name).critical(LINE)
    log.note("a note")
    assert "a note" in running_log.read_text()
    assert_clean(running_log.read_text())


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (f'QWidget::setLayout: "{LABEL}" has one', "QWidget::setLayout: …"),
        (f"QPainter::begin(): can't paint '{LABEL}', won't", "QPainter::begin(): can't paint …"),
        (f"Cannot open s3://planted-bucket/{IMAGE}.jpg now", "Cannot open … now"),
        (f'Cannot read C:\\planted\\{IMAGE}.jpg: "{LABEL}', "Cannot read … …"),
        (f"QLabel(0x1, name = {LABEL}) is odd", "QLabel…"),
        ("QTimer::start: in a thread of its own", "QTimer::start: in a thread of its own"),
    ],
)
def test_what_qt_says_loses_names_and_addresses(running_log: Path, said: str, written: str) -> None:
    log.foreign(said)
    last = running_log.read_text(encoding="utf-8").splitlines()[-1]
    assert last.endswith(f"WARNING: {written}")


def test_it_rotates_and_a_crash_goes_to_the_newest_file(
    running_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "FILE_BYTES", 500)
    log.stop()
    log.start("debug")
    for number in range(200):
        log.note("line %d", number)
    files = sorted(running_log.parent.iterdir())
    assert [file.name for file in files] == ["truthline.log", *(f"truthline.log.{n}" for n in range(1, 5))]
    assert all(file.stat().st_size <= 500 for file in files)
    assert "line 199" in running_log.read_text()
    if os.name == "posix":
        assert running_log.stat().st_mode & 0o777 == 0o600


CRASH = """
import faulthandler
from truthline import log
log.FILE_BYTES = 300
log.start("info")
for number in range(20):
    log.note("line %d", number)
faulthandler._sigsegv()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the log's folder is not told by a variable there")
def test_a_crash_of_the_process_is_written(tmp_path: Path) -> None:
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    crashed = subprocess.run([sys.executable, "-c", CRASH], env=environment, capture_output=True, check=False)
    assert crashed.returncode != 0
    (written,) = tmp_path.rglob("truthline.log")
    assert "Segmentation fault" in written.read_text()


def test_a_log_that_cannot_be_written_stops_nothing(
    running_log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log.stop()
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(log.platformdirs, "user_log_dir", lambda _: str(tmp_path / "file" / "log"))  # type: ignore[attr-defined]
    log.start("debug")
    log.note("nobody reads this")
    assert log.unforeseen(ValueError(LINE)).place == "ValueError"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_a_full_disk_stops_nothing(
    running_log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.stop()
    running_log.unlink()
    running_log.symlink_to("/dev/full")
    log.start("debug")
    log.note("nobody reads this")
    assert "Traceback" not in capsys.readouterr().err


def test_the_levels(running_log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.stop()
    log.start("info", console=logging.DEBUG)
    log.debug("only for the terminal")
    log.note("for both")
    written, told = running_log.read_text(), capsys.readouterr().err
    assert ("only for the terminal" in written, "for both" in written) == (False, True)
    assert ("only for the terminal" in told, "for both" in told) == (True, True)


def test_the_path_is_shown_without_the_name_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log.platformdirs, "user_log_dir", lambda _: str(Path.home() / "logs"))  # type: ignore[attr-defined]
    assert log.shown_path() == str(Path("~/logs/truthline.log"))


@pytest.mark.skipif(sys.platform == "win32", reason="the log's folder is not told by a variable there")
@pytest.mark.parametrize("by_profile", [False, True], ids=["environment", "profile"])
def test_real_requests_leave_no_secret(emulator: Emulator, tmp_path: Path, by_profile: bool) -> None:
    environment = os.environ | {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
    }
    if by_profile:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            del environment[name]
    (tmp_path / "credentials").write_text(
        f"[planted]\naws_access_key_id = {PROFILE_KEY}\naws_secret_access_key = {PROFILE_SECRET}\n"
        f"aws_session_token = {PROFILE_TOKEN}\n"
    )
    (tmp_path / f"{IMAGE}.manifest").write_text(f"{LINE}\n{{{LABEL}\n")
    arn = "arn:aws:rekognition:us-east-1:000000000000:project/planted/dataset/train/1690000000000"
    options = ["--endpoint-url", emulator.endpoint_url, "--debug"]
    options += ["--profile", "planted"] if by_profile else []

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "truthline", *words, *options]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr
        return "".join(
            line for line in done.stderr.splitlines(keepends=True) if line.startswith("truthline: DEBUG")
        )

    shown = run("status", arn) + run("push", f"{IMAGE}.manifest", "--dataset", arn)
    shown += run("new", f"{IMAGE}.truthline", "--from", f"s3://planted-bucket/{LABEL}")
    written = "".join(file.read_text() for file in (tmp_path / "state").rglob("truthline.log*"))
    assert "rekognition DescribeDataset: 400" in written
    assert "s3 ListObjectsV2: 404" in written
    assert "told: truthline.errors.NotFoundError (ResourceNotFoundException)" in written
    assert_clean(written + shown)
