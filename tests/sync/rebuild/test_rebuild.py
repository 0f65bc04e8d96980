"""A dataset is made anew without losing a line, whatever happens on the way."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from present import present
from truthline.emulator import Switches, faults
from truthline.errors import (
    BusyError,
    CancelledError,
    DeniedError,
    InvalidRequestError,
    NotFoundError,
    OfflineError,
    RegionError,
    ServiceError,
    UsageError,
)
from truthline.manifest.file import read_raw_lines
from truthline.manifest.line import same_value, strip_service_keys
from truthline.progress import CancelToken, Progress
from truthline.sync.push.plan import BATCH_BYTES
from truthline.sync.rebuild.rebuild import (
    continue_rebuild,
    create_from_workspace,
    first_push_route,
    rebuild_without,
    unfinished_rebuild,
)
from truthline.words import progress_words
from truthline.workspace.workspace import EntryId, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sync.conftest import ClockToken, Service
    from truthline.emulator.faults import Fault
    from truthline.emulator.service import Emulator
    from truthline.sync.rebuild.note import Rebuilt

BUCKET = "leaves"
PLACE = f"s3://{BUCKET}/manifests"
LOST = [
    pytest.param(faults.reply_lost(), id="lost"),
    pytest.param(faults.html(carried_out=True), id="portal"),
]


class KilledError(BaseException):
    """The process ends here."""


class Killer:
    """Ends the work at the ``at``-th of the moments that it is told of; 0 never."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.moments = 0

    def tick(self) -> None:
        self.moments += 1
        if self.moments == self.at:
            raise KilledError

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call with a moment before it and one behind it."""

        def called(*arguments: object, **named: Any) -> Any:
            self.tick()
            answer = call(*arguments, **named)
            self.tick()
            return answer

        return called


@pytest.fixture
def without(service: Service, tmp_path: Path) -> Callable[..., Any]:
    """Rebuilds without entries, the usual way."""

    def rebuild(workspace: Workspace, ids: list[int], **more: Any) -> Rebuilt | None:
        usual = {"place": PLACE, "before": tmp_path / "before.manifest", "cancel": service.token()}
        return rebuild_without(workspace, service.aws, [EntryId(one) for one in ids], **(usual | more))  # type: ignore[arg-type]

    return rebuild


@pytest.fixture
def from_workspace(service: Service) -> Callable[..., Any]:
    """Makes a dataset from a workspace, the usual way."""

    def create(workspace: Workspace, project: str, **more: Callable[..., Any]) -> Rebuilt | None:
        usual = {"place": PLACE, "cancel": service.token()}
        return create_from_workspace(workspace, service.aws, project, "TRAIN", **(usual | more))  # type: ignore[arg-type]

    return create


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Makes workspaces of lines that belong to no dataset."""
    opened: list[Any] = []

    def make(lines: list[bytes]) -> Any:
        path = tmp_path / f"local-{len(opened)}.truthline"
        opened.append(Workspace.create(path, WorkspaceInfo(path.stem)))
        opened[-1].append(NewEntry(line) for line in lines)
        return opened[-1]

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture
def once() -> Callable[..., Any]:
    """A `Report` that does something once, at the first text that begins so."""

    def make(beginning: str, work: Callable[..., Any]) -> Callable[..., Any]:
        waiting = [work]

        def report(progress: Progress) -> None:
            if waiting and progress_words(progress).startswith(beginning):
                waiting.pop()()

        return report

    return make


def held(service: Service, arn: str) -> list[bytes]:
    return [strip_service_keys(line) for line in service.lines(arn)]


def is_same(lines: Iterator[Any] | list[bytes], others: list[bytes]) -> bool:
    return all(same_value(*pair) for pair in zip(lines, others, strict=True))


def datasets(service: Service, project: str) -> list[Any] | list[tuple[Any, ...]]:
    found = next(each for each in service.aws.rekognition.describe_projects() if each.arn == project)
    return [(dataset.arn, dataset.status) for dataset in found.datasets]


def project_of(service: Service, arn: str) -> str:
    projects = service.aws.rekognition.describe_projects()
    return next(each.arn for each in projects if any(arn == one.arn for one in each.datasets))


def stored(service: Service, uri: str) -> list[bytes]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return service.aws.s3.read(bucket, key).splitlines()


def overwrite(
    service: Service, tmp_path: Path, ending: str, content: bytes = b"not a line\n", *, name: str = ""
) -> None:
    """Put something else in the place of the manifests that end so, of all workspaces or of one."""
    found = [one.key for one in service.aws.s3.list(BUCKET, f"manifests/{name}") if one.key.endswith(ending)]
    assert found
    path = tmp_path / "other.manifest"
    path.write_bytes(content)
    for key in found:
        service.aws.s3.upload(path, BUCKET, key, report=lambda _: None, cancel=CancelToken())


