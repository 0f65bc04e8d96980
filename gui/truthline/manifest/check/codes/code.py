"""One code: how bad it is, what it means, why it matters, what to do, and who gave it its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truthline.manifest.annotation import Level


class Source(StrEnum):
    """Where a code is documented: a list of the Custom Labels Developer Guide, or nowhere but here."""

    LINES = "Non-terminal JSON Line validation errors"
    FILES = "Terminal manifest file errors"
    DATASETS = "Terminal manifest content errors"
    OWN = "Truthline's own"


@dataclass(frozen=True, slots=True)
class Code:
    """A code in words: a title without a full stop, why it matters, and how to fix it.

    ``level`` is what it is unless the finding says otherwise: a dataset that stands alone is only warned of
    what fails a training. ``fix`` says what Truthline can do against it, "" if nothing.
    """

    code: str
    level: Level
    source: Source
    title: str
    why: str
    how_to_fix: str
    fix: str = ""
