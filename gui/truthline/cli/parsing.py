"""A parser that tells in one line what is wrong, and what was probably meant."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ALIKE = 0.6
"""As alike as difflib itself takes for close; below it, it suggests words that nobody meant."""
_NOT_IN_COMMANDS = frozenset("./\\:")


class Parser(argparse.ArgumentParser):
    """Takes options only as they are spelt: half of one may soon be half of another."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given, allow_abbrev=False)

    @override
    def error(self, message: str) -> NoReturn:
        """End with a line that says what is wrong."""
        line = " ".join(message.split())
        ending = "" if line.endswith(("?", ".")) else "."
        self.exit(2, f"{self.prog}: {line}{ending} {self.prog} --help tells more.\n")

    def check_spelling(self, words: Sequence[str]) -> None:
        """End if a command or an option does not exist, and suggest one that does."""
        commands = _commands(self)
        name = next((word for word in words if word in commands), "")
        command = commands.get(name)
        if command is None:
            return
        # A word that is no command opens a file, so a misspelt command looks like one that is missing.
        if name == "open":
            self._check_command(words[words.index(name) + 1 :], [one for one in commands if one != name])
        known = {*self._option_string_actions, *command._option_string_actions}  # noqa: SLF001  # no other way
        for word in words:
            option = word.partition("=")[0]
            if word == "--":
                return
            if option.startswith("--") and option not in known:
                command.error(f"there is no option {option}{_meant(option, known)}")

    def _check_command(self, words: Sequence[str], commands: Iterable[str]) -> None:
        word = next((word for word in words if not word.startswith("-")), "")
        if not word or _NOT_IN_COMMANDS & set(word) or Path(word).exists():
            return
        if meant := _meant(word, commands):
            self.error(f"there is no command and no file {word}{meant}")


def _commands(parser: argparse.ArgumentParser) -> dict[str, Parser]:
    for action in parser._actions:  # noqa: SLF001  # no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}


def _meant(word: str, known: Iterable[str]) -> str:
    alike = get_close_matches(word, sorted(known), n=1, cutoff=_ALIKE)
    return f". Did you mean {alike[0]}?" if alike else ""
