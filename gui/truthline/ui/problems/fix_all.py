"""Fix everything of one kind: first what would change, then one undoable edit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.manifest.check.fixes import FIXES, fix_all
from truthline.manifest.pretty_line import change_in_words
from truthline.progress import CancelToken, Doing, Progress, Report, in_blocks
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Lane
from truthline.words import counted
from truthline.workspace.workspace import EntryId, Filter

if TYPE_CHECKING:
    from truthline.ui.document.document import Document

_LISTED = 200


class FixAllDialog(QDialog):
    """Previews a fix on all entries that have a finding of its code.

    Args:
        document: whose entries are looked at.
        code: of the findings to fix.
        parent: the window it belongs to.

    """

    fix_wanted = Signal(list)
    """The `EntryId`s that the fix changes, when the person agreed."""

    def __init__(self, document: Document, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._code = code
        self._ids: list[EntryId] = []
        self.setWindowTitle("Fix All of This Kind")
        fit_window(self, 760, 460)
        self.summary = QLabel(f"{FIXES[code].title}. Looking at what would change…")
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self.preview = QTreeWidget()
        self.preview.setHeaderLabels(["Image", "Now", "Then"])
        self.preview.setRootIsDecorated(False)
        self.preview.setUniformRowHeights(True)
        self.preview.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.preview.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.preview.setAccessibleName("What would change")
        self.preview.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.fix_button = self.buttons.addButton("Fix", QDialogButtonBox.ButtonRole.AcceptRole)
        self.fix_button.setProperty("primary", True)
        self.fix_button.setEnabled(False)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.summary)
        layout.addWidget(self._progress)
        layout.addWidget(self.preview, 1)
        layout.addWidget(self.buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._job: Job = document.jobs.run(
            Lane.READ, self._look, done=self._show, failed=self._fail, progress=self._advance
        )

    def _look(
        self, token: CancelToken, report: Report
    ) -> tuple[list[EntryId], list[tuple[str, str, str]], int]:
        workspace, now = self._document.workspace, datetime.now(UTC)
        concerned = [EntryId(one) for one in workspace.ids(Filter(code=self._code))]
        changed: list[EntryId] = []
        rows: list[tuple[str, str, str]] = []
        step = Progress(Doing.GOING_THROUGH)
        for block in in_blocks(concerned, step=step, report=report, cancel=token):
            for entry in workspace.entries(block):
                fixed = fix_all(entry.annotation, self._code, entry.facts, now).raw
                if fixed == entry.line:
                    continue
                changed.append(entry.id)
                if len(rows) < _LISTED:
                    name = entry.source_ref.rsplit("/", 1)[-1] or f"Line {entry.position}"
                    rows.append((name, *change_in_words(entry.line, fixed)))
        return changed, rows, len(concerned)

    def _advance(self, progress: Progress) -> None:
        self._progress.setRange(0, progress.total or 0)
        self._progress.setValue(progress.done)

    def _show(self, found: tuple[list[EntryId], list[tuple[str, str, str]], int]) -> None:
        self._ids, rows, concerned = found
        self._progress.hide()
        for row in rows:
            item = QTreeWidgetItem(self.preview, list(row))
            for column, text in enumerate(row):
                item.setToolTip(column, theme.plain_tip(text))
        count = len(self._ids)
        images = counted(count, "image changes", "images change")
        rest = concerned - count
        left = f" {rest:,} more have this problem and cannot be fixed without you." if rest else ""
        more = f" The first {_LISTED} are listed." if count > len(rows) else ""
        self.summary.setText(f"{FIXES[self._code].title}: {images}.{left}{more} Undo takes it all back.")
        self.fix_button.setText(f"Fix {counted(count, 'image')}")
        self.fix_button.setEnabled(bool(count))
        self.fix_button.setFocus()

    def _fail(self, error: Exception) -> None:
        self._progress.hide()
        self.summary.setText(f"The preview failed: {error}")

    @override
    def done(self, result: int) -> None:
        if not self._job.finished:
            self._job.drop()
        elif result == QDialog.DialogCode.Accepted:
            self.fix_wanted.emit(self._ids)
        super().done(result)
