"""The commands: what the window does, for scripts.

Each prints what it found on standard output, as text or with ``--format json`` as one JSON document;
everything else (errors, what is going on, a progress bar on a terminal) goes to standard error.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from truthline import __version__, demo
from truthline.aws.connection import Connection
from truthline.aws.rekognition import parse_dataset_arn
from truthline.aws.session import connect
from truthline.errors import (
    CancelledError,
    ServiceError,
    TruthlineError,
    UnreadableFileError,
    UsageError,
)
from truthline.interchange.conversion import convert
from truthline.interchange.formats import FORMATS
from truthline.manifest.annotation import Level
from truthline.progress import CancelToken
from truthline.sync.candidates import candidates
from truthline.sync.check import ManifestCheck
from truthline.sync.converting import source_lookup
from truthline.sync.opening import attach, create_workspace, export_manifest, lay_base
from truthline.sync.plan import OnConflict, plan
from truthline.sync.pull import pull, pull_manifest
from truthline.sync.push import PushResult, push
from truthline.sync.sources import SourceKind, recognise
from truthline.sync.watch import watch
from truthline.workspace.workspace import EntryId, Filter, Kind, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import FrameType

    from truthline.aws.rekognition import DatasetDescription
    from truthline.aws.session import Aws
    from truthline.interchange.conversion import Conversion
    from truthline.progress import Progress, Report
    from truthline.sync.check import ManifestFinding
    from truthline.sync.plan import Conflict, Remark
    from truthline.sync.sources import Source

COMMANDS: Final = ("demo", "new", "export", "convert", "emulator", "check", "status", "pull", "push")

FINE: Final = 0
FLAWED: Final = 1
"""Done, but some lines have errors or were not stored."""
UNUSABLE: Final = 2
"""Wrong usage, or a file that cannot be read or written."""
UNSERVED: Final = 3
"""The service could not be reached, or failed."""
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

Json = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    """Carry out one command; return its exit code."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s: %(message)s")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know fewer characters than data
    arguments = parser().parse_args(argv)
    run = _Run(arguments)
    with _cancelled_by_ctrl_c(run.cancel):
        try:
            code: int = arguments.command(run)
            run.flush()
        except BrokenPipeError:
            _give_up_output()  # whoever read it has gone
            return BROKEN_PIPE
        except KeyboardInterrupt:
            return INTERRUPTED
        except TruthlineError as error:
            return run.fail(error)
    return code


def _give_up_output() -> None:
    # What cannot be written any more: Python must not find out once again when it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Run:
    """One command being carried out: its arguments, its output and its cancel token."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.cancel = CancelToken()
        self.json: bool = arguments.format == "json"
        self.connection = Connection(arguments.profile, arguments.region, arguments.endpoint_url)

    def say(self, text: str) -> None:
        """Print a line for people, unless JSON is asked for."""
        if not self.json:
            self._print(shown(text))

    def document(self, document: Json) -> None:
        """Print a JSON document if that is asked for."""
        if self.json:
            self.json_line(document)

    def json_line(self, document: Json) -> None:
        """Print a JSON document on one line. ASCII: a source-ref may hold what no encoding can."""
        self._print(json.dumps(document))

    def json_list(self, document: Json, name: str, items: Iterable[str]) -> None:
        """Print a JSON document on one line with a long list as its last member; its items are JSON."""
        self._print(f"{json.dumps(document)[:-1]}, {json.dumps(name)}: [", end="")
        comma = ""
        for item in items:
            self._print(comma + item, end="")
            comma = ", "
        self._print("]}")

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
        self.note(f"truthline: {error}")
        if isinstance(error, CancelledError):
            return INTERRUPTED
        return UNSERVED if isinstance(error, ServiceError) else UNUSABLE

    def _print(self, text: str, *, end: str = "\n") -> None:
        try:
            print(text, end=end, flush=bool(end))
        except BrokenPipeError:
            raise
        except OSError as error:
            _give_up_output()
            raise UnreadableFileError("The output cannot be written.", detail=f"{error.strerror}.") from error

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """A `Report` that draws a progress bar on a terminal, and nothing elsewhere."""
        if sys.stderr is None or not sys.stderr.isatty():
            yield lambda _: None
            return
        with tqdm(file=sys.stderr, leave=False, unit="") as bar:

            def report(progress: Progress) -> None:
                bar.set_description_str(shown(progress.text), refresh=False)
                bar.total = progress.total
                bar.n = progress.done
                bar.refresh()

            yield report


def shown(text: str) -> str:
    """Text that a terminal shows and does not obey: data may hold control characters."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


