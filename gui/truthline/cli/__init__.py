"""The commands: what the window does, for scripts.

Each prints what it found on standard output, as text or with ``--format json`` as one JSON document;
everything else (errors, what is going on, a progress bar on a terminal) goes to standard error.
"""

from __future__ import annotations

import argparse
import io
import logging
import sys
from typing import TYPE_CHECKING

from truthline import __version__
from truthline.cli import datasets, files
from truthline.cli.connecting import connection_of
from truthline.cli.run import BROKEN_PIPE, INTERRUPTED, UNUSABLE, Run, cancelled_by_ctrl_c, give_up_output
from truthline.cli.serving import COMMANDS, emulator, open_window, run_demo
from truthline.errors import TruthlineError
from truthline.interchange.formats import FORMATS
from truthline.sync.plan import OnConflict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BROKEN_PIPE", "COMMANDS", "UNUSABLE", "main", "parser", "with_command"]


def main(argv: Sequence[str]) -> int:
    """Carry out one command; return its exit code."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s: %(message)s")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know fewer characters than data
    arguments = parser().parse_args(argv)
    run = Run(arguments, connection_of(arguments))
    with cancelled_by_ctrl_c(run.cancel):
        try:
            code: int = arguments.command(run)
            run.flush()
        except BrokenPipeError:
            give_up_output()  # whoever read it has gone
            return BROKEN_PIPE
        except KeyboardInterrupt:
            return INTERRUPTED
        except TruthlineError as error:
            return run.fail(error)
    return code


def parser() -> argparse.ArgumentParser:
    """The command line's parser. ``truthline PATH`` comes in as ``truthline open PATH``."""
    top = argparse.ArgumentParser(
        prog="truthline",
        description="Label images for Amazon Rekognition Custom Labels.",
        epilog="Without a command the window opens: truthline [MANIFEST | FOLDER | WORKSPACE | ARN]",
    )
    top.add_argument("--version", action="version", version=f"truthline {__version__}")
    _add_common(top, "")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[Run], int], told: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=told, description=told)
        # Given after the command, an option counts; left out there, the one before the command stays.
        _add_common(one, argparse.SUPPRESS)
        one.set_defaults(command=command, name=name)
        return one

    one = add("open", open_window, "Open the window.")
    one.add_argument("source", nargs="?", default="")

    one = add("demo", run_demo, "Work on the sample dataset in the embedded emulator.")
    one.add_argument("--headless", action="store_true", help="without the window, printing each step")

    one = add("new", files.new, "Make a workspace.")
    one.add_argument("workspace", metavar="WORKSPACE.truthline")
    one.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="SOURCE",
        help="manifest, folder of images, s3://bucket/prefix, or a dataset's ARN",
    )
    one.add_argument(
        "--to",
        default="",
        metavar="s3://bucket/prefix",
        help="where a folder's images are or will be",
    )
    one.add_argument("--images", default="", metavar="DIR", help="where a manifest's images lie locally")

    one = add("export", files.export, "Write a workspace's lines to a manifest.")
    one.add_argument("workspace", metavar="WORKSPACE.truthline")
    one.add_argument("manifest", metavar="OUT.manifest")
    one.add_argument(
        "--to", default="", metavar="s3://bucket/prefix", help="where the images are, if not said before"
    )

    one = add("convert", files.convert_labels, "Convert labels from one format to another.")
    one.add_argument("source", metavar="SRC")
    one.add_argument("destination", metavar="DST", help="a file, or a new or empty folder")
    one.add_argument("--from", dest="from_", required=True, choices=FORMATS, help="format of SRC")
    one.add_argument("--to", required=True, choices=FORMATS, help="format of DST")
    one.add_argument("--images", default="", metavar="DIR", help="where the images lie (default: in SRC)")
    one.add_argument("--target", default="", metavar="s3://bucket/prefix", help="where they are in S3")
    one.add_argument("--dry-run", action="store_true", help="write nothing; list what would be lost")

    one = add("emulator", emulator, "Serve Rekognition's datasets and S3 on this computer.")
    one.add_argument("--port", type=int, default=0, help="the port to listen on (default: any)")
    one.add_argument("--sample", action="store_true", help="with the sample dataset in it")
    one.add_argument("--set", action="append", default=[], metavar="SWITCH=VALUE", help="how it behaves")
    one.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)

    one = add("check", files.check, "Find what is wrong in a manifest, or in a project's two.")
    one.add_argument("manifest", metavar="MANIFEST", nargs="?", default="")
    one.add_argument("--train", default="", metavar="MANIFEST", help="of the training dataset")
    one.add_argument("--test", default="", metavar="MANIFEST", help="of the test dataset")
    one.add_argument("--images", default="", metavar="DIR", help="check the images in this folder too")

    one = add("status", datasets.status, "Tell a dataset's status.")
    one.add_argument("arn", metavar="ARN")
    one.add_argument("--watch", action="store_true", help="until nothing is in progress any more")

    one = add("pull", datasets.pull_lines, "Write a dataset's lines to a manifest, or into a workspace.")
    one.add_argument("arn", metavar="ARN | WORKSPACE.truthline")
    one.add_argument("manifest", metavar="OUT.manifest", nargs="?", default="")

    one = add(
        "push",
        datasets.push_lines,
        "Send lines of a manifest or workspace that differ.",
    )
    one.add_argument("source", metavar="MANIFEST | WORKSPACE.truthline")
    one.add_argument("--dataset", default="", metavar="ARN", help="needed for a manifest")
    one.add_argument(
        "--base", default="", metavar="BASE.manifest", help="what the manifest was edited from, say by pull"
    )
    one.add_argument(
        "--on-conflict",
        choices=[one.value for one in OnConflict],
        default=OnConflict.STOP.value,
        help="where somebody else changed the same thing since: leave that entry out and list it, or decide"
        " for one side; without effect for a manifest without --base",
    )
    one.add_argument("--dry-run", action="store_true", help="send nothing; count what would be sent")
    one.add_argument("--strict", action="store_true", help="also refuse lines that have errors")
    return top


def _add_common(one: argparse.ArgumentParser, default: str) -> None:
    text = default or "text"
    one.add_argument("--profile", default=default, help="AWS profile")
    one.add_argument("--region", default=default, help="AWS region")
    one.add_argument("--endpoint-url", default=default, metavar="URL", help="instead of AWS's own")
    one.add_argument("--format", choices=("text", "json"), default=text, help="of what is printed")


def with_command(argv: Sequence[str]) -> list[str]:
    """The arguments, with ``open`` put where a command belongs and none stands."""
    takes_value = {"--profile", "--region", "--endpoint-url", "--format"}
    skip = False
    for index, word in enumerate(argv):
        if skip:
            skip = False
        elif word in takes_value:
            skip = True
        elif not word.startswith("-"):
            return list(argv) if word in COMMANDS else [*argv[:index], "open", *argv[index:]]
    return list(argv) if {"-h", "--help", "--version"} & set(argv) else [*argv, "open"]
