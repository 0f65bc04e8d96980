"""The keys of a line: which of them are label attributes, and how those that we add are called."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

SOURCE_REF: Final = "source-ref"
METADATA_SUFFIX: Final = "-metadata"

# The service writes cl-errors and cl-metadata into the lines it lists, and errors and warnings into those of
# a training's validation. An attribute "cl" would take cl-metadata for its twin.
SERVICE_PREFIX: Final = "cl-"
_SERVICE_KEYS: Final = frozenset({"cl", "errors", "warnings"})


def label_pairs(keys: Collection[str]) -> list[str]:
    """Names of the label attributes among a line's keys: those that have a ``-metadata`` twin."""
    return [
        name
        for name in keys
        if name + METADATA_SUFFIX in keys
        and name not in (SOURCE_REF, "cl")
        and not name.endswith(METADATA_SUFFIX)
    ]


def service_keys(keys: Collection[str]) -> set[str]:
    """Keys of a line that the service adds: all that begin ``cl-``, but for a user's own label attributes."""
    found = {key for key in keys if key.startswith(SERVICE_PREFIX)}
    pairs = set(label_pairs(found)) if len(found) > 1 else set()
    return found - pairs - {name + METADATA_SUFFIX for name in pairs}


def attribute_name_for(label: str, taken: Collection[str]) -> str:
    """Name of a new attribute for that label in a line that has the keys ``taken``.

    The label itself where possible. Else a number is added, so that the name and its twin are new in the
    line, are not ``source-ref`` and no other attribute's twin, and no key that the service uses.
    """
    return next(name for name in possible_names(label) if is_free(name, taken))


def box_attribute_name(workspace_name: str) -> str:
    """Name of the attribute that holds a workspace's boxes, as the console builds it of the dataset's."""
    return attribute_name_for(f"{workspace_name}_BB", ())


def possible_names(label: str) -> Iterator[str]:
    """Every name that an attribute for that label may have, the best first."""
    stem = f"label-{label}" if not label or label.startswith(SERVICE_PREFIX) else label
    numbered = (f"{stem}-{number}" for number in count(2))
    return (name for name in chain([stem], numbered) if not _is_reserved(name))


def is_free(name: str, taken: Collection[str]) -> bool:
    """Whether neither the name nor its twin is a key of the line."""
    return name not in taken and name + METADATA_SUFFIX not in taken


def _is_reserved(name: str) -> bool:
    return name == SOURCE_REF or name in _SERVICE_KEYS or name.endswith(METADATA_SUFFIX)
