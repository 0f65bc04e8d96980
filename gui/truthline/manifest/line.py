"""One JSON line: from bytes to an `Annotation` and back.

A line that nobody edited is written as the bytes that were read: `format_line` gives them back.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from truthline.errors import UsageError
from truthline.manifest.annotation import (
    Annotation,
    BoxAttribute,
    ClassLabel,
    Finding,
    Level,
)
from truthline.manifest.explain import explain_line, explain_pair
from truthline.manifest.json_text import refuse_depth
from truthline.manifest.names import METADATA_SUFFIX, SOURCE_REF, label_pairs
from truthline.manifest.service_keys import remote_errors, same_value, strip_service_keys
from truthline.manifest.shapes import read_pair

__all__ = [
    "UNREADABLE",
    "format_line",
    "is_s3_uri",
    "parse_line",
    "read_members",
    "read_source_ref",
    "remote_errors",
    "same_value",
    "split_prefix",
    "split_source_ref",
    "strip_service_keys",
]

_BLANKS: Final = b" \t\r\n"
_S3_URI: Final = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)
_S3_PREFIX: Final = re.compile(r"s3://(?P<bucket>[^/\s]+)(/(?P<prefix>.*))?", re.DOTALL)


class _Ref(msgspec.Struct, rename="kebab", gc=False):
    source_ref: str = ""


_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_REF: Final = msgspec.json.Decoder(_Ref)
UNREADABLE: Final = (KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def parse_line(raw: bytes) -> Annotation:
    """Read a line without its line ending. Never raises: what cannot be read becomes findings."""
    raw = bytes(raw)  # the members are views into it
    try:
        ref, members = read_members(raw)
    except UNREADABLE:
        return _parse_bad_line(raw)
    findings = () if is_s3_uri(ref) else tuple(explain_line(raw))
    return _parse_members(raw, ref, members, findings)


def read_members(raw: bytes) -> tuple[str, dict[str, msgspec.Raw]]:
    """Read the source-ref and, undecoded, every key's value.

    Raises:
        UNREADABLE: it is no JSON object, or has no source-ref that is a text.

    """
    if not raw.isascii():
        raw.decode()  # the decoder does not look into the strings that it skips
    refuse_depth(raw)
    members = _MEMBERS.decode(raw)
    return _TEXT.decode(members[SOURCE_REF]), members


def format_line(annotation: Annotation) -> bytes:
    """Give the bytes of a line, without a line ending."""
    return annotation.raw


def read_source_ref(raw: bytes) -> str:
    """Read nothing but the source-ref, several times as fast as `parse_line`; "" where that gives ""."""
    try:
        if not raw.isascii():
            raw.decode()
        refuse_depth(raw)
        return _REF.decode(raw).source_ref
    except UNREADABLE:
        return ""


def is_s3_uri(ref: str) -> bool:
    """Whether the text is ``s3://bucket/key``."""
    # Every line is asked, and this is three times as fast as the pattern.
    return ref.startswith("s3://") and len("s3://") < ref.find("/", len("s3://")) < len(ref) - 1


def split_source_ref(ref: str) -> tuple[str, str]:
    """Split ``s3://bucket/key`` into bucket and key.

    Raises:
        ValueError: it is not of that form.

    """
    match = _S3_URI.fullmatch(ref)
    if match is None:
        raise ValueError(f"{ref!r} is not of the form s3://bucket/key")
    return match[1], match[2]


def split_prefix(text: str) -> tuple[str, str]:
    """Bucket and prefix of ``s3://bucket/prefix``; the prefix may be empty.

    Raises:
        UsageError: it is no such address.

    """
    match = _S3_PREFIX.fullmatch(text)
    if match is None:
        raise UsageError("This is not an S3 address.", detail="Write s3://bucket/prefix.", place=text)
    return match["bucket"], match["prefix"] or ""


def _parse_bad_line(raw: bytes) -> Annotation:
    if not raw.strip(_BLANKS):
        return Annotation(raw, findings=(Finding("TRUTHLINE_BLANK_LINE", Level.WARNING, _BLANK_LINE),))
    findings = tuple(explain_line(raw))
    if any(finding.code == "ERROR_INVALID_JSON_LINE" for finding in findings):
        return Annotation(raw, findings=findings)
    return _parse_members(raw, "", _MEMBERS.decode(raw), findings)


_BLANK_LINE: Final = (
    "This line is blank. The service counts it as an invalid line: more than 20% of those fail an import."
)


def _parse_members(
    raw: bytes, ref: str, members: dict[str, msgspec.Raw], findings: tuple[Finding, ...]
) -> Annotation:
    labels: list[ClassLabel] = []
    boxes: list[BoxAttribute] = []
    for name in label_pairs(members):
        pair, found = _parse_pair(name, members[name], members[name + METADATA_SUFFIX])
        findings += found
        if isinstance(pair, ClassLabel):
            labels.append(pair)
        elif pair is not None:
            boxes.append(pair)
    return Annotation(raw, ref, tuple(labels), tuple(boxes), findings, members)


def _parse_pair(
    name: str, value: msgspec.Raw, metadata: msgspec.Raw
) -> tuple[ClassLabel | BoxAttribute | None, tuple[Finding, ...]]:
    try:
        return read_pair(name, value, metadata), ()
    except UNREADABLE:
        return explain_pair(name, bytes(value), bytes(metadata))
