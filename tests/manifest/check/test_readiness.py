from __future__ import annotations

import json
from typing import Any

import pytest

import ground_truth_lines as ground_truth
from truthline.manifest.annotation import Finding, ImageFacts, Level
from truthline.manifest.check.codes.table import CODES, explain
from truthline.manifest.check.decoded import of_annotation
from truthline.manifest.check.readiness import NAMED_AT_MOST, DatasetFinding, Summary, check_datasets
from truthline.manifest.check.rules import check_line
from truthline.manifest.line import parse_line

BOX = (10, 20, 30, 40)


def class_line(
    number: int, *labels: str, bucket: str = "b", **changes: int
) -> dict[str, Any] | dict[str, str]:
    labelled = (ground_truth.class_label(label, label, job_name=..., **changes) for label in labels)
    return ground_truth.line(f"s3://{bucket}/{number}.jpg", *labelled)


def box_line(
    number: int, *boxes: tuple[Any, ...], labels: list[str] | tuple[Any, ...] = ("dog",)
) -> dict[str, Any]:
    named = {str(number): label for number, label in enumerate(labels)}
    drawn = ground_truth.numbered_boxes("bb", boxes, labels=named, job_name=...)
    return ground_truth.line(f"s3://b/{number}.jpg", drawn)


def dump(line: Any) -> bytes:
    return line if isinstance(line, bytes) else json.dumps(line).encode()


def summary(*lines: object) -> Summary:
    """The summary of these lines; however they are added, it must tell the same."""
    fast, slow = Summary(), Summary()
    for number, line in enumerate(lines, 1):
        fast.add_line(number, dump(line))
        annotation = parse_line(dump(line))
        slow.add(number, of_annotation(annotation), check_line(annotation))
    assert check_datasets(fast) == check_datasets(slow)
    assert (fast.uses, fast.labels) == (slow.uses, slow.labels)
    return fast


def code_of(finding: DatasetFinding | Finding) -> str:
    """The finding's code; the service's own where it foretells that as a warning, under a name of ours."""
    assert finding.level is Level.ERROR or not finding.code.startswith("ERROR"), "a warning called an error"
    theirs = finding.code.replace("TRUTHLINE_", "ERROR_", 1)
    assert finding.level is Level.WARNING or theirs == finding.code or theirs not in CODES
    return theirs if theirs in CODES else finding.code


def codes(findings: Any) -> list[Any] | list[str]:
    return [code_of(finding) for finding in findings]


def find(code: str, train: Summary, test: Summary | None = None) -> DatasetFinding:
    (found,) = [finding for finding in check_datasets(train, test) if code_of(finding) == code]
    return found


SOUND = [class_line(number, "cat", "dog") for number in range(5)]


def test_a_sound_dataset_has_no_finding() -> None:
    assert check_datasets(summary(*SOUND)) == []
    others = [class_line(number, "cat", "dog") for number in range(10, 15)]
    assert check_datasets(summary(*SOUND), summary(*others)) == []
    assert check_datasets(summary(box_line(1, BOX), box_line(2, BOX))) == []


def test_a_small_valid_manifest_has_no_error() -> None:
    for lines in ([class_line(1, "dog")], [box_line(1, BOX)], [class_line(1)]):
        findings = check_datasets(summary(*lines))
        assert findings
        assert all(finding.level is not Level.ERROR for finding in findings)


def test_an_empty_manifest_fails_an_import() -> None:
    assert codes(check_datasets(Summary())) == ["ERROR_EMPTY_MANIFEST"]
    assert check_datasets(Summary())[0].level is Level.ERROR


def test_too_few_labels_for_the_kind_of_model() -> None:
    code = "ERROR_MANIFEST_TOO_FEW_LABELS"
    one = summary(class_line(1, "dog"), class_line(2, "dog"))
    assert find(code, one).level is Level.WARNING
    assert find(code, one).labels == ("dog",)
    assert code not in codes(check_datasets(summary(box_line(1, BOX), box_line(2, BOX))))
    assert code in codes(check_datasets(summary(class_line(1), class_line(2))))
    other = summary(class_line(3, "dog"), class_line(4, "cat"))
    assert find(code, one, other).level is Level.ERROR


