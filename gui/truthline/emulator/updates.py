"""What creating, updating and distributing do to a dataset's entries once their time has come."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

from truthline.emulator import datasets
from truthline.emulator.datasets import TerminalError
from truthline.emulator.entries import EntryStore, Upload, merge, read_upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.emulator.datasets import Dataset
    from truthline.emulator.entries import Entry
    from truthline.emulator.switches import Limits, Switches

PATIENCE_SECONDS = 5.0
"""How long a request waits for lines that are still being read, before it says "in progress"."""

TEST_SHARE = 5
"""One entry in so many moves to the test dataset: 20%."""


class Updates:
    """Reads lines in the background, so that an update is accepted at once, and applies them.

    ``can_read(source_ref)`` tells whether S3 holds an image there; it is asked only under ``check_images``.
    """

    def __init__(self, switches: Switches, limits: Limits, can_read: Callable[[str], bool]) -> None:
        self._switches = switches
        self._limits = limits
        self._can_read = can_read
        self._stopped = Event()
        # One thread: uploads are read in the order in which they came.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="emulator-reader")

    def close(self) -> None:
        """Stop reading; what was not read is forgotten."""
        self._stopped.set()
        self._reader.shutdown(wait=True, cancel_futures=True)

    def creation(self, dataset: Dataset, manifest: bytes, name: str) -> Callable[[], str]:
        """Prepare the creation of a dataset from a manifest file of that name."""
        if "." not in name.rpartition("/")[2]:
            return _failure(datasets.UNSUPPORTED_MANIFEST)
        if len(manifest) > self._limits.manifest_bytes:
            return _failure(datasets.MANIFEST_TOO_LARGE)
        upload = self._read(manifest)

        def carry_out() -> str:
            self._apply(dataset, upload.result(PATIENCE_SECONDS))
            return datasets.CREATED_FROM_MANIFEST

        return carry_out

    def update(self, dataset: Dataset, lines: bytes) -> Callable[[], str]:
        """Prepare an update with these JSON Lines."""
        upload = self._read(lines)

        def carry_out() -> str:
            self._apply(dataset, upload.result(PATIENCE_SECONDS))
            return datasets.UPDATED

        return carry_out

    def _read(self, content: bytes) -> Future[Upload]:
        return self._reader.submit(
            read_upload, content, self._switches, self._limits, stopped=self._stopped.is_set
        )

    def _apply(self, dataset: Dataset, upload: Upload) -> None:
        self._refuse(upload)
        entries = [self._merged(dataset.store, entry) for entry in upload.entries]
        rows, labels = dataset.store.with_changes(entries)
        if rows > self._limits.rows:
            raise TerminalError(datasets.TOO_MANY_ROWS)
        if len(labels) > self._limits.labels:
            raise TerminalError(datasets.TOO_MANY_LABELS)
        for entry in entries:
            dataset.store.put(entry)

    def _refuse(self, upload: Upload) -> None:
        """Fail an upload as a whole where too much of it is unusable."""
        if not upload.total:
            raise TerminalError(datasets.EMPTY_MANIFEST)
        allowed = self._switches.failing_share * upload.total
        if upload.total > self._limits.rows:
            raise TerminalError(datasets.TOO_MANY_ROWS)
        unusable = upload.dropped
        if self._switches.check_images == "yes":
            unusable += sum(not self._can_read(entry.source_ref) for entry in upload.entries)
        if unusable > allowed:
            raise TerminalError(datasets.TOO_MANY_ERRORS)

    def _merged(self, store: EntryStore, entry: Entry) -> Entry:
        old = store.find(entry.source_ref) if self._switches.update_existing == "merge" else None
        return merge(old, entry) if old else entry


def distribution(train: Dataset, test: Dataset) -> tuple[Callable[[], str], Callable[[], str]]:
    """Prepare the move of a fifth of the training entries to an empty test dataset.

    Gives the work of the training dataset and that of the test dataset, which do it once between them.
    """
    kept, moved = _split(train.store)
    is_enough = all(count > 1 for count in train.store.used.values())

    def carry_out(dataset: Dataset, entries: list[Entry]) -> str:
        if not is_enough:
            raise TerminalError(datasets.TOO_FEW_IMAGES)
        dataset.store = EntryStore(entries)
        return datasets.UPDATED

    return (lambda: carry_out(train, kept)), (lambda: carry_out(test, moved))


def copy(dataset: Dataset, source: EntryStore) -> Callable[[], str]:
    """Prepare the creation of a dataset as a copy of another one's entries as they are now."""
    entries = list(source)

    def carry_out() -> str:
        dataset.store = EntryStore(entries)
        return datasets.CREATED

    return carry_out


def _split(store: EntryStore) -> tuple[list[Entry], list[Entry]]:
    """Take every fifth entry out."""
    entries = list(store)
    moved = entries[TEST_SHARE - 1 :: TEST_SHARE]
    taken = {entry.source_ref for entry in moved}
    return [entry for entry in entries if entry.source_ref not in taken], moved


def _failure(message: str) -> Callable[[], str]:
    def carry_out() -> str:
        raise TerminalError(message)

    return carry_out
