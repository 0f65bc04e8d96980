from __future__ import annotations

import json
from typing import Any

import pytest

from truthline.manifest.annotation import Box, BoxAttribute, ClassLabel, ImageSize, RemoteError
from truthline.manifest.line import (
    format_line,
    is_s3_uri,
    parse_line,
    read_source_ref,
    remote_errors,
    same_value,
    split_source_ref,
    strip_service_keys,
)

CLASS_METADATA = {
    "class-name": "dog",
    "confidence": 0.95,
    "type": "groundtruth/image-classification",
    "human-annotated": "yes",
    "creation-date": "2020-10-16T17:23:22.123456",
}
BOX_METADATA = {
    "objects": [{"confidence": 1}],
    "class-map": {"0": "dog"},
    "type": "groundtruth/object-detection",
    "human-annotated": "yes",
    "creation-date": "2020-10-16T17:23:22.123Z",
}
BOX_VALUE = {
    "image_size": [{"width": 640, "height": 480, "depth": 3}],
    "annotations": [{"class_id": 0, "left": 10, "top": 20, "width": 30, "height": 40}],
}


def line_of(**members: Any) -> bytes:
    """A compact line of a source-ref and these members; `metadata` of x is called x_metadata here."""
    renamed = {key.replace("_metadata", "-metadata"): value for key, value in members.items()}
    return json.dumps({"source-ref": "s3://bucket/a.jpg", **renamed}, ensure_ascii=False).encode()


def codes(raw: bytes) -> list[Any] | list[str]:
    return [finding.code for finding in parse_line(raw).findings]


def test_class_label_and_boxes_of_one_line_are_read() -> None:
    annotation = parse_line(
        line_of(dog=1, dog_metadata=CLASS_METADATA, bb=BOX_VALUE, bb_metadata=BOX_METADATA)
    )
    assert annotation.source_ref == "s3://bucket/a.jpg"
    assert annotation.class_labels == (ClassLabel("dog", "dog", 0.95),)
    box = Box("dog", 10, 20, 30, 40, class_id=0, confidence=1)
    assert annotation.box_attributes == (
        BoxAttribute("bb", (box,), ImageSize(640, 480, 3), {0: "dog"}, human_annotated=True),
    )
    assert annotation.findings == ()
    assert list(annotation.members) == ["source-ref", "dog", "dog-metadata", "bb", "bb-metadata"]
    assert bytes(annotation.members["dog"]) == b"1"


def test_members_outlive_a_buffer_that_the_caller_reuses() -> None:
    buffer = bytearray(line_of(dog=1, dog_metadata=CLASS_METADATA))
    annotation = parse_line(buffer)  # type: ignore[arg-type]
    buffer[:] = b" " * len(buffer)
    assert bytes(annotation.members["source-ref"]) == b'"s3://bucket/a.jpg"'


@pytest.mark.parametrize(
    "raw",
    [
        b'{"source-ref":"s3://b/k.jpg"}',
        b' { "source-ref" : "s3://b/k.jpg" , "x":1.0 }\t\r',
        '{"source-ref":"s3://b/zero\u200bwidth.jpg"}'.encode(),
        '{"source-ref":"s3://b/k.jpg","größe":1,"größe-metadata":{}}'.encode(),
        b"not json",
        b"\xff\xfe",
        b"",
    ],
)
def test_an_unedited_line_is_formatted_as_it_was_read(raw: bytes) -> None:
    assert format_line(parse_line(raw)) == raw


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"class-name": "chien de berger "}, "chien de berger "),
        ({"class-name": "größe 大"}, "größe 大"),
        ({"creation-date": "2020-10-16T17:23:22"}, "dog"),
        ({"job-name": "labeling-job/dog", "unknown": {"x": [1]}}, "dog"),
        ({"confidence": 0}, "dog"),
    ],
)
def test_class_labels_as_real_files_hold_them(changes: Any, label: str) -> None:
    annotation = parse_line(line_of(dog=0, dog_metadata=CLASS_METADATA | changes))
    assert [found.name for found in annotation.class_labels] == [label]
    assert annotation.findings == ()


def test_floats_in_boxes_are_kept() -> None:
    box = BOX_VALUE["annotations"][0] | {"left": 95.39999999999998, "width": 1e2}
    annotation = parse_line(line_of(bb=BOX_VALUE | {"annotations": [box]}, bb_metadata=BOX_METADATA))
    assert annotation.box_attributes[0].boxes[0].left == 95.39999999999998
    assert annotation.box_attributes[0].boxes[0].width == 100


