"""The AWS command line, as a person or a script types it; ``tests/clients`` has every operation of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_dataset_is_made_updated_and_listed(
    aws: Callable[..., Any],
    make_project: Callable[..., Any],
    unique: Callable[..., Any],
    settled: Callable[..., Any],
    line: Callable[..., Any],
) -> None:
    def rekognition(*arguments: str) -> Any:
        said = aws("rekognition", *arguments)
        return json.loads(said) if said.strip() else {}

    name = unique("cli")
    project = make_project(name)
    dataset = rekognition("create-dataset", "--project-arn", project, "--dataset-type", "TRAIN")["DatasetArn"]
    settled(dataset)
    changes = json.dumps({"GroundTruth": line("a.jpg") + "\n" + line("b ü.jpg", "größe")})
    update = ["update-dataset-entries", "--dataset-arn", dataset, "--changes", changes]
    assert rekognition(*update) == {}
    settled(dataset)
    listed = rekognition("list-dataset-entries", "--dataset-arn", dataset, "--page-size", "1")[
        "DatasetEntries"
    ]
    assert sorted(json.loads(entry)["source-ref"] for entry in listed) == [
        "s3://photos/a.jpg",
        "s3://photos/b ü.jpg",
    ]
    (found,) = rekognition("describe-projects", "--project-names", name)["ProjectDescriptions"]
    assert found["Datasets"][0]["DatasetArn"] == dataset


def test_files_are_copied_and_listed(
    aws: Callable[..., Any], make_bucket: Callable[..., Any], tmp_path: Path
) -> None:
    bucket = make_bucket()
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a b.jpg").write_bytes(b"one")
    (folder / "é.jpg").write_bytes(b"two" * 1_000)
    aws("s3", "cp", "--recursive", str(folder), f"s3://{bucket}/in/")
    said = aws("s3", "ls", "--recursive", f"s3://{bucket}/")
    assert [text.split(maxsplit=3)[2:] for text in said.splitlines()] == [
        ["3", "in/a b.jpg"],
        ["3000", "in/é.jpg"],
    ]
    aws("s3", "cp", f"s3://{bucket}/in/é.jpg", str(tmp_path / "back.jpg"))
    assert (tmp_path / "back.jpg").read_bytes() == b"two" * 1_000
