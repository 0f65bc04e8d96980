"""What was done in the sample, kept as a workspace of its own after the emulator has gone."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from truthline.aws.connection import Connection
from truthline.errors import UnreadableFileError
from truthline.sync.opening.opening import appearing_whole, belong_to

if TYPE_CHECKING:
    from pathlib import Path

    from truthline.workspace.workspace import Workspace


def keep_workspace(workspace: Workspace, path: Path, images: Path) -> None:
    """Write a workspace of the same lines that belongs to no dataset, with its images in a folder beside it.

    Args:
        workspace: stays as it is, and open.
        path: the new file, which appears whole or not at all; it takes the place of one that is there.
        images: the folder of its images; it is copied.

    Raises:
        UnreadableFileError: the file or the folder cannot be written.

    """
    beside = path.with_name(f"{path.stem} images")
    try:
        shutil.copytree(images, beside, dirs_exist_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UnreadableFileError(
            "The workspace cannot be written.", detail="Choose another folder.", place=str(beside)
        ) from error
    with appearing_whole(path) as hidden, closing(workspace.copy(hidden)) as copy:
        belong_to(copy, "", Connection())
        copy.set_info(replace(copy.info, name=path.stem, images_dir=str(beside.absolute()), target=""))
