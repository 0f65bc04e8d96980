"""Gestures become saves; undo is another save."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import truthline
from truthline.errors import CancelledError, UnreadableFileError
from truthline.manifest.edit import add_class_label, remove_class_label
from truthline.ui.document.steps.carrier import AT_ONCE
from truthline.ui.document.steps.gestures import Applied
from truthline.workspace.workspace import EntryId, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pytestqt.qtbot import QtBot

    from truthline.manifest.annotation import Annotation
    from truthline.ui.document.document import Document

FIRST = EntryId(1)


@pytest.fixture
def now() -> datetime:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime(2024, 5, 14, tzinfo=UTC)


@pytest.fixture
def label(now: datetime) -> Callable[[str], Callable[[Annotation], Annotation]]:
    """An edit that gives an image-level label."""
    return lambda name: lambda annotation: add_class_label(annotation, name, now)


@pytest.fixture
def document(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    return make_document(line(f"s3://leaves/{number}.jpg") for number in range(3))


def names(document: Document, entry_id: EntryId = FIRST) -> list[str]:
    return [label.name for label in document.annotation(entry_id).class_labels]


def on_disk(document: Document, entry_id: EntryId = FIRST) -> list[str]:
    return [label.name for label in document.workspace.entry(entry_id).annotation.class_labels]


def test_an_edit_is_seen_at_once_and_on_disk_soon(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    assert document.edit("Label oak", FIRST, label("oak"))
    assert names(document) == ["oak"]
    assert document.saving
    settle()
    assert on_disk(document) == ["oak"]
    assert not document.saving


def test_what_was_saved_is_there_after_opening_again(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    document.edit("Label oak", FIRST, label("oak"))
    settle()
    path = document.workspace.path
    document.workspace.close()
    with Workspace.open(path) as again:
        assert [one.name for one in again.entry(FIRST).annotation.class_labels] == ["oak"]


def test_an_edit_builds_on_one_that_is_still_being_saved(
    document: Document, label: Any, settle: Callable[[], None], jobs: Any
) -> None:
    gate = threading.Event()
    from truthline.ui.kit.jobs import Lane  # noqa: PLC0415

    jobs.run(Lane.WRITE, lambda *_: gate.wait(10))
    for name in ("oak", "elm", "ash"):
        document.edit(f"Label {name}", FIRST, label(name))
    assert on_disk(document) == []
    assert names(document) == ["oak", "elm", "ash"]
    gate.set()
    settle()
    assert on_disk(document) == names(document) == ["oak", "elm", "ash"]


def test_undo_and_redo_bring_back_the_very_bytes(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    lines = [document.entry(FIRST).line]
    for name in ("oak", "elm"):
        document.edit(f"Label {name}", FIRST, label(name))
        lines.append(document.entry(FIRST).line)
    for line in (lines[1], lines[0]):
        document.undo_stack.undo()
        assert document.entry(FIRST).line == line
    settle()
    assert document.workspace.entry(FIRST).line == lines[0]
    assert not document.workspace.entry(FIRST).findings or document.workspace.entry(FIRST).line == lines[0]
    for line in lines[1:]:
        document.undo_stack.redo()
        settle()
        assert document.workspace.entry(FIRST).line == line


def test_undo_puts_back_only_the_entries_of_its_gesture(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    document.edit("Label oak", FIRST, label("oak"))
    document.edit("Label elm", EntryId(2), label("elm"))
    document.undo_stack.undo()
    settle()
    assert on_disk(document, FIRST) == ["oak"]
    assert on_disk(document, EntryId(2)) == []


def test_an_edit_that_changes_nothing_is_no_gesture(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    document.edit("Label oak", FIRST, label("oak"))
    settle()
    before = document.entry(FIRST).line
    assert not document.edit("Label oak", FIRST, label("oak"))
    assert document.undo_stack.count() == 1
    assert document.entry(FIRST).line == before
    assert not document.saving


def test_an_edit_of_several_is_one_gesture_that_offers_undo(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    offered: list[Applied] = []
    document.applied.connect(offered.append)
    ids = [EntryId(one) for one in document.workspace.ids()]
    document.edit_many("Label 3 images oak", ids, label("oak"))
    assert offered == [Applied("Label 3 images oak", 3)]
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    settle()
    assert [on_disk(document, one) for one in ids] == [[], [], []]


def test_what_changed_is_told_by_id(document: Document, label: Any, settle: Callable[[], None]) -> None:
    told: list[Any] = []
    document.changed.connect(told.append)
    document.edit("Label oak", EntryId(2), label("oak"))
    settle()
    assert told
    assert all(changes.entries == {2} and not changes.everything for changes in told)


class Failing:
    """A workspace whose disk is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(_workspace: Workspace, *_given: object, **_: Any) -> None:
            raise UnreadableFileError("The disk is full.")

        monkeypatch.setattr(Workspace, "save_step", fail)