@contextmanager
def _cancelled_by_ctrl_c(cancel: CancelToken) -> Iterator[None]:
    """Let the first Ctrl-C stop the work at its next step, a second one break it off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        cancel.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# The commands


def _open(run: _Run) -> int:
    if not run.arguments.source:
        return _demo(run)
    source = recognise(run.arguments.source)
    raise UsageError(
        f"A {source.kind} is opened in the window, which needs a display and PySide6.",
        detail=f"Use a command instead: {', '.join(COMMANDS)}.",
        place=run.arguments.source,
    )


def _demo(run: _Run) -> int:
    if run.arguments.name != "demo" or not run.arguments.headless:
        run.note(
            "There is no window here: it needs a display and PySide6. This is the sample dataset without it."
        )
    run.document(demo.run_headless(run.say, cancel=run.cancel))
    return FINE


def _new(run: _Run) -> int:
    given = run.arguments
    source = recognise(given.source)
    with (
        run.progress() as report,
        create_workspace(
            Path(given.workspace),
            source,
            connection=run.connection,
            target=given.to,
            images_dir=given.images,
            report=report,
            cancel=run.cancel,
        ) as workspace,
    ):
        counts = workspace.counts()
    run.say(f"{given.workspace}: {counts.total} entries, {counts.with_findings} of them with findings.")
    run.document({"workspace": given.workspace, "entries": counts.total, "findings": counts.with_findings})
    return FINE


def _export(run: _Run) -> int:
    given = run.arguments
    with Workspace.open(Path(given.workspace)) as workspace:
        export_manifest(workspace, Path(given.manifest))
        total = workspace.counts().total
    run.say(f"{given.manifest}: {total} lines.")
    run.document({"manifest": given.manifest, "lines": total})
    return FINE


def _convert(run: _Run) -> int:
    given = run.arguments
    source = Path(given.source)
    lookup = source_lookup(source, given.images, given.target)
    with run.progress() as report:
        done = convert(
            source,
            Path(given.destination),
            given.from_,
            given.to,
            images=lookup,
            target=given.target,
            dry_run=given.dry_run,
            tell=lambda conversion: _tell_conversion(run, conversion),
            report=report,
            cancel=run.cancel,
        )
    would = "would be " if given.dry_run else ""
    counts = f"{done.images} images, {done.class_labels} class labels, {done.boxes} boxes"
    run.say(f"{given.destination}: {counts} {would}written.")
    run.document(
        {
            "destination": given.destination,
            "images": done.images,
            "class_labels": done.class_labels,
            "boxes": done.boxes,
            "losses": [{"count": loss.count, "what": loss.what} for loss in done.losses],
            "findings": [
                {"place": one.place, "code": one.code, "level": one.level, "message": one.message}
                for one in done.findings
            ],
        }
    )
    return FLAWED if any(one.level != Level.INFO for one in done.findings) else FINE


def _tell_conversion(run: _Run, conversion: Conversion) -> None:
    """Say what is left out or lost, before anything is written."""
    for one in conversion.findings:
        run.say(f"{one.place}: {one.level} {one.code}: {one.message}")
    for loss in conversion.losses:
        run.say(f"lost: {loss.count} {loss.what}")


def _check(run: _Run) -> int:
    given = run.arguments
    check = ManifestCheck(*_manifests(given), images_dir=Path(given.images) if given.images else None)
    count = errors = 0
    # A broken manifest has more findings than memory should hold, and half a JSON document is none.
    with tempfile.SpooledTemporaryFile(_SPOOL_CHARACTERS, "w+") as spool:
        with run.progress() as report:
            for found in check.findings(report=report, cancel=run.cancel):
                spool.write(json.dumps(_described(found, is_pair=bool(given.test))) + "\n")
                count += 1
                errors += found.finding.level is Level.ERROR
        spool.seek(0)
        if run.json:
            run.json_list({"lines": check.lines}, "findings", (line.rstrip("\n") for line in spool))
        else:
            for line in spool:
                run.say(_told(json.loads(line)))
    run.say(f"{check.lines} lines, {count} findings, {errors} of them errors.")
    return FLAWED if errors else FINE


_SPOOL_CHARACTERS: Final = 1_000_000


def _manifests(given: argparse.Namespace) -> list[Path]:
    """The training manifest, or the only one, and that of the test dataset if it is given."""
    train = [name for name in (given.manifest, given.train) if name]
    if len(train) != 1:
        raise UsageError(
            "One manifest is needed, with --train or without."
            if not train
            else "That are too many manifests.",
            detail="Write: truthline check MANIFEST, or truthline check --train MANIFEST --test MANIFEST",
        )
    return [Path(name) for name in (*train, given.test) if name]


def _described(found: ManifestFinding, *, is_pair: bool) -> Json:
    finding = found.finding
    return {
        **({"manifest": str(found.manifest)} if is_pair else {}),
        "line": found.line,
        "source_ref": found.source_ref,
        "code": finding.code,
        "level": str(finding.level),
        "pointer": finding.pointer,
        "message": finding.message,
    }


def _told(found: Json) -> str:
    where = f"line {found['line']}" if found["line"] else "whole dataset"
    place = f" at {found['pointer']}" if found["pointer"] else ""
    manifest = f"{found['manifest']}: " if "manifest" in found else ""
    return f"{manifest}{where}{place}: {found['level']} {found['code']}: {found['message']}"


def _status(run: _Run) -> int:
    arn = parse_dataset_arn(run.arguments.arn).text
    with connect(run.connection.for_arn(arn)) as aws:
        if not run.arguments.watch:
            _tell_status(run, aws.rekognition.describe_dataset(arn))
            return FINE
        for state in watch(aws, arn, cancel=run.cancel):
            _tell_status(run, state)
    return FINE


def _tell_status(run: _Run, state: DatasetDescription) -> None:
    stats = state.stats
    run.say(f"{state.status} {state.message}".strip())
    run.say(
        f"  {stats.total} entries, {stats.labeled} labelled, {stats.errors} with errors;"
        f" {stats.labels} labels; updated {state.updated.astimezone():%Y-%m-%d %H:%M:%S}"
    )
    run.document(
        {
            "status": state.status,
            "message": state.message,
            "code": state.code,
            "stats": {
                "total": stats.total,
                "labeled": stats.labeled,
                "labels": stats.labels,
                "errors": stats.errors,
            },
            "updated": state.updated.isoformat(),
        }
    )


def _pull(run: _Run) -> int:
    given = run.arguments
    if not given.arn.startswith("arn:"):
        return _pull_into_workspace(run)
    arn = parse_dataset_arn(given.arn).text
    if not given.manifest:
        raise UsageError("A manifest to write is missing.", detail="Write: truthline pull ARN OUT.manifest")
    with connect(run.connection.for_arn(arn)) as aws, run.progress() as report:
        count = pull_manifest(aws, arn, Path(given.manifest), report=report, cancel=run.cancel)
    run.say(f"{given.manifest}: {count} lines.")
    run.document({"manifest": given.manifest, "lines": count})
    return FINE


def _pull_into_workspace(run: _Run) -> int:
    given = run.arguments
    if given.manifest:
        raise UsageError(
            "A workspace is pulled into, and no manifest is written.",
            detail="Write: truthline pull WORKSPACE.truthline, then truthline export.",
        )
    with Workspace.open(Path(given.arn)) as workspace:
        with _connected(run, workspace) as aws, run.progress() as report:
            result = pull(workspace, aws, report=report, cancel=run.cancel)
        in_conflict = [EntryId(one) for one in workspace.ids(Filter(kind=Kind.CONFLICTS))]
        conflicts = [
            {"source_ref": entry.source_ref, "line": entry.position}
            for entry in workspace.entries(in_conflict)
        ]
    counts = {name: getattr(result, name) for name in ("added", "changed", "merged", "unchanged", "gone")}
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    run.say(f"{result.read} entries read: {told}, {result.conflicts} with new conflicts.")
    for one in conflicts:
        run.say(f"conflict: line {one['line']}: {one['source_ref']}")
    run.document({"read": result.read, **counts, "conflicts": conflicts, "complete": result.complete})
    if result.error:
        return run.fail(result.error)
    return FLAWED if conflicts else FINE


def _connected(run: _Run, workspace: Workspace) -> Aws:
    """Sign in for a workspace's dataset; the command line counts before what the workspace knows."""
    info, given = workspace.info, run.connection
    if not info.dataset_arn:
        raise UsageError("This workspace belongs to no dataset.", detail="Name one with --dataset ARN.")
    connection = Connection(
        given.profile or info.profile, given.region or info.region, given.endpoint_url or info.endpoint_url
    )
    return connect(connection.for_arn(info.dataset_arn))


