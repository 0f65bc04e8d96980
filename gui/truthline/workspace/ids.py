"""Names of things in a workspace."""

from __future__ import annotations

from typing import NewType

EntryId = NewType("EntryId", int)
"""Names an entry within its workspace, for as long as the workspace exists."""
