from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

import ground_truth_lines as ground_truth
from truthline.errors import CancelledError, UnreadableFileError
from truthline.manifest.annotation import ImageFacts, Level
from truthline.manifest.check import rules
from truthline.manifest.check.decoded import DecodedLine, decode_line
from truthline.manifest.check.rules import (
    MAX_LINE_CHARACTERS,
    RULES,
    RULES_VERSION,
    Rule,
    by_subject,
    check_decoded,
    check_line,
    check_raw,
)
from truthline.manifest.check.whole_manifest import check_manifest
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JPEG = ImageFacts(640, 480, "JPEG", 50_000)
FOUND_IN_FILES = {"TRUTHLINE_REPEATED_SOURCE_REF", "TRUTHLINE_OTHER_BUCKET", "TRUTHLINE_IMAGE_NOT_FOUND"}


def class_line(attribute: str = "dog", value: Any = 1, **changes: Any) -> dict[str, Any]:
    changes = {"job_name": ...} | changes
    return ground_truth.line("s3://b/k.jpg", ground_truth.class_label(attribute, "dog", value, **changes))


def box_line(
    *boxes: tuple[Any, ...], size: tuple[Any, ...] = (640, 480), attribute: str = "bb", **changes: object
) -> dict[str, Any]:
    """A line of boxes (left, top, width, height) or (left, top, width, height, class_id)."""
    changes = {"job_name": ...} | changes
    drawn = ground_truth.numbered_boxes(attribute, boxes, labels={"0": "dog"}, size=size, **changes)
    return ground_truth.line("s3://b/k.jpg", drawn)


def without_ref(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "source-ref"}


def _changed(metadata: dict[str, Any], changes: Any) -> dict[str, Any] | dict[str, str]:
    changes = {key.replace("_", "-"): value for key, value in changes.items()}
    return {key: value for key, value in (metadata | changes).items() if value is not ...}


def many_labels(count: int) -> dict[str, Any]:
    return {
        key: value for n in range(count) for key, value in class_line(f"dog{n}", class_name=f"dog{n}").items()
    }


BOX = (10, 20, 30, 40)
FULL = (0, 0, 640, 480)
HUGE = (0, 0, 1281, 1)

