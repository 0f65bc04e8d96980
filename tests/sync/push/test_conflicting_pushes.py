"""Two people push to one dataset: what merges by itself, what stops, and what is never overwritten unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from present import present
from truthline.emulator import Switches
from truthline.manifest.line import same_value, strip_service_keys
from truthline.progress import Doing, Progress
from truthline.sync.pull.meeting import OnConflict
from truthline.sync.push.push import push
from truthline.workspace.workspace import EntryId, Filter, Kind, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.conftest import Service
    from truthline.emulator.service import Emulator

UPDATE = "UpdateDatasetEntries"


def others_update(service: Service, workspace: Workspace, *lines: bytes) -> None:
    """Somebody else's update, carried out."""
    arn = workspace.info.dataset_arn
    service.aws.rekognition.update_entries(arn, b"".join(line + b"\n" for line in lines))
    service.lines(arn)


def held(service: Service, workspace: Workspace) -> dict[str, bytes]:
    lines = [strip_service_keys(line) for line in service.lines(workspace.info.dataset_arn)]
    return {json.loads(line)["source-ref"]: line for line in lines}


def ref(number: int) -> str:
    return f"s3://leaves/images/{number:04}.jpg"


def with_label(labelled: Callable[..., Any], number: int, *labels: str) -> Any:
    """A line with several class labels."""
    first, *more = [labelled(number, label) for label in labels]
    tails = [line[line.index(b'.jpg"') + 5 : -1] for line in more]
    return first[:-1] + b"".join(tails) + b"}"


@pytest.fixture
def workspace(pulled: Callable[..., Any], labelled: Callable[..., Any]) -> Any:
    return pulled([labelled(n) for n in range(10)])


@pytest.fixture
def contested(service: Service, workspace: Workspace, labelled: Callable[..., Any]) -> Workspace:
    """Entry 1 was relabelled by both, to different labels at the same place; entry 2 by us alone."""
    ids = workspace.ids()
    workspace.save_many(
        {EntryId(ids[1]): relabelled(labelled, 1, "elm"), EntryId(ids[2]): labelled(2, "elm")}
    )
    others_update(service, workspace, relabelled(labelled, 1, "ash"))
    return workspace


def relabelled(labelled: Callable[..., Any], number: int, label: str) -> Any:
    """The same label attribute with another label."""
    return labelled(number).replace(b'"class-name":"oak"', b'"class-name":"%b"' % label.encode())


def test_changes_of_different_attributes_merge_and_are_sent(
    service: Service, workspace: Workspace, labelled: Callable[..., Any]
) -> None:
    entry_id = workspace.ids()[0]
    workspace.save(EntryId(entry_id), with_label(labelled, 0, "oak", "mine"))
    others_update(service, workspace, with_label(labelled, 0, "oak", "theirs"))
    result = push(workspace, service.aws, cancel=service.token())
    assert result.flawless
    assert (result.pushed, result.merged, result.conflicts) == (1, 1, ())
    merged = held(service, workspace)[ref(0)]
    assert {"oak", "mine", "theirs"} <= json.loads(merged).keys()
    entry = workspace.entry(EntryId(entry_id))
    assert same_value(entry.line, merged)
    assert not entry.changed


def test_what_another_person_pushed_alike_is_not_sent_again(
    service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
) -> None:
    workspace.save(EntryId(workspace.ids()[0]), labelled(0, "ash"))
    others_update(service, workspace, labelled(0, "ash"))
    emulator.requests.clear()
    result = push(workspace, service.aws, cancel=service.token())
    assert result.flawless
    assert (result.pushed, result.unchanged) == (0, 10)
    assert UPDATE not in {record.operation for record in emulator.requests}
    assert workspace.counts().changed == 0


