"""Where the workspace of a source is kept."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from truthline.sync.opening.sources import Source, SourceKind


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