class TestWithout:
    def test_entries_are_gone_on_both_sides(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        lines = [labelled(n) for n in range(6)]
        workspace = pulled(lines)
        old = workspace.info.dataset_arn
        rebuilt = without(workspace, [2, 4])
        kept = [lines[n] for n in (0, 2, 4, 5)]
        assert rebuilt.arn == workspace.info.dataset_arn != old
        assert rebuilt.entries == 4
        assert rebuilt.refused == rebuilt.different == ()
        assert is_same(held(service, rebuilt.arn), kept)
        assert [entry.line for entry in workspace.entries(list(workspace.ids()))] == kept
        assert workspace.counts().changed == 0
        assert rebuilt.before == tmp_path / "before.manifest"
        assert is_same(read_raw_lines(rebuilt.before), lines)
        assert is_same(stored(service, rebuilt.manifest), kept)
        before = rebuilt.manifest.replace("-without-2.manifest", "-before.manifest")
        assert is_same(stored(service, before), lines)
        assert rebuilt.manifest.startswith(f"{PLACE}/0-20")
        seen = service.aws.rekognition.describe_dataset(rebuilt.arn).updated
        assert workspace.info.seen_updated == seen.isoformat()
        assert unfinished_rebuild(workspace) == ""

    def test_changes_stay_changes(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        workspace.save(1, labelled(0, "elm"))
        workspace.append([NewEntry(labelled(7))])
        rebuilt = without(workspace, [2])
        assert is_same(held(service, rebuilt.arn), [labelled(0), labelled(2)])
        entries = workspace.entries(list(workspace.ids()))
        assert [entry.changed for entry in entries] == [True, False, True]
        assert entries[0].line == labelled(0, "elm")
        assert entries[0].base == labelled(0)
        assert entries[2].base is None

    def test_what_somebody_else_changed_stays_unseen_by_the_base_line(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        arn = workspace.info.dataset_arn
        service.aws.rekognition.update_entries(arn, labelled(0, "elm") + b"\n" + labelled(9) + b"\n")
        service.lines(arn)
        rebuilt = without(workspace, [2])
        assert is_same(held(service, rebuilt.arn), [labelled(0, "elm"), labelled(2), labelled(9)])
        # With their line as its base line, ours would overwrite it unasked.
        assert workspace.entry(1).base == labelled(0)
        assert workspace.info.seen_updated == ""

    def test_remote_errors_come_along(
        self, pulled: Callable[..., Any], labelled: Callable[..., Any], without: Callable[..., Any]
    ) -> None:
        flawed = labelled(1).replace(b"image-classification", b"another-type")
        workspace = pulled([labelled(0), flawed, labelled(2)])
        assert workspace.entry(2).remote_errors
        without(workspace, [1])
        assert workspace.entry(2).remote_errors

    def test_entries_that_the_dataset_does_not_hold(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        workspace = pulled([labelled(0)])
        arn = workspace.info.dataset_arn
        workspace.append([NewEntry(labelled(1))])
        rebuilt = without(workspace, [2])
        assert (rebuilt.arn, rebuilt.entries, rebuilt.manifest) == (arn, 1, "")
        assert rebuilt.before is None
        assert list(workspace.ids()) == [1]
        assert is_same(held(service, arn), [labelled(0)])
        assert not (tmp_path / "before.manifest").exists()
        assert unfinished_rebuild(workspace) == ""

    def test_killed_when_nothing_was_to_be_done(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace = pulled([labelled(0)])
        workspace.append([NewEntry(labelled(1))])
        set_note = workspace.set_note

        def killed(name: str, text: str) -> None:
            if not text:
                raise KilledError
            set_note(name, text)

        with monkeypatch.context() as patch:
            patch.setattr(workspace, "set_note", killed)
            with pytest.raises(KilledError):
                without(workspace, [2])
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert rebuilt.arn == workspace.info.dataset_arn
        assert list(workspace.ids()) == [1]
        assert unfinished_rebuild(workspace) == ""

    def test_one_of_two_with_the_same_source_ref(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(0), labelled(1)])
        workspace.append([NewEntry(labelled(1, "elm"))])
        rebuilt = without(workspace, [2])
        assert rebuilt.manifest == ""
        assert is_same(held(service, rebuilt.arn), [labelled(0), labelled(1)])

    def test_all_entries(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        workspace = pulled([labelled(0), labelled(1)])
        with pytest.raises(UsageError, match="No entry would be left"):
            without(workspace, [1, 2])
        assert len(held(service, workspace.info.dataset_arn)) == 2
        assert workspace.counts().total == 2
        assert unfinished_rebuild(workspace) == ""
        assert not (tmp_path / "before.manifest").exists()

    def test_file_that_exists(
        self,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        workspace = pulled([labelled(0), labelled(1)])
        (tmp_path / "before.manifest").write_text("mine")
        with pytest.raises(UsageError, match="of that name already"):
            without(workspace, [1])
        assert (tmp_path / "before.manifest").read_text() == "mine"

    def test_workspace_of_no_dataset(
        self, local: Callable[..., Any], labelled: Callable[..., Any], without: Callable[..., Any]
    ) -> None:
        with pytest.raises(UsageError, match="no dataset"):
            without(local([labelled(0)]), [1])

    def test_bucket_that_is_not_there(
        self, pulled: Callable[..., Any], labelled: Callable[..., Any], without: Callable[..., Any]
    ) -> None:
        workspace = pulled([labelled(0), labelled(1)])
        with pytest.raises(NotFoundError):
            without(workspace, [1], place="s3://nowhere/at-all")
        assert unfinished_rebuild(workspace) == ""

    def test_bucket_elsewhere(
        self,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        service: Service,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace = pulled([labelled(0), labelled(1)])
        monkeypatch.setattr(service.aws.s3, "bucket_region", lambda _: "eu-west-1")
        with pytest.raises(RegionError, match="eu-west-1"):
            without(workspace, [1])

    def test_bucket_whose_region_nobody_may_ask(
        self,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        service: Service,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def denied(_: str) -> None:
            raise DeniedError("No.")

        workspace = pulled([labelled(0), labelled(1)])
        monkeypatch.setattr(service.aws.s3, "bucket_region", denied)
        assert without(workspace, [1]).entries == 1

    def test_upload_that_does_not_arrive_whole(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace = pulled([labelled(0), labelled(1)])
        head = service.aws.s3.head
        monkeypatch.setattr(service.aws.s3, "head", lambda *where: replace(head(*where), size=3))  # type: ignore[type-var]
        with pytest.raises(ServiceError, match="3 bytes"):
            without(workspace, [1])
        assert len(held(service, workspace.info.dataset_arn)) == 2
        assert unfinished_rebuild(workspace) == ""


class TestSomebodyElse:
    @pytest.mark.parametrize("waits", [True, False])
    def test_updates_between_reading_and_deleting(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        once: Callable[..., Any],
        tmp_path: Path,
        waits: bool,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        arn = workspace.info.dataset_arn

        def update() -> None:
            service.aws.rekognition.update_entries(arn, labelled(2, "elm"))
            if waits:
                service.lines(arn)

        rebuilt = without(workspace, [1], report=once("Deleting", update))
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2, "elm")])
        before = [labelled(0), labelled(1), labelled(2, "elm")]
        assert is_same(read_raw_lines(tmp_path / "before.manifest"), before)

    def test_updates_all_the_time(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        arn = workspace.info.dataset_arn

        def report(progress: Progress) -> None:
            if progress_words(progress).startswith("Deleting"):
                service.aws.rekognition.update_entries(arn, labelled(2, "elm"))

        with pytest.raises(BusyError):
            without(workspace, [1], report=report)
        assert len(held(service, arn)) == 3
        assert unfinished_rebuild(workspace) == ""
        assert not (tmp_path / "before.manifest").exists()

    def test_updates_the_new_dataset(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        once: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        project = project_of(service, workspace.info.dataset_arn)

        def update() -> None:
            new = datasets(service, project)[0][0]
            service.aws.rekognition.update_entries(new, labelled(2, "elm"))

        rebuilt = without(workspace, [1], report=once("Reading the new", update))
        assert [one.source_ref[-8:] for one in rebuilt.different] == ["0002.jpg"]
        assert workspace.entry(3).base == labelled(2)
        assert workspace.info.seen_updated == ""

    def test_deletes_the_new_dataset(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        once: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        project = project_of(service, workspace.info.dataset_arn)

        def delete() -> None:
            service.aws.rekognition.delete_dataset(datasets(service, project)[0][0])

        rebuilt = without(workspace, [1], report=once("Reading the new", delete))
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])

    def test_makes_another_dataset_in_between(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        once: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        project = project_of(service, workspace.info.dataset_arn)
        emptied = once("Creating", lambda: service.aws.rekognition.create_dataset(project, "TRAIN"))
        with pytest.raises(InvalidRequestError, match="one already"):
            without(workspace, [1], report=emptied)
        with pytest.raises(ServiceError, match="another TRAIN dataset"):
            continue_rebuild(workspace, service.aws, cancel=service.token())
        foreign = datasets(service, project)[0][0]
        service.aws.rekognition.delete_dataset(foreign)
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])


class TestStaleStatus:
    @pytest.fixture
    def switches(self) -> Switches:
        return Switches(stale_status_seconds=8.0, update_seconds=20.0)

    def test_update_that_is_not_described_yet(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        once: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        arn = workspace.info.dataset_arn
        update = once("Deleting", lambda: service.aws.rekognition.update_entries(arn, labelled(2, "elm")))
        rebuilt = without(workspace, [1], report=update)
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2, "elm")])


@pytest.mark.parametrize("listing", ["normalised", "known_keys"])
class TestListings:
    @pytest.fixture
    def switches(self, listing: str) -> Switches:
        return Switches(listing=listing)  # type: ignore[arg-type]

    def test_entries_are_gone(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        local: Callable[..., Any],
        from_workspace: Callable[..., Any],
    ) -> None:
        lines = [labelled(n).replace(b'{"source', b'{"mine":1.50,"source', 1) for n in range(3)]
        workspace = pulled(lines)
        rebuilt = without(workspace, [2])
        assert len(held(service, rebuilt.arn)) == 2
        assert workspace.counts().changed == 0
        other = local(lines)
        project = service.aws.rekognition.create_project("other")
        assert from_workspace(other, project).different == ()
        assert other.counts().changed == 0


class TestFaults:
    @pytest.mark.parametrize("operation", ["DeleteDataset", "CreateDataset"])
    @pytest.mark.parametrize("fault", LOST)
    def test_lost_answer(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        emulator: Emulator,
        operation: str,
        fault: Fault,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        emulator.faults.add(operation, fault)
        rebuilt = without(workspace, [1])
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])

    @pytest.mark.parametrize("operation", ["DeleteDataset", "CreateDataset"])
    def test_lost_request(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        emulator: Emulator,
        operation: str,
        tmp_path: Path,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        emulator.faults.add(operation, faults.closed())
        with pytest.raises(OfflineError) as raised:
            without(workspace, [1])
        told = unfinished_rebuild(workspace)
        assert str(tmp_path / "before.manifest") in told
        assert PLACE in told
        if operation == "CreateDataset":
            assert str(tmp_path / "before.manifest") in raised.value.detail
            assert "-before.manifest" in raised.value.detail
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])
        assert len(list(read_raw_lines(present(rebuilt.before)))) == 3

    def test_deleting_is_not_allowed(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        emulator: Emulator,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        emulator.faults.add("DeleteDataset", faults.access_denied())
        with pytest.raises(DeniedError):
            without(workspace, [1])
        assert unfinished_rebuild(workspace) == ""
        assert len(held(service, workspace.info.dataset_arn)) == 3

    def test_creating_is_not_allowed(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        emulator: Emulator,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        emulator.faults.add("CreateDataset", faults.access_denied())
        with pytest.raises(DeniedError, match="continue once that is put right"):
            without(workspace, [1])
        with pytest.raises(UsageError, match="while the new dataset was being made"):
            without(workspace, [1])
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])

    def test_sign_in_expires_while_the_dataset_is_being_deleted(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        emulator: Emulator,
        once: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        expired = once("DELETE_IN", lambda: emulator.faults.add("*", faults.expired_token(), times=3))
        with pytest.raises(ServiceError, match="sign"):
            without(workspace, [1], report=expired)
        emulator.faults.clear()
        assert unfinished_rebuild(workspace)
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])

    def test_cancelled_at_every_wait(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        for at in range(1, 100):
            workspace = pulled([labelled(n) for n in range(3)])
            token = service.token()
            token.cancel_at = at
            before = tmp_path / f"before-{at}.manifest"
            try:
                rebuilt = without(workspace, [1], cancel=token, before=before)
            except CancelledError:
                if not unfinished_rebuild(workspace):
                    assert not before.exists()
                    assert len(held(service, workspace.info.dataset_arn)) == 3
                    continue
                rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
            else:
                break
            assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])
        assert at > 3


class TestCreationFails:
    def test_old_state_is_restored(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        once: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        lines = [labelled(n) for n in range(3)]
        workspace = pulled(lines)
        old = workspace.info.dataset_arn
        spoil = once("Creating", lambda: overwrite(service, tmp_path, "-without-1.manifest"))
        with pytest.raises(ServiceError, match="too many terminal errors") as raised:
            without(workspace, [1], report=spoil)
        assert "holds what it held before" in raised.value.title
        assert str(tmp_path / "before.manifest") in raised.value.detail
        assert "-before.manifest" in raised.value.detail
        assert "-without-1.manifest" in raised.value.detail
        assert raised.value.place == workspace.info.dataset_arn != old
        assert is_same(held(service, workspace.info.dataset_arn), lines)
        assert workspace.counts().total == 3
        assert workspace.counts().changed == 0
        assert unfinished_rebuild(workspace) == ""
        assert without(workspace, [1], before=tmp_path / "again.manifest").entries == 2

    def test_nor_can_the_old_state(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        once: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        lines = [labelled(n) for n in range(3)]
        workspace = pulled(lines)
        spoil = once("Creating", lambda: overwrite(service, tmp_path, ".manifest"))
        with pytest.raises(ServiceError, match="could not be made") as raised:
            without(workspace, [1], report=spoil)
        assert str(tmp_path / "before.manifest") in raised.value.detail
        assert "being restored" in unfinished_rebuild(workspace)
        whole = (tmp_path / "before.manifest").read_bytes()
        overwrite(service, tmp_path, "-before.manifest", whole)
        with pytest.raises(ServiceError, match="holds what it held before"):
            continue_rebuild(workspace, service.aws, cancel=service.token())
        assert is_same(held(service, workspace.info.dataset_arn), lines)
        assert unfinished_rebuild(workspace) == ""

    def test_somebody_updates_what_was_restored(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        project = project_of(service, workspace.info.dataset_arn)

        def report(progress: Progress) -> None:
            if progress_words(progress).startswith("Creating"):
                overwrite(service, tmp_path, "-without-1.manifest")
            elif progress_words(progress).startswith("Reading the new"):
                service.aws.rekognition.update_entries(datasets(service, project)[0][0], labelled(2, "elm"))

        with pytest.raises(ServiceError, match="but for 1 of its lines"):
            without(workspace, [1], report=report)
        assert workspace.info.dataset_arn == datasets(service, project)[0][0]
        assert workspace.entry(3).base == labelled(2)
        assert workspace.info.seen_updated == ""

    @pytest.mark.parametrize("had_empty", [True, False])
    def test_of_a_workspace(
        self,
        service: Service,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
        once: Callable[..., Any],
        tmp_path: Path,
        had_empty: bool,
    ) -> None:
        service.aws.s3.create_bucket(BUCKET)
        project = service.aws.rekognition.create_project("oaks")
        workspace = local([labelled(0)])
        if had_empty:
            arn = service.aws.rekognition.create_dataset(project, "TRAIN")
            workspace.set_info(replace(workspace.info, dataset_arn=arn))
        spoil = once("Creating", lambda: overwrite(service, tmp_path, ".manifest"))
        with pytest.raises(ServiceError, match="too many terminal errors") as raised:
            from_workspace(workspace, project, report=spoil)
        left = [status for _, status in datasets(service, project)]
        assert left == ["CREATE_COMPLETE"] * had_empty
        assert ("It is empty" if had_empty else "There is no dataset") in raised.value.title
        assert unfinished_rebuild(workspace) == ""
        if had_empty:
            assert workspace.info.dataset_arn == datasets(service, project)[0][0] != arn
        assert from_workspace(workspace, project).entries == 1


class TestFromWorkspace:
    @pytest.fixture
    def project(self, service: Service) -> str:
        service.aws.s3.create_bucket(BUCKET)
        return service.aws.rekognition.create_project("oaks")

    @pytest.mark.parametrize("has_empty", [True, False])
    def test_all_lines_at_once(
        self,
        service: Service,
        project: str,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
        has_empty: bool,
    ) -> None:
        lines = [labelled(n) for n in range(4)]
        workspace = local(lines)
        if has_empty:
            service.aws.rekognition.create_dataset(project, "TRAIN")
        rebuilt = from_workspace(workspace, project)
        assert is_same(held(service, rebuilt.arn), lines)
        assert (rebuilt.entries, rebuilt.before, rebuilt.refused) == (4, None, ())
        info = workspace.info
        assert (info.dataset_arn, info.region) == (rebuilt.arn, "us-east-1")
        assert info.endpoint_url == service.aws.connection.endpoint_url
        assert info.seen_updated
        assert workspace.counts().changed == 0
        assert [entry.base for entry in workspace.entries([1, 2, 3, 4])] == lines

    def test_refused_lines(
        self,
        service: Service,
        project: str,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
    ) -> None:
        lines = [labelled(0), b"not a line", labelled(1), labelled(0, "elm"), labelled(5, bucket="other")]
        workspace = local(lines)
        rebuilt = from_workspace(workspace, project)
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(0, "elm")])
        assert [(one.line, one.code) for one in rebuilt.refused] == [
            (1, "TRUTHLINE_REPEATED_SOURCE_REF"),
            (2, "ERROR_INVALID_JSON_LINE"),
            (5, "TRUTHLINE_OTHER_BUCKET"),
        ]
        assert [entry.changed for entry in workspace.entries([1, 2, 3, 4, 5])] == [1, 1, 0, 0, 1]

    def test_remote_errors(
        self,
        project: str,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
    ) -> None:
        flawed = labelled(1).replace(b"image-classification", b"another-type")
        workspace = local([labelled(0), flawed])
        from_workspace(workspace, project)
        assert [bool(entry.remote_errors) for entry in workspace.entries([1, 2])] == [False, True]

    def test_base_lines_of_another_dataset(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
    ) -> None:
        workspace = pulled([labelled(0), labelled(1)])
        workspace.save(2, b"not a line")
        project = service.aws.rekognition.create_project("oaks")
        rebuilt = from_workspace(workspace, project)
        assert workspace.info.dataset_arn == rebuilt.arn
        assert workspace.entry(2).base is None

    def test_edited_meanwhile(
        self,
        project: str,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
        once: Callable[..., Any],
    ) -> None:
        workspace = local([labelled(0), labelled(1)])
        edit = once("Creating", lambda: workspace.save(1, labelled(0, "elm")))
        from_workspace(workspace, project, report=edit)
        assert workspace.entry(1).base == labelled(0)
        assert workspace.entry(1).changed

    def test_dataset_that_holds_entries(
        self,
        service: Service,
        pulled: Callable[..., Any],
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
    ) -> None:
        arn = pulled([labelled(0)]).info.dataset_arn
        workspace = local([labelled(1)])
        with pytest.raises(UsageError, match="holds an entry already"):
            from_workspace(workspace, project_of(service, arn))
        assert len(held(service, arn)) == 1
        assert unfinished_rebuild(workspace) == ""

    def test_somebody_fills_the_empty_dataset(
        self,
        service: Service,
        project: str,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
        once: Callable[..., Any],
    ) -> None:
        arn = service.aws.rekognition.create_dataset(project, "TRAIN")
        update = once("Deleting", lambda: service.aws.rekognition.update_entries(arn, labelled(8)))
        with pytest.raises(UsageError, match="holds an entry already"):
            from_workspace(local([labelled(1)]), project, report=update)
        assert is_same(held(service, arn), [labelled(8)])

    def test_no_line_that_may_be_sent(
        self, project: str, local: Callable[..., Any], from_workspace: Callable[..., Any]
    ) -> None:
        workspace = local([b"not a line"])
        with pytest.raises(UsageError, match="No line"):
            from_workspace(workspace, project)
        assert unfinished_rebuild(workspace) == ""

    def test_manifest_that_the_service_may_not_read(
        self,
        project: str,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
        emulator: Emulator,
    ) -> None:
        workspace = local([labelled(0)])
        emulator.faults.add("CreateDataset", faults.service_error("InvalidS3ObjectException", "No."))
        with pytest.raises(InvalidRequestError, match="cannot read the manifest"):
            from_workspace(workspace, project)
        assert unfinished_rebuild(workspace) == ""
        assert from_workspace(workspace, project).entries == 1

    @pytest.mark.parametrize("operation", ["DeleteDataset", "CreateDataset"])
    def test_lost_answers(
        self,
        service: Service,
        project: str,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        from_workspace: Callable[..., Any],
        emulator: Emulator,
        operation: str,
    ) -> None:
        service.aws.rekognition.create_dataset(project, "TRAIN")
        emulator.faults.add(operation, faults.reply_lost())
        rebuilt = from_workspace(local([labelled(0)]), project)
        assert is_same(held(service, rebuilt.arn), [labelled(0)])


def test_nothing_to_continue(
    service: Service, local: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    with pytest.raises(UsageError):
        continue_rebuild(local([labelled(0)]), service.aws, cancel=service.token())


class TestTakenUp:
    def _broken_off(
        self,
        without: Callable[..., Any],
        workspace: Workspace,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        when: Callable[..., Any],
    ) -> None:
        """Rebuild without entry 1, killed right before a call of the workspace with such arguments."""
        real = getattr(workspace, name)

        def killed(*arguments: object) -> Any:
            if when(*arguments):
                raise KilledError
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(workspace, name, killed)
            with pytest.raises(KilledError):
                without(workspace, [1])

    def test_where_a_file_has_come_meanwhile(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        self._broken_off(without, workspace, monkeypatch, "set_note", lambda _, text: '"upload"' in text)
        assert unfinished_rebuild(workspace).endswith("before anything was changed.")
        (tmp_path / "before.manifest").write_text("mine")
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert (tmp_path / "before.manifest").read_text() == "mine"
        assert rebuilt.before == tmp_path / "before-2.manifest"
        assert len(list(read_raw_lines(rebuilt.before))) == 3

    def test_another_may_begin_while_nothing_was_changed(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        self._broken_off(without, workspace, monkeypatch, "set_note", lambda _, text: '"delete"' in text)
        rebuilt = without(workspace, [2], before=tmp_path / "other.manifest")
        assert is_same(held(service, rebuilt.arn), [labelled(0), labelled(2)])

    def test_before_the_entries_left_the_workspace(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        self._broken_off(without, workspace, monkeypatch, "remove", lambda _: True)
        assert "before the new dataset was read back" in unfinished_rebuild(workspace)
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert rebuilt.entries == 2
        assert list(workspace.ids()) == [2, 3]

    def test_from_an_account_in_which_the_old_dataset_is_after_all(
        self,
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        without: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace = pulled([labelled(n) for n in range(3)])
        self._broken_off(without, workspace, monkeypatch, "set_note", lambda _, text: '"delete"' in text)
        # As another account sees it: no such dataset, so it seems deleted.
        note = workspace.note("rebuild").replace('"step":"upload"', '"step":"create"')
        workspace.set_note("rebuild", note)
        rebuilt = continue_rebuild(workspace, service.aws, cancel=service.token())
        assert is_same(held(service, rebuilt.arn), [labelled(1), labelled(2)])


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.long)])
class TestKilled:
    """At moments between any two things that a rebuild does, and again while it is taken up."""

    @pytest.fixture
    def hooked(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> list[Killer]:
        """Holds the killer that strikes around whatever lasts, at the service, in S3 or in the workspace."""
        running = [Killer()]
        rekognition, s3 = service.aws.rekognition, service.aws.s3
        lasting = [(rekognition, "create_dataset"), (rekognition, "delete_dataset"), (s3, "upload")]
        lasting += [(Workspace, name) for name in ("set_note", "set_dataset", "store_remote", "remove")]
        for owner, name in lasting:
            real = getattr(owner, name)

            def call(*arguments: object, real: Callable[..., Any] = real, **named: Any) -> Any:
                return running[0].around(real)(*arguments, **named)

            monkeypatch.setattr(owner, name, call)
        return running

    @pytest.fixture
    def killed_anywhere(self, hooked: list[Killer], service: Service, stride: int) -> Callable[..., Any]:
        """Kills ``start``'s work at its moments; goes on, is killed twice more, and ends it; then checks.

        ``start(at)`` gives a workspace and the work on it; what the work gives, or ``go_on`` in the end,
        goes to ``check`` with the workspace, None if there was nothing to go on with.
        """

        def run(at: int, work: Callable[..., Any], workspace: Workspace) -> Any:
            killer = Killer(at)
            token = service.token()
            wait = token.wait

            def waited(seconds: float) -> None:
                killer.tick()
                wait(seconds)

            token.wait = waited  # type: ignore[method-assign]
            hooked[0] = killer
            try:
                return work(workspace, cancel=token, report=lambda _: killer.tick())
            except KilledError:
                return None
            finally:
                hooked[0] = Killer()

        def kill(start: Callable[..., Any], go_on: Callable[..., Any], check: Callable[..., Any]) -> int:
            for at in itertools.count(1, stride):
                workspace, work = start(at)
                result = run(at, work, workspace)
                if result is not None:
                    check(workspace, result)
                    return at
                for again in (1 + at * 7 % 19, 1 + at * 5 % 11, 0):
                    workspace.close()
                    workspace = Workspace.open(workspace.path)
                    result = run(again, go_on, workspace) if unfinished_rebuild(workspace) else None
                    if result is not None:
                        break
                assert unfinished_rebuild(workspace) == ""
                check(workspace, result)
                workspace.close()
            return 0

        return kill

    @pytest.fixture
    def go_on(self, service: Service) -> Callable[..., Any]:
        return lambda workspace, **more: continue_rebuild(workspace, service.aws, **more)

    def test_without(
        self,
        killed_anywhere: Callable[..., Any],
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        go_on: Callable[..., Any],
    ) -> None:
        lines = [labelled(n) for n in range(5)]
        kept = [lines[n] for n in (0, 2, 4)]
        olds = set()
        untouched = []

        def work(workspace: Workspace, **more: Any) -> Rebuilt | None:
            before = workspace.path.with_suffix(".before")
            return rebuild_without(
                workspace, service.aws, [EntryId(2), EntryId(4)], place=PLACE, before=before, **more
            )

        def start(_: int) -> tuple[Any, ...]:
            workspace = pulled(lines)
            workspace.save(1, labelled(0, "elm"))
            workspace.append([NewEntry(labelled(7))])
            olds.add(workspace.info.dataset_arn)
            return workspace, work

        def check(workspace: Workspace, result: Rebuilt | None) -> None:
            arn = workspace.info.dataset_arn
            ids = list(workspace.ids())
            if arn in olds:  # nothing was written down yet
                untouched.append(arn)
                assert ids == [1, 2, 3, 4, 5, 6]
                assert is_same(held(service, arn), lines)
                return
            assert is_same(held(service, arn), kept)
            assert ids == [1, 3, 5, 6]
            assert [entry.changed for entry in workspace.entries([EntryId(one) for one in ids])] == [
                True,
                False,
                False,
                True,
            ]
            assert workspace.entry(EntryId(1)).base == lines[0]
            before = result.before if result else workspace.path.with_suffix(".before")
            assert is_same(read_raw_lines(present(before)), lines)
            assert [arn] == [one for one, _ in datasets(service, project_of(service, arn))]

        assert killed_anywhere(start, go_on, check) > 30
        assert len(untouched) == 1

    def test_from_workspace(
        self,
        killed_anywhere: Callable[..., Any],
        service: Service,
        local: Callable[..., Any],
        labelled: Callable[..., Any],
        go_on: Callable[..., Any],
    ) -> None:
        service.aws.s3.create_bucket(BUCKET)
        lines = [labelled(n) for n in range(3)]

        def start(at: int) -> tuple[Any, ...]:
            project = service.aws.rekognition.create_project(f"oaks-{at}")
            service.aws.rekognition.create_dataset(project, "TRAIN")

            def work(workspace: Workspace, **more: Any) -> Rebuilt | None:
                return create_from_workspace(workspace, service.aws, project, "TRAIN", place=PLACE, **more)

            return local([*lines, b"not a line"]), work

        def check(workspace: Workspace, result: Rebuilt | None) -> None:
            arn = workspace.info.dataset_arn
            if not arn:
                assert workspace.counts().changed == 4
                return
            assert is_same(held(service, arn), lines)
            assert workspace.counts().changed == 1
            assert result is None or [one.line for one in result.refused] == [4]

        assert killed_anywhere(start, go_on, check) > 25

    def test_restoring(
        self,
        killed_anywhere: Callable[..., Any],
        hooked: list[Killer],
        service: Service,
        pulled: Callable[..., Any],
        labelled: Callable[..., Any],
        go_on: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        lines = [labelled(n) for n in range(3)]

        def spoiled(work: Callable[..., Any]) -> Callable[..., Any]:
            """The work, with its manifest spoiled right before the new dataset is made of it."""

            def failing(workspace: Workspace, report: Callable[..., Any], **more: ClockToken) -> str | None:
                def spoil(progress: Progress) -> None:
                    if progress_words(progress).startswith("Creating"):
                        killer, hooked[0] = hooked[0], Killer()
                        name = f"{workspace.info.name}-"
                        overwrite(service, tmp_path, "-without-1.manifest", name=name)
                        hooked[0] = killer
                    report(progress)

                with pytest.raises(ServiceError, match="holds what it held before"):
                    work(workspace, report=spoil, **more)
                return "restored"

            return failing

        def work(workspace: Workspace, **more: Any) -> None:
            before = workspace.path.with_suffix(".before")
            return rebuild_without(workspace, service.aws, [EntryId(2)], place=PLACE, before=before, **more)  # type: ignore[return-value]

        def check(workspace: Workspace, result: str | None) -> None:
            arn = workspace.info.dataset_arn
            assert is_same(held(service, arn), lines)
            assert workspace.counts().changed == 0
            assert list(workspace.ids()) == [1, 2, 3]
            assert [(arn, "CREATE_COMPLETE")] == datasets(service, project_of(service, arn))

        assert killed_anywhere(lambda _: (pulled(lines), spoiled(work)), spoiled(go_on), check) > 30


class TestRoute:
    def test_many_lines_into_an_empty_dataset(self) -> None:
        route = first_push_route(60_000, 25 * BATCH_BYTES - 1, 0)
        assert route.by_manifest
        assert route.reason == (
            "The dataset is empty, and 60,000 lines would take 25 updates one after the other. One manifest"
            " is quicker."
        )

    @pytest.mark.parametrize(
        ("lines", "size", "held", "reason"),
        [
            (60_000, 25 * BATCH_BYTES, 1, "holds an entry already"),
            (60_000, 25 * BATCH_BYTES, 2_000, "holds 2,000 entries already"),
            (9_000, 4 * BATCH_BYTES, 0, "4 updates will do for 9,000 lines."),
            (1, 300, 0, "one update will do for 1 line."),
            (0, 0, 0, "0 lines"),
            (2_000_000, 1024**3 + 1, 0, "more than one manifest may hold"),
        ],
    )
    def test_updates(self, lines: int, size: int, held: int, reason: str) -> None:
        route = first_push_route(lines, size, held)
        assert not route.by_manifest
        assert reason in route.reason

    def test_just_more_than_four_updates(self) -> None:
        assert first_push_route(9_000, 4 * BATCH_BYTES + 1, 0).by_manifest