# Code, a line that has it, the pointer and words of its finding, and a line in which that is corrected.
CASES = [
    ("TRUTHLINE_BLANK_LINE", b"", "", "blank", class_line()),
    ("ERROR_INVALID_JSON_LINE", b"{", "", "not JSON", class_line()),
    ("ERROR_MISSING_SOURCE_REF", without_ref(class_line()), "", "no source-ref", class_line()),
    (
        "ERROR_INVALID_SOURCE_REF_FORMAT",
        class_line() | {"source-ref": "k.jpg"},
        "/source-ref",
        '"k.jpg"',
        class_line(),
    ),
    (
        "TRUTHLINE_LINE_TOO_LONG",
        class_line() | {"pad": "é" * MAX_LINE_CHARACTERS},
        "",
        "100,2",
        class_line() | {"pad": "é" * (MAX_LINE_CHARACTERS - 300)},
    ),
    ("ERROR_NO_LABEL_ATTRIBUTES", {"source-ref": "s3://b/k", "dog": 1}, "", "none of them", class_line()),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", class_line(value="1"), "/dog", '"1"', class_line(value=0)),
    (
        "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
        class_line(confidence=...),
        "/dog-metadata",
        '"confidence"',
        class_line(confidence=0.5),
    ),
    (
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
        class_line(type="groundtruth/text-span"),
        "/dog-metadata/type",
        "groundtruth/text-span",
        class_line(),
    ),
    (
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        class_line(type="x"),
        "",
        "only label",
        class_line("cat") | class_line(),
    ),
    (
        "TRUTHLINE_METADATA_ALONE",
        class_line() | {"cat-metadata": {}},
        "/cat-metadata",
        '"cat"',
        class_line() | class_line("cat"),
    ),
    (
        "ERROR_INVALID_LABEL_NAME_LENGTH",
        class_line(class_name="ü" * 256),
        "/dog-metadata/class-name",
        "256 characters",
        class_line(class_name="ü" * 255),
    ),
    (
        "ERROR_INVALID_LABEL_NAME_LENGTH",
        box_line(BOX, class_map={"0": ""}),
        "/bb-metadata/class-map/0",
        "no name",
        box_line(BOX, class_map={"0": " "}),
    ),
    ("TRUTHLINE_TOO_MANY_LABELS", many_labels(51), "", "51 labels", many_labels(50)),
    (
        "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE",
        box_line(BOX, BOX, objects=[{"confidence": 1}]),
        "/bb-metadata",
        "1 of the 2 boxes",
        box_line(BOX, objects=[{"confidence": 0}]),
    ),
    (
        "ERROR_MISSING_CLASS_MAP_ID",
        box_line(BOX, (*BOX, 3), (*BOX, -1)),
        "/bb-metadata",
        "class_id -1, 3",
        box_line(BOX),
    ),
    (
        "ERROR_INVALID_BOUNDING_BOX",
        box_line(BOX, BOX, (630, 0, 22, 40)),
        "/bb/annotations/2",
        "Box 3 reaches 12 px past the right edge of a 640 px wide image.",
        box_line(BOX, BOX, (618, 0, 22, 40)),
    ),
    (
        "ERROR_INVALID_BOUNDING_BOX",
        box_line((-1.5, -2, 10, 500), BOX),
        "/bb/annotations/0",
        "Box 1 begins 1.5 px before the left edge and begins 2 px before the top edge and reaches 18 px past",
        box_line((95.39999999999998, 0, 544.6, 480)),
    ),
    (
        "ERROR_INVALID_BOUNDING_BOX",
        box_line((1, 1, -5, 10), BOX),
        "/bb/annotations/0",
        "negative width",
        box_line(BOX),
    ),
    (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        box_line((1, 1, 1, 50), BOX),
        "/bb/annotations/0",
        "Box 1 is 1 by 50 px; it must",
        box_line((1, 1, 1.01, 50)),
    ),
    (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        box_line(BOX, (1, 1, 50, 0.5)),
        "/bb/annotations/1",
        "50 by 0.5",
        box_line(BOX),
    ),
    (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        box_line((1, 1, 2, 50), BOX, size=(2560, 640)),
        "/bb/annotations/0",
        "2 by 50 px, and 1 by 25 px once training",
        box_line((1, 1, 3, 50), size=(2560, 640)),
    ),
    ("ERROR_TOO_MANY_BOUNDING_BOXES", box_line(*[BOX] * 51), "/bb", "51 boxes", box_line(*[BOX] * 50)),
    (
        "ERROR_NO_VALID_ANNOTATIONS",
        box_line((700, 1, 5, 5), (1, 1, 0, 0)),
        "/bb",
        "None of the 2 boxes",
        box_line((70, 1, 5, 5), FULL),
    ),
    (
        "ERROR_INVALID_IMAGE_DIMENSION",
        box_line((1, 1, 9, 9), size=(63, 64)),
        "",
        "63 by 64",
        box_line((1, 1, 9, 9), size=(64, 64)),
    ),
    (
        "ERROR_INVALID_IMAGE_DIMENSION",
        box_line(BOX, size=(4097, 99)),
        "",
        "4097",
        box_line(BOX, size=(4096, 99)),
    ),
    (
        "TRUTHLINE_UNUSED_CLASS",
        box_line(BOX, class_map={"0": "dog", "7": "cat"}),
        "/bb-metadata/class-map/7",
        '"cat"',
        box_line(BOX, (*BOX, 7), class_map={"0": "dog", "7": "cat"}),
    ),
    ("WARNING_UNANNOTATED_RECORD", {"source-ref": "s3://b/k"}, "", "no labels", class_line()),
    (
        "WARNING_NO_ANNOTATIONS",
        box_line(class_map={}),
        "",
        "without a box",
        box_line(human_annotated="no", class_map={}),
    ),
    ("WARNING_NO_ATTRIBUTE_ANNOTATIONS", box_line(class_map={}), "/bb", "has no box", box_line(BOX)),
]