def test_no_boxes_with_an_empty_class_map() -> None:
    metadata = BOX_METADATA | {"objects": [], "class-map": {}}
    annotation = parse_line(line_of(bb=BOX_VALUE | {"annotations": []}, bb_metadata=metadata))
    assert annotation.box_attributes == (
        BoxAttribute("bb", (), ImageSize(640, 480, 3), {}, human_annotated=True),
    )
    assert annotation.findings == ()


def test_a_label_without_confidence_is_shown_and_told() -> None:
    metadata = {key: value for key, value in CLASS_METADATA.items() if key != "confidence"}
    annotation = parse_line(line_of(dog=1, dog_metadata=metadata))
    assert annotation.class_labels == (ClassLabel("dog", "dog", None),)
    (finding,) = annotation.findings
    assert finding.code == "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    assert finding.pointer == "/dog-metadata"
    assert finding.message == '"dog-metadata" has no "confidence".'


def test_whole_numbers_written_as_floats_are_whole_numbers() -> None:
    raw = line_of(bb=BOX_VALUE, bb_metadata=BOX_METADATA).replace(b'"class_id": 0', b'"class_id": 0.0')
    annotation = parse_line(raw.replace(b"640", b"6.4e2"))
    assert annotation.findings == ()
    assert annotation.box_attributes[0].image_size == ImageSize(640, 480, 3)


def test_what_cannot_be_understood_is_left_out_and_the_rest_is_read() -> None:
    bad = BOX_VALUE | {"annotations": [{"left": "10"}]}
    annotation = parse_line(
        line_of(
            bb=bad, bb_metadata=BOX_METADATA, dog=1, dog_metadata=CLASS_METADATA, seg="x", seg_metadata=None
        )
    )
    assert [label.name for label in annotation.class_labels] == ["dog"]
    assert annotation.box_attributes == ()
    assert {finding.pointer.split("/")[1] for finding in annotation.findings} == {"bb", "seg-metadata"}


@pytest.mark.parametrize(
    "kind",
    [
        "groundtruth/semantic-segmentation",
        "groundtruth/image-classification-multilabel",
        "groundtruth/text-span",
        "",
    ],
)
def test_other_kinds_of_attribute_give_one_finding(kind: str) -> None:
    raw = line_of(**{"job-ref": "s3://b/mask.png"}, **{"job-ref-metadata": {"type": kind}})
    (finding,) = parse_line(raw).findings
    assert finding.code == "ERROR_UNSUPPORTED_USE_CASE_TYPE"
    assert finding.pointer == "/job-ref-metadata/type"
    assert f'"{kind}"' in finding.message


def test_metadata_whose_twin_has_another_name_is_an_unknown_key() -> None:
    annotation = parse_line(line_of(dog=1, cat_metadata=CLASS_METADATA))
    assert annotation.class_labels == ()
    assert annotation.findings == ()
    assert "cat-metadata" in annotation.members


def test_the_service_s_own_metadata_is_no_twin() -> None:
    annotation = parse_line(line_of(cl=1, cl_metadata={"is_labeled": True}))
    assert annotation.findings == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"[1]", "not an object"),
        (b"null", "not an object"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "-Infinity"),
        (b'{"a":"\\ud800"}', "half a character"),
        (b'{"\\udfff":1}', "half a character"),
        (b'{"a":"\xff"}', "byte 7 is not UTF-8"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":1,}', "at character"),  # of the comma or of what follows it, as Python's version has it
        (b'{"a":1', "at its end"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
    ],
)
def test_lines_that_are_no_json_object(raw: bytes, words: str) -> None:
    annotation = parse_line(raw)
    (finding,) = annotation.findings
    assert finding.code == "ERROR_INVALID_JSON_LINE"
    assert words in finding.message
    assert annotation.members == {}
    assert read_source_ref(raw) == annotation.source_ref == ""


