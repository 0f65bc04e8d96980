"""The command that helps a shell to complete the others."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from truthline.cli.run import FINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.cli.run import Run

SHELLS: Final = ("bash", "zsh", "tcsh")
_FOLDERS: Final = {"DIR"}
_NO_FILES: Final = {"ARN", "URL"}


def completion(run: Run) -> int:
    """Print a script that completes commands, options, files and folders."""
    import shtab  # noqa: PLC0415  # no other command needs it

    parser = run.arguments.parser
    for action in _arguments(parser):
        metavar = str(action.metavar or "")
        if metavar in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif (metavar.isupper() and metavar not in _NO_FILES) or "." in metavar or action.dest == "source":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    sys.stdout.write(shtab.complete(parser, shell=run.arguments.shell).rstrip() + "\n")
    return FINE


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001  # shtab itself has no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                yield from _arguments(command)
        elif action.nargs != 0 and action.choices is None:
            yield action
