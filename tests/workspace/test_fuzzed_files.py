"""Damaged and hostile files by the hundred: a clear error, or every line that comes out is what was stored.

A few seeds of each kind run always; `pytest -m long tests/workspace/test_fuzzed_files.py` runs 600 of each.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import TruthlineError
from truthline.manifest.annotation import ImageFacts, RemoteError
from truthline.sync.opening.opening import export_manifest
from truthline.workspace.workspace import (
    BatchId,
    Damaged,
    EntryId,
    Filter,
    Kind,
    NewEntry,
    PushRemark,
    Settlement,
    Workspace,
    WorkspaceInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.workspace.workspace import Entry

ENTRIES = 40
PAGE = 4096
SEEDS = range(15)
MANY_SEEDS = range(600)


@dataclass
class Sound:
    """A sound file: its bytes, its entries by id, and a write-ahead log that was not folded in."""

    folder: Path
    whole: bytes
    entries: dict[EntryId, Entry]
    older: dict[EntryId, Entry]
    wal: bytes


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, line: Callable[..., bytes]) -> Sound:
    folder = tmp_path_factory.mktemp("sound")
    path = folder / "a.truthline"
    with Workspace.create(path, WorkspaceInfo("leaves", target="s3://b", locked=("a",))) as workspace:
        fill(workspace, line)
    older = entries_of(path)
    with Workspace.open(path) as workspace:
        for entry in list(workspace.walk())[::3]:
            workspace.save(entry.id, line(entry.source_ref, ["tree"], ["stem", "leaf"]))
        wal = path.with_name(path.name + "-wal").read_bytes()
    return Sound(folder, path.read_bytes(), entries_of(path), older, wal)


def fill(workspace: Workspace, line: Callable[..., bytes]) -> None:
    lines = [line(f"s3://b/ü{n}.jpg", ["leaf", "rot"][: n % 3], ["leaf"] * (n % 4)) for n in range(ENTRIES)]
    error = RemoteError("ERROR_X", "No.", "/a")
    workspace.append(
        NewEntry(one, base=one if n % 2 else None, remote_errors=(error,) * (n % 2))
        for n, one in enumerate(lines)
    )
    for n in range(2, 20, 2):
        workspace.store_facts(EntryId(n), ImageFacts(640, 480, "JPEG", 999))
        workspace.settle({EntryId(n): Settlement(lines[n - 1], lines[n - 1], lines[n], theirs=lines[n + 1])})
    push = workspace.begin_push("arn", datetime.now(UTC), lines=2)
    workspace.add_batch(push, [(EntryId(1), lines[0]), (EntryId(3), lines[2])])
    workspace.finish_push(push, "Done.", [PushRemark("refused", "s3://b/a", "X", "No.", 1)])  # type: ignore[arg-type]
    push = workspace.begin_push("arn", datetime.now(UTC), lines=1)
    workspace.add_batch(push, [(EntryId(5), lines[4])])


def entries_of(path: Path) -> dict[EntryId, Entry]:
    with Workspace.open(path) as workspace:
        return {entry.id: entry for entry in workspace.walk()}


def flip(chance: random.Random, path: Path, sound: Sound) -> None:
    whole = bytearray(sound.whole)
    for _ in range(chance.choice([1, 1, 2, 8, 64])):
        whole[chance.randrange(100, len(whole))] ^= 1 << chance.randrange(8)
    path.write_bytes(whole)


def cut(chance: random.Random, path: Path, sound: Sound) -> None:
    path.write_bytes(sound.whole[: chance.randrange(len(sound.whole))])


def zero(chance: random.Random, path: Path, sound: Sound) -> None:
    pages = len(sound.whole) // PAGE
    whole = bytearray(sound.whole)
    for _ in range(chance.choice([1, 1, 3])):
        place = chance.randrange(1, pages) * PAGE
        whole[place : place + PAGE] = bytes(PAGE)
    path.write_bytes(whole)


def swap(chance: random.Random, path: Path, sound: Sound) -> None:
    pages = [sound.whole[place : place + PAGE] for place in range(0, len(sound.whole), PAGE)]
    one, other = chance.sample(range(1, len(pages)), 2)
    if chance.random() < 0.5:
        pages[one], pages[other] = pages[other], pages[one]
    else:
        pages[one] = pages[other]
    path.write_bytes(b"".join(pages))


def rewrite(chance: random.Random, path: Path, sound: Sound, values: Callable[[], str]) -> None:
    """Put a value into some places of some rows."""
    path.write_bytes(sound.whole)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    columns = [
        (table, column)
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for _, column, *_ in connection.execute(f"PRAGMA table_info ({table})").fetchall()
    ]
    for _ in range(chance.choice([1, 2, 5])):
        table, column = chance.choice(columns)
        some = "" if chance.random() < 0.3 else " WHERE random() % 3 = 0"
        with suppress(sqlite3.Error):  # what its own constraints forbid
            connection.execute(f"UPDATE {table} SET {column} = {values()}{some}")  # noqa: S608
    connection.close()


def no_utf8(chance: random.Random, path: Path, sound: Sound) -> None:
    rewrite(
        chance, path, sound, lambda: f"CAST(x'{chance.choice(['ff', 'c328', 'eda080', '61ff62'])}' AS TEXT)"
    )


def other_types(chance: random.Random, path: Path, sound: Sound) -> None:
    values = ["'text'", "''", "x'00ff'", "1.5", "-1", "9223372036854775807", "1e300", "zeroblob(100)", "NULL"]
    rewrite(chance, path, sound, lambda: chance.choice(values))


FOREIGN = (
    "CREATE TRIGGER {} AFTER UPDATE ON {} BEGIN DELETE FROM lines; END",
    "CREATE TRIGGER {} BEFORE INSERT ON {} BEGIN UPDATE lines SET line = x'7b7d'; END",
    "CREATE VIEW {} AS SELECT * FROM {}",
    "CREATE TABLE {} AS SELECT * FROM {}",
    "CREATE INDEX {} ON {} (rowid)",
    "CREATE VIRTUAL TABLE {} USING fts5 ({})",
    "ALTER TABLE {1} RENAME TO {0}",
    "DROP TABLE {1}",
    "DROP TABLE {1}; CREATE VIEW {1} AS SELECT 1 AS {0}",
)


def foreign(chance: random.Random, path: Path, sound: Sound) -> None:
    path.write_bytes(sound.whole)
    connection = sqlite3.connect(path)
    table = chance.choice(["entries", "lines", "labels", "conflicts", "image_facts", "pushes"])
    script = chance.choice(FOREIGN).format(f"x{chance.randrange(99)}", table)
    try:
        connection.executescript(script)
    except sqlite3.Error:  # an index of a table without rowids, say
        connection.executescript("CREATE VIEW x AS SELECT 1")
    connection.close()


def misfit(chance: random.Random, path: Path, sound: Sound) -> None:
    """A log or journal that is another state's, or none at all."""
    path.write_bytes(sound.whole)
    ending = chance.choice(["-wal", "-journal"])
    content = bytearray(sound.wal[: chance.randrange(len(sound.wal))] or b"\x00")
    match chance.randrange(3):
        case 0:
            content[chance.randrange(len(content))] ^= 0xFF
        case 1:
            content = bytearray(chance.randbytes(chance.randrange(1, 9_000)))
    if ending == "-journal" and chance.random() < 0.5:
        content[:8] = bytes.fromhex("d9d505f920a163d7")
    path.with_name(path.name + ending).write_bytes(content)