def _push(run: _Run) -> int:
    source = recognise(run.arguments.source)
    if source.kind is SourceKind.WORKSPACE:
        result = _push_workspace(run, source)
    elif source.kind is SourceKind.MANIFEST:
        result = _push_manifest(run, source)
    else:
        raise UsageError(
            f"This is a {source.kind}, neither a manifest nor a workspace.",
            detail="Push a manifest or a workspace.",
            place=source.text,
        )
    _tell_result(run, result)
    if result.error:
        return run.fail(result.error)
    return FINE if result.flawless else FLAWED


def _push_workspace(run: _Run, source: Source) -> PushResult:
    given = run.arguments
    if given.base:
        raise UsageError("A workspace knows its base lines.", detail="Leave --base out.", place=source.text)
    with Workspace.open(source.path) as workspace, run.progress() as report:
        if given.dataset:
            _set_dataset(workspace, parse_dataset_arn(given.dataset).text)
        with _connected(run, workspace) as aws:
            return push(
                workspace,
                aws,
                strict=given.strict,
                dry_run=given.dry_run,
                on_conflict=OnConflict(given.on_conflict),
                report=report,
                cancel=run.cancel,
            )


def _set_dataset(workspace: Workspace, arn: str) -> None:
    known = workspace.info.dataset_arn
    if known and known != arn:
        raise UsageError(
            "This workspace belongs to another dataset.",
            detail="Leave --dataset out, or export a manifest from it and push that.",
            place=known,
        )
    workspace.set_info(replace(workspace.info, dataset_arn=arn))


