"""The undo history in the workspace file: what was edited can be taken back, also after it was closed."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from present import present
from truthline.errors import CancelledError, MissingEntryError, UsageError, WorkspaceError
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken
from truthline.workspace.workspace import (
    Attributes,
    EntryId,
    Label,
    LabelEdit,
    NewEntry,
    NewStep,
    StepId,
    Workspace,
    WorkspaceInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from truthline.workspace.workspace import Entry

MANY = 1_203
"""More than two blocks, and no multiple of one."""


@pytest.fixture
def trees(workspace: Workspace, line: Callable[..., bytes]) -> Workspace:
    """A workspace of three images with the label oak."""
    workspace.append(NewEntry(line(f"s3://b/{n}.jpg", ["oak"])) for n in range(3))
    return workspace


@pytest.fixture
def forest(workspace: Workspace, line: Callable[..., bytes]) -> Workspace:
    """A workspace of very many images without labels."""
    workspace.append(NewEntry(line(f"s3://b/{n}.jpg")) for n in range(MANY))
    return workspace


def ids(workspace: Workspace) -> list[EntryId]:
    return [EntryId(one) for one in workspace.ids()]


def lines(workspace: Workspace) -> list[bytes]:
    return [line for line, _ in workspace.lines()]


def texts(workspace: Workspace) -> list[tuple[str, bool]]:
    return [(step.text, step.done) for step in workspace.steps(10)]


def relabel(workspace: Workspace, text: str, line: Callable[..., bytes], *labels: str) -> StepId:
    """Give each image these labels, as one step."""

    def change(entry: Entry) -> bytes:
        return line(entry.source_ref, labels)

    return present(workspace.edit(ids(workspace), change, NewStep(text)).step)


def test_an_edit_of_many_is_undone_and_done_again(forest: Workspace, line: Callable[..., bytes]) -> None:
    before = lines(forest)
    step = relabel(forest, "Label all", line, "oak")
    after = lines(forest)
    assert all(parse_line(one).labels == {"oak"} for one in after)
    assert [(one.name, one.entries) for one in forest.labels()] == [("oak", MANY)]
    assert forest.counts().unlabelled == 0
    assert len(forest.undo(step).entries) == MANY
    assert lines(forest) == before
    assert forest.counts().unlabelled == MANY
    assert forest.labels() == []
    assert texts(forest) == [("Label all", False)]
    forest.redo(step)
    assert lines(forest) == after
    assert [(one.name, one.entries) for one in forest.labels()] == [("oak", MANY)]
    assert texts(forest) == [("Label all", True)]


def test_what_the_tables_hold_is_what_appending_the_lines_would_give(
    forest: Workspace, line: Callable[..., bytes], tmp_path: Path
) -> None:
    relabel(forest, "Label all", line, "oak", "elm")
    broken = b'{"source-ref": "s3://b/x.jpg", "a": 1, "a-metadata": {}}'
    forest.edit(ids(forest)[5:9], lambda _entry: broken, NewStep("Break some"))
    forest.undo(present(forest.edit(ids(forest)[:3], lambda _: b"{}", NewStep("Empty"))).step or StepId(0))
    with Workspace.create(tmp_path / "other.truthline", WorkspaceInfo("other")) as other:
        other.append(NewEntry(one) for one in lines(forest))
        assert forest.counts() == other.counts()
        assert forest.label_counts() == other.label_counts()
        assert list(forest.problems()) == list(other.problems())
        assert [one.source_ref for one in forest.walk()] == [one.source_ref for one in other.walk()]
        assert not any(one.damaged for one in forest.walk())


def test_the_history_is_there_when_the_file_is_opened_again(
    trees: Workspace, line: Callable[..., bytes]
) -> None:
    before = lines(trees)
    first = relabel(trees, "Elms", line, "elm")
    second = relabel(trees, "Firs", line, "fir")
    trees.undo(second)
    trees.close()
    with Workspace.open(trees.path) as again:
        assert texts(again) == [("Elms", True), ("Firs", False)]
        assert [(step.id, step.entries) for step in again.steps(10)] == [(first, 3), (second, 3)]
        assert again.step_entries(first, 2) == ids(again)[:2]
        again.undo(first)
        assert lines(again) == before


def test_a_new_step_takes_the_place_of_those_undone(trees: Workspace, line: Callable[..., bytes]) -> None:
    elms = relabel(trees, "Elms", line, "elm")
    trees.undo(elms)
    nothing = trees.edit(ids(trees), lambda entry: entry.line, NewStep("Nothing"))
    assert (nothing.step, nothing.entries) == (None, 0)
    assert texts(trees) == [("Elms", False)]  # an edit that changes nothing is no step
    relabel(trees, "Firs", line, "fir")
    assert texts(trees) == [("Firs", True)]
    with pytest.raises(MissingEntryError, match="not in the workspace's history"):
        trees.redo(elms)


def test_undo_leaves_what_somebody_else_changed(trees: Workspace, line: Callable[..., bytes]) -> None:
    first = ids(trees)[0]
    step = relabel(trees, "Elms", line, "oak", "elm")
    merged = parse_line(trees.entry(first).line)
    assert merged.labels == {"oak", "elm"}
    trees.save(first, line("s3://b/0.jpg", ["oak", "elm", "fir"]))  # as a pull does
    trees.undo(step)
    assert parse_line(trees.entry(first).line).labels == {"oak", "fir"}
    trees.redo(step)
    assert parse_line(trees.entry(first).line).labels == {"oak", "elm", "fir"}


def test_a_renamed_label_keeps_its_place_in_both_directions(
    trees: Workspace, line: Callable[..., bytes]
) -> None:
    trees.add_label("elm")
    labels = trees.labels()
    edit = LabelEdit(put=(Label("ash", 1, 0),), drop=("oak",))
    done = trees.edit(
        ids(trees),
        lambda entry: line(entry.source_ref, ["ash"]),
        NewStep("Rename", edit.inverse(labels)),
        labels=edit,
    )
    step = present(done.step)
    renamed = trees.labels()
    assert [one.name for one in renamed] == ["ash", "elm"]
    assert not trees.steps(1)[0].only_lines
    trees.undo(step)
    assert trees.labels() == labels
    trees.redo(step)
    assert trees.labels() == renamed


def test_new_entries_lose_their_labels(trees: Workspace, line: Callable[..., bytes]) -> None:
    new = [NewEntry(line("s3://b/new.jpg", ["fir"])), NewEntry(b'{"source-ref":"s3://b/bare.jpg"}')]
    done = trees.save_step(NewStep("Import"), {}, new=new)
    assert done.entries == 1
    trees.undo(present(done.step))
    assert [parse_line(one).labels for one in lines(trees)[3:]] == [frozenset(), frozenset()]
    trees.redo(present(done.step))
    assert parse_line(lines(trees)[3]).labels == {"fir"}


def test_removed_entries_are_passed_over(trees: Workspace, line: Callable[..., bytes]) -> None:
    step = relabel(trees, "Elms", line, "elm")
    trees.remove(ids(trees)[:1])
    assert trees.undo(step).entries == set(ids(trees))
    assert {parse_line(one).labels for one in lines(trees)} == {frozenset({"oak"})}
    trees.forget_steps()
    assert trees.steps(10) == []


def test_the_choice_of_attributes_is_a_step(trees: Workspace) -> None:
    before, after = Attributes("", (), False), Attributes("boxes", ("job",), True)
    step = present(trees.choose_attributes(NewStep("Choose"), before, after).step)
    assert trees.steps(1)[0].attributes == (before, after)
    assert (trees.info.box_attribute, trees.info.locked, trees.info.hide_locked) == ("boxes", ("job",), True)
    trees.undo(step)
    assert (trees.info.box_attribute, trees.info.locked, trees.info.hide_locked) == ("", (), False)
    trees.redo(step)
    assert trees.info.locked == ("job",)
    with pytest.raises(UsageError, match="read-only"):
        trees.choose_attributes(NewStep("Choose"), after, Attributes("job", ("job",), False))


@pytest.mark.parametrize("at", [0, 500, 1_000])
def test_what_is_cancelled_leaves_all_as_it_was(
    forest: Workspace, line: Callable[..., bytes], at: int
) -> None:
    cancel = CancelToken()

    def stop(progress: Any) -> None:
        if progress.done == at:
            cancel.cancel()

    before = lines(forest)
    with pytest.raises(CancelledError):
        forest.edit(
            ids(forest),
            lambda entry: line(entry.source_ref, ["oak"]),
            NewStep("All"),
            report=stop,
            cancel=cancel,
        )
    assert (lines(forest), forest.steps(10), forest.labels()) == (before, [], [])
    step = relabel(forest, "All", line, "oak")
    after = lines(forest)
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        forest.undo(step, report=stop, cancel=cancel)
    assert lines(forest) == after
    assert texts(forest) == [("All", True)]


def test_old_and_large_steps_are_forgotten(trees: Workspace, line: Callable[..., bytes]) -> None:
    for label in ("elm", "fir", "ash"):
        relabel(trees, label, line, label)
    sizes = [step.size for step in trees.steps(10)]
    assert trees.trim_steps(days=30, most_bytes=sum(sizes)) == 0
    assert trees.trim_steps(days=30, most_bytes=sum(sizes) - 1) == 1
    assert texts(trees) == [("fir", True), ("ash", True)]
    connection = sqlite3.connect(trees.path)
    connection.execute("UPDATE undo_steps SET made = '2020-01-01T00:00:00+00:00' WHERE text = 'fir'")
    connection.commit()
    connection.close()
    assert trees.trim_steps(days=30, most_bytes=10**9) == 1
    assert trees.trim_steps(days=0, most_bytes=0) == 0  # the newest stays
    assert texts(trees) == [("ash", True)]


def test_the_file_gives_back_what_the_history_took(workspace: Workspace) -> None:
    import random  # noqa: PLC0415

    rnd = random.Random(3)  # noqa: S311 - what cannot be compressed
    long = [
        b'{"source-ref":"s3://b/%d.jpg","x":"%s"}' % (n, rnd.randbytes(40_000).hex().encode())
        for n in range(300)
    ]
    workspace.append(NewEntry(b'{"source-ref":"s3://b/%d.jpg"}' % n) for n in range(300))
    every = ids(workspace)
    made = workspace.save_step(NewStep("Long"), dict(zip(every, long, strict=True)))
    workspace.undo(present(made.step))
    workspace.save_step(NewStep("Short"), {every[0]: b"{}"})
    workspace.trim_steps(days=1, most_bytes=10**9)
    workspace.close()
    assert workspace.path.stat().st_size < 12_000_000  # the lines and their step took 24 MB each


def test_a_damaged_step_is_told_and_changes_nothing(trees: Workspace, line: Callable[..., bytes]) -> None:
    step = relabel(trees, "Elms", line, "elm")
    after = lines(trees)
    connection = sqlite3.connect(trees.path)
    connection.execute("UPDATE undo_blocks SET lines = substr(lines, 1, 20)")
    connection.commit()
    connection.close()
    with pytest.raises(WorkspaceError, match="damaged"):
        trees.undo(step)
    assert lines(trees) == after


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["edit", "undo", "redo"]), max_size=12), st.data())
def test_any_walk_through_the_history_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    line: Callable[..., bytes],
    moves: list[str],
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("walk") / "walk.truthline"
    with Workspace.create(path, WorkspaceInfo("walk")) as workspace:
        workspace.append(NewEntry(line(f"s3://b/{n}.jpg")) for n in range(4))
        states, done, steps = [lines(workspace)], 0, list[StepId]()
        for move in moves:
            if move == "edit":
                some = data.draw(st.sets(st.sampled_from(ids(workspace)), min_size=1))
                labels = data.draw(st.sets(st.sampled_from(["oak", "elm", "fir"])))

                def change(entry: Entry, labels: frozenset[str] = frozenset(labels)) -> bytes:
                    return line(entry.source_ref, sorted(labels))

                made = workspace.edit(sorted(some), change, NewStep("x"))
                if made.step is not None:
                    steps, states = [*steps[:done], made.step], [*states[: done + 1], lines(workspace)]
                    done += 1
            elif move == "undo" and done:
                done -= 1
                workspace.undo(steps[done])
            elif move == "redo" and done < len(steps):
                workspace.redo(steps[done])
                done += 1
            assert lines(workspace) == states[done]
        assert [(one.id, one.done) for one in workspace.steps(99)] == [
            (one, number < done) for number, one in enumerate(steps)
        ]
