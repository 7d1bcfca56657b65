"""Turned boxes, as properties."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dataset.annotation import Point, RotatedBox, bounds
from desktop_app.tools.box_handles import (
    BOX_HANDLES,
    TURN_REACH,
    BoxHandle,
    from_own,
    resized_turned,
    to_own,
    turn_handle,
    turned,
    turned_points,
)
from imaging.geometry import Plane

PLANE = Plane(0, 0)
reals = st.floats(-1000, 1000, width=32)
sizes = st.floats(2, 500, width=32)
angles = st.floats(0, 360, exclude_max=True) | st.sampled_from([0.0, 90.0, 180.0, 270.0])
boxes = st.builds(lambda x, y, w, h, a: RotatedBox(PLANE, x, y, w, h, a), reals, reals, sizes, sizes, angles)
OPPOSITE: dict[BoxHandle, BoxHandle] = {
    "n": "s", "s": "n", "e": "w", "w": "e", "nw": "se", "se": "nw", "ne": "sw", "sw": "ne",
}  # fmt: skip


def apart(one: Point, other: Point) -> float:
    return math.dist(one, other)


@given(boxes)
def test_the_corners_give_the_box_back(box: RotatedBox) -> None:
    a, b, c, d = box.corners()
    assert apart(((a[0] + c[0]) / 2, (a[1] + c[1]) / 2), (box.x, box.y)) < 1e-6
    assert apart(a, b) == pytest.approx(box.width)
    assert apart(b, c) == pytest.approx(box.height)
    assert apart((b[0] + d[0], b[1] + d[1]), (a[0] + c[0], a[1] + c[1])) < 1e-6
    turn = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    assert math.cos(math.radians(turn - box.angle)) == pytest.approx(1)


@given(boxes)
def test_the_bounds_hold_every_corner_and_touch_each_side(box: RotatedBox) -> None:
    found = bounds(box)
    assert found is not None
    x, y, width, height = found
    across, down = zip(*box.corners(), strict=True)
    assert (min(across), min(down)) == (x, y)
    assert (max(across), max(down)) == pytest.approx((x + width, y + height))


@pytest.mark.parametrize("angle", [0.0, 90.0, 180.0, 270.0])
def test_right_angles_are_exact(angle: float) -> None:
    box = RotatedBox(PLANE, 10.5, 20.25, 4.0, 2.0, angle)
    across, down = (4.0, 2.0) if angle in {0.0, 180.0} else (2.0, 4.0)
    assert bounds(box) == (10.5 - across / 2, 20.25 - down / 2, across, down)


@given(boxes, reals, reals)
def test_own_coordinates_and_back(box: RotatedBox, x: float, y: float) -> None:
    assert apart(from_own(box, *to_own(box, x, y)), (x, y)) < 1e-6


@given(boxes, st.sampled_from(BOX_HANDLES), reals, reals)
def test_resizing_keeps_the_opposite_side_where_it_is(box: RotatedBox, handle: BoxHandle, dx: float, dy: float) -> None:
    changed = resized_turned(box, handle, dx, dy)
    assert changed.angle == box.angle
    assert changed.width >= 1 - 1e-6
    assert changed.height >= 1 - 1e-6
    fixed = dict(turned_points(box))[OPPOSITE[handle]]
    # Moved past the other side, the box turns over: what was its left side is its right one then.
    assert min(apart(fixed, point) for _, point in turned_points(changed)) < 1e-6


@given(boxes, st.sampled_from(BOX_HANDLES), reals, reals)
def test_resizing_there_and_back_changes_nothing(box: RotatedBox, handle: BoxHandle, dx: float, dy: float) -> None:
    changed = resized_turned(box, handle, dx, dy)
    u, v = to_own(replace(box, x=0.0, y=0.0), dx, dy)
    assume(("e" not in handle or box.width + u > 1) and ("w" not in handle or box.width - u > 1))
    assume(("s" not in handle or box.height + v > 1) and ("n" not in handle or box.height - v > 1))
    back = resized_turned(changed, handle, -dx, -dy)
    assert (back.x, back.y, back.width, back.height) == pytest.approx((box.x, box.y, box.width, box.height), abs=1e-6)


@given(boxes, reals, reals, reals, reals)
def test_a_turn_is_undone_by_the_way_back(box: RotatedBox, ax: float, ay: float, bx: float, by: float) -> None:
    start, end = (ax, ay), (bx, by)
    assume(min(apart(start, (box.x, box.y)), apart(end, (box.x, box.y))) > 1e-3)
    there = turned(box, start, end, in_steps=False)
    assert 0 <= there.angle < 360
    assert (there.x, there.y, there.width, there.height) == (box.x, box.y, box.width, box.height)
    back = turned(there, end, start, in_steps=False)
    assert math.cos(math.radians(back.angle - box.angle)) == pytest.approx(1)
    stepped = turned(box, start, end, in_steps=True)
    assert stepped.angle % 15 == 0


@given(boxes, st.floats(0.1, 10), st.floats(0.2, 5))
def test_the_handle_that_turns_is_as_far_beyond_the_top_at_every_zoom(
    box: RotatedBox, pixel: float, stretch: float
) -> None:
    edge, handle = turn_handle(box, pixel, pixel * stretch)
    on_screen = math.hypot((handle[0] - edge[0]) / pixel, (handle[1] - edge[1]) / (pixel * stretch))
    assert on_screen == pytest.approx(TURN_REACH)
    assert to_own(box, *handle)[1] < -box.height / 2


def test_a_box_is_turned_with_the_hand_around_its_centre() -> None:
    box = RotatedBox(PLANE, 50, 50, 40, 20, 350)
    assert turned(box, (50, 30), (70, 50), in_steps=False).angle == pytest.approx(80)
    assert turned(box, (50, 30), (70, 50), in_steps=True).angle == 75
