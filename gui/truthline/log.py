"""The log: what happened, when, and where in the program, but never with what data.

A rotating file in the platform's folder for logs. Every error that nobody foresaw ends here, whichever way
Python or Qt tells of it, and so does the place at which the process itself crashed. Only this module writes
to it, and what others say of an error is left out: an exception's message may hold a line, a label, an
address or a credential. Types, places in the program, and words that the program itself consists of remain.

A log that cannot be written costs the log and nothing else.
"""

from __future__ import annotations

import errno
import faulthandler
import logging
import logging.handlers
import os
import platform
import re
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import platformdirs
from typing_extensions import override

from truthline import __version__
from truthline.errors import TruthlineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

LEVELS: Final = ("info", "debug")
"""How much is written; a setting, and what ``--debug`` raises."""
FILE_BYTES: Final = 1_000_000
"""With the old files five megabytes: weeks of work, and still small enough to be sent."""
OLD_FILES: Final = 4
_SILENT: Final = logging.CRITICAL + 1
_SOMETHING: Final = "something"
_CAUSES: Final = 5
_REPEATS: Final = 100
"""How many different places of errors are remembered, so that a repeated one takes one line."""
_WORD: Final = re.compile(r"[A-Za-z_][\w.-]{0,79}")
_QUOTED: Final = re.compile(r"""["`“‘]|(?<!\w)'|'(?!\w)|\((?!\))""")
_ADDRESS: Final = re.compile(r"\S*[/\\]\S*")
_HERE: Final = Path(__file__).parent.parent

_logger: Final = logging.getLogger("truthline.log")
_logger.propagate = False
_logger.setLevel(_SILENT)
_seen: Final[set[str]] = set()
_listeners: Final[list[Callable[[BaseException], None]]] = []


class _Doing(str):
    """A note on an exception: what was being done, in words that hold no data."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unforeseen:
    """An error that nobody foresaw, described without any data.

    ``doing`` completes "Something went wrong …". ``place`` is the error's type and where it was raised,
    ``told`` that and the way there, in lines.
    """

    doing: str
    place: str
    told: str


def folder() -> Path:
    """The folder of the log."""
    return Path(platformdirs.user_log_dir("truthline"))


def path() -> Path:
    """The log's file."""
    return folder() / "truthline.log"


def shown_path() -> str:
    """The log's file as people write it, with ~ for their own folder."""
    try:
        return str(Path("~") / path().relative_to(Path.home()))
    except (ValueError, RuntimeError):  # somewhere else, or nobody's home
        return str(path())


def start(level: str, *, console: int | None = None) -> None:
    """Open the log and have every unforeseen error end in it.

    Args:
        level: how much is written, one of `LEVELS`.
        console: the `logging` level from which on it is written to standard error too.

    """
    _seen.clear()
    lowest = logging.DEBUG if level == "debug" else logging.INFO
    _logger.setLevel(min(lowest, logging.CRITICAL if console is None else console))
    if console is not None and sys.stderr is not None:
        _add(logging.StreamHandler(sys.stderr), console, "truthline: %(levelname)s: %(message)s")
    try:
        file = _LogFile(path())
    except OSError:
        with suppress(AttributeError, OSError, ValueError):  # no standard error, or one without a file
            faulthandler.enable()
    else:
        _add(file, lowest, "%(asctime)s %(process)d %(threadName)s %(levelname)s: %(message)s")
    _catch_all()
    note("Truthline %s, Python %s, %s", __version__, platform.python_version(), platform.platform())


def stop() -> None:
    """Close the log; nothing is written any more."""
    for handler in list(_logger.handlers):
        _logger.removeHandler(handler)
        handler.close()
    _logger.setLevel(_SILENT)


def debug(text: str, *facts: object) -> None:
    """Write what only somebody in search of a mistake wants to know; no ``facts`` may come from data."""
    _logger.debug(text, *facts)


def note(text: str, *facts: object) -> None:
    """Write what happened; no ``facts`` may come from data."""
    _logger.info(text, *facts)


def foreign(text: str) -> None:
    """Write what other software says, as far as the first quotation or bracket, and without addresses."""
    begun, *quoted = _QUOTED.split(text, maxsplit=1)
    _logger.warning("%s", _ADDRESS.sub("…", begun) + ("…" if quoted else ""))


def told_error(error: Exception) -> None:
    """Write that a person was told of an error of ours."""
    _logger.info("told: %s", _name(error))


