"""The manual page, made from the parser: ``.venv/bin/python packaging/man_page.py > packaging/truthline.1``.

Made by hand, since argparse formats its help a little differently in each Python.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from truthline.cli import parser

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODES = (
    ("0", "Done, and all is well."),
    ("1", "Done, but some lines have errors, or were not stored."),
    ("2", "Wrong usage, or a file that cannot be read or written."),
    ("3", "The service could not be reached, or failed."),
    ("4", "Truthline itself made a mistake; the log tells where."),
)


def man_page() -> str:
    """The page in the man macros of roff."""
    return "\n".join(_lines(parser())) + "\n"


def _lines(top: argparse.ArgumentParser) -> Iterator[str]:
    yield '.TH TRUTHLINE 1 "" "Truthline" "User Commands"'
    yield from (".SH NAME", f"truthline \\- {_text(top.description).rstrip('.')}")
    yield from (".SH SYNOPSIS", ".B truthline", "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR ...", ".br")
    yield from (".B truthline", "[\\fIMANIFEST\\fR | \\fIFOLDER\\fR | \\fIWORKSPACE\\fR | \\fIARN\\fR]")
    yield from (".SH DESCRIPTION", _text(top.epilog), ".SH OPTIONS", "Of every command:")
    common = [action for action in top._actions if action.option_strings]
    yield from _told(common)
    yield ".SH COMMANDS"
    for name, command in _commands(top).items():
        yield from (f".SS {name}", _text(command.description))
        shared = {string for action in common for string in action.option_strings}
        yield from _told(one for one in command._actions if not shared & set(one.option_strings))
    yield ".SH EXIT STATUS"
    for code, meaning in _CODES:
        yield from (".TP", f".B {code}", meaning)


def _told(actions: Iterator[argparse.Action] | list[argparse.Action]) -> Iterator[str]:
    for action in actions:
        if action.help != argparse.SUPPRESS:
            yield from (".TP", _signature(action), _text(action.help))


def _signature(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else f"\\fI{_text(_value(action))}\\fR"
    names = ", ".join(f"\\fB{_text(name)}\\fR" for name in action.option_strings)
    return " ".join(filter(None, (names, value)))


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return str(action.metavar or action.dest.upper())


def _commands(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (commands,) = (one for one in top._actions if isinstance(one, argparse._SubParsersAction))
    return dict(commands.choices)


def _text(text: str | None) -> str:
    safe = (text or "").replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


if __name__ == "__main__":
    sys.stdout.write(man_page())
