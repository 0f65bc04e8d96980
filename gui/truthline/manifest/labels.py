"""Labels as a whole: a label renamed, merged or removed in one line, and labels that are easily confused.

As in `truthline.manifest.edit`, all that is not concerned keeps its bytes, and what changes nothing gives
back the same object.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from truthline.errors import UsageError
from truthline.manifest.check.limits import MAX_LABEL_CHARACTERS
from truthline.manifest.edit import remove_boxes
from truthline.manifest.json_text import JsonText
from truthline.manifest.line import parse_line
from truthline.manifest.names import METADATA_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from truthline.manifest.annotation import Annotation, BoxAttribute

__all__ = ["declared_labels", "remove_label", "rename_label", "similar_labels"]


def declared_labels(annotation: Annotation) -> frozenset[str]:
    """The labels of a line, also those that only a class-map names: the service counts them too."""
    names = {label.name for label in annotation.class_labels}
    names.update(*(attribute.class_map.values() for attribute in annotation.box_attributes))
    return frozenset(names)


def rename_label(annotation: Annotation, old: str, new: str, locked: Collection[str] = ()) -> Annotation:
    """Give a label another name; where the line has that label already, both become one.

    An image-level label keeps its attribute's key, although the console names new ones after their label:
    an update that merges keys would leave the old attribute in the dataset. Of two class labels of one name
    the one that had it before stays. In a class-map one id is left for the name, and the boxes refer to it.
    Attributes whose names are in ``locked`` stay as they are.

    Raises:
        UsageError: the new name is empty or too long.

    """
    if not new or len(new) > MAX_LABEL_CHARACTERS:
        raise UsageError(f"A label's name has 1 to {MAX_LABEL_CHARACTERS} characters.", place=new[:60])
    if old == new or old not in declared_labels(annotation):
        return annotation
    line = JsonText(annotation.raw)
    attributes = _class_attributes(annotation, old, locked)
    if attributes and all(label.name != new for label in annotation.class_labels):
        line.open(attributes.pop(0) + METADATA_SUFFIX).set("class-name", new)
    _remove_class_labels(line, attributes)
    for attribute in annotation.box_attributes:
        if attribute.name not in locked:
            _rename_class(line, attribute, old, new)
    return _parsed(line, annotation)


def remove_label(annotation: Annotation, name: str, locked: Collection[str] = ()) -> Annotation:
    """Remove a label: its class labels, its boxes, and its place in class-maps.

    An attribute for boxes stays, also without a box, and so do attributes whose names are in ``locked``.
    """
    if name not in declared_labels(annotation):
        return annotation
    line = JsonText(annotation.raw)
    _remove_class_labels(line, _class_attributes(annotation, name, locked))
    changed = _parsed(line, annotation)
    for attribute in _open_attributes(changed, locked):
        boxes = [index for index, box in enumerate(attribute.boxes) if box.class_id in _ids(attribute, name)]
        changed = remove_boxes(changed, attribute.name, boxes)
    line = JsonText(changed.raw)
    for attribute in _open_attributes(changed, locked):
        if ids := _ids(attribute, name):
            _remove_classes(line.open(attribute.name + METADATA_SUFFIX).open("class-map"), ids)
    return _parsed(line, changed)


def similar_labels(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of labels that differ only by case, spaces or Unicode form, in the order in which they come."""
    groups: dict[str, dict[str, None]] = {}
    for name in names:
        groups.setdefault(_folded(name), {})[name] = None
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _folded(name: str) -> str:
    """What is left of a name without case, spaces (invisible ones too) and Unicode form."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(one for one in text if not one.isspace() and unicodedata.category(one) != "Cf")


def _class_attributes(annotation: Annotation, name: str, locked: Collection[str]) -> list[str]:
    labels = annotation.class_labels
    return [label.attribute for label in labels if label.name == name and label.attribute not in locked]


def _open_attributes(annotation: Annotation, locked: Collection[str]) -> list[BoxAttribute]:
    return [attribute for attribute in annotation.box_attributes if attribute.name not in locked]


def _parsed(line: JsonText, before: Annotation) -> Annotation:
    raw = bytes(line)
    return before if raw == before.raw else parse_line(raw)


def _remove_class_labels(line: JsonText, attributes: Iterable[str]) -> None:
    line.remove({key for name in attributes for key in (name, name + METADATA_SUFFIX)})


def _rename_class(line: JsonText, attribute: BoxAttribute, old: str, new: str) -> None:
    ids = _ids(attribute, old)
    if not ids:
        return
    class_map = line.open(attribute.name + METADATA_SUFFIX).open("class-map")
    kept = _ids(attribute, new)
    if not kept:
        kept = ids[:1]
        for key in class_map.keys():  # noqa: SIM118  # no dict
            if int(key) == kept[0]:
                class_map.set(key, new)
    gone = [class_id for class_id in ids if class_id not in kept]
    _remove_classes(class_map, gone)
    for index, box in enumerate(attribute.boxes):
        if box.class_id in gone:
            line.open(attribute.name).open("annotations").open(index).set("class_id", kept[0])


def _ids(attribute: BoxAttribute, name: str) -> list[int]:
    return [class_id for class_id, label in attribute.class_map.items() if label == name]


def _remove_classes(class_map: JsonText, ids: Collection[int]) -> None:
    class_map.remove({key for key in class_map.keys() if int(key) in ids})  # noqa: SIM118  # no dict