def _push_manifest(run: _Run, source: Source) -> PushResult:
    given = run.arguments
    if not given.dataset:
        raise UsageError("It is not said which dataset to push to.", detail="Name it with --dataset ARN.")
    arn = parse_dataset_arn(given.dataset).text
    with tempfile.TemporaryDirectory(prefix="truthline-push-") as folder, run.progress() as report:
        path = Path(folder) / "push.truthline"
        with create_workspace(
            path, source, connection=run.connection, report=report, cancel=run.cancel
        ) as workspace:
            if given.base:
                lay_base(workspace, Path(given.base), cancel=run.cancel)
                workspace.set_info(replace(workspace.info, dataset_arn=arn))
            return _push_lines(run, workspace, arn, report)


def _push_lines(run: _Run, workspace: Workspace, arn: str, report: Report) -> PushResult:
    given = run.arguments
    try:
        with connect(run.connection.for_arn(arn)) as aws:
            if not given.base:  # the lines are what the dataset shall hold
                attach(workspace, arn, aws, add_missing=False, report=report, cancel=run.cancel)
            return push(
                workspace,
                aws,
                strict=given.strict,
                dry_run=given.dry_run,
                on_conflict=OnConflict(given.on_conflict) if given.base else None,
                report=report,
                cancel=run.cancel,
            )
    except ServiceError as error:
        # What is refused for its own sake is known without the dataset.
        known = plan(candidates(workspace), bucket="", strict=given.strict)
        return PushResult(refused=known.refused, error=error)


def _tell_result(run: _Run, result: PushResult) -> None:
    lists = {
        "refused": result.refused,
        "dropped": result.dropped,
        "stored_differently": result.stored_differently,
        "remote_errors": result.remote_errors,
    }
    would = "would be " if run.arguments.dry_run else ""
    run.say(
        f"{result.pushed} lines {would}pushed in {result.batches} batches, {result.unchanged} unchanged."
        + (f" {result.status} {result.message}".rstrip() if result.status else "")
    )
    for name, remarks in lists.items():
        for remark in remarks:
            run.say(f"{name.replace('_', ' ')}: line {remark.line}: {remark.code}: {remark.message}")
    for one in result.conflicts:
        run.say(f"conflict: line {one.line}: {one.source_ref}: {one.what} was changed by somebody else too")
    run.document(
        {
            "pushed": result.pushed,
            "unchanged": result.unchanged,
            "batches": result.batches,
            "status": result.status,
            **{name: [_item(remark) for remark in remarks] for name, remarks in lists.items()},
            "conflicts": [_conflict(one) for one in result.conflicts],
        }
    )