def test_a_failed_save_is_told_and_the_lines_stay_as_they_were(
    document: Document, label: Any, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    document.edit("Label oak", FIRST, label("oak"))
    settle()
    failures: list[Exception] = []
    shown: list[list[str]] = []
    document.save_failed.connect(failures.append)
    with monkeypatch.context() as patched:
        Failing(patched)
        document.edit("Label elm", FIRST, label("elm"))
        document.changed.connect(lambda _changes: shown.append(names(document)))
        settle()
    assert [str(error) for error in failures] == ["“Label elm” on 0.jpg was not done. The disk is full."]
    assert names(document) == on_disk(document) == ["oak"]
    assert shown[-1] == ["oak"]
    assert not document.saving


def test_a_gesture_after_a_failed_save_can_be_undone(
    document: Document, label: Any, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = []
    document.save_failed.connect(failures.append)
    with monkeypatch.context() as patched:
        Failing(patched)
        document.edit("Label elm", FIRST, label("elm"))
        settle()
    assert len(failures) == 1
    document.edit("Label ash", FIRST, label("ash"))
    settle()
    assert on_disk(document) == ["ash"]
    document.undo_stack.undo()
    settle()
    assert on_disk(document) == []


# Edits of very many entries


@pytest.fixture
def large(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    return make_document(line(f"s3://leaves/{number}.jpg") for number in range(20 * AT_ONCE))


def all_ids(document: Document) -> Sequence[EntryId]:
    return [EntryId(one) for one in document.workspace.ids()]


def test_a_long_edit_reports_saves_and_can_be_undone(
    large: Document, label: Any, settle: Callable[[], None]
) -> None:
    progress: list[Any] = []
    offered: list[Applied] = []
    large.working.connect(progress.append)
    large.worked.connect(lambda: progress.append(None))
    large.applied.connect(offered.append)
    ids = all_ids(large)
    assert large.edit_many("Label everything oak", ids, label("oak"))
    assert large.saving
    settle()
    assert not large.saving
    assert progress[-1] is None
    assert any(one is not None and one.total == len(ids) for one in progress)
    assert offered == [Applied("Label everything oak", len(ids))]
    assert all(entry.annotation.class_labels for entry in large.workspace.entries(ids))
    large.undo_stack.undo()
    settle()
    assert not any(entry.annotation.class_labels for entry in large.workspace.entries(ids))
    assert large.workspace.counts().changed == len(ids)  # the service was never known to hold them
    large.undo_stack.redo()
    settle()
    assert all(entry.annotation.class_labels for entry in large.workspace.entries(ids))


def test_a_cancelled_long_edit_leaves_nothing(
    large: Document, label: Any, settle: Callable[[], None]
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    add = label("oak")

    def slow(annotation: Annotation) -> Any:
        reached.set()
        go_on.wait(10)
        return add(annotation)

    failures: list[Exception] = []
    large.save_failed.connect(failures.append)
    large.edit_many("Label everything oak", all_ids(large), slow)
    assert reached.wait(10)
    large.cancel_long_edit()
    go_on.set()
    settle()
    assert [type(error) for error in failures] in ([], [CancelledError])
    assert not any(entry.annotation.class_labels for entry in large.workspace.entries(all_ids(large)))
    assert large.undo_stack.count() == 0
    assert not large.saving


def test_a_gesture_during_a_long_edit_is_refused_and_changes_nothing(
    large: Document, label: Any, settle: Callable[[], None]
) -> None:
    go_on = threading.Event()
    add = label("oak")

    def slow(annotation: Annotation) -> Any:
        go_on.wait(10)
        return add(annotation)

    large.edit_many("Label everything oak", all_ids(large), slow)
    assert not large.edit("Label elm", FIRST, label("elm"))
    go_on.set()
    settle()
    assert names(large) == ["oak"]


def test_a_long_edit_takes_in_gestures_that_are_still_being_saved(
    large: Document, label: Any, settle: Callable[[], None], jobs: Any
) -> None:
    from truthline.ui.kit.jobs import Lane  # noqa: PLC0415

    gate = threading.Event()
    jobs.run(Lane.WRITE, lambda *_: gate.wait(10))
    large.edit("Label elm", FIRST, label("elm"))
    large.edit_many("Label everything oak", all_ids(large), label("oak"))
    gate.set()
    settle()
    assert names(large) == ["elm", "oak"]


def test_removing_a_label_again_leaves_the_line_as_others_wrote_it(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    original = document.entry(FIRST).line
    document.edit("Label oak", FIRST, label("oak"))
    attribute = document.annotation(FIRST).class_labels[0].attribute
    document.edit("Remove oak", FIRST, lambda annotation: remove_class_label(annotation, attribute))
    settle()
    assert document.workspace.entry(FIRST).line == original


def test_facts_are_stored_without_a_gesture(
    document: Document, settle: Callable[[], None], tmp_path: Path
) -> None:
    from truthline.manifest.annotation import ImageFacts  # noqa: PLC0415

    facts = ImageFacts(640, 480, "JPEG", 1234)
    document.store_facts(FIRST, facts)
    settle()
    assert document.workspace.entry(FIRST).facts == facts
    assert document.undo_stack.count() == 0


def test_an_empty_label_is_told(document: Document, qtbot: QtBot, settle: Callable[[], None]) -> None:
    failures: list[Exception] = []
    document.save_failed.connect(failures.append)
    document.add_label("")
    settle()
    assert [str(error) for error in failures] == [
        "“Add Label” was not done. A label needs a name. Type one, then add it."
    ]
    assert document.undo_stack.count() == 0


def listed(document: Document) -> list[str]:
    return [label.name for label in document.workspace.labels()]


def test_adding_a_label_is_a_step_among_the_edits(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    document.edit("Label oak", FIRST, label("oak"))
    document.add_label("elm")
    document.edit("Label elm", FIRST, label("elm"))
    document.add_label("ash")
    settle()
    before = document.workspace.labels()
    assert [one.name for one in before] == ["oak", "elm", "ash"]
    for names_left in (["oak", "elm"], ["oak", "elm"], ["oak"], []):
        document.undo()
        settle()
        assert listed(document) == names_left
    assert document.undo_stack.newest is None
    for _ in range(4):
        document.redo()
        settle()
    assert document.workspace.labels() == before


def test_a_label_that_came_with_an_edit_leaves_with_its_undo(
    document: Document, label: Any, settle: Callable[[], None]
) -> None:
    document.add_label("oak")
    document.edit("Label oak", FIRST, label("oak"))
    document.edit("Label elm", FIRST, label("elm"))
    settle()
    document.undo()
    settle()
    assert listed(document) == ["oak"]
    document.undo()  # it was listed before this edit
    settle()
    assert listed(document) == ["oak"]
    document.redo()
    document.redo()
    settle()
    assert listed(document) == ["oak", "elm"]


def test_the_document_alone_tells_of_its_changes() -> None:
    """Who else emitted its signal would show what no view was told to fetch, or leave the document behind."""
    package = Path(truthline.__file__).parent
    emitting = {
        file.name for file in package.rglob("*.py") if re.search(r"\bchanged\.emit\(", file.read_text())
    }
    assert emitting == {"carrier.py", "palette.py"}  # the palette's own signal is another one
