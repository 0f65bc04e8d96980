"""A training's verdict laid onto a workspace, from files and from S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from present import present
from truthline.errors import CancelledError, NotFoundError, UnreadableFileError, UsageError
from truthline.manifest.annotation import Level
from truthline.progress import CancelToken
from truthline.sync.service.verdict import Verdict, fetch_verdict, open_verdict, project_versions
from truthline.workspace.workspace import EntryId, Filter, Kind, Origin, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.service import Emulator

SUMMARY = {
    "statistics": {"training": {"use_case": "IMAGE_LEVEL_LABELS", "total_json_lines": 3}, "testing": {}},
    "errors": [{"code": "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS", "message": "too few"}],
}


def validated(line: bytes, *codes: str) -> bytes:
    told = json.loads(line)
    return json.dumps(told | {"errors": [{"code": code, "message": code.lower()} for code in codes]}).encode()


@pytest.fixture
def results(tmp_path: Path, labelled: Callable[..., Any]) -> list[Path]:
    """A validation manifest, one of the other dataset, and the summary."""
    training = tmp_path / "training_manifest_with_validation.json"
    training.write_bytes(
        labelled(1)
        + b"\n"
        + validated(labelled(2), "ERROR_INVALID_IMAGE", "WARNING_UNANNOTATED_RECORD")
        + b'\r\n{"errors": [{"code": "ERROR_INVALID_JSON_LINE", "message": "x"}]}\n'
    )
    testing = tmp_path / "testing_manifest_with_validation.json"
    testing.write_bytes(validated(labelled(77), "ERROR_INVALID_IMAGE"))
    summary = tmp_path / "manifest_summary.json"
    summary.write_text(json.dumps(SUMMARY, indent=2))
    return [training, testing, summary]


def assert_laid(workspace: Workspace, verdict: Verdict) -> None:
    assert (verdict.entries, verdict.problems, verdict.elsewhere) == (1, 2, 1)
    assert [line.number for line in verdict.unnamed] == [3]
    assert present(verdict.summary).errors[0].code == "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS"
    assert present(verdict.summary).training.use_case == "IMAGE_LEVEL_LABELS"
    problems = list(workspace.problems())
    assert [(one.entry_id, one.origin, one.code, one.level) for one in problems] == [
        (2, Origin.TRAINING, "ERROR_INVALID_IMAGE", Level.ERROR),
        (2, Origin.TRAINING, "WARNING_UNANNOTATED_RECORD", Level.WARNING),
    ]
    entry = workspace.entry(EntryId(2))
    assert [error.code for error in entry.training_errors] == [one.code for one in problems]
    assert entry.remote_errors == ()
    assert list(workspace.ids(Filter(kind=Kind.PROBLEMS))) == [2]


def test_a_verdict_is_opened_from_files(
    pulled: Callable[..., Any], labelled: Callable[..., Any], results: list[Path]
) -> None:
    workspace = pulled([labelled(1), labelled(2)])
    verdict = open_verdict(workspace, results)
    assert_laid(workspace, verdict)
    assert verdict.changes.entries == {2}


def test_a_verdict_takes_the_place_of_the_one_before(
    pulled: Callable[..., Any], labelled: Callable[..., Any], results: list[Path]
) -> None:
    workspace = pulled([labelled(1), labelled(2)])
    open_verdict(workspace, results)
    results[0].write_bytes(validated(labelled(1), "ERROR_INVALID_IMAGE"))
    verdict = open_verdict(workspace, results[:1])
    assert verdict.changes.entries == {1, 2}
    assert verdict.summary is None
    assert [one.entry_id for one in workspace.problems()] == [1]
    assert workspace.counts().with_remote_errors == 1


def test_what_the_dataset_says_and_what_a_training_said_do_not_touch_each_other(
    pulled: Callable[..., Any], labelled: Callable[..., Any], results: list[Path]
) -> None:
    bad = labelled(2).replace(b"image-classification", b"nonsense")
    workspace = pulled([labelled(1), bad])
    remote = workspace.entry(2).remote_errors
    assert remote
    open_verdict(workspace, results)
    assert workspace.entry(2).remote_errors == remote
    workspace.store_remote([(2, bad, ())])
    assert len(workspace.entry(2).training_errors) == 2
    assert workspace.counts().with_remote_errors == 1


def test_a_cancelled_verdict_changes_nothing(
    pulled: Callable[..., Any], labelled: Callable[..., Any], results: list[Path]
) -> None:
    workspace = pulled([labelled(1), labelled(2)])
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        open_verdict(workspace, results, cancel=cancel)
    assert list(workspace.problems()) == []


def test_a_summary_that_is_none_is_told(
    pulled: Callable[..., Any], labelled: Callable[..., Any], results: list[Path]
) -> None:
    workspace = pulled([labelled(1)])
    results[2].write_text("{}")
    with pytest.raises(UnreadableFileError):
        open_verdict(workspace, results)
    with pytest.raises(UsageError):
        open_verdict(workspace, [])


def described(project: str, name: str, **places: Any) -> dict[str, Any]:
    told = {
        "ProjectVersionArn": f"{project.rpartition('/')[0]}/version/{name}/1700000000000",
        "CreationTimestamp": 1700000000.0,
        "Status": "TRAINING_FAILED",
        "StatusMessage": "The manifest file has too many errors.",
    }
    for member, key in places.items():
        place = {"S3Object": {"Bucket": "leaves", "Name": key}}
        if member == "ManifestSummary":
            told[member] = place
        else:
            told[member] = {"Validation": {"Assets": [{"GroundTruthManifest": place}]}}
    return told


def test_a_verdict_is_fetched_from_the_version_that_was_chosen(
    pulled: Callable[..., Any],
    labelled: Callable[..., Any],
    results: list[Path],
    service: Service,
    emulator: Emulator,
    tmp_path: Path,
) -> None:
    workspace = pulled([labelled(1), labelled(2)])
    arn = workspace.info.dataset_arn
    (project,) = service.aws.rekognition.describe_projects()
    for path in results:
        service.aws.s3.upload(
            path, "leaves", f"evaluation/{path.name}", report=lambda _: None, cancel=CancelToken()
        )
    emulator.add_project_version(project.arn, described(project.arn, "v1"))
    keys = [f"evaluation/{path.name}" for path in results]
    places = dict(zip(("TrainingDataResult", "TestingDataResult", "ManifestSummary"), keys, strict=True))
    emulator.add_project_version(project.arn, described(project.arn, "v2", **places))
    newest, oldest = project_versions(service.aws, arn)
    assert (newest.name, newest.status, newest.summary) == ("v2", "TRAINING_FAILED", f"s3://leaves/{keys[2]}")
    assert newest.created.year == 2023
    assert_laid(workspace, fetch_verdict(workspace, service.aws, newest))
    with pytest.raises(NotFoundError):
        fetch_verdict(workspace, service.aws, oldest)
    emulator.add_project_version(project.arn, described(project.arn, "v3", TrainingDataResult="gone"))
    with pytest.raises(NotFoundError):
        fetch_verdict(workspace, service.aws, project_versions(service.aws, arn)[0])
    with pytest.raises(NotFoundError):
        project_versions(service.aws, arn + "0")
