from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from truthline.ui.canvas.geometry import (
    Frame,
    Handle,
    Nudging,
    Resizing,
    between,
    grown,
    handle_at,
    handle_points,
    moved,
    nearest,
    resized,
    spanned,
    stacked,
    touched,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = (400, 300)
numbers = st.floats(-1000, 1000)
points = st.tuples(numbers, numbers)
read = numbers | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000)
frames = st.builds(Frame, read, read, read, read)
sizes = st.tuples(st.integers(1, 600), st.integers(1, 600))


@st.composite
def placed(draw: Callable[..., Any]) -> tuple[Any, ...] | None:
    """A size, and a whole frame inside it."""
    width, height = draw(sizes)
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return (width, height), Frame(
        left, top, draw(st.integers(1, width - left)), draw(st.integers(1, height - top))
    )


def fits(frame: Frame, size: tuple[int, int]) -> bool:
    whole = all(isinstance(value, int) for value in (frame.left, frame.top, frame.width, frame.height))
    inside = frame.left >= 0 and frame.top >= 0 and frame.right <= size[0] and frame.bottom <= size[1]
    return whole and inside and frame.width >= 1 and frame.height >= 1


@given(points, points, sizes)
def test_spanned_is_whole_and_inside(a: tuple[Any, ...], b: tuple[Any, ...], size: tuple[Any, ...]) -> None:
    frame = spanned(a, b, size)
    assert frame is None or fits(frame, size)
    assert frame == spanned(b, a, size)


def test_spanned_takes_the_nearest_edges_and_cuts_at_the_image() -> None:
    assert spanned((10.4, 20.6), (30.5, 41.2), SIZE) == Frame(10, 21, 21, 20)
    assert spanned((-50, -50), (30, 40), SIZE) == Frame(0, 0, 30, 40)
    assert spanned((350, 250), (900, 900), SIZE) == Frame(350, 250, 50, 50)


def test_spanned_within_one_pixel_is_that_pixel() -> None:
    assert spanned((10.6, 20.6), (10.7, 20.9), SIZE) == Frame(10, 20, 1, 1)
    assert spanned((399.8, 10), (405, 20), SIZE) == Frame(399, 10, 1, 10)


@pytest.mark.parametrize("end", [(-1.0, 100.0), (100.0, -1.0)])
def test_spanned_outside_is_nothing(end: tuple[Any, ...]) -> None:
    assert spanned((-20, -20), end, SIZE) is None


@given(st.lists(frames, min_size=1, max_size=5), numbers, numbers, sizes)
def test_moved_is_whole_and_inside_whatever_the_file_said(
    some: list[Frame], dx: float, dy: float, size: tuple[Any, ...]
) -> None:
    assert all(fits(frame, size) for frame in moved(some, dx, dy, size))


@given(placed(), numbers, numbers)
def test_moving_keeps_the_size(case: tuple[Any, ...], dx: float, dy: float) -> None:
    size, frame = case
    (there,) = moved([frame], dx, dy, size)
    assert (there.width, there.height) == (frame.width, frame.height)


@given(st.lists(placed(), min_size=2, max_size=4), numbers, numbers)
def test_boxes_moved_together_keep_their_distances(
    cases: list[tuple[Any, ...]], dx: float, dy: float
) -> None:
    size = (max(case[0][0] for case in cases), max(case[0][1] for case in cases))
    before = [case[1] for case in cases]
    after = moved(before, dx, dy, size)
    assert len({(b.left - a.left, b.top - a.top) for a, b in zip(before, after, strict=True)}) == 1


def test_a_box_outside_does_not_hold_the_others_back() -> None:
    outside, inside = moved([Frame(-50, 10, 20, 20), Frame(100, 10, 20, 20)], 5, 0, SIZE)
    assert outside == Frame(0, 10, 20, 20)
    assert inside == Frame(105, 10, 20, 20)


@given(frames, st.sampled_from(Handle), points, sizes)
def test_resized_is_whole_and_inside(
    frame: Frame, handle: Handle, to: tuple[Any, ...], size: tuple[Any, ...]
) -> None:
    assert fits(resized(frame, handle, to, size), size)


@given(placed(), st.sampled_from(Handle), points)
def test_resizing_leaves_the_opposite_edges_alone(
    case: tuple[Any, ...], handle: Handle, to: tuple[Any, ...]
) -> None:
    size, frame = case
    after = resized(frame, handle, to, size)
    across, down = handle.value
    fixed_x = {-1: [frame.right], 1: [frame.left], 0: [frame.left, frame.right]}[across]
    fixed_y = {-1: [frame.bottom], 1: [frame.top], 0: [frame.top, frame.bottom]}[down]
    assert all(edge in (after.left, after.right) for edge in fixed_x)
    assert all(edge in (after.top, after.bottom) for edge in fixed_y)


