"""Fixes carried out: one problem, or all of its kind, as one edit that can be undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from truthline.manifest.check.fixes import FIXES, fix_all
from truthline.manifest.check.rules import check_line
from truthline.ui.problems.fix_all import FixAllDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from truthline.manifest.annotation import Annotation
    from truthline.ui.document.document import Document
    from truthline.workspace.workspace import Entry, EntryId, Problem


class Fixing:
    """The fixes of one document; the dialog that shows them all lies over ``host``.

    Args:
        document: is edited.
        host: what the dialog belongs to.
        done: is told the entry that was fixed, and a sentence about it that undo belongs to.
        refused: is told why nothing was fixed.

    """

    def __init__(
        self,
        document: Document,
        host: QWidget,
        done: Callable[[EntryId, str], object],
        refused: Callable[[str], object],
    ) -> None:
        self._document = document
        self._host = host
        self._done = done
        self._refused = refused

    def fix(self, problem: Problem) -> None:
        """Put right what a problem is about."""
        now = datetime.now(UTC)
        title = FIXES[problem.code].title
        entry = self._document.entry(problem.entry_id)
        if fix_one(entry, problem, now).raw == entry.line:
            self._refused("This line no longer has the problem, or it needs your decision.")
        elif self._document.edit_entries(title, [entry.id], lambda entry: fix_one(entry, problem, now)):
            self._done(problem.entry_id, f"{title}: done.")

    def fix_all(self, code: str) -> None:
        """Show what fixing everything of one kind would change, and do it if the person agrees."""
        dialog = FixAllDialog(self._document, code, self._host)
        now = datetime.now(UTC)

        def fix(ids: list[EntryId]) -> None:
            self._document.edit_entries(
                FIXES[code].title, ids, lambda entry: fix_all(entry.annotation, code, entry.facts, now)
            )

        dialog.fix_wanted.connect(fix)
        dialog.open()


def fix_one(entry: Entry, problem: Problem, now: datetime) -> Annotation:
    """The entry without the finding that a problem is about, or that the service reports like it."""
    annotation = entry.annotation
    findings = [one for one in check_line(annotation, entry.facts) if one.code == problem.code]
    # The one at the problem's own place first: the service may have named another place of the same kind.
    for finding in sorted(findings, key=lambda one: one.pointer != problem.pointer):
        fixed = FIXES[problem.code].change(annotation, finding, entry.facts, now)
        if fixed is not annotation:
            return fixed
    return annotation