def test_a_conflict_stops_its_entry_alone(
    service: Service, contested: Workspace, labelled: Callable[..., Any]
) -> None:
    result = push(contested, service.aws, cancel=service.token())
    assert result.error is None
    assert not result.flawless
    assert result.pushed == 1
    (conflict,) = result.conflicts
    assert (conflict.source_ref, conflict.line, conflict.pointer) == (ref(1), 2, "/oak")
    assert held(service, contested)[ref(1)] == relabelled(labelled, 1, "ash")
    assert held(service, contested)[ref(2)] == labelled(2, "elm")
    (entry,) = contested.entries([EntryId(one) for one in contested.ids(Filter(kind=Kind.CONFLICTS))])
    assert (entry.source_ref, entry.line) == (ref(1), relabelled(labelled, 1, "elm"))
    assert strip_service_keys(present(entry.theirs)) == relabelled(labelled, 1, "ash")
    assert contested.counts().changed == 1
    (told,) = [one for one in contested.push_remarks(contested.pushes()[0].id) if one.kind == "conflict"]
    assert told.source_ref == ref(1)


@pytest.mark.parametrize(
    ("side", "label", "pushed"), [(OnConflict.MINE, "elm", 2), (OnConflict.THEIRS, "ash", 1)]
)
def test_a_conflict_decided_for_one_side(
    service: Service,
    contested: Workspace,
    labelled: Callable[..., Any],
    side: OnConflict,
    label: str,
    pushed: int,
) -> None:
    result = push(contested, service.aws, cancel=service.token(), on_conflict=side)
    assert result.flawless
    assert (result.pushed, result.conflicts) == (pushed, ())
    assert same_value(held(service, contested)[ref(1)], relabelled(labelled, 1, label))
    assert contested.counts().changed == 0
    assert contested.counts().conflicts == 0


def test_a_conflict_that_was_left_open_is_decided_later(
    service: Service, contested: Workspace, labelled: Callable[..., Any]
) -> None:
    push(contested, service.aws, cancel=service.token())
    result = push(contested, service.aws, cancel=service.token(), on_conflict=OnConflict.MINE)
    assert result.flawless
    assert result.pushed == 1
    assert contested.counts().conflicts == 0


def test_a_conflict_ends_when_the_other_side_takes_its_change_back(
    service: Service, contested: Workspace, labelled: Callable[..., Any]
) -> None:
    push(contested, service.aws, cancel=service.token())
    others_update(service, contested, labelled(1))
    result = push(contested, service.aws, cancel=service.token())
    assert result.flawless
    assert contested.counts().conflicts == 0
    assert held(service, contested)[ref(1)] == relabelled(labelled, 1, "elm")


def test_without_looking_the_lines_are_what_the_dataset_shall_hold(
    service: Service, contested: Workspace, labelled: Callable[..., Any]
) -> None:
    result = push(contested, service.aws, cancel=service.token(), on_conflict=None)
    assert result.flawless
    assert held(service, contested)[ref(1)] == relabelled(labelled, 1, "elm")


def test_a_dry_run_tells_conflicts_and_stores_nothing(service: Service, contested: Workspace) -> None:
    result = push(contested, service.aws, cancel=service.token(), dry_run=True)
    assert [one.source_ref for one in result.conflicts] == [ref(1)]
    assert (result.pushed, result.batches) == (1, 1)
    assert contested.counts().conflicts == 0
    assert contested.counts().changed == 2


