"""How a command reaches AWS: what its options say, and codes of MFA devices from the terminal."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING

from tqdm import tqdm
from typing_extensions import override

from truthline.aws.connection import CodeAsker, Connection
from truthline.cli.run import broken_off_by_ctrl_c, shown
from truthline.errors import CancelledError
from truthline.settings import Settings
from truthline.sync.service.endpoints import Endpoints, Reach

if TYPE_CHECKING:
    import argparse

    from truthline.cli.run import Run


def connection_of(arguments: argparse.Namespace) -> Connection:
    """What the options say; an endpoint is remembered as chosen on this computer."""
    Endpoints(Settings()).choose(arguments.endpoint_url)
    return Connection(arguments.profile, arguments.region, arguments.endpoint_url, TerminalAsker())


def reach_of(run: Run) -> Reach:
    """How a command's workspace reaches AWS; the command line counts before what the workspace knows."""
    return Reach(Endpoints(Settings()), run.connection)


class TerminalAsker(CodeAsker):
    """Asks the person at the terminal, whatever standard input is."""

    @override
    def ask(self, role: str, device: str) -> str:
        if not _has_terminal():
            return super().ask(role, device)
        with tqdm.external_write_mode(file=sys.stderr), broken_off_by_ctrl_c():
            try:
                return getpass.getpass(
                    shown(f"Code of the MFA device {device} for the role {role}: ")
                ).strip()
            except (EOFError, KeyboardInterrupt) as error:
                raise CancelledError from error


def _has_terminal() -> bool:
    if sys.platform == "win32":
        return sys.stdin is not None and sys.stdin.isatty()
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
