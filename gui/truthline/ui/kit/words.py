"""Numbers with their nouns, and names from data within a sentence."""

from __future__ import annotations

from truthline.ui.kit import theme

_IN_MENU = 40
"""The characters of a name that a menu shows."""


def counted(number: int, one: str, many: str = "") -> str:
    """``1 box``, ``2 boxes``, ``1,204 images``; ``many`` where an s does not make the plural."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_menu(name: str) -> str:
    """A name from data in quotation marks, as the text of a menu: short, and no letter of it is a key."""
    return f"“{theme.shortened(name, _IN_MENU)}”".replace("&", "&&")
