"""Reading a dataset so that what was read can be trusted.

Pages of a listing are fetched one after the other, and the dataset may be updated between two of them. A
read counts only if `DescribeDataset` says the same before and after it, with nothing in progress; else it is
done again.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from truthline.errors import BusyError
from truthline.manifest.line import read_source_ref, remote_errors, split_source_ref, strip_service_keys
from truthline.progress import Doing, Progress
from truthline.sync.service.retries import Patience, jittered
from truthline.sync.service.watch import in_progress, polls

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime
    from typing import IO

    from truthline.aws.rekognition import DatasetDescription
    from truthline.aws.session import Aws
    from truthline.manifest.annotation import RemoteError
    from truthline.progress import CancelToken, Report

T = TypeVar("T")

PAGE_LINES: Final = 100
"""The service gives at most this many entries a page."""

GRACE_SECONDS: Final = 30.0
"""How long a status that does not move is taken for the one from before an update."""

_READS: Final = 10
"""A dataset that others update without end is read so often, and then the person is told."""
_QUERY_CHARACTERS: Final = 2048
"""The longest text that the service filters by."""
_LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """An entry as the dataset holds it: its line without the service's own keys, and its remote errors."""

    source_ref: str
    line: bytes
    errors: tuple[RemoteError, ...]

    @classmethod
    def of(cls, listed: str) -> RemoteEntry:
        """Read one line of a listing."""
        # A line feed inside a JSON text is white space, and a manifest has no room for it.
        raw = listed.replace("\n", " ").encode(errors="replace")
        line = strip_service_keys(raw)
        # As the workspace stores it: half a surrogate pair has no bytes.
        source_ref = read_source_ref(line).encode(errors="replace").decode()
        return cls(source_ref, line, remote_errors(raw))


