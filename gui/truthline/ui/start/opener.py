"""From what a person names (a path, an address, an ARN) to an open workspace."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from truthline.aws.connection import Connection
from truthline.errors import CancelledError, NotLinesError, TruthlineError
from truthline.progress import CancelToken, Doing, Progress, Report
from truthline.sync.opening.sources import Source, SourceKind, recognise
from truthline.ui.kit.jobs import Job, Jobs, Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Wish:
    """What to open, and what is needed to make a workspace of it; ``path`` is where, None for beside it.

    ``over`` is what counts before what an existing workspace says of how to reach AWS, as long as it is open;
    a ``connection`` that was ``chosen`` for it takes the place of what it says.
    With ``values``, a manifest that has no lines is read as one entry for each of its JSON values.
    """

    text: str
    target: str = ""
    images_dir: str = ""
    connection: Connection = field(default_factory=Connection)
    over: Connection = field(default_factory=Connection)
    chosen: bool = False
    path: Path | None = None
    values: bool = False


class Opener(QObject):
    """Opens one thing at a time, off the GUI thread."""

    opened = Signal(object)
    """The open `Workspace`."""
    failed = Signal(object)
    """The exception by which opening failed; not after a cancel."""
    values_offered = Signal(object, object)
    """In place of ``failed``: the `NotLinesError`, and the `Wish` that takes the manifest as values."""
    working = Signal(object)
    """`Progress` while it goes on, None when it has ended."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._wish = Wish("")

    @property
    def over(self) -> Connection:
        """Of the `Wish` that was opened last."""
        return self._wish.over

    @property
    def busy(self) -> bool:
        """Whether something is being opened."""
        return self._job is not None

    def open(self, wish: Wish) -> None:
        """Open a workspace; anything else becomes one first, or is found to have become one earlier."""
        if self.busy:
            return
        self._wish = wish
        self.working.emit(Progress(Doing.OPENING))

        def work(token: CancelToken, report: Report) -> Workspace:
            return _open(wish, token, report)

        self._job = self._jobs.run(
            Lane.NETWORK,
            work,
            done=self._done,
            failed=self._failed,
            progress=self.working.emit,
            unwanted=lambda workspace: workspace.close(),
        )

    def cancel(self) -> None:
        """Give it up; nothing of it stays."""
        if self._job is not None:
            self._job.cancel()

    def _done(self, workspace: Workspace) -> None:
        self._end()
        self.opened.emit(workspace)

    def _failed(self, error: Exception) -> None:
        self._end()
        if isinstance(error, NotLinesError):
            self.values_offered.emit(error, replace(self._wish, values=True))
        elif not isinstance(error, CancelledError):
            self.failed.emit(error)

    def _end(self) -> None:
        self._job = None
        self.working.emit(None)


def tell_failures(opener: Opener, complain: Callable[[Exception], None], window: QWidget) -> None:
    """Let a window tell of what cannot be opened, and ask whether to open what can be read in another way."""

    def ask(error: NotLinesError, wish: Wish) -> None:
        box = QMessageBox(window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Open as Values")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{Path(error.place).name}: {error.title}")
        box.setInformativeText("Read it as one entry for each value? The file itself stays as it is.")
        go = box.addButton("Read as Entries", QMessageBox.ButtonRole.AcceptRole)
        go.clicked.connect(lambda: opener.open(wish))
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    opener.failed.connect(complain)
    opener.values_offered.connect(ask)


def destination(wish: Wish) -> Path:
    """The workspace that a wish leads to.

    Raises:
        UsageError: it names nothing that can be opened.

    """
    return (wish.path or workspace_path(recognise(wish.text))).resolve()


def leads_to(wish: Wish, path: Path) -> bool:
    """Whether a wish leads to that workspace."""
    try:
        return destination(wish) == path
    except TruthlineError:  # which opening it then tells
        return False


def workspace_path(source: Source) -> Path:
    """Where the workspace of a source is kept: beside a manifest or folder, else in the documents.

    There too where nothing can be written beside it, as on a disk that can only be read.
    """
    if source.kind is SourceKind.WORKSPACE:
        return source.path
    if source.kind in {SourceKind.MANIFEST, SourceKind.FOLDER}:
        path = source.path.resolve()
        name = f"{path.stem if source.kind is SourceKind.MANIFEST else path.name}.truthline"
        if (path.parent / name).exists() or os.access(path.parent, os.W_OK):
            return path.parent / name
        return _documents() / f"{_kept(str(path))[-80:]}.truthline"
    return _documents() / f"{_file_name(source)}.truthline"


def _documents() -> Path:
    return Path(platformdirs.user_documents_dir()) / "Truthline"


def _file_name(source: Source) -> str:
    """A file name that tells datasets and prefixes apart; S3 keys and ARNs hold what file names must not."""
    parts = source.text.split("/")
    wanted = (
        "-".join(part for part in parts[1:] if part)
        if source.kind is SourceKind.DATASET
        else "-".join(parts[2:])
    )
    return _kept(wanted)[:80] or "workspace"


def _kept(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in text).strip("-_")


def _open(wish: Wish, token: CancelToken, report: Report) -> Workspace:
    # Loaded here, off the GUI thread: the window is seen before what a workspace and its panels need.
    import truthline.ui.window.dataset_commands
    import truthline.ui.window.workbench  # noqa: F401
    from truthline.sync.opening.opening import open_or_create

    source, path = recognise(wish.text), destination(wish)
    workspace = open_or_create(
        path,
        source,
        connection=wish.connection,
        target=wish.target,
        images_dir=wish.images_dir,
        values=wish.values,
        cancel=token,
        report=report,
    )
    if wish.chosen:
        _reach_by(workspace, wish.connection)
    return workspace


def _reach_by(workspace: Workspace, connection: Connection) -> None:
    info = workspace.info
    workspace.set_dataset(
        info.dataset_arn,
        profile=connection.profile,
        region=connection.region,
        endpoint_url=connection.endpoint_url,
        seen_updated=info.seen_updated,
    )
