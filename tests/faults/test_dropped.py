"""Lines that the service takes and leaves out in silence: found, named, still changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from truthline.emulator import Emulator, Limits, Switches
from truthline.sync.push.push import push
from truthline.workspace.workspace import EntryId, NewEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faults.conftest import Team
    from truthline.emulator.clock import ManualClock


@pytest.fixture
def emulator(clock: ManualClock, aws_environment: None) -> Iterator[Emulator]:
    """Drops lines of more than 600 characters, which nobody's rules expect."""
    with Emulator(Switches(), clock=clock, limits=Limits(line_characters=600)) as running:
        yield running
        assert running.unplanned_errors == []


def test_only_the_lines_that_were_left_out_are_not_pushed(team: Team, labelled: Callable[..., Any]) -> None:
    ids = list(team.workspace.ids())
    team.workspace.save_many({EntryId(ids[n]): labelled(n, "ash") for n in range(8)})
    team.workspace.append([NewEntry(labelled(10)[:-1] + b',"note":"' + b"x" * 600 + b'"}')])
    result = push(team.workspace, team.aws, cancel=team.token())
    assert result.error is None
    assert result.status == "UPDATE_COMPLETE"
    assert result.pushed == 8
    assert [(one.code, one.line) for one in result.dropped] == [("TRUTHLINE_NOT_STORED", 11)]
    assert "without a reason" in result.dropped[0].message
    assert not result.flawless
    assert team.workspace.counts().changed == 1
    assert len(team.held()) == 10
    (remark,) = team.workspace.push_remarks(team.workspace.pushes()[0].id)
    assert (remark.kind, remark.line) == ("not stored", 11)
    # Shortened, it goes through.
    team.workspace.save(EntryId(team.workspace.ids()[10]), labelled(10))
    assert push(team.workspace, team.aws, cancel=team.token()).flawless
    team.assert_equal()
