"""What a write touched, so that views refresh by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from truthline.workspace.ids import EntryId

NAMED_AT_MOST: Final = 10_000
"""More entries than this are not worth naming: a view refreshes as a whole."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one or several writes touched; false if they touched nothing.

    ``entries`` names the entries, unless ``everything`` says that they are too many to name. ``info`` is
    what concerns the workspace as a whole: its `WorkspaceInfo` or its list of labels. ``pushes`` is the
    push journal. ``listed`` names labels that came into the list because lines use them.
    """

    entries: frozenset[EntryId] = frozenset()
    everything: bool = False
    info: bool = False
    pushes: bool = False
    listed: tuple[str, ...] = ()

    @classmethod
    def of_entries(cls, ids: Collection[EntryId]) -> Changes:
        """Changes of these entries, named if they are not too many."""
        if len(ids) > NAMED_AT_MOST:
            return cls(everything=True)
        return cls(entries=frozenset(ids))

    def __bool__(self) -> bool:
        return bool(self.entries) or self.everything or self.info or self.pushes

    def __or__(self, other: Changes) -> Changes:
        """Both together."""
        everything = self.everything or other.everything
        named = Changes() if everything else Changes.of_entries(self.entries | other.entries)
        return Changes(
            entries=named.entries,
            everything=everything or named.everything,
            info=self.info or other.info,
            pushes=self.pushes or other.pushes,
            listed=self.listed + other.listed,
        )
