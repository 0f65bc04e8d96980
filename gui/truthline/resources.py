"""Files that ship with Truthline: icons, schemas, the sample dataset."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Path of a shipped file or folder, such as ``"schemas/line.schema.json"``.

    Works from a checkout (``resources/`` beside ``gui/``), from an installed wheel (``_resources`` inside
    the package) and from a frozen app (``_resources`` beside the program).

    Raises:
        FileNotFoundError: nothing of that name ships.

    """
    frozen = getattr(sys, "_MEIPASS", None)
    roots = [Path(frozen) / "truthline" / "_resources"] if frozen else []
    roots += [_PACKAGE / "_resources", _PACKAGE.parents[1] / "resources"]
    for root in roots:
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(name)
