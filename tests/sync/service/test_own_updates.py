"""Whether the dataset was updated by somebody else: never said of an own push, never left out of others'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from truthline.emulator import Switches, faults
from truthline.errors import OfflineError
from truthline.progress import CancelToken, Doing, Progress, ignore_progress
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import Source, SourceKind
from truthline.sync.pull.pull import pull
from truthline.sync.push.push import push
from truthline.sync.service.own_updates import Unseen, Whose, unseen_update
from truthline.workspace.workspace import EntryId, NewEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.service import Emulator

UPDATE, DESCRIBE = "UpdateDatasetEntries", "DescribeDataset"


@pytest.fixture
def workspace(pulled: Callable[..., Any], labelled: Callable[..., Any]) -> Any:
    return pulled([labelled(n) for n in range(10)])


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch, labelled: Callable[..., Any]) -> None:
    """Two lines fit into a batch."""
    monkeypatch.setattr("truthline.sync.push.plan.BATCH_BYTES", 3 * len(labelled(0)))


def relabel(workspace: Workspace, labelled: Callable[..., Any], count: int, label: str = "elm") -> None:
    workspace.save_many({EntryId(one): labelled(one - 1, label) for one in list(workspace.ids())[:count]})


def others_update(service: Service, workspace: Workspace, line: bytes) -> None:
    """Somebody else's update, carried out."""
    arn = workspace.info.dataset_arn
    service.aws.rekognition.update_entries(arn, line + b"\n")
    service.lines(arn)


def whose(service: Service, workspace: Workspace) -> Whose | None:
    """What the window says of the dataset's last update, None if it says nothing."""
    service.lines(workspace.info.dataset_arn)
    description = service.aws.rekognition.describe_dataset(workspace.info.dataset_arn)
    unseen = unseen_update(workspace, description)
    return unseen.whose if unseen else None


class AtStep:
    """A `Report` that does something once, at the first report of a kind."""

    def __init__(self, doing: Doing, act: Callable[..., Any], *, about: str = "") -> None:
        self._doing, self._act, self._about = doing, act, about
        self.done = False

    def __call__(self, progress: Progress) -> None:
        if progress.doing is self._doing and self._about in progress.about and not self.done:
            self.done = True
            self._act()


@pytest.mark.usefixtures("small_batches")
def test_a_push_of_several_batches(
    service: Service, workspace: Workspace, labelled: Callable[..., Any]
) -> None:
    relabel(workspace, labelled, 5)
    assert push(workspace, service.aws, cancel=service.token()).batches == 3
    assert whose(service, workspace) is None


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize(
    "switches",
    [
        Switches(update_seconds=0.0),
        Switches(update_seconds=600.0),
        Switches(stale_status_seconds=5.0),
        Switches(stale_status_seconds=5.0, update_seconds=0.1),
        Switches(list_while_updating="ResourceNotReadyException"),
        Switches(second_update="LimitExceededException", stale_status_seconds=5.0),
    ],
    ids=str,
)
@pytest.mark.usefixtures("small_batches")
def test_however_the_service_behaves(
    service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any], others: bool
) -> None:
    relabel(workspace, labelled, 4)

    def update() -> None:
        if others:
            emulator.clock.advance(1)  # type: ignore[attr-defined]  # no two updates of the real service fall on one instant
            others_update(service, workspace, labelled(9, "theirs"))
            emulator.clock.advance(10)  # type: ignore[attr-defined]

    told = AtStep(Doing.STATUS, update, about="UPDATE_COMPLETE")
    assert push(workspace, service.aws, cancel=service.token(), report=told).flawless
    assert told.done
    emulator.clock.advance(10)  # type: ignore[attr-defined]
    assert whose(service, workspace) is (Whose.OTHERS if others else None)


@pytest.mark.parametrize("switches", [Switches(check_images="yes", failing_share=0.0)], ids=["checked"])
def test_a_push_whose_updates_fail_until_the_guilty_line_stands_alone(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any], tmp_path: Path
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0 as far as the emulator looks")
    service.aws.s3.create_bucket("leaves")
    for number in (0, 1, 3):
        key = f"images/{number:04}.jpg"
        service.aws.s3.upload(picture, "leaves", key, report=ignore_progress, cancel=service.token())
    workspace = pulled([])
    workspace.append([NewEntry(labelled(number)) for number in range(4)])
    result = push(workspace, service.aws, cancel=service.token())
    assert (result.pushed, len(result.dropped)) == (3, 1)
    assert result.batches > 1
    assert whose(service, workspace) is None


