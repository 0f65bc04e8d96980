"""What Truthline remembers between two starts, as one table.

Kept as JSON in the user's configuration folder. A value that is missing or of the wrong kind falls back to
its default, so that a damaged file costs a preference and never a start. Credentials are never among them.
"""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import platformdirs

SETTINGS: dict[str, Any] = {
    "appearance": "system",  # system, dark or light
    "window": "",  # geometry and state, base64 of what Qt saves
    "layout": "",
    "thumbnail_size": 168,
    "recent": [],  # what was opened, newest first
    "log_level": "info",  # info or debug
    "profile": "",
    "region": "",
    "undo_days": 30,  # steps of the undo history that are older are forgotten
    "undo_megabytes": 200,  # what the history may take of a workspace file, compressed
    "endpoints": [],  # other than AWS's, that were chosen on this computer, newest first
}
"""Every setting with its default; the default's type is the setting's."""

RECENT = 10
"""How many opened things are remembered."""

ENDPOINTS = 100
"""How many endpoints are remembered."""


class Settings:
    """The settings of one user.

    Args:
        path: the file; by default in the user's configuration folder.

    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(platformdirs.user_config_dir("truthline")) / "settings.json"
        self._values = self._load()

    def get(self, name: str) -> Any:
        """The value of a setting in the table."""
        return self._values[name]

    def set(self, name: str, value: object) -> None:
        """Change a setting; kept on disk by `save`."""
        if type(value) is not type(SETTINGS[name]):
            message = f"{name} takes {type(SETTINGS[name]).__name__}"
            raise TypeError(message)
        self._values[name] = value

    def remember(self, opened: str) -> None:
        """Put what was opened at the head of the recent list."""
        recent = [opened, *(item for item in self._values["recent"] if item != opened)]
        self._values["recent"] = recent[:RECENT]

    def choose_endpoint(self, origin: str) -> None:
        """Remember at once, also beside another running Truthline, that an endpoint was chosen here."""
        if origin not in self._values["endpoints"]:
            self._values["endpoints"] = [origin, *self._values["endpoints"]]
            self.save()

    def save(self) -> None:
        """Write the settings; a folder that cannot be written costs only the memory of them."""
        # A command may have added one meanwhile.
        chosen = dict.fromkeys((*self._values["endpoints"], *self._load()["endpoints"]))
        self._values["endpoints"] = list(chosen)[:ENDPOINTS]
        written = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(json.dumps(self._values, indent=1), encoding="utf-8")
            written.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                written.unlink()

    def _load(self) -> dict[str, Any]:
        values = copy.deepcopy(SETTINGS)
        with contextlib.suppress(OSError, ValueError, AttributeError):
            read = json.loads(self._path.read_text(encoding="utf-8"))
            values |= {
                name: value
                for name, value in read.items()
                if name in SETTINGS and type(value) is type(SETTINGS[name])
            }
        for name in ("recent", "endpoints"):
            values[name] = [item for item in values[name] if isinstance(item, str)]
        return values
