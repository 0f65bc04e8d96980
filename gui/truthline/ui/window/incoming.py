"""A workspace on its way into the window: its workbench is made and arranged in several turns."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.sync.service.endpoints import Reach
    from truthline.ui.window.workbench import Workbench
    from truthline.workspace.workspace import Workspace


class Incoming(QObject):
    """Takes one step in each turn of the event loop: all at once they held the window up for 118 ms.

    Args:
        make: makes the workbench of a workspace, not arranged yet.
        show: puts it into the window.
        parent: whose event loop it is.

    """

    def __init__(
        self,
        make: Callable[[Workspace, Reach], Workbench],
        show: Callable[[Workbench], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._make = make
        self._show = show
        self._steps: deque[Callable[[], None]] = deque()
        self._workspace: Workspace | None = None
        self._bench: Workbench | None = None

    def receive(self, workspace: Workspace, reach: Reach) -> None:
        """Begin."""
        self._workspace = workspace
        self._steps.extend((lambda: self._make_bench(reach), self._arrange_bench, self._show_bench))
        QTimer.singleShot(0, self.take_step)

    def take_step(self) -> None:
        """Take the next step, and the one after it in a later turn."""
        if self._steps:
            self._steps.popleft()()
            QTimer.singleShot(0, self.take_step)

    def finish(self) -> None:
        """Take all steps that are left, for whoever cannot wait."""
        while self._steps:
            self._steps.popleft()()

    def close(self) -> None:
        """Give up what is on its way, and let go of its file."""
        self._steps.clear()
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            workspace.close()
        bench, self._bench = self._bench, None
        if bench is not None:
            bench.close_document()
            bench.deleteLater()

    def _make_bench(self, reach: Reach) -> None:
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            self._bench = self._make(workspace, reach)

    def _arrange_bench(self) -> None:
        if self._bench is not None:
            self._steps.extendleft(reversed(self._bench.arrangement()))

    def _show_bench(self) -> None:
        bench, self._bench = self._bench, None
        if bench is not None:
            self._show(bench)
