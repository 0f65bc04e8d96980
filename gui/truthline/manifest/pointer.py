"""JSON Pointers (RFC 6901)."""

from __future__ import annotations


def pointer_to(*steps: str | int) -> str:
    """Spell the pointer to a place; "" for the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