@pytest.mark.parametrize("raw", [b"", b"  \t", b"\r"])
def test_blank_lines(raw: bytes) -> None:
    assert codes(raw) == ["TRUTHLINE_BLANK_LINE"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('"http://b/k"', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        ('"s3://bucket"', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        ('"s3:///key"', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        ('"s3://bucket/"', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        ("null", "ERROR_INVALID_SOURCE_REF_FORMAT"),
        ("[" * 499 + "]" * 499, "ERROR_INVALID_SOURCE_REF_FORMAT"),
    ],
)
def test_source_refs_that_are_none(value: str, code: str) -> None:
    annotation = parse_line(b'{"source-ref":' + value.encode() + b',"x":1}')
    (finding,) = annotation.findings
    assert (finding.code, finding.pointer) == (code, "/source-ref")
    assert list(annotation.members) == ["source-ref", "x"]


def test_a_line_without_source_ref_is_read_nevertheless() -> None:
    raw = json.dumps({"dog": 1, "dog-metadata": CLASS_METADATA}).encode()
    assert codes(raw) == ["ERROR_MISSING_SOURCE_REF"]
    assert [label.name for label in parse_line(raw).class_labels] == ["dog"]


@pytest.mark.parametrize("number", ["1e999", "9" * 5000, "-" + "9" * 400, "1e99999999999999999999"])
def test_huge_numbers_are_kept_and_only_refused_where_they_matter(number: str) -> None:
    raw = line_of(x=0, dog=1, dog_metadata=CLASS_METADATA)
    unknown = raw.replace(b'"x": 0', b'"x": ' + number.encode())
    assert codes(unknown) == []
    assert same_value(unknown, unknown + b" ")
    assert not same_value(unknown, raw)
    (finding,) = parse_line(raw.replace(b"0.95", number.encode())).findings
    assert finding.pointer == "/dog-metadata/confidence"


def test_of_repeated_keys_the_last_counts() -> None:
    raw = b'{"source-ref":"s3://b/one","source-ref":"s3://b/two"}'
    assert parse_line(raw).source_ref == read_source_ref(raw) == "s3://b/two"
    box = b'{"left":"bad","left":1,"top":1,"width":2,"height":2,"class_id":0}'
    value = b'{"annotations":[' + box + b'],"image_size":[{"width":9,"height":9,"depth":3}]}'
    raw = (
        b'{"source-ref":"s3://b/k","bb":'
        + value
        + b',"bb-metadata":'
        + json.dumps(BOX_METADATA).encode()
        + b"}"
    )
    assert parse_line(raw).findings == ()
    assert parse_line(raw).box_attributes[0].boxes[0].left == 1


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        (
            {"human-annotated": "maybe"},
            "/a~1b~0-metadata/human-annotated",
            'is "maybe"; it must be "yes" or "no"',
        ),
        ({"confidence": 1.5}, "/a~1b~0-metadata/confidence", "is 1.5; it must be a number from 0 to 1"),
        ({"confidence": None}, "/a~1b~0-metadata/confidence", "is null"),
        ({"class-name": ["dog"]}, "/a~1b~0-metadata/class-name", "is a list"),
        ({"creation-date": 5}, "/a~1b~0-metadata/creation-date", "is 5"),
        ({"type": None}, "/a~1b~0-metadata/type", "is null"),
    ],
)
def test_findings_point_at_the_exact_place(change: Any, pointer: str, words: str) -> None:
    (finding,) = parse_line(line_of(**{"a/b~": 1, "a/b~-metadata": CLASS_METADATA | change})).findings
    assert finding.code == "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    assert finding.pointer == pointer
    assert words in finding.message


def test_findings_in_boxes_name_the_box() -> None:
    boxes = [BOX_VALUE["annotations"][0], BOX_VALUE["annotations"][0] | {"top": "x"}, {"left": 1}]
    metadata = BOX_METADATA | {"class-map": {"0": "dog", "zero": "cat"}}
    found = parse_line(line_of(bb=BOX_VALUE | {"annotations": boxes}, bb_metadata=metadata)).findings
    told = {(finding.pointer, finding.message) for finding in found}
    assert ("/bb/annotations/1/top", '"top" of box 2 of "bb" is "x"; it must be a number of pixels.') in told
    assert ("/bb/annotations/2", 'box 3 of "bb" has no "height".') in told
    assert any(pointer == "/bb-metadata/class-map/zero" for pointer, _ in told)


def test_each_missing_key_is_told_once() -> None:
    findings = parse_line(line_of(dog=1, dog_metadata={"type": CLASS_METADATA["type"]})).findings
    missing = [finding.message.split(" has no ")[1] for finding in findings]
    assert missing == ['"class-name".', '"confidence".', '"human-annotated".', '"creation-date".']


def test_one_attribute_gives_no_flood_of_findings() -> None:
    value = BOX_VALUE | {"annotations": [{}] * 3000}
    assert 0 < len(parse_line(line_of(bb=value, bb_metadata=BOX_METADATA)).findings) <= 100


def test_split_source_ref() -> None:
    assert split_source_ref("s3://bucket//odd/key with space.jpg") == ("bucket", "/odd/key with space.jpg")
    assert is_s3_uri("s3://b/line\nbreak")
    for bad in ("", "s3://bucket", "s3://bucket/", "S3://b/k", "x s3://b/k"):
        assert not is_s3_uri(bad)
        with pytest.raises(ValueError, match="s3://bucket/key"):
            split_source_ref(bad)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (b'{"a":1,"b":[1,2]}', b'{ "b": [1.0, 2e0], "a": 1 }', True),
        (b'{"a":1}', b'{"a":true}', False),
        (b'{"a":0}', b'{"a":false}', False),
        (b'{"a":[1,2]}', b'{"a":[2,1]}', False),
        (b'{"a":null}', b"{}", False),
        (b'{"a":"\\u00e9"}', '{"a":"é"}'.encode(), True),
        (b'{"a":1}', b'{"a":1,"cl-metadata":{"is_labeled":true}}', True),
        (b'{"a":1,"cl-errors":[]}', b'{"a":1,"cl-errors":[1]}', True),
        (b'{"a":{"cl-x":1}}', b'{"a":{}}', False),
        (b"{bad", b"{bad", True),
        (b"{bad", b"{bad ", False),
        (b"{bad", b"{}", False),
        (b'{"a":1e999}', b'{"a":1E+999}', True),
        (b'{"a":1e999}', b'{"a":1e998}', False),
        (b"[" * 50_000 + b"]" * 50_000, b"[" * 50_000 + b" " + b"]" * 50_000, False),
    ],
)
def test_same_value(a: bytes, b: bytes, same: bool) -> None:
    assert same_value(a, b) is same
    assert same_value(b, a) is same


