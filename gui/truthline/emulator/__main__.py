"""``python -m truthline.emulator``: serve until told to stop."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import threading
from typing import TYPE_CHECKING

from truthline.emulator.service import Emulator
from truthline.emulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 0 after a clean stop, 1 if the port is taken, 2 for a bad switch.

    Prints one JSON line, ``{"endpoint_url": …}``, when requests can come, and nothing else on stdout.
    """
    arguments = _parser().parse_args(argv)
    try:
        switches = Switches.parse(arguments.set)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Emulator(switches, port=arguments.port, keep_requests=False) as emulator:
            print(json.dumps({"version": 1, "endpoint_url": emulator.endpoint_url}), flush=True)
            if arguments.until_stdin_closes:
                threading.Thread(target=_watch_stdin, args=(stop,), daemon=True).start()
            _wait(stop)
    except OSError as error:
        why = error.strerror or "the operating system refused"
        print(f"The emulator cannot listen on port {arguments.port}: {why}.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m truthline.emulator",
        description="Serve Amazon Rekognition's datasets and Amazon S3 on 127.0.0.1. It forgets all on exit.",
    )
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SWITCH=VALUE", help="how it behaves; may be repeated"
    )
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="also stop when standard input closes"
    )
    return parser


def _wait(stop: threading.Event) -> None:
    """Wait in steps, because on Windows a wait without a timeout holds signals back."""
    while not stop.wait(0.5):
        pass


def _watch_stdin(stop: threading.Event) -> None:
    # Raw bytes: a buffered reader still blocked at exit would abort the interpreter's shutdown.
    with contextlib.suppress(OSError), open(0, "rb", buffering=0, closefd=False) as stdin:
        while stdin.read(65_536):
            pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
