import json

import pytest

from truthline.errors import UnreadableFileError
from truthline.manifest.annotation import RemoteError
from truthline.manifest.verdict import DatasetVerdict, TrainingSummary, read_summary, read_validation_manifest


def test_errors_and_warnings_are_read_at_the_four_places() -> None:
    line = {
        "source-ref": "s3://b/1.jpg",
        "errors": [{"code": "ERROR_NO_VALID_LABEL_ATTRIBUTES", "message": "line"}],
        "bb": {
            "annotations": [
                {"left": 1, "errors": [{"code": "ERROR_BOUNDING_BOX_TOO_SMALL", "message": "box"}]}
            ],
            "warnings": [{"code": "WARNING_NO_ATTRIBUTE_ANNOTATIONS", "message": "attribute"}],
        },
        "bb-metadata": {"errors": [{"code": "ERROR_MISSING_CLASS_MAP_ID", "message": "metadata"}]},
    }
    sound = {"source-ref": "s3://b/2.jpg"}
    lost = {"errors": [{"code": "ERROR_INVALID_JSON_LINE", "message": "lost"}]}
    found = list(read_validation_manifest(json.dumps(one).encode() for one in (line, sound, lost)))
    assert [(one.number, one.source_ref) for one in found] == [(1, "s3://b/1.jpg"), (3, "")]
    assert {(error.pointer, error.message) for error in found[0].errors} == {
        ("", "line"),
        ("/bb", "attribute"),
        ("/bb/annotations/0", "box"),
        ("/bb-metadata", "metadata"),
    }
    assert found[1].errors == (RemoteError("ERROR_INVALID_JSON_LINE", "lost"),)


def test_lines_that_are_broken_or_hold_errors_of_their_own_say_nothing() -> None:
    lines = [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"source-ref":"s3://b/k","errors":["mine"]}',
        b'{"errors":[{"code":5}]}',
    ]
    assert list(read_validation_manifest(lines)) == []


SUMMARY = {
    "statistics": {
        "training": {
            "use_case": "OBJECT_LOCALIZATION",
            "total_json_lines": 10,
            "valid_json_lines": 7,
            "invalid_json_lines": 3,
            "ignored_json_lines": 1,
            "error_json_line_indices": [0, 4, 9],
            "errors": [{"code": "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", "message": "too many"}],
        },
        "testing": {"use_case": "NOT_DETERMINED", "total_json_lines": 0, "errors": []},
    },
    "errors": [{"code": "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP", "message": "overlap"}],
}


def test_a_summary_is_read() -> None:
    assert read_summary(json.dumps(SUMMARY).encode()) == TrainingSummary(
        DatasetVerdict(
            "OBJECT_LOCALIZATION",
            10,
            7,
            3,
            1,
            (0, 4, 9),
            (RemoteError("ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", "too many"),),
        ),
        DatasetVerdict("NOT_DETERMINED"),
        (RemoteError("ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP", "overlap"),),
    )


def test_a_summary_of_one_dataset_is_enough() -> None:
    assert read_summary(b'{"statistics": {"training": {"total_json_lines": 2}}}').training.total == 2


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"statistics": {"training": 5}}', b"[" * 5000])
def test_something_else_is_no_summary(raw: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read_summary(raw)
