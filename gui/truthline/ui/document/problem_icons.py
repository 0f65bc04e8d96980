"""The icons of findings and remote errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.manifest.annotation import Level
from truthline.ui.kit import theme
from truthline.workspace.workspace import Origin

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon


def icon_of(origin: Origin, level: Level) -> QIcon:
    """The icon of a problem; the service's have a shape of their own."""
    t = theme.tokens()
    colour = {Level.ERROR: t.error, Level.WARNING: t.warning, Level.INFO: t.dim}[level]
    if origin is not Origin.FINDING:
        return theme.icon("cloud-error", colour)
    return theme.icon({Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "info"}[level], colour)
