"""Update failed without a reason: the guilty lines are found, the others stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import Switches, faults
from truthline.emulator.wire import json_answer, request_id
from truthline.errors import CancelledError, ServiceError
from truthline.manifest.line import strip_service_keys
from truthline.progress import CancelToken, Doing, Progress
from truthline.sync.push import halving
from truthline.sync.push.push import push
from truthline.workspace.workspace import BatchState, NewEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.dispatch import RequestRecord
    from truthline.emulator.service import Emulator

BUCKET = "leaves"
UPDATE = "UpdateDatasetEntries"
CHECKED = Switches(check_images="yes", failing_share=0.0)
"""Any line whose image cannot be read fails the update that holds it; no rule of ours sees that."""


def updates(emulator: Emulator) -> list[RequestRecord]:
    return [one for one in emulator.requests if one.operation == UPDATE and one.status == 200]


def stored(service: Service, workspace: Workspace) -> set[str]:
    lines = [strip_service_keys(line) for line in service.lines(workspace.info.dataset_arn)]
    return {json.loads(line)["source-ref"] for line in lines}


def ref(number: int) -> str:
    return f"s3://{BUCKET}/images/{number:04}.jpg"


@pytest.fixture
def with_images(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any], tmp_path: Path
) -> Callable[..., Any]:
    """Makes a workspace of new entries; those numbered ``without`` have no image in the bucket."""

    def make(count: int, without: set[int]) -> Any:
        picture = tmp_path / "picture.jpg"
        picture.write_bytes(b"\xff\xd8\xff\xe0 as far as the emulator looks")
        service.aws.s3.create_bucket(BUCKET)
        for number in set(range(count)) - set(without):
            key = f"images/{number:04}.jpg"
            service.aws.s3.upload(picture, BUCKET, key, report=lambda _: None, cancel=CancelToken())
        workspace = pulled([])
        workspace.append([NewEntry(labelled(number)) for number in range(count)])
        return workspace

    return make


@pytest.mark.parametrize("switches", [CHECKED], ids=["checked"])
class TestCulprits:
    @pytest.mark.parametrize("without", [{5}, {0}, {15}, {3, 4}, {0, 7, 15}])
    def test_stand_alone_in_the_end(
        self, service: Service, emulator: Emulator, with_images: Callable[..., Any], without: set[int]
    ) -> None:
        workspace = with_images(16, without)
        result = push(workspace, service.aws, cancel=service.token())
        assert result.error is None
        assert not result.flawless
        assert {(one.source_ref, one.code) for one in result.dropped} == {
            (ref(number), "TRUTHLINE_UPDATE_FAILED") for number in without
        }
        assert all("terminal errors" in one.message for one in result.dropped)
        assert stored(service, workspace) == {ref(number) for number in set(range(16)) - without}
        assert result.pushed == 16 - len(without)
        assert workspace.counts().changed == len(without)
        assert len(updates(emulator)) == result.batches <= 1 + 2 * 4 * len(without)

    def test_are_told_with_how_far_the_search_is(
        self,
        service: Service,
        with_images: Callable[..., Any],
        report: Callable[..., Any],
        progress: list[Any],
    ) -> None:
        workspace = with_images(4, {2})
        push(workspace, service.aws, cancel=service.token(), report=report)
        told = [text for text in progress if "to blame" in text]
        during = progress[progress.index(told[0]) : len(progress) - progress[::-1].index(told[-1])]
        assert not [text for text in during if text.isupper()], "it is not hidden behind the status"
        assert list(dict.fromkeys(told)) == [
            "The update failed. Looking which of its 4 lines are to blame: update 2 of at most 100",
            "The update failed. Looking which of its 2 lines are to blame: update 4 of at most 100",
        ]

    def test_stand_in_the_history(self, service: Service, with_images: Callable[..., Any]) -> None:
        workspace = with_images(4, {2})
        push(workspace, service.aws, cancel=service.token())
        (journal,) = workspace.pushes()
        assert "3 lines sent and read back" in journal.outcome
        states = [batch.state for batch in workspace.batches(journal.id)]
        assert states.count(BatchState.FAILED) == 3
        (told,) = workspace.push_remarks(journal.id)
        assert (told.kind, told.source_ref) == ("not stored", ref(2))

    def test_beyond_the_bound_are_said_to_be_among_the_rest(
        self,
        service: Service,
        emulator: Emulator,
        with_images: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(halving, "UPDATES_AT_MOST", 4)
        workspace = with_images(16, {5})
        result = push(workspace, service.aws, cancel=service.token())
        assert result.pushed == 12
        assert {one.source_ref for one in result.dropped} == {ref(number) for number in range(4, 8)}
        assert all("push again" in one.message for one in result.dropped)
        assert len(updates(emulator)) == 5
        again = push(workspace, service.aws, cancel=service.token())
        assert [one.source_ref for one in again.dropped] == [ref(5)]

    def test_the_search_can_be_cancelled_and_is_taken_up(
        self, service: Service, with_images: Callable[..., Any]
    ) -> None:
        workspace = with_images(16, {5})
        token = service.token()
        token.cancel_at = 6
        result = push(workspace, service.aws, cancel=token)
        assert isinstance(result.error, CancelledError)
        result = push(workspace, service.aws, cancel=service.token())
        assert [one.source_ref for one in result.dropped] == [ref(5)]
        assert stored(service, workspace) == {ref(number) for number in range(16) if number != 5}


class TestWholeDataset:
    def test_too_many_labels_stop_the_search(
        self, service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(n, f"l{n}") for n in range(250)])
        workspace.append([NewEntry(labelled(n, f"l{n}")) for n in range(250, 270)])
        result = push(workspace, service.aws, cancel=service.token())
        assert isinstance(result.error, ServiceError)
        assert "too many labels" in str(result.error)
        assert len(updates(emulator)) == 3
        assert workspace.unfinished_push() is None

    def test_a_fault_of_the_services_own_is_not_searched_for(
        self, service: Service, emulator: Emulator, pulled: Callable[..., Any], labelled: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(0)])
        arn = workspace.info.dataset_arn
        workspace.append([NewEntry(labelled(n)) for n in range(1, 5)])
        client = service.aws.rekognition._reads
        told = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        failed = {
            **told,
            "Status": "UPDATE_FAILED",
            "StatusMessage": "Amazon Rekognition experienced a service issue.",
            "StatusMessageCode": "SERVICE_ERROR",
            "CreationTimestamp": told["CreationTimestamp"].timestamp(),
            "LastUpdatedTimestamp": told["LastUpdatedTimestamp"].timestamp() + 60,
        }

        def report(progress: Progress) -> None:
            if progress.doing is Doing.SENDING:
                answer = json_answer({"DatasetDescription": failed}, request_id())
                emulator.faults.add("DescribeDataset", faults.Fault(answer=answer), times=None)

        result = push(workspace, service.aws, cancel=service.token(), report=report)
        assert "service issue" in str(result.error)
        assert len(updates(emulator)) == 1
