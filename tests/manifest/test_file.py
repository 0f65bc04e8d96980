from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from truthline.errors import UnreadableFileError
from truthline.manifest.file import ManifestLine, has_bom, read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions, links and pipes of POSIX")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\r\n",
        b"a",
        b"a\nb\n",
        b"a\r\nb\r\n",
        b"a\nb\r\n\r\nc",
        b"a\rb\r\r\nc\r",
        "a\u2028b\u0085c\x0bd\x0ce\n".encode(),
        b"\xef\xbb\xbfa\r\nb",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbfa\n",
        b"\x00\xff\n",
    ],
)
def test_a_file_is_read_and_written_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    source, target = tmp_path / "a.anything", tmp_path / "copy"
    source.write_bytes(content)
    lines = (line.raw + line.ending for line in read_manifest(source))
    write_manifest(target, lines, bom=has_bom(source))
    assert target.read_bytes() == content


def test_lines_are_numbered_and_split_from_their_endings(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\ntwo\rhalf\nend")
    assert list(read_manifest(path)) == [
        ManifestLine(1, b"one", b"\r\n"),
        ManifestLine(2, b"", b"\n"),
        ManifestLine(3, b"two\rhalf", b"\n"),
        ManifestLine(4, b"end", b""),
    ]


def test_a_file_is_written_over_the_one_that_is_being_read(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"one\ntwo\n")
    write_manifest(path, (line.raw.upper() + line.ending for line in read_manifest(path)))
    assert path.read_bytes() == b"ONE\nTWO\n"


def test_a_failure_while_writing_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old\n")

    def lines() -> Iterator[bytes]:
        yield b"new\n" * 100_000
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_manifest(path, lines())
    assert path.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_rename_leaves_the_old_file_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old\n")

    def fail(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnreadableFileError, match="The disk is full") as caught:
        write_manifest(path, [b"new\n"])
    assert caught.value.place == str(path)
    assert path.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_an_existing_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old\n")
    path.chmod(mode)
    write_manifest(path, [b"new\n"])
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    path, other = tmp_path / "m", tmp_path / "other"
    other.touch()
    write_manifest(path, [b"new\n"])
    assert path.stat().st_mode == other.stat().st_mode


@posix
def test_a_link_keeps_pointing_at_its_file(tmp_path: Path) -> None:
    path, link = tmp_path / "m", tmp_path / "link"
    path.write_bytes(b"old\n")
    link.symlink_to(path)
    write_manifest(link, [b"new\n"])
    assert link.is_symlink()
    assert path.read_bytes() == b"new\n"


def test_a_name_of_full_length_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("m" * 255)
    write_manifest(path, [b"new\n"])
    assert path.read_bytes() == b"new\n"


def test_errors_name_the_file(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "m"
    for action in (
        lambda: list(read_manifest(missing)),
        lambda: has_bom(missing),
        lambda: write_manifest(missing, []),
    ):
        with pytest.raises(UnreadableFileError) as caught:
            action()
        assert caught.value.place == str(missing)


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not a regular file"):
        list(read_manifest(tmp_path))
    with pytest.raises(UnreadableFileError, match="not a regular file"):
        write_manifest(tmp_path, [])


@posix
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(UnreadableFileError, match="not a regular file"):
        list(read_manifest(path))


def test_a_file_that_is_not_read_to_its_end_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"one\ntwo\n")
    lines = read_manifest(path)
    next(lines)
    lines.close()  # type: ignore[attr-defined]
    path.unlink()
