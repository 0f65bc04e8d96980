from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.errors import UsageError
from truthline.manifest import json_text
from truthline.manifest.json_text import (
    DEEPEST,
    JsonText,
    Part,
    Style,
    decode_value,
    load_value,
    refuse_depth,
)

spaces = st.text(" \t", max_size=2)
scalars = st.sampled_from(
    ["1", "1.0", "-2e3", "true", "null", '""', '"a\\"]}\\\\"', '"é\\u00e9"', "95.39999999999998"]
)
keys = st.sampled_from(['"a"', '"b,"', '"\\u0063"', '"{"', '"ü"', '"a"'])


def containers(inner: Any) -> Any:
    def padded(strategy: Any) -> Any:
        return st.tuples(spaces, strategy, spaces).map("".join)

    members = st.tuples(padded(keys), padded(inner)).map(":".join)
    objects = st.lists(members, max_size=4).map(lambda parts: "{" + ",".join(parts) + "}")
    arrays = st.lists(padded(inner), max_size=4).map(lambda parts: "[" + ",".join(parts) + "]")
    return st.one_of(objects, arrays, spaces.map(lambda space: "{" + space + "}"))


documents = st.recursive(scalars, containers, max_leaves=12)
opened = st.tuples(spaces, containers(documents), spaces).map(lambda parts: "".join(parts).encode())


@given(opened)
def test_text_comes_back_as_it_was(text: bytes) -> None:
    assert bytes(JsonText(text)) == text


@given(opened)
def test_parts_hold_what_a_decoder_reads(text: bytes) -> None:
    value, opened_text = json.loads(text), JsonText(text)
    if isinstance(value, dict):
        assert dict(zip(opened_text.keys(), map(_decoded, opened_text.parts), strict=True)) == value
    else:
        assert list(map(_decoded, opened_text.parts)) == value


@given(opened, st.data())
def test_set_and_remove_do_what_a_dict_does(text: bytes, data: Any) -> None:
    value, opened_text = json.loads(text), JsonText(text)
    if isinstance(value, list):
        index = data.draw(st.integers(0, len(value)))
        value.insert(index, {"new": [1]})
        opened_text.insert(index, {"new": [1]})
    else:
        key = data.draw(st.sampled_from(["a", "c", "new"]))
        value[key] = {"x": [1, "é"]}
        opened_text.set(key, {"x": [1, "é"]})
    assert json.loads(bytes(opened_text)) == value
    gone = data.draw(
        st.sets(st.sampled_from(["a", "b,", "{"]) if isinstance(value, dict) else st.integers(0, 3))
    )
    opened_text.remove(gone)
    kept = (
        {key: item for key, item in value.items() if key not in gone}
        if isinstance(value, dict)
        else [item for index, item in enumerate(value) if index not in gone]
    )
    assert json.loads(bytes(opened_text)) == kept


def _decoded(part: Part) -> Any:
    return json.loads(bytes(part.value))


def test_inner_levels_change_the_outer_text() -> None:
    text = JsonText(b'{"a": [ {"b":1.0} , {"b":2.0} ]}')
    text.open("a").open(1).set("b", 3)
    assert bytes(text) == b'{"a": [ {"b":1.0} , {"b":3} ]}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"a":1}', b'{"a":1,"n":[1,{"x":2}]}'),
        (b'{"a": 1}', b'{"a": 1, "n": [1, {"x": 2}]}'),
        (b'{"a":1, "b":2}', b'{"a":1, "b":2, "n":[1, {"x":2}]}'),
        (b' { "a" : 1 , "b" : 2 } ', b' { "a" : 1 , "b" : 2 , "n" : [1, {"x": 2}] } '),
        (b"{ }", b'{"n":[1,{"x":2}]}'),
    ],
)
def test_new_members_take_the_text_s_own_style(before: bytes, after: bytes) -> None:
    text = JsonText(before)
    text.set("n", [1, {"x": 2}])
    assert bytes(text) == after


