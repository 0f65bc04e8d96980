"""What a person names to be opened, and how AWS is reached for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from truthline.aws.connection import Connection
from truthline.errors import TruthlineError
from truthline.sync.opening.sources import recognise
from truthline.sync.opening.workspace_path import workspace_path

if TYPE_CHECKING:
    from pathlib import Path


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
