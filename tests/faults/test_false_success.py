"""A portal or an inspecting proxy answers "200 OK" for AWS: nothing counts as pushed, pulled or uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from truthline.emulator import faults
from truthline.errors import NotFromAwsError, OfflineError, ServiceError
from truthline.progress import CancelToken, ignore_progress
from truthline.sync.pull.pull import pull, pull_manifest
from truthline.sync.push.push import push
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from pathlib import Path

    from faults.conftest import Team
    from truthline.emulator.faults import Fault

UPDATE, LIST, DESCRIBE = "UpdateDatasetEntries", "ListDatasetEntries", "DescribeDataset"
ANSWERS = {
    "html": faults.html(),
    "html, carried out": faults.html(carried_out=True),
    "empty": faults.empty_body(),
    "empty, carried out": faults.empty_body(carried_out=True),
    "cut": faults.truncated_body(),
    "cut, and says so": faults.truncated_body(tells_length=False),
}
KINDS = NotFromAwsError, OfflineError


@pytest.mark.parametrize("operation", [DESCRIBE, LIST])
@pytest.mark.parametrize("fault", ANSWERS.values(), ids=ANSWERS)
def test_a_push_does_not_believe_it(edited: Team, operation: str, fault: Fault) -> None:
    edited.emulator.faults.add(operation, fault, times=None)
    result = push(edited.workspace, edited.aws, cancel=edited.token())
    assert isinstance(result.error, KINDS)
    assert result.pushed == 0
    edited.assert_nothing_pushed()
    assert push(edited.workspace, edited.aws, cancel=edited.token()).flawless
    edited.assert_equal()
    assert len(edited.updates()) == 1


# Of an update the service's own answer is empty, so there is nothing to cut.
@pytest.mark.parametrize("fault", [ANSWERS["html"], ANSWERS["empty"]], ids=["html", "empty"])
def test_an_update_that_only_a_portal_took_is_not_pushed(edited: Team, fault: Fault) -> None:
    edited.emulator.faults.add(UPDATE, fault, times=None)
    result = push(edited.workspace, edited.aws, cancel=edited.token())
    assert isinstance(result.error, NotFromAwsError)
    assert result.pushed == 0
    assert [one.line for one in result.dropped] == [1, 2, 11]
    assert "does not hold this line" in result.dropped[0].message
    edited.assert_nothing_pushed()
    assert push(edited.workspace, edited.aws, cancel=edited.token()).flawless
    edited.assert_equal()


@pytest.mark.parametrize("fault", [faults.html(carried_out=True), faults.empty_body(carried_out=True)])
def test_an_update_that_went_through_behind_a_portal_is_found_by_reading_back(
    edited: Team, fault: Fault
) -> None:
    edited.emulator.faults.add(UPDATE, fault, times=None)
    result = push(edited.workspace, edited.aws, cancel=edited.token())
    assert result.flawless
    assert result.pushed == 3
    assert len(edited.updates()) == 1
    edited.assert_equal()


@pytest.mark.parametrize("fault", ANSWERS.values(), ids=ANSWERS)
def test_the_read_back_does_not_believe_it(edited: Team, fault: Fault) -> None:
    """What the portal says of the lines that were sent is no verdict on them."""

    class Portal(type(edited.token())):  # type: ignore[misc]
        def wait(self, seconds: float) -> None:
            if edited.updates() and not edited.emulator.faults.pending:
                edited.emulator.faults.add(LIST, fault, times=None)
            super().wait(seconds)

    result = push(edited.workspace, edited.aws, cancel=Portal(edited.clock))
    assert isinstance(result.error, KINDS)
    assert (result.pushed, result.dropped) == (0, ())
    assert edited.workspace.counts().changed == 3
    edited.emulator.faults.clear()
    again = push(edited.workspace, edited.aws, cancel=edited.token())
    assert again.flawless
    edited.assert_equal()
    assert len(edited.updates()) == 1


@pytest.mark.parametrize("operation", [DESCRIBE, LIST])
@pytest.mark.parametrize("fault", ANSWERS.values(), ids=ANSWERS)
def test_a_pull_does_not_believe_it(edited: Team, tmp_path: Path, operation: str, fault: Fault) -> None:
    before = edited.workspace.entries([EntryId(one) for one in edited.workspace.ids()])
    edited.emulator.faults.add(operation, fault, times=None)
    result = pull(edited.workspace, edited.aws, cancel=edited.token())
    assert isinstance(result.error, KINDS)
    assert not result.complete
    assert (result.added, result.changed, result.gone) == (0, 0, 0)
    assert edited.workspace.entries([EntryId(one) for one in edited.workspace.ids()]) == before
    out = tmp_path / "pulled.manifest"
    with pytest.raises(KINDS):
        pull_manifest(edited.aws, edited.arn, out, cancel=edited.token())
    assert not out.exists()
    edited.emulator.faults.clear()
    assert pull(edited.workspace, edited.aws, cancel=edited.token()).complete


@pytest.mark.parametrize("fault", [faults.html(), faults.empty_body()])
def test_an_upload_that_only_a_portal_took_is_no_upload(team: Team, tmp_path: Path, fault: Fault) -> None:
    team.aws.s3.create_bucket("leaves")
    path = tmp_path / "oak.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n and more")
    team.emulator.faults.add("PUT /leaves/*", fault, times=None)
    with pytest.raises(ServiceError):
        team.aws.s3.upload(path, "leaves", "oak.png", report=ignore_progress, cancel=CancelToken())
    team.emulator.faults.clear()
    assert team.aws.s3.head("leaves", "oak.png") is None
