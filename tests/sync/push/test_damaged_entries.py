"""Damaged entries between workspace and dataset: never sent, told by name, and reloaded by a pull."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from truthline.manifest.annotation import Level
from truthline.manifest.check import rules
from truthline.sync.pull.candidates import candidates
from truthline.sync.pull.meeting import OnConflict
from truthline.sync.pull.pull import pull
from truthline.sync.push.plan import plan
from truthline.sync.push.push import PushResult, push
from truthline.workspace import aging
from truthline.workspace.damage import DAMAGED
from truthline.workspace.workspace import EntryId, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from sync.conftest import Service
    from truthline.manifest.check.decoded import DecodedLine

FIRST, SECOND, THIRD = EntryId(1), EntryId(2), EntryId(3)


def harm(workspace: Workspace, entry_id: int) -> None:
    """Flip a bit of an entry's line behind the workspace's back."""
    connection = sqlite3.connect(workspace.path, isolation_level=None)
    connection.execute(
        "UPDATE lines SET line = CAST(replace(line, 'labeling-job', 'labeling-jo`') AS BLOB) WHERE id = ?",
        (entry_id,),
    )
    connection.close()


def pushed(service: Service, workspace: Workspace, **more: Any) -> PushResult:
    return push(workspace, service.aws, cancel=service.token(), **more)


def test_a_damaged_change_is_not_pushed_and_the_others_are(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(n) for n in range(3)])
    for entry_id in (FIRST, SECOND):
        workspace.save(entry_id, labelled(entry_id - 1, "birch"))
    harm(workspace, SECOND)
    for on_conflict in (OnConflict.STOP, OnConflict.MINE, None):
        result = pushed(service, workspace, on_conflict=on_conflict)
        assert result.error is None
        assert not result.flawless
        assert [(one.line, one.code) for one in result.refused] == [(SECOND, DAMAGED)]
        assert "Pull" in result.refused[0].message
    held = service.lines(workspace.info.dataset_arn)
    assert sum(b"birch" in line for line in held) == 1
    assert not any(b"labeling-jo`" in line for line in held)


def test_a_damaged_line_is_no_line_of_a_first_push_by_manifest(
    pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    workspace = pulled([labelled(n) for n in range(3)])
    harm(workspace, SECOND)
    workspace.save(FIRST, labelled(0, "birch"))
    found = plan(candidates(workspace), bucket="", strict=False)
    assert found.lines == 1


def test_a_pull_reloads_damaged_entries(
    service: Service, pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    lines = [labelled(n) for n in range(3)]
    workspace = pulled(lines)
    workspace.save(THIRD, labelled(2, "birch"))
    harm(workspace, SECOND)
    harm(workspace, THIRD)
    result = pull(workspace, service.aws, cancel=service.token())
    assert (result.error, result.changed, result.unchanged, result.gone) == (None, 2, 1, 0)
    entries = workspace.entries([FIRST, SECOND, THIRD])
    assert [entry.line for entry in entries] == [entry.base for entry in entries] == lines
    assert not any(entry.damaged or entry.changed for entry in entries)


def test_findings_of_other_rules_are_found_again_before_a_push(
    service: Service,
    pulled: Callable[..., Any],
    labelled: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = pulled([labelled(n) for n in range(2)])
    workspace.save(FIRST, labelled(0, "birch"))

    def on_birches(annotation: DecodedLine, _facts: None) -> Iterator[tuple[Any, ...]]:
        if b"birch" in annotation.raw:
            yield "", "No birches."

    rule = rules.Rule("TRUTHLINE_LINE_TOO_LONG", Level.ERROR, on_birches)  # type: ignore[arg-type]
    monkeypatch.setattr(rules, "ASKED", rules.by_subject((rule,)))
    monkeypatch.setattr(aging, "RULES_VERSION", rules.RULES_VERSION + 1)
    result = pushed(service, workspace)
    assert [(one.line, one.message) for one in result.refused] == [(FIRST, "No birches.")]
    assert not workspace.aged
