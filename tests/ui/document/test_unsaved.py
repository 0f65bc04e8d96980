"""What cannot be saved leaves stack, views and file as they were, is told, and can be tried again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from truthline.errors import WorkspaceError
from truthline.interchange.importing import apply_import, plan_import
from truthline.interchange.model import LabelledImage
from truthline.interchange.reading import Reading
from truthline.manifest.edit import add_class_label, remove_boxes
from truthline.manifest.labels import rename_label
from truthline.manifest.merge.merge import Side
from truthline.ui.document.palette import LabelColours
from truthline.ui.document.steps.carrier import AT_ONCE
from truthline.ui.kit.jobs import Lane
from truthline.workspace.workspace import EntryId, Filter, Kind, LabelEdit, Settlement

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.manifest.annotation import Annotation
    from truthline.ui.document.document import Document
    from truthline.ui.kit.jobs import Jobs

FIRST = EntryId(1)
NOW = datetime(2024, 5, 14, tzinfo=UTC)
MANY = AT_ONCE + 6


class Disk:
    """The disk of a document's workspace, as its SQLite sees it."""

    def __init__(self, document: Document) -> None:
        self._writer = document.workspace._database._writer

    def refuse(self) -> None:
        """From now on every write fails, as on a disk that was mounted read-only."""
        self._writer.execute("PRAGMA query_only = ON")

    def accept(self) -> None:
        self._writer.execute("PRAGMA query_only = OFF")
        self._writer.execute("DROP TRIGGER IF EXISTS temp.failing")
        self._writer.execute(f"PRAGMA max_page_count = {2**30}")

    def fill(self) -> None:
        """Leave no room: the pages that are free are taken, and there are no more."""
        self._writer.execute("CREATE TABLE IF NOT EXISTS main.ballast (bytes)")
        while self._writer.execute("PRAGMA freelist_count").fetchone()[0]:
            self._writer.execute("INSERT INTO ballast VALUES (zeroblob(3000))")
        (pages,) = self._writer.execute("PRAGMA page_count").fetchone()
        self._writer.execute(f"PRAGMA max_page_count = {pages}")

    def fail_at(self, entry_id: int) -> None:
        """Writing this entry's line fails, after those before it went well."""
        self._writer.execute(
            f"CREATE TEMP TRIGGER failing BEFORE UPDATE ON main.lines WHEN new.id = {entry_id}"
            " BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )


class Seen(NamedTuple):
    """All that a person or another program sees of a document."""

    lines: list[bytes]
    stored: list[bytes]
    labels: list[Any]
    listed: list[Any]
    attributes: tuple[Any, ...]
    stored_attributes: tuple[Any, ...]
    stack: tuple[Any, ...]


@pytest.fixture
def document(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    frames = [("oak", (10 * n, 10, 8, 8)) for n in range(4)]
    return make_document(line(f"s3://leaves/{n}.jpg", ["elm"], frames) for n in range(1, MANY + 1))


@pytest.fixture
def colours(document: Document) -> LabelColours:
    return LabelColours(document)


@pytest.fixture
def disk(document: Document) -> Disk:
    return Disk(document)


@pytest.fixture
def failures(document: Document) -> list[Exception]:
    found: list[Exception] = []
    document.save_failed.connect(found.append)
    return found


@pytest.fixture
def look(document: Document, colours: LabelColours) -> Callable[[], Seen]:
    def seen() -> Seen:
        workspace, stack = document.workspace, document.undo_stack
        ids = [EntryId(one) for one in workspace.ids()]
        info, stored = document.info, workspace.info
        return Seen(
            [document.entry(one).line for one in ids],
            [entry.line for entry in workspace.entries(ids)],
            list(workspace.labels()),
            list(colours.labels),
            (info.box_attribute, info.locked, info.hide_locked),
            (stored.box_attribute, stored.locked, stored.hide_locked),
            (stack.undo_text, stack.redo_text, stack.index(), stack.count()),
        )

    return seen


def labelled(annotation: Annotation) -> Annotation:
    return add_class_label(annotation, "ash", NOW)


def ids_of(document: Document, count: int) -> list[EntryId]:
    return [EntryId(one) for one in document.workspace.ids()][:count]


def recolour(document: Document) -> None:
    labels = document.workspace.labels()
    document.arrange_labels("Recolour elm", LabelEdit(put=(replace(labels[0], colour_index=9),)), labels)


def rename(document: Document) -> None:
    document.edit_label(
        "Rename elm to fir",
        "elm",
        lambda annotation: rename_label(annotation, "elm", "fir", ()),
        lambda labels: LabelEdit(put=(replace(labels[0], name="fir"),), drop=("elm",)),
    )


GESTURES: dict[str, Callable[[Document], object]] = {
    "“Label ash” on 1.jpg": lambda d: d.edit("Label ash", FIRST, labelled),
    "“Label ash” on 3 images": lambda d: d.edit_many("Label ash", ids_of(d, 3), labelled),
    "“Label many”": lambda d: d.edit_many("Label many", ids_of(d, MANY), labelled),
    "“Rename elm to fir”": rename,
    "“Recolour elm”": recolour,
    "“Add Label dent”": lambda d: d.add_label("dent"),
    "“Choose Attributes”": lambda d: d.choose_attributes("parts_BB", ["class0"], hide_locked=True),
}


@pytest.mark.parametrize("told", GESTURES)
def test_a_gesture_its_undo_and_its_redo_wait_for_room(
    document: Document,
    colours: LabelColours,
    disk: Disk,
    failures: list[Exception],
    look: Callable[[], Seen],
    settle: Callable[[], None],
    told: str,
) -> None:
    document.edit("Something before", EntryId(5), labelled)
    document.edit("Something undone", EntryId(5), lambda a: add_class_label(a, "fig", NOW))
    document.undo()  # so that there is something to redo, which a gesture that fails must leave there
    settle()
    for act, end in (
        (lambda: GESTURES[told](document), "was not done."),
        (document.undo, "was not undone."),
        (document.redo, "was not done again."),
    ):
        before = look()
        disk.refuse()
        act()  # type: ignore[no-untyped-call]
        settle()
        assert look() == before
        assert not document.saving
        (failure,) = failures
        text = str(failure)
        # A long edit is told before it is known on how many images.
        assert text.startswith(told)
        assert end in text
        assert text.endswith("Change its permissions, or copy it to a folder of yours and open it there.")
        failures.clear()

        disk.accept()
        act()  # type: ignore[no-untyped-call]
        settle()
        after = look()
        assert after != before
        assert after.lines == after.stored
        assert after.labels == after.listed
        assert failures == []


def test_a_full_disk_between_an_edit_and_its_undo(
    make_document: Callable[..., Document], line: Callable[..., bytes], settle: Callable[[], None]
) -> None:
    frames = [("oak", (n, 10, 8, 8)) for n in range(600)]
    document = make_document([line("s3://leaves/1.jpg", boxes=frames)])
    failures: list[Exception] = []
    document.save_failed.connect(failures.append)
    disk = Disk(document)
    full = document.entry(FIRST).line
    document.edit("Delete 600 boxes", FIRST, lambda a: remove_boxes(a, "parts_BB", range(600)))
    settle()
    emptied = document.entry(FIRST).line
    disk.fill()
    for _ in range(3):
        document.undo()
        settle()
        assert document.entry(FIRST).line == document.workspace.entry(FIRST).line == emptied
        assert (document.undo_stack.index(), document.undo_stack.count()) == (1, 1)
    assert len(failures) == 3
    assert str(failures[0]).startswith("“Delete 600 boxes” on 1.jpg was not undone.")
    assert str(failures[0]).endswith(
        "The disk is full: the last change was not saved. Free some space, then do it again."
    )
    disk.accept()
    document.undo()
    settle()
    assert document.entry(FIRST).line == document.workspace.entry(FIRST).line == full


def test_keys_pressed_before_the_failure_is_known_are_taken_back_with_it(
    document: Document,
    disk: Disk,
    failures: list[Exception],
    look: Callable[[], Seen],
    settle: Callable[[], None],
    jobs: Jobs,
) -> None:
    """What came after a step that failed would stand on something that never was."""
    for name in ("one", "two", "three"):
        document.edit(name, FIRST, lambda a, name=name: add_class_label(a, name, NOW))  # type: ignore[misc]
    settle()
    before = look()
    disk.refuse()
    document.undo()
    jobs.run(Lane.WRITE, lambda *_: disk.accept())  # there is room again at once
    document.undo()
    document.add_label("new")
    document.edit("four", FIRST, lambda a: add_class_label(a, "four", NOW))
    assert look().stack == ("four", "", 3, 3)
    settle()
    assert look() == before
    (failure,) = failures
    assert str(failure).startswith("“three” on 1.jpg was not undone. Nor were the 3 steps after it.")
    for _ in range(3):
        document.undo()
    settle()
    assert look().stack == ("", "one", 0, 3)


def test_facts_that_cannot_be_kept_complain_of_nothing(
    document: Document, disk: Disk, failures: list[Exception], settle: Callable[[], None]
) -> None:
    from truthline.manifest.annotation import ImageFacts  # noqa: PLC0415

    disk.refuse()
    document.store_facts(FIRST, ImageFacts(640, 480, "JPEG", 1234))
    settle()
    disk.accept()
    assert failures == []
    assert document.entry(FIRST).facts is None


# Many at once: all or none


@pytest.fixture
def in_conflict(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    """700 entries that somebody else changed too."""
    count = 700

    def boxed(number: int, left: int) -> bytes:
        return line(f"s3://leaves/{number}.jpg", boxes=[("elm", (left, 20, 30, 40))])

    document = make_document(boxed(n, 11) for n in range(1, count + 1))
    document.workspace.settle(
        {
            EntryId(n): Settlement(boxed(n, 11), boxed(n, 11), boxed(n, 10), boxed(n, 30))
            for n in range(1, count + 1)
        }
    )
    return document


def test_decisions_on_conflicts_and_their_undo_are_all_or_none(
    in_conflict: Document, settle: Callable[[], None]
) -> None:
    document, disk = in_conflict, Disk(in_conflict)
    workspace, stack = document.workspace, document.undo_stack
    ids = [EntryId(one) for one in workspace.ids()]
    failures: list[Exception] = []
    document.save_failed.connect(failures.append)
    for act, index, left in (
        (lambda: document.resolve_conflicts("Take theirs in 700 images", ids, Side.THEIRS), 0, 700),
        (document.undo, 1, 0),
        (document.redo, 0, 700),
    ):
        lines = list(workspace.lines())
        disk.fail_at(600)
        act()
        settle()
        assert list(workspace.lines()) == lines
        assert len(workspace.ids(Filter(kind=Kind.CONFLICTS))) == left
        assert stack.index() == index
        assert str(failures.pop()).startswith("“Take theirs in 700 images” was not ")
        assert failures == []
        disk.accept()
        act()
        settle()
        assert len(workspace.ids(Filter(kind=Kind.CONFLICTS))) == 700 - left
        assert stack.index() == 1 - index


def test_an_import_is_all_or_none(document: Document, disk: Disk, line: Callable[..., bytes]) -> None:
    workspace = document.workspace
    images = [
        LabelledImage("s3://leaves/new.jpg", labels=("fig",)),
        LabelledImage("s3://leaves/1.jpg", labels=("fig",)),
    ]
    plan = plan_import(Reading(tuple(images)), workspace)
    before = list(workspace.lines()), workspace.labels()
    disk.fail_at(FIRST)
    with pytest.raises(WorkspaceError):
        apply_import(plan, workspace, now=NOW)
    assert (list(workspace.lines()), workspace.labels()) == before
    disk.accept()
    done = apply_import(plan, workspace, now=NOW)
    assert len(workspace.ids()) == MANY + 1
    assert done.edited.step is not None
    made = workspace.step_lines(done.edited.step).values()
    assert [json.loads(after)["source-ref"] for _, after in made] == [
        "s3://leaves/1.jpg",
        "s3://leaves/new.jpg",
    ]
