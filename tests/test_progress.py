"""The one loop over many."""

from __future__ import annotations

from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.errors import CancelledError
from truthline.progress import CancelToken, Doing, Progress, counted_in, in_blocks


@given(st.lists(st.integers()), st.integers(1, 7))
def test_every_item_comes_once_in_order(items: list[int], size: int) -> None:
    told: list[Progress] = []
    blocks = list(in_blocks(items, size, step=Progress(Doing.STORING), report=told.append))
    assert [one for block in blocks for one in block] == items
    assert all(len(block) == size for block in blocks[:-1])
    assert all(blocks)
    assert [(one.done, one.total) for one in told] == [(n * size, len(items)) for n in range(len(blocks))]


def test_a_stream_is_read_no_further_than_the_block_that_is_given() -> None:
    source = count()
    told: list[Progress] = []
    blocks = in_blocks(source, 3, step=Progress(Doing.STORING), report=told.append)
    assert list(islice(blocks, 2)) == [[0, 1, 2], [3, 4, 5]]
    assert next(source) == 6
    assert told[-1].total is None


def test_a_cancel_is_heeded_before_the_next_block() -> None:
    token = CancelToken()
    blocks = in_blocks(range(10), 3, cancel=token)
    assert next(blocks) == [0, 1, 2]
    token.cancel()
    with pytest.raises(CancelledError):
        next(blocks)


def test_a_loop_elsewhere_reports_every_so_often() -> None:
    token, told = CancelToken(), list[Progress]()
    step = counted_in(Doing.WRITING_LABELS, 4, report=told.append, cancel=token)
    for _ in range(9):
        step(9)
    assert [(one.done, one.total) for one in told] == [(0, 9), (4, 9), (8, 9)]
    token.cancel()
    for _ in range(3):
        step(12)
    with pytest.raises(CancelledError):
        step(12)
