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

from truthline import __version__, log
from truthline.cli import datasets, files
from truthline.cli.completion import SHELLS, completion
from truthline.cli.connecting import connection_of
from truthline.cli.parsing import Parser
from truthline.cli.run import (
    BROKEN,
    BROKEN_PIPE,
    INTERRUPTED,
    UNUSABLE,
    Run,
    cancelled_by_ctrl_c,
    give_up_output,
)
from truthline.cli.serving import COMMANDS, emulator, open_window, run_demo
from truthline.cli.streams import STREAM
from truthline.errors import TruthlineError
from truthline.interchange.formats import FORMATS
from truthline.reasons import as_ours
from truthline.sync.pull.meeting import OnConflict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BROKEN_PIPE", "COMMANDS", "UNUSABLE", "console_level", "main", "parse", "parser", "with_command"]


def main(argv: Sequence[str]) -> int:
    """Carry out one command; return its exit code."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s: %(message)s")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know fewer characters than data
    arguments = parse(argv)
    run = Run(arguments, connection_of(arguments))
    with cancelled_by_ctrl_c(run.cancel):
        try:
            code: int = run.arguments.command(run)
            run.flush()
        except BrokenPipeError:
            give_up_output()  # whoever read it has gone
            return BROKEN_PIPE
        except KeyboardInterrupt:
            return INTERRUPTED
        except TruthlineError as error:
            return run.fail(error)
        except OSError as error:
            return run.fail(as_ours(error))
        except Exception as error:  # noqa: BLE001  # the border: whatever it is, somebody must be told
            return _break_down(error)
    return code


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments, after `with_command`; ends the process if they are wrong."""
    made = parser()
    made.check_spelling(words)
    return made.parse_args(words)


def console_level(arguments: argparse.Namespace) -> int | None:
    """From which `logging` level on the log goes to standard error too; None for never."""
    if arguments.quiet:
        return None
    if arguments.debug:
        return logging.DEBUG
    return logging.INFO if arguments.verbose else None


def _break_down(error: Exception) -> int:
    Run.note(log.in_a_line(log.unforeseen(error)))
    return BROKEN