class TestMeanwhile:
    """Somebody else updates the dataset between our look at it and our update."""

    @pytest.mark.parametrize("switches", [Switches(update_seconds=0.0), Switches()], ids=str)
    def test_between_two_batches(
        self,
        service: Service,
        emulator: Emulator,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("truthline.sync.push.plan.BATCH_BYTES", 2 * len(labelled(0)))
        workspace = pulled([labelled(n) for n in range(4)])
        ids = workspace.ids()
        workspace.save_many({ids[n]: relabelled(labelled, n, "elm") for n in range(4)})
        done: list[Any] = []

        def report(progress: Progress) -> None:
            if progress.about == "UPDATE_COMPLETE" and not done:
                done.append(True)
                emulator.clock.advance(1)  # type: ignore[attr-defined]  # no two updates of the real service fall on one instant
                others_update(service, workspace, relabelled(labelled, 3, "ash"))

        result = push(workspace, service.aws, cancel=service.token(), report=report)
        assert [one.source_ref for one in result.conflicts] == [ref(3)]
        assert result.pushed == 3
        assert held(service, workspace)[ref(3)] == relabelled(labelled, 3, "ash")

    @pytest.mark.parametrize(
        "switches",
        [
            Switches(),
            Switches(second_update="LimitExceededException", stale_status_seconds=5.0),
            Switches(stale_status_seconds=5.0),
        ],
        ids=str,
    )
    def test_their_update_runs_when_ours_comes(
        self, service: Service, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        workspace.save(EntryId(workspace.ids()[1]), relabelled(labelled, 1, "elm"))
        done: list[Any] = []

        def report(progress: Progress) -> None:
            if progress.doing is Doing.SENDING and not done:
                done.append(True)
                line = relabelled(labelled, 1, "ash") + b"\n"
                service.aws.rekognition.update_entries(workspace.info.dataset_arn, line)

        result = push(workspace, service.aws, cancel=service.token(), report=report)
        assert [one.source_ref for one in result.conflicts] == [ref(1)]
        assert result.pushed == 0
        assert held(service, workspace)[ref(1)] == relabelled(labelled, 1, "ash")
        assert workspace.unfinished_push() is None

    def test_an_overwrite_after_ours_is_found_by_the_read_back(
        self, service: Service, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        entry_id = workspace.ids()[0]
        workspace.save(EntryId(entry_id), labelled(0, "ash"))
        done: list[Any] = []

        def report(progress: Progress) -> None:
            if progress.about == "UPDATE_COMPLETE" and not done:
                done.append(True)
                others_update(service, workspace, labelled(0, "theirs"))

        result = push(workspace, service.aws, cancel=service.token(), report=report)
        assert [one.code for one in result.stored_differently] == ["TRUTHLINE_STORED_DIFFERENTLY"]
        assert not result.flawless
        # It is not undone unseen by the next push.
        assert push(workspace, service.aws, cancel=service.token()).batches == 0
        assert held(service, workspace)[ref(0)] == labelled(0, "theirs")

    def test_an_edit_in_the_moment_of_a_merge_is_kept_for_the_next_push(
        self, service: Service, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        entry_id = workspace.ids()[0]
        workspace.save(EntryId(entry_id), with_label(labelled, 0, "oak", "mine"))
        others_update(service, workspace, with_label(labelled, 0, "oak", "theirs"))
        done: list[Any] = []

        def report(progress: Progress) -> None:
            if progress.doing is Doing.LOOKING and not done:
                done.append(True)
                workspace.save(EntryId(entry_id), with_label(labelled, 0, "oak", "later"))

        result = push(workspace, service.aws, cancel=service.token(), report=report)
        assert result.pushed == 0
        assert workspace.entry(EntryId(entry_id)).line == with_label(labelled, 0, "oak", "later")
        assert push(workspace, service.aws, cancel=service.token()).pushed == 1
        assert {"later", "theirs"} <= json.loads(held(service, workspace)[ref(0)]).keys()


def test_an_entry_that_the_dataset_lost_is_new_to_it(
    service: Service, workspace: Workspace, labelled: Callable[..., Any]
) -> None:
    first = workspace.ids()[0]
    workspace.save(EntryId(first), labelled(0, "ash"))
    workspace.set_info(replace(workspace.info, dataset_arn=service.make([], None)))  # type: ignore[arg-type]
    result = push(workspace, service.aws, cancel=service.token())
    assert result.flawless
    assert list(held(service, workspace)) == [ref(0)]