@pytest.mark.parametrize("after", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"])
@pytest.mark.usefixtures("small_batches")
def test_a_push_that_is_cancelled_and_taken_up(
    service: Service, workspace: Workspace, labelled: Callable[..., Any], after: str
) -> None:
    relabel(workspace, labelled, 6)
    token = service.token()
    cancel = AtStep(Doing.STATUS, token.cancel, about=after)
    assert push(workspace, service.aws, cancel=token, report=cancel).error is not None
    assert whose(service, workspace) is (None if after == "UPDATE_COMPLETE" else Whose.UNKNOWN)
    assert push(workspace, service.aws, cancel=service.token()).flawless
    assert whose(service, workspace) is None


@pytest.mark.usefixtures("small_batches")
def test_a_push_that_loses_the_connection_and_is_taken_up(
    service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
) -> None:
    relabel(workspace, labelled, 6)

    def cut() -> None:
        emulator.faults.add(DESCRIBE, faults.closed(), times=None)

    lost = AtStep(Doing.STATUS, cut, about="UPDATE_COMPLETE")
    assert isinstance(push(workspace, service.aws, cancel=service.token(), report=lost).error, OfflineError)
    emulator.faults.clear()
    assert whose(service, workspace) is None
    assert push(workspace, service.aws, cancel=service.token()).flawless
    assert whose(service, workspace) is None


@pytest.mark.usefixtures("small_batches")
def test_a_program_that_is_killed_while_its_update_runs(
    service: Service, workspace: Workspace, labelled: Callable[..., Any]
) -> None:
    """What is durable is as it would be: nothing is written after the exception."""
    relabel(workspace, labelled, 6)

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(
            workspace,
            service.aws,
            cancel=service.token(),
            report=AtStep(Doing.STATUS, killed, about="UPDATE_IN_PROGRESS"),
        )
    assert whose(service, workspace) is Whose.UNKNOWN
    assert push(workspace, service.aws, cancel=service.token()).flawless
    assert whose(service, workspace) is None


def test_others_after_a_program_that_was_killed(
    service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
) -> None:
    relabel(workspace, labelled, 1)
    token = service.token()
    push(
        workspace,
        service.aws,
        cancel=token,
        report=AtStep(Doing.STATUS, token.cancel, about="UPDATE_IN_PROGRESS"),
    )
    emulator.clock.advance(60)  # type: ignore[attr-defined]
    others_update(service, workspace, labelled(9, "theirs"))
    assert whose(service, workspace) is Whose.UNKNOWN
    assert push(workspace, service.aws, cancel=service.token()).error is None
    assert whose(service, workspace) is Whose.OTHERS


class TestLostAnswer:
    @pytest.mark.usefixtures("small_batches")
    def test_it_is_no_news(
        self, service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        relabel(workspace, labelled, 4)
        emulator.faults.add(UPDATE, faults.reply_lost())
        told: list[Any] = []
        assert push(workspace, service.aws, cancel=service.token(), report=told.append).flawless
        assert whose(service, workspace) is None
        assert Doing.OTHERS_UPDATED not in {one.doing for one in told}

    def test_others_at_the_same_time_are(
        self, service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        relabel(workspace, labelled, 1)
        emulator.faults.add(UPDATE, faults.reply_lost())
        theirs = AtStep(Doing.READING_BACK, lambda: others_update(service, workspace, labelled(9, "theirs")))
        assert push(workspace, service.aws, cancel=service.token(), report=theirs).error is None
        assert whose(service, workspace) is Whose.OTHERS

    def test_a_new_entry_of_theirs_is_found_too(
        self, service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        relabel(workspace, labelled, 1)
        emulator.faults.add(UPDATE, faults.reply_lost())
        theirs = AtStep(Doing.READING_BACK, lambda: others_update(service, workspace, labelled(77)))
        assert push(workspace, service.aws, cancel=service.token(), report=theirs).error is None
        assert whose(service, workspace) is Whose.OTHERS

    def test_one_that_never_arrived(
        self, service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        relabel(workspace, labelled, 1)
        emulator.faults.add(UPDATE, faults.closed())
        assert push(workspace, service.aws, cancel=service.token()).flawless
        assert whose(service, workspace) is None


class TestOthers:
    def test_their_time_is_told_after_an_own_push_too(
        self, service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        emulator.clock.advance(60)  # type: ignore[attr-defined]
        others_update(service, workspace, labelled(9, "theirs"))
        theirs = service.aws.rekognition.describe_dataset(workspace.info.dataset_arn).updated
        emulator.clock.advance(60)  # type: ignore[attr-defined]
        relabel(workspace, labelled, 1)
        assert push(workspace, service.aws, cancel=service.token()).flawless
        now = service.aws.rekognition.describe_dataset(workspace.info.dataset_arn)
        assert unseen_update(workspace, now) == Unseen(Whose.OTHERS, theirs)
        assert pull(workspace, service.aws, cancel=service.token()).complete
        assert whose(service, workspace) is None

    @pytest.mark.usefixtures("small_batches")
    def test_during_a_push(
        self, service: Service, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        relabel(workspace, labelled, 4)
        theirs = AtStep(
            Doing.STATUS,
            lambda: others_update(service, workspace, labelled(9, "theirs")),
            about="UPDATE_COMPLETE",
        )
        assert push(workspace, service.aws, cancel=service.token(), report=theirs).error is None
        assert whose(service, workspace) is Whose.OTHERS

    @pytest.mark.usefixtures("small_batches")
    def test_right_after_ours_before_we_look_again(
        self, service: Service, emulator: Emulator, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        """Their update begins as ours ends, so that one long update seems to run."""
        relabel(workspace, labelled, 4)
        theirs = labelled(3).replace(b'"class-name":"oak"', b'"class-name":"ash"')
        workspace.save(EntryId(workspace.ids()[3]), theirs.replace(b"ash", b"elm"))
        token = Follower(service, emulator, workspace, theirs)
        result = push(workspace, service.aws, cancel=token)
        assert token.done
        assert whose(service, workspace) is Whose.OTHERS
        # the lines that were not sent yet were looked at anew
        assert [one.source_ref for one in result.conflicts] == ["s3://leaves/images/0003.jpg"]

    def test_without_looking_at_conflicts(
        self, service: Service, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        others_update(service, workspace, labelled(9, "theirs"))
        relabel(workspace, labelled, 1)
        assert push(workspace, service.aws, cancel=service.token(), on_conflict=None).error is None
        assert whose(service, workspace) is Whose.OTHERS

    def test_another_workspace_of_the_same_person(
        self, service: Service, workspace: Workspace, labelled: Callable[..., Any], tmp_path: Path
    ) -> None:
        source = Source(SourceKind.DATASET, workspace.info.dataset_arn)
        other = create_workspace(
            tmp_path / "other.truthline",
            source,
            connection=service.aws.connection,
            cancel=service.token(),
        )
        with other:
            relabel(other, labelled, 2)
            assert push(other, service.aws, cancel=service.token()).flawless
            assert whose(service, other) is None
            assert whose(service, workspace) is Whose.OTHERS
            assert pull(workspace, service.aws, cancel=service.token()).complete
            assert whose(service, workspace) is None

    def test_a_dataset_that_was_never_read_whole(
        self, service: Service, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        workspace.set_seen_updated("")
        others_update(service, workspace, labelled(9, "theirs"))
        relabel(workspace, labelled, 1)
        assert push(workspace, service.aws, cancel=service.token()).flawless
        assert whose(service, workspace) is None


class Follower(CancelToken):
    """In its waits somebody else updates the dataset as soon as our first update has ended."""

    def __init__(self, service: Service, emulator: Emulator, workspace: Workspace, line: bytes) -> None:
        super().__init__()
        self._clock = emulator.clock
        self._service, self._arn, self._line = service, workspace.info.dataset_arn, line
        self._ran = self.done = False

    @override
    def wait(self, seconds: float) -> None:
        for _ in range(100):
            self._clock.advance(seconds / 100)  # type: ignore[attr-defined]
            status = self._service.aws.rekognition.describe_dataset(self._arn).status
            self._ran = self._ran or status == "UPDATE_IN_PROGRESS"
            if self._ran and status == "UPDATE_COMPLETE" and not self.done:
                self.done = True
                self._service.aws.rekognition.update_entries(self._arn, self._line + b"\n")
