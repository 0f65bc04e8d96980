"""Where a file dialog begins."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def documents() -> Path:
    """The folder of a person's documents, or their own where there is none; it exists.

    A file dialog that is given a folder that does not exist begins wherever it was last.
    """
    folder = Path(platformdirs.user_documents_dir())
    return folder if folder.is_dir() else Path.home()
