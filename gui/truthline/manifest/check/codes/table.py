"""CODES: the table of all codes, put together from the modules beside it; whoever needs a code takes it here.

It holds the codes that rules, checks of datasets, imports and pushes give, and those that only the service
gives: for what only the service can know there is no rule, but an explanation all the same. The codes stand
by what they are about in `of_lines`, `of_datasets` and `of_exchange`.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from truthline.manifest.annotation import Finding, Level
from truthline.manifest.check.codes.code import Code, Source
from truthline.manifest.check.codes.of_datasets import DATASET_CODES
from truthline.manifest.check.codes.of_exchange import EXCHANGE_CODES
from truthline.manifest.check.codes.of_lines import LINE_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CODES", "NEVER_STORED", "Code", "Source", "explain", "finding_of", "warning_code"]

_ERROR: Final = "ERROR_"
_OURS: Final = "TRUTHLINE_"

CODES: Final[Mapping[str, Code]] = MappingProxyType(
    {each.code: each for each in (*LINE_CODES, *DATASET_CODES, *EXCHANGE_CODES)}
)

NEVER_STORED: Final = frozenset(
    {
        "TRUTHLINE_BLANK_LINE",
        "ERROR_INVALID_JSON_LINE",
        "ERROR_MISSING_SOURCE_REF",
        "ERROR_INVALID_SOURCE_REF_FORMAT",
        "TRUTHLINE_LINE_TOO_LONG",
    }
)
"""Lines with one of these are not stored at all: the service drops them and says nothing."""


def finding_of(code: str, message: str, pointer: str = "") -> Finding:
    """A finding as bad as the table says."""
    return Finding(code, CODES[code].level, message, pointer)


def warning_code(code: str) -> str:
    """Ours for what is only a warning yet, of the code by which the service would fail."""
    return _OURS + code.removeprefix(_ERROR) if code.startswith(_ERROR) else code


def explain(code: str) -> Code:
    """What there is to say about a code; something general about one that nobody knew of."""
    known = CODES.get(code) or _of_warning(code)
    if known is not None:
        return known
    words = code.removeprefix("ERROR_").removeprefix("WARNING_").replace("_", " ").strip().capitalize()
    return Code(
        code,
        Level.ERROR,
        Source.LINES,
        words or "Unknown problem",
        "The service reports this code; Truthline does not know it yet.",
        "Read its message, and look the code up in the guide to Rekognition Custom Labels.",
    )


def _of_warning(code: str) -> Code | None:
    told = CODES.get(_ERROR + code.removeprefix(_OURS)) if code.startswith(_OURS) else None
    if told is None:
        return None
    return replace(told, code=code, level=Level.WARNING, why=told.why.replace("this code", told.code))