# What comes along with a code in the lines above: documented companions, and the boxes' own errors where none
# of them is valid.
NONE_VALID = "ERROR_NO_VALID_LABEL_ATTRIBUTES"
COMPANIONS = {
    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT": {NONE_VALID},
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT": {NONE_VALID},
    "ERROR_UNSUPPORTED_USE_CASE_TYPE": {NONE_VALID},
    "ERROR_NO_VALID_LABEL_ATTRIBUTES": {"ERROR_UNSUPPORTED_USE_CASE_TYPE"},
    "ERROR_INVALID_LABEL_NAME_LENGTH": {NONE_VALID},
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE": {NONE_VALID},
    "ERROR_MISSING_CLASS_MAP_ID": {NONE_VALID},
    "ERROR_TOO_MANY_BOUNDING_BOXES": {NONE_VALID},
    "ERROR_NO_VALID_ANNOTATIONS": {
        NONE_VALID,
        "ERROR_INVALID_BOUNDING_BOX",
        "ERROR_BOUNDING_BOX_TOO_SMALL",
    },
    "WARNING_NO_ANNOTATIONS": {"WARNING_NO_ATTRIBUTE_ANNOTATIONS"},
    "WARNING_NO_ATTRIBUTE_ANNOTATIONS": {"WARNING_NO_ANNOTATIONS"},
}

# The same with the facts of the image, and the facts that correct it.
FACT_CASES = [
    ("ERROR_INVALID_IMAGE", class_line(), ImageFacts(640, 480, "GIF", 1), "GIF", JPEG),
    ("ERROR_INVALID_IMAGE", class_line(), ImageFacts(0, 0, "", 9, "The file is cut off."), "cut off", JPEG),
    (
        "ERROR_INVALID_IMAGE",
        class_line(),
        ImageFacts(0, 0, "PNG", 9),
        "no width",
        ImageFacts(64, 64, "PNG", 9),
    ),
    (
        "ERROR_INVALID_IMAGE",
        class_line(),
        ImageFacts(640, 480, "JPEG", 16 * 1024**2),
        "16 MB",
        ImageFacts(640, 480, "JPEG", 15 * 1024**2),
    ),
    (
        "ERROR_INVALID_IMAGE",
        class_line(),
        ImageFacts(63, 64, "PNG", 9),
        "63 by 64",
        ImageFacts(64, 64, "PNG", 9),
    ),
    (
        "ERROR_INVALID_IMAGE",
        class_line(),
        ImageFacts(100, 2001, "PNG", 9),
        "20.01 times",
        ImageFacts(100, 2000, "PNG", 9),
    ),
    ("TRUTHLINE_IMAGE_SIZE_MISMATCH", box_line(BOX), ImageFacts(480, 640, "JPEG", 9), "480 by 640", JPEG),
    ("ERROR_INVALID_IMAGE_DIMENSION", box_line(BOX), ImageFacts(5000, 480, "JPEG", 9), "5000", JPEG),
    ("ERROR_INVALID_BOUNDING_BOX", box_line(FULL), ImageFacts(600, 480, "JPEG", 9), "40 px past", JPEG),
    (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        box_line((1, 1, 2, 50)),
        ImageFacts(2560, 480, "JPEG", 9),
        "1 by 25",
        JPEG,
    ),
]


def check(line: Any, facts: ImageFacts | None = None) -> tuple[Any, ...]:
    raw = line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()
    return check_line(parse_line(raw), facts)


@pytest.mark.parametrize(("code", "line", "pointer", "words", "corrected"), CASES)
def test_each_code_and_its_corrected_twin(
    code: str, line: Any, pointer: str, words: str, corrected: dict[str, Any]
) -> None:
    (finding,) = [finding for finding in check(line) if finding.code == code]
    assert finding.pointer == pointer
    assert words in finding.message
    assert {finding.code for finding in check(line)} == {code} | COMPANIONS.get(code, set())
    assert check(corrected) == ()


def test_boxes_of_several_attributes_add_up() -> None:
    first = box_line(*[BOX] * 26)
    (finding,) = check(first | box_line(*[BOX] * 25, attribute="second"))
    assert (finding.code, finding.pointer) == ("ERROR_TOO_MANY_BOUNDING_BOXES", "/second")
    assert "51 boxes" in finding.message
    assert check(first | box_line(*[BOX] * 24, attribute="second")) == ()