@given(placed(), st.sampled_from(Handle), st.integers(-700, 700), st.integers(-700, 700))
def test_resizing_puts_the_edge_at_the_pointer_and_turns_over(
    case: tuple[Any, ...], handle: Handle, x: int, y: int
) -> None:
    size, frame = case
    across, down = handle.value
    assume(0 <= x <= size[0] and 0 <= y <= size[1])
    assume(not across or x != (frame.left if across > 0 else frame.right))
    assume(not down or y != (frame.top if down > 0 else frame.bottom))
    after = resized(frame, handle, (x, y), size)
    assert not across or x in (after.left, after.right)
    assert not down or y in (after.top, after.bottom)


@given(placed(), st.sampled_from(Handle))
def test_a_resize_back_to_the_start_changes_nothing(case: tuple[Any, ...], handle: Handle) -> None:
    size, frame = case
    gesture = Resizing((5.5, 6.25), {("boxes", 0): frame}, handle, size)
    assert gesture.frames_at((5.5, 6.25)) == {("boxes", 0): frame}


def test_resizing_onto_the_opposite_edge_leaves_one_pixel() -> None:
    assert resized(Frame(10, 10, 20, 20), Handle.RIGHT, (10, 0), SIZE) == Frame(10, 10, 1, 20)
    assert resized(Frame(10, 10, 20, 20), Handle.LEFT, (30, 0), SIZE) == Frame(29, 10, 1, 20)
    assert resized(Frame(0, 10, 20, 20), Handle.LEFT, (20, 0), SIZE) == Frame(19, 10, 1, 20)


@given(frames, st.integers(-50, 50), st.integers(-50, 50), sizes)
def test_grown_is_whole_and_inside(frame: Frame, dx: int, dy: int, size: tuple[Any, ...]) -> None:
    assert fits(grown(frame, dx, dy, size), size)


def test_growing_moves_the_right_and_bottom_edges_and_never_turns_over() -> None:
    assert grown(Frame(10, 10, 20, 20), 1, -1, SIZE) == Frame(10, 10, 21, 19)
    assert grown(Frame(10, 10, 20, 20), -100, 0, SIZE) == Frame(10, 10, 1, 20)


@given(placed(), st.integers(-20, 20), st.integers(-20, 20))
def test_nudging_there_and_back_in_the_open_comes_back(case: tuple[Any, ...], dx: int, dy: int) -> None:
    (width, height), frame = case
    roomy = (width + 200, height + 200)
    start = Frame(frame.left + 100, frame.top + 100, frame.width, frame.height)
    burst = Nudging({("boxes", 0): start}, roomy)
    burst.nudge(dx, dy, resize=False)
    assert burst.nudge(-dx, -dy, resize=False) == {("boxes", 0): start}


def test_a_large_box_has_eight_handles_and_a_small_one_its_corners() -> None:
    assert len(handle_points(Frame(0, 0, 100, 100), 8)) == 8
    assert set(handle_points(Frame(0, 0, 20, 20), 8)) == {
        Handle.TOP_LEFT,
        Handle.TOP_RIGHT,
        Handle.BOTTOM_LEFT,
        Handle.BOTTOM_RIGHT,
    }


@given(placed(), st.floats(0.1, 20))
def test_each_handle_can_be_grabbed_and_the_middle_cannot(case: tuple[Any, ...], reach: float) -> None:
    _, frame = case
    for handle, point in handle_points(frame, reach).items():
        assert handle_at(frame, point, reach) == handle
    middle = (frame.left + frame.width / 2, frame.top + frame.height / 2)
    assert handle_at(frame, middle, reach) is None


def test_the_smallest_box_under_the_pointer_comes_first() -> None:
    some = [Frame(0, 0, 100, 100), Frame(10, 10, 20, 20), Frame(5, 5, 50, 50), Frame(200, 200, 5, 5)]
    assert stacked(some, (15, 15), 0) == [1, 2, 0]
    assert stacked(some, (198, 198), 0) == []
    assert stacked(some, (198, 198), 3) == [3]


def test_a_band_touches_what_it_crosses_but_not_what_it_lies_inside_of() -> None:
    around, crossed, inside, away = (
        Frame(0, 0, 300, 300),
        Frame(40, 40, 30, 30),
        Frame(60, 60, 5, 5),
        Frame(200, 200, 9, 9),
    )
    assert touched([around, crossed, inside, away], between((100, 100), (50, 50))) == [1, 2]


def test_halves_go_up() -> None:
    assert [nearest(value) for value in (0.5, 1.5, 2.5, -0.5)] == [1, 2, 3, 0]
