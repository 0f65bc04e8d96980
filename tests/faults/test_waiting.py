"""What is over by itself is waited for, with a countdown; what is not is said, and the work is kept."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.emulator import Switches, faults
from truthline.errors import CancelledError, OfflineError, ServiceError, ThrottledError
from truthline.sync.push.push import push
from truthline.words import progress_words
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.conftest import Said, Team
    from truthline.emulator.faults import Fault

UPDATE, LIST, DESCRIBE = "UpdateDatasetEntries", "ListDatasetEntries", "DescribeDataset"
FORMS = [faults.throttled(), faults.throttled(status=500), faults.throughput_exceeded()]


class TestThrottled:
    @pytest.mark.parametrize("operation", [UPDATE, LIST, DESCRIBE])
    @pytest.mark.parametrize("form", FORMS, ids=["400", "500", "throughput"])
    def test_a_countdown_runs_over_minutes_and_then_the_push_goes_on(
        self, edited: Team, said: Said, operation: str, form: Fault
    ) -> None:
        """Throttled for three minutes, in each of the forms that the service has for it."""
        token = edited.token()
        edited.emulator.faults.add(operation, form, times=None)

        class Calmed(type(token)):  # type: ignore[misc]
            def wait(self, seconds: float) -> None:
                super().wait(seconds)
                if self.waited > 180:
                    edited.emulator.faults.clear()

        token = Calmed(edited.clock)
        result = push(edited.workspace, edited.aws, cancel=token, report=said)
        assert result.flawless
        assert result.pushed == 3
        assert token.waited > 180
        # Every wait is announced, so that a view can count it down, and they add up.
        assert sum(said.countdowns) > 150
        assert max(said.countdowns) < 60
        assert all(progress_words(progress) for progress in said.told if progress.wait)
        assert len(edited.updates()) == 1
        edited.assert_equal()

    def test_after_five_minutes_it_gives_up_and_keeps_everything(self, edited: Team, said: Said) -> None:
        edited.emulator.faults.add(UPDATE, faults.throttled(), times=None)
        token = edited.token()
        result = push(edited.workspace, edited.aws, cancel=token, report=said)
        assert isinstance(result.error, ThrottledError)
        assert 300 < token.waited < 600
        edited.assert_nothing_pushed()
        assert push(edited.workspace, edited.aws, cancel=edited.token()).flawless
        edited.assert_equal()

    def test_it_can_be_cancelled_while_it_waits(self, edited: Team) -> None:
        edited.emulator.faults.add(UPDATE, faults.throttled(), times=None)
        token = edited.token()
        token.cancel_after = 60.0
        result = push(edited.workspace, edited.aws, cancel=token)
        assert isinstance(result.error, CancelledError)
        edited.assert_nothing_pushed()

    @pytest.mark.parametrize(
        "switches", [Switches(throttle_rates={UPDATE: 0.02, LIST: 0.1, DESCRIBE: 0.5})], ids=["slow"]
    )
    def test_a_service_that_allows_few_calls_gets_all_batches_in_the_end(
        self, team: Team, labelled: Callable[..., Any], said: Said, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("truthline.sync.push.plan.BATCH_BYTES", 2 * (len(labelled(0, "ash")) + 1) + 1)
        team.workspace.save_many(
            {EntryId(entry): labelled(entry - 1, "ash") for entry in team.workspace.ids()}
        )
        result = push(team.workspace, team.aws, cancel=team.token(), report=said)
        assert result.flawless
        assert (result.pushed, result.batches) == (10, 5)
        assert said.countdowns
        assert len(team.sent()) == 10
        team.settle()
        team.assert_equal()


class TestStuck:
    @pytest.mark.parametrize("switches", [Switches(update_seconds=3_000.0)], ids=["50 minutes"])
    def test_after_fifteen_minutes_it_says_so_and_polls_more_slowly(self, edited: Team, said: Said) -> None:
        asked: list[tuple[float, int]] = []
        token = edited.token()

        class Counting(type(token)):  # type: ignore[misc]
            def wait(self, seconds: float) -> None:
                super().wait(seconds)
                asked.append((self.waited, edited.asked(DESCRIBE)))

        result = push(edited.workspace, edited.aws, cancel=Counting(edited.clock), report=said)
        assert result.flawless
        stuck = [text for text in said.texts if "may be stuck" in text]
        assert stuck[0].startswith("UPDATE_IN_PROGRESS for 15 minutes")
        assert "49 minutes" in stuck[-1]
        before = [count for waited, count in asked if waited <= 900]
        after = [count for waited, count in asked if 900 < waited <= 1_800]
        assert (after[-1] - after[0]) * 2 < before[-1] - before[0]
        assert len(edited.updates()) == 1
        edited.assert_equal()

    @pytest.mark.parametrize("switches", [Switches(update_seconds=3_000.0)], ids=["50 minutes"])
    def test_it_survives_a_restart(self, edited: Team, said: Said) -> None:
        token = edited.token()
        token.cancel_after = 1_200.0
        assert isinstance(push(edited.workspace, edited.aws, cancel=token).error, CancelledError)
        # What a restart brings back is what the workspace's file holds.
        path = edited.workspace.path
        edited.workspace.close()
        edited.workspace = type(edited.workspace).open(path)
        result = push(edited.workspace, edited.aws, cancel=edited.token(), report=said)
        assert result.flawless
        assert any("An earlier push was broken off" in text for text in said.texts)
        assert any("3 of its 3 lines were stored" in text for text in said.texts)
        assert len(edited.updates()) == 1
        edited.assert_equal()


class TestStaleStatus:
    @pytest.mark.parametrize(
        "switches",
        [
            Switches(stale_status_seconds=seconds, update_seconds=update, second_update=code)
            for seconds in (3.0, 20.0)
            for update in (0.0, 2.0, 60.0)
            for code in ("ResourceInUseException", "LimitExceededException")
        ],
        ids=str,
    )
    def test_the_status_from_before_an_update_is_not_taken_for_its_end(
        self, team: Team, labelled: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("truthline.sync.push.plan.BATCH_BYTES", 4 * (len(labelled(0, "ash")) + 1) + 1)
        team.workspace.save_many(
            {EntryId(entry): labelled(entry - 1, "ash") for entry in team.workspace.ids()}
        )
        result = push(team.workspace, team.aws, cancel=team.token())
        assert result.flawless
        assert (result.pushed, result.batches) == (10, 3)
        assert len(team.sent()) == 10
        team.assert_equal()


class TestUnreachable:
    @pytest.mark.parametrize("fault", [faults.internal_error(), faults.bad_gateway(), faults.closed()])
    @pytest.mark.parametrize("operation", [UPDATE, LIST, DESCRIBE])
    def test_a_moment_of_it_is_tried_again(self, edited: Team, operation: str, fault: Fault) -> None:
        edited.emulator.faults.add(operation, fault)
        result = push(edited.workspace, edited.aws, cancel=edited.token())
        assert result.flawless
        edited.assert_equal()

    @pytest.mark.parametrize("fault", [faults.internal_error(), faults.bad_gateway(), faults.closed()])
    @pytest.mark.parametrize("operation", [UPDATE, LIST, DESCRIBE])
    def test_for_long_it_ends_the_push_and_the_work_is_kept(
        self, edited: Team, operation: str, fault: Fault
    ) -> None:
        edited.emulator.faults.add(operation, fault, times=None)
        result = push(edited.workspace, edited.aws, cancel=edited.token())
        assert isinstance(result.error, ServiceError)
        assert result.pushed == 0
        edited.assert_nothing_pushed()
        assert push(edited.workspace, edited.aws, cancel=edited.token()).flawless
        edited.assert_equal()

    def test_where_nobody_listens(self, edited: Team) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            nowhere = Connection(
                region="us-east-1", endpoint_url=f"http://127.0.0.1:{probe.getsockname()[1]}"
            )
            with connect(nowhere) as aws:
                result = push(edited.workspace, aws, cancel=edited.token())
        assert isinstance(result.error, OfflineError)
        assert "kept on this computer" in result.error.detail
        edited.assert_nothing_pushed()
        assert push(edited.workspace, edited.aws, cancel=edited.token()).flawless
        edited.assert_equal()