def huge(chance: random.Random, path: Path, sound: Sound) -> None:
    """Blobs far larger than any line, or lengths that only claim to be."""
    if chance.random() < 0.3:
        rewrite(chance, path, sound, lambda: f"zeroblob({chance.choice([100_000, 400_000])})")
        return
    whole = bytearray(sound.whole)
    for _ in range(20):
        place = chance.randrange(PAGE, len(whole) - 9)
        if whole[place] & 0x80:  # the beginning of a long number, such as a length
            whole[place : place + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(whole)


KINDS = (flip, cut, zero, swap, no_utf8, other_types, foreign, misfit, huge)


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_out_is_what_was_stored(
    kind: Callable[..., Any], sound: Sound, tmp_path: Path, line: Callable[..., Any]
) -> None:
    for seed in SEEDS:
        try_one(kind, seed, sound, tmp_path / f"{seed}", line)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_out_is_what_was_stored_often(kind: Any, sound: Sound, tmp_path: Path, line: Any) -> None:
    for seed in MANY_SEEDS:
        try_one(kind, seed + 1_000, sound, tmp_path / f"{seed}", line)


def try_one(
    kind: Callable[..., Any], seed: int, sound: Sound, folder: Path, line: Callable[..., Any]
) -> None:
    folder.mkdir()
    path = folder / "a.truthline"
    kind(random.Random(f"{kind.__name__} {seed}"), path, sound)  # noqa: S311
    allowed = [sound.entries, sound.older] if kind is misfit else [sound.entries]
    try:
        use(path, folder, allowed)
        edit(path, line)
    except TruthlineError:
        pass  # a clear error
    except BaseException as error:
        error.add_note(f"{kind.__name__}, seed {seed}")
        raise
    shutil.rmtree(folder)


def use(path: Path, folder: Path, allowed: list[dict[EntryId, Entry]]) -> None:
    with Workspace.open(path) as workspace:
        for ask in (read_each, read_all, read_around, lambda one, _: one.check_again()):
            with suppress(TruthlineError):
                ask(workspace, allowed)
        out = folder / "out.manifest"
        left_out = export_manifest(workspace, out)
        exported = out.read_bytes().splitlines()
        assert set(exported) <= {entry.line for entries in allowed for entry in entries.values()}
        assert len(exported) + len(left_out) >= ENTRIES


def read_each(workspace: Workspace, allowed: list[dict[EntryId, Entry]]) -> None:
    """As the window does, one by one: an entry that cannot be read leaves the others alone."""
    for entry_id in allowed[0]:
        with suppress(TruthlineError):
            compare(workspace.entry(entry_id), allowed)


def read_all(workspace: Workspace, allowed: list[dict[EntryId, Entry]]) -> None:
    for kind in Kind:
        for entry in workspace.walk(Filter(kind=kind)):
            compare(entry, allowed)


def compare(entry: Entry, allowed: list[dict[EntryId, Entry]]) -> None:
    if entry.damaged:
        assert isinstance(entry.damaged, Damaged)
        assert entry.line == b""
        json.dumps(entry.damaged.name)
        return
    assert any(plain(entry) == plain(entries[entry.id]) for entries in allowed if entry.id in entries)
    hash((entry.findings, entry.remote_errors, entry.training_errors, entry.facts))


def plain(entry: Entry) -> Entry:
    """What is checked: not what is found again (findings, facts) or read again (errors of the service)."""
    return replace(entry, findings=(), remote_errors=(), training_errors=(), facts=None)


def read_around(workspace: Workspace, _: object) -> None:
    for ask in reads(workspace):
        with suppress(TruthlineError):
            ask()


def reads(workspace: Workspace) -> Iterator[Callable[[], object]]:
    yield workspace.counts
    yield workspace.labels
    yield workspace.label_counts
    yield workspace.problem_counts
    yield lambda: list(workspace.problems())
    yield workspace.pushes
    yield workspace.unfinished_push
    yield workspace.size_of_changes
    yield workspace.held_source_ref
    yield lambda: workspace.find_many(["s3://b/ü1.jpg"])
    yield lambda: workspace.ids(Filter(text="ü"))
    for number in (1, 2, 3):
        yield lambda number=number: workspace.batches(number)  # type: ignore[misc]
        yield lambda number=number: workspace.batch_lines(number)  # type: ignore[misc]
        yield lambda number=number: workspace.push_remarks(number)  # type: ignore[misc]
    for number in (1, 2):
        with suppress(KeyError):
            workspace.sent_lines(BatchId(number))


def edit(path: Path, line: Callable[..., bytes]) -> None:
    """Every kind of write, each by itself; an entry then is what was written, or known to be damaged."""
    with Workspace.open(path) as workspace:
        for number in (1, 14, ENTRIES):
            entry_id, new = EntryId(number), line(f"s3://b/new{number}.jpg", ["leaf"])
            with suppress(TruthlineError, KeyError):
                workspace.save(entry_id, new)
                assert read(workspace, entry_id) in {b"", new}
            with suppress(TruthlineError, KeyError):
                workspace.store_remote([(entry_id, new, ())])
                workspace.settle({entry_id: Settlement(new, new, new)})
                workspace.store_training({entry_id: ()})
            with suppress(TruthlineError, KeyError):
                workspace.reload({entry_id: (new, ())})
                assert read(workspace, entry_id) in {b"", new}
            with suppress(TruthlineError, KeyError):
                workspace.remove([entry_id])
        with suppress(TruthlineError):
            workspace.append([NewEntry(line("s3://b/late.jpg"))])


def read(workspace: Workspace, entry_id: EntryId) -> bytes:
    entry = workspace.entry(entry_id)
    assert bool(entry.damaged) == (entry.line == b"")
    return entry.line
