"""Check of a whole manifest: every line, and what only shows when all lines are seen together."""

from __future__ import annotations

import marshal
import tempfile
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from truthline.manifest.annotation import Finding, Level
from truthline.manifest.check.codes.table import finding_of
from truthline.manifest.check.summary import Summary
from truthline.manifest.file import read_raw_lines
from truthline.manifest.forms import read_entries
from truthline.manifest.line import is_s3_uri, read_source_ref, split_source_ref
from truthline.manifest.names import SOURCE_REF
from truthline.manifest.pointer import pointer_to
from truthline.progress import CancelToken, Doing, Progress, ignore_progress, in_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from truthline.manifest.annotation import ImageFacts
    from truthline.progress import Report

__all__ = ["check_manifest"]

_STRIDE: Final = 1000  # lines between two reports, and two looks at the cancel token
_TOGETHER: Final = 200
_LENGTH: Final = 8  # bytes that tell how long what follows is
_SPOOL_BYTES: Final = 2**20


def check_manifest(
    path: str | Path,
    *,
    summary: Summary | None = None,
    facts_of: Callable[[str], ImageFacts | None] | None = None,
    values: bool = False,
    report: Report = ignore_progress,
    cancel: CancelToken | None = None,
) -> Iterator[tuple[int, str, Finding]]:
    """Check the lines of a manifest; yields line number (from 1), source-ref and finding in line order.

    The first comes when the last line was read: only then are repeated source-refs known, of which each line
    but the last is told. Until then findings wait in a file. Memory grows by 16 bytes a line, and by what
    the repeated ones need.

    Args:
        path: the manifest.
        summary: an empty one takes the lines in, for `truthline.manifest.check.readiness`.
        facts_of: gives what is known of an image, None if there is no such image.
        values: read a file that has no lines as one entry for each of its JSON values.
        report: is told how far the check is.
        cancel: ends it.

    Raises:
        UnreadableFileError: the file cannot be read.
        CancelledError: ``cancel`` was called.

    """
    seen = Summary() if summary is None else summary
    token = cancel or CancelToken()
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
        lines = _watched(path, seen, report, token, values=values)
        for block in in_blocks(_found_by_line(lines, seen, facts_of), _TOGETHER):
            _put_away(block, spool)
        spool.seek(0)
        repeated = _repeats(path, seen.repeated(), values=values)
        for one in merge(_loaded(spool), repeated, key=itemgetter(0)):
            token.check()
            yield one


def _found_by_line(
    lines: Iterable[bytes], seen: Summary, facts_of: Callable[[str], ImageFacts | None] | None
) -> Iterator[tuple[int, str, Finding]]:
    """Findings that need no look at later lines."""
    strangers = 0
    for number, raw in enumerate(lines, 1):
        facts = facts_of(read_source_ref(raw)) if facts_of else None
        ref, findings = seen.add_line(number, raw, facts)
        for finding in findings:
            yield number, ref, finding
        if facts_of and facts is None and is_s3_uri(ref):
            yield number, ref, _NOT_FOUND
        if seen.other_buckets.count > strangers:
            strangers += 1
            yield number, ref, _other_bucket(split_source_ref(ref)[0], seen.bucket)


def _raw_lines(path: str | Path, *, values: bool) -> Iterator[bytes]:
    return (one.raw for one in read_entries(path, values=True)) if values else read_raw_lines(path)


def _watched(
    path: str | Path, seen: Summary, report: Report, cancel: CancelToken, *, values: bool
) -> Iterator[bytes]:
    lines = _raw_lines(path, values=values)
    total = None
    for part in in_blocks(lines, _STRIDE, cancel=cancel):
        total = total or Path(path).stat().st_size
        report(Progress(Doing.CHECKING, min(seen.bytes, total), total))
        yield from part
    report(Progress(Doing.CHECKING, total or 0, total or 0))


def _put_away(found: Iterable[tuple[int, str, Finding]], spool: IO[bytes]) -> None:
    """Many together, as plain values: one by one as what they are, they took five times as long."""
    rows = [(line, ref, one.code, one.level.value, one.message, one.pointer) for line, ref, one in found]
    block = marshal.dumps(rows)
    spool.write(len(block).to_bytes(_LENGTH))
    spool.write(block)


def _loaded(spool: IO[bytes]) -> Iterator[tuple[int, str, Finding]]:
    while length := spool.read(_LENGTH):
        rows = marshal.loads(spool.read(int.from_bytes(length)))  # noqa: S302 - nobody else can have written it
        for line, ref, code, level, message, pointer in rows:
            yield line, ref, Finding(code, Level(level), message, pointer)


def _repeats(
    path: str | Path, repeated: list[tuple[int, int]], *, values: bool
) -> Iterator[tuple[int, str, Finding]]:
    """A finding for each of these lines, whose source-refs are read once more."""
    waiting = iter(repeated)
    number, last = next(waiting, (0, 0))
    lines = enumerate(_raw_lines(path, values=values), 1) if repeated else ()
    for at, raw in lines:
        if at == number:
            yield number, read_source_ref(raw), _repeated(last)
            number, last = next(waiting, (0, 0))


def _repeated(last: int) -> Finding:
    message = (
        f"The same source-ref stands again, at last in line {last}. A dataset holds an image once: "
        "the service drops the others and says nothing."
    )
    return finding_of("TRUTHLINE_REPEATED_SOURCE_REF", message, pointer_to(SOURCE_REF))


def _other_bucket(bucket: str, first: str) -> Finding:
    message = (
        f'This image lies in the bucket "{bucket}", the first one of the file in "{first}". '
        "All images of a dataset must lie in one bucket."
    )
    return finding_of("TRUTHLINE_OTHER_BUCKET", message, pointer_to(SOURCE_REF))


_NOT_FOUND: Final = finding_of(
    "TRUTHLINE_IMAGE_NOT_FOUND",
    "There is no file for this image, so it could not be checked.",
    pointer_to(SOURCE_REF),
)