def test_labels_that_are_only_on_lines_with_errors_are_not_usable() -> None:
    lines = [class_line(number, "dog") for number in range(9)]
    lines += [class_line(9, "cat", confidence=2), class_line(10, "cat", confidence=2)]
    found = find("ERROR_MANIFEST_TOO_FEW_USABLE_LABELS", summary(*lines))
    assert found.labels == ("cat",)


def test_too_many_labels_count_those_that_only_class_maps_name() -> None:
    code = "ERROR_MANIFEST_TOO_MANY_LABELS"
    labels = [f"label {number}" for number in range(251)]
    lines = [box_line(1, BOX, labels=labels[:200]), box_line(2, BOX, labels=labels[200:250])]
    assert code not in codes(check_datasets(summary(*lines)))
    found = find(code, summary(*lines, class_line(3, labels[250])))
    assert (found.level, len(found.labels)) == (Level.ERROR, 251)


def test_quotas_of_size_and_lines() -> None:
    one = summary(*SOUND)
    one.lines = 250_000
    one.bytes = 1024**3
    assert check_datasets(one) == []
    one.lines += 1
    one.bytes += 1
    assert codes(check_datasets(one)) == [
        "ERROR_MANIFEST_SIZE_TOO_LARGE",
        "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM",
    ]
    assert "on request" in check_datasets(one)[1].message


def test_the_bytes_of_a_manifest_are_counted_with_its_line_endings() -> None:
    assert summary(*SOUND).bytes == sum(len(dump(line)) + 1 for line in SOUND)


def test_more_than_a_fifth_of_unusable_lines_fails_an_import() -> None:
    code = "ERROR_TOO_MANY_RECORDS_IN_ERROR"
    lines = [*SOUND[:4], b"{"]
    assert code not in codes(check_datasets(summary(*lines)))
    found = find(code, summary(b"", *lines))
    assert (found.entries, found.count, found.level) == ((1, 6), 2, Level.ERROR)
    repeated = find(code, summary(*SOUND, SOUND[0], SOUND[0]))
    assert "2 of 7 lines" in repeated.message


def test_more_than_a_fifth_of_invalid_lines_fails_a_training() -> None:
    code = "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"
    bad = [class_line(number, "cat", "dog", confidence=2) for number in range(10, 12)]
    assert code not in codes(check_datasets(summary(*SOUND, bad[0])))
    alone = find(code, summary(*SOUND, *bad))
    assert (alone.entries, alone.level) == ((6, 7), Level.WARNING)
    assert find(code, summary(*SOUND, *bad), summary(class_line(99, "cat", "dog"))).level is Level.ERROR


def test_repeated_source_refs_name_all_entries_but_the_last() -> None:
    lines = [SOUND[0], SOUND[1], SOUND[0], SOUND[2], SOUND[0], SOUND[1], {"x": 1}, {"x": 1}]
    found = find("TRUTHLINE_REPEATED_SOURCE_REF", summary(*lines))
    assert (found.entries, found.count, found.level) == ((1, 2, 3), 3, Level.ERROR)


def test_images_in_several_buckets() -> None:
    found = find("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", summary(*SOUND, class_line(9, "dog", bucket="bb")))
    assert (found.entries, found.level) == ((6,), Level.WARNING)


def test_mixed_kinds_and_similar_labels() -> None:
    found = check_datasets(
        summary(*SOUND, box_line(9, BOX, labels=["Dog "]), box_line(10, BOX, labels=["Dog "]))
    )
    assert codes(found) == ["TRUTHLINE_MIXED_KINDS", "TRUTHLINE_SIMILAR_LABELS"]
    assert "2 images have boxes" in found[0].message
    assert found[1].labels == ("Dog ", "dog")


