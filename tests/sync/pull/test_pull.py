"""Pulling a manifest, and watching a dataset."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import Switches, faults
from truthline.errors import BusyError, CancelledError, NotFoundError, ServiceError, UsageError
from truthline.progress import Doing, Progress
from truthline.sync.pull.pull import pull_manifest
from truthline.sync.service.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.faults import Fault
    from truthline.emulator.service import Emulator


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.manifest"


@pytest.mark.parametrize("switches", [Switches(), Switches(last_page_token="empty")], ids=str)
def test_the_lines_come_without_the_services_keys(
    service: Service, tmp_path: Path, out: Path, labelled: Callable[..., Any]
) -> None:
    wrong = labelled(3).replace(b"image-classification", b"nonsense")
    lines = [labelled(n) for n in range(250)]
    lines[3] = wrong
    arn = service.make(lines, tmp_path)
    assert pull_manifest(service.aws, arn, out, cancel=service.token()) == 250
    assert out.read_bytes() == b"".join(line + b"\n" for line in lines)


def test_an_empty_dataset_gives_an_empty_file(service: Service, tmp_path: Path, out: Path) -> None:
    arn = service.make([], tmp_path)
    assert pull_manifest(service.aws, arn, out, cancel=service.token()) == 0
    assert out.read_bytes() == b""


@pytest.mark.parametrize("fault", [faults.access_denied(), faults.html(), faults.truncated_body()])
def test_a_break_leaves_the_old_file(
    service: Service,
    emulator: Emulator,
    tmp_path: Path,
    out: Path,
    labelled: Callable[..., Any],
    fault: Fault,
) -> None:
    arn = service.make([labelled(n) for n in range(250)], tmp_path)
    out.write_bytes(b"old")

    class FailsLater(type(service.token())):  # type: ignore[misc]
        looked = 0

        def check(self) -> None:
            FailsLater.looked += 1
            if FailsLater.looked == 4:  # after the first page
                emulator.faults.add("ListDatasetEntries", fault, times=None)
            super().check()

    with pytest.raises(ServiceError):
        pull_manifest(service.aws, arn, out, cancel=FailsLater(emulator.clock))
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_throttled_pages_are_fetched_again_and_none_is_lost(
    service: Service, emulator: Emulator, tmp_path: Path, out: Path, labelled: Callable[..., Any]
) -> None:
    arn = service.make([labelled(n) for n in range(250)], tmp_path)
    emulator.faults.add("ListDatasetEntries", faults.throttled(), times=4)
    assert pull_manifest(service.aws, arn, out, cancel=service.token()) == 250


@pytest.mark.parametrize(
    "switches",
    [
        Switches(list_while_updating=how)
        for how in ("old", "ResourceInUseException", "ResourceNotReadyException")
    ],
    ids=str,
)
def test_an_update_between_two_pages_starts_the_read_over(
    service: Service, emulator: Emulator, tmp_path: Path, out: Path, labelled: Callable[..., Any]
) -> None:
    arn = service.make([labelled(n) for n in range(150)], tmp_path)

    class UpdatesMeanwhile(type(service.token())):  # type: ignore[misc]
        looked = 0

        def check(self) -> None:
            UpdatesMeanwhile.looked += 1
            if UpdatesMeanwhile.looked == 4:
                lines = labelled(0, "ash") + b"\n" + labelled(149, "ash") + b"\n"
                service.aws.rekognition.update_entries(arn, lines)
            super().check()

    pull_manifest(service.aws, arn, out, cancel=UpdatesMeanwhile(emulator.clock))
    lines = out.read_bytes().splitlines()
    assert (lines[0], lines[149]) == (labelled(0, "ash"), labelled(149, "ash"))


def test_a_dataset_that_never_rests_is_given_up(
    service: Service, emulator: Emulator, tmp_path: Path, out: Path, labelled: Callable[..., Any]
) -> None:
    arn = service.make([labelled(0)], tmp_path)

    class Restless(type(service.token())):  # type: ignore[misc]
        looked = 0

        def check(self) -> None:
            Restless.looked += 1
            if Restless.looked % 2:
                with suppress(BusyError):
                    service.aws.rekognition.update_entries(arn, labelled(0) + b"\n")
            super().check()

    with pytest.raises(BusyError, match="each time"):
        pull_manifest(service.aws, arn, out, cancel=Restless(emulator.clock))
    assert not out.exists()


def test_no_such_dataset(service: Service, tmp_path: Path, out: Path) -> None:
    arn = service.make([], tmp_path)
    with pytest.raises(NotFoundError):
        pull_manifest(service.aws, arn[:-1] + "0", out, cancel=service.token())
    with pytest.raises(UsageError):
        pull_manifest(service.aws, "arn:x", out, cancel=service.token())


class TestWatch:
    @pytest.mark.parametrize("switches", [Switches(update_seconds=2000.0)], ids=str)
    def test_each_state_once_until_it_ends(
        self, service: Service, tmp_path: Path, labelled: Callable[..., Any]
    ) -> None:
        arn = service.make([labelled(0)], tmp_path)
        service.aws.rekognition.update_entries(arn, labelled(1) + b"\n")
        told: list[Progress] = []
        token = service.token()
        states = list(watch(service.aws, arn, cancel=token, report=told.append))
        assert [state.status for state in states] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
        assert states[1].stats.total == 2
        # Every 5 s for a quarter of an hour, then more slowly.
        assert 200 < token.waits < 300
        assert (told[0].doing, told[0].about) == (Doing.STUCK, "UPDATE_IN_PROGRESS")

    def test_cancel_ends_it(self, service: Service, tmp_path: Path, labelled: Callable[..., Any]) -> None:
        arn = service.make([labelled(0)], tmp_path)
        service.aws.rekognition.update_entries(arn, labelled(1) + b"\n")
        token = service.token()
        token.cancel_at = 1
        with pytest.raises(CancelledError):
            list(watch(service.aws, arn, cancel=token))
