"""The commands that run the emulator."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Final

from truthline import demo
from truthline.cli.run import FINE
from truthline.errors import CancelledError, UsageError
from truthline.installation import how_to_add
from truthline.progress import CancelToken
from truthline.sync.opening.sources import recognise

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from truthline.cli.run import Run

COMMANDS: Final = (
    "demo",
    "new",
    "export",
    "convert",
    "emulator",
    "check",
    "status",
    "pull",
    "push",
    "completion",
)


def open_window(run: Run) -> int:
    """Say that a window is needed, or do the sample's work without one."""
    if not run.arguments.source:
        return run_demo(run)
    source = recognise(run.arguments.source)
    raise UsageError(
        f"A {source.kind} is opened in the window, which needs a display and PySide6.",
        detail=f"Use a command instead: {', '.join(COMMANDS)}.",
        place=run.arguments.source,
    )


def run_demo(run: Run) -> int:
    """Work on the sample dataset without a window."""
    if run.arguments.name != "demo" or not run.arguments.headless:
        run.note(
            "There is no window here: it needs a display and PySide6. This is the sample dataset without it."
        )
    run.document(demo.run_headless(run.say, cancel=run.cancel))
    return FINE


def emulator(run: Run) -> int:
    """Serve Rekognition's datasets and S3 until a signal comes."""
    given = run.arguments
    if not given.sample:
        return _bare_emulator(given)
    stop = CancelToken()
    with _until_signal(stop):
        try:
            running = demo.running_sample(cancel=stop, port=given.port, settings=given.set)
            with running as sample:
                run.json_line(
                    {
                        "endpoint_url": sample.connection.endpoint_url,
                        "bucket": sample.bucket,
                        "dataset_arn": sample.dataset_arn,
                    }
                )
                while True:
                    stop.wait(_SIGNAL_SECONDS)
        except CancelledError:
            return FINE


_SIGNAL_SECONDS: Final = 0.5
"""On Windows a wait holds signals back until it ends."""


def _bare_emulator(given: argparse.Namespace) -> int:
    """Serve in this process."""
    words = ["--port", str(given.port)]
    words += [word for setting in given.set for word in ("--set", setting)]
    if given.until_stdin_closes:
        words.append("--until-stdin-closes")
    try:
        serve: Callable[[list[str]], int] = import_module("truthline.emulator.__main__").main
    except ModuleNotFoundError as error:
        raise UsageError("The emulator is not installed.", detail=how_to_add("emulator")) from error
    return serve(words)


@contextmanager
def _until_signal(stop: CancelToken) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.cancel()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
