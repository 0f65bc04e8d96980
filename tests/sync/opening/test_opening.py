"""Workspaces from every kind of source, and manifests out of them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from present import present
from truthline.aws.connection import Connection
from truthline.emulator import faults
from truthline.errors import CancelledError, ServiceError, UnreadableFileError, UsageError
from truthline.images.source import FolderSource
from truthline.manifest.line import split_prefix
from truthline.manifest.placing import UNPLACED
from truthline.progress import CancelToken
from truthline.sync.opening.folder import LeftOut, Reason, images_in, look_into, read_left_out
from truthline.sync.opening.opening import attach, belong_to, create_workspace, export_manifest, place
from truthline.sync.opening.sources import SourceKind, recognise
from truthline.workspace.workspace import EntryId, NewEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sync.conftest import Service
    from truthline.emulator.service import Emulator

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/leaves/dataset/train/1690474772815"
NASTY = (
    b'{"source-ref":"s3://a/1.jpg"}\r\n'
    b"\n"
    b"  \r\n"
    b'{ "source-ref" : "s3:\\/\\/a\\/\\u00e9.jpg", "n": 1.500, "n2":1E5 }   \n'
    b"{broken\n"
    b"\xff\xfe\x00\n"
    b'{"source-ref":"s3://a/1.jpg"}\n'
    b'{"source-ref":"\\ud800"}\n'
    b'{"no":"ref"}\r\r\n'
    b'{"source-ref":"s3://a/last.jpg"}'
)


def create(
    path: Path, text: Path | str, *, connection: Connection | None = None, **more: str
) -> Workspace | None:
    return create_workspace(
        path,
        recognise(str(text)),
        connection=connection or Connection(),
        cancel=CancelToken(),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("content", [NASTY, NASTY + b"\n", b"", b"\n", b"\n\n", b"{}"])
def test_a_manifest_comes_out_byte_for_byte(tmp_path: Path, bom: bytes, content: bytes) -> None:
    manifest = tmp_path / "any ending.txt"
    manifest.write_bytes(bom + content)
    with present(create(tmp_path / "w.truthline", manifest)) as workspace:
        export_manifest(workspace, tmp_path / "out.manifest")
    assert (tmp_path / "out.manifest").read_bytes() == bom + content


def test_a_last_line_without_an_ending_gets_one_when_others_follow(tmp_path: Path) -> None:
    manifest = tmp_path / "m"
    manifest.write_bytes(b"{}")
    with present(create(tmp_path / "w.truthline", manifest)) as workspace:
        workspace.append([NewEntry(b"[]")])
        export_manifest(workspace, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"{}\n[]\n"


def test_wrong_lines_are_findings_and_keep_their_place(tmp_path: Path) -> None:
    manifest = tmp_path / "m"
    manifest.write_bytes(NASTY)
    with present(create(tmp_path / "w.truthline", manifest, images_dir=str(tmp_path))) as workspace:
        entries = workspace.entries([EntryId(one) for one in workspace.ids()])
        assert workspace.info.images_dir == str(tmp_path)
        assert workspace.info.name == "w"
    assert [entry.position for entry in entries] == list(range(1, 11))
    assert [finding.code for finding in entries[4].findings] == ["ERROR_INVALID_JSON_LINE"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for name, kind in {
        "b.JPG": "JPEG",
        "a.png": "PNG",
        "deep/er/é c.jpeg": "JPEG",
        ".hidden/x.png": "PNG",
        ".x.png": "PNG",
        "wrong.gif": "GIF",
        "really a gif.png": "GIF",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64)).save(root / name, kind)
    (root / "notes.txt").write_text("no image")
    (root / "empty.png").write_bytes(b"")
    return root


def test_a_folder_becomes_entries_under_its_target(tmp_path: Path, folder: Path) -> None:
    with present(create(tmp_path / "w.truthline", folder, target="s3://leaves/2024/")) as workspace:
        entries = workspace.entries([EntryId(one) for one in workspace.ids()])
        assert (workspace.info.images_dir, workspace.info.target) == (str(folder), "s3://leaves/2024")
    assert [entry.line.decode() for entry in entries] == [
        '{"source-ref":"s3://leaves/2024/a.png"}',
        '{"source-ref":"s3://leaves/2024/b.JPG"}',
        '{"source-ref":"s3://leaves/2024/deep/er/é c.jpeg"}',
    ]
    assert all(entry.changed and entry.base is None for entry in entries)


def test_a_folder_s_images_get_their_addresses_later(tmp_path: Path, folder: Path) -> None:
    with present(create(tmp_path / "w.truthline", folder)) as workspace:
        entry = workspace.entry(EntryId(1))
        assert (workspace.info.target, entry.source_ref) == (UNPLACED, f"{UNPLACED}/a.png")
        assert [one.code for one in entry.findings] == ["WARNING_UNANNOTATED_RECORD"]
        assert FolderSource(folder, workspace.info.target).find(entry.source_ref) == folder / "a.png"
        for refused in (
            lambda: export_manifest(workspace, tmp_path / "out"),
            lambda: belong_to(workspace, "arn", Connection()),
        ):
            with pytest.raises(UsageError, match="no address in S3 yet"):
                refused()
        with pytest.raises(UsageError, match="not an S3 address"):
            place(workspace, "leaves")
        before = entry.line
        place(workspace, "s3://leaves/2024/")
        assert workspace.find("s3://leaves/2024/a.png") == entry.id
        labelled = before[:-1] + b', "more":1}'
        workspace.save_many({entry.id: labelled}, made_from={entry.id: before})  # made before
        export_manifest(workspace, tmp_path / "out")
        place(workspace, "s3://leaves/typo")
        place(workspace, "s3://leaves/2025")  # a mistyped one is put right
        workspace.save_many({entry.id: labelled}, made_from={entry.id: before})  # made before all of them
        assert workspace.entry(entry.id).source_ref == "s3://leaves/2025/a.png"
        export_manifest(workspace, tmp_path / "out")
        workspace.set_dataset(ARN, profile="", region="", endpoint_url="", seen_updated="")
        with pytest.raises(UsageError, match="their dataset or manifest names"):
            place(workspace, "s3://other")
    assert (tmp_path / "out").read_text("utf-8").splitlines() == [
        '{"source-ref":"s3://leaves/2025/a.png", "more":1}',
        '{"source-ref":"s3://leaves/2025/b.JPG"}',
        '{"source-ref":"s3://leaves/2025/deep/er/é c.jpeg"}',
    ]


def test_placing_passes_over_a_damaged_entry(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "w.truthline"
    present(create(path, folder)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE lines SET line = replace(CAST(line AS TEXT), 'a.png', 'x.png') WHERE id = 1"
        )
    with Workspace.open(path) as workspace:
        place(workspace, "s3://leaves")
        (left_out,) = export_manifest(workspace, tmp_path / "out")
        assert left_out.entry_id == 1
    assert b"s3://leaves/b.JPG" in (tmp_path / "out").read_bytes()


def test_a_cancelled_placing_changes_nothing(tmp_path: Path, folder: Path) -> None:
    token = CancelToken()
    token.cancel()
    with present(create(tmp_path / "w.truthline", folder)) as workspace:
        lines = list(workspace.lines())
        with pytest.raises(CancelledError):
            place(workspace, "s3://leaves", cancel=token)
        assert (list(workspace.lines()), workspace.info.target) == (lines, UNPLACED)


def test_a_folder_needs_images_and_a_right_target(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UsageError, match="not an S3 address"):
        create(tmp_path / "w.truthline", folder, target="leaves")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError, match="no PNG or JPEG"):
        create(tmp_path / "w.truthline", tmp_path / "nothing", target="s3://leaves/x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nothing", "photos"]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere names are Unicode")
def test_a_name_that_no_key_can_have_is_left_out(folder: Path) -> None:
    (folder / os.fsdecode(b"\xff.png")).write_bytes(b"\x89PNG\r\n\x1a\n")
    assert LeftOut("\\udcff.png", Reason.NAME) in look_into(folder).left_out


@pytest.mark.skipif(os.name != "posix", reason="elsewhere links need a right")
def test_what_is_left_out_is_remembered_with_its_reason(tmp_path: Path, folder: Path) -> None:
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "nowhere.png").symlink_to(folder / "gone.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "image.jpg").symlink_to(folder / "b.JPG")
    with present(create(tmp_path / "w.truthline", folder)) as workspace:
        files = read_left_out(workspace)
        assert workspace.find(f"{UNPLACED}/image.jpg") is not None  # a link to a file is that file
    assert {one.name: one.reason for one in files.first} == {
        "empty.png": Reason.CONTENT,
        "loop": Reason.FOLDER_LINK,
        "notes.txt": Reason.KIND,
        "nowhere.png": Reason.BROKEN_LINK,
        "pipe.png": Reason.NO_FILE,
        "really a gif.png": Reason.CONTENT,
        "wrong.gif": Reason.KIND,
    }
    assert files.total == 7


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_left_out(folder: Path) -> None:
    (folder / "deep").chmod(0)
    try:
        found = look_into(folder)
    finally:
        (folder / "deep").chmod(0o755)
    assert LeftOut("deep", Reason.UNREADABLE) in found.left_out


def test_links_to_folders_are_not_followed(folder: Path) -> None:
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert len(images_in(folder)) == 3


def test_a_prefix_becomes_entries(
    service: Service, folder: Path, tmp_path: Path, connection: Connection
) -> None:
    service.aws.s3.create_bucket("leaves")
    for key in ("in/2.jpg", "in/1.PNG", "in/é +&.jpeg", "in/notes.txt", "in/deep/3.png", "out/4.png"):
        service.aws.s3.upload(folder / "a.png", "leaves", key, report=lambda _: None, cancel=CancelToken())
    with present(create(tmp_path / "w.truthline", "s3://leaves/in/", connection=connection)) as workspace:
        refs = [entry.source_ref for entry in workspace.entries([EntryId(one) for one in workspace.ids()])]
        assert workspace.info.target == "s3://leaves/in"
    assert refs == [f"s3://leaves/in/{key}" for key in ("1.PNG", "2.jpg", "deep/3.png", "é +&.jpeg")]
    with pytest.raises(UsageError, match="no PNG or JPEG"):
        create(tmp_path / "v.truthline", "s3://leaves/nowhere", connection=connection)


def test_a_pulled_dataset_is_unchanged_and_carries_its_errors(
    pulled: Callable[..., Any], labelled: Callable[..., Any]
) -> None:
    wrong = labelled(1).replace(b"image-classification", b"nonsense")
    workspace = pulled([labelled(0), wrong])
    entries = workspace.entries(list(workspace.ids()))
    assert [entry.line for entry in entries] == [labelled(0), wrong]
    assert [entry.base for entry in entries] == [labelled(0), wrong]
    assert workspace.counts().changed == 0
    assert "ERROR_UNSUPPORTED_USE_CASE_TYPE" in {error.code for error in entries[1].remote_errors}
    assert entries[0].remote_errors == ()
    assert workspace.info.dataset_arn
    assert workspace.info.endpoint_url


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    manifest = tmp_path / "m"
    manifest.write_bytes(b"{}\n")
    (tmp_path / "w.truthline").write_bytes(b"mine")
    with pytest.raises(UsageError, match="already"):
        create(tmp_path / "w.truthline", manifest)
    assert (tmp_path / "w.truthline").read_bytes() == b"mine"


def test_a_workspace_that_could_not_be_filled_does_not_appear(
    tmp_path: Path, service: Service, emulator: Emulator, labelled: Callable[..., Any]
) -> None:
    arn = service.make([labelled(n) for n in range(150)], tmp_path)
    before = sorted(tmp_path.iterdir())
    emulator.faults.add("ListDatasetEntries", faults.access_denied())
    with pytest.raises(ServiceError):
        create(tmp_path / "w.truthline", arn, connection=service.aws.connection)
    assert sorted(tmp_path.iterdir()) == before
    manifest = tmp_path / "m"
    manifest.write_bytes(b"{}\n")
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        create_workspace(
            tmp_path / "w.truthline", recognise(str(manifest)), connection=Connection(), cancel=token
        )
    assert sorted(tmp_path.iterdir()) == sorted([*before, manifest])


def test_the_folder_of_the_workspace_must_exist(tmp_path: Path) -> None:
    manifest = tmp_path / "m"
    manifest.write_bytes(b"{}\n")
    with pytest.raises(UnreadableFileError, match="no such folder"):
        create(tmp_path / "no" / "w.truthline", manifest)


class TestAttach:
    @pytest.fixture
    def workspace(self, tmp_path: Path, labelled: Callable[..., Any]) -> Iterator[Workspace]:
        """Line 1 is repeated by line 3; line 2 is not JSON; line 4 only here."""
        manifest = tmp_path / "m"
        lines = [labelled(0), b"{", labelled(0, "ash"), labelled(7)]
        manifest.write_bytes(b"\n".join(lines))
        with present(create(tmp_path / "w.truthline", manifest)) as made:
            yield made

    def test_bases_and_errors_of_the_last_line_with_that_name(
        self, service: Service, tmp_path: Path, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        arn = service.make([labelled(0), labelled(1)], tmp_path)
        attach(workspace, arn, service.aws, add_missing=False, cancel=service.token())
        entries = workspace.entries([EntryId(one) for one in workspace.ids()])
        assert [entry.base for entry in entries] == [None, None, labelled(0), None]
        assert workspace.info.dataset_arn == arn

    def test_what_only_the_dataset_has_is_appended(
        self, service: Service, tmp_path: Path, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        arn = service.make([labelled(0), labelled(1)], tmp_path)
        attach(workspace, arn, service.aws, add_missing=True, cancel=service.token())
        added = workspace.entry(EntryId(workspace.ids()[-1]))
        assert (added.line, added.base, added.changed) == (labelled(1), labelled(1), False)
        assert workspace.counts().total == 5

    def test_another_dataset_takes_old_bases_away(
        self, service: Service, tmp_path: Path, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        wrong = labelled(7).replace(b"image-classification", b"nonsense")
        first = service.make([wrong], tmp_path)
        second = service.make([labelled(0)], tmp_path)
        for arn in (first, second):
            attach(workspace, arn, service.aws, add_missing=False, cancel=service.token())
        last = workspace.entry(EntryId(workspace.ids()[3]))
        assert (last.base, last.remote_errors) == (None, ())

    def test_an_update_meanwhile_is_waited_for(
        self, service: Service, tmp_path: Path, workspace: Workspace, labelled: Callable[..., Any]
    ) -> None:
        arn = service.make([labelled(0)], tmp_path)
        service.aws.rekognition.update_entries(arn, labelled(7, "elm") + b"\n")
        attach(workspace, arn, service.aws, add_missing=False, cancel=service.token())
        assert workspace.entry(EntryId(workspace.ids()[3])).base == labelled(7, "elm")


class TestRecognise:
    def test_each_kind(self, tmp_path: Path, folder: Path) -> None:
        manifest = tmp_path / "m.truthline"
        manifest.write_bytes(b"")
        with present(create(tmp_path / "w.manifest", manifest)):
            pass
        kinds = {
            str(manifest): SourceKind.MANIFEST,
            str(tmp_path / "w.manifest"): SourceKind.WORKSPACE,
            str(folder): SourceKind.FOLDER,
            "s3://leaves": SourceKind.S3_PREFIX,
            "s3://leaves/a b/": SourceKind.S3_PREFIX,
            ARN: SourceKind.DATASET,
        }
        assert {text: recognise(text).kind for text in kinds} == kinds
        assert recognise(ARN).name == "leaves"
        assert recognise("s3://leaves/a/b/").name == "b"
        assert recognise(str(manifest)).name == "m"

    @pytest.mark.parametrize("text", ["", "nowhere", "s3://", "s3:///x", "arn:aws:s3:::leaves", ARN + "/x"])
    def test_anything_else_is_wrong_usage(self, text: str) -> None:
        with pytest.raises(UsageError):
            recognise(text)

    def test_a_pipe_is_no_manifest(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(UnreadableFileError, match="regular"):
            recognise(str(tmp_path / "pipe"))

    def test_a_workspace_is_not_made_from_a_workspace(self, tmp_path: Path) -> None:
        manifest = tmp_path / "m"
        manifest.write_bytes(b"")
        with present(create(tmp_path / "w", manifest)), pytest.raises(UsageError, match="already"):
            create(tmp_path / "v", tmp_path / "w")
        with Workspace.open(tmp_path / "w") as workspace:
            assert workspace.counts().total == 0

    def test_an_s3_address_is_split(self) -> None:
        assert split_prefix("s3://leaves/a/b/") == ("leaves", "a/b/")
        assert split_prefix("s3://leaves") == ("leaves", "")
