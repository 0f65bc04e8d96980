"""The lines of a batch, byte for byte as they were sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QListView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.manifest.file import write_manifest
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Lane
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.progress import CancelToken, Report
    from truthline.ui.document.document import Document
    from truthline.workspace.journal import Batch

_SHOWN_CHARACTERS = 2_000
"""Of a line, which may be fifty times as long; what is copied or saved is the whole."""
_ROOT = QModelIndex()


class SentLinesDialog(QDialog):
    """A read-only list of lines as plain text, to copy or to save as a manifest.

    Args:
        document: of whose workspace the batch is.
        batch: whose lines are shown.
        parent: the window it belongs to.

    """

    def __init__(self, document: Document, batch: Batch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = document.jobs
        self._reading: Job | None = None
        self._saving: Job | None = None
        self.setWindowTitle(f"Batch {batch.number}: Lines as Sent")
        fit_window(self, 820, 480)
        self.summary = QLabel("Reading the lines…")
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self.model = _Lines(self)
        self.view = QListView()
        self._build_view()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.save_button = buttons.addButton("Save as Manifest…", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(lambda _checked: self.copy())
        self.save_button.clicked.connect(lambda _checked: self._ask_where())
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.summary, self.view, buttons):
            layout.addWidget(widget)
        self._allow(False)
        workspace = document.workspace
        self._reading = self._jobs.run(
            Lane.READ, lambda _token, _report: workspace.sent_lines(batch.id), done=self._show
        )

    def _build_view(self) -> None:
        self.view.setModel(self.model)
        self.view.setAccessibleName("Lines as sent")
        self.view.setUniformItemSizes(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setTextElideMode(Qt.TextElideMode.ElideRight)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(12)
        self.view.setFont(font)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view, self.copy)

    def copy(self) -> None:
        """Copy the chosen lines, or all if none is chosen."""
        chosen = sorted(index.row() for index in self.view.selectedIndexes())
        lines = [self.model.lines[row] for row in chosen] or self.model.lines
        QGuiApplication.clipboard().setText(b"\n".join(lines).decode("utf-8", "replace"))
        self.summary.setText(f"{counted(len(lines), 'line')} copied.")

    def save_to(self, path: Path) -> None:
        """Write all the lines as a manifest."""
        lines = self.model.lines

        def write(_token: CancelToken, _report: Report) -> None:
            write_manifest(path, (line + b"\n" for line in lines))

        def written(_: None) -> None:
            self.summary.setText(f"{counted(len(lines), 'line')} saved to {path.name}.")

        self._saving = self._jobs.run(
            Lane.READ, write, done=written, failed=lambda error: self.summary.setText(str(error))
        )

    def _ask_where(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save as Manifest", "sent.manifest", "Manifests (*.manifest)"
        )
        if chosen:
            self.save_to(Path(chosen))

    def _show(self, lines: list[bytes]) -> None:
        self.model.set_lines(lines)
        self.summary.setText(f"{counted(len(lines), 'line')}, as they were sent.")
        self._allow(bool(lines))

    @override
    def done(self, result: int) -> None:
        if self._reading is not None:
            self._reading.drop()
        if self._saving is not None:  # it goes on; were it to fail, the window says so
            self._saving.done = self._saving.failed = None
        super().done(result)

    def _allow(self, allowed: bool) -> None:  # noqa: FBT001 - its one argument
        self.copy_button.setEnabled(allowed)
        self.save_button.setEnabled(allowed)


class _Lines(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: Sequence[bytes] = ()

    def set_lines(self, lines: Sequence[bytes]) -> None:
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    @override
    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid() or role != Qt.ItemDataRole.DisplayRole:
            return None
        # cut as bytes: a character that is cut in two is left out
        shown = self.lines[index.row()][:_SHOWN_CHARACTERS]
        return shown.decode("utf-8", "ignore")
