"""Lines of multi-label Ground Truth jobs, which Custom Labels does not take as they are.

``"NAME": [0, 2]`` with a class-map and a confidence-map becomes the pairs ``NAME0``, ``NAME1`` and so on, one
for each class label.

Source: Custom Labels Developer Guide, "Transforming multi-label SageMaker Ground Truth manifest files".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from truthline.manifest.json_text import JsonText
from truthline.manifest.line import parse_line
from truthline.manifest.names import METADATA_SUFFIX, attribute_name_for, label_pairs
from truthline.manifest.shapes import CLASS_TYPE

if TYPE_CHECKING:
    from truthline.manifest.annotation import Annotation

MULTI_LABEL_TYPE: Final = "groundtruth/image-classification-multilabel"
_KEPT: Final = ("job-name", "human-annotated", "creation-date")


class _Metadata(msgspec.Struct, tag_field="type", tag=MULTI_LABEL_TYPE, rename="kebab"):
    class_map: dict[int, str]
    confidence_map: dict[int, float] = {}


def split_multi_labels(annotation: Annotation) -> Annotation:
    """Turn each multi-label attribute of a line into one attribute for each of its class labels.

    All else keeps its bytes; a line without such an attribute comes back as the same object. An attribute
    with a class_id that its class-map lacks stays as it is, and so stays a finding.
    """
    readable = {name: pair for name in label_pairs(annotation.members) if (pair := _read(annotation, name))}
    if not readable:
        return annotation
    line = JsonText(annotation.raw)
    for name, (ids, metadata) in readable.items():
        _split(line, name, ids, metadata)
    return parse_line(bytes(line))


def _read(annotation: Annotation, name: str) -> tuple[list[int], dict[str, Any]] | None:
    metadata = annotation.members[name + METADATA_SUFFIX]
    if MULTI_LABEL_TYPE.encode() not in bytes(metadata):
        return None
    try:
        ids = msgspec.json.decode(annotation.members[name], type=list[int])
        about = msgspec.json.decode(metadata, type=_Metadata)
        found: dict[str, Any] = msgspec.json.decode(metadata)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return (ids, found) if about.class_map.keys() >= set(ids) else None


def _split(line: JsonText, name: str, ids: list[int], metadata: dict[str, Any]) -> None:
    labels = {int(key): label for key, label in metadata["class-map"].items()}
    confidences = {int(key): number for key, number in metadata.get("confidence-map", {}).items()}
    line.remove({name, name + METADATA_SUFFIX})
    for index, class_id in enumerate(dict.fromkeys(ids)):
        about: dict[str, Any] = {"class-name": labels[class_id]}
        if class_id in confidences:  # where it is missing, a rule tells
            about["confidence"] = confidences[class_id]
        about["type"] = CLASS_TYPE
        about |= {key: metadata[key] for key in _KEPT if key in metadata}
        attribute = attribute_name_for(f"{name}{index}", line.keys())
        line.set(attribute, index)
        line.set(attribute + METADATA_SUFFIX, about)
