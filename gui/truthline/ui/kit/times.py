"""Times and durations in words, in the time zone of this computer."""

from __future__ import annotations

from datetime import datetime


def clock_time(time: datetime, *, now: datetime | None = None) -> str:
    """``14:05`` of today, ``14 May, 14:05`` of this year, else ``14 May 2023, 14:05``."""
    local, today = time.astimezone(), (now or datetime.now().astimezone()).astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


def minutes(seconds: float) -> str:
    """``0:07`` for 7 seconds, ``61:05`` for an hour and 65 seconds."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def about(seconds: float) -> str:
    """A rough duration: ``40 s``, ``42 min``, ``3 h``."""
    if seconds < 55:
        return f"{max(5 * round(seconds / 5), 5)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"
