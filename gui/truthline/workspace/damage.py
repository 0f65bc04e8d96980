"""What tells damage: a checksum of each entry's line, one of what belongs to it, and the types of values.

Both checksums are CRC-32, begin with the entry's id and lie in ``entries``, away from the bytes that they
are of: so a flipped bit, a lost page and two pages that changed places are seen alike. Every write of an
entry checks it before (`check`) and seals it after (`seal`), within one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from truthline.errors import DamagedEntryError
from truthline.manifest.annotation import Finding, ImageFacts
from truthline.manifest.check.codes.table import finding_of
from truthline.progress import CancelToken, Doing, Progress, Report, ignore_progress
from truthline.words import counted
from truthline.workspace.ids import EntryId

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

DAMAGED: Final = "TRUTHLINE_DAMAGED_ENTRY"
"""The code of the one finding of a damaged entry."""

_WORD: Final = 0xFFFFFFFF
_FLAG: Final = (0, 1)
_LINE_OR_NONE: Final = (bytes, type(None))
_BLOCK: Final = 5_000
"""A block is one statement, which cannot be cancelled."""
_NAMED: Final = 5
_LARGEST_SIDE: Final = 1 << 20
"""No decoder takes more; a larger number in a file is damage."""

_SEAL: Final = """
    UPDATE entries SET
        line_sum = (SELECT line_sum(entries.id, source_ref, line, ending) FROM lines WHERE id = entries.id),
        base_sum = (SELECT base_sum(entries.id, changed, base_is_line, base, sent, theirs)
            FROM lines LEFT JOIN conflicts ON entry_id = lines.id WHERE lines.id = entries.id)
    WHERE id BETWEEN ? AND ?"""
_ONE: Final = """
    SELECT source_ref, line, ending, changed, base_is_line, base, sent, theirs, line_sum, base_sum
    FROM entries LEFT JOIN lines USING (id) LEFT JOIN conflicts ON entry_id = entries.id
    WHERE entries.id = ?"""


def line_sum(entry_id: int, source_ref: str, line: bytes, ending: bytes) -> int:
    """The checksum of an entry's line, its ending and its source-ref."""
    return crc32(line, crc32(ending + source_ref.encode(), entry_id & _WORD))


def base_sum(  # the columns in question, as SQL calls it
    entry_id: int,
    changed: int,
    base_is_line: int,
    base: bytes | None,
    sent: bytes | None,
    theirs: bytes | None,
) -> int:
    """The checksum of what is known of the dataset's line of an entry."""
    # Written out, since it is taken of every line that is read: loops over the three took twice as long.
    found = crc32(
        b"%d%d%d%d%d" % (changed, base_is_line, base is not None, sent is not None, theirs is not None)
    )
    if base is not None:
        found = crc32(base, found)
    if sent is not None:
        found = crc32(sent, found)
    if theirs is not None:
        found = crc32(theirs, found)
    return found ^ (entry_id & _WORD)


def line_fits(entry_id: int, source_ref: object, line: object, ending: object, expected: object) -> bool:
    """Whether an entry's line is what was stored."""
    if not (type(line) is bytes and type(ending) is bytes and type(source_ref) is str):
        return False
    return line_sum(entry_id, source_ref, line, ending) == expected