def parser() -> Parser:
    """The command line's parser. ``truthline PATH`` comes in as ``truthline open PATH``."""
    top = Parser(
        prog="truthline",
        description="Label images for Amazon Rekognition Custom Labels.",
        epilog="Without a command the window opens: truthline [MANIFEST | FOLDER | WORKSPACE | ARN]",
    )
    top.add_argument("--version", action="version", version=f"truthline {__version__}")
    _add_common(top, "")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[Run], int], told: str) -> Parser:
        one = commands.add_parser(name, help=told, description=told)
        # Given after the command, an option counts; left out there, the one before the command stays.
        _add_common(one, argparse.SUPPRESS)
        one.set_defaults(command=command, name=name)
        return one

    one = add("open", open_window, "Open the window.")
    one.add_argument(
        "source", nargs="?", default="", help="manifest, folder of images, workspace, or a dataset's ARN"
    )

    one = add("demo", run_demo, "Work on the sample dataset in the embedded emulator.")
    one.add_argument("--headless", action="store_true", help="without the window, printing each step")

    one = add("new", files.new, "Make a workspace.")
    one.add_argument("workspace", metavar="WORKSPACE.truthline", help="the file to make")
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
    _add_values(one)

    one = add("export", files.export, "Write a workspace's lines to a manifest.")
    one.add_argument("workspace", metavar="WORKSPACE.truthline", help="whose lines they are")
    one.add_argument("manifest", metavar="OUT.manifest", help="the file to write, or - for standard output")
    one.add_argument(
        "--to", default="", metavar="s3://bucket/prefix", help="where the images are, if not said before"
    )

    one = add("convert", files.convert_labels, "Convert labels from one format to another.")
    one.add_argument(
        "source", metavar="SRC", help="file or folder; - is standard input, for a format of one file"
    )
    one.add_argument(
        "destination",
        metavar="DST",
        help="file, or new or empty folder; - is standard output",
    )
    one.add_argument("--from", dest="from_", required=True, choices=FORMATS, help="format of SRC")
    one.add_argument("--to", required=True, choices=FORMATS, help="format of DST")
    one.add_argument("--images", default="", metavar="DIR", help="where the images lie (default: in SRC)")
    one.add_argument("--target", default="", metavar="s3://bucket/prefix", help="where they are in S3")
    one.add_argument(
        "--labels", default="", metavar="A,B,C", help="names of the classes that YOLO files only number"
    )
    one.add_argument("--dry-run", action="store_true", help="write nothing; list what would be lost")
    one.epilog = (
        "Exit code 0: written, also where remarks are told, and where the format of DST has no place for"
        " something (lost) or something was put right (changed). 1: written, but an image, a label or a box"
        " was left out. 2: nothing was written."
    )

    one = add("emulator", emulator, "Serve Rekognition's datasets and S3 on this computer.")
    one.add_argument("--port", type=int, default=0, help="the port to listen on (default: any)")
    one.add_argument("--sample", action="store_true", help="with the sample dataset in it")
    one.add_argument("--set", action="append", default=[], metavar="SWITCH=VALUE", help="how it behaves")
    one.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)

    one = add("check", files.check, "Find what is wrong in a manifest, or in a project's two.")
    one.add_argument(
        "manifest",
        metavar="MANIFEST",
        nargs="?",
        default="",
        help="the file to check, or - for standard input",
    )
    one.add_argument("--train", default="", metavar="MANIFEST", help="of the training dataset")
    one.add_argument("--test", default="", metavar="MANIFEST", help="of the test dataset")
    one.add_argument("--images", default="", metavar="DIR", help="check the images in this folder too")
    _add_values(one)

    one = add("status", datasets.status, "Tell a dataset's status.")
    one.add_argument("arn", metavar="ARN", help="of the dataset")
    one.add_argument("--watch", action="store_true", help="until nothing is in progress any more")

    one = add("pull", datasets.pull_lines, "Write a dataset's lines to a manifest, or into a workspace.")
    one.add_argument("arn", metavar="ARN | WORKSPACE.truthline", help="a dataset, or what to merge it into")
    one.add_argument(
        "manifest",
        metavar="OUT.manifest",
        nargs="?",
        default="",
        help="the file to write, or - for standard output",
    )

    one = add(
        "push",
        datasets.push_lines,
        "Send lines of a manifest or workspace that differ.",
    )
    one.add_argument(
        "source",
        metavar="MANIFEST | WORKSPACE.truthline",
        help="what to send; - is a manifest on standard input",
    )
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

    one = add("completion", completion, "Print a script that completes commands in a shell.")
    one.add_argument("shell", choices=SHELLS, help="which shell's")
    one.set_defaults(parser=top)
    return top


def _add_common(one: argparse.ArgumentParser, default: str) -> None:
    text = default or "text"
    one.add_argument("--profile", default=default, help="AWS profile")
    one.add_argument("--region", default=default, help="AWS region")
    one.add_argument("--endpoint-url", default=default, metavar="URL", help="instead of AWS's own")
    one.add_argument("--format", choices=("text", "json"), default=text, help="of what is printed")
    off = default if default == argparse.SUPPRESS else False
    for flags, told in (
        (("-q", "--quiet"), "print no text but errors"),
        (("-v", "--verbose"), "tell each step on standard error"),
        (("--debug",), "tell and log all that helps to find a mistake, without any data"),
    ):
        one.add_argument(*flags, action="store_true", default=off, help=told)


def _add_values(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--values",
        action="store_true",
        help="read a manifest that is a JSON array, or spread over lines, as one entry a value",
    )


def with_command(argv: Sequence[str]) -> list[str]:
    """The arguments, with ``open`` put where a command belongs and none stands."""
    takes_value = {"--profile", "--region", "--endpoint-url", "--format"}
    skip = False
    for index, word in enumerate(argv):
        if skip:
            skip = False
        elif word in takes_value:
            skip = True
        elif not word.startswith("-") or word == STREAM:
            return list(argv) if word in COMMANDS else [*argv[:index], "open", *argv[index:]]
    return list(argv) if {"-h", "--help", "--version"} & set(argv) else [*argv, "open"]
