"""Validation of requests against the service's own model, which botocore ships.

botocore's validator, on a client's side, checks required members, types and minima only. The service checks
maxima, patterns and enums too, so the whole model is walked here.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader

from truthline.emulator.wire import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATIONS = (
    "CreateProject",
    "DescribeProjects",
    "DeleteProject",
    "CreateDataset",
    "DescribeDataset",
    "UpdateDatasetEntries",
    "ListDatasetEntries",
    "ListDatasetLabels",
    "DistributeDatasetEntries",
    "DeleteDataset",
    "DescribeProjectVersions",
)


@cache
def load_shapes() -> Mapping[str, Any]:
    """Read the shapes of Amazon Rekognition from botocore's data."""
    shapes: Mapping[str, Any] = _load_model()["shapes"]
    return shapes


def parse_request(operation: str, params: object) -> dict[str, Any]:
    """Check a request against the operation's input shape.

    Returns the parameters with blobs decoded to bytes and members that the model does not know left out.

    Raises:
        ServiceError: UnknownOperationException, SerializationException for a value of the wrong kind,
            ValidationException for anything over a limit of the model.

    """
    if operation not in OPERATIONS:
        raise ServiceError("UnknownOperationException", f"The operation {operation} is not emulated.")
    shape = _load_model()["operations"][operation]["input"]["shape"]
    walk = _Walk()
    parsed: dict[str, Any] = walk.value(shape, params, "")
    if walk.violations:
        count = len(walk.violations)
        noun = "error" if count == 1 else "errors"
        raise ServiceError(
            "ValidationException", f"{count} validation {noun} detected: {'; '.join(walk.violations)}"
        )
    return parsed


@cache
def _load_model() -> Mapping[str, Any]:
    model: Mapping[str, Any] = Loader().load_service_model("rekognition", "service-2")
    return model


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    r"""Turn a Java pattern into Python's dialect: of Java's classes only \p{L}, \p{Z} and \p{N} occur."""
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\w"), (r"\p{Z}", r"\s")):
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


class _Walk:
    """One pass over a request, which collects what it violates."""

    def __init__(self) -> None:
        self.violations: list[str] = []

    def value(self, shape_name: str, value: object, path: str) -> Any:
        shape = load_shapes()[shape_name]
        check = getattr(self, f"_{shape['type']}")
        return check(shape, value, path)

    def _structure(self, shape: Mapping[str, Any], value: object, path: str) -> dict[str, Any]:
        members = _expect(value, dict, path, "an object")
        given = {name: member for name, member in members.items() if member is not None}
        for name in shape.get("required", ()):
            if name not in given:
                self._violate(None, _join(path, name), "Member must not be null")
        return {
            name: self.value(member["shape"], given[name], _join(path, name))
            for name, member in shape["members"].items()
            if name in given
        }

    def _list(self, shape: Mapping[str, Any], value: object, path: str) -> list[Any]:
        items: list[object] = _expect(value, list, path, "a list")
        self._size(shape, len(items), items, path, "length")
        member = shape["member"]["shape"]
        return [self.value(member, item, f"{path}.{number}.member") for number, item in enumerate(items, 1)]

    def _map(self, shape: Mapping[str, Any], value: object, path: str) -> dict[str, Any]:
        entries = _expect(value, dict, path, "an object")
        self._size(shape, len(entries), entries, path, "length")
        for key in entries:
            self.value(shape["key"]["shape"], key, f"{path}.key")
        member = shape["value"]["shape"]
        return {key: self.value(member, item, f"{path}.{key}.member") for key, item in entries.items()}

    def _string(self, shape: Mapping[str, Any], value: object, path: str) -> str:
        text: str = _expect(value, str, path, "a string")
        self._size(shape, len(text), text, path, "length")
        pattern = shape.get("pattern")
        if pattern and not _compile(pattern).fullmatch(text):
            self._violate(text, path, f"Member must satisfy regular expression pattern: {pattern}")
        choices = shape.get("enum")
        if choices and text not in choices:
            self._violate(text, path, f"Member must satisfy enum value set: [{', '.join(choices)}]")
        return text

    def _blob(self, shape: Mapping[str, Any], value: object, path: str) -> bytes:
        text: str = _expect(value, str, path, "a base64 string")
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ServiceError("SerializationException", f"{path} is not base64.") from None
        self._size(shape, len(content), f"{len(content)} bytes", path, "length")
        return content

    def _integer(self, shape: Mapping[str, Any], value: object, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ServiceError("SerializationException", f"{path} is not a whole number.")
        self._size(shape, value, value, path, "value")
        return value

    _long = _integer

    def _float(self, shape: Mapping[str, Any], value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ServiceError("SerializationException", f"{path} is not a number.")
        self._size(shape, value, value, path, "value")
        return float(value)

    def _boolean(self, _shape: Mapping[str, Any], value: object, path: str) -> bool:
        flag: bool = _expect(value, bool, path, "true or false")
        return flag

    def _size(self, shape: Mapping[str, Any], size: float, value: object, path: str, kind: str) -> None:
        least, most = shape.get("min"), shape.get("max")
        if least is not None and size < least:
            self._violate(value, path, f"Member must have {kind} greater than or equal to {least}")
        if most is not None and size > most:
            self._violate(value, path, f"Member must have {kind} less than or equal to {most}")

    def _violate(self, value: object, path: str, constraint: str) -> None:
        shown = "null" if value is None else str(value)[:200]
        self.violations.append(f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}")


def _expect(value: object, kind: type, path: str, told: str) -> Any:
    if not isinstance(value, kind):
        raise ServiceError("SerializationException", f"{path or 'The request'} is not {told}.")
    return value


def _join(path: str, name: str) -> str:
    """Name a member as the service's messages do: camel case, dots between."""
    camel = name[0].lower() + name[1:]
    return f"{path}.{camel}" if path else camel
