"""The AWS command line, as a person or a script types it."""

from __future__ import annotations

import json


def test_a_dataset_is_made_updated_and_listed(aws, settled, line) -> None:
    def rekognition(*arguments: str):
        said = aws("rekognition", *arguments)
        return json.loads(said) if said.strip() else {}

    project = rekognition("create-project", "--project-name", "flowers")["ProjectArn"]
    dataset = rekognition("create-dataset", "--project-arn", project, "--dataset-type", "TRAIN")["DatasetArn"]
    settled(dataset)
    changes = json.dumps({"GroundTruth": line("a.jpg") + "\n" + line("b ü.jpg", "größe")})
    update = ["update-dataset-entries", "--dataset-arn", dataset, "--changes", changes]
    assert rekognition(*update) == {}
    settled(dataset)
    told = rekognition("describe-dataset", "--dataset-arn", dataset)["DatasetDescription"]
    assert (told["Status"], told["DatasetStats"]["TotalEntries"]) == ("UPDATE_COMPLETE", 2)
    listed = rekognition("list-dataset-entries", "--dataset-arn", dataset, "--page-size", "1")[
        "DatasetEntries"
    ]
    assert [json.loads(entry)["source-ref"] for entry in listed] == [
        "s3://photos/a.jpg",
        "s3://photos/b ü.jpg",
    ]
    labels = rekognition("list-dataset-labels", "--dataset-arn", dataset)["DatasetLabelDescriptions"]
    assert sorted(label["LabelName"] for label in labels) == ["größe", "with_leaves"]
    (found,) = rekognition("describe-projects", "--project-names", "flowers")["ProjectDescriptions"]
    assert found["Datasets"][0]["DatasetArn"] == dataset
    rekognition("delete-dataset", "--dataset-arn", dataset)
    assert rekognition("delete-project", "--project-arn", project) == {"Status": "DELETING"}


def test_files_are_copied_and_listed(aws, tmp_path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a b.jpg").write_bytes(b"one")
    (folder / "é.jpg").write_bytes(b"two" * 1_000)
    aws("s3", "mb", "s3://photos")
    aws("s3", "cp", "--recursive", str(folder), "s3://photos/in/")
    said = aws("s3", "ls", "--recursive", "s3://photos/")
    assert [text.split(maxsplit=3)[2:] for text in said.splitlines()] == [
        ["3", "in/a b.jpg"],
        ["3000", "in/é.jpg"],
    ]
    aws("s3", "cp", "s3://photos/in/é.jpg", str(tmp_path / "back.jpg"))
    assert (tmp_path / "back.jpg").read_bytes() == b"two" * 1_000
