"""``-`` in place of a file: what comes in on standard input, and goes out on standard output."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from truthline.cli.run import broken_off_by_ctrl_c
from truthline.errors import TruthlineError, UnreadableFileError, UsageError
from truthline.reasons import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthline.cli.run import Run

STREAM: Final = "-"
_INPUT: Final = "standard input"


@contextmanager
def read_from(name: str, ending: str = ".manifest") -> Iterator[Path]:
    """The file of a name; of ``-`` a temporary one, called with ``ending``, that holds standard input.

    Raises:
        UnreadableFileError: standard input cannot be read.

    """
    if name != STREAM:
        yield Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="truthline-") as folder:
        # A file, since checks go through it twice, and formats are told by its ending.
        path = Path(folder) / f"standard-input{ending}"
        _take_in(path)
        try:
            yield path
        except TruthlineError as error:
            error.place = error.place.replace(str(path), _INPUT)
            raise


@contextmanager
def written_to(run: Run, name: str, ending: str = ".manifest") -> Iterator[Path]:
    """The file of a name; of ``-`` a temporary one that goes to standard output when the block succeeds.

    What is told meanwhile, a JSON document too, goes to standard error then.
    """
    if name != STREAM:
        yield Path(name)
        return
    run.keep_stdout_free()
    with tempfile.TemporaryDirectory(prefix="truthline-") as folder:
        # Written whole before any of it goes out: whoever reads the pipe gets all of it or nothing.
        path = Path(folder) / f"standard-output{ending}"
        yield path
        if path.exists():  # not after a dry run
            run.hand_out(path)


def need_file(name: str, suffix: str, format_name: str) -> None:
    """Raise `UsageError` if ``-`` stands for a format that is a folder of files."""
    if name == STREAM and not suffix:
        raise UsageError(
            f"{format_name} is a folder of files, which cannot be standard input or output.",
            detail="Name the folder.",
        )


def _take_in(path: Path) -> None:
    if sys.stdin is None:
        raise UsageError("There is no standard input.", detail="Name a file.")
    try:
        with path.open("wb") as file, broken_off_by_ctrl_c():
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise UnreadableFileError(
            "Standard input cannot be read.", detail=f"{reason(error)}.", place=_INPUT
        ) from error
