"""The manual page, which is kept as a file and made from the parser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from truthline.cli import COMMANDS

PACKAGING = Path(__file__).parents[2] / "packaging"


def test_the_page_is_that_of_the_parser() -> None:
    made = subprocess.run([sys.executable, PACKAGING / "man_page.py"], capture_output=True, check=True)
    kept = (PACKAGING / "truthline.1").read_bytes()
    assert made.stdout.replace(b"\r\n", b"\n") == kept, "write it anew: packaging/man_page.py says how"


def test_every_command_and_argument_is_told_of() -> None:
    lines = (PACKAGING / "truthline.1").read_text(encoding="ascii").splitlines()
    assert [line.removeprefix(".SS ") for line in lines if line.startswith(".SS ")] == ["open", *COMMANDS]
    assert "" not in lines
