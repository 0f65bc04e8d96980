"""Whether a window can be shown, asked before Qt is: where it cannot, Qt aborts the process."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Final

from truthline.errors import UsageError

_CHOSEN_BY_HAND: Final = "QT_QPA_PLATFORM"
_WITHOUT: Final = "Or work without a window: truthline demo --headless, truthline --help."


def check_display() -> None:
    """Make sure that Qt will find a display, and the libraries that it needs to draw on it.

    On Linux only. Nothing is said where QT_QPA_PLATFORM names a way of showing that is neither X nor Wayland.

    Raises:
        UsageError: it will not.

    """
    chosen = os.environ.get(_CHOSEN_BY_HAND, "").partition(":")[0]
    if sys.platform != "linux" or chosen not in {"", "xcb", "wayland"}:
        return
    if chosen != "xcb" and _answers_by_wayland():
        return
    _check_libraries()
    if not _answers_by_x():
        display = os.environ.get("DISPLAY", "")
        raise UsageError(
            f"The display {display} cannot be opened." if display else "There is no display.",
            detail=f"See whether it runs, and whether DISPLAY names it. {_WITHOUT}",
        )


def _answers_by_wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    if not name:
        return False
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "/"), name)  # unless the name is a path itself
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def _check_libraries() -> None:
    """Load what Qt will load: its plug-in for X, with all that this links to."""
    qt = importlib.util.find_spec("PySide6")
    folders = qt.submodule_search_locations if qt is not None else None
    plugin = Path(next(iter(folders or ("",))), "Qt", "plugins", "platforms", "libqxcb.so")
    if not plugin.is_file():  # laid out otherwise: then it is for Qt to say
        return
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        raise UsageError(
            f"This computer lacks a library that windows need: {_named(error)}.",
            detail=f"Install it, or run packaging/start, which does where it can. {_WITHOUT}",
        ) from error


def _named(error: OSError) -> str:
    """The library that could not be loaded, which only the loader's words tell."""
    return str(error).partition(":")[0]


def _answers_by_x() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    try:
        return not xcb.xcb_connection_has_error(connection)
    finally:
        xcb.xcb_disconnect(connection)
