"""The commands of the File menu that ask first: what to open, where to export to, whose labels to bring in.

Dialogs are imported where they are opened: the window is seen first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from truthline.errors import UsageError
from truthline.ui.kit.jobs import Lane
from truthline.ui.start.places import documents
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from truthline.aws.connection import Connection
    from truthline.interchange.importing import Imported
    from truthline.progress import CancelToken, Report
    from truthline.sync.opening.sources import SourceKind
    from truthline.ui.connect.access import Access
    from truthline.ui.connect.connection import ConnectionDialog
    from truthline.ui.kit.jobs import Jobs
    from truthline.ui.start.sample import SampleRunner
    from truthline.ui.window.workbench import Workbench


class FileCommands:
    """Asks, and then opens or writes.

    Args:
        window: what the dialogs belong to.
        jobs: on whose lanes files are written.
        access: as whom AWS is reached.
        sample: whose folder nothing may be exported into, since it goes with it.
        bench: gives the open workbench, None while there is none.
        open_: opens what was named, reached by a connection if one was chosen.
        complain: tells of an error.

    """

    def __init__(
        self,
        window: QWidget,
        jobs: Jobs,
        access: Access,
        sample: SampleRunner,
        *,
        bench: Callable[[], Workbench | None],
        open_: Callable[[str, Connection | None], object],
        complain: Callable[[Exception], None],
    ) -> None:
        self._window = window
        self._jobs = jobs
        self._access = access
        self._sample = sample
        self._bench = bench
        self._open = open_
        self._complain = complain

    def open_folder(self) -> None:
        """Ask for a folder of images."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open Folder of Images")
        if chosen:
            self._open(chosen, None)

    def open_file(self) -> None:
        """Ask for a manifest or workspace."""
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            "Open Manifest or Workspace",
            "",
            "Manifests and workspaces (*.manifest *.jsonl *.json *.truthline);;All files (*)",
        )
        if chosen:
            self._open(chosen, None)

    def open_address(self, kind: SourceKind, title: str) -> None:
        """Ask for something in AWS, and as whom it is reached."""
        from truthline.ui.connect.connection import ConnectionDialog

        dialog = ConnectionDialog(self._jobs, kind, title, self._access.connection(), self._window)
        _ask(dialog, lambda: self._open(dialog.text, dialog.connection))

    def export(self) -> None:
        """Ask where the manifest goes."""
        bench = self._bench()
        if bench is None:
            return
        workspace = bench.document.workspace
        is_sample = self._sample.holds(workspace.path)
        folder = documents() if is_sample else workspace.path.parent
        suggested = str(folder / f"{workspace.info.name}-export.manifest")
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Export Manifest", suggested, "Manifests (*.manifest)"
        )
        if is_sample and self._sample.holds(Path(chosen).resolve()):
            self._complain(UsageError("This folder goes with the sample.", detail="Choose another one."))
        elif chosen:
            self.export_to(Path(chosen))

    def export_to(self, path: Path) -> None:
        """Write the workspace's lines as a manifest, after what is being saved."""
        bench = self._bench()
        if bench is None:
            return

        def write(_token: CancelToken, _report: Report) -> str:
            from truthline.sync.opening.opening import export_in_words

            return export_in_words(bench.document.workspace, path)

        self._jobs.run(
            Lane.WRITE,
            write,
            done=lambda left_out: bench.toast.tell(f"Exported to {path}.", left_out),
            failed=self._complain,
        )

    def show_projects(self) -> None:
        """Show the account's projects and datasets."""
        from truthline.ui.projects.dialog import ProjectsDialog

        bench = self._bench()
        connection = self._access.connection() if bench is None else bench.dataset.access.connection
        dialog = ProjectsDialog(self._jobs, connection, self._window)
        dialog.dataset_chosen.connect(lambda chosen: self._open(chosen.arn, chosen.connection))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def import_labels(self) -> None:
        """Bring in labels from another tool's files."""
        bench = self._bench()
        if bench is None:
            return
        from truthline.ui.exchange.dialogs import ImportDialog

        dialog = ImportDialog(bench.document, bench.pictures.source, self._window)

        def imported(result: Imported) -> None:
            bench.browser.set_filter(bench.browser.filter)  # new entries are listed
            tell = bench.undoing.offer if result.edited.step else bench.toast.say
            tell(f"Labels of {counted(result.edited.entries, 'image')} were imported.")

        dialog.imported.connect(imported)
        dialog.open()

    def export_labels(self) -> None:
        """Write the labels in another tool's format."""
        bench = self._bench()
        if bench is None:
            return
        from truthline.ui.exchange.dialogs import ExportDialog

        dialog = ExportDialog(bench.document, bench.pictures.source, self._window)
        dialog.exported.connect(lambda path: bench.toast.say(f"Exported to {path}."))
        dialog.open()


def _ask(dialog: ConnectionDialog, accepted: Callable[[], object]) -> None:
    dialog.accepted.connect(accepted)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