def test_an_attribute_counts_as_invalid_whatever_is_wrong_with_it() -> None:
    bad = box_line(BOX, objects=[]) | class_line(class_name="")
    codes = [finding.code for finding in check(bad)]
    assert codes.count("ERROR_NO_VALID_LABEL_ATTRIBUTES") == 1
    good = class_line("cat", class_name="cat")
    assert "ERROR_NO_VALID_LABEL_ATTRIBUTES" not in [finding.code for finding in check(bad | good)]


@pytest.mark.parametrize(("code", "line", "facts", "words", "corrected"), FACT_CASES)
def test_each_code_that_needs_facts(
    code: str, line: dict[str, Any], facts: ImageFacts, words: str, corrected: ImageFacts
) -> None:
    (finding,) = [finding for finding in check(line, facts) if finding.code == code]
    assert words in finding.message
    assert code not in {finding.code for finding in check(line, corrected)}
    assert code not in {finding.code for finding in check(line)}


# Lines of which nothing is wrong that reading could find, beside the cases.
SOUND = {
    "class label": class_line(),
    "boxes": box_line(BOX),
    "unlabelled": {"source-ref": "s3://b/k"},
    "as the service lists it": box_line(BOX) | {"cl-metadata": {"is_labeled": True}},
    "adjustment job": box_line(BOX) | box_line(BOX, attribute="adjusted", adjustment_status="adjusted"),
    "unused class": box_line(BOX, class_map={"0": "dog", "7": "cat"}),
    "no boxes": box_line(class_map={}),
    "foreign keys": class_line() | {"weather": "rain", "at": {"x": [1, {}]}, "y": None, "z": [0.5, True]},
    "foreign keys in metadata": class_line(worker={"id": [1]}, reviewed=True),
    "date alone": class_line(creation_date="2021-07-11"),
    "whole number as 1.0": class_line(value=1.0),
    "bad box": box_line(BOX, (700, 0, 9, 9)),
}


@pytest.mark.parametrize("facts", [None, JPEG])
@pytest.mark.parametrize("line", [*SOUND.values(), *(case[1] for case in CASES), b"", b"[]"])
def test_a_rule_about_any_line_is_asked_of_every_line(
    line: Any, facts: ImageFacts | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "ASKED", by_subject((*RULES, Rule("TRUTHLINE_NEW", Level.INFO, always))))
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()
    assert [one.code for one in check_raw(raw, facts)].count("TRUTHLINE_NEW") == 1
    assert [one.code for one in check(line, facts)].count("TRUTHLINE_NEW") == 1


def always(_line: DecodedLine, _facts: ImageFacts | None) -> Iterator[tuple[Any, ...]]:
    yield "", "It is asked."


@pytest.mark.parametrize("facts", [None, JPEG, ImageFacts(0, 0, "", 9), ImageFacts(99, 2000, "GIF", 9)])
@pytest.mark.parametrize("line", [*SOUND.values(), *(case[1] for case in CASES)])
def test_no_rule_is_left_out_that_would_find_something(line: Any, facts: ImageFacts | None) -> None:
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()
    decoded = decode_line(raw)
    findings = check_decoded(decoded, facts)
    asked = [(rule.code, *one) for rule in RULES if rule.check for one in rule.check(decoded, facts)]
    told = [(one.code, one.pointer, one.message) for one in findings[len(decoded.findings) :]]
    assert told == asked


def test_every_rule_has_a_case_and_levels_follow_the_service_s_names() -> None:
    tested = {case[0] for case in CASES} | {case[0] for case in FACT_CASES} | FOUND_IN_FILES
    assert {rule.code for rule in RULES} == tested
    assert len(RULES) == len(tested)
    for rule in RULES:
        if not rule.code.startswith("TRUTHLINE_"):
            assert rule.level is (Level.WARNING if rule.code.startswith("WARNING_") else Level.ERROR)
    levels = {rule.code: rule.level for rule in RULES}
    for case in CASES:
        assert all(finding.level is levels[finding.code] for finding in check(case[1]))


def test_the_rules_version_is_raised_when_the_findings_change() -> None:
    """Else workspaces keep what older rules found: raise RULES_VERSION, then put the new pair here."""
    worded = {rule.code for rule in RULES if rule.check is not None}  # others are a parser's words in part
    looked_at = [(case[1], None) for case in CASES] + [(case[1], case[2]) for case in FACT_CASES]
    found = [
        (one.code, one.level.value, one.pointer, one.message if one.code in worded else "")
        for line, facts in looked_at
        for one in check(line, facts)
    ]
    checksum = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    assert (RULES_VERSION, checksum) == (1, "52358561d6cbf938")


