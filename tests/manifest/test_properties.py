"""What must hold for any line: drawn valid, nearly valid, mutated, and as noise."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from truthline.errors import UsageError
from truthline.manifest import edit
from truthline.manifest.annotation import Annotation, Box, Finding, ImageFacts, ImageSize, Level
from truthline.manifest.check.decoded import DecodedLine, decode_line
from truthline.manifest.check.fixes import FIXES, fix_all, fixes_for
from truthline.manifest.check.rules import RULES, check_decoded, check_line
from truthline.manifest.json_text import load_value
from truthline.manifest.labels import declared_labels, remove_label, rename_label
from truthline.manifest.line import (
    format_line,
    parse_line,
    read_source_ref,
    remote_errors,
    same_value,
    strip_service_keys,
)
from truthline.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2021, 7, 11, 3, 33, 42, 25_000, tzinfo=UTC)
BOX_TYPE = "groundtruth/object-detection"
CLASS_TYPE = "groundtruth/image-classification"

labels = st.one_of(
    st.sampled_from(["dog", "größe 大", "trailing ", "x" * 255]), st.text(min_size=1, max_size=6)
)
confidences = st.one_of(st.sampled_from([0, 1, 0.5]), st.floats(0, 1))
dates = st.sampled_from(["2020-10-16T17:23:22.123456", "2020-10-16T17:23:22.123Z", "2020-10-16"])
numbers = st.one_of(st.integers(-5, 700), st.floats(-5, 700), st.sampled_from([95.39999999999998, 1e14, 1.0]))
sides = st.one_of(st.integers(60, 700), st.sampled_from([1, 63, 64, 1280, 2560, 4096, 4097]))


def optional(**members: Any) -> Any:
    """Some of these members, in any order."""
    return st.fixed_dictionaries({}, optional=members)


@st.composite
def class_pairs(draw: Callable[..., Any]) -> tuple[Any, ...] | None:
    metadata = draw(
        st.fixed_dictionaries(
            {
                "class-name": labels,
                "confidence": confidences,
                "type": st.just(CLASS_TYPE),
                "human-annotated": st.sampled_from(["yes", "no"]),
                "creation-date": dates,
            }
        )
    )
    extra = draw(optional(**{"job-name": st.text(max_size=3), "other": st.just({"x": [None]})}))
    return draw(st.integers(-3, 9)), shuffled(draw, metadata | extra)


@st.composite
def box_pairs(draw: Callable[..., Any]) -> tuple[Any, ...] | None:
    box = st.fixed_dictionaries(
        {"left": numbers, "top": numbers, "width": numbers, "height": numbers, "class_id": st.integers(0, 3)},
        optional={"by": st.just("me")},
    )
    boxes = draw(st.lists(box, max_size=4))
    image_size = draw(st.fixed_dictionaries({"width": sides, "height": sides, "depth": st.just(3)}))
    confidence = st.fixed_dictionaries({"confidence": confidences})
    metadata = {
        "objects": draw(st.lists(confidence, min_size=len(boxes), max_size=len(boxes))),
        "class-map": draw(st.dictionaries(st.integers(0, 3).map(str), labels)),
        "type": BOX_TYPE,
        "human-annotated": draw(st.sampled_from(["yes", "no"])),
        "creation-date": draw(dates),
    }
    value = {"annotations": boxes, "image_size": [image_size]}
    return shuffled(draw, value), shuffled(draw, metadata)


def shuffled(draw: Callable[..., Any], members: Any) -> Any:
    return {key: members[key] for key in draw(st.permutations(list(members)))}


odd_values = st.sampled_from(  # type: ignore[var-annotated]
    [
        None,
        True,
        False,
        0,
        -1,
        1.0,
        2.0,
        1.5,
        10**15,
        10**400,
        1e300,
        "",
        "yes",
        "0",
        [],
        [1],
        {},
        {"0": "dog"},
        [{}],
    ]
)
odd_keys = st.sampled_from(["-1", "01", "-0", "1\n", "1000000000000000", "x", "", "confidence", "width"])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into decoded JSON."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


@st.composite
def bent(draw: Callable[..., Any], pairs: Any) -> Any:
    """A pair in which up to two places are replaced, removed, or given an unexpected key."""
    pair = json.loads(json.dumps(dict(zip(("value", "metadata"), draw(pairs), strict=True))))
    for _ in range(draw(st.integers(0, 2))):
        path = draw(st.sampled_from([path for path in places(pair) if path]))
        holder = pair
        for step in path[:-1]:
            holder = holder[step]
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "add" and isinstance(holder[path[-1]], dict):
            holder[path[-1]][draw(odd_keys)] = deepcopy(draw(odd_values))
        elif how == "remove" and len(path) > 1:
            del holder[path[-1]]
        else:
            holder[path[-1]] = deepcopy(draw(odd_values))
    return pair


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@st.composite
def lines(draw: Callable[..., Any], pairs: Any = None) -> Any:
    """A line of up to three label attributes, sound or bent, in either style of separators."""
    pairs = st.one_of(class_pairs(), box_pairs()) if pairs is None else pairs
    members = {"source-ref": draw(st.sampled_from(["s3://b/k.jpg", "s3://b/zero\u200bwidth"]))}
    for name in draw(
        st.lists(st.sampled_from(["dog", "bb", "a/b~", "größe", "cl-x"]), unique=True, max_size=3)
    ):
        pair = draw(bent(pairs))
        members |= {name: pair["value"], name + "-metadata": pair["metadata"]}
    members |= draw(optional(note=st.just([1, {"x": 1.0}]), unpaired=st.just(1)))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]))
    keep = draw(st.booleans())
    text = json.dumps(shuffled(draw, members), ensure_ascii=keep, separators=separators)
    return (
        draw(st.sampled_from(["", " "])).encode() + text.encode() + draw(st.sampled_from([b"", b"\r", b"  "]))
    )


@st.composite
def mutated(draw: Callable[..., Any]) -> bytes | None:
    """A line with some bytes replaced, repeated or lost."""
    raw = bytearray(draw(lines()))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 12)))
        noise = st.sampled_from(
            [
                b"",
                b'"',
                b"{",
                b"}",
                b"[",
                b"]",
                b",",
                b":",
                b"\\",
                b"\xff",
                b"1e999",
                b"NaN",
                b"\\ud800",
                b"-",
                b"null",
            ]
        )
        raw[start:end] = draw(st.one_of(noise, st.just(bytes(raw[start:end] * 2)), st.binary(max_size=3)))
    return bytes(raw)


def schema_accepts(pair: Any) -> bool:
    kind = pair["metadata"].get("type") if isinstance(pair["metadata"], dict) else None
    names = {CLASS_TYPE: "image-classification", BOX_TYPE: "object-detection"}
    name = names.get(kind if isinstance(kind, str) else "", "label-attribute")
    schema = json.loads(resource(f"schemas/{name}.schema.json").read_bytes())
    return Draft202012Validator(schema).is_valid(pair)


def test_the_schemas_are_schemas() -> None:
    for path in resource("schemas").glob("*.schema.json"):
        Draft202012Validator.check_schema(json.loads(path.read_bytes()))


@given(bent(st.one_of(class_pairs(), box_pairs())))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_a_pair_is_taken_exactly_where_the_schemas_take_it(pair: Any) -> None:
    text = dump({"source-ref": "s3://b/k", "x": pair["value"], "x-metadata": pair["metadata"]})
    annotation = parse_line(text)
    accepted = schema_accepts(load_value(dump(pair)))
    assert (not annotation.findings) is accepted, annotation.findings
    if accepted:
        assert len(annotation.class_labels) + len(annotation.box_attributes) == 1


@given(st.one_of(class_pairs(), box_pairs()))
def test_sound_pairs_have_no_parse_findings(pair: tuple[Any, ...]) -> None:
    annotation = parse_line(dump({"source-ref": "s3://b/k", "x": pair[0], "x-metadata": pair[1]}))
    assert annotation.findings == ()
    if isinstance(pair[0], dict):
        frames = [(box.left, box.top, box.width, box.height) for box in annotation.box_attributes[0].boxes]
        assert frames == [
            tuple(b[k] for k in ("left", "top", "width", "height")) for b in pair[0]["annotations"]
        ]


def assert_sound(raw: bytes) -> Annotation:
    """What holds for any bytes at all."""
    annotation = parse_line(raw)
    assert isinstance(annotation, Annotation)
    assert format_line(annotation) == raw
    findings = check_line(annotation)
    assert set(annotation.findings) <= set(findings)
    line = decode_line(raw)
    assert line.source_ref == annotation.source_ref
    assert check_decoded(line) == findings
    assert found_by_all(line) == [one for one in findings if one not in annotation.findings]
    assert read_source_ref(raw) == annotation.source_ref
    assert same_value(raw, raw)
    stripped = strip_service_keys(raw)
    assert same_value(stripped, raw)
    assert strip_service_keys(stripped) == stripped
    remote_errors(raw)
    return annotation


def found_by_all(line: DecodedLine) -> list[Any] | list[Finding]:
    """What the rules find if each is asked, whatever it is about."""
    return [
        Finding(rule.code, rule.level, message, pointer)
        for rule in RULES
        if rule.check is not None
        for pointer, message in rule.check(line, None)
    ]


@given(lines())
@settings(max_examples=300)
def test_a_line_has_the_same_findings_decoded_and_parsed(raw: bytes) -> None:
    assert_sound(raw)


@given(st.one_of(mutated(), st.binary(max_size=60), st.text(max_size=40).map(str.encode)))
@settings(max_examples=300)
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    assert_sound(raw)


@pytest.mark.long
@pytest.mark.timeout(1800)
@given(st.one_of(mutated(), mutated(), lines(), st.binary(max_size=200)))
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck))
def test_no_bytes_break_the_parser_at_length(raw: bytes) -> None:
    annotation = assert_sound(raw)
    assert_gestures_keep_the_rest(annotation, "dog", Box("cat", 1, 2, 30, 40))


def assert_gestures_keep_the_rest(annotation: Annotation, label: str, box: Box) -> None:
    """Adding something and removing it again gives the same bytes; every gesture leaves a readable line."""
    try:
        labelled = edit.add_class_label(annotation, label, NOW)
    except UsageError:
        return
    assert label in labelled.labels
    if labelled is not annotation:
        assert edit.remove_class_label(labelled, labelled.class_labels[-1].attribute).raw == annotation.raw
    for attribute in annotation.box_attributes:
        added = edit.add_box(annotation, attribute.name, box, ImageSize(640, 480), NOW)
        assert added.boxes == annotation.boxes + 1
        last = len(attribute.boxes)
        moved = edit.set_box_frame(added, attribute.name, last, 5, 6, 7, 8)
        (found,) = [one for one in moved.box_attributes if one.name == attribute.name]
        assert (found.boxes[last].left, found.boxes[last].label) == (5, box.label)
        removed = edit.remove_boxes(moved, attribute.name, [last])
        assert removed.boxes == annotation.boxes


@given(lines(), labels, st.builds(Box, labels, numbers, numbers, numbers, numbers))
@settings(max_examples=200)
def test_gestures_keep_what_they_do_not_change(raw: bytes, label: str, box: Box) -> None:
    assert_gestures_keep_the_rest(parse_line(raw), label, box)


@given(lines(box_pairs()), st.data())
@settings(max_examples=200)
def test_relabelling_changes_ids_and_the_class_map_only(raw: bytes, data: Any) -> None:
    annotation = parse_line(raw)
    for attribute in annotation.box_attributes:
        indices = data.draw(st.sets(st.integers(0, len(attribute.boxes) - 1))) if attribute.boxes else set()
        changed = edit.set_box_label(annotation, attribute.name, indices, "new label")
        (found,) = [one for one in changed.box_attributes if one.name == attribute.name]
        for index, (before, after) in enumerate(zip(attribute.boxes, found.boxes, strict=True)):
            assert after.label == ("new label" if index in indices else before.label)
        assert without_labels(changed, attribute.name) == without_labels(annotation, attribute.name)


def without_labels(annotation: Annotation, name: str) -> dict[str, Any]:
    value = load_value(annotation.raw)
    value[name + "-metadata"].pop("class-map", None)  # type: ignore[index]
    for box in value[name].get("annotations", []):  # type: ignore[index]
        del box["class_id"]
    return value  # type: ignore[return-value]


facts_of_images = st.one_of(
    st.none(),
    st.just(ImageFacts(0, 0, "", 9)),
    st.builds(ImageFacts, st.integers(1, 700), st.integers(1, 700), st.just("PNG"), st.just(9)),
)
# The places that a fix of each code may change, below the name of the attribute.
FIXED_PLACES = {
    "ERROR_INVALID_BOUNDING_BOX": {"annotations", "class-map", "objects"},
    "ERROR_BOUNDING_BOX_TOO_SMALL": {"annotations", "class-map", "objects"},
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT": {
        "objects",
        "class-map",
        "confidence",
        "human-annotated",
        "creation-date",
        "type",
    },
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE": {"objects"},
    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT": {"image_size"},
    "TRUTHLINE_IMAGE_SIZE_MISMATCH": {"image_size"},
    "TRUTHLINE_UNUSED_CLASS": {"class-map"},
    "ERROR_INVALID_LABEL_NAME_LENGTH": {"class-map"},
}


def codes_of(annotation: Annotation, facts: ImageFacts | None, *levels: Level) -> Counter:  # type: ignore[type-arg]
    found = check_line(annotation, facts)
    return Counter(finding.code for finding in found if not levels or finding.level in levels)


def without(annotation: Annotation, attribute: str, keys: set[str]) -> dict[str, Any]:
    """The line decoded, without these keys of the attribute and its metadata."""
    line = load_value(annotation.raw)
    for holder in (line.get(attribute), line.get(attribute + "-metadata")):  # type: ignore[attr-defined]
        if isinstance(holder, dict):
            for key in keys:
                holder.pop(key, None)
    return line  # type: ignore[return-value]


def assert_fixes_keep_their_promises(annotation: Annotation, facts: ImageFacts | None) -> None:
    before = codes_of(annotation, facts)
    for finding, fix in fixes_for(annotation, facts):
        fixed = fix.change(annotation, finding, facts, NOW)
        assert codes_of(fixed, facts)[finding.code] < before[finding.code]
        assert not codes_of(fixed, facts, Level.ERROR) - before
        if finding.code in FIXED_PLACES:
            attribute = finding.pointer.split("/")[1].replace("~1", "/").replace("~0", "~")
            attribute = attribute.removesuffix("-metadata")
            keys = FIXED_PLACES[finding.code]
            assert without(fixed, attribute, keys) == without(annotation, attribute, keys)
    for code in FIXES:
        fixed = fix_all(annotation, code, facts, NOW)
        assert fix_all(fixed, code, facts, NOW) is fixed
        assert all(finding.code != code for finding, _ in fixes_for(fixed, facts))


@given(lines(), facts_of_images)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_fixes_keep_their_promises(raw: bytes, facts: ImageFacts | None) -> None:
    assert_fixes_keep_their_promises(parse_line(raw), facts)


def assert_labels_change_as_wholes(annotation: Annotation, old: str, new: str) -> None:
    declared = declared_labels(annotation)
    renamed = rename_label(annotation, old, new)
    assert declared_labels(renamed) == {new if name == old else name for name in declared}
    assert rename_label(renamed, old, new) is renamed
    assert renamed.boxes == annotation.boxes
    if old != new and old in declared:
        names = Counter(label.name for label in renamed.class_labels)
        assert names[new] <= max(1, Counter(label.name for label in annotation.class_labels)[new])
        for before, after in zip(annotation.box_attributes, renamed.box_attributes, strict=True):
            assert list(after.class_map.values()).count(new) <= max(
                1, list(before.class_map.values()).count(new)
            )
            for box, changed in zip(before.boxes, after.boxes, strict=True):
                has_it = before.class_map.get(box.class_id) == old
                assert changed.label == (new if has_it else box.label)
    removed = remove_label(annotation, old)
    assert declared_labels(removed) <= declared - {old}
    assert remove_label(removed, old) is removed
    assert removed.boxes == sum(
        attribute.class_map.get(box.class_id) != old
        for attribute in annotation.box_attributes
        for box in attribute.boxes
    )
    assert {key for key in annotation.members if key not in removed.members} == {
        key
        for label in annotation.class_labels
        if label.name == old
        for key in (label.attribute, label.attribute + "-metadata")
    }


@given(lines(), st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_labels_change_as_wholes(raw: bytes, data: Any) -> None:
    annotation = parse_line(raw)
    names = st.sampled_from(sorted(declared_labels(annotation) | {"cat", "dog"}))
    old, new = data.draw(names), data.draw(names.filter(lambda name: 0 < len(name) <= 255))
    assert_labels_change_as_wholes(annotation, old, new)


@pytest.mark.long
@pytest.mark.timeout(1800)
@given(st.one_of(mutated(), lines()), facts_of_images)
@settings(max_examples=10_000, suppress_health_check=list(HealthCheck))
def test_fixes_and_labels_at_length(raw: bytes, facts: ImageFacts) -> None:
    annotation = parse_line(raw)
    assert_fixes_keep_their_promises(annotation, facts)
    for name in declared_labels(annotation):
        assert_labels_change_as_wholes(annotation, name, "dog")
