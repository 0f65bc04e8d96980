"""The lines of a call or manifest, read, and the entries that a dataset keeps of them."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from typing_extensions import override

from truthline.emulator.lines import Reading, read_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from truthline.emulator.switches import Limits, Switches

_SOURCE_REF = re.compile(r"s3://[^/]+/.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of a dataset: its line as it was sent, without the service's own keys."""

    source_ref: str
    line: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Upload:
    """The lines of one call or manifest that are fit to be stored, and how many there were in all."""

    entries: tuple[Entry, ...]
    total: int

    @property
    def dropped(self) -> int:
        """How many lines are left out in silence."""
        return self.total - len(self.entries)


class StoppedError(Exception):
    """The emulator was stopped while a manifest was read."""


def read_upload(
    content: bytes, switches: Switches, limits: Limits, *, stopped: Callable[[], bool] = lambda: False
) -> Upload:
    """Read JSON Lines. Lines that are not JSON, too long or without a valid source-ref drop out in silence.

    ``total`` counts blank lines too, but not the nothing after the last line ending.

    Raises:
        StoppedError: ``stopped()`` became true on the way.

    """
    entries: list[Entry] = []
    total = 0
    for raw in io.BytesIO(content):
        # 250,000 lines take seconds, and whoever stops the emulator does not wait for them.
        if total % 500 == 0 and stopped():
            raise StoppedError
        total += 1
        entry = read_entry(raw.removesuffix(b"\n").removesuffix(b"\r"), limits)
        if entry:
            entries.append(entry)
    return Upload(tuple(_settle_repeats(entries, switches.repeated_source_ref)), total)


def read_entry(raw: bytes, limits: Limits) -> Entry | None:
    """Read one line; None if the service would drop it."""
    try:
        text = raw.decode()
        line = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    if len(text) > limits.line_characters or not isinstance(line, dict):
        return None
    source_ref = line.get("source-ref")
    if not isinstance(source_ref, str) or not _SOURCE_REF.fullmatch(source_ref):
        return None
    # Only such a line is written anew: the others come back byte for byte as they were sent.
    if '"cl-' in text:
        line = _without_service_keys(line)
        text = json.dumps(line, ensure_ascii=False)
    return Entry(source_ref, text, read_line(line))


def merge(old: Entry, new: Entry) -> Entry:
    """Lay the new line's top-level keys over the old one's."""
    line = json.loads(old.line) | json.loads(new.line)
    return Entry(new.source_ref, json.dumps(line, ensure_ascii=False), read_line(line))


class EntryStore(Sequence[Entry]):
    """A dataset's entries in the order they came in, found by source-ref, with running counts."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: list[Entry] = []
        self._positions: dict[str, int] = {}
        self.labeled = 0
        self.with_errors = 0
        self.declared: Counter[str] = Counter()
        self.used: Counter[str] = Counter()
        self.boxed: Counter[str] = Counter()
        for entry in entries:
            self.put(entry)

    @override
    def __len__(self) -> int:
        return len(self._entries)

    @override
    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @overload
    def __getitem__(self, position: int) -> Entry: ...
    @overload
    def __getitem__(self, position: slice) -> list[Entry]: ...
    @override
    def __getitem__(self, position: int | slice) -> Entry | list[Entry]:
        return self._entries[position]

    def find(self, source_ref: str) -> Entry | None:
        """Give the entry of that source-ref, or None."""
        position = self._positions.get(source_ref)
        return None if position is None else self._entries[position]

    def put(self, entry: Entry) -> None:
        """Add an entry, or put it in the place of the one with its source-ref."""
        position = self._positions.setdefault(entry.source_ref, len(self._entries))
        if position == len(self._entries):
            self._entries.append(entry)
        else:
            self._count(self._entries[position], -1)
            self._entries[position] = entry
        self._count(entry, 1)

    def with_changes(self, entries: Iterable[Entry]) -> tuple[int, set[str]]:
        """Tell how many entries, and which labels, there would be after a `put` of each."""
        # Asked beforehand, since an update that goes beyond a limit changes nothing.
        added: set[str] = set()
        gone: Counter[str] = Counter()
        labels: set[str] = set()
        for entry in entries:
            old = self.find(entry.source_ref)
            if old:
                gone.update(old.reading.declared)
            else:
                added.add(entry.source_ref)
            labels |= entry.reading.declared
        kept = {label for label, count in self.declared.items() if count > gone[label]}
        return len(self) + len(added), kept | labels

    def _count(self, entry: Entry, step: int) -> None:
        reading = entry.reading
        self.labeled += step * reading.is_labeled
        self.with_errors += step * bool(reading.problems)
        for counter, labels in (
            (self.declared, reading.declared),
            (self.used, reading.labels),
            (self.boxed, reading.boxed),
        ):
            for label in labels:
                counter[label] += step
                if not counter[label]:
                    del counter[label]


def _settle_repeats(entries: list[Entry], keep: str) -> list[Entry]:
    counts = Counter(entry.source_ref for entry in entries)
    if len(counts) == len(entries):
        return entries
    if keep == "none":
        return [entry for entry in entries if counts[entry.source_ref] == 1]
    ordered = entries if keep == "last" else entries[::-1]
    by_ref = {entry.source_ref: entry for entry in ordered}
    return [entry for entry in entries if by_ref[entry.source_ref] is entry]


def _without_service_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_service_keys(item) for key, item in value.items() if not key.startswith("cl-")}
    if isinstance(value, list):
        return [_without_service_keys(item) for item in value]
    return value


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(f"{text} is too large a number")
    return number
