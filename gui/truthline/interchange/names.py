"""Names of images: those that files write, which nobody may trust, and those that are known to exist."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from truthline.manifest.line import is_s3_uri, split_source_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ABSOLUTE: Final = re.compile(r"/|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*://")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNPORTABLE: Final = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MOST_BYTES: Final = 240
"""File systems end at 255, of which an ending needs some."""


class UnsafeNameError(ValueError):
    """The name cannot be that of an image in the folder."""


def normalise(folder: str, written: str) -> str:
    r"""Relative path, with ``/``, of an image that a file in ``folder`` calls ``written``.

    A backslash counts as ``/``, since tools on Windows write it. What stands above ``folder``, but still
    within the folder that is read, can be named with ``..``.

    Raises:
        UnsafeNameError: absolute, a URL, empty, with control characters, or leading out.

    """
    spelled = written.replace("\\", "/")
    last = spelled.rpartition("/")[2]
    if _ABSOLUTE.match(spelled) or _CONTROL.search(spelled) or not last.strip(". "):
        raise UnsafeNameError(written)
    # Step by step and not by `normpath`, which would let "a/../../b" lead out and come back.
    parts = [part for part in folder.split("/") if part]
    for part in spelled.split("/"):
        if part == "..":
            if not parts:
                raise UnsafeNameError(written)
            parts.pop()
        elif part not in ("", "."):
            if not part.strip(". "):
                raise UnsafeNameError(written)
            parts.append(part)
    return "/".join(parts)


def last_part(written: str) -> str:
    """What follows the last folder of a name, "" if that can be no file's name."""
    last = written.replace("\\", "/").rpartition("/")[2]
    try:
        return normalise("", last)
    except UnsafeNameError:
        return ""


def name_of(ref: str, target: str) -> str:
    """Relative path by which other formats call an image.

    A source-ref below ``target`` (``s3://bucket/prefix``) is called by what follows it, any other by its key.

    Raises:
        UnsafeNameError: the key could not be read back as a relative path.

    """
    name = relative_to(ref, target)
    if normalise("", name) != name:
        raise UnsafeNameError(name)
    return name


def relative_to(ref: str, target: str) -> str:
    """What follows ``target`` in a ref, else its S3 key, else the ref itself, which is relative then."""
    if target and ref.startswith(f"{target}/"):
        return ref[len(target) + 1 :]
    return split_source_ref(ref)[1] if is_s3_uri(ref) else ref


def is_portable(name: str) -> bool:
    """Whether a relative path can be that of a file on every system, and none of it is hidden."""
    return all(
        part
        and part[0] != "."
        and not _UNPORTABLE.search(part)
        and not _DEVICE.fullmatch(part)
        and part[-1] not in ". "
        and len(part.encode(errors="replace")) <= _MOST_BYTES
        for part in name.split("/")
    )


def stem(name: str) -> str:
    """The path without the ending of its last part."""
    head, dot, tail = name.rpartition(".")
    return head if dot and head and not head.endswith("/") and "/" not in tail else name


class KnownImages:
    """The images that there are, to be found by names that say more or less of their folders.

    Args:
        refs: of all images.
        target: ``s3://bucket/prefix`` that names leave out.

    """

    def __init__(self, refs: Iterable[str], target: str) -> None:
        self._target = target
        self._by_ending: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for ref in refs:
            ending = ref.rpartition("/")[2]
            self._by_ending[ending].append(ref)
            self._by_stem[stem(ending)].append(ref)

    def find(self, names: Sequence[str], *, any_suffix: bool) -> list[str]:
        """Refs that are one of the names, else those that end in one, else those that one ends in."""
        for fits in (str.__eq__, _ends_in, lambda path, name: _ends_in(name, path)):
            for name in names:
                alike = self.find_loosely(name, any_suffix=any_suffix)
                found = [ref for ref in alike if fits(self._path(ref, any_suffix=any_suffix), name)]
                if found:
                    return found
        return []

    def find_loosely(self, name: str, *, any_suffix: bool) -> list[str]:
        """Refs whose last part is that of the name."""
        known = self._by_stem if any_suffix else self._by_ending
        return known.get(name.rpartition("/")[2], [])

    def find_renamed(self, name: str) -> list[str]:
        """Refs that are found by the name without its ending, where the endings differ."""
        return self.find([stem(name)], any_suffix=True)

    def alike(self, name: str, *, any_suffix: bool) -> tuple[list[str], str]:
        """Refs that only a part of the name fits, and how they differ; none if no image is like it."""
        if refs := self.find_loosely(name, any_suffix=any_suffix):
            return refs, "folders"
        if refs := self.find_renamed(name):
            return refs, "endings"
        return self.find_loosely(stem(name), any_suffix=True), "folders and endings"

    def _path(self, ref: str, *, any_suffix: bool) -> str:
        path = relative_to(ref, self._target)
        return stem(path) if any_suffix else path


def _ends_in(path: str, name: str) -> bool:
    return path.endswith(f"/{name}")
