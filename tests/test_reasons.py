"""What the operating system's refusals mean."""

from __future__ import annotations

import ast
import errno
import os
import re
from pathlib import Path

import pytest

import truthline
from truthline.reasons import REASONS, as_ours, reason

PACKAGE = Path(truthline.__file__).parent


@pytest.mark.parametrize("name", sorted(REASONS))
def test_every_reason_is_a_sentence_without_its_stop(name: str) -> None:
    told = REASONS[name]
    assert told[0].isupper()
    assert told[-1].isalpha()
    assert "rrno" not in told
    if hasattr(errno, name):
        assert reason(OSError(getattr(errno, name), "the system's own words", "file")) == told


def test_what_has_no_sentence_of_ours_is_told_without_its_number() -> None:
    number = errno.ECHILD
    assert reason(OSError(number, os.strerror(number), "/a/b")) == os.strerror(number)
    assert reason(OSError("image file is truncated")) == "image file is truncated"
    assert reason(OSError()) == "The operating system refused"
    assert reason(TimeoutError()) == "It did not answer in time"


def test_on_windows_a_file_in_use_is_no_lack_of_permission() -> None:
    error = PermissionError(errno.EACCES, "Permission denied")
    error.winerror = 32  # type: ignore[attr-defined, unused-ignore]
    assert reason(error) == "Another program is using it"


def test_one_that_nobody_foresaw_names_the_files() -> None:
    error = OSError(errno.EXDEV, "Invalid cross-device link", "/a", None, "/b")
    told = str(as_ours(error))
    assert told == "/a → /b: A file or folder cannot be read or written. It cannot be moved to another disk."


def test_no_text_for_people_is_made_of_the_systems_words() -> None:
    """The kind: an `OSError` put into a text as it is, whose words are "[Errno 13] Permission denied"."""
    found = []
    for file in PACKAGE.rglob("*.py"):
        if file.is_relative_to(PACKAGE / "emulator") or file.name == "reasons.py":
            continue
        text = file.read_text(encoding="utf-8")
        found += [f"{file.name}: strerror" for _ in re.finditer(r"\.strerror", text)]
        for handler in ast.walk(ast.parse(text)):
            if isinstance(handler, ast.ExceptHandler) and _takes_refusals(handler):
                found += [f"{file.name}:{line}" for line in _lines_that_print(handler)]
    assert found == []


def _takes_refusals(handler: ast.ExceptHandler) -> bool:
    named = ast.unparse(handler.type) if handler.type else ""
    return bool(re.search(r"\b(OSError|PermissionError|FileNotFoundError|BlockingIOError)\b", named))


def _lines_that_print(handler: ast.ExceptHandler) -> list[int]:
    """Where the exception itself becomes text: in an f-string, or by str()."""
    name = handler.name or ""
    texts = [
        ast.unparse(node) for node in ast.walk(handler) if isinstance(node, ast.FormattedValue | ast.Call)
    ]
    is_text = re.compile(rf"\{{{name}\}}|str\({name}\)") if name else None
    return [handler.lineno for text in texts if is_text and is_text.search(text)]
