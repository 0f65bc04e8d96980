"""How a first push goes: as one manifest, or as updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from truthline.manifest.check.limits import MAX_MANIFEST_BYTES
from truthline.sync.push.plan import BATCH_BYTES
from truthline.words import counted

_FEW_UPDATES: Final = 4
"""Each takes seconds, and making a dataset anew some too: up to here updates are as quick."""


@dataclass(frozen=True, slots=True)
class Route:
    """Whether a first push goes as one manifest or as updates, and why, in a sentence or two."""

    by_manifest: bool
    reason: str


def first_push_route(lines: int, size: int, held: int) -> Route:
    """Choose how ``lines`` lines of ``size`` bytes in all go into a dataset that holds ``held`` entries."""
    updates = max(1, -(-size // BATCH_BYTES))
    told = counted(lines, "line")
    if held:
        entries = "an entry" if held == 1 else f"{held:,} entries"
        return Route(
            by_manifest=False,
            reason=f"The dataset holds {entries} already, so what is new is sent as updates.",
        )
    if size > MAX_MANIFEST_BYTES:
        return Route(
            by_manifest=False,
            reason=f"{told} are more than one manifest may hold, so they are sent as updates.",
        )
    if size <= _FEW_UPDATES * BATCH_BYTES:
        count = "one update" if updates == 1 else f"{updates} updates"
        return Route(by_manifest=False, reason=f"The dataset is empty, and {count} will do for {told}.")
    return Route(
        by_manifest=True,
        reason=f"The dataset is empty, and {told} would take {updates:,} updates one after the other. One"
        " manifest is quicker.",
    )
