"""Names from data within a sentence of ours."""

from __future__ import annotations

from truthline.ui.kit import theme

_IN_MENU = 40
"""The characters of a name that a menu shows."""


def in_menu(name: str) -> str:
    """A name from data in quotation marks, as the text of a menu: short, and no letter of it is a key."""
    return f"“{theme.shortened(name, _IN_MENU)}”".replace("&", "&&")
