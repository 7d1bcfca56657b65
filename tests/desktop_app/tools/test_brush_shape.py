"""How large brushes are, and balls against their definition."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.mask import Mask
from desktop_app.tool import Bench, Gesture, ToolOptions
from desktop_app.tools.brush import BrushTool
from desktop_app.tools.brush_shape import MOST_PIXELS, BrushSize, brush_diameter, brush_size, real_unit, swept_ball
from imaging.geometry import Axis, Plane, Size
from tests.desktop_app.tools.hand import Reader

EXTENT = (30, 24, 12)
"""Pixels across and down, and planes."""
places = st.tuples(st.floats(-6, 36, width=32), st.floats(-6, 30, width=32))
sizes = st.builds(BrushSize, st.floats(1, 20), st.floats(1, 20), st.floats(0.5, 12))


def plain_ball(
    start: tuple[float, float], end: tuple[float, float], size: BrushSize, index: int
) -> NDArray[np.float64]:
    """By each voxel: how far its centre is from the way, as a share of the ball's radius there; squared."""
    across, down, planes = EXTENT
    out = np.full((planes, down, across), np.inf)
    rx, ry, rz = size.across / 2, size.down / 2, max(size.through / 2, 0.5)
    ax, ay, bx, by = start[0] / rx, start[1] / ry, end[0] / rx, end[1] / ry
    length = (bx - ax) ** 2 + (by - ay) ** 2
    for k, j, i in np.ndindex(out.shape):
        x, y, z = (i + 0.5) / rx, (j + 0.5) / ry, (k - index) / rz
        share = min(max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0), 1) if length > 0 else 0
        out[k, j, i] = (x - ax - share * (bx - ax)) ** 2 + (y - ay - share * (by - ay)) ** 2 + z * z
    return out


@given(places, places, sizes, st.integers(0, EXTENT[2] - 1))
def test_a_ball_is_every_voxel_within_its_radius_of_the_way(
    start: tuple[float, float], end: tuple[float, float], size: BrushSize, index: int
) -> None:
    first, x, y, bits = swept_ball(start, end, size, index, EXTENT)
    found = np.zeros(EXTENT[::-1], np.bool_)
    if bits.size:
        found[first : first + bits.shape[0], y : y + bits.shape[1], x : x + bits.shape[2]] = bits
    away = plain_ball(start, end, size, index)
    rim = np.abs(away - 1) < 1e-6
    wanted = away <= 1
    if 0 <= end[1] < EXTENT[1] and 0 <= end[0] < EXTENT[0]:
        wanted[index, math.floor(end[1]), math.floor(end[0])] = True
    assert np.array_equal(found & ~rim, wanted & ~rim)


def bench_of(plane: Plane, options: ToolOptions, spacing: tuple[float | None, float | None, float | None]) -> Bench:
    return replace(
        Reader(BrushTool(), plane=plane, size=Size(60, 50, 40)).bench, brush=12.0, options=options, spacing_mm=spacing
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ball_is_round_in_space_where_the_spacing_is_known(axis: Axis) -> None:
    reader = Reader(BrushTool(), plane=Plane(axis, 20), size=Size(60, 50, 40))
    reader.bench = bench_of(reader.bench.plane, ToolOptions(ball=True), (0.5, 0.5, 1.5))
    reader.click(25.5, 20.5)
    assert isinstance(reader.only.geometry, Mask)
    assert reader.only.geometry.axis == axis
    extents = []
    for other in (2, 1, 0):  # along i, j, k
        planes = reader.only.geometry.planes_along(other)
        extents.append(len(planes) * (0.5, 0.5, 1.5)[2 - other])
    assert max(extents) - min(extents) <= 1.5


def test_without_spacing_a_ball_is_round_in_voxels() -> None:
    reader = Reader(BrushTool(), plane=Plane(0, 20), size=Size(60, 50, 40))
    reader.bench = bench_of(reader.bench.plane, ToolOptions(ball=True), (None, None, None))
    reader.click(25.5, 20.5)
    assert isinstance(reader.only.geometry, Mask)
    assert [len(reader.only.geometry.planes_along(axis)) for axis in (0, 1, 2)] == [13, 13, 13]


def test_a_ball_ends_where_the_scan_does() -> None:
    reader = Reader(BrushTool(), plane=Plane(0, 1), size=Size(60, 50, 40))
    reader.bench = bench_of(reader.bench.plane, ToolOptions(ball=True), (None, None, None))
    reader.click(25.5, 20.5)
    assert isinstance(reader.only.geometry, Mask)
    assert reader.only.geometry.planes == tuple(range(8))


def test_a_ball_dragged_across_the_planes_of_a_mask_extends_it() -> None:
    reader = Reader(BrushTool(), plane=Plane(0, 20), size=Size(60, 50, 40))
    reader.bench = bench_of(reader.bench.plane, ToolOptions(ball=True), (1.0, 1.0, 1.0))
    reader.click(25.5, 20.5)
    reader.bench = replace(reader.bench, plane=Plane(1, 20))
    reader.drag((25.5, 20.5), (40.5, 30.5))
    mask = reader.only.geometry
    assert isinstance(mask, Mask)
    assert mask.axis == 0
    assert mask.has(1, 20, 40, 30)
    assert mask.has(1, 24, 40, 30)
    assert not mask.has(1, 27, 40, 30)
    assert len(reader.titles) == 2


def test_a_brush_in_millimetres_is_as_large_in_every_scan_and_round_on_screen() -> None:
    options = ToolOptions(brush_unit="mm")
    coronal = brush_size(bench_of(Plane(1, 5), options, (0.5, 0.5, 3.0)), Gesture(0, 0, 1.0))
    assert (coronal.across, coronal.down, coronal.through) == (24.0, 4.0, 0.0)
    # Where nobody knows how large a pixel is, it is counted in pixels.
    assert brush_diameter(bench_of(Plane(1, 5), options, (0.5, 0.5, None)), Gesture(0, 0, 1.0)) == (12.0, 12.0)


def test_on_slides_real_units_are_micrometres() -> None:
    options = ToolOptions(brush_unit="mm")
    assert real_unit((0.00025, 0.00025, None)) == ("µm", 0.001)
    assert real_unit((0.7, 0.7, 2.0)) == ("mm", 1.0)
    assert real_unit((None, 0.7, 2.0))[0] == ""
    found = brush_diameter(bench_of(Plane(0, 0), options, (0.00025, 0.00025, None)), Gesture(0, 0, 1.0))
    assert found == pytest.approx((48.0, 48.0))


def test_a_brush_that_is_constant_on_screen_follows_the_zoom_up_to_a_bound() -> None:
    bench = bench_of(Plane(1, 5), ToolOptions(brush_unit="screen"), (0.5, 0.5, 3.0))
    assert brush_diameter(bench, Gesture(0, 0, 2.0, stretch=1 / 6)) == pytest.approx((24.0, 4.0))
    wide, high = brush_diameter(bench, Gesture(0, 0, 1000.0, stretch=0.5))
    assert (wide, high) == (MOST_PIXELS, MOST_PIXELS / 2)


def test_a_ball_of_one_plane_is_a_disc() -> None:
    bench = replace(bench_of(Plane(0, 0), ToolOptions(ball=True), (0.5, 0.5, None)), size=Size(60, 50, 1))
    assert brush_size(bench, Gesture(0, 0, 1.0)).through == 0
