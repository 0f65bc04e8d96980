"""How this Truthline was installed, with what, and so how a part that is missing is added."""

from __future__ import annotations

import importlib.util
import json
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from truthline import __version__

_LIBRARIES = (("PySide6-Essentials", "PySide6"), ("boto3", "boto3"), ("Pillow", "Pillow"))


def versions() -> dict[str, str]:
    """The versions of what a mistake may lie in, by name, Truthline's own first."""
    told = {"Truthline": __version__, "Python": platform.python_version()}
    for distribution, name in _LIBRARIES:
        try:
            told[name] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            told[name] = "unknown"  # as in an app in one piece
    return told | {"Platform": platform.platform()}


def how_to_add(extra: str) -> str:
    """The line that adds one of Truthline's extras to this very installation, or why there is none."""
    if getattr(sys, "frozen", False):
        return "This Truthline came in one piece, to which nothing can be added. Install it with pip instead."
    wanted, is_editable = _wanted(extra)
    root = Path(sys.prefix)
    if (root / "pipx_metadata.json").exists():
        words = ["pipx", "install", "--force", *(["--editable"] if is_editable else []), wanted]
    elif (root / "uv-receipt.toml").exists():
        words = ["uv", "tool", "install", "--force", *(["--editable"] if is_editable else []), wanted]
    elif importlib.util.find_spec("pip") is None:
        words = ["uv", "pip", "install", "--python", sys.executable]
        words += ["--editable", wanted] if is_editable else [wanted]
    else:
        words = [sys.executable, "-m", "pip", "install"]
        words += ["--editable", wanted] if is_editable else [wanted]
    return f"Run: {_as_typed(words)}"


def _wanted(extra: str) -> tuple[str, bool]:
    """What to name to an installer, and whether it is a checkout that is worked on."""
    try:
        source: dict[str, Any] = json.loads(
            metadata.distribution("truthline").read_text("direct_url.json") or "{}"
        )
    except (metadata.PackageNotFoundError, ValueError):
        source = {}
    url = str(source.get("url", ""))
    if not url:
        return f"truthline[{extra}]", False
    if url.startswith("file:"):
        path = url2pathname(urlsplit(url).path)
        return f"{path}[{extra}]", bool(source.get("dir_info", {}).get("editable"))
    scheme = source.get("vcs_info", {}).get("vcs", "")
    return f"truthline[{extra}] @ {f'{scheme}+' if scheme else ''}{url}", False


def _as_typed(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
