"""Reads go on while others write, and each one sees a moment that was."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import WorkspaceError
from truthline.workspace.entry import NewEntry
from truthline.workspace.workspace import EntryId, Filter, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_writers_from_many_threads_take_turns(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(NewEntry(line(f"s3://b/{n}.jpg")) for n in range(40))
    ids = list(workspace.ids())

    def label(entry_id: int) -> None:
        for times in range(1, 6):
            workspace.save(EntryId(entry_id), line(f"s3://b/{entry_id}.jpg", ["leaf"], ["tree"] * times))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(label, ids))
    (leaf, tree) = workspace.label_counts()
    assert (leaf.class_entries, tree.box_entries, tree.boxes) == (40, 40, 200)


def test_readers_see_whole_writes_only(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append(NewEntry(line(f"s3://b/{n}.jpg", ["even"])) for n in range(50))
    ids = list(workspace.ids())
    done = threading.Event()

    def write() -> None:
        try:
            for turn in range(60):
                name = ("odd", "even")[turn % 2]
                workspace.save_many({EntryId(i): line(f"s3://b/{i}.jpg", [name], [name] * turn) for i in ids})
        finally:
            done.set()

    def read() -> int:
        reads = 0
        while not done.is_set() or not reads:
            entries = workspace.entries([EntryId(one) for one in ids])
            assert len({(entry.annotation.labels, entry.annotation.boxes) for entry in entries}) == 1
            assert {label.entries for label in workspace.labels()} <= {0, 50}
            assert len({raw.split(b'"class-name"')[1][:10] for raw, _ in workspace.lines()}) == 1
            assert len(workspace.ids(Filter(label="odd"))) in (0, 50)
            reads += 1
        return reads

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        pool.submit(write).result()
        assert all(reader.result() for reader in readers)


def test_a_read_under_way_is_a_snapshot(workspace: Workspace, line: Callable[..., Any]) -> None:
    before = [line(f"s3://b/{n}.jpg") for n in range(3)]
    workspace.append(map(NewEntry, before))
    lines = workspace.lines()
    seen = [next(lines)[0]]
    workspace.save_many({EntryId(entry_id): line("s3://b/x.jpg", ["leaf"]) for entry_id in workspace.ids()})
    seen += [raw for raw, _ in lines]
    assert seen == before


def test_reading_while_appending(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append([NewEntry(line("s3://b/first.jpg"))])

    def source() -> Iterator[NewEntry]:
        for n in range(3_000):
            if n == 2_500:
                assert workspace.counts().total == 1
            yield NewEntry(line(f"s3://b/{n}.jpg"))

    workspace.append(source())
    assert workspace.counts().total == 3_001


def test_ended_threads_leave_nothing_open(path: Path, line: Callable[..., Any]) -> None:
    workspace = Workspace.create(path, WorkspaceInfo("leaves"))
    workspace.append([NewEntry(line("s3://b/a.jpg"))])
    for _ in range(20):
        thread = threading.Thread(target=workspace.counts)
        thread.start()
        thread.join()
    workspace.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_closing_during_reads_ends_them(path: Path, line: Callable[..., Any]) -> None:
    workspace = Workspace.create(path, WorkspaceInfo("leaves"))
    workspace.append(NewEntry(line(f"s3://b/{n}.jpg", ["leaf"])) for n in range(2_000))
    started = threading.Barrier(5)

    def read_for_ever() -> None:
        while True:
            list(workspace.lines())
            workspace.ids(Filter(text="ö"))

    def read() -> None:
        started.wait()
        with pytest.raises(WorkspaceError, match="closed"):
            read_for_ever()

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        started.wait()
        workspace.close()
        for reader in readers:
            reader.result()
    with Workspace.open(path) as again:
        assert again.counts().total == 2_000
