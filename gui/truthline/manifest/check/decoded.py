"""A line decoded once, as the rules, the summary of a dataset and the workspace's tables look at it.

Nearly every line is decoded whole, in one call, into the types of `truthline.manifest.shapes`. A line that
these refuse is parsed, which finds out why; what could be understood of it is given in the same form. So
whoever looks at a line needs to know one form only, and an `Annotation` is made only where a person looks at
an image or edits it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field
from msgspec.json import Decoder

from truthline.manifest.explain import unsupported
from truthline.manifest.json_text import DEEPEST, refuse_depth
from truthline.manifest.line import UNREADABLE, is_s3_uri, parse_line
from truthline.manifest.names import METADATA_SUFFIX, SOURCE_REF, label_pairs, service_keys
from truthline.manifest.shapes import (
    BOX_TYPE,
    CLASS_TYPE,
    ClassMap,
    Confidence,
    Frame,
    Size,
    Whole,
    is_date,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from truthline.manifest.annotation import Annotation, Box, Finding, ImageSize


class Misfits(Struct, frozen=True, gc=False):
    """Which of the boxes of one attribute do not fit its image, by index.

    ``frame`` is the image's width and height in pixels, None where nothing says them; ``scale`` is by how
    much training scales the image down.
    """

    frame: tuple[int, int] | None = None
    scale: float = 1.0
    outside: Sequence[int] = ()
    small: Sequence[int] = ()


NO_MISFITS: Final = Misfits()


class Boxes(Struct, gc=False):
    """The boxes of one label attribute, in the line's order.

    ``used`` holds the class_ids of its boxes; ``unsure`` counts the boxes without a confidence.
    ``misfits`` are known once the rules are asked.
    """

    name: str
    boxes: Sequence[Frame | Box]
    image_size: Size | ImageSize | None
    class_map: Mapping[int, str]
    human_annotated: bool
    used: set[int]
    unsure: int
    misfits: Misfits = NO_MISFITS

    @property
    def labels(self) -> set[str]:
        """The labels that its boxes have, "" for a box whose class_id has none."""
        return {self.class_map.get(class_id, "") for class_id in self.used}


class DecodedLine(Struct, gc=False):
    """What a line says.

    ``keys`` are all its keys in order, ``names`` those of its label attributes. ``class_labels`` holds an
    attribute and its label each. ``source_ref`` is "" if the line has none that is a string; ``findings`` are
    those of reading it.
    """

    raw: bytes
    source_ref: str
    keys: Collection[str]
    names: Sequence[str]
    class_labels: Sequence[tuple[str, str]]
    boxes: Sequence[Boxes]
    findings: tuple[Finding, ...] = ()

    @property
    def own_keys(self) -> list[str]:
        """The keys other than the source-ref and what the service adds."""
        if len(self.keys) == 1 and SOURCE_REF in self.keys:
            return []
        foreign = service_keys(self.keys) | {SOURCE_REF}
        return [key for key in self.keys if key not in foreign]

    @property
    def labels(self) -> set[str]:
        """The labels that class labels and boxes use, "" for a box whose class_id has none."""
        found = {label for _, label in self.class_labels}
        for attribute in self.boxes:
            found |= attribute.labels
        return found


class _Object(Struct, gc=False):
    confidence: Confidence


class _Part(Struct, rename="kebab", gc=False):
    """Metadata of either kind, the value of boxes, or an object of somebody else's.

    It is one type, since only the names of the keys around it tell which of them it is.
    """

    type: str | None = None
    human_annotated: Literal["yes", "no"] | None = None
    creation_date: str | None = None
    job_name: str | UnsetType = UNSET
    class_name: str | None = None
    confidence: Confidence | None = None
    class_map: ClassMap | None = None
    objects: list[_Object] | None = None
    annotations: list[Frame] | None = None
    image_size: Annotated[list[Size], Meta(min_length=1, max_length=1)] | None = field(
        default=None, name="image_size"
    )


_Value = str | Whole | float | bool | list[Raw] | _Part | None

_LINE: Final = Decoder(dict[str, _Value])
_ABSENT: Final = ()


def decode_line(raw: bytes) -> DecodedLine:
    """Read a line without its line ending. Never raises: what cannot be read becomes findings."""
    try:
        if not raw.isascii():
            raw.decode()  # the decoder does not look into the strings that it skips
        if len(raw) > 2 * DEEPEST:  # what is shorter has no room for so many brackets that are closed again
            refuse_depth(raw)
        line = _decoded(raw, _LINE.decode(raw))
    except UNREADABLE:
        line = None
    return of_annotation(parse_line(raw)) if line is None else line


def of_annotation(annotation: Annotation) -> DecodedLine:
    """What an annotation says, as `decode_line` gives it."""
    return DecodedLine(
        annotation.raw,
        annotation.source_ref,
        annotation.members.keys(),
        label_pairs(annotation.members),
        [(label.attribute, label.name) for label in annotation.class_labels],
        [
            Boxes(
                one.name,
                one.boxes,
                one.image_size,
                one.class_map,
                one.human_annotated,
                {box.class_id for box in one.boxes},
                sum(box.confidence is None for box in one.boxes),
            )
            for one in annotation.box_attributes
        ],
        annotation.findings,
    )


def _decoded(raw: bytes, members: dict[str, _Value]) -> DecodedLine | None:
    """The line of these members; None if something in it needs to be explained."""
    ref = members.get(SOURCE_REF)
    if type(ref) is not str or not is_s3_uri(ref):
        return None
    if len(members) == 1:  # of a fresh dataset, every line is so
        return DecodedLine(raw, ref, members, _ABSENT, _ABSENT, _ABSENT)
    names: list[str] = []
    class_labels: list[tuple[str, str]] = []
    boxes: list[Boxes] = []
    findings: tuple[Finding, ...] = ()
    for name, value in members.items():
        about = members.get(name + METADATA_SUFFIX, _ABSENT)
        if about is _ABSENT or name in (SOURCE_REF, "cl") or name.endswith(METADATA_SUFFIX):
            continue
        names.append(name)
        if type(about) is not _Part or about.type is None:
            return None
        if about.type not in (CLASS_TYPE, BOX_TYPE):
            findings += (unsupported(name, about.type),)
        elif about.human_annotated is None or not is_date(about.creation_date):
            return None
        elif about.type == CLASS_TYPE and type(value) is int:
            if about.class_name is None or about.confidence is None:
                return None
            class_labels.append((name, about.class_name))
        elif about.type == BOX_TYPE and type(value) is _Part:
            attribute = _boxes(name, value, about)
            if attribute is None:
                return None
            boxes.append(attribute)
        else:
            return None
    return DecodedLine(raw, ref, members, names, class_labels, boxes, findings)


def _boxes(name: str, value: _Part, about: _Part) -> Boxes | None:
    boxes, objects, class_map = value.annotations, about.objects, about.class_map
    if boxes is None or value.image_size is None or objects is None or class_map is None:
        return None
    human_annotated = about.human_annotated == "yes"
    used = {box.class_id for box in boxes}
    unsure = max(0, len(boxes) - len(objects))
    return Boxes(name, boxes, value.image_size[0], class_map, human_annotated, used, unsure)
