"""Commands about files: workspaces, manifests, other formats."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from truthline.cli.connecting import reach_of
from truthline.cli.run import FINE, FLAWED, Json, Run
from truthline.cli.streams import STREAM, need_file, read_from, written_to
from truthline.errors import UsageError
from truthline.interchange.class_names import split_labels
from truthline.interchange.conversion import convert
from truthline.interchange.formats import FORMATS
from truthline.manifest.annotation import Level
from truthline.sync.opening.check import ManifestCheck
from truthline.sync.opening.converting import source_lookup
from truthline.sync.opening.folder import read_left_out
from truthline.sync.opening.opening import create_workspace, export_manifest, open_whole, place
from truthline.sync.opening.sources import recognise

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from truthline.interchange.conversion import Conversion
    from truthline.sync.opening.check import ManifestFinding


def new(run: Run) -> int:
    """Make a workspace."""
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
            values=given.values,
            report=report,
            cancel=run.cancel,
        ) as workspace,
    ):
        counts, left_out = workspace.counts(), read_left_out(workspace)
    run.say(f"{given.workspace}: {counts.total} entries, {counts.with_findings} of them with findings.")
    for one in left_out.first:
        run.note(f"Left out: {one.name}: {one.reason}.")
    if left_out.total > len(left_out.first):
        run.note(f"Left out: {left_out.total - len(left_out.first):,} more.")
    run.document(
        {
            "workspace": given.workspace,
            "entries": counts.total,
            "findings": counts.with_findings,
            "left_out": left_out.total,
        }
    )
    return FINE


def export(run: Run) -> int:
    """Write a workspace's lines to a manifest."""
    given = run.arguments
    with (
        open_whole(Path(given.workspace), reach_of(run).connection, cancel=run.cancel) as workspace,
        written_to(run, given.manifest) as manifest,
    ):
        if given.to:
            place(workspace, given.to)
        left_out = export_manifest(workspace, manifest)
        lost = {one.entry_id for one in left_out}
        total = workspace.counts().total - len(lost)
    run.say(f"{given.manifest}: {total} lines.")
    for one in left_out:
        run.say(f"left out, since the workspace file is damaged there: {one.name}. {one.advice}")
    items = [{"line": one.entry_id, "source_ref": one.source_ref} for one in left_out]
    run.document({"manifest": given.manifest, "lines": total, "left_out": list(items)})
    return FLAWED if left_out else FINE


def convert_labels(run: Run) -> int:
    """Convert labels from one format to another."""
    given = run.arguments
    read, written = FORMATS[given.from_], FORMATS[given.to]
    need_file(given.source, read.suffix, read.title)
    need_file(given.destination, written.suffix, written.title)
    with (
        read_from(given.source, read.suffix) as source,
        written_to(run, given.destination, written.suffix) as destination,
        run.progress() as report,
    ):
        done = convert(
            source,
            destination,
            given.from_,
            given.to,
            images=source_lookup(source, given.images, given.target),
            target=given.target,
            labels=split_labels(given.labels),
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
            "losses": [
                {"count": loss.count, "what": loss.what, "kind": loss.kind, "place": loss.place}
                for loss in done.losses
            ],
            "findings": [
                {
                    "place": one.place,
                    "code": one.code,
                    "level": one.level,
                    "message": one.message,
                    "left_out": one.left_out,
                }
                for one in done.findings
            ],
        }
    )
    return FLAWED if done.left_out else FINE


def _tell_conversion(run: Run, conversion: Conversion) -> None:
    """Say what is left out or lost, before anything is written."""
    for one in conversion.findings:
        run.say(f"{one.place}: {one.level} {one.code}: {one.message}")
    for loss in conversion.losses:
        first = f" (the first: {loss.place})" if loss.place else ""
        run.say(f"{loss.kind}: {loss.told}{first}")


def check(run: Run) -> int:
    """Find what is wrong in a manifest, or in those of a project's two datasets."""
    given = run.arguments
    names = _manifests(given)
    images = Path(given.images) if given.images else None
    with ExitStack() as stack:
        paths = [stack.enter_context(read_from(name)) for name in names]
        check = ManifestCheck(*paths, images_dir=images, values=given.values)
        return _tell_findings(run, check, dict(zip(paths, names, strict=True)) if given.test else {})


def _tell_findings(run: Run, check: ManifestCheck, names: Mapping[Path, str]) -> int:
    """Print each finding; with the name of its manifest if ``names`` has it."""
    count = errors = 0
    encode = json.JSONEncoder().encode
    # A broken manifest has more findings than memory should hold, and half a JSON document is none.
    with tempfile.SpooledTemporaryFile(_SPOOL_CHARACTERS, "w+") as spool:
        with run.progress() as report:
            for found in check.findings(report=report, cancel=run.cancel):
                described = _described(found, names.get(found.manifest, ""))
                # As it will be printed; a text goes in quotes, since it may hold line breaks.
                spool.write(encode(described if run.json else _told(described)) + "\n")
                count += 1
                errors += found.finding.level is Level.ERROR
        spool.seek(0)
        if run.json:
            run.json_list({"lines": check.lines}, "findings", (line.rstrip("\n") for line in spool))
        else:
            for line in spool:
                run.say(json.loads(line))
    run.say(f"{check.lines} lines, {count} findings, {errors} of them errors.")
    return FLAWED if errors else FINE


_SPOOL_CHARACTERS: Final = 1_000_000


def _manifests(given: argparse.Namespace) -> list[str]:
    """Names of the training manifest, or the only one, and that of the test dataset if it is given."""
    train = [name for name in (given.manifest, given.train) if name]
    if len(train) != 1:
        raise UsageError(
            "One manifest is needed, with --train or without."
            if not train
            else "That are too many manifests.",
            detail="Write: truthline check MANIFEST, or truthline check --train MANIFEST --test MANIFEST",
        )
    if train[0] == given.test == STREAM:
        raise UsageError("Standard input cannot be both manifests.", detail="Name a file for one of them.")
    return [name for name in (*train, given.test) if name]


def _described(found: ManifestFinding, manifest: str) -> Json:
    finding = found.finding
    return {
        **({"manifest": manifest} if manifest else {}),
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