@pytest.mark.parametrize(
    ("gone", "after"),
    [({"a"}, b'{ "b": 2, "c": 3 }'), ({"c"}, b'{ "a": 1, "b": 2 }'), ({"a", "b", "c"}, b"{}"), ((), None)],
)
def test_removal_leaves_the_separators_in_order(
    gone: set[str] | tuple[Any, ...], after: bytes | None
) -> None:
    before = b'{ "a": 1, "b": 2, "c": 3 }'
    text = JsonText(before)
    text.remove(gone)
    assert bytes(text) == (before if after is None else after)


def test_of_a_repeated_key_the_last_is_set_and_all_are_removed() -> None:
    text = JsonText(b'{"a":1,"b":2,"\\u0061":3}')
    text.set("a", 4)
    assert bytes(text) == b'{"a":1,"b":2,"\\u0061":4}'
    text.remove({"a"})
    assert bytes(text) == b'{"b":2}'


def test_long_and_deep_text_is_split_without_recursion() -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    text = JsonText(b'{"a":' + deep + b',"b":"' + b'\\"' * 200_000 + b'"}')
    text.set("c", 1)
    assert bytes(text).endswith(b'","c":1}')


@pytest.mark.parametrize("text", [b"1", b'"a"', b"", b"  "])
def test_scalars_cannot_be_opened(text: bytes) -> None:
    with pytest.raises(ValueError, match="neither"):
        JsonText(text)


@pytest.mark.parametrize("text", [b'{"a" 1}', b'{"a":1', b"[[", b'{"a', b"{a:1}"])
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="at byte"):
        JsonText(text)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UsageError, match="half a character"):
        Style().dump({"a": "\ud800"})


@pytest.mark.parametrize("text", [b"NaN", b"[Infinity]", b'"\xff"', b"{"])
def test_load_value_refuses_what_json_does(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of several kinds
        load_value(text)


def nested(levels: int, inside: bytes = b"") -> bytes:
    return b'[{"a":' * (levels // 2) + inside + b"1" + b"}]" * (levels // 2)


class TestDepth:
    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[{}]" * DEEPEST,
            nested(DEEPEST),
            b"[" + b'{"a":[1]},' * 3 * DEEPEST + b"1]",
            b"[" + b'{"[[{":["{"]},' * 3 * DEEPEST + b"1]",
            b"[" + b'{"a\\"":["\\\\"]},' * 3 * DEEPEST + b"1]",
            b'"' + b"[" * 3 * DEEPEST + b'"',
        ],
    )
    def test_shallow_text_passes(self, text: bytes) -> None:
        refuse_depth(text)

    @pytest.mark.parametrize(
        "text",
        [
            nested(DEEPEST + 2),
            b"[" * 100_000,
            b"[" * 50_000 + b"]" * 50_000,
            b"{" * (DEEPEST + 1),
            b'{"}":[' * DEEPEST + b"]}" * DEEPEST,  # strings that would close what they do not
            b'{"]}":["]"],"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
            b'{"\\"}":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
        ],
    )
    def test_deep_text_is_refused(self, text: bytes) -> None:
        with pytest.raises(RecursionError):
            refuse_depth(text)
        for decode in (decode_value, load_value):
            with pytest.raises(RecursionError):
                decode(text)

    @given(opened)
    def test_what_is_refused_is_what_is_deep(self, text: bytes) -> None:
        deep = b"[" * (DEEPEST - 40) + text + b"]" * (DEEPEST - 40)
        refuse_depth(deep)
        with pytest.raises(RecursionError):
            refuse_depth(b"[" * DEEPEST + text + b"]" * DEEPEST)

    @given(st.lists(opened, max_size=4).map(b",".join), st.integers(0, 3))
    def test_the_quick_look_is_never_wrong(self, text: bytes, levels: int) -> None:
        text = b'[{"a\\"[":' * levels * 60 + b"[" + text + b"]" + b"}]" * levels * 60
        text += b"," + b"[{}]," * DEEPEST + b"1"  # enough brackets for a look
        assert not json_text._is_shallow(text) or json_text._depth(text) <= DEEPEST
