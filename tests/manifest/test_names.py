from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.manifest.edit import attribute_name_for, box_attribute_name
from truthline.manifest.names import label_pairs


@pytest.mark.parametrize(
    ("label", "taken", "name"),
    [
        ("with_leaves", (), "with_leaves"),
        ("größe 大 ", (), "größe 大 "),
        ("dog", ("dog",), "dog-2"),
        ("dog", ("dog-metadata",), "dog-2"),
        ("dog", ("dog", "dog-2-metadata"), "dog-3"),
        ("source-ref", (), "source-ref-2"),
        ("x-metadata", (), "x-metadata-2"),
        ("cl", (), "cl-2"),
        ("errors", (), "errors-2"),
        ("cl-x", (), "label-cl-x"),
        ("", (), "label-"),
    ],
)
def test_attribute_names(label: str, taken: tuple[Any, ...], name: str) -> None:
    assert attribute_name_for(label, taken) == name


labels = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["source-ref", "a-metadata", "cl", "cl-errors", "-metadata", "a", "warnings"]),
)


@given(st.lists(labels, max_size=12))
def test_every_label_gets_a_pair_of_its_own(names: list[Any] | list[str]) -> None:
    keys = ["source-ref"]
    for name in names:
        attribute = attribute_name_for(name, keys)
        assert attribute not in keys
        keys += [attribute, attribute + "-metadata"]
    assert len(set(keys)) == len(keys)
    assert label_pairs(keys) == keys[1::2]


def test_box_attribute_name() -> None:
    assert box_attribute_name("flowers") == "flowers_BB"


def test_a_twin_is_no_label_attribute_even_if_it_has_a_twin() -> None:
    assert label_pairs(["x", "x-metadata", "x-metadata-metadata"]) == ["x"]
