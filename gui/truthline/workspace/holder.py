"""One Truthline at a time: a lock beside the workspace file, and a note of who has it.

The lock is the operating system's, so it ends with the process that took it, also when that is killed.
The note lies in a file of its own: Windows lets nobody read a locked one.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from truthline.errors import UnreadableFileError, WorkspaceHeldError
from truthline.reasons import reason

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a workspace open; ``since`` is ISO 8601 in UTC."""

    user: str
    computer: str
    process: int
    since: str

    @classmethod
    def here(cls) -> Self:
        """Our own process, from now on."""
        try:
            user = getpass.getuser()
        except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
            user = "?"
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(user=user, computer=platform.node() or "?", process=os.getpid(), since=since)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The holder that a note tells of, None if there is no readable one."""
        try:
            note = json.loads(path.read_bytes())
            datetime.fromisoformat(note["since"])
            return cls(str(note["user"]), str(note["computer"]), int(note["process"]), note["since"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def text(self) -> str:
        """The holder in the user's words."""
        since = datetime.fromisoformat(self.since).astimezone()
        return f"{self.user} on {self.computer} (process {self.process}) since {since:%Y-%m-%d %H:%M}"


class Hold:
    """Keeps every other Truthline from opening a workspace, until released.

    Raises:
        WorkspaceHeldError: another one has it; ``detail`` says who.
        UnreadableFileError: the folder cannot be written.

    """

    def __init__(self, path: Path) -> None:
        self._note = path.with_name(path.name + ".holder")
        lock_path = path.with_name(path.name + ".lock")
        # Closed from whatever thread closes the workspace, so the lock is not bound to the one that took it.
        self._lock = FileLock(lock_path, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise _held(path, Holder.read(self._note)) from error
        except OSError as error:
            raise UnreadableFileError(
                "The workspace's folder cannot be written.",
                detail=f"{reason(error)}. Choose a folder in which you may write.",
                place=str(path),
            ) from error
        self._lock_path = lock_path
        with suppress(OSError):  # the note is a courtesy; the lock is what counts
            self._note.write_text(json.dumps(asdict(Holder.here())), encoding="utf-8")

    def release(self) -> None:
        """Let others open the workspace, and take both files away."""
        if not self._lock.is_locked:
            return
        with suppress(OSError):
            self._note.unlink(missing_ok=True)
        if os.name == "posix":
            # While it is still held: whoever opened it meanwhile finds it without a name and starts over.
            with suppress(OSError):
                self._lock_path.unlink(missing_ok=True)
        self._lock.release()


def _held(path: Path, holder: Holder | None) -> WorkspaceHeldError:
    who = f"It was opened by {holder.text}. " if holder else ""
    return WorkspaceHeldError(
        "Another running Truthline has this workspace open.",
        detail=f"{who}Close it there, then open it here.",
        place=str(path),
    )
