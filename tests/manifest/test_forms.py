"""Files that are no manifest, told once; JSON values that are not one a line, read as entries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from truthline.errors import NotLinesError, UnreadableFileError
from truthline.manifest.forms import Form, check_form, form_of, read_entries

if TYPE_CHECKING:
    from pathlib import Path

LINE = b'{"source-ref": "s3://b/a.jpg", "n": 1.50}'
PRETTY = b'{\n  "source-ref": "s3://b/a.jpg",\r\n  "n": 1.50\n}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.manifest"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"", Form.LINES),
        (b"\n\n", Form.LINES),
        (LINE, Form.LINES),
        (LINE + b"\n" + LINE, Form.LINES),
        (b"{broken\n" + LINE + b"\n", Form.LINES),
        (b"{broken\n" * 10, Form.LINES),
        (b"no json\n" + LINE, Form.LINES),
        (b"not json", Form.LINES),
        (b"[]\n" + LINE, Form.LINES),
        (b"[1, 2]", Form.LINES),
        (b'{"a": "}\n' + LINE, Form.LINES),
        (b"\0\n" + LINE, Form.LINES),
        (PRETTY, Form.SPREAD),
        (b"\xef\xbb\xbf\n" + PRETTY, Form.SPREAD),
        (PRETTY + LINE + PRETTY, Form.SPREAD),
        (b"[" + LINE + b"]", Form.ARRAY),
        (b"\xef\xbb\xbf[\n " + LINE + b",\n " + LINE + b"\n]\n", Form.ARRAY),
        ("{}".encode("utf-16"), Form.UTF_16),
        (b"\x89PNG\r\n\x1a\n\0\0\0", Form.NO_TEXT),
        (b"<html>\n<body>\n</body>\n</html>", Form.NO_JSON),
        (b"image,label\na.jpg,cat\nb.jpg,dog\n", Form.NO_JSON),
    ],
)
def test_the_form_of_a_file(file: Path, content: bytes, form: Form) -> None:
    file.write_bytes(content)
    assert form_of(file) is form


@pytest.mark.parametrize(
    "content",
    [PRETTY + PRETTY, b"[\n" + LINE + b",\n" + LINE + b"\n]", b"[" + PRETTY + b" , " + LINE + b"]"],
)
def test_values_become_entries_that_keep_their_bytes(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(NotLinesError) as caught:
        list(read_entries(file))
    assert caught.value.place == str(file)
    lines = list(read_entries(file, values=True))
    assert [(line.number, line.ending) for line in lines] == [(1, b"\n"), (2, b"\n")]
    assert all(b'"n": 1.50' in line.raw and b"\n" not in line.raw for line in lines)
    assert all(json.loads(line.raw) == json.loads(LINE) for line in lines)


def test_lines_stay_lines(file: Path) -> None:
    file.write_bytes(LINE + b"\r\n" + LINE)
    assert list(read_entries(file, values=True)) == list(read_entries(file))


def test_a_value_that_is_broken_is_named(file: Path) -> None:
    file.write_bytes(PRETTY + b'{\n"a": tru\n}')
    with pytest.raises(UnreadableFileError, match="Value 2 cannot be read"):
        list(read_entries(file, values=True))


@pytest.mark.parametrize("content", ["{}".encode("utf-16"), b"\0\1\2", b"a\nb\nc\n"])
def test_what_is_no_manifest_is_refused_once(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UnreadableFileError) as caught:
        check_form(file)
    assert not isinstance(caught.value, NotLinesError)
    assert caught.value.detail


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, database=None)
@given(
    entries=st.lists(st.dictionaries(st.text(), values, min_size=1, max_size=3), min_size=1, max_size=4),
    as_array=st.booleans(),
)
def test_what_is_printed_prettily_comes_back(
    file: Path, entries: list[dict[str, object]], *, as_array: bool
) -> None:
    text = (
        json.dumps(entries, indent=1) if as_array else "\n".join(json.dumps(one, indent=1) for one in entries)
    )
    file.write_text(text, encoding="utf-8")
    assert [json.loads(line.raw) for line in read_entries(file, values=True)] == entries
