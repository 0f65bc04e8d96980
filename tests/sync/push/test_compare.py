"""Whether what was read back is what was sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from truthline.sync.push.compare import Outcome, compare

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_same_value_is_stored(labelled: Callable[..., Any]) -> None:
    line = labelled(1)
    normalised = json.dumps(json.loads(line), sort_keys=True).encode()
    assert compare(line, normalised, None) is Outcome.STORED


def test_nothing_and_the_old_line_are_not_stored(labelled: Callable[..., Any]) -> None:
    assert compare(labelled(1), None, None) is Outcome.NOT_STORED
    assert compare(labelled(1), None, labelled(1, "ash")) is Outcome.NOT_STORED
    assert compare(labelled(1), labelled(1, "ash"), labelled(1, "ash")) is Outcome.NOT_STORED
    bare = b'{"source-ref":"s3://leaves/images/0001.jpg"}'
    assert compare(labelled(1), bare, bare) is Outcome.NOT_STORED
    assert compare(bare, labelled(1), labelled(1)) is Outcome.NOT_STORED


def test_keys_that_mean_nothing_to_us_may_be_missing(labelled: Callable[..., Any]) -> None:
    sent = labelled(1)[:-1] + b',"note":{"by":"me"}}'
    assert compare(sent, labelled(1), None) is Outcome.REDUCED
    assert compare(sent, labelled(1), labelled(1)) is Outcome.REDUCED
    # Nobody said that it was taken, and the dataset is as before.
    assert compare(sent, labelled(1), labelled(1), accepted=False) is Outcome.NOT_STORED
    inside = labelled(1).replace(b'"confidence":1', b'"confidence":1,"worker":7')
    assert compare(inside, labelled(1), None) is Outcome.REDUCED


BOX = (
    b'{"source-ref":"s3://a/p.jpg","b":{"image_size":[{"width":64,"height":64,"depth":3}],"annotations":'
    b'[{"class_id":0,"left":1,"top":1,"width":9,"height":9}]},"b-metadata":{"objects":[{"confidence":1}],'
    b'"class-map":{"0":"oak","1":"ash"},"type":"groundtruth/object-detection","human-annotated":"yes",'
    b'"creation-date":"2024-05-14T09:12:37.137Z"}}'
)


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b'"left":1,', b'"left":2,'),
        (b'"left":1,', b""),
        (b',"1":"ash"', b""),
        (b'[{"confidence":1}]', b"[]"),
        (b'"class_id":0', b'"class_id":false'),
        (b'"creation-date":"2024-05-14T09:12:37.137Z"', b'"more":1'),
        (b'"source-ref"', b'"extra":0,"source-ref"'),
    ],
)
def test_any_other_difference_is_one(part: bytes, instead: bytes) -> None:
    held = BOX.replace(part, instead).replace(b",}", b"}")
    assert held != BOX
    assert compare(BOX, held, None) is Outcome.DIFFERENT
