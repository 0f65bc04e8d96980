"""The command: one JSON line when it is ready, and a clean end in each way that it can end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from truthline.emulator import Emulator
from truthline.emulator.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-W", "error", "-m", "truthline.emulator"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            yield process, json.loads(process.stdout.readline())["endpoint_url"]
        finally:
            process.kill()


def ask(url: str) -> bytes:
    headers = {"X-Amz-Target": "RekognitionService.DescribeProjects"}
    with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers), timeout=20) as response:  # noqa: S310
        return bytes(response.read())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_a_signal_ends_it_cleanly_and_stdout_holds_one_line(number: signal.Signals) -> None:
    with running("--set", "update_seconds=0") as (process, url):
        assert b"ProjectDescriptions" in ask(url)
        with urllib.request.urlopen(f"{url}/", timeout=20) as listing:  # noqa: S310
            assert b"ListAllMyBucketsResult" in listing.read()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_it_ends_when_its_standard_input_closes() -> None:
    with running("--until-stdin-closes") as (process, url):
        ask(url)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_a_wrong_switch_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "listing=pretty"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "verbatim, normalised, known_keys" in said.err


def test_a_taken_port_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator() as emulator:
        port = emulator.endpoint_url.rpartition(":")[2]
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            assert main(["--port", port]) == 1
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    said = capsys.readouterr()
    assert said.out == ""
    assert f"port {port}" in said.err