def test_all_findings_are_shown_at_once_with_their_companions() -> None:
    line = class_line(type="groundtruth/text-span") | {"x-metadata": {}}
    assert [finding.code for finding in check(line)] == [
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        "TRUTHLINE_METADATA_ALONE",
    ]
    assert {finding.code for finding in check(box_line(class_map={}))} == {
        "WARNING_NO_ANNOTATIONS",
        "WARNING_NO_ATTRIBUTE_ANNOTATIONS",
    }


def test_facts_overrule_the_line() -> None:
    findings = check(box_line((0, 0, 1000, 900)), ImageFacts(1000, 900, "JPEG", 9))
    assert [finding.code for finding in findings] == ["TRUTHLINE_IMAGE_SIZE_MISMATCH"]


def test_keys_that_the_service_adds_do_not_make_a_line_annotated() -> None:
    line = {"source-ref": "s3://b/k", "cl-metadata": {"is_labeled": False}}
    assert [finding.code for finding in check(line)] == ["WARNING_UNANNOTATED_RECORD"]


def write_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def at(ref: str, line: dict[str, Any] | None = None) -> dict[str, Any]:
    return (line or class_line()) | {"source-ref": ref}


def test_a_manifest_is_checked_in_line_order(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "any.name",
        "\ufeff",
        at("s3://one/a"),
        at("s3://one/b"),
        "\r\n",
        at("s3://two/c"),
        "{bad\n",
        at("s3://one/a"),
        at("s3://one/b", box_line((0, 0, 999, 9))),
        at("s3://one/a"),
    )
    found = [(number, ref, finding.code) for number, ref, finding in check_manifest(path)]
    assert found == [
        (1, "s3://one/a", "TRUTHLINE_REPEATED_SOURCE_REF"),
        (2, "s3://one/b", "TRUTHLINE_REPEATED_SOURCE_REF"),
        (3, "", "TRUTHLINE_BLANK_LINE"),
        (4, "s3://two/c", "TRUTHLINE_OTHER_BUCKET"),
        (5, "", "ERROR_INVALID_JSON_LINE"),
        (6, "s3://one/a", "TRUTHLINE_REPEATED_SOURCE_REF"),
        (7, "s3://one/b", "ERROR_NO_VALID_LABEL_ATTRIBUTES"),
        (7, "s3://one/b", "ERROR_INVALID_BOUNDING_BOX"),
        (7, "s3://one/b", "ERROR_NO_VALID_ANNOTATIONS"),
    ]


def test_a_repeated_source_ref_is_told_with_the_line_that_stays(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m", at("s3://one/a"), at("s3://one/b"), at("s3://one/a"))
    ((number, _, finding),) = check_manifest(path)
    assert number == 1
    assert (finding.pointer, finding.level) == ("/source-ref", Level.ERROR)
    assert "line 3" in finding.message


def test_lines_without_a_source_ref_do_not_repeat_one(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m", {"x": 1}, {"x": 1}, "{bad\n", "{bad\n")
    codes = {finding.code for _, _, finding in check_manifest(path)}
    assert codes == {"ERROR_MISSING_SOURCE_REF", "ERROR_NO_LABEL_ATTRIBUTES", "ERROR_INVALID_JSON_LINE"}


def test_a_sound_manifest_has_no_findings_and_progress_reaches_its_end(tmp_path: Path) -> None:
    lines = [at(f"s3://b/{number}", box_line(BOX) | class_line()) for number in range(2500)]
    told: list[Any] = []
    assert list(check_manifest(write_lines(tmp_path / "m", *lines), report=told.append)) == []
    size = (tmp_path / "m").stat().st_size
    assert (told[-1].done, told[-1].total) == (size, size)
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert len(told) == 4


def test_a_check_is_cancelled_between_lines(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m", *["{bad\n"] * 5000)
    cancel = CancelToken()
    findings = check_manifest(path, cancel=cancel)
    next(findings)
    cancel.cancel()
    with pytest.raises(CancelledError):
        list(findings)


def test_a_missing_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        list(check_manifest(tmp_path / "none"))
