"""Numbers as messages show them."""

from __future__ import annotations


def spell_number(value: float) -> str:
    """Spell a number with up to two decimals, with more where it would read 0 otherwise."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text if text not in ("0", "-0") or value == 0 else f"{value:.1g}"
