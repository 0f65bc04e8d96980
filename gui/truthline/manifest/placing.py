"""Images that have no place in S3 yet, as those of a folder that was just opened.

Their source-refs stand below `UNPLACED`, which looks like an address so that a line can be read, checked and
edited as any other, and which can be none: no bucket's name has brackets or spaces. So nothing of it could
ever be taken for somebody's bucket.
"""

from __future__ import annotations

from typing import Final

from truthline.manifest.json_text import JsonText
from truthline.manifest.line import read_source_ref
from truthline.manifest.names import SOURCE_REF

UNPLACED: Final = "s3://(no address yet)"
"""Stands where ``s3://bucket/prefix`` will."""


def placed(line: bytes, target: str, former: str = UNPLACED) -> bytes:
    """The line with its image below ``target`` instead of below ``former``; as it is if it is elsewhere."""
    ref = read_source_ref(line)
    if not ref.startswith(f"{former}/"):
        return line
    text = JsonText(line)
    text.set(SOURCE_REF, target + ref.removeprefix(former))
    return bytes(text)
