"""Pushing to the emulator: whatever it does, the dataset ends up as the workspace."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import Switches, faults
from truthline.emulator.wire import Answer, json_answer, request_id
from truthline.errors import CancelledError, OfflineError, ServiceError, UsageError
from truthline.manifest.line import same_value, strip_service_keys
from truthline.sync.push.push import push
from truthline.workspace.workspace import BatchState, EntryId, NewEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.conftest import Service
    from truthline.emulator.faults import Fault
    from truthline.emulator.service import Emulator

UPDATE = "UpdateDatasetEntries"


def updates(emulator: Emulator) -> list[Any] | list[list[bytes]]:
    """The updates that were carried out, each as its lines."""
    records = [record for record in emulator.requests if record.operation == UPDATE and record.params]
    return [record.params["Changes"]["GroundTruth"].splitlines() for record in records]


def held(service: Service, workspace: Workspace) -> dict[str, bytes]:
    lines = [strip_service_keys(line) for line in service.lines(workspace.info.dataset_arn)]
    return {json.loads(line)["source-ref"]: line for line in lines}


def assert_equal(service: Service, workspace: Workspace) -> None:
    remote = held(service, workspace)
    entries = workspace.entries([EntryId(one) for one in workspace.ids()])
    assert {entry.source_ref for entry in entries} == set(remote)
    for entry in entries:
        assert same_value(remote[entry.source_ref], entry.line)
        assert not entry.changed


@pytest.fixture
def edited(pulled: Callable[..., Any], labelled: Callable[..., Any]) -> Any:
    """A workspace of ten entries of which three are changed, one of them a new one."""
    workspace = pulled([labelled(n) for n in range(10)])
    first, second, *_ = workspace.ids()
    workspace.save_many({first: labelled(0, "ash"), second: labelled(1, "elm")})
    workspace.append([NewEntry(labelled(10))])
    return workspace


SWITCHES = [
    Switches(),
    Switches(update_seconds=0.0),
    Switches(update_seconds=1200.0),
    Switches(update_existing="merge"),
    Switches(second_update="LimitExceededException"),
    Switches(list_while_updating="ResourceInUseException"),
    Switches(list_while_updating="ResourceNotReadyException", stale_status_seconds=10.0),
    Switches(stale_status_seconds=10.0),
    Switches(stale_status_seconds=10.0, update_seconds=0.0),
    Switches(last_page_token="empty"),
    Switches(repeated_source_ref="first"),
    Switches(repeated_source_ref="last"),
    Switches(listing="normalised"),
    Switches(listing="known_keys"),
]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_every_behaviour_of_the_service_ends_in_the_same_dataset(
    service: Service,
    pulled: Callable[..., Any],
    labelled: Callable[..., Any],
    report: Callable[..., Any],
    progress: list[Any],
    switches: Switches,
) -> None:
    workspace = pulled([labelled(n) for n in range(10)])
    ids = list(workspace.ids())
    # Only additions, so that a service which merges keys ends up with the same.
    line = labelled(0)[:-1] + labelled(0, "ash")[labelled(0).index(b',"oak"') : -1] + b"}"
    workspace.save(ids[0], line)
    workspace.append([NewEntry(labelled(10)), NewEntry(labelled(11, "elm"))])
    result = push(workspace, service.aws, cancel=service.token(), report=report)
    assert result.error is None
    assert result.flawless
    assert (result.pushed, result.unchanged, result.batches, result.status) == (3, 9, 1, "UPDATE_COMPLETE")
    assert "UPDATE_COMPLETE" in progress
    assert_equal(service, workspace)
    again = push(workspace, service.aws, cancel=service.token())
    assert (again.pushed, again.unchanged, again.batches, again.status) == (0, 12, 0, None)


def test_only_lines_that_differ_are_sent_in_line_order(
    service: Service, emulator: Emulator, edited: Workspace, labelled: Callable[..., Any]
) -> None:
    result = push(edited, service.aws, cancel=service.token())
    assert updates(emulator) == [[labelled(0, "ash"), labelled(1, "elm"), labelled(10)]]
    assert (result.pushed, result.unchanged) == (3, 8)
    assert_equal(service, edited)
    assert edited.unfinished_push() is None
    (journal,) = edited.pushes()
    assert [batch.state for batch in edited.batches(journal.id)] == [BatchState.VERIFIED]


def test_a_dry_run_sends_nothing_and_changes_nothing(
    service: Service, emulator: Emulator, edited: Workspace
) -> None:
    result = push(edited, service.aws, cancel=service.token(), dry_run=True)
    assert (result.pushed, result.unchanged, result.batches, result.status) == (3, 8, 1, None)
    assert updates(emulator) == []
    assert edited.pushes() == []
    assert edited.counts().changed == 3


def test_a_workspace_without_a_dataset_is_wrong_usage(service: Service, edited: Workspace) -> None:
    edited.set_info(replace(edited.info, dataset_arn=""))
    result = push(edited, service.aws, cancel=service.token())
    assert isinstance(result.error, UsageError)


def test_few_lines_are_read_back_by_name_and_many_by_listing(
    service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(n) for n in range(301)])
    ids = list(workspace.ids())
    for count in (3, 4):
        workspace.save_many({ids[n]: labelled(n, f"kind{count}") for n in range(count)})
        emulator.requests.clear()
        assert push(workspace, service.aws, cancel=service.token()).pushed == count
        listings = [r.params for r in emulator.requests if r.operation == "ListDatasetEntries"]
        # Once to look what others did, once to read back.
        assert sum("SourceRefContains" in params for params in listings) == (6 if count == 3 else 0)
        assert len(listings) == (6 if count == 3 else 8)


def test_a_longer_name_that_contains_another_is_not_taken_for_it(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    longer = labelled(1).replace(b"0001.jpg", b"0001.jpg.png")
    workspace = pulled([longer, labelled(1), *[labelled(n) for n in range(100, 250)]])
    workspace.save(workspace.ids()[1], labelled(1, "ash"))
    assert push(workspace, service.aws, cancel=service.token()).flawless
    assert_equal(service, workspace)


class TestDropped:
    def test_lines_dropped_in_silence_are_found(
        self, service: Service, emulator: Emulator, edited: Workspace
    ) -> None:
        # What the emulator drops is refused before; so let it take the update and carry nothing out.
        emulator.faults.add(UPDATE, faults.Fault(answer=_empty_success()))
        result = push(edited, service.aws, cancel=service.token())
        assert result.error is None
        assert (result.pushed, result.batches) == (0, 1)
        assert [(one.code, one.line) for one in result.dropped] == [
            ("TRUTHLINE_NOT_STORED", 1),
            ("TRUTHLINE_NOT_STORED", 2),
            ("TRUTHLINE_NOT_STORED", 11),
        ]
        assert not result.flawless
        assert edited.counts().changed == 3
        assert push(edited, service.aws, cancel=service.token()).pushed == 3

    def test_a_failed_update_stops_the_push_and_keeps_the_services_words(
        self, service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(0)])
        # The emulator holds such a line for unusable, as the service does; nobody's rules see that here.
        workspace.append([NewEntry(labelled(n, f"l{n}")) for n in range(1, 252)])
        result = push(workspace, service.aws, cancel=service.token())
        assert result.status == "UPDATE_FAILED"
        assert "too many labels" in result.message
        assert isinstance(result.error, ServiceError)
        # As many as there is room for are stored on the way.
        assert result.pushed == 249
        assert {one.code for one in result.dropped} == {"TRUTHLINE_UPDATE_FAILED"}
        assert "too many labels" in result.dropped[0].message
        assert workspace.unfinished_push() is None

    @pytest.mark.parametrize("switches", [Switches(update_existing="merge")], ids=str)
    def test_keys_that_the_service_keeps_are_told(self, service: Service, edited: Workspace) -> None:
        result = push(edited, service.aws, cancel=service.token())
        assert result.pushed == 1
        assert [(one.code, one.line) for one in result.stored_differently] == [
            ("TRUTHLINE_STORED_DIFFERENTLY", 1),
            ("TRUTHLINE_STORED_DIFFERENTLY", 2),
        ]
        assert not result.flawless


def _empty_success() -> Answer:
    return json_answer({}, request_id())


class TestUnknownKeys:
    @pytest.mark.parametrize("switches", [Switches(listing="known_keys")], ids=str)
    def test_a_line_that_comes_back_without_them_is_stored_and_unchanged(
        self, service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(0)])
        line = labelled(0)[:-1] + b',"note":"mine"}'
        entry_id = workspace.ids()[0]
        workspace.save(entry_id, line)
        assert push(workspace, service.aws, cancel=service.token()).flawless
        assert workspace.entry(entry_id).line == line
        assert not workspace.entry(entry_id).changed
        assert push(workspace, service.aws, cancel=service.token()).unchanged == 1
        assert len(updates(emulator)) == 1
        workspace.save(entry_id, labelled(0, "ash"))
        assert workspace.entry(entry_id).changed


class TestRemoteErrors:
    def test_errors_of_pushed_and_of_unchanged_lines_are_stored_and_listed(
        self, service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        wrong = [labelled(n).replace(b"image-classification", b"nonsense") for n in range(3)]
        workspace = pulled([wrong[0], labelled(1), labelled(2)])
        workspace.save(workspace.ids()[1], wrong[1])
        result = push(workspace, service.aws, cancel=service.token())
        assert result.error is None
        assert result.pushed == 1
        lines = {one.line for one in result.remote_errors}
        assert lines == {1, 2}
        assert "ERROR_UNSUPPORTED_USE_CASE_TYPE" in {one.code for one in result.remote_errors}
        assert not result.flawless
        assert workspace.counts().with_remote_errors == 2

    def test_errors_that_are_gone_are_taken_away(
        self, service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        wrong = labelled(0).replace(b"image-classification", b"nonsense")
        workspace = pulled([wrong, labelled(1)])
        assert workspace.counts().with_remote_errors == 1
        service.aws.rekognition.update_entries(workspace.info.dataset_arn, labelled(0) + b"\n")
        assert push(workspace, service.aws, cancel=service.token()).remote_errors == ()
        assert workspace.counts().with_remote_errors == 0

    def test_what_somebody_else_changed_is_not_taken_for_our_base(
        self, service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        wrong = labelled(0).replace(b"image-classification", b"nonsense")
        workspace = pulled([wrong, labelled(1)])
        theirs = labelled(0, "ash").replace(b"image-classification", b"nonsense")
        service.aws.rekognition.update_entries(workspace.info.dataset_arn, theirs + b"\n")
        push(workspace, service.aws, cancel=service.token())
        push(workspace, service.aws, cancel=service.token())
        assert len(updates(emulator)) == 1
        assert workspace.entry(workspace.ids()[0]).base == wrong


class TestFaults:
    @pytest.mark.parametrize("carried_out", [True, False])
    @pytest.mark.parametrize("switches", [Switches(), Switches(stale_status_seconds=10.0)], ids=str)
    def test_a_lost_reply_is_settled_by_reading_back(
        self, service: Service, emulator: Emulator, edited: Workspace, carried_out: bool
    ) -> None:
        emulator.faults.add(UPDATE, faults.reply_lost() if carried_out else faults.closed())
        result = push(edited, service.aws, cancel=service.token())
        assert result.flawless
        assert result.pushed == 3
        assert len(updates(emulator)) == 1
        assert result.batches == (1 if carried_out else 2)
        assert_equal(service, edited)

    @pytest.mark.parametrize("fault", [faults.html(), faults.internal_error(), faults.bad_gateway()])
    def test_an_answer_that_says_nothing_is_not_believed(
        self, service: Service, emulator: Emulator, edited: Workspace, fault: Fault
    ) -> None:
        emulator.faults.add(UPDATE, fault)
        result = push(edited, service.aws, cancel=service.token())
        assert result.flawless
        assert_equal(service, edited)

    def test_a_service_that_never_answers_ends_the_push_with_what_is_known(
        self, service: Service, emulator: Emulator, edited: Workspace
    ) -> None:
        emulator.faults.add(UPDATE, faults.closed(), times=None)
        result = push(edited, service.aws, cancel=service.token())
        assert isinstance(result.error, OfflineError)
        assert (result.pushed, result.unchanged) == (0, 8)
        assert [one.line for one in result.dropped] == [1, 2, 11]
        emulator.faults.clear()
        assert push(edited, service.aws, cancel=service.token()).flawless

    def test_throttling_is_waited_out(
        self,
        service: Service,
        emulator: Emulator,
        edited: Workspace,
        report: Callable[..., Any],
        progress: list[Any],
    ) -> None:
        emulator.faults.add(UPDATE, faults.throttled(), times=4)
        emulator.faults.add("ListDatasetEntries", faults.throttled(), times=7)
        emulator.faults.add("DescribeDataset", faults.throttled(), times=4)
        result = push(edited, service.aws, cancel=service.token(), report=report)
        assert result.flawless
        assert any("Trying again." in text for text in progress)
        assert len(updates(emulator)) == 1
        assert_equal(service, edited)

    def test_throttling_for_ever_ends_the_push(
        self, service: Service, emulator: Emulator, edited: Workspace
    ) -> None:
        emulator.faults.add(UPDATE, faults.throttled(), times=None)
        result = push(edited, service.aws, cancel=service.token())
        assert isinstance(result.error, ServiceError)
        assert result.batches == 0
        assert edited.unfinished_push() is None

    @pytest.mark.parametrize(
        "switches",
        [Switches(), Switches(second_update="LimitExceededException", stale_status_seconds=5.0)],
        ids=str,
    )
    def test_another_persons_update_is_waited_for(
        self, service: Service, edited: Workspace, labelled: Callable[..., Any]
    ) -> None:
        other = labelled(5, "theirs")
        service.aws.rekognition.update_entries(edited.info.dataset_arn, other + b"\n")
        result = push(edited, service.aws, cancel=service.token())
        assert result.error is None
        assert result.pushed == 3
        assert held(service, edited)["s3://leaves/images/0005.jpg"] == other

    def test_a_refused_batch_leaves_the_journal_closed(
        self, service: Service, emulator: Emulator, edited: Workspace
    ) -> None:
        emulator.faults.add(UPDATE, faults.access_denied())
        result = push(edited, service.aws, cancel=service.token())
        assert "rekognition:UpdateDatasetEntries" in str(result.error)
        assert edited.unfinished_push() is None
        assert edited.counts().changed == 3

    def test_offline_at_once_is_told_with_what_is_refused(
        self, service: Service, emulator: Emulator, edited: Workspace
    ) -> None:
        emulator.faults.add("*", faults.closed(), times=None)
        result = push(edited, service.aws, cancel=service.token())
        assert isinstance(result.error, OfflineError)
        assert result.status is None


class TestBrokenOff:
    @pytest.mark.parametrize("switches", [Switches(), Switches(stale_status_seconds=3.0)], ids=str)
    @pytest.mark.parametrize("at", range(1, 8))
    def test_a_cancelled_push_is_finished_by_the_next(
        self, service: Service, emulator: Emulator, edited: Workspace, at: int
    ) -> None:
        token = service.token()
        token.cancel_at = at
        result = push(edited, service.aws, cancel=token)
        if result.error:
            assert isinstance(result.error, CancelledError)
        result = push(edited, service.aws, cancel=service.token())
        assert result.flawless
        assert edited.unfinished_push() is None
        assert_equal(service, edited)
        assert len(updates(emulator)) == 1

    def test_an_edit_made_meanwhile_is_a_change_again(
        self, service: Service, emulator: Emulator, edited: Workspace, labelled: Callable[..., Any]
    ) -> None:
        token = service.token()
        token.cancel_at = 1
        push(edited, service.aws, cancel=token)
        edited.save(EntryId(edited.ids()[0]), labelled(0, "beech"))
        result = push(edited, service.aws, cancel=service.token())
        assert result.pushed == 1
        assert updates(emulator)[-1] == [labelled(0, "beech")]
        assert_equal(service, edited)

    def test_connection_lost_while_waiting(
        self, service: Service, emulator: Emulator, edited: Workspace
    ) -> None:
        class Unplugged(type(service.token())):  # type: ignore[misc]
            def wait(self, seconds: float) -> None:
                if not self.waits:
                    emulator.faults.add("DescribeDataset", faults.closed(), times=None)
                super().wait(seconds)

        result = push(edited, service.aws, cancel=Unplugged(emulator.clock))
        assert isinstance(result.error, OfflineError)
        assert edited.unfinished_push() is not None
        emulator.faults.clear()
        assert push(edited, service.aws, cancel=service.token()).unchanged == 11
        assert len(updates(emulator)) == 1
        assert_equal(service, edited)


def test_the_dataset_decides_which_bucket_is_right(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(0)])
    workspace.append([NewEntry(labelled(n, bucket="elsewhere")) for n in range(1, 4)])
    result = push(workspace, service.aws, cancel=service.token())
    assert [(one.code, one.line) for one in result.refused] == [
        ("TRUTHLINE_OTHER_BUCKET", 2),
        ("TRUTHLINE_OTHER_BUCKET", 3),
        ("TRUTHLINE_OTHER_BUCKET", 4),
    ]
    assert result.pushed == 0