class DatasetReader:
    """Reads one dataset; ``patience`` is what its reads are tried again with."""

    def __init__(self, aws: Aws, arn: str, *, report: Report, cancel: CancelToken) -> None:
        self.arn = arn
        self.patience = Patience(report, cancel)
        self._rekognition = aws.rekognition
        self._aws = aws
        self._report = report
        self._cancel = cancel

    def describe(self) -> DatasetDescription:
        """Ask for status and statistics."""
        return self.patience.read(lambda: self._rekognition.describe_dataset(self.arn))

    def polls(self) -> Iterator[tuple[DatasetDescription, float]]:
        """See `watch.polls`."""
        return polls(self._aws, self.arn, patience=self.patience, report=self._report, cancel=self._cancel)

    def settled(self) -> DatasetDescription:
        """Wait while the dataset is being created or updated; return the state it ends in."""
        return self.ended(None)

    def ended(self, before: datetime | None, *, waited: float = GRACE_SECONDS) -> DatasetDescription:
        """Wait until an update has ended that was sent when the dataset was last updated at ``before``.

        For a while the service may still describe the state from before the update. So that counts as its
        end only when the time of last update has moved or progress was seen, or else when `GRACE_SECONDS`
        are over; ``waited`` of them have passed already.
        """
        return self.watched(before, waited=waited)[0]

    def watched(self, before: datetime | None, *, waited: float) -> tuple[DatasetDescription, bool]:
        """As `ended`; tells too whether one update, and only one, was seen to end.

        Each has its own time while it is in progress.
        """
        seen = False
        status = ""
        begun: set[datetime] = set()
        for description, seconds in self.polls():
            running = in_progress(description)
            seen = seen or running or description.updated != before
            if not running and (seen or waited + seconds >= GRACE_SECONDS):
                break
            if running and description.updated != before:
                begun.add(description.updated)
            if running and description.status != status:
                status = description.status
                self._report(Progress(Doing.STATUS, about=status))
        return description, description.updated != before and len(begun) <= 1

    def trusted(self, read: Callable[[DatasetDescription], T]) -> tuple[T, DatasetDescription]:
        """Call ``read`` until the dataset stayed the same meanwhile; return what it gave, and that state.

        Raises:
            BusyError: the dataset was updated during each of ten reads.

        """
        pause = 1.0
        for _ in range(_READS):
            before = self.settled()
            try:
                value = read(before)
            except BusyError as error:
                self._report(Progress(Doing.BUSY, error=error))
            else:
                after = self.describe()
                if (before.status, before.updated) == (after.status, after.updated):
                    return value, after
                self._report(Progress(Doing.READING_AGAIN))
            self._cancel.wait(jittered(pause))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise BusyError(
            "The dataset was updated each time while it was read.",
            detail="Wait until nobody else updates it, then try again.",
            place=self.arn,
        )

    @contextmanager
    def entries(self) -> Iterator[Listing]:
        """All entries of the dataset, in its order.

        They are kept in a temporary file until the last has come, so that none is seen of a read that
        turns out not to be trusted.
        """
        # A file and no list: 250,000 lines are 200 MB, and whoever takes them goes through them twice.
        with tempfile.TemporaryFile() as file:
            listing = Listing(file)
            _, now = self.trusted(lambda description: self._fetch(listing, description.stats.total))
            listing.updated = now.updated
            yield listing

    def with_errors(self) -> dict[str, RemoteEntry]:
        """By source-ref the entries that the service attached errors to."""
        listed = (RemoteEntry.of(line) for page in self._pages(has_errors=True) for line in page)
        return {entry.source_ref: entry for entry in listed}

    def held(self, source_refs: Collection[str], total: int) -> dict[str, RemoteEntry]:
        """By source-ref what the dataset holds of these entries; ``total`` is how many it holds in all.

        Asks for each by name or lists them all, whichever takes fewer calls.
        """
        # A filter costs one call for each entry, a listing one for each hundred of all.
        if len(source_refs) <= total // PAGE_LINES:
            found = (self._find(source_ref) for source_ref in source_refs)
            return {entry.source_ref: entry for entry in found if entry}
        wanted = frozenset(source_refs)
        held: dict[str, RemoteEntry] = {}
        done = 0
        for page in self._pages():
            for line in page:
                if _source_ref(line) in wanted:
                    entry = RemoteEntry.of(line)
                    held[entry.source_ref] = entry
            done += len(page)
            self._report(Progress(Doing.READING, done, max(done, total)))
        return held

    def pages(
        self, *, token: str, told: Callable[[str], None], report_from: int, total: int
    ) -> Iterator[list[RemoteEntry]]:
        """The dataset's entries page by page, as they are while it may be updated.

        Args:
            token: of the page to begin with, "" for the first.
            told: is given the token of the page behind each, before that page, "" before the last.
            report_from: how many entries lie before the first page.
            total: how many the dataset holds.

        """
        done = report_from
        for page in self._pages(token=token, told=told):
            yield [RemoteEntry.of(line) for line in page]
            done += len(page)
            self._report(Progress(Doing.READING, done, max(done, total)))

    def any_bucket(self) -> str:
        """The bucket of the first entry, "" if the dataset is empty."""
        first = next(self._pages(), [])
        return split_source_ref(RemoteEntry.of(first[0]).source_ref)[0] if first else ""

    def _find(self, source_ref: str) -> RemoteEntry | None:
        # The filter lets through whatever contains the text: longer source-refs too.
        for page in self._pages(contains=source_ref[:_QUERY_CHARACTERS]):
            for line in page:
                entry = RemoteEntry.of(line)
                if entry.source_ref == source_ref:
                    return entry
        return None

    def _fetch(self, listing: Listing, total: int) -> None:
        listing.clear()
        done = 0
        for page in self._pages():
            listing.write(page)
            done += len(page)
            self._report(Progress(Doing.READING, done, max(done, total)))

    def _pages(
        self,
        *,
        contains: str = "",
        has_errors: bool | None = None,
        token: str = "",
        told: Callable[[str], None] = lambda _: None,
    ) -> Iterator[list[str]]:
        pages = self._rekognition.list_entries(
            self.arn, contains=contains, has_errors=has_errors, token=token, told=told, ask=self.patience.read
        )
        for page in pages:
            self._cancel.check()
            yield page


def _source_ref(listed: str) -> str:
    """As `RemoteEntry.of` reads it."""
    raw = listed.replace("\n", " ").encode(errors="replace")
    return read_source_ref(raw).encode(errors="replace").decode()


class Listing:
    """All entries that a dataset held when it was last updated at ``updated``; may be gone through often."""

    updated: datetime

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def clear(self) -> None:
        """Forget them all."""
        self._file.seek(0)
        self._file.truncate()

    def write(self, page: list[str]) -> None:
        """Add a page, as it was listed."""
        self._file.writelines(line.replace("\n", " ").encode(errors="replace") + b"\n" for line in page)

    def __iter__(self) -> Iterator[RemoteEntry]:
        self._file.seek(0)
        for line in self._file:
            yield RemoteEntry.of(line.decode().rstrip("\n"))