@pytest.mark.parametrize(
    ("boxes", "is_told"),
    [
        ([(100, 100, 100, 100), (102, 100, 100, 100)], True),
        ([(103, 104, 100, 100), (100, 100, 100, 100)], False),
        ([(0, 0, 99, 9), (100, 100, 100, 100), (300, 1, 9, 9), (100, 100, 100, 100)], True),
        ([(100, 100, 100, 100), (100, 100, 100, 100, 1)], False),
        ([(100, 100, 100, 100), (100, 100, 100, 89)], False),
        ([(100, 100, 100, 100), (100, 100, 100, 91)], True),
        ([(10, 10, 20, 20), (10, 110, 20, 20)], False),
    ],
)
def test_boxes_that_nearly_cover_each_other(boxes: list[tuple[Any, ...]], is_told: bool) -> None:
    labels = ("dog", "cat") if any(len(box) == 5 for box in boxes) else ("dog",)
    found = check_datasets(
        summary(box_line(1, *boxes, labels=labels), box_line(2, BOX, (99, 9, 9, 9, 1), labels=("dog", "cat")))
    )
    assert ("TRUTHLINE_DUPLICATE_BOXES" in codes(found)) is is_told


def test_labels_with_one_image_cannot_be_split() -> None:
    code = "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT"
    train = summary(*SOUND, class_line(9, "cat", "rare"))
    found = find(code, train)
    assert (found.labels, found.entries, found.level) == (("rare",), (6,), Level.WARNING)
    assert code not in codes(check_datasets(train, summary(class_line(20, "cat", "dog", "rare"))))


def test_an_image_in_both_datasets() -> None:
    test = summary(class_line(9, "cat", "dog"), SOUND[3])
    found = find("TRUTHLINE_IMAGE_IN_BOTH_DATASETS", summary(*SOUND), test)
    assert (found.entries, found.is_test, found.level) == ((2,), True, Level.ERROR)


def test_labels_in_one_of_the_datasets_only() -> None:
    train = summary(class_line(1, "a", "b"), class_line(2, "a", "b"))
    test = summary(class_line(3, "b", "c"))
    assert codes(check_datasets(train, test)) == ["TRUTHLINE_LABEL_NOT_TRAINED", "TRUTHLINE_LABEL_NOT_TESTED"]
    assert find("TRUTHLINE_LABEL_NOT_TRAINED", train, test).labels == ("c",)
    assert find("TRUTHLINE_LABEL_NOT_TESTED", train, test).labels == ("a",)


def test_at_least_half_of_the_labels_must_be_tested() -> None:
    code = "ERROR_INSUFFICIENT_LABEL_OVERLAP"
    train = summary(class_line(1, "a", "b", "c", "d"), class_line(2, "a"))
    assert code not in codes(check_datasets(train, summary(class_line(3, "a", "b"))))
    found = find(code, train, summary(class_line(3, "a", "x")))
    assert (found.labels, found.is_test, found.level) == (("b", "c", "d"), True, Level.ERROR)
    usable = find(
        "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP",
        train,
        summary(
            class_line(3, "a"), class_line(4, "b", confidence=2), *[class_line(n, "a") for n in range(5, 9)]
        ),
    )
    assert usable.labels == ("b", "c", "d")


def test_too_many_test_images_of_a_label() -> None:
    lines = [class_line(number, "cat", "dog") for number in range(100, 1100)]
    assert check_datasets(summary(*SOUND), summary(*lines)) == []
    more = summary(*lines, class_line(2000, "dog"))
    assert find("TRUTHLINE_TOO_MANY_TEST_IMAGES", summary(*SOUND), more).labels == ("dog",)


def test_findings_name_a_bounded_number_of_entries() -> None:
    one = Summary()
    for number in range(NAMED_AT_MOST + 5):
        one.add_line(number, b"{")
    found = find("ERROR_TOO_MANY_RECORDS_IN_ERROR", one)
    assert (len(found.entries), found.count) == (NAMED_AT_MOST, NAMED_AT_MOST + 5)


def test_facts_count_where_they_are_known() -> None:
    one = Summary()
    ref, findings = one.add_line(1, dump(SOUND[0]), ImageFacts(0, 0, "GIF", 9))
    assert ref == "s3://b/0.jpg"
    assert codes(findings) == ["ERROR_INVALID_IMAGE"]
    assert one.invalid.named == [1]


def test_every_dataset_code_is_explained() -> None:
    bad = summary(
        class_line(1, "a"), box_line(2, BOX, BOX, labels=["A"]), b"", b"{", class_line(1, "a", bucket="c")
    )
    for finding in [*check_datasets(bad), *check_datasets(summary(*SOUND), bad)]:
        assert "does not know it" not in explain(finding.code).why
        assert finding.message.endswith(".")
