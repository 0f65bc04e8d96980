"""Training's verdict in the window."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from truthline.aws.session import Aws, connect
from truthline.ui.dataset.training import TrainingDialog
from truthline.workspace.workspace import EntryId, Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.aws.connection import Connection
    from truthline.ui.document.document import Document


def nobody() -> Aws:
    raise AssertionError("the service is not to be asked")


@pytest.fixture
def document(make_document: Callable[..., Document], line: Callable[..., bytes]) -> Document:
    return make_document([line("s3://leaves/1.jpg", ["oak"]), line("s3://leaves/2.jpg", ["elm"])])


@pytest.fixture
def results(tmp_path: Path, line: Callable[..., bytes]) -> list[Path]:
    """A validation manifest that complains about 2.jpg and about an image elsewhere, and its summary."""
    flawed = json.loads(line("s3://leaves/2.jpg", ["elm"]))
    flawed["errors"] = [{"code": "ERROR_INVALID_IMAGE", "message": "Not readable."}]
    other = {
        "source-ref": "s3://leaves/7.jpg",
        "warnings": [{"code": "WARNING_UNANNOTATED_RECORD", "message": "."}],
    }
    manifest = tmp_path / "training_manifest_with_validation.json"
    manifest.write_text("\n".join(map(json.dumps, (flawed, other))), encoding="utf-8")
    of_training = {
        "use_case": "IMAGE_LEVEL_LABELS",
        "total_json_lines": 3,
        "valid_json_lines": 1,
        "invalid_json_lines": 1,
        "ignored_json_lines": 1,
        "error_json_line_indices": [0],
        "errors": [],
    }
    summary = tmp_path / "manifest_summary.json"
    content = {
        "statistics": {"training": of_training, "testing": {**of_training, "total_json_lines": 0}},
        "errors": [{"code": "ERROR_MANIFEST_TOO_FEW_LABELS", "message": "Too few."}],
    }
    summary.write_text(json.dumps(content), encoding="utf-8")
    return [manifest, summary]


def test_files_lay_problems_onto_the_entries(qtbot: QtBot, document: Document, results: list[Path]) -> None:
    dialog = TrainingDialog(document, nobody)
    dialog.open()
    with qtbot.waitSignal(dialog.loaded) as loaded:
        dialog.open_files(results)
    (verdict,) = loaded.args
    assert verdict.summary.errors[0].code == "ERROR_MANIFEST_TOO_FEW_LABELS"
    found = [one for one in document.workspace.problems() if one.origin is Origin.TRAINING]
    assert [(one.entry_id, one.code) for one in found] == [(EntryId(2), "ERROR_INVALID_IMAGE")]
    assert dialog.summary.text() == (
        "1 problem on 1 image of this workspace. 1 line with problems are of images elsewhere."
        " Of 3 training lines 1 were valid."
    )
    dialog.reject()


def test_a_file_that_is_no_summary_is_told(
    qtbot: QtBot, document: Document, tmp_path: Path, settle: Callable[[], None]
) -> None:
    wrong = tmp_path / "manifest_summary.json"
    wrong.write_text("[]", encoding="utf-8")
    dialog = TrainingDialog(document, nobody)
    dialog.open()
    dialog.open_files([wrong])
    settle()
    assert "manifest_summary.json" in dialog.summary.text()
    dialog.reject()


def test_what_cannot_be_listed_is_told(
    qtbot: QtBot,
    document: Document,
    settle: Callable[[], None],
    connection: Connection,
    aws_environment: None,
) -> None:
    workspace = document.workspace
    arn = "arn:aws:rekognition:us-east-1:111122223333:project/leaves/dataset/train/1690564858106"
    workspace.set_info(replace(workspace.info, dataset_arn=arn))
    with connect(connection) as aws:
        dialog = TrainingDialog(document, lambda: aws)
        dialog.open()
        settle()
        assert dialog.summary.text().startswith(f"{arn}: No project has this dataset.")
        dialog.reject()
