"""One command being carried out: its arguments, its output, its exit code."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from truthline import log
from truthline.errors import CancelledError, ServiceError, TruthlineError, UnreadableFileError, UsageError
from truthline.progress import CancelToken, ignore_progress
from truthline.reasons import reason
from truthline.words import progress_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import FrameType

    from truthline.aws.connection import Connection
    from truthline.progress import Progress, Report


FINE: Final = 0
FLAWED: Final = 1
"""Done, but some lines have errors or were not stored."""
UNUSABLE: Final = 2
"""Wrong usage, or a file that cannot be read or written."""
UNSERVED: Final = 3
"""The service could not be reached, or failed."""
BROKEN: Final = 4
"""Truthline itself made a mistake."""
INTERRUPTED: Final = 130
"""128 and the signal, as shells have it."""
BROKEN_PIPE: Final = 141

Json = dict[str, Any]


def give_up_output() -> None:
    """Write no more: whoever read it has gone."""
    # What cannot be written any more: Python must not find out once again when it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


JSON_VERSION: Final = 1
"""Of the form of the documents that are printed."""


class Run:
    """One command being carried out: its arguments, how to reach AWS, its output and its cancel token."""

    def __init__(self, arguments: argparse.Namespace, connection: Connection) -> None:
        self.arguments = arguments
        self.connection = connection
        self.cancel = CancelToken()
        self.json: bool = arguments.format == "json"
        self._stdout_is_free = True

    def say(self, text: str) -> None:
        """Print a line for people, unless JSON or quiet is asked for."""
        if not self.json and not self.arguments.quiet:
            self._print(shown(text))

    def document(self, document: Json) -> None:
        """Print a JSON document if that is asked for."""
        if self.json:
            self.json_line(document)

    def json_line(self, document: Json) -> None:
        """Print a JSON document on one line. ASCII: a source-ref may hold what no encoding can."""
        self._print(json.dumps({"version": JSON_VERSION, **document}))

    def json_list(self, document: Json, name: str, items: Iterable[str]) -> None:
        """Print a JSON document on one line with a long list as its last member; its items are JSON."""
        begun = json.dumps({"version": JSON_VERSION, **document})[:-1]
        # Piece by piece: of 250,000 lines with findings the document is 100 MB, and nobody holds it.
        self._print(f"{begun}, {json.dumps(name)}: [", end="")
        comma = ""
        for item in items:
            self._print(comma + item, end="")
            comma = ", "
        self._print("]}")

    def keep_stdout_free(self) -> None:
        """Print all else on standard error: standard output is the file that is asked for."""
        self._stdout_is_free = False

    def hand_out(self, path: Path) -> None:
        """Write a file's bytes to standard output."""
        if sys.stdout is None:
            raise UsageError("There is no standard output.", detail="Name a file.")
        with path.open("rb") as file, _refusals_told():
            self.flush()
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()

    @staticmethod
    def flush() -> None:
        """Hand over what was printed."""
        if sys.stdout is not None:
            sys.stdout.flush()

    @staticmethod
    def note(text: str) -> None:
        """Print a line on standard error."""
        print(shown(text), file=sys.stderr, flush=True)

    def fail(self, error: TruthlineError) -> int:
        """Print the error; return the exit code that it stands for."""
        log.told_error(error)
        self.note(f"truthline: {error}")
        if isinstance(error, CancelledError):
            return INTERRUPTED
        return UNSERVED if isinstance(error, ServiceError) else UNUSABLE

    def _print(self, text: str, *, end: str = "\n") -> None:
        with _refusals_told():
            out = sys.stdout if self._stdout_is_free else sys.stderr
            # Flushed line by line, so that whoever watches a pipe sees how far it is.
            print(text, end=end, flush=bool(end), file=out)

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """A `Report` that draws a progress bar on a terminal; elsewhere it tells each step if asked to."""
        if sys.stderr is None or not sys.stderr.isatty() or self.arguments.quiet:
            yield self._steps() if self.arguments.verbose or self.arguments.debug else ignore_progress
            return
        with tqdm(file=sys.stderr, leave=False, unit="") as bar:

            def report(progress: Progress) -> None:
                bar.set_description_str(shown(progress_words(progress)), refresh=False)
                bar.total = progress.total
                bar.n = progress.done
                bar.refresh()

            yield report

    def _steps(self) -> Report:
        """A `Report` that notes each new step on a line of its own."""
        last: tuple[object, ...] = ()

        def report(progress: Progress) -> None:
            nonlocal last
            if progress.step != last:
                last = progress.step
                self.note(f"truthline: {progress_words(progress)}")

        return report


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up_output()
        raise UnreadableFileError("The output cannot be written.", detail=f"{reason(error)}.") from error


def shown(text: str) -> str:
    """Text that a terminal shows and does not obey: data may hold control characters."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


@contextmanager
def broken_off_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end a wait for input at once: it has no next step at which a cancel is seen."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def cancelled_by_ctrl_c(cancel: CancelToken) -> Iterator[None]:
    """Let the first Ctrl-C stop the work at its next step, a second one break it off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        cancel.cancel()
        # Whoever presses it again does not want to wait for the next step.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
