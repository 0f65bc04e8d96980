"""A JSON line laid out, with the place of every value, and what changed in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truthline.manifest.pretty_line import changed_places, nearest_span, pretty_line

keys = st.text(max_size=8) | st.sampled_from(["a/b", "~", "~1", "source-ref", "é\u202e", "🔩"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=25,
)
quickly = settings(deadline=None, max_examples=60)
lines = st.dictionaries(keys, values, max_size=6)


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def pointers(value: Any, pointer: str = "") -> dict[str, Any]:
    """Every JSON Pointer into a value, with what is there."""
    found = {pointer: value}
    if isinstance(value, dict):
        for key, item in value.items():
            found |= pointers(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            found |= pointers(item, f"{pointer}/{place}")
    return found


def without_key(text: str) -> Any:
    """The value of a member, whose text may begin with its key."""
    decoder = json.JSONDecoder()
    value, end = decoder.raw_decode(text)
    rest = text[end:]
    return json.loads(rest.removeprefix(": ")) if rest else value


@quickly
@given(lines)
def test_the_text_says_the_same(value: dict[str, Any]) -> None:
    assert json.loads(pretty_line(encoded(value)).text) == value


@quickly
@given(lines)
def test_every_span_holds_the_text_of_its_value(value: dict[str, Any]) -> None:
    pretty = pretty_line(encoded(value))
    everything = pointers(value)
    assert pretty.spans.keys() == everything.keys()
    for pointer, there in everything.items():
        start, end = pretty.spans[pointer]
        found = without_key(pretty.text[start:end])
        assert found == there
        assert type(found) is type(there)


@quickly
@given(lines)
def test_a_span_lies_within_that_of_what_holds_it(value: dict[str, Any]) -> None:
    spans = pretty_line(encoded(value)).spans
    for pointer, (start, end) in spans.items():
        if pointer:
            outer = spans[pointer.rpartition("/")[0]]
            assert outer[0] <= start <= end <= outer[1]


@quickly
@given(lines)
def test_a_member_s_span_begins_with_its_key(value: dict[str, Any]) -> None:
    pretty = pretty_line(encoded(value))
    for key in value:
        start, _ = pretty.spans["/" + key.replace("~", "~0").replace("/", "~1")]
        assert pretty.text[start:].startswith(json.dumps(key, ensure_ascii=False) + ": ")


@pytest.mark.parametrize("number", ["1.0", "1e400", "-0", "100000000000000000000000000000001", "0.10"])
def test_numbers_keep_their_text(number: str) -> None:
    pretty = pretty_line(f'{{"n":{number}}}'.encode())
    assert pretty.text == f'{{\n  "n": {number}\n}}'


@pytest.mark.parametrize(
    "raw", [b"", b"not json", b"\xff\xfe", b'{"a":1', b"[" * 5_000 + b"]" * 5_000, b'{"a":"\xed\xa0\x80"}']
)
def test_what_is_not_json_is_shown_as_it_is(raw: bytes) -> None:
    pretty = pretty_line(raw)
    assert pretty.text == raw.decode(errors="replace") or pretty.spans
    assert nearest_span(pretty, "/a/b") == pretty.spans.get("", None)


def test_short_things_stay_on_one_line_and_long_ones_do_not() -> None:
    text = pretty_line(encoded({"box": {"left": 1, "top": 2}, "list": ["x" * 30] * 4})).text
    assert '"box": {"left": 1, "top": 2}' in text
    assert re.search(r'"list": \[\n', text)
    assert max(map(len, text.splitlines())) < 80


@quickly
@given(lines)
def test_the_nearest_span_of_what_is_not_there_is_that_of_what_would_hold_it(value: dict[str, Any]) -> None:
    pretty = pretty_line(encoded(value))
    for pointer in list(pretty.spans):
        if f"{pointer}/no such key" not in pretty.spans:
            assert nearest_span(pretty, f"{pointer}/no such key") == pretty.spans[pointer]


# What changed


@quickly
@given(lines)
def test_nothing_has_changed_in_the_same(value: dict[str, Any]) -> None:
    assert changed_places(encoded(value), json.dumps(value, indent=3).encode()) == frozenset()


@quickly
@given(lines, st.data())
def test_a_changed_value_is_named(value: dict[str, Any], data: st.DataObject) -> None:
    if not value:
        return
    key = data.draw(st.sampled_from(list(value)))
    other = {**value, key: data.draw(values.filter(lambda drawn: encoded(drawn) != encoded(value[key])))}
    if encoded(other) == encoded(value) or _same(other[key], value[key]):
        return
    top = "/" + key.replace("~", "~0").replace("/", "~1")
    found = changed_places(encoded(other), encoded(value))
    assert found
    assert all(pointer == top or pointer.startswith(f"{top}/") for pointer in found)
    spans = pretty_line(encoded(other)).spans
    assert all(pointer in spans for pointer in found)


def _same(a: Any, b: Any) -> bool:
    """Equal as JSON: 1 is 1.0, and true is neither."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return float(a) == float(b)
    return type(a) is type(b) and bool(a == b)


@pytest.mark.parametrize(
    ("line", "base", "places"),
    [
        ('{"a":1,"b":2}', '{"a":1}', {"/b"}),
        ('{"a":1}', '{"a":1,"b":2}', {""}),
        ('{"a":{"b":1}}', '{"a":{"b":1,"c":2}}', {"/a"}),
        ('{"a":[1,2]}', '{"a":[1,3]}', {"/a/1"}),
        ('{"a":[1,2,3]}', '{"a":[1,2]}', {"/a"}),
        ('{"a":1}', '{"a":1.0}', set()),
        ('{"a":true}', '{"a":1}', {"/a"}),
        ('{"a":"1"}', '{"a":1}', {"/a"}),
        ('{"b":1,"a":2}', '{"a":2,"b":1}', set()),
        ('{"a/b":{"~":1}}', '{"a/b":{"~":2}}', {"/a~1b/~0"}),
        ("not json", '{"a":1}', {""}),
        ("not json", "not json", set()),
        ('{"a":1e999}', '{"a":1e998}', set()),
    ],
)
def test_changes_are_named_as_deep_as_can_be_told(line: str, base: str, places: set[str]) -> None:
    assert changed_places(line.encode(), base.encode()) == places
