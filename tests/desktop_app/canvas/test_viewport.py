"""Where a plane is seen, as properties."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.canvas.source import Part, levels_of, part_for, plane_aspect, turned, value_at
from desktop_app.canvas.viewport import Viewport, tiles_for
from imaging.geometry import Orientation, Plane, Region
from imaging.scan import Level
from tests.desktop_app.canvas.known import ramp, scan_of

turns = st.builds(Orientation, st.booleans(), st.booleans(), st.booleans())
ports = st.builds(
    Viewport,
    st.just(Plane()),
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.integers(50, 1500),
    st.integers(50, 1500),
    st.tuples(st.floats(0, 3000), st.floats(0, 3000)),
    st.floats(0.05, 40),
    st.sampled_from([(1.0, 1.0), (1.0, 3.3), (2.0, 1.0)]),
    turns,
    st.sampled_from([0.0, 0.0, 90.0, 180.0, 270.0, 13.0, 359.5]),
)
spots = st.floats(-2000, 2000)


@given(ports, spots, spots)
def test_to_the_plane_and_back_is_the_same_place_on_screen(port: Viewport, sx: float, sy: float) -> None:
    assert port.to_screen(*port.to_plane(sx, sy)) == pytest.approx((sx, sy), abs=1e-6)


@given(ports, st.floats(0.2, 5), spots, spots)
def test_zooming_keeps_what_is_under_the_cursor(port: Viewport, factor: float, sx: float, sy: float) -> None:
    assert port.zoomed(factor, sx, sy).to_plane(sx, sy) == pytest.approx(port.to_plane(sx, sy), abs=1e-6)


@given(ports)
def test_a_fitted_plane_is_wholly_on_screen_and_touches_two_sides(port: Viewport) -> None:
    fitted = port.fitted()
    corners = [fitted.to_screen(x, y) for x in (0, port.plane_width) for y in (0, port.plane_height)]
    across, down = max(c[0] for c in corners), max(c[1] for c in corners)
    assert across <= port.width + 1e-6
    assert down <= port.height + 1e-6
    assert across == pytest.approx(port.width) or down == pytest.approx(port.height)


@given(ports, st.floats(0, 1), st.floats(0, 1))
def test_every_pixel_on_screen_is_in_the_part_that_is_read(port: Viewport, u: float, v: float) -> None:
    x, y = port.to_plane(u * port.width, v * port.height)
    levels = levels_of(scan_of(ramp(1)).info, port.plane)
    part = part_for(port, levels)
    if 0 <= x < port.plane_width and 0 <= y < port.plane_height:
        assert part is not None
        region = part.region
        assert region.x <= x <= region.x + region.width
        assert region.y <= y <= region.y + region.height
    if part is not None:
        assert part.region.x >= 0
        assert part.region.x + part.region.width <= port.plane_width


@given(turns)
def test_turned_pixels_lie_where_the_viewport_says(turn: Orientation) -> None:
    plane = ramp(1, 20, 30)[0]
    shown = turned(plane, turn)
    rows, columns = shown.shape
    port = Viewport(Plane(), 30, 20, columns, rows, (15.0, 10.0), 1.0, orientation=turn)
    for x, y in ((0, 0), (29, 0), (7, 13), (29, 19)):
        sx, sy = port.to_screen(x + 0.5, y + 0.5)
        assert shown[int(sy), int(sx)] == plane[y, x]


def test_a_shrunk_picture_is_read_at_the_level_that_still_fills_the_screen() -> None:
    scan = scan_of(ramp(1, 2000, 3000))
    levels = levels_of(scan.info, Plane())
    port = Viewport(Plane(), 3000, 2000, 600, 400, (1500.0, 1000.0), 0.2)
    part = part_for(port, levels)
    assert part == Part(Region(Plane(), 0, 0, 3000, 2000), 4.0)
    assert part is not None
    assert scan.read(part.region, part.downsample).shape == part.shape == (500, 750)
    sharper = part_for(port, levels, ratio=2.0)
    assert sharper is not None
    assert sharper.downsample == 2.0
    near = part_for(replace(port, scale=8.0), levels)
    assert near is not None
    assert near.downsample == 1.0
    assert near.region.width <= 600 / 8 + 4


def test_the_own_levels_of_a_pyramid_are_used() -> None:
    levels = (
        Level(100_000, 80_000, 1.0, (256, 256)),
        Level(25_000, 20_000, 4.0, (256, 256)),
        Level(6250, 5000, 16.0, (128, 128)),
    )
    info = replace(scan_of(ramp(1)).info, levels=levels)
    assert levels_of(info, Plane()) == levels
    port = Viewport(Plane(), 100_000, 80_000, 1000, 800, (50_000.0, 40_000.0), 0.1)
    assert port.level(levels) == 1
    tiles = tiles_for(port, levels)
    assert all(tile.level == 1 for tile in tiles)
    assert len(tiles) <= (2500 // 256 + 2) * (2000 // 256 + 2)
    nearest = tiles[0]
    assert (nearest.column, nearest.row) in {(48, 39), (49, 39), (48, 38)}


def test_every_level_has_tiles_of_its_own_size() -> None:
    levels = (Level(100_000, 80_000, 1.0, (256, 256)), Level(6250, 5000, 16.0, (128, 64)))
    port = Viewport(Plane(), 100_000, 80_000, 1000, 800, (50_000.0, 40_000.0), 1 / 16)
    tiles = tiles_for(port, levels)
    assert {tile.level for tile in tiles} == {1}
    assert 8 <= len({tile.column for tile in tiles}) <= 9
    assert 13 <= len({tile.row for tile in tiles}) <= 14
    assert {tile.level for tile in tiles_for(port, levels, ratio=16.0)} == {0}


@given(ports, st.floats(0, 1), st.floats(0, 1))
def test_every_pixel_on_screen_lies_in_a_tile_and_every_tile_on_screen(port: Viewport, u: float, v: float) -> None:
    levels = (Level(port.plane_width, port.plane_height, 1.0, (256, 200)),)
    tiles = tiles_for(port, levels)
    x, y = port.to_plane(u * port.width, v * port.height)
    if 0 <= x < port.plane_width and 0 <= y < port.plane_height:
        assert (int(x // 256), int(y // 200)) in {(tile.column, tile.row) for tile in tiles}
    for tile in tiles:
        corners = [port.to_screen((tile.column + i) * 256, (tile.row + j) * 200) for i in (0, 1) for j in (0, 1)]
        assert min(c[0] for c in corners) <= port.width + 1
        assert max(c[0] for c in corners) >= -1


@given(ports, st.floats(-400, 400))
def test_turning_keeps_the_middle_and_lengths(port: Viewport, degrees: float) -> None:
    turned_port = port.rotated(degrees)
    assert 0 <= turned_port.angle < 360
    assert turned_port.to_screen(*port.centre) == pytest.approx((port.width / 2, port.height / 2))
    before, after = port.to_screen(10, 20), turned_port.to_screen(10, 20)
    reach = [((x - port.width / 2) ** 2 + (y - port.height / 2) ** 2) ** 0.5 for x, y in (before, after)]
    assert reach[0] == pytest.approx(reach[1])


def test_a_plane_turned_by_a_right_angle_turns_clockwise() -> None:
    port = Viewport(Plane(), 100, 100, 200, 200, (50.0, 50.0), 1.0).rotated(90)
    assert port.to_screen(60, 50) == (100.0, 110.0)
    assert port.to_plane(100, 110) == (60.0, 50.0)


def test_a_slide_of_any_size_can_be_seen_whole() -> None:
    port = Viewport(Plane(), 200_000, 100_000, 300, 200, (0.0, 0.0), 1.0)
    whole = port.fitted()
    assert port.zoomed(1e-9, 10, 10).scale == whole.scale < 1 / 256
    assert whole.zoomed(1e9, 10, 10).scale == 64.0


def test_nothing_is_read_when_the_plane_is_out_of_sight() -> None:
    port = Viewport(Plane(), 100, 100, 200, 200, (5000.0, 50.0), 1.0)
    assert part_for(port, levels_of(scan_of(ramp(1)).info, Plane())) is None


def test_the_aspect_is_that_of_the_voxels_or_square_where_unknown() -> None:
    assert plane_aspect((0.5, 0.5, 4.0), Plane(1, 0)) == (1.0, 8.0)
    assert plane_aspect((0.5, 0.25, 4.0), Plane(0, 0)) == (2.0, 1.0)
    assert plane_aspect((0.5, None, 4.0), Plane(0, 0)) == (1.0, 1.0)


def test_a_value_is_that_of_the_pixel_under_the_point() -> None:
    voxels = ramp()
    scan = scan_of(voxels)
    assert value_at(scan, Plane(0, 2), 7.9, 3.1) == (float(voxels[2, 3, 7]),)
    assert value_at(scan, Plane(1, 5), 7.0, 1.5) == (float(voxels[1, 5, 7]),)
    assert value_at(scan, Plane(2, 5), 7.0, 1.5) == (float(voxels[1, 7, 5]),)
    assert value_at(scan, Plane(0, 2), -0.1, 3) == ()
    assert value_at(scan, Plane(0, 2), 60.0, 3) == ()
    colour = np.stack([voxels, voxels + 1, voxels + 2], axis=3)
    assert value_at(scan_of(colour), Plane(0, 0), 1, 1) == (8.0, 9.0, 10.0)
