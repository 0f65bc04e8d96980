"""From what a person names (a path, an address, an ARN) to an open workspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from truthline.errors import CancelledError, NotLinesError
from truthline.progress import CancelToken, Doing, Progress, Report
from truthline.sync.opening.sources import recognise
from truthline.ui.connect.wish import Wish, destination
from truthline.ui.kit.jobs import Job, Jobs, Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.aws.connection import Connection
    from truthline.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ValuesOffer:
    """A manifest without lines: what is wrong with it, and the wish that takes it as values."""

    error: NotLinesError
    wish: Wish


@dataclass(frozen=True, slots=True)
class Opened:
    """An open workspace. The signal is of this type, since that of `Workspace` takes 80 ms to load."""

    workspace: Workspace


class Opener(QObject):
    """Opens one thing at a time, off the GUI thread.

    ``prepare`` is called there first: it loads what shows a workspace, so that the GUI thread need not.
    """

    opened = Signal(Opened)
    """What was opened."""
    failed = Signal(Exception)
    """The exception by which opening failed; not after a cancel."""
    values_offered = Signal(ValuesOffer)
    """In place of ``failed``: the manifest has no lines, and can be read in another way."""
    working = Signal(Progress)
    """How far it is."""
    ended = Signal()
    """Nothing is being opened any more."""

    def __init__(
        self, jobs: Jobs, parent: QObject | None = None, *, prepare: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._prepare = prepare
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
            self._prepare()
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
        self.opened.emit(Opened(workspace))

    def _failed(self, error: Exception) -> None:
        self._end()
        if isinstance(error, NotLinesError):
            self.values_offered.emit(ValuesOffer(error, replace(self._wish, values=True)))
        elif not isinstance(error, CancelledError):
            self.failed.emit(error)

    def _end(self) -> None:
        self._job = None
        self.ended.emit()


def tell_failures(opener: Opener, complain: Callable[[Exception], None], window: QWidget) -> None:
    """Let a window tell of what cannot be opened, and ask whether to open what can be read in another way."""

    def ask(offer: ValuesOffer) -> None:
        error = offer.error
        box = QMessageBox(window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Open as Values")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{Path(error.place).name}: {error.title}")
        box.setInformativeText("Read it as one entry for each value? The file itself stays as it is.")
        go = box.addButton("Read as Entries", QMessageBox.ButtonRole.AcceptRole)
        go.clicked.connect(lambda: opener.open(offer.wish))
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    opener.failed.connect(complain)
    opener.values_offered.connect(ask)


def _open(wish: Wish, token: CancelToken, report: Report) -> Workspace:
    # Loaded here, off the GUI thread: the window is seen before what a workspace needs.
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
