"""The crosshair of a volume: positions, the planes through them, and points on those."""

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.crosshair import AXES, at_point, inside, middle_of, on_plane, plane_at, point_at
from imaging.geometry import Axis, Plane, Size, point_to_voxel

axes = st.sampled_from(AXES)
positions = st.tuples(*[st.floats(0, 500, allow_nan=False)] * 3)


@given(positions, axes, st.floats(0, 400), st.floats(0, 400))
def test_a_point_of_a_plane_is_seen_where_it_was_pointed_at(
    position: tuple[float, float, float], axis: Axis, x: float, y: float
) -> None:
    plane = plane_at(position, axis)
    moved = at_point(position, plane, x, y)
    assert point_at(moved, axis) == (x, y)
    assert plane_at(moved, axis) == plane


@given(positions, axes, st.integers(0, 400))
def test_going_to_a_plane_leaves_the_other_planes_where_they_are(
    position: tuple[float, float, float], axis: Axis, index: int
) -> None:
    moved = on_plane(position, Plane(axis, index))
    assert plane_at(moved, axis) == Plane(axis, index)
    assert all(plane_at(moved, other) == plane_at(position, other) for other in AXES if other != axis)
    assert on_plane(moved, Plane(axis, index)) == moved


def test_the_middle_of_a_voxel_is_the_middle_of_its_pixel_on_every_plane() -> None:
    position = (3.5, 5.5, 7.5)
    for axis in AXES:
        plane = plane_at(position, axis)
        assert point_to_voxel(plane, *point_at(position, axis)) == (3, 5, 7)


@given(st.tuples(*[st.floats(-1000, 1000)] * 3), st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
def test_a_position_held_inside_is_in_a_voxel(
    position: tuple[float, float, float], columns: int, rows: int, planes: int
) -> None:
    size = Size(columns, rows, planes)
    held = inside(position, size)
    assert all(0 <= plane_at(held, axis).index < size.count(axis) for axis in AXES)
    assert inside(middle_of(size), size) == middle_of(size)
