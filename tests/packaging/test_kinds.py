"""Texts are for people: no code of the app decides anything by one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "gui" / "truthline"
TEXTS = {"title", "detail", "reason", "message", "outcome", "about"}
"""Fields that hold a text for people, of errors, progress and what the service said."""
READERS = {
    *("casefold", "lower", "upper", "isupper", "count", "find", "index", "partition", "rpartition"),
    *("removeprefix", "removesuffix", "split", "rsplit", "startswith", "endswith"),
}
BORDERS = {"aws/causes.py", "aws/failed_update.py", "aws/translate.py", "ui/kit/display.py"}
"""Where other people's texts become kinds."""
FOREIGN = {
    ("aws/roles.py", "Enter MFA code for "),  # botocore asks in words alone
    ("interchange/files.py", "(byte "),  # msgspec says the place in words alone
    ("interchange/voc.py", "The VOC"),  # of a file
}
SENTENCE = re.compile(r"[A-Za-z,;:(]+ [A-Za-z]|[a-z]{2,}[.…]$|[a-z(]+ $")


def is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in TEXTS
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    named = "".join(ast.unparse(one) for one in node.args)
    if called in {"str", "repr"}:
        return bool(re.fullmatch(r"(\w+\.)*_?(error|problem|progress|activity|refus\w+)", named))
    return called in {"progress_words", "activity_words"} or (
        isinstance(node.func, ast.Attribute) and is_text(node.func.value)
    )


def is_kind(node: ast.expr) -> bool:
    """Whether that is a member of an enum, or a set of them."""
    if isinstance(node, ast.Set | ast.Tuple):
        return all(map(is_kind, node.elts))
    return isinstance(node, ast.Attribute) and node.attr.isupper()


def sentences(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, ast.Set | ast.Tuple | ast.List) else [node]
    literals = [one.value for one in parts if isinstance(one, ast.Constant)]
    return [one for one in literals if isinstance(one, str) and SENTENCE.search(one)]


def full_stops(node: ast.expr) -> list[str]:
    """That of a sentence, whose end is looked for."""
    return [str(node.value)] if isinstance(node, ast.Constant) and node.value in {".", "…"} else []


def reads_text(node: ast.AST) -> tuple[bool, list[str]]:
    """Whether this decides something by a text, and the sentences that it looks for."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        by_type = any(isinstance(one, ast.Call) and ast.unparse(one.func) == "type" for one in sides)
        by_name = any(isinstance(one, ast.Name) and one.id.endswith("Error") for one in sides)
        by_text = any(map(is_text, sides)) and not any(map(is_kind, sides))
        return by_text or (by_type and by_name), [found for one in sides for found in sentences(one)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if ast.unparse(node.func.value) == "re":
            return any(map(is_text, node.args)), []
        if node.func.attr in READERS:
            by_text = is_text(node.func.value)
            ends = node.func.attr in {"endswith", "removesuffix"}
            looked_for = [found for one in node.args for found in sentences(one)]
            return by_text, looked_for + [found for one in node.args if ends for found in full_stops(one)]
    return False, []


def readers_in(source: str, name: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        by_text, looked_for = reads_text(node)
        wrong = [one for one in looked_for if (name, one) not in FOREIGN]
        if by_text or wrong:
            found.append(f"{name}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}")
    return found


def test_no_text_for_people_is_read_by_the_app() -> None:
    found = []
    for path in SOURCES.rglob("*.py"):
        name = path.relative_to(SOURCES).as_posix()
        if not name.startswith("emulator/") and name not in BORDERS:
            found += readers_in(path.read_text(encoding="utf-8"), name)
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "type(error) is ServiceError",
        "progress.about.isupper()",
        "words.endswith('.')",
        "words = sent.message.casefold()",
        "text.startswith('Could not ')",
        "'broken off' in push.outcome",
        "re.search('the permission (.*) is missing', error.title)",
        "text.removesuffix('Trying again.')",
        "error.detail == other",
        "'expired' in str(error)",
        "str(self.problem).startswith(word)",
        "progress_words(progress) != last",
        "told in ('Gone', 'Not there')",
    ],
)
def test_what_would_be_found(line: str) -> None:
    assert readers_in(line, "a.py")


@pytest.mark.parametrize(
    "line",
    [
        "verdict.outcome is Outcome.STORED or verdict.outcome in {Outcome.LOST, Outcome.STORED}",
        "progress.doing is Doing.STATUS and error.code in CODES",
        "show(error.title, f'{error.title} {error.detail}')",
        "text in f'{problem.message} {problem.code}'.casefold()",
        "address.startswith('s3://') or status.endswith('_FAILED')",
    ],
)
def test_what_is_fine(line: str) -> None:
    assert not readers_in(line, "a.py")


def test_every_signal_says_what_it_carries() -> None:
    """``Signal(object)`` carries anything: neither a reader nor a tool can tell what a slot gets."""
    untyped = {
        f"{file.relative_to(SOURCES)}:{node.lineno}"
        for file in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Signal"
        if len(node.args) > 1 or any(getattr(one, "id", "") == "object" for one in node.args)
    }
    assert untyped == set()
