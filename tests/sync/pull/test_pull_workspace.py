"""Pulling into a workspace: what both sides did, page by page, taken up after a break."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from truthline.emulator import Switches, faults
from truthline.errors import BusyError, CancelledError, OfflineError, UsageError
from truthline.manifest.line import same_value
from truthline.sync.pull.pull import pull
from truthline.sync.push.push import push
from truthline.workspace.workspace import EntryId, Filter, Kind, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.service import Emulator
    from truthline.progress import Progress
    from truthline.workspace.entry import Entry

LIST = "ListDatasetEntries"


def others_update(service: Service, workspace: Workspace, *lines: bytes) -> None:
    arn = workspace.info.dataset_arn
    service.aws.rekognition.update_entries(arn, b"".join(line + b"\n" for line in lines))
    service.lines(arn)


def relabelled(labelled: Callable[..., Any], number: int, label: str) -> Any:
    return labelled(number).replace(b'"class-name":"oak"', b'"class-name":"%b"' % label.encode())


def listings(emulator: Emulator) -> list[dict[str, Any]]:
    return [one.params for one in emulator.requests if one.operation == LIST]


def test_what_came_in_is_told_and_stored(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(n) for n in range(6)])
    ids = workspace.ids()
    workspace.save(ids[1], labelled(1, "mine"))
    workspace.save(ids[2], relabelled(labelled, 2, "mine"))
    workspace.save(ids[3], labelled(3)[:-1] + b',"note":"mine"}')
    workspace.append([NewEntry(labelled(7))])
    others_update(
        service,
        workspace,
        labelled(0, "theirs"),
        relabelled(labelled, 2, "theirs"),
        labelled(3)[:-1] + b',"remark":"theirs"}',
        labelled(6),
    )
    result = pull(workspace, service.aws, cancel=service.token())
    assert result.error is None
    assert result.complete
    told = (result.added, result.changed, result.merged, result.conflicts, result.unchanged, result.gone)
    assert told == (1, 1, 1, 1, 3, 0)
    assert result.read == 7
    entries = {json.loads(entry.line)["source-ref"][-8:-4]: entry for entry in everything(workspace)}
    assert entries["0000"].line == labelled(0, "theirs")
    assert not entries["0000"].changed
    assert entries["0001"].line == labelled(1, "mine")
    assert entries["0002"].theirs is not None
    assert {"note", "remark"} <= json.loads(entries["0003"].line).keys()
    assert entries["0003"].changed
    assert not entries["0006"].changed
    assert entries["0007"].base is None
    assert len(result.came) == 4


def everything(workspace: Workspace) -> list[Entry]:
    return workspace.entries([EntryId(one) for one in workspace.ids()])


def test_nothing_new_changes_nothing(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(n) for n in range(3)])
    before = everything(workspace)
    result = pull(workspace, service.aws, cancel=service.token())
    assert (result.unchanged, result.came, result.complete) == (3, (), True)
    assert everything(workspace) == before


def test_a_workspace_of_a_folder_takes_the_labels_that_are_there(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any], tmp_path: Path
) -> None:
    arn = pulled([labelled(n) for n in range(2)]).info.dataset_arn
    info = WorkspaceInfo("mine", dataset_arn=arn)
    with Workspace.create(tmp_path / "mine.truthline", info) as workspace:
        bare = b'{"source-ref":"s3://leaves/images/0000.jpg"}'
        workspace.append([NewEntry(bare), NewEntry(labelled(1, "ash"))])
        result = pull(workspace, service.aws, cancel=service.token())
        assert (result.merged, result.conflicts) == (2, 0)
        first, second = everything(workspace)
        assert same_value(first.line, labelled(0))
        assert {"oak", "ash"} <= json.loads(second.line).keys()


def test_entries_that_the_dataset_no_longer_holds_would_be_new_to_it(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any], tmp_path: Path
) -> None:
    workspace = pulled([labelled(n) for n in range(3)])
    other = service.make([labelled(0)], tmp_path)
    workspace.set_info(WorkspaceInfo("again", dataset_arn=other))
    result = pull(workspace, service.aws, cancel=service.token())
    assert (result.unchanged, result.gone) == (1, 2)
    assert [entry.base is None for entry in everything(workspace)] == [False, True, True]


def test_remote_errors_come_along(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(n) for n in range(2)])
    wrong = labelled(0).replace(b"image-classification", b"nonsense")
    others_update(service, workspace, wrong)
    pull(workspace, service.aws, cancel=service.token())
    assert everything(workspace)[0].remote_errors
    others_update(service, workspace, labelled(0))
    pull(workspace, service.aws, cancel=service.token())
    assert not everything(workspace)[0].remote_errors


class TestBrokenOff:
    def test_a_cancelled_pull_keeps_what_arrived_and_goes_on(
        self, service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(n) for n in range(250)])
        others_update(service, workspace, *[labelled(n, "theirs") for n in range(250)])
        token = service.token()

        def report(progress: Progress) -> None:
            if progress.done == 100:
                token.cancel()

        result = pull(workspace, service.aws, cancel=token, report=report)
        assert isinstance(result.error, CancelledError)
        assert not result.complete
        assert result.changed == 100
        assert workspace.info.seen_updated == "" or result.read == 100
        emulator.requests.clear()
        result = pull(workspace, service.aws, cancel=service.token())
        assert result.complete
        assert result.changed == 150
        assert len(listings(emulator)) == 2
        assert all("theirs" in json.loads(entry.line) for entry in everything(workspace))

    def test_after_an_update_it_begins_anew(
        self, service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(n) for n in range(250)])
        emulator.faults.add(LIST, faults.closed(), times=None)
        token = service.token()
        assert isinstance(pull(workspace, service.aws, cancel=token).error, OfflineError)
        emulator.faults.clear()
        others_update(service, workspace, labelled(0, "theirs"))
        emulator.requests.clear()
        assert pull(workspace, service.aws, cancel=service.token()).changed == 1
        assert len(listings(emulator)) == 3

    def test_a_page_that_the_service_forgot_begins_anew(
        self, service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(n) for n in range(250)])
        token = service.token()

        def report(progress: Progress) -> None:
            if progress.done == 100:
                token.cancel()

        pull(workspace, service.aws, cancel=token, report=report)
        text = "Invalid Pagination Token"
        emulator.faults.add(LIST, faults.service_error("InvalidPaginationTokenException", text))
        result = pull(workspace, service.aws, cancel=service.token())
        assert result.complete
        assert result.unchanged == 250

    def test_updates_while_it_reads_begin_it_anew(
        self, service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(n) for n in range(250)])
        others = iter(["one", "two"])

        def report(progress: Progress) -> None:
            if progress.done == 200 and (label := next(others, None)):
                others_update(service, workspace, labelled(0, label))

        result = pull(workspace, service.aws, cancel=service.token(), report=report)
        assert result.complete
        assert "two" in json.loads(everything(workspace)[0].line)

    def test_endless_updates_are_told(
        self, service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(n) for n in range(250)])
        seen = workspace.info.seen_updated
        labels = iter(f"label{n}" for n in range(100))

        def report(progress: Progress) -> None:
            if progress.done == 200:
                others_update(service, workspace, labelled(0, next(labels)))

        result = pull(workspace, service.aws, cancel=service.token(), report=report)
        assert isinstance(result.error, BusyError)
        assert not result.complete
        assert workspace.info.seen_updated == seen


@pytest.mark.parametrize(
    "switches",
    [
        Switches(list_while_updating="ResourceInUseException"),
        Switches(list_while_updating="ResourceNotReadyException", stale_status_seconds=3.0),
        Switches(last_page_token="empty"),
        Switches(listing="normalised"),
        Switches(listing="known_keys"),
    ],
    ids=str,
)
def test_whatever_the_service_does_a_pull_and_a_push_meet(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(n) for n in range(4)])
    workspace.save(workspace.ids()[0], labelled(0, "mine"))
    arn = workspace.info.dataset_arn
    service.aws.rekognition.update_entries(arn, labelled(1, "theirs") + b"\n")
    assert pull(workspace, service.aws, cancel=service.token()).complete
    assert push(workspace, service.aws, cancel=service.token()).flawless
    assert pull(workspace, service.aws, cancel=service.token()).came == ()
    assert workspace.counts().changed == 0
    assert not workspace.ids(Filter(kind=Kind.CONFLICTS))


def test_a_workspace_without_a_dataset_is_wrong_usage(service: Service, pulled: Callable[..., Any]) -> None:
    workspace = pulled([])
    workspace.set_info(WorkspaceInfo("none"))
    assert isinstance(pull(workspace, service.aws, cancel=service.token()).error, UsageError)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mine=st.dictionaries(st.integers(0, 5), st.sampled_from(["ash", "elm"])),
    theirs=st.dictionaries(st.integers(0, 5), st.sampled_from(["ash", "elm", "fir"])),
)
def test_pull_then_push_leaves_both_sides_with_the_same(
    service: Service,
    pulled: Callable[..., Any],
    labelled: Callable[..., Any],
    mine: dict[int, str] | dict[str, Any],
    theirs: dict[int, str] | dict[str, Any],
) -> None:
    workspace = pulled([labelled(n) for n in range(6)])
    ids = workspace.ids()
    if mine:
        workspace.save_many({ids[n]: relabelled(labelled, n, label) for n, label in mine.items()})  # type: ignore[arg-type]
    if theirs:
        others_update(service, workspace, *[relabelled(labelled, n, label) for n, label in theirs.items()])  # type: ignore[arg-type]
    assert pull(workspace, service.aws, cancel=service.token()).complete
    differ = {n for n in mine.keys() & theirs.keys() if mine[n] != theirs[n]}  # type: ignore[index]
    in_conflict = {one - ids[0] for one in workspace.ids(Filter(kind=Kind.CONFLICTS))}
    assert in_conflict == differ
    result = push(workspace, service.aws, cancel=service.token())
    assert len({one.source_ref for one in result.conflicts}) == len(differ)
    lines = {
        json.loads(line)["source-ref"]: json.loads(line) for line in service.lines(workspace.info.dataset_arn)
    }
    for entry in everything(workspace):
        number = entry.id - ids[0]
        wanted = (
            theirs.get(number, "oak") if number in differ else mine.get(number, theirs.get(number, "oak"))
        )
        assert lines[entry.source_ref]["oak-metadata"]["class-name"] == wanted


@pytest.mark.long
@pytest.mark.parametrize("switches", [Switches(update_seconds=0.0, create_seconds=0.0)], ids=["at once"])
def test_the_largest_dataset(
    service: Any,
    emulator: Emulator,
    pulled: Any,
    labelled: Callable[..., Any],
    report: Callable[..., Any],
    progress: Any,
) -> None:
    """250,000 entries at 100 a page: cancelled in the middle, what arrived stays, and the rest follows."""
    count = 250_000
    workspace = pulled([])
    arn = workspace.info.dataset_arn
    for start in range(0, count, 10_000):
        blob = b"".join(labelled(n) + b"\n" for n in range(start, start + 10_000))
        service.aws.rekognition.update_entries(arn, blob)
        service.aws.rekognition.describe_dataset(arn)
    token = service.token()

    def cancel_half_way(told: Any) -> None:
        if told.done >= count // 2:
            token.cancel()

    result = pull(workspace, service.aws, cancel=token, report=cancel_half_way)
    assert isinstance(result.error, CancelledError)
    assert workspace.counts().total == result.added >= count // 2 - 100
    emulator.requests.clear()
    rest = pull(workspace, service.aws, cancel=service.token(), report=report)
    assert rest.complete
    assert result.added + rest.added == workspace.counts().total == count
    assert len(listings(emulator)) <= count // 200 + 1
    again = pull(workspace, service.aws, cancel=service.token())
    assert (again.unchanged, again.came) == (count, ())
