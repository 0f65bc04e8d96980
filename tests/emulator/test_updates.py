"""What an update, a manifest, a copy and a distribution leave in a dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.emulator import Limits, Switches
from truthline.emulator.entries import EntryStore, read_upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conftest import Client

TOO_MANY_ERRORS = "The manifest file has too many terminal errors."


def refs(lines: list[str]) -> list[str]:
    return [json.loads(line)["source-ref"].rpartition("/")[2] for line in lines]


def from_manifest(client: Any, content: bytes, name: str = "train.manifest") -> str:
    client.put("/manifests", b"")
    client.put(f"/manifests/{name}", content)
    place = {"S3Object": {"Bucket": "manifests", "Name": name}}
    arn = client.result(
        "CreateDataset",
        ProjectArn=client.project(),
        DatasetType="TRAIN",
        DatasetSource={"GroundTruthManifest": place},
    )["DatasetArn"]
    client.clock.advance(60)
    return str(arn)


def test_an_update_adds_new_entries_and_replaces_known_ones_in_place(
    client: Client, class_line: Callable[..., Any]
) -> None:
    arn = client.dataset(class_line("a.jpg"), class_line("b.jpg") | {"mine": 1})
    client.update(arn, class_line("c.jpg"), class_line("b.jpg", "tulip"))
    client.clock.advance(60)
    lines = client.entries(arn)
    assert refs(lines) == ["a.jpg", "b.jpg", "c.jpg"]
    second = json.loads(lines[1])
    assert second["label-metadata"]["class-name"] == "tulip"
    assert "mine" not in second


def test_an_update_may_merge_the_keys_of_a_known_entry(
    start: Callable[..., Any], class_line: Callable[..., Any]
) -> None:
    client = start(Switches(update_existing="merge"))
    arn = client.dataset(class_line() | {"mine": 1.50})
    client.update(arn, {"source-ref": "s3://photos/a.jpg", "yours": 2})
    client.clock.advance(60)
    (line,) = map(json.loads, client.entries(arn))
    assert line == class_line() | {"mine": 1.5, "yours": 2, "cl-metadata": {"is_labeled": True}}


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{",
        "[]",
        '{"a": NaN}',
        '{"source-ref": "s3://photos/x.jpg", "n": 1e999}',
        '{"source-ref": "s3://photos/x.jpg"} x',
        "{}",
        '{"source-ref": 5}',
        '{"source-ref": "https://photos/x.jpg"}',
        '{"source-ref": "S3://photos/x.jpg"}',
        '{"source-ref": "s3://photos/"}',
        '{"source-ref": "s3:///x.jpg"}',
        '{"source-ref": "s3://photos/x.jpg", "long": "' + "é" * 100_000 + '"}',
        "\ufeff" + '{"source-ref": "s3://photos/x.jpg"}',
        "[" * 100_000,
    ],
)
def test_an_unusable_line_drops_out_in_silence(
    client: Client, class_line: Callable[..., Any], bad: str
) -> None:
    arn = client.dataset(*(class_line(f"{n}.jpg") for n in range(4)), bad)
    assert client.describe(arn)["Status"] == "UPDATE_COMPLETE"
    assert refs(client.entries(arn)) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]


def test_a_line_of_100000_characters_is_kept_however_many_bytes_it_has(client: Client) -> None:
    start, end = '{"source-ref": "s3://photos/x.jpg", "long": "', '"}'
    arn = client.dataset(start + "é" * (100_000 - len(start) - len(end)) + end)
    assert refs(client.entries(arn)) == ["x.jpg"]


def test_bytes_that_are_not_utf_8_drop_out() -> None:
    upload = read_upload(b'{"source-ref": "s3://b/\xff"}\n', Switches(), Limits())
    assert (upload.entries, upload.total) == ((), 1)


def test_carriage_returns_and_a_missing_last_line_ending_are_understood() -> None:
    content = b'{"source-ref": "s3://b/1"}\r\n{"source-ref": "s3://b/2"}'
    upload = read_upload(content, Switches(), Limits())
    assert [entry.line for entry in upload.entries] == [
        '{"source-ref": "s3://b/1"}',
        '{"source-ref": "s3://b/2"}',
    ]
    assert upload.total == 2


def test_more_than_a_fifth_of_unusable_lines_fails_the_update_and_stores_nothing(
    client: Client, class_line: Callable[..., Any]
) -> None:
    arn = client.dataset(class_line("old.jpg"))
    client.update(arn, *(class_line(f"{n}.jpg") for n in range(3)), "{")
    client.clock.advance(60)
    told = client.describe(arn)
    assert (told["Status"], told["StatusMessage"]) == ("UPDATE_FAILED", TOO_MANY_ERRORS)
    assert told["StatusMessageCode"] == "CLIENT_ERROR"
    assert refs(client.entries(arn)) == ["old.jpg"]
    client.update(arn, class_line("new.jpg"))
    client.clock.advance(60)
    assert client.describe(arn)["Status"] == "UPDATE_COMPLETE"


def test_the_share_that_fails_is_a_switch(start: Callable[..., Any], class_line: Callable[..., Any]) -> None:
    client = start(Switches(failing_share=0.5))
    arn = client.dataset(class_line("a.jpg"), "{")
    assert client.describe(arn)["Status"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize(("keep", "kept"), [("none", []), ("first", ["rose"]), ("last", ["tulip"])])
def test_which_of_two_lines_with_one_source_ref_stays(
    start: Callable[..., Any], class_line: Callable[..., Any], keep: str, kept: list[str]
) -> None:
    client = start(Switches(repeated_source_ref=keep))  # type: ignore[arg-type]
    others = [class_line(f"{n}.jpg") for n in range(8)]
    arn = client.dataset(class_line("twice.jpg", "rose"), *others, class_line("twice.jpg", "tulip"))
    lines = map(json.loads, client.entries(arn, SourceRefContains="twice"))
    assert [line["label-metadata"]["class-name"] for line in lines] == kept
    assert client.describe(arn)["DatasetStats"]["TotalEntries"] == 8 + len(kept)


def test_nothing_but_line_endings_is_too_much_unusable(client: Client) -> None:
    arn = client.dataset("", "")
    assert client.describe(arn)["StatusMessage"] == TOO_MANY_ERRORS


def test_the_quotas_of_a_dataset_fail_an_update_as_a_whole(
    start: Callable[..., Any], class_line: Callable[..., Any]
) -> None:
    client = start(limits=Limits(rows=3, labels=2))
    arn = client.dataset(class_line("0.jpg", "a"), class_line("1.jpg", "b"))

    def outcome(*lines: object) -> tuple[str, str]:
        client.update(arn, *lines)
        client.clock.advance(60)
        told = client.describe(arn)
        return told["Status"], told["StatusMessage"]

    assert outcome(class_line("2.jpg", "c")) == ("UPDATE_FAILED", "The manifest file has too many labels.")
    assert outcome(class_line("2.jpg", "b"), class_line("3.jpg", "b")) == (
        "UPDATE_FAILED",
        "The manifest file has too many rows.",
    )
    assert outcome(class_line("1.jpg", "c"), class_line("2.jpg", "c"))[0] == "UPDATE_COMPLETE"
    labels = client.result("ListDatasetLabels", DatasetArn=arn)["DatasetLabelDescriptions"]
    assert [label["LabelName"] for label in labels] == ["a", "c"]


def test_unreadable_images_count_as_unusable_lines_if_they_are_checked(
    start: Callable[..., Any], class_line: Callable[..., Any]
) -> None:
    client = start(Switches(check_images="yes"))
    client.put("/photos", b"")
    client.put("/photos/a b.jpg", b"\xff\xd8\xff\xe0")
    client.put("/photos/c.png", b"\x89PNG\r\n\x1a\n")
    client.put("/photos/text.jpg", b"no image")
    arn = client.dataset()

    def status(*names: str) -> str:
        client.update(arn, *(class_line(name) for name in names))
        client.clock.advance(60)
        return str(client.describe(arn)["Status"])

    assert status("a b.jpg", "c.png") == "UPDATE_COMPLETE"
    assert status("a b.jpg", "c.png", "text.jpg") == "UPDATE_FAILED"
    assert status("a b.jpg", "c.png", "absent.jpg") == "UPDATE_FAILED"


def test_a_dataset_is_created_from_a_manifest_in_s3(
    client: Client, class_line: Callable[..., Any], box_line: Callable[..., Any]
) -> None:
    lines = [class_line("a.jpg"), box_line("b.jpg", boxes=((1, 1, 1, 1),))]
    arn = from_manifest(client, "\n".join(map(json.dumps, lines)).encode(), "f 1/train.manifest")
    told = client.describe(arn)
    assert told["StatusMessage"] == "The dataset was successfully created from the manifest file."
    assert told["DatasetStats"] == {
        "LabeledEntries": 2,
        "TotalEntries": 2,
        "TotalLabels": 2,
        "ErrorEntries": 1,
    }


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.manifest", "The manifest file is empty."),
        (b"{\n", "a.manifest", TOO_MANY_ERRORS),
        (b"{}\n", "folder.x/manifest", "The manifest file extension or contents are invalid."),
        (b'{"source-ref": "s3://b/k"}\n' * 6, "a.manifest", "The manifest file has too many rows."),
        (b" " * 2_001, "a.manifest", "The manifest file size exceeds the maximum supported size."),
    ],
)
def test_a_manifest_as_a_whole_can_fail_a_creation(
    start: Callable[..., Any], content: bytes, name: str, message: str
) -> None:
    client = start(limits=Limits(rows=5, manifest_bytes=2_000))
    arn = from_manifest(client, content, name)
    told = client.describe(arn)
    assert (told["Status"], told["StatusMessage"]) == ("CREATE_FAILED", message)
    assert client.result("DeleteDataset", DatasetArn=arn) == {}


def test_a_manifest_that_is_not_there_is_refused_at_once(client: Client) -> None:
    client.put("/manifests", b"")
    for bucket in ("manifests", "no-such-bucket"):
        source = {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": "none.manifest"}}}
        reply = client.call(
            "CreateDataset",
            ProjectArn=client.result("CreateProject", ProjectName=bucket)["ProjectArn"],
            DatasetType="TRAIN",
            DatasetSource=source,
        )
        assert reply.code == "InvalidS3ObjectException"
        assert reply.body["Message"] == (
            "Unable to get object metadata from S3. Check object key, region and/or access permissions."
        )


def test_a_dataset_can_copy_another_one(client: Client, class_line: Callable[..., Any]) -> None:
    original = client.dataset(class_line("a.jpg"), class_line("b.jpg"))
    source = {"DatasetArn": original}
    arn = client.result(
        "CreateDataset", ProjectArn=client.project("copy"), DatasetType="TEST", DatasetSource=source
    )["DatasetArn"]
    client.clock.advance(60)
    assert "/copy/dataset/test/" in arn
    assert client.entries(arn) == client.entries(original)
    client.update(arn, class_line("c.jpg"))
    client.clock.advance(60)
    assert (len(client.entries(arn)), len(client.entries(original))) == (3, 2)


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"GroundTruthManifest": {}},
        {"GroundTruthManifest": {"S3Object": {"Bucket": "manifests"}}},
        {"GroundTruthManifest": {"S3Object": {"Bucket": "bbb", "Name": "n.m"}}, "DatasetArn": "both"},
    ],
)
def test_a_source_must_be_one_thing(client: Client, source: dict[str, Any]) -> None:
    if "DatasetArn" in source:
        source = source | {"DatasetArn": client.dataset()}
    reply = client.call(
        "CreateDataset",
        ProjectArn=client.result("CreateProject", ProjectName="other")["ProjectArn"],
        DatasetType="TRAIN",
        DatasetSource=source,
    )
    assert reply.code == "InvalidParameterException"


def test_a_fifth_of_the_entries_moves_to_the_test_dataset(
    client: Client, class_line: Callable[..., Any]
) -> None:
    project = client.project()
    train = client.dataset(*(class_line(f"{n}.jpg") for n in range(20)), project=project)
    test = client.dataset(project=project, kind="TEST")
    assert client.result("DistributeDatasetEntries", Datasets=[{"Arn": test}, {"Arn": train}]) == {}
    assert {client.describe(arn)["Status"] for arn in (train, test)} == {"UPDATE_IN_PROGRESS"}
    client.clock.advance(60)
    assert {client.describe(arn)["Status"] for arn in (train, test)} == {"UPDATE_COMPLETE"}
    kept, moved = refs(client.entries(train)), refs(client.entries(test))
    assert (len(kept), len(moved)) == (16, 4)
    assert sorted(kept + moved) == sorted(f"{n}.jpg" for n in range(20))


def test_a_distribution_with_too_few_images_of_a_label_fails(
    client: Client, class_line: Callable[..., Any]
) -> None:
    project = client.project()
    train = client.dataset(class_line("a.jpg", "a"), class_line("b.jpg", "b"), project=project)
    test = client.dataset(project=project, kind="TEST")
    client.result("DistributeDatasetEntries", Datasets=[{"Arn": train}, {"Arn": test}])
    client.clock.advance(60)
    for arn in (train, test):
        assert client.describe(arn)["Status"] == "UPDATE_FAILED"
    assert (len(client.entries(train)), client.entries(test)) == (2, [])


def test_a_distribution_needs_a_full_train_and_an_empty_test_dataset_of_one_project(
    client: Client, class_line: Callable[..., Any]
) -> None:
    project = client.project()
    train = client.dataset(class_line(), project=project)
    test = client.dataset(class_line("t.jpg"), project=project, kind="TEST")
    other = client.dataset(project=client.project("other"), kind="TEST")

    def code(*arns: str) -> str:
        return str(client.call("DistributeDatasetEntries", Datasets=[{"Arn": arn} for arn in arns]).code)

    assert code(train, test) == "InvalidParameterException"
    assert code(train, train) == "InvalidParameterException"
    assert code(train, other) == "InvalidParameterException"
    client.update(train, class_line())
    assert code(train, test) == "ResourceNotReadyException"


json_lines = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["rose", "tulip", ""]), st.booleans()), max_size=30
)


@given(rows=json_lines)
def test_running_counts_agree_with_a_count_from_scratch(rows: list[Any] | list[tuple[Any, ...]]) -> None:
    def line(name: str, label: str, is_boxed: bool) -> str:
        kind = "object-detection" if is_boxed else "image-classification"
        metadata = {
            "class-name": label,
            "confidence": 1,
            "human-annotated": "yes",
            "type": f"groundtruth/{kind}",
        }
        metadata |= {
            "creation-date": "2020-01-01T00:00:00",
            "class-map": {"0": label},
            "objects": [{"confidence": 1}],
        }
        box = {"class_id": 0, "left": 0, "top": 0, "width": 9, "height": 9}
        boxes = {"image_size": [{"width": 99, "height": 99, "depth": 3}], "annotations": [box]}
        return json.dumps(
            {"source-ref": f"s3://b/{name}", "x": boxes if is_boxed else 1, "x-metadata": metadata}
        )

    store = EntryStore()
    for row in rows:
        (entry,) = read_upload(line(*row).encode(), Switches(), Limits()).entries
        rows_after, labels_after = store.with_changes([entry])
        store.put(entry)
        assert (rows_after, labels_after) == (len(store), set(store.declared))
    fresh = EntryStore(list(store))
    for name in ("labeled", "with_errors", "declared", "used", "boxed"):
        assert getattr(store, name) == getattr(fresh, name)
    assert len({entry.source_ref for entry in store}) == len(store)
