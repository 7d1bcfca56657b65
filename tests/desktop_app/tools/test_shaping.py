"""Handles and moves, as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Box, Geometry, Points, Polygon, Polyline, WholeScan, bounds
from dataset.mask import empty_mask
from desktop_app.tools.box_handles import BOX_HANDLES, BoxHandle, resized
from desktop_app.tools.shaping import box_of, clamped, handle_points, kept_on, moved, reshaped
from imaging.geometry import Plane

PLANE = Plane(0, 0)
reals = st.floats(-1000, 1000, allow_nan=False, width=32)
sizes = st.floats(1, 500, width=32)
boxes = st.builds(lambda x, y, w, h: Box(PLANE, x, y, w, h), reals, reals, sizes, sizes)


@given(boxes, st.sampled_from(BOX_HANDLES), reals, reals)
def test_a_resized_box_never_has_a_negative_size(box: Box, handle: BoxHandle, dx: float, dy: float) -> None:
    changed = resized(box, handle, dx, dy)
    assert changed.width >= 1 - 1e-6
    assert changed.height >= 1 - 1e-6


@given(boxes, st.sampled_from(BOX_HANDLES), reals, reals)
def test_resizing_leaves_the_other_sides_where_they_were(box: Box, handle: BoxHandle, dx: float, dy: float) -> None:
    changed = resized(box, handle, dx, dy)
    sides = {changed.x, changed.x + changed.width}
    if "w" in handle:
        assert min(abs(side - (box.x + box.width)) for side in sides) < 1e-3
    elif "e" in handle:
        assert min(abs(side - box.x) for side in sides) < 1e-3
    else:
        assert (changed.x, changed.width) == (box.x, box.width)
    if "n" not in handle and "s" not in handle:
        assert (changed.y, changed.height) == (box.y, box.height)


def test_a_handle_dragged_past_the_other_side_turns_the_box_over() -> None:
    assert resized(Box(PLANE, 10, 10, 20, 5), "e", -50, 0) == Box(PLANE, -20, 10, 30, 5)
    assert resized(Box(PLANE, 10, 10, 20, 5), "nw", 25, 8) == Box(PLANE, 30, 15, 5, 3)


@given(boxes, st.sampled_from(range(8)))
def test_a_handle_follows_the_hand(box: Box, number: int) -> None:
    handle, (x, y) = handle_points(box)[number]
    changed = reshaped(box, handle, 3.0, 2.0)
    points = [point for _, point in handle_points(changed)]
    if handle in {"nw", "ne", "se", "sw"} and box.width > 4 and box.height > 4:
        assert any(abs(px - x - 3) < 1e-3 and abs(py - y - 2) < 1e-3 for px, py in points)


@given(reals, reals, reals, reals)
def test_a_box_is_the_same_from_any_two_opposite_corners(ax: float, ay: float, bx: float, by: float) -> None:
    blank = Box(PLANE, 0, 0, 0, 0)
    drawn = {
        box_of(one, other, blank) for one, other in [((ax, ay), (bx, by)), ((bx, ay), (ax, by)), ((bx, by), (ax, ay))]
    }
    assert len(drawn) == 1
    assert min((drawn.pop()).width, 0) == 0


SHAPES: list[Geometry] = [
    Box(PLANE, 1, 2, 3, 4),
    Polygon(PLANE, ((0, 0), (4, 0), (4, 4)), (((1, 1), (2, 1), (2, 2)),)),
    Polyline(PLANE, ((0, 0), (1, 5))),
    Points(PLANE, ((3, 3),)),
]


@pytest.mark.parametrize("shape", SHAPES)
@given(dx=reals, dy=reals)
def test_moving_there_and_back_changes_nothing(shape: Geometry, dx: float, dy: float) -> None:
    there = bounds(moved(shape, dx, dy))
    back = bounds(moved(moved(shape, dx, dy), -dx, -dy))
    assert there is not None
    assert back == pytest.approx(bounds(shape), abs=1e-3)
    assert there[2:] == pytest.approx(bounds(shape)[2:], abs=1e-3)  # type: ignore[index]


def test_masks_and_labels_of_the_whole_scan_do_not_move() -> None:
    for shape in (empty_mask(), WholeScan()):
        assert moved(shape, 3, 4) is shape
        assert reshaped(shape, 0, 3, 4) is shape


def test_a_vertex_moves_alone() -> None:
    assert reshaped(SHAPES[1], 1, 2, -1) == Polygon(PLANE, ((0, 0), (6, -1), (4, 4)), SHAPES[1].holes)  # type: ignore[union-attr]
    assert reshaped(SHAPES[2], 0, 1, 1) == Polyline(PLANE, ((1, 1), (1, 5)))


@given(boxes, reals, reals)
def test_a_move_never_takes_the_middle_of_a_mark_further_off_the_plane(box: Box, dx: float, dy: float) -> None:
    def outside(x: float, y: float) -> float:
        px, py = clamped(x, y, 200, 100)
        return abs(px - x) + abs(py - y)

    dx, dy = kept_on(box, dx, dy, 200, 100)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    assert outside(x + dx, y + dy) <= outside(x, y) + 1e-3