def _conflict(one: Conflict) -> Json:
    return {
        "source_ref": one.source_ref,
        "line": one.line,
        "pointer": one.pointer,
        "base": one.base,
        "mine": one.mine,
        "theirs": one.theirs,
    }


def _item(remark: Remark) -> Json:
    return {
        "source_ref": remark.source_ref,
        "code": remark.code,
        "message": remark.message,
        "line": remark.line,
    }


def _emulator(run: _Run) -> int:
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
        raise UsageError(
            "The emulator is not installed.", detail="Run: pip install 'truthline[emulator]'"
        ) from error
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


# The arguments


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

    def add(name: str, command: Callable[[_Run], int], told: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=told, description=told)
        # Given after the command, an option counts; left out there, the one before the command stays.
        _add_common(one, argparse.SUPPRESS)
        one.set_defaults(command=command, name=name)
        return one

    one = add("open", _open, "Open the window.")
    one.add_argument("source", nargs="?", default="")

    one = add("demo", _demo, "Work on the sample dataset in the embedded emulator.")
    one.add_argument("--headless", action="store_true", help="without the window, printing each step")

    one = add("new", _new, "Make a workspace.")
    one.add_argument("workspace", metavar="WORKSPACE.truthline")
    one.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="SOURCE",
        help="manifest, folder of images, s3://bucket/prefix, or a dataset's ARN",
    )
    one.add_argument("--to", default="", metavar="s3://bucket/prefix", help="where a folder's images are")
    one.add_argument("--images", default="", metavar="DIR", help="where a manifest's images lie locally")

    one = add("export", _export, "Write a workspace's lines to a manifest.")
    one.add_argument("workspace", metavar="WORKSPACE.truthline")
    one.add_argument("manifest", metavar="OUT.manifest")

    one = add("convert", _convert, "Convert labels from one format to another.")
    one.add_argument("source", metavar="SRC")
    one.add_argument("destination", metavar="DST", help="a file, or a new or empty folder")
    one.add_argument("--from", dest="from_", required=True, choices=FORMATS, help="format of SRC")
    one.add_argument("--to", required=True, choices=FORMATS, help="format of DST")
    one.add_argument("--images", default="", metavar="DIR", help="where the images lie (default: in SRC)")
    one.add_argument("--target", default="", metavar="s3://bucket/prefix", help="where they are in S3")
    one.add_argument("--dry-run", action="store_true", help="write nothing; list what would be lost")

    one = add("emulator", _emulator, "Serve Rekognition's datasets and S3 on this computer.")
    one.add_argument("--port", type=int, default=0, help="the port to listen on (default: any)")
    one.add_argument("--sample", action="store_true", help="with the sample dataset in it")
    one.add_argument("--set", action="append", default=[], metavar="SWITCH=VALUE", help="how it behaves")
    one.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)

    one = add("check", _check, "Find what is wrong in a manifest, or in those of a project's two datasets.")
    one.add_argument("manifest", metavar="MANIFEST", nargs="?", default="")
    one.add_argument("--train", default="", metavar="MANIFEST", help="of the training dataset")
    one.add_argument("--test", default="", metavar="MANIFEST", help="of the test dataset")
    one.add_argument("--images", default="", metavar="DIR", help="check the images in this folder too")

    one = add("status", _status, "Tell a dataset's status.")
    one.add_argument("arn", metavar="ARN")
    one.add_argument("--watch", action="store_true", help="until nothing is in progress any more")

    one = add("pull", _pull, "Write a dataset's lines to a manifest, or merge them into a workspace.")
    one.add_argument("arn", metavar="ARN | WORKSPACE.truthline")
    one.add_argument("manifest", metavar="OUT.manifest", nargs="?", default="")

    one = add("push", _push, "Send the lines of a manifest or workspace that differ from the dataset's.")
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
