"""Thumbnails of a whole folder, made ahead in the background, so that scrolling finds them ready."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from truthline.images.source import FolderSource
from truthline.progress import in_blocks
from truthline.ui.kit.jobs import Lane
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from truthline.images.thumbnails import Thumbnails
    from truthline.progress import CancelToken
    from truthline.ui.document.document import Document
    from truthline.ui.document.pictures import Pictures
    from truthline.workspace.workspace import Workspace

_BLOCK: Final = 64
"""Between two blocks it looks whether it shall stop, and whether somebody waits for others."""
_PAUSE_SECONDS: Final = 0.1


class ThumbnailsAhead(QObject):
    """Fills the disk cache with the thumbnails of a folder, on all processors but one.

    Those that a view waits for come first. Images in S3 are left alone, since each costs a request. Nobody is
    told of what cannot be read: it is told where the image is shown.
    """

    def __init__(
        self, document: Document, pictures: Pictures, thumbnails: Thumbnails, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._pictures = pictures
        self._thumbnails = thumbnails

    def start(self) -> None:
        """Begin, behind what else looks after the workspace."""
        workspace, info = self._document.workspace, self._document.info
        if info.images_dir:
            source = FolderSource(Path(info.images_dir), info.target)
            self._document.jobs.run(
                Lane.UPKEEP,
                lambda token, _report: self._make(workspace, source, token),
                failed=lambda _error: None,
            )

    def _make(self, workspace: Workspace, source: FolderSource, token: CancelToken) -> None:
        def prepare(source_ref: str) -> None:
            if source_ref and not token.cancelled:
                self._thumbnails.prepare(source_ref, source)

        ids = [EntryId(one) for one in workspace.ids()]
        workers = max(1, (os.cpu_count() or 1) - 1)
        with ThreadPoolExecutor(workers, thread_name_prefix="ahead") as pool:
            for block in in_blocks(ids, _BLOCK, cancel=token):
                while self._pictures.waiting:
                    token.wait(_PAUSE_SECONDS)
                if not self._thumbnails.has_room:
                    return
                refs = [entry.source_ref for entry in workspace.entries(block)]
                list(pool.map(prepare, refs))