def unforeseen(error: BaseException) -> Unforeseen:
    """Write an error that nobody foresaw: in full the first time, then in a line."""
    described = describe(error)
    if described.place in _seen or len(_seen) >= _REPEATS:
        _logger.error("again, %s: %s", described.doing or _SOMETHING, described.place)
    else:
        _seen.add(described.place)
        _logger.error("unforeseen, %s:\n%s", described.doing or _SOMETHING, described.told)
    return described


def describe(error: BaseException) -> Unforeseen:
    """What an error is and where it came from, without what it says."""
    return Unforeseen(_doing(error), _place(error), "\n".join(_lines(error)))


def in_a_line(error: Unforeseen) -> str:
    """What is said of an error where there is no dialog for it."""
    where = f"The log tells more: {shown_path()}" if path().exists() else "No log could be written."
    return f"truthline: Something went wrong that Truthline did not foresee: {error.place}. {where}"


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Remember on an error what was being done: words that complete "Something went wrong …"."""
    try:
        yield
    except Exception as error:
        if not _doing(error):
            error.add_note(_Doing(what))
        raise


@contextmanager
def telling(listener: Callable[[BaseException], None]) -> Iterator[None]:
    """Have ``listener`` told of each error that ends in one of Python's hooks, on whatever thread that is."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _add(handler: logging.Handler, level: int, form: str) -> None:
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter(form))
    _logger.addHandler(handler)


class _LogFile(logging.handlers.RotatingFileHandler):
    """The file, which Python's own notes on a crash follow when it is replaced by a new one."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(
            file, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8", errors="backslashreplace"
        )

    @override
    def _open(self) -> Any:
        # A crash writes to the file's number, which is another file's as soon as this one is closed.
        stream: IO[str] = open(  # noqa: SIM115  # kept open
            self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=_private
        )
        faulthandler.enable(stream)
        return stream

    @override
    def doRollover(self) -> None:
        faulthandler.disable()
        with suppress(OSError):  # on Windows another Truthline may have it open; then it grows a little more
            super().doRollover()
        if self.stream is None:
            self.stream = self._open()

    @override
    def close(self) -> None:
        faulthandler.disable()
        with suppress(OSError):  # what the disk has no room for
            super().close()

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk is no reason to tell anybody about the log."""


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _catch_all() -> None:
    def of_main(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        _caught(error)

    def of_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and not isinstance(given.exc_value, SystemExit):
            _caught(given.exc_value)

    def unraisable(given: sys.UnraisableHookArgs) -> None:
        if given.exc_value is not None:
            unforeseen(given.exc_value)

    sys.excepthook = of_main
    threading.excepthook = of_thread
    sys.unraisablehook = unraisable


def _caught(error: BaseException) -> None:
    if not isinstance(error, Exception):  # Ctrl-C
        sys.__excepthook__(type(error), error, error.__traceback__)
        return
    described = unforeseen(error)
    for listener in _listeners:
        listener(error)
    if not _listeners and sys.stderr is not None:
        print(in_a_line(described), file=sys.stderr, flush=True)  # noqa: T201  # there is no window yet


def _doing(error: BaseException) -> str:
    return next((str(one) for one in getattr(error, "__notes__", ()) if isinstance(one, _Doing)), "")


def _lines(error: BaseException) -> Iterator[str]:
    """The error, the way to it, and what it followed from."""
    following: BaseException | None = error
    for number in range(_CAUSES):
        if following is None:
            return
        yield ("" if not number else "after ") + _name(following)
        yield from (f"  {one}" for one in _frames(following))
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _frames(error: BaseException) -> list[str]:
    """Where each call was, outermost first, in file, line and function."""
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{_file(code.co_filename)}:{trace.tb_lineno} {code.co_qualname}")
        trace = trace.tb_next
    return found


def _place(error: BaseException) -> str:
    return " at ".join([_name(error), *_frames(error)[-1:]])


def _file(name: str) -> str:
    """A module's file without the folder that Python, or the project, lies in."""
    file = Path(name)
    if file.is_relative_to(_HERE):
        return file.relative_to(_HERE).as_posix()
    parts = file.parts
    return "/".join(parts[parts.index("site-packages") + 1 :]) if "site-packages" in parts else file.name


def _name(error: BaseException) -> str:
    """The error's type, and of what it says only what cannot be data."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    facts = [str(one) for one in _facts(error) if isinstance(one, str) and _WORD.fullmatch(one)]
    return f"{name} ({', '.join(facts)})" if facts else name


def _facts(error: BaseException) -> Iterator[object]:
    if isinstance(error, TruthlineError):
        yield error.code
    elif isinstance(error, OSError):
        yield errno.errorcode.get(error.errno or 0)
    elif isinstance(error, AttributeError | NameError | ImportError):
        yield error.name
    yield getattr(error, "sqlite_errorname", None)