def base_fits(
    entry_id: int, changed: Any, base_is_line: Any, base: Any, sent: Any, theirs: Any, expected: object
) -> bool:
    """Whether base, sent and remote line are what was stored, by their checksum."""
    if changed not in _FLAG or base_is_line not in _FLAG:
        return False
    if not (type(base) in _LINE_OR_NONE and type(sent) in _LINE_OR_NONE and type(theirs) in _LINE_OR_NONE):
        return False
    return base_sum(entry_id, changed, base_is_line, base, sent, theirs) == expected


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection the SQL functions that `seal` needs."""
    connection.create_function("line_sum", 4, _or_none(line_sum), deterministic=True)
    connection.create_function("base_sum", 6, _or_none(base_sum), deterministic=True)


def _or_none(function: Any) -> Any:
    """The function; None, which fits nothing, for values of types that none of ours has."""

    def called(*values: Any) -> int | None:
        try:
            return int(function(*values))
        except (TypeError, AttributeError):
            return None

    return called


def check(connection: sqlite3.Connection, entry_id: EntryId) -> None:
    """Raise `DamagedEntryError` unless an entry is as it was stored, KeyError if there is no such entry."""
    row = connection.execute(_ONE, (entry_id,)).fetchone()
    if row is None:
        raise KeyError(entry_id)
    source_ref, line, ending, changed, base_is_line, base, sent, theirs, of_line, of_base = row
    if not (
        line_fits(entry_id, source_ref, line, ending, of_line)
        and base_fits(entry_id, changed, base_is_line, base, sent, theirs, of_base)
    ):
        raise Damaged.named(entry_id, source_ref).error()


def seal(connection: sqlite3.Connection, entry_id: EntryId) -> None:
    """Make the checksums of an entry those of what is stored of it now."""
    connection.execute(_SEAL, (entry_id, entry_id))


def seal_all(
    connection: sqlite3.Connection, report: Report = ignore_progress, cancel: CancelToken | None = None
) -> None:
    """Seal the entries of a file from before there were checksums.

    Raises:
        CancelledError: cancelled.

    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
    for first in range(1, last + 1, _BLOCK):
        if cancel is not None:
            cancel.check()
        report(Progress(Doing.BRINGING_UP_TO_DATE, first - 1, last))
        connection.execute(_SEAL, (first, first + _BLOCK - 1))


@dataclass(frozen=True, slots=True)
class Damaged:
    """An entry that is not as it was stored; ``source_ref`` is "" where that is not known."""

    entry_id: EntryId
    source_ref: str

    @classmethod
    def named(cls, entry_id: int, source_ref: object) -> Damaged:
        """A damaged entry, by what its row says of it."""
        return cls(EntryId(entry_id), source_ref if isinstance(source_ref, str) else "")

    @property
    def name(self) -> str:
        """The entry for people: the line's number, and the image's name if it is known."""
        image = self.source_ref.rpartition("/")[2]
        return f"line {self.entry_id:,} ({image})" if image else f"line {self.entry_id:,}"

    @property
    def advice(self) -> str:
        """What to do, for people."""
        return _advice("it")

    @property
    def finding(self) -> Finding:
        """The damage as a finding."""
        return finding_of(
            DAMAGED,
            "The workspace file is damaged at this image, so its labels cannot be shown, exported or pushed."
            f" {self.advice}",
        )

    def error(self) -> DamagedEntryError:
        """The damage as the error of an edit."""
        return DamagedEntryError(
            "The workspace file is damaged at this image, and nothing of it was changed.",
            detail=self.advice,
            place=self.name,
        )


def left_out_words(damaged: Sequence[Damaged], *, what: str = "left out") -> str:
    """Which entries were left out because they are damaged, and what to do; "" if none were."""
    if not damaged:
        return ""
    count = counted(len(damaged), "image was", "images were")
    names = ", ".join(one.name for one in damaged[:_NAMED])
    more = f" and {len(damaged) - _NAMED:,} more" if len(damaged) > _NAMED else ""
    them = "it" if len(damaged) == 1 else "them"
    return f"{count} {what}, because the workspace file is damaged there: {names}{more}. {_advice(them)}"


def _advice(them: str) -> str:
    return f"Pull to reload {them} from the dataset, or remove {them} from the workspace."


def facts_in(row: Sequence[Any]) -> ImageFacts | None:
    """An image's facts, None if these cannot be: they are read from the image again."""
    width, height, format_, size, problem = row
    numbers = all(type(one) is int and one >= 0 for one in (width, height, size))
    if not numbers or max(width, height) > _LARGEST_SIDE:
        return None
    return ImageFacts(*row) if type(format_) is str and type(problem) is str else None


def typed(row: Sequence[Any], *types: type) -> Sequence[Any]:
    """The row; TypeError if a value is of another type, which no file has that is as it was written."""
    for value, expected in zip(row, types, strict=True):
        if type(value) is not expected:
            raise TypeError(f"{expected.__name__} was stored")
    return row