LISTED = (
    b'{"source-ref":"s3://b/k", "bb":{"annotations":[{"left":1.0,'
    b'"cl-errors":[{"code":"ERROR_INVALID_BOUNDING_BOX","message":"box"}]},'
    b'{"left" : 2}],"cl-errors":[{"code":"E2","message":"attribute"}],"mine":1e2}, '
    b'"bb-metadata":{"cl-errors":[{"code":"E3","message":"metadata"}],"type":"x"}, "errors":["mine"], '
    b'"cl-metadata":{"is_labeled":true},"cl-errors":[{"code":"E4","message":"line"}]}'
)


def test_service_keys_are_taken_out_and_nothing_else() -> None:
    assert strip_service_keys(LISTED) == (
        b'{"source-ref":"s3://b/k", "bb":{"annotations":[{"left":1.0},{"left" : 2}],"mine":1e2}, '
        b'"bb-metadata":{"type":"x"}, "errors":["mine"]}'
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"source-ref":"s3://b/k", "x":1.0}',
        b'{"cl-mine":1,"cl-mine-metadata":{}}',
        b'{"mine":{"cl-x":1}}',
        b'{"a":"cl-x"}',
        b"cl-x is not json",
        b'["cl-x"]',
    ],
)
def test_lines_without_service_keys_stay_as_they_are(raw: bytes) -> None:
    assert strip_service_keys(raw) == raw


def test_remote_errors_of_all_four_places() -> None:
    assert remote_errors(LISTED) == (
        RemoteError("E4", "line", ""),
        RemoteError("E2", "attribute", "/bb"),
        RemoteError("ERROR_INVALID_BOUNDING_BOX", "box", "/bb/annotations/0"),
        RemoteError("E3", "metadata", "/bb-metadata"),
    )


def test_remote_errors_of_a_training_s_validation() -> None:
    raw = (
        b'{"source-ref":"s3://b/k","errors":[{"code":"ERROR_INVALID_IMAGE","message":"m"},{"code":"mine"},7],'
        b'"warnings":[{"code":"WARNING_UNANNOTATED_RECORD"}]}'
    )
    assert remote_errors(raw) == (
        RemoteError("ERROR_INVALID_IMAGE", "m"),
        RemoteError("WARNING_UNANNOTATED_RECORD", ""),
    )


@pytest.mark.parametrize(
    "raw", [b"", b'errors" no json', b'["errors"]', b'{"errors":5}', b'{"cl-errors":{"code":"x"}}']
)
def test_no_remote_errors(raw: bytes) -> None:
    assert remote_errors(raw) == ()
