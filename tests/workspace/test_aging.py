"""Findings of other rules are found again, in blocks that can be broken off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import CancelledError
from truthline.manifest.annotation import ImageFacts, Level
from truthline.manifest.check import rules
from truthline.progress import CancelToken
from truthline.workspace import aging
from truthline.workspace.workspace import EntryId, NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.manifest.check.decoded import DecodedLine

LINES = 25


def always(_annotation: DecodedLine, _facts: ImageFacts | None) -> Iterator[tuple[Any, ...]]:
    yield "", "A new rule found it."


@pytest.fixture
def aged(path: Path, line: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose findings are of rules without the newest one."""
    monkeypatch.setattr(aging, "_BLOCK", 10)
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        workspace.append(NewEntry(line(f"s3://b/{n}.jpg", [], ["leaf"])) for n in range(LINES))
        workspace.store_facts(EntryId(3), ImageFacts(10, 10, "PNG", 99))
        assert not workspace.aged
    newest = rules.Rule("TRUTHLINE_NEWEST", Level.WARNING, always)
    monkeypatch.setattr(rules, "ASKED", rules.by_subject((*rules.RULES, newest)))
    monkeypatch.setattr(aging, "RULES_VERSION", rules.RULES_VERSION + 1)
    return path


def found(workspace: Workspace) -> list[bool]:
    return [any(one.code == "TRUTHLINE_NEWEST" for one in entry.findings) for entry in workspace.walk()]


def test_a_workspace_of_older_rules_is_checked_again(aged: Path) -> None:
    with Workspace.open(aged) as workspace:
        assert workspace.aged
        before = workspace.entry(EntryId(3)).findings
        told: list[Any] = []
        changes = workspace.check_again(report=told.append)
        assert len(changes.entries) == LINES
        assert [(one.done, one.total) for one in told] == [(0, LINES), (10, LINES), (20, LINES), (25, LINES)]
        assert found(workspace) == [True] * LINES
        assert workspace.entry(EntryId(3)).findings[:-1] == before  # what the image's facts say is kept
        assert workspace.counts().with_findings == LINES
        assert not workspace.aged
        assert not workspace.check_again()


def test_a_check_that_was_broken_off_goes_on(aged: Path) -> None:
    cancel = CancelToken()
    with Workspace.open(aged) as workspace:
        with pytest.raises(CancelledError):
            workspace.check_again(report=lambda one: cancel.cancel() if one.done else None, cancel=cancel)
        assert found(workspace) == [True] * 20 + [False] * 5
        workspace.save(EntryId(25), workspace.entry(EntryId(25)).line + b" ")
    with Workspace.open(aged) as workspace:
        assert workspace.aged
        assert workspace.check_again().entries == {EntryId(n) for n in range(21, 25)}
        assert found(workspace) == [True] * LINES


def test_newer_rules_begin_again(aged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancel = CancelToken()
    with Workspace.open(aged) as workspace:
        with pytest.raises(CancelledError):
            workspace.check_again(report=lambda one: cancel.cancel() if one.done else None, cancel=cancel)
        monkeypatch.setattr(aging, "RULES_VERSION", rules.RULES_VERSION + 2)
        monkeypatch.setattr(rules, "ASKED", rules.by_subject(rules.RULES))
        workspace.check_again()
        assert found(workspace) == [False] * LINES


def test_what_did_not_change_is_not_written(aged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "ASKED", rules.by_subject(rules.RULES))
    with Workspace.open(aged) as workspace:
        assert not workspace.check_again()
        assert not workspace.aged


def test_an_empty_workspace_and_removed_entries(aged: Path, tmp_path: Path) -> None:
    with Workspace.open(aged) as workspace:
        workspace.remove([EntryId(n) for n in range(5, 26)])
        workspace.check_again()
        assert found(workspace) == [True] * 4
        workspace.remove([EntryId(n) for n in range(1, 5)])
        workspace.set_note("rules", "")
        assert not workspace.check_again()
        assert not workspace.aged


def test_the_position_of_a_stranger_is_not_believed(aged: Path) -> None:
    with Workspace.open(aged) as workspace:
        workspace.set_note("rules", f"{aging.RULES_VERSION} twenty")  # type: ignore[attr-defined]
        workspace.check_again()
        assert found(workspace) == [True] * LINES
