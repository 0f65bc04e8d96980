"""``truthline`` and ``python -m truthline``: decides between the window and a command."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING

from truthline import cli, log
from truthline.aws.connection import Connection
from truthline.errors import TruthlineError
from truthline.settings import Settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window or carry out a command; return the exit code."""
    words = cli.with_command(sys.argv[1:] if argv is None else argv)
    arguments = cli.parse(words)
    log.start(
        "debug" if arguments.debug else Settings().get("log_level"), console=cli.console_level(arguments)
    )
    log.note("%s", arguments.name)
    wants_window = arguments.name == "open" or (arguments.name == "demo" and not arguments.headless)
    if not (wants_window and has_window()):
        return cli.main(words)
    try:
        return _open_window(arguments)
    except TruthlineError as error:
        print(f"truthline: {error}", file=sys.stderr)  # noqa: T201  # there is no window to say it in
        return cli.UNUSABLE


def has_window() -> bool:
    """Whether a window can be shown: there is a display, and Qt is installed."""
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        return False
    return importlib.util.find_spec("PySide6") is not None


def _open_window(arguments: argparse.Namespace) -> int:
    # Qt takes half a second to load, which no command should pay for.
    from truthline.ui.kit.display import check_display  # noqa: PLC0415

    check_display()
    from truthline.ui.app import run  # noqa: PLC0415

    given = Connection(arguments.profile, arguments.region, arguments.endpoint_url)
    if arguments.name == "demo":
        return run("", given, sample=True)
    return run(arguments.source, given)


if __name__ == "__main__":
    sys.exit(main())
