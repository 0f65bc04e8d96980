"""Three versions of one value: which of them a merge keeps, and what it says where it cannot tell.

A value that is not there is an empty dict of members, or None. What is taken over keeps its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from truthline.manifest.service_keys import equal_values

if TYPE_CHECKING:
    from truthline.manifest.json_text import JsonText

CREATION_DATE: Final = "creation-date"

Members = Mapping[str, object]


class Side(StrEnum):
    """Whose version: of the line here, or of the one that the service holds."""

    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """One thing that both changed, differently.

    ``pointer`` is a JSON Pointer into the line: "/bolt" (a label attribute), "/parts_BB/annotations/3" (a
    box), "/parts_BB/image_size", "/parts_BB-metadata/job-name", "" for the line as a whole. A box's index is
    that in my line, or in theirs where mine has it no more. ``what`` says it in words.

    The values are JSON values, None where the thing is not there. A label attribute's is
    ``{"value": …, "metadata": …}``, a box's ``{"label", "left", "top", "width", "height", …}`` with all other
    keys of the box and of its confidence. Of a line that is no JSON it is the text.
    """

    pointer: str
    what: str
    base: object | None
    mine: object | None
    theirs: object | None


def decide(base: object, mine: object, theirs: object) -> Side | None:
    """Whose version is the merged one; None if both changed it, differently."""
    if equal_values(mine, theirs) or equal_values(mine, base):
        return Side.THEIRS
    return Side.MINE if equal_values(theirs, base) else None


def decide_date(base: Members, mine: Members, theirs: Members) -> Side:
    """Whose creation date is the merged one, given the metadata: the later one if both changed it."""
    dates = [_only_date(metadata) for metadata in (base, mine, theirs)]
    side = decide(*dates)
    if side is None:
        side = Side.MINE if _is_later(dates[1], dates[2]) else Side.THEIRS
    return side


def _only_date(metadata: Members) -> dict[str, object]:
    return {CREATION_DATE: metadata[CREATION_DATE]} if CREATION_DATE in metadata else {}


def _is_later(first: Members, second: Members) -> bool:
    if not first or not second:
        return bool(first)
    a, b = str(first[CREATION_DATE]), str(second[CREATION_DATE])
    moments = _instant(a), _instant(b)
    return a > b if moments[0] is None or moments[1] is None else moments[0] > moments[1]


def _instant(text: str) -> datetime | None:
    """Read a creation date; one without a zone is in UTC, as Ground Truth writes it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def copy_member(target: JsonText, source: JsonText, key: str) -> None:
    """Make a member of an object what it is in another one, also if it is not there; its text stays."""
    found, place = source.find(key), target.find(key)
    if found < 0:
        target.remove({key})
    elif place >= 0:
        target.parts[place].value = bytes(source.parts[found].value)
    else:
        colon = target.parts[0].colon if target.parts else source.parts[found].colon
        target.insert(len(target), None)
        added = target.parts[-1]
        added.name, added.colon = source.parts[found].name, colon
        added.value = bytes(source.parts[found].value)
